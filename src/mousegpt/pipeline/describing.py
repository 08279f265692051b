"""The step that has frames described by a model, row by row through the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import pandas as pd

from mousegpt.core.chat import CallError, Reply
from mousegpt.core.query import FrameQuery
from mousegpt.core.recording import Recording
from mousegpt.description.vlm import build_queries, judge_reply, tabulate_replies, write_question
from mousegpt.pipeline.asking import Inquiry, ask_service, count_later, hash_call
from mousegpt.pipeline.chain import Job, Output
from mousegpt.pipeline.choices import KINEMATIC, NANO
from mousegpt.pipeline.ledger import Task
from mousegpt.pipeline.project import Project


def need_words(recording: Recording) -> str | None:
    """Say why a recording cannot be described; None when it can."""
    return None if recording.describer else "nobody can describe it"


def need_model(recording: Recording) -> str | None:
    """Say why a recording is not described by a model that looks at pictures; None when it is."""
    return need_words(recording) or (
        "its poses are described" if recording.describer == KINEMATIC else None
    )


def need_nano(recording: Recording) -> str | None:
    """Say why a recording is not described by our own small model; None when it is."""
    return None if recording.describer.partition(":")[0] == NANO else "another describes it"


def make_descriptions(job: Job) -> Output:
    """Have the frames of a recording described; what was answered before is not asked again."""
    frames, service = job.load("mosaics"), job.backends["describer"]
    queries = gather_queries(job, frames)
    keys = [make_key(service.name, query) for query in queries]
    payloads = {key: q.model_dump_json() for key, q in zip(keys, queries, strict=True)}

    def call(tasks: Sequence[Task]) -> list[Reply]:
        asked = [FrameQuery.model_validate_json(task.payload) for task in tasks]
        pictures = [read_shown(job.project, query) for query in asked]
        return list(service.describer.describe(asked, pictures, attempt=tasks[0].n_unusable))

    name = f"{job.unit} by {service.account} ({service.name})"
    n_later = count_later(job, "mosaics", service, service.name)
    inquiry = Inquiry(name, service, call, judge_reply, service.describer.batch_size, n_later)
    found, spent = ask_service(job, inquiry, payloads)
    answers = [found[key] for key in keys]
    table = tabulate_replies(frames, [a.reply for a in answers], [a.reason for a in answers])
    counts = {str(status): int(n) for status, n in table["status"].value_counts().items()}
    models = sorted({answer.reply.model for answer in answers if answer.reply})
    notes = {
        "described_by": service.name,
        "status": counts,
        "models": models,
        "spent_usd": spent / 1e6,
    }
    return Output(table, notes=notes, message=_summarize(counts))


def make_key(describer: str, query: FrameQuery) -> bytes:
    """Return the key of a call, see `hash_call`."""
    return hash_call(describer, write_question(query), query.picture_sha256)


def gather_queries(job: Job, frames: pd.DataFrame) -> list[FrameQuery]:
    """Return the question about each picture of a recording.

    Parameters
    ----------
    frames
        The table of the step "mosaics", or rows of it.
    """
    pictures = frames.assign(sha256=[_hash_picture(job.project, name) for name in frames["file"]])
    return build_queries(pictures, _load_speeds(job))


def _load_speeds(job: Job) -> pd.DataFrame:
    """Load the speeds of a recording, with their unit; an empty table without poses."""
    speeds = job.load("speeds")
    if speeds.empty:
        return speeds
    unit = str(job.notes("poses")[job.unit]["length_unit"])
    return speeds.assign(length_unit=unit)


def _hash_picture(project: Project, name: str) -> str:
    return hashlib.sha256((project.folder / name).read_bytes()).hexdigest()


def read_shown(project: Project, query: FrameQuery) -> bytes:
    """Read the picture that is shown to the model, as it lies there.

    Raises
    ------
    CallError
        When it cannot be read, or is not the one that was asked about.
    """
    try:
        picture = (project.folder / query.picture).read_bytes()
    except OSError as error:
        raise CallError(f"Cannot read {query.picture} ({error}).", "impossible") from error
    if hashlib.sha256(picture).hexdigest() != query.picture_sha256:
        raise CallError(f"The picture {query.picture} has changed.", "impossible")
    return picture


def _summarize(counts: Mapping[str, int]) -> str:
    """Name what could not be described; nothing when all could."""
    wrong = {status: n for status, n in counts.items() if status != "ok"}
    if not wrong:
        return ""
    named = ", ".join(f"{n} {status[:60]}" for status, n in wrong.items())
    return (
        f"{sum(wrong.values())} frames have no description ({named}); ask them again with "
        "`mousegpt job retry-dead` and run again"
    )
