"""What every reader of calibrations hands over, and the small conversions they share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import ArrayLike

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import CalibrationError

Unit = Literal["mm", "cm", "m"]

CM_PER_UNIT: Final[dict[str, float]] = {"mm": 0.1, "cm": 1.0, "m": 100.0}


@dataclass(frozen=True)
class RawRig:
    """Cameras whose translations are still in the unit of the file.

    ``stated`` tells whether the file names its unit; otherwise ``unit`` is the habit of the
    format, or None when the format has no habit.
    """

    cameras: list[Camera]
    unit: Unit | None
    stated: bool = False


@dataclass(frozen=True)
class CalibrationFormat:
    """A kind of file: how it is called, recognised (by path and first bytes), read and written.

    ``encode`` returns the content of the files of a folder by their names, or under the name ""
    that of the only file.
    """

    name: str
    recognizes: Callable[[Path, bytes], bool]
    read: Callable[[Path], RawRig]
    encode: Callable[[Calibration], Mapping[str, bytes]]


def build_camera(
    name: str,
    K: ArrayLike,
    distortion: ArrayLike,
    R: ArrayLike,
    t: ArrayLike,
    size: ArrayLike = (0, 0),
) -> Camera:
    """Build a camera from what files hold: any shape of vector, R as a matrix or a rotation vector.

    Raises
    ------
    CalibrationError
        When the lens model has more than k1 k2 p1 p2 k3, or a shape does not fit.
    """
    coefficients = np.ravel(np.asarray(distortion, dtype=np.float64))
    if np.any(coefficients[5:]):
        raise CalibrationError(
            f"Camera '{name}': expected the lens model k1 k2 p1 p2 k3, found {coefficients.size} "
            "coefficients; calibrate again without the rational, thin-prism or tilted model."
        )
    padded = np.zeros(5)
    padded[: min(5, coefficients.size)] = coefficients[:5]
    width, height = (int(value) for value in np.ravel(np.asarray(size)))
    return Camera(
        name,
        np.asarray(K, dtype=np.float64),
        padded,
        _read_rotation(R),
        np.ravel(np.asarray(t, dtype=np.float64)),
        (width, height),
    )


def require_plain_names(calibration: Calibration) -> None:
    """Refuse names that cannot be names of files and keys.

    Raises
    ------
    CalibrationError
        When a name has other characters than letters, digits, ``_`` and ``-``.
    """
    odd = [view for view in calibration.views if not re.fullmatch(r"[A-Za-z0-9_-]+", view)]
    if odd:
        raise CalibrationError(
            f"Expected names of cameras made of letters, digits, _ and - in this format, found "
            f"{', '.join(map(repr, odd))}; rename them or save as JSON."
        )


def _read_rotation(R: ArrayLike) -> FloatArray:
    rotation = np.asarray(R, dtype=np.float64)
    if rotation.size == 3:
        return np.asarray(cv2.Rodrigues(rotation.reshape(3))[0], dtype=np.float64)
    return rotation
