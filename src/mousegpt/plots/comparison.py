"""Describers side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    UNASSIGNED_COLOR,
    Look,
    add_legend,
    make_axes,
    publication_style,
    require_columns,
    write_heading,
)

_SPREAD: Final = 0.62  # of the distance between two rows, for the describers
_HEADING: Final = 1.25  # rows that a heading takes
#: heading -> how the names of the metrics under it begin
_BLOCKS: Final[Mapping[str, str | tuple[str, ...]]] = {
    "Attributes told rightly": "right ",
    "Claims contradicted (less is better)": "hallucination",
    "Descriptions": ("usable", "correct"),
}
_LABELS: Final = {
    "right moving": "moving or still",
    "right behavior": "behaviour",
    "right forepaws": "fore paws",
    "right hindpaws": "hind paws",
    "hallucination": "hallucination rate",
    "usable": "readable",
    "correct": "without contradiction",
}


@publication_style()
def plot_comparison(
    scores: pd.DataFrame, *, baseline: str = "blind", ax: Axes | None = None
) -> Axes:
    """Draw every metric that is a share, a mark a describer, with its interval over animals.

    Parameters
    ----------
    scores
        ``model metric value low high``, as of ``compare_describers``. A metric that is not known
        has no mark, one of fewer than two animals no interval.
    baseline
        The describer that is drawn in grey.

    Notes
    -----
    Source: Fig. 2c (correctness by model).
    """
    require_columns(scores, "model", "metric", "value", "low", "high")
    places, headings = _place_rows(dict.fromkeys(scores["metric"]))
    looks = _choose_looks(dict.fromkeys(scores["model"]), baseline)
    height = 0.7 + (max(places.values()) + 0.5) * max(0.15, 0.06 * len(looks))
    ax = ax or make_axes(COLUMN_IN, height)
    rows = np.array([*places.values()])
    for row in rows:
        ax.axhline(row, color=UNASSIGNED_COLOR, linewidth=0.4, zorder=0)
    shifts = _SPREAD * ((np.arange(len(looks)) + 0.5) / len(looks) - 0.5)
    for (model, look), shift in zip(looks.items(), shifts, strict=True):
        shown = scores[scores["model"] == model].set_index("metric").reindex([*places])
        low, high, value = (shown[name].to_numpy(float) for name in ("low", "high", "value"))
        ax.hlines(rows + shift, low, high, color=look.color, linewidth=0.8)
        ax.plot(value, rows + shift, look.marker, color=look.color, ms=3, ls="", clip_on=False)
    for heading, place in headings.items():
        write_heading(ax, heading, place)
    _frame(ax, places)
    add_legend(ax, looks, kind="marker", above=True)
    return ax


def _place_rows(metrics: Iterable[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Return the heights of the metrics that are shown, and of the headings above them."""
    places: dict[str, float] = {}
    headings: dict[str, float] = {}
    at = 0.0
    for heading, start in _BLOCKS.items():
        block = [metric for metric in metrics if metric.startswith(start)]
        if block:
            headings[heading] = at
            places |= {metric: at + 1 + i for i, metric in enumerate(block)}
            at += len(block) + _HEADING
    return places, headings


def _choose_looks(models: Iterable[str], baseline: str) -> dict[str, Look]:
    known = [name for name in models if name != baseline]
    looks = {
        name: Look(BEHAVIOR_COLORS[i % len(BEHAVIOR_COLORS)], MARKERS[i % len(MARKERS)])
        for i, name in enumerate(known)
    }
    return looks | ({baseline: Look(FAINT, "d")} if baseline in models else {})


def _frame(ax: Axes, places: Mapping[str, float]) -> None:
    short = [name.removeprefix("right ").replace("correct ", "… in ") for name in places]
    names = [_LABELS.get(*pair) for pair in zip(places, short, strict=True)]
    ax.set_yticks([*places.values()], names)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(max(places.values()) + 0.6, -0.6)
    ax.set_xlim(-0.02, 1.02)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set_xlabel("Share, with 95 % interval over animals")
