"""Descriptions rated from 0 to 10 by a model that sees the picture."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

from mousegpt.core.chat import Message, Reply
from mousegpt.core.description import FrameDescription
from mousegpt.core.query import FrameQuery, require_jpeg, write_speeds
from mousegpt.core.tables import KEY, TableSchema, validate_table
from mousegpt.description.loose_json import find_objects
from mousegpt.description.parse import ParsedReply, ReplyStatus, find_answer, is_refusal
from mousegpt.description.vlm import ChatAsker
from mousegpt.prompts import load_prompt

CRITERIA: Final = ("accuracy", "coherence", "relevance")

RATING_TABLE: Final = TableSchema(
    "ratings",
    {
        "recording": "text",
        "individual": "text",
        "frame": "integer",
        "rating_status": "text",  # "ok", or why there is no rating
        "accuracy": "number",
        "coherence": "number",
        "relevance": "number",
        "remark": "text",
    },
)

#: What the answer should look like. The reason comes first, so that the ratings follow from it.
RATING_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {"reason": {"type": "string"}} | {c: {"type": "number"} for c in CRITERIA},
    "required": ["reason", *CRITERIA],
    "additionalProperties": False,
}

RatingStatus = ReplyStatus | Literal["out_of_range", "ambiguous"]

_HIGHEST: Final = 10.0
_NUMBER: Final = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*(?:(?:/|out of)\s*10)?\s*")
_SUFFIX: Final = re.compile(r"[\W_]*(?:score|rating)?[\W_]*$")  # of the name of a rating
_REMARK_CHARACTERS: Final = 300
_VIEWS: Final = {1: "of one view", 2: "with two views side by side"}


@dataclass(frozen=True)
class Rating:
    """Three ratings from 0 to 10, and why."""

    accuracy: float
    coherence: float
    relevance: float
    reason: str = ""

    @property
    def lowest(self) -> float:
        """The worst of the three, which decides."""
        return min(self.accuracy, self.coherence, self.relevance)


@dataclass(frozen=True)
class ParsedRating:
    """A rating, or why there is none.

    ``status`` is "ok", one of those of `parse.ParsedReply`, "out_of_range" (a number that is not
    from 0 to 10) or "ambiguous" (several ratings that differ).
    """

    status: RatingStatus
    rating: Rating | None = None
    reason: str = ""


class RatingQuery(FrameQuery):
    """A frame with its picture, and what was said about it."""

    description: FrameDescription


class ChatJudge(ChatAsker):
    """Rates descriptions with any model that chats about pictures."""

    def rate(
        self, queries: Sequence[RatingQuery], pictures: Sequence[bytes], *, attempt: int = 0
    ) -> list[Reply]:
        """Ask once for each query."""
        messages = [
            ask_rating(query, require_jpeg(query, picture))
            for query, picture in zip(queries, pictures, strict=True)
        ]
        return self._ask(messages, RATING_SCHEMA, attempt)


def ask_rating(query: RatingQuery, picture: bytes) -> Message:
    """Put the question to a judge model: picture, speeds and description.

    Notes
    -----
    Source: Methods 4.2 (a faster model sees image and JSON and rates them). The prompt is ours.
    """
    return Message(write_rating_question(query), pictures=(picture,))


def write_rating_question(query: RatingQuery) -> str:
    """Write what a judge is asked about a description."""
    shown = _VIEWS[min(query.n_views, 2)]
    if query.moments_s:
        moments = ", ".join(f"{moment:+.2f}" if moment else "0" for moment in query.moments_s)
        shown += (
            ", a grid of moments to be read row by row from the top left, in seconds before or "
            f"after the one that is described: {moments}"
        )
    said = json.dumps(query.description.model_dump(), indent=1, ensure_ascii=False)
    return load_prompt("rate_description").fill(
        shown=shown, speeds=write_speeds(query), description=said
    )


def parse_rating(text: str | None, *, finish_reason: str | None = None) -> ParsedRating:
    """Read a judge's reply.

    Returns
    -------
    ParsedRating
        Never an exception, and never a rating that was not given: all three numbers must stand in
        one whole object, and several objects must agree.

    Examples
    --------
    >>> parse_rating('Here: {"accuracy": 8, "coherence": "9/10", "relevance": 7.5}').rating.lowest
    7.5
    >>> parse_rating('{"accuracy": 8, "coherence": 11, "relevance": 7}').status
    'out_of_range'
    """
    answer = find_answer(text, finish_reason)
    if isinstance(answer, ParsedReply):
        return ParsedRating(answer.status, reason=answer.reason)
    found = find_objects(answer)
    if found.is_cut:
        return ParsedRating("truncated", reason="The reply ends inside an object.")
    read = [_read_rating(named) for each in found.objects if (named := _find_criteria(each))]
    ratings = {r.rating: r for r in read if r.rating}
    if len({(r.accuracy, r.coherence, r.relevance) for r in ratings}) > 1:
        return ParsedRating("ambiguous", reason="The reply holds several ratings that differ.")
    if read:
        return next(iter(ratings.values()), read[0])
    if is_refusal(answer, found):
        return ParsedRating("refused", reason=f"The model refused: '{answer.strip()[:80]}'.")
    if found.objects:
        return ParsedRating("incomplete", reason="The object names none of the three ratings.")
    return ParsedRating("not_json", reason=f"No object in: '{answer.strip()[:80]}'.")


def judge_rating(reply: Reply) -> str:
    """Say in a word why a reply is no rating; "" when it is one."""
    status = parse_rating(reply.text, finish_reason=reply.finish_reason or None).status
    return "" if status == "ok" else status


def tabulate_ratings(
    frames: pd.DataFrame, replies: Sequence[Reply | None], reasons: Sequence[str]
) -> pd.DataFrame:
    """Read the replies about some frames into a table; no frame is left out.

    Parameters
    ----------
    frames
        Key columns.
    replies, reasons
        The raw reply about each frame, and why there is none that could be used.

    Returns
    -------
    pandas.DataFrame
        RATING_TABLE, rows as in ``frames``; ratings are NaN unless ``rating_status`` is "ok".

    Notes
    -----
    Replies are read anew: a better reader of replies needs no new calls.
    """
    rows: list[dict[str, Any]] = []
    for reply, reason in zip(replies, reasons, strict=True):
        if reply is None:
            rows.append({"rating_status": reason or "not asked"})
            continue
        parsed = parse_rating(reply.text, finish_reason=reply.finish_reason or None)
        rows.append({"rating_status": parsed.status, **tabulate_rating(parsed.rating)})
    columns = [name for name in RATING_TABLE.columns if name not in KEY]
    read = pd.DataFrame(rows, columns=columns, index=frames.index)
    read = read.astype(dict.fromkeys(CRITERIA, "float64") | {"remark": "str"})
    read["remark"] = read["remark"].fillna("")
    return validate_table(pd.concat([frames[list(KEY)], read], axis=1), RATING_TABLE)


def tabulate_rating(rating: Rating | None) -> dict[str, Any]:
    """Return the columns of a rating; nothing of none."""
    if rating is None:
        return {}
    return {name: getattr(rating, name) for name in CRITERIA} | {"remark": rating.reason}


def _find_criteria(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an object says by its name, or an object right inside it; empty for others."""
    for layer in (found, *(value for value in found.values() if isinstance(value, Mapping))):
        named = {
            re.sub(r"[\W_]*(?:score|rating)?[\W_]*$", "", str(k).strip().lower()): k for k in layer
        }
        if any(name in named for name in CRITERIA):
            return {name: layer[key] for name, key in named.items()}
    return {}


