"""What the small model learns to say of a moment: first facts, one token each, then sentences.

The sentences are the grammar's, in phrasings drawn at random, so that `description.reading` reads
them back into facts. Facts come first because a sentence that follows from them is easy to learn,
and because a fact that the model doubts can be left unsaid before any word depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.description import ELEMENTS
from mousegpt.core.facts import STATES, UNKNOWN
from mousegpt.core.vocabulary import Vocabulary, learn_vocabulary
from mousegpt.description.kinematic import describe_states

BEGIN: Final = "<begin>"
END: Final = "<end>"


@dataclass(frozen=True)
class Wording:
    """Turns true states into the tokens of a description."""

    vocabulary: Vocabulary

    @cached_property
    def facts(self) -> list[list[int]]:
        """Numbers of the tokens that each state may have, in order; unknown comes last."""
        numbers = self.vocabulary.numbers
        return [
            [numbers[name_fact(state.name, value)] for value in (*state.values, UNKNOWN)]
            for state in STATES
        ]

    def write(self, states: Mapping[str, str], *, seed: int = 0) -> list[int]:
        """Return the tokens of a moment: facts, then each element after its mark, then the end.

        Parameters
        ----------
        seed
            Chooses among the phrasings.
        """
        numbers = self.vocabulary.numbers
        tokens = [numbers[name_fact(s.name, states.get(s.name, UNKNOWN))] for s in STATES]
        description = describe_states(states, seed=seed)
        for element in ELEMENTS:
            tokens += [
                numbers[f"<{element}>"],
                *self.vocabulary.encode(getattr(description, element)),
            ]
        return [*tokens, numbers[END]]

    def read(self, tokens: Sequence[int]) -> dict[str, str]:
        """Return the text of each element that the tokens hold."""
        marks = {self.vocabulary.numbers[f"<{element}>"]: element for element in ELEMENTS}
        texts: dict[str, list[int]] = {}
        element = ""
        for token in tokens:
            if token == self.vocabulary.numbers[END]:
                break
            element = marks.get(token, element)
            if element:
                texts.setdefault(element, []).append(token)
        return {name: self.vocabulary.decode(found) for name, found in texts.items()}


def name_fact(state: str, value: str) -> str:
    """Return the token of a fact.

    >>> name_fact("head_pitch", "up"), name_fact("head_pitch", "unknown")
    ('<head_pitch=up>', '<head_pitch=?>')
    """
    return f"<{state}={'?' if value == UNKNOWN else value}>"


def build_wording(*, n_texts: Annotated[int, Field(ge=1)] = 3000, seed: int = 0) -> Wording:
    """Learn the vocabulary from sentences about random states; the same seed, the same tokens."""
    rng = np.random.default_rng(seed)
    choices = [(*state.values, UNKNOWN) for state in STATES]
    texts: list[str] = []
    for number in range(n_texts):
        draws = rng.integers([len(values) for values in choices])
        states = {s.name: v[int(i)] for s, v, i in zip(STATES, choices, draws, strict=True)}
        described = describe_states(states, seed=number)
        texts += [getattr(described, element) for element in ELEMENTS]
    facts = [name_fact(s.name, value) for s, v in zip(STATES, choices, strict=True) for value in v]
    marks = [BEGIN, END, *(f"<{element}>" for element in ELEMENTS), *facts]
    return Wording(learn_vocabulary(texts, marks=marks))
