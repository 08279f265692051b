"""Read text tables as spreadsheet programs write them, whatever their encoding and delimiter."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mousegpt.core.errors import DataError

_DELIMITERS: Final = ",;\t"
_MAGIC: Final = {
    b"PK\x03\x04": "an Excel or Numbers workbook",
    b"\xd0\xcf\x11\xe0": "an Excel file",
}
_INVISIBLE: Final = " \t\n\u00a0\u200b\ufeff"


@dataclass(frozen=True)
class Sheet:
    """A header and rows of trimmed text.

    ``rows`` are pairs of the row's number in the spreadsheet (the header's is 1 if it comes
    first) and its cells; rows without any text are left out.
    ``encoding`` is what the file was read as.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    encoding: str


def read_sheet(path: Path, is_known: Callable[[str], bool]) -> Sheet:
    """Read a table of text.

    Understood are UTF-8 and UTF-16 (else Windows-1252 is assumed), comma, semicolon and tab, all
    line ends, quotes, Excel's ``sep=`` line, blank lines and blanks around names.

    Parameters
    ----------
    is_known
        Tells whether a column name is one of ours: the delimiter is the one that finds most.

    Raises
    ------
    DataError
        When the file is missing, no text, empty, or a quote is never closed.
    """
    text, encoding = _decode(path)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[0].casefold().startswith("sep="):
        lines[0] = ""
    first = next((line for line in lines if line.strip(_INVISIBLE + _DELIMITERS)), "")
    delimiter = max(_DELIMITERS, key=lambda mark: sum(map(is_known, _split_line(first, mark))))
    records = _split(lines, delimiter, path)
    filled = [(number, cells) for number, cells in enumerate(records, 1) if any(cells)]
    if not filled:
        raise DataError(
            f"The table {path} is empty; write a header and one row a recording, or make a draft "
            "with `mousegpt new`."
        )
    return Sheet(header=filled[0][1], rows=tuple(filled[1:]), encoding=encoding)


def _decode(path: Path) -> tuple[str, str]:
    if path.is_dir():
        raise DataError(f"Expected a file at {path}, but it is a folder; move it away.")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"There is no {path}; make one with `mousegpt new`.") from None
    except OSError as error:
        raise DataError(f"Cannot read {path} ({error.strerror}); check its permissions.") from error
    kind = next((kind for magic, kind in _MAGIC.items() if raw.startswith(magic)), None)
    if kind:
        raise DataError(f"{path} is {kind}, not text; save it as 'CSV UTF-8' and run again.")
    encodings = ["utf-8-sig", "cp1252", "latin-1"]
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif b"\0" in raw[:1000]:
        encodings = ["utf-16-le" if raw[1:2] == b"\0" else "utf-16-be"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise DataError(f"{path} is not a text file; save it as 'CSV UTF-8' and run again.")


def _split(lines: list[str], delimiter: str, path: Path) -> list[tuple[str, ...]]:
    reader = csv.reader(
        (line + "\n" for line in lines), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    try:
        return [tuple(cell.strip(_INVISIBLE) for cell in cells) for cells in reader]
    except csv.Error as error:
        raise DataError(
            f"{path} cannot be read as a table ({error}, near line {reader.line_num}); check the "
            "quotes there."
        ) from error


def _split_line(line: str, delimiter: str) -> list[str]:
    cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    return [cell.strip(_INVISIBLE) for cell in cells]
