"""From videos to 2-D poses: look at each view; agree between views; then follow each mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Final, NamedTuple, Protocol

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, ImageArray, IntArray
from mousegpt.core.calibration import Calibration
from mousegpt.core.poses import Poses, build_poses
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.geometry.sighting import MIN_VIEWS, Sighting, locate_mouse
from mousegpt.io.video import probe_video
from mousegpt.pipeline.looking import Chunk, Kept, Report, cut_frames, look_at_chunks
from mousegpt.ports import Detector, PoseEstimator
from mousegpt.vision.following import (
    N_BOX,
    N_CANDIDATES,
    N_NUMBERS,
    follow_mice,
    look_again,
    propose_mouse,
)
from mousegpt.vision.tracking import smooth_track, track_boxes

_PROPOSE: Final = b"propose"
_DIGITS: Final = 2  # of expected boxes, so that what was found in them is found again when kept


class Locate(Protocol):
    """Finds where calibrated views agree that the mouse is, as `locate_mouse` does."""

    def __call__(
        self,
        candidates: FloatArray,
        calibration: Calibration,
        times: FloatArray,
        *,
        min_score: float,
    ) -> Sighting:
        """Return the place, and the box in each view that can be trusted."""
        ...


class Seen(NamedTuple):
    """What was seen in the videos.

    Attributes
    ----------
    poses
        2-D, in pixels, with the dimension ``view``; NaN where no mouse was found.
    boxes
        Boxes and their scores, shape (view, time, individual, 5). Without a score: expected there
        because other views see the mouse, and not found in this one.
    sighting
        What the views agreed on; None where they were not asked.
    """

    poses: Poses
    boxes: FloatArray
    sighting: Sighting | None


def estimate_views(
    videos: Mapping[str, Path],
    detector: Detector,
    estimator: PoseEstimator,
    *,
    every: Annotated[int, Field(ge=1)] = 1,
    n_mice: Annotated[int, Field(ge=1)] = 1,
    detect_every: Annotated[int, Field(ge=1)] = 4,
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.25,
    agree: bool = True,
    flip_test: bool = False,
    half_life: Annotated[float, Field(gt=0)] | None = None,
    batch: Annotated[int, Field(ge=1)] = 16,
    workers: Annotated[int, Field(ge=1)] | None = None,
    fps: float | None = None,
    frames: Iterable[int] | None = None,
    rig: Calibration | None = None,
    locate: Locate = locate_mouse,
    kept: Kept | None = None,
    report: Report = lambda done, total, message: None,
) -> Seen:
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
    agree
        Three calibrated views or more tell each other where a single mouse is. Where they
        contradict what one view found, that view is looked at again, closely.
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
    rig
        Cameras of the views; of some or none of them, too.
    kept
        Asked for each chunk before it is decoded, and told of it afterwards.
    report
        Told after every chunk.
    """
    infos = {view: probe_video(path) for view, path in videos.items()}
    rate = fps or next(iter(infos.values())).fps
    longest = max(info.n_frames for info in infos.values())
    wanted = np.array(range(0, longest, every) if frames is None else list(frames), dtype=np.int64)
    shown = {
        view: wanted if frames is not None else wanted[wanted < info.n_frames]
        for view, info in infos.items()
    }
    joint = tuple(view for view in videos if rig and view in rig.views)
    joint = joint if agree and n_mice == 1 and len(joint) >= MIN_VIEWS else ()
    look = _Look(detector, estimator, n_mice, detect_every, min_score, flip_test)
    ask = partial(look_at_chunks, videos=videos, look=look, workers=workers, kept=kept)
    finds = _Finds(wanted, shown, joint, n_mice)
    first = finds.plan_first_look(batch)
    finds.take(ask(first, report=report))
    sighting = None
    if rig and joint:
        times = wanted / rate
        sighting = locate(finds.candidates, rig.select(joint), times, min_score=min_score)
        finds.drop_hidden(sighting)
        n_before = sum(len(chunk.frames) for chunk in first)
        again = finds.plan_second_look(sighting, batch)
        finds.take(ask(again, report=report, n_before=n_before))
    tracks = np.stack([_follow(finds.tracks[view], n_mice, half_life) for view in videos])
    source = f"mousegpt {detector.name} {estimator.name}"
    poses = _name_points(tracks, wanted, tuple(videos), rate, source)
    return Seen(poses, tracks[..., :N_BOX], sighting)


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
    poses = estimate_views(
        {"": path}, detector, estimator, n_mice=n_mice, detect_every=detect_every,
        min_score=min_score, flip_test=flip_test, half_life=half_life, batch=batch,
        workers=workers, frames=frames, report=lambda done, total, message: report(done, total),
    ).poses  # fmt: skip
    return poses.isel(view=0, drop=True)


