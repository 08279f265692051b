"""Answers of OpenAI-compatible services, with the liberties that they take."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from mousegpt.core.chat import CallError, CallFault, Reply

_TOO_LONG: Final = re.compile(
    r"context.{0,20}(?:length|window)|too (?:long|large|many tokens)", re.I
)
_NO_MONEY: Final = re.compile(r"insufficient_quota|exceeded your current quota|billing", re.I)
_SAID_CHARACTERS: Final = 300
_REMEDIES: Final = {
    401: "check the key in the variable that key_variable names",
    403: "check the key in the variable that key_variable names, and what it allows",
    404: "check url, which mostly ends in /v1, and model",
}


def read_reply(content: Any) -> Reply:
    """Read a chat completion.

    Content may be null, a text or a list of parts; counts of tokens may be missing.

    Raises
    ------
    CallError
        When there is no choice in it ("transient": it was answered and may be billed).
    """
    try:
        choice = content["choices"][0]
        said = choice["message"].get("content")
    except (KeyError, IndexError, TypeError, AttributeError):
        error = content.get("error") if isinstance(content, Mapping) else None
        raise CallError(
            f"Expected a chat completion, but found {_shorten(error or content)}.",
            "transient",
            may_be_billed=True,
        ) from None
    usage = content.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    refusal = choice["message"].get("refusal")
    return Reply(
        text=_join_parts(said) or _join_parts(refusal),
        finish_reason="content_filter" if refusal else str(choice.get("finish_reason") or ""),
        model=str(content.get("model") or ""),
        n_prompt_tokens=_count(usage.get("prompt_tokens")),
        n_reply_tokens=_count(usage.get("completion_tokens")),
        request_id=str(content.get("id") or ""),
    )


def read_fault(status: int, headers: Mapping[str, str], text: str) -> CallError:
    """Say what an answer with an HTTP error means.

    >>> read_fault(429, {"retry-after": "2"}, "").retry_after_s
    2.0
    >>> read_fault(401, {}, '{"error": {"message": "bad key"}}').fault
    'fatal'
    >>> read_fault(400, {}, "maximum context length is 4096 tokens").fault
    'impossible'
    """
    said, remedy = _shorten(_find_message(text)), _REMEDIES.get(status)
    return CallError(
        f"The service answered with HTTP {status}: {said}" + (f" ({remedy})" if remedy else ""),
        _classify(status, text),
        retry_after_s=read_retry_after(headers),
        may_be_billed=status in (504, 524),
    )


def _classify(status: int, text: str) -> CallFault:
    if status == 429:
        return "fatal" if _NO_MONEY.search(text) else "busy"
    if status in (503, 529):
        return "busy"
    if status in (408, 409, 425) or status >= 500:
        return "transient"
    if status == 413 or (status in (400, 422) and _TOO_LONG.search(text)):
        return "impossible"
    return "fatal"  # 3xx: a redirection is not followed; 4xx: key, model, parameters


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a service asks to be left alone, at most an hour.

    >>> read_retry_after({"retry-after-ms": "250"})
    0.25
    >>> read_retry_after({"retry-after": "soon"}) is None
    True
    """
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * scale
        except (KeyError, ValueError):
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return min(seconds, 3600.0)
    try:
        wait = parsedate_to_datetime(headers["retry-after"]) - datetime.now(UTC)
        return min(max(wait.total_seconds(), 0.0), 3600.0)
    except (KeyError, ValueError, TypeError):
        return None


def _join_parts(said: Any) -> str:
    if isinstance(said, list):
        parts = [part.get("text") for part in said if isinstance(part, Mapping)]
        return "".join(part for part in parts if isinstance(part, str))
    if isinstance(said, Mapping):
        return json.dumps(said)
    return said if isinstance(said, str) else ""


def _find_message(text: str) -> str:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return text
    error = content.get("error", content) if isinstance(content, Mapping) else content
    if isinstance(error, Mapping):
        error = error.get("message") or error.get("detail") or error
    return str(error)


def _shorten(said: object) -> str:
    text = " ".join(str(said).split()) or "no message"
    return text if len(text) <= _SAID_CHARACTERS else text[:_SAID_CHARACTERS] + " …"


def _count(value: Any) -> int | None:
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40
    return value if usable else None
