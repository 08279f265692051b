"""Where the mouse is furry, naked, pink or black, and which way its fur lies."""

from __future__ import annotations

from typing import Final

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.mesh import RawMesh
from mousegpt.synthetic.anatomy import BONES, RUMP
from mousegpt.synthetic.body import Figure
from mousegpt.synthetic.meshwork import unit
from mousegpt.synthetic.sculpting import measure_share, smooth_step

BACKWARD: Final = (-1.0, 0.0, -0.25)  # how the fur of trunk and head lies
#: Fur shorter than on the back: at the tip of the snout and at its root, on lower legs and ears.
SNOUT_FUR, LEG_FUR, EAR_FUR = 0.25, 0.4, 0.05
SNOUT: Final = (1.3, 0.1)  # cm behind its tip where the fur begins to shorten, and is shortest
NOSE: Final = (0.17, 0.07)  # cm from the tip: where the nose begins, and is bare
SLEEVES: Final = ("lower_arm", "lower_leg")
HANDS, FEET = ("hand", "finger"), ("foot", "toe")


def mark_tail(vertices: FloatArray, mesh: RawMesh, bind: Figure, size: float) -> FloatArray:
    """Tell the naked tail from its furry root, shape (V,), 0 to 1."""
    behind = bind.origins[0, BONES.index("rump"), 0] - vertices[:, 0]
    tail = smooth_step(0.85, 0.99, measure_share(mesh, "vertebra_C"))
    return np.asarray(tail * smooth_step(0.05 * RUMP * size, 0.3 * RUMP * size, behind))


def mark_paws(mesh: RawMesh) -> FloatArray:
    """Tell the naked paws, shape (V,), 0 to 1."""
    hands = smooth_step(0.35, 0.8, measure_share(mesh, *HANDS))
    return np.minimum(hands + smooth_step(0.55, 0.95, measure_share(mesh, *FEET)), 1)


def mark_nose(vertices: FloatArray, size: float) -> FloatArray:
    """Tell the tip of the nose, shape (V,), 0 to 1."""
    away = np.linalg.norm(vertices - _find_snout(vertices), axis=1) / size
    return smooth_step(NOSE[0], NOSE[1], away)


def measure_fur(vertices: FloatArray, mesh: RawMesh, naked: FloatArray, size: float) -> FloatArray:
    """Say how long the fur is against that of the back, shape (V,), 0 to 1."""
    behind = (_find_snout(vertices)[0] - vertices[:, 0]) / size
    head = measure_share(mesh, "skull", "jaw")
    snout = smooth_step(SNOUT[0], SNOUT[1], behind) * smooth_step(0.2, 0.8, head)
    sleeves = np.minimum(measure_share(mesh, *SLEEVES, *HANDS, *FEET), 1)
    shorter = (1 - (1 - SNOUT_FUR) * snout) * (1 - (1 - LEG_FUR) * sleeves)
    return np.clip(shorter * (1 - naked), 0, 1)


def comb_fur(normals: FloatArray, limbs: FloatArray, bind: Figure) -> FloatArray:
    """Lay the fur backwards on trunk and head and towards the paws on the limbs; unit vectors."""
    down = limbs @ bind.frames[0, :, :, 0]
    lie = (1 - limbs.sum(axis=1, keepdims=True)) * unit(np.array(BACKWARD)) + down
    return lay_flat(lie, normals)


def lay_flat(directions: FloatArray, normals: FloatArray) -> FloatArray:
    """Turn directions into the skin's tangent plane; any tangent where they stand upright."""
    along = directions - normals * np.sum(directions * normals, axis=1, keepdims=True)
    length = np.linalg.norm(along, axis=1, keepdims=True)
    spare = np.stack([normals[:, 2], normals[:, 0], -normals[:, 1]], axis=1)
    spare = np.cross(normals, spare + 1e-6)
    return unit(np.where(length > 1e-3, along, spare))


def _find_snout(vertices: FloatArray) -> FloatArray:
    return np.asarray(vertices[np.argmax(vertices[:, 0])])
