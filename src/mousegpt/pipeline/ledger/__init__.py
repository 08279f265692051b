"""The ledger: the only truth about calls to models. Knows no mouse.

A task is asked once and answered once, whatever dies in between. Every call is written down before
it leaves and every answer with the state of its task in one durable transaction, so that a killed
run loses nothing, repeats at most what was under way, and says what that may have cost.
"""

from mousegpt.pipeline.ledger.accounts import Price
from mousegpt.pipeline.ledger.opening import open_ledger, opening_ledger
from mousegpt.pipeline.ledger.policy import Policy
from mousegpt.pipeline.ledger.progress import Progress
from mousegpt.pipeline.ledger.runner import run_job
from mousegpt.pipeline.ledger.store import Answer, Ledger, Task

__all__ = [
    "Answer",
    "Ledger",
    "Policy",
    "Price",
    "Progress",
    "Task",
    "open_ledger",
    "opening_ledger",
    "run_job",
]
