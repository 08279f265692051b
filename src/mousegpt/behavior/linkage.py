"""Exact agglomerative clustering of weighted points.

Texts repeat, and no installable library clusters points with multiplicities. Here a point may
stand for many frames: the tree is the one that linkage of all the frames would give, without the
merges at height zero.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from mousegpt.core.arrays import FloatArray, IntArray

Method = Literal["average", "complete", "single", "ward"]


def compute_linkage(
    vectors: FloatArray, weights: FloatArray | None = None, *, method: Method = "average"
) -> FloatArray:
    """Build the tree of merges.

    Parameters
    ----------
    vectors
        Shape (n, dimension), float32; the distance of two points is half their squared
        Euclidean distance, which for rows of length one is the cosine distance.
    weights
        Frames per point, shape (n,); ones when left out.
    method
        Distance of two clusters: mean, largest or smallest distance of their frames, or Ward's
        increase of the sum of squares.

    Returns
    -------
    numpy.ndarray
        SciPy's linkage matrix, shape (n - 1, 4), float64: two nodes, height, weight; heights
        ascend.

    Notes
    -----
    Nearest-neighbour chain on the full matrix (4 n² bytes) with the Lance–Williams update.
    Ward's heights are the increase itself, half the square of SciPy's.
    """
    n = len(vectors)
    size = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64).copy()
    distances = compute_distances(vectors)
    if method == "ward":
        distances *= (2 * size[:, None] * size / (size[:, None] + size)).astype(distances.dtype)
    np.fill_diagonal(distances, np.inf)
    merges = np.empty((max(n - 1, 0), 3))
    initial = size.copy()
    alive = np.ones(n, dtype=bool)
    chain: list[int] = []
    start = 0
    for step in range(n - 1):
        if not chain:
            while not alive[start]:
                start += 1
            chain = [start]
        first, second = _follow_chain(distances, chain)
        merges[step] = first, second, distances[first, second]
        _merge_rows(distances, size, first, second, method)
        alive[first] = False
    return _sort_merges(merges, initial)


def compute_distances(vectors: FloatArray) -> FloatArray:
    """Return half the squared Euclidean distances by one matrix product, shape (n, n)."""
    distances: FloatArray = vectors @ vectors.T
    half = np.diagonal(distances).copy() / 2
    np.subtract(half[:, None] + half, distances, out=distances)
    return np.maximum(distances, 0, out=distances)


def _follow_chain(distances: FloatArray, chain: list[int]) -> tuple[int, int]:
    """Extend the chain until its last two are each other's nearest; take them off it."""
    while True:
        tip = chain[-1]
        row = distances[tip]
        nearest = int(row.argmin())
        if len(chain) > 1 and row[chain[-2]] <= row[nearest]:
            return chain.pop(), chain.pop()
        chain.append(nearest)


def _merge_rows(
    distances: FloatArray, size: FloatArray, first: int, second: int, method: Method
) -> None:
    """Put the union of two clusters in the second's row and column; erase the first's."""
    a, b = distances[first], distances[second]
    n_first, n_second = size[first], size[second]
    if method == "average":
        row = (n_first * a + n_second * b) / (n_first + n_second)
    elif method == "complete":
        row = np.maximum(a, b)
    elif method == "single":
        row = np.minimum(a, b)
    else:
        merged = (n_first + size) * a + (n_second + size) * b - size * distances[first, second]
        row = merged / (n_first + n_second + size)
    size[second] += n_first
    row[second] = np.inf
    row[first] = np.inf
    distances[second] = row
    distances[:, second] = row
    distances[:, first] = np.inf


def _sort_merges(merges: FloatArray, weights: FloatArray) -> FloatArray:
    """Order merges by height and name the nodes as SciPy does."""
    n = len(weights)
    order = np.argsort(merges[:, 2], kind="stable")
    tree = np.empty((len(merges), 4))
    node = np.arange(n)  # node that a point's cluster has become
    parent = np.arange(n)
    weight = np.concatenate([weights, np.zeros(len(merges))])

    def find_root(point: int) -> int:
        while parent[point] != point:
            parent[point] = parent[parent[point]]
            point = int(parent[point])
        return point

    for step, index in enumerate(order):
        left, right = (find_root(int(point)) for point in merges[index, :2])
        pair = sorted((node[left], node[right]))
        weight[n + step] = weight[pair[0]] + weight[pair[1]]
        tree[step] = *pair, merges[index, 2], weight[n + step]
        parent[left] = right
        node[right] = n + step
    return tree


def cut_tree(tree: FloatArray, n_clusters: int) -> IntArray:
    """Undo the highest ``n_clusters - 1`` merges and number what is left, from zero.

    Unlike SciPy's ``fcluster`` this gives exactly ``n_clusters`` clusters when heights tie.
    """
    n = len(tree) + 1
    label = np.full(2 * n - 1, -1)
    next_label = 0
    for node in range(2 * n - 2, -1, -1):
        if label[node] < 0 and node < 2 * n - n_clusters:
            label[node] = next_label
            next_label += 1
        if node >= n and label[node] >= 0:
            label[tree[node - n, :2].astype(int)] = label[node]
    return label[:n]


def choose_cut(tree: FloatArray, weights: FloatArray, n_clusters: int, min_size: float) -> int:
    """Return the smallest cut with ``n_clusters`` clusters of at least ``min_size``.

    Where no cut has that many, the smallest of those with the most is returned.

    Notes
    -----
    Going from k to k + 1 clusters splits one node, so one pass over the tree counts the stable
    clusters of every cut.
    """
    n = len(weights)
    stable = np.concatenate([weights, tree[:, 3]]) >= min_size
    children = stable[tree[:, :2].astype(int)].sum(axis=1)
    gains = (children - stable[n:])[::-1]
    counts = np.concatenate([[int(stable[-1])], stable[-1] + np.cumsum(gains)])
    reached = np.flatnonzero(counts >= n_clusters)
    return int(reached[0] if reached.size else counts.argmax()) + 1
