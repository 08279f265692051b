"""Where the mouse is, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Patch, Rectangle
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.core.recording import Arena
from mousegpt.core.skeleton import BONES
from mousegpt.plots.style import (
    FAINT,
    INK,
    PAGE_IN,
    Look,
    add_legend,
    choose_looks,
    draw_scale_bar,
    make_axes,
    publication_style,
    require_columns,
)
from mousegpt.stats.proportions import UNASSIGNED, name_unassigned

_PANELS_PER_ROW = 4
_SIDE_COLORS = {"L": "#0072B2", "R": "#D55E00"}
_PLANES = {"from above": (0, 1), "from the side": (0, 2)}


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
        *(max(_size(arena)) / 2 for arena in arenas.values()), 0.0,
    )  # fmt: skip
    groups = list(dict.fromkeys(known["group"]))
    n_columns = min(len(groups), _PANELS_PER_ROW)
    n_rows = -(-len(groups) // n_columns)
    ax = ax or make_axes(PAGE_IN, 0.3 + 1.55 * n_rows * 4 / max(n_columns, 3))
    step = 2.2 * reach
    for number, group in enumerate(groups):
        table = known[known["group"] == group]
        origin = np.array([number % n_columns * step, -(number // n_columns) * step * 1.1])
        _draw_disc(ax, table, origin, n_points, looks)
        for arena in _unique_arenas(arenas, table["recording"]):
            ax.add_patch(_outline(arena, origin))
        ax.text(origin[0], origin[1] + 1.03 * reach, group, ha="center", va="bottom")
    low = -(n_rows - 1) * step * 1.1 - 1.08 * reach
    draw_scale_bar(ax, -reach, low, reach, str(units[0]))
    ax.set_aspect("equal")
    ax.axis("off")
    shown = set(name_unassigned(known["behavior"]))
    add_legend(ax, {name: look for name, look in looks.items() if name in shown}, kind="marker")
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
    ax.scatter(
        *(table[["x", "y"]].to_numpy()[chosen][order] + origin).T,
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
    line = {"fill": False, "edgecolor": INK, "linewidth": 0.6}
    if arena.shape == "circle":
        return Circle((float(origin[0]), float(origin[1])), width / 2, **line)
    corner = (float(origin[0]) - width / 2, float(origin[1]) - length / 2)
    return Rectangle(corner, width, length, **line)


@publication_style()
def plot_skeletons(
    poses: Poses,
    frames: Sequence[int],
    *,
    captions: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw stick figures of some frames: from above and, in 3-D, from the side.

    Parameters
    ----------
    poses
        Of one individual, with the 24 keypoints; z up and the floor at 0 when 3-D.
    frames
        Original frame indices, drawn from left to right.
    captions
        A line under each frame; the frame's index when there are none.

    Raises
    ------
    DataError
        When there are several individuals, or a frame is not in the poses.

    Notes
    -----
    3-D poses are turned so that the trunk points to the right; 2-D poses are drawn as they are.
    Left limbs are blue, right limbs are red, the midline is grey.
    """
    points = _pick_frames(poses, frames)
    planes = _PLANES if points.shape[-1] == 3 else {"": (0, 1)}
    if points.shape[-1] == 3:
        points = np.stack([_turn_forward(p, list(poses["keypoint"].values)) for p in points])
    middle = (np.nanmin(points, axis=1) + np.nanmax(points, axis=1)) / 2
    points = points - middle[:, None] * np.array([1, 1, 0][: points.shape[-1]])
    span = np.nanmax(points, axis=(0, 1)) - np.nanmin(points, axis=(0, 1))
    step = 1.15 * span[0]
    ax = ax or make_axes(min(PAGE_IN, 0.6 + 1.7 * len(frames)), 0.4 + 1.0 * len(planes))
    names = [str(name) for name in poses["keypoint"].values]
    base = 0.0
    for title, (across, up) in planes.items():
        low, high = float(np.nanmin(points[..., up])), float(np.nanmax(points[..., up]))
        base -= high
        for column, pose in enumerate(points):
            _draw_sticks(ax, pose[:, [across, up]] + [column * step, base], names)
        if up == 2:
            right = (len(frames) - 1) * step + span[0] / 2
            ax.plot([-span[0] / 2, right], [base, base], color=FAINT, linewidth=0.5, zorder=0)
        ax.text(-0.62 * step, base + (low + high) / 2, title, rotation=90, ha="center", va="center")
        base += low - 0.25 * span[0]
    for column, caption in enumerate(captions or [f"frame {frame}" for frame in frames]):
        ax.text(column * step, base, caption, ha="center", va="top")
    left = (len(frames) - 0.5) * step
    draw_scale_bar(ax, left, base, span[0] / 4, str(poses.attrs["unit"]))
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def _pick_frames(poses: Poses, frames: Sequence[int]) -> FloatArray:
    """Return points of shape (frame, keypoint, space)."""
    if poses.sizes["individual"] != 1:
        raise DataError(
            f"Stick figures show one individual, found {poses.sizes['individual']}; select one."
        )
    missing = [frame for frame in frames if frame not in poses["frame"].values]
    if missing or not frames:
        raise DataError(f"The poses hold no frame {missing or ''}; choose others.")
    places = [int(np.flatnonzero(poses["frame"].values == frame)[0]) for frame in frames]
    chosen = poses["position"].isel(individual=0).transpose("time", "keypoint", "space")
    return np.asarray(chosen.values[places])


def _turn_forward(pose: FloatArray, names: list[str]) -> FloatArray:
    """Turn about the vertical so that the trunk points along +x; unturned when it is unknown."""
    trunk = pose[names.index("SpineF")] - pose[names.index("Hip")]
    if np.isnan(trunk).any():
        return pose
    length = np.hypot(trunk[0], trunk[1]) or 1.0
    cosine, sine = trunk[0] / length, trunk[1] / length
    return pose @ np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def _draw_sticks(ax: Axes, pose: FloatArray, names: list[str]) -> None:
    for a, b in BONES:
        ends = pose[[names.index(a), names.index(b)]]
        color = _SIDE_COLORS.get(b[-1], INK)
        ax.plot(*ends.T, color=color, linewidth=1.1, solid_capstyle="round")
    colors = [_SIDE_COLORS.get(name[-1], INK) for name in names]
    ax.scatter(*pose.T, s=3, c=colors, linewidth=0, zorder=3)
