"""How far a run is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mousegpt.pipeline.ledger.verdicts import Verdict


@dataclass(frozen=True)
class Progress:
    """What a run has done so far; money in micro-dollars.

    ``news`` is told once: that the service is out of order, or that it answers again.
    """

    n_done: int = 0
    n_dead: int = 0
    n_calls: int = 0
    n_usable: int = 0
    spent: int = 0
    seconds: float = 0.0
    news: str = ""

    def add(self, verdicts: Sequence[Verdict], seconds: float, news: str) -> Progress:
        """Return the progress after some more calls; older news stays until it is told."""
        return replace(
            self,
            n_done=self.n_done + sum(v.fate == "done" for v in verdicts),
            n_dead=self.n_dead + sum(v.fate == "dead" for v in verdicts),
            n_calls=self.n_calls + len(verdicts),
            n_usable=self.n_usable + sum(v.outcome == "ok" for v in verdicts),
            spent=self.spent + sum(v.spent for v in verdicts),
            seconds=seconds,
            news=news or self.news,
        )
