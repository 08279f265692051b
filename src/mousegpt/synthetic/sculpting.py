"""The rat's mesh, made into a mouse that stands straight.

Everything is pure geometry on a ``RawMesh``: close it, make it symmetric, shut its mouth, press its
ears flat (a mouse's are put on by ``appendages``), then stretch its trunk, head and tail section by
section to the profile of a mouse, and bring its limbs bone by bone to ours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial import cKDTree

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.errors import DataError
from mousegpt.core.mesh import RawMesh
from mousegpt.synthetic.anatomy import HEAD, N_TAIL, NECK, RUMP, SPINE, TAIL
from mousegpt.synthetic.meshwork import span_membrane, split_edges, weld_seams

#: Where the mouse's sections lie, in bones ahead of TailBase: Hip 1, SpineF 4, nape 5, Snout 6.
JOINTS: Final = np.cumsum([-RUMP, RUMP, SPINE, SPINE, SPINE, NECK, HEAD])  # cm ahead of Hip

#: Sections of rat and mouse that belong together, cm. Rat: x, top and bottom above the floor, half
#: width. Mouse of size one: place in bones (see ``JOINTS``), top and bottom from the chain of the
#: spine's landmarks, half width. The landmarks lie 0.2 to 0.4 cm below the fur of the back.
SECTIONS: Final = np.array(
    [
        [-7.20, 5.90, 4.50, 0.60, 0.00, 0.20, -0.24, 0.21],
        [-6.60, 6.90, 4.40, 1.10, 0.20, 0.28, -1.13, 0.96],
        [-6.00, 7.83, 4.33, 1.70, 0.42, 0.32, -1.98, 1.38],
        [-5.00, 9.13, 3.70, 2.60, 0.75, 0.33, -2.54, 1.65],
        [-4.20, 9.65, 3.40, 3.20, 1.00, 0.34, -2.71, 1.75],
        [-2.20, 10.45, 3.13, 3.80, 1.50, 0.35, -2.82, 1.79],
        [-0.30, 10.74, 3.38, 4.15, 2.00, 0.35, -2.77, 1.74],
        [3.80, 10.58, 4.50, 3.42, 3.00, 0.35, -2.66, 1.60],
        [6.30, 10.28, 4.90, 3.35, 3.60, 0.37, -2.54, 1.47],
        [7.90, 10.23, 5.10, 3.15, 4.00, 0.42, -2.37, 1.36],
        [8.70, 10.25, 5.40, 2.60, 4.50, 0.46, -2.09, 1.22],
        [9.40, 10.28, 5.75, 1.95, 5.00, 0.47, -1.70, 1.12],
        [10.50, 10.40, 6.60, 1.80, 5.25, 0.48, -1.30, 0.97],
        [11.70, 10.15, 7.45, 1.68, 5.50, 0.46, -0.92, 0.71],
        [13.00, 9.70, 7.52, 1.42, 5.72, 0.36, -0.66, 0.55],
        [14.00, 9.25, 7.60, 1.05, 5.84, 0.27, -0.47, 0.40],
        [15.00, 8.68, 7.58, 0.74, 5.94, 0.14, -0.27, 0.24],
        [15.72, 8.36, 7.80, 0.30, 6.02, 0.01, -0.14, 0.12],
    ]
)
ROUND_BEHIND: Final = (5.0, 4.0)  # the trunk is an oval, the head keeps the rat's cross-section
BELLY_POWER: Final = 2.7  # 2 would be an ellipse; more is fuller
TAIL_ROOT: Final = "vertebra_C4"  # the rat's joint that becomes TailBase
RAT_TAIL_RADIUS: Final = ((0.0, 0.5, 1.0), (0.47, 0.24, 0.13))  # over the tail's share, cm
MOUSE_TAIL_RADIUS: Final = ((0.0, 0.12, 0.5, 0.9, 1.0), (0.20, 0.145, 0.105, 0.065, 0.05))
JAW_JOINT, JAW_CLOSES_DEG = (9.7, 0.0, 7.3), 52.0
LONGEST_EDGE: Final = 0.6  # cm of the rat: longer ones are halved
FLIP: Final = np.array([1.0, -1.0, 1.0])
UP: Final = np.array([0.0, 0.0, 1.0])


def smooth_step(start: float, end: float, x: FloatArray) -> FloatArray:
    """Rise smoothly from 0 at ``start`` to 1 at ``end``."""
    share = np.clip((x - start) / (end - start), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def measure_share(mesh: RawMesh, *prefixes: str) -> FloatArray:
    """Sum the weights of the bones whose names begin so, shape (V,)."""
    chosen = [i for i, name in enumerate(mesh.bones) if name.startswith(prefixes)]
    return np.asarray(mesh.weights[:, chosen].sum(axis=1))


def clean_mesh(rodent: RawMesh) -> RawMesh:
    """Weld texture seams, make left and right equal, shut the mouth and press the ears flat.

    Raises
    ------
    DataError
        When bones that the mouse is made from are missing.
    """
    missing = {TAIL_ROOT, "skull", "jaw", "toe_L", "finger_L", "upper_arm_L"} - set(rodent.bones)
    if missing:
        raise DataError(
            f"Expected the rodent of dm_control, but the mesh has no bones {sorted(missing)}."
        )
    mesh = _press_ears(_shut_mouth(_mirror(weld_seams(rodent))))
    return split_edges(mesh, LONGEST_EDGE)


def find_twins(mesh: RawMesh) -> IntArray:
    """Find the vertex nearest to every vertex's mirror image, shape (V,)."""
    _, twin = cKDTree(mesh.vertices).query(mesh.vertices * FLIP)
    return np.asarray(twin)


