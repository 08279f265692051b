"""What calls cost: reserved at the worst when they leave, settled when they are answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mousegpt.core.chat import Reply

#: A picture of 896 x 448 and its question take this many tokens in most models, or fewer. Once the
#: service has counted, its greatest count is used.
FIRST_GUESS_TOKENS: Final = 4000


@dataclass(frozen=True)
class Price:
    """Price list and caps; money in whole micro-dollars, so that sums are exact.

    A price of None is unknown: calls then count as free, and only their number can be capped.
    """

    usd_per_million_prompt_tokens: float | None = None
    usd_per_million_reply_tokens: float | None = None
    max_reply_tokens: int = 600
    max_usd: float | None = None
    max_calls: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether calls can be priced."""
        return None not in (self.usd_per_million_prompt_tokens, self.usd_per_million_reply_tokens)

    @property
    def is_free(self) -> bool:
        """Whether calls cost nothing, as those of a model on this machine."""
        return self.usd_per_million_prompt_tokens == self.usd_per_million_reply_tokens == 0

    def describe_cap(self) -> str:
        """Name the caps.

        >>> Price(max_calls=10).describe_cap()
        '10 calls'
        """
        caps = [f"{self.max_calls:,} calls"] if self.max_calls is not None else []
        caps += [f"{self.max_usd:g} USD"] if self.max_usd is not None else []
        return " or ".join(caps)

    def estimate(self, most_prompt_tokens: int, attempt: int = 0) -> int:
        """Return the micro-dollars that a call may cost at worst.

        A later attempt is allowed four times as many tokens at most.

        >>> Price(2.0, 10.0, max_reply_tokens=100).estimate(1000)
        3000
        """
        n_reply = self.max_reply_tokens * min(2**attempt, 4)
        return self._add_up(most_prompt_tokens or FIRST_GUESS_TOKENS, n_reply)

    def settle(self, reply: Reply, reserved: int) -> int:
        """Return what an answer cost; as much as was reserved when the service did not count."""
        if reply.n_prompt_tokens is None or reply.n_reply_tokens is None:
            return reserved
        return self._add_up(reply.n_prompt_tokens, reply.n_reply_tokens)

    def count_affordable(self, n_calls: int, committed: int, estimate: int) -> int:
        """Return how many more calls the caps allow.

        Parameters
        ----------
        n_calls, committed
            Calls made so far, and micro-dollars spent or reserved for them.
        """
        left = 2**31
        if self.max_calls is not None:
            left = min(left, self.max_calls - n_calls)
        if self.max_usd is not None and estimate > 0:
            left = min(left, (round(self.max_usd * 1e6) - committed) // estimate)
        return max(left, 0)

    def _add_up(self, n_prompt: int, n_reply: int) -> int:
        prompt = (self.usd_per_million_prompt_tokens or 0.0) * n_prompt
        return round(prompt + (self.usd_per_million_reply_tokens or 0.0) * n_reply)
