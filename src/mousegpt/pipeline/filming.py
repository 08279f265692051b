"""Moments of a project's own recordings: pictures of the mouse, and the facts that its poses tell.

The small model learns from them what a real mouse looks like in that laboratory, so that it can
describe recordings for which there are no poses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.arrays import BoolArray, FloatArray, ImageArray
from mousegpt.core.errors import DataError
from mousegpt.core.facts import SPEEDS, STATES, state_column
from mousegpt.core.moment import MOMENTS_S, TILE_MARGIN, TILE_PX, Moment
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.core.skeleton_map import apply_skeleton_map
from mousegpt.io.tables import load_table
from mousegpt.pipeline.contents import Contents, load_contents
from mousegpt.pipeline.pictures import Key, find_boxes, read_shown_frames, see_poses
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.running import build_engine
from mousegpt.vision.moments import find_moments
from mousegpt.vision.mosaic import make_mosaic, square_box

_LARGEST_ERROR_S = 0.05  # of when a neighbour in time was taken; else motion looks unlike


class _Sight(NamedTuple):
    """A moment in one view: tiles, keypoints in the middle one, and which of them are known."""

    tiles: ImageArray
    points: FloatArray
    known: BoolArray


def list_filmed(project: Project) -> Iterator[tuple[Contents, pd.DataFrame]]:
    """Yield every recording that has videos and a table of facts, and that table.

    Raises
    ------
    DataError
        When there is none.
    """
    n_found = 0
    for recording in build_engine(project).recordings:
        path = project.table("posture", recording.id)
        if recording.videos and path.is_file():
            n_found += 1
            yield load_contents(recording, project.skeleton), load_table(path)
    if not n_found:
        raise DataError(
            f"Expected recordings with videos and poses in {project.folder}, found none that has "
            "been measured; run `mousegpt run --until posture`."
        )


def film_moments(
    contents: Contents,
    posture: pd.DataFrame,
    *,
    n_frames: Annotated[int, Field(ge=1)] = 400,
    n_pairs: Annotated[int, Field(ge=1)] = 2,
    learn_s: Annotated[float, Field(gt=0)] = np.inf,
    skip_s: Annotated[float, Field(ge=0)] = 0.0,
    tile_px: Annotated[int, Field(ge=32)] = TILE_PX,
    seed: Annotated[int, Field(ge=0)] = 0,
) -> Iterator[Moment]:
    """Cut moments of a mouse out of its videos, with what its poses say.

    Parameters
    ----------
    posture
        POSTURE_TABLE of the recording.
    n_frames, n_pairs
        How many frames, evenly spaced, and how many pairs of views of each, drawn at random; of a
        single view, that view once.
    learn_s, skip_s
        Of every so many seconds learn_s + skip_s only the first learn_s are shown; the rest is left
        to judge a model by.

    Yields
    ------
    Moment
        In the order of frames. Speeds are NaN when they are not in cm/s. Frames in which the mouse
        is not found, or whose neighbours in time were not filmed, are left out.
    """
    rows = _choose_rows(contents, _leave_out(posture, learn_s, skip_s), n_frames)
    shown = {key: _find_frames(contents, key[1]) for key in rows}
    sights = [_film_view(contents, view, shown, tile_px) for view in contents.videos]
    rng = np.random.default_rng(seed)
    for key, *each in zip(rows, *sights, strict=True):
        there = [sight for sight in each if sight is not None]
        for pair in _draw_pairs(there, n_pairs, rng):
            tiles, points, known = (np.stack(part) for part in zip(*pair, strict=True))
            yield Moment(tiles, points, known, *_read_facts(rows[key]), key[1])


def _choose_rows(contents: Contents, posture: pd.DataFrame, n_frames: int) -> dict[Key, pd.Series]:
    """Return evenly spaced rows of frames whose neighbours were filmed, in the order of frames."""
    frames = [int(f) for f in posture["frame"].unique() if _find_frames(contents, int(f))]
    last = len(frames) - 1
    even = {frames[i] for i in np.linspace(0, last, min(n_frames, len(frames))).round().astype(int)}
    kept = posture[posture["frame"].isin(even)].sort_values(["frame", "individual"])
    return {(str(row["individual"]), int(row["frame"])): row for _, row in kept.iterrows()}


def _leave_out(posture: pd.DataFrame, learn_s: float, skip_s: float) -> pd.DataFrame:
    """Return the rows whose neighbours in time, too, lie in a stretch to learn from."""
    if not np.isfinite(learn_s):
        return posture
    time_s = posture["time_s"].to_numpy()
    low, high = (np.mod(time_s + end, learn_s + skip_s) for end in (MOMENTS_S[0], MOMENTS_S[-1]))
    return posture[(low < learn_s) & (high < learn_s) & (low < high)]


def _find_frames(contents: Contents, frame: int) -> tuple[int, ...]:
    """Return the frames of a moment; none where a neighbour was not filmed, or too far off."""
    infos = contents.videos.values()
    n_frames, fps = min(info.n_frames for info in infos), next(iter(infos)).fps
    frames = find_moments(frame, n_frames, fps, moments_s=MOMENTS_S) if frame < n_frames else ()
    if len(frames) != len(MOMENTS_S):
        return ()
    errors = (np.array(frames) - frame) / fps - MOMENTS_S
    return frames if np.abs(errors).max() <= _LARGEST_ERROR_S else ()


def _film_view(
    contents: Contents, view: str, shown: Mapping[Key, Sequence[int]], tile_px: int
) -> Iterator[_Sight | None]:
    """Yield what each moment looks like in one view; None where the mouse is not known."""
    boxes = find_boxes(contents, view, [frame for _, frame in shown])
    points = _see_points(contents, view)
    nowhere = np.full((len(KEYPOINTS), 2), np.nan)
    for (individual, frame), its in read_shown_frames(contents.videos[view].path, shown):
        box = boxes.get(frame, {}).get(individual)
        if box is None or not np.isfinite(box).all():
            yield None
            continue
        square = square_box(box, margin=TILE_MARGIN)
        tiles = [make_mosaic(i, square, width=2 * tile_px, height=tile_px) for i in its.values()]
        scale = tile_px / (square[2] - square[0])
        at = (points.get((individual, frame), nowhere) - square[:2] + 0.5) * scale - 0.5
        yield _Sight(np.stack(tiles), at, np.asarray(np.isfinite(at).all(axis=1)))


def _see_points(contents: Contents, view: str) -> dict[Key, FloatArray]:
    """Return the 24 keypoints of every individual and frame in a view, pixels."""
    poses = see_poses(contents, view)
    if poses is None:
        return {}
    mapped = apply_skeleton_map(poses, contents.skeleton)["position"]
    positions = mapped.transpose("individual", "time", "keypoint", "space").to_numpy()
    names = [str(name) for name in mapped["individual"].to_numpy()]
    frames = [int(frame) for frame in poses["frame"].to_numpy()]
    return {
        (name, frame): positions[i, time]
        for i, name in enumerate(names)
        for time, frame in enumerate(frames)
    }


def _draw_pairs(
    there: Sequence[_Sight], n_pairs: int, rng: np.random.Generator
) -> list[tuple[_Sight, ...]]:
    """Return different pairs; of one view, that view alone."""
    pairs: list[tuple[_Sight, ...]] = list(combinations(there, min(len(there), 2)))
    if not there:
        return []
    return [pairs[i] for i in rng.permutation(len(pairs))[:n_pairs]]


def _read_facts(row: pd.Series) -> tuple[FloatArray, dict[str, str]]:
    """Return the speeds, cm/s, and the states of a frame."""
    speeds = row[list(SPEEDS)].to_numpy(dtype=np.float64)
    if row["length_unit"] != "cm":
        speeds = np.full(len(SPEEDS), np.nan)
    return speeds, {state.name: str(row[state_column(state.name)]) for state in STATES}