def _mirror(mesh: RawMesh) -> RawMesh:
    """Average every vertex with its mirror image, and its weights with those of that one."""
    twin = find_twins(mesh)
    other = [mesh.bones.index(_swap_side(name)) for name in mesh.bones]
    return replace(
        mesh,
        vertices=(mesh.vertices + mesh.vertices[twin] * FLIP) / 2,
        weights=(mesh.weights + mesh.weights[twin][:, other]) / 2,
    )


def _swap_side(name: str) -> str:
    side = {"_L": "_R", "_R": "_L"}.get(name[-2:])
    return name[:-2] + side if side else name


def _shut_mouth(mesh: RawMesh) -> RawMesh:
    angle = -np.radians(JAW_CLOSES_DEG)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    arm = mesh.vertices - JAW_JOINT
    moved = measure_share(mesh, "jaw")[:, None] * (arm @ turn.T - arm)
    return replace(mesh, vertices=mesh.vertices + moved)


def _press_ears(mesh: RawMesh) -> RawMesh:
    """Replace the pinnae by the membrane that their surroundings span."""
    x, y, z = mesh.vertices.T
    out = np.abs(y)
    is_ear = (x > 8.2) & (x < 11.2) & (out > 1.0) & (z + 0.25 * (out - 1.4) > 9.3)
    is_ear &= measure_share(mesh, "skull", "jaw") > 0.3
    return span_membrane(mesh, is_ear)


def stretch_axis(mesh: RawMesh, size: float, tail: float) -> FloatArray:
    """Map trunk, head and tail of the rat to a straight mouse; shape (V, 3), from Hip, cm.

    The mouse lies along x with the landmarks of its spine at y = z = 0. Limbs are carried along
    with the trunk; see ``stretch_limbs``.
    """
    x, y, z = mesh.vertices.T
    table = PchipInterpolator(SECTIONS[:, 0], SECTIONS[:, 1:])
    inside = np.clip(x, SECTIONS[0, 0], SECTIONS[-1, 0])
    top, bottom, half, place, new_top, new_bottom, new_half = table(inside).T
    ahead = PchipInterpolator(np.arange(7), JOINTS)(place) + 0.4 * (x - inside)
    aside, above = y / half, (2 * z - top - bottom) / (top - bottom)
    is_trunk = smooth_step(*ROUND_BEHIND, place)
    power = np.where(above > 0, 2.0, BELLY_POWER)
    radius = (np.abs(aside) ** power + np.abs(above) ** power) ** (1 / power)
    rounding = np.maximum(radius, 0.3) ** -is_trunk  # brings a trunk to its oval
    height = (new_top + new_bottom) / 2 + rounding * above * (new_top - new_bottom) / 2
    trunk = size * np.stack([ahead, rounding * aside * new_half, height], axis=-1)
    share = measure_share(mesh, "vertebra_C")[:, None]
    return np.asarray((1 - share) * trunk + share * _stretch_tail(mesh, size, tail))


def _stretch_tail(mesh: RawMesh, size: float, tail: float) -> FloatArray:
    """Lay the tail straight behind TailBase, slim as a mouse's."""
    chain = [i for i, name in enumerate(mesh.bones) if name.startswith("vertebra_C")]
    tip = mesh.vertices[np.argmin(mesh.vertices[:, 0])] * (1, 0, 1)
    joints = mesh.joints[chain]
    joints = np.vstack([joints[joints[:, 0] > tip[0]], tip])  # the last one lies outside the skin
    steps = np.diff(joints, axis=0)
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(steps, axis=1))])
    root = along[[mesh.bones[i] for i in chain].index(TAIL_ROOT)]
    offset = mesh.vertices[:, None] - joints[None, :-1]
    length = np.linalg.norm(steps, axis=1)
    on_step = np.einsum("vsk,sk->vs", offset, steps) / length
    on_step = np.clip(on_step, 0, length)
    away = offset - on_step[..., None] * (steps / length[:, None])
    nearest = np.argmin(np.linalg.norm(away, axis=-1), axis=1)
    row = np.arange(len(nearest))
    share = (along[nearest] + on_step[row, nearest] - root) / (along[-1] - root)
    direction = steps[nearest] / length[nearest][:, None]
    up = np.stack([-direction[:, 2], np.zeros(len(row)), direction[:, 0]], axis=-1)
    up *= np.where(up[:, 2:] < 0, -1, 1)
    out = away[row, nearest]
    slim = np.interp(share, *MOUSE_TAIL_RADIUS) / np.interp(share, *RAT_TAIL_RADIUS)
    behind = -RUMP - share * N_TAIL * TAIL * tail
    rise = np.sum(out * up, axis=1)
    return np.asarray(size * np.stack([behind, slim * out[:, 1], slim * rise], axis=-1))
