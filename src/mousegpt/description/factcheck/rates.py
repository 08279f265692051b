"""How often a describer says what is not so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.arrays import FloatArray

#: What stands in the column ``kind`` for all clauses together.
ALL_KINDS = "all"


def measure_hallucination(
    claims: pd.DataFrame,
    *,
    animal: Sequence[str] = ("recording", "individual"),
    n_resamples: Annotated[int, Field(gt=0)] = 2000,
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure the share of contradicted among checkable claims, in all and by kind of clause.

    The animal is the unit: the interval comes from drawing animals anew, with replacement.

    Parameters
    ----------
    claims
        CLAIM_TABLE; a column ``model`` splits it.
    animal
        Columns that name the animal.
    n_resamples
        Drawings of the animals.

    Returns
    -------
    pandas.DataFrame
        ``model`` (empty when the claims name none), ``kind``, ``n_animals``, ``n_clauses``,
        ``n_checkable``, ``n_contradicted``, ``rate`` (NaN when nothing could be checked), ``low``
        and ``high``, the interval (NaN with fewer than two animals). All kinds first, then the
        kinds by their rate.

    Examples
    --------
    >>> claims = pd.DataFrame({"recording": ["a", "a", "b"], "individual": "m", "kind": "pace",
    ...                        "verdict": ["supported", "contradicted", "not checkable"]})
    >>> measure_hallucination(claims)[["kind", "n_checkable", "rate"]].head(1).values.tolist()
    [['all', 2, 0.5]]
    """
    named = claims if "model" in claims else claims.assign(model="")
    rows = []
    for model, said in named.groupby("model", sort=False):
        kinds = [(str(kind), part) for kind, part in said[said["kind"] != ""].groupby("kind")]
        measured = [
            {"model": model, "kind": kind}
            | _measure(part, list(animal), n_resamples, confidence, seed)
            for kind, part in ((ALL_KINDS, said), *kinds)
        ]
        rows += [measured[0], *sorted(measured[1:], key=_rank)]
    columns = [
        "model", "kind", "n_animals", "n_clauses", "n_checkable", "n_contradicted", "rate", "low",
        "high",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _rank(row: dict[str, object]) -> tuple[float, str]:
    rate = float(str(row["rate"]))
    return (1.0 if np.isnan(rate) else -rate, str(row["kind"]))


def _measure(
    claims: pd.DataFrame, animal: list[str], n_resamples: int, confidence: float, seed: int
) -> dict[str, object]:
    wrong = claims["verdict"].eq("contradicted")
    checkable = wrong | claims["verdict"].eq("supported")
    counted = pd.DataFrame({"wrong": wrong, "checkable": checkable})
    counts = counted.groupby([claims[name] for name in animal], sort=False).sum().to_numpy(float)
    low, high = draw_interval(counts, n_resamples, confidence, seed)
    n_checkable, n_wrong = int(checkable.sum()), int(wrong.sum())
    return {
        "n_animals": len(counts),
        "n_clauses": len(claims),
        "n_checkable": n_checkable,
        "n_contradicted": n_wrong,
        "rate": n_wrong / n_checkable if n_checkable else np.nan,
        "low": low,
        "high": high,
    }


def draw_interval(
    counts: FloatArray, n_resamples: int = 2000, confidence: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Return the interval of a share, of rows (animal: part, whole), by drawing animals anew."""
    if len(counts) < 2:
        return np.nan, np.nan
    rng = np.random.default_rng(seed)
    drawn = counts[rng.integers(len(counts), size=(n_resamples, len(counts)))].sum(axis=1)
    drawn = drawn[drawn[:, 1] > 0]
    if not len(drawn):
        return np.nan, np.nan
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [tail, 1 - tail])
    return float(low), float(high)
