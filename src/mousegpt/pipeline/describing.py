"""The step that has frames described by a model, row by row through the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from mousegpt.core.chat import CallError, Reply
from mousegpt.core.query import FrameQuery
from mousegpt.description.vlm import build_queries, judge_reply, tabulate_replies, write_question
from mousegpt.pipeline.asking import Inquiry, ask_service, hash_call
from mousegpt.pipeline.chain import Job, Output, Step
from mousegpt.pipeline.ledger import Task
from mousegpt.pipeline.pictures import encode_jpeg, read_picture
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.recording_steps import need_videos
from mousegpt.pipeline.services import KINEMATIC
from mousegpt.pipeline.settings import Overrides, merge_overrides
from mousegpt.vision.moments import make_grid

#: Steps that need no poses once there are descriptions.
_FROM_TEXTS: Final = frozenset(
    {"embeddings", "keywords", "behaviors", "fine_postures", "novelty", "layout", "proportions"}
    | {"examples"}
)


def adapt_steps(steps: Sequence[Step], describer: str) -> tuple[Step, ...]:
    """Return the chain for a describer: a model needs the pictures of all sampled frames first.

    Steps that read descriptions then apply to recordings with videos, whether or not there are
    poses; those that draw poses still need them.
    """
    if describer == KINEMATIC:
        return tuple(steps)
    by_name = {step.name: step for step in steps}
    described = replace(
        by_name["descriptions"],
        purpose="Sentences and keywords by a model",
        compute=make_descriptions,
        needs=("poses", "speeds", "mosaics"),
        functions=(build_queries, tabulate_replies),
        applies=need_videos,
        ports=("describer",),
    )
    adapted = []
    for step in steps:
        if step.name == "descriptions":
            adapted += [by_name["mosaics"], described]
        elif step.name in _FROM_TEXTS:
            adapted.append(replace(step, applies=need_videos))
        elif step.name != "mosaics":
            adapted.append(step)
    return tuple(adapted)


def adapt_overrides(overrides: Overrides, describer: str) -> Overrides:
    """Have every sampled frame pictured when a model describes them, unless told otherwise."""
    if describer == KINEMATIC:
        return overrides
    return merge_overrides({"mosaics": {"max_frames": None}}, overrides)


def make_descriptions(job: Job) -> Output:
    """Have the frames of a recording described; what was answered before is not asked again."""
    frames, service = job.load("mosaics"), job.backends["describer"]
    queries = gather_queries(job, frames, **job.options(build_queries))
    keys = [make_key(service.name, query) for query in queries]
    payloads = {key: q.model_dump_json() for key, q in zip(keys, queries, strict=True)}

    def call(tasks: Sequence[Task]) -> list[Reply]:
        asked = [FrameQuery.model_validate_json(task.payload) for task in tasks]
        pictures = [read_shown(job.project, query) for query in asked]
        return list(service.describer.describe(asked, pictures, attempt=tasks[0].n_unusable))

    name, batch_size = f"{job.unit} by {service.account}", service.describer.batch_size
    found, spent = ask_service(job, Inquiry(name, service, call, judge_reply, batch_size), payloads)
    answers = [found[key] for key in keys]
    table = tabulate_replies(frames, [a.reply for a in answers], [a.reason for a in answers])
    counts = {str(status): int(n) for status, n in table["status"].value_counts().items()}
    models = sorted({answer.reply.model for answer in answers if answer.reply})
    notes = {"status": counts, "models": models, "spent_usd": spent / 1e6}
    return Output(table, notes=notes, message=_summarize(counts))


def make_key(describer: str, query: FrameQuery) -> bytes:
    """Return the key of a call, see `hash_call`."""
    return hash_call(describer, write_question(query), query.picture_sha256)


def gather_queries(job: Job, frames: pd.DataFrame, *, moments: int = 1) -> list[FrameQuery]:
    """Return the question about each picture of a recording.

    Parameters
    ----------
    frames
        The table of the step "mosaics", or rows of it.
    """
    pictures = frames.assign(sha256=[_hash_picture(job.project, name) for name in frames["file"]])
    return build_queries(pictures, _load_speeds(job), moments=moments)


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
    """Read what is shown to the model: a picture as it lies there, or a grid of moments."""
    try:
        found = [(project.folder / name).read_bytes() for name in query.moments or (query.picture,)]
    except OSError as error:
        raise CallError(f"Cannot read {query.picture} ({error}).", "impossible") from error
    digests = [hashlib.sha256(data).hexdigest() for data in found]
    joined = hashlib.sha256("".join(digests).encode()).hexdigest() if query.moments else digests[0]
    if joined != query.picture_sha256:
        raise CallError(f"The picture {query.picture} has changed.", "impossible")
    if not query.moments:
        return found[0]
    return encode_jpeg(make_grid([read_picture(project.folder / name) for name in query.moments]))


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
