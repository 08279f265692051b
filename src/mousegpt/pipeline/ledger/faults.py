"""What SQLite complains of, in a sentence with the remedy."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from mousegpt.core.errors import ProjectError

_HELD: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def explain_fault(path: Path, error: Exception) -> ProjectError:
    """Return the error to raise when a ledger cannot be read or written.

    >>> str(explain_fault(Path("ledger.sqlite"), OSError("no such disk")))[:49]
    'Cannot use the ledger ledger.sqlite (no such disk'
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what SQLite adds to it
    if code in _HELD:
        remedy = "Another program holds it; let that one end, and run the same command again."
    elif code in _DAMAGED:
        remedy = (
            "It is damaged; restore a copy of it, or move it away to start anew (answers already "
            "paid for are then asked again)."
        )
    else:
        remedy = (
            "Check that the disk is not full and that its folder can be written, and run the same "
            "command again; nothing finished is lost."
        )
    return ProjectError(f"Cannot use the ledger {path} ({error}). {remedy}")
