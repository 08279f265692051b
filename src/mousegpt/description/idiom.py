"""An idiom: words that say some states, and the small algebra that builds many from few.

Every idiom completes the sentence "<subject> is/are <words>", so that any two can share a
sentence and each can stand after "with".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product


@dataclass(frozen=True)
class Idiom:
    """Words that say these states, no more and no less.

    ``given`` lists what the rest of the frame must be for the words to be fair: "standing on its
    hind legs" says "rearing", given forepaws that may be off the ground.
    """

    says: Mapping[str, str]
    subject: str
    words: tuple[str, ...]
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[int, int]:
        """How much the idiom says, then how closely it fits; the highest rank speaks first."""
        return len(self.says), len(self.given)


def say(
    says: Mapping[str, str],
    subject: str,
    words: str,
    given: Mapping[str, tuple[str, ...]] | None = None,
) -> Idiom:
    """Make an idiom from phrasings that ``|`` separates.

    >>> say({"pace": "slow"}, "the mouse", "moving slowly | slow").words
    ('moving slowly', 'slow')
    """
    return Idiom(says, subject, tuple(words.split(" | ")), given or {})


def say_state(subject: str, state: str, words: Mapping[str, str]) -> list[Idiom]:
    """Make one idiom for each value of a state."""
    return [say({state: value}, subject, words[value]) for value in words]


def combine(template: str, *tables: Iterable[Idiom]) -> list[Idiom]:
    """Fill the template with one idiom of each table, in every way; the first gives the subject.

    >>> path = say_state("the mouse", "direction", {"forward": "ahead"})
    >>> pace = say_state("the mouse", "pace", {"slow": "slowly", "rapid": "rapidly | fast"})
    >>> combine("moving {} {}", path, pace)[1].words
    ('moving ahead rapidly', 'moving ahead fast')
    """
    return [
        Idiom(
            says={state: value for part in parts for state, value in part.says.items()},
            subject=parts[0].subject,
            words=tuple(template.format(*words) for words in product(*(p.words for p in parts))),
        )
        for parts in product(*tables)
    ]


def swap_sides(text: str) -> str:
    """Exchange left and right.

    >>> swap_sides("the left forepaw is lifted while the right one is on the ground")
    'the right forepaw is lifted while the left one is on the ground'
    >>> swap_sides("upright")
    'upright'
    """
    other = {"left": "right", "right": "left"}
    return re.sub("(?<![a-z])(left|right)(?![a-z])", lambda side: other[side[0]], text)


def add_mirrors(idioms: Sequence[Idiom]) -> list[Idiom]:
    """Add to each idiom that names a side its mirror image."""
    mirrored = [
        Idiom(
            says={swap_sides(state): swap_sides(value) for state, value in idiom.says.items()},
            subject=swap_sides(idiom.subject),
            words=tuple(map(swap_sides, idiom.words)),
            given={swap_sides(state): allowed for state, allowed in idiom.given.items()},
        )
        for idiom in idioms
    ]
    return [*idioms, *(new for old, new in zip(idioms, mirrored, strict=True) if new != old)]
