"""Label3D's and DANNCE's .mat files: MATLAB's row vectors, x_cam = x_world r + t; millimetres.

Their K and r are therefore the transposes of ours. The principal point is taken as it stands: the
half-pixel habits of MATLAB and OpenCV differ by less than such calibrations err.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import scipy.io

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.io.calibration.rig import CalibrationFormat, RawRig, build_camera

_HDF5: Final = b"\x89HDF"
_HEADER: Final = b"MATLAB 5.0 MAT-file, written by mousegpt".ljust(116)


def read_mat(path: Path) -> RawRig:
    """Read a folder with one file per camera, one such file, or one file with all cameras."""
    if path.is_dir():
        return RawRig([_read_one(file) for file in _list_mats(path)], "mm")
    with path.open("rb") as file:
        newest = file.read(4) == _HDF5  # MATLAB's "-v7.3"
    rig = _read_hdf5(path) if newest else _read_classic(path)
    return RawRig(rig, "mm")


def format_mat(calibration: Calibration) -> bytes:
    """Return DANNCE's file with all cameras, in millimetres; it has no place for sizes."""
    n_cameras = len(calibration.cameras)
    params, names = np.empty((n_cameras, 1), object), np.empty((n_cameras, 1), object)
    for i, camera in enumerate(calibration.cameras.values()):
        k1, k2, p1, p2, k3 = camera.distortion
        params[i, 0] = {
            "K": camera.K.T, "r": camera.R.T, "t": 10 * camera.t[None],
            "RDistort": np.array([[k1, k2, k3]]), "TDistort": np.array([[p1, p2]]),
        }  # fmt: skip
        names[i, 0] = camera.name
    content = io.BytesIO()
    scipy.io.savemat(content, {"params": params, "camnames": names})  # type: ignore[arg-type]
    return _HEADER + content.getvalue()[len(_HEADER) :]  # without the time of writing


def _read_classic(path: Path) -> list[Camera]:
    content = scipy.io.loadmat(path)
    if "params" not in content:
        return [_read_one(path)]
    structs = [np.ravel(cell)[0] for cell in np.ravel(content["params"])]
    names = [str(np.ravel(cell)[0]) for cell in np.ravel(content.get("camnames", ()))]
    return [
        _build(name, lambda key, struct=struct: struct[key])  # type: ignore[misc]
        for name, struct in zip(names or _number_names(len(structs)), structs, strict=True)
    ]


def _read_hdf5(path: Path) -> list[Camera]:
    """Read the form in which arrays are transposed once more and cells are references."""
    with h5py.File(path, "r") as file:
        cells = [file[cell] for cell in np.ravel(file["params"])]
        texts = [file[cell] for cell in np.ravel(file["camnames"])] if "camnames" in file else []
        names = ["".join(map(chr, np.ravel(text))) for text in texts]
        return [
            _build(name, lambda key, cell=cell: np.asarray(cell[key]).T)  # type: ignore[misc]
            for name, cell in zip(names or _number_names(len(cells)), cells, strict=True)
        ]


def _read_one(path: Path) -> Camera:
    content = scipy.io.loadmat(path)
    name = path.stem.removesuffix("_params").removeprefix("hires_")
    return _build(name, lambda key: content[key])


def _build(name: str, get: Callable[[str], Any]) -> Camera:
    def vector(key: str, size: int) -> FloatArray:
        values = np.ravel(np.asarray(get(key), dtype=np.float64))
        return np.pad(values, (0, max(0, size - values.size)))

    k1, k2, k3 = vector("RDistort", 3)
    p1, p2 = vector("TDistort", 2)
    return build_camera(
        name, np.asarray(get("K")).T, (k1, k2, p1, p2, k3), np.asarray(get("r")).T, vector("t", 3)
    )


def _number_names(n_cameras: int) -> list[str]:
    return [f"Camera{i + 1}" for i in range(n_cameras)]


def _list_mats(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.mat"))


def _is_mat(path: Path, head: bytes) -> bool:
    return bool(_list_mats(path)) if path.is_dir() else head.startswith((b"MATLAB", _HDF5))


LABEL3D = CalibrationFormat(
    "Label3D mat", _is_mat, read_mat, lambda calibration: {"": format_mat(calibration)}
)
