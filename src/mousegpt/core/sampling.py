"""Which frames of a video are looked at: the same for words and for pictures."""

from __future__ import annotations

import numpy as np

from mousegpt.core.arrays import IntArray


def sample_frames(frames: IntArray, fps: float, rate_hz: float) -> IntArray:
    """Return every (fps / rate)-th frame of the video, to the nearest frame.

    Parameters
    ----------
    frames
        Original indices of the frames there are, increasing.

    Notes
    -----
    Source: Methods 4.2 (5 frames per second: every 12th of 60).

    Examples
    --------
    >>> sample_frames(np.arange(40), 60, 5)
    array([ 0, 12, 24, 36])
    """
    if len(frames) == 0:
        return frames
    step = max(fps / rate_hz, 1.0)
    wanted = np.floor(np.arange(0, frames[-1] + 1, step) + 0.5).astype(np.int64)
    return np.intersect1d(frames, wanted)
