"""Records for supervised fine-tuning: a picture, the question of inference, the curated answer."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from mousegpt.core.description import ELEMENTS, FrameDescription
from mousegpt.core.errors import DataError
from mousegpt.core.query import FrameQuery
from mousegpt.core.tables import DESCRIPTION_TABLE, KEY, validate_table
from mousegpt.description.parse import parse_reply
from mousegpt.description.vlm import write_question

#: Where ms-swift and LLaMA-Factory put the picture into the words.
IMAGE_TAG: Final = "<image>"
#: Column of the curation in a table of descriptions; what is not kept teaches nothing.
KEPT: Final = "kept"

Record = dict[str, Any]
_Key = tuple[str, str, int]


@dataclass(frozen=True)
class Example:
    """A frame that is taught."""

    query: FrameQuery
    description: FrameDescription
    subject: str
    group: str = ""

    @property
    def key(self) -> _Key:
        """Recording, individual, frame."""
        return self.query.recording, self.query.individual, self.query.frame


@dataclass(frozen=True, eq=False)
class Selection:
    """What is taught, and what is left out: ``recording individual frame reason``."""

    examples: tuple[Example, ...]
    dropped: pd.DataFrame


def select_examples(
    descriptions: pd.DataFrame,
    queries: Sequence[FrameQuery],
    subjects: Mapping[str, str],
    groups: Mapping[str, str] | None = None,
) -> Selection:
    """Join curated descriptions with what was asked, and name the reason for each that is left out.

    Parameters
    ----------
    descriptions
        DESCRIPTION_TABLE. A column ``kept`` of the curation is obeyed; without it every description
        whose status is "ok" is taught.
    queries
        Of any frames, also of others.
    subjects
        Animal of each recording. Mice that are filmed together share the pictures, and so count as
        one for the split.
    groups
        Group of each animal.

    Returns
    -------
    Selection
        In the order of recording, individual and frame, whatever the order of the input.

    Notes
    -----
    Source: Methods 4.2 (curation), 4.3 (supervised fine-tuning). A description whose answer our own
    parser would not give back is left out: it would teach what is thrown away.
    """
    table = validate_table(descriptions, DESCRIPTION_TABLE).sort_values([*KEY])
    asked = {(q.recording, q.individual, q.frame): q for q in queries}
    examples: list[Example] = []
    dropped: list[dict[str, Any]] = []
    for row in table.to_dict("records"):
        key: _Key = (str(row["recording"]), str(row["individual"]), int(row["frame"]))
        subject = subjects.get(key[0], "")
        reason = _find_fault(row, key in asked, subject)
        if reason:
            dropped.append(dict(zip(KEY, key, strict=True)) | {"reason": reason})
        else:
            words = FrameDescription(**{name: row[name] for name in ELEMENTS})
            examples.append(Example(asked[key], words, subject, (groups or {}).get(subject, "")))
    return Selection(tuple(examples), pd.DataFrame(dropped, columns=[*KEY, "reason"]))


def build_record(example: Example) -> Record:
    """Write an example as ms-swift reads it: ``messages`` and ``images``.

    Examples
    --------
    >>> said = dict.fromkeys(("overall", "head", "limb", "torso", "others"), "Still.")
    >>> query = FrameQuery(recording="r", individual="", frame=7, picture="a.jpg",
    ...     picture_sha256="")
    >>> record = build_record(Example(query, FrameDescription(**said, keywords="still"), "m1"))
    >>> record["images"], record["messages"][0]["content"][:23]
    (['a.jpg'], '<image>You see one labo')
    """
    return {
        "id": "/".join(map(str, example.key)),
        "subject": example.subject,
        "messages": [
            {"role": "user", "content": IMAGE_TAG + write_question(example.query)},
            {"role": "assistant", "content": write_answer(example.description)},
        ],
        "images": [example.query.picture],
    }


def write_answer(description: FrameDescription) -> str:
    """Write the reply that is taught: the JSON that is asked for, and nothing else."""
    return json.dumps(description.model_dump(), ensure_ascii=False)


def convert_to_sharegpt(record: Record) -> Record:
    """Write a record of ms-swift as LLaMA-Factory reads it, in the manner of ShareGPT.

    >>> convert_to_sharegpt({"messages": [{"role": "user", "content": "Hi"}], "images": ["a.jpg"]})
    {'conversations': [{'from': 'human', 'value': 'Hi'}], 'images': ['a.jpg']}
    """
    names = {"user": "human", "assistant": "gpt", "system": "system"}
    said = [{"from": names[m["role"]], "value": m["content"]} for m in record["messages"]]
    return {"conversations": said, "images": list(record["images"])}


def read_record(record: Mapping[str, Any]) -> tuple[str, str, FrameDescription]:
    """Return picture, question and answer of a record.

    Raises
    ------
    DataError
        When it is not a record of ours: one picture, one question with one place for it, one
        answer with the six elements.
    """
    try:
        (picture,) = record["images"]
        user, assistant = record["messages"]
        question, answer = str(user["content"]), str(assistant["content"])
        roles = (user["role"], assistant["role"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            "Expected 'messages' (user, assistant) and one of 'images', found "
            f"{', '.join(map(str, record)) or 'nothing'}; write the records anew."
        ) from error
    if roles != ("user", "assistant") or question.count(IMAGE_TAG) != 1 or not str(picture):
        raise DataError(
            f"Expected a question with one {IMAGE_TAG} and its answer, found {' and '.join(roles)} "
            f"with {question.count(IMAGE_TAG)}; write the records anew."
        )
    parsed = parse_reply(answer)
    if parsed.description is None:
        raise DataError(f"The answer cannot be read ({parsed.reason}); write the records anew.")
    return str(picture), question.replace(IMAGE_TAG, ""), parsed.description


def _find_fault(row: Mapping[Hashable, Any], is_asked: bool, subject: str) -> str:
    """Say why a row is not taught; empty when it is."""
    if row["status"] != "ok":
        return f"status: {row['status']}"
    if KEPT in row and (pd.isna(row[KEPT]) or not row[KEPT]):
        return "not kept by curation"
    if not is_asked:
        return "no picture"
    if not subject:
        return "no animal named"
    said = {name: row[name] for name in ELEMENTS}
    if any(not isinstance(text, str) for text in said.values()):
        return "an element is missing"
    words = FrameDescription(**said)
    return "" if parse_reply(write_answer(words)).description == words else "not read back"
