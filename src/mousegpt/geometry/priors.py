"""What is known of points before they are seen: bones keep their length, tracks are smooth.

This module imports numba, which is slow: import it where it is used, not at the top.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.geometry.bones import hold_lengths, measure_bones, plan_bones
from mousegpt.geometry.compilation import run_parallel
from mousegpt.geometry.smoothing import smooth_track

_N_ROUNDS: Final = 6  # more bring less than 5 %


def move_to_bones(
    position: FloatArray,
    covariance: FloatArray,
    keypoints: Sequence[str],
    bones: Sequence[tuple[str, str]],
) -> FloatArray:
    """Move points so that bones are about as long as in the other frames.

    Parameters
    ----------
    position, covariance
        Shapes (time, 3, keypoint, individual) and (time, 6, keypoint, individual): xx, xy, xz, yy,
        yz, zz. NaN where unknown.
    keypoints
        Names of the keypoints; bones between others do not count, nor does one that closes a ring.

    Returns
    -------
    FloatArray
        The most probable points, if the lengths of a bone vary normally around their median.
        Unknown points stay unknown.
    """
    plan = plan_bones(keypoints, bones)
    moved = np.empty_like(position)
    for i in range(position.shape[3]):
        one = np.ascontiguousarray(position[..., i]), np.ascontiguousarray(covariance[..., i])
        length, variance = measure_bones(*one, plan)
        moved[..., i] = hold_lengths(*one, plan, length, variance)
    return moved


def smooth_tracks(
    position: FloatArray, covariance: FloatArray, frames: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Smooth the track of every keypoint and individual.

    Parameters
    ----------
    position, covariance
        As of `move_to_bones`.
    frames
        Index of each time point in the video, shape (time,).

    Returns
    -------
    position : (time, 3, keypoint, individual)
        Unknown points stay unknown.
    sd : (time, keypoint, individual)
        Standard deviation of a coordinate, root mean square over the three.

    Notes
    -----
    See `mousegpt.geometry.smoothing.smooth_track`.
    """
    smooth, sd = np.empty_like(position), np.empty_like(position[:, 0])

    def work(track: tuple[int, ...]) -> None:
        k, i = track
        points = np.ascontiguousarray(position[:, :, k, i])
        spread = np.ascontiguousarray(covariance[:, :, k, i])
        smooth[:, :, k, i], variance = smooth_track(points, spread, frames, _N_ROUNDS)
        sd[:, k, i] = np.sqrt(variance.mean(axis=1))

    run_parallel(work, np.ndindex(position.shape[2:]))
    return smooth, sd
