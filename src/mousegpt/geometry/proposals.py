"""Boxes that calibrated views propose, as rays into space: where they meet, and which fit a place.

The ray through the centre of a box passes the middle of the mouse, give or take a share of the
box: that is how exactly views can agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.calibration import Calibration
from mousegpt.geometry.sightlines import Sight

_N_SEEDS: Final = 3  # boxes of each view that name places; all others are asked whether they fit


@dataclass(frozen=True, eq=False)
class Proposals:
    """Boxes of each view and moment; one that is not there weighs nothing.

    Attributes
    ----------
    centers
        Of the cameras, cm, shape (view, 3).
    rays
        Unit vectors in the world, shape (view, time, box, 3).
    sizes
        Longer edge, as a share of the distance, shape (view, time, box).
    weights
        Root of the score, shape (view, time, box): three doubtful views outvote two sure ones.
    """

    centers: FloatArray
    rays: FloatArray
    sizes: FloatArray
    weights: FloatArray

    def take(self, moments: slice) -> Proposals:
        """Return some moments."""
        parts = (of[:, moments] for of in (self.rays, self.sizes, self.weights))
        return Proposals(self.centers, *parts)


@dataclass(frozen=True)
class Tolerance:
    """When a box fits a place.

    Parameters
    ----------
    miss
        Its centre misses the place by less than this share of its longer edge.
    size_ratio
        At that distance, the mouse is by less than this factor larger or smaller than expected.
    """

    miss: Annotated[float, Field(gt=0)] = 0.4
    size_ratio: Annotated[float, Field(gt=1)] = 2.5


def aim_boxes(boxes: FloatArray, calibration: Calibration) -> Proposals:
    """Turn boxes and scores, shape (view, time, box, 5), into rays; NaN where there is no box."""
    cameras = calibration.cameras.values()
    middles = (boxes[..., :2] + boxes[..., 2:4]) / 2
    flat = middles.reshape(len(middles), -1, 2)
    sights = [Sight(camera, pixels) for camera, pixels in zip(cameras, flat, strict=True)]
    rays = np.stack([sight.rays for sight in sights]).reshape(*middles.shape[:-1], 3)
    focal = np.array([sight.focal_px for sight in sights])[:, None, None]
    sizes = (boxes[..., 2:4] - boxes[..., :2]).max(axis=-1) / focal
    known = np.isfinite(boxes).all(axis=-1) & np.isfinite(rays).all(axis=-1) & (sizes > 0)
    return Proposals(
        np.stack([camera.center for camera in cameras]),
        np.where(known[..., None], rays, 0.0),
        np.where(known, sizes, 1.0),
        np.where(known, np.sqrt(np.clip(boxes[..., 4], 0, 1)), 0.0),
    )


def elect_boxes(proposals: Proposals, tolerance: Tolerance) -> IntArray:
    """Return the boxes that together make the best place, one a view at most.

    Every pair of boxes of two views names a place; the one that fits most boxes, by weight, wins.

    Returns
    -------
    IntArray
        Shape (view, time); -1 where none of a view's boxes fits.
    """
    pairs = [_cross_rays(proposals, a, b) for a, b in combinations(range(len(proposals.rays)), 2)]
    places, extents = (np.concatenate(of, axis=1) for of in zip(*pairs, strict=True))
    fits, chosen = judge_places(proposals, places, extents, tolerance)
    best = np.broadcast_to(fits.sum(axis=0).argmax(axis=1)[:, None], (*fits.shape[:2], 1))
    fit, box = (np.take_along_axis(of, best, axis=2)[..., 0] for of in (fits, chosen))
    return np.where(fit > 0, box, -1)


def _cross_rays(proposals: Proposals, a: int, b: int) -> tuple[FloatArray, FloatArray]:
    """Return where rays of two views are nearest to each other, and how large boxes are there.

    Shapes (time, pair, 3) and (time, pair), cm; NaN behind a camera.
    """
    one = proposals.rays[a][:, :_N_SEEDS, None]
    other = proposals.rays[b][:, None, :_N_SEEDS]
    base = proposals.centers[b] - proposals.centers[a]
    cosine, ahead, back = (one * other).sum(axis=-1), one @ base, other @ base
    sine2 = np.maximum(1 - cosine**2, 1e-9)  # parallel rays meet far away
    along_one, along_other = (ahead - cosine * back) / sine2, (cosine * ahead - back) / sine2
    middles = (
        proposals.centers[a] + along_one[..., None] * one
        + proposals.centers[b] + along_other[..., None] * other
    ) / 2  # fmt: skip
    seen = (along_one > 0) & (along_other > 0)
    sizes = proposals.sizes[a][:, :_N_SEEDS, None] * proposals.sizes[b][:, None, :_N_SEEDS]
    extents = np.sqrt(np.where(seen, sizes * along_one * along_other, np.nan))
    middles = np.where(seen[..., None], middles, np.nan)
    n_pairs = cosine.shape[1] * cosine.shape[2]
    return middles.reshape(-1, n_pairs, 3), extents.reshape(-1, n_pairs)


def judge_places(
    proposals: Proposals, places: FloatArray, extents: FloatArray, tolerance: Tolerance
) -> tuple[FloatArray, IntArray]:
    """Find the box of each view that fits a place best.

    Parameters
    ----------
    places
        cm, shape (time, place, 3).
    extents
        How large the mouse is expected to be, cm, shape (time, place).

    Returns
    -------
    fits : FloatArray
        Weight of the box, less the further it misses; 0 where none fits. Shape (view, time, place).
    chosen : IntArray
        Which box it is.
    """
    fits, chosen = [], []
    for view, center in enumerate(proposals.centers):
        sizes = proposals.sizes[view][:, None]
        offset = places - center
        away = np.linalg.norm(offset, axis=-1)[..., None]
        along = offset @ proposals.rays[view].transpose(0, 2, 1)
        aside = np.sqrt(np.maximum(away**2 - along**2, 0))
        miss = aside / (away * sizes * tolerance.miss)
        ratio = sizes * away / extents[..., None]
        alike = (ratio < tolerance.size_ratio) & (ratio > 1 / tolerance.size_ratio)
        weights = proposals.weights[view][:, None]
        fit = np.where((along > 0) & (miss < 1) & alike, weights * (1 - miss**2), 0.0)
        chosen.append(fit.argmax(axis=-1))
        fits.append(fit.max(axis=-1))
    return np.stack(fits), np.stack(chosen)
