"""Stick figures, for frames without a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.core.skeleton import BODY_GROUPS, BONES
from mousegpt.plots.style import (
    FAINT,
    INK,
    PAGE_IN,
    draw_scale_bar,
    make_axes,
    publication_style,
)

_LIMB_COLORS = {
    name: color
    for side, color in {"left": "#0072B2", "right": "#D55E00"}.items()
    for limb in ("forelimb", "hind limb")
    for name in BODY_GROUPS[f"{side} {limb}"]
}
_PLANES_3D = {"above": (0, 1), "side": (0, 2)}
_GAP = 0.14  # between figures, in widths of a figure


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
    Left limbs are blue, right limbs are red, the midline is grey. Unknown keypoints are left out.
    """
    names = [str(name) for name in poses["keypoint"].values]
    points = _pick_frames(poses, frames)
    solid = points.shape[-1] == 3
    if solid:
        points = np.stack([_turn_forward(pose, names) for pose in points])
    low, high = _bound(points, axis=1)
    points = points - (low + high) / 2 * np.array([1, 1, 0][: points.shape[-1]])
    low, high = (edge.ravel() for edge in _bound(points, axis=(0, 1)))
    width = max(high[0] - low[0], 1e-9)
    centers = (1 + _GAP) * width * np.arange(len(frames))
    planes = _PLANES_3D if solid else {"": (0, 1)}
    ax = ax or make_axes(min(PAGE_IN, 0.6 + 1.7 * len(frames)), 0.3 + 0.9 * len(planes))
    floor = 0.0
    for title, (across, up) in planes.items():
        floor -= high[up]
        for center, pose in zip(centers, points, strict=True):
            _draw_sticks(ax, pose[:, [across, up]] + [center, floor], names)
        if up == 2:
            ends = [low[0], centers[-1] + high[0]]
            ax.plot(ends, [floor, floor], color=FAINT, linewidth=0.5, zorder=0)
        height = floor + (low[up] + high[up]) / 2
        ax.text(low[0] - 0.1 * width, height, title, rotation=90, ha="center", va="center")
        floor += low[up] - _GAP * width
    for center, caption in zip(centers, captions or map("frame {}".format, frames), strict=True):
        ax.text(center, floor, caption, ha="center", va="top")
    draw_scale_bar(ax, centers[-1] + 0.55 * width, floor, width / 4, str(poses.attrs["unit"]))
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def _pick_frames(poses: Poses, frames: Sequence[int]) -> FloatArray:
    """Return points of shape (frame, keypoint, space)."""
    if poses.sizes["individual"] != 1:
        raise DataError(
            f"Stick figures show one individual, found {poses.sizes['individual']}; select one."
        )
    places = {int(frame): place for place, frame in enumerate(poses["frame"].values)}
    missing = [frame for frame in frames if frame not in places]
    if missing or not len(frames):
        raise DataError(f"Expected frames of the poses, found {missing or 'none'}; choose others.")
    ordered = poses["position"].isel(individual=0).transpose("time", "keypoint", "space")
    points: FloatArray = ordered.to_numpy()[[places[frame] for frame in frames]]
    return points


def _bound(points: FloatArray, axis: int | tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Return the lowest and highest known coordinates; 0 where nothing is known."""
    unknown = np.isnan(points)
    low = np.where(unknown, np.inf, points).min(axis=axis, keepdims=True)
    high = np.where(unknown, -np.inf, points).max(axis=axis, keepdims=True)
    known = np.isfinite(low)
    return np.where(known, low, 0.0), np.where(known, high, 0.0)


def _turn_forward(pose: FloatArray, names: list[str]) -> FloatArray:
    """Turn about the vertical so that the trunk points along +x; unturned when it is unknown."""
    trunk = pose[names.index("SpineF")] - pose[names.index("Hip")]
    length = np.hypot(trunk[0], trunk[1])
    if not length > 0:
        return pose
    cosine, sine = trunk[:2] / length
    turned: FloatArray = pose @ np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    return turned


def _draw_sticks(ax: Axes, pose: FloatArray, names: list[str]) -> None:
    for a, b in BONES:
        ends = pose[[names.index(a), names.index(b)]]
        color = _LIMB_COLORS.get(b, INK)
        ax.plot(ends[:, 0], ends[:, 1], color=color, linewidth=1.1, solid_capstyle="round")
    colors = [_LIMB_COLORS.get(name, INK) for name in names]
    ax.scatter(pose[:, 0], pose[:, 1], s=3, c=colors, linewidth=0, zorder=3)
