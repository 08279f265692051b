"""Which bone a piece of skin follows, and how much.

The axis of the body takes over from bone to bone gradually along its length, so that an arched or
bent back stays round; the limbs keep the weights of the rat, softened.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from mousegpt.core.arrays import FloatArray
from mousegpt.core.mesh import RawMesh
from mousegpt.synthetic.anatomy import BONES, N_TAIL
from mousegpt.synthetic.meshwork import average_neighbours
from mousegpt.synthetic.sculpting import measure_share, smooth_step

AXIS: Final = (
    *(f"tail_{i}" for i in range(N_TAIL, 0, -1)),
    *("rump", "pelvis", "spine_h", "spine_g", "spine_f", "skull"),
)  #: from the tip of the tail to the snout
LIMBS: Final = {
    "thigh": ("upper_leg",), "shank": ("lower_leg",), "foot": ("foot",), "toes": ("toe",),
    "upper_arm": ("upper_arm",), "forearm": ("lower_arm",), "hand": ("hand", "finger"),
}  # fmt: skip
#: Half the length over which one bone hands over to the next, cm, at its beginning.
HANDOVER: Final = {"pelvis": 1.3, "spine_h": 1.5, "spine_g": 1.4, "spine_f": 0.85, "skull": 0.6}
RUMP_HANDOVER, TAIL_HANDOVER = 0.25, 0.5
NECK_SLANT: Final = 0.55  # the neck leaves the chest the farther ahead, the lower
FLESH: Final = 0.3  # share of a limb below which flesh is the trunk's alone
MIDLINE: Final = (0.2, 0.8)  # cm beside it where thighs and upper arms begin, and are by themselves
SMALLEST: Final = 0.01  # weights below are dropped


def bind_limbs(
    mesh: RawMesh, vertices: FloatArray, size: float, *, n_rounds: int = 6
) -> FloatArray:
    """Weigh the bones of the limbs, shape (V, B); softened over ``n_rounds`` of neighbours.

    What lies between left and right, of ``vertices``, shape (V, 3), is the trunk's: else the
    chest would follow the arms.
    """
    outside = smooth_step(*MIDLINE, np.abs(vertices[:, 1]) / size)
    weights = np.zeros((len(mesh.vertices), len(BONES)))
    for side in "LR":
        for bone, rats in LIMBS.items():
            names = tuple(f"{rat}_{side}" for rat in rats)
            share = measure_share(mesh, *names)
            share = share * outside if bone in ("thigh", "upper_arm") else share
            weights[:, BONES.index(f"{bone}_{side}")] = share
    total = weights.sum(axis=1, keepdims=True)
    weights *= smooth_step(FLESH, 1.0, total) / np.maximum(total, FLESH)
    spread = average_neighbours(mesh.faces, len(mesh.vertices))
    for _ in range(n_rounds):
        weights = 0.5 * weights + 0.5 * (spread @ weights)
    return weights


def bind_axis(vertices: FloatArray, origins: FloatArray, size: float) -> FloatArray:
    """Weigh the bones of trunk, head and tail by place, shape (V, B); every row sums to 1.

    Parameters
    ----------
    vertices
        Of a mouse that stands straight along x, cm, shape (V, 3).
    origins
        Beginnings of its bones, shape (B, 3).
    """
    x, depth = vertices[:, 0], origins[BONES.index("pelvis"), 2] - vertices[:, 2]
    weights = np.zeros((len(vertices), len(BONES)))
    before = np.ones(len(vertices))
    for bone, ahead in pairwise(AXIS):
        tail = ahead.startswith("tail")
        start = origins[BONES.index(bone if tail or ahead == "rump" else ahead), 0]
        half = HANDOVER.get(ahead, TAIL_HANDOVER if tail else RUMP_HANDOVER) * size
        slant = NECK_SLANT * np.maximum(depth, 0) if ahead == "spine_f" else 0.0
        after = np.minimum(smooth_step(start - half, start + half, x - slant), before)
        weights[:, BONES.index(bone)] = before - after
        before = after
    weights[:, BONES.index(AXIS[-1])] = before
    return weights


def join_weights(axis: FloatArray, limbs: FloatArray) -> csr_matrix:
    """Give the limbs their share and the axis the rest; drop what is hardly there."""
    weights = axis * (1 - limbs.sum(axis=1, keepdims=True)) + limbs
    weights[weights < SMALLEST] = 0
    return csr_matrix(weights / weights.sum(axis=1, keepdims=True))
