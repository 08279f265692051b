"""The manifest ``recordings.csv``: one row a recording, made to be edited in a spreadsheet.

Its columns are those of `mousegpt.io.columns.COLUMNS`, and ``meta:NAME`` for anything else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from mousegpt.core.errors import DataError
from mousegpt.core.recording import Recording
from mousegpt.io.columns import parse_column_name, suggest_column
from mousegpt.io.draft import draft_manifest
from mousegpt.io.problems import Problem, raise_errors
from mousegpt.io.rows import Row, read_row
from mousegpt.io.spreadsheet import Sheet, read_sheet

__all__ = ["Inspection", "draft_manifest", "inspect_manifest", "load_manifest"]


@dataclass(frozen=True)
class Inspection:
    """The recordings of a manifest as far as they can be read, and everything wrong with them."""

    recordings: tuple[Recording, ...]
    problems: tuple[Problem, ...]


def load_manifest(path: str | Path) -> list[Recording]:
    """Load the recordings of a manifest, in its order.

    Raises
    ------
    DataError
        One error that names every fault, each with its remedy.
    """
    inspection = inspect_manifest(path)
    raise_errors(inspection.problems, str(path))
    return list(inspection.recordings)


def inspect_manifest(path: str | Path) -> Inspection:
    """Read a manifest and collect every problem; nothing but the manifest is opened.

    A fault in one row never hides another, and never raises.
    """
    path = Path(path).absolute()
    try:
        sheet = read_sheet(path, lambda name: parse_column_name(name) is not None)
    except DataError as error:
        return Inspection((), (Problem("", "", "error", str(error)),))
    names, problems = _read_header(sheet)
    if "recording" not in names:
        message = "Expected a column 'recording' in the first row, found none."
        problems = [problem for problem in problems if problem.severity == "error"]
        missing = Problem("", "recording", "error", message, "Add it: one name a row.")
        return Inspection((), (missing, *problems))
    if not sheet.rows:
        message = "Expected a row for each recording below the header, found none."
        remedy = "Add a row, or make a draft with `mousegpt new DIR FILES`."
        problems.append(Problem("", "", "error", message, remedy))
    rows = [_make_row(number, names, cells, path.parent) for number, cells in sheet.rows]
    recordings = [read_row(row) for row in rows]
    problems += [problem for row in rows for problem in row.problems]
    problems += _find_repeated_ids(recordings)
    problems += _find_shared_files(recordings)
    problems += _find_group_problems(recordings)
    return Inspection(tuple(recordings), tuple(problems))


def _read_header(sheet: Sheet) -> tuple[list[str | None], list[Problem]]:
    """Return our name of each column (None: not read) and what is wrong with the header."""
    names = [parse_column_name(header) for header in sheet.header]
    problems = [
        _name_unknown(header)
        for header, name in zip(sheet.header, names, strict=True)
        if name is None and header
    ]
    folded = [name.casefold() if name else None for name in names]
    repeated = [name for i, name in enumerate(names) if name and folded[i] in folded[:i]]
    problems += [
        Problem("", name, "error", f"The column '{name}' stands there twice.", "Keep one of them.")
        for name in dict.fromkeys(repeated)
    ]
    if not sheet.encoding.startswith("utf"):
        message = f"The file is not UTF-8; it was read as {sheet.encoding}."
        remedy = "Check letters with accents, and save it as 'CSV UTF-8'."
        problems.append(Problem("", "", "warning", message, remedy))
    return names, problems


def _name_unknown(header: str) -> Problem:
    suggestion = suggest_column(header)
    if suggestion:
        remedy = f"Did you mean '{suggestion}'? Else name it 'meta:{header}'."
        return Problem("", header, "error", f"The column '{header}' is unknown.", remedy)
    message = f"The column '{header}' is unknown and is not read."
    return Problem("", header, "warning", message, f"Name it 'meta:{header}' to keep it.")


def _make_row(number: int, names: list[str | None], cells: tuple[str, ...], folder: Path) -> Row:
    filled = {name: cell for name, cell in zip(names, cells, strict=False) if name and cell}
    row = Row(filled.get("recording") or f"row {number}", filled, folder)
    if any(cells[len(names) :]):
        row.blame(
            "",
            f"Row {number} has {len(cells)} cells, but the header has {len(names)}.",
            "Put text that contains the delimiter into quotes.",
        )
    return row


def _find_repeated_ids(recordings: Sequence[Recording]) -> list[Problem]:
    same: dict[str, list[str]] = defaultdict(list)
    for recording in recordings:
        same[normalize("NFC", recording.id).casefold()].append(recording.id)
    return [
        Problem(
            ids[0],
            "recording",
            "error",
            f"Expected unique names, found {' and '.join(repr(name) for name in ids)} (capital "
            "letters make no difference in file names).",
            "Give each row its own name.",
        )
        for ids in same.values()
        if len(ids) > 1
    ]


def _find_shared_files(recordings: Sequence[Recording]) -> list[Problem]:
    users: dict[Path, list[str]] = defaultdict(list)
    for recording in recordings:
        files = {path.resolve() for path in (*recording.videos.values(), *recording.poses.values())}
        for path in sorted(files):
            users[path].append(recording.id)
    return [
        Problem(
            ids[-1],
            "",
            "error",
            f"The file {path.name} belongs to several recordings: {', '.join(ids)}.",
            "Name each recording's own file, or delete the row that repeats another.",
        )
        for path, ids in users.items()
        if len(ids) > 1
    ]


def _find_group_problems(recordings: Sequence[Recording]) -> list[Problem]:
    """Warn of what the comparison of groups would not survive in silence."""
    subjects: dict[str, set[str]] = defaultdict(set)
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    spellings: dict[str, dict[str, None]] = defaultdict(dict)
    for recording in recordings:
        if recording.group:
            subjects[recording.group].add(recording.subject)
            groups[recording.subject][recording.group] = None
            spellings["".join(recording.group.casefold().split())][recording.group] = None
    problems = [
        Problem(
            recording.id,
            "group",
            "warning",
            "The group is empty while other recordings have one; it is left out of comparisons.",
            "Fill in the group.",
        )
        for recording in recordings
        if subjects and not recording.group
    ]
    faults = [
        (f"The group '{group}' has one animal, which allows no statistics.", "Add animals.")
        for group, members in subjects.items()
        if len(members) == 1 and len(subjects) > 1
    ]
    faults += [
        (
            f"The subject '{subject}' is in the groups {', '.join(of)}; comparisons take groups "
            "for different animals.",
            "Correct 'subject' or 'group'; in a repeated design read the tests with care.",
        )
        for subject, of in groups.items()
        if len(of) > 1
    ]
    faults += [
        (f"The groups {', '.join(same)} differ only in spelling.", "Write them alike.")
        for same in spellings.values()
        if len(same) > 1
    ]
    return problems + [Problem("", "group", "warning", *fault) for fault in faults]
