"""Speeds of the body parts along time."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from pydantic import Field

from mousegpt.core.errors import DataError
from mousegpt.core.facts import SPEEDS
from mousegpt.plots.style import (
    FAINT,
    INK,
    PAGE_IN,
    make_axes,
    publication_style,
    require_columns,
    round_down,
    thin_ticks,
)
from mousegpt.plots.time import choose_time_unit
from mousegpt.stats.proportions import INDIVIDUAL

_COLORS = (INK, "#69003C", "#0072B2", "#D55E00", "#0072B2", "#D55E00")  # left blue, right red


@publication_style()
def plot_speeds(
    speeds: pd.DataFrame,
    *,
    length_unit: str = "cm",
    n_bins: Annotated[int, Field(ge=2)] = 3000,
    ax: Axes | None = None,
) -> Axes:
    """Draw the six speeds of one animal, one lane each, all on the same scale.

    Parameters
    ----------
    speeds
        SPEED_TABLE rows of one animal; forward is positive, NaN leaves a gap.
    length_unit
        Unit of length of the speeds.
    n_bins
        Longer recordings are drawn as the range and the mean of this many stretches of time, so
        that no peak is lost.

    Raises
    ------
    DataError
        When the table holds several animals.

    Notes
    -----
    Source: Methods 4.2, Eq. 4. A lane reaches from the lowest to the highest of all speeds.
    """
    require_columns(speeds, *INDIVIDUAL, "time_s", *SPEEDS)
    n_animals = len(speeds[INDIVIDUAL].drop_duplicates())
    if n_animals > 1:
        raise DataError(f"Expected the speeds of one animal, found {n_animals}; select one.")
    table = speeds.sort_values("time_s")
    bins = np.arange(len(table)) * min(n_bins, len(table)) // len(table)
    binned = table[list(SPEEDS)].groupby(bins)
    lows, means, highs = binned.min(), binned.mean(), binned.max()
    divisor, label = choose_time_unit(table["time_s"])
    time = table["time_s"].groupby(bins).mean() / divisor
    top = np.nanmax(highs.to_numpy(), initial=0.0)
    lane = 1.1 * max(top - np.nanmin(lows.to_numpy(), initial=0.0), 1e-9)
    ax = ax or make_axes(PAGE_IN, 0.5 + 0.5 * len(SPEEDS))
    step = round_down(lane / 2)
    ticks: dict[float, str] = {}
    for number, (name, color) in enumerate(zip(SPEEDS, _COLORS, strict=True)):
        zero = -number * lane
        ax.axhline(zero, color=FAINT, linewidth=0.3, zorder=0)
        ax.fill_between(time, zero + lows[name], zero + highs[name], color=color, alpha=0.3, lw=0)
        ax.plot(time, zero + means[name], color=color, linewidth=0.6)
        ticks |= {zero: "0", zero + step: f"{step:g}"}
        part = name.removeprefix("speed_").replace("_", " ")
        ax.text(1.01, zero, part, color=color, transform=ax.get_yaxis_transform(), va="center")
    ax.set_yticks(list(ticks), list(ticks.values()))
    ax.set(xlabel=label, ylabel=f"Speed ({length_unit}/s)")
    ax.margins(x=0, y=0.02)
    thin_ticks(ax)
    return ax
