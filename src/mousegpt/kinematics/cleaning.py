"""Clean tracks: doubtful points out, short gaps filled, jitter smoothed; and how noisy they are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field
from scipy.ndimage import median_filter

from mousegpt.core.arrays import BoolArray, FloatArray, IntArray
from mousegpt.core.poses import Poses
from mousegpt.kinematics.landmarks import measure_length
from mousegpt.kinematics.scale import estimate_body_length

Smoothing = Literal["savgol", "median", "none"]


def clean_poses(
    poses: Poses,
    *,
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.3,
    max_speed_body_lengths: Annotated[float, Field(gt=0)] | None = 40.0,
    max_gap_s: Annotated[float, Field(ge=0)] = 0.1,
    smoothing: Smoothing = "savgol",
    smoothing_window_s: Annotated[float, Field(gt=0)] = 0.1,
) -> Poses:
    """Drop doubtful points, fill short gaps and smooth what is left.

    Parameters
    ----------
    min_confidence
        Points below it are dropped; a point without a confidence stays.
    max_speed_body_lengths
        A point that leaves both its neighbours in time faster than this (body lengths per second)
        is dropped when the neighbours agree: a swap or a false detection. None keeps all. The
        fastest paws of a running mouse reach about 15.
    max_gap_s
        Gaps up to this length are filled by straight lines; longer ones stay unknown.
    smoothing
        "savgol" keeps slopes and peaks (order 2), "median" keeps steps.
    smoothing_window_s
        At 0.1 s motions up to about 10 Hz survive (strokes, steps). A window of three frames or
        fewer leaves the points as they are.

    Returns
    -------
    Poses
        Smoothed only inside stretches of known points. The variable ``noise`` (keypoint,
        individual) holds the standard deviation of the raw points, which smoothing hides; poses
        that carry it already keep it.
    """
    position = poses["position"]
    kept = position.where(~(poses["confidence"] < min_confidence))
    noise = estimate_noise(poses.assign(position=kept))
    if max_speed_body_lengths is not None:
        limit = max_speed_body_lengths * estimate_body_length(poses)
        kept = kept.where(~_find_jumps(kept, limit))
    frames, fps = poses["frame"].to_numpy(), float(poses.attrs["fps"])
    cleaned = kept.transpose("time", ...).copy()
    columns = cleaned.to_numpy().reshape(cleaned.sizes["time"], -1)
    n_smooth = 2 * round(smoothing_window_s * fps / 2) + 1
    for column in columns.T:
        column[:] = fill_gaps(column, frames, round(max_gap_s * fps))
        column[:] = smooth_stretches(column, frames, n_smooth, smoothing)
    cleaned.data = columns.reshape(cleaned.shape)
    return poses.assign(position=cleaned.transpose(*position.dims), noise=noise)


def estimate_noise(poses: Poses) -> xr.DataArray:
    """Estimate the measurement noise of every keypoint from its fastest wobble.

    Third differences of neighbouring frames hold next to nothing of a body's motion. Their lower
    quartile is used, so that a recording may be full of motion.

    Returns
    -------
    xr.DataArray
        Standard deviation of one coordinate, in the unit of the poses, without ``time`` and
        ``space``; NaN where fewer than ten third differences are known. Poses with a variable
        ``noise`` (see `clean_poses`) answer with it: smoothed tracks look better than they are.

    Notes
    -----
    Blind to errors that stay the same from frame to frame.
    """
    if "noise" in poses:
        return poses["noise"]
    position = poses["position"].transpose("time", "space", ...)
    if position.sizes["time"] < 4:
        return xr.full_like(position.isel(time=0, space=0, drop=True), np.nan)
    third = np.diff(position.to_numpy(), 3, axis=0)
    frames = poses["frame"].to_numpy()
    third[frames[3:] - frames[:-3] != 3] = np.nan
    enough = np.count_nonzero(np.isfinite(third), axis=0) >= 10
    quartile = np.full(enough.shape, np.nan)
    quartile[enough] = np.nanquantile(np.abs(third[:, enough]), 0.25, axis=0)
    sd = quartile / (0.3186 * np.sqrt(20))  # lower quartile of |N(0, 1)|; 1 + 9 + 9 + 1
    template = position.isel(time=0, space=0, drop=True)
    return template.copy(data=np.sqrt((sd**2).mean(axis=0)))


def _find_jumps(position: xr.DataArray, limit: xr.DataArray) -> xr.DataArray:
    """Mark points that leave both neighbours faster than ``limit`` (unit per second)."""
    time = position["time"]
    to_last = measure_length(position - position.shift(time=1)) > limit * (
        time - time.shift(time=1)
    )
    to_next = measure_length(position - position.shift(time=-1)) > limit * (
        time.shift(time=-1) - time
    )
    around = measure_length(position.shift(time=1) - position.shift(time=-1))
    agree = around <= limit * (time.shift(time=-1) - time.shift(time=1))
    return to_last & to_next & agree


def fill_gaps(values: FloatArray, frames: IntArray, max_gap: int) -> FloatArray:
    """Fill runs of NaN of at most ``max_gap`` frames by straight lines; never past the ends.

    >>> fill_gaps(np.array([0, np.nan, 2, np.nan, np.nan, 5]), np.arange(6), 1)
    array([ 0.,  1.,  2., nan, nan,  5.])
    """
    known = np.isfinite(values)
    if known.all() or not known.any():
        return values
    inside = np.flatnonzero(known)
    last = np.searchsorted(inside, np.arange(len(values)), side="right") - 1
    following = np.minimum(last + 1, len(inside) - 1)
    gap = frames[inside[following]] - frames[inside[np.maximum(last, 0)]] - 1
    fill = ~known & (last >= 0) & (gap > 0) & (gap <= max_gap)
    filled = values.copy()
    filled[fill] = np.interp(frames[fill], frames[known], values[known])
    return filled


def smooth_stretches(
    values: FloatArray, frames: IntArray, n_window: int, smoothing: Smoothing
) -> FloatArray:
    """Smooth every stretch of known, adjacent frames by itself; shorter ones by a shorter window.

    >>> x = np.array([0, 0, 9, 0, 0, np.nan, 7.0])
    >>> smooth_stretches(x, np.arange(7), 3, "median")
    array([ 0.,  0.,  0.,  0.,  0., nan,  7.])
    """
    from scipy.signal import savgol_filter  # takes a second to import

    if smoothing == "none" or (n_window <= 3 and smoothing == "savgol"):
        return values
    smoothed = values.copy()
    for stretch in _find_stretches(np.isfinite(values), frames):
        n = min(n_window, stretch.stop - stretch.start - 1 | 1)
        if smoothing == "median":
            smoothed[stretch] = median_filter(values[stretch], n, mode="nearest")
        elif n > 3:
            smoothed[stretch] = savgol_filter(values[stretch], n, 2)
    return smoothed


def _find_stretches(known: BoolArray, frames: IntArray) -> Iterator[slice]:
    breaks = np.flatnonzero(np.diff(frames) != 1) + 1
    edges = np.flatnonzero(np.diff(known.astype(np.int8))) + 1
    cuts = [0, *np.union1d(breaks, edges), len(known)]
    for start, stop in pairwise(cuts):
        if stop > start and known[start]:
            yield slice(int(start), int(stop))
