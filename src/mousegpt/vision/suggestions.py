"""Which frames a person should label next, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.poses import Poses

#: what counts how much: (from this value on it counts fully, weight)
_FULL: Final = {"wrong": (0.1, 1.0), "unsure": (0.5, 0.8), "jumping": (0.1, 0.8)}
_WEIGHT_POSTURE, _WEIGHT_TIME = 1.0, 0.6
_JUMP: Final = 0.15  # of the body's extent, away from the frames before and after
_TELLING: Final = 0.5  # of the full weight: a reason that is named


def suggest_frames(
    poses: Poses,
    errors: xr.DataArray | None,
    labelled: Sequence[int],
    *,
    n: Annotated[int, Field(ge=1)] = 12,
    max_error_px: Annotated[float, Field(gt=0)] = 5.0,
    max_candidates: Annotated[int, Field(ge=10)] = 3000,
) -> pd.DataFrame:
    """Suggest the frames from which most is to be learnt, best first.

    A frame is useful where views contradict each other, predictions are unsure or points jump, each
    more than in the median frame, and where posture and time are far from those labelled and those
    suggested before it.

    Parameters
    ----------
    poses
        Predictions in px, dimensions ``(view, time, space, keypoint, individual)``; all NaN when
        there are none: then frames are spread over time.
    errors
        Distance between views, as of `measure_reprojection`; None for a single view.
    labelled
        Frames that need no more labels.
    max_candidates
        Of more frames, so many at even distances are looked at.

    Returns
    -------
    pd.DataFrame
        ``frame score reason``; the reason is a sentence. Fewer rows where frames run out.
    """
    frames = poses["frame"].to_numpy()
    marks, worst = _mark_frames(poses, errors, max_error_px)
    gains = _weigh_marks(marks)
    doubt = gains.sum(axis=1).to_numpy()
    rows, taken = _find_open(poses, labelled, max_candidates)
    postures, unit = _describe_postures(poses)
    span = max(float(np.ptp(frames)), 1.0) / (2 * n)
    chosen: list[dict[str, object]] = []
    for _ in range(min(n, len(rows))):
        posture = _WEIGHT_POSTURE * _find_distance(postures[rows], postures[taken], unit)
        time = _WEIGHT_TIME * _find_distance(frames[rows, None], frames[taken, None], span)
        score = doubt[rows] + posture + time
        best = int(np.argmax(score))
        row = int(rows[best])
        words = _describe_marks(marks.iloc[row].to_dict(), worst[row])
        found = [(float(gains[name].iloc[row]), _FULL[name][1], words[name]) for name in _FULL]
        if taken.size:
            found.append((float(posture[best]), _WEIGHT_POSTURE, "a posture unlike those labelled"))
            found.append((float(time[best]), _WEIGHT_TIME, "far in time from labelled frames"))
        chosen.append(
            {"frame": int(frames[row]), "score": float(score[best]), "reason": _explain(found)}
        )
        rows, taken = np.delete(rows, best), np.append(taken, row)
    return pd.DataFrame(chosen, columns=["frame", "score", "reason"])


def _mark_frames(
    poses: Poses, errors: xr.DataArray | None, max_error_px: float
) -> tuple[pd.DataFrame, list[str]]:
    """Return what is doubtful in each frame, and its worst contradiction in words."""
    wrong, worst = _count_errors(errors, max_error_px, poses.sizes["time"])
    marks = {"wrong": wrong, "unsure": _measure_doubt(poses), "jumping": _measure_jumps(poses)}
    return pd.DataFrame(marks).fillna(0), worst


def _weigh_marks(marks: pd.DataFrame) -> pd.DataFrame:
    """Return the gain from each mark; what the median frame has is no reason."""
    full, weight = (pd.Series({name: pair[i] for name, pair in _FULL.items()}) for i in (0, 1))
    return ((marks - marks.median()) / full).clip(0, 1) * weight


def _find_open(
    poses: Poses, labelled: Sequence[int], max_candidates: int
) -> tuple[IntArray, IntArray]:
    """Return the rows that may be suggested, and those that are labelled."""
    done = np.isin(poses["frame"].to_numpy(), labelled)
    others = [dim for dim in poses["position"].dims if dim != "time"]
    known = poses["position"].notnull().any(others).to_numpy()
    rows = np.flatnonzero((known | ~known.any()) & ~done)
    if len(rows) > max_candidates:
        rows = rows[np.linspace(0, len(rows) - 1, max_candidates).round().astype(int)]
    return rows, np.flatnonzero(done)


def _measure_doubt(poses: Poses) -> FloatArray:
    """Return 1 minus the mean confidence of known points; NaN where the source gives none."""
    confidence = poses["confidence"].where(poses["position"].notnull().all("space"))
    mean = confidence.mean([dim for dim in confidence.dims if dim != "time"])
    return 1 - np.asarray(mean, dtype=np.float64)


def _measure_jumps(poses: Poses) -> FloatArray:
    """Return the share of points that leave their path for one frame."""
    position = poses["position"].transpose("time", "space", "view", "keypoint", "individual")
    points = position.to_numpy()
    jumping = np.zeros(len(points))
    if len(points) < 3:
        return jumping
    before, here, after = points[:-2], points[1:-1], points[2:]
    apart = [here - before, here - after, here - (before + after) / 2]
    distance = np.minimum.reduce([np.hypot(d[:, 0], d[:, 1]) for d in apart])
    known = np.isfinite(distance).sum(axis=(1, 2, 3))
    steps = np.diff(poses["frame"].to_numpy())
    next_to = (steps[1:] == 1) & (steps[:-1] == 1)
    share = (distance > _JUMP * _measure_extent(points)).sum(axis=(1, 2, 3)) / np.maximum(known, 1)
    jumping[1:-1] = np.where(next_to, share, 0)
    return jumping


def _measure_extent(points: FloatArray) -> float:
    """Return how wide bodies usually are, px; the shape is (time, 2, view, keypoint, …)."""
    with np.errstate(invalid="ignore"):
        low = np.fmin.reduce(points, axis=3, keepdims=True)
        high = np.fmax.reduce(points, axis=3, keepdims=True)
    size = np.hypot(high[:, 0] - low[:, 0], high[:, 1] - low[:, 1])
    known = size[np.isfinite(size)]
    return max(float(np.median(known)) if known.size else 1.0, 1.0)


def _count_errors(
    errors: xr.DataArray | None, max_error_px: float, n_frames: int
) -> tuple[FloatArray, list[str]]:
    """Return the share of contradicted points of each frame, and the worst one in words."""
    if errors is None:
        return np.zeros(n_frames), [""] * n_frames
    table = errors.transpose("time", "view", "keypoint", "individual").to_numpy()
    known = np.isfinite(table).sum(axis=(1, 2, 3))
    wrong = (table > max_error_px).sum(axis=(1, 2, 3))
    largest = np.nan_to_num(table).reshape(n_frames, -1)
    views, keypoints = errors["view"].to_numpy(), errors["keypoint"].to_numpy()
    words = []
    for row, place in enumerate(largest.argmax(axis=1)):
        view, keypoint, _ = np.unravel_index(place, table.shape[1:])
        words.append(
            f"views disagree on {wrong[row]} of {known[row]} points, most on {keypoints[keypoint]} "
            f"in {views[view]} ({largest[row, place]:.0f} px)"
        )
    return wrong / np.maximum(known, 1), words


def _describe_postures(poses: Poses) -> tuple[FloatArray, float]:
    """Return a row a frame, and a distance at which postures are quite different.

    Points are taken from the middle of the body of each view. What is unknown is as usual.
    """
    position = poses["position"].transpose("time", "view", "individual", "space", "keypoint")
    points = position.to_numpy()
    if not np.isfinite(points).any():
        return np.zeros((len(points), 1)), 1.0
    number = np.isfinite(points).sum(axis=-1, keepdims=True)
    points = points - np.nansum(points, axis=-1, keepdims=True) / np.maximum(number, 1)
    rows = points.reshape(len(points), -1)
    rows = rows[:, np.isfinite(rows).any(axis=0)]
    usual = np.nanmedian(rows, axis=0)
    rows = np.where(np.isfinite(rows), rows - usual, 0)
    return rows, max(float(np.percentile(np.linalg.norm(rows, axis=1), 75)), 1e-9)


def _find_distance(
    rows: FloatArray | IntArray, taken: FloatArray | IntArray, unit: float
) -> FloatArray:
    """Return the distance to the nearest row that is taken, 0 to 1; 1 when none is."""
    nearest = np.full(len(rows), np.inf)
    for other in taken:
        nearest = np.minimum(nearest, np.linalg.norm(rows - other, axis=1))
    return np.minimum(nearest / unit, 1.0)


def _describe_marks(marks: Mapping[object, float], worst: str) -> dict[str, str]:
    return {
        "wrong": worst,
        "unsure": f"the network is unsure (mean confidence {1 - marks['unsure']:.2f})",
        "jumping": f"{marks['jumping']:.0%} of the points jump here",
    }


def _explain(found: Sequence[tuple[float, float, str]]) -> str:
    """Say what makes a frame useful, the strongest reason first.

    Parameters
    ----------
    found
        Gain, its greatest possible value, and what it means.
    """
    ordered = sorted(found, key=lambda one: -one[0])
    strong = [text for gain, weight, text in ordered if gain >= _TELLING * weight]
    if not strong and ordered[0][0] <= 0:
        return "A frame to begin with."
    sentence = "; ".join(strong or [ordered[0][2]])
    return sentence[0].upper() + sentence[1:] + "."
