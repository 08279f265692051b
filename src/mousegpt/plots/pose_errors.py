"""How far predicted keypoints lie from the true ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from mousegpt.core.skeleton import BODY_GROUPS
from mousegpt.plots.style import (
    BEHAVIOR_COLORS,
    COLUMN_IN,
    FAINT,
    INK,
    MARKERS,
    Look,
    add_legend,
    make_axes,
    publication_style,
    require_columns,
)

_SPREAD: Final = 0.7  # of the distance between two keypoints, for the views
_ALL: Final = "all"


@publication_style()
def plot_pose_errors(keypoints: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the error of each keypoint: median, middle half, and a tick at the 95 % quantile.

    Parameters
    ----------
    keypoints
        A row a view and keypoint, all in one unit, as of ``evaluate_poses``. A keypoint of which
        nothing was found has no mark.
    """
    require_columns(
        keypoints, "view", "unit", "keypoint", "error_q25", "error_median", "error_q75", "error_q95"
    )
    names = list(dict.fromkeys(keypoints["keypoint"]))
    looks = _choose_view_looks(list(dict.fromkeys(keypoints["view"])))
    height = 0.5 + len(names) * max(0.15, 0.05 * len(looks))
    ax = ax or make_axes(COLUMN_IN, height, legend=looks if len(looks) > 1 else ())
    shifts = _SPREAD * ((np.arange(len(looks)) + 0.5) / len(looks) - 0.5)
    for (view, look), shift in zip(looks.items(), shifts, strict=True):
        rows = keypoints[keypoints["view"] == view].set_index("keypoint").reindex(names)
        places = np.arange(len(names)) + shift
        low, middle, high, most = (
            rows[f"error_{name}"].to_numpy(float) for name in ("q25", "median", "q75", "q95")
        )
        ax.hlines(places, low, high, color=look.color, linewidth=1.5)
        ax.plot(middle, places, look.marker, color=look.color, markersize=3, linestyle="")
        ax.plot(most, places, "|", color=look.color, markersize=3, markeredgewidth=0.7)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(left=0)
    unit = keypoints["unit"].iloc[0]
    ax.set_xlabel(f"Error ({unit}): median, middle half, tick at 95 %")
    for edge in np.arange(len(names) - 1) + 0.5:
        ax.axhline(edge, color=FAINT, linewidth=0.2, zorder=0)
    if len(looks) > 1:
        add_legend(ax, looks, kind="marker")
    return ax


@publication_style()
def plot_pck(
    curves: pd.DataFrame, *, fractions: Sequence[float] = (0.05, 0.1), ax: Axes | None = None
) -> Axes:
    """Draw the share of keypoints that are nearer than a fraction of the body length.

    Of several views each has a line; of one view, each part of the body has, and the black line is
    the whole mouse.

    Parameters
    ----------
    curves
        ``view keypoint fraction pck``, as of ``evaluate_poses``.
    fractions
        Fractions that are marked by a thin line.

    Notes
    -----
    Source: Methods 4.2 (PCK). A line never reaches 100 % when keypoints were not found.
    """
    require_columns(curves, "view", "keypoint", "fraction", "pck")
    views = list(dict.fromkeys(curves["view"]))
    whole = curves[curves["keypoint"] == _ALL]
    if len(views) > 1:
        lines = {view: whole[whole["view"] == view] for view in views}
        looks = _choose_view_looks(views)
    else:
        lines = {_ALL: whole} | _average_parts(curves)
        looks = {
            name: Look(color) for name, color in zip(lines, (INK, *BEHAVIOR_COLORS), strict=False)
        }
    ax = ax or make_axes(COLUMN_IN, 2.2, legend=looks)
    for fraction in fractions:
        ax.axvline(fraction, color=FAINT, linewidth=0.4, zorder=0)
    for name, line in lines.items():
        width = 1.6 if name == _ALL else 0.9
        ax.plot(line["fraction"], line["pck"], color=looks[name].color, linewidth=width)
    ax.set(xlabel="Threshold (% of body length)", ylabel="Correct keypoints", ylim=(0, 1.01))
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=""))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.margins(x=0)
    add_legend(ax, looks)
    return ax


def _average_parts(curves: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the mean curve of the keypoints of each part of the body that is there."""
    parts = {}
    for part, members in BODY_GROUPS.items():
        rows = curves[curves["keypoint"].isin(members)]
        if rows["pck"].notna().any():
            parts[part] = rows.groupby("fraction")[["pck"]].mean().reset_index()
    return parts


def _choose_view_looks(views: Sequence[str]) -> dict[str, Look]:
    """Give each view a colour and a marker, in their order."""
    n_colors, n_markers = len(BEHAVIOR_COLORS), len(MARKERS)
    return {
        view: Look(BEHAVIOR_COLORS[i % n_colors], MARKERS[i % n_markers])
        for i, view in enumerate(views)
    }
