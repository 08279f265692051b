"""Write files so that a half file never exists, however the process ends."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from mousegpt.core.errors import ProjectError

_PREFIX, _SUFFIX = ".mousegpt-", ".part"
_LEFTOVER_AGE_S = 3600.0


def write_atomically(path: str | Path, content: bytes | Callable[[Path], None]) -> None:
    """Write a file under a temporary name in the same folder, then rename it.

    Readers see the old file or the complete new one, also after a power cut. What a killed
    process left behind (hidden, ``.part``) is removed by a later call, once untouched for an hour.

    Parameters
    ----------
    path
        Where the file shall be; its folder is made when missing. A link is followed.
    content
        The bytes, or a function that writes the file whose path it is given (this path ends in
        ``.part``: name the format where a library guesses it from the ending).

    Raises
    ------
    ProjectError
        When the file cannot be written; an older file at ``path`` is still whole then.
    """
    target = Path(path).resolve()
    part = target.parent / f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target.parent, int(time.time() // _LEFTOVER_AGE_S))
        if isinstance(content, bytes):
            part.write_bytes(content)
        else:
            content(part)
        _synchronize(part)
        part.replace(target)
        _synchronize(target.parent)
    except OSError as error:
        raise ProjectError(
            f"Cannot write {target} ({error.strerror or error}); check that the folder may be "
            "written to and that the disk is not full."
        ) from error
    finally:
        with suppress(OSError):  # the folder may not exist
            part.unlink(missing_ok=True)


def _synchronize(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    if path.is_dir() and os.name != "posix":  # only POSIX can open a folder
        return
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@cache
def _remove_leftovers(folder: Path, hour: int) -> None:
    """Remove temporary files that nobody has touched for an hour: their writer is dead.

    A folder is searched once an hour: where thousands of pictures are written, searching it each
    time would take longer and longer.
    """
    for leftover in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        try:
            if time.time() - leftover.stat().st_mtime > _LEFTOVER_AGE_S:
                leftover.unlink()
        except FileNotFoundError:  # another process was faster
            continue
