"""OpenCV's FileStorage: one file per camera, or EasyMocap's pair ``intri.yml`` + ``extri.yml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import CalibrationError
from mousegpt.io.calibration.rig import (
    CalibrationFormat,
    RawRig,
    build_camera,
    require_plain_names,
)

_PAIR: Final = ("intri.yml", "extri.yml")
_SUFFIXES: Final = (".yml", ".yaml")
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "K": ("camera_matrix", "cameraMatrix", "Camera_Matrix", "intrinsic_matrix", "K"),
    "distortion": (
        "distortion_coefficients", "Distortion_Coefficients", "dist_coeffs", "distCoeffs", "dist",
        "D",
    ),
    "R": ("R", "rotation_matrix", "Rot", "rvec", "rotation_vector"),
    "t": ("T", "t", "tvec", "translation_vector"),
}  # fmt: skip


def read_pair(path: Path) -> RawRig:
    """Read EasyMocap's two files; in metres by its habit."""
    folder = path if path.is_dir() else path.parent
    with _open(folder / _PAIR[0]) as intrinsics, _open(folder / _PAIR[1]) as extrinsics:
        listed = intrinsics.getNode("names")
        names = [listed.at(i).string() for i in range(listed.size())]
        cameras = [
            build_camera(
                name,
                _read_matrix(intrinsics, f"K_{name}"),
                _read_matrix(intrinsics, f"dist_{name}"),
                _read_matrix(extrinsics, f"Rot_{name}", f"R_{name}"),
                _read_matrix(extrinsics, f"T_{name}"),
                (intrinsics.getNode(f"W_{name}").real(), intrinsics.getNode(f"H_{name}").real()),
            )
            for name in names
        ]
    return RawRig(cameras, "m")


def read_storage(path: Path) -> RawRig:
    """Read one camera per file, named after the file; a lone camera may have no pose."""
    files = [path] if path.is_file() else _list_storages(path)
    return RawRig([_read_camera(file, alone=len(files) == 1) for file in files], "mm")


def encode_pair(calibration: Calibration) -> dict[str, bytes]:
    """Return EasyMocap's two files, in metres."""
    require_plain_names(calibration)
    intrinsics: dict[str, Any] = {}
    extrinsics: dict[str, Any] = {}
    for name, camera in calibration.cameras.items():
        intrinsics |= {f"K_{name}": camera.K, f"dist_{name}": camera.distortion[None]}
        intrinsics |= {f"W_{name}": camera.size[0], f"H_{name}": camera.size[1]}
        extrinsics |= {f"R_{name}": cv2.Rodrigues(camera.R)[0], f"Rot_{name}": camera.R}
        extrinsics |= {f"T_{name}": camera.t[:, None] / 100}
    return {
        file: _encode({"names": list(calibration.views), **values})
        for file, values in zip(_PAIR, (intrinsics, extrinsics), strict=True)
    }


def encode_storages(calibration: Calibration) -> dict[str, bytes]:
    """Return one file per camera, in millimetres."""
    require_plain_names(calibration)
    return {
        f"{name}.yml": _encode(
            {
                "image_width": camera.size[0],
                "image_height": camera.size[1],
                "camera_matrix": camera.K,
                "distortion_coefficients": camera.distortion[None],
                "R": camera.R,
                "T": 10 * camera.t[:, None],
            }
        )
        for name, camera in calibration.cameras.items()
    }


def _encode(values: Mapping[str, Any]) -> bytes:
    """Return the text of a storage."""
    memory = cv2.FILE_STORAGE_WRITE | cv2.FILE_STORAGE_MEMORY | cv2.FILE_STORAGE_FORMAT_YAML
    storage = cv2.FileStorage("", memory)
    for key, value in values.items():
        if isinstance(value, list):
            storage.startWriteStruct(key, cv2.FILE_NODE_SEQ)
            for text in value:
                storage.write("", text)
            storage.endWriteStruct()
        else:
            storage.write(key, value)
    return storage.releaseAndGetString().encode()


def _read_camera(path: Path, *, alone: bool) -> Camera:
    with _open(path) as storage:
        size = [storage.getNode(key).real() for key in ("image_width", "image_height")]
        posed = any(not storage.getNode(key).empty() for key in _NAMES["t"])
        if not posed and not alone:
            raise CalibrationError(
                f"{path} says nothing about where its camera stands (expected R and T); add the "
                "extrinsics."
            )
        return build_camera(
            path.stem,
            _read_matrix(storage, *_NAMES["K"]),
            _read_matrix(storage, *_NAMES["distortion"]),
            _read_matrix(storage, *_NAMES["R"]) if posed else np.eye(3),
            _read_matrix(storage, *_NAMES["t"]) if posed else np.zeros(3),
            size,
        )


def _read_matrix(storage: cv2.FileStorage, *keys: str) -> FloatArray:
    """Return the first matrix that is there."""
    for key in keys:
        node = storage.getNode(key)
        if not node.empty() and node.isMap():
            return np.asarray(node.mat(), dtype=np.float64)
    raise KeyError(keys[0])


@contextmanager
def _open(path: Path) -> Iterator[cv2.FileStorage]:
    if not path.is_file():
        raise CalibrationError(f"Expected the calibration file {path}, but it is missing.")
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_READ)
    try:
        yield storage
    finally:
        storage.release()


def _list_storages(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES)


def _is_pair(path: Path, head: bytes) -> bool:
    return (path / _PAIR[0]).is_file() if path.is_dir() else path.name in _PAIR


def _is_storage(path: Path, head: bytes) -> bool:
    if path.is_dir():
        return bool(_list_storages(path))
    return head.startswith(b"%YAML") or b"<opencv_storage>" in head


EASYMOCAP = CalibrationFormat("EasyMocap yml", _is_pair, read_pair, encode_pair)
OPENCV = CalibrationFormat("OpenCV yml", _is_storage, read_storage, encode_storages)
