"""One row of the manifest: its cells become a recording, its faults become problems."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from mousegpt.core.errors import DataError
from mousegpt.core.recording import Arena, Recording
from mousegpt.io.columns import (
    METADATA_COLUMNS,
    find_similar_name,
    get_column,
    is_spreadsheet_error,
    parse_choice,
    parse_number,
    parse_path,
)
from mousegpt.io.problems import Problem, Severity

_WINDOWS_NAMES: Final = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(1, 10))]
)
_TAKEN_NAMES: Final = frozenset(["study"])  # names the tables of the whole study
_ID_LENGTH: Final = 120
_PLAUSIBLE_FPS: Final = (1.0, 2000.0)


@dataclass
class Row:
    """Cells by column; reading one notes what is wrong with it.

    ``label`` names the row in messages: the recording, or ``row N`` when it has no name.
    """

    label: str
    cells: Mapping[str, str]
    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def blame(
        self, column: str, message: str, remedy: str = "", severity: Severity = "error"
    ) -> None:
        """Note a problem of this row."""
        self.problems.append(Problem(self.label, column, severity, message, remedy))

    def text(self, column: str) -> str:
        """Return a cell's text; empty when blank or a spreadsheet's error value."""
        cell = self.cells.get(column, "")
        if not is_spreadsheet_error(cell):
            return cell
        self.blame(column, f"Expected a value, found {cell}.", "Correct the formula's cells.")
        return ""

    def number(self, column: str) -> float | None:
        """Return a cell's number; None when blank or none."""
        cell = self.text(column)
        try:
            number, has_comma = parse_number(cell, get_column(column).sign)
        except DataError as error:
            self.blame(column, str(error), "Write only the number, with a decimal point.")
            return None
        if has_comma:
            self.blame(
                column,
                f"Read '{cell}' as {number:g}.",
                "Write a decimal point instead of the comma.",
                "warning",
            )
        return number

    def choice(self, column: str) -> str | None:
        """Return a cell's choice; None when blank or none."""
        try:
            return parse_choice(self.text(column), get_column(column).choices)
        except DataError as error:
            self.blame(column, str(error), "Write one of these, or leave it empty.")
            return None

    def path(self, column: str, *, may_be_folder: bool = False) -> Path | None:
        """Return a cell's path, also when nothing is there; None when blank."""
        path = parse_path(self.text(column), self.folder)
        if path is None or path.is_file() or (may_be_folder and path.is_dir()):
            return path
        if path.is_dir():
            self.blame(column, f"Expected a file, found the folder {path}.", "Name a file in it.")
            return path
        similar = find_similar_name(path)
        hint = f"Did you mean '{similar}'?" if similar else "Correct the path or restore the file."
        self.blame(column, f"There is no file {path}.", hint)
        return path

    def paths(self, name: str, only_view: str) -> dict[str, Path]:
        """Return the files of a column and of its views; the plain column is ``only_view``."""
        columns = [column for column in self.cells if column.partition(":")[0] == name]
        read = {column.partition(":")[2]: self.path(column) for column in columns}
        found = {view: path for view, path in read.items() if path}
        if "" in found and len(found) > 1:
            views = ", ".join(f"{name}:{view}" for view in found if view)
            self.blame(
                name,
                f"Expected one file for the whole recording or one a view, found both ({views}).",
                f"Leave '{name}' empty, or those.",
            )
            del found[""]
        return {view or only_view: path for view, path in found.items()}


def read_row(row: Row) -> Recording:
    """Build the recording of a row; what cannot be read is left out and noted in the row."""
    _check_id(row)
    view_angle = row.choice("view_angle")
    recording = Recording(
        id=row.label,
        subject=row.text("subject") or row.label,
        group=row.text("group"),
        treatment=row.text("treatment"),
        dose_mg_per_kg=row.number("dose_mg_per_kg"),
        fps=row.number("fps"),
        videos=row.paths("video", only_view=view_angle or "top"),
        poses=row.paths("poses", only_view=""),
        calibration=row.path("calibration", may_be_folder=True),
        pose_unit=row.choice("pose_unit"),
        px_per_cm=row.number("px_per_cm"),
        view_angle=view_angle,
        arena=_read_arena(row),
        metadata=_read_metadata(row),
    )
    _check_views(row, recording)
    _check_repeated_files(row, recording)
    _check_measures(row, recording)
    return recording


