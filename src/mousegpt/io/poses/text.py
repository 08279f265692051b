"""Text tables as laboratories write them: any delimiter, byte-order marks, decimal commas."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError

_DELIMITERS: Final = ",;\t"
_MISSING: Final = frozenset(["", "nan", "na", "n/a", "none", "null", "-", "<na>"])
_MAX_HEADER_ROWS: Final = 6


@dataclass(frozen=True)
class TextTable:
    """Header rows and a body whose index is the line in the file, counted from 1."""

    header: list[list[str]]
    body: pd.DataFrame


def decode_text(content: bytes) -> str:
    """Decode UTF-8 (with or without mark) or UTF-16; anything else is read as Latin-1."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def find_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that occurs most often in the first line.

    >>> find_delimiter(["frame;Snout.x;Snout.y"])
    ';'
    """
    return max(_DELIMITERS, key=lines[0].count)


def read_text_table(path: Path, header_labels: frozenset[str]) -> TextTable:
    """Read a text table with one header row, or several when they carry labels.

    Parameters
    ----------
    header_labels
        First cells, in lower case, that mark a header row ("scorer", "bodyparts", …). When the
        first line has none of them it is the only header row.

    Raises
    ------
    DataError
        When the file is empty, has no rows, or a row has too few or too many cells.
    """
    text = decode_text(path.read_bytes())
    lines = text.splitlines()
    used = [number for number, line in enumerate(lines) if line.strip()]
    if not used:
        raise DataError("the file is empty; export the poses again.")
    delimiter = find_delimiter([lines[used[0]]])
    top = list(csv.reader((lines[n] for n in used[:_MAX_HEADER_ROWS]), delimiter=delimiter))
    n_header = 0
    while n_header < len(top) and top[n_header][0].strip().lower() in header_labels:
        n_header += 1
    n_header = max(n_header, 1)
    rows = used[n_header:]
    if not rows:
        raise DataError("the table has a header but no rows; export the poses again.")
    if '"' not in text:
        _check_widths(lines, used, delimiter)
    body = pd.read_csv(
        io.StringIO("\n".join(lines[number] for number in rows)),
        sep=delimiter,
        header=None,
        names=range(len(top[0])),
        index_col=False,
        skipinitialspace=True,
        low_memory=False,
    )
    body.index = pd.Index([number + 1 for number in rows], name="line")
    return TextTable([[cell.strip() for cell in row] for row in top[:n_header]], body)


def _check_widths(lines: list[str], used: list[int], delimiter: str) -> None:
    width = lines[used[0]].count(delimiter)
    for number in used:
        if lines[number].count(delimiter) != width:
            found = lines[number].count(delimiter) + 1
            raise DataError(
                f"line {number + 1} has {found} cells where the header has {width + 1}; the file "
                "is cut off or mixes delimiters, export it again."
            )


def parse_numbers(table: pd.DataFrame, names: Sequence[str] | None = None) -> FloatArray:
    """Return the columns as float64, shape ``(rows, columns)``.

    Empty cells and words for "missing" become NaN; a decimal comma is read as a point.

    Parameters
    ----------
    names
        What to call the columns in a message; their labels when None.

    Raises
    ------
    DataError
        Naming the first cell that is no number.
    """
    numbers = np.empty(table.shape, dtype=np.float64)
    for place in range(table.shape[1]):
        column = table.iloc[:, place]
        if column.dtype.kind in "fiu":
            numbers[:, place] = column.to_numpy()
            continue
        cells = column.astype(str).str.strip()
        parsed = pd.to_numeric(cells.str.replace(",", "."), errors="coerce").to_numpy(np.float64)
        wrong = np.flatnonzero(np.isnan(parsed) & ~cells.str.lower().isin(_MISSING).to_numpy())
        if wrong.size:
            name = names[place] if names is not None else column.name
            raise DataError(
                f"row {table.index[wrong[0]]}, column '{name}': expected a number, found "
                f"'{cells.iloc[wrong[0]]}'; correct or empty the cell."
            )
        numbers[:, place] = parsed
    return numbers
