"""Which picture belongs to which camera, when the names are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.geometry.sightlines import Sight, measure_worst

_MOST_VIEWS_TRIED: Final = 8  # 8! = 40,320 orders are all looked at; of more views, exchanges only
_N_PAIRED, _N_TRIED, _N_BEST = 150, 300, 3  # points for pairs and for orders; orders returned
_CAP: Final = 20.0  # a pair that misses by so many tolerances is just wrong


def find_permutations(
    sights: Sequence[Sight],
    *,
    tolerance_px: Annotated[float, Field(gt=0)],
    n_candidates: Annotated[int, Field(gt=0)] = 40,
) -> list[tuple[int, ...]]:
    """Find the orders of the views under which the cameras agree best.

    Every pair of pictures is tried under every pair of cameras: lines of sight that belong
    together meet. From these costs all orders of up to eight views are ranked; the best ones, and
    all exchanges of two, are then judged by what is left over when their points are triangulated,
    because pairs of cameras at one height tell little.

    Returns
    -------
    list
        The best orders, those that move few views first: camera i saw the picture ``order[i]``.
        The order as given is not among them.
    """
    n_views = len(sights)
    table = [
        [Sight(owner.camera, seen.pixels) for seen in _thin(sights, _N_TRIED)] for owner in sights
    ]
    costs = _compare_pairs(table, tolerance_px)
    exchanges = [_exchange(tuple(range(n_views)), pair) for pair in combinations(range(n_views), 2)]
    ranked = _rank_orders(costs) if n_views <= _MOST_VIEWS_TRIED else _descend(costs)
    orders = list(dict.fromkeys([*ranked[:n_candidates], *exchanges]))
    errors = {order: _judge(table, order, tolerance_px) for order in orders}
    near = [
        order
        for order in orders
        if errors[order] <= 1.5 * min(errors.values()) + 0.1 * tolerance_px
    ]
    return sorted(near, key=_count_moved)[:_N_BEST]


def _thin(sights: Sequence[Sight], n_points: int) -> list[Sight]:
    """Keep the points that most views see, evenly taken from all of them."""
    counts = np.sum([np.isfinite(sight.pixels).all(axis=-1) for sight in sights], axis=0)
    least = max(2, np.sort(counts)[-min(n_points, len(counts))])
    often = np.flatnonzero(counts >= least)
    kept = often[np.unique(np.linspace(0, len(often) - 1, n_points).round().astype(int))]
    return [Sight(sight.camera, sight.pixels[kept]) for sight in sights]


def _judge(table: Sequence[Sequence[Sight]], order: Sequence[int], tolerance_px: float) -> float:
    sights = [table[camera][picture] for camera, picture in enumerate(order)]
    return measure_worst(sights, tolerance_px=tolerance_px)


def _compare_pairs(table: Sequence[Sequence[Sight]], tolerance_px: float) -> FloatArray:
    """Return how badly lines miss, in tolerances: cameras i, j under the pictures a, b."""
    n_views = len(table)
    rays = np.array([[sight.rays[:_N_PAIRED] for sight in row] for row in table])
    seen = np.array([np.isfinite(sight.pixels[:_N_PAIRED]).all(axis=-1) for sight in table[0]])
    both = seen[:, None] & seen
    costs = np.zeros((n_views,) * 4)
    for i, j in combinations(range(n_views), 2):
        focal = (table[i][0].focal_px + table[j][0].focal_px) / 2
        base = table[j][0].camera.center - table[i][0].camera.center
        misses = _measure_skew(rays[i][:, None], rays[j][None], base) * focal / tolerance_px
        misses = np.fmin(misses, _CAP)  # also of pixels that this camera cannot have seen
        misses[~both] = np.nan
        misses[~both.any(axis=-1)] = 0.0
        costs[i, j] = np.nanmedian(misses, axis=-1)
        costs[j, i] = costs[i, j].T
    return costs


def _measure_skew(one: FloatArray, other: FloatArray, base: FloatArray) -> FloatArray:
    """Return the angle, rad, by which lines of sight from both ends of a base pass each other."""
    normal = np.cross(one, other)
    square = np.maximum((normal**2).sum(axis=-1), 1e-12)
    gap = np.abs(normal @ base) / np.sqrt(square)
    near = (np.cross(base, other) * normal).sum(axis=-1) / square
    far = (np.cross(base, one) * normal).sum(axis=-1) / square
    # lines that meet behind a camera do not belong together
    return np.where((near < 0) | (far < 0), np.inf, gap * (1 / near + 1 / far) / 2)


def _rank_orders(costs: FloatArray) -> list[tuple[int, ...]]:
    """Return all orders but the given one, the cheapest first."""
    n_views = len(costs)
    orders: IntArray = np.array(list(permutations(range(n_views))), dtype=np.int64)[1:]
    total = np.zeros(len(orders))
    for i, j in combinations(range(n_views), 2):
        total += costs[i, j][orders[:, i], orders[:, j]]
    ranks = np.argsort(total.round(6), kind="stable")[:1000]
    return [tuple(int(k) for k in orders[rank]) for rank in ranks]


def _descend(costs: FloatArray) -> list[tuple[int, ...]]:
    """Exchange two views as long as it helps; return the orders on the way, the last first."""
    pairs = list(combinations(range(len(costs)), 2))

    def add(order: Sequence[int]) -> float:
        return float(sum(costs[i, j, order[i], order[j]] for i, j in pairs))

    way = [tuple(range(len(costs)))]
    while True:
        best = min((_exchange(way[-1], pair) for pair in pairs), key=add)
        if add(best) >= add(way[-1]) - 1e-6:
            return way[:0:-1]
        way.append(best)


def _exchange(order: tuple[int, ...], pair: tuple[int, int]) -> tuple[int, ...]:
    swapped = list(order)
    swapped[pair[0]], swapped[pair[1]] = order[pair[1]], order[pair[0]]
    return tuple(swapped)


def _count_moved(order: Sequence[int]) -> int:
    return sum(place != picture for place, picture in enumerate(order))
