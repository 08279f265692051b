"""Frames unlike the others, and a report on them."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.behavior.embedding import find_embedded, unique_vectors
from mousegpt.behavior.keywords import count_keywords
from mousegpt.behavior.neighbors import choose_evenly, find_neighbors
from mousegpt.core.arrays import BoolArray, FloatArray, IntArray
from mousegpt.core.tables import EMBEDDING_TABLE, KEY, NOVELTY_TABLE, validate_table


def find_novel_frames(
    embeddings: pd.DataFrame,
    *,
    method: Literal["isolation_forest", "neighbors"] = "isolation_forest",
    n_trees: Annotated[int, Field(ge=1)] = 100,
    contamination: Annotated[float, Field(gt=0, le=0.5)] = 1e-4,
    n_neighbors: Annotated[int, Field(ge=1)] = 5,
    max_rows: Annotated[int, Field(ge=1)] = 20_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Score how rare every frame's description is and flag the rarest.

    Parameters
    ----------
    embeddings
        EMBEDDING_TABLE.
    method
        Which score decides: the paper's Isolation Forest, or the mean cosine distance to the
        nearest other frames, which ranks single rare frames higher.
    n_trees
        Trees of the forest.
    contamination
        Share of frames to flag; at least one frame is flagged.
    n_neighbors
        Neighbours of the distance score.
    max_rows
        Distinct texts among which neighbours are sought; of more, this many evenly spaced ones.
    seed
        For the forest.

    Returns
    -------
    pandas.DataFrame
        NOVELTY_TABLE, rows as in ``embeddings``, with both scores in ``isolation_score`` (0 … 1)
        and ``neighbor_distance`` (0 … 2); ``score`` is the one that decides. Higher = rarer.
        Frames without a vector have NaN and are not flagged. Frames of equal score share the flag.

    Notes
    -----
    Source: Methods 4.4, "Novel Behavior Discovery": 100 trees, contamination 0.0001, which on
    6,000 frames flags one.
    """
    table = validate_table(embeddings, EMBEDDING_TABLE)
    vectors, inverse = unique_vectors(table)
    scores = np.full((len(table), 2), np.nan)
    if len(vectors):
        embedded = find_embedded(table)
        scores[embedded, 0] = _score_isolation(vectors, inverse, n_trees, seed)[inverse]
        scores[embedded, 1] = _score_distance(vectors, inverse, n_neighbors, max_rows)[inverse]
    novelty = table[[*KEY, "time_s"]].copy()
    novelty["score"] = scores[:, 0 if method == "isolation_forest" else 1]
    novelty["novel"] = _flag_highest(novelty["score"].to_numpy(), contamination)
    novelty["isolation_score"], novelty["neighbor_distance"] = scores.T
    return validate_table(novelty, NOVELTY_TABLE)


def _score_isolation(vectors: FloatArray, inverse: IntArray, n_trees: int, seed: int) -> FloatArray:
    """Fit on all frames, score distinct texts; ``2 ** (-depth / expected depth)``."""
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=n_trees, random_state=seed, n_jobs=1)
    scores: FloatArray = -forest.fit(vectors[inverse]).score_samples(vectors)
    return scores


def _score_distance(
    vectors: FloatArray, inverse: IntArray, n_neighbors: int, max_rows: int
) -> FloatArray:
    """Return the mean distance to the nearest other frames; equal texts count as often as seen."""
    n_frames = np.bincount(inverse)
    chosen = choose_evenly(len(vectors), max_rows)
    place, distances = find_neighbors(vectors, vectors[chosen], n_neighbors + 1)
    neighbors = chosen[place]
    itself = neighbors == np.arange(len(vectors))[:, None]
    others = np.where(itself, 0, n_frames[neighbors])
    available = np.column_stack([n_frames - 1, others])  # first, frames of the same text
    before = np.cumsum(available, axis=1) - available
    taken = np.clip(n_neighbors - before, 0, available)
    total = (taken[:, 1:] * distances).sum(axis=1)
    mean: FloatArray = total / np.maximum(taken.sum(axis=1), 1)
    return mean


def _flag_highest(score: FloatArray, contamination: float) -> BoolArray:
    known = np.sort(score[~np.isnan(score)])
    if not known.size:
        return np.zeros(len(score), dtype=bool)
    n_flagged = max(round(contamination * known.size), 1)
    flagged: BoolArray = score >= known[-n_flagged]
    return flagged


def write_novelty_report(
    novelty: pd.DataFrame,
    descriptions: pd.DataFrame,
    keywords: pd.DataFrame,
    behaviors: pd.DataFrame | None = None,
    *,
    n_frames: Annotated[int, Field(ge=1)] = 10,
    n_keywords: Annotated[int, Field(ge=1)] = 5,
) -> str:
    """Write which frames are rare, what is said about them and which of their words are rare.

    Parameters
    ----------
    novelty, descriptions, keywords, behaviors
        NOVELTY_TABLE, DESCRIPTION_TABLE, KEYWORD_TABLE, BEHAVIOR_TABLE of the same frames.
    n_frames
        Flagged frames come first, then the next rarest, up to this many (all flagged ones when
        they are more).
    n_keywords
        Rare keywords named per frame.

    Returns
    -------
    str
        Markdown.
    """
    keys = list(KEY)
    ranked = novelty.dropna(subset="score").sort_values(
        ["novel", "score", *KEY], ascending=[False, False, True, True, True]
    )
    shown = ranked.head(max(n_frames, int(novelty["novel"].sum())))
    shown = shown.merge(descriptions.drop(columns=["time_s", "keywords"]), on=keys, how="left")
    shown = shown.merge(keywords[[*keys, "keywords"]], on=keys, how="left")
    if behaviors is not None:
        shown = shown.merge(behaviors[[*keys, "behavior"]], on=keys, how="left")
    counts = count_keywords(keywords).set_index("keyword")["n_frames"]
    lines = [
        "# Novel behaviour",
        "",
        f"{int(novelty['novel'].sum())} of {len(novelty):,} frames are flagged; "
        f"the {len(shown)} rarest are listed, the rarest first.",
    ]
    for _, frame in shown.iterrows():
        lines += ["", *_describe_frame(frame, counts, len(keywords), n_keywords)]
    return "\n".join(lines) + "\n"


def _describe_frame(
    frame: pd.Series[str], counts: pd.Series[int], n_total: int, n_keywords: int
) -> list[str]:
    flag = " (flagged)" if frame["novel"] else ""
    title = f"## {frame['recording']}, {frame['individual']}, frame {frame['frame']}"
    words: list[str] = [] if np.isscalar(frame["keywords"]) else list(frame["keywords"])
    rare = sorted(words, key=lambda word: (counts[word], word))[:n_keywords]
    listed = ", ".join(f"{word} ({counts[word]:,})" for word in rare) or "none"
    lines = [
        title,
        "",
        f"At {frame['time_s']:.2f} s, score {frame['score']:.3f}{flag}.",
        "",
        f"Rarest keywords, with their frames out of {n_total:,}: {listed}.",
        "",
    ]
    if "behavior" in frame.index:
        assigned = frame["behavior"] if isinstance(frame["behavior"], str) else "unassigned"
        lines += [f"Behaviour: {assigned}.", ""]
    parts = ("overall", "head", "limb", "torso", "others")
    said = [f"- {part}: {frame[part]}" for part in parts if isinstance(frame[part], str)]
    return [*lines, *(line for line in said if line.partition(": ")[2])]
