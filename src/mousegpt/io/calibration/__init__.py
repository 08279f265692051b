"""Calibrations of the common programs, read into one form and written: the world in centimetres.

`load_calibration` recognises a file by its content; `save_calibration` writes every format. To add
one, write a module with a `CalibrationFormat` and list it below.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import ParseError

import cv2
import numpy as np
from scipy.io.matlab import MatReadError

from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import CalibrationError
from mousegpt.io.atomic import write_atomically
from mousegpt.io.calibration.anipose import TOML
from mousegpt.io.calibration.label3d import LABEL3D
from mousegpt.io.calibration.metashape import METASHAPE
from mousegpt.io.calibration.opencv import EASYMOCAP, OPENCV
from mousegpt.io.calibration.plain import JSON
from mousegpt.io.calibration.rig import CM_PER_UNIT, CalibrationFormat, RawRig, Unit

__all__ = ["CALIBRATION_FORMATS", "load_calibration", "save_calibration"]

CALIBRATION_FORMATS: Final[tuple[CalibrationFormat, ...]] = (
    EASYMOCAP, OPENCV, LABEL3D, METASHAPE, JSON, TOML,
)  # fmt: skip

_DAMAGED = (KeyError, ValueError, TypeError, IndexError, AttributeError, OSError, ParseError,
            NotImplementedError, cv2.error, MatReadError)  # fmt: skip
_PLAUSIBLE_CM = (1.0, 2000.0)  # farthest two cameras of a rig around a mouse


def load_calibration(path: str | Path, *, unit: Unit | None = None) -> Calibration:
    """Load the cameras of a rig.

    Parameters
    ----------
    path
        A file, or a folder with one file per camera (``*.mat``, ``*.yml``).
    unit
        Unit of the file's world. When None, what the file says, else the habit of its format:
        Anipose, OpenCV and Label3D mm, EasyMocap and Metashape m.

    Returns
    -------
    Calibration
        World in cm. A size is (0, 0) where the format does not hold it.

    Raises
    ------
    CalibrationError
        When the file is missing, unknown or damaged, contradicts ``unit``, or would place the
        cameras at an implausible distance in the unit of habit.
    """
    path = Path(path)
    if not path.exists():
        raise CalibrationError(f"Expected a calibration, but there is no {path}; check the path.")
    form = _recognize(path)
    try:
        rig = form.read(path)
    except _DAMAGED as error:
        raise CalibrationError(
            f"{path} looks like {form.name}, but cannot be read ({type(error).__name__}: {error});"
            " export it again."
        ) from error
    if len({camera.name for camera in rig.cameras}) < len(rig.cameras):
        raise CalibrationError(f"Two cameras of {path} have the same name; rename one.")
    scale = CM_PER_UNIT[_choose_unit(rig, unit, path)]
    cameras = {camera.name: replace(camera, t=camera.t * scale) for camera in rig.cameras}
    calibration = Calibration(cameras, f"{form.name}: {path.name}")
    if unit is None and not rig.stated:
        _check_distances(calibration, path, rig)
    return calibration


def save_calibration(calibration: Calibration, path: str | Path, *, form: str = JSON.name) -> None:
    """Save cameras, so that `load_calibration` returns them.

    Parameters
    ----------
    path
        A file; for OpenCV and EasyMocap a folder. The suffix is yours to choose.
    form
        Name of one of `CALIBRATION_FORMATS`. Our own JSON keeps every bit; the others hold the
        same numbers in their habitual unit, and Label3D no image sizes.

    Raises
    ------
    CalibrationError
        When the format is unknown, cannot hold the names of the cameras, or the folder holds
        files that would be taken for further cameras.
    """
    known = {known.name: known for known in CALIBRATION_FORMATS}
    if form not in known:
        raise CalibrationError(
            f"There is no calibration format '{form}'; choose one of {', '.join(known)}."
        )
    folder, files = Path(path), known[form].encode(calibration)
    strangers = {file.name for file in folder.glob("*.y*ml")} - set(files)
    if strangers and "" not in files:
        raise CalibrationError(
            f"Expected {folder} without other calibration files, found "
            f"{', '.join(sorted(strangers))}; choose a new folder."
        )
    for name, content in files.items():
        write_atomically(folder / name, content)


def _recognize(path: Path) -> CalibrationFormat:
    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(4096)
    for form in CALIBRATION_FORMATS:
        if form.recognizes(path, head):
            return form
    known = ", ".join(form.name for form in CALIBRATION_FORMATS)
    raise CalibrationError(f"{path} is no calibration of a known format; expected one of {known}.")


def _choose_unit(rig: RawRig, asked: Unit | None, path: Path) -> Unit:
    if asked and rig.stated and asked != rig.unit:
        raise CalibrationError(
            f"{path} says that its unit is {rig.unit}, but {asked} was asked for; leave out `unit`."
        )
    unit = asked or rig.unit
    if unit is None:
        raise CalibrationError(f"{path} does not say its unit; give `unit`: mm, cm or m.")
    return unit


def _check_distances(calibration: Calibration, path: Path, rig: RawRig) -> None:
    centers = [camera.center for camera in calibration.cameras.values()]
    pairs = [float(np.linalg.norm(a - b)) for a, b in combinations(centers, 2)]
    low, high = _PLAUSIBLE_CM
    if pairs and not low <= max(pairs) <= high:
        raise CalibrationError(
            f"In {rig.unit} the cameras of {path} would be {max(pairs):.3g} cm apart, expected "
            f"{low:g} to {high:g} cm; give `unit`: mm, cm or m."
        )
