"""A rig of strongly distorting cameras; tests that render are skipped where nothing can."""

import numpy as np
import pytest

from mousegpt.core.calibration import Calibration, Camera


@pytest.fixture
def bent_rig() -> Calibration:
    """Two cameras with barrel and pincushion distortion of tens of pixels."""
    lenses = {"barrel": (-2.0, 2.0, 0.004, -0.006, 0.0), "cushion": (2.0, 4.0, -0.005, 0.004, 2.0)}
    places = {"barrel": (60.0, -40.0, 22.0), "cushion": (-30.0, 55.0, 60.0)}
    cameras = {}
    for view, lens in lenses.items():
        center = np.array(places[view])
        forward = np.array([-4.0, 6.0, -6.0]) - center  # the egg is not in the middle
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0, 0, 1])
        right /= np.linalg.norm(right)
        R = np.stack([right, np.cross(forward, right), forward])
        K = np.array([[1000, 0, 231.3], [0, 1010, 188.9], [0, 0, 1]])
        cameras[view] = Camera(view, K, np.array(lens), R, -R @ center, (448, 400))
    return Calibration(cameras)
