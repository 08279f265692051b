"""Searching frames by a sentence against scikit-learn's brute force; and how good the hits are."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
from benchmarks.texts import make_descriptions
from sklearn.neighbors import NearestNeighbors

from mousegpt.backends.registry import load_embedder
from mousegpt.behavior.embedding import embed_descriptions
from mousegpt.behavior.search import search_frames

NAME = "search"

#: What a user may ask, and the activity that answers it.
QUERIES = {
    "rear up": "rearing",
    "mice using two-legged standing": "rearing",
    "leaning on the wall with its forepaws": "supported rearing",
    "locomotion": "walking",
    "washing its face with the paws": "grooming",
    "exploring the ground with the nose": "sniffing",
    "the mouse is immobile": "still",
    "rotating its body to the left": "turning",
    "sweeping the head": "head scanning",
}


def measure(quick: bool) -> dict[str, object]:
    """Measure seconds per query over a growing number of frames, and the precision of the hits.

    The query's own embedding is in our time and in the peer's.
    """
    sizes = [750, 1_500, 3_000] if quick else [6_000, 12_000, 24_000, 48_000]
    embedder = load_embedder()
    growth = {}
    for n in sizes:
        descriptions, truth = make_descriptions(n)
        embeddings = embed_descriptions(descriptions, embedder)
        start = time.perf_counter()
        hits = {query: search_frames(query, embeddings, embedder) for query in QUERIES}
        growth[n] = (time.perf_counter() - start) / len(QUERIES)
    vectors = np.stack(embeddings["embedding"])
    peer = NearestNeighbors(n_neighbors=5, metric="cosine", algorithm="brute").fit(vectors)
    start = time.perf_counter()
    for query in QUERIES:
        peer.kneighbors(embedder.embed([query]))
    peer_s = (time.perf_counter() - start) / len(QUERIES)
    tracemalloc.start()
    search_frames("rear up", embeddings, embedder)
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    right = [truth[(hits[query]["frame"] // 12).tolist()] == QUERIES[query] for query in QUERIES]
    return {
        "name": NAME,
        "n": n,
        "ours_s": growth[n],
        "peer": "sklearn NearestNeighbors (brute, cosine)",
        "peer_s": peer_s,
        "ratio": peer_s / growth[n],
        "peak_mb": peak_mb,
        "growth_s": growth,
        "precision_at_5": float(np.mean([hit.mean() for hit in right])),
    }
