"""Describers side by side."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from mousegpt.plots.style import (
    BEHAVIOR_COLORS,
    COLUMN_IN,
    FAINT,
    MARKERS,
    Look,
    add_legend,
    make_axes,
    publication_style,
    require_columns,
)

_SPREAD: Final = 0.6  # of the distance between two metrics, for the describers
_NOT_SHARES: Final = ("words",)


@publication_style()
def plot_comparison(scores: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw every metric that is a share, a mark a describer, with its interval over animals.

    Parameters
    ----------
    scores
        ``model metric value low high``, as of ``compare_describers``. A metric that is not known
        has no mark, one of fewer than two animals no interval.

    Notes
    -----
    Source: Fig. 2c (correctness by model).
    """
    require_columns(scores, "model", "metric", "value", "low", "high")
    shown = scores[~scores["metric"].isin(_NOT_SHARES)]
    metrics = list(dict.fromkeys(shown["metric"]))
    models = list(dict.fromkeys(shown["model"]))
    looks = {
        name: Look(BEHAVIOR_COLORS[i % len(BEHAVIOR_COLORS)], MARKERS[i % len(MARKERS)])
        for i, name in enumerate(models)
    }
    height = 0.5 + len(metrics) * max(0.2, 0.1 * len(models))
    ax = ax or make_axes(COLUMN_IN, height, legend=looks)
    shifts = _SPREAD * ((np.arange(len(models)) + 0.5) / len(models) - 0.5)
    for (model, look), shift in zip(looks.items(), shifts, strict=True):
        rows = shown[shown["model"] == model].set_index("metric").reindex(metrics)
        places = np.arange(len(metrics)) + shift
        low, high, value = (rows[name].to_numpy(float) for name in ("low", "high", "value"))
        ax.hlines(places, low, high, color=look.color, linewidth=1.0)
        ax.plot(value, places, look.marker, color=look.color, markersize=3.5, linestyle="")
    ax.set_yticks(range(len(metrics)), metrics)
    ax.set_ylim(len(metrics) - 0.5, -0.5)
    ax.set_xlim(-0.02, 1.02)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set_xlabel("Share, with 95 % interval over animals")
    for edge in np.arange(len(metrics) - 1) + 0.5:
        ax.axhline(edge, color=FAINT, linewidth=0.2, zorder=0)
    add_legend(ax, looks, kind="marker")
    return ax
