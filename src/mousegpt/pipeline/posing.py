"""From videos to 2-D poses: decode, detect, estimate, chunk by chunk; then follow each mouse."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.io.video import probe_video, read_frames
from mousegpt.ports import Detector, PoseEstimator
from mousegpt.vision.following import N_BOX, N_NUMBERS, follow_mice
from mousegpt.vision.tracking import smooth_track, track_boxes

Report = Callable[[int, int, str], None]  # pictures done, pictures in all, message


class Kept(Protocol):
    """Remembers what was found in chunks of videos, also when the process is killed."""

    def get(self, view: str, frames: Sequence[int]) -> FloatArray | None:
        """Return what `put` was given for the same chunk; None when it was not."""
        ...

    def put(self, view: str, frames: Sequence[int], found: FloatArray) -> None:
        """Remember a chunk."""
        ...


class _Chunk(NamedTuple):
    view: str
    frames: list[int]


def estimate_views(
    videos: Mapping[str, Path],
    detector: Detector,
    estimator: PoseEstimator,
    *,
    every: Annotated[int, Field(ge=1)] = 1,
    n_mice: Annotated[int, Field(ge=1)] = 1,
    detect_every: Annotated[int, Field(ge=1)] = 4,
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.25,
    flip_test: bool = False,
    half_life: Annotated[float, Field(gt=0)] | None = None,
    batch: Annotated[int, Field(ge=1)] = 16,
    workers: Annotated[int, Field(ge=1)] | None = None,
    fps: float | None = None,
    frames: Iterable[int] | None = None,
    kept: Kept | None = None,
    report: Report = lambda done, total, message: None,
) -> tuple[Poses, FloatArray]:
    """Estimate the poses of the mice in synchronised videos.

    Parameters
    ----------
    videos
        By view.
    every
        Every so-many-th frame is looked at.
    detect_every
        Of these every so-many-th, and the last of a batch, is searched for mice, see
        `mousegpt.vision.following.follow_mice`.
    flip_test
        Also look at the mirror image, and average: a little more exact, half as fast.
    half_life
        Smooth over time, in frames looked at, see `smooth_track`; not at all when None.
    batch
        Frames that go through the networks together: what a kill costs.
    workers
        Batches at once, a core each; all cores when None. Changes no result.
    fps
        Of the recording; that of the first video when None.
    frames
        Increasing; look at these instead of every so-many-th.
    kept
        Asked for each chunk before it is decoded, and told of it afterwards.
    report
        Told after every chunk.

    Returns
    -------
    poses : Poses
        2-D, in pixels, with the dimension ``view``; NaN where no mouse was found.
    boxes : FloatArray
        Boxes and their scores, shape (view, time, individual, 5).
    """
    infos = {view: probe_video(path) for view, path in videos.items()}
    lengths = {view: info.n_frames for view, info in infos.items()}
    wanted = list(range(0, max(lengths.values()), every) if frames is None else frames)
    rate = fps or next(iter(infos.values())).fps
    chunks = [
        _Chunk(view, part)
        for view, length in lengths.items()
        for part in _cut([f for f in wanted if frames is not None or f < length], batch)
    ]
    look = partial(
        follow_mice, detector=detector, estimator=estimator, n_mice=n_mice,
        detect_every=detect_every, min_score=min_score, flip_test=flip_test,
    )  # fmt: skip
    found = {view: np.full((len(wanted), n_mice, N_NUMBERS), np.nan) for view in videos}
    for chunk, numbers in _look_at_all(chunks, videos, look, workers, kept, report):
        start = int(np.searchsorted(wanted, chunk.frames[0]))
        found[chunk.view][start : start + len(numbers)] = numbers
    tracks = np.stack([_follow(found[view], n_mice, half_life) for view in videos])
    points = tracks[..., N_BOX:].reshape(*tracks.shape[:3], len(KEYPOINTS), 3)
    poses = build_poses(
        points[..., :2].transpose(0, 1, 4, 3, 2),
        np.nan_to_num(points[..., 2]).transpose(0, 1, 3, 2),
        keypoints=KEYPOINTS,
        fps=rate,
        unit="px",
        individuals=["mouse"] if n_mice == 1 else [f"mouse{i + 1}" for i in range(n_mice)],
        views=list(videos),
        frames=np.array(wanted, dtype=np.int64),
        source_software=f"mousegpt {detector.name} {estimator.name}",
    )
    return poses, tracks[..., :N_BOX]


def estimate_video(
    path: Path,
    detector: Detector,
    estimator: PoseEstimator,
    *,
    frames: Iterable[int] | None = None,
    n_mice: Annotated[int, Field(ge=1)] = 1,
    detect_every: Annotated[int, Field(ge=1)] = 4,
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.25,
    flip_test: bool = False,
    half_life: Annotated[float, Field(gt=0)] | None = None,
    batch: Annotated[int, Field(ge=1)] = 16,
    workers: Annotated[int, Field(ge=1)] | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Poses:
    """Estimate the poses of the mice in one video; options as of `estimate_views`.

    Returns
    -------
    Poses
        2-D, in pixels, without the dimension ``view``.
    """
    poses, _ = estimate_views(
        {"": path}, detector, estimator, n_mice=n_mice, detect_every=detect_every,
        min_score=min_score, flip_test=flip_test, half_life=half_life, batch=batch,
        workers=workers, frames=frames, report=lambda done, total, message: report(done, total),
    )  # fmt: skip
    return poses.isel(view=0, drop=True)


def _cut(frames: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(frames), size):
        yield frames[start : start + size]


def _look_at_all(
    chunks: Sequence[_Chunk],
    videos: Mapping[str, Path],
    look: Callable[[list[ImageArray]], FloatArray],
    workers: int | None,
    kept: Kept | None,
    report: Report,
) -> Iterator[tuple[_Chunk, FloatArray]]:
    """Yield what is found in each chunk; what is kept comes first and is not decoded."""
    total, done = sum(len(chunk.frames) for chunk in chunks), 0
    missing = []
    for chunk in chunks:
        known = kept.get(chunk.view, chunk.frames) if kept else None
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
                kept.put(chunk.view, chunk.frames, numbers)
            done += len(chunk.frames)
            report(done, total, clock.tell(done))
            yield chunk, numbers


def count_cores() -> int:
    """Return how many cores this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def _read_chunks(
    chunks: Sequence[_Chunk], videos: Mapping[str, Path]
) -> Iterator[tuple[_Chunk, list[ImageArray]]]:
    """Decode chunk after chunk; a video is opened once."""
    for view, path in videos.items():
        mine = [chunk for chunk in chunks if chunk.view == view]
        reader = read_frames(path, [frame for chunk in mine for frame in chunk.frames])
        for chunk in mine:
            yield chunk, [next(reader)[1] for _ in chunk.frames]


