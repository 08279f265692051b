"""Groups compared: shares of behaviours and of the postures within one behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.plots.style import (
    BEHAVIOR_COLORS,
    HATCHES,
    INK,
    PAGE_IN,
    UNASSIGNED_COLOR,
    Look,
    add_legend,
    choose_group_looks,
    choose_looks,
    clip_name,
    make_axes,
    publication_style,
    require_columns,
    select_looks,
    wrap_name,
    write_heading,
)
from mousegpt.stats.proportions import INDIVIDUAL

_SPREAD = 0.8  # of the distance between two behaviours
_MANY = 10  # behaviours; of more, the names stand upright
_OTHER = "other"


@publication_style()
def plot_proportions(
    proportions: pd.DataFrame,
    summary: pd.DataFrame,
    *,
    group_looks: Mapping[str, Look] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of each behaviour: every animal as a dot, mean and interval of each group.

    Parameters
    ----------
    proportions
        As of ``compute_proportions``, joined with ``group`` and ``subject``.
    summary
        As of ``summarize_groups``. A group of one animal has no interval.
    group_looks
        From ``choose_group_looks`` for the whole study; made from the table when None.

    Notes
    -----
    Source: Fig. 4d. Recordings of one animal in one group are averaged to one dot. Unassigned
    frames are shown as a behaviour of their own, the last.
    """
    require_columns(proportions, "group", "subject", "individual", "behavior", "share")
    require_columns(summary, "group", "behavior", "mean", "low", "high")
    looks = group_looks or choose_group_looks(proportions["group"])
    looks = select_looks(looks, proportions["group"])
    behaviors = proportions["behavior"]
    names = list(select_looks(choose_looks(behaviors), behaviors))
    ax = ax or make_axes(PAGE_IN, 2.4 if len(names) <= _MANY else 3.0)
    dots = proportions.groupby(["group", "behavior", "subject", "individual"])["share"].mean()
    intervals = summary.set_index(["group", "behavior"])[["mean", "low", "high"]]
    width = _SPREAD / len(looks)
    for number, (group, look) in enumerate(looks.items()):
        left = (number + 0.5) * width - _SPREAD / 2
        for x, name in enumerate(names):
            _draw_dots(ax, x + left, width, dots[group, name].to_numpy(), look)
            _draw_interval(ax, x + left, width, intervals.loc[[(group, name)]].iloc[0])
    for x in range(1, len(names)):
        ax.axvline(x - 0.5, color=UNASSIGNED_COLOR, linewidth=0.4, zorder=0)
    labels = [wrap_name(name, width=12) for name in names]
    if len(names) <= _MANY:
        ax.set_xticks(range(len(names)), labels)
    else:
        ax.set_xticks(range(len(names)), labels, rotation=90, linespacing=0.9)
    ax.tick_params(axis="x", length=0)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set(ylabel="Share of time", xlim=(-0.5, len(names) - 0.5))
    ax.set_ylim(0, min(ax.get_ylim()[1], 1.0))  # the interval of two animals may reach far beyond
    add_legend(ax, looks, kind="marker")
    return ax


def _draw_dots(ax: Axes, x: float, width: float, shares: FloatArray, look: Look) -> None:
    """Set the dots side by side, so that equal animals do not hide each other."""
    aside = np.linspace(-0.3, 0.3, len(shares)) * width if len(shares) > 1 else np.zeros(1)
    ax.plot(
        x + aside, shares, look.marker, color=look.color, markersize=2.6, alpha=0.55,
        markeredgewidth=0, clip_on=False,
    )  # fmt: skip


def _draw_interval(ax: Axes, x: float, width: float, row: pd.Series[float]) -> None:
    half = 0.38 * width
    ax.plot([x - half, x + half], [row["mean"]] * 2, color=INK, linewidth=1.2, zorder=3)
    ax.plot([x, x], [row["low"], row["high"]], color=INK, linewidth=0.7, zorder=3)


