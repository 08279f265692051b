"""The one score of what describers say: the share of each attribute that is told rightly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from mousegpt.core.arrays import FloatArray
from mousegpt.core.attributes import ATTRIBUTES, PARTS, compare_attributes
from mousegpt.core.errors import DataError
from mousegpt.core.facts import STATES, UNKNOWN, state_column
from mousegpt.core.tables import KEY

MEAN: Final = "mean"  # of the attributes, in tables


def judge_attributes(told: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Compare what is told with what is true, frame by frame.

    Parameters
    ----------
    told
        The key and the states that are told, as `description.telling.tell_states` returns them.
    truth
        The key and the states that are true; what is "unknown" there is left out.

    Returns
    -------
    pandas.DataFrame
        The key, ``attribute``, ``state``, ``is_told``, ``is_right``: a row for each known state of
        each frame that both tables have, in the order of ``truth``.

    Raises
    ------
    DataError
        When no frame is in both tables.
    """
    keys = list(KEY)
    known = truth.merge(told[keys], on=keys)
    if known.empty:
        raise DataError(
            "Expected descriptions of frames of the truth, found none; "
            "check the recordings and individuals of the two tables."
        )
    claimed = list_states(known[keys].merge(told, on=keys, validate="one_to_one"))
    rows = [
        (*key, attribute, state, said[state] != UNKNOWN, is_right)
        for key, said, true in zip(
            known[keys].itertuples(index=False, name=None), claimed, list_states(known), strict=True
        )
        for (attribute, state), is_right in compare_attributes(said, true).items()
    ]
    judged = pd.DataFrame(rows, columns=[*keys, "attribute", "state", "is_told", "is_right"])
    return judged.astype({"is_told": bool, "is_right": bool})  # also when it is empty


def score_attributes(judged: pd.DataFrame) -> pd.DataFrame:
    """Score each attribute, and all of them.

    Parameters
    ----------
    judged
        As `judge_attributes` returns it.

    Returns
    -------
    pandas.DataFrame
        A row an attribute, then their mean: ``n``, how many states are known; ``accuracy``, the
        share of them told rightly; ``wrong``, told otherwise; ``unsaid``, the rest. NaN where
        nothing is known. An attribute of several states is the mean of their shares.
    """
    judged = judged.assign(wrong=judged["is_told"] & ~judged["is_right"])
    by_state = judged.groupby(["attribute", "state"])[["is_right", "wrong"]].mean()
    shares = {}
    for name, column in (("accuracy", "is_right"), ("wrong", "wrong")):
        parts = {part: np.array(by_state[column].get(part, np.nan)) for part in PARTS}
        shares[name] = {of: float(share) for of, share in average_attributes(parts).items()}
    n = judged["attribute"].value_counts().reindex([*ATTRIBUTES], fill_value=0)
    table = pd.DataFrame({"n": {**n, MEAN: n.sum()}} | shares).astype({"n": int})
    table["unsaid"] = 1 - table["accuracy"] - table["wrong"]
    return table.rename_axis("attribute").reset_index()


def average_attributes(
    shares: Mapping[tuple[str, str], FloatArray],
) -> dict[str, FloatArray]:
    """Average over the states of each attribute, then over the attributes; NaN is left out.

    Examples
    --------
    >>> shares = {("moving", "pace"): 1.0, ("head", "head_pitch"): 0.5, ("head", "head_yaw"): 0.0}
    >>> averaged = average_attributes({part: np.array(share) for part, share in shares.items()})
    >>> float(averaged["head"]), float(averaged["mean"])
    (0.25, 0.625)
    """
    averaged = {
        name: _average([share for (other, _), share in shares.items() if other == name])
        for name in dict.fromkeys(name for name, _ in shares)
    }
    return averaged | {MEAN: _average([*averaged.values()])}


def guess_blindly(truth: pd.DataFrame) -> pd.DataFrame:
    """Return what one would tell without looking: the commonest known value of every state.

    Returns
    -------
    pandas.DataFrame
        The key, ``time_s`` and all states: the same in every row.
    """
    rows = list_states(truth)
    guessed = {}
    for state in STATES:
        counts = Counter(row[state.name] for row in rows if row[state.name] != UNKNOWN)
        guessed[state_column(state.name)] = counts.most_common(1)[0][0] if counts else UNKNOWN
    return truth[[*KEY, "time_s"]].assign(**guessed)


def list_states(posture: pd.DataFrame) -> list[dict[str, str]]:
    """Return the states of every row; those that the table lacks are unknown."""
    names = [state.name for state in STATES]
    columns = [state_column(name) for name in names]
    table = posture.reindex(columns=columns, fill_value=UNKNOWN).fillna(UNKNOWN)
    return [dict(zip(names, row, strict=True)) for row in table.to_numpy().tolist()]


def _average(shares: Sequence[FloatArray]) -> FloatArray:
    stacked = np.stack(shares)
    known = ~np.isnan(stacked)
    total = np.where(known, stacked, 0.0).sum(axis=0)
    return np.asarray(total / np.where(known.any(axis=0), known.sum(axis=0), np.nan))
