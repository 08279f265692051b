"""What becomes of a task when its call has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from mousegpt.core.chat import CallError, Reply
from mousegpt.pipeline.ledger.accounts import Price
from mousegpt.pipeline.ledger.policy import Policy
from mousegpt.pipeline.ledger.store import Ledger, Outcome, Task

#: Says in a word what makes a reply unusable; "" when it can be used.
Judge = Callable[[Reply], str]

_DETAIL_CHARACTERS: Final = 500


@dataclass(frozen=True)
class Verdict:
    """How a call ended, what it cost, and what becomes of its task."""

    task: Task
    outcome: Outcome
    fate: Literal["done", "dead", "again"]
    spent: int
    detail: str = ""
    reply: Reply | None = None
    not_before: float = 0.0
    n_failed: int = 0
    n_unusable: int = 0

    def write(self, ledger: Ledger) -> None:
        """Write it into the ledger, inside a transaction; a call settled already is left alone."""
        task = self.task
        if not ledger.settle_call(task, self.outcome, self.spent, self.detail, self.reply):
            return
        if self.reply is not None:
            ledger.keep_reply(task, self.reply)
        if self.fate == "done":
            ledger.finish_task(task)
        elif self.fate == "dead":
            ledger.bury_task(task, self.detail)
        else:
            ledger.return_task(
                task,
                not_before=self.not_before,
                n_failed=self.n_failed,
                n_unusable=self.n_unusable,
            )


def weigh_reply(task: Task, reply: Reply, fault: str, price: Price, policy: Policy) -> Verdict:
    """Accept a usable reply; ask again for others, but not for ever."""
    spent = price.settle(reply, task.reserved)
    if not fault:
        return Verdict(task, "ok", "done", spent, reply=reply)
    last = task.n_unusable + 1 >= policy.max_unusable
    return Verdict(task, "unusable", "dead" if last else "again", spent, fault, reply, n_unusable=1)


def weigh_failure(
    task: Task, error: BaseException, blamed: bool, policy: Policy, now: float
) -> Verdict:
    """Give up what can never work; let the rest wait and try again.

    Parameters
    ----------
    blamed
        The failure counts against the task, and not against the service alone.
    """
    detail = " ".join(str(error).split())[:_DETAIL_CHARACTERS] or type(error).__name__
    fault = error.fault if isinstance(error, CallError) else "fatal"
    unsure = not isinstance(error, CallError) or error.may_be_billed
    outcome: Outcome = "unknown" if unsure else "failed"
    spent = task.reserved if unsure else 0
    if fault == "impossible" or (blamed and task.n_failed + 1 >= policy.max_failed):
        return Verdict(task, outcome, "dead", spent, f"failed: {detail}")
    wait = policy.draw_delay(task.n_failed, task.key) if fault == "transient" else 0.0
    not_before = now + wait if wait else 0.0
    return Verdict(
        task, outcome, "again", spent, detail, not_before=not_before, n_failed=int(blamed)
    )
