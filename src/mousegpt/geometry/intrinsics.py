"""A first guess of a lens from boards that one camera saw; the bundle adjustment refines it."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Annotated, Final

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import BoolArray
from mousegpt.core.calibration import Camera
from mousegpt.core.errors import CalibrationError, DataError
from mousegpt.geometry.targets import Sighting, drop_strays

#: which of fx fy cx cy k1 k2 p1 p2 k3 a model of a lens leaves free
LENS_MODELS: Final = MappingProxyType(
    {
        "none": (1, 1, 1, 1, 0, 0, 0, 0, 0),
        "k1": (1, 1, 1, 1, 1, 0, 0, 0, 0),
        "k1 k2": (1, 1, 1, 1, 1, 1, 0, 0, 0),
        "k1 k2 p1 p2": (1, 1, 1, 1, 1, 1, 1, 1, 0),
        "k1 k2 p1 p2 k3": (1, 1, 1, 1, 1, 1, 1, 1, 1),
    }
)


def find_free_lens(model: str) -> BoolArray:
    """Return which numbers of a lens a model leaves free, shape (9,).

    Raises
    ------
    DataError
        When there is no such model.
    """
    if model not in LENS_MODELS:
        raise DataError(
            f"There is no lens model '{model}'; choose one of {', '.join(LENS_MODELS)}."
        )
    return np.array(LENS_MODELS[model], dtype=bool)


def guess_lens(
    view: str,
    sightings: Sequence[Sighting],
    size: tuple[int, int],
    *,
    least: Annotated[int, Field(ge=3)] = 4,
    most: Annotated[int, Field(ge=3)] = 12,
) -> Camera:
    """Guess f, the principal point and k1 from boards seen by one camera, at the world's origin.

    Parameters
    ----------
    least
        Fewer boards are refused.
    most
        More boards are not looked at, since this is only a guess; evenly spaced ones are taken.

    Raises
    ------
    CalibrationError
        When there are too few boards, or they do not determine the lens.
    """
    if len(sightings) < least:
        raise CalibrationError(
            f"Camera '{view}': expected {least} pictures with a whole board or more (20 are good), "
            f"found {len(sightings)}; film the board near and far, tilted, in all parts of the "
            "image, and check the number of squares."
        )
    taken = np.unique(np.linspace(0, len(sightings) - 1, min(most, len(sightings))).astype(int))
    clean = [drop_strays(sightings[i]) for i in taken]
    points = [sighting.points.astype(np.float32) for sighting in clean]
    pixels = [sighting.marks.pixels.astype(np.float32) for sighting in clean]
    flags = cv2.CALIB_ZERO_TANGENT_DIST | cv2.CALIB_FIX_K2 | cv2.CALIB_FIX_K3
    try:
        _, K, lens, _, _ = cv2.calibrateCamera(
            points, pixels, size, np.eye(3), np.zeros(5), flags=flags
        )
        # rounded: OpenCV's last digits differ from run to run, and the guess would hand them on
        numbers = np.round(np.asarray(lens, dtype=np.float64).ravel()[:5], 6)
        matrix = np.round(np.asarray(K, np.float64), 3)
        return Camera(view, matrix, numbers, np.eye(3), np.zeros(3), size)
    except (cv2.error, CalibrationError) as error:
        raise CalibrationError(
            f"Camera '{view}': its {len(sightings)} pictures do not determine the lens; add some "
            "with the board tilted by 20 to 50 degrees."
        ) from error
