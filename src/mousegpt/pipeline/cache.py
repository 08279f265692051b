"""Embeddings of texts seen before, kept across recordings, runs and interruptions."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import ProjectError
from mousegpt.ports import Embedder

_CHUNK = 128  # texts lost at most when the process is killed


class CachedEmbedder:
    """An embedder that asks another one only for texts it has never seen.

    Parameters
    ----------
    report
        Called with (texts done, texts to do) after every chunk.
    """

    def __init__(
        self,
        embedder: Embedder,
        path: Path,
        report: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self._embedder = embedder
        self._path = path
        self._report = report

    @property
    def name(self) -> str:
        """Identity of the model behind the cache."""
        return self._embedder.name

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return unit rows; what is new is stored as soon as it is known."""
        keys = [hashlib.sha256(f"{self.name}\0{text}".encode()).digest() for text in texts]
        with closing(open_store(self._path)) as store:
            new = {
                key: text
                for key, text in zip(keys, texts, strict=True)
                if not store.execute("SELECT 1 FROM vector WHERE key = ?", (key,)).fetchone()
            }
            pending = list(new.items())
            for start in range(0, len(pending), _CHUNK):
                chunk = pending[start : start + _CHUNK]
                vectors = self._embedder.embed([text for _, text in chunk])
                rows = [
                    (key, np.asarray(vector, dtype="<f4").tobytes())
                    for (key, _), vector in zip(chunk, vectors, strict=True)
                ]
                with store:
                    store.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?)", rows)
                self._report(start + len(chunk), len(pending))
            blobs = [
                store.execute("SELECT value FROM vector WHERE key = ?", (key,)).fetchone()[0]
                for key in keys
            ]
        return np.stack([np.frombuffer(blob, dtype="<f4") for blob in blobs]) if blobs else _EMPTY


def open_store(path: Path) -> sqlite3.Connection:
    """Open the store; a damaged one is thrown away, since all in it can be made again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    store = sqlite3.connect(path)
    try:
        store.execute("PRAGMA journal_mode=WAL")
        store.execute("CREATE TABLE IF NOT EXISTS vector (key BLOB PRIMARY KEY, value BLOB)")
    except sqlite3.OperationalError as error:  # locked, read-only or full: not damaged
        store.close()
        raise ProjectError(
            f"Cannot use the cache {path} ({error}); check that its folder may be written to and "
            "that the disk is not full."
        ) from error
    except sqlite3.DatabaseError:
        store.close()
        for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            name.unlink(missing_ok=True)
        return open_store(path)
    return store


_EMPTY = np.zeros((0, 0), dtype=np.float32)
