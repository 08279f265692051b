"""Whether views and cameras belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from mousegpt.core.calibration import Calibration
from mousegpt.core.poses import Poses
from mousegpt.geometry.triangulation import triangulate_poses


@dataclass(frozen=True)
class GeometryCheck:
    """Verdict on a calibration.

    Parameters
    ----------
    fits
        Whether 2-D poses and cameras agree.
    error_px
        Median distance between the pixels of each view and the triangulated points; NaN for a
        view that shares no point with another.
    fault
        What is wrong, "" when nothing is.
    """

    fits: bool
    error_px: Mapping[str, float]
    fault: str


def check_geometry(
    poses: Poses,
    calibration: Calibration,
    *,
    max_error_px: Annotated[float, Field(gt=0)] = 20.0,
    max_frames: Annotated[int, Field(gt=0)] = 200,
) -> GeometryCheck:
    """Triangulate evenly spaced frames without rejecting anything and look at what is left over.

    Parameters
    ----------
    poses
        2-D poses with the dimension ``view``.

    Raises
    ------
    DataError, CalibrationError
        As `mousegpt.geometry.triangulation.triangulate_poses`.
    """
    chosen = np.linspace(0, poses.sizes["time"] - 1, max_frames).round().astype(int)
    poses = poses.isel(time=np.unique(chosen[chosen >= 0]))
    points = triangulate_poses(poses, calibration, max_error_px=np.finfo(float).max)
    world = points["position"].transpose("time", "keypoint", "individual", "space").values
    error_px = {}
    for view in poses["view"].values:
        seen = poses["position"].sel(view=view).transpose("time", "keypoint", "individual", "space")
        distance = np.linalg.norm(calibration.cameras[view].project(world) - seen.values, axis=-1)
        known = distance[np.isfinite(distance)]
        error_px[str(view)] = float(np.median(known)) if known.size else float("nan")
    fault = _judge(error_px, max_error_px)
    return GeometryCheck(not fault, error_px, fault)


def _judge(error_px: Mapping[str, float], max_error_px: float) -> str:
    lonely = [view for view, error in error_px.items() if np.isnan(error)]
    if lonely:
        return f"No point of {', '.join(lonely)} can be triangulated with another view."
    worst = max(error_px, key=lambda view: error_px[view])
    if error_px[worst] > max_error_px:
        listed = ", ".join(f"{view} {error:.0f} px" for view, error in error_px.items())
        return (
            f"Views and cameras do not fit: the points miss the pixels by {listed} (median); are "
            "views swapped, or is the calibration of another day or image size?"
        )
    return ""
