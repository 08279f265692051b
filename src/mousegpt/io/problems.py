"""What is wrong with a project, told so that it can be put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import Literal

import pandas as pd

from mousegpt.core.errors import DataError

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """One fault: where it is, what was expected and found, what to do.

    Parameters
    ----------
    recording
        Id of the recording; ``""`` when the whole project is meant.
    column
        Column of the manifest; ``""`` when none is to blame.
    severity
        An error stops a run; a warning does not.
    message, remedy
        One sentence each; the remedy is ``""`` when the message contains it.
    """

    recording: str
    column: str
    severity: Severity
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        places = [f"recording '{self.recording}'"] if self.recording else []
        places += [f"column '{self.column}'"] if self.column else []
        place = ", ".join(places) + ": " if places else ""
        return f"{place}{self.message} {self.remedy}".strip()


def tabulate_problems(problems: Sequence[Problem]) -> pd.DataFrame:
    """Return one row a problem, in the given order; the columns are the fields of `Problem`."""
    names = [field.name for field in fields(Problem)]
    return pd.DataFrame([astuple(problem) for problem in problems], columns=names, dtype="str")


def raise_errors(problems: Sequence[Problem], source: str) -> None:
    """Raise one error that names every fault; warnings are passed over.

    Raises
    ------
    DataError
        When a problem is an error.
    """
    errors = [str(problem) for problem in problems if problem.severity == "error"]
    if len(errors) == 1:
        raise DataError(f"{source}: {errors[0]}")
    if errors:
        listed = "".join(f"\n- {error}" for error in errors)
        raise DataError(f"{source} has {len(errors)} faults; correct them and run again:{listed}")
