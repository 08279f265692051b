"""How far a word may be stretched: the widest fair range of what is measured.

The checker is not the describer. A describer says "up" when it is sure; a reader takes "up" for
wrong only when the head is plainly not up. So each border lies, by a slack, on the generous side
of that of the describer, and a value within the slack is neither supported nor contradicted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from mousegpt.core.facts import FACTS


@dataclass(frozen=True)
class Scale:
    """How one fact is cut into the values of a state: ``values[0]`` lies below ``edges[0]``.

    Lengths and speeds are in body lengths (per second), angles in degrees.
    """

    fact: str
    edges: tuple[float, ...]
    values: tuple[str, ...]
    slack: float


#: State -> the scale of the fact behind it; other states are compared by their values alone.
SCALES: Final[dict[str, Scale]] = {
    "pace": Scale("speed", (0.25, 0.9, 2.0), ("still", "slow", "moderate", "rapid"), 0.08),
    "turning": Scale(
        "turning_rate", (-120, -30, 30, 120),
        ("sharp right", "right", "none", "left", "sharp left"), 10,
    ),
    "vertical_motion": Scale("vertical_speed", (-0.4, 0.4), ("lowering", "none", "rising"), 0.1),
    "head_pitch": Scale("head_pitch", (-40, 5), ("down", "level", "up"), 5),
    "head_yaw": Scale(
        "head_yaw", (-40, -15, 15, 40),
        ("right", "slightly right", "straight", "slightly left", "left"), 4,
    ),
    "head_height": Scale("snout_height", (0.12, 0.5), ("low", "middle", "high"), 0.04),
    "head_movement": Scale("head_speed_relative", (0.5,), ("still", "moving"), 0.1),
    **{
        f"{paw}_{side}": Scale(f"{paw}_{side}_height", (0.09,), ("ground", "air"), 0.02)
        for paw in ("forepaw", "hindpaw")
        for side in ("left", "right")
    },
    "tail_height": Scale("tail_height", (0.2,), ("ground", "raised"), 0.04),
    "tail_shape": Scale("tail_bend", (-25, 25), ("curved right", "straight", "curved left"), 5),
    "trunk_pitch": Scale(
        "trunk_pitch", (-20, 30, 50), ("declined", "horizontal", "inclined", "upright"), 5
    ),
    "spine_vertical": Scale("spine_bend_vertical", (-15, 45), ("hollow", "flat", "arched"), 5),
    "spine_horizontal": Scale(
        "spine_bend_horizontal", (-20, 20), ("bent right", "straight", "bent left"), 4
    ),
    "stretch": Scale("stretch", (0.85, 1.15), ("compact", "relaxed", "elongated"), 0.03),
}  # fmt: skip

_DIMENSIONS: Final = {fact.name: fact.dimension for fact in FACTS} | {"speed": "speed"}
_UNITS: Final = {"angle": "deg", "angular speed": "deg/s", "ratio": ""}
#: A paw that is at the face, on the wall or at the neck is above the floor.
_ALOFT: Final = ("face", "wall", "neck")


@dataclass(frozen=True)
class Measured:
    """A fact of a frame, in the unit of its scale."""

    fact: str
    value: float
    sd: float
    unit: str


def measure_fact(scale: Scale, frame: Mapping[str, Any]) -> Measured | None:
    """Return the fact of a scale; None where it is not known.

    ``frame`` is a row of the posture table with ``body_length``.
    """
    dimension = _DIMENSIONS[scale.fact]
    size = float(frame.get("body_length", math.nan)) if dimension in ("length", "speed") else 1.0
    unit = {"length": "BL", "speed": "BL/s"}.get(dimension) or _UNITS[dimension]
    if scale.fact == "speed":
        value, sd = _measure_speed(frame)
    else:
        value, sd = (float(frame.get(f"{scale.fact}{end}", math.nan)) for end in ("", "_sd"))
    known = math.isfinite(value / size) and math.isfinite(sd)
    return Measured(scale.fact, value / size, sd / size, unit) if known else None


def _measure_speed(frame: Mapping[str, Any]) -> tuple[float, float]:
    """Return the speed in the floor plane; noise adds to a length, so it is taken off."""
    along, across, along_sd, across_sd = (
        float(frame.get(name, math.nan))
        for name in ("progression", "sideways", "progression_sd", "sideways_sd")
    )
    variance = along_sd**2 + across_sd**2
    return math.sqrt(max(along**2 + across**2 - variance, 0.0)), math.sqrt(variance / 2)


@cache
def list_ranges(
    scale: Scale, values: tuple[str, ...], *, is_narrow: bool = False
) -> tuple[tuple[float, float], ...]:
    """Return the fair ranges of some values, joined where they meet and widened by the slack.

    ``is_narrow``: the ranges in which a value is nowhere near a border, narrowed by the slack.

    >>> list_ranges(SCALES["head_pitch"], ("level", "up"))
    ((-45, inf),)
    """
    ends = [-math.inf, *scale.edges, math.inf]
    allowed = {"air" if value in _ALOFT else value for value in values}
    ranges: list[tuple[float, float]] = []
    for value, low, high in zip(scale.values, ends[:-1], ends[1:], strict=True):
        if value not in allowed:
            continue
        if ranges and low == ranges[-1][1]:
            low = ranges.pop()[0]
        ranges.append((low, high))
    slack = -scale.slack if is_narrow else scale.slack
    return tuple((low - slack, high + slack) for low, high in ranges)


def compute_probability(measured: Measured, ranges: tuple[tuple[float, float], ...]) -> float:
    """Return the probability that the truth lies in one of the ranges."""
    sd = max(measured.sd, 1e-9) * math.sqrt(2)

    def below(edge: float) -> float:
        return (1 + math.erf((edge - measured.value) / sd)) / 2

    return sum(below(high) - below(low) for low, high in ranges)


def measure_margin(
    measured: Measured, ranges: tuple[tuple[float, float], ...]
) -> tuple[float, float]:
    """Return the nearest border and how far inside (positive) or outside of it the value lies."""
    edges = [edge for ends in ranges for edge in ends if math.isfinite(edge)]
    if not edges:
        return math.nan, math.nan
    nearest = min(edges, key=lambda edge: abs(edge - measured.value))
    inside = any(low <= measured.value <= high for low, high in ranges)
    distance = abs(measured.value - nearest)
    return nearest, distance if inside else -distance
