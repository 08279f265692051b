"""Where a mouse is by what moves: a truth about boxes that no network has made.

The cameras stand still. In each view the largest thing that differs from the median picture is
taken; where at least three views agree on a point in space, the mouse is there. One view that
follows a person behind the glass, or a mirror image, is outvoted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from benchmarks._pose_scores import label_points

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.geometry.triangulation import triangulate_poses

SHRINK: Final = 4
_LEAST: Final = 20  # grey values
_MIN_VIEWS: Final = 3
_GATE_PX: Final = 80.0  # outlines and their mirror images have no common centre


def shrink_picture(image: ImageArray) -> ImageArray:
    """Return a picture at a quarter of its size, which is enough to see what moves."""
    small = cv2.resize(image, None, fx=1 / SHRINK, fy=1 / SHRINK, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def find_moving(pictures: ImageArray) -> FloatArray:
    """Return the middle of the largest moving thing in shrunk pictures, px of the full size.

    Shape (time, 2); NaN where nothing moved.
    """
    background = np.median(pictures, axis=0)
    middles = np.full((len(pictures), 2), np.nan)
    for i, picture in enumerate(pictures):
        change = np.abs(picture - background).max(axis=-1).astype(np.float32)
        moved = (cv2.GaussianBlur(change, (0, 0), 1.0) > _LEAST).astype(np.uint8)
        moved = cv2.morphologyEx(moved, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        count, _, about, middle = cv2.connectedComponentsWithStats(moved)
        if count > 1:
            largest = 1 + np.argmax(about[1:, cv2.CC_STAT_AREA])
            middles[i] = (middle[largest] + 0.5) * SHRINK - 0.5
    return middles


def locate_by_motion(middles: Sequence[FloatArray], rig: Calibration) -> FloatArray:
    """Return where the mouse is, cm, shape (time, 3), from its place in each view; NaN unknown."""
    at = np.stack(middles)
    points = np.full((*at.shape[:2], len(KEYPOINTS), 3), np.nan)
    points[..., 2] = 0
    points[..., 0, :2] = at
    points[..., 0, 2] = np.isfinite(at).all(axis=-1)
    solid = triangulate_poses(
        label_points(points, rig), rig, min_views=_MIN_VIEWS, max_error_px=_GATE_PX
    )
    return np.asarray(solid["position"].to_numpy()[:, :, 0, 0])
