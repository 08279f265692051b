"""Runs a chain of steps on a project; knows no mouse.

A step works on one recording or on the whole study. Each such unit of work loads its inputs,
computes, and saves a table with its provenance; a unit whose provenance still holds is skipped.
Files appear whole or not at all, and the provenance is written last: whatever the moment at which
a run is killed, the next one finishes with the same bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mousegpt.core.errors import MouseGPTError, UsageError
from mousegpt.core.recording import Recording
from mousegpt.io.atomic import write_atomically
from mousegpt.io.tables import save_table
from mousegpt.pipeline.chain import Event, Job, Output, Step
from mousegpt.pipeline.project import STUDY, Project
from mousegpt.pipeline.provenance import (
    Provenance,
    collect_versions,
    compute_fingerprint,
    describe_recording,
    find_room,
    hash_bytes,
    hash_file,
    hash_if_there,
    hash_room,
    load_provenance,
    save_provenance,
)
from mousegpt.pipeline.settings import Overrides

State = Literal["done", "stale", "missing"]


@dataclass(eq=False)
class Engine:
    """A chain of steps bound to a project.

    Parameters
    ----------
    backend_names
        Identity of the back end chosen for each port, part of the fingerprint.
    load_backend
        Called with a port's name when a unit of work really needs it.
    revise
        Called before each step: what a step has found may change what later ones do with a
        recording.
    """

    project: Project
    steps: tuple[Step, ...]
    recordings: tuple[Recording, ...]
    overrides: Overrides
    backend_names: Mapping[str, str]
    load_backend: Callable[[str, Callable[[int, int], None]], Any]
    revise: Callable[[Recording], Recording] = lambda recording: recording
    _known_done: set[tuple[str, str]] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        for name in self.overrides:
            if name not in names:
                raise UsageError(f"There is no step '{name}'; the steps are {', '.join(names)}.")
        for step in self.steps:
            for way in step.ways:
                self._resolve(way)

    def list_units(self, step: Step) -> tuple[str, ...]:
        """Return the units of a step to which it applies."""
        fitting = [r for r in self.recordings if step.applies(r) is None]
        if step.scope == "recording":
            return tuple(r.id for r in fitting)
        return (STUDY,) if fitting else ()

    def inspect(self, step: Step, unit: str) -> State:
        """Say whether the table of a unit is there and still true."""
        step = self._fit(step, unit)
        if (step.name, unit) in self._known_done:
            return "done"
        record = load_provenance(self.project.provenance(step.name, unit))
        if record is None or not self.project.table(step.name, unit).is_file():
            return "missing"
        if record.fingerprint != self._fingerprint(step, unit) or not self._is_whole(record):
            return "stale"
        self._known_done.add((step.name, unit))
        return "done"

    def list_states(self) -> list[dict[str, Any]]:
        """Return a row per step: how many units are done, out of date or missing."""
        rows = []
        for step in self.steps:
            states = [self.inspect(step, unit) for unit in self.list_units(step)]
            left_out = len(self.recordings) - len(states) if step.scope == "recording" else 0
            rows.append(
                {"step": step.name}
                | {name: states.count(name) for name in ("done", "stale", "missing")}
                | {"not applicable": left_out, "purpose": step.purpose}
            )
        return rows

    def list_options(self) -> list[dict[str, Any]]:
        """Return a row per option: its value in this project and the function it belongs to."""
        rows: list[dict[str, Any]] = []
        for way in (way for step in self.steps for way in step.ways):
            found = [
                {"option": f"{way.name}.{name}", "value": value, "function": function}
                for function, options in self._resolve(way).items()
                for name, value in options.items()
            ]
            rows += [row for row in found if row not in rows]
        return rows

    def run(
        self,
        listen: Callable[[Event], None],
        *,
        until: str | None = None,
        only: Sequence[str] = (),
    ) -> bool:
        """Run what is missing or stale; return whether everything asked for is done.

        A recording that fails does not stop the others; steps that need all of them then wait.
        """
        names = [step.name for step in self.steps]
        if until is not None and until not in names:
            raise UsageError(f"There is no step '{until}'; the steps are {', '.join(names)}.")
        ids = {recording.id for recording in self.recordings}
        for name in only:
            if name not in ids:
                raise UsageError(f"There is no recording '{name}'; see recordings.csv.")
        complete = True
        for step in self.steps:
            self._revise()
            for unit in self.list_units(step):
                if only and unit not in only and unit != STUDY:
                    continue
                if until is None or step.name in self._find_ancestors(until, unit):
                    complete &= self._run_unit(step, unit, listen)
        return complete

    def _revise(self) -> None:
        revised = tuple(self.revise(recording) for recording in self.recordings)
        if revised != self.recordings:
            self.recordings = revised
            self._known_done.clear()

    def _find_ancestors(self, name: str, unit: str) -> set[str]:
        """Return the names of a step and of all that it needs, for a unit."""
        keep = {name}
        for step in reversed(self.steps):
            if step.name in keep:
                keep.update(self._fit(step, unit).needs)
        return keep

    def _fit(self, step: Step, unit: str) -> Step:
        """Return the way in which a step is done for a unit."""
        own = (recording for recording in self.recordings if recording.id == unit)
        return next((step.fit(recording) for recording in own), step)

    def _resolve(self, way: Step) -> dict[str, dict[str, Any]]:
        """Return the value of every option of a step done in one of its ways.

        Options that only its other ways have are passed over.
        """
        ways = next(step.ways for step in self.steps if step.name == way.name)
        foreign = {name for other in ways for name in other.list_options()} - way.list_options()
        given = self.overrides.get(way.name, {})
        own = {name: value for name, value in given.items() if name not in foreign}
        return way.resolve({way.name: own})

    def _run_unit(self, step: Step, unit: str, listen: Callable[[Event], None]) -> bool:
        step = self._fit(step, unit)
        waiting = self._find_missing(step, unit)
        if waiting:
            listen(Event("blocked", step.name, unit, f"waits for {waiting}"))
            return False
        if self.inspect(step, unit) == "done":
            listen(Event("skipped", step.name, unit))
            return True
        listen(Event("started", step.name, unit))
        fingerprint = self._fingerprint(step, unit)
        start = time.monotonic()
        try:
            job = self._make_job(step, unit, listen)
            output = step.compute(job)
        except MouseGPTError as error:
            listen(Event("failed", step.name, unit, str(error)))
            return False
        self._save(job, output, fingerprint)
        seconds = time.monotonic() - start
        said = f"{len(output.table)} rows in {seconds:.1f} s"
        listen(Event("done", step.name, unit, f"{said}; {output.message}".removesuffix("; ")))
        return True

    def _make_job(self, step: Step, unit: str, listen: Callable[[Event], None]) -> Job:
        def report(done: int, total: int, message: str = "") -> None:
            listen(Event("progress", step.name, unit, message, done, total))

        chosen = [r for r in self.recordings if unit in (STUDY, r.id)]
        return Job(
            project=self.project,
            step=step,
            unit=unit,
            recordings=tuple(chosen),
            members={name: self._list_inputs(name, step, unit) for name in step.needs},
            options_by_function=self._resolve(step),
            backends={port: self.load_backend(port, report) for port in step.ports},
            report=report,
        )

    def _list_inputs(self, name: str, step: Step, unit: str) -> tuple[str, ...]:
        needed = next(s for s in self.steps if s.name == name)
        units = self.list_units(needed)
        if step.scope == "recording" and needed.scope == "recording":
            return tuple(u for u in units if u == unit)
        return units

    def _find_missing(self, step: Step, unit: str) -> str:
        for name in step.needs:
            needed = next(s for s in self.steps if s.name == name)
            for other in self._list_inputs(name, step, unit):
                if self.inspect(needed, other) != "done":
                    return f"{name} of {other}"
        return ""

    def _fingerprint(self, step: Step, unit: str) -> str:
        backends = {port: self.backend_names[port] for port in step.ports}
        rooms = {find_room(f.__module__): hash_room(f.__module__) for f in step.functions}
        options, inputs = self._resolve(step), self._hash_inputs(step, unit)
        return compute_fingerprint(step.name, unit, rooms, options, inputs, backends)

    def _hash_inputs(self, step: Step, unit: str) -> dict[str, str]:
        """Return the hash of every table, file and row of the manifest that a unit depends on."""
        inputs = {}
        for name in step.needs:
            for other in self._list_inputs(name, step, unit):
                record = load_provenance(self.project.provenance(name, other))
                outputs = repr(sorted(record.outputs.items())) if record else ""
                inputs[f"{name}/{other}"] = hash_bytes(outputs.encode())
        for recording in self.recordings:
            if unit in (STUDY, recording.id) and step.applies(recording) is None:
                row = describe_recording(recording, of_study=step.scope == "study")
                inputs[f"manifest/{recording.id}"] = hash_bytes(row.encode())
                for number, path in enumerate(step.reads(self.project, recording)):
                    inputs[f"file/{recording.id}/{number} {path.name}"] = hash_if_there(path)
        return inputs

    def _is_whole(self, record: Provenance) -> bool:
        return all(
            hash_if_there(self.project.folder / name) == digest
            for name, digest in record.outputs.items()
        )

    def _save(self, job: Job, output: Output, fingerprint: str) -> None:
        step, unit = job.step, job.unit
        paths = {self.project.table(step.name, unit): output.table}
        for name, table in output.extra.items():
            paths[self.project.table(step.name, unit, name)] = table
        self.project.provenance(step.name, unit).unlink(missing_ok=True)
        for path, table in paths.items():
            save_table(table, path)
        for name, content in output.files.items():
            if isinstance(content, bytes):
                write_atomically(self.project.folder / name, content)
            else:
                content(self.project.folder / name)
        written = [*(p.relative_to(self.project.folder).as_posix() for p in paths), *output.files]
        written += output.written
        record = Provenance(
            step=step.name,
            unit=unit,
            fingerprint=fingerprint,
            functions=tuple(f"{f.__module__}.{f.__qualname__}" for f in step.functions),
            options=dict(job.options_by_function),
            inputs=self._hash_inputs(step, unit),
            backends={port: backend.name for port, backend in job.backends.items()},
            outputs={name: hash_file(self.project.folder / name) for name in sorted(written)},
            notes=dict(output.notes),
            versions=collect_versions(),
        )
        save_provenance(record, self.project.provenance(step.name, unit))
