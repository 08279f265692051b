"""Where a rig stands, and where in their images its cameras saw boards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle
from pydantic import Field

from mousegpt.core.calibration import Calibration
from mousegpt.plots.style import (
    ALERT,
    FAINT,
    INK,
    PAGE_IN,
    draw_scale_bar,
    make_axes,
    publication_style,
    require_columns,
)

_PANELS_PER_ROW: Final = 4
_GAP: Final = 0.08  # between panels, of their width
_SPREAD: Final = 20.0  # of the colours, from the median up; down its root
_TICKS_PX: Final = [digit * 10.0**power for power in range(-4, 4) for digit in (1, 3)]


@publication_style()
def plot_coverage(
    points: pd.DataFrame,
    sizes: Mapping[str, tuple[int, int]],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw for each camera where in its image boards were seen, coloured by the error.

    Parameters
    ----------
    points
        ``view u v du dv``, as of `mousegpt.geometry.rigging.RigFit`. The worst are on top.
    sizes
        Width and height of each view's image; a panel each, in this order.
    """
    require_columns(points, "view", "u", "v", "du", "dv")
    n_rows = -(-len(sizes) // _PANELS_PER_ROW)
    n_columns = min(len(sizes), _PANELS_PER_ROW)
    tallest = max(height / width for width, height in sizes.values())
    panel_in = (PAGE_IN - 0.8) / n_columns
    ax = ax or make_axes(PAGE_IN, n_rows * panel_in * (tallest + 1.3 * _GAP))
    errors = np.hypot(points["du"].to_numpy(), points["dv"].to_numpy())
    middle = max(float(np.median(errors)), 1e-3) if len(errors) else 1.0
    least, most = middle / _SPREAD**0.5, middle * _SPREAD
    norm = LogNorm(least, most, clip=True)
    for i, (view, (width, height)) in enumerate(sizes.items()):
        left = (i % n_columns) * (1 + _GAP)
        top = (i // n_columns) * (tallest + 2 * _GAP)
        frame = Rectangle((left, top), 1, height / width, fill=False, edgecolor=FAINT, lw=0.5)
        ax.add_patch(frame)
        mine = points.assign(error=errors)[points["view"] == view].sort_values("error")
        dots = ax.scatter(
            left + mine["u"] / width,
            top + mine["v"] / width,
            c=mine["error"].clip(least),
            s=1.2,
            lw=0,
            cmap="viridis_r",
            norm=norm,
            rasterized=True,
        )
        text = f"{view}: {mine['error'].median():.2f} px" if len(mine) else f"{view}: nothing seen"
        ax.text(left, top - 0.02, text, va="bottom", fontsize=6.5)
    bar = ax.figure.colorbar(dots, ax=ax, label="Error (px)", shrink=0.7, aspect=25, pad=0.01)
    ticks = [tick for tick in _TICKS_PX if least <= tick <= most]
    bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    bar.ax.minorticks_off()
    ax.set_xlim(-0.01, n_columns * (1 + _GAP) - _GAP + 0.01)
    ax.set_ylim(n_rows * (tallest + 2 * _GAP) - 2 * _GAP + 0.01, -1.2 * _GAP)
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


@publication_style()
def plot_rig(
    calibration: Calibration,
    boards: pd.DataFrame | None = None,
    *,
    length: Annotated[float, Field(gt=0, le=1)] = 0.25,
    ax: Axes | None = None,
) -> Axes:
    """Draw the cameras from above with where they look, their heights, and the boards.

    Parameters
    ----------
    boards
        Middles of the boards, ``x y``, cm.
    length
        Of the lines of sight, in distances from the origin.
    """
    cameras = calibration.cameras.values()
    ax = ax or make_axes(PAGE_IN / 2, 0.39 * PAGE_IN)
    if boards is not None and len(boards):
        require_columns(boards, "x", "y")
        ax.plot(boards["x"], boards["y"], "s", color=FAINT, markersize=2, markeredgewidth=0)
    ax.plot(0, 0, "+", color=ALERT, markersize=7)
    reach = max(1.0, *(float(np.abs(camera.center[:2]).max()) for camera in cameras))
    for camera in cameras:
        x, y, z = camera.center
        along = camera.direction[:2] * length * np.linalg.norm(camera.center)
        ax.plot([x, x + along[0]], [y, y + along[1]], color=INK, lw=0.8)
        ax.plot(x, y, "o", color=INK, markersize=4)
        side = 1 if x >= 0 else -1
        ax.annotate(
            f"{camera.name} ({z:.0f} cm)",
            (x, y),
            (5 * side, 4),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
        )
    draw_scale_bar(ax, -reach, -1.25 * reach, reach / 2, "cm")
    ax.set_xlim(-1.7 * reach, 1.7 * reach)
    ax.set_ylim(-1.4 * reach, 1.25 * reach)
    ax.set_aspect("equal")
    ax.axis("off")
    return ax
