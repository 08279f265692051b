"""What a mouse that does something may, and must, look like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_TRAVEL: Final = ("walking", "running", "backing", "circling", "turning")
_REARS: Final = ("rearing", "supported rearing")
_GROOMS: Final = ("grooming", "body grooming", "scratching")
_RESTS: Final = ("still", "crouching", "lying")
_EXPLORES: Final = ("sniffing", "exploring the wall", "head scanning", "stretch-attending")
_VAGUE: Final = ("shifting posture",)

#: What is needed: state -> values of which the pose must show one.
Needs = dict[str, tuple[str, ...]]
_MOVES: Final[Needs] = {"pace": ("slow", "moderate", "rapid")}
_STAYS: Final[Needs] = {"pace": ("still", "slow")}
_LEVEL: Final[Needs] = {"trunk_pitch": ("horizontal", "declined", "inclined")}


@dataclass(frozen=True)
class Activity:
    """A word for what the mouse does.

    ``shows``: the measured activities that support it. ``bears``: those that neither support nor
    contradict it; all others contradict it. ``needs``: what the pose must show besides.
    """

    shows: tuple[str, ...]
    bears: tuple[str, ...] = ()
    needs: Needs = field(default_factory=dict)


ACTIVITIES: Final[dict[str, Activity]] = {
    "still": Activity(_RESTS, (*_VAGUE, "head scanning"), {"pace": ("still",)}),
    "crouching": Activity(("crouching",), ("still", "lying", *_VAGUE, *_EXPLORES[:3]), _STAYS),
    "lying": Activity(("lying",), ("still", "crouching", *_VAGUE), _STAYS | _LEVEL),
    "walking": Activity(
        ("walking", "backing", "circling"),
        ("running", "turning", "sniffing", "exploring the wall", *_VAGUE),
        _MOVES,
    ),
    "running": Activity(
        ("running",), ("walking", "circling", *_VAGUE), {"pace": ("moderate", "rapid")} | _LEVEL
    ),
    "backing": Activity(("backing",), _VAGUE, {"direction": ("backward",)}),
    "turning": Activity(
        ("turning", "circling"),
        (*_TRAVEL[:3], *_REARS, *_EXPLORES, *_GROOMS, *_RESTS, *_VAGUE),
        {"turning": ("left", "right", "sharp left", "sharp right")},
    ),
    "circling": Activity(("circling",), ("turning", *_VAGUE), _MOVES),
    "rearing": Activity(_REARS, (*_VAGUE, "jumping"), {"trunk_pitch": ("inclined", "upright")}),
    "supported rearing": Activity(
        ("supported rearing",),
        (*_VAGUE,),
        {"trunk_pitch": ("inclined", "upright"), "place": ("at the wall", "near the wall")},
    ),
    "grooming": Activity(("grooming",), ("body grooming", *_VAGUE), _STAYS),
    "any grooming": Activity(_GROOMS[:2], _VAGUE, _STAYS),
    "body grooming": Activity(("body grooming",), ("grooming", *_VAGUE), _STAYS),
    "scratching": Activity(("scratching",), _VAGUE, _STAYS),
    "head twitching": Activity(
        ("head twitching",), ("shaking", *_VAGUE), {"head_movement": ("moving",)}
    ),
    "shaking": Activity(("shaking",), ("head twitching", *_VAGUE), _STAYS),
    "digging": Activity(("digging",), _VAGUE, _STAYS | _LEVEL),
    "sniffing": Activity(
        ("sniffing", "exploring the wall"),
        ("walking", "backing", "turning", "circling", *_REARS, *_EXPLORES, "crouching", *_VAGUE),
    ),
    "exploring": Activity(_EXPLORES, (*_TRAVEL, *_REARS, *_VAGUE, "digging", "crouching", "still")),
    "exploring the wall": Activity(
        ("exploring the wall",),
        ("sniffing", "walking", "turning", *_REARS, *_VAGUE),
        {"place": ("at the wall", "near the wall")},
    ),
    "head scanning": Activity(
        ("head scanning",), ("sniffing", "exploring the wall", "stretch-attending", "turning",
                             *_REARS, *_VAGUE)
    ),
    "stretch-attending": Activity(
        ("stretch-attending",), ("sniffing", *_VAGUE), {"stretch": ("elongated", "relaxed")}
    ),
    "jumping": Activity(("jumping",), _VAGUE),
}  # fmt: skip
