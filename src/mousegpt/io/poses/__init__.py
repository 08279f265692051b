"""Pose files of every common program, read into one form.

`load_poses` recognises a file by its content. To add a format, write one module with a reader under
`register_format` and import it below; see ``docs/formats.md``.
"""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.io.poses import coco as coco
from mousegpt.io.poses import deeplabcut as deeplabcut
from mousegpt.io.poses import matlab as matlab
from mousegpt.io.poses import npz as npz
from mousegpt.io.poses import nwb as nwb
from mousegpt.io.poses import sleap as sleap
from mousegpt.io.poses import tabular as tabular
from mousegpt.io.poses.own import save_poses
from mousegpt.io.poses.raw import assemble_poses
from mousegpt.io.poses.registry import POSE_FORMATS, PoseFormat, find_format, register_format

__all__ = ["POSE_FORMATS", "PoseFormat", "load_poses", "register_format", "save_poses"]


def load_poses(
    path: str | Path,
    *,
    fps: float | None = None,
    format: str | None = None,
    unit: str | None = None,
) -> Poses:
    """Load poses with the keypoint names of their source.

    Parameters
    ----------
    fps
        Frames per second; goes before what the file says.
    format
        A name in `POSE_FORMATS`, when the content is not to decide.
    unit
        Unit of the coordinates; else that of the file, else px for 2-D and mm for 3-D.

    Returns
    -------
    Poses
        2-D or 3-D; with the dimension ``view`` when the file holds several cameras. Missing
        points are NaN.

    Raises
    ------
    DataError
        When the file is missing, damaged, of no known format, or does not tell its frame rate;
        the message names the file, the place and the remedy.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; correct the path in recordings.csv.")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty; export the poses again.")
    found = None
    try:
        found = find_format(path, format)
        raw = found.read(path)
        if isinstance(raw, xr.Dataset):
            return _override(raw, fps, unit)
        return assemble_poses(raw, fps=fps, unit=unit)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except Exception as error:  # on damaged bytes the libraries raise anything
        kind = f"as {found.name}" if found else "as any pose format"
        raise DataError(
            f"{path}: the file cannot be read {kind} ({type(error).__name__}: {error}); it is cut "
            "off or damaged, export it again or as csv."
        ) from error


def _override(poses: Poses, fps: float | None, unit: str | None) -> Poses:
    if fps is not None and fps != poses.attrs["fps"]:
        poses = poses.assign_coords(time=poses["frame"].to_numpy() / fps)
    attrs = {"fps": poses.attrs["fps"] if fps is None else float(fps)}
    return poses.assign_attrs(poses.attrs | attrs | ({"unit": unit} if unit else {}))
