"""Every twelfth frame and frames at random, against OpenCV's seek before each read."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from benchmarks.machine import read_peak_memory

from mousegpt.core.arrays import ImageArray
from mousegpt.io.video import probe_video, read_frames, write_video

NAME = "video"

WIDTH, HEIGHT, BITS = 1280, 720, 16
STEP = 12  # 5 of 60 frames a second, the paper's sampling

Read = Callable[[Path, Sequence[int]], list[int]]


def draw_frames(n_frames: int, seed: int = 0) -> Iterator[ImageArray]:
    """Draw a dark disc that walks over a textured floor; the number of the frame is a bar code."""
    rng = np.random.default_rng(seed)
    floor = cv2.GaussianBlur(rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8), (0, 0), 3)
    for number in range(n_frames):
        image = floor.copy()
        place = (WIDTH // 2 + int(400 * np.sin(number / 50)), 400 + int(200 * np.cos(number / 70)))
        cv2.circle(image, place, 60, (20, 20, 20), -1)
        for bit in range(BITS):
            image[:32, 64 * bit : 64 * bit + 64] = 255 * (number >> bit & 1)
        yield image


def read_number(image: ImageArray) -> int:
    """Return the number of the frame that a picture shows."""
    bars = [image[8:24, 64 * bit + 16 : 64 * bit + 48].mean() > 127 for bit in range(BITS)]
    return sum(1 << bit for bit, bar in enumerate(bars) if bar)


def read_ours(path: Path, frames: Sequence[int]) -> list[int]:
    """Read frames by number."""
    return [read_number(image) for _, image in read_frames(path, frames)]


def read_with_seeks(path: Path, frames: Sequence[int]) -> list[int]:
    """Set the position before each read: the peer's common idiom."""
    capture = cv2.VideoCapture(str(path))
    numbers = []
    for frame in frames:
        capture.set(cv2.CAP_PROP_POS_FRAMES, frame)
        _, image = capture.read()
        numbers.append(read_number(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)))
    capture.release()
    return numbers


def measure(quick: bool) -> dict[str, object]:
    """Measure seconds to sample videos of growing length; frames at random in the longest."""
    sizes = [120, 240] if quick else [600, 1_200, 2_400]
    n_random = 10 if quick else 40
    growth_ours, growth_peer = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for n in sizes:
            path = Path(folder) / f"{n}.mp4"
            write_video(path, draw_frames(n), 60)
            sampled = range(0, n, STEP)
            probe_video(path)  # reads the packets once; counted below
            growth_ours[n], ours = _time(read_ours, path, sampled)
            peak_mb = read_peak_memory()
            growth_peer[n], peer = _time(read_with_seeks, path, sampled)
        index_s = _time_index(path)
        scattered = np.random.default_rng(0).integers(0, sizes[-1], n_random).tolist()
        random_ours_s, random_ours = _time(read_ours, path, scattered)
        random_peer_s, random_peer = _time(read_with_seeks, path, scattered)
    ours_s = growth_ours[sizes[-1]] + index_s
    return {
        "name": NAME,
        "n": sizes[-1],
        "ours_s": ours_s,
        "peer": "OpenCV, position set before each read",
        "peer_s": growth_peer[sizes[-1]],
        "ratio": growth_peer[sizes[-1]] / ours_s,
        "peak_mb": peak_mb,
        "index_s": index_s,
        "growth_s": growth_ours,
        "peer_growth_s": growth_peer,
        "random_n": n_random,
        "random_ours_s": random_ours_s,
        "random_peer_s": random_peer_s,
        "random_ratio": random_peer_s / random_ours_s,
        "wrong_frames": _count_wrong(ours, sampled) + _count_wrong(random_ours, scattered),
        "peer_wrong_frames": _count_wrong(peer, sampled) + _count_wrong(random_peer, scattered),
    }


def _time(read: Read, path: Path, frames: Sequence[int]) -> tuple[float, list[int]]:
    start = time.perf_counter()
    numbers = read(path, frames)
    return time.perf_counter() - start, numbers


def _time_index(path: Path) -> float:
    copy = path.with_name(f"copy_of_{path.name}")  # the index of the original is remembered
    copy.write_bytes(path.read_bytes())
    start = time.perf_counter()
    probe_video(copy)
    return time.perf_counter() - start


def _count_wrong(numbers: Sequence[int], frames: Sequence[int]) -> int:
    return sum(number != frame for number, frame in zip(numbers, frames, strict=True))
