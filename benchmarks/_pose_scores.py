"""What pose networks say of pictures, and how far that is from the truth."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.skeleton import KEYPOINTS, mirror_keypoint
from mousegpt.evaluation.distances import compute_mpjpe, compute_pck, measure_distances
from mousegpt.geometry.sides import resolve_sides
from mousegpt.geometry.triangulation import triangulate_poses
from mousegpt.ports import Detector, PoseEstimator
from mousegpt.vision.detection import detect_mice, measure_overlaps
from mousegpt.vision.pose2d import estimate_poses

FRACTIONS: Final = (0.05, 0.1)
MIN_SCORE: Final = 0.25  # of a box; the default of `estimate_video`
_BATCH: Final = 16
_MIRROR: Final = [KEYPOINTS.index(mirror_keypoint(name)) for name in KEYPOINTS]

Row = dict[str, float | int | None]


@dataclass(frozen=True, eq=False)
class Estimate:
    """What was found in n pictures.

    Attributes
    ----------
    boxes
        Box and score, shape (n, 5); NaN where no mouse was found.
    points
        x, y and confidence, shape (n, 24, 3); NaN and 0 where no mouse was found.
    seconds
        CPU time of the networks and what prepares pictures for them, without reading these.
    """

    boxes: FloatArray
    points: FloatArray
    seconds: float


def estimate_pictures(
    read: Sequence[Callable[[], ImageArray]],
    detector: Detector,
    estimator: PoseEstimator,
    *,
    boxes: FloatArray | None = None,
    min_score: float = MIN_SCORE,
) -> Estimate:
    """Estimate the pose of the one mouse in each picture, in the detector's box or a given one."""
    found, points, seconds = [], [], 0.0
    for start in range(0, len(read), _BATCH):
        images = [each() for each in read[start : start + _BATCH]]
        begun = time.process_time()
        if boxes is None:
            some = [_take_best(box) for box in detect_mice(images, detector, min_score=min_score)]
            part = np.stack(some)
        else:
            part = np.insert(boxes[start : start + _BATCH, :4], 4, 1.0, axis=1)
        points.append(estimate_poses(images, part[:, :4], estimator))
        found.append(part)
        seconds += time.process_time() - begun
    return Estimate(np.concatenate(found), np.concatenate(points), seconds)


def _take_best(boxes: FloatArray) -> FloatArray:
    return boxes[0] if len(boxes) else np.full(5, np.nan)


def score_boxes(found: FloatArray, truth: FloatArray) -> Row:
    """Compare boxes, shapes (n, 5) and (n, 4); pictures whose true box is NaN do not count."""
    known = np.isfinite(truth).all(axis=1)
    overlaps = np.array(
        [
            measure_overlaps(one[None, :4], other[None])[0, 0] if np.isfinite(one[0]) else 0.0
            for one, other in zip(found[known], truth[known], strict=True)
        ]
    )
    any_box = np.isfinite(found[known, 0])
    return {
        "n_pictures": int(known.sum()),
        "any_box_share": tell(any_box.mean()),
        "found_share": tell((overlaps >= 0.5).mean()),
        "iou_median": tell(np.median(overlaps)),
        "iou_mean": tell(overlaps.mean()),
    }


def score_pixels(
    predicted: FloatArray, truth: FloatArray, lengths: FloatArray
) -> tuple[Row, dict[str, Row]]:
    """Score keypoints in pictures; what was not found is wrong.

    Parameters
    ----------
    predicted, truth
        Shape (n, 24, 2); keypoints whose truth is NaN do not count.
    lengths
        Body length in each picture, px, shape (n,).

    Returns
    -------
    tuple
        A row for all keypoints together, and one for each that is known anywhere.
    """
    distances = measure_distances(predicted, truth)
    return _summarize_pixels(distances.ravel(), np.repeat(lengths, len(KEYPOINTS))), {
        name: _summarize_pixels(distances[:, i], lengths)
        for i, name in enumerate(KEYPOINTS)
        if not np.isnan(distances[:, i]).all()
    }


def _summarize_pixels(distances: FloatArray, lengths: FloatArray) -> Row:
    relative = distances / lengths
    known = ~np.isnan(distances)
    row: Row = {f"pck_{f:g}": tell(compute_pck(relative, 1.0, f)) for f in FRACTIONS}
    row |= {
        "median_px": tell_quantile(distances),
        "median_share": tell_quantile(relative),
        "found_share": tell(np.isfinite(distances).sum() / max(int(known.sum()), 1)),
        "n": int(known.sum()),
    }
    return row


