"""A mouse of sticks that stands, walks and turns in closed form."""

from collections.abc import Callable

import numpy as np
import pytest

from mousegpt.core.arrays import FloatArray
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.skeleton import KEYPOINTS

#: forward, left, up in cm from the floor point below the tail base; 8 cm from snout to tail base
STANDING = {
    "Snout": (7.9, 0, 1.0), "EarL": (6.0, 0.8, 2.0), "EarR": (6.0, -0.8, 2.0),
    "SpineF": (5.0, 0, 2.26), "SpineG": (3.5, 0, 2.6), "SpineH": (2.2, 0, 2.6),
    "Hip": (1.2, 0, 2.4), "TailBase": (0, 0, 2.26), "TailMid": (-3, 0, 0.6),
    "TailEnd": (-6, 0, 0.2),
    "ShoulderL": (4.6, 0.7, 1.6), "ElbowL": (4.2, 0.8, 1.0), "WristL": (4.5, 0.8, 0.4),
    "ForepawL": (5.0, 0.8, 0.0), "KneeL": (2.0, 1.0, 1.2), "AnkleL": (0.8, 1.1, 0.6),
    "HindpawL": (1.6, 1.2, 0.0),
}  # fmt: skip


def stand() -> FloatArray:
    """Return the standing mouse, shape (24, 3)."""
    mirrored = {
        f"{name[:-1]}R": (x, -y, z) for name, (x, y, z) in STANDING.items() if name[-1] == "L"
    }
    return np.array([(mirrored | STANDING)[name] for name in KEYPOINTS], dtype=float)


def move(body: FloatArray, x: FloatArray, y: FloatArray, heading: FloatArray) -> FloatArray:
    """Carry a body, (24, 3) or (time, 24, 3), along a path; heading in radians."""
    cos, sin = np.cos(heading)[:, None], np.sin(heading)[:, None]
    forward, left, up = np.moveaxis(np.broadcast_to(body, (len(x), 24, 3)), -1, 0)
    return np.stack(
        [x[:, None] + forward * cos - left * sin, y[:, None] + forward * sin + left * cos, up],
        axis=-1,
    )


def make_poses(points: FloatArray, fps: float = 50.0, unit: str = "cm", **kwargs) -> Poses:
    """Build poses of one mouse from points (time, keypoint, space)."""
    position = np.asarray(points, float).transpose(0, 2, 1)[..., None]
    return build_poses(position, keypoints=KEYPOINTS, fps=fps, unit=unit, **kwargs)


@pytest.fixture
def mouse() -> FloatArray:
    return stand()


@pytest.fixture
def walk() -> Callable[..., FloatArray]:
    """Points of a mouse that slides along without stepping."""

    def build(n=100, *, fps=50.0, speed=0.0, turn_deg_per_s=0.0, heading_deg=0.0, body=None):
        time = np.arange(n) / fps
        heading = np.radians(heading_deg + turn_deg_per_s * time)
        start = np.radians(heading_deg)
        x, y = speed * time * np.cos(start), speed * time * np.sin(start)
        return move(stand() if body is None else body, x, y, heading)

    return build


@pytest.fixture
def as_poses() -> Callable[..., Poses]:
    return make_poses
