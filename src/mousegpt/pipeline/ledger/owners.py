"""Who works on a ledger: a process lives as long as it holds the lock on a file of its own.

The system lets go of a lock when its process dies, however it dies; no clock is involved, so a
stopped process that goes on later still owns its tasks.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def own(folder: Path) -> Iterator[str]:
    """Be an owner while the block runs; gives the owner's name."""
    folder.mkdir(parents=True, exist_ok=True)
    name = secrets.token_hex(8)
    lock = FileLock(folder / f"{name}.lock", thread_local=False)
    lock.acquire()
    try:
        yield name
    finally:
        lock.release()
        forget(folder, name)


def is_alive(folder: Path, name: str) -> bool:
    """Say whether an owner still runs."""
    path = folder / f"{name}.lock"
    if not re.fullmatch(r"[0-9a-f]{16}", name) or not path.exists():
        return False
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def forget(folder: Path, name: str) -> None:
    """Remove the file of a dead owner."""
    with suppress(OSError):
        (folder / f"{name}.lock").unlink(missing_ok=True)
