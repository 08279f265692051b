"""Tracks in space that move no more abruptly than the points prove.

This module imports numba, which is slow: import it where it is used, not at the top.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from mousegpt.core.arrays import BoolArray, FloatArray, IntArray
from mousegpt.geometry.compilation import compile_kernel, compile_part
from mousegpt.geometry.linear import invert, load

_MAX_GAP: Final = 10  # unknown frames over which a track goes on
_WINDOW: Final = 5  # frames to each side in which a track is about equally lively
_LEAST: Final = 0.003  # least liveliness in standard deviations of the points, per frame²
_WIDTH: Final = 9  # numbers of a row of the banded matrix: the diagonal and two frames before it


@compile_kernel
def smooth_track(
    position: FloatArray, covariance: FloatArray, frames: IntArray, n_rounds: int
) -> tuple[FloatArray, FloatArray]:
    """Smooth one track.

    Parameters
    ----------
    position
        Shape (time, 3), NaN where unknown.
    covariance
        Of the points, xx, xy, xz, yy, yz, zz; shape (time, 6).
    frames
        Index of each time point in the video. A track breaks where it is not evenly spaced, and
        where it is unknown for more than ten time points.
    n_rounds
        How often the liveliness is estimated; the first guess is that of the noise.

    Returns
    -------
    position : (time, 3)
        The most probable track; NaN where it was unknown.
    variance : (time, 3)
        Of each coordinate, given the liveliness.

    Notes
    -----
    A track's second differences are taken as normally distributed. Their variance, the liveliness,
    is that of their neighbourhood in time, so that a mouse at rest is smoothed more than one that
    runs, and is found from the track itself (empirical Bayes, with MacKay's rule).
    """
    smooth = np.full(position.shape, np.nan)
    variance = np.full(position.shape, np.nan)
    start = 0
    while start < len(frames):
        if np.isnan(position[start, 0]):
            start += 1
            continue
        stop = _find_end(position, frames, start)
        part = slice(start, stop)
        smooth[part], variance[part] = _smooth_stretch(position[part], covariance[part], n_rounds)
        start = stop
    return smooth, variance


@compile_part
def _find_end(position: FloatArray, frames: IntArray, start: int) -> int:
    """Return the end of the stretch that starts at a known point."""
    last = start
    for t in range(start + 1, len(frames)):
        uneven = t > start + 1 and frames[t] - frames[t - 1] != frames[t - 1] - frames[t - 2]
        if uneven or t - last > _MAX_GAP + 1:
            break
        if not np.isnan(position[t, 0]):
            last = t
    return last + 1


@compile_part
def _smooth_stretch(
    position: FloatArray, covariance: FloatArray, n_rounds: int
) -> tuple[FloatArray, FloatArray]:
    n = len(position)
    known = ~np.isnan(position[:, 0])
    noise = 0.0
    for t in range(n):
        if known[t]:
            noise += (covariance[t, 0] + covariance[t, 3] + covariance[t, 5]) / 3 / known.sum()
    lively = np.full(max(n - 2, 0), noise)
    band, inverse, solution = np.empty((3 * n, _WIDTH)), np.empty((3 * n, _WIDTH)), np.empty(3 * n)
    for _ in range(n_rounds):
        _fill(position, covariance, known, lively, band, solution)
        _factorize(band)
        _substitute(band, solution)
        _invert_band(band, inverse)
        _estimate_liveliness(solution, inverse, lively, _LEAST**2 * noise)
    smooth, variance = solution.copy().reshape(n, 3), inverse[:, 0].copy().reshape(n, 3)
    smooth[~known] = np.nan
    variance[~known] = np.nan
    return smooth, variance


@compile_part
def _fill(
    position: FloatArray,
    covariance: FloatArray,
    known: BoolArray,
    lively: FloatArray,
    band: FloatArray,
    solution: FloatArray,
) -> None:
    """Set up the normal equations; ``band[j, d]`` is the element of row j + d and column j."""
    band[:] = 0.0
    solution[:] = 0.0
    for t in range(len(position)):
        if known[t]:
            j = 3 * t
            x, y, z = position[t, 0], position[t, 1], position[t, 2]
            xx, xy, xz, yy, yz, zz = invert(load(covariance[t]))
            band[j, 0], band[j, 1], band[j, 2] = xx, xy, xz
            band[j + 1, 0], band[j + 1, 1], band[j + 2, 0] = yy, yz, zz
            solution[j] = xx * x + xy * y + xz * z
            solution[j + 1] = xy * x + yy * y + yz * z
            solution[j + 2] = xz * x + yz * y + zz * z
    for t in range(len(lively)):
        weight = 1 / lively[t]
        for j in range(3 * t, 3 * t + 3):
            band[j, 0] += weight
            band[j + 3, 0] += 4 * weight
            band[j + 6, 0] += weight
            band[j, 3] -= 2 * weight
            band[j + 3, 3] -= 2 * weight
            band[j, 6] += weight


@compile_part
def _factorize(band: FloatArray) -> None:
    """Turn a banded matrix into L D Lᵀ, in place: D in column 0."""
    n = len(band)
    for j in range(n):
        reach = min(_WIDTH, n - j)
        for d in range(1, reach):
            factor = band[j, d] / band[j, 0]
            for e in range(d, reach):
                band[j + d, e - d] -= factor * band[j, e]
        for d in range(1, reach):
            band[j, d] /= band[j, 0]


@compile_part
def _substitute(band: FloatArray, solution: FloatArray) -> None:
    """Solve L D Lᵀ x = b, in place."""
    n = len(band)
    for j in range(n):
        for d in range(1, min(_WIDTH, n - j)):
            solution[j + d] -= band[j, d] * solution[j]
    for j in range(n - 1, -1, -1):
        total = solution[j] / band[j, 0]
        for d in range(1, min(_WIDTH, n - j)):
            total -= band[j, d] * solution[j + d]
        solution[j] = total


@compile_part
def _invert_band(band: FloatArray, inverse: FloatArray) -> None:
    """Fill in the inverse inside the band (Takahashi's recursion)."""
    n = len(band)
    for j in range(n - 1, -1, -1):
        reach = min(_WIDTH, n - j)
        for d in range(reach - 1, 0, -1):
            total = 0.0
            for e in range(1, reach):
                low, high = min(d, e), max(d, e)
                total -= band[j, e] * inverse[j + low, high - low]
            inverse[j, d] = total
        total = 1 / band[j, 0]
        for d in range(1, reach):
            total -= band[j, d] * inverse[j, d]
        inverse[j, 0] = total


@compile_part
def _estimate_liveliness(
    solution: FloatArray, inverse: FloatArray, lively: FloatArray, least: float
) -> None:
    """Replace the variance of second differences by what their neighbourhood shows.

    MacKay's rule: squares are divided by how many of them the points determine.
    """
    n = len(lively)
    square, determined = np.zeros(n + 1), np.zeros(n + 1)
    for t in range(n):
        total, unsure = 0.0, 0.0
        for j in range(3 * t, 3 * t + 3):
            bend = solution[j] - 2 * solution[j + 3] + solution[j + 6]
            total += bend * bend
            unsure += inverse[j, 0] + 4 * inverse[j + 3, 0] + inverse[j + 6, 0]
            unsure += 2 * inverse[j, 6] - 4 * (inverse[j, 3] + inverse[j + 3, 3])
        square[t + 1] = square[t] + total
        determined[t + 1] = determined[t] + max(3 - unsure / lively[t], 1e-3)
    for t in range(n):
        low, high = max(t - _WINDOW, 0), min(t + _WINDOW + 1, n)
        share = (square[high] - square[low]) / (determined[high] - determined[low])
        lively[t] = max(share, least)