def _read_rating(named: Mapping[str, Any]) -> ParsedRating:
    missing = [name for name in CRITERIA if named.get(name) is None]
    if missing:
        return ParsedRating("incomplete", reason=f"There is no {' and no '.join(missing)}.")
    numbers = [_read_number(named[name]) for name in CRITERIA]
    known = [number for number in numbers if number is not None]
    if len(known) < len(CRITERIA):
        return ParsedRating("wrong_types", reason="A rating is no number.")
    if any(not 0 <= number <= _HIGHEST for number in known):
        return ParsedRating("out_of_range", reason="A rating is not from 0 to 10.")
    remark = " ".join(str(named.get("reason") or "").split())[:_REMARK_CHARACTERS]
    accuracy, coherence, relevance = known
    is_flawless = remark.lower().strip(".") == "none"
    return ParsedRating("ok", Rating(accuracy, coherence, relevance, "" if is_flawless else remark))


def _read_number(value: object) -> float | None:
    """Read ``8``, ``"8"``, ``"8/10"`` or an object with one such score; None for anything else."""
    if isinstance(value, Mapping):
        inner = [value[name] for name in ("rating", "score", "value") if name in value]
        return _read_number(inner[0]) if len(inner) == 1 else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else None
    read = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    return float(read[1]) if read else None
