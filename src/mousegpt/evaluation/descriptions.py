"""Fact checkers against planted falsehoods."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mousegpt.core.tables import KEY


def score_detection(
    claims: pd.DataFrame, sentences: pd.DataFrame, *, by: Sequence[str] = ()
) -> pd.DataFrame:
    """Score a fact checker on descriptions into which falsehoods were planted.

    A sentence is flagged when a claim in it is contradicted.

    Parameters
    ----------
    claims
        The checker's table: the key, ``element``, ``sentence`` (in its element), ``verdict``.
    sentences
        As `planting.plant_contradictions` returns them.
    by
        Columns of ``sentences`` to split the scores by, such as "state".

    Returns
    -------
    pandas.DataFrame
        ``n_planted``, ``n_true``, ``n_found`` (planted and flagged), ``n_false_alarms``,
        ``precision``, ``recall``, and ``supported``: the share of true sentences with a claim that
        the checker confirms.
    """
    place = [*KEY, "element"]
    verdicts = pd.DataFrame(
        {
            "flagged": claims["verdict"].eq("contradicted"),
            "confirmed": claims["verdict"].eq("supported"),
        }
    )
    groups = [claims[name] for name in (*place, "sentence")]
    judged = verdicts.groupby(groups).any().reset_index().rename(columns={"sentence": "place"})
    scored = sentences.merge(judged, on=[*place, "place"], how="left")
    scored["flagged"] = scored["flagged"].eq(True)
    scored["confirmed"] = scored["confirmed"].eq(True)
    if not by:
        return pd.DataFrame([_count(scored)])
    rows = [
        dict(zip(by, np.atleast_1d(np.array(name, dtype=object)), strict=True)) | _count(part)
        for name, part in scored.groupby(list(by))
    ]
    return pd.DataFrame(rows)


def _count(scored: pd.DataFrame) -> dict[str, object]:
    planted, flagged = scored["planted"].astype(bool), scored["flagged"]
    n_found, n_alarms = int((planted & flagged).sum()), int((~planted & flagged).sum())
    n_planted, n_true = int(planted.sum()), int((~planted).sum())
    confirmed = int((~planted & scored["confirmed"]).sum())
    return {
        "n_planted": n_planted,
        "n_true": n_true,
        "n_found": n_found,
        "n_false_alarms": n_alarms,
        "precision": n_found / (n_found + n_alarms) if n_found + n_alarms else np.nan,
        "recall": n_found / n_planted if n_planted else np.nan,
        "supported": confirmed / n_true if n_true else np.nan,
    }
