"""What the mouse does: one table of rules over the states, first match wins.

A rule names an activity, the states it needs, and the states it bears: a borne state may be
unknown, but must not be anything else. So an activity never contradicts the frame it is given to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.core.facts import UNKNOWN
from mousegpt.kinematics.anatomy import PAWS
from mousegpt.kinematics.thresholds import AIRBORNE, HIND_TRAVELS, HUNCHED, WALL_IN_REACH

States = Mapping[str, FloatArray]


@dataclass(frozen=True)
class Rule:
    """An activity, what it needs and what it bears: state -> legal values."""

    activity: str
    needs: Mapping[str, tuple[str, ...]]
    bears: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cue: str = ""  # what else must hold, see _find_cues

    def match(self, states: States, cues: Mapping[str, BoolArray]) -> BoolArray:
        """Mark frames whose states meet the rule."""
        met = [np.isin(states[name], values) for name, values in self.needs.items()]
        return _all_hold([self.allow(states), cues[self.cue], *met])

    def allow(self, states: States) -> BoolArray:
        """Mark frames whose states do not contradict the rule."""
        legal = {**self.bears, **self.needs}.items()
        return _all_hold([np.isin(states[name], (*values, UNKNOWN)) for name, values in legal])


_ALOFT = ("air", "face")
_TURN = ("left", "right", "sharp left", "sharp right")
_IN_PLACE = ("still", "slow")
_LEVEL = {"trunk_pitch": ("declined", "horizontal")}
_LIFTED = {"forepaw_left": _ALOFT, "forepaw_right": _ALOFT}
_HIGH = {"head_height": ("high",)}
_NOT_RAPID = {"pace": ("still", "slow", "moderate")}
_STEPPING = {"hindpaw_movement": ("stepping",)}
_TRAVELS = "hind body travels"
_STANDS_UP = "stands up"  # a mouse that washes sits upright too, and hunched

RULES: Final[tuple[Rule, ...]] = (
    Rule("jumping", dict.fromkeys(PAWS, ("air",)), cue="off the ground"),
    Rule(
        "grooming",
        {
            "forepaw_left": ("face",),
            "forepaw_right": ("face",),
            "forepaw_movement": ("stroking",),
            "pace": _IN_PLACE,
        },
        {"spine_vertical": ("arched",)},
    ),
    Rule(
        "supported rearing",
        {**_LIFTED, **_HIGH, "trunk_pitch": ("inclined", "upright")},
        {"pace": _IN_PLACE},
        cue="stands up at the wall",
    ),
    Rule(
        "rearing",
        {**_LIFTED, **_HIGH, "trunk_pitch": ("inclined", "upright")},
        _NOT_RAPID,
        cue=_STANDS_UP,
    ),
    Rule(
        "rearing",
        {**_HIGH, "trunk_pitch": ("upright",)},
        {**_LIFTED, **_NOT_RAPID},
        cue=_STANDS_UP,
    ),
    Rule(
        "turning",
        {"turning": _TURN, "direction": ("none", "left", "right")},
        {**_LEVEL, **_NOT_RAPID},
    ),
    Rule("backing", {"direction": ("backward",)}, {**_LEVEL, **_STEPPING}, cue=_TRAVELS),
    Rule(
        "stretch-attending",
        {"stretch": ("elongated",), "pace": _IN_PLACE, "head_height": ("low",)},
        {**_LEVEL, "direction": ("none", "forward")},
    ),
    Rule("running", {"pace": ("rapid",), "direction": ("forward",)}, _LEVEL, cue=_TRAVELS),
    Rule(
        "walking",
        {"pace": ("slow", "moderate"), "direction": ("forward",)},
        {**_LEVEL, **_STEPPING, "vertical_motion": ("none",)},
        cue=_TRAVELS,
    ),
    Rule(
        "head scanning",
        {"pace": ("still",)},
        {"turning": ("none",), "head_height": ("middle", "high")},
        cue="head swings",
    ),
    Rule(
        "sniffing",
        {"head_height": ("low",), "pace": _IN_PLACE, "head_movement": ("moving",)},
        _LEVEL,
    ),
    Rule(
        "still",
        {"pace": ("still",), "head_movement": ("still",), "turning": ("none",)},
        {"vertical_motion": ("none",), "forepaw_movement": ("still",)},
    ),
    Rule("shifting posture", {"pace": _IN_PLACE}, cue="moves, and nothing else"),
)


def classify_activity(
    facts: pd.DataFrame,
    states: States,
    head_swings: BoolArray,
    *,
    min_bout_s: Annotated[float, Field(ge=0)] = 0.3,
) -> FloatArray:
    """Name the activity of every sample, "unknown" where no rule holds.

    Parameters
    ----------
    min_bout_s
        A shorter bout between two of the same activity joins them, where the states of its
        frames do not contradict.
    """
    cues = _find_cues(facts, states, head_swings)
    activity = np.full(len(facts), UNKNOWN, object)
    for rule in reversed(RULES):
        activity[rule.match(states, cues)] = rule.activity
    return _join_bouts(activity, facts, states, min_bout_s)


def _find_cues(facts: pd.DataFrame, states: States, head_swings: BoolArray) -> dict[str, BoolArray]:
    """Find what the rules need beyond single states."""
    bl = facts["body_length"].to_numpy()
    reach = facts["snout_wall_distance"].to_numpy() + facts["snout_wall_distance_sd"].to_numpy()
    is_long = ~(facts["stretch"].to_numpy() < HUNCHED)
    moves = (
        (states["head_movement"] == "moving")
        | np.isin(states["forepaw_movement"], ("moving", "stepping", "stroking"))
        | np.isin(states["vertical_motion"], ("rising", "lowering"))
        | np.isin(states["turning"], _TURN)
        | (states["pace"] == "slow")
    )
    hind_speed = facts["hind_progression"].to_numpy() * np.sign(facts["progression"].to_numpy())
    hind = facts[["hindpaw_left_height", "hindpaw_right_height"]].min(axis=1).to_numpy()
    cues = {
        "": np.ones(len(facts), bool),
        _STANDS_UP: is_long,
        "stands up at the wall": is_long & (reach < WALL_IN_REACH * bl),
        "head swings": head_swings,
        _TRAVELS: hind_speed > HIND_TRAVELS * bl,
        "off the ground": hind > AIRBORNE * bl,
    }
    maybe = [rule.allow(states) & cues[rule.cue] for rule in RULES[:-1]]
    cues["moves, and nothing else"] = moves & ~np.logical_or.reduce(maybe)
    return cues


def _all_hold(conditions: Sequence[BoolArray]) -> BoolArray:
    return np.asarray(np.logical_and.reduce(conditions))


def _join_bouts(
    activity: FloatArray, facts: pd.DataFrame, states: States, min_bout_s: float
) -> FloatArray:
    """Close short breaks of an activity where nothing speaks against it.

    A break by an activity that comes earlier in the rules stays: it is the surer one.
    """
    individual, time = facts["individual"].to_numpy(), facts["time_s"].to_numpy()
    order = [*dict.fromkeys(rule.activity for rule in RULES), UNKNOWN]
    measured = states["pace"] != UNKNOWN
    bearable = {
        name: measured
        & np.logical_or.reduce([r.allow(states) for r in RULES if r.activity == name])
        for name in order[:-1]
    }
    changes = (activity[1:] != activity[:-1]) | (individual[1:] != individual[:-1])
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
    joined = activity.copy()
    for a, b, c in zip(starts, starts[1:], starts[2:], strict=False):
        name = activity[a]
        same = name == activity[c] and individual[a] == individual[c]
        if (
            same
            and order.index(name) < order.index(activity[b])
            and time[c] - time[b] <= min_bout_s
            and bearable[name][b:c].all()
        ):
            joined[b:c] = name
    return joined
