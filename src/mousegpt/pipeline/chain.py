"""The nouns of a chain: steps, the jobs they get, the output they give, the events on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import pandas as pd
from pydantic import BaseModel

from mousegpt.core.recording import Recording
from mousegpt.io.atomic import write_atomically
from mousegpt.io.tables import load_table
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import load_provenance
from mousegpt.pipeline.settings import Overrides, build_schema, resolve_options

Scope = Literal["recording", "study"]


class Report(Protocol):
    """Is told how far a unit of work has come."""

    def __call__(self, done: int, total: int, message: str = "") -> None:
        """Take how much of how much is done, and what a log shall say."""
        ...


@dataclass(frozen=True)
class Output:
    """What a unit of work produced.

    ``extra`` tables are saved beside the main one. ``files`` have paths relative to the project
    and are bytes, or a function that writes the file at the path it is given, atomically;
    ``written`` are the paths of those that `Job.write` has already written.
    ``message`` is what a person should know without asking.
    """

    table: pd.DataFrame
    extra: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    files: Mapping[str, bytes | Callable[[Path], None]] = field(default_factory=dict)
    written: tuple[str, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True)
class Step:
    """A row of the chain.

    Parameters
    ----------
    needs
        Steps whose tables are read, in the order of the chain.
    functions
        The functions called; their keyword-only parameters are the step's options.
    given
        Keyword-only parameters that carry data and so are not options.
    reads
        Files outside the tables that the unit depends on.
    applies
        None when the step can work on a recording, else the reason why not.
    ports
        Names of the back ends used (keys of the project's [backends]).
    defaults
        Of options whose default is not that of their function.
    variants
        Other ways to do the step: a recording that one of them applies to is worked on in the
        first that does. Their names, scopes and places in the chain are those of the step.
    """

    name: str
    scope: Scope
    purpose: str
    compute: Callable[[Job], Output]
    needs: tuple[str, ...] = ()
    functions: tuple[Callable[..., Any], ...] = ()
    given: tuple[str, ...] = ()
    reads: Callable[[Project, Recording], Sequence[Path]] = lambda project, recording: ()
    applies: Callable[[Recording], str | None] = lambda recording: None
    ports: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    variants: tuple[Step, ...] = ()

    @property
    def ways(self) -> tuple[Step, ...]:
        """All ways in which the step may be done."""
        return (self, *self.variants)

    def fit(self, recording: Recording) -> Step:
        """Return the way in which the step is done for a recording."""
        return next((way for way in self.variants if way.applies(recording) is None), self)

    def list_options(self) -> frozenset[str]:
        """Return the names of the options."""
        return frozenset(name for s in self._build_schemas().values() for name in s.model_fields)

    def resolve(self, overrides: Overrides) -> dict[str, dict[str, Any]]:
        """Return the value of every option, by function name."""
        given = {**self.defaults, **overrides.get(self.name, {})}
        return resolve_options(self.name, self._build_schemas(), given)

    def _build_schemas(self) -> dict[str, type[BaseModel]]:
        return {f.__name__: build_schema(f, self.given) for f in self.functions}


@dataclass(frozen=True)
class Job:
    """One unit of work, as its step sees it."""

    project: Project
    step: Step
    unit: str
    recordings: tuple[Recording, ...]
    members: Mapping[str, tuple[str, ...]]
    options_by_function: Mapping[str, Mapping[str, Any]]
    backends: Mapping[str, Any]
    report: Report

    @property
    def recording(self) -> Recording:
        """The recording of a unit of scope "recording"."""
        return self.recordings[0]

    def write(self, name: str, content: bytes) -> None:
        """Write one of the step's files at once; `Output.written` has to name it.

        The step's older table is invalid from then on, whether or not the step comes to its end.
        """
        self.project.provenance(self.step.name, self.unit).unlink(missing_ok=True)
        write_atomically(self.project.folder / name, content)

    def options(self, function: Callable[..., Any]) -> dict[str, Any]:
        """Return the options of one of the step's functions."""
        return dict(self.options_by_function[function.__name__])

    def load(self, step: str, extra: str = "") -> pd.DataFrame:
        """Load a needed table: of this unit, or of all units stacked in manifest order."""
        tables = [load_table(self.project.table(step, u, extra)) for u in self.members[step]]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()

    def load_unit(self, step: str, unit: str) -> pd.DataFrame:
        """Load the table of one unit of a needed step."""
        return load_table(self.project.table(step, unit))

    def notes(self, step: str) -> dict[str, Mapping[str, Any]]:
        """Return the notes that a needed step left, by unit."""
        records = {u: load_provenance(self.project.provenance(step, u)) for u in self.members[step]}
        return {unit: record.notes for unit, record in records.items() if record}


@dataclass(frozen=True)
class Event:
    """Something happened to a unit of work."""

    kind: Literal["started", "progress", "done", "skipped", "failed", "blocked"]
    step: str
    unit: str
    message: str = ""
    done: int = 0
    total: int = 0
