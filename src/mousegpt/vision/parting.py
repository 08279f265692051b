"""A left and a right keypoint that a network cannot name: one broad peak, taken apart into two.

A network that sees both ears, but not whose is which, draws half a peak at either into both
heat-maps. Near each other these run together, and the highest cell lies between the ears.
"""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.skeleton import KEYPOINTS, mirror_keypoint

_N_ROUNDS: Final = 25
_FAINT: Final = 0.03  # of the highest cell: what is lower is left out
_LEAST_SHARE: Final = 0.15  # of the weaker peak; a weaker one is a shadow


def part_pairs(
    heatmaps: FloatArray,
    points: FloatArray,
    *,
    names: tuple[str, ...] = ("EarL",),
    near: Annotated[float, Field(ge=0)] = 3.0,
    sigma: Annotated[float, Field(gt=0)] = 2.0,
) -> FloatArray:
    """Take apart the peaks of left and right where both maps have it in the same place.

    Two Gaussians, as wide as those that the network has learnt to draw, are fitted to the sum of
    both maps. Their names are a guess: several views tell (`mousegpt.geometry.sides`).

    Parameters
    ----------
    heatmaps
        Shape (n, 24, rows, columns).
    points
        Peaks of `decode_heatmaps`, x, y in cells, shape (n, 24, 2).
    names
        Left keypoints of the pairs. Ears gain; limbs, of which one is often hidden, do not.
    near
        Distance in cells below which two peaks are one.
    sigma
        Standard deviation of a peak in cells.

    Returns
    -------
    FloatArray
        The points, those of parted pairs at the two Gaussians.
    """
    parted = np.array(points, dtype=np.float64)
    for name in names:
        pair = [KEYPOINTS.index(name), KEYPOINTS.index(mirror_keypoint(name))]
        apart = np.linalg.norm(points[:, pair[0]] - points[:, pair[1]], axis=-1)
        same = np.flatnonzero(apart < near)
        if len(same):
            centers, shares = _fit_two(heatmaps[same][:, pair].sum(axis=1), sigma)
            clear = shares.min(axis=1) > _LEAST_SHARE
            parted[np.ix_(same[clear], pair)] = centers[clear]
    return parted


def _fit_two(maps: FloatArray, sigma: float) -> tuple[FloatArray, FloatArray]:
    """Fit two round Gaussians to each map; centres (n, 2, 2) in cells and shares (n, 2)."""
    n, rows, columns = maps.shape
    cells = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2)
    mass = np.where(maps > _FAINT * maps.max(axis=(1, 2), keepdims=True), maps, 0.0).reshape(n, -1)
    mass = mass / np.maximum(mass.sum(axis=1, keepdims=True), 1e-12)
    middle = mass @ cells
    offset = cells - middle[:, None]
    spread = np.einsum("np,npi,npj->nij", mass, offset, offset)
    variance, axes = np.linalg.eigh(spread)
    reach = np.sqrt(np.maximum(variance[:, 1] - sigma**2, 0.25))[:, None] * axes[:, :, 1]
    centers, shares = np.stack([middle + reach, middle - reach], axis=1), np.full((n, 2), 0.5)
    for _ in range(_N_ROUNDS):
        square = ((cells - centers[:, :, None]) ** 2).sum(axis=-1)
        log = np.log(shares)[..., None] - square / (2 * sigma**2)
        belongs = np.exp(log - log.max(axis=1, keepdims=True))
        belongs *= mass[:, None] / belongs.sum(axis=1, keepdims=True)
        shares = np.maximum(belongs.sum(axis=-1), 1e-9)
        centers = np.einsum("nkp,pi->nki", belongs, cells) / shares[..., None]
    return centers, shares
