"""Which keypoints a camera sees: those in the picture that neither body nor wall hides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial.distance import cdist

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.core.calibration import Camera
from mousegpt.synthetic.rendering.backdrop import Backdrop
from mousegpt.synthetic.rendering.lens import Frame, project_ideal

_SLACK_CM: Final = 0.3  # how much farther than the nearest skin may be what one sees of it
_FUR_CM: Final = 0.25  # the depth map shows the tips of the hair
_LEAST_PASSING: Final = 0.3  # share of the light that a wall lets through


@dataclass(frozen=True, eq=False)
class DepthMap:
    """Distance along the view of what is seen, cm, shape (height, width), in a frame.

    Infinite beside the body.
    """

    depth: FloatArray
    frame: Frame

    def look_up(self, ideal: FloatArray) -> FloatArray:
        """Return the depth at ideal coordinates, shape (N, 2); infinite outside the frame."""
        places = (ideal - self.frame.low) / self.frame.extent * self.frame.shape
        with np.errstate(invalid="ignore"):
            known = ((places >= 0) & (places < self.frame.shape)).all(axis=1)
        column, row = np.where(known, places.T, 0).astype(int)
        return np.where(known, self.depth[row, column], np.inf)


def find_visible(
    backdrop: Backdrop, keypoints: FloatArray, surface: FloatArray, depth: DepthMap | None
) -> BoolArray:
    """Tell which keypoints are seen, shape (N,).

    A keypoint lies inside the body or on it; it counts as seen where the skin next to it is.

    Parameters
    ----------
    surface
        Points of the skin, shape (V, 3).
    depth
        Of the body; none where the camera does not see it.
    """
    camera = backdrop.camera
    pixels = camera.project(keypoints)
    with np.errstate(invalid="ignore"):
        inside = ((pixels > -0.5) & (pixels < np.array(camera.size) - 0.5)).all(axis=1)
    column, row = np.where(inside, np.round(pixels.T), 0).astype(int)
    inside &= backdrop.passing[row, column] >= _LEAST_PASSING
    if depth is None:
        return np.asarray(inside)
    behind = surface @ camera.R[2] + camera.t[2] - depth.look_up(project_ideal(camera, surface))
    away = cdist(keypoints, surface)
    nearest_seen = np.where(behind < _FUR_CM, away, np.inf).min(axis=1)
    return np.asarray(inside & (nearest_seen < away.min(axis=1) + _SLACK_CM))


def measure_depth(values: FloatArray, projection: FloatArray, camera: Camera) -> FloatArray:
    """Turn the values of a depth buffer (0 to 1) into distances along the view, cm.

    Parameters
    ----------
    projection
        World to clip space, shape (4, 4), as `build_projection` makes it for this camera.
    """
    slope = float(projection[2, :3] @ camera.R[2])  # clip z = slope * distance + offset
    offset = float(projection[2, 3] - slope * camera.t[2])
    with np.errstate(divide="ignore"):
        return np.where(values < 1, offset / (2 * values - 1 - slope), np.inf)
