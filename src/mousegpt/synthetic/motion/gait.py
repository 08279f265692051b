"""Steps: paws that stand still on the ground, lifted in turn as fast as the body needs it.

Every paw has a neutral place below its shoulder or hip joint. A cycle advances with the fastest
motion of any neutral place, whether the mouse walks, turns or merely shifts its posture; each paw
lifts once a cycle and lands where its neutral place will be half-way through the stance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mousegpt.core.arrays import FloatArray
from mousegpt.synthetic.motion.timeline import ease

#: when in the cycle the paws lift, in the order of anatomy.PAWS
WALK: Final = np.array([0.25, 0.75, 0.0, 0.5])  # lateral sequence: hind, fore of the same side
TROT: Final = np.array([0.5, 1.0, 0.0, 0.5])  # diagonal pairs
BOUND: Final = np.array([0.40, 0.48, 0.0, 0.08])  # hind paws together
TROT_CM_S: Final = (14.0, 24.0)  # from walk to trot between these speeds
BOUND_CM_S: Final = (29.0, 36.0)
LONGEST_SWING_S: Final = 0.14
START: Final = 0.12  # of the cycle: no paw has just lifted
RAISED: Final = 0.5  # a paw raised further than this is in the air
READY_S: Final = 0.2  # before it is raised, a paw stands where it is neutral
PAD_HEIGHT: Final = 0.12  # of a standing paw's keypoint, cm
HEEL_OFF_S: Final = 0.1  # before it lifts, the heel of a paw rises for so long at most


@dataclass(frozen=True, eq=False)
class Steps:
    """Paws over time, in the order of ``anatomy.PAWS``.

    ``places``, shape (time, 4, 3), cm; ``yaw``, shape (time, 4), of the standing paw;
    ``swing``, shape (time, 4): progress of the step, 1 = it stands; ``push``, shape (time, 4): 0-1,
    how near it is to lifting; ``cycle``, shape (time,): strides since the beginning.
    """

    places: FloatArray
    yaw: FloatArray
    swing: FloatArray
    push: FloatArray
    cycle: FloatArray


def take_steps(
    neutral: FloatArray,
    raised: FloatArray,
    progression: FloatArray,
    times: FloatArray,
    *,
    fps: float,
    scale: float,
) -> Steps:
    """Step so that the paws keep near their neutral places.

    Parameters
    ----------
    neutral
        Neutral places and headings of the paws: x, y (cm), yaw (radians), shape (time, 4, 3).
    raised
        How much each paw is taken off the ground for something else, 0-1, shape (time, 4). It
        does not call for steps then, and comes down at its neutral place.
    progression
        Smooth forward speed, cm/s, shape (time,): chooses walk, trot or half-bound.
    scale
        Size of the mouse.
    """
    motion = np.linalg.norm(np.gradient(neutral[..., :2], axis=0), axis=-1) * fps
    motion = (motion * (raised < RAISED)).max(axis=1)
    effort = gaussian_filter1d(motion, 0.05 * fps, mode="nearest") / scale
    rate = effort / (1.45 + 0.105 * effort)  # strides/s: strides get longer and quicker
    cycle = START + np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / (2 * fps))])
    cycle += 1e-8 * np.arange(len(cycle))  # strictly increasing
    duty = 0.72 - 0.22 * np.clip((effort - 5) / 25, 0, 1)
    duty -= 0.12 * np.clip((progression - BOUND_CM_S[0]) / 7, 0, 1)
    parts = [
        _swing_paw(
            _land_raised(
                _plan_footfalls(neutral[:, i], cycle, lift, duty, times),
                neutral[:, i], raised[:, i], times,
            ),
            times, tall=1.0 if i < 2 else 0.7, scale=scale,
        )
        for i, lift in enumerate(_time_lifts(progression).T)
    ]  # fmt: skip
    places, yaw, swing, push = (
        np.stack([part[j] for part in parts], axis=1) for j in range(len(parts[0]))
    )
    return Steps(places, yaw, swing, push, cycle)


def _time_lifts(progression: FloatArray) -> FloatArray:
    """Return when in the cycle each paw lifts, shape (time, 4)."""
    trot, bound = (
        ease((progression - low) / (high - low))[:, None] for low, high in (TROT_CM_S, BOUND_CM_S)
    )
    walk = WALK + trot * (TROT - WALK)
    return np.asarray(walk + bound * (BOUND - walk))


@dataclass(frozen=True, eq=False)
class Footfalls:
    """Steps of one paw: when it lifts and lands (s), and where: x, y, yaw, shape (step, 3)."""

    up: FloatArray
    down: FloatArray
    places: FloatArray


def _plan_footfalls(
    neutral: FloatArray, cycle: FloatArray, lift: FloatArray, duty: FloatArray, times: FloatArray
) -> Footfalls:
    count = np.arange(-2, np.ceil(cycle[-1]) + 2)
    begin = count + np.interp(count + 0.5, cycle, lift)
    stands = np.interp(begin, cycle, duty)
    up = np.interp(begin, cycle, times)
    up = np.where(begin < cycle[0], times[0] - 1 + 0.1 * count, up)
    up = np.where(begin > cycle[-1], times[-1] + 1 + count, up)
    down = np.clip(np.interp(begin + 1 - stands, cycle, times), up + 0.03, up + LONGEST_SWING_S)
    middle = begin + 1 - stands / 2
    places = np.stack([np.interp(middle, cycle, column) for column in neutral.T], axis=1)
    return Footfalls(up, down, places)


def _land_raised(
    steps: Footfalls, neutral: FloatArray, raised: FloatArray, times: FloatArray
) -> Footfalls:
    """Replace the steps that fall into the time a paw is raised by one to where it comes down."""
    edges = np.flatnonzero(np.diff(np.r_[False, raised > RAISED, False]))
    if len(edges) == 0:
        return steps
    begins, ends = edges[::2], edges[1::2]
    landed = np.r_[np.flatnonzero(raised < 0.05), len(times) - 1]
    lands = landed[np.minimum(np.searchsorted(landed, ends), len(landed) - 1)]
    starts, stops = times[begins], times[lands]
    during = np.searchsorted(starts, steps.up, side="right") - 1
    free = (during < 0) | (steps.up > stops[np.maximum(during, 0)])
    places = steps.places[free]
    before = np.searchsorted(steps.up[free], starts) - 1
    ready = np.searchsorted(times, starts - READY_S).clip(0, len(times) - 1)
    places[before] = neutral[ready]  # not ahead, where it would be half-way through the stance
    up = np.concatenate([steps.up[free], starts])
    order = np.argsort(up, kind="stable")
    down = np.concatenate([steps.down[free], starts + 0.03])
    places = np.concatenate([places, neutral[lands]])
    return Footfalls(up[order], down[order], places[order])


def _swing_paw(
    steps: Footfalls, times: FloatArray, *, tall: float, scale: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    last = np.clip(np.searchsorted(steps.up, times, side="right") - 1, 1, len(steps.up) - 2)
    up, down, falls = steps.up, steps.down, steps.places
    swing = np.clip((times - up[last]) / (down[last] - up[last]), 0, 1)
    before, after = falls[last - 1], falls[last]
    place = before + ease(swing)[:, None] * (after - before)
    length = np.linalg.norm((after - before)[:, :2], axis=1)
    height = tall * np.clip(0.3 * length, 0.04, 0.65 * scale) * np.sin(np.pi * swing) ** 2
    points = np.stack([place[:, 0], place[:, 1], PAD_HEIGHT + height], axis=1)
    heel_off = np.minimum(HEEL_OFF_S, 0.6 * (up[last + 1] - down[last]).clip(1e-3))
    stride = np.linalg.norm((falls[last + 1] - after)[:, :2], axis=1) / (1.5 * scale)
    push = ease(1 - (up[last + 1] - times) / heel_off) * np.clip(stride, 0, 1)
    return points, place[:, 2], swing, push
