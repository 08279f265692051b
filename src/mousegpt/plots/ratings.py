"""How descriptions are rated, and whether ratings fall where the pose contradicts."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mousegpt.core.arrays import FloatArray
from mousegpt.plots.style import (
    BEHAVIOR_COLORS,
    COLUMN_IN,
    FAINT,
    UNASSIGNED_COLOR,
    Look,
    add_legend,
    make_axes,
    publication_style,
    require_columns,
)

_CRITERIA: Final = ("accuracy", "coherence", "relevance")
_LOOKS: Final = {"kept": Look(BEHAVIOR_COLORS[0]), "not kept": Look(UNASSIGNED_COLOR)}
_LANE_IN: Final = 0.34
_FULL: Final = 0.86  # of a lane, for the highest bar of all
_RATINGS: Final = np.arange(11)


@publication_style()
def plot_ratings(curated: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how often each rating from 0 to 10 was given, a lane for each criterion.

    Two more lanes show the accuracy of descriptions that the pose confirms and of those that it
    contradicts: the further apart they lie, the better judge and pose agree.

    Parameters
    ----------
    curated
        CURATION_TABLE. Ratings are drawn to the nearest full number; what is not rated is left out.
        The area of a lane is always the same, and the number of its descriptions stands beside it.
    """
    require_columns(curated, *_CRITERIA, "n_supported", "n_contradicted", "kept")
    lanes = _find_lanes(curated[curated["accuracy"].notna()])
    ax = ax or make_axes(COLUMN_IN, 0.5 + _LANE_IN * len(lanes), legend=_LOOKS)
    shares = {name: _count(rows, column) / max(len(rows), 1) for name, column, rows in lanes}
    highest = max((share.sum(axis=0).max() for share in shares.values()), default=0.0) or 1.0
    for place, (kept, dropped) in enumerate(shares.values()):
        base = np.full(len(_RATINGS), len(lanes) - 1.0 - place)
        for bars, look in ((kept, _LOOKS["kept"]), (dropped, _LOOKS["not kept"])):
            heights = bars / highest * _FULL
            ax.bar(_RATINGS, heights, width=0.85, bottom=base, color=look.color)
            base = base + heights
        ax.axhline(len(lanes) - 1.0 - place, color=FAINT, linewidth=0.3, zorder=0)
    labels = [f"{name}\n(n = {len(rows):,})" for name, _, rows in lanes]
    ax.set_yticks(np.arange(len(lanes))[::-1] + 0.4, labels, linespacing=0.95)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(-0.05, len(lanes))
    ax.set_xlim(-0.6, 10.6)
    ax.set_xticks(_RATINGS[::2])
    ax.set_xlabel("Rating")
    ax.spines["left"].set_visible(False)
    add_legend(ax, _LOOKS)
    return ax


def _find_lanes(rated: pd.DataFrame) -> list[tuple[str, str, pd.DataFrame]]:
    """Return the name of every lane, the column that it shows, and its rows."""
    lanes = [(name, name, rated) for name in _CRITERIA]
    wrong = rated["n_contradicted"] > 0
    right = ~wrong & (rated["n_supported"] > 0)
    for said, chosen in (("confirmed", rated[right]), ("contradicted", rated[wrong])):
        lanes.append((f"accuracy where {said}", "accuracy", chosen))
    return lanes


def _count(rows: pd.DataFrame, column: str) -> FloatArray:
    """Return how many rows have each rating, those kept and those not kept."""
    full = rows[column].to_numpy(float).round()
    kept = rows["kept"].to_numpy(bool)
    counts = [np.bincount(full[where].astype(int), minlength=11) for where in (kept, ~kept)]
    return np.array(counts, dtype=float)
