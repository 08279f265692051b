"""Agglomerative clustering of weighted vectors against SciPy's pdist and linkage."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
from benchmarks.texts import make_descriptions
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist
from sklearn.metrics import adjusted_rand_score

from mousegpt.backends.offline import RuleLabeler
from mousegpt.backends.registry import load_embedder
from mousegpt.behavior.clustering import cluster_behaviors
from mousegpt.behavior.embedding import embed_descriptions
from mousegpt.behavior.keywords import extract_keywords
from mousegpt.behavior.linkage import compute_linkage, cut_tree
from mousegpt.core.arrays import FloatArray

NAME = "clustering"


def make_vectors(n: int, dimension: int, seed: int = 0) -> FloatArray:
    """Make unit vectors around 24 modes of unequal size."""
    rng = np.random.default_rng(seed)
    modes = rng.normal(size=(24, dimension))
    share = 1 / np.arange(1, 25)
    vectors = modes[rng.choice(24, n, p=share / share.sum())]
    vectors = (vectors + rng.normal(size=vectors.shape)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def measure_quality(n_frames: int) -> float:
    """Return the adjusted Rand index of all of Algorithm 1 on descriptions of known activity."""
    descriptions, truth = make_descriptions(n_frames)
    behaviors, _ = cluster_behaviors(
        embed_descriptions(descriptions, load_embedder()),
        extract_keywords(descriptions),
        RuleLabeler(),
    )
    return float(adjusted_rand_score(truth, behaviors["behavior"].fillna("unassigned")))


def measure(quick: bool) -> dict[str, object]:
    """Measure the tree of 6,000 × 3,072 vectors; ``ari`` compares its cut with SciPy's.

    ``ari_activity`` is the quality of the whole of Algorithm 1 where the truth is known.
    """
    sizes, dimension = ([375, 750, 1_500], 384) if quick else ([1_500, 3_000, 6_000, 12_000], 3_072)
    n = 1_500 if quick else 6_000
    compute_linkage(make_vectors(100, dimension))
    growth = {}
    for size in sizes:
        vectors = make_vectors(size, dimension)
        start = time.perf_counter()
        tree = compute_linkage(vectors)
        growth[size] = time.perf_counter() - start
        if size == n:
            ours = cut_tree(tree, 24)
    vectors = make_vectors(n, dimension)
    start = time.perf_counter()
    peer = linkage(pdist(vectors, "cosine"), "average")
    peer_s = time.perf_counter() - start
    tracemalloc.start()
    compute_linkage(vectors)
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return {
        "name": NAME,
        "n": n,
        "dimension": dimension,
        "ours_s": growth[n],
        "peer": "scipy pdist + linkage (average)",
        "peer_s": peer_s,
        "ratio": peer_s / growth[n],
        "peak_mb": peak_mb,
        "growth_s": growth,
        "ari": float(adjusted_rand_score(ours, fcluster(peer, 24, "maxclust"))),
        "ari_activity": measure_quality(600 if quick else 6_000),
    }
