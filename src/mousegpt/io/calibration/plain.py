"""Our own JSON, and its relatives that spell the conventions in their keys (``t_mm``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from mousegpt.core.calibration import Calibration
from mousegpt.io.calibration.rig import CM_PER_UNIT, CalibrationFormat, RawRig, Unit, build_camera


def read_json(path: Path) -> RawRig:
    """Read ``{"cameras": {view: {K, distortion, R, t, size}}, "unit": "cm"}`` or its relatives."""
    content = json.loads(path.read_text(encoding="utf-8"))
    units: set[str | None] = set()
    cameras = []
    for name, entry in content["cameras"].items():
        unit, t = _find_translation(entry)
        units.add(unit or content.get("unit"))
        cameras.append(
            build_camera(
                name,
                entry["K"],
                _find(entry, "dist"),
                _find(entry, "R"),
                t,
                entry.get("size") or entry.get("image_size") or (0, 0),
            )
        )
    if len(units) != 1 or not units <= {*CM_PER_UNIT, None}:
        raise ValueError("the cameras have no common unit of mm, cm or m")
    (unit,) = units
    return RawRig(cameras, cast(Unit | None, unit), stated=unit is not None)


def format_json(calibration: Calibration) -> str:
    """Return the text of our own calibration file; numbers survive the round trip exactly."""
    cameras = {
        view: {
            "size": list(camera.size),
            "K": camera.K.tolist(),
            "distortion": camera.distortion.tolist(),
            "R": camera.R.tolist(),
            "t": camera.t.tolist(),
        }
        for view, camera in calibration.cameras.items()
    }
    content = {
        "format": "mousegpt calibration 1",
        "convention": "OpenCV: x_cam = R x_world + t; distortion k1 k2 p1 p2 k3",
        "unit": "cm",
        "source": calibration.source,
        "cameras": cameras,
    }
    return json.dumps(content, indent=1) + "\n"


def _find(entry: Mapping[str, Any], prefix: str) -> Any:
    """Return the value of the first key with this beginning (``R`` or ``R_world_to_cam``)."""
    for key, value in entry.items():
        if key.startswith(prefix):
            return value
    raise KeyError(prefix)


def _find_translation(entry: Mapping[str, Any]) -> tuple[str | None, Any]:
    for unit in CM_PER_UNIT:
        if f"t_{unit}" in entry:
            return unit, entry[f"t_{unit}"]
    return None, entry["t"]


JSON = CalibrationFormat(
    "JSON",
    lambda path, head: head.lstrip().startswith(b"{"),
    read_json,
    lambda calibration: {"": format_json(calibration).encode()},
)
