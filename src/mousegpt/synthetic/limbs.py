"""The rat's limbs, brought bone by bone to where a standing mouse has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.mesh import RawMesh
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.synthetic.anatomy import BONES, TOES
from mousegpt.synthetic.body import Figure, make_axes
from mousegpt.synthetic.meshwork import unit
from mousegpt.synthetic.sculpting import UP

Limb = tuple[tuple[str, str, float], ...]

#: Our bone, the rat's, and how thick it becomes against that one. The digits come last.
LEG: Final[Limb] = (
    ("thigh", "upper_leg", 0.42),
    ("shank", "lower_leg", 0.36),
    ("foot", "foot", 0.40),
    ("toes", "toe", 0.40),
)
ARM: Final[Limb] = (
    ("upper_arm", "upper_arm", 0.31),
    ("forearm", "lower_arm", 0.38),
    ("hand", "hand", 0.40),
    ("fingers", "finger", 0.40),
)
FINGERS: Final = 0.3  # cm, beyond the palm
TOES_AHEAD: Final = 0.5  # cm by which the rat's joint of the toes lies ahead of their roots
DIGITS_SINK: Final = 0.15  # cm by which the rat's digits begin below the middle of the paw
FINGERS_RISE: Final = 0.35  # against the palm, which stands steeper than the ground


@dataclass(frozen=True, eq=False)
class Pose:
    """Where a bone begins, its axes (along, left, up; columns) and its length, cm."""

    origin: FloatArray
    axes: FloatArray
    length: float


def stretch_limbs(mesh: RawMesh, vertices: FloatArray, bind: Figure, size: float) -> FloatArray:
    """Blend the limbs, mapped bone by bone, into the vertices of trunk, head and tail.

    Parameters
    ----------
    mesh
        The rat, whose weights say what belongs to which bone.
    vertices
        The rest of the mouse, shape (V, 3).
    bind
        Where the mouse has its bones.
    """
    moved = vertices.copy()
    for side in "LR":
        for limb, folds in ((LEG, 1.0), (ARM, -1.0)):
            rat = _pose_rat(mesh, limb, side, folds)
            ours = _pose_ours(limb, side, bind, size)
            for (_, bone, thickness), old, new in zip(limb, rat, ours, strict=True):
                weight = mesh.weights[:, [mesh.bones.index(f"{bone}_{side}")]]
                scale = np.array([new.length / old.length, thickness * size, thickness * size])
                turned = ((mesh.vertices - old.origin) @ old.axes * scale) @ new.axes.T
                moved += weight * (turned + new.origin - vertices)
    return moved


def _pose_rat(mesh: RawMesh, limb: Limb, side: str, folds: float) -> list[Pose]:
    joints = [mesh.joints[mesh.bones.index(f"{bone}_{side}")] for _, bone, _ in limb]
    root, middle, end, last = joints
    line = unit(end - root)
    away = unit(middle - root - line * (line @ (middle - root)))
    left = -folds * np.cross(line, away)
    digits = mesh.weights[:, mesh.bones.index(f"{limb[-1][1]}_{side}")] > 0.5
    heading = unit((mesh.vertices[digits].mean(axis=0) - last) * (1, 1, 0))
    last = last + DIGITS_SINK * UP - (TOES_AHEAD * heading if limb is LEG else 0.0)
    reach = float(np.max((mesh.vertices[digits] - last) @ heading))
    flat_left = np.cross(UP, heading)
    poses = [
        Pose(start, align(stop - start, axis), float(np.linalg.norm(stop - start)))
        for start, stop, axis in (
            (root, middle, left),
            (middle, end, left),
            (end, last, flat_left),
        )
    ]
    return [*poses, Pose(last, align(heading, flat_left), reach)]


def _pose_ours(limb: Limb, side: str, bind: Figure, size: float) -> list[Pose]:
    """Pose three bones and the digits, which begin at the paw's keypoint."""
    index = [BONES.index(f"{name}_{side}") for name, *_ in limb[:3]]
    paw = bind.keypoints[0, KEYPOINTS.index(f"{'Hind' if limb is LEG else 'Fore'}paw{side}")]
    starts = np.vstack([bind.origins[0, index], paw])
    digits = TOES if limb is LEG else FINGERS
    lengths = [*np.linalg.norm(np.diff(starts, axis=0), axis=1), digits * size]
    axes = list(bind.frames[0, index])
    if limb is LEG:
        axes.append(bind.frames[0, BONES.index(f"toes_{side}")])
    else:
        axes.append(axes[-1] @ make_axes(np.zeros(1), np.array([FINGERS_RISE]))[0])
    return [Pose(*pose) for pose in zip(starts, axes, lengths, strict=True)]


def align(along: FloatArray, left: FloatArray) -> FloatArray:
    """Return axes (along, left, up) as columns; ``left`` is made perpendicular."""
    forward = unit(along)
    side = unit(left - forward * (forward @ left))
    return np.stack([forward, side, np.cross(forward, side)], axis=-1)
