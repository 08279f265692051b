"""Slips without any free number: a habit of another program, a unit, a mirrored picture.

To add a slip, write how it is undone and list it in `SLIPS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.geometry.sightlines import Sight

_FLIP: Final = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True)
class Slip:
    """A usual mistake.

    Parameters
    ----------
    kind
        Short name.
    undo
        Returns the view as it would be without the slip.
    change
        What is undone, of {view}, to be read after "with".
    remedy
        The likely cause and what to do, one sentence.
    """

    kind: str
    undo: Callable[[Sight], Sight]
    change: str
    remedy: str


def build_unit_slip(factor: float) -> Slip:
    """Return the slip of a translation in another unit; it shows only beside right ones."""
    return Slip(
        "unit",
        lambda sight: _pose(sight, sight.camera.R, sight.camera.t * factor),
        f"the translation of {{view}} times {factor:g}",
        "Its translation is likely in another unit (mm, cm, m) than those of the other cameras; "
        "give all in one.",
    )


def _pose(sight: Sight, R: FloatArray, t: FloatArray) -> Sight:
    return Sight(replace(sight.camera, R=R, t=t), sight.pixels)


def _undo_transposed(sight: Sight) -> Sight:
    return _pose(sight, sight.camera.R.T, sight.camera.t)


def _undo_inverse(sight: Sight) -> Sight:
    R, t = sight.camera.R, sight.camera.t
    return _pose(sight, R.T, -R.T @ t)


def _undo_position(sight: Sight) -> Sight:
    return _pose(sight, sight.camera.R, -sight.camera.R @ sight.camera.t)


def _undo_graphics(sight: Sight) -> Sight:
    return _pose(sight, _FLIP @ sight.camera.R, _FLIP @ sight.camera.t)


def _mirror(sight: Sight, *axes: int) -> Sight:
    size = np.array(sight.camera.size, dtype=np.float64)
    size = np.where(size > 0, size, 2 * sight.camera.K[:2, 2])
    pixels = sight.pixels.copy()
    pixels[:, list(axes)] = (size - 1 - pixels)[:, list(axes)]
    return Sight(sight.camera, pixels)


SLIPS: Final[tuple[Slip, ...]] = (
    Slip(
        "transposed",
        _undo_transposed,
        "the rotation of {view} transposed",
        "The rotation R was likely written row by row and read column by column (MATLAB); "
        "transpose it.",
    ),
    Slip(
        "inverse",
        _undo_inverse,
        "the pose of {view} inverted",
        "R and t are likely those from camera to world; give world to camera: R' = Rᵀ, t' = -Rᵀ t.",
    ),
    Slip(
        "position",
        _undo_position,
        "the translation of {view} read as the camera's position",
        "t is likely the camera's position C; give t = -R C.",
    ),
    Slip(
        "graphics axes",
        _undo_graphics,
        "the axes y and z of {view} reversed",
        "The camera likely looks along -z (OpenGL, Blender); multiply the 2nd and 3rd row of R and "
        "t by -1.",
    ),
    Slip(
        "mirrored",
        lambda sight: _mirror(sight, 0),
        "the picture of {view} mirrored left to right",
        "The video was likely mirrored after, or before, the calibration; mirror it back.",
    ),
    Slip(
        "upside down",
        lambda sight: _mirror(sight, 1),
        "the picture of {view} mirrored top to bottom",
        "The points likely count from the lower edge of the picture; count from the upper edge.",
    ),
    Slip(
        "turned around",
        lambda sight: _mirror(sight, 0, 1),
        "the picture of {view} turned by 180 degrees",
        "The video was likely turned after, or before, the calibration; turn it back.",
    ),
)

UNIT_SLIPS: Final[tuple[Slip, ...]] = tuple(map(build_unit_slip, (0.01, 0.1, 10.0, 100.0)))
