"""Asks a vision-language model to describe a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mousegpt.core.chat import Message, Reply
from mousegpt.core.description import FrameDescription
from mousegpt.core.query import FrameQuery, write_speeds
from mousegpt.ports import ChatModel
from mousegpt.prompts import load_prompt

#: What the answer should look like; every key required and no other, as strict servers ask.
DESCRIPTION_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in FrameDescription.model_fields},
    "required": list(FrameDescription.model_fields),
    "additionalProperties": False,
}

_VIEWS: Final = {1: "", 2: " from two sides at once, joined into one picture"}
_FRESH_TEMPERATURE: Final = 0.6  # of a second try: at 0 most models would repeat themselves
_LARGEST_GROWTH: Final = 4  # of the tokens allowed: a reply that was cut gets more room


class ChatDescriber:
    """Describes frames with any model that chats about pictures."""

    batch_size = 1

    def __init__(self, model: ChatModel, *, max_tokens: int = 600, temperature: float = 0.0):
        self._model = model
        self._max_tokens = max_tokens
        self._temperature = temperature

    @property
    def name(self) -> str:
        """Model and settings; the words asked are part of a key by themselves."""
        return f"{self._model.name} max_tokens={self._max_tokens} t={self._temperature:g}"

    def describe(
        self, queries: Sequence[FrameQuery], pictures: Sequence[bytes], *, attempt: int = 0
    ) -> list[Reply]:
        """Ask once for each query; a later attempt with more room and another seed."""
        return [
            self._model.chat(
                [Message(write_question(query), pictures=(picture,))],
                schema=DESCRIPTION_SCHEMA,
                max_tokens=self._max_tokens * min(2**attempt, _LARGEST_GROWTH),
                temperature=max(self._temperature, _FRESH_TEMPERATURE * min(attempt, 1)),
                seed=attempt,
            )
            for query, picture in zip(queries, pictures, strict=True)
        ]


def write_question(query: FrameQuery) -> str:
    """Write what the model is asked about a frame.

    Notes
    -----
    Source: Methods 4.2 (the six elements; facts only; speeds as a cross-check). The words are our
    own; the grid of moments is not in the paper.
    """
    views = _VIEWS[min(query.n_views, 2)]
    if not query.moments_s:
        return load_prompt("describe_frame").fill(views=views, speeds=write_speeds(query))
    moments = ", ".join(f"{moment:+.2f}" if moment else "0" for moment in query.moments_s)
    prompt = load_prompt("describe_moments")
    return prompt.fill(views=views, speeds=write_speeds(query), moments=moments)
