"""Tasks, calls and answers in a ledger: what is written, and in which transaction."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

from mousegpt.core.chat import Reply
from mousegpt.pipeline.ledger import owners
from mousegpt.pipeline.ledger.faults import explain_fault

#: States of a task, as numbers in the file.
TODO, SENT, WAITING, DONE, DEAD = range(5)
STATE_NAMES: Final = ("todo", "sent", "waiting", "done", "dead")

_ROWS: Final = 5_000  # rows of a transaction when many are added
_KEYS: Final = 500  # keys of a query
_LONGEST_WAIT_S: Final = 3_600.0  # a not_before beyond that is of another boot of the machine

Outcome = Literal["ok", "unusable", "failed", "unknown"]


@dataclass(frozen=True)
class Task:
    """A task that was claimed, and the call that was written down for it."""

    seq: int
    key: bytes
    payload: str
    n_failed: int
    n_unusable: int
    call: int
    reserved: int


@dataclass(frozen=True)
class Answer:
    """What the ledger knows about a key.

    ``reply`` is the accepted reply, or the last one that could not be used; None without any.
    ``reason`` says why a task is dead.
    """

    state: str
    reason: str = ""
    reply: Reply | None = None


@dataclass
class Ledger:
    """An open ledger; one per thread. Writing happens inside `transaction`."""

    path: Path
    connection: sqlite3.Connection

    @property
    def owners(self) -> Path:
        """Folder of the locks that show who is alive."""
        return self.path.with_name(f"{self.path.name}-owners")

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block writes, or nothing of it.

        Raises
        ------
        ProjectError
            When the file cannot be written: the disk is full, or another program holds it.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            yield
            self.connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise explain_fault(self.path, error) from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def open_job(self, name: str, account: str) -> int:
        """Return the number of a job, made when there is none of that name."""
        with self.transaction():
            self.connection.execute(
                "INSERT OR IGNORE INTO job (name, account) VALUES (?, ?)", (name, account)
            )
        return int(self._ask("SELECT id FROM job WHERE name = ?", name)[0])

    def add_tasks(self, job: int, tasks: Iterable[tuple[bytes, str]]) -> None:
        """Add tasks by key and payload; known keys are left alone.

        A known task that is not answered yet moves to this job, which wants it now, with the
        payload that is given: its picture may lie elsewhere by now.
        """
        stream = iter(tasks)
        while rows := [(key, job, payload) for key, payload in islice(stream, _ROWS)]:
            with self.transaction():
                self.connection.executemany(
                    "INSERT INTO task (key, job, payload) VALUES (?, ?, ?) ON CONFLICT (key) "
                    "DO UPDATE SET job = excluded.job, payload = excluded.payload "
                    "WHERE state IN (0, 2)",
                    rows,
                )

    def has_open_tasks(self, job: int) -> bool:
        """Say whether tasks of a job are neither done nor dead."""
        query = "SELECT EXISTS (SELECT 1 FROM task WHERE job = ? AND state IN (0, 1, 2))"
        return bool(self._ask(query, job)[0])

    def wake_tasks(self, job: int, now: float) -> None:
        """Let tasks be claimed again whose wait is over."""
        self.connection.execute(
            "UPDATE task SET state = 0 WHERE job = ? AND state = 2 "
            "AND (not_before <= ? OR not_before > ?)",
            (job, now, now + _LONGEST_WAIT_S),
        )

    def find_next_wake(self, job: int) -> float | None:
        """Return when the first waiting task may go on."""
        found = self._ask("SELECT min(not_before) FROM task WHERE job = ? AND state = 2", job)
        return None if found[0] is None else float(found[0])

    def claim_tasks(
        self, job: int, owner: str, n: int, estimate: Callable[[int], int]
    ) -> list[Task]:
        """Claim the next tasks and write down their calls, before any of them leaves.

        ``estimate`` gives the micro-dollars to reserve by the number of unusable answers so far.
        """
        rows = self.connection.execute(
            "SELECT seq, key, payload, n_failed, n_unusable FROM task "
            "WHERE job = ? AND state = 0 ORDER BY seq LIMIT ?",
            (job, n),
        ).fetchall()
        tasks = []
        for seq, key, payload, n_failed, n_unusable in rows:
            reserved = estimate(n_unusable)
            cursor = self.connection.execute(
                "INSERT INTO call (task, owner, sent_at, micro_usd) VALUES (?, ?, ?, ?)",
                (seq, owner, time.time(), reserved),
            )
            call = int(cursor.lastrowid or 0)
            tasks.append(Task(seq, key, payload, n_failed, n_unusable, call, reserved))
        self.connection.executemany(
            "UPDATE task SET state = 1, owner = ? WHERE seq = ?",
            [(owner, task.seq) for task in tasks],
        )
        self.connection.execute(
            "UPDATE job SET n_calls = n_calls + ?, reserved = reserved + ? WHERE id = ?",
            (len(tasks), sum(task.reserved for task in tasks), job),
        )
        return tasks

    def keep_reply(self, task: Task, reply: Reply) -> None:
        """Keep a reply as it came, used or not."""
        text = reply.text.encode("utf-8", "surrogatepass")
        self.connection.execute(
            "INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?)",
            (
                task.call,
                text,
                hashlib.sha256(text).digest(),
                _clean(reply.finish_reason),
                _clean(reply.model),
                _clean(reply.request_id),
            ),
        )

    def settle_call(
        self, task: Task, outcome: Outcome, spent: int, detail: str = "", reply: Reply | None = None
    ) -> bool:
        """Write down how a call ended and what it cost; False when that is known already."""
        n_prompt = reply.n_prompt_tokens if reply else None
        n_reply = reply.n_reply_tokens if reply else None
        cursor = self.connection.execute(
            "UPDATE call SET outcome = ?, settled_at = ?, detail = ?, micro_usd = ?, "
            "n_prompt_tokens = ?, n_reply_tokens = ? WHERE id = ? AND outcome = 'sent'",
            (outcome, time.time(), _clean(detail), spent, n_prompt, n_reply, task.call),
        )
        if cursor.rowcount == 0:
            return False
        self.connection.execute(
            "UPDATE job SET reserved = reserved - ?, spent = spent + ?, n_unknown = n_unknown + ?, "
            "most_prompt_tokens = max(most_prompt_tokens, ?) "
            "WHERE id = (SELECT job FROM task WHERE seq = ?)",
            (task.reserved, spent, outcome == "unknown", n_prompt or 0, task.seq),
        )
        return True

    def finish_task(self, task: Task) -> None:
        """Accept the reply of this call as the answer of its task."""
        self._move(task, DONE, answer=task.call)

    def bury_task(self, task: Task, reason: str) -> None:
        """Give a task up, with the reason."""
        self._move(task, DEAD, reason=_clean(reason))

    def return_task(
        self, task: Task, *, not_before: float = 0.0, n_failed: int = 0, n_unusable: int = 0
    ) -> None:
        """Let a task be claimed again, with so many more failures or unusable answers."""
        self._move(
            task,
            WAITING if not_before else TODO,
            not_before=not_before,
            n_failed=task.n_failed + n_failed,
            n_unusable=task.n_unusable + n_unusable,
        )

    def _move(self, task: Task, state: int, **columns: Any) -> None:
        columns |= {"state": state, "owner": None}
        names = ", ".join(f"{name} = ?" for name in columns)
        self.connection.execute(
            f"UPDATE task SET {names} WHERE seq = ? AND state = 1",
            (*columns.values(), task.seq),
        )

    def release_dead_owners(self, job: int, owner: str) -> None:
        """Take back what dead processes had under way; how their calls ended is unknown."""
        rows = self.connection.execute(
            "SELECT DISTINCT owner FROM task WHERE job = ? AND state = 1 AND owner <> ?",
            (job, owner),
        ).fetchall()
        dead = [name for (name,) in rows if not owners.is_alive(self.owners, name)]
        for name in dead:
            with self.transaction():
                self._release(name)
            owners.forget(self.owners, name)

    def _release(self, owner: str) -> None:
        calls = self.connection.execute(
            "SELECT call.id, call.micro_usd, task.job, task.seq FROM call "
            "JOIN task ON task.seq = call.task WHERE call.owner = ? AND outcome = 'sent'",
            (owner,),
        ).fetchall()
        for call, reserved, job, seq in calls:
            self.connection.execute("UPDATE call SET outcome = 'unknown' WHERE id = ?", (call,))
            self.connection.execute(
                "UPDATE job SET reserved = reserved - ?1, spent = spent + ?1, "
                "n_unknown = n_unknown + 1 WHERE id = ?2",
                (reserved, job),
            )
            self.connection.execute(
                "UPDATE task SET state = 0, owner = NULL WHERE seq = ? AND owner = ?", (seq, owner)
            )

    def read_answers(self, keys: Sequence[bytes]) -> dict[bytes, Answer]:
        """Return what is known about keys; a key that was never added is left out."""
        found = {}
        for start in range(0, len(keys), _KEYS):
            chunk = keys[start : start + _KEYS]
            rows = self.connection.execute(
                "SELECT task.key, task.state, task.reason, answer.text, finish_reason, model, "
                "request_id FROM task LEFT JOIN answer ON answer.call = coalesce(task.answer, "
                "(SELECT max(answer.call) FROM call JOIN answer ON answer.call = call.id "
                f"WHERE call.task = task.seq)) WHERE key IN ({','.join('?' * len(chunk))})",
                chunk,
            )
            for key, state, reason, text, finish, model, request in rows:
                reply = None
                if text is not None:
                    said = text.decode("utf-8", "surrogatepass")
                    reply = Reply(said, finish, model, request_id=request)
                found[key] = Answer(STATE_NAMES[state], reason, reply)
        return found

    def _ask(self, query: str, *values: Any) -> Any:
        return self.connection.execute(query, values).fetchone()


def _clean(text: str) -> str:
    """Take out what SQLite cannot keep as text."""
    return text.encode("utf-8", "replace").decode()
