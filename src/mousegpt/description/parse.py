"""Replies of a model as descriptions, or the name of what is wrong with them.

A reply is a description only if it holds a closed object with the six elements. Nothing is ever
completed: a reply that ends too early is "truncated", whatever could be guessed about its end.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from mousegpt.core.description import ELEMENTS, FrameDescription
from mousegpt.description.loose_json import FoundObjects, find_objects
from mousegpt.description.reply_elements import (
    WrongTypeError,
    gather_elements,
    is_blank,
    is_template,
    write_keywords,
    write_sentences,
)

ReplyStatus = Literal[
    "ok", "truncated", "empty", "repetition", "not_json", "incomplete", "refused", "wrong_types"
]

#: A description takes about 1,500 characters; what is longer than this is not looked at.
MAX_CHARACTERS: Final = 100_000
#: Elements that may say nothing; their names must stand in the reply all the same.
_MAY_BE_BLANK: Final = ("others",)
_THOUGHT: Final = re.compile(r"<(think\w*|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_THOUGHT_ENDS: Final = re.compile(r"^.*</(?:think\w*|reasoning)>", re.DOTALL | re.IGNORECASE)
_THOUGHT_BEGINS: Final = re.compile(r"<(?:think\w*|reasoning)>", re.IGNORECASE)
_REFUSAL: Final = re.compile(
    r"(?:i['’]?m|i am|we['’]?re)?\s*(?:very |so )?(?:sorry|afraid)\b|unfortunately, i\b"
    r"|i (?:can['’]?t|cannot|can not|won['’]?t|am unable|am not able|do not feel|must decline)\b"
    r"|as an? (?:ai|language|large)\b|(?:request|content) (?:blocked|filtered|denied)",
    re.IGNORECASE,
)
_WRAPPERS: Final = 3  # objects around the six elements
_LOOP_WORDS: Final = 60  # longest loop that is looked for, in words
_LOOP_COPIES: Final = 5
_LOOP_LENGTH: Final = 20  # words a loop must fill


@dataclass(frozen=True)
class ParsedReply:
    """A description, or why there is none.

    Parameters
    ----------
    status
        "ok"; "truncated": the reply ends too early, ask again with more tokens; "empty": nothing
        but blanks or thoughts; "repetition": the model went in circles; "not_json": no object;
        "incomplete": elements are missing or say nothing; "refused"; "wrong_types": an element is
        a number.
    description
        None unless the status is "ok".
    reason
        One sentence; empty when the status is "ok".
    """

    status: ReplyStatus
    description: FrameDescription | None = None
    reason: str = ""


def parse_reply(text: str | None, *, finish_reason: str | None = None) -> ParsedReply:
    """Read the description out of a model's reply.

    Parameters
    ----------
    text
        The reply as it came, with fences, prose, thoughts, quotes and commas of any kind.
    finish_reason
        As the server gives it; "length" is "truncated", "content_filter" is "refused", whatever
        the text looks like.

    Returns
    -------
    ParsedReply
        Never an exception. Of several whole descriptions the first counts, so that the end of a
        reply cannot change what its beginning says.

    Notes
    -----
    Source: Methods 4.2 (curation: the JSON is taken out of the reply, invalid ones are dropped).

    Examples
    --------
    >>> elements = "'overall': 'Still.', 'head': 'Up.', 'limb': 'Down.', 'torso': 'Flat.'"
    >>> parse_reply("Sure! {" + elements + ", 'others': '', 'keywords': ['still']}").status
    'ok'
    >>> parse_reply("{" + elements).status
    'truncated'
    """
    answer = find_answer(text, finish_reason)
    if isinstance(answer, ParsedReply):
        return answer
    return _judge(answer, find_objects(answer))


def find_answer(text: str | None, finish_reason: str | None) -> str | ParsedReply:
    """Return what a reply says besides its thoughts, or why it has no end or no words."""
    answer = _drop_thoughts(_decode(text or "")[:MAX_CHARACTERS])
    if finish_reason == "content_filter":
        return ParsedReply("refused", reason="The server's filter stopped the reply.")
    if finish_reason in ("length", "max_tokens"):
        if repeats_itself(text or ""):
            return ParsedReply("repetition", reason="The reply goes in circles until its end.")
        return ParsedReply("truncated", reason="The server stopped the reply at its longest.")
    if answer is None:
        return ParsedReply("truncated", reason="The reply ends inside the model's thoughts.")
    if not re.search(r"\w", answer):
        return ParsedReply("empty", reason="The reply says nothing.")
    return answer


def repeats_itself(text: str) -> bool:
    """Return whether the same words follow each other five times or more, over 20 words or more.

    >>> repeats_itself("The tail is up and the tail is up. " * 9)
    True
    >>> repeats_itself("very, very, very still")
    False
    """
    text = text[:MAX_CHARACTERS]
    words = re.findall(r"[^\W_]+", text.lower())
    if re.search(r"([^\s\d])\1{99}|([^\s]{2,40}?)\2{24}", text):
        return True
    codes = np.unique(np.array(words, dtype=str), return_inverse=True)[1] if words else np.zeros(0)
    return any(
        _longest_run(codes[period:] == codes[:-period])
        >= max(period * (_LOOP_COPIES - 1), _LOOP_LENGTH - period)
        for period in range(1, min(_LOOP_WORDS, len(words) // 2) + 1)
    )


def _longest_run(flags: np.ndarray[Any, Any]) -> int:
    breaks = np.flatnonzero(np.concatenate([[True], ~flags, [True]]))
    return int(np.diff(breaks).max() - 1)


def _decode(text: str) -> str:
    """Undo what transport did to the text: byte order marks, HTML, a string within a string."""
    text = text.replace("\x00", "").strip("\ufeff \t\r\n")
    if "{&quot;" in re.sub(r"\s", "", text[:2000]):
        text = html.unescape(text)
    if text.startswith('"') and '\\"' in text:
        try:
            inner = json.loads(text)
        except ValueError:
            return text
        return str(inner)
    return text


def _drop_thoughts(text: str) -> str | None:
    """Leave out the model's thoughts; None when they do not end."""
    said = _THOUGHT.sub(" ", text)
    said = _THOUGHT_ENDS.sub(" ", said)
    return None if _THOUGHT_BEGINS.search(said) else said


