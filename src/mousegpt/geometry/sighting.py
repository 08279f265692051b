"""Where one mouse is, by what most calibrated views agree on; and its box in each of them.

A box is ``left, top, right, bottom, score``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import BoolArray, FloatArray, IntArray
from mousegpt.core.calibration import Calibration, Camera
from mousegpt.geometry.proposals import (
    Proposals,
    Tolerance,
    aim_boxes,
    elect_boxes,
    judge_places,
)
from mousegpt.geometry.sightlines import Sight, find_median, meet_rays

MIN_VIEWS: Final = 3  # that agree: two rays nearly always meet somewhere
_STILL: Final = 0.25  # of its edge: a box that stays so near to where it mostly is does not move
_MOSTLY: Final = 0.8  # of the moments
_BLOCK: Final = 256  # moments at once: what is held in memory


@dataclass(frozen=True, eq=False)
class Sighting:
    """A mouse in space and in the views that can be trusted.

    Attributes
    ----------
    views
        Those that agree with each other; none where fewer than three do.
    place
        The middle of the mouse, cm, shape (time, 3); NaN where nobody knows.
    n_views
        Views with a box that fits, shape (time,).
    boxes
        Box and score, shape (view, time, 5), of `views`. The score is NaN where no box fits and
        this one is predicted; all is NaN where the place is not known or not in the picture.
    agreement
        Of every view: of the moments that at least two others agree on, the share in which its
        best box fits; NaN without such moments, and for views that look at a thing.
    """

    views: tuple[str, ...]
    place: FloatArray
    n_views: IntArray
    boxes: FloatArray
    agreement: Mapping[str, float]


def locate_mouse(
    candidates: FloatArray,
    calibration: Calibration,
    times: FloatArray,
    *,
    min_score: Annotated[float, Field(ge=0, le=1)] = 0.25,
    max_miss: Annotated[float, Field(gt=0)] = 0.4,
    max_size_ratio: Annotated[float, Field(gt=1)] = 2.5,
    max_gap_s: Annotated[float, Field(ge=0)] = 0.5,
    min_agreement: Annotated[float, Field(ge=0, le=1)] = 0.5,
) -> Sighting:
    """Find where the views agree that the mouse is, and leave out views that hardly ever agree.

    Parameters
    ----------
    candidates
        Boxes and scores, best first, shape (view, time, candidate, 5); NaN where there are fewer.
    times
        Seconds, increasing, shape (time,).
    min_score
        Boxes below take part in the vote, but are doubtful: they are taken only where they fit
        twice as closely, and do not count as found when agreement is measured.
    max_miss, max_size_ratio
        A box fits a place that its centre misses by less than this share of its longer edge, if
        it is by less than this factor larger or smaller than the mouse in the other views.
    max_gap_s
        The place is a straight line between moments that three views know, so long apart at most.
    min_agreement
        A view whose best box fits less often is left out, and the rest asked again: its camera may
        have moved, or be another's. But where that box stays while the mouse walks, it is a thing
        that looks like a mouse: the view stays, the box does not. And three views must agree so
        often where three found something; else none is trusted.
    """
    agreement = dict.fromkeys(calibration.views, np.nan)
    tolerance = Tolerance(max_miss, max_size_ratio)
    views = calibration.views
    while len(views) >= MIN_VIEWS:
        chosen = [calibration.views.index(view) for view in views]
        own = candidates[chosen]
        sighting = _look_together(
            own, calibration.select(views), times, tolerance, max_gap_s, min_score
        )
        found = own[:, :, 0, 4] >= min_score
        shares = _measure_agreement(sighting, own, found)
        agreement |= dict(zip(views, shares.tolist(), strict=True))
        able = found.sum(axis=0) >= MIN_VIEWS
        agreed = (sighting.n_views[able] >= MIN_VIEWS).mean() if able.any() else 0.0
        known = np.nan_to_num(shares, nan=1.0)
        if agreed >= min_agreement and known.min() >= min_agreement:
            return Sighting(views, sighting.place, sighting.n_views, sighting.boxes, agreement)
        views = tuple(view for view in views if view != views[int(known.argmin())])
    n = len(times)
    unknown = np.full((n, 3), np.nan)
    return Sighting((), unknown, np.zeros(n, np.int64), np.zeros((0, n, 5)), agreement)


def _look_together(
    candidates: FloatArray,
    calibration: Calibration,
    times: FloatArray,
    tolerance: Tolerance,
    max_gap_s: float,
    min_score: float,
) -> Sighting:
    """Find the place and the boxes, whether or not the views can be trusted."""
    proposals = aim_boxes(candidates, calibration)
    blocks = [slice(i, i + _BLOCK) for i in range(0, max(len(times), 1), _BLOCK)]
    elected = [elect_boxes(proposals.take(block), tolerance) for block in blocks]
    place, extent = _meet(candidates, calibration, proposals, np.concatenate(elected, axis=1))
    fits, _ = judge_places(proposals, place[:, None], extent[:, None], tolerance)
    n_views = (fits[..., 0] > 0).sum(axis=0)
    place, extent = _bridge(place, extent, n_views, times, max_gap_s)
    fits, chosen = judge_places(proposals, place[:, None], extent[:, None], tolerance)
    found = np.take_along_axis(candidates, chosen[..., None], axis=2)[:, :, 0]
    predicted = np.stack(
        [_predict_boxes(camera, place, extent) for camera in calibration.cameras.values()]
    )
    sure = (found[..., 4] >= min_score) | _match_closely(found, predicted, tolerance)
    taken = (fits[..., 0] > 0) & sure
    boxes = np.where(taken[..., None], found, predicted)
    return Sighting(calibration.views, place, taken.sum(axis=0), boxes, {})


def _meet(
    candidates: FloatArray, calibration: Calibration, proposals: Proposals, elected: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return the place that the elected boxes make together, and how large the mouse is there."""
    index = np.maximum(elected, 0)[..., None]
    boxes = np.take_along_axis(candidates, index[..., None], axis=2)[:, :, 0, :4]
    boxes = np.where(elected[..., None] >= 0, boxes, np.nan)
    edges = boxes[..., 2:] - boxes[..., :2]
    cameras = calibration.cameras.values()
    middles = (boxes[..., :2] + boxes[..., 2:]) / 2
    sights = [Sight(camera, of) for camera, of in zip(cameras, middles, strict=True)]
    tolerance_px = np.nan_to_num(find_median(edges) / 2, nan=1.0)
    place = meet_rays(sights, tolerance_px=max(float(tolerance_px), 1.0))
    away = np.linalg.norm(place - proposals.centers[:, None], axis=-1)
    sizes = np.take_along_axis(proposals.sizes, index, axis=2)[..., 0] * away
    return place, _find_medians(np.where(elected >= 0, sizes, np.nan))


