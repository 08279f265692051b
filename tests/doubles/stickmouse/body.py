"""A mouse of sticks in closed form: from posture channels to the 24 keypoints.

World frame: floor at z = 0, z up, centimetres. The root is the floor point below ``Hip``.
The head, spine and tail are chains; the limbs follow their paws by two-bone inverse kinematics, so
that upper arm, forearm, shank, foot, head and spine keep their lengths. Proportions follow hand
labels of real mice (nose to tail base about 8 cm at rest).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.skeleton import KEYPOINTS

NECK, HEAD, SPINE, RUMP, TAIL = 0.9, 2.7, 1.2, 1.2, 3.0  # cm, one segment each
EAR = (0.2, 1.0, 0.7)  # from the nape, in the head's frame: forward, outward, up
SHOULDER = (0.35, 0.75, -0.75)  # from SpineF, in the trunk's frame
HIP_JOINT = (0.1, 0.7, -0.7)  # from Hip
UPPER_ARM, FOREARM, FOREPAW = 1.16, 1.25, 0.55
THIGH, SHANK, HINDPAW = 1.5, 1.7, 1.5
SIDES = {"L": 1.0, "R": -1.0}  # left is +y when the mouse looks along +x


@dataclass(frozen=True, eq=False)
class Stance:
    """Posture channels of every frame, each of shape (time,); angles in radians, lengths in cm.

    ``paws`` maps a paw keypoint to the place that it is drawn to on the ground, at the wall or in
    the air, shape (time, 3) from the root; ``at_face`` (0 to 1) draws both forepaws to the snout
    instead, and ``stroke`` moves them along it.
    """

    x: FloatArray
    y: FloatArray
    yaw: FloatArray
    hip_height: FloatArray
    trunk_pitch: FloatArray
    arch: FloatArray
    bend: FloatArray
    head_pitch: FloatArray
    head_yaw: FloatArray
    tail_yaw: FloatArray
    tail_height: FloatArray
    lift: FloatArray
    at_face: FloatArray
    stroke: FloatArray
    paws: dict[str, FloatArray]


def pose_skeleton(stance: Stance) -> FloatArray:
    """Place the 24 keypoints of a mouse of size one.

    Returns
    -------
    FloatArray
        Positions in cm, shape (time, 24, 3), in the order of ``KEYPOINTS``.
    """
    points = _place_trunk(stance)
    for side in SIDES:
        points |= _place_forelimb(stance, points, side) | _place_hindlimb(stance, points, side)
    skeleton = np.stack([points[name] for name in KEYPOINTS], axis=1)
    return np.asarray(skeleton + np.stack([stance.x, stance.y, stance.lift], axis=-1)[:, None])


def make_frame(yaw: FloatArray, pitch: FloatArray) -> FloatArray:
    """Return axes (forward, left, up) as columns, shape (time, 3, 3); positive pitch looks up."""
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    zero = np.zeros_like(cy)
    forward = np.stack([cy * cp, sy * cp, sp], axis=-1)
    left = np.stack([-sy, cy, zero], axis=-1)
    up = np.stack([-cy * sp, -sy * sp, cp], axis=-1)
    return np.stack([forward, left, up], axis=-1)


def _place_trunk(s: Stance) -> dict[str, FloatArray]:
    zero = np.zeros_like(s.x)
    hip = np.stack([zero, zero, s.hip_height], axis=-1)
    spine_h = hip + SPINE * make_frame(s.yaw, s.trunk_pitch + s.arch)[..., 0]
    spine_g = spine_h + SPINE * make_frame(s.yaw + s.bend / 2, s.trunk_pitch)[..., 0]
    spine_f = spine_g + SPINE * make_frame(s.yaw + s.bend, s.trunk_pitch - s.arch)[..., 0]
    neck_pitch = (s.trunk_pitch - s.arch + s.head_pitch) / 2
    nape = spine_f + NECK * make_frame(s.yaw + s.bend + s.head_yaw / 2, neck_pitch)[..., 0]
    head = make_frame(s.yaw + s.bend + s.head_yaw, s.head_pitch)
    rump_pitch = s.trunk_pitch + 2 * s.arch
    tail_base = hip - RUMP * make_frame(s.yaw, np.minimum(rump_pitch, 1.3))[..., 0]
    tail_mid = _lay_tail(tail_base, s.tail_yaw, s.tail_height)
    return {
        "Hip": hip,
        "SpineH": spine_h,
        "SpineG": spine_g,
        "SpineF": spine_f,
        "Snout": nape + HEAD * head[..., 0],
        "EarL": nape + head @ np.array(EAR),
        "EarR": nape + head @ (np.array(EAR) * (1, -1, 1)),
        "TailBase": tail_base,
        "TailMid": tail_mid,
        "TailEnd": _lay_tail(tail_mid, 2 * s.tail_yaw - s.yaw, 0.6 * s.tail_height),
    }


def _lay_tail(start: FloatArray, yaw: FloatArray, height: FloatArray) -> FloatArray:
    """Follow the tail backwards until it has come down to ``height``, or as near as it reaches."""
    drop = np.clip((start[:, 2] - height) / TAIL, -0.9, 0.9)
    return start - TAIL * make_frame(yaw, np.arcsin(drop))[..., 0]


def _place_forelimb(s: Stance, points: dict[str, FloatArray], side: str) -> dict[str, FloatArray]:
    mirror = np.array([1, SIDES[side], 1])
    chest = make_frame(s.yaw + 0.7 * s.bend, s.trunk_pitch - 0.5 * s.arch)
    shoulder = points["SpineF"] + chest @ (np.array(SHOULDER) * mirror)
    head = make_frame(s.yaw + s.bend + s.head_yaw, s.head_pitch)
    cheek = np.stack(
        [-0.8 - 1.0 * s.stroke, np.full_like(s.x, 0.35 * SIDES[side]), -0.35 + 0.3 * s.stroke],
        axis=-1,
    )
    face = points["Snout"] + np.einsum("tij,tj->ti", head, cheek)
    weight = s.at_face[:, None]
    paw = (1 - weight) * s.paws[f"Forepaw{side}"] + weight * face
    ahead = make_frame(s.yaw + s.bend, np.full_like(s.x, -0.5) + 1.1 * s.at_face)[..., 0]
    pole = chest @ np.array([-1.0, 0.4 * SIDES[side], -0.3])
    elbow, wrist = bend_limb(shoulder, paw - FOREPAW * ahead, UPPER_ARM, FOREARM, pole)
    return {
        f"Shoulder{side}": shoulder,
        f"Elbow{side}": elbow,
        f"Wrist{side}": wrist,
        f"Forepaw{side}": wrist + FOREPAW * ahead,
    }


def _place_hindlimb(s: Stance, points: dict[str, FloatArray], side: str) -> dict[str, FloatArray]:
    mirror = np.array([1, SIDES[side], 1])
    joint = points["Hip"] + make_frame(s.yaw, 0.5 * s.trunk_pitch) @ (np.array(HIP_JOINT) * mirror)
    toes = make_frame(s.yaw + 0.15 * SIDES[side], np.full_like(s.x, -0.4))[..., 0]
    pole = make_frame(s.yaw, s.trunk_pitch) @ np.array([1.0, 0.5 * SIDES[side], 0.2])
    ankle_goal = s.paws[f"Hindpaw{side}"] - HINDPAW * toes
    knee, ankle = bend_limb(joint, ankle_goal, THIGH, SHANK, pole)
    return {
        f"Knee{side}": knee,
        f"Ankle{side}": ankle,
        f"Hindpaw{side}": ankle + HINDPAW * toes,
    }


def bend_limb(
    root: FloatArray, goal: FloatArray, upper: float, lower: float, pole: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Bend a limb of two bones from ``root`` towards ``goal``; the joint points to ``pole``.

    Returns
    -------
    joint, end
        Shape (time, 3). A goal out of reach is approached along the straight line to it.

    Examples
    --------
    >>> joint, end = bend_limb(
    ...     np.zeros((1, 3)), np.array([[9.0, 0.0, 0.0]]), 1.0, 1.0, np.array([[0.0, 0.0, 1.0]])
    ... )
    >>> bool(np.allclose(end, [[2.0, 0.0, 0.0]], atol=0.01))
    True
    """
    line = goal - root
    distance = np.linalg.norm(line, axis=-1, keepdims=True)
    axis = line / np.maximum(distance, 1e-9)
    reach = np.clip(distance, abs(upper - lower) + 0.05, 0.999 * (upper + lower))
    along = (reach**2 + upper**2 - lower**2) / (2 * reach)
    away = pole - axis * np.sum(pole * axis, axis=-1, keepdims=True)
    away /= np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), 1e-9)
    joint = root + along * axis + np.sqrt(np.maximum(upper**2 - along**2, 0)) * away
    return joint, root + reach * axis
