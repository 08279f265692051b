"""The map of all descriptions: by behaviour, with pictures, and with what is rare."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from scipy.optimize import linear_sum_assignment

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.tables import KEY
from mousegpt.plots.style import (
    ALERT,
    COLUMN_IN,
    PAGE_IN,
    UNASSIGNED_COLOR,
    Look,
    add_legend,
    choose_looks,
    make_axes,
    publication_style,
    require_columns,
    select_looks,
    wrap_name,
)
from mousegpt.stats.proportions import name_unassigned

FrameKey = tuple[str, str, int]  # recording, individual, frame

_THUMBNAIL_PT = 54
_RING = 1.8  # radius of the ring of pictures, in radii of the map


@publication_style()
def plot_layout(
    layout: pd.DataFrame,
    *,
    thumbnails: Mapping[FrameKey, ImageArray] | None = None,
    looks: Mapping[str, Look] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the map of descriptions coloured by behaviour, with example frames around it.

    Parameters
    ----------
    layout
        Key columns, ``x``, ``y`` (NaN = not laid out) and ``behavior`` (NA = unassigned).
    thumbnails
        Pictures by key (recording, individual, frame): RGB, shape (height, width, 3). They stand
        on a ring around the map, each tied to its point and framed in its behaviour's colour.
    looks
        From ``choose_looks`` for the whole study; made from the table when None.

    Notes
    -----
    Source: Section 2.3, Extended Data Fig. 6.
    """
    require_columns(layout, *KEY, "x", "y", "behavior")
    looks = looks or choose_looks(layout["behavior"])
    known = layout.dropna(subset=["x", "y"])
    require_columns(known, "x")
    thumbnails = thumbnails or {}
    names = name_unassigned(known["behavior"])
    shown = select_looks(looks, names)
    size = (PAGE_IN, 4.6) if thumbnails else (COLUMN_IN * 1.25, 2.8)
    ax = ax or make_axes(*size, legend=shown)
    for name, look in reversed(list(shown.items())):  # grey goes below
        _scatter(ax, known.loc[names == name], look, len(known))
    indexed = known.assign(behavior=names).set_index(list(KEY))
    placed = {key: picture for key, picture in thumbnails.items() if key in indexed.index}
    rows = indexed.loc[list(placed)]
    targets = rows[["x", "y"]].to_numpy()
    spots = _spread_on_ring(targets, known[["x", "y"]].to_numpy())
    pins = zip(placed.values(), rows["behavior"], targets, spots, strict=True)
    for picture, name, target, spot in pins:
        _pin_picture(ax, picture, name, looks[name], target, spot)
    _finish(ax, 0.1 if placed else 0.03)
    add_legend(ax, shown, kind="marker")
    return ax


@publication_style()
def plot_novelty(layout: pd.DataFrame, novelty: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the novel frames on the map of descriptions, numbered from the rarest.

    Parameters
    ----------
    layout, novelty
        LAYOUT_TABLE and NOVELTY_TABLE of the same frames.

    Notes
    -----
    Source: Methods 4.4, "Novel Behavior Discovery".
    """
    require_columns(layout, *KEY, "x", "y")
    require_columns(novelty, *KEY, "score", "novel")
    joined = layout.merge(novelty[[*KEY, "score", "novel"]], on=list(KEY)).dropna(subset=["x", "y"])
    require_columns(joined, "x")
    ax = ax or make_axes(COLUMN_IN * 1.25, 2.8)
    novel = joined[joined["novel"]].sort_values("score", ascending=False, kind="stable")
    _scatter(ax, joined[~joined["novel"]], Look(UNASSIGNED_COLOR), len(joined))
    ax.scatter(novel["x"], novel["y"], s=14, facecolor="none", edgecolor=ALERT, linewidth=1.0)
    for rank, (x, y) in enumerate(novel[["x", "y"]].to_numpy(), start=1):
        ax.annotate(
            str(rank), (x, y), (4, 4), textcoords="offset points", color=ALERT, fontweight="bold"
        )
    _finish(ax, 0.03)
    legend = {f"novel ({len(novel)})": Look(ALERT), "all frames": Look(UNASSIGNED_COLOR)}
    add_legend(ax, legend, kind="marker")
    return ax


def _scatter(ax: Axes, table: pd.DataFrame, look: Look, n_total: int) -> None:
    ax.scatter(
        table["x"], table["y"], s=float(np.clip(2e4 / n_total, 1.2, 6)), c=look.color,
        marker=look.marker, linewidth=0, alpha=0.7, rasterized=True,
    )  # fmt: skip


def _spread_on_ring(targets: FloatArray, points: FloatArray) -> FloatArray:
    """Place pictures at equal angles around the map; shortest leader lines never cross."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle, radius = (low + high) / 2, (high - low) / 2 + 1e-9
    offset = (targets - middle) / radius
    angles = 2 * np.pi * np.arange(len(targets)) / max(len(targets), 1)
    shortest, spots = np.inf, targets
    for turn in np.linspace(0, angles[1] if len(angles) > 1 else 2 * np.pi, 24, endpoint=False):
        ring = _RING * np.column_stack([np.cos(angles + turn), np.sin(angles + turn)])
        lengths = np.linalg.norm(offset[:, None] - ring, axis=-1)
        rows, places = linear_sum_assignment(lengths)
        total = float(lengths[rows, places].sum())
        if total < shortest - 1e-9:
            shortest, spots = total, middle + ring[places] * radius
    return spots


def _pin_picture(
    ax: Axes, picture: ImageArray, name: str, look: Look, target: FloatArray, spot: FloatArray
) -> None:
    zoom = _THUMBNAIL_PT / max(picture.shape[:2])
    frame = {"edgecolor": look.color, "linewidth": 1.2}
    image = OffsetImage(picture, zoom=zoom, dpi_cor=True)
    ax.add_artist(AnnotationBbox(image, tuple(spot), pad=0.1, bboxprops=frame, zorder=4))
    ax.plot(*np.array([spot, target]).T, color=look.color, linewidth=0.7)
    ax.plot(*target, "o", color=look.color, markersize=3.5, markeredgecolor="white", mew=0.6)
    side = 1 if spot[1] >= target[1] else -1  # away from the leader line
    ax.annotate(
        wrap_name(name), tuple(spot), (0, side * (0.5 * zoom * picture.shape[0] + 4)),
        textcoords="offset points", ha="center", va="bottom" if side > 0 else "top", fontsize=6,
    )  # fmt: skip


def _finish(ax: Axes, margin: float) -> None:
    ax.set(xlabel="UMAP 1", ylabel="UMAP 2", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.margins(margin)
    ax.autoscale_view()
