"""Anipose's ``calibration.toml``, also written by SLEAP and others; millimetres by habit."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import cv2

from mousegpt.core.calibration import Calibration
from mousegpt.core.errors import CalibrationError
from mousegpt.io.calibration.rig import CalibrationFormat, RawRig, build_camera


def read_toml(path: Path) -> RawRig:
    """Read one table per camera: name, size, matrix, distortions, rotation vector, translation."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    cameras = []
    for table in tables.values():
        if not isinstance(table, dict) or "matrix" not in table:
            continue  # [metadata]
        if table.get("fisheye"):
            raise CalibrationError(
                f"{path}: camera '{table['name']}' has a fisheye lens, which is not supported; "
                "calibrate it with the standard lens model."
            )
        cameras.append(
            build_camera(
                str(table["name"]),
                table["matrix"],
                table["distortions"],
                table["rotation"],
                table["translation"],
                table.get("size", (0, 0)),
            )
        )
    return RawRig(cameras, "mm")


def format_toml(calibration: Calibration) -> str:
    """Return the text of Anipose's file; the world in millimetres."""
    tables = [
        f"[cam_{i}]\n"
        f"name = {json.dumps(camera.name, ensure_ascii=False)}\n"
        f"size = {list(camera.size)}\n"
        f"matrix = {camera.K.tolist()}\n"
        f"distortions = {camera.distortion.tolist()}\n"
        f"rotation = {cv2.Rodrigues(camera.R)[0].ravel().tolist()}\n"
        f"translation = {(camera.t * 10).tolist()}\n"
        for i, camera in enumerate(calibration.cameras.values())
    ]
    return "\n".join([*tables, "[metadata]\nadjusted = false\n"])


TOML = CalibrationFormat(
    "Anipose toml",
    lambda path, head: b"=" in head and head.lstrip()[:1] in (b"[", b"#"),
    read_toml,
    lambda calibration: {"": format_toml(calibration).encode()},
)
