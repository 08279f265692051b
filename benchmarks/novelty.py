"""Scoring of novelty against scikit-learn called directly; and which score finds rare frames."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pandas as pd
from benchmarks.texts import make_descriptions
from sklearn.ensemble import IsolationForest

from mousegpt.backends.registry import load_embedder
from mousegpt.behavior.embedding import embed_descriptions
from mousegpt.behavior.novelty import find_novel_frames

NAME = "novelty"

#: Two kinds of rare frame: a word never seen, and known sentences never seen together.
UNSEEN_WORD = ("overall", "The mouse leaps high into the air.")
UNSEEN_MIX = ("limb", "Both forepaws are close to the mouth with the tail raised.")


def plant(descriptions: pd.DataFrame, truth: pd.Series) -> dict[str, int]:
    """Make one frame rare in each way; return its row."""
    walking = truth.index[truth == "walking"]
    rows = {"unseen_word": int(walking[3]), "unseen_mix": int(walking[7])}
    for row, (field, sentence) in zip(rows.values(), (UNSEEN_WORD, UNSEEN_MIX), strict=True):
        descriptions.loc[row, field] = sentence
    return rows


def measure(quick: bool) -> dict[str, object]:
    """Measure seconds over a growing number of frames, and the ranks of two planted frames."""
    sizes = [375, 750, 1_500] if quick else [6_000, 12_000, 24_000, 48_000]
    growth = {}
    embedder = load_embedder()
    for n in sizes:
        descriptions, truth = make_descriptions(n)
        planted = plant(descriptions, truth)
        embeddings = embed_descriptions(descriptions, embedder)
        start = time.perf_counter()
        novelty = find_novel_frames(embeddings)
        growth[n] = time.perf_counter() - start
    vectors = np.stack(embeddings["embedding"])
    start = time.perf_counter()
    forest = IsolationForest(n_estimators=100, contamination=1e-4, random_state=0).fit(vectors)
    forest.predict(vectors)
    peer_s = time.perf_counter() - start
    tracemalloc.start()
    find_novel_frames(embeddings)
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    ranks = novelty[["isolation_score", "neighbor_distance"]].rank(ascending=False, method="min")
    return {
        "name": NAME,
        "n": n,
        "ours_s": growth[n],
        "peer": "sklearn IsolationForest (ours gives both scores)",
        "peer_s": peer_s,
        "ratio": peer_s / growth[n],
        "peak_mb": peak_mb,
        "growth_s": growth,
        "ranks": {name: ranks.loc[row].astype(int).to_dict() for name, row in planted.items()},
    }
