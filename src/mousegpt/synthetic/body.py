"""The posture of a mouse in closed form: from channels over time to keypoints and bones.

The spine, head and tail are chains of rigid bones; the limbs follow their paws by two-bone inverse
kinematics. So every bone keeps its length, and the mouse shortens as a real one does, by arching
its back and drawing in its neck. World frame: floor at z = 0, z up, centimetres, radians.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import reduce
from typing import Final

import numpy as np

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.synthetic import anatomy
from mousegpt.synthetic.anatomy import BONES, N_TAIL, PAWS, SIDES, Body
from mousegpt.synthetic.bending import bend_limb
from mousegpt.synthetic.bending import make_axes as make_axes

RELAXED_CHORD: Final = 5.7  # SpineF to TailBase of a standing mouse of size one, cm
TAIL_FALL: Final = 1.3  # over this length the tail comes down to the floor, cm
JOINT_RADIUS: Final = 0.15  # elbows and knees stay so high above the floor, cm
TAIL_RADIUS: Final = np.linspace(0.16, 0.05, N_TAIL + 1)  # cm, of the flesh at its joints


@dataclass(frozen=True, eq=False)
class Carriage:
    """How trunk, head and tail are held: channels of shape (time,), cm and radians.

    ``x, y`` is the floor point below ``Hip`` and ``yaw`` the heading of the pelvis; ``lift`` raises
    the whole mouse. ``arch`` (positive: back rounded upwards) is the angle at each joint of the
    spine, ``bend`` (positive: to the left) that between pelvis and chest. ``trunk_pitch``,
    ``neck_pitch`` and ``head_pitch`` are against the floor (positive: up), ``head_yaw`` is against
    the chest. A positive ``roll`` or ``head_roll`` raises the left side. ``tail_headings``, shape
    (time, 8), are those of the tail's bones in the world; ``tail_lift`` is the height of its tip
    above the floor. ``breath`` is a factor of the trunk's cross-section.
    """

    x: FloatArray
    y: FloatArray
    yaw: FloatArray
    lift: FloatArray
    hip_height: FloatArray
    trunk_pitch: FloatArray
    arch: FloatArray
    bend: FloatArray
    roll: FloatArray
    neck_pitch: FloatArray
    head_pitch: FloatArray
    head_yaw: FloatArray
    head_roll: FloatArray
    tail_headings: FloatArray
    tail_lift: FloatArray
    breath: FloatArray


@dataclass(frozen=True, eq=False)
class Paws:
    """Where the paws are drawn to, in the order of ``anatomy.PAWS``.

    ``places``: the paws' keypoints in the world, cm, shape (time, 4, 3). ``pitch``: of hand or
    foot against the floor, radians, shape (time, 4); negative = toes below the heel. ``yaw``: of
    hand or foot in the world, shape (time, 4).
    """

    places: FloatArray
    pitch: FloatArray
    yaw: FloatArray


@dataclass(frozen=True, eq=False)
class Stance:
    """A mouse over time: its carriage and its paws."""

    carriage: Carriage
    paws: Paws

    def __len__(self) -> int:
        """Return the number of time points."""
        return len(self.carriage.x)

    def select(self, frames: slice | IntArray) -> Stance:
        """Return the stance at some time points."""
        carriage = {f.name: getattr(self.carriage, f.name)[frames] for f in fields(Carriage)}
        paws = {f.name: getattr(self.paws, f.name)[frames] for f in fields(Paws)}
        return Stance(Carriage(**carriage), Paws(**paws))


@dataclass(frozen=True, eq=False)
class Figure:
    """Keypoints and bones over time.

    Parameters
    ----------
    keypoints
        In the order of ``KEYPOINTS``, cm, shape (time, 24, 3).
    origins
        Proximal joints of ``anatomy.BONES``, cm, shape (time, bone, 3).
    frames
        Axes of the bones as columns (along the bone, left, up), shape (time, bone, 3, 3). Bones of
        the spine point to the head, those of the tail to its tip, those of limbs to the paw.
    girth
        Factor of the trunk's cross-section, shape (time,): a shortened trunk is a thicker one.
    """

    keypoints: FloatArray
    origins: FloatArray
    frames: FloatArray
    girth: FloatArray


Points = dict[str, FloatArray]
Axes = dict[str, FloatArray]


@dataclass(frozen=True, eq=False)
class Trunk:
    """Everything but the limbs: keypoints and joints by name, and axes of the bones."""

    points: Points
    axes: Axes


def pose_figure(stance: Stance, body: Body) -> Figure:
    """Pose keypoints and bones."""
    trunk = pose_trunk(stance.carriage, body)
    limbs = [_pose_limb(trunk, stance.paws, i, body) for i in range(len(PAWS))]
    points = reduce(dict.__or__, (limb.points for limb in limbs), trunk.points)
    axes = reduce(dict.__or__, (limb.axes for limb in limbs), trunk.axes)
    chord = np.linalg.norm(points["SpineF"] - points["TailBase"], axis=-1)
    girth = np.sqrt(RELAXED_CHORD * body.size / chord) * stance.carriage.breath
    return Figure(
        keypoints=np.stack([points[name] for name in KEYPOINTS], axis=1),
        origins=np.stack([points[_ORIGINS[bone]] for bone in BONES], axis=1),
        frames=np.stack([axes[bone] for bone in BONES], axis=1),
        girth=girth,
    )


def pose_skeleton(stance: Stance, body: Body, *, n_at_once: int = 20_000) -> FloatArray:
    """Pose the keypoints alone, cm, shape (time, 24, 3); memory stays bounded."""
    parts = [slice(i, i + n_at_once) for i in range(0, len(stance), n_at_once)]
    return np.concatenate([pose_figure(stance.select(p), body).keypoints for p in parts])


def pose_bind(body: Body) -> Figure:
    """Stand with a straight back and the legs below the body: the stance the skin is made for."""
    zero, size = np.zeros(1), body.size
    height, trunk_length = zero + 2.7 * size, 3 * anatomy.SPINE * size
    carriage = Carriage(
        x=zero, y=zero, yaw=zero, lift=zero, hip_height=height, trunk_pitch=zero, arch=zero,
        bend=zero, roll=zero, neck_pitch=zero + 0.3, head_pitch=zero - 0.25, head_yaw=zero,
        head_roll=zero, tail_headings=np.full((1, N_TAIL), np.pi), tail_lift=height,
        breath=zero + 1,
    )  # fmt: skip
    places = np.array(
        [
            [trunk_length + 0.5 * size, 0.75 * size, 0.12],
            [trunk_length + 0.5 * size, -0.75 * size, 0.12],
            [0.75 * size, 0.8 * size, 0.12],
            [0.75 * size, -0.8 * size, 0.12],
        ]
    )
    paws = Paws(places[None], np.array([[-0.5, -0.5, -0.35, -0.35]]), np.zeros((1, 4)))
    return pose_figure(Stance(carriage, paws), body)


def pose_trunk(c: Carriage, body: Body) -> Trunk:
    """Pose spine, head, tail, and the joints from which the limbs hang."""
    spine = pose_spine(c, body)
    tail = _lay_tail(spine.points["TailBase"], c, body)
    return Trunk(spine.points | tail.points, spine.axes | tail.axes)


def pose_spine(c: Carriage, body: Body) -> Trunk:
    """Pose spine and head, and the joints from which the limbs hang."""
    size = body.size
    axes = {
        "rump": make_axes(c.yaw - c.bend / 3, c.trunk_pitch + 2 * c.arch, 0.5 * c.roll),
        "pelvis": make_axes(c.yaw, c.trunk_pitch + c.arch, 0.7 * c.roll),
        "spine_h": make_axes(c.yaw + c.bend / 2, c.trunk_pitch, c.roll),
        "spine_g": make_axes(c.yaw + c.bend, c.trunk_pitch - c.arch, c.roll),
        "spine_f": make_axes(c.yaw + c.bend + c.head_yaw / 2, c.neck_pitch, c.roll),
        "skull": make_axes(c.yaw + c.bend + c.head_yaw, c.head_pitch, c.roll + c.head_roll),
    }
    hip = np.stack([c.x, c.y, c.hip_height + c.lift], axis=-1)
    points = {"Hip": hip, "TailBase": hip - anatomy.RUMP * size * axes["rump"][..., 0]}
    points["SpineH"] = hip + anatomy.SPINE * size * axes["pelvis"][..., 0]
    points["SpineG"] = points["SpineH"] + anatomy.SPINE * size * axes["spine_h"][..., 0]
    points["SpineF"] = points["SpineG"] + anatomy.SPINE * size * axes["spine_g"][..., 0]
    points["nape"] = points["SpineF"] + anatomy.NECK * size * axes["spine_f"][..., 0]
    points["Snout"] = points["nape"] + anatomy.HEAD * size * axes["skull"][..., 0]
    for side in SIDES:
        points[f"Ear{side}"] = points["nape"] + axes["skull"] @ _mirror(anatomy.EAR, side, size)
        shoulder = _mirror(anatomy.SHOULDER, side, size)
        points[f"Shoulder{side}"] = points["SpineF"] + axes["spine_g"] @ shoulder
        points[f"hip_{side}"] = hip + axes["pelvis"] @ _mirror(anatomy.HIP_JOINT, side, size)
    return Trunk(points, axes)


def _mirror(offset: tuple[float, float, float], side: str, size: float) -> FloatArray:
    return size * np.array(offset) * (1, SIDES[side], 1)


def _lay_tail(start: FloatArray, c: Carriage, body: Body) -> Trunk:
    """Let the tail sink to the floor within a few bones, and rise to its tip from there."""
    length = anatomy.TAIL * body.size * body.tail
    points, axes, at = {"tail_1": start}, {}, start
    for i in range(N_TAIL):
        behind = (i + 1) * length
        share = (i + 1) / N_TAIL
        ground = TAIL_RADIUS[i + 1] * body.size + share * c.tail_lift + c.lift
        sunk = ground + (start[:, 2] - ground) * np.exp(-((behind / TAIL_FALL) ** 1.5))
        pitch = np.arcsin(np.clip((sunk - at[:, 2]) / length, -0.9, 0.9))
        axes[f"tail_{i + 1}"] = make_axes(c.tail_headings[:, i], pitch)
        at = at + length * axes[f"tail_{i + 1}"][..., 0]
        points[f"tail_{i + 2}"] = at
    points |= {"TailMid": points[f"tail_{N_TAIL // 2 + 1}"], "TailEnd": at}
    return Trunk(points, axes)


def _pose_limb(trunk: Trunk, paws: Paws, index: int, body: Body) -> Trunk:
    paw = PAWS[index]
    side, scale = paw[-1], body.size * body.limbs
    tip = make_axes(paws.yaw[:, index], paws.pitch[:, index])
    if paw.startswith("Fore"):
        names, joints = ("upper_arm", "forearm", "hand"), ("Shoulder", "Elbow", "Wrist")
        upper, lower, last = anatomy.UPPER_ARM, anatomy.FOREARM, anatomy.HAND
        root, folds = trunk.points[f"Shoulder{side}"], -1.0
        pole = trunk.axes["spine_g"] @ np.array([-1.0, 0.3 * SIDES[side], -0.1])
    else:
        names, joints = ("thigh", "shank", "foot"), ("hip_", "Knee", "Ankle")
        upper, lower, last = anatomy.THIGH, anatomy.SHANK, anatomy.FOOT
        root, folds = trunk.points[f"hip_{side}"], 1.0
        pole = trunk.axes["pelvis"] @ np.array([1.0, 0.4 * SIDES[side], -0.1])
    goal = paws.places[:, index] - last * scale * tip[..., 0]
    joint, end, axes = bend_limb(
        root, goal, upper * scale, lower * scale, pole, folds=folds, floor=JOINT_RADIUS
    )
    points = {joints[0] + side: root, joints[1] + side: joint, joints[2] + side: end}
    points[paw] = end + last * scale * tip[..., 0]
    frames = dict(zip((f"{name}_{side}" for name in names), (*axes, tip), strict=True))
    if not paw.startswith("Fore"):
        toes_pitch = 0.25 * paws.pitch[:, index]  # the toes stay flatter than the foot
        frames[f"toes_{side}"] = make_axes(paws.yaw[:, index], toes_pitch)
    return Trunk(points, frames)


_ORIGINS: Final = {
    "rump": "TailBase", "pelvis": "Hip", "spine_h": "SpineH", "spine_g": "SpineG",
    "spine_f": "SpineF", "skull": "nape",
    **{f"tail_{i + 1}": f"tail_{i + 1}" for i in range(N_TAIL)},
    **{
        f"{bone}_{side}": f"{joint}{side}"
        for side in "LR"
        for bone, joint in (
            ("upper_arm", "Shoulder"), ("forearm", "Elbow"), ("hand", "Wrist"),
            ("thigh", "hip_"), ("shank", "Knee"), ("foot", "Ankle"), ("toes", "Hindpaw"),
        )
    },
}  # fmt: skip
