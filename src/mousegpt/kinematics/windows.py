"""Short windows around sampled frames: where a point is, how fast it goes, and how surely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mousegpt.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class LineFit:
    """Position and velocity at the middle of a window, shape (n, keypoint, 3), with their sd.

    The standard deviations, shape (n, keypoint), belong to one coordinate.
    """

    position: FloatArray
    velocity: FloatArray
    position_sd: FloatArray
    velocity_sd: FloatArray


def gather_windows(
    points: FloatArray, frames: IntArray, sampled: IntArray, half: int
) -> FloatArray:
    """Return the points within ``half`` frames of every sampled frame.

    Parameters
    ----------
    points
        Shape (time, keypoint, 3).
    frames, sampled
        Frame numbers of the points, and those to look at.

    Returns
    -------
    FloatArray
        Shape (n_sampled, 2 * half + 1, keypoint, 3); NaN where there is no such frame.
    """
    wanted = sampled[:, None] + np.arange(-half, half + 1)
    rows = np.minimum(np.searchsorted(frames, wanted), len(frames) - 1)
    there = frames[rows] == wanted
    return np.where(there[..., None, None], points[rows], np.nan)


def fit_lines(windows: FloatArray, fps: float, noise: FloatArray) -> LineFit:
    """Fit a straight line through time to every keypoint of every window.

    A velocity needs the middle frame, most of the window and three frames; a position without
    that many neighbours is the measured one.

    Parameters
    ----------
    windows
        Shape (n, 2 * half + 1, keypoint, 3).
    noise
        Standard deviation of a coordinate of each keypoint, shape (keypoint,).
    """
    half = windows.shape[1] // 2
    known = np.asarray(np.isfinite(windows).all(axis=-1))
    seconds = np.arange(-half, half + 1)[:, None] / fps
    count = known.sum(axis=1)
    enough = known[:, half] & (count >= max(3, half + 1))
    count = np.maximum(count, 1)
    middle = (known * seconds).sum(axis=1) / count
    spread = (known * (seconds - middle[:, None]) ** 2).sum(axis=1)
    spread = np.where(enough, spread, np.nan)
    filled = np.where(known[..., None], windows, 0)
    mean = filled.sum(axis=1) / count[..., None]
    lever = (known * (seconds - middle[:, None]))[..., None]
    velocity = (lever * filled).sum(axis=1) / spread[..., None]
    position = np.where(enough[..., None], mean - velocity * middle[..., None], windows[:, half])
    position_sd = np.where(enough, noise * np.sqrt(1 / count + middle**2 / spread), noise)
    return LineFit(position, velocity, position_sd, noise / np.sqrt(spread))


def follow_trunk(
    windows: FloatArray, trunk: list[int], turning_rad_per_s: FloatArray, fps: float
) -> FloatArray:
    """Return the windows as the trunk sees them: its shift and its turn are taken out.

    Parameters
    ----------
    trunk
        Places of the trunk's keypoints.
    turning_rad_per_s
        Turn of the trunk about the vertical, shape (n,); NaN counts as none.
    """
    half = windows.shape[1] // 2
    body = windows[:, :, trunk]
    center = _mean_known(body, axis=1)
    shift = _mean_known(body - center[:, None], axis=2)
    still = windows - shift[:, :, None]
    arm = still - _mean_known(center, axis=1)[:, None, None]
    seconds = np.arange(-half, half + 1)[None, :, None] / fps
    angle = np.nan_to_num(turning_rad_per_s)[:, None, None] * seconds
    turned = np.stack([-arm[..., 1] * angle, arm[..., 0] * angle, 0 * arm[..., 2]], axis=-1)
    return np.asarray(still - turned)


def measure_speed(
    windows: FloatArray, fps: float, noise: FloatArray, n_axes: int, *, lag_s: float = 0.04
) -> tuple[FloatArray, FloatArray]:
    """Measure how fast each keypoint goes, back and forth included.

    The root mean square speed over the window, without the share of the measurement noise.

    Parameters
    ----------
    n_axes
        Coordinates that are measured: 2 or 3.
    lag_s
        Steps are taken over twice this time; motions up to about 6 Hz survive.

    Returns
    -------
    speed, sd : FloatArray
        Shape (n, keypoint); NaN where less than a third of the steps are known.
    """
    lag = min(max(1, round(lag_s * fps)), windows.shape[1] // 2)
    steps = (windows[:, 2 * lag :] - windows[:, : -2 * lag]) * fps / (2 * lag)
    square = (steps**2).sum(axis=-1)
    variance = (noise * fps / lag) ** 2 / 2
    known = np.isfinite(square)
    signal = np.maximum(_mean_known(square, axis=1) - n_axes * variance, 0)
    signal = np.where(known.mean(axis=1) >= 1 / 3, signal, np.nan)  # the ends of a recording pass
    n_steps = np.maximum(
        known.sum(axis=1) / 1.5, 1
    )  # squares of steps that share a point correlate
    # the true signal may well be as large as the noise that was subtracted
    likely = signal + n_axes * variance
    doubt = np.sqrt((2 * n_axes * variance**2 + 4 * likely * variance) / n_steps)
    speed = np.sqrt(signal)
    above, below = np.sqrt(signal + doubt), np.sqrt(np.maximum(signal - doubt, 0))
    return speed, np.maximum(above - speed, speed - below)


def _mean_known(values: FloatArray, axis: int | tuple[int, ...]) -> FloatArray:
    """Average what is known; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
