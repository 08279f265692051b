"""What networks found in stretches of videos, kept from one run to the next."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.pipeline.cache import open_store

_FORM: Final = "npy"  # of a value; what an earlier version wrote is not read


class KeptChunks:
    """Finds by frame, in a file that survives a kill; a damaged or missing one is begun anew.

    Parameters
    ----------
    identities
        By view: all that the numbers depend on (video, networks, options, code) as one text.
    """

    def __init__(self, path: Path, identities: Mapping[str, str]) -> None:
        self._store = open_store(path)
        self._identities = dict(identities)

    def __enter__(self) -> KeptChunks:
        """Open the file."""
        return self

    def __exit__(self, *fault: object) -> None:
        """Close it."""
        self._store.close()

    def get(self, view: str, frames: Sequence[int], question: bytes = b"") -> FloatArray | None:
        """Return what was put for a chunk; None when nothing was."""
        key = self._make_key(view, frames, question)
        row = self._store.execute("SELECT value FROM vector WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        return np.asarray(np.load(io.BytesIO(row[0]), allow_pickle=False), dtype=np.float64)

    def put(
        self, view: str, frames: Sequence[int], found: FloatArray, question: bytes = b""
    ) -> None:
        """Keep what was found in a chunk, of any shape, as float32."""
        value = io.BytesIO()
        np.save(value, found.astype("<f4"), allow_pickle=False)
        with self._store:
            row = (self._make_key(view, frames, question), value.getvalue())
            self._store.execute("INSERT OR REPLACE INTO vector VALUES (?, ?)", row)

    def _make_key(self, view: str, frames: Sequence[int], question: bytes) -> bytes:
        text = json.dumps([_FORM, self._identities[view], list(frames)])
        return hashlib.sha256(text.encode() + question).digest()
