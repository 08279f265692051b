"""Poses in Neurodata Without Borders files (extension ndx-pose), read with h5py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mousegpt.core.errors import DataError
from mousegpt.io.poses.raw import RawPoses
from mousegpt.io.poses.registry import register_format

_UNITS = {"pixels": "px", "pixel": "px", "px": "px", "mm": "mm", "millimeters": "mm", "cm": "cm",
          "centimeters": "cm", "m": "m", "meters": "m"}  # fmt: skip


@register_format("NWB", "hdf5", (".nwb",), lambda peek: "@nwb_version" in peek.keys)
def read_nwb(path: Path) -> RawPoses:
    """Read every ``PoseEstimation``: one an individual, one processing module a view.

    Times are those of the video: frame = time x rate.
    """
    with h5py.File(path) as file:
        modules: dict[str, dict[str, h5py.Group]] = {}

        def collect(name: str, node: Any) -> None:
            if _kind(node) == "PoseEstimation":
                module, _, who = name.rpartition("/")
                modules.setdefault(module, {})[who.removeprefix("track=")] = node

        file.visititems(collect)
        if not modules:
            raise DataError("the file has no PoseEstimation; write the poses with ndx-pose.")
        return _read_modules(modules)


def _kind(node: Any) -> str:
    kind = node.attrs.get("neurodata_type", "")
    return kind.decode("utf-8") if isinstance(kind, bytes) else str(kind)


def _read_modules(modules: dict[str, dict[str, h5py.Group]]) -> RawPoses:
    views = list(modules)
    individuals = list(dict.fromkeys(who for module in modules.values() for who in module))
    cells: dict[tuple[int, str, int], h5py.Group] = {}
    for v, module in enumerate(modules.values()):
        for who, container in module.items():
            for name, node in container.items():
                if _kind(node) == "PoseEstimationSeries":
                    cells[v, name, individuals.index(who)] = node
    keypoints = list(dict.fromkeys(name for _, name, _ in cells))
    rates = [rate for node in cells.values() if (rate := _find_rate(node))]
    fps = float(np.median(rates)) if rates else 1.0
    frames = {
        place: np.round(_read_times(node) * fps).astype(np.int64) for place, node in cells.items()
    }
    every = np.unique(np.concatenate(list(frames.values())))
    n_space = max(node["data"].shape[1] for node in cells.values())
    shape = (len(views), len(every), n_space, len(keypoints), len(individuals))
    position = np.full(shape, np.nan)
    confidence = np.full((*shape[:2], *shape[3:]), np.nan)
    for (v, name, i), node in cells.items():
        rows = np.searchsorted(every, frames[v, name, i])
        k = keypoints.index(name)
        position[v, rows, :, k, i] = node["data"][()]
        if "confidence" in node:
            confidence[v, rows, k, i] = node["confidence"][()]
    one = len(views) == 1
    unit = next(iter(cells.values()))["data"].attrs.get("unit", "")
    return RawPoses(
        position[0] if one else position,
        confidence[0] if one else confidence,
        keypoints,
        "NWB",
        individuals if len(individuals) > 1 else None,
        None if one else [view.rpartition("/")[2] for view in views],
        every,
        fps if rates else None,
        _UNITS.get(str(unit).lower()),
    )


def _find_rate(node: h5py.Group) -> float | None:
    if "starting_time" in node:
        return float(node["starting_time"].attrs["rate"])
    steps = np.diff(node["timestamps"][()])
    return float(1 / np.median(steps)) if steps.size else None


def _read_times(node: h5py.Group) -> Any:
    if "timestamps" in node:
        return node["timestamps"][()]
    start = node["starting_time"]
    return float(start[()]) + np.arange(len(node["data"])) / float(start.attrs["rate"])
