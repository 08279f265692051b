"""When a call is repeated, how many run at once, and when a service is left alone."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from mousegpt.core.chat import CallError


@dataclass(frozen=True)
class Policy:
    """Limits of patience.

    Parameters
    ----------
    max_failed
        A task whose calls failed so often is dead; being told to wait does not count.
    max_unusable
        A task with so many unusable answers is dead.
    first_delay_s, longest_delay_s
        Waits grow from the one, doubling, to the other; the true wait is drawn from 0 to that.
    stop_after
        As many failures in a row, or half of the last ``window`` calls, open the breaker.
    rest_s
        How long the open breaker lets nothing through; then a single call tries.
    max_rests
        After so many rests without a success between them the job is paused.
    """

    max_failed: int = 6
    max_unusable: int = 3
    first_delay_s: float = 1.0
    longest_delay_s: float = 60.0
    stop_after: int = 20
    window: int = 100
    rest_s: float = 30.0
    max_rests: int = 10

    def draw_delay(self, n_failed: int, key: bytes) -> float:
        """Return the wait before a task is tried again, with full jitter; the same for a key.

        >>> 0 <= Policy().draw_delay(3, b"key") <= 8
        True
        """
        longest = min(self.first_delay_s * 2.0**n_failed, self.longest_delay_s)
        return random.Random(key + bytes([n_failed % 256])).uniform(0.0, longest)


@dataclass
class Gate:
    """Decides how many calls may be under way at a service.

    The number grows by one when as many calls as it says have succeeded, and is halved when the
    service asks for patience (additive increase, multiplicative decrease). Failures in a row shut
    the gate for a while.

    Parameters
    ----------
    most
        The number never exceeds this.
    clock
        Seconds that only run forward.
    """

    most: int
    policy: Policy
    clock: Callable[[], float]
    shut_until: float = field(default=0.0, init=False)
    n_rests: int = field(default=0, init=False)
    _limit: float = field(default=0.0, init=False)
    _in_a_row: int = field(default=0, init=False)
    _trying: bool = field(default=False, init=False)
    _recent: deque[bool] = field(default_factory=deque, init=False)

    def __post_init__(self) -> None:
        self._limit = float(min(self.most, 4))  # a slow start: nobody knows the service yet
        self._recent = deque(maxlen=self.policy.window)

    @property
    def limit(self) -> int:
        """Calls that may be under way now."""
        if self.clock() < self.shut_until:
            return 0
        return 1 if self._trying else max(1, int(self._limit))

    @property
    def is_exhausted(self) -> bool:
        """Whether the service has failed through all rests it was given."""
        return self.n_rests >= self.policy.max_rests

    def note_success(self) -> None:
        """Learn that a call was answered, whatever the answer is worth."""
        self._trying, self._in_a_row, self.n_rests = False, 0, 0
        self._recent.append(True)
        self._limit = min(self._limit + 1.0 / max(self._limit, 1.0), float(self.most))

    def note_error(self, error: BaseException) -> bool:
        """Learn that a call failed; return whether that counts against its task.

        It does not while the service as a whole is out of order: waiting for it kills no task.
        """
        fault = error.fault if isinstance(error, CallError) else "fatal"
        if isinstance(error, CallError) and fault == "busy":
            self.note_busy(error.retry_after_s)
        elif fault in ("transient", "unreachable"):
            blamed = fault == "transient" and not self._trying
            self.note_failure()
            return blamed
        return False

    def note_busy(self, wait_s: float | None) -> None:
        """Learn that the service asks for patience; calls that left before count once."""
        now = self.clock()
        if now < self.shut_until:
            self.shut_until = max(self.shut_until, now + (wait_s or 0.0))
            return
        self._limit = max(1.0, self._limit / 2)
        self.shut_until = now + (self.policy.first_delay_s if wait_s is None else wait_s)

    def note_failure(self) -> None:
        """Learn that a call failed, and rest after too many."""
        self._in_a_row += 1
        self._recent.append(False)
        full = len(self._recent) == self._recent.maxlen
        if (
            self._trying
            or self._in_a_row >= self.policy.stop_after
            or (full and self._recent.count(False) * 2 > len(self._recent))
        ):
            self._rest()

    def _rest(self) -> None:
        if self.clock() < self.shut_until and self._trying:
            return  # calls that left before the gate was shut
        self.shut_until = self.clock() + self.policy.rest_s
        self.n_rests += 1
        self._in_a_row, self._trying = 0, True
        self._recent.clear()