def _check_id(row: Row) -> None:
    name = row.cells.get("recording", "")
    faults = []
    if not name:
        faults.append("is empty")
    if re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', name):
        faults.append('contains one of < > : " / \\ | ? * or an invisible character')
    if name.startswith(".") or name.endswith("."):
        faults.append("starts or ends with a point")
    if name.split(".")[0].strip().casefold() in _WINDOWS_NAMES | _TAKEN_NAMES:
        faults.append("is a name with a meaning of its own")
    if len(name) > _ID_LENGTH or len(name.encode("utf-8", "surrogatepass")) > 2 * _ID_LENGTH:
        faults.append(f"is longer than {_ID_LENGTH} characters")
    if faults:
        row.blame(
            "recording",
            f"Expected a name that can name a file, but '{name[:40]}' {' and '.join(faults)}.",
            "Write a short unique name of letters, digits, - and _.",
        )
    if re.fullmatch(r"\d([.,]\d+)?E\+\d+", name):
        row.blame(
            "recording",
            f"'{name}' looks like a long number that a spreadsheet has shortened.",
            "Format the column as text and write the name again.",
            "warning",
        )


def _read_metadata(row: Row) -> dict[str, str]:
    for column in ("age_weeks", "weight_g"):
        row.number(column)
    day = row.text("date")
    try:
        date.fromisoformat(day[:10] or "2000-01-01")
    except ValueError:
        row.blame(
            "date",
            f"Expected a day like 2024-05-31, found '{day}', which countries read differently.",
            "Write year-month-day; the column is kept as it is.",
            "warning",
        )
    named = {name: row.text(name) for name in METADATA_COLUMNS}
    free = {name[5:]: row.text(name) for name in row.cells if name.startswith("meta:")}
    return {name: text for name, text in (named | free).items() if text}


def _read_arena(row: Row) -> Arena | None:
    shape = row.choice("arena_shape")
    width, length = row.number("arena_width_cm"), row.number("arena_length_cm")
    x, y = row.number("arena_center_x"), row.number("arena_center_y")
    if shape is None and width is length is x is y is None:
        return None
    missing = [
        column
        for column, is_missing in (
            ("arena_shape", shape is None),
            ("arena_width_cm", width is None),
            ("arena_length_cm", shape == "rectangle" and length is None),
            ("arena_center_x", x is None and y is not None),
            ("arena_center_y", y is None and x is not None),
        )
        if is_missing and not row.text(column)  # what is there but illegal is told already
    ]
    if missing:
        row.blame(
            missing[0],
            f"Expected a complete arena, but {', '.join(missing)} is empty.",
            "Fill it in, or leave all arena columns empty.",
        )
    if shape == "circle" and length not in (None, width):
        row.blame(
            "arena_length_cm",
            "A circle has one diameter, but arena_length_cm differs from arena_width_cm.",
            "Leave arena_length_cm empty, or make it a rectangle.",
        )
    if shape is None or width is None:
        return None
    center = None if x is None or y is None else (x, y)
    return Arena(shape=shape, width_cm=width, length_cm=length, center=center)


def _check_views(row: Row, recording: Recording) -> None:
    pose_views = [view for view in recording.poses if view]
    if not recording.videos and not recording.poses:
        row.blame(
            "poses",
            "Expected a video or a pose file, found neither.",
            "Fill in 'video' or 'poses', or delete the row.",
        )
    if len(pose_views) > 1 and recording.calibration is None:
        row.blame(
            "calibration",
            f"Poses of {len(pose_views)} views can only be joined with a calibration, found none.",
            "Name the calibration file, or keep one view.",
        )
    strangers = [view for view in pose_views if recording.videos and view not in recording.videos]
    if strangers:
        row.blame(
            f"poses:{strangers[0]}",
            f"Poses of the view(s) {', '.join(strangers)} have no video; the videos are of "
            f"{', '.join(recording.videos)}.",
            "Use the same view names in both, if they are the same views.",
            "warning",
        )
    if recording.view_angle and max(len(pose_views), len(recording.videos)) > 1:
        row.blame(
            "view_angle",
            "The view angle is only used with a single view, found several.",
            "Leave it empty.",
            "warning",
        )


def _check_repeated_files(row: Row, recording: Recording) -> None:
    seen: dict[Path, str] = {}
    files = {f"video:{view}": path for view, path in recording.videos.items()}
    files |= {f"poses:{view}".rstrip(":"): path for view, path in recording.poses.items()}
    for column, path in files.items():
        other = seen.setdefault(path.resolve(), column)
        if other != column:
            row.blame(
                column,
                f"The file {path.name} stands in '{other}' and in '{column}'.",
                "Name each view's own file; a file with several views belongs into 'poses'.",
            )


def _check_measures(row: Row, recording: Recording) -> None:
    if recording.px_per_cm is not None and recording.pose_unit not in (None, "px"):
        row.blame(
            "px_per_cm",
            f"A scale in px per cm contradicts poses in {recording.pose_unit}.",
            "Leave px_per_cm empty, or set pose_unit to px.",
        )
    low, high = _PLAUSIBLE_FPS
    if recording.fps is not None and not low <= recording.fps <= high:
        row.blame(
            "fps",
            f"{recording.fps:g} frames per second is unusual (expected {low:g} to {high:g}).",
            "Check the number.",
            "warning",
        )