def _map_ahead(
    pool: ThreadPoolExecutor,
    function: Callable[[list[ImageArray]], FloatArray],
    items: Iterable[tuple[_Chunk, list[ImageArray]]],
    n_ahead: int,
) -> Iterator[tuple[_Chunk, FloatArray]]:
    """Map in order while the next items are made here; at most ``n_ahead`` of them wait."""
    waiting: deque[tuple[_Chunk, Future[FloatArray]]] = deque()
    for chunk, images in items:
        waiting.append((chunk, pool.submit(function, images)))
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


def _follow(found: FloatArray, n_mice: int, half_life: float | None) -> FloatArray:
    """Give every mouse its row, and smooth; shape (frame, n_mice, 77)."""
    tracks = found
    if n_mice > 1:  # a single mouse is the best box, however far it has come
        known = [rows[np.isfinite(rows[:, 0])] for rows in found]
        tracks = track_boxes(known, n_mice)
    if half_life is None:
        return tracks
    smooth = tracks.copy()
    for mouse in range(n_mice):
        points = tracks[:, mouse, N_BOX:].reshape(len(tracks), len(KEYPOINTS), 3)
        smooth[:, mouse, N_BOX:] = smooth_track(points, half_life=half_life).reshape(
            len(tracks), -1
        )
    return smooth
