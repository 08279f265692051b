"""Where in space lies what several views see, and which of them agree: one point at a time.

A set of views is an integer whose bit ``v`` stands for view ``v``. This module imports numba.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.geometry.compilation import compile_kernel, compile_part
from mousegpt.geometry.lenses import Rig, differentiate, project, straighten
from mousegpt.geometry.linear import EMPTY, Normal, Point, add_equation, invert, solve

#: more views do not fit into the bits of an integer
MAX_VIEWS = 62

_SHORT_CM = 0.01  # after a shorter step the next one would move a point by less than 0.1 µm


class Rules(NamedTuple):
    """What counts as a point; ``gates`` are the greatest distances in px, shape (keypoint,)."""

    gates: FloatArray
    min_views: int
    min_confidence: float
    n_refinements: int


class Points(NamedTuple):
    """What is found, shape (time, …, keypoint, individual).

    ``covariance`` holds xx, xy, xz, yy, yz, zz in cm² for a pixel noise of 1 px; ``squares`` the
    sum of weighted squared distances in px².
    """

    position: FloatArray
    covariance: FloatArray
    confidence: FloatArray
    error: FloatArray
    squares: FloatArray
    n_views: IntArray


class Sightings(NamedTuple):
    """Room for what the views say about one point, reused from point to point; a row a view."""

    pixel: FloatArray
    confidence: FloatArray
    weight: FloatArray  # the confidence, 1 where there is none
    normal: FloatArray  # see `Normal`
    square: FloatArray  # squared distance to the last point asked for, px²
    proposal: IntArray  # sets of views that agree, one for each pair of views at most


@compile_kernel
def solve_frames(
    position: FloatArray,
    confidence: FloatArray,
    frames: IntArray,
    rig: Rig,
    rules: Rules,
    found: Points,
) -> None:
    """Find the points of some frames; row ``i`` of ``found`` gets what belongs to ``frames[i]``.

    ``position`` has the shape (view, time, 2, keypoint, individual), ``confidence`` the same
    without the 2.
    """
    n = len(position)
    pixel, normal, proposal = np.empty((n, 2)), np.empty((n, 9)), np.empty(n * n, np.int64)
    seen = Sightings(pixel, np.empty(n), np.empty(n), normal, np.empty(n), proposal)
    for row in range(len(frames)):
        for k in range(position.shape[3]):
            for i in range(position.shape[4]):
                views = 0
                for view in range(n):
                    u = position[view, frames[row], 0, k, i]
                    v = position[view, frames[row], 1, k, i]
                    certainty = confidence[view, frames[row], k, i]
                    if _collect(rig, seen, view, u, v, certainty, rules.min_confidence):
                        views |= 1 << view
                gate = rules.gates[k] ** 2
                chosen, accepted, point, spread = _solve_point(rig, seen, views, gate, rules)
                _write(seen, chosen, accepted, point, spread, (row, k, i), found)


@compile_part
def _collect(
    rig: Rig,
    seen: Sightings,
    view: int,
    u: float,
    v: float,
    certainty: float,
    min_confidence: float,
) -> bool:
    """Note the pixel of a view and the two planes in which it says the point lies, if it counts."""
    weight = 1.0 if np.isnan(certainty) else certainty
    if not (weight >= min_confidence and weight > 0 and np.isfinite(u + v)):
        return False
    a, b = straighten(rig, view, u, v)
    if np.isnan(a):
        return False
    normal = _add_plane(EMPTY, rig.R[view], rig.t[view], 0, a, weight)
    normal = _add_plane(normal, rig.R[view], rig.t[view], 1, b, weight)
    for k in range(9):
        seen.normal[view, k] = normal[k]
    seen.pixel[view, 0] = u
    seen.pixel[view, 1] = v
    seen.confidence[view] = certainty
    seen.weight[view] = weight
    seen.square[view] = np.nan
    return True


@compile_part
def _solve_point(
    rig: Rig, seen: Sightings, views: int, gate: float, rules: Rules
) -> tuple[int, bool, Point, Normal]:
    """Return the views used, whether the point counts, the point and what it was solved from."""
    n_steps = rules.n_refinements
    if count(views) < rules.min_views:
        return views, False, (np.nan, np.nan, np.nan), EMPTY
    if _agree(rig, seen, views, solve(_join(seen, views)), 4 * gate) == views:
        point, normal = _refine(rig, seen, views, n_steps)
        if _is_clear(rig, seen, views, point, gate):
            return views, True, point, normal
    chosen = _find_consensus(rig, seen, views, gate)
    if count(chosen) >= rules.min_views:
        point, normal = _refine(rig, seen, chosen, n_steps)
        if _is_clear(rig, seen, chosen, point, gate):
            return chosen, True, point, normal
    point, normal = _refine(rig, seen, views, n_steps)
    _agree(rig, seen, views, point, gate)
    return views, False, point, normal


@compile_part
def _is_clear(rig: Rig, seen: Sightings, views: int, point: Point, gate: float) -> bool:
    """Say whether views agree with a point; two or three must agree better, not by chance."""
    if _agree(rig, seen, views, point, gate) != views:
        return False
    return count(views) > 3 or _sum_squares(seen, views) <= (count(views) - 1) / 3 * gate


@compile_part
def _find_consensus(rig: Rig, seen: Sightings, views: int, gate: float) -> int:
    """Return the greatest set of views that agree; 0 when none is clear.

    Every pair of views proposes a point. Two views may agree by chance: alone they count only
    against a single other one. A set is not clear if a rival, another set with at most one of its
    views, is as large or lacks one view only.
    """
    best, most, least, n_proposals = 0, 0, np.inf, 0
    for i in range(len(seen.weight)):
        for j in range(i):
            agreed = _propose(rig, seen, views, (1 << i) | (1 << j), gate)
            if agreed == 0:
                continue
            seen.proposal[n_proposals] = agreed
            n_proposals += 1
            n_agreed, misfit = count(agreed), _sum_squares(seen, agreed)
            if n_agreed > most or (n_agreed == most and misfit < least):
                best, most, least = agreed, n_agreed, misfit
        rival = max(3, most - 1) if most > 2 else 2
        if most > 2 and count(views) - most + 1 < rival:
            return best  # there are not enough views for a rival
    if most == 2 and count(views) > 3:
        return 0
    for proposal in seen.proposal[:n_proposals]:
        if count(proposal) >= rival and count(proposal & best) < 2:
            return 0
    return best


@compile_part
def _propose(rig: Rig, seen: Sightings, views: int, pair: int, gate: float) -> int:
    """Return who agrees with the point of a pair of views; 0 if they do not."""
    if views & pair != pair:
        return 0
    point = solve(_join(seen, pair))
    if _agree(rig, seen, pair, point, gate) != pair:
        return 0
    agreed = _agree(rig, seen, views, point, gate)
    better = _join(seen, agreed)
    return agreed if agreed == pair else _agree(rig, seen, views, solve(better), gate)


@compile_part
def _agree(rig: Rig, seen: Sightings, views: int, point: Point, gate: float) -> int:
    """Return which views are within the gate of a point; keeps their squared distances."""
    agreed = 0
    for view in range(len(seen.weight)):
        if (views >> view) & 1:
            u, v = project(rig, view, point)
            square = (u - seen.pixel[view, 0]) ** 2 + (v - seen.pixel[view, 1]) ** 2
            seen.square[view] = square
            if square <= gate:
                agreed |= 1 << view
    return agreed


@compile_part
def _sum_squares(seen: Sightings, views: int) -> float:
    total = 0.0
    for view in range(len(seen.weight)):
        if (views >> view) & 1:
            total += seen.square[view]
    return total


@compile_part
def count(views: int) -> int:
    """Return the number of views in a set."""
    n = 0
    while views:
        views &= views - 1
        n += 1
    return n


@compile_part
def _join(seen: Sightings, views: int) -> Normal:
    """Sum up the planes of some views."""
    a, b, c, d, e, f, g, h, i = EMPTY
    for view in range(len(seen.weight)):
        if (views >> view) & 1:
            normal = seen.normal[view]
            a, b, c = a + normal[0], b + normal[1], c + normal[2]
            d, e, f = d + normal[3], e + normal[4], f + normal[5]
            g, h, i = g + normal[6], h + normal[7], i + normal[8]
    return a, b, c, d, e, f, g, h, i


@compile_part
def _refine(rig: Rig, seen: Sightings, views: int, n_steps: int) -> tuple[Point, Normal]:
    """Solve for some views: from their planes, then by Gauss-Newton steps on squared pixels."""
    point = solve(_join(seen, views))
    normal = EMPTY
    for _ in range(n_steps):
        normal = EMPTY
        for view in range(len(seen.weight)):
            if (views >> view) & 1:
                u, v, slope_u, slope_v = differentiate(rig, view, point)
                weight = seen.weight[view]
                normal = add_equation(normal, slope_u, seen.pixel[view, 0] - u, weight)
                normal = add_equation(normal, slope_v, seen.pixel[view, 1] - v, weight)
        x, y, z = solve(normal)
        if np.isnan(x):
            break
        point = (point[0] + x, point[1] + y, point[2] + z)
        if x * x + y * y + z * z < _SHORT_CM**2:
            break
    return point, normal


@compile_part
def _add_plane(
    normal: Normal, R: FloatArray, t: FloatArray, axis: int, ideal: float, weight: float
) -> Normal:
    """Add the plane through the camera in which one ideal coordinate has its value."""
    x = ideal * R[2, 0] - R[axis, 0]
    y = ideal * R[2, 1] - R[axis, 1]
    z = ideal * R[2, 2] - R[axis, 2]
    scale = weight / (x * x + y * y + z * z)  # the equation is then a distance in cm
    return add_equation(normal, (x, y, z), t[axis] - ideal * t[2], scale)


@compile_part
def _write(
    seen: Sightings,
    views: int,
    accepted: bool,
    point: Point,
    normal: Normal,
    place: tuple[int, int, int],
    found: Points,
) -> None:
    """Write down a point or, where it does not count, how badly it would fit."""
    row, k, i = place
    n = count(views)
    confidence, error, squares = 0.0, 0.0, 0.0
    for view in range(len(seen.weight)):
        if (views >> view) & 1:
            confidence += seen.confidence[view]
            error += np.sqrt(seen.square[view])
            squares += seen.weight[view] * seen.square[view]
    found.n_views[row, k, i] = n
    found.squares[row, k, i] = squares
    found.error[row, k, i] = error / n if n else np.nan
    found.confidence[row, k, i] = confidence / n if accepted else np.nan
    a, b, c, d, e, f, _, _, _ = normal
    covariance = invert((a, b, c, d, e, f))
    for axis in range(3):
        found.position[row, axis, k, i] = point[axis] if accepted else np.nan
    for pair in range(6):
        found.covariance[row, pair, k, i] = covariance[pair] if accepted else np.nan
