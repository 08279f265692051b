"""Seven attributes by which describers are compared: what a text claims against what is true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mousegpt.core.description import FrameDescription
from mousegpt.core.errors import DescriptionError
from mousegpt.core.facts import UNKNOWN
from mousegpt.description.grammar import LEXICON, UNCERTAIN
from mousegpt.description.reading import read_states

_SIDES: Final = {"slightly left": "left", "slightly right": "right"}
_MOVES: Final = dict.fromkeys(("slow", "moderate", "rapid"), "moving")
_OFF: Final = dict.fromkeys(("air", "face", "wall", "neck"), "off the ground")

#: attribute -> its states, and which of their values count as one. The place of a paw is on the
#: ground or off it; a head is turned to a side whatever the angle.
ATTRIBUTES: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "moving": {"pace": _MOVES},
    "behavior": {"activity": {}},
    "head": {"head_pitch": {}, "head_yaw": _SIDES},
    "forepaws": {"forepaw_left": _OFF, "forepaw_right": _OFF},
    "hindpaws": {"hindpaw_left": _OFF, "hindpaw_right": _OFF},
    "torso": {"trunk_pitch": {}},
    "tail": {"tail_height": {}},
}

#: attribute and state, for tables
PARTS: Final = tuple((name, state) for name, states in ATTRIBUTES.items() for state in states)


def read_claimed(texts: Mapping[str, str]) -> dict[str, str]:
    """Read back what a model claims in the words of our grammar, element by element.

    An element that is missing or cannot be read claims nothing; of two values of one state, the
    first counts.

    Examples
    --------
    >>> read_claimed({"head": "The head is tilted upward.", "torso": "The the."})
    {'head_pitch': 'up'}
    """
    claimed: dict[str, str] = {}
    for element in LEXICON:
        alone = {**UNCERTAIN, "keywords": "", element: texts.get(element, UNCERTAIN[element])}
        try:
            states = read_states(FrameDescription(**alone))
        except DescriptionError:
            continue
        for state, value in states.items():
            if value != UNKNOWN:
                claimed.setdefault(state, value)
    return claimed


def compare_attributes(
    claimed: Mapping[str, str], true: Mapping[str, str]
) -> dict[tuple[str, str], bool]:
    """Say of each attribute and state whether it is claimed rightly; silence counts as wrong.

    What is not known to be true is left out.

    Examples
    --------
    >>> compare_attributes({"pace": "slow"}, {"pace": "rapid", "trunk_pitch": "upright"})
    {('moving', 'pace'): True, ('torso', 'trunk_pitch'): False}
    """
    found = {}
    for attribute, state in PARTS:
        merged, truth = ATTRIBUTES[attribute][state], true.get(state, UNKNOWN)
        if truth != UNKNOWN:
            said = claimed.get(state, UNKNOWN)
            found[attribute, state] = merged.get(said, said) == merged.get(truth, truth)
    return found


def count_claims(claimed: Mapping[str, str], true: Mapping[str, str]) -> tuple[int, int]:
    """Count the claims that are not true, and all claims about what is known.

    Examples
    --------
    >>> count_claims({"pace": "slow", "place": "at the wall"}, {"pace": "rapid"})
    (1, 1)
    """
    known = {
        state: value for state, value in claimed.items() if true.get(state, UNKNOWN) != UNKNOWN
    }
    return sum(true[state] != value for state, value in known.items()), len(known)
