"""Frames that show a behaviour best."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.behavior.embedding import find_embedded
from mousegpt.core.tables import KEY


def choose_examples(
    behaviors: pd.DataFrame,
    embeddings: pd.DataFrame,
    *,
    n_examples: Annotated[int, Field(ge=1)] = 2,
    min_separation_s: Annotated[float, Field(ge=0)] = 1.0,
) -> pd.DataFrame:
    """Choose the frames whose descriptions are most typical of each behaviour.

    Parameters
    ----------
    behaviors, embeddings
        BEHAVIOR_TABLE and EMBEDDING_TABLE with the same rows.
    n_examples
        Frames per behaviour; from different animals as far as there are.
    min_separation_s
        Two examples of one individual are at least this far apart.

    Returns
    -------
    pandas.DataFrame
        Key columns, ``time_s``, ``behavior`` and ``similarity`` to the behaviour's mean
        description (cosine), by behaviour, the most typical first.
    """
    known = np.flatnonzero(find_embedded(embeddings) & behaviors["behavior"].notna().to_numpy())
    table = behaviors.iloc[known][[*KEY, "time_s", "behavior"]].reset_index(drop=True)
    if table.empty:
        return table.assign(similarity=np.array([], dtype=float))
    vectors = np.stack(list(embeddings["embedding"].iloc[known]))
    chosen = []
    for _, rows in table.groupby("behavior", sort=True):
        mean = vectors[rows.index].mean(axis=0, dtype=np.float64)
        similarity = vectors[rows.index] @ mean / np.linalg.norm(mean)
        ranked = rows.assign(similarity=similarity.round(6)).sort_values(
            ["similarity", *KEY], ascending=[False, True, True, True], kind="stable"
        )
        chosen.append(_spread(ranked, n_examples, min_separation_s))
    return pd.concat(chosen, ignore_index=True)


def _spread(ranked: pd.DataFrame, n_examples: int, min_separation_s: float) -> pd.DataFrame:
    """Take one frame of each animal in turn, best first, never two close together."""
    turn = ranked.groupby(["recording", "individual"]).cumcount().to_numpy()
    animals = ranked["recording"].str.cat(ranked["individual"], sep="\0").to_numpy()
    times = ranked["time_s"].to_numpy()
    picked: list[int] = []
    for place in np.argsort(turn, kind="stable"):
        rivals = [p for p in picked if animals[p] == animals[place]]
        if all(abs(times[p] - times[place]) >= min_separation_s for p in rivals):
            picked.append(int(place))
        if len(picked) == n_examples:
            break
    return ranked.iloc[picked]
