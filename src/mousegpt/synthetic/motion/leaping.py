"""Jumps: both hind legs push, the body falls freely, the legs catch it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.synthetic.behaviors import BEHAVIORS
from mousegpt.synthetic.motion.timeline import Timeline, ease

GRAVITY: Final = 981.0  # cm/s²
LONGEST_FLIGHT_S: Final = 0.2
LONGEST_PUSH_S: Final = 0.05
CROUCH_S: Final = 0.25  # before a jump the mouse sinks


@dataclass(frozen=True, eq=False)
class Leap:
    """``lift``: height above the standing posture, cm; ``sink``: cm of crouching before it.

    ``fore`` and ``hind``: how much these paws are off the ground, 0-1; ``flown``: share of the
    flight that is over. Each of shape (time,).
    """

    lift: FloatArray
    sink: FloatArray
    fore: FloatArray
    hind: FloatArray
    flown: FloatArray


def leap(timeline: Timeline) -> Leap:
    """Jump in closed form: push at constant acceleration, free fall, landing as the push."""
    length, u = timeline.length, timeline.since
    jumps = timeline.shows("jumping")
    flight = np.minimum(0.62 * length, LONGEST_FLIGHT_S * np.sqrt(timeline.vigor.clip(0.6, 1.2)))
    push = np.minimum(0.15 * length, LONGEST_PUSH_S)
    speed = GRAVITY * flight / 2
    air = np.clip(u - push, 0, flight)
    pushed = np.clip(u, 0, push)
    caught = np.clip(u - push - flight, 0, push)
    lift = speed / push * (pushed**2 + caught**2) / 2
    lift += speed * air - GRAVITY * air**2 / 2 - speed * caught
    after = u - push - flight
    fore = ease(u / push) * ease(1 - after / push)
    hind = ease(1 + (u - push) / 0.02) * ease(1 - after / 0.03)
    next_jumps = timeline.next_code == BEHAVIORS.index("jumping")
    sink = np.where(jumps, 1 - ease(u / push), 0.0)
    sink = sink + np.where(next_jumps & ~jumps, ease(1 - timeline.left / CROUCH_S), 0.0)
    return Leap(
        lift=np.where(jumps, lift, 0.0),
        sink=0.5 * sink,
        fore=np.where(jumps, fore, 0.0),
        hind=np.where(jumps, hind, 0.0),
        flown=np.where(jumps, air / flight, 0.0),
    )
