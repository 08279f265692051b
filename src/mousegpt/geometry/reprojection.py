"""How far each view is from what all of them say together."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from mousegpt.core.calibration import Calibration
from mousegpt.core.poses import Poses, build_poses
from mousegpt.geometry.triangulation import triangulate_poses


def reconcile_views(
    poses: Poses, calibration: Calibration, *, max_error_px: Annotated[float, Field(gt=0)] = 5.0
) -> Poses:
    """Triangulate every point that two views know, also where they contradict each other.

    Where most views agree, the others have no say, as in `triangulate_poses`. Where it is not
    clear who is right, the point lies in the middle, so that all of them can be shown as doubtful.

    Parameters
    ----------
    poses
        Pixels with the dimension ``view``.
    max_error_px
        Greatest distance at which a view agrees.

    Returns
    -------
    Poses
        3-D, in cm; NaN where fewer than two views know the point.
    """
    agreed = triangulate_poses(poses, calibration, max_error_px=max_error_px)
    middle = triangulate_poses(poses, calibration, max_error_px=np.inf)
    return agreed.assign(position=agreed["position"].fillna(middle["position"]))


def project_poses(poses: Poses, calibration: Calibration) -> Poses:
    """Return where each camera sees 3-D poses in cm, px; NaN behind it.

    Points outside the picture keep their coordinates.
    """
    points = poses["position"].transpose("time", "keypoint", "individual", "space").to_numpy()
    pixels = np.stack([camera.project(points) for camera in calibration.cameras.values()])
    return build_poses(
        pixels.transpose(0, 1, 4, 2, 3),
        keypoints=[str(name) for name in poses["keypoint"].to_numpy()],
        individuals=[str(name) for name in poses["individual"].to_numpy()],
        views=list(calibration.views),
        frames=poses["frame"].to_numpy(),
        fps=poses.attrs["fps"],
        unit="px",
    )


def measure_reprojection(poses: Poses, seen: Poses) -> xr.DataArray:
    """Return how far detections are from the projections of their points.

    Parameters
    ----------
    poses
        Detections, px.
    seen
        As of `project_poses`, with the same names and frames.

    Returns
    -------
    xr.DataArray
        px, dimensions ``(view, time, keypoint, individual)``; NaN where either is unknown.
    """
    apart = poses["position"] - seen["position"]
    x, y = (apart.sel(space=axis, drop=True) for axis in ("x", "y"))
    distance: xr.DataArray = xr.apply_ufunc(np.hypot, x, y)
    return distance.transpose("view", "time", "keypoint", "individual")
