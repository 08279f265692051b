"""What the terminal shows: bars for people, plain lines for logs, tables for both."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from mousegpt.pipeline.chain import Event


_errors = Console(stderr=True, soft_wrap=True, highlight=False)
_output = Console(soft_wrap=True, highlight=False)


def print_error(message: str) -> None:
    """Print one sentence to standard error."""
    _errors.print(Text("Error: ", style="bold red") + Text(message))


def print_line(message: str) -> None:
    """Print a line to standard output, without any markup."""
    _output.print(Text(message))


def print_json(rows: object) -> None:
    """Print JSON for scripts; what is missing becomes null."""
    _output.print(json.dumps(_clean(rows), indent=1, default=str, allow_nan=False), markup=False)


def _clean(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    missing = value is None or str(value) in ("<NA>", "NaT", "nan")
    return None if missing else value


def print_table(rows: Sequence[Mapping[Any, object]], columns: Sequence[str]) -> None:
    """Print rows as a table that folds long cells instead of cutting them."""
    table = Table(*columns, show_edge=False, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(str(row.get(column, ""))) for column in columns))
    width = None if sys.stdout.isatty() else 160
    Console(width=width, highlight=False).print(table)


class ProgressListener:
    """Shows the events of a run."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}
        self.n_done = self.n_skipped = 0
        self.failures: list[Event] = []

    def __call__(self, event: Event) -> None:
        """Take an event of the engine."""
        if event.kind == "skipped":
            self.n_skipped += 1
        elif event.kind == "progress":
            self._show_progress(event)
        elif event.kind == "done":
            self.n_done += 1
            self._close_bar(event)
            self._print(f"{event.step:<14} {event.unit}: {event.message}")
        elif event.kind in ("failed", "blocked"):
            self.failures.append(event)
            self._close_bar(event)
            self._print(f"{event.step:<14} {event.unit}: {event.kind}: {event.message}")

    def _print(self, line: str) -> None:
        (self._progress.console if self._progress else _output).print(Text(line))

    def _show_progress(self, event: Event) -> None:
        if self._progress is None or not event.total:
            if event.message:  # a log wants to know now and then
                self._print(f"{event.step:<14} {event.done} of {event.total}: {event.message}")
            return
        name = f"{event.step} {event.unit}"
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name, total=event.total)
        bar = self._bars[name]
        if event.message:
            self._progress.update(bar, description=f"{name} ({event.message})")
        self._progress.update(bar, completed=event.done, total=event.total)

    def _close_bar(self, event: Event) -> None:
        task = self._bars.pop(f"{event.step} {event.unit}", None)
        if task is not None and self._progress is not None:
            self._progress.remove_task(task)


@contextmanager
def show_progress() -> Iterator[ProgressListener]:
    """Show bars on a terminal and plain lines elsewhere."""
    if not _output.is_terminal:
        yield ProgressListener(None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_output, transient=True) as progress:
        yield ProgressListener(progress)


@contextmanager
def report_steps(step: str, unit: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show bars on a terminal; a log gets a line at every hundredth of the way."""
    from mousegpt.pipeline.chain import Event

    with show_progress() as listener:

        def report(done: int, total: int, message: str) -> None:
            telling = message if done % max(total // 100, 1) == 0 or done == total else ""
            listener(Event("progress", step, unit, telling, done, total))

        yield report
