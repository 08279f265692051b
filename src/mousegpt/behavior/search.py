"""Find frames by what is said about them."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.behavior.embedding import find_embedded, unique_vectors
from mousegpt.core.tables import EMBEDDING_TABLE, KEY, validate_table
from mousegpt.ports import Embedder


def search_frames(
    query: str,
    embeddings: pd.DataFrame,
    embedder: Embedder,
    *,
    n_frames: Annotated[int, Field(ge=1)] = 5,
    min_separation_s: Annotated[float, Field(ge=0)] = 0.0,
) -> pd.DataFrame:
    """Return the frames whose descriptions are most similar to a query.

    Parameters
    ----------
    query
        A word or a sentence.
    embeddings
        EMBEDDING_TABLE, made by the same ``embedder``.
    n_frames
        Frames wanted.
    min_separation_s
        Hits of one individual must be at least this far apart, so that one long bout does not
        fill the list.

    Returns
    -------
    pandas.DataFrame
        Key columns, ``time_s`` and ``similarity`` (cosine, -1 … 1), best first; ties in the
        order of recording, individual, frame. At most ``n_frames`` rows.

    Notes
    -----
    Source: Methods 4.4, "Search".
    """
    table = validate_table(embeddings, EMBEDDING_TABLE)
    vectors, inverse = unique_vectors(table)
    hits = table.loc[find_embedded(table), [*KEY, "time_s"]].copy()
    if hits.empty:
        return hits.assign(similarity=pd.Series(dtype=float))
    hits["similarity"] = (vectors @ embedder.embed([query])[0]).astype(np.float64)[inverse]
    hits = hits.sort_values(["similarity", *KEY], ascending=[False, True, True, True])
    if min_separation_s > 0:
        hits = _spread_out(hits, n_frames, min_separation_s)
    return hits.head(n_frames).reset_index(drop=True)


def _spread_out(hits: pd.DataFrame, n_frames: int, min_separation_s: float) -> pd.DataFrame:
    """Keep a hit only if no better one of the same individual is near."""
    kept: list[int] = []
    times: dict[tuple[str, str], list[float]] = {}
    columns = zip(hits["recording"], hits["individual"], hits["time_s"], strict=True)
    for row, (recording, individual, time) in enumerate(columns):
        taken = times.setdefault((recording, individual), [])
        if all(abs(time - other) >= min_separation_s for other in taken):
            taken.append(time)
            kept.append(row)
        if len(kept) == n_frames:
            break
    return hits.iloc[kept]
