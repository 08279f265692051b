"""How often descriptions are contradicted by the pose, by kind of clause."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def plot_hallucination(rates: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Plot the share of contradicted among checkable claims, with its interval over animals.

    Parameters
    ----------
    rates
        As `description.factcheck.measure_hallucination` returns them, of one model; kinds of which
        nothing could be checked are left out.
    """
    shown = rates.dropna(subset="rate").iloc[::-1]
    if ax is None:
        ax = Figure(figsize=(6.4, 1.0 + 0.28 * len(shown)), layout="constrained").add_subplot()
    places = np.arange(len(shown))
    percent = 100 * shown[["rate", "low", "high"]].to_numpy(float)
    whole = (shown["kind"] == "all").to_numpy()
    known = np.isfinite(percent[:, 1])
    ax.hlines(places[known], percent[known, 1], percent[known, 2], color="0.6", linewidth=1.5)
    ax.scatter(percent[:, 0], places, c=np.where(whole, "#b2182b", "#2166ac"), s=28, zorder=3)
    labels = [
        f"{kind.replace('_', ' ')} ({n:,})"
        for kind, n in zip(shown["kind"], shown["n_checkable"], strict=True)
    ]
    ax.set_yticks(places, labels)
    ax.set_xlim(left=min(0.0, *ax.get_xlim()) if len(shown) else 0.0)
    ax.set_xlabel("contradicted, % of checkable claims")
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_ylim(-0.7, max(len(shown), 1) - 0.3)
    return ax