def measure_length(camera: Camera, world: FloatArray, body_cm: float) -> float:
    """Return how long a body is in a picture when it lies across the line of sight, px.

    A body that points to the camera looks shorter, which must not make the task harder. ``world``:
    where the mouse is, cm, shape (24, 3).
    """
    center = world[np.isfinite(world).all(axis=1)].mean(axis=0)
    derivative = camera.differentiate_projection(center)
    return float(body_cm * np.sqrt(np.linalg.svd(derivative, compute_uv=False).prod()))


def measure_swaps(predicted: FloatArray, truth: FloatArray, pair: tuple[str, str]) -> Row:
    """Return how often a left and a right keypoint fit better when their names are exchanged."""
    sides = [KEYPOINTS.index(name) for name in pair]
    straight, crossed = (
        np.linalg.norm(predicted[:, order] - truth[:, sides], axis=-1).sum(axis=-1)
        for order in (sides, sides[::-1])
    )
    known = np.isfinite(straight)
    share = (crossed[known] < straight[known]).mean() if known.any() else np.nan
    return {"swapped_share": tell(share), "n": int(known.sum())}


def label_points(points: FloatArray, rig: Calibration, *, frames: list[int] | None = None) -> Poses:
    """Name x, y and confidence, shape (view, time, 24, 3)."""
    return build_poses(
        np.moveaxis(points[..., :2], -1, 2)[..., None],
        points[..., 2, None],
        keypoints=KEYPOINTS,
        fps=1.0,
        unit="px",
        views=rig.views,
        frames=None if frames is None else np.array(frames),
    )


def triangulate_points(points: FloatArray, rig: Calibration) -> FloatArray:
    """Triangulate x, y and confidence, shape (view, time, 24, 3); cm, (time, 24, 3)."""
    solid = triangulate_poses(label_points(points, rig), rig)
    return np.moveaxis(solid["position"].to_numpy()[..., 0], 1, -1)


def triangulate_resolved(points: FloatArray, rig: Calibration) -> tuple[FloatArray, FloatArray]:
    """Triangulate after exchanged sides are put right; also return which, (view, time, 24)."""
    resolved = resolve_sides(label_points(points, rig), rig)
    exchanged = resolved["exchanged"].to_numpy()[..., 0]
    solid = triangulate_poses(resolved.drop_vars("exchanged"), rig)
    return np.moveaxis(solid["position"].to_numpy()[..., 0], 1, -1), exchanged


def score_space(
    predicted: FloatArray, truth: FloatArray, body_cm: FloatArray
) -> tuple[Row, dict[str, Row]]:
    """Score points in space, cm, shape (n, 24, 3); refused ones have no error but are counted.

    ``body_cm``: length of the mouse in each pose, shape (n,).
    """
    distances = 10 * measure_distances(predicted, truth)
    lengths = 10 * body_cm
    return _summarize_space(distances.ravel(), np.repeat(lengths, len(KEYPOINTS))), {
        name: _summarize_space(distances[:, i], lengths)
        for i, name in enumerate(KEYPOINTS)
        if not np.isnan(distances[:, i]).all()
    }


def _summarize_space(distances: FloatArray, lengths: FloatArray) -> Row:
    known = ~np.isnan(distances)
    row: Row = {
        "mpjpe_mm": tell(compute_mpjpe(distances)),
        "median_mm": tell_quantile(distances),
        "p95_mm": tell_quantile(distances, 0.95),
        "refused_share": tell(np.isinf(distances).sum() / max(int(known.sum()), 1)),
        "n": int(known.sum()),
    }
    return row | {f"pck_{f:g}": tell(compute_pck(distances / lengths, 1.0, f)) for f in FRACTIONS}


def place_mean_pose(boxes: FloatArray, points: FloatArray) -> FloatArray:
    """Return the mean pose of all boxes, placed into each: what is reached without looking.

    Of a keypoint and its mirror image the mean is taken: which is which cannot be known.
    """
    low, size = boxes[:, None, :2], (boxes[:, 2:4] - boxes[:, :2])[:, None]
    relative = (points - low) / size
    both = np.concatenate([relative, relative[:, _MIRROR]])
    mean = np.array([_average(both[:, i]) for i in range(len(KEYPOINTS))])
    return np.asarray(low + mean * size)


def _average(points: FloatArray) -> FloatArray:
    known = points[np.isfinite(points).all(axis=1)]
    return np.asarray(known.mean(axis=0) if len(known) else np.full(2, np.nan))


def tell(value: float | FloatArray, digits: int = 4) -> float | None:
    """Return a number as JSON has it; None for one that is not known."""
    return round(float(value), digits) if np.isfinite(value) else None


def tell_quantile(values: FloatArray, quantile: float = 0.5) -> float | None:
    """Return a quantile of the finite values; None where there is none."""
    known = values[np.isfinite(values)]
    return tell(np.quantile(known, quantile)) if known.size else None