@publication_style()
def plot_postures(
    subtypes: pd.DataFrame,
    *,
    n_postures: Annotated[int, Field(ge=1)] = 6,
    ax: Axes | None = None,
) -> Axes:
    """Draw which postures make up a behaviour: stacked bars per group for head, limbs and torso.

    Parameters
    ----------
    subtypes
        As of ``compute_subtypes`` for one behaviour, joined with ``group``.
    n_postures
        Postures named per part, the most frequent ones; the others are "other".

    Notes
    -----
    Source: Fig. 4e. A frame may show several postures of a part; the bars show each posture's
    part of all that was seen, averaged over the recordings of the group, so that they fill 100 %.
    """
    require_columns(subtypes, *INDIVIDUAL, "group", "part", "posture", "share")
    groups = list(dict.fromkeys(subtypes["group"]))
    parts = [part for part in ("head", "limb", "torso") if part in set(subtypes["part"])]
    block = max(len(groups) + 1.2, 0.7 * (n_postures + 1) + 1)
    ax = ax or make_axes(PAGE_IN, 0.5 + 0.17 * block * len(parts))
    ticks: dict[float, str] = {}
    for number, part in enumerate(parts):
        top = number * block
        shares = _average_shares(subtypes[subtypes["part"] == part], n_postures)
        looks = _choose_posture_looks(list(shares.columns))
        write_heading(ax, part, top)
        for row, group in enumerate(groups, start=1):
            if group in shares.index:
                _stack_bar(ax, top + row, shares.loc[group], looks)
            ticks[top + row] = clip_name(str(group))
        _add_block_legend(ax, looks, top + 0.5)
    ax.set_yticks(list(ticks), list(ticks.values()))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set(xlim=(0, 1), ylim=(len(parts) * block - 0.3, -0.5), xlabel="Share of postures")
    return ax


def _average_shares(table: pd.DataFrame, n_postures: int) -> pd.DataFrame:
    """Return groups x postures, rows adding up to one; rare postures last, as "other"."""
    wide = table.pivot_table("share", ["group", *INDIVIDUAL], "posture", fill_value=0.0)
    wide = wide.div(wide.sum(axis=1), axis=0).groupby(level="group").mean()
    ranked = wide.mean().sort_values(ascending=False, kind="stable").index
    kept = wide[sorted(ranked[:n_postures])]
    return kept.assign(**{_OTHER: 1 - kept.sum(axis=1)}) if len(ranked) > n_postures else kept


def _choose_posture_looks(postures: list[str]) -> dict[str, Look]:
    named = [name for name in postures if name != _OTHER]
    looks = {
        name: Look(BEHAVIOR_COLORS[i % len(BEHAVIOR_COLORS)], hatch=HATCHES[i // 4 % len(HATCHES)])
        for i, name in enumerate(named)
    }
    return looks | ({_OTHER: Look(UNASSIGNED_COLOR)} if _OTHER in postures else {})


def _stack_bar(ax: Axes, y: float, shares: pd.Series[float], looks: Mapping[str, Look]) -> None:
    left = 0.0
    for name, share in shares.items():
        look = looks[str(name)]
        ax.barh(y, share, 0.75, left, color=look.color, hatch=look.hatch, edgecolor="white", lw=0.5)
        left += share


def _add_block_legend(ax: Axes, looks: Mapping[str, Look], y: float) -> None:
    handles = [
        Patch(facecolor=look.color, hatch=look.hatch, edgecolor="white", linewidth=0)
        for look in looks.values()
    ]
    names = [clip_name(name) for name in looks]
    legend = Legend(
        ax, handles, names, loc="upper left", bbox_to_anchor=(1.01, y),
        bbox_transform=ax.get_yaxis_transform(), borderaxespad=0,
    )  # fmt: skip
    ax.add_artist(legend)
    legend.set_clip_on(False)  # else the layout makes no room for it
