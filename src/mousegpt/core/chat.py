"""What is said to a model and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mousegpt.core.errors import BackendError

Role = Literal["system", "user", "assistant"]

#: What a failed call means for the next one.
#:
#: * "busy": the service asks for patience (429, 503); the call itself is blameless
#: * "transient": the call failed (5xx, time-out, cut connection); it may work another time
#: * "unreachable": there is no connection; the call never left
#: * "impossible": this very call can never work (too long, picture refused)
#: * "fatal": no call can work until a person changes something (address, key, model, limits)
CallFault = Literal["busy", "transient", "unreachable", "impossible", "fatal"]


@dataclass(frozen=True)
class Message:
    """Something said, with JPEG pictures before the words."""

    text: str
    role: Role = "user"
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What a model answered, as it came.

    Parameters
    ----------
    finish_reason
        As the service says it: "stop", "length", "content_filter"; "" when it does not say.
    model
        As the service calls itself.
    n_prompt_tokens, n_reply_tokens
        None when the service does not count: the price is then unknown, not nothing.
    """

    text: str
    finish_reason: str = ""
    model: str = ""
    n_prompt_tokens: int | None = None
    n_reply_tokens: int | None = None
    request_id: str = ""


class CallError(BackendError):
    """A call to a model failed.

    Parameters
    ----------
    fault
        What it means for the next call, see `CallFault`.
    retry_after_s
        How long the service asks to be left alone.
    may_be_billed
        The request left, and whether it was worked on is unknown.
    """

    def __init__(
        self,
        message: str,
        fault: CallFault,
        *,
        retry_after_s: float | None = None,
        may_be_billed: bool = False,
    ) -> None:
        super().__init__(message)
        self.fault = fault
        self.retry_after_s = retry_after_s
        self.may_be_billed = may_be_billed
