"""The step that has frames described by a model, row by row through the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from mousegpt.core.chat import CallError, Reply
from mousegpt.core.errors import BackendError, ProjectError
from mousegpt.core.query import FrameQuery
from mousegpt.description.vlm import build_queries, judge_reply, tabulate_replies, write_question
from mousegpt.pipeline.chain import Job, Output, Step
from mousegpt.pipeline.ledger import Ledger, Policy, Progress, Task, open_ledger, run_job
from mousegpt.pipeline.ledger.disks import require_space
from mousegpt.pipeline.ledger.jobs import find_jobs, list_dead_payloads, retry_dead_tasks
from mousegpt.pipeline.pictures import encode_jpeg, read_picture
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.recording_steps import need_videos
from mousegpt.pipeline.services import KINEMATIC, Service
from mousegpt.pipeline.settings import Overrides, merge_overrides
from mousegpt.vision.moments import make_grid

#: A job with more calls to make is tried out on a few first.
LARGE_JOB: Final = 200
PILOT: Final = 20
#: Steps that need no poses once there are descriptions.
_FROM_TEXTS: Final = frozenset(
    {"embeddings", "keywords", "behaviors", "fine_postures", "novelty", "layout", "proportions"}
    | {"examples"}
)
_LEAST_USABLE: Final = 0.5  # of the pilot's answers


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


def locate_ledger(project: Project) -> Path:
    """Return where the ledger of a project lies."""
    return project.folder / "ledger.sqlite"


def make_descriptions(job: Job) -> Output:
    """Have the frames of a recording described; what was answered before is not asked again."""
    frames, service = job.load("mosaics"), job.backends["describer"]
    pictures = frames.assign(sha256=[_hash_picture(job.project, name) for name in frames["file"]])
    queries = build_queries(pictures, _load_speeds(job), **job.options(build_queries))
    keys = [make_key(service.name, query) for query in queries]
    with closing(open_ledger(locate_ledger(job.project))) as ledger:
        number = ledger.open_job(f"{job.unit} by {service.account}", service.account)
        tasks = ((k, q.model_dump_json()) for k, q in zip(keys, queries, strict=True))
        ledger.add_tasks(number, tasks)
        spent = _ask(job, ledger, number, service, len(set(keys)))
        found = ledger.read_answers(keys)
    answers = [found[key] for key in keys]
    table = tabulate_replies(frames, [a.reply for a in answers], [a.reason for a in answers])
    counts = {str(status): int(n) for status, n in table["status"].value_counts().items()}
    models = sorted({answer.reply.model for answer in answers if answer.reply})
    notes = {"status": counts, "models": models, "spent_usd": spent / 1e6}
    return Output(table, notes=notes, message=_summarize(counts))


def make_key(describer: str, query: FrameQuery) -> bytes:
    """Return the key of a call: who is asked, what, and about which picture.

    Where the frame comes from is no part of it: the same question about the same picture is asked
    once.
    """
    parts = (describer, write_question(query), query.picture_sha256)
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _load_speeds(job: Job) -> pd.DataFrame:
    """Load the speeds of a recording, with their unit; an empty table without poses."""
    speeds = job.load("speeds")
    if speeds.empty:
        return speeds
    unit = str(job.notes("poses")[job.unit]["length_unit"])
    return speeds.assign(length_unit=unit)


def _ask(job: Job, ledger: Ledger, number: int, service: Service, n: int) -> int:
    """Work on the job until all is answered; return the micro-dollars spent."""
    spent = 0
    n_open = _count_open(ledger, number)
    require_space(job.project.folder, n_open)
    job.report(n - n_open, n)
    if n_open > LARGE_JOB:
        pilot = _run(job, ledger, number, service, n, n_open, limit=PILOT)
        spent, n_open = pilot.spent, _count_open(ledger, number)
        told = judge_pilot(pilot, n_open, service)
        job.report(n - n_open, n, told)
    return spent + _run(job, ledger, number, service, n, n_open).spent


def _run(
    job: Job, ledger: Ledger, number: int, service: Service, n: int, n_open: int,
    limit: int | None = None,
) -> Progress:  # fmt: skip
    def call(tasks: Sequence[Task]) -> list[Reply]:
        queries = [FrameQuery.model_validate_json(task.payload) for task in tasks]
        pictures = [_read_picture(job.project, query) for query in queries]
        return service.describer.describe(queries, pictures, attempt=tasks[0].n_unusable)

    def listen(progress: Progress) -> None:
        job.report(n - n_open + progress.n_done + progress.n_dead, n)

    return run_job(
        ledger, number, call, judge_reply, price=service.price, policy=Policy(),
        concurrency=service.concurrency, batch_size=service.describer.batch_size,
        limit=limit, listen=listen,
    )  # fmt: skip


def judge_pilot(pilot: Progress, n_left: int, service: Service) -> str:
    """Say what the rest of a job will take, from what its first calls took.

    Raises
    ------
    BackendError
        When less than half of the answers could be used.
    ProjectError
        When the rest would cost more than the cap allows.
    """
    n_calls = max(pilot.n_calls, 1)
    if pilot.n_usable < _LEAST_USABLE * n_calls:
        raise BackendError(
            f"Of the first {n_calls} answers only {pilot.n_usable} could be used; see `mousegpt "
            "job status`, correct the model's settings or choose another, and run again."
        )
    per_task = max(pilot.n_done + pilot.n_dead, 1)
    hours = n_left * pilot.seconds / per_task / 3600
    usd = n_left * pilot.spent / per_task / 1e6
    cost = f"{usd:,.2f} USD" if service.price.is_known else "a price that is not known"
    told = f"about {n_left:,} calls are left: {hours:,.1f} h and {cost}"
    cap = service.price.max_usd
    if cap is not None and usd > cap:
        raise ProjectError(
            f"After a pilot of {per_task} frames {told}, but max_usd is {cap:g}; raise it in "
            "mousegpt.toml, or describe fewer frames (mosaics.rate_hz). The pilot is kept."
        )
    return f"after a pilot of {per_task} frames {told}"


def _count_open(ledger: Ledger, number: int) -> int:
    query = "SELECT count(*) FROM task WHERE job = ? AND state IN (0, 1, 2)"
    return int(ledger.connection.execute(query, (number,)).fetchone()[0])


def _hash_picture(project: Project, name: str) -> str:
    return hashlib.sha256((project.folder / name).read_bytes()).hexdigest()


def _read_picture(project: Project, query: FrameQuery) -> bytes:
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


def retry_dead(project: Project, name: str | None) -> int:
    """Let dead tasks be asked anew at the next run; return how many there are.

    Raises
    ------
    UsageError
        When there is no job of that name.
    """
    with closing(open_ledger(locate_ledger(project))) as ledger:
        n = 0
        for number in find_jobs(ledger, name):
            payloads = list_dead_payloads(ledger, number)
            for unit in {FrameQuery.model_validate_json(text).recording for text in payloads}:
                # without its seal the table is made again, with the new answers in it
                project.provenance("descriptions", unit).unlink(missing_ok=True)
            n += retry_dead_tasks(ledger, number)
    return n
