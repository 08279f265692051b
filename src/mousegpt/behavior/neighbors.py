"""Exact nearest neighbours among unit vectors."""

from __future__ import annotations

import numpy as np

from mousegpt.core.arrays import FloatArray, IntArray

_BLOCK_ENTRIES = 16_000_000  # similarities held at once: 64 MB


def find_neighbors(
    queries: FloatArray, vectors: FloatArray, n_neighbors: int
) -> tuple[IntArray, FloatArray]:
    """Return the nearest rows of ``vectors`` for every query.

    Parameters
    ----------
    queries, vectors
        Rows of length one, shapes (m, dimension) and (n, dimension).
    n_neighbors
        At most n.

    Returns
    -------
    neighbors : int32, shape (m, n_neighbors)
        The nearest first; at equal distance the lower row first. A query that is itself a row of
        ``vectors`` finds itself.
    distances : float32, shape (m, n_neighbors)
        Cosine distances, in 0 … 2.

    Examples
    --------
    >>> neighbors, distances = find_neighbors(np.eye(2)[:1], np.eye(2), 2)
    >>> neighbors.tolist(), distances.tolist()
    ([[0, 1]], [[0.0, 1.0]])
    """
    k = min(n_neighbors, len(vectors))
    neighbors = np.empty((len(queries), k), np.int32)
    distances = np.empty((len(queries), k), np.float32)
    step = max(_BLOCK_ENTRIES // max(len(vectors), 1), 1)
    for start in range(0, len(queries), step):
        rows = slice(start, start + step)
        far = np.clip(1 - queries[rows] @ vectors.T, 0, 2)
        near = np.argpartition(far, k - 1, axis=1)[:, :k]
        near.sort(axis=1)
        order = np.argsort(np.take_along_axis(far, near, 1), axis=1, kind="stable")
        neighbors[rows] = np.take_along_axis(near, order, 1)
        distances[rows] = np.take_along_axis(far, neighbors[rows], 1)
    return neighbors, distances


def choose_evenly(n: int, n_chosen: int) -> IntArray:
    """Return at most ``n_chosen`` evenly spaced numbers below ``n``.

    >>> choose_evenly(9, 3).tolist(), choose_evenly(2, 3).tolist()
    ([0, 4, 8], [0, 1])
    """
    return np.linspace(0, n - 1, min(n, n_chosen)).astype(np.intp)