@dataclass(frozen=True)
class _Look:
    """Looks at the pictures of a chunk, in the way that its question asks for."""

    detector: Detector
    estimator: PoseEstimator
    n_mice: int
    detect_every: int
    min_score: float
    flip_test: bool

    def __call__(self, chunk: Chunk, images: list[ImageArray]) -> FloatArray:
        networks = self.detector, self.estimator
        if chunk.boxes is not None:
            return look_again(images, chunk.boxes, *networks, flip_test=self.flip_test)
        follow = partial(follow_mice, n_mice=self.n_mice)
        return (propose_mouse if chunk.question == _PROPOSE else follow)(
            images,
            *networks,
            detect_every=self.detect_every,
            min_score=self.min_score,
            flip_test=self.flip_test,
        )


class _Finds:
    """What was found so far in the frames of each view.

    Attributes
    ----------
    tracks
        By view, shape (time, n_mice, 77).
    candidates
        Of the views that are asked together, shape (view, time, candidate, 5).
    """

    def __init__(
        self,
        wanted: IntArray,
        shown: Mapping[str, IntArray],
        joint: tuple[str, ...],
        n_mice: int,
    ) -> None:
        self._wanted, self._shown, self._joint = wanted, shown, joint
        self.tracks = {view: np.full((len(wanted), n_mice, N_NUMBERS), np.nan) for view in shown}
        self.candidates = np.full((len(joint), len(wanted), N_CANDIDATES, N_BOX), np.nan)

    def plan_first_look(self, batch: int) -> list[Chunk]:
        return [
            Chunk(view, part, _PROPOSE if view in self._joint else b"")
            for view, frames in self._shown.items()
            for part in cut_frames(frames.tolist(), batch)
        ]

    def plan_second_look(self, sighting: Sighting, batch: int) -> list[Chunk]:
        """List the frames in which the views together name another box than the view alone."""
        chunks = []
        for view, boxes in zip(sighting.views, sighting.boxes, strict=True):
            same = (self.tracks[view][:, 0, :N_BOX] == boxes).all(axis=1)
            other = np.isfinite(boxes[:, 0]) & ~same
            for part in cut_frames(np.flatnonzero(other[: len(self._shown[view])]).tolist(), batch):
                given = np.round(boxes[part], _DIGITS)
                chunks.append(Chunk(view, self._wanted[part].tolist(), given.tobytes(), given))
        return chunks

    def drop_hidden(self, sighting: Sighting) -> None:
        """Forget what a view found while the mouse was not in its picture."""
        known = np.isfinite(sighting.place).all(axis=1)
        for view, boxes in zip(sighting.views, sighting.boxes, strict=True):
            self.tracks[view][known & np.isnan(boxes[:, 0])] = np.nan

    def take(self, found: Iterable[tuple[Chunk, FloatArray]]) -> None:
        """Write down what was found in chunks."""
        for chunk, numbers in found:
            rows = np.searchsorted(self._wanted, chunk.frames)
            track = self.tracks[chunk.view]
            track[rows] = numbers[..., :N_NUMBERS].reshape(len(rows), *track.shape[1:])
            if chunk.question == _PROPOSE:
                boxes = numbers[:, N_NUMBERS:].reshape(len(rows), N_CANDIDATES, N_BOX)
                self.candidates[self._joint.index(chunk.view), rows] = boxes


def _name_points(
    tracks: FloatArray, frames: IntArray, views: tuple[str, ...], fps: float, source: str
) -> Poses:
    """Return the keypoints of tracks, shape (view, time, mouse, 77), as poses."""
    n_mice = tracks.shape[2]
    points = tracks[..., N_BOX:].reshape(*tracks.shape[:3], len(KEYPOINTS), 3)
    return build_poses(
        points[..., :2].transpose(0, 1, 4, 3, 2),
        np.nan_to_num(points[..., 2]).transpose(0, 1, 3, 2),
        keypoints=KEYPOINTS,
        fps=fps,
        unit="px",
        individuals=["mouse"] if n_mice == 1 else [f"mouse{i + 1}" for i in range(n_mice)],
        views=list(views),
        frames=frames,
        source_software=source,
    )


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
