"""From records to tensors: the question as at inference, and the answer that is learnt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from mousegpt.backends.transformers import encode_conversations
from mousegpt.core.chat import Message
from mousegpt.training.records import locate_pictures, read_manifest, read_records
from mousegpt.training.sft import read_record, write_answer
from mousegpt.training.split import Part

#: Labels that the loss of transformers leaves out.
IGNORED: Final = -100


@dataclass(frozen=True)
class Lesson:
    """A picture, a question, and the answer to learn."""

    picture: Path
    question: str
    answer: str


def read_lessons(data: Path, part: Part) -> list[Lesson]:
    """Read one part of the records that `mousegpt train records` wrote.

    Raises
    ------
    DataError
        When there are none, or one is damaged.
    """
    pictures = locate_pictures(data, read_manifest(data))
    lessons = []
    for record in read_records(data / f"{part}.jsonl"):
        name, question, description = read_record(record)
        lessons.append(Lesson(pictures / name, question, write_answer(description)))
    return lessons


def encode_lesson(processor: Any, lesson: Lesson) -> dict[str, Tensor]:
    """Return the tensors of a lesson, with ``labels`` for the answer and its end only.

    The question is encoded by what encodes it at inference, and the answer follows it token by
    token, so that nothing is learnt in a form in which it is never asked.
    """
    message = Message(lesson.question, pictures=(lesson.picture.read_bytes(),))
    asked: dict[str, Tensor] = dict(encode_conversations(processor, [[message]]))
    tokenizer = processor.tokenizer
    words = tokenizer(lesson.answer, add_special_tokens=False)["input_ids"]
    answer = torch.tensor([[*words, tokenizer.eos_token_id]])
    question = asked["input_ids"]
    ends = {"input_ids": answer, "attention_mask": torch.ones_like(answer)}
    longer = {
        name: torch.cat([tensor, ends.get(name, torch.zeros_like(answer)).to(tensor.dtype)], dim=1)
        for name, tensor in asked.items()
        if tensor.shape == question.shape
    }
    labels = torch.cat([torch.full_like(question, IGNORED), answer], dim=1)
    return asked | longer | {"labels": labels}


def draw_lesson(n: int, count: int, *, seed: int = 0) -> int:
    """Return which of ``n`` lessons is the ``count``-th that is given; each once an epoch.

    Examples
    --------
    >>> sorted(draw_lesson(4, count) for count in range(8, 12))
    [0, 1, 2, 3]
    """
    order = np.random.default_rng([seed, count // n]).permutation(n)
    return int(order[count % n])
