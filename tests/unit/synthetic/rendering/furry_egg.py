"""An egg with fur in place of a mouse."""

import numpy as np
from scipy.sparse import csr_matrix

from mousegpt.synthetic.surface import Skin, Surface


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
