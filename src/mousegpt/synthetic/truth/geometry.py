"""The posture facts of exact keypoints, as `core.facts` defines them.

Written apart from `mousegpt.kinematics`, so that either can be the judge of the other: nothing is
smoothed here, and a velocity is the difference between the two neighbouring frames.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.core.facts import SPEEDS
from mousegpt.core.skeleton import BODY_GROUPS, KEYPOINTS
from mousegpt.synthetic.arena import SyntheticArena, measure_wall_distance

#: the names of the paws in facts and states, and their keypoints
PAWS: Final = {
    "forepaw_left": "ForepawL",
    "forepaw_right": "ForepawR",
    "hindpaw_left": "HindpawL",
    "hindpaw_right": "HindpawR",
}

Points = dict[str, FloatArray]  # keypoint -> (time, 3), cm
Facts = dict[str, FloatArray]  # fact -> (time,)


def measure_facts(
    keypoints: FloatArray, contacts: BoolArray, arena: SyntheticArena, *, fps: float
) -> Facts:
    """Measure the facts of every frame.

    Parameters
    ----------
    keypoints
        Shape (time, 24, 3), cm, the floor at z = 0.
    contacts
        Shape (time, 4), in the order of `PAWS`: a planted paw has no speed.

    Returns
    -------
    dict
        Every fact, the six signed speeds, ``length`` from snout to tail base; angles in degrees,
        lengths in cm, rates per second.
    """
    points = {name: np.ascontiguousarray(keypoints[:, i]) for i, name in enumerate(KEYPOINTS)}
    points["trunk"] = _average(points, BODY_GROUPS["body"])
    points["ears"] = _average(points, ("EarL", "EarR"))
    left, heading = _orient(points)
    facts = _measure_places(points, arena) | _measure_angles(points, left, heading)
    facts |= _measure_course(points, heading, facts["heading"], fps)
    facts |= _measure_relative_speeds(points, np.radians(facts["turning_rate"]), contacts, fps)
    return facts | _measure_signed_speeds(points, fps)


def _average(points: Points, names: tuple[str, ...]) -> FloatArray:
    return np.asarray(sum(points[name] for name in names) / len(names))


def _orient(points: Points) -> tuple[FloatArray, FloatArray]:
    """Return the unit vectors to the left, square to the trunk, and ahead, in the floor plane.

    On all fours left lies in the floor plane; the steeper the trunk, the more shoulders and knees
    have a say, so that an upright mouse keeps its sides.
    """
    trunk = _normalize(points["SpineF"] - points["TailBase"])
    shoulders = points["ShoulderL"] - points["ShoulderR"]
    limbs = _normalize(shoulders + points["KneeL"] - points["KneeR"])
    limbs = limbs - _dot(limbs, trunk)[:, None] * trunk
    flat = np.stack([-trunk[:, 1], trunk[:, 0], np.zeros(len(trunk))], axis=-1)
    left = _normalize(flat + trunk[:, 2:] ** 2 * limbs)
    ahead = np.stack([left[:, 1], -left[:, 0], np.zeros(len(left))], axis=-1)
    return left, _normalize(ahead)


def _measure_places(points: Points, arena: SyntheticArena) -> Facts:
    length = np.linalg.norm(points["Snout"] - points["TailBase"], axis=-1)
    facts = {
        "x": points["trunk"][:, 0],
        "y": points["trunk"][:, 1],
        "wall_distance": measure_wall_distance(arena, points["trunk"][:, :2]),
        "snout_wall_distance": measure_wall_distance(arena, points["Snout"][:, :2]),
        "snout_height": points["Snout"][:, 2],
        "tail_height": points["TailMid"][:, 2],
        "hip_height": points["Hip"][:, 2],
        "length": length,
        "stretch": length / np.median(length),
    }
    facts |= {f"{paw}_height": points[name][:, 2] for paw, name in PAWS.items()}
    return facts | {
        f"{paw}_face_distance": np.linalg.norm(points[PAWS[paw]] - points["Snout"], axis=-1)
        for paw in ("forepaw_left", "forepaw_right")
    }


def _measure_angles(points: Points, left: FloatArray, heading: FloatArray) -> Facts:
    trunk = _normalize(points["SpineF"] - points["TailBase"])
    head = _normalize(points["Snout"] - points["ears"])
    fore = _normalize(points["SpineF"] - points["SpineG"])
    hind = _normalize(points["SpineG"] - points["TailBase"])
    tail = points["TailEnd"] - points["TailBase"]
    dorsal = np.cross(trunk, left)
    pitch_of_fore, pitch_of_hind = (
        _angle(part[:, 2], _dot(part, heading)) for part in (fore, hind)
    )
    return {
        "heading": _angle(heading[:, 1], heading[:, 0]),
        "head_pitch": _elevation(head[:, 2]),
        "head_pitch_trunk": _angle(_dot(head, dorsal), _dot(head, trunk)),
        "head_yaw": _elevation(_dot(head, left)),
        "tail_bend": _angle(_dot(tail, left), -_dot(tail, heading)),
        "trunk_pitch": _angle(trunk[:, 2], _dot(trunk, heading)),
        "spine_bend_vertical": pitch_of_hind - pitch_of_fore,
        "spine_bend_horizontal": _elevation(_dot(fore, left)) - _elevation(_dot(hind, left)),
    }


def _measure_course(
    points: Points, heading: FloatArray, heading_deg: FloatArray, fps: float
) -> Facts:
    velocity = _differentiate(points["trunk"], fps)
    across = np.stack([-heading[:, 1], heading[:, 0], heading[:, 2]], axis=-1)
    return {
        "turning_rate": _differentiate(np.unwrap(heading_deg, period=360), fps),
        "progression": _dot(velocity, heading),
        "sideways": _dot(velocity, across),
        "hind_progression": _dot(_differentiate(points["TailBase"], fps), heading),
        "vertical_speed": _differentiate(points["SpineF"][:, 2], fps),
    }


def _measure_relative_speeds(
    points: Points, turning: FloatArray, contacts: BoolArray, fps: float
) -> Facts:
    """Measure how fast head and paws go in the eyes of the trunk, which shifts and turns."""
    carried = _differentiate(points["trunk"], fps)

    def follow(name: str, velocity: FloatArray) -> FloatArray:
        arm = points[name] - points["trunk"]
        spun = np.stack([-arm[:, 1], arm[:, 0], np.zeros(len(arm))], axis=-1) * turning[:, None]
        return np.asarray(np.linalg.norm(velocity - carried - spun, axis=-1))

    facts = {"head_speed_relative": follow("Snout", _differentiate(points["Snout"], fps))}
    for planted, (paw, name) in zip(contacts.T, PAWS.items(), strict=True):
        velocity = _differentiate(points[name], fps)
        free = np.minimum(np.linalg.norm(velocity, axis=-1), follow(name, velocity))
        facts[f"{paw}_speed"] = np.where(planted, 0.0, free)
    return facts


def _measure_signed_speeds(points: Points, fps: float) -> Facts:
    """Measure Eq. 4 of the paper: how fast a part goes, positive towards the head."""
    base = points["SpineG"] - points["SpineH"]
    velocities = [
        _differentiate(_average(points, names), fps)
        for group, names in BODY_GROUPS.items()
        if group != "tail"
    ]
    return {
        name: np.where(_dot(v, base) < 0, -1.0, 1.0) * np.linalg.norm(v, axis=-1)
        for name, v in zip(SPEEDS, velocities, strict=True)
    }


def _differentiate(values: FloatArray, fps: float) -> FloatArray:
    if len(values) < 2:
        return np.zeros_like(values)
    return np.asarray(np.gradient(values, axis=0) * fps)


def _normalize(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ti,ti->t", a, b))


def _angle(opposite: FloatArray, adjacent: FloatArray) -> FloatArray:
    return np.asarray(np.degrees(np.arctan2(opposite, adjacent)))


def _elevation(rise: FloatArray) -> FloatArray:
    return np.asarray(np.degrees(np.arcsin(np.clip(rise, -1, 1))))
