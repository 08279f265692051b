"""Points in space from the pixels of several cameras.

Arrays are flat inside: views in front, then points (every keypoint of every time point and
individual), then coordinates. A view that does not count for a point has the weight 0 there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses, build_poses

_N_AT_ONCE = 20_000  # points solved together: bounds the memory (4x4 matrices per view and point)


def triangulate_poses(
    poses: Poses,
    calibration: Calibration,
    *,
    min_views: Annotated[int, Field(ge=2)] = 2,
    max_error_px: Annotated[float, Field(gt=0)] = 20.0,
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.3,
    n_refinements: Annotated[int, Field(ge=0)] = 2,
) -> Poses:
    """Triangulate 2-D poses of several views, point by point.

    A direct linear solution, weighted by confidence, is refined by Gauss-Newton steps on the
    distance in pixels. While a point misses one of its views by more than ``max_error_px``, the
    view is left out without which the others agree best.

    Parameters
    ----------
    poses
        Pixels with the dimension ``view``; individuals are the same animal in every view.
    calibration
        A camera for each view.
    min_views
        Points seen by fewer views stay unknown.
    max_error_px
        A point that misses a view by more, and cannot be saved by leaving out views, stays
        unknown.
    min_confidence
        Less confident detections do not count; those without a confidence count fully.

    Returns
    -------
    Poses
        3-D, in cm, NaN where unknown; ``confidence`` is the mean of the views used. More
        variables, of the shape of ``confidence``: ``reprojection_error``, the mean distance in px
        over the views used (also of points refused for it), NaN where fewer than ``min_views``
        see the point; ``n_views``, the number of views used.

    Raises
    ------
    DataError
        When the poses are not 2-D or have no views.
    CalibrationError
        When a view has no camera.

    Notes
    -----
    Source: Methods 4.2, Eq. 1. Departs from the paper: squared distances, weighted, and outlying
    views are rejected. With three views, where any two may agree by chance, one is rejected only
    if just one pair agrees.
    """
    if "view" not in poses.dims or poses.sizes["space"] != 2:
        raise DataError(
            f"Expected 2-D poses with the dimension view, found {dict(poses.sizes)}; give the "
            "poses of all views together."
        )
    poses = poses.transpose("view", "time", "space", "keypoint", "individual")
    cameras = list(calibration.select(tuple(poses["view"].values)).cameras.values())
    pixels = np.moveaxis(poses["position"].values, 2, -1)
    shape = pixels.shape[1:-1]
    pixels = pixels.reshape(len(cameras), -1, 2)
    confidence = poses["confidence"].values.reshape(len(cameras), -1)
    weights = _weigh(pixels, confidence, min_confidence)
    parts = [slice(i, i + _N_AT_ONCE) for i in range(0, max(1, pixels.shape[1]), _N_AT_ONCE)]
    rules = (min_views, max_error_px, n_refinements)
    solved = [_triangulate(pixels[:, p], weights[:, p], cameras, *rules) for p in parts]
    points, error, used = (np.concatenate(part, axis=-1) for part in zip(*solved, strict=True))
    known = np.isfinite(points).all(axis=0)
    result = build_poses(
        np.moveaxis(points.reshape(3, *shape), 0, 1),
        np.where(known, _average(confidence, used), np.nan).reshape(shape),
        keypoints=list(poses["keypoint"].values),
        individuals=list(poses["individual"].values),
        frames=poses["frame"].values,
        fps=poses.attrs["fps"],
        unit="cm",
        source_software=poses.attrs.get("source_software", ""),
    )
    dims = ("time", "keypoint", "individual")
    return result.assign(
        reprojection_error=(dims, error.reshape(shape)),
        n_views=(dims, used.sum(axis=0).reshape(shape)),
    )


def _weigh(pixels: FloatArray, confidence: FloatArray, min_confidence: float) -> FloatArray:
    weights = np.where(np.isnan(confidence), 1.0, confidence)
    counts = np.isfinite(pixels).all(axis=-1) & (weights >= min_confidence)
    return np.where(counts, weights, 0.0)


def _triangulate(
    pixels: FloatArray,
    weights: FloatArray,
    cameras: Sequence[Camera],
    min_views: int,
    max_error_px: float,
    n_refinements: int,
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return points (3, n), their mean error (n,) and which views were used (view, n)."""
    ideal = np.stack([c.undistort(seen) for c, seen in zip(cameras, pixels, strict=True)])
    weights = np.where(np.isfinite(ideal).all(axis=-1), weights, 0.0)
    normals = _build_normals(np.nan_to_num(ideal), cameras)
    weights = _reject_views(pixels, weights, normals, cameras, min_views, max_error_px)
    points = _solve(np.einsum("vn,vnij->nij", weights, normals))
    points[(weights > 0).sum(axis=0) < min_views] = np.nan
    for _ in range(n_refinements):
        points = points + _compute_step(points, pixels, weights, cameras)
    distances = _measure(points, pixels, weights, cameras)
    error = _average(distances, weights > 0)
    missed = ~(distances.max(axis=0) <= max_error_px)
    return np.where(missed[:, None], np.nan, points).T, error, weights > 0


