"""How much of the time is spent on what; the animal is the unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.errors import DataError
from mousegpt.core.recording import Recording
from mousegpt.core.tables import BEHAVIOR_TABLE, validate_table

INDIVIDUAL: Final = ["recording", "individual"]
UNASSIGNED: Final = "unassigned"


def name_unassigned(behavior: pd.Series[str]) -> pd.Series[str]:
    """Write "unassigned" where no behaviour is."""
    return behavior.fillna(UNASSIGNED).astype("str")


def compute_proportions(behaviors: pd.DataFrame) -> pd.DataFrame:
    """Compute the share of each behaviour in the frames of each individual.

    Parameters
    ----------
    behaviors
        BEHAVIOR_TABLE.

    Returns
    -------
    pandas.DataFrame
        ``recording``, ``individual``, ``behavior``, ``n_frames``, ``share``: every behaviour for
        every individual, with zeros, "unassigned" always the last; shares add up to one.
    """
    table = validate_table(behaviors, BEHAVIOR_TABLE)
    table = table.assign(behavior=name_unassigned(table["behavior"]))
    return count_shares(table, INDIVIDUAL)


def count_shares(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Count behaviours per key, for every pair of key and behaviour, and divide by all."""
    names = sorted(set(table["behavior"]) - {UNASSIGNED})
    counts = table.groupby([*keys, "behavior"]).size().unstack("behavior", fill_value=0)
    counts = counts.reindex(columns=[*names, UNASSIGNED], fill_value=0).sort_index()
    tidy = counts.reset_index().melt(list(keys), var_name="behavior", value_name="n_frames")
    tidy = tidy.sort_values(list(keys), kind="stable", ignore_index=True)
    tidy["share"] = tidy["n_frames"] / tidy.groupby(list(keys))["n_frames"].transform("sum")
    return tidy


def summarize_groups(
    proportions: pd.DataFrame,
    recordings: Sequence[Recording],
    *,
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95,
) -> pd.DataFrame:
    """Average shares over the animals of each group.

    Parameters
    ----------
    proportions
        As of ``compute_proportions``.
    recordings
        Say which subject and group each recording is of. Recordings of one subject in one group
        are averaged first: the animal is the unit, never the frame.
    confidence
        Level of the interval.

    Returns
    -------
    pandas.DataFrame
        ``group``, ``behavior``, ``n_animals``, ``mean``, ``low``, ``high``: Student's interval of
        the mean, not cut at 0 and 1; NaN where a group has one animal.

    Raises
    ------
    DataError
        When a recording of the table is not among ``recordings``.

    Notes
    -----
    Source: Fig. 4d (mean ± 95 % confidence interval).
    """
    from scipy.stats import t

    known = {recording.id: recording for recording in recordings}
    unknown = sorted(set(proportions["recording"]) - known.keys())
    if unknown:
        raise DataError(
            f"Every recording needs a row in the manifest, but {unknown[0]!r} has none; "
            "add it to recordings.csv."
        )
    table = proportions.assign(
        subject=proportions["recording"].map(lambda name: known[name].subject),
        group=proportions["recording"].map(lambda name: known[name].group),
    )
    animals = table.groupby(["group", "subject", "individual", "behavior"])["share"].mean()
    summary = animals.groupby(["group", "behavior"]).agg(["size", "mean", "std"]).reset_index()
    n = summary["size"].to_numpy()
    reach = t.ppf((1 + confidence) / 2, np.where(n > 1, n - 1, np.nan))
    margin = reach * summary["std"].to_numpy() / np.sqrt(n)
    return pd.DataFrame(
        {
            "group": summary["group"],
            "behavior": summary["behavior"],
            "n_animals": n,
            "mean": summary["mean"],
            "low": summary["mean"] - margin,
            "high": summary["mean"] + margin,
        }
    )


def compute_subtypes(
    fine_postures: pd.DataFrame, behaviors: pd.DataFrame, *, behavior: str = "walking"
) -> pd.DataFrame:
    """Compute how often each posture is seen within one behaviour.

    Parameters
    ----------
    fine_postures, behaviors
        POSTURE_KEY_TABLE and BEHAVIOR_TABLE of the same frames.
    behavior
        The behaviour to look into.

    Returns
    -------
    pandas.DataFrame
        ``recording``, ``individual``, ``part``, ``posture``, ``n_frames`` and ``share`` of the
        behaviour's frames. A frame may show several postures of a part, so that the shares of a
        part may add up to more than one.

    Notes
    -----
    Source: Fig. 4e (postural subtypes within walking).
    """
    keys = [*INDIVIDUAL, "frame"]
    chosen = behaviors.loc[behaviors["behavior"] == behavior, keys]
    frames = chosen.merge(fine_postures, on=keys)
    totals = frames.groupby(INDIVIDUAL).size().rename("n_total").reset_index()
    long = frames.melt(INDIVIDUAL, ["head", "limb", "torso"], "part", "posture")
    long = long.explode("posture").dropna(subset="posture").astype({"posture": "str"})
    counts = long.groupby([*INDIVIDUAL, "part", "posture"]).size().rename("n_frames").reset_index()
    counts = counts.merge(totals, on=INDIVIDUAL)
    counts["share"] = counts["n_frames"] / counts["n_total"]
    return counts.drop(columns="n_total")
