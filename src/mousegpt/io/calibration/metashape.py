"""Metashape's ``cameras.xml`` (Agisoft), the program of the paper; metres by its habit.

Metashape measures the principal point from the middle of the picture and pixels from the corner
of the first one, swaps p1 and p2, and stores camera-to-chunk transforms with the scale apart.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import ArrayLike

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import CalibrationError
from mousegpt.io.calibration.rig import CalibrationFormat, RawRig, build_camera


def read_xml(path: Path) -> RawRig:
    """Read the aligned cameras of the first chunk; without its scale the unit must be given."""
    chunk = ElementTree.parse(path).getroot().find(".//chunk")
    if chunk is None:
        raise KeyError("chunk")
    sensors = {sensor.get("id"): sensor for sensor in chunk.iterfind("./sensors/sensor")}
    rotation, translation, scale = _read_chunk(chunk)
    cameras = []
    for camera in chunk.iterfind("./cameras//camera"):
        transform = camera.find("transform")
        if transform is None:
            continue  # a photo that could not be aligned
        pose = _read_numbers(transform).reshape(4, 4)
        R = pose[:3, :3].T @ rotation.T
        center = scale * rotation @ pose[:3, 3] + translation
        name = Path(camera.get("label") or f"camera{camera.get('id')}").stem
        cameras.append(_build(name, sensors[camera.get("sensor_id")], R, -R @ center))
    return RawRig(cameras, "m" if chunk.find("./transform/scale") is not None else None)


def _build(name: str, sensor: ElementTree.Element, R: FloatArray, t: FloatArray) -> Camera:
    found = [c for c in sensor.iterfind("calibration") if c.get("class", "adjusted") == "adjusted"]
    calibration = found[0]
    resolution = calibration.find("resolution")
    if resolution is None:
        raise KeyError("resolution")
    width, height = (int(resolution.attrib[key]) for key in ("width", "height"))

    def value(key: str) -> float:
        return float(calibration.findtext(key) or 0)

    if value("k4") or calibration.get("type", "frame") != "frame":
        raise CalibrationError(
            f"Camera '{name}': expected Metashape's frame model with k1 k2 k3 p1 p2, found k4 or "
            "another model; align again without them."
        )
    K: list[list[float]] = [
        [value("f") + value("b1"), value("b2"), width / 2 + value("cx") - 0.5],
        [0, value("f"), height / 2 + value("cy") - 0.5],
        [0, 0, 1],
    ]
    lens = [value(key) for key in ("k1", "k2", "p2", "p1", "k3")]
    return build_camera(name, K, lens, R, t, (width, height))


def _read_chunk(chunk: ElementTree.Element) -> tuple[FloatArray, FloatArray, float]:
    """Return rotation, translation and scale from the chunk to the world."""
    rotation = chunk.find("./transform/rotation")
    translation = chunk.find("./transform/translation")
    return (
        np.eye(3) if rotation is None else _read_numbers(rotation).reshape(3, 3),
        np.zeros(3) if translation is None else _read_numbers(translation),
        float(chunk.findtext("./transform/scale") or 1),
    )


def _read_numbers(element: ElementTree.Element) -> FloatArray:
    return np.array((element.text or "").split(), dtype=np.float64)


def format_xml(calibration: Calibration) -> bytes:
    """Return Metashape's file of one aligned chunk; its frame is the world, in metres."""
    document = ElementTree.Element("document", version="1.2.0")
    chunk = ElementTree.SubElement(document, "chunk", label="mousegpt", enabled="true")
    sensors = ElementTree.SubElement(chunk, "sensors")
    cameras = ElementTree.SubElement(chunk, "cameras")
    for i, camera in enumerate(calibration.cameras.values()):
        number = str(i)
        sensor = ElementTree.SubElement(sensors, "sensor", id=number, type="frame")
        _add_lens(sensor, camera)
        photo = ElementTree.SubElement(
            cameras, "camera", id=number, sensor_id=number, label=f"{camera.name}.png"
        )
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = camera.R.T, camera.center / 100
        ElementTree.SubElement(photo, "transform").text = _write_numbers(pose)
    transform = ElementTree.SubElement(chunk, "transform")
    for key, values in (("rotation", np.eye(3)), ("translation", np.zeros(3)), ("scale", 1.0)):
        ElementTree.SubElement(transform, key).text = _write_numbers(values)
    ElementTree.indent(document)
    return bytes(ElementTree.tostring(document, encoding="utf-8", xml_declaration=True))


def _add_lens(sensor: ElementTree.Element, camera: Camera) -> None:
    (fx, skew, cx), (_, fy, cy) = camera.K[:2]
    k1, k2, p1, p2, k3 = camera.distortion
    width, height = camera.size
    lens = ElementTree.SubElement(
        sensor, "calibration", attrib={"type": "frame", "class": "adjusted"}
    )
    ElementTree.SubElement(lens, "resolution", width=str(width), height=str(height))
    values = {
        "f": fy, "cx": cx - width / 2 + 0.5, "cy": cy - height / 2 + 0.5, "b1": fx - fy, "b2": skew,
        "k1": k1, "k2": k2, "k3": k3, "p1": p2, "p2": p1,
    }  # fmt: skip
    for key, value in values.items():
        ElementTree.SubElement(lens, key).text = _write_numbers(value)


def _write_numbers(values: ArrayLike) -> str:
    return " ".join(repr(float(value)) for value in np.ravel(values))


METASHAPE = CalibrationFormat(
    "Metashape xml",
    lambda path, head: b"<opencv_storage>" not in head and head.lstrip().startswith(b"<"),
    read_xml,
    lambda calibration: {"": format_xml(calibration)},
)
