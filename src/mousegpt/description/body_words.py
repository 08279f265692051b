"""The words for the head, the trunk and the place (elements "head", "torso", "others")."""

from __future__ import annotations

from typing import Final

from mousegpt.description.idiom import Idiom, add_mirrors, say_state
from mousegpt.description.motion_words import MOUSE

_HEAD, _TRUNK, _BACK, _HIPS = "the head", "the trunk", "the back", "the hips"

HEAD: Final[list[Idiom]] = [
    *say_state(
        _HEAD,
        "head_pitch",
        {
            "up": "tilted upward | pointing upward | pitched up",
            "level": "level | kept level | parallel to the floor",
            "down": "tilted downward | pointing downward | pitched down",
        },
    ),
    *add_mirrors(
        say_state(
            _HEAD,
            "head_yaw",
            {
                "straight": "in line with the trunk | aligned with the body axis",
                "slightly left": "turned slightly to the left | turned a little to the left",
                "left": "turned to the left | turned laterally to the left",
            },
        )
    ),
    *say_state(
        _HEAD,
        "head_height",
        {
            "low": "low at the floor | held low with the snout at the floor",
            "middle": "at mid height | carried at mid height",
            "high": "held high | high above the floor | carried high",
        },
    ),
    *say_state(
        _HEAD,
        "head_movement",
        {
            "still": "kept still | held steady | motionless",
            "moving": "moving | in motion | moving relative to the trunk",
        },
    ),
]

TORSO: Final[list[Idiom]] = [
    *say_state(
        _TRUNK,
        "trunk_pitch",
        {
            "horizontal": "horizontal | held horizontally | parallel to the floor",
            "inclined": "inclined upward | raised at the front | tilted up toward the head",
            "upright": "upright | held upright | in an upright position",
            "declined": "sloping down toward the head | lowered at the front",
        },
    ),
    *say_state(
        _TRUNK,
        "stretch",
        {
            "compact": "compact | drawn together | contracted",
            "relaxed": "at its usual length | relaxed in length",
            "elongated": "elongated | stretched out | extended lengthwise",
        },
    ),
    *say_state(
        _BACK,
        "spine_vertical",
        {
            "flat": "flat | flat from the side | flat in profile",
            "arched": "arched | arched upward | rounded upward",
            "hollow": "hollow | dipped in the middle | dorsiflexed into a hollow",
        },
    ),
    *add_mirrors(
        say_state(
            _BACK,
            "spine_horizontal",
            {
                "straight": "straight from above | laterally straight",
                "bent left": "bent to the left | laterally flexed to the left",
            },
        )
    ),
    *say_state(
        _HIPS,
        "hip_height",
        {
            "low": "low | close to the floor | lowered toward the ground",
            "raised": "raised | raised off the floor | held above the ground",
        },
    ),
]

OTHERS: Final[list[Idiom]] = say_state(
    MOUSE,
    "place",
    {
        "at the wall": "at the wall | directly at the wall | alongside the wall",
        "near the wall": "near the wall | close to the wall | a short distance from the wall",
        "in the open": "in the open | in the open part of the arena | in the open area",
    },
)
