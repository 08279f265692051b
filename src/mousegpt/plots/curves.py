"""How a training went: losses, and scores where there are any, over its epochs."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.axes import Axes

from mousegpt.plots.style import (
    BEHAVIOR_COLORS,
    COLUMN_IN,
    INK,
    Look,
    add_legend,
    make_axes,
    publication_style,
    require_columns,
)

_LOSSES: Final = {"loss": "training", "validation_loss": "validation"}


@publication_style()
def plot_curves(log: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the losses of a training over its epochs, on a logarithmic scale.

    Parameters
    ----------
    log
        One row an epoch: ``epoch``, ``loss``, and ``validation_loss`` if it was measured.
    """
    require_columns(log, "epoch", "loss")
    ax = ax or make_axes(COLUMN_IN, 2.2)
    colors = (INK, BEHAVIOR_COLORS[5])
    looks = {}
    for (column, label), color in zip(_LOSSES.items(), colors, strict=True):
        if column in log:
            ax.plot(log["epoch"], log[column], color=color, marker="." if len(log) < 3 else "")
            looks[label] = Look(color)
    ax.set_yscale("log")
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Loss")
    add_legend(ax, looks)
    return ax
