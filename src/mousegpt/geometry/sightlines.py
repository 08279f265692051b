"""Do lines of sight meet? The question under every test of a calibration.

Points are flat: the same point has the same place in the pixels of every view. Everything is in
pixels, and outliers count little, so that one bad detection in ten hides no fault and feigns none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Camera

_N_ROUNDS = 6  # of reweighting


@dataclass(frozen=True, eq=False)
class Sight:
    """What one camera sees.

    Parameters
    ----------
    camera
        As calibrated, or as it is suspected to be.
    pixels
        Shape (n, 2), NaN where a point is not seen.
    """

    camera: Camera
    pixels: FloatArray

    @cached_property
    def rays(self) -> FloatArray:
        """Directions of the lines of sight in the world, unit vectors, shape (n, 3)."""
        ideal = self.camera.undistort(self.pixels)
        ahead = np.concatenate([ideal, np.ones_like(ideal[:, :1])], axis=1)
        length = np.linalg.norm(ahead, axis=1, keepdims=True)
        return np.asarray(ahead / length @ self.camera.R)

    @property
    def focal_px(self) -> float:
        """Pixels per radian in the middle of the picture."""
        return float(np.sqrt(abs(np.linalg.det(self.camera.K[:2, :2]))))


def meet_rays(sights: Sequence[Sight], *, tolerance_px: float) -> FloatArray:
    """Return the points where lines of sight meet, shape (n, 3); NaN where fewer than two do.

    A line that misses by more than the tolerance counts less and less (weights of Cauchy).
    """
    rays = np.stack([sight.rays for sight in sights])
    centers = np.stack([sight.camera.center for sight in sights])[:, None]
    focal = np.array([[sight.focal_px] for sight in sights])
    seen = np.asarray(np.isfinite(rays).all(axis=-1))
    rays = np.where(seen[..., None], rays, 0.0)
    weights: FloatArray = seen.astype(np.float64)
    points = _solve_meeting(rays, centers, weights)
    for _ in range(_N_ROUNDS):
        offset = points - centers
        along = (offset * rays).sum(axis=-1)
        aside = np.linalg.norm(offset - along[..., None] * rays, axis=-1)
        px_per_cm = focal / np.maximum(np.linalg.norm(offset, axis=-1), 1e-9)
        cauchy = 1 / (1 + (aside * px_per_cm / tolerance_px) ** 2)
        weights = np.where(seen, px_per_cm**2 * cauchy, 0.0)
        points = _solve_meeting(rays, centers, weights)
    points[seen.sum(axis=0) < 2] = np.nan
    return points


def measure_misses(sight: Sight, points: FloatArray) -> FloatArray:
    """Return how far points lie from the pixels, px; infinite behind the camera, NaN if unknown."""
    misses = np.linalg.norm(sight.camera.project(points) - sight.pixels, axis=-1)
    known = np.isfinite(points).all(axis=-1) & np.isfinite(sight.pixels).all(axis=-1)
    return np.where(known & np.isnan(misses), np.inf, misses)


def measure_fit(sights: Sequence[Sight], *, tolerance_px: float) -> FloatArray:
    """Return the median miss of each view, px, shape (view,); NaN when it shares no point."""
    points = meet_rays(sights, tolerance_px=tolerance_px)
    return np.array([find_median(measure_misses(sight, points)) for sight in sights])


def measure_worst(sights: Sequence[Sight], *, tolerance_px: float) -> float:
    """Return the median miss of the worst view, px; infinite when a view shares no point."""
    fit = measure_fit(sights, tolerance_px=tolerance_px)
    return float(np.where(np.isnan(fit), np.inf, fit).max())


def find_median(values: FloatArray) -> float:
    """Return the median of what is known; NaN when nothing is."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else float("nan")


def _solve_meeting(rays: FloatArray, centers: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the points nearest to weighted lines, in the sense of least squares."""
    across = np.eye(3) - rays[..., :, None] * rays[..., None, :]
    across *= weights[..., None, None]
    total = across.sum(axis=0)
    size = np.trace(total, axis1=-2, axis2=-1)[:, None, None]
    total += (1e-9 * size + 1e-30) * np.eye(3)  # parallel lines meet nowhere
    pulled = (across @ centers[..., None]).sum(axis=0)
    return np.asarray(np.linalg.solve(total, pulled)[..., 0])
