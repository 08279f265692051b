"""What was found in pictures before, kept on disk: an interrupted search goes on where it stood."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final

import cv2
import numpy as np

from mousegpt.core.errors import ProjectError
from mousegpt.geometry.targets import Checkerboard, Marks, Target

_VERSION: Final = f"1, OpenCV {cv2.__version__}"  # of the way in which targets are found
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS finding "
    "(key BLOB PRIMARY KEY, width INT, height INT, ids BLOB, pixels BLOB, inverted INT)"
)


@dataclass(frozen=True, eq=False)
class Finding:
    """What a picture shows.

    Parameters
    ----------
    size
        Width and height of the picture.
    marks
        None when the target was not found.
    """

    size: tuple[int, int]
    marks: Marks | None


class FindingStore:
    """A file with a finding for each frame of each picture or video, and each target.

    A damaged file is thrown away, since all in it can be found again.

    Raises
    ------
    ProjectError
        When the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._store = _open_store(path)
        except sqlite3.OperationalError as error:  # locked, read-only or full: not damaged
            raise ProjectError(
                f"Cannot write to {path} ({error}); choose another folder for the calibration, or "
                "wait until the other run has ended."
            ) from error
        except sqlite3.DatabaseError:
            path.unlink()
            self._store = _open_store(path)

    def __enter__(self) -> FindingStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._store.close()

    def load(self, path: Path, frames: Iterable[int], target: Target) -> dict[int, Finding]:
        """Return what is known of the frames of a file."""
        prefix, found = _name_search(path, target), {}
        query = "SELECT width, height, ids, pixels, inverted FROM finding WHERE key = ?"
        for frame in frames:
            row = self._store.execute(query, (_make_key(prefix, frame),)).fetchone()
            if row:
                found[frame] = _unpack(*row)
        return found

    def save(self, path: Path, frame: int, target: Target, finding: Finding) -> None:
        """Keep what a frame shows."""
        marks, (width, height) = finding.marks, finding.size
        ids = None if marks is None else marks.ids.astype("<i4").tobytes()
        pixels = None if marks is None else marks.pixels.astype("<f8").tobytes()
        inverted = None if marks is None else marks.inverted
        key = _make_key(_name_search(path, target), frame)
        with self._store:
            self._store.execute(
                "INSERT OR REPLACE INTO finding VALUES (?, ?, ?, ?, ?, ?)",
                (key, width, height, ids, pixels, inverted),
            )


def _open_store(path: Path) -> sqlite3.Connection:
    store = sqlite3.connect(path)
    try:
        store.execute("PRAGMA synchronous=OFF")  # what a power failure costs can be found again
        store.execute(_TABLE)
        store.execute("SELECT * FROM finding LIMIT 1")
    except sqlite3.Error:
        store.close()
        raise
    return store


def _name_search(path: Path, target: Target) -> str:
    """Name a file as it is now, and what is looked for; the size of a square does not matter."""
    if isinstance(target, Checkerboard):
        target = replace(target, square_cm=1.0)
    state = path.stat()
    return f"{_VERSION}|{path.resolve()}|{state.st_size}|{state.st_mtime_ns}|{target}"


def _make_key(prefix: str, frame: int) -> bytes:
    return hashlib.sha256(f"{prefix}|{frame}".encode()).digest()


def _unpack(
    width: int, height: int, ids: bytes | None, pixels: bytes | None, inverted: int | None
) -> Finding:
    if ids is None or pixels is None:
        return Finding((width, height), None)
    places = np.frombuffer(pixels, "<f8").reshape(-1, 2)
    return Finding((width, height), Marks(np.frombuffer(ids, "<i4"), places, bool(inverted)))