def _judge(answer: str, found: FoundObjects) -> ParsedReply:
    tried = [_describe(unwrapped) for unwrapped in map(_unwrap, found.objects) if unwrapped]
    whole = [reply for reply in tried if reply.status in ("ok", "repetition")]
    if whole:
        return whole[0]
    if len(tried) > 1 and not found.is_cut and (joined := _join(found.objects)):
        return joined
    if repeats_itself(answer):
        return ParsedReply("repetition", reason="The reply goes in circles.")
    if found.is_cut:
        return ParsedReply("truncated", reason="The reply ends inside an object.")
    if tried:
        return tried[0]
    if is_refusal(answer, found):
        return ParsedReply("refused", reason=f"The model refused: '{answer.strip()[:80]}'.")
    if found.objects:
        keys = ", ".join(map(str, list(found.objects[0])[:8]))
        return ParsedReply("incomplete", reason=f"The object has no element, but: {keys or '-'}.")
    return ParsedReply("not_json", reason=f"No object in: '{answer.strip()[:80]}'.")


def is_refusal(answer: str, found: FoundObjects) -> bool:
    """Say whether a model declines to answer."""
    if any({"error", "refusal"} & {str(key).lower() for key in found_} for found_ in found.objects):
        return True
    return not found.objects and _REFUSAL.match(answer.strip(" \"'*\n")) is not None


def _unwrap(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the elements of an object, or of the first object inside it that has some."""
    layer: list[Any] = [found]
    for _ in range(_WRAPPERS):
        opened = [_open(value) for value in layer]
        for value in opened:
            elements = gather_elements(value) if isinstance(value, Mapping) else {}
            if len(elements) >= 2:
                return elements
        layer = [
            inner
            for value in opened
            if isinstance(value, Mapping | list)
            for inner in (value.values() if isinstance(value, Mapping) else value)
        ]
    return gather_elements(found)


def _open(value: Any) -> Any:
    """Return the object that a string holds."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        inner = find_objects(value)
        return inner.objects[0] if inner.objects and not inner.is_cut else value
    return value


def _join(objects: tuple[dict[str, Any], ...]) -> ParsedReply | None:
    """Join objects that hold different elements; None when two hold the same one."""
    parts = [gather_elements(found) for found in objects]
    joined = {element: value for part in parts for element, value in part.items()}
    if sum(map(len, parts)) != len(joined):
        return None
    reply = _describe(joined)
    return reply if reply.status == "ok" else None


def _describe(elements: Mapping[str, Any]) -> ParsedReply:
    try:
        texts = {
            name: (write_keywords if name == "keywords" else write_sentences)(elements[name])
            for name in ELEMENTS
            if name in elements
        }
    except WrongTypeError as error:
        return ParsedReply("wrong_types", reason=f"An element is wrong: {error}.")
    if texts and is_template(list(texts.values())):
        return ParsedReply("incomplete", reason="The reply is an empty template.")
    said = {name: "" if is_blank(text) else text for name, text in texts.items()}
    missing = [n for n in ELEMENTS if not said.get(n) and not (n in said and n in _MAY_BE_BLANK)]
    if _REFUSAL.match(said.get("overall", "")):
        return ParsedReply("refused", reason=f"The model refused: '{said['overall'][:80]}'.")
    if any(repeats_itself(text) for text in said.values()):
        return ParsedReply("repetition", reason="An element goes in circles.")
    if missing:
        return ParsedReply("incomplete", reason=f"Nothing is said in: {', '.join(missing)}.")
    return ParsedReply("ok", FrameDescription(**said))
