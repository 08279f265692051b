"""Describing a table at once, against the same grammar called row by row."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pandas as pd

from mousegpt.core.facts import STATES, UNKNOWN, state_column
from mousegpt.description.kinematic import describe_posture, describe_states

NAME = "describe"


def make_posture(n_frames: int, seed: int = 0) -> pd.DataFrame:
    """Make states that persist and differ in frequency, as a mouse's do.

    Each state is drawn anew in a tenth of the frames; its k-th value has weight 1 / k².
    """
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"recording": "r", "individual": "mouse", "frame": np.arange(n_frames)})
    table["time_s"] = table["frame"] / 5
    for state in STATES:
        changes = rng.random(n_frames) < 0.1
        changes[:1] = True
        weights = 1 / np.arange(1, len(state.values) + 2) ** 2
        values = rng.choice([*state.values, UNKNOWN], changes.sum(), p=weights / weights.sum())
        table[state_column(state.name)] = values[np.cumsum(changes) - 1]
    return table


def describe_rows(posture: pd.DataFrame) -> list[str]:
    """Describe row by row: the naive peer."""
    return [
        describe_states({s.name: row[state_column(s.name)] for s in STATES}).overall
        for row in posture.to_dict("records")
    ]


def measure(quick: bool) -> dict[str, object]:
    """Measure seconds over a growing number of frames; the peer and the memory at the largest."""
    sizes = [300, 600, 1_200] if quick else [6_000, 12_000, 24_000, 48_000]
    describe_posture(make_posture(10))  # build the caches of the lexicon outside the clock
    growth = {}
    for n in sizes:
        posture = make_posture(n)
        start = time.perf_counter()
        table = describe_posture(posture)
        growth[n] = time.perf_counter() - start
    start = time.perf_counter()
    peer = describe_rows(posture)
    peer_s = time.perf_counter() - start
    tracemalloc.start()
    describe_posture(posture)
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    texts = table[["overall", "head", "limb", "torso", "others"]]
    return {
        "name": NAME,
        "n": sizes[-1],
        "ours_s": growth[sizes[-1]],
        "peer": "the same grammar, row by row",
        "peer_s": peer_s,
        "ratio": peer_s / growth[sizes[-1]],
        "peak_mb": peak_mb,
        "growth_s": growth,
        "exponent": float(np.polyfit(np.log([*growth]), np.log([*growth.values()]), 1)[0]),
        "equal": peer == table["overall"].tolist(),
        "distinct_texts": len(texts.drop_duplicates()),
        "distinct_by_element": {name: int(texts[name].nunique()) for name in texts},
    }
