"""Anchors of the detector: typical sizes of boxes, by K-means."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError

_N_LEVELS: Final = 3


def find_anchors(
    sizes: FloatArray, *, n_iterations: Annotated[int, Field(ge=1)] = 50, seed: int = 0
) -> FloatArray:
    """Cluster the sizes of boxes into nine anchors, three a level of the detector.

    Parameters
    ----------
    sizes
        Width and height in pixels of the detector's input, shape (n, 2).

    Returns
    -------
    FloatArray
        Shape (3, 3, 2), by area, the smallest first.

    Raises
    ------
    DataError
        When there is no box.

    Notes
    -----
    Source: Methods 4.2 (K-means over box sizes). In the logarithm, where a factor of two is as
    far for small boxes as for large ones: that is what an anchor must bridge.

    Examples
    --------
    >>> sizes = np.repeat([[10.0, 10], [20, 10], [80, 40]], 20, axis=0)
    >>> find_anchors(sizes)[-1, -1].tolist()
    [80.0, 40.0]
    """
    if not len(sizes):
        raise DataError("Expected boxes to find anchors in, found none; give labelled pictures.")
    rng = np.random.default_rng(seed)
    logs = np.log(np.maximum(np.asarray(sizes, dtype=np.float64), 1.0))
    centers = logs[[int(rng.integers(len(logs)))]]
    while len(centers) < _N_LEVELS**2:  # k-means++: far from those that are there
        away = _measure_away(logs, centers).min(axis=1)
        total = away.sum()
        chances = away / total if total > 0 else np.full(len(logs), 1 / len(logs))
        centers = np.vstack([centers, logs[rng.choice(len(logs), p=chances)]])
    for _ in range(n_iterations):
        owner = _measure_away(logs, centers).argmin(axis=1)
        moved = [
            logs[owner == k].mean(axis=0) if (owner == k).any() else centers[k]
            for k in range(len(centers))
        ]
        centers = np.stack(moved)
    anchors = np.round(np.exp(centers[np.argsort(centers.sum(axis=1), kind="stable")]), 2)
    return np.asarray(anchors.reshape(_N_LEVELS, -1, 2))


def _measure_away(logs: FloatArray, centers: FloatArray) -> FloatArray:
    return np.asarray(np.square(logs[:, None] - centers[None]).sum(axis=-1))
