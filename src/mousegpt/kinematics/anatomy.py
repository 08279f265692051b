"""What can be read off one posture: places, angles and distances of the body's parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.recording import Arena
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.kinematics.landmarks import EARS, TRUNK, Landmark, choose_first

UP = np.array([0.0, 0.0, 1.0])
PAWS = {
    "forepaw_left": "ForepawL",
    "forepaw_right": "ForepawR",
    "hindpaw_left": "HindpawL",
    "hindpaw_right": "HindpawR",
}


@dataclass(frozen=True)
class Anatomy:
    """Which keypoints stand for the parts of one individual's body.

    ``nape`` is the head's rear end, ``front`` and ``rear`` are the ends of the trunk, ``middle``
    its bend, ``trunk`` the points whose mean is the trunk's centre.
    """

    nape: Landmark
    front: Landmark
    middle: Landmark
    rear: Landmark
    trunk: Landmark
    tail_tip: Landmark


def choose_anatomy(points: FloatArray) -> Anatomy:
    """Choose for every part the best landmark that is known nearly as often as any other.

    Parameters
    ----------
    points
        Shape (time, 24, 3).
    """
    known = np.asarray(np.isfinite(points).all(axis=-1))

    def first(*options: Landmark) -> Landmark:
        seen = [np.asarray(known[:, index_keypoints(o)].all(axis=1)) for o in options]
        return options[choose_first(seen)]

    counts = {name: int(known[:, index_keypoints((name,))].sum()) for name in TRUNK}
    front, rear = first(("SpineF",), EARS), first(("TailBase",), ("Hip",))
    trunk = tuple(n for n in TRUNK if counts[n] >= 0.8 * max(max(counts.values()), 1))
    return Anatomy(
        nape=first(EARS, ("SpineF",)),
        front=front,
        middle=first(("SpineG",), ("SpineH",)),
        rear=rear,
        trunk=trunk if len(trunk) > 1 else front + rear,
        tail_tip=first(("TailEnd",), ("TailMid",)),
    )


def index_keypoints(landmark: Landmark) -> list[int]:
    """Return the places of a landmark's keypoints in `KEYPOINTS`."""
    return [KEYPOINTS.index(name) for name in landmark]


def measure_posture(
    points: FloatArray, anatomy: Anatomy, arena: Arena | None
) -> dict[str, FloatArray]:
    """Measure the facts that a single posture holds.

    Parameters
    ----------
    points
        Shape (n, 24, 3), z = height above the floor (0 for 2-D poses).

    Returns
    -------
    dict
        Fact name to values, shape (n,); angles in degrees. ``length`` is snout to tail base.

    Notes
    -----
    The body's axes: *trunk* from rear to front; *left* square to it, horizontal on all fours, and
    taken more and more from shoulders and knees as the trunk goes upright; *heading* horizontal,
    square to *left*. So an upright mouse still has a heading, a left and a right.
    """

    def at(*names: str) -> FloatArray:
        return np.asarray(points[:, index_keypoints(names)].mean(axis=1))

    front, rear, snout, tail_base = (
        at(*anatomy.front),
        at(*anatomy.rear),
        at("Snout"),
        at("TailBase"),
    )
    trunk = _unit(front - rear)
    left = _find_left(points, trunk)
    heading = _unit(np.cross(left, UP))
    dorsal = np.cross(trunk, left)
    head = _unit(snout - at(*anatomy.nape))
    fore = _unit(front - at(*anatomy.middle)) if anatomy.front == ("SpineF",) else np.nan * front
    hind = _unit(at(*anatomy.middle) - rear)
    tail = at(*anatomy.tail_tip) - tail_base
    center = at(*anatomy.trunk)
    facts: dict[str, FloatArray] = {
        "x": center[:, 0],
        "y": center[:, 1],
        "wall_distance": measure_wall_distance(center, arena),
        "snout_wall_distance": measure_wall_distance(snout, arena),
        "heading": _angle(heading[:, 1], heading[:, 0]),
        "fore_height": front[:, 2],
        "snout_height": snout[:, 2],
        "head_pitch": _rise(head, UP),
        "head_pitch_trunk": _angle(_dot(head, dorsal), _dot(head, trunk)),
        "head_yaw": _rise(head, left),
        "tail_height": at("TailMid")[:, 2],
        "tail_bend": _angle(_dot(tail, left), -_dot(tail, heading)),
        "trunk_pitch": _angle(trunk[:, 2], _dot(trunk, heading)),
        "spine_bend_vertical": _angle(hind[:, 2], _dot(hind, heading))
        - _angle(fore[:, 2], _dot(fore, heading)),
        "spine_bend_horizontal": _rise(fore, left) - _rise(hind, left),
        "length": np.linalg.norm(snout - tail_base, axis=1),
        "hip_height": at("Hip")[:, 2],
    }
    return facts | _measure_paws({paw: at(name) for paw, name in PAWS.items()}, snout)


