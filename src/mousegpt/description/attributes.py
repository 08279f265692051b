"""What a text claims, for the attributes by which describers are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mousegpt.core.description import FrameDescription
from mousegpt.core.errors import DescriptionError
from mousegpt.core.facts import UNKNOWN
from mousegpt.description.grammar import LEXICON, UNCERTAIN
from mousegpt.description.reading import read_states


def read_claimed(
    texts: Mapping[str, str],
    *,
    otherwise: Callable[[str, str], Mapping[str, str]] | None = None,
) -> dict[str, str]:
    """Read back what a model claims in the words of our grammar, element by element.

    An element that is missing or cannot be read claims nothing; of two values of one state, the
    first counts.

    Parameters
    ----------
    otherwise
        What reads an element that is not of our grammar, of its name and text.

    Examples
    --------
    >>> read_claimed({"head": "The head is tilted upward.", "torso": "The the."})
    {'head_pitch': 'up'}
    """
    claimed: dict[str, str] = {}
    for element in LEXICON:
        text = texts.get(element, UNCERTAIN[element])
        try:
            states: Mapping[str, str] = read_states(
                FrameDescription(**{**UNCERTAIN, "keywords": "", element: text})
            )
        except DescriptionError:
            states = otherwise(element, text) if otherwise else {}
        for state, value in states.items():
            if value != UNKNOWN:
                claimed.setdefault(state, value)
    return claimed
