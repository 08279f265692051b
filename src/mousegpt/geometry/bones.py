"""Skeletons whose bones keep their lengths, as far as the animal's do.

This module imports numba, which is slow: import it where it is used, not at the top.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.geometry.compilation import compile_kernel, compile_part
from mousegpt.geometry.linear import Normal, add_equation, invert, load, multiply, solve

_STIFFEST: Final = 0.01  # no bone is known to keep its length better than by this share
_FEWEST: Final = 30  # frames in which a bone's length must be known
_N_STEPS: Final = 3


def plan_bones(keypoints: Sequence[str], bones: Sequence[tuple[str, str]]) -> IntArray:
    """Return the bones between known keypoints that form no ring, as indices (child, parent).

    Every keypoint is the child of one bone at most, and a child stands before its parent's bone.

    Examples
    --------
    >>> plan_bones(["hip", "knee", "paw"], [("hip", "knee"), ("knee", "paw"), ("paw", "hip")])
    array([[2, 0],
           [1, 0]])
    """
    index = {name: i for i, name in enumerate(keypoints)}
    known = [(index[a], index[b]) for a, b in bones if a in index and b in index]
    neighbors: dict[int, list[int]] = {}
    for a, b in known:
        neighbors.setdefault(a, []).append(b)
        neighbors.setdefault(b, []).append(a)
    seen: set[int] = set()
    plan: list[tuple[int, int]] = []
    for root in neighbors:
        queue = [] if root in seen else [root]
        seen.add(root)
        for parent in queue:
            for child in neighbors[parent]:
                if child not in seen:
                    seen.add(child)
                    queue.append(child)
                    plan.append((child, parent))
    return np.array(plan[::-1], dtype=np.int64).reshape(-1, 2)


def measure_bones(
    position: FloatArray, covariance: FloatArray, plan: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Measure how long bones are and how well they keep it.

    Parameters
    ----------
    position, covariance
        Of one individual, shapes (time, 3, keypoint) and (time, 6, keypoint), NaN where unknown.

    Returns
    -------
    length, variance : (bone,)
        In cm and cm²; the noise of the points is taken off the variance. NaN for a bone that is
        known in fewer than 30 frames.
    """
    length, variance = np.full(len(plan), np.nan), np.full(len(plan), np.nan)
    for bone, (child, parent) in enumerate(plan):
        difference = position[:, :, child] - position[:, :, parent]
        known = np.isfinite(difference).all(axis=1)
        if known.sum() < _FEWEST:
            continue
        lengths = np.linalg.norm(difference[known], axis=1)
        along = difference[known] / lengths[:, None]
        noise = _project_covariance(
            (covariance[..., child] + covariance[..., parent])[known], along
        )
        length[bone] = np.median(lengths)
        spread = 1.4826 * np.median(np.abs(lengths - length[bone]))
        stiffest = (_STIFFEST * length[bone]) ** 2
        variance[bone] = max(spread**2 - np.median(noise), stiffest)
    return length, variance


def _project_covariance(covariance: FloatArray, along: FloatArray) -> FloatArray:
    """Return the variance along directions, both with time in front."""
    x, y, z = along.T
    xx, xy, xz, yy, yz, zz = covariance.T
    squares = xx * x * x + yy * y * y + zz * z * z
    return np.asarray(squares + 2 * (xy * x * y + xz * x * z + yz * y * z))


@compile_kernel
def hold_lengths(
    position: FloatArray,
    covariance: FloatArray,
    plan: IntArray,
    length: FloatArray,
    variance: FloatArray,
) -> FloatArray:
    """Move the points of one individual so that its bones are about as long as they are.

    Parameters
    ----------
    position, covariance
        Shapes (time, 3, keypoint) and (time, 6, keypoint), NaN where unknown.
    plan, length, variance
        See `plan_bones` and `measure_bones`.

    Returns
    -------
    FloatArray
        The most probable points, shape (time, 3, keypoint). Unknown points stay unknown and their
        bones hold nothing.

    Notes
    -----
    Gauss-Newton steps; the equations of a tree are solved from its leaves to its root and back.
    """
    n_keypoints, n_bones = position.shape[2], len(plan)
    moved = position.copy()
    normal = np.empty((n_keypoints, 9))
    along = np.empty((n_bones, 3))
    held, is_child = np.empty(n_bones, np.bool_), np.empty(n_keypoints, np.bool_)
    step = np.empty((n_keypoints, 3))
    for t in range(len(position)):
        for _ in range(_N_STEPS):
            is_child[:] = False
            for k in range(n_keypoints):
                _start(normal[k], covariance[t, :, k], position[t, :, k] - moved[t, :, k])
            for b in range(n_bones):
                child, parent = plan[b]
                difference = moved[t, :, child] - moved[t, :, parent]
                now = np.sqrt((difference**2).sum())
                held[b] = now > 0 and np.isfinite(length[b])  # NaN is not above 0
                if held[b]:
                    is_child[child] = True
                    along[b] = difference / now
                    miss = length[b] - now
                    _add(normal[child], along[b], miss, 1 / variance[b])
                    _add(normal[parent], along[b], -miss, 1 / variance[b])
            for b in range(n_bones):
                if held[b]:
                    _eliminate(normal[plan[b, 0]], normal[plan[b, 1]], along[b], 1 / variance[b])
            for k in range(n_keypoints):
                if not is_child[k]:
                    _solve(normal[k], step[k])
            for b in range(n_bones - 1, -1, -1):
                child, parent = plan[b]
                if held[b]:
                    pull = (along[b] * step[parent]).sum() / variance[b]
                    normal[child, 6:] += pull * along[b]
                    _solve(normal[child], step[child])
            moved[t] += step.T
    return moved


@compile_part
def _start(normal: FloatArray, covariance: FloatArray, miss: FloatArray) -> None:
    """Set up the equations that hold a point where it was seen."""
    precision = invert(load(covariance))
    side = multiply(precision, (miss[0], miss[1], miss[2]))
    for k in range(6):
        normal[k] = precision[k]
    for k in range(3):
        normal[6 + k] = side[k]


@compile_part
def _add(normal: FloatArray, row: FloatArray, side: float, weight: float) -> None:
    total = add_equation(_take(normal), (row[0], row[1], row[2]), side, weight)
    for k in range(9):
        normal[k] = total[k]


@compile_part
def _solve(normal: FloatArray, solution: FloatArray) -> None:
    solution[0], solution[1], solution[2] = solve(_take(normal))


@compile_part
def _eliminate(child: FloatArray, parent: FloatArray, along: FloatArray, weight: float) -> None:
    """Take the child out of the equations of its parent."""
    x, y, z = along
    inverse = invert(load(child))
    soft = multiply(inverse, (x, y, z))
    shift = multiply(inverse, (child[6], child[7], child[8]))
    parent[6:] += weight * (shift[0] * x + shift[1] * y + shift[2] * z) * along
    _add(parent, along, 0.0, -(weight**2) * (soft[0] * x + soft[1] * y + soft[2] * z))


@compile_part
def _take(normal: FloatArray) -> Normal:
    return (
        normal[0], normal[1], normal[2], normal[3], normal[4], normal[5],
        normal[6], normal[7], normal[8],
    )  # fmt: skip
