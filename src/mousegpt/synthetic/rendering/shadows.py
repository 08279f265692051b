"""What the mouse takes from the floor's light: a cast shadow, and darkness where it touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import ArrayLike

from mousegpt.core.arrays import FloatArray

if TYPE_CHECKING:
    import moderngl

SHADOW_TEXELS: Final = 320
_PENUMBRA_CM: Final = 0.22
_CONTACT_TEXELS: Final = 64
_CONTACT_MARGIN_CM: Final = 2.0
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
    return points - points[:, 2:] / max(toward[2], 0.2) * toward


@dataclass(frozen=True, eq=False)
class Contact:
    """Share of the sky's light that the floor lacks: a square map, and where it lies."""

    share: FloatArray
    corner: FloatArray
    width_cm: float

    @property
    def uniform(self) -> FloatArray:
        """First corner and width, cm, shape (3,)."""
        return np.append(self.corner, self.width_cm)

    @property
    def corners(self) -> FloatArray:
        """The corners on the floor, shape (4, 3)."""
        steps = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])
        return np.asarray(np.append(self.corner, 0) + steps * self.width_cm)


def darken_floor(points: FloatArray, areas: FloatArray) -> Contact:
    """Estimate how surfaces near the floor darken it.

    Parameters
    ----------
    points
        Of the surface, shape (N, 3).
    areas
        Of the surface around each point, cm², shape (N,).
    """
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    width = float((high - low).max()) + 2 * _CONTACT_MARGIN_CM
    corner = (low + high - width) / 2
    texel = width / _CONTACT_TEXELS
    column, row = np.clip((points[:, :2] - corner) / texel, 0, _CONTACT_TEXELS - 1).astype(int).T
    near = np.exp(-np.maximum(points[:, 2], 0) / _CONTACT_HEIGHT_CM) * areas / texel**2
    weight = np.bincount(row * _CONTACT_TEXELS + column, near, _CONTACT_TEXELS**2)
    density = weight.reshape(_CONTACT_TEXELS, _CONTACT_TEXELS).astype(np.float32)
    close = cv2.GaussianBlur(density, (0, 0), 0.22 / texel)
    wide = cv2.GaussianBlur(density, (0, 0), 0.7 / texel)
    return Contact(0.85 * (1 - np.exp(-0.9 * close - 0.7 * wide)), corner, width)
