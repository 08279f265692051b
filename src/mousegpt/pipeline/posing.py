"""From a video to 2-D poses: detect, estimate, track; decoding runs beside the networks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.io.video import probe_video, read_frames
from mousegpt.ports import Detector, PoseEstimator
from mousegpt.vision.detection import detect_mice
from mousegpt.vision.pose2d import estimate_poses
from mousegpt.vision.tracking import smooth_track, track_boxes

_N_BOX = 5  # left, top, right, bottom, score


def estimate_video(
    path: Path,
    detector: Detector,
    estimator: PoseEstimator,
    *,
    frames: Iterable[int] | None = None,
    n_mice: Annotated[int, Field(ge=1)] = 1,
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.25,
    flip_test: bool = False,
    half_life: Annotated[float, Field(gt=0)] | None = None,
    batch: Annotated[int, Field(ge=1)] = 16,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Poses:
    """Estimate the poses of the mice in a video.

    Parameters
    ----------
    frames
        Increasing; all of them when None.
    half_life
        Smooth over time, see `smooth_track`; not at all when None.
    batch
        Frames that are decoded while as many go through the networks.
    report
        Told how many of how many frames are done.

    Returns
    -------
    Poses
        2-D, in pixels; NaN where no mouse was found.
    """
    info = probe_video(path)
    wanted = list(range(info.n_frames) if frames is None else frames)
    found: list[FloatArray] = []
    for images in _read_ahead(path, wanted, batch):
        found += _look(images, detector, estimator, n_mice, min_score, flip_test)
        report(len(found), len(wanted))
    tracks = track_boxes(found, n_mice)
    points = tracks[..., _N_BOX:].reshape(len(wanted), n_mice, len(KEYPOINTS), 3)
    if half_life is not None:
        smooth = [smooth_track(points[:, mouse], half_life=half_life) for mouse in range(n_mice)]
        points = np.stack(smooth, axis=1)
    names = ["mouse"] if n_mice == 1 else [f"mouse{i + 1}" for i in range(n_mice)]
    return build_poses(
        points[..., :2].transpose(0, 3, 2, 1),
        np.nan_to_num(points[..., 2].transpose(0, 2, 1)),
        keypoints=KEYPOINTS,
        fps=info.fps,
        unit="px",
        individuals=names,
        frames=np.array(wanted, dtype=np.int64),
        source_software=f"mousegpt {detector.name} {estimator.name}",
    )


def _read_ahead(path: Path, frames: list[int], batch: int) -> Iterator[list[ImageArray]]:
    """Yield batches of pictures; the next is decoded while the caller works on one."""
    reader = read_frames(path, frames)

    def read() -> list[ImageArray]:
        return [image for _, image in islice(reader, batch)]

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(read)
        while images := waiting.result():
            waiting = pool.submit(read)
            yield images


def _look(
    images: list[ImageArray],
    detector: Detector,
    estimator: PoseEstimator,
    n_mice: int,
    min_score: float,
    flip_test: bool,
) -> list[FloatArray]:
    """Return boxes, scores and keypoints of each picture, shape (n_found, 5 + 24 * 3)."""
    boxes = detect_mice(images, detector, min_score=min_score, max_mice=n_mice)
    shown = [image for image, some in zip(images, boxes, strict=True) for _ in some]
    every = np.concatenate(boxes) if boxes else np.zeros((0, _N_BOX))
    points = estimate_poses(shown, every[:, :4], estimator, flip_test=flip_test)
    joined = np.concatenate([every, points.reshape(len(every), -1)], axis=1)
    ends = np.cumsum([len(some) for some in boxes])[:-1]
    return list(np.split(joined, ends))
