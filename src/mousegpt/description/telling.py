"""What descriptions in any words tell about the states of a frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import pandas as pd

from mousegpt.core.attributes import ATTRIBUTES
from mousegpt.core.facts import STATES, UNKNOWN, state_column
from mousegpt.core.tables import KEY
from mousegpt.description.attributes import read_claimed
from mousegpt.description.factcheck.claims import Claim, read_element
from mousegpt.description.grammar import LEXICON

_VALUES: Final = {state.name: state.values for state in STATES}
_MERGED: Final = {state: merged for parts in ATTRIBUTES.values() for state, merged in parts.items()}


def tell_states(
    descriptions: pd.DataFrame,
    *,
    otherwise: Callable[[str, str], Mapping[str, str]] | None = None,
) -> pd.DataFrame:
    """Tabulate the states that descriptions tell.

    Parameters
    ----------
    descriptions
        DESCRIPTION_TABLE; rows whose status is not "ok" tell nothing.
    otherwise
        What reads an element that is not of our grammar, such as `read_freely`; such elements tell
        nothing when left out.

    Returns
    -------
    pandas.DataFrame
        The key and a column a state, as in a POSTURE_TABLE; "unknown" where nothing is told.
    """
    told = [
        read_claimed({name: row[name] or "" for name in LEXICON}, otherwise=otherwise)
        if row["status"] == "ok"
        else {}
        for row in descriptions.to_dict("records")
    ]
    states = {state_column(name): [row.get(name, UNKNOWN) for row in told] for name in _VALUES}
    return descriptions[[*KEY]].reset_index(drop=True).assign(**states)


def read_freely(element: str, text: str) -> dict[str, str]:
    """Read an element in free words by the lexicon of the fact checker, for the attributes only.

    What is doubted, or leaves more than one value open, tells nothing; values that attributes count
    as one are one. Of two meanings of a word the first counts, and an activity also tells what it
    needs.

    Examples
    --------
    >>> read_freely("overall", "It walks along the wall.")
    {'activity': 'walking', 'pace': 'slow'}
    >>> read_freely("limb", "The tail is not raised, one forepaw may be.")
    {'tail_height': 'ground'}
    """
    claims = [claim for claim in read_element(element, text) if not claim.is_doubted]
    said = [pair for claim in claims for pair in _read_said(claim)]
    needed = [pair for claim in claims if not claim.is_negated for pair in _read_needs(claim)]
    told: dict[str, str] = {}
    for state, value in (*said, *needed):
        told.setdefault(state, value)
    return told


def _read_said(claim: Claim) -> Iterator[tuple[str, str]]:
    """Yield state and value of the first meaning that is of an attribute."""
    for check in claim.any_of:
        if check.sides == "all" and _MERGED.keys() >= set(check.states):
            values = [_settle(s, check.values, is_denied=claim.is_negated) for s in check.states]
            yield from ((s, v) for s, v in zip(check.states, values, strict=True) if v)
            return


def _read_needs(claim: Claim) -> Iterator[tuple[str, str]]:
    for check in claim.needs:
        for state in check.states:
            if state in _MERGED and (value := _settle(state, check.values)):
                yield state, value


def _settle(state: str, values: Sequence[str], *, is_denied: bool = False) -> str | None:
    """Return the one value that is told, if there is but one."""
    merged = _MERGED[state]
    if is_denied:
        denied = {merged.get(value, value) for value in values}
        values = [value for value in _VALUES[state] if merged.get(value, value) not in denied]
    elif state == "activity":  # the word's own activity, then those that it may also be used for
        return values[0]
    return values[0] if len({merged.get(value, value) for value in values}) == 1 else None