def _build_normals(ideal: FloatArray, cameras: Sequence[Camera]) -> FloatArray:
    """Return what each view says about each point, shape (view, n, 4, 4).

    A pixel is the meeting of two planes; rows of length one make their equations distances in cm.
    """
    matrices = np.stack([np.column_stack([camera.R, camera.t]) for camera in cameras])[:, None]
    rows = ideal[..., :, None] * matrices[..., 2:, :] - matrices[..., :2, :]
    rows /= np.linalg.norm(rows[..., :3], axis=-1, keepdims=True)
    return np.asarray(np.swapaxes(rows, -1, -2) @ rows)


def _solve(normals: FloatArray) -> FloatArray:
    """Return the points that fit summed normals best, shape (..., 3)."""
    homogeneous = np.linalg.eigh(normals)[1][..., 0]
    last = homogeneous[..., 3:]
    return np.asarray(homogeneous[..., :3] / np.where(last == 0, np.nan, last))


def _reject_views(
    pixels: FloatArray,
    weights: FloatArray,
    normals: FloatArray,
    cameras: Sequence[Camera],
    min_views: int,
    max_error_px: float,
) -> FloatArray:
    """Set the weight of outlying views to 0, one per point and round."""
    weights = weights.copy()
    for _ in range(len(cameras) - min_views):
        total = np.einsum("vn,vnij->nij", weights, normals)
        worst = _measure(_solve(total), pixels, weights, cameras).max(axis=0)
        n_used = (weights > 0).sum(axis=0)
        bad = np.flatnonzero(~(worst <= max_error_px) & (n_used > min_views))
        if not bad.size:
            break
        without = np.full((len(cameras), bad.size), np.inf)
        for view in range(len(cameras)):
            rest = weights[:, bad].copy()
            rest[view] = 0
            points = _solve(total[bad] - weights[view, bad, None, None] * normals[view, bad])
            left = _measure(points, pixels[:, bad], rest, cameras).max(axis=0)
            without[view] = np.where(weights[view, bad] > 0, left, np.inf)
        ambiguous = (n_used[bad] == 3) & ((without <= max_error_px).sum(axis=0) > 1)
        weights[np.argmin(without, axis=0)[~ambiguous], bad[~ambiguous]] = 0
    return weights


def _measure(
    points: FloatArray, pixels: FloatArray, weights: FloatArray, cameras: Sequence[Camera]
) -> FloatArray:
    """Return distances in px between points and their pixels, 0 where a view does not count."""
    projected = np.stack([camera.project(points) for camera in cameras])
    distances = np.linalg.norm(projected - pixels, axis=-1)
    return np.where(weights > 0, distances, 0.0)


def _compute_step(
    points: FloatArray, pixels: FloatArray, weights: FloatArray, cameras: Sequence[Camera]
) -> FloatArray:
    """Return the Gauss-Newton step of each point, 0 where there is none."""
    hessian = np.zeros((len(points), 3, 3))
    descent = np.zeros((len(points), 3))
    for camera, seen, weight in zip(cameras, pixels, weights, strict=True):
        counts = weight > 0
        slope = camera.differentiate_projection(points[counts])
        weighted = np.swapaxes(slope, -1, -2) * weight[counts, None, None]
        hessian[counts] += weighted @ slope
        residual = seen[counts] - camera.project(points[counts])
        descent[counts] += (weighted @ residual[..., None])[..., 0]
    size = np.trace(hessian, axis1=1, axis2=2)
    hessian += 1e-12 * size[:, None, None] * np.eye(3)  # parallel rays have no depth to solve for
    solvable = np.isfinite(hessian).all(axis=(1, 2)) & (size > 0)
    step = np.zeros_like(points)
    step[solvable] = np.linalg.solve(hessian[solvable], descent[solvable, :, None])[..., 0]
    return step


def _average(values: FloatArray, used: BoolArray) -> FloatArray:
    """Return the mean over the views used, NaN where there is none."""
    count = used.sum(axis=0)
    total = np.where(used, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
