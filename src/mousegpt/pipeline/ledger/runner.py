"""Runs a job: threads that only ask, and one that writes everything down.

Each round settles the answers that have come and claims the next tasks in one transaction, so that
the disk is waited for once per round and not once per call.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Final

from mousegpt.core.chat import Reply
from mousegpt.core.errors import BackendError, ProjectError
from mousegpt.pipeline.ledger import owners
from mousegpt.pipeline.ledger.accounts import Price
from mousegpt.pipeline.ledger.jobs import pause_job, read_budget
from mousegpt.pipeline.ledger.policy import Gate, Policy
from mousegpt.pipeline.ledger.progress import Progress
from mousegpt.pipeline.ledger.store import Ledger, Task
from mousegpt.pipeline.ledger.verdicts import Judge, Verdict, weigh_failure, weigh_reply

#: Asks for the answers to some tasks; raises `CallError`.
Call = Callable[[Sequence[Task]], Sequence[Reply]]

_ROUND_S: Final = 0.25  # longest time without a look at the ledger
_SHORTEST_ROUND_S: Final = 0.005
_CHECK_OWNERS_S: Final = 1.0


@dataclass(frozen=True)
class _Return:
    """What a thread brings back: replies to its tasks, or why there are none."""

    tasks: Sequence[Task]
    replies: Sequence[Reply] = ()
    error: BaseException | None = None


def run_job(
    ledger: Ledger,
    job: int,
    call: Call,
    judge: Judge,
    *,
    price: Price | None = None,
    policy: Policy | None = None,
    concurrency: int = 8,
    batch_size: int = 1,
    limit: int | None = None,
    listen: Callable[[Progress], None] = lambda progress: None,
    clock: Callable[[], float] = time.monotonic,
) -> Progress:
    """Work on a job until each of its tasks is done or dead.

    Parameters
    ----------
    call
        Called in several threads at once, with up to ``batch_size`` tasks.
    judge
        Called in this thread.
    limit
        Claim no more tasks than this, as a pilot does.
    listen
        Called after every round that settled something.

    Raises
    ------
    BackendError
        When the service can serve no call at all, or has failed through all rests it was given;
        no task is dead because of that.
    ProjectError
        When the job is paused, a cap is reached, or the disk is full.
    KeyboardInterrupt
        At the first Ctrl-C after the calls under way have ended; at the second, at once.
    """
    with owners.own(ledger.owners) as owner:
        run = _Run(
            ledger, job, owner, call, judge, price or Price(), policy or Policy(),
            concurrency, batch_size, limit, listen, clock,
        )  # fmt: skip
        with run.hearing_interrupts():
            return run.work()


@dataclass
class _Run:
    ledger: Ledger
    job: int
    owner: str
    call: Call
    judge: Judge
    price: Price
    policy: Policy
    concurrency: int
    batch_size: int
    limit: int | None
    listen: Callable[[Progress], None]
    clock: Callable[[], float]
    progress: Progress = field(default_factory=Progress)
    outbox: SimpleQueue[Sequence[Task] | None] = field(default_factory=SimpleQueue)
    inbox: SimpleQueue[_Return] = field(default_factory=SimpleQueue)
    verdicts: list[Verdict] = field(default_factory=list)
    stop: BaseException | None = None
    n_away: int = 0  # calls under way
    n_claimed: int = 0
    n_threads: int = 0

    def __post_init__(self) -> None:
        self.gate = Gate(self.concurrency, self.policy, self.clock)
        self.started = self.clock()
        self.owners_checked = self.started - _CHECK_OWNERS_S

    def work(self) -> Progress:
        try:
            while not self._is_over():
                self._check_owners()
                self._write()
                self._collect()
        finally:
            for _ in range(self.n_threads):
                self.outbox.put(None)
        if self.stop is not None:
            raise self.stop
        return self.progress

    @contextmanager
    def hearing_interrupts(self) -> Iterator[None]:
        """Let the first Ctrl-C end the run in good order."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def hear(number: int, frame: object) -> None:
            if isinstance(self.stop, KeyboardInterrupt):
                raise KeyboardInterrupt
            self.stop = KeyboardInterrupt()

        before = signal.signal(signal.SIGINT, hear)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _is_over(self) -> bool:
        if self.n_away or self.verdicts:
            return False
        if self.stop is not None or (self.limit is not None and self.n_claimed >= self.limit):
            return True
        return not self.ledger.has_open_tasks(self.job)

    def _check_owners(self) -> None:
        if self.clock() - self.owners_checked >= _CHECK_OWNERS_S:
            self.ledger.release_dead_owners(self.job, self.owner)
            self.owners_checked = self.clock()

    def _write(self) -> None:
        """Settle and claim in one transaction; only then forget and send."""
        room = 0 if self.stop else (self.gate.limit - self.n_away) * self.batch_size
        if self.limit is not None:
            room = min(room, self.limit - self.n_claimed)
        if not self.verdicts and room <= 0:
            return
        with self.ledger.transaction():
            for verdict in self.verdicts:
                verdict.write(self.ledger)
            tasks = self._claim(room) if room > 0 else []
        settled = bool(self.verdicts)
        self.verdicts = []
        self._send(tasks)
        if settled:
            self.listen(self.progress)
            self.progress = replace(self.progress, news="")

    def _claim(self, room: int) -> list[Task]:
        budget = read_budget(self.ledger, self.job)
        if budget.paused:
            self.stop = ProjectError(
                f"The job is paused ({budget.reason}); go on with `mousegpt job resume`."
            )
            return []

        def estimate(attempt: int) -> int:
            return self.price.estimate(budget.most_prompt_tokens, attempt)

        dearest = estimate(self.policy.max_unusable - 1)
        affordable = self.price.count_affordable(budget.n_calls, budget.committed, dearest)
        if affordable == 0 and not self.n_away and not self.verdicts:
            self.stop = ProjectError(
                f"The next call might exceed the cap of {self.price.describe_cap()} (used so far: "
                f"{budget.n_calls:,} calls, {budget.committed / 1e6:.4g} USD); raise the cap and "
                "run again to go on."
            )
        self.ledger.wake_tasks(self.job, self.clock())
        return self.ledger.claim_tasks(self.job, self.owner, min(room, affordable), estimate)

    def _send(self, tasks: Sequence[Task]) -> None:
        self.n_claimed += len(tasks)
        for _, alike in groupby(tasks, key=lambda task: task.n_unusable):
            group = list(alike)
            for start in range(0, len(group), self.batch_size):
                self.outbox.put(group[start : start + self.batch_size])
                self.n_away += 1
        for _ in range(min(self.n_away, self.concurrency) - self.n_threads):
            threading.Thread(target=self._ask, daemon=True).start()
            self.n_threads += 1

    def _send_singly(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            self.outbox.put([task])
            self.n_away += 1

    def _ask(self) -> None:
        """Ask until there is nothing left to ask; runs in a thread."""
        while (tasks := self.outbox.get()) is not None:
            try:
                back = _Return(tasks, self.call(tasks))
                if len(back.replies) != len(tasks):
                    raise BackendError(f"{len(back.replies)} replies came to {len(tasks)} tasks.")
            except BaseException as error:
                back = _Return(tasks, error=error)
            self.inbox.put(back)

    def _collect(self) -> None:
        """Wait for an answer, or until there may be something to claim; take all that came."""
        try:
            self._weigh(self.inbox.get(timeout=self._choose_patience()))
            while True:
                self._weigh(self.inbox.get_nowait())
        except Empty:
            return

    def _choose_patience(self) -> float:
        if self.n_claimed == 0 and self.gate.limit and not self.stop:
            return _SHORTEST_ROUND_S
        waits = [self.gate.shut_until, self.ledger.find_next_wake(self.job) or 0.0]
        ahead = [wait - self.clock() for wait in waits if wait > self.clock()]
        return max(min([_ROUND_S, *ahead]), _SHORTEST_ROUND_S)

    def _weigh(self, back: _Return) -> None:
        """Turn what came back into verdicts, and learn about the service."""
        self.n_away -= 1
        if len(back.tasks) > 1 and getattr(back.error, "fault", "") == "impossible":
            self._send_singly(back.tasks)  # one of them cannot be asked, and the others can
            return
        n_rests = self.gate.n_rests
        if back.error is None:
            self.gate.note_success()
            new = [
                weigh_reply(task, reply, self.judge(reply), self.price, self.policy)
                for task, reply in zip(back.tasks, back.replies, strict=True)
            ]
        else:
            blamed = self.gate.note_error(back.error)
            new = [
                weigh_failure(task, back.error, blamed, self.policy, self.clock())
                for task in back.tasks
            ]
            self._consider_stopping(back.error)
        self.verdicts += new
        news = self._tell_news(n_rests, back.error)
        self.progress = self.progress.add(new, self.clock() - self.started, news)

    def _tell_news(self, n_rests: int, error: BaseException | None) -> str:
        """Say what has become of the service since it had had so many rests."""
        if self.gate.n_rests < n_rests:
            return "the service answers again"
        rests = self.gate.n_rests > n_rests
        return f"{error} (next try in {self.policy.rest_s:g} s)" if rests else ""

    def _consider_stopping(self, error: BaseException) -> None:
        fault = getattr(error, "fault", "fatal")
        if fault == "fatal" and self.stop is None:
            self.stop = error
        elif self.gate.is_exhausted and self.stop is None:
            pause_job(self.ledger, self.job, f"the service fails: {error}")
            self.stop = BackendError(
                f"The service has failed through {self.gate.n_rests} rests: {error} The job is "
                "paused; once the service works, go on with `mousegpt job resume` and run again."
            )
