"""The share of each behaviour as time goes on."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.tables import BEHAVIOR_TABLE, validate_table
from mousegpt.stats.proportions import INDIVIDUAL, count_shares, name_unassigned


def compute_occurrence(
    behaviors: pd.DataFrame, *, window_s: Annotated[float, Field(gt=0)] = 20.0
) -> pd.DataFrame:
    """Compute the share of each behaviour in successive windows.

    Parameters
    ----------
    behaviors
        BEHAVIOR_TABLE.
    window_s
        Length of a window; the first starts at time zero.

    Returns
    -------
    pandas.DataFrame
        ``recording``, ``individual``, ``window_start_s``, ``behavior``, ``n_frames``, ``share``:
        every behaviour in every window that has frames, with zeros, "unassigned" included; the
        shares of a window add up to one.

    Notes
    -----
    Source: Fig. 4c (windows of 20 s).
    """
    table = validate_table(behaviors, BEHAVIOR_TABLE)
    # Times are sums of binary fractions: 59.999999999 s is the sample at 60 s.
    window = np.floor(table["time_s"] / window_s + 1e-9)
    table = table.assign(
        window_start_s=window * window_s, behavior=name_unassigned(table["behavior"])
    )
    return count_shares(table, [*INDIVIDUAL, "window_start_s"])
