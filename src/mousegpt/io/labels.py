"""A folder of labels: a small json a frame, so that no crash can harm another frame.

Layout::

    labels/RECORDING/
      labels.json          whose labels: recording, views, individuals, keypoints
      frame-000123.json    one `FrameLabels` each
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from mousegpt.core.errors import DataError, ProjectError
from mousegpt.core.labels import FrameLabels
from mousegpt.io.atomic import write_atomically

_NAME = re.compile(r"frame-(\d+)\.json")


class LabelHeader(BaseModel):
    """Whose labels a folder holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Literal["mousegpt labels 1"] = "mousegpt labels 1"
    recording: str
    views: tuple[str, ...]
    individuals: tuple[str, ...]
    keypoints: tuple[str, ...]


class StaleLabelsError(DataError):
    """A frame was saved by someone else in the meantime."""


@dataclass(frozen=True, eq=False)
class LabelFolder:
    """The labels of one recording on disk; every call sees what is there."""

    folder: Path
    _lock: Lock

    def list_frames(self) -> list[int]:
        """Return the frames that have a file, in order."""
        found = (_NAME.fullmatch(path.name) for path in self.folder.glob("frame-*.json"))
        return sorted(int(match[1]) for match in found if match)

    def load(self, frame: int) -> FrameLabels:
        """Return the labels of a frame, empty when there are none.

        Raises
        ------
        DataError
            When the file is damaged; it is never overwritten then.
        """
        path = self._locate(frame)
        try:
            return FrameLabels.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return FrameLabels(frame=frame)
        except ValidationError as error:
            fault = error.errors()[0]
            raise DataError(
                f"{path} is no file of labels ({fault['msg']}); restore it from a copy, or move "
                "it away to label the frame anew."
            ) from error

    def load_all(self) -> list[FrameLabels]:
        """Return all frames that have a label or are done, in order."""
        every = (self.load(frame) for frame in self.list_frames())
        return [labels for labels in every if labels.n_labels or labels.done]

    def save(self, labels: FrameLabels) -> FrameLabels:
        """Write a frame; once this returns, it is on the disk.

        Saving what is there already is no change.

        Returns
        -------
        FrameLabels
            With its new revision.

        Raises
        ------
        StaleLabelsError
            When ``labels.revision`` is not the newest: nothing is written.
        """
        with self._lock:
            stored = self.load(labels.frame)
            if labels.agrees_with(stored):
                return stored
            if stored.revision != labels.revision:
                raise StaleLabelsError(
                    f"Frame {labels.frame} was changed elsewhere (revision {stored.revision}, not "
                    f"{labels.revision}); load it again before you change it."
                )
            saved = labels.model_copy(update={"revision": labels.revision + 1})
            text = saved.model_dump_json(indent=1, exclude_none=True)
            write_atomically(self._locate(labels.frame), text.encode())
            return saved

    def _locate(self, frame: int) -> Path:
        return self.folder / f"frame-{frame:06d}.json"


@contextmanager
def open_labels(folder: Path, header: LabelHeader) -> Iterator[LabelFolder]:
    """Open a folder of labels for one process; it is made when missing.

    Raises
    ------
    DataError
        When it holds the labels of another recording, of other views or other keypoints.
    ProjectError
        When another process has it open, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ProjectError(
            f"Another mousegpt label has {folder} open; use its page, or stop it first."
        ) from error
    except OSError as error:
        raise ProjectError(
            f"Cannot write to {folder} ({error.strerror or error}); name another with --out."
        ) from error
    try:
        _check_header(folder / "labels.json", header)
        yield LabelFolder(folder, Lock())
    finally:
        lock.release()


def _check_header(path: Path, header: LabelHeader) -> None:
    if not path.exists():
        write_atomically(path, header.model_dump_json(indent=1).encode())
        return
    try:
        stored = LabelHeader.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DataError(f"{path} is damaged; restore it, or remove it.") from error
    for name in ("recording", "views", "individuals", "keypoints"):
        there, here = getattr(stored, name), getattr(header, name)
        if there != here and not _holds(there, here):
            raise DataError(
                f"Expected labels of the {name} {_tell(here)} in {path.parent}, found those of "
                f"{_tell(there)}; name another folder with --out."
            )


def _holds(there: str | Sequence[str], here: str | Sequence[str]) -> bool:
    """Whether names are the same but for their order."""
    return not isinstance(there, str) and sorted(there) == sorted(here)


def _tell(names: str | Sequence[str]) -> str:
    return names if isinstance(names, str) else ", ".join(names)
