"""Which frames of a video are looked at."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import IntArray
from mousegpt.core.sampling import sample_frames


def choose_frames(
    n_frames: int,
    fps: float,
    *,
    rate_hz: Annotated[float, Field(gt=0)] = 5.0,
    max_frames: Annotated[int, Field(ge=1)] | None = 60,
) -> IntArray:
    """Choose frames at an even rate.

    Parameters
    ----------
    max_frames
        Of more frames, this many evenly spaced ones are kept; all when None. The default is
        enough to look at; a model that describes pixels needs them all.

    Returns
    -------
    IntArray
        Strictly increasing frame indices.

    Notes
    -----
    Source: Methods 4.2 (5 frames per second: every 12th of 60).

    Examples
    --------
    >>> choose_frames(60, 60.0).tolist()
    [0, 12, 24, 36, 48]
    >>> choose_frames(60, 60.0, max_frames=2).tolist()
    [0, 48]
    """
    frames = sample_frames(np.arange(n_frames), fps, rate_hz)
    if max_frames is None or len(frames) <= max_frames:
        return frames
    return np.asarray(frames[np.linspace(0, len(frames) - 1, max_frames).round().astype(int)])
