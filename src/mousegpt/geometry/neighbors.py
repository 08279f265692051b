"""What views show at sampled times, and in the frames just before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.poses import Poses

_MAX_LAG: Final = 6  # a view may be late or ahead by one less
_N_POINTS: Final = 6000  # in all sampled frames together
_N_CANDIDATES: Final = 8  # frames of which the one is taken in which the mouse moves most


@dataclass(frozen=True, eq=False)
class Neighbors:
    """Pixels around sampled times.

    Parameters
    ----------
    pixels
        Shape (view, lag, time, point, 2): what view v shows ``lags[l]`` frames after the time; NaN
        where unknown.
    lags
        In rising order, with 0 among them; only 0 when the frames are not consecutive.
    frames
        Original indices of the sampled frames, shape (time,).
    """

    pixels: FloatArray
    lags: tuple[int, ...]
    frames: IntArray

    @property
    def now(self) -> FloatArray:
        """Pixels of the sampled times themselves, shape (view, time * point, 2)."""
        now = self.pixels[:, self.lags.index(0)]
        return now.reshape(len(now), -1, 2)


def gather_neighbors(
    poses: Poses,
    *,
    max_frames: Annotated[int, Field(gt=0)] = 500,
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.3,
) -> Neighbors:
    """Read pixels around evenly spread frames, of the points that are seen most.

    Of neighbouring frames the one is taken in which the mouse moves most: only motion tells
    whether views show the same moment.

    Parameters
    ----------
    poses
        2-D poses with the dimension ``view``.
    """
    poses = poses.transpose("view", "time", "keypoint", "individual", "space", ...)
    frames = poses["frame"].values
    known = poses["position"].notnull().all("space") & ~(poses["confidence"] < min_confidence)
    pixels = poses["position"].where(known).values.reshape(*known.shape[:2], -1, 2)
    n_times = min(max_frames, len(frames))
    evenly = (np.arange(n_times) + 0.5) * len(frames) / n_times
    often = np.isfinite(pixels[:, evenly.astype(int)]).all(axis=-1).sum(axis=(0, 1))
    points = np.sort(np.argsort(-often, kind="stable")[: max(1, _N_POINTS // n_times)])
    consecutive = len(frames) > 1 and int(np.diff(frames).min()) == 1
    lags = tuple(range(-_MAX_LAG, _MAX_LAG + 1)) if consecutive else (0,)

    def read(view: int, times: IntArray) -> FloatArray:
        wanted = frames[times] + np.array(lags)[:, None]
        places = np.searchsorted(frames, wanted).clip(0, len(frames) - 1)
        there = (frames[places] == wanted)[..., None, None]
        return np.where(there, pixels[view, places][..., points, :], np.nan)

    views = range(len(pixels))
    spread = np.arange(_N_CANDIDATES * n_times) + 0.5
    candidates = (spread * len(frames) / len(spread)).astype(int)
    motion = np.sum([measure_motion(read(view, candidates), lags) for view in views], axis=0)
    fastest = np.argmax(motion.reshape(n_times, -1), axis=1)
    times = candidates.reshape(n_times, -1)[np.arange(n_times), fastest]
    return Neighbors(np.stack([read(view, times) for view in views]), lags, frames[times])


def measure_motion(shown: FloatArray, lags: tuple[int, ...]) -> FloatArray:
    """Return by how much the points move from frame to frame, px (median of their steps).

    Parameters
    ----------
    shown
        What one view shows, shape (lag, time, point, 2).

    Returns
    -------
    FloatArray
        Shape (time,); 0 where it is not known.
    """
    near = [place for place, lag in enumerate(lags) if abs(lag) <= 2]
    if len(near) < 2:
        return np.zeros(shown.shape[1])
    steps = shown[near[-1]] - shown[near[0]]
    unknown = np.isnan(steps).all(axis=1, keepdims=True)
    step = np.nanmedian(np.where(unknown, 0.0, steps), axis=1)
    return np.asarray(np.linalg.norm(step, axis=-1) / (lags[near[-1]] - lags[near[0]]))
