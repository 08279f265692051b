"""Seven attributes by which describers are compared: what is claimed against what is true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mousegpt.core.facts import UNKNOWN

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
