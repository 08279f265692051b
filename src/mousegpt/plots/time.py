"""Behaviour over time: a row per animal, a row per posture, a lane per behaviour."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Annotated, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.plots.style import (
    FAINT,
    PAGE_IN,
    Look,
    add_legend,
    choose_group_looks,
    choose_looks,
    clip_name,
    make_axes,
    publication_style,
    require_columns,
    select_looks,
    thin_ticks,
    write_heading,
)
from mousegpt.stats.proportions import INDIVIDUAL, name_unassigned

Span = tuple[float, float, str]  # start and stop in seconds, colour
Blocks = Mapping[str, Mapping[str, list[Span]]]  # heading -> row label -> spans

PART_COLORS = {"head": "#0072B2", "limb": "#009E73", "torso": "#D55E00"}

_ROW_IN = 0.15
_BAR_HEIGHT = 0.84
_LANE_HEIGHT = 0.75
_MANY_BARS = 3000


@publication_style()
def plot_ethogram(
    behaviors: pd.DataFrame, *, looks: Mapping[str, Look] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the behaviour of every animal along time, one row each, in blocks by group.

    Parameters
    ----------
    behaviors
        Columns ``recording, individual, time_s, behavior`` (NA = unassigned) and ``group``.
    looks
        From ``choose_looks`` for the whole study; made from the table when None.

    Notes
    -----
    Source: Fig. 4b. Time that was not described (a gap longer than 1.5 sampling steps) stays
    white; unassigned time is light grey.
    """
    require_columns(behaviors, *INDIVIDUAL, "time_s", "behavior", "group")
    looks = looks or choose_looks(behaviors["behavior"])
    several = behaviors.groupby("recording")["individual"].nunique().max() > 1
    blocks: dict[str, dict[str, list[Span]]] = defaultdict(dict)
    for key, table in behaviors.groupby(["group", *INDIVIDUAL], sort=False):
        group, recording, individual = cast("tuple[str, str, str]", key)
        label = f"{recording} · {individual}" if several else recording
        runs = _find_runs(table["time_s"], name_unassigned(table["behavior"]))
        blocks[group][label] = [(a, b, looks[str(name)].color) for a, b, name in runs]
    n_rows = sum(len(rows) + 1 for rows in blocks.values())
    shown = select_looks(looks, name_unassigned(behaviors["behavior"]))
    ax = ax or make_axes(PAGE_IN, 0.6 + _ROW_IN * n_rows, legend=shown)
    _draw_blocks(ax, blocks)
    add_legend(ax, {name: Look(look.color) for name, look in shown.items()})
    return ax


