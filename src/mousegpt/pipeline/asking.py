"""Asks a service about many frames, through the ledger, until each has its answer.

What was answered before is not asked again. A large job is tried out on a few frames first, and
what the rest will take is told before it is spent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mousegpt.core.errors import BackendError, ProjectError
from mousegpt.io.tables import load_table
from mousegpt.pipeline.chain import Job
from mousegpt.pipeline.ledger import Answer, Ledger, Policy, Progress, opening_ledger, run_job
from mousegpt.pipeline.ledger.disks import require_space
from mousegpt.pipeline.ledger.jobs import (
    find_jobs,
    list_dead_payloads,
    read_budget,
    retry_dead_tasks,
    set_aside_tasks,
)
from mousegpt.pipeline.ledger.runner import Call
from mousegpt.pipeline.ledger.verdicts import Judge
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import load_provenance
from mousegpt.pipeline.services import Terms

#: A job with more calls to make is tried out on a few first.
LARGE_JOB: Final = 200
PILOT: Final = 20
_LEAST_USABLE: Final = 0.5  # of the pilot's answers


@dataclass(frozen=True)
class Inquiry:
    """How tasks of one kind are asked.

    Parameters
    ----------
    name
        Of the job, as `mousegpt job status` shows it. It says whom `call` asks: another model is
        another job, with a cost of its own.
    call
        Asks for the answers to some tasks.
    judge
        Says in a word what makes a reply unusable; "" when it can be used.
    n_later
        About how many calls other recordings will want after this job.
    """

    name: str
    terms: Terms
    call: Call
    judge: Judge
    batch_size: int = 1
    n_later: int = 0


def locate_ledger(project: Project) -> Path:
    """Return where the ledger of a project lies."""
    return project.folder / "ledger.sqlite"


def hash_call(who: str, question: str, picture_sha256: str) -> bytes:
    """Return the key of a call: who is asked, what, and about which picture.

    Where the frame comes from is no part of it: the same question about the same picture is asked
    once.
    """
    return hashlib.sha256("\0".join((who, question, picture_sha256)).encode()).digest()


def ask_service(
    job: Job, inquiry: Inquiry, payloads: Mapping[bytes, str]
) -> tuple[dict[bytes, Answer], int]:
    """Return the answer to each key, and the micro-dollars that this run has spent.

    Parameters
    ----------
    payloads
        What each task is about, by its key; a JSON object with ``recording``.

    Raises
    ------
    BackendError, ProjectError
        As `run_job` and `judge_pilot` do; all that was answered is kept.
    """
    with opening_ledger(locate_ledger(job.project)) as ledger:
        number = ledger.open_job(inquiry.name, inquiry.terms.account)
        ledger.add_tasks(number, payloads.items())
        set_aside_tasks(ledger, number, payloads)
        spent = _work(job, ledger, number, inquiry, len(payloads))
        return ledger.read_answers(list(payloads)), spent


def _work(job: Job, ledger: Ledger, number: int, inquiry: Inquiry, n: int) -> int:
    """Work until all is answered; return the micro-dollars spent."""
    spent = 0
    n_open = _count_open(ledger, number)
    require_space(job.project.folder, n_open)
    job.report(n - n_open, n)
    if n_open > PILOT and n_open + inquiry.n_later > LARGE_JOB:
        pilot = _run(job, ledger, number, inquiry, n, n_open, limit=PILOT)
        spent, n_open = pilot.spent, _count_open(ledger, number)
        used = read_budget(ledger, number).committed
        told = judge_pilot(pilot, n_open + inquiry.n_later, inquiry.terms, used)
        job.report(n - n_open, n, told)
    return spent + _run(job, ledger, number, inquiry, n, n_open).spent


def _run(
    job: Job, ledger: Ledger, number: int, inquiry: Inquiry, n: int, n_open: int,
    limit: int | None = None,
) -> Progress:  # fmt: skip
    def listen(progress: Progress) -> None:
        job.report(n - n_open + progress.n_done + progress.n_dead, n, progress.news)

    return run_job(
        ledger, number, inquiry.call, inquiry.judge, price=inquiry.terms.price, policy=Policy(),
        concurrency=inquiry.terms.concurrency, batch_size=inquiry.batch_size,
        limit=limit, listen=listen,
    )  # fmt: skip


def judge_pilot(pilot: Progress, n_left: int, terms: Terms, used: int = 0) -> str:
    """Say what the rest of a job will take, from what its first calls took.

    Parameters
    ----------
    n_left
        Calls that are left, those of other recordings included.
    used
        Micro-dollars that the account has spent, the pilot included.

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
    cost = f"{usd:,.2f} USD" if terms.price.is_known else "a price that is not known"
    told = f"about {n_left:,} calls are left: {hours:,.1f} h and {cost}"
    cap = terms.price.max_usd
    if cap is not None and usd + used / 1e6 > cap:
        raise ProjectError(
            f"After a pilot of {per_task} frames {told}, but max_usd is {cap:g}, and "
            f"{used / 1e6:,.2f} are spent; raise it in mousegpt.toml, or describe fewer frames "
            "(mosaics.rate_hz). The pilot is kept."
        )
    return f"after a pilot of {per_task} frames {told}"


def count_later(job: Job, asked: str, terms: Terms, who: str) -> int:
    """Return about how many calls the recordings that are not done will want; 0 for free ones.

    Parameters
    ----------
    asked
        The step whose rows are asked about.
    who
        Name of the service; what another one has answered is asked anew.
    """
    (port,), n = job.step.ports, 0
    for recording in job.project.load_recordings() if not terms.price.is_free else ():
        table = job.project.table(asked, recording.id)
        record = load_provenance(job.project.provenance(job.step.name, recording.id))
        done = record is not None and record.backends.get(port, "").startswith(who)
        if recording.id != job.unit and not done and table.is_file():
            n += len(load_table(table))
    return n


def _count_open(ledger: Ledger, number: int) -> int:
    query = "SELECT count(*) FROM task WHERE job = ? AND state IN (0, 1, 2)"
    return int(ledger.connection.execute(query, (number,)).fetchone()[0])


def retry_dead(project: Project, name: str | None) -> int:
    """Let dead tasks be asked anew at the next run; return how many there are.

    Raises
    ------
    UsageError
        When there is no job of that name.
    """
    with opening_ledger(locate_ledger(project)) as ledger:
        n = 0
        for number in find_jobs(ledger, name):
            payloads = map(json.loads, list_dead_payloads(ledger, number))
            for step, unit in {_find_table(payload) for payload in payloads}:
                # without its seal the table is made again, with the new answers in it
                project.provenance(step, unit).unlink(missing_ok=True)
            n += retry_dead_tasks(ledger, number)
    return n


def _find_table(payload: Mapping[str, str]) -> tuple[str, str]:
    """Return the step and the recording whose table an answer goes into."""
    return "curation" if "description" in payload else "descriptions", payload["recording"]
