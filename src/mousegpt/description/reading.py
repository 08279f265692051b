"""Read the sentences of the grammar back into states: the proof of what was claimed."""

from __future__ import annotations

import re
from functools import cache

from mousegpt.core.description import FrameDescription
from mousegpt.core.errors import DescriptionError
from mousegpt.core.facts import STATES, UNKNOWN
from mousegpt.description.grammar import LEXICON, UNCERTAIN
from mousegpt.description.idiom import Idiom


def read_states(description: FrameDescription) -> dict[str, str]:
    """Read back which states a description of this grammar claims; the rest are ``"unknown"``.

    Raises
    ------
    DescriptionError
        When a sentence is not of this grammar, or claims two values of one state.

    Examples
    --------
    >>> head = "Turned slightly to the left, the head is tilted upward."
    >>> nothing = {**UNCERTAIN, "keywords": ""}
    >>> claims = read_states(FrameDescription(**{**nothing, "head": head}))
    >>> {state: value for state, value in claims.items() if value != "unknown"}
    {'head_pitch': 'up', 'head_yaw': 'slightly left'}
    """
    states = {state.name: UNKNOWN for state in STATES}
    for element in LEXICON:
        for state, value in _read_element(element, getattr(description, element)):
            if states[state] not in (UNKNOWN, value):
                raise DescriptionError(
                    f"Expected one value of '{state}', found '{states[state]}' and '{value}'; "
                    f"correct the element '{element}'."
                )
            states[state] = value
    return states


@cache
def _collect_vocabulary(element: str) -> tuple[re.Pattern[str], dict[tuple[str, str], Idiom]]:
    """Return a pattern for the tokens of an element, and the idiom of each (subject, words)."""
    meanings = {
        (idiom.subject, words): idiom for idiom in LEXICON[element] for words in idiom.words
    }

    def alternate(phrases: set[str]) -> str:
        return "|".join(map(re.escape, sorted(phrases, key=lambda phrase: (-len(phrase), phrase))))

    words = alternate({words for _, words in meanings})
    subjects = alternate({subject for subject, _ in meanings})
    token = rf"\s*(?:(?:({words})|({subjects})|(it|they)|is|are|and|while|with)\b|([.])|[,;])"
    return re.compile(token), meanings


def _read_element(element: str, text: str) -> list[tuple[str, str]]:
    """List the claims (state, value) of an element."""
    if text == UNCERTAIN[element]:
        return []
    _, meanings = _collect_vocabulary(element)
    clauses = _parse_clauses(element, text)
    if clauses is None or not all(clause in meanings for clause in clauses):
        raise DescriptionError(
            f"Expected sentences of this describer in '{element}', found '{text}'; "
            "only what 'describe_posture' wrote can be read back."
        )
    return [claim for clause in clauses for claim in meanings[clause].says.items()]


def _parse_clauses(element: str, text: str) -> list[tuple[str, str]] | None:
    """List the pairs (subject, words) of an element; None when it holds anything else."""
    pattern, _ = _collect_vocabulary(element)
    tokens = list(pattern.finditer(text.lower()))
    clauses: list[tuple[str, str]] = []
    waiting: list[str] = []  # words that stand before their subject
    subject = last = ""
    for words, name, pronoun, stop in (token.groups() for token in tokens):
        if words:
            waiting.append(words)
        elif name or pronoun:
            subject = last = name or last
        elif stop:
            subject = ""
        if subject:
            clauses += [(subject, words) for words in waiting]
            waiting = []
    whole = "".join(token[0] for token in tokens) == text.lower()
    return clauses if whole and not waiting else None
