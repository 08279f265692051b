"""Claims: what a clause says about the states of a posture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from mousegpt.core.description import ELEMENTS, FrameDescription
from mousegpt.description.factcheck.activities import ACTIVITIES
from mousegpt.description.factcheck.clauses import Clause, split_clauses
from mousegpt.description.factcheck.lexicon import Entry, find_entries

Sides = Literal["all", "any"]

_NEGATION: Final = re.compile(
    r"\b(?:not(?! only)|no|never|without|neither|nor|hardly|rather than|instead of|stops|stopped"
    r"|free of|absence|absent|lacks?|lacking)\b"
)
_NEGATED_AFTER: Final = re.compile(r"^[^,]{0,12}\b(?:is|are) (?:not |absent|missing|ruled out)")
#: What is only possible, only like something, or still to come is not claimed.
_DOUBT: Final = re.compile(
    r"\b(?:possibly|perhaps|maybe|may|might|could|unclear|uncertain|whether|if|or|about to"
    r"|(?:prepar|try|attempt)\w* to|ready to|likely|presumably|as though|suggest\w*|hard to"
    r"|potential\w*)\b"
)
_PAIRS: Final = ("forepaw", "hindpaw")


@dataclass(frozen=True)
class Check:
    """States that must show one of ``values``; ``bears`` neither supports nor contradicts."""

    states: tuple[str, ...]
    values: tuple[str, ...]
    bears: tuple[str, ...] = ()
    sides: Sides = "all"


@dataclass(frozen=True)
class Claim:
    """One thing that a clause says.

    It is so when one of ``any_of`` holds, and cannot be so when one of ``needs`` is violated.
    ``is_doubted``: said as a possibility only.
    """

    element: str
    clause: str
    kind: str = ""  # of the clause; empty = nothing in it can be checked
    says: str = ""
    any_of: tuple[Check, ...] = ()
    needs: tuple[Check, ...] = ()
    is_negated: bool = False
    is_doubted: bool = False
    sentence: int = 0  # in its element


def read_claims(description: FrameDescription) -> list[Claim]:
    """Read what a description claims; a clause with no word that is known gives an empty claim.

    Examples
    --------
    >>> words = dict.fromkeys(("overall", "limb", "torso", "others", "keywords"), "")
    >>> text = "Its head is not raised, and its fur is soft."
    >>> for claim in read_claims(FrameDescription(head=text, **words)):
    ...     print(claim.kind or "-", "|", claim.says or "-", "|", claim.is_negated)
    head_pitch | head_pitch: up / head_height: high | True
    - | - | False
    """
    return [c for element in ELEMENTS for c in read_element(element, getattr(description, element))]


@lru_cache(maxsize=65_536)
def read_element(element: str, text: str) -> tuple[Claim, ...]:
    """Read what one element claims."""
    return tuple(claim for clause in split_clauses(element, text) for claim in read_clause(clause))


@lru_cache(maxsize=65_536)
def read_clause(clause: Clause) -> tuple[Claim, ...]:
    """Read what one clause claims; one empty claim where nothing in it is known."""
    return tuple(_find_claims(clause)) or (
        Claim(clause.element, clause.text, sentence=clause.sentence),
    )


def _find_claims(clause: Clause) -> Iterator[Claim]:
    for entry, match, text in find_entries(clause):
        before = clause.text[: match.start()]
        negated = (
            clause.is_denied
            or _NEGATION.search(before) is not None
            or _NEGATED_AFTER.match(clause.text[match.end() :]) is not None
        )
        doubted = _DOUBT.search(before) is not None or (
            not negated and re.search(r"\bor\b", clause.text) is not None
        )
        yield _make_claim(clause, entry, text, negated, doubted)


def _make_claim(clause: Clause, entry: Entry, spec: str, negated: bool, doubted: bool) -> Claim:
    name, _, rest = spec.partition(": ")
    if name == "activity":
        activity = ACTIVITIES[rest]
        return Claim(
            clause.element,
            clause.text,
            "activity",
            spec,
            (Check(("activity",), activity.shows, activity.bears),),
            tuple(Check((state,), values) for state, values in activity.needs.items()),
            is_negated=negated,
            is_doubted=doubted,
            sentence=clause.sentence,
        )
    checks = tuple(_make_check(part, clause) for part in spec.split(" / "))
    return Claim(
        clause.element,
        clause.text,
        entry.kind,
        spec,
        checks,
        is_negated=negated,
        is_doubted=doubted,
        sentence=clause.sentence,
    )


def _make_check(spec: str, clause: Clause) -> Check:
    """Make a check of ``state: value, value ~ borne, borne``."""
    name, _, rest = spec.partition(": ")
    values, _, bears = rest.partition(" ~ ")
    states, sides = _list_states(name, clause.sides)
    return Check(states, tuple(values.split(", ")), tuple(filter(None, bears.split(", "))), sides)


def _list_states(name: str, named: str) -> tuple[tuple[str, ...], Sides]:
    """Return the states that a name stands for: a pair of paws has one for each side."""
    if name == "allpaws":
        return tuple(f"{pair}_{side}" for pair in _PAIRS for side in ("left", "right")), "all"
    if name not in _PAIRS:
        return (name,), "all"
    chosen = [side for side in ("left", "right") if side in named.split()]
    sides: Sides = "any" if not chosen and "one" in named.split() else "all"
    return tuple(f"{name}_{side}" for side in chosen or ("left", "right")), sides
