"""How every figure looks: sizes, fonts, and the colours of behaviours and groups.

Made for a column of 89 mm or a page of 183 mm: text of 6 to 7 pt, hair lines, no frame. Figures
are plain ``Figure`` objects; nothing of pyplot's global state is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import fill
from typing import Final, Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from mousegpt.core.errors import DataError
from mousegpt.stats.proportions import UNASSIGNED

COLUMN_IN: Final = 3.5
PAGE_IN: Final = 7.2

UNASSIGNED_COLOR: Final = "#D9D9D9"
INK: Final = "#333333"
FAINT: Final = "#999999"
ALERT: Final = "#D55E00"

#: Okabe and Ito's seven colours, then seven more that stay at least as far apart (CIELAB) as
#: those, for normal sight and for the three kinds of colour blindness alike.
BEHAVIOR_COLORS: Final = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442",
    "#3C2D00", "#9687FF", "#69003C", "#A5F078", "#0F1E87", "#A5A55A", "#A54B3C",
)  # fmt: skip
GROUP_COLORS: Final = ("#222222", "#AA3377", "#228833", "#4477AA", "#CCBB44", "#EE6677", "#66CCEE")
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*", "d", "8")
HATCHES: Final = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "||||", "++++")

_STYLE: Final[dict[str, object]] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Arial", "Helvetica", "Liberation Sans", "DejaVu Sans"],
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "legend.handlelength": 1.1,
    "legend.handleheight": 0.9,
    "legend.labelspacing": 0.35,
    "axes.linewidth": 0.5,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.0,
    "hatch.linewidth": 0.4,
    "figure.facecolor": "white",
    "text.parse_math": False,  # a "$" in the name of a mouse is a "$"
}


@dataclass(frozen=True)
class Look:
    """How a category is drawn; marker and hatch repeat what the colour says when many."""

    color: str
    marker: str = "o"
    hatch: str = ""


@contextmanager
def publication_style() -> Iterator[None]:
    """Hold matplotlib's settings for a figure of a paper; also usable as a decorator."""
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        yield


@publication_style()
def make_axes(width_in: float, height_in: float, *, legend: Iterable[str] = ()) -> Axes:
    """Return the only axes of a new figure, high enough for a legend of these names."""
    n_lines = sum(wrap_name(name).count("\n") + 1 for name in legend)
    height_in = max(height_in, 0.2 + 0.14 * n_lines)
    return Figure(figsize=(width_in, height_in), layout="constrained").add_subplot()


def choose_looks(names: Iterable[str | None]) -> dict[str, Look]:
    """Give each behaviour its look, by the alphabetical order of the names.

    Hand the looks of the whole study to every figure, so that a behaviour keeps its colour where
    others are absent. Beyond eight behaviours, markers and hatches differ too.

    Returns
    -------
    dict
        Sorted by name; ``"unassigned"`` is always there, last and light grey.

    Examples
    --------
    >>> [look.color for look in choose_looks(["walking", "grooming", None]).values()]
    ['#0072B2', '#E69F00', '#D9D9D9']
    """
    known = sorted({str(name) for name in names if not pd.isna(name)} - {UNASSIGNED})
    many = len(known) > 8
    looks = {
        name: Look(
            BEHAVIOR_COLORS[i % len(BEHAVIOR_COLORS)],
            MARKERS[i % len(MARKERS)] if many else "o",
            HATCHES[i % len(HATCHES)] if many else "",
        )
        for i, name in enumerate(known)
    }
    return looks | {UNASSIGNED: Look(UNASSIGNED_COLOR)}


def choose_group_looks(groups: Iterable[str]) -> dict[str, Look]:
    """Give each group its look, in the order of first appearance; the first is black.

    >>> choose_group_looks(["saline", "LSD", "saline"])["saline"].color
    '#222222'
    """
    names = list(dict.fromkeys(groups))
    return {
        name: Look(GROUP_COLORS[i % len(GROUP_COLORS)], MARKERS[i % len(MARKERS)])
        for i, name in enumerate(names)
    }


def require_columns(table: pd.DataFrame, *names: str) -> None:
    """Refuse a table that cannot be drawn.

    Raises
    ------
    DataError
        When columns are missing or there is no row.
    """
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise DataError(
            f"The figure needs the column(s) {', '.join(missing)}, but the table has "
            f"{', '.join(map(str, table.columns))}; join them before plotting."
        )
    if table.empty:
        raise DataError("The figure needs at least one row, but the table is empty.")


def add_legend(
    ax: Axes,
    looks: Mapping[str, Look],
    *,
    kind: Literal["patch", "marker"] = "patch",
    above: bool = False,
) -> None:
    """Put a legend to the right of the axes, or in two columns above them."""
    lines = {wrap_name(name): look for name, look in looks.items()}
    handles: list[Artist] = [
        Patch(facecolor=look.color, hatch=look.hatch, edgecolor="white", linewidth=0, label=name)
        if kind == "patch"
        else Line2D(
            [], [], color=look.color, marker=look.marker, markersize=4, linestyle="", label=name
        )
        for name, look in lines.items()
    ]
    if above:
        ax.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    else:
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0)


def clip_name(name: str, *, width: int = 32) -> str:
    """Cut a name that would leave no room for the figure.

    >>> clip_name("a very long name", width=8)
    'a very …'
    """
    return name if len(name) <= width else name[: width - 1] + "…"


def wrap_name(name: str, *, width: int = 22) -> str:
    """Break a long name into three lines at most."""
    return fill(clip_name(name, width=3 * width - 2), width)


def select_looks(looks: Mapping[str, Look], names: Iterable[str]) -> dict[str, Look]:
    """Return the looks of some names, in the order of the looks."""
    wanted = set(names)
    return {name: look for name, look in looks.items() if name in wanted}


def write_heading(ax: Axes, text: str, y: float, *, va: str = "center") -> None:
    """Write a bold line at the left edge of the axes, at the data height `y`."""
    where = ax.get_yaxis_transform()
    ax.text(0.003, y, clip_name(text, width=64), transform=where, fontweight="bold", va=va)


def thin_ticks(ax: Axes) -> None:
    """Let the time axis count in ones, twos and fives."""
    ax.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))


def draw_scale_bar(ax: Axes, left: float, bottom: float, reach: float, unit: str) -> None:
    """Draw a bar of the largest round length within `reach`, with its meaning below."""
    length = round_down(reach)
    text = f"{length:g} {unit}" + ("s" if unit == "body length" and length != 1 else "")
    ax.plot([left, left + length], [bottom, bottom], color=INK, lw=1.5, solid_capstyle="butt")
    place = (left + length / 2, bottom)
    ax.annotate(text, place, (0, -3), textcoords="offset points", ha="center", va="top")


def round_down(value: float) -> float:
    """Return the largest of …, 0.5, 1, 2, 5, 10, … that is not above a positive value.

    >>> round_down(12.5), round_down(0.9)
    (10.0, 0.5)
    """
    power = 10.0 ** np.floor(np.log10(value))
    return float(max(k * power for k in (1, 2, 5) if k * power <= value))