def _find_medians(values: FloatArray) -> FloatArray:
    """Return the median over the first axis of what is known; NaN where nothing is."""
    n = np.isfinite(values).sum(axis=0)
    middle = np.stack([np.maximum(n - 1, 0) // 2, np.minimum(n // 2, len(values) - 1)])
    both = np.take_along_axis(np.sort(values, axis=0), middle, axis=0)  # NaN come last
    return np.asarray(both.mean(axis=0))


def _bridge(
    place: FloatArray, extent: FloatArray, n_views: IntArray, times: FloatArray, max_gap_s: float
) -> tuple[FloatArray, FloatArray]:
    """Draw straight lines of place and extent between moments that three views know.

    What two views say is believed where it is as near to that line as the mouse is long.
    """
    state = np.concatenate([place, extent[:, None]], axis=1)
    sure = np.asarray(n_views >= MIN_VIEWS)
    line = _draw_lines(state, sure, times, max_gap_s)
    near = (n_views >= 2) & (np.linalg.norm(line[:, :3] - place, axis=1) < line[:, 3])
    line = _draw_lines(state, sure | near, times, max_gap_s)
    return line[:, :3], line[:, 3]


def _draw_lines(
    state: FloatArray, known: BoolArray, times: FloatArray, max_gap_s: float
) -> FloatArray:
    """Return known rows, lines between them, and NaN in longer gaps, before and behind."""
    at = np.flatnonzero(known)
    if not len(at):
        return np.full_like(state, np.nan)
    after = np.searchsorted(at, np.arange(len(times)))
    before = np.where(known, after, after - 1)
    inside = (after < len(at)) & (before >= 0)
    gap = times[at[np.minimum(after, len(at) - 1)]] - times[at[np.maximum(before, 0)]]
    lines = np.stack([np.interp(times, times[at], of) for of in state[at].T], axis=1)
    return np.where((inside & (gap <= max_gap_s))[:, None], lines, np.nan)


def _predict_boxes(camera: Camera, place: FloatArray, extent: FloatArray) -> FloatArray:
    """Return squares around a place, as large as the mouse, without a score; shape (time, 5)."""
    middle = camera.project(place)
    limit = np.array(camera.size) - 1.0
    seen = np.asarray(((middle >= 0) & (middle <= limit)).all(axis=1))
    away = np.linalg.norm(place - camera.center, axis=1)
    half = (extent * Sight(camera, middle).focal_px / away / 2)[:, None]
    corners = np.clip(np.stack([middle - half, middle + half], axis=1), 0, limit)
    box = np.where(seen[:, None], corners.reshape(-1, 4), np.nan)
    return np.insert(box, 4, np.nan, axis=1)


def _match_closely(found: FloatArray, expected: FloatArray, tolerance: Tolerance) -> BoolArray:
    """Return which boxes are where and as large as expected, at half the tolerance."""
    edge, expected_edge = ((of[..., 2:4] - of[..., :2]).max(axis=-1) for of in (found, expected))
    offset = (found[..., :2] + found[..., 2:4] - expected[..., :2] - expected[..., 2:4]) / 2
    near = np.linalg.norm(offset, axis=-1) < tolerance.miss / 2 * expected_edge
    ratio = np.sqrt(tolerance.size_ratio)
    return np.asarray(near & (edge < ratio * expected_edge) & (edge > expected_edge / ratio))


def _measure_agreement(sighting: Sighting, candidates: FloatArray, found: BoolArray) -> FloatArray:
    """Return the share of moments in which the best box of a view is the one that fits."""
    fits = np.isfinite(sighting.boxes[..., 4])
    asked = found & (sighting.n_views - fits >= MIN_VIEWS - 1)
    asked &= ~_look_at_things(candidates[:, :, 0], sighting.boxes)[:, None]
    agreed = fits & (sighting.boxes == candidates[:, :, 0]).all(axis=-1)
    n = asked.sum(axis=1)
    shares = np.full(len(n), np.nan)
    return np.asarray(np.divide((asked & agreed).sum(axis=1), n, out=shares, where=n > 0))


def _look_at_things(best: FloatArray, boxes: FloatArray) -> BoolArray:
    """Return in which views the best box stays in one place while the mouse roams."""
    middle, expected = ((of[..., :2] + of[..., 2:4]) / 2 for of in (best, boxes))
    known = np.isfinite(middle[..., 0]) & np.isfinite(expected[..., 0])
    stuck = np.zeros(len(best), dtype=bool)
    for view, rows in enumerate(known):
        if rows.any():
            at, edge = middle[view, rows], (best[view, rows, 2:4] - best[view, rows, :2]).max()
            still = np.linalg.norm(at - np.median(at, axis=0), axis=1) < _STILL * edge
            low, high = np.percentile(expected[view, rows], (5, 95), axis=0)
            roams = np.linalg.norm(high - low) > 2 * _STILL * edge
            stuck[view] = roams and still.mean() >= _MOSTLY
    return stuck
