"""What a mouse has and the rat's mesh has not: large round ears, and eyes that bulge."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix, vstack

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.synthetic.anatomy import BONES, EAR, SIDES, Body
from mousegpt.synthetic.coat import EAR_FUR, lay_flat
from mousegpt.synthetic.meshwork import compute_normals, unit
from mousegpt.synthetic.surface import Skin

EAR_RADIUS: Final = 0.58  # cm
EAR_TIP: Final = (-0.45, 0.45, 0.77)  # from the base of the left pinna to its tip, in the head
EAR_OPENS: Final = (0.62, 0.62, 0.30)  # where the left pinna faces
EAR_STALK: Final = 0.2  # how much longer its base is than round, to root in the head
EAR_DEPTH, EAR_THICKNESS = 0.17, 0.05  # cm
EYE_RADIUS: Final = (0.17, 0.15, 0.165)  # forward, left, up, cm
EYE: Final = (1.42, 0.50, 0.06)  # of the left, from the nape in the head's frame, cm

Mesh = tuple[FloatArray, IntArray]


def build_ear(
    center: FloatArray, *, side: float, size: float, n_rings: int = 6, n_sectors: int = 28
) -> Mesh:
    """Build a pinna: a shallow cup, closed, narrower at its base.

    Parameters
    ----------
    center
        Middle of the pinna, in the head's frame, cm, shape (3,).
    side
        1 for the left ear, -1 for the right one.
    size
        Factor of all lengths.
    """
    ring = np.sin(np.linspace(0, np.pi / 2, n_rings + 1))  # denser to the rim
    ring = np.concatenate([ring, ring[-2::-1]])  # inner face, rim, outer face
    outer = np.arange(len(ring)) > n_rings
    angle = np.linspace(0, 2 * np.pi, n_sectors, endpoint=False)
    up = np.cos(angle) * ring[:, None]
    narrow = 1 - 0.15 * np.clip(-up, 0, 1) ** 2
    across = np.sin(angle) * ring[:, None] * narrow
    bowl = EAR_DEPTH * (ring[:, None] ** 2 - 0.5) - 0.12 * np.square(across)
    bowl = bowl - np.where(outer, EAR_THICKNESS * (1 - ring**4), 0)[:, None]
    up = up * (1 + EAR_STALK * np.clip(-up, 0, 1) ** 3)
    shape = np.stack([EAR_RADIUS * across, EAR_RADIUS * up, bowl], axis=-1)[1:-1].reshape(-1, 3)
    poles = np.array([[0, 0, -0.5 * EAR_DEPTH], [0, 0, -0.5 * EAR_DEPTH - EAR_THICKNESS]])
    local = np.vstack([shape, poles])
    local -= local.mean(axis=0)
    mirror = np.array([1, side, 1])
    opens = unit(np.array(EAR_OPENS))
    tip = unit(np.array(EAR_TIP) - opens * (opens @ np.array(EAR_TIP)))
    axes = np.stack([np.cross(opens, tip), tip, opens], axis=-1)
    vertices = center + size * (local @ axes.T) * mirror
    return vertices, _flip(_close_rings(2 * n_rings - 1, n_sectors), side)


def build_eye(center: FloatArray, *, side: float, size: float) -> Mesh:
    """Build an eyeball around ``center``, shape (3,) cm, in the head's frame."""
    n_rings, n_sectors = 7, 14
    polar = np.linspace(0, np.pi, n_rings + 2)[1:-1, None]
    angle = np.linspace(0, 2 * np.pi, n_sectors, endpoint=False)
    shape = np.stack(
        [np.sin(polar) * np.sin(angle), np.sin(polar) * np.cos(angle), 0 * angle + np.cos(polar)],
        axis=-1,
    ).reshape(-1, 3)
    sphere = np.vstack([shape, [[0, 0, 1], [0, 0, -1]]])
    vertices = center + size * sphere[:, [0, 2, 1]] * EYE_RADIUS * (1, side, 1)
    return vertices, _flip(_close_rings(n_rings, n_sectors), side)


def _close_rings(n_rings: int, n_sectors: int) -> IntArray:
    """Join rings of vertices to a closed skin whose poles are the last two vertices."""
    here = np.arange(n_sectors)
    ahead = (here + 1) % n_sectors
    faces = []
    for ring in range(n_rings - 1):
        a, b = ring * n_sectors + here, ring * n_sectors + ahead
        c, d = a + n_sectors, b + n_sectors
        faces += [np.stack([a, c, b], axis=-1), np.stack([b, c, d], axis=-1)]
    first, last = n_rings * n_sectors, n_rings * n_sectors + 1
    end = (n_rings - 1) * n_sectors
    faces.append(np.stack([np.full_like(here, first), here, ahead], axis=-1))
    faces.append(np.stack([np.full_like(here, last), end + ahead, end + here], axis=-1))
    return np.concatenate(faces).astype(np.int32)


def _flip(faces: IntArray, side: float) -> IntArray:
    """Keep faces counter-clockwise from outside when the mesh is mirrored."""
    return faces if side > 0 else faces[:, ::-1]


def add_appendages(skin: Skin, body: Body) -> Skin:
    """Put ears and eyes on a head that lies along x; they move with the skull."""
    skull = BONES.index("skull")
    nape, size = skin.origins[skull], body.size
    for side in SIDES.values():
        mirror = np.array([1, side, 1]) * size
        ear = build_ear(nape + mirror * EAR, side=side, size=size * body.ears)
        eye = build_eye(nape + mirror * EYE, side=side, size=size)
        skin = _add(skin, ear, skull, fur=EAR_FUR, ear=1.0)
        skin = _add(skin, eye, skull, fur=0.0, eye=1.0)
    return skin


def _add(skin: Skin, mesh: Mesh, bone: int, *, fur: float, ear: float = 0, eye: float = 0) -> Skin:
    vertices, faces = mesh
    n, start = len(vertices), len(skin.vertices)
    normals = compute_normals(vertices, faces)
    groom = lay_flat(vertices - skin.origins[bone], normals)
    rigid = csr_matrix((np.ones(n), (np.arange(n), np.full(n, bone))), shape=(n, len(BONES)))
    regions = {"fur": fur, "ear": ear, "tail": 0.0, "paw": 0.0, "nose": 0.0, "eye": eye}
    return replace(
        skin,
        vertices=np.vstack([skin.vertices, vertices]),
        faces=np.vstack([skin.faces, faces + start]).astype(np.int32),
        normals=np.vstack([skin.normals, normals]),
        groom=np.vstack([skin.groom, groom]),
        weights=csr_matrix(vstack([skin.weights, rigid])),
        swell=np.vstack([skin.swell, np.zeros((n, 3))]),
        **{k: np.concatenate([getattr(skin, k), np.full(n, v)]) for k, v in regions.items()},
    )
