"""Bouts: stretches of one behaviour, and the switches between them."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.tables import BEHAVIOR_TABLE, validate_table
from mousegpt.stats.proportions import INDIVIDUAL, name_unassigned

_GAP = 1.5  # in sampling steps: a longer pause between samples ends a bout


def find_bouts(
    behaviors: pd.DataFrame, *, min_duration_s: Annotated[float, Field(ge=0)] = 0.0
) -> pd.DataFrame:
    """Join successive samples of one behaviour to bouts.

    Parameters
    ----------
    behaviors
        BEHAVIOR_TABLE, in any order. Unassigned stretches are bouts of "unassigned".
    min_duration_s
        Shorter bouts are left out; their neighbours are not joined.

    Returns
    -------
    pandas.DataFrame
        ``recording``, ``individual``, ``behavior``, ``start_frame``, ``start_s``, ``end_s``,
        ``duration_s``, ``n_frames``, in order of time. A sample stands for one median step of
        its recording, so that durations add up to the time that was sampled; samples further
        apart than one and a half steps belong to different bouts.
    """
    table = validate_table(behaviors, BEHAVIOR_TABLE)
    table = table.sort_values([*INDIVIDUAL, "time_s"], kind="stable").reset_index(drop=True)
    table["behavior"] = name_unassigned(table["behavior"])
    step = table.groupby(INDIVIDUAL)["time_s"].transform(lambda time: time.diff().median())
    same = (table[[*INDIVIDUAL, "behavior"]] == table[[*INDIVIDUAL, "behavior"]].shift()).all(
        axis=1
    )
    follows = same & (table["time_s"].diff() <= _GAP * step)
    grouped = table.assign(step=step.fillna(0)).groupby((~follows).cumsum())
    bouts = grouped.agg(
        recording=("recording", "first"),
        individual=("individual", "first"),
        behavior=("behavior", "first"),
        start_frame=("frame", "first"),
        start_s=("time_s", "first"),
        last_s=("time_s", "last"),
        step=("step", "first"),
        n_frames=("frame", "size"),
    )
    bouts["end_s"] = bouts["last_s"] + bouts["step"]
    bouts["duration_s"] = bouts["end_s"] - bouts["start_s"]
    columns = [*INDIVIDUAL, "behavior", "start_frame", "start_s", "end_s", "duration_s", "n_frames"]
    # A bout of exactly the least duration stays, whatever the last bit of its end.
    long = bouts["duration_s"] >= min_duration_s - 1e-9
    return bouts.loc[long, columns].reset_index(drop=True)


def count_transitions(bouts: pd.DataFrame) -> pd.DataFrame:
    """Count how often one behaviour follows directly on another.

    Parameters
    ----------
    bouts
        As of ``find_bouts``; pauses between bouts are no transitions.

    Returns
    -------
    pandas.DataFrame
        ``recording``, ``individual``, ``source``, ``target``, ``n_transitions``, sorted.
    """
    ordered = bouts.sort_values([*INDIVIDUAL, "start_s"], kind="stable").reset_index(drop=True)
    following = ordered.shift(-1)
    same = (ordered[INDIVIDUAL] == following[INDIVIDUAL]).all(axis=1)
    touching = same & np.isclose(ordered["end_s"], following["start_s"])
    pairs = ordered[INDIVIDUAL].assign(source=ordered["behavior"], target=following["behavior"])
    counts = pairs[touching].groupby([*INDIVIDUAL, "source", "target"]).size()
    return counts.rename("n_transitions").reset_index()
