"""Look at pictures of videos, chunk by chunk, on all cores; what was found is kept."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.io.video import read_frames

Report = Callable[[int, int, str], None]  # pictures done, pictures in all, message


class Kept(Protocol):
    """Remembers what was found in chunks of videos, also when the process is killed."""

    def get(self, view: str, frames: Sequence[int], question: bytes = b"") -> FloatArray | None:
        """Return what `put` was given for the same chunk; None when it was not."""
        ...

    def put(
        self, view: str, frames: Sequence[int], found: FloatArray, question: bytes = b""
    ) -> None:
        """Remember a chunk."""
        ...


class Chunk(NamedTuple):
    """Frames of a view that go through the networks together.

    ``question`` tells what is looked for; ``boxes`` are given ones, shape (frame, 5).
    """

    view: str
    frames: list[int]
    question: bytes = b""
    boxes: FloatArray | None = None


Look = Callable[[Chunk, list[ImageArray]], FloatArray]


def cut_frames(frames: list[int], size: int) -> Iterator[list[int]]:
    """Cut frames into batches."""
    for start in range(0, len(frames), size):
        yield frames[start : start + size]


def look_at_chunks(
    chunks: Sequence[Chunk],
    videos: Mapping[str, Path],
    look: Look,
    *,
    workers: int | None,
    kept: Kept | None,
    report: Report,
    n_before: int = 0,
) -> Iterator[tuple[Chunk, FloatArray]]:
    """Yield what is found in each chunk; what is kept comes first and is not decoded.

    ``n_before``: pictures that were looked at before these.
    """
    total, done = n_before + sum(len(chunk.frames) for chunk in chunks), n_before
    missing = []
    for chunk in chunks:
        known = kept.get(chunk.view, chunk.frames, chunk.question) if kept else None
        if known is None:
            missing.append(chunk)
        else:
            done += len(chunk.frames)
            yield chunk, known
    n_workers = workers or count_cores()
    clock = _Clock(done, total)
    with ThreadPoolExecutor(n_workers) as pool:
        pictures = _read_chunks(missing, videos)
        for chunk, result in _map_ahead(pool, look, pictures, n_workers + 1):
            numbers = result.astype(np.float32).astype(np.float64)  # the same as when kept
            if kept:
                kept.put(chunk.view, chunk.frames, numbers, chunk.question)
            done += len(chunk.frames)
            report(done, total, clock.tell(done))
            yield chunk, numbers


def count_cores() -> int:
    """Return how many cores this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def _read_chunks(
    chunks: Sequence[Chunk], videos: Mapping[str, Path]
) -> Iterator[tuple[Chunk, list[ImageArray]]]:
    """Decode chunk after chunk; a video is opened once."""
    for view, path in videos.items():
        mine = [chunk for chunk in chunks if chunk.view == view]
        reader = read_frames(path, [frame for chunk in mine for frame in chunk.frames])
        for chunk in mine:
            yield chunk, [next(reader)[1] for _ in chunk.frames]


def _map_ahead(
    pool: ThreadPoolExecutor,
    look: Look,
    items: Iterable[tuple[Chunk, list[ImageArray]]],
    n_ahead: int,
) -> Iterator[tuple[Chunk, FloatArray]]:
    """Look in order while the next items are made here; at most ``n_ahead`` of them wait."""
    waiting: deque[tuple[Chunk, Future[FloatArray]]] = deque()
    for chunk, images in items:
        waiting.append((chunk, pool.submit(look, chunk, images)))
        del images
        if len(waiting) >= n_ahead:
            done, future = waiting.popleft()
            yield done, future.result()
    for done, future in waiting:
        yield done, future.result()


class _Clock:
    """Tells the speed, and how long it will take, at every hundredth of the way."""

    def __init__(self, done: int, total: int) -> None:
        self._begun, self._start, self._total = time.monotonic(), done, total
        self._told = 0

    def tell(self, done: int) -> str:
        share = 100 * done // self._total
        if share == self._told:
            return ""
        self._told = share
        speed = (done - self._start) / max(time.monotonic() - self._begun, 1e-9)
        left = round((self._total - done) / speed)
        return f"{speed:.1f} pictures/s, {left // 60}:{left % 60:02d} min left"
