"""Descriptions against known truth, and fact checkers against planted falsehoods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from mousegpt.core.errors import DataError
from mousegpt.core.facts import STATES, UNKNOWN, state_column
from mousegpt.core.tables import KEY

#: Attribute -> the kinds of clauses that are about it.
ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {
    "moving or still": ("pace",),
    "activity": ("activity",),
    "head": ("head_pitch", "head_yaw", "head_height", "head_movement"),
    "fore paws": ("forepaw", "forepaw_movement"),
    "hind paws": ("hindpaw", "hindpaw_movement"),
    "torso": ("trunk_pitch", "spine_vertical", "spine_horizontal", "stretch", "hip_height"),
    "tail": ("tail_height", "tail_shape"),
    "place": ("place",),
}
_OTHER_KINDS: Final = {"allpaws": "fore paws"}


def score_attributes(claims: pd.DataFrame, posture: pd.DataFrame) -> pd.DataFrame:
    """Score how much of the known truth is said rightly, wrongly, or not at all.

    Parameters
    ----------
    claims
        Claims of the descriptions judged against the same truth: the key, ``kind``, ``verdict``.
    posture
        POSTURE_TABLE with the true states.

    Returns
    -------
    pandas.DataFrame
        A row an attribute of `ATTRIBUTES`, then their mean: ``n_frames`` in which the truth knows
        it; ``accuracy``, the share of these whose claims about it are all right, with one at least;
        ``wrong``, the share with a wrong claim; ``unsaid``, the rest. Without any known frame NaN.

    Raises
    ------
    DataError
        When claims and posture share no frame.
    """
    keys = list(KEY)
    frames = posture[keys].merge(claims[keys].drop_duplicates(), on=keys)
    if frames.empty:
        raise DataError(
            "Expected claims about the frames of the truth, found none; "
            "check the recordings and individuals of the two tables."
        )
    truth = posture.merge(frames, on=keys)
    names = {kind: name for name, kinds in ATTRIBUTES.items() for kind in kinds} | _OTHER_KINDS
    said = claims.assign(attribute=claims["kind"].map(names)).dropna(subset="attribute")
    rows = [_score_attribute(name, said, truth) for name in ATTRIBUTES]
    table = pd.DataFrame(rows)
    mean = table[["accuracy", "wrong", "unsaid"]].mean()
    overall = {"attribute": "mean", "n_frames": len(truth), **mean}
    return pd.concat([table, pd.DataFrame([overall])], ignore_index=True)


def _score_attribute(name: str, said: pd.DataFrame, truth: pd.DataFrame) -> dict[str, object]:
    about = tuple(ATTRIBUTES[name])
    states = [state_column(s.name) for s in STATES if s.name.startswith(about)]
    known = truth.loc[(truth[states] != UNKNOWN).any(axis=1), list(KEY)]
    mine = said[said["attribute"] == name]
    flags = pd.DataFrame(
        {
            "right": mine["verdict"].eq("supported"),
            "wrong": mine["verdict"].eq("contradicted"),
        }
    )
    told = flags.groupby([mine[key] for key in KEY]).any().reset_index()
    merged = known.merge(told, on=list(KEY), how="left")
    wrong = merged["wrong"].eq(True)
    right = merged["right"].eq(True) & ~wrong
    n = len(merged)
    accuracy, share_wrong = (float(right.mean()), float(wrong.mean())) if n else (np.nan, np.nan)
    return {
        "attribute": name,
        "n_frames": n,
        "accuracy": accuracy,
        "wrong": share_wrong,
        "unsaid": 1 - accuracy - share_wrong,
    }


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
