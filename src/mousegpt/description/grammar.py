"""Write the states of a frame as sentences.

Three decisions are taken: which idioms cover the known states, in which words, and how the clauses
join. A stable hash of the states and the seed takes them, so that the same facts are always told in
the same words. The sister module ``reading`` turns the sentences back into states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import Final

from mousegpt.core.facts import UNKNOWN
from mousegpt.description.body_words import HEAD, OTHERS, TORSO
from mousegpt.description.idiom import Idiom
from mousegpt.description.limb_words import LIMB
from mousegpt.description.motion_words import MOUSE, OVERALL

#: The idioms of each element; sentences tell the states in the order in which they first occur.
LEXICON: Final[dict[str, list[Idiom]]] = {
    "overall": OVERALL,
    "head": HEAD,
    "limb": LIMB,
    "torso": TORSO,
    "others": OTHERS,
}

#: What an element says when all its states are unknown; constant, so that it forms no clusters.
UNCERTAIN: Final[dict[str, str]] = {
    "overall": "The movement of the mouse is uncertain in this view.",
    "head": "The position of the head is uncertain in this view.",
    "limb": "The position of the limbs is uncertain in this view.",
    "torso": "The posture of the trunk is uncertain in this view.",
    "others": "The place of the mouse is uncertain in this view.",
}

#: Subjects that may follow some of their words: "Held high, the head is tilted upward".
_FRONTED: Final = (MOUSE, "the head")

Choose = Callable[[int], int]
Clause = tuple[str, list[str]]


@cache
def list_states(element: str) -> tuple[str, ...]:
    """List the states on which the words of an element depend: those it says, those it heeds."""
    said = (name for idiom in LEXICON[element] for name in idiom.says)
    heeded = (name for idiom in LEXICON[element] for name in idiom.given)
    return tuple(dict.fromkeys((*said, *heeded)))


def write_element(element: str, states: Mapping[str, str], *, seed: int = 0) -> str:
    """Write one element of a description.

    Parameters
    ----------
    element
        Element of a description (``"head"``).
    states
        Value of each state; what is missing or ``"unknown"`` is passed over in silence.
    seed
        Chooses among the phrasings.

    Examples
    --------
    >>> write_element("head", {"head_pitch": "up", "head_yaw": "slightly left"})
    'Turned a little to the left, the head is pointing upward.'
    """
    values = [states.get(name, UNKNOWN) for name in list_states(element)]
    choose = _make_chooser(seed, element, *values)
    clauses: dict[str, list[str]] = {}
    for idiom in _cover_states(element, states, choose):
        clauses.setdefault(idiom.subject, []).append(idiom.words[choose(len(idiom.words))])
    return _join_clauses(list(clauses.items()), choose) if clauses else UNCERTAIN[element]


def _make_chooser(seed: int, *facts: str) -> Choose:
    """Return ``choose(n)``, a stream of numbers below ``n`` that seed and facts determine."""
    text = "\n".join([str(seed), *facts])
    number = int.from_bytes(blake2b(text.encode(), digest_size=32).digest())

    def choose(n: int) -> int:
        nonlocal number
        number, choice = divmod(number, n)
        return choice

    return choose


@cache
def _index_idioms(element: str) -> dict[tuple[str, str], list[Idiom]]:
    """Group the idioms of an element by the first state that they say."""
    index: dict[tuple[str, str], list[Idiom]] = {}
    for idiom in LEXICON[element]:
        index.setdefault(next(iter(idiom.says.items())), []).append(idiom)
    return index


def _cover_states(element: str, states: Mapping[str, str], choose: Choose) -> list[Idiom]:
    """Choose idioms that say each known state once, the richest ones first, in reading order."""
    order = list_states(element)
    index = _index_idioms(element)
    fitting = [
        idiom
        for name in order
        for idiom in index.get((name, states.get(name, UNKNOWN)), ())
        if all(states.get(state) == value for state, value in idiom.says.items())
        and all(states.get(state, UNKNOWN) in allowed for state, allowed in idiom.given.items())
    ]
    start = choose(len(fitting) or 1)
    fitting = sorted(fitting[start:] + fitting[:start], key=lambda idiom: idiom.rank, reverse=True)
    said: set[str] = set()
    cover = []
    for idiom in fitting:
        if said.isdisjoint(idiom.says):
            said.update(idiom.says)
            cover.append(idiom)
    return sorted(cover, key=lambda idiom: min(map(order.index, idiom.says)))


def _join_clauses(clauses: Sequence[Clause], choose: Choose) -> str:
    """Write the clauses as sentences, alone or two by two."""
    if len(clauses) > 1 and choose(3) == 0:
        clauses = [clauses[-1], *clauses[:-1]]
    sentences = []
    while clauses:
        size = 1 + choose(2)
        (first, *second), clauses = clauses[:size], clauses[size:]
        sentence = _write_pair(first, second[0], choose) if second else _write_alone(first, choose)
        sentences.append(sentence[0].upper() + sentence[1:] + ".")
    return " ".join(sentences)


def _write_pair(first: Clause, second: Clause, choose: Choose) -> str:
    """Join two clauses: "the back is arched, with the hips raised"."""
    subject, words = second
    plain, other = _write_plain(*first), _write_plain(*second)
    ways = [f"{plain}, and {other}", f"{plain}; {other}"]
    if ", with " not in plain + other:
        ways.append(f"{plain}, with {subject} {_list_words(words)}")
    return ways[choose(len(ways))]


def _write_alone(clause: Clause, choose: Choose) -> str:
    """Write one clause as a sentence, or as two when it is long."""
    subject, words = clause
    be, rest = _inflect(subject), _list_words(words[1:])
    ways = [_write_plain(subject, words)]
    if rest and subject in _FRONTED:
        ways.append(f"{rest}, {subject} {be} {words[0]}")
    if rest and subject == MOUSE:
        ways.append(f"{subject} {be} {words[0]} while {rest}")
    if len(words) > 2:
        pronoun = "They" if be == "are" else "It"
        ways.append(
            f"{subject} {be} {_list_words(words[:2])}. {pronoun} {be} {_list_words(words[2:])}"
        )
    return ways[choose(len(ways))]


def _write_plain(subject: str, words: Sequence[str]) -> str:
    return f"{subject} {_inflect(subject)} {_list_words(words)}"


def _inflect(subject: str) -> str:
    return "are" if subject.endswith("s") else "is"


def _list_words(words: Sequence[str]) -> str:
    """List words: "a", "a and b", "a, b and c"; a comma more where a phrase has its own "and"."""
    if len(words) < 2:
        return "".join(words)
    nested = any(mark in phrase for phrase in words[:-1] for mark in (", ", " and "))
    return ", ".join(words[:-1]) + (", and " if nested else " and ") + words[-1]
