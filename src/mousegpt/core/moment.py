"""A moment of one mouse as a describer that sees only pictures learns from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mousegpt.core.arrays import BoolArray, FloatArray, ImageArray

#: When the tiles of a moment were taken, relative to it; the middle one is the moment itself.
MOMENTS_S: Final = (-0.1, 0.0, 0.1)
#: A tile shows this much more than the box at either side, so that it can be shifted and turned.
TILE_MARGIN: Final = 1.3
#: Edge of a tile that is kept to learn from.
TILE_PX: Final = 192


@dataclass(frozen=True, eq=False)
class Moment:
    """A moment of one mouse.

    Attributes
    ----------
    tiles
        RGB, shape (view, time, size_px, size_px, 3); times are those of `MOMENTS_S`.
    points
        Keypoints in the middle tile of each view, pixels, shape (view, 24, 2); NaN where unknown.
    visible
        Which of them can be seen, shape (view, 24).
    speeds
        In the order of `core.facts.SPEEDS`, cm/s; NaN where unknown.
    states
        The true value of each state of `core.facts`.
    frame
        In its scene or recording.
    """

    tiles: ImageArray
    points: FloatArray
    visible: BoolArray
    speeds: FloatArray
    states: Mapping[str, str]
    frame: int = 0
