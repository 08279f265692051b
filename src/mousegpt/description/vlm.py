"""Asks a vision-language model to describe a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from mousegpt.core.chat import Message, Reply
from mousegpt.core.description import FrameDescription
from mousegpt.core.facts import SPEEDS
from mousegpt.core.query import FrameQuery, read_moments, require_jpeg, write_speeds
from mousegpt.core.tables import DESCRIPTION_TABLE, KEY, validate_table
from mousegpt.description.parse import parse_reply
from mousegpt.ports import BatchChatModel, ChatModel
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


class ChatAsker:
    """Asks any model that chats about pictures, several at once where it takes them."""

    def __init__(self, model: ChatModel, *, max_tokens: int = 600, temperature: float = 0.0):
        self._model = model
        self._max_tokens = max_tokens
        self._temperature = temperature

    @property
    def name(self) -> str:
        """Model and settings; the words asked are part of a key by themselves."""
        return f"{self._model.name} max_tokens={self._max_tokens} t={self._temperature:g}"

    @property
    def batch_size(self) -> int:
        """As many questions at once as the model takes conversations."""
        return self._model.batch_size if isinstance(self._model, BatchChatModel) else 1

    def _ask(
        self, messages: Sequence[Message], schema: Mapping[str, Any], attempt: int
    ) -> list[Reply]:
        """Ask each once; a later attempt with more room and another seed."""
        conversations = [[message] for message in messages]
        options: dict[str, Any] = {
            "schema": schema,
            "max_tokens": self._max_tokens * min(2**attempt, _LARGEST_GROWTH),
            "temperature": max(self._temperature, _FRESH_TEMPERATURE * min(attempt, 1)),
            "seed": attempt,
        }
        if isinstance(self._model, BatchChatModel):
            return self._model.chat_batch(conversations, **options)
        return [self._model.chat(conversation, **options) for conversation in conversations]


class ChatDescriber(ChatAsker):
    """Describes frames with any model that chats about pictures."""

    def describe(
        self, queries: Sequence[FrameQuery], pictures: Sequence[bytes], *, attempt: int = 0
    ) -> list[Reply]:
        """Ask once for each query."""
        messages = [
            Message(write_question(query), pictures=(require_jpeg(query, picture),))
            for query, picture in zip(queries, pictures, strict=True)
        ]
        return self._ask(messages, DESCRIPTION_SCHEMA, attempt)


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
    return load_prompt("describe_moments").fill(
        views=views, speeds=write_speeds(query), moments=moments, n=str(len(query.moments_s))
    )


def build_queries(pictures: pd.DataFrame, speeds: pd.DataFrame) -> list[FrameQuery]:
    """Put pictures and measured speeds together, a query for each picture.

    Parameters
    ----------
    pictures
        Key columns, ``file``, ``sha256``, ``views`` (names joined by " + ") and, where a picture
        may be a grid of several moments, ``moments_s`` (see `core.query.write_moments`).
    speeds
        SPEED_TABLE with ``length_unit`` where it is not cm; may be empty. A frame that is not in
        it, or whose speed is NaN, has unknown speeds.
    """
    columns = [*KEY, *SPEEDS]
    if speeds.empty:
        speeds = pd.DataFrame(columns=columns)
    joined = pictures.merge(speeds[columns], on=list(KEY), how="left", validate="one_to_one")
    unit = str(speeds["length_unit"].iloc[0]) if "length_unit" in speeds and len(speeds) else "cm"
    return [
        FrameQuery(
            recording=row["recording"],
            individual=row["individual"],
            frame=row["frame"],
            picture=row["file"],
            picture_sha256=row["sha256"],
            n_views=len(row["views"].split(" + ")),
            speeds=tuple(None if pd.isna(row[name]) else float(row[name]) for name in SPEEDS),
            speed_unit=f"{unit}/s",
            moments_s=read_moments(str(row.get("moments_s", ""))),
        )
        for row in joined.to_dict("records")
    ]


def judge_reply(reply: Reply) -> str:
    """Say in a word why a reply is no description; "" when it is one."""
    status = parse_reply(reply.text, finish_reason=reply.finish_reason or None).status
    return "" if status == "ok" else status


def tabulate_replies(
    frames: pd.DataFrame, replies: Sequence[Reply | None], reasons: Sequence[str]
) -> pd.DataFrame:
    """Read the replies to some frames into a table; no frame is left out.

    Parameters
    ----------
    frames
        Key columns and ``time_s``.
    replies, reasons
        The raw reply to each frame, and why there is none that could be used.

    Returns
    -------
    pandas.DataFrame
        DESCRIPTION_TABLE, rows as in ``frames``. ``status`` is "ok", the name of what is wrong
        with the reply (`parse.ReplyStatus`), or "failed: …"; texts are missing then.

    Notes
    -----
    Replies are read anew: a better reader of replies needs no new calls.
    Source: Methods 4.2 (replies that are no valid JSON are left out of the analysis).
    """
    rows = []
    for reply, reason in zip(replies, reasons, strict=True):
        if reply is None:
            rows.append({"status": reason or "not asked"})
            continue
        parsed = parse_reply(reply.text, finish_reason=reply.finish_reason or None)
        said = parsed.description.model_dump() if parsed.description else {}
        rows.append({"status": parsed.status} | said)
    names = ["status", *FrameDescription.model_fields]
    texts = pd.DataFrame(rows, columns=names, index=frames.index, dtype="str")
    table = pd.concat([frames[[*KEY, "time_s"]], texts], axis=1)
    return validate_table(table, DESCRIPTION_TABLE)
