"""Files of predicted poses against files of true ones: tables, figures, and a look at the worst."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.errors import DataError
from mousegpt.evaluation.poses import (
    COLUMNS,
    PoseScores,
    evaluate_poses,
    join_scores,
    measure_reprojection,
)
from mousegpt.io.atomic import write_atomically
from mousegpt.io.calibration import load_calibration
from mousegpt.io.video import probe_video, read_frames
from mousegpt.pipeline.drawings import encode_figure
from mousegpt.pipeline.pictures import encode_jpeg, get_figure
from mousegpt.pipeline.pose_pairs import (
    Pairing,
    align_pair,
    describe_poses,
    find_flat,
    find_places,
    find_solid,
    has_views,
    load_mapped,
)
from mousegpt.plots.pose_errors import plot_pck, plot_pose_errors
from mousegpt.vision.contact import draw_pose_pair, make_contact_sheet

_APART: Final = 10  # frames between two pictures of the worst of a view


@dataclass(frozen=True, eq=False)
class PoseEvaluation:
    """Scores, and the poses they are of: ``flat`` in pictures, ``solid`` in space."""

    scores: PoseScores
    flat: Pairing | None
    solid: Pairing | None


def evaluate_pose_files(
    predicted: Path, truth: Path, *, calibration: Path | None = None, skeleton: Path | None = None
) -> PoseEvaluation:
    """Score a file of predicted poses against one of true poses, in pictures and in space.

    Without a calibration both must be 2-D, of the same views, or both 3-D. With one, what is
    missing is made: points in space are projected, and pixels of several views triangulated.

    Parameters
    ----------
    predicted, truth
        Files of any pose format. Frames, keypoints and views that only one of them has are left
        out.
    skeleton
        A ``skeleton.csv`` for both files; guessed from the names of the keypoints when None.

    Raises
    ------
    DataError
        When a file cannot be read, or the two have nothing in common.
    CalibrationError
        When the calibration cannot be read or lacks a view.
    """
    rig = load_calibration(calibration) if calibration else None
    pair = align_pair(load_mapped(predicted, skeleton), load_mapped(truth, skeleton))
    flat, solid = find_flat(pair, rig), find_solid(pair, rig)
    parts = [evaluate_poses(each.predicted, each.truth) for each in (flat, solid) if each]
    if not parts:
        raise DataError(
            "Expected poses that can be compared, found "
            f"{describe_poses(pair.predicted)} predicted and {describe_poses(pair.truth)} true; "
            "give --calibration."
        )
    scores = join_scores(parts)
    if rig and solid and has_views(pair.predicted):
        misses = measure_reprojection(pair.predicted, solid.predicted, rig)
        keypoints = scores.keypoints.merge(misses, on=["view", "keypoint"], how="left")
        scores = replace(scores, keypoints=keypoints)
    return PoseEvaluation(scores, flat, solid)


def write_evaluation(
    evaluation: PoseEvaluation,
    folder: Path,
    *,
    videos: Mapping[str, Path] | None = None,
    n_worst: Annotated[int, Field(gt=0)] = 12,
) -> list[Path]:
    """Write tables and figures and, where there are videos, a contact sheet of the worst frames.

    Parameters
    ----------
    videos
        View -> video; "" for the only view.

    Returns
    -------
    list of Path
        The files written.
    """
    written = []
    for name in COLUMNS:
        table: pd.DataFrame = getattr(evaluation.scores, name)
        content = table.to_csv(index=False, float_format="%.6g").encode()
        written.append(_write(folder / f"{name}.csv", content))
    for name, ax in _draw_figures(evaluation.scores):
        for ending, content in encode_figure(get_figure(ax)).items():
            written.append(_write(folder / f"{name}.{ending}", content))
    if videos and evaluation.flat:
        sheet = picture_worst(evaluation, videos, n_worst=n_worst)
        written.append(_write(folder / "worst_frames.jpg", encode_jpeg(sheet, 92)))
    return written


def picture_worst(
    evaluation: PoseEvaluation,
    videos: Mapping[str, Path],
    *,
    n_worst: Annotated[int, Field(gt=0)] = 12,
) -> ImageArray:
    """Draw truth (rings) and prediction (crosses) over the pictures of the worst frames.

    Raises
    ------
    DataError
        When no scored frame is of a view that has a video.
    """
    flat = evaluation.flat
    lengths = {view: probe_video(path).n_frames for view, path in videos.items()}
    chosen = _choose_worst(evaluation.scores.frames, lengths, n_worst)
    if flat is None or not chosen:
        raise DataError(
            f"Expected videos of the views that are scored, found {', '.join(videos) or 'none'}; "
            "name them as in the pose file: --video VIEW=FILE."
        )
    tiles = {}
    for view, path in videos.items():
        rows = [row for row in chosen if row["view"] == view]
        pictures = read_frames(path, [row["frame"] for row in rows])
        for row, (_, image) in zip(rows, pictures, strict=True):
            tiles[_tell_row(row)] = draw_pose_pair(image, *_pick_pair(flat, row))
    captions = [_tell_row(row) for row in chosen]
    heading = "rings: truth, crosses: prediction; the worst frames first"
    return make_contact_sheet([tiles[name] for name in captions], captions, heading=heading)


def _draw_figures(scores: PoseScores) -> Iterator[tuple[str, Axes]]:
    """Yield figures, those of pictures (px) and of space (mm) apart."""
    for unit, keypoints in scores.keypoints.groupby("unit", sort=False):
        yield f"errors_{unit}", plot_pose_errors(keypoints)
        views = keypoints["view"].unique()
        yield f"pck_{unit}", plot_pck(scores.curves[scores.curves["view"].isin(views)])


def _choose_worst(
    frames: pd.DataFrame, lengths: Mapping[str, int], n_worst: int
) -> list[dict[str, Any]]:
    """Return the worst rows of frames in a video, not of neighbouring ones; view -> frames."""
    chosen: list[dict[str, Any]] = []
    filmed = frames[frames["frame"] < frames["view"].map(lengths)]
    for row in filmed.to_dict("records"):
        near = (
            abs(row["frame"] - other["frame"]) < _APART
            for other in chosen
            if (row["view"], row["individual"]) == (other["view"], other["individual"])
        )
        if not any(near):
            chosen.append({str(key): value for key, value in row.items()})
        if len(chosen) == n_worst:
            break
    return chosen


def _pick_pair(flat: Pairing, row: Mapping[str, Any]) -> tuple[FloatArray, FloatArray]:
    """Return the true points of an individual and the predicted ones nearest to them."""
    true, predicted = (
        (poses.sel(view=row["view"]) if has_views(poses) else poses)
        .isel(time=find_places(poses["frame"], [row["frame"]])[0])["position"]
        .transpose("individual", "keypoint", "space")
        for poses in (flat.truth, flat.predicted)
    )
    points = true.sel(individual=row["individual"]).to_numpy()
    misses = np.linalg.norm(predicted.to_numpy() - points, axis=-1)
    nearest = np.argmin(np.where(np.isnan(misses), np.inf, misses).min(axis=-1))
    return points, predicted.to_numpy()[nearest]


def _tell_row(row: Mapping[str, Any]) -> str:
    place = ", ".join(filter(None, (row["view"], row["individual"], f"frame {row['frame']}")))
    return f"{place}: OKS {row['oks']:.2f}, {row['error']:.1f} px"


def _write(path: Path, content: bytes) -> Path:
    write_atomically(path, content)
    return path
