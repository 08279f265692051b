"""The columns of the manifest: what may stand in them, and how a cell is read."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal
from unicodedata import normalize

from mousegpt.core.errors import DataError

Sign = Literal["any", "not negative", "positive"]

_BLANKS: Final = {"", "-", "–", "na", "n/a", "nan", "none", "null"}
_SPREADSHEET_ERRORS: Final = {"#n/a", "#name?", "#ref!", "#value!", "#div/0!", "#num!", "#null!"}


@dataclass(frozen=True)
class Column:
    """A column of the manifest.

    ``kind`` is text, number, choice or path; ``per_view`` columns may be written ``name:VIEW``.
    """

    name: str
    kind: Literal["text", "number", "choice", "path"]
    meaning: str
    sign: Sign = "any"
    choices: tuple[str, ...] = ()
    per_view: bool = False


COLUMNS: Final = (
    Column("recording", "text", "Name of the recording; unique, used as a file name."),
    Column("subject", "text", "The animal; the recording's name when empty."),
    Column("group", "text", "The group it is compared in."),
    Column("treatment", "text", "What it was given or went through."),
    Column("dose_mg_per_kg", "number", "Dose.", "not negative"),
    Column("sex", "text", "Kept for tables and figures."),
    Column("strain", "text", "Kept for tables and figures."),
    Column("age_weeks", "number", "Age.", "not negative"),
    Column("weight_g", "number", "Body weight.", "positive"),
    Column("date", "text", "Day of the recording, as 2024-05-31."),
    Column("batch", "text", "Cohort, rig or experimenter."),
    Column("notes", "text", "Anything you want to remember."),
    Column("fps", "number", "Frames per second; the video's own when empty.", "positive"),
    Column("video", "path", "Video file; `video:VIEW` with several views.", per_view=True),
    Column("poses", "path", "Pose file; `poses:VIEW` with one 2-D file a view.", per_view=True),
    Column("calibration", "path", "Calibration of the cameras; its names are the views."),
    Column("pose_unit", "choice", "Unit of the poses.", choices=("px", "mm", "cm", "m")),
    Column("px_per_cm", "number", "Scale of 2-D poses in px.", "positive"),
    Column(
        "view_angle",
        "choice",
        "From where a single camera looks; names the view of `video`.",
        choices=("top", "bottom", "side"),
    ),
    Column("arena_shape", "choice", "Floor of the arena.", choices=("circle", "rectangle")),
    Column("arena_width_cm", "number", "Diameter, or side along x.", "positive"),
    Column("arena_length_cm", "number", "Side along y of a rectangle.", "positive"),
    Column("arena_center_x", "number", "Centre of the arena, in the unit of the poses."),
    Column("arena_center_y", "number", "Centre of the arena, in the unit of the poses."),
)
METADATA_COLUMNS: Final = ("sex", "strain", "age_weeks", "weight_g", "date", "batch", "notes")
_BY_NAME: Final = {column.name: column for column in COLUMNS}


def parse_column_name(header: str) -> str | None:
    """Return a header as we write it, or None when it is no column of the manifest.

    >>> parse_column_name(" Video : Top"), parse_column_name("tratment")
    ('video:Top', None)
    """
    name, colon, rest = (part.strip() for part in header.partition(":"))
    name = name.casefold()
    if not colon:
        return name if name in _BY_NAME else None
    has_rest = name == "meta" or (name in _BY_NAME and _BY_NAME[name].per_view)
    return f"{name}:{rest}" if has_rest and rest else None


def suggest_column(header: str) -> str | None:
    """Return the column that a misspelt header may mean.

    >>> suggest_column("tratment"), suggest_column("Subject ID"), suggest_column("colour")
    ('treatment', 'subject', None)
    """
    name, colon, rest = header.casefold().partition(":")
    words = re.sub(r"[^a-z]+", "_", name).strip("_")
    candidates = [*_BY_NAME, *(["meta"] if colon else [])]
    synonyms = {
        "id": "recording",
        "animal": "subject",
        "mouse": "subject",
        "dose": "dose_mg_per_kg",
    }
    close = get_close_matches(words, candidates, n=1, cutoff=0.75)
    close = close or [synonyms[words]] if words in synonyms else close
    close = close or [known for known in candidates if words.startswith(f"{known}_")][:1]
    return close[0] + (f":{rest.strip()}" if colon else "") if close else None


def get_column(name: str) -> Column:
    """Return the column of a name, with or without its view."""
    return _BY_NAME[name.partition(":")[0]]


def parse_number(cell: str, sign: Sign) -> tuple[float | None, bool]:
    """Read a number; the second value tells whether a decimal comma was read as a point.

    >>> parse_number("0,3", "any"), parse_number("n/a", "any")
    ((0.3, True), (None, False))

    Raises
    ------
    DataError
        When the cell is no finite number of that sign.
    """
    if cell.casefold() in _BLANKS:
        return None, False
    has_comma = re.fullmatch(r"[+-]?\d+,(\d{1,2}|\d{4,})", cell) is not None
    try:
        number = float(cell.replace(",", ".") if has_comma else cell)
    except ValueError:
        number = math.nan
    legal = {"any": True, "not negative": number >= 0, "positive": number > 0}[sign]
    if not (math.isfinite(number) and legal):
        kind = {"any": "a number", "not negative": "a number that is not negative"}
        raise DataError(f"Expected {kind.get(sign, 'a positive number')}, found '{cell}'.")
    return number, has_comma


def parse_choice(cell: str, choices: Sequence[str]) -> str | None:
    """Return the choice that a cell names, whatever its case; None for a blank one.

    Raises
    ------
    DataError
        When it is none of them.
    """
    name = cell.casefold()
    if name in _BLANKS:
        return None
    if name not in choices:
        raise DataError(f"Expected one of {', '.join(choices)}, found '{cell}'.")
    return name


def parse_path(cell: str, folder: Path) -> Path | None:
    """Return the absolute path that a cell names, relative to ``folder``; None for a blank one.

    Understands ``~``, quotes as Windows copies them, backslashes, and names whose accents were
    composed otherwise by another system.
    """
    text = cell.strip("\"'")
    if text.casefold() in _BLANKS:
        return None
    spellings = [text, text.replace("\\", "/")]
    spellings += [normalize(form, name) for name in spellings for form in ("NFC", "NFD")]
    paths = [folder / _expand(name) for name in spellings]
    return next((path for path in paths if _exists(path)), paths[1]).absolute()


def find_similar_name(path: Path) -> str | None:
    """Return the name in a missing file's folder that is closest to it."""
    try:
        names = {entry.name.casefold(): entry.name for entry in sorted(path.parent.iterdir())}
    except OSError:
        return None
    close = get_close_matches(path.name.casefold(), names, n=1, cutoff=0.8)
    return names[close[0]] if close else None


def is_spreadsheet_error(cell: str) -> bool:
    """Tell whether a spreadsheet program wrote an error instead of a value."""
    return cell.casefold() in _SPREADSHEET_ERRORS


def _expand(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no such user
        return Path(text)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or a character no file name can have
        return False
