"""Posture facts: what is measured about a frame, and the words it may be put in.

Two layers, both columns of the ``posture`` table:

* **facts** are numbers with a standard deviation (``<fact>`` and ``<fact>_sd``; NaN = unknown);
* **states** are the categories that the numbers support at a given certainty; ``"unknown"`` when
  the needed keypoints are missing, when the view cannot show it (heights in a single 2-D view),
  or when the uncertainty spans a category border.

Signs: left and upward are positive; angles are in degrees; lengths are in the table's
``length_unit`` ("cm" or "body length"); speeds in that unit per second.
A describer may say nothing that the states do not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

UNKNOWN: Final = "unknown"

Part = Literal["overall", "head", "limb", "torso", "others"]
Dimension = Literal["length", "angle", "speed", "angular speed", "ratio"]


@dataclass(frozen=True)
class Fact:
    """A measured quantity of one frame."""

    name: str
    part: Part
    dimension: Dimension
    meaning: str
    needs_3d: bool = False


@dataclass(frozen=True)
class State:
    """A category that facts support; ``values`` leaves out ``"unknown"``, always legal."""

    name: str
    part: Part
    values: tuple[str, ...]
    meaning: str
    needs_3d: bool = False


_PAWS = ("forepaw_left", "forepaw_right", "hindpaw_left", "hindpaw_right")

SPEEDS: Final[tuple[str, ...]] = (
    "speed_body",
    "speed_head",
    "speed_forelimb_left",
    "speed_forelimb_right",
    "speed_hindlimb_left",
    "speed_hindlimb_right",
)

FACTS: Final[tuple[Fact, ...]] = (
    Fact("x", "others", "length", "Trunk centre along the first floor axis."),
    Fact("y", "others", "length", "Trunk centre along the second floor axis."),
    Fact("wall_distance", "others", "length", "Trunk centre to the nearest wall."),
    Fact("snout_wall_distance", "others", "length", "Snout to the nearest wall."),
    Fact("heading", "overall", "angle", "Direction of the trunk in the floor plane."),
    Fact("turning_rate", "overall", "angular speed", "Change of heading; positive = to the left."),
    Fact("progression", "overall", "speed", "Signed speed along the trunk; positive = forward."),
    Fact("sideways", "overall", "speed", "Signed speed across the trunk; positive = left."),
    Fact("hind_progression", "overall", "speed", "The same of the tail base alone."),
    Fact("vertical_speed", "overall", "speed", "Rise of the fore body.", needs_3d=True),
    Fact("snout_height", "head", "length", "Snout above the floor.", needs_3d=True),
    Fact("head_pitch", "head", "angle", "Head against the floor; positive = up.", needs_3d=True),
    Fact("head_pitch_trunk", "head", "angle", "Head against the trunk; positive = up.", True),
    Fact("head_yaw", "head", "angle", "Head against the trunk; positive = left."),
    Fact("head_speed_relative", "head", "speed", "Head movement with the trunk's motion removed."),
    *(
        Fact(f"{paw}_height", "limb", "length", "Paw above the floor.", needs_3d=True)
        for paw in _PAWS
    ),
    *(
        Fact(f"{paw}_speed", "limb", "speed", "Against trunk and ground; the smaller of the two.")
        for paw in _PAWS
    ),
    Fact("forepaw_left_face_distance", "limb", "length", "Left forepaw to snout.", needs_3d=True),
    Fact("forepaw_right_face_distance", "limb", "length", "Right forepaw to snout.", needs_3d=True),
    Fact("tail_height", "limb", "length", "Middle of the tail above the floor.", needs_3d=True),
    Fact("tail_bend", "limb", "angle", "Tail against the trunk; positive = tip to the left."),
    Fact("trunk_pitch", "torso", "angle", "Trunk against the floor; positive = up.", True),
    Fact("spine_bend_vertical", "torso", "angle", "Positive = arched upwards.", needs_3d=True),
    Fact("spine_bend_horizontal", "torso", "angle", "Positive = bent to the left."),
    Fact("stretch", "torso", "ratio", "Body length now over the usual one of this individual."),
    Fact("hip_height", "torso", "length", "Hip above the floor.", needs_3d=True),
)

_FOREPAW_PLACES = ("ground", "air", "face", "wall")
_HINDPAW_PLACES = ("ground", "air", "neck")  # at the neck, behind the ear: where a mouse scratches

STATES: Final[tuple[State, ...]] = (
    State(
        "activity",
        "overall",
        (
            "still",
            "crouching",
            "lying",
            "walking",
            "running",
            "backing",
            "turning",
            "circling",
            "rearing",
            "supported rearing",
            "grooming",
            "body grooming",
            "scratching",
            "head twitching",
            "shaking",
            "digging",
            "sniffing",
            "exploring the wall",
            "head scanning",
            "stretch-attending",
            "jumping",
            "shifting posture",
        ),
        'What it does, from a short window of facts; "grooming" is that of the face.',
    ),
    State("pace", "overall", ("still", "slow", "moderate", "rapid"), "How fast the body moves."),
    State("direction", "overall", ("none", "forward", "backward", "left", "right"), "Path of it."),
    State("turning", "overall", ("none", "left", "right", "sharp left", "sharp right"), "Heading."),
    State("pace_trend", "overall", ("steady", "speeding up", "slowing down"), "Within the window."),
    State("vertical_motion", "overall", ("none", "rising", "lowering"), "Fore body.", True),
    State("head_pitch", "head", ("up", "level", "down"), "Head against the floor.", needs_3d=True),
    State(
        "head_yaw",
        "head",
        ("straight", "slightly left", "slightly right", "left", "right"),
        "Head against the trunk.",
    ),
    State("head_height", "head", ("low", "middle", "high"), "Low = snout at the floor.", True),
    State("head_movement", "head", ("still", "moving"), "With the trunk's motion removed."),
    State("forepaw_left", "limb", _FOREPAW_PLACES, "Left forepaw.", needs_3d=True),
    State("forepaw_right", "limb", _FOREPAW_PLACES, "Right forepaw.", needs_3d=True),
    State("hindpaw_left", "limb", _HINDPAW_PLACES, "Left hind paw.", needs_3d=True),
    State("hindpaw_right", "limb", _HINDPAW_PLACES, "Right hind paw.", needs_3d=True),
    State(
        "forepaw_movement",
        "limb",
        ("still", "stepping", "stroking", "scraping", "moving"),
        "Both; stroking the face, scraping the floor.",
    ),
    State(
        "hindpaw_movement",
        "limb",
        ("still", "stepping", "scratching", "moving"),
        "Both hind paws; scratching = one of them.",
    ),
    State("tail_height", "limb", ("ground", "raised"), "Middle of the tail.", needs_3d=True),
    State("tail_shape", "limb", ("straight", "curved left", "curved right"), "From above."),
    State("trunk_pitch", "torso", ("horizontal", "inclined", "upright", "declined"), "", True),
    State("spine_vertical", "torso", ("flat", "arched", "hollow"), "From the side.", True),
    State("spine_horizontal", "torso", ("straight", "bent left", "bent right"), "From above."),
    State("stretch", "torso", ("compact", "relaxed", "elongated"), "Against its usual length."),
    State("hip_height", "torso", ("low", "raised"), "Low = hip near the floor.", needs_3d=True),
    State("place", "others", ("at the wall", "near the wall", "in the open"), "In the arena."),
)

#: Names that a fact and a state share get the state under this prefix in tables.
STATE_PREFIX: Final = "state_"


def state_column(name: str) -> str:
    """Return the column that holds a state.

    >>> state_column("head_pitch")
    'state_head_pitch'
    """
    return STATE_PREFIX + name
