"""Algorithm 2 on distinct texts against searching every frame."""

from __future__ import annotations

import re
import time
import tracemalloc

import pandas as pd
from benchmarks.texts import make_descriptions

from mousegpt.backends.offline import RuleLabeler
from mousegpt.behavior.postures import (
    PARTS,
    PostureDictionary,
    classify_postures,
    drop_negations,
    load_default_dictionary,
)

NAME = "postures"


def classify_frames(
    descriptions: pd.DataFrame, dictionary: PostureDictionary
) -> list[list[list[str]]]:
    """Search every pattern in every frame: the naive peer."""
    return [
        [
            [
                key
                for key, patterns in dictionary.parts[part].items()
                if any(re.search(pattern, said, re.IGNORECASE) for pattern in patterns)
            ]
            for said in map(drop_negations, descriptions[part])
        ]
        for part in PARTS
    ]


def measure(quick: bool) -> dict[str, object]:
    """Measure seconds over a growing number of frames; ``lost`` counts frames that differ."""
    sizes = [750, 1_500, 3_000] if quick else [6_000, 12_000, 24_000, 48_000]
    growth = {}
    for n in sizes:
        descriptions, _ = make_descriptions(n)
        start = time.perf_counter()
        tagged, dictionary = classify_postures(
            descriptions, load_default_dictionary(), RuleLabeler()
        )
        growth[n] = time.perf_counter() - start
    start = time.perf_counter()
    naive = classify_frames(descriptions, dictionary)
    peer_s = time.perf_counter() - start
    tracemalloc.start()
    classify_postures(descriptions, dictionary, RuleLabeler())
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return {
        "name": NAME,
        "n": n,
        "ours_s": growth[n],
        "peer": "re.search on every frame",
        "peer_s": peer_s,
        "ratio": peer_s / growth[n],
        "peak_mb": peak_mb,
        "growth_s": growth,
        "distinct_texts": {part: descriptions[part].nunique() for part in PARTS},
        "lost": sum(
            ours != theirs
            for part, keys in zip(PARTS, naive, strict=True)
            for ours, theirs in zip(tagged[part], keys, strict=True)
        ),
    }
