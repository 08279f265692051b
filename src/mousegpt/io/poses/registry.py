"""Which reader belongs to a file: asked of its content first; its ending only breaks ties.

A new format is one new function under `register_format`; nothing that exists is touched.
"""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import h5py

from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.io.poses.raw import RawPoses
from mousegpt.io.poses.text import decode_text, find_delimiter

Container = Literal["text", "json", "hdf5", "zip", "mat5", "netcdf3", "parquet", "unknown"]

_MAGIC: tuple[tuple[bytes, Container], ...] = (
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"MATLAB 7.3", "hdf5"),
    (b"MATLAB 5", "mat5"),
    (b"CDF", "netcdf3"),
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "zip"),
)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Peek:
    """What the first look at a file tells, read only when asked for."""

    path: Path

    @cached_property
    def container(self) -> Container:
        """The kind of file, from its first bytes."""
        with self.path.open("rb") as file:
            start = file.read(4096)
        for magic, container in _MAGIC:
            if start.startswith(magic):
                return container
        if b"\0" in start and not start.startswith(_UTF16_MARKS):
            return "unknown"
        return "json" if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else "text"

    @cached_property
    def rows(self) -> list[list[str]]:
        """The first rows of a text table, split into cells."""
        with self.path.open("rb") as file:
            text = decode_text(b"".join(islice(file, 8)))
        lines = [line for line in text.splitlines() if line.strip()]
        return list(csv.reader(lines, delimiter=find_delimiter(lines))) if lines else []

    @cached_property
    def keys(self) -> frozenset[str]:
        """Names at the top level of an HDF5, zip or JSON file."""
        match self.container:
            case "hdf5":
                with h5py.File(self.path) as file:
                    return frozenset(file) | frozenset(f"@{name}" for name in file.attrs)
            case "zip":
                with zipfile.ZipFile(self.path) as archive:
                    return frozenset(name.removesuffix(".npy") for name in archive.namelist())
            case "json":
                content = json.loads(self.path.read_text(encoding="utf-8-sig"))
                return frozenset(content) if isinstance(content, dict) else frozenset()
            case _:
                return frozenset()


Reader = Callable[[Path], RawPoses | Poses]


@dataclass(frozen=True)
class PoseFormat:
    """A file format: what it is called, how it is recognised, how it is read."""

    name: str
    container: Container
    endings: tuple[str, ...]
    recognizes: Callable[[Peek], bool] = field(repr=False)
    read: Reader = field(repr=False)


POSE_FORMATS: dict[str, PoseFormat] = {}


def register_format(
    name: str, container: Container, endings: tuple[str, ...], recognizes: Callable[[Peek], bool]
) -> Callable[[Reader], Reader]:
    """Add the decorated reader to `POSE_FORMATS`.

    Parameters
    ----------
    recognizes
        Called only for files of the right container; True when the file is in this format.

    Raises
    ------
    ValueError
        When the name is taken.
    """

    def add(read: Reader) -> Reader:
        if name in POSE_FORMATS:
            raise ValueError(f"The pose format '{name}' is already registered.")
        POSE_FORMATS[name] = PoseFormat(name, container, endings, recognizes, read)
        return read

    return add


def find_format(path: Path, name: str | None = None) -> PoseFormat:
    """Return the format with a name, or the one that recognises the file.

    Raises
    ------
    DataError
        When there is no such format, or none recognises the file.
    """
    known = ", ".join(POSE_FORMATS)
    if name is not None:
        if name not in POSE_FORMATS:
            raise DataError(f"there is no pose format '{name}'; choose one of: {known}.")
        return POSE_FORMATS[name]
    peek = Peek(path)
    fitting = [
        known_format
        for known_format in POSE_FORMATS.values()
        if known_format.container == peek.container and known_format.recognizes(peek)
    ]
    if not fitting:
        raise DataError(
            f"no pose format fits this {peek.container} file ({_describe(peek)}); export it as "
            f"a csv with the columns frame,keypoint,x,y, or as one of: {known}."
        )
    by_ending = [f for f in fitting if path.suffix.lower() in f.endings]
    return (by_ending or fitting)[0]


def _describe(peek: Peek) -> str:
    found: Any = peek.rows[0] if peek.container == "text" and peek.rows else sorted(peek.keys)
    shown = ", ".join(map(str, found[:8])) or "nothing readable"
    return f"it begins with {shown}" if peek.container == "text" else f"it holds {shown}"
