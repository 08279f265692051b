"""Which of two detections belongs to which of two points, view by view: one frame at a time.

A detection is a line of sight. This module imports numba, which is slow: import it where it is
used, not at the top.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mousegpt.core.arrays import BoolArray, FloatArray, IntArray
from mousegpt.geometry.compilation import compile_kernel, compile_part
from mousegpt.geometry.lenses import Rig, straighten
from mousegpt.geometry.linear import EMPTY, Point, add_equation, solve

_N_ROUNDS = 3  # in which points are solved anew from the views that agree
_FARTHEST = 25.0  # squared distance, in noises, beyond which it does not matter how far
_LEFT_OUT = 2  # of a view: it has no say


class Pairs(NamedTuple):
    """Places of keypoints, left and right, shape (pair, 2), and their noise in px, (pair,)."""

    keypoint: IntArray
    noise: FloatArray


class Pairing(NamedTuple):
    """What is found, the frame in front; the last of ``energy`` and ``exchanged`` is the reading.

    There are two: the points as they are named in ``point`` and the other way round. ``energy``
    is the least sum of squared distances, in noises, and of penalties, shape (time, individual,
    pair, 2); ``exchanged`` has the shape (time, individual, pair, view, 2); ``point`` is in cm,
    shape (time, individual, pair, 2, 3).
    """

    energy: FloatArray
    exchanged: BoolArray
    point: FloatArray


class Sights(NamedTuple):
    """Lines of sight of one animal in one frame, and room to reckon; reused.

    ``ray`` has the shape (view, pair, 2, 3), ``weight`` (view, pair, 2), 0 where unseen; ``cost``
    (view, 2), of a view as it is and exchanged; ``choice`` (view,) and ``trial`` (2, 3).
    """

    center: FloatArray
    scale: FloatArray  # px per radian and noise, shape (view, pair)
    ray: FloatArray
    weight: FloatArray
    cost: FloatArray
    choice: IntArray
    trial: FloatArray


@compile_kernel
def pair_frames(
    position: FloatArray,
    confidence: FloatArray,
    rig: Rig,
    pairs: Pairs,
    min_confidence: float,
    penalty: float,
    found: Pairing,
) -> None:
    """Pair the detections of all frames.

    ``position`` has the shape (view, time, 2, keypoint, individual), ``confidence`` the same
    without the 2. A view that is exchanged costs ``penalty``.
    """
    n_views, n_pairs = len(position), len(pairs.keypoint)
    sights = Sights(
        np.empty((n_views, 3)), np.empty((n_views, n_pairs)), np.empty((n_views, n_pairs, 2, 3)),
        np.empty((n_views, n_pairs, 2)), np.empty((n_views, 2)), np.empty(n_views, np.int64),
        np.empty((2, 3)),
    )  # fmt: skip
    for view in range(n_views):
        sights.center[view] = -(rig.R[view].T @ rig.t[view])
        focal = np.sqrt(rig.K[view, 0, 0] * rig.K[view, 1, 1])
        sights.scale[view] = focal / pairs.noise
    for row in range(position.shape[1]):
        for i in range(position.shape[4]):
            _look(position[:, row, :, :, i], confidence[:, row, :, i], rig, pairs, min_confidence,
                  sights)  # fmt: skip
            for pair in range(n_pairs):
                _find_points(sights, pair, penalty, found.point[row, i, pair])
                _judge(sights, penalty, found.energy[row, i, pair], found.exchanged[row, i, pair])


@compile_kernel
def _look(
    position: FloatArray,
    confidence: FloatArray,
    rig: Rig,
    pairs: Pairs,
    min_confidence: float,
    sights: Sights,
) -> None:
    """Turn the pixels of a frame into lines of sight."""
    for view in range(len(position)):
        for pair in range(len(pairs.keypoint)):
            for side in range(2):
                k = pairs.keypoint[pair, side]
                weight = confidence[view, k]
                weight = 1.0 if np.isnan(weight) else weight
                sights.weight[view, pair, side] = 0.0
                u, v = position[view, 0, k], position[view, 1, k]
                if not (weight >= min_confidence and np.isfinite(u + v)):
                    continue
                a, b = straighten(rig, view, u, v)
                if np.isnan(a):
                    continue
                length = np.sqrt(a * a + b * b + 1)
                for axis in range(3):
                    along = a * rig.R[view, 0, axis] + b * rig.R[view, 1, axis]
                    sights.ray[view, pair, side, axis] = (along + rig.R[view, 2, axis]) / length
                sights.weight[view, pair, side] = weight


@compile_kernel
def _find_points(sights: Sights, pair: int, penalty: float, point: FloatArray) -> None:
    """Find the two points that fit best; leaves what they cost each view in ``sights``.

    Every two views, the second as it is and exchanged, propose points; the best proposal is solved
    anew from all views that agree with it.
    """
    n_views, least = len(sights.weight), np.inf
    point[:] = np.nan
    for i in range(n_views):
        for j in range(i):
            for crossed in range(2):
                sights.choice[:] = _LEFT_OUT
                sights.choice[i], sights.choice[j] = 0, crossed
                least = _try(sights, pair, penalty, point, least, np.inf)
    for _ in range(_N_ROUNDS):
        _weigh(sights, pair, point)
        for view in range(n_views):
            sights.choice[view] = 1 if sights.cost[view, 1] < sights.cost[view, 0] else 0
        energy = _try(sights, pair, penalty, point, least, _FARTHEST)
        if not energy < least:
            break
        least = energy
    _weigh(sights, pair, point)


@compile_kernel
def _try(
    sights: Sights, pair: int, penalty: float, point: FloatArray, least: float, reach: float
) -> float:
    """Solve for the views as they are chosen; keep the points if they cost less."""
    for side in range(2):
        x, y, z = _solve(sights, pair, side, point[side], reach)
        sights.trial[side, 0] = x
        sights.trial[side, 1] = y
        sights.trial[side, 2] = z
    _weigh(sights, pair, sights.trial)
    energy = min(_sum(sights.cost, penalty, 0), _sum(sights.cost, penalty, 1))
    if energy < least:
        point[:] = sights.trial
        return energy
    return least


@compile_part
def _solve(sights: Sights, pair: int, side: int, point: FloatArray, reach: float) -> Point:
    """Return the point nearest to the lines of the chosen views that pass within reach."""
    normal = EMPTY
    for view in range(len(sights.weight)):
        if sights.choice[view] == _LEFT_OUT:
            continue
        own = side ^ sights.choice[view]
        weight = sights.weight[view, pair, own]
        if weight == 0 or (np.isfinite(reach) and _miss(sights, view, pair, own, point) >= reach):
            continue
        x, y, z = sights.ray[view, pair, own]
        cx, cy, cz = sights.center[view]
        along = x * cx + y * cy + z * cz
        normal = add_equation(normal, (1 - x * x, -x * y, -x * z), cx - x * along, weight)
        normal = add_equation(normal, (-x * y, 1 - y * y, -y * z), cy - y * along, weight)
        normal = add_equation(normal, (-x * z, -y * z, 1 - z * z), cz - z * along, weight)
    return solve(normal)


@compile_kernel
def _weigh(sights: Sights, pair: int, point: FloatArray) -> None:
    """Write down what points cost each view, as it is and exchanged."""
    for view in range(len(sights.weight)):
        for crossed in range(2):
            total = 0.0
            for side in range(2):
                own = side ^ crossed
                weight = sights.weight[view, pair, own]
                if weight > 0:
                    total += weight * _miss(sights, view, pair, own, point[side])
            sights.cost[view, crossed] = total


@compile_part
def _miss(sights: Sights, view: int, pair: int, own: int, point: FloatArray) -> float:
    """Return the squared distance, in noises, of a point from a line of sight, at most so much."""
    x = point[0] - sights.center[view, 0]
    y = point[1] - sights.center[view, 1]
    z = point[2] - sights.center[view, 2]
    ray = sights.ray[view, pair, own]
    along = x * ray[0] + y * ray[1] + z * ray[2]
    if not along > 0:
        return _FARTHEST
    square = (x * x + y * y + z * z) / (along * along) - 1
    return float(min(square * sights.scale[view, pair] ** 2, _FARTHEST))


@compile_part
def _sum(cost: FloatArray, penalty: float, reading: int) -> float:
    """Return what all views cost if the points are read so, each view as is best for it."""
    total = 0.0
    for view in range(len(cost)):
        total += min(cost[view, reading], cost[view, 1 - reading] + penalty)
    return total


@compile_part
def _judge(sights: Sights, penalty: float, energy: FloatArray, exchanged: BoolArray) -> None:
    """Write down for both readings which views are exchanged, and what that costs."""
    for reading in range(2):
        energy[reading] = _sum(sights.cost, penalty, reading)
        for view in range(len(sights.cost)):
            kept, crossed = sights.cost[view, reading], sights.cost[view, 1 - reading]
            exchanged[view, reading] = crossed + penalty < kept


@compile_kernel
def follow(energy: FloatArray, bond: FloatArray) -> IntArray:
    """Choose one of two readings at each time so that energies and broken bonds are least.

    ``energy`` has the shape (time, 2); ``bond[t]`` is what it costs to change the reading between
    ``t`` and ``t + 1``, more than to keep it. The first reading wins a tie.
    """
    n = len(energy)
    total = energy.copy()
    changed = np.zeros((n, 2), np.bool_)
    for t in range(1, n):
        keep, change = max(-bond[t - 1], 0.0), max(bond[t - 1], 0.0)
        for reading in range(2):
            stay = total[t - 1, reading] + keep
            come = total[t - 1, 1 - reading] + change
            changed[t, reading] = come < stay
            total[t, reading] += min(stay, come)
    readings = np.zeros(n, np.int64)
    reading = 1 if n and total[n - 1, 1] < total[n - 1, 0] else 0
    for t in range(n - 1, -1, -1):
        readings[t] = reading
        reading = 1 - reading if changed[t, reading] else reading
    return readings
