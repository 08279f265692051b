"""Do the views show the same moment? A view that lost frames runs ahead of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.geometry.neighbors import Neighbors, measure_motion
from mousegpt.geometry.sightlines import Sight, find_median, meet_rays

_CLIP: Final = 3.0  # residuals above so many typical ones say no more than that they are bad
_LEAST_PX: Final = 0.5  # typical residual of the best detections
_SLOW_PX: Final = 1.0  # motion from frame to frame that counts half
_CERTAIN: Final = 4.5  # a gain of so many standard errors; where nothing lags, lags cost
_CHANGED: Final = 4.0  # the same for a change in the course of the recording, once there is a lag
_LEAST_GAIN: Final = 0.05  # of the squared error, where the lag holds


@dataclass(frozen=True)
class Lag:
    """One view's frames against those of the others.

    Parameters
    ----------
    view
        Number of the view.
    before, after
        Frames by which the view is late; negative when it is ahead, as after lost frames.
    start
        Index of the sampled time from which ``after`` holds; 0 when it holds from the beginning.
    """

    view: int
    before: int
    after: int
    start: int


def find_lag(
    sights: Sequence[Sight],
    neighbors: Neighbors,
    *,
    tolerance_px: Annotated[float, Field(gt=0)],
) -> Lag | None:
    """Find the view whose points fit those of all others better at another moment.

    Parameters
    ----------
    sights
        What is seen at the sampled times; the points of ``neighbors`` at lag 0.

    Returns
    -------
    Lag or None
        The one that explains most; None when no lag, constant or from some time on, is certain.

    Notes
    -----
    Of each view, what the other views predict is compared with what it shows some frames earlier
    and later. A smooth error of the calibration (a plane over the picture) is taken out first, so
    that only motion counts: a mouse that stands still has no lag, and one that walks straight on
    at constant speed cannot be told from a shifted picture.
    """
    found: list[tuple[float, Lag]] = []
    for view in range(len(sights)):
        others = [sight for number, sight in enumerate(sights) if number != view]
        if len(others) == 1:
            points = meet_rays(sights, tolerance_px=tolerance_px)
        else:
            points = meet_rays(others, tolerance_px=tolerance_px)
        shown = neighbors.pixels[view]
        expected = sights[view].camera.project(points).reshape(shown.shape[1:])
        gains, squares = _weigh_lags(shown - expected, expected, neighbors.lags.index(0))
        motion = measure_motion(shown, neighbors.lags) ** 2
        counts = motion / (motion + _SLOW_PX**2)
        gains, squares = gains * counts, squares * counts
        lag, gain = _choose_lag(gains, squares, view, neighbors.lags)
        if lag is not None:
            found.append((gain, lag))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def undo_lag(neighbors: Neighbors, lag: Lag) -> Neighbors:
    """Return the neighbours as they would be without a lag; NaN beyond the known frames."""
    pixels, lags = neighbors.pixels.copy(), neighbors.lags
    times = np.arange(pixels.shape[2])
    shift = np.where(times < lag.start, lag.before, lag.after)
    for place, offset in enumerate(lags):
        source = np.searchsorted(lags, offset + shift).clip(0, len(lags) - 1)
        known = np.isin(offset + shift, lags)[:, None, None]
        pixels[lag.view, place] = np.where(known, neighbors.pixels[lag.view, source, times], np.nan)
    return replace(neighbors, pixels=pixels)


def _weigh_lags(
    residuals: FloatArray, places: FloatArray, zero: int
) -> tuple[FloatArray, FloatArray]:
    """Return what each lag gains at each time, and the squared error without, in typical squares.

    Shapes (lag, time) and (time,).
    """
    residuals = np.stack([_flatten(part, places) for part in residuals])
    squares = (residuals**2).sum(axis=-1)
    known = np.isfinite(squares)
    typical = min((m for m in map(find_median, squares) if np.isfinite(m)), default=1.0)
    squares = np.minimum(squares / max(typical, _LEAST_PX**2), _CLIP**2)
    now = squares[zero]
    gains = _average(now - squares, np.isfinite(now) & known)
    return gains, _average(now, np.isfinite(now))


def _flatten(residuals: FloatArray, places: FloatArray) -> FloatArray:
    """Take a plane over the picture out of residuals, shape (time, point, 2), robustly."""
    flat, where = residuals.reshape(-1, 2), places.reshape(-1, 2)
    known = np.asarray(np.isfinite(np.hstack([flat, where])).all(axis=1))
    if known.sum() < 10:
        return residuals
    where, flat = where[known], flat[known]
    arm = (where - np.median(where, axis=0)) / (np.median(np.abs(where - np.median(where))) + 1e-9)
    basis = np.column_stack([np.ones(len(arm)), arm])
    trust = 1 / (1 + (arm**2).sum(axis=1))  # far out lie only the points that are wrong
    left = flat - np.median(flat, axis=0)
    for _ in range(5):
        misses = np.linalg.norm(left, axis=1)
        root = np.sqrt(trust / (1 + (misses / (np.median(misses) + 1e-9)) ** 2))[:, None]
        plane = np.linalg.lstsq(basis * root, flat * root, rcond=None)[0]
        left = flat - basis @ plane
    result = np.full((len(known), 2), np.nan)
    result[known] = left
    return result.reshape(residuals.shape)


def _choose_lag(
    gains: FloatArray, squares: FloatArray, view: int, lags: tuple[int, ...]
) -> tuple[Lag | None, float]:
    """Return the lag, constant or changing once, that gains most; None when it is not certain."""
    total = gains.sum(axis=1)
    until = np.concatenate([np.zeros((len(lags), 1)), np.cumsum(gains, axis=1)], axis=1)
    steady = int(np.argmax(total))
    best, course = Lag(view, lags[steady], lags[steady], 0), gains[steady]
    for sums, ends in ((until, True), (total[:, None] - until, False)):  # a lag ends, or starts
        place, start = (int(i) for i in np.unravel_index(np.argmax(sums), sums.shape))
        holds = (np.arange(gains.shape[1]) < start) == ends
        split = np.where(holds, gains[place], 0.0)
        steady_enough = _measure_certainty(course) > _CERTAIN
        if _measure_certainty(split - course) > (_CHANGED if steady_enough else 0.0):
            before, after = (lags[place], 0) if ends else (0, lags[place])
            best, course = Lag(view, before, after, start), split
    certain = _measure_certainty(course) > _CERTAIN
    inside = lags[0] < min(best.before, best.after) and max(best.before, best.after) < lags[-1]
    gained = float(course.sum()) > _LEAST_GAIN * float(squares[course != 0].sum())
    return (best, float(course.sum())) if certain and gained and inside else (None, 0.0)


def _measure_certainty(gains: FloatArray) -> float:
    """Return a sum in its standard errors, were it zero by expectation."""
    spread = float(np.sqrt((gains**2).sum()))
    return float(gains.sum()) / spread if spread else 0.0


def _average(values: FloatArray, known: BoolArray) -> FloatArray:
    """Return the mean over the last axis of what is known; 0 where nothing is."""
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.asarray(total / np.maximum(known.sum(axis=-1), 1))
