"""How often descriptions are contradicted by the pose, by kind of clause."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mousegpt.plots.style import (
    ALERT,
    BEHAVIOR_COLORS,
    COLUMN_IN,
    FAINT,
    clip_name,
    make_axes,
    publication_style,
    require_columns,
)

_ROW_IN = 0.19


@publication_style()
def plot_hallucination(rates: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Plot the share of contradicted among checkable claims, with its interval over animals.

    Parameters
    ----------
    rates
        As `description.factcheck.measure_hallucination` returns them, of one model; kinds of which
        nothing could be checked are left out. The diamond is of all kinds together.
    """
    require_columns(rates, "kind", "n_checkable", "rate", "low", "high")
    shown = rates.dropna(subset="rate").iloc[::-1]
    ax = ax or make_axes(COLUMN_IN, 0.6 + _ROW_IN * len(shown))
    places = np.arange(len(shown))
    rate, low, high = (100 * shown[name].to_numpy(float) for name in ("rate", "low", "high"))
    whole = (shown["kind"] == "all").to_numpy()
    known = np.isfinite(low)
    ax.hlines(places[known], low[known], high[known], color=FAINT, linewidth=1.0)
    for chosen, marker, color in ((~whole, "o", BEHAVIOR_COLORS[0]), (whole, "D", ALERT)):
        ax.plot(rate[chosen], places[chosen], marker, color=color, markersize=4, linestyle="")
    labels = [
        f"{clip_name(kind.replace('_', ' '))} (n = {n:,})"
        for kind, n in zip(shown["kind"], shown["n_checkable"], strict=True)
    ]
    ax.set_yticks(places, labels)
    ax.set_ylim(-0.7, max(len(shown), 1) - 0.3)
    ax.set_xlim(left=min(0.0, ax.get_xlim()[0]))
    ax.set_xlabel("Contradicted, % of checkable claims")
    return ax
