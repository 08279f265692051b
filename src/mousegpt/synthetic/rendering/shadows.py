"""What the mouse takes from the floor's light: a cast shadow, and darkness where it touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import ArrayLike

from mousegpt.core.arrays import FloatArray

if TYPE_CHECKING:
    pass

SHADOW_TEXELS: Final = 320
_PENUMBRA_CM: Final = 0.22
_CONTACT_TEXELS: Final = 64
_CONTACT_MARGIN_CM: Final = 1.1
_CONTACT_REACHES_CM: Final = (0.2, 0.5)
_CONTACT_HEIGHT_CM: Final = 0.9  # a surface at this height takes 1/e of what one on the floor does


@dataclass(frozen=True, eq=False)
class ShadowView:
    """World to clip space of the shadow map, shape (4, 4), and its penumbra as a share of it."""

    matrix: FloatArray
    softness: float


def view_from_light(points: FloatArray, direction: ArrayLike) -> ShadowView:
    """Look at points from a light far away; the map is just large enough for them."""
    toward = np.asarray(direction, dtype=np.float64)
    aside = np.cross([0.0, 1.0, 0.0] if abs(toward[1]) < 0.9 else [1.0, 0.0, 0.0], toward)
    aside /= np.linalg.norm(aside)
    axes = np.stack([aside, np.cross(toward, aside), -toward])
    placed = points @ axes.T
    low, high = placed.min(axis=0) - 0.6, placed.max(axis=0) + 0.6
    high[2] += 60  # the floor far behind the mouse
    matrix = np.eye(4)
    matrix[:3, :3] = axes * (2 / (high - low))[:, None]
    matrix[:3, 3] = -(high + low) / (high - low)
    return ShadowView(matrix, _PENUMBRA_CM / float((high - low)[:2].max()))


def cast_on_floor(points: FloatArray, direction: ArrayLike) -> FloatArray:
    """Move points along the light to the floor, shape (N, 3)."""
    toward = np.asarray(direction, dtype=np.float64)
    return np.asarray(points - points[:, 2:] / max(toward[2], 0.2) * toward)


@dataclass(frozen=True, eq=False)
class Contact:
    """Share of the sky's light that the floor lacks: a map, its first corner and its size, cm."""

    share: FloatArray
    corner: FloatArray
    extent: FloatArray

    @property
    def uniform(self) -> FloatArray:
        """First corner and size, cm, shape (4,)."""
        return np.concatenate([self.corner, self.extent])

    @property
    def corners(self) -> FloatArray:
        """The corners on the floor, shape (4, 3)."""
        steps = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
        return np.insert(self.corner + steps * self.extent, 2, 0.0, axis=1)


def darken_floor(points: FloatArray, areas: FloatArray) -> Contact:
    """Estimate how surfaces near the floor darken it.

    Parameters
    ----------
    points
        Of the surface, shape (N, 3).
    areas
        Of the surface around each point, cm², shape (N,).
    """
    corner = points[:, :2].min(axis=0) - _CONTACT_MARGIN_CM
    extent = points[:, :2].max(axis=0) + _CONTACT_MARGIN_CM - corner
    texel = extent / _CONTACT_TEXELS
    column, row = ((points[:, :2] - corner) / texel).astype(int).T
    near = np.exp(-np.maximum(points[:, 2], 0) / _CONTACT_HEIGHT_CM) * areas / texel.prod()
    weight = np.bincount(row * _CONTACT_TEXELS + column, near, _CONTACT_TEXELS**2)
    density = weight.reshape(_CONTACT_TEXELS, _CONTACT_TEXELS).astype(np.float32)
    close, wide = (
        cv2.GaussianBlur(density, (0, 0), reach / texel[0], sigmaY=reach / texel[1])
        for reach in _CONTACT_REACHES_CM
    )
    return Contact(0.85 * (1 - np.exp(-1.2 * close - 0.7 * wide)), corner, extent)
