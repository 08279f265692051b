"""The ledger's file: one SQLite database, every commit on the disk before it counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

from mousegpt.core.errors import ProjectError
from mousegpt.pipeline.ledger.disks import refuse_remote_disk
from mousegpt.pipeline.ledger.faults import explain_fault
from mousegpt.pipeline.ledger.store import Ledger

SCHEMA_VERSION: Final = "1"

_BUSY_S: Final = 60.0  # how long another process may hold the file


def open_ledger(path: Path) -> Ledger:
    """Open a ledger, made when there is none.

    Raises
    ------
    ProjectError
        When it is damaged, of another version, or on a disk of another machine.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        refuse_remote_disk(path)
        connection = sqlite3.connect(
            path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        version = _prepare(connection)
    except (sqlite3.Error, OSError) as error:
        raise explain_fault(path, error) from error
    if version != SCHEMA_VERSION:
        connection.close()
        raise ProjectError(
            f"The ledger {path} has version {version}, but this mousegpt writes {SCHEMA_VERSION}; "
            "use the mousegpt that made it."
        )
    return Ledger(path, connection)


@contextmanager
def opening_ledger(path: Path) -> Iterator[Ledger]:
    """Have a ledger open while the block runs.

    Raises
    ------
    ProjectError
        As `open_ledger` does, and when it cannot be read or written later on.
    """
    ledger = open_ledger(path)
    try:
        yield ledger
    except sqlite3.Error as error:
        raise explain_fault(path, error) from error
    finally:
        ledger.close()


def _prepare(connection: sqlite3.Connection) -> str:
    """Set how durable the file is, make its tables, and return its version."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'answer'").fetchone():
        schema = (files(__package__ or "") / "schema.sql").read_text("utf-8")
        mark = f"INSERT OR IGNORE INTO meta VALUES ('schema', '{SCHEMA_VERSION}');"
        connection.executescript(f"BEGIN IMMEDIATE; {schema} {mark} COMMIT;")
    return str(connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()[0])