@publication_style()
def plot_fine_postures(fine_postures: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the postures of one animal along time, one row per key of head, limbs and torso.

    Parameters
    ----------
    fine_postures
        Rows of one animal: ``recording, individual, time_s`` and the lists ``head, limb, torso``.

    Raises
    ------
    DataError
        When the table holds several animals.

    Notes
    -----
    Source: Extended Data Fig. 7. Keys stand in the order of their share of frames, which follows
    the name; several keys may hold at once, so that shares can add up to more than 100 %.
    """
    require_columns(fine_postures, *INDIVIDUAL, "time_s", *PART_COLORS)
    n_animals = len(fine_postures[INDIVIDUAL].drop_duplicates())
    if n_animals > 1:
        raise DataError(f"Expected the postures of one animal, found {n_animals}; select one.")
    blocks: dict[str, dict[str, list[Span]]] = {}
    for part, color in PART_COLORS.items():
        blocks[part] = {}
        for key, count in _rank_keys(fine_postures[part]):
            present = fine_postures[part].map(lambda keys, key=key: key in keys)
            runs = _find_runs(fine_postures["time_s"], present)
            label = f"{key}  {count / len(fine_postures):.0%}"
            blocks[part][label] = [(start, stop, color) for start, stop, holds in runs if holds]
    n_rows = sum(len(rows) + 1 for rows in blocks.values())
    ax = ax or make_axes(PAGE_IN, 0.5 + _ROW_IN * n_rows)
    _draw_blocks(ax, blocks)
    return ax


@publication_style()
def plot_occurrence(
    occurrence: pd.DataFrame,
    *,
    n_smoothed: Annotated[int, Field(ge=1)] = 5,
    group_looks: Mapping[str, Look] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of each behaviour along time: a lane per behaviour, a line per group.

    Parameters
    ----------
    occurrence
        As of ``compute_occurrence``, joined with ``group``.
    n_smoothed
        Windows in the centred moving average of the solid line.
    group_looks
        From ``choose_group_looks`` for the whole study; made from the table when None.

    Notes
    -----
    Source: Fig. 4c. The dashed line is the mean of the group's recordings in each window. Every
    lane has its own scale, from 0 to the tick above.
    """
    require_columns(occurrence, "group", "window_start_s", "behavior", "share")
    means = occurrence.groupby(["behavior", "group", "window_start_s"])["share"].mean()
    lanes = list(select_looks(choose_looks(occurrence["behavior"]), occurrence["behavior"]))
    tops = {name: _round_up(float(means[name].max())) for name in lanes}
    looks = group_looks or choose_group_looks(occurrence["group"])
    ax = ax or make_axes(PAGE_IN, 0.5 + 0.5 * len(lanes))
    starts = occurrence["window_start_s"]
    steps = np.diff(np.unique(starts))
    half_window = float(steps.min()) / 2 if steps.size else 0.0
    divisor, label = choose_time_unit(starts)
    for base, name in zip(reversed(range(len(lanes))), lanes, strict=True):
        for group, mean in means[name].groupby(level="group"):
            line = mean.droplevel("group")
            time = (line.index + half_window) / divisor
            scaled = base + _LANE_HEIGHT * line / tops[name]
            smooth = scaled.rolling(n_smoothed, center=True, min_periods=1).mean()
            ax.plot(time, scaled, "--", color=looks[group].color, lw=0.4, alpha=0.6)
            ax.plot(time, smooth, color=looks[group].color, lw=1.1)
    _scale_lanes(ax, tops)
    ax.set(xlabel=label, ylabel="Share of time")
    ax.set_xlim(0, (starts.max() + 2 * half_window) / divisor)
    thin_ticks(ax)
    _add_line_legend(ax, looks)
    return ax


def _scale_lanes(ax: Axes, tops: Mapping[str, float]) -> None:
    ticks: dict[float, str] = {}
    for base, (name, top) in zip(reversed(range(len(tops))), tops.items(), strict=True):
        ticks |= {base: "0", base + _LANE_HEIGHT: f"{top:.0%}"}
        ax.axhline(base, color=FAINT, linewidth=0.3, zorder=0)
        write_heading(ax, name, base + 0.98, va="top")
    ax.set_yticks(list(ticks), list(ticks.values()))
    ax.set_ylim(-0.05, len(tops))


def _add_line_legend(ax: Axes, looks: Mapping[str, Look]) -> None:
    lines = [
        Line2D([], [], color=look.color, label=clip_name(name)) for name, look in looks.items()
    ]
    lines += [
        Line2D([], [], color=FAINT, linestyle="--", lw=0.6, label="mean per window"),
        Line2D([], [], color=FAINT, label="smoothed"),
    ]
    ax.legend(handles=lines, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0)


def _draw_blocks(ax: Axes, blocks: Blocks) -> None:
    """Draw headings and rows from the top down; spans of one colour become one collection."""
    spans = [span for rows in blocks.values() for spans in rows.values() for span in spans]
    divisor, label = choose_time_unit(
        pd.Series([time for start, stop, _ in spans for time in (start, stop)])
    )
    bars: dict[str, list[FloatArray]] = defaultdict(list)
    ticks, y = {}, 0
    for heading, rows in blocks.items():
        write_heading(ax, heading, y)
        for name, row in rows.items():
            y += 1
            ticks[y] = clip_name(name)
            for start, stop, color in row:
                bars[color].append(_make_bar(start / divisor, stop / divisor, y))
        y += 1
    many = len(spans) > _MANY_BARS
    for color, corners in bars.items():
        ax.add_collection(
            PolyCollection(
                corners, facecolor=color, linewidth=0, antialiased=False, rasterized=many
            )
        )
    ax.set_yticks(list(ticks), list(ticks.values()))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set(xlabel=label, ylim=(y - 0.4, -0.6))
    ax.autoscale(axis="x", tight=True)
    thin_ticks(ax)


def _make_bar(start: float, stop: float, y: float) -> FloatArray:
    top, bottom = y - _BAR_HEIGHT / 2, y + _BAR_HEIGHT / 2
    return np.array([(start, top), (stop, top), (stop, bottom), (start, bottom)])


def _find_runs(time_s: pd.Series, labels: pd.Series) -> list[tuple[float, float, object]]:
    """Join equal neighbours; a sample lasts until the next one, at most 1.5 sampling steps."""
    order = np.argsort(time_s.to_numpy(), kind="stable")
    time, names = time_s.to_numpy()[order], labels.to_numpy()[order]
    step = float(np.median(np.diff(time))) if len(time) > 1 else 1.0
    gap = np.diff(time) > 1.5 * step
    first = np.flatnonzero(np.r_[True, gap | (names[1:] != names[:-1])])
    last = np.r_[first[1:], len(time)] - 1
    following = np.r_[time[1:], np.inf][last]
    stop = np.where(following - time[last] > 1.5 * step, time[last] + step, following)
    return list(zip(time[first].tolist(), stop.tolist(), names[first].tolist(), strict=True))


def _rank_keys(lists: pd.Series) -> list[tuple[str, int]]:
    counts = Counter(key for keys in lists for key in dict.fromkeys(keys))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _round_up(share: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 40, 60, 80, 100 %."""
    steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
    return next((step for step in steps if share <= step), 1.0)


def choose_time_unit(time_s: pd.Series) -> tuple[float, str]:
    """Return the divisor of seconds and the label of the axis."""
    minutes = time_s.max() - time_s.min() > 180
    return (60.0, "Time (min)") if minutes else (1.0, "Time (s)")
