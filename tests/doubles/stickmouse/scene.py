"""Three cameras around the arena of the demo; see `mousegpt.synthetic.rig` for all others."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.synthetic.rig import project_poses

__all__ = ["SIDE_VIEWS", "build_rig", "project_poses"]

#: view -> azimuth on the ring, degrees; the two side views are perpendicular
SIDE_VIEWS: Final[dict[str, float]] = {"front": -90.0, "side": 0.0}


def build_rig(
    *,
    ring_diameter_cm: Annotated[float, Field(gt=0)] = 150.0,
    camera_height_cm: float = 12.0,
    top_height_cm: Annotated[float, Field(gt=0)] = 120.0,
    image_size: tuple[int, int] = (320, 320),
) -> Calibration:
    """Place two perpendicular side cameras on a ring and one above, looking at the arena's centre.

    Notes
    -----
    Source: Methods 4.1 (ring of 1.5 m, one camera above at 1.2 m). Departs from the paper: the
    side cameras stand a little above the floor instead of at its height, so that the floor is
    seen, and two of them replace seven, at exactly 90 degrees.
    """
    target = np.array([0.0, 0.0, 2.5])
    cameras = {}
    for view, azimuth in SIDE_VIEWS.items():
        angle = np.deg2rad(azimuth)
        center = np.array([np.cos(angle), np.sin(angle), 0]) * ring_diameter_cm / 2
        center[2] = camera_height_cm
        cameras[view] = _aim(view, center, target, np.array([0.0, 0.0, 1.0]), image_size)
    above = np.array([0.0, 0.0, top_height_cm])
    cameras["top"] = _aim("top", above, target, np.array([0.0, 1.0, 0.0]), image_size)
    return Calibration(cameras, source="mousegpt synthetic")


def _aim(
    name: str, center: FloatArray, target: FloatArray, up: FloatArray, size: tuple[int, int]
) -> Camera:
    distance = float(np.linalg.norm(target - center))
    forward = (target - center) / distance
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    focal = min(size) * distance / 29.0  # 29 cm fill the image at the arena's centre
    K = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
    return Camera(name, K, np.zeros(5), rotation, -rotation @ center, size)
