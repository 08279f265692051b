"""Points from pixels, as arrays: solved in parallel, and how far pixels are off.

This module imports numba, which is slow: import it where it is used, not at the top.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.geometry.compilation import run_parallel
from mousegpt.geometry.lenses import Rig
from mousegpt.geometry.solver import Points, Rules, solve_frames

_N_AT_ONCE: Final = 500  # frames that a core takes at once
_N_SAMPLED: Final = 500  # frames from which the noise is estimated
_FEWEST: Final = 5  # points of a keypoint that make an estimate of its own
_N_SDS: Final = 5.0  # gate in standard deviations of the noise
_WIDEST: Final = 40 / 1500  # gate in px per px of focal length: errors beyond are never noise
_NARROWEST_PX: Final = 0.5  # gate of poses without noise


class Pixels(NamedTuple):
    """Detections: shapes (view, time, 2, keypoint, individual) and the same without the 2."""

    position: FloatArray
    confidence: FloatArray


def solve_points(pixels: Pixels, rig: Rig, rules: Rules, frames: IntArray | None = None) -> Points:
    """Solve for the points of some frames, all when None, on all cores.

    Parameters
    ----------
    pixels
        C-contiguous; views in the order of the rig.
    """
    shape = pixels.position.shape[3:]
    frames = np.arange(pixels.position.shape[1]) if frames is None else frames
    n = len(frames)
    found = Points(
        position=np.empty((n, 3, *shape)),
        covariance=np.empty((n, 6, *shape)),
        confidence=np.empty((n, *shape)),
        error=np.empty((n, *shape)),
        squares=np.empty((n, *shape)),
        n_views=np.empty((n, *shape), dtype=np.int64),
    )

    def work(start: int) -> None:
        part = slice(start, start + _N_AT_ONCE)
        rows = Points._make(array[part] for array in found)
        solve_frames(*pixels, frames[part], rig, rules, rows)

    run_parallel(work, range(0, n, _N_AT_ONCE))
    return found


def find_gates(
    pixels: Pixels, rig: Rig, rules: Rules, max_error_px: float | None
) -> tuple[FloatArray, FloatArray]:
    """Find how far a pixel may be off, from evenly spaced frames.

    Parameters
    ----------
    max_error_px
        The gate, if it is given.

    Returns
    -------
    gate, noise : (keypoint,)
        In px; ``noise`` is NaN when no point is known.
    """
    n_times, n_keypoints = pixels.position.shape[1], pixels.position.shape[3]
    widest = _WIDEST * float(np.median(rig.K[:, [0, 1], [0, 1]]))
    gate = np.full(n_keypoints, widest if max_error_px is None else float(max_error_px))
    frames = np.unique(np.linspace(0, n_times - 1, min(n_times, _N_SAMPLED)).astype(np.int64))
    while True:
        noise = estimate_noise(solve_points(pixels, rig, rules._replace(gates=gate), frames))
        nearer = np.fmin(np.maximum(_N_SDS * noise, _NARROWEST_PX), gate)
        if max_error_px is not None or np.allclose(nearer, gate, rtol=0.05):
            return gate, noise
        gate = nearer


def estimate_noise(found: Points) -> FloatArray:
    """Estimate the standard deviation of a detection with confidence 1, px, shape (keypoint,).

    The median over points of their mean square, each divided by what it would be for a noise of
    1 px: so points with few views count too, and points whose views were wrong do not.

    Returns
    -------
    FloatArray
        A keypoint known in fewer than five points gets the noise of all; NaN when none is known.
    """
    known = np.isfinite(found.position).all(axis=1)
    freedom = np.where(known, 2.0 * found.n_views - 3, 1.0)
    median = freedom * (1 - 2 / (9 * freedom)) ** 3  # of chi-square
    ratio = np.where(known, found.squares / median, np.nan)
    if not known.any():
        return np.full(ratio.shape[1], np.nan)
    variance = np.full(ratio.shape[1], np.nanmedian(ratio))
    enough = known.sum(axis=(0, 2)) >= _FEWEST
    variance[enough] = np.nanmedian(ratio[:, enough], axis=(0, 2))
    return np.asarray(np.sqrt(variance))
