"""What a service understands beyond the common core of OpenAI's protocol, found by asking it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from mousegpt.core.chat import CallError, Message, Reply
from mousegpt.core.errors import BackendError
from mousegpt.prompts import load_prompt

Structure = Literal["json_schema", "json_object", "text"]
_STRUCTURES: Final[tuple[Structure, ...]] = ("json_schema", "json_object", "text")
_OPTIONAL: Final = ("seed", "temperature")
_PROBE_SCHEMA: Final = {
    "type": "object",
    "properties": {"colour": {"type": "string"}},
    "required": ["colour"],
    "additionalProperties": False,
}
_PROBE_TOKENS: Final = 256  # room for a short thought


class Dialect(BaseModel):
    """How to speak to a service.

    ``structure`` is the strictest way in which it can be held to a form; ``omitted`` are the
    parameters that it refuses.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    structure: Structure = "text"
    tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    omitted: tuple[str, ...] = ()

    def shape(self, body: Mapping[str, Any], schema: Mapping[str, Any] | None) -> dict[str, Any]:
        """Put a request into this dialect.

        >>> Dialect(omitted=("seed",)).shape({"max_tokens": 5, "seed": 1}, {"type": "object"})
        {'max_tokens': 5}
        """
        shaped = {name: value for name, value in body.items() if name not in self.omitted}
        if "max_tokens" in shaped:
            shaped[self.tokens_field] = shaped.pop("max_tokens")
        if schema is not None and self.structure == "json_object":
            shaped["response_format"] = {"type": "json_object"}
        elif schema is not None and self.structure == "json_schema":
            named = {"name": "answer", "strict": True, "schema": dict(schema)}
            shaped["response_format"] = {"type": "json_schema", "json_schema": named}
        return shaped


class Speaker(Protocol):
    """A model whose dialect can be set."""

    dialect: Dialect

    def chat(
        self,
        messages: list[Message],
        *,
        schema: Mapping[str, Any] | None,
        max_tokens: int,
    ) -> Reply:
        """Answer, or raise `CallError`."""
        ...


def probe_dialect(model: Speaker, picture: bytes) -> tuple[Dialect, str]:
    """Find the strictest dialect that a service understands; five to ten short calls at most.

    Parameters
    ----------
    picture
        A small JPEG.

    Returns
    -------
    dialect
        Also set on the model.
    said
        What the model says of the colour of the picture: a server may take pictures and never
        show them to it.

    Raises
    ------
    CallError
        When the service does not answer even plain text: not reachable, wrong key or model, or
        it cannot see pictures.
    """
    messages = [Message(load_prompt("probe").text, pictures=(picture,))]
    failure: BackendError = BackendError("The service was not asked.")
    for dialect in _list_dialects():
        model.dialect = dialect
        try:
            reply = model.chat(messages, schema=_PROBE_SCHEMA, max_tokens=_PROBE_TOKENS)
        except CallError as error:
            failure = error
            if error.fault == "busy" or not _may_be_dialect(error):
                raise
            continue
        if dialect.structure == "text" or _is_object(reply.text):
            return dialect, reply.text
    raise failure


def _list_dialects() -> Iterator[Dialect]:
    """Strictest first; in each structure, what newer and older models refuse is left out."""
    for structure in _STRUCTURES:
        yield Dialect(structure=structure)
        yield Dialect(structure=structure, tokens_field="max_completion_tokens")
        yield Dialect(structure=structure, tokens_field="max_completion_tokens", omitted=_OPTIONAL)
    yield Dialect(omitted=_OPTIONAL)


def _may_be_dialect(error: CallError) -> bool:
    """Say whether a parameter may be to blame: services answer 400, 422 or 500 to unknown ones."""
    return any(f"HTTP {status}" in str(error) for status in (400, 422, 500, 501))


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
