"""Which activity a behaviour is in words, and what else must then be true of the frame.

A label of the script covers its transitions as well: in the first tenths of a second of a rearing
bout the trunk is still level. A frame is given the activity of its label only when the states of
the frame bear it out; so no activity can contradict the frame it is given to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.core.facts import UNKNOWN

States = Mapping[str, FloatArray]  # state -> value of every frame

#: behaviour of the script -> activity of `core.facts`
ACTIVITIES: Final[dict[str, str]] = {
    "still": "still",
    "crouched": "crouching",
    "lying": "lying",
    "sniffing": "sniffing",
    "head scanning": "head scanning",
    "walking": "walking",
    "running": "running",
    "backing": "backing",
    "turning": "turning",
    "rearing": "rearing",
    "supported rearing": "supported rearing",
    "wall exploration": "exploring the wall",
    "face grooming": "grooming",
    "body grooming": "body grooming",
    "scratching": "scratching",
    "head twitch": "head twitching",
    "wet-dog shake": "shaking",
    "jumping": "jumping",
    "stretch-attending": "stretch-attending",
    "digging": "digging",
    "circling": "circling",
}


@dataclass(frozen=True)
class Evidence:
    """What bears an activity out.

    ``states``: the values each state may have. ``either``: value that the left or the right one of
    a pair of paws must have. ``outlasts``: the evidence is so plain that it names the activity a
    moment before and after the bout as well.
    """

    states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    either: Mapping[str, str] = field(default_factory=dict)
    outlasts: bool = False

    def bear_out(self, states: States) -> BoolArray:
        """Mark the frames whose states bear the activity out."""
        met = [np.isin(states[name], values) for name, values in self.states.items()]
        met += [
            (states[f"{pair}_left"] == value) | (states[f"{pair}_right"] == value)
            for pair, value in self.either.items()
        ]
        return np.asarray(np.logical_and.reduce([np.ones_like(states["pace"], bool), *met]))


_TURNS: Final = ("left", "right", "sharp left", "sharp right")
_ON_THE_SPOT: Final = {"pace": ("still", "slow")}
_AT_REST: Final = {"pace": ("still",), "turning": ("none",), "vertical_motion": ("none",)}
_LEVEL: Final = {"trunk_pitch": ("declined", "horizontal")}
_SEATED: Final = {"trunk_pitch": ("declined", "horizontal", "inclined")}
_TRAVELS: Final = {"pace": ("slow", "moderate", "rapid"), "direction": ("forward",)}
_ON_HIND_LEGS: Final = {
    "trunk_pitch": ("inclined", "upright"),
    "pace": ("still", "slow", "moderate"),
    "hindpaw_left": ("ground", "air"),
    "hindpaw_right": ("ground", "air"),
}
_ALOFT: Final = ("air", "face")

EVIDENCE: Final[dict[str, Evidence]] = {
    "still": Evidence(
        {**_AT_REST, **_LEVEL, "head_movement": ("still",), "forepaw_movement": ("still",),
         "hindpaw_movement": ("still",)},
        outlasts=True,
    ),
    "crouching": Evidence(
        {**_AT_REST, **_SEATED, "stretch": ("compact", "relaxed")}, outlasts=True
    ),
    "lying": Evidence({**_AT_REST, **_LEVEL, "hip_height": ("low",)}),
    "sniffing": Evidence({**_ON_THE_SPOT, **_SEATED}),
    "head scanning": Evidence({**_ON_THE_SPOT, **_SEATED}),
    "walking": Evidence({**_TRAVELS, **_LEVEL}, outlasts=True),
    "running": Evidence({**_TRAVELS, **_LEVEL, "pace": ("moderate", "rapid")}, outlasts=True),
    "backing": Evidence(
        {**_LEVEL, "pace": ("slow", "moderate", "rapid"), "direction": ("backward",)},
        outlasts=True,
    ),
    "turning": Evidence({**_LEVEL, "turning": _TURNS, "pace": ("still", "slow", "moderate")}),
    "circling": Evidence(
        {**_LEVEL, "pace": ("slow", "moderate", "rapid"), "direction": ("forward", "left", "right")}
    ),
    "rearing": Evidence(
        {**_ON_HIND_LEGS, "forepaw_left": _ALOFT, "forepaw_right": _ALOFT},
        {"hindpaw": "ground"},
        outlasts=True,
    ),
    "supported rearing": Evidence(
        {**_ON_HIND_LEGS, "forepaw_left": (*_ALOFT, "wall"), "forepaw_right": (*_ALOFT, "wall")},
        {"forepaw": "wall", "hindpaw": "ground"},
        outlasts=True,
    ),
    "exploring the wall": Evidence(
        {**_SEATED, "pace": ("still", "slow", "moderate"),
         "place": ("at the wall", "near the wall")},
    ),
    "grooming": Evidence(_ON_THE_SPOT, {"forepaw": "face"}, outlasts=True),
    "body grooming": Evidence(
        {**_ON_THE_SPOT, "spine_horizontal": ("bent left", "bent right")}, outlasts=True
    ),
    "scratching": Evidence(_ON_THE_SPOT, {"hindpaw": "neck"}, outlasts=True),
    "head twitching": Evidence(),
    "shaking": Evidence(_ON_THE_SPOT),
    "jumping": Evidence(
        {"forepaw_left": _ALOFT, "forepaw_right": _ALOFT, "hindpaw_left": ("air",),
         "hindpaw_right": ("air",)},
        outlasts=True,
    ),
    "stretch-attending": Evidence(
        {**_ON_THE_SPOT, **_LEVEL, "stretch": ("elongated",), "direction": ("none", "forward")}
    ),
    "digging": Evidence(
        {**_ON_THE_SPOT, **_SEATED, "forepaw_left": ("ground", "air"),
         "forepaw_right": ("ground", "air")},
    ),
}  # fmt: skip

#: what the maker of the scene knows of an activity, whatever was measured around the frame
KNOWN: Final[dict[str, dict[str, str]]] = {
    "head scanning": {"head_movement": "moving"},
    "head twitching": {"head_movement": "moving", "head_yaw": UNKNOWN},
    "shaking": {
        "head_movement": "moving", "head_yaw": UNKNOWN, "turning": UNKNOWN,
        "vertical_motion": UNKNOWN,
    },
}  # fmt: skip

#: what is left unsaid of an activity, as it would sound like its denial
UNSAID: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "still": {"pace_trend": ("speeding up", "slowing down")},
    "crouching": {"pace_trend": ("speeding up", "slowing down")},
    "lying": {"pace_trend": ("speeding up", "slowing down")},
    "sniffing": {"head_movement": ("still",)},
    "exploring the wall": {"head_movement": ("still",)},
}


def name_activities(
    behaviors: list[FloatArray], within: list[BoolArray], states: States
) -> FloatArray:
    """Name the activity of every frame, "shifting posture" or "unknown" where none is borne out.

    Parameters
    ----------
    behaviors, within
        The behaviours that may name a frame, best first, and whether the frame is near enough.
    """
    borne = {name: evidence.bear_out(states) for name, evidence in EVIDENCE.items()}
    activity = np.full(len(behaviors[0]), UNKNOWN, object)
    activity[_shifts(states)] = "shifting posture"
    for rank, (candidates, near) in reversed(list(enumerate(zip(behaviors, within, strict=True)))):
        for behavior, name in ACTIVITIES.items():
            if rank == 0 or EVIDENCE[name].outlasts:
                activity[(candidates == behavior) & near & borne[name]] = name
    return activity


def _shifts(states: States) -> BoolArray:
    """Mark frames in which something moves while the body stays on its spot."""
    moves = [
        states["head_movement"] == "moving",
        np.isin(states["forepaw_movement"], ("moving", "stepping")),
        np.isin(states["hindpaw_movement"], ("moving", "stepping")),
        np.isin(states["vertical_motion"], ("rising", "lowering")),
        np.isin(states["turning"], _TURNS),
        states["pace"] == "slow",
    ]
    return np.asarray(np.isin(states["pace"], ("still", "slow")) & np.logical_or.reduce(moves))
