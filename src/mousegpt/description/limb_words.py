"""The words for the paws and the tail (the element "limb")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mousegpt.core.facts import UNKNOWN
from mousegpt.description.idiom import Idiom, add_mirrors, combine, say, say_state
from mousegpt.description.motion_words import MOUSE

_FOREPAWS, _HINDPAWS, _ALL_PAWS = "the forepaws", "the hind paws", "all four paws"
_TAIL = "the tail"


def _say_pair(name: str, noun: str, place: Mapping[str, str]) -> list[Idiom]:
    """Say one paw alone, both in the same place, and one here while the other is there."""
    left = say_state(f"the left {noun}", f"{name}_left", place)
    right = say_state(f"the right {noun}", f"{name}_right", place)
    mixed = [
        idiom
        for idiom in combine("{} while the right one is {}", left, right)
        if len(set(idiom.says.values())) > 1
    ]
    both = [
        Idiom(
            {f"{name}_left": value, f"{name}_right": value},
            f"the {noun}s",
            tuple(f"both {words}" for words in place[value].split(" | ")),
        )
        for value in place
    ]
    return [*add_mirrors([*left, *mixed]), *both]


_PAWS = ("forepaw_left", "forepaw_right", "hindpaw_left", "hindpaw_right")
_ON_ALL_FOURS = dict.fromkeys(_PAWS, "ground")
_ON_HIND_PAWS = dict(zip(_PAWS, ("air", "air", "ground", "ground"), strict=True))
_WASHING = {"forepaw_left": "face", "forepaw_right": "face", "forepaw_movement": "stroking"}
_SCRATCHING = {"hindpaw_left": "neck", "hindpaw_movement": "scratching"}
_STEPPING = {"forepaw_movement": "stepping", "hindpaw_movement": "stepping"}
_STILL = {"forepaw_movement": "still", "hindpaw_movement": "still"}
_MOVING = {"forepaw_movement": "moving", "hindpaw_movement": "moving"}

_ALL_PAWS_IDIOMS = [
    say(
        _ON_ALL_FOURS,
        _ALL_PAWS,
        "on the ground in a quadrupedal stance | placed on the ground in a quadrupedal stance",
    ),
    say(
        _ON_ALL_FOURS | _STEPPING, _ALL_PAWS, "on the ground and stepping | stepping on the ground"
    ),
    say(
        _ON_ALL_FOURS | _STILL,
        _ALL_PAWS,
        "planted still on the ground in a quadrupedal stance"
        " | still on the ground in a quadrupedal stance",
    ),
    *(
        say(moves, _ALL_PAWS, words, dict.fromkeys(_PAWS, (UNKNOWN,)))
        for moves, words in [
            (_STEPPING, "stepping | taking steps"),
            (_STILL, "kept still | held still | motionless"),
            (_MOVING, "moving | in motion"),
        ]
    ),
    say(
        _ON_HIND_PAWS,
        MOUSE,
        "supported by its two hind paws on the ground, with both forepaws in the air"
        " | bearing its weight on both hind paws, with both forepaws lifted off the ground",
    ),
    say(
        _ON_HIND_PAWS,
        MOUSE,
        "standing on its hind legs, with both hind paws on the ground and both forepaws in the air"
        " | in a bipedal stance on both hind paws, with both forepaws lifted off the ground",
        {"trunk_pitch": ("upright", "inclined")},
    ),
    say(
        _WASHING,
        _FOREPAWS,
        "both raised to the face and stroking it | both at the face in stroking movements",
    ),
    say(
        _WASHING,
        _FOREPAWS,
        "both at the face, cleaning it with strokes | both raised to the face and washing it",
        {"activity": ("grooming",)},
    ),
    *add_mirrors(
        [
            say(
                _SCRATCHING,
                "the left hind paw",
                "raised to the neck and scratching it | at the neck, scratching it",
            ),
            say(
                _SCRATCHING | {"hindpaw_right": "ground"},
                "the left hind paw",
                "scratching the neck while the right one is on the ground"
                " | at the neck, scratching it, while the right one is planted on the ground",
            ),
        ]
    ),
]

LIMB: Final[list[Idiom]] = [
    *_say_pair(
        "forepaw",
        "forepaw",
        {
            "ground": "on the ground | placed on the ground | set on the floor",
            "air": "in the air | lifted off the ground | raised in the air",
            "face": "at the face | raised to the face | held to the face",
            "wall": "on the wall | placed on the wall | resting against the wall",
        },
    ),
    *say_state(
        _FOREPAWS,
        "forepaw_movement",
        {
            "still": "kept still | held still | motionless",
            "stepping": "stepping | taking steps",
            "stroking": "stroking | making strokes",
            "scraping": "scraping | scraping at the floor | making scraping movements",
            "moving": "moving | in motion",
        },
    ),
    *_say_pair(
        "hindpaw",
        "hind paw",
        {
            "ground": "on the ground | planted on the ground | set on the floor",
            "air": "in the air | lifted off the ground | raised in the air",
            "neck": "at the neck | raised to the neck | held to the neck",
        },
    ),
    *say_state(
        _HINDPAWS,
        "hindpaw_movement",
        {
            "still": "kept still | held still | motionless",
            "stepping": "stepping | taking steps",
            "scratching": "scratching | making scratching strokes",
            "moving": "moving | in motion",
        },
    ),
    *say_state(
        _TAIL,
        "tail_height",
        {
            "ground": "on the ground | lying on the ground | resting on the floor",
            "raised": "raised off the ground | held in the air | lifted above the ground",
        },
    ),
    *add_mirrors(
        say_state(
            _TAIL,
            "tail_shape",
            {
                "straight": "straight | extended straight | in line with the body",
                "curved left": "curved to the left | bent with its tip to the left",
            },
        )
    ),
    *_ALL_PAWS_IDIOMS,
]
