"""Where the mouse walks: a convex floor with walls; the origin is its centre, z = 0 the floor.

Positions are ``xy`` in cm, shape (..., 2); headings are radians from +x towards +y.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.core.recording import Arena


@dataclass(frozen=True)
class SyntheticArena:
    """A floor and its walls, in cm.

    ``width_cm`` is the diameter of a circle or the side of a rectangle along x, ``length_cm`` the
    side along y (of a circle the diameter again).
    """

    name: str
    shape: Literal["circle", "rectangle"]
    width_cm: float
    length_cm: float
    wall_height_cm: float
    wall: Literal["glass", "opaque", "none"]
    floor: Literal["plain", "bedding"] = "plain"

    def __post_init__(self) -> None:
        if min(self.width_cm, self.length_cm) <= 0 or self.wall_height_cm < 0:
            raise DataError(f"Arena '{self.name}': expected positive lengths; check its numbers.")
        if self.shape == "circle" and self.width_cm != self.length_cm:
            raise DataError(
                f"Arena '{self.name}': expected a circle as long as wide, found {self.width_cm:g} x"
                f" {self.length_cm:g} cm; make both the diameter."
            )

    @property
    def half(self) -> FloatArray:
        """Half the extent along x and y, shape (2,)."""
        return np.array([self.width_cm, self.length_cm]) / 2

    @property
    def outline(self) -> Arena:
        """The same floor as the manifest describes it."""
        length = self.length_cm if self.shape == "rectangle" else None
        return Arena(shape=self.shape, width_cm=self.width_cm, length_cm=length, center=(0.0, 0.0))


ARENAS: Final = MappingProxyType(
    {
        arena.name: arena
        for arena in (
            SyntheticArena("paper", "circle", 25.0, 25.0, 20.0, "glass"),
            SyntheticArena("open_field", "rectangle", 40.0, 40.0, 30.0, "opaque"),
            SyntheticArena("home_cage", "rectangle", 19.5, 35.0, 13.0, "glass", "bedding"),
            SyntheticArena("cylinder", "circle", 19.0, 19.0, 30.0, "glass"),
        )
    }
)


def find_arena(name: str) -> SyntheticArena:
    """Return the arena of that name.

    Raises
    ------
    DataError
        When there is none.

    Examples
    --------
    >>> find_arena("paper").width_cm
    25.0
    """
    if name not in ARENAS:
        raise DataError(f"There is no arena '{name}'; choose one of {', '.join(ARENAS)}.")
    return ARENAS[name]


def measure_wall_distance(arena: SyntheticArena, xy: FloatArray) -> FloatArray:
    """Measure the distance to the nearest wall, cm, shape (...); negative outside.

    Examples
    --------
    >>> measure_wall_distance(find_arena("paper"), np.array([[0.0, 0.0], [10.0, 0.0]])).tolist()
    [12.5, 2.5]
    """
    if arena.shape == "circle":
        return np.asarray(arena.half[0] - np.linalg.norm(xy, axis=-1))
    gaps = arena.half - np.abs(xy)
    beyond = np.linalg.norm(np.minimum(gaps, 0), axis=-1)
    return np.asarray(np.where(beyond > 0, -beyond, gaps.min(axis=-1)))


def measure_ray_to_wall(arena: SyntheticArena, xy: FloatArray, yaw: FloatArray) -> FloatArray:
    """Measure how far the wall is along a heading, cm, shape (...); 0 outside the arena."""
    ahead = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    if arena.shape == "circle":
        along = np.sum(xy * ahead, axis=-1)
        reach = arena.half[0] ** 2 - np.sum(np.square(xy), axis=-1) + along**2
        distance = np.sqrt(np.maximum(reach, 0)) - along
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            per_axis = (np.copysign(arena.half, ahead) - xy) / ahead
        distance = np.where(ahead == 0, np.inf, per_axis).min(axis=-1)
    return np.where(measure_wall_distance(arena, xy) < 0, 0.0, np.maximum(distance, 0))


def find_wall_normal(arena: SyntheticArena, xy: FloatArray) -> FloatArray:
    """Return the unit vector that points out of the arena at the nearest wall, shape (..., 2).

    In the middle, where no wall is nearest, it is +x; beyond a corner it points away from it.
    """
    if arena.shape == "circle":
        outward = np.asarray(xy, dtype=np.float64)
    else:
        gaps = arena.half - np.abs(xy)
        nearest = np.arange(2) == gaps.argmin(axis=-1)[..., None]
        outside = (gaps < 0).any(axis=-1, keepdims=True)
        outward = np.copysign(np.where(outside, np.maximum(-gaps, 0), nearest), xy)
    length = np.linalg.norm(outward, axis=-1, keepdims=True)
    unit = outward / np.where(length > 0, length, 1)
    return np.where(length > 0, unit, np.array([1.0, 0.0]))


def push_inside(
    arena: SyntheticArena, xy: FloatArray, margin_cm: float | FloatArray = 0.0
) -> FloatArray:
    """Move positions closer to the wall than the margin, or beyond it, to the nearest legal place.

    Parameters
    ----------
    margin_cm
        Wanted distance to the wall, a number or shape (...); where no place is that far from the
        wall, the middle is taken.
    """
    room = np.maximum(arena.half - np.asarray(margin_cm)[..., None], 0)
    if arena.shape == "rectangle":
        return np.clip(xy, -room, room)
    radius = np.linalg.norm(xy, axis=-1, keepdims=True)
    return np.asarray(xy * np.minimum(1, room[..., :1] / np.where(radius > 0, radius, 1)))


def trace_wall(arena: SyntheticArena, *, n_points: Annotated[int, Field(ge=4)] = 360) -> FloatArray:
    """Return points on the foot of the wall, counter-clockwise from +x, shape (n_points, 2)."""
    angle = np.linspace(0, 2 * np.pi, n_points, endpoint=False)
    middle = np.zeros((n_points, 2))
    distance = measure_ray_to_wall(arena, middle, angle)
    return np.asarray(distance[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1))