def _measure_paws(paws: dict[str, FloatArray], snout: FloatArray) -> dict[str, FloatArray]:
    heights = {f"{paw}_height": place[:, 2] for paw, place in paws.items()}
    return heights | {
        f"{paw}_face_distance": np.linalg.norm(paws[paw] - snout, axis=1)
        for paw in ("forepaw_left", "forepaw_right")
    }


def measure_wall_distance(points: FloatArray, arena: Arena | None) -> FloatArray:
    """Return the distance to the nearest wall, negative beyond it; NaN without an arena.

    >>> ring = Arena(shape="circle", width_cm=20)
    >>> measure_wall_distance(np.array([[6.0, 8.0, 0.0], [12.0, 0.0, 0.0]]), ring)
    array([ 0., -2.])
    """
    if arena is None:
        return np.full(len(points), np.nan)
    away = np.abs(points[:, :2] - np.array(arena.center or (0.0, 0.0)))
    if arena.shape == "circle":
        return np.asarray(arena.width_cm / 2 - np.linalg.norm(away, axis=1))
    sides = np.array([arena.width_cm, arena.length_cm or arena.width_cm])
    return np.asarray((sides / 2 - away).min(axis=1))


def propagate_noise(
    measure: Callable[[FloatArray], dict[str, FloatArray]],
    points: FloatArray,
    step: float,
) -> dict[str, FloatArray]:
    """Return how strongly every fact answers to every keypoint: the length of its gradient.

    Parameters
    ----------
    measure
        From points, shape (n, keypoint, 3), to facts.
    step
        Length by which a coordinate is moved; small against the body.

    Returns
    -------
    dict
        Fact name to shape (n, keypoint), in units of the fact per unit of length. The variance of
        a fact is the sum of squares of this times the keypoints' standard deviations.
    """
    base = measure(points)
    square = {name: np.zeros(points.shape[:2]) for name in base}
    for keypoint in np.flatnonzero(np.isfinite(points).all(axis=-1).any(axis=0)):
        for axis in range(3):
            moved = points.copy()
            moved[:, keypoint, axis] += step
            for name, values in measure(moved).items():
                shift = values - base[name]
                change = wrap_degrees(shift) if is_angle(name) else shift
                square[name][:, keypoint] += np.nan_to_num(change / step) ** 2
    return {name: np.sqrt(values) for name, values in square.items()}


def is_angle(name: str) -> bool:
    """Say whether a fact is an angle, which 360 degrees leave as it is."""
    return "pitch" in name or "yaw" in name or "bend" in name or name == "heading"


def wrap_degrees(angle: FloatArray) -> FloatArray:
    """Bring angles into [-180, 180).

    >>> float(wrap_degrees(np.array(190.0)))
    -170.0
    """
    return np.asarray((angle + 180) % 360 - 180)


def _find_left(points: FloatArray, trunk: FloatArray) -> FloatArray:
    across = np.cross(UP, trunk)
    limbs = [
        points[:, KEYPOINTS.index(f"{joint}L")] - points[:, KEYPOINTS.index(f"{joint}R")]
        for joint in ("Shoulder", "Knee")
    ]
    seen = np.nan_to_num(_unit(np.nan_to_num(limbs[0]) + np.nan_to_num(limbs[1])))
    square = seen - _dot(seen, trunk)[:, None] * trunk
    return _unit(across + (trunk[:, 2] ** 2)[:, None] * square)


def _unit(vector: FloatArray) -> FloatArray:
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    return np.asarray(vector / np.where(length > 0, length, np.nan))


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray((a * b).sum(axis=-1))


def _angle(opposite: FloatArray, adjacent: FloatArray) -> FloatArray:
    return np.asarray(np.degrees(np.arctan2(opposite, adjacent)))


def _rise(direction: FloatArray, axis: FloatArray) -> FloatArray:
    """Return the angle of a unit vector above the plane square to ``axis``."""
    return np.asarray(np.degrees(np.arcsin(np.clip(_dot(direction, axis), -1, 1))))
