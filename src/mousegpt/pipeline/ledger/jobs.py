"""Looking at jobs, pausing them, and checking that the ledger is sound."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Final

from mousegpt.core.errors import UsageError
from mousegpt.pipeline.ledger.opening import SCHEMA_VERSION
from mousegpt.pipeline.ledger.store import DEAD, STATE_NAMES, Ledger

_RATE_WINDOW_S: Final = 300.0
_RATE_CALLS: Final = 20_000  # calls looked at for the rate
_ASIDE: Final = "set aside"


@dataclass(frozen=True)
class Budget:
    """What a job may still spend; calls and money of all jobs of its account."""

    paused: bool
    reason: str
    n_calls: int
    committed: int
    most_prompt_tokens: int


def read_budget(ledger: Ledger, job: int) -> Budget:
    """Return what the account of a job has used, in micro-dollars, and whether it is paused."""
    row = ledger.connection.execute(
        "SELECT mine.state, mine.reason, sum(job.n_calls), sum(job.spent + job.reserved), "
        "max(job.most_prompt_tokens) FROM job AS mine JOIN job USING (account) WHERE mine.id = ?",
        (job,),
    ).fetchone()
    return Budget(row[0] == "paused", row[1] or "by hand", row[2], row[3], row[4])


def list_jobs(ledger: Ledger) -> list[dict[str, Any]]:
    """Return a row per job: tasks by state, calls, money, rate and the time that is left.

    ``unknown`` are calls whose outcome is not known: the run was killed, or the connection cut.
    ``usd_left`` is what the tasks that are left will cost, if they cost what the others did; money
    is None where nothing has a price.
    """
    ask = ledger.connection.execute
    counts = ask("SELECT job, state, count(*) FROM task GROUP BY job, state").fetchall()
    rates = _measure_rates(ledger)
    rows = []
    for job, name, state, reason, n_calls, n_unknown, reserved, spent in ask(
        "SELECT id, name, state, reason, n_calls, n_unknown, reserved, spent FROM job ORDER BY id"
    ):
        mine = {STATE_NAMES[s]: n for j, s, n in counts if j == job}
        left = sum(mine.get(known, 0) for known in ("todo", "sent", "waiting"))
        over = mine.get("done", 0) + mine.get("dead", 0)
        rate = rates.get(job, 0.0)
        each = spent / over if spent and over else None
        rows.append(
            {"job": name, "state": f"paused: {reason or 'by hand'}" if state == "paused" else state}
            | {"done": mine.get("done", 0), "dead": mine.get("dead", 0), "left": left}
            | {"calls": n_calls, "unknown": n_unknown}
            | {"usd": round((spent + reserved) / 1e6, 4) if spent + reserved else None}
            | {"usd_left": round(each * left / 1e6, 4) if each else None}
            | {"per_s": round(rate, 2), "left_s": round(left / rate) if left and rate else None}
        )
    return rows


def list_faults(ledger: Ledger) -> list[dict[str, Any]]:
    """Return how many tasks are dead for which reason, by job."""
    rows = ledger.connection.execute(
        "SELECT job.name, task.reason, count(*) FROM task JOIN job ON job.id = task.job "
        f"WHERE task.state = {DEAD} GROUP BY 1, 2 ORDER BY 3 DESC"
    )
    return [{"job": job, "reason": reason, "tasks": n} for job, reason, n in rows]


def _measure_rates(ledger: Ledger) -> dict[int, float]:
    """Return usable answers per second and job over the last five minutes."""
    rows = ledger.connection.execute(
        "SELECT task.job, count(*), min(recent.settled_at) FROM (SELECT * FROM call "
        f"ORDER BY id DESC LIMIT {_RATE_CALLS}) AS recent JOIN task ON task.seq = recent.task "
        "WHERE recent.outcome = 'ok' AND recent.settled_at > ? GROUP BY task.job",
        (time.time() - _RATE_WINDOW_S,),
    )
    now = time.time()
    return {job: n / max(now - first, 1.0) for job, n, first in rows}


def pause_job(ledger: Ledger, job: int, reason: str = "") -> None:
    """Pause a job; a run that works on it ends in good order."""
    with ledger.transaction():
        ledger.connection.execute(
            "UPDATE job SET state = 'paused', reason = ? WHERE id = ?", (reason, job)
        )


def resume_job(ledger: Ledger, job: int) -> None:
    """Let a paused job be worked on again."""
    with ledger.transaction():
        ledger.connection.execute("UPDATE job SET state = 'open', reason = '' WHERE id = ?", (job,))


def set_aside_tasks(ledger: Ledger, job: int, wanted: Container[bytes]) -> int:
    """Keep the open tasks of a job that are not wanted any more from being asked; return how many.

    They wait in a job of their own, and come back when they are added again.
    """
    ledger.release_dead_owners(job, owner="")
    open_keys = ledger.connection.execute(
        "SELECT key FROM task WHERE job = ? AND state IN (0, 2)", (job,)
    )
    unwanted = [key for (key,) in open_keys if key not in wanted]
    if unwanted:
        aside = ledger.open_job(_ASIDE, account="")
        pause_job(ledger, aside, "nobody asks for these now")
        with ledger.transaction():
            ledger.connection.executemany(
                "UPDATE task SET job = ? WHERE key = ? AND state IN (0, 2)",
                ((aside, key) for key in unwanted),
            )
    return len(unwanted)


def list_dead_payloads(ledger: Ledger, job: int) -> list[str]:
    """Return what the dead tasks of a job were about."""
    query = f"SELECT payload FROM task WHERE job = ? AND state = {DEAD}"
    return [payload for (payload,) in ledger.connection.execute(query, (job,))]


def retry_dead_tasks(ledger: Ledger, job: int) -> int:
    """Let dead tasks be asked anew; return how many. Their old replies are kept."""
    with ledger.transaction():
        cursor = ledger.connection.execute(
            "UPDATE task SET state = 0, n_failed = 0, n_unusable = 0, reason = '' "
            f"WHERE job = ? AND state = {DEAD}",
            (job,),
        )
    return cursor.rowcount


def find_jobs(ledger: Ledger, name: str | None) -> list[int]:
    """Return the number of the job of that name, or of all jobs.

    Raises
    ------
    UsageError
        When there is no job of that name.
    """
    rows = ledger.connection.execute("SELECT id, name FROM job ORDER BY id").fetchall()
    found = [job for job, known in rows if name in (None, known)]
    if name is not None and not found:
        names = ", ".join(known for _, known in rows) or "none"
        raise UsageError(f"There is no job '{name}'; there are: {names}.")
    return found


_INVARIANTS: Final = {
    "tasks are done without an answer": "SELECT count(*) FROM task WHERE state = 3 AND answer IS "
    "NULL",
    "tasks have an answer but are not done": "SELECT count(*) FROM task WHERE state <> 3 AND "
    "answer IS NOT NULL",
    "tasks have the answer to another task": "SELECT count(*) FROM task JOIN call ON call.id = "
    "task.answer WHERE call.task <> task.seq",
    "tasks were accepted more than once": "SELECT count(*) FROM (SELECT 1 FROM call WHERE outcome "
    "= 'ok' GROUP BY task HAVING count(*) > 1)",
    "answers belong to no answered call": "SELECT count(*) FROM answer LEFT JOIN call ON call.id = "
    "answer.call WHERE call.id IS NULL OR outcome NOT IN ('ok', 'unusable')",
    "calls differ between jobs and calls": "SELECT (SELECT total(n_calls) FROM job) - "
    "(SELECT count(*) FROM call)",
    "micro-dollars differ between jobs and calls": "SELECT (SELECT total(spent + reserved) FROM "
    "job) - (SELECT total(micro_usd) FROM call)",
}


def verify_ledger(ledger: Ledger) -> list[str]:
    """Return what is wrong with a ledger, in sentences; empty when it is sound.

    Every page is read, every reply is hashed again, and every count is made again.
    """
    ask = ledger.connection.execute
    try:
        problems = [
            f"The file is damaged: {row[0]}."
            for row in ask("PRAGMA integrity_check(20)")
            if row[0] != "ok"
        ]
        problems += [
            f"{int(n):,} {what}."
            for what, query in _INVARIANTS.items()
            if (n := ask(query).fetchone()[0])
        ]
        wrong = sum(
            hashlib.sha256(text).digest() != digest
            for text, digest in ask("SELECT text, sha256 FROM answer")
        )
    except sqlite3.Error as error:
        return [f"The file is damaged: {error}."]
    if wrong:
        problems.append(f"{wrong:,} replies differ from their checksum.")
    version = ask("SELECT value FROM meta WHERE name = 'schema'").fetchone()[0]
    if version != SCHEMA_VERSION:
        problems.append(f"The schema is {version}, not {SCHEMA_VERSION}.")
    return problems
