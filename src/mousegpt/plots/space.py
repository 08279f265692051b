"""Where in the arena each behaviour happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Patch, Rectangle
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.core.recording import Arena
from mousegpt.plots.style import (
    INK,
    PAGE_IN,
    Look,
    add_legend,
    choose_looks,
    draw_scale_bar,
    make_axes,
    publication_style,
    require_columns,
    select_looks,
    wrap_name,
)
from mousegpt.stats.proportions import UNASSIGNED, name_unassigned

_PANELS_PER_ROW = 4
_LEAST_REACH = 1e-3  # of a mouse that never moved


@publication_style()
def plot_positions(
    posture: pd.DataFrame,
    *,
    arenas: Mapping[str, Arena] | None = None,
    n_points: Annotated[int, Field(ge=1)] = 5000,
    looks: Mapping[str, Look] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw where each behaviour happens, one disc per group.

    Parameters
    ----------
    posture
        Columns ``recording, x, y, length_unit`` of the posture table, joined with ``behavior``
        (NA = unassigned) and ``group``.
    arenas
        Arena of each recording, its centre in the coordinates of ``x`` and ``y``. Without a
        centre the origin is taken; recordings that are left out are centred on what they visited.
    n_points
        Points per group at most, evenly thinned in time; they are drawn in shuffled order, so
        that no behaviour hides another.
    looks
        From ``choose_looks`` for the whole study; made from the table when None.

    Raises
    ------
    DataError
        When the table mixes units of length.

    Notes
    -----
    Source: Fig. 4a. All groups share one scale, told by the bar.
    """
    require_columns(posture, "recording", "x", "y", "length_unit", "behavior", "group")
    units = list(dict.fromkeys(posture["length_unit"]))
    if len(units) > 1:
        raise DataError(
            f"Positions need one unit of length, found {' and '.join(map(str, units))}; "
            "plot the recordings of each unit by themselves."
        )
    arenas = arenas or {}
    looks = looks or choose_looks(posture["behavior"])
    known = posture.dropna(subset=["x", "y"])
    require_columns(known, "x")
    known = _center(known, arenas)
    reach = max(
        float(known[["x", "y"]].abs().to_numpy().max()),
        *(max(_size(arena)) / 2 for arena in arenas.values()), _LEAST_REACH,
    )  # fmt: skip
    groups = list(dict.fromkeys(known["group"]))
    n_columns = min(len(groups), _PANELS_PER_ROW)
    n_rows = -(-len(groups) // n_columns)
    shown = select_looks(looks, name_unassigned(known["behavior"]))
    height = 0.3 + 1.55 * n_rows * 4 / max(n_columns, 3)
    ax = ax or make_axes(PAGE_IN, height, legend=shown)
    step = 2.2 * reach
    for number, group in enumerate(groups):
        table = known[known["group"] == group]
        origin = np.array([number % n_columns * step, -(number // n_columns) * step * 1.1])
        _draw_disc(ax, table, origin, n_points, looks)
        for arena in _unique_arenas(arenas, table["recording"]):
            ax.add_patch(_outline(arena, origin))
        ax.text(origin[0], origin[1] + 1.03 * reach, wrap_name(group), ha="center", va="bottom")
    low = -(n_rows - 1) * step * 1.1 - 1.08 * reach
    draw_scale_bar(ax, -reach, low, reach, str(units[0]))
    ax.set_aspect("equal")
    ax.axis("off")
    add_legend(ax, {name: Look(look.color) for name, look in shown.items()}, kind="marker")
    return ax


def _center(table: pd.DataFrame, arenas: Mapping[str, Arena]) -> pd.DataFrame:
    centers = {}
    for recording, visited in table.groupby("recording", sort=False)[["x", "y"]]:
        middle = (visited.min() + visited.max()) / 2
        arena = arenas.get(str(recording))
        centers[recording] = (arena.center or (0.0, 0.0)) if arena else (middle["x"], middle["y"])
    center = np.array([centers[name] for name in table["recording"]])
    return table.assign(x=table["x"] - center[:, 0], y=table["y"] - center[:, 1])


def _draw_disc(
    ax: Axes, table: pd.DataFrame, origin: FloatArray, n_points: int, looks: Mapping[str, Look]
) -> None:
    chosen = np.unique(np.linspace(0, len(table) - 1, min(n_points, len(table))).astype(int))
    names = name_unassigned(table["behavior"]).to_numpy()[chosen]
    shuffled = np.random.default_rng(0).permutation(len(chosen))
    order = shuffled[np.argsort(names[shuffled] != UNASSIGNED, kind="stable")]  # grey goes below
    points = table[["x", "y"]].to_numpy()[chosen][order] + origin
    ax.scatter(
        points[:, 0],
        points[:, 1],
        c=[looks[name].color for name in names[order]],
        s=1.6, linewidth=0, alpha=0.8, rasterized=True,
    )  # fmt: skip


def _unique_arenas(arenas: Mapping[str, Arena], recordings: pd.Series[str]) -> list[Arena]:
    """Return the different shapes among the arenas of some recordings, without their centres."""
    own = [arenas[name] for name in dict.fromkeys(recordings) if name in arenas]
    return list({_size(a): a.model_copy(update={"center": None}) for a in own}.values())


def _size(arena: Arena) -> tuple[float, float]:
    return arena.width_cm, arena.length_cm or arena.width_cm


def _outline(arena: Arena, origin: FloatArray) -> Patch:
    width, length = _size(arena)
    x, y = float(origin[0]), float(origin[1])
    if arena.shape == "circle":
        return Circle((x, y), width / 2, fill=False, edgecolor=INK, linewidth=0.6)
    corner = (x - width / 2, y - length / 2)
    return Rectangle(corner, width, length, fill=False, edgecolor=INK, linewidth=0.6)
