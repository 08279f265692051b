"""An egg with fur in place of a mouse, and a rig of strongly distorting cameras."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import BackendError
from mousegpt.synthetic.rendering import open_context
from mousegpt.synthetic.surface import Skin, Surface


@pytest.fixture(scope="session")
def _egl() -> None:
    try:
        open_context().release()
    except BackendError as error:
        pytest.skip(str(error))


@pytest.fixture
def egl(_egl) -> None:
    """Skip the test, with the reason, where nothing can be rendered."""


def build_egg(*, fur: float = 1.0, radii=(4.0, 1.4, 1.3), n: int = 48) -> Skin:
    """Build an ellipsoid along x; ``fur`` is the share of the longest hair, the same everywhere."""
    polar = np.linspace(0, np.pi, n)[:, None]
    around = np.linspace(0, 2 * np.pi, 2 * n, endpoint=False)
    ball = np.stack(
        np.broadcast_arrays(
            np.cos(polar), np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around)
        ),
        axis=-1,
    )
    index = np.arange(n * 2 * n).reshape(n, 2 * n)
    a, b = index[:-1], index[1:]
    c, d = np.roll(b, -1, axis=1), np.roll(a, -1, axis=1)
    faces = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])
    vertices = ball.reshape(-1, 3) * radii
    normals = ball.reshape(-1, 3) / radii
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    groom = np.array([-1.0, 0, 0]) + normals[:, :1] * normals
    groom /= np.maximum(np.linalg.norm(groom, axis=1, keepdims=True), 1e-6)
    no, all_ = np.zeros(len(vertices)), np.ones(len(vertices))
    return Skin(
        vertices=vertices,
        faces=faces.astype(np.int32),
        normals=normals,
        groom=groom,
        weights=csr_matrix(all_[:, None]),
        swell=np.zeros_like(vertices),
        origins=np.zeros((1, 3)),
        frames=np.eye(3)[None],
        fur=fur * all_,
        **dict.fromkeys(("ear", "tail", "paw", "nose", "eye"), no),
    )


def pose_egg(skin: Skin, center=(0.0, 0.0, 1.6), yaw: float = 0.5) -> Surface:
    """Turn and move the egg."""
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    parts = (skin.vertices @ turn.T + center, skin.normals @ turn.T, skin.groom @ turn.T)
    return Surface(*(part.astype(np.float32) for part in parts))


@pytest.fixture
def bent_rig() -> Calibration:
    """Two cameras with barrel and pincushion distortion of tens of pixels."""
    lenses = {"barrel": (-0.9, 0.6, 0.004, -0.006, 0.0), "cushion": (0.8, 0.4, -0.005, 0.004, 0.2)}
    places = {"barrel": (60.0, -40.0, 22.0), "cushion": (-30.0, 55.0, 60.0)}
    cameras = {}
    for view, lens in lenses.items():
        center = np.array(places[view])
        forward = np.array([2.0, 3.0, 0.0]) - center  # the egg is not in the middle
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0, 0, 1])
        right /= np.linalg.norm(right)
        R = np.stack([right, np.cross(forward, right), forward])
        K = np.array([[1000, 0, 231.3], [0, 1010, 188.9], [0, 0, 1]])
        cameras[view] = Camera(view, K, np.array(lens), R, -R @ center, (448, 400))
    return Calibration(cameras)
