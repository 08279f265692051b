"""Poses as a labelled dataset, in the schema of the package ``movement``.

Dimensions ``(time, space, keypoint, individual)``, with ``view`` in front for 2-D poses of
several cameras. Variables ``position`` (NaN where unknown) and ``confidence`` (0 to 1, NaN where
the source gives none). Coordinate ``frame`` on ``time`` holds the index in the original video;
``time`` is in seconds. Attributes: ``fps``, ``unit`` (see ``LengthUnit``), ``source_software``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.errors import DataError

Poses = xr.Dataset

SPACE = ("x", "y", "z")

#: Lengths of a world in cm; pixels and body lengths have none.
CM_PER_UNIT = {"mm": 0.1, "cm": 1.0, "m": 100.0}


def build_poses(
    position: FloatArray,
    confidence: FloatArray | None = None,
    *,
    keypoints: Sequence[str],
    fps: float,
    unit: str,
    individuals: Sequence[str] = ("mouse",),
    views: Sequence[str] | None = None,
    frames: IntArray | None = None,
    source_software: str = "",
) -> Poses:
    """Build validated poses from plain arrays.

    Parameters
    ----------
    position
        Shape ``(time, space, keypoint, individual)``, with ``view`` in front when ``views`` is
        given; space is 2 or 3. NaN where unknown.
    confidence
        Shape of ``position`` without ``space``; all NaN when None.
    frames
        Strictly increasing original frame indices, shape ``(time,)``; 0, 1, 2, … when None.

    Raises
    ------
    DataError
        When shapes, names or numbers do not fit; one message names every fault.
    """
    position = np.asarray(position, dtype=np.float64)
    lead = ("view",) if views is not None else ()
    dims = (*lead, "time", "space", "keypoint", "individual")
    if position.ndim != len(dims):
        raise DataError(f"Poses need the dimensions {dims}, but the array has {position.ndim}.")
    sizes = dict(zip(dims, position.shape, strict=True))
    without_space = tuple(sizes[d] for d in dims if d != "space")
    if confidence is None:
        confidence = np.full(without_space, np.nan)
    frames = np.arange(sizes["time"]) if frames is None else np.asarray(frames)
    faults = _find_faults(sizes, keypoints, individuals, views, frames, fps)
    if np.shape(confidence) != without_space:
        faults.append(f"confidence has the shape {np.shape(confidence)}, not {without_space}")
    if faults:
        raise DataError("Poses are not consistent: " + "; ".join(faults) + ".")
    coords: dict[str, object] = {
        "time": frames / fps,
        "frame": ("time", frames.astype(np.int64)),
        "space": list(SPACE[: sizes["space"]]),
        "keypoint": list(keypoints),
        "individual": list(individuals),
    }
    if views is not None:
        coords["view"] = list(views)
    return xr.Dataset(
        {
            "position": (dims, position),
            "confidence": (tuple(d for d in dims if d != "space"), np.asarray(confidence, float)),
        },
        coords=coords,
        attrs={"fps": float(fps), "unit": unit, "source_software": source_software},
    )


def _find_faults(
    sizes: dict[str, int],
    keypoints: Sequence[str],
    individuals: Sequence[str],
    views: Sequence[str] | None,
    frames: IntArray,
    fps: float,
) -> list[str]:
    faults = []
    if sizes["space"] not in (2, 3):
        faults.append(f"space has {sizes['space']} coordinates, not 2 or 3")
    named = {"keypoint": keypoints, "individual": individuals, "view": views}
    for dim, names in named.items():
        if names is None:
            continue
        if sizes[dim] != len(names):
            faults.append(f"{len(names)} {dim} names for {sizes[dim]} {dim}s")
        if len(set(names)) != len(names):
            faults.append(f"{dim} names repeat")
    if frames.shape != (sizes["time"],):
        faults.append(f"{frames.size} frame indices for {sizes['time']} time points")
    elif frames.size and (frames[0] < 0 or np.any(np.diff(frames) <= 0)):
        faults.append("frame indices are negative or not strictly increasing")
    if not (np.isfinite(fps) and fps > 0):
        faults.append(f"fps is {fps}, not a positive number")
    return faults
