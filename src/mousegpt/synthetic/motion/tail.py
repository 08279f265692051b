"""The tail: a chain dragged over the floor behind its base, that bends along walls."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from mousegpt.core.arrays import FloatArray
from mousegpt.synthetic.anatomy import N_TAIL, TAIL, Body
from mousegpt.synthetic.arena import SyntheticArena

STEP_S: Final = 0.05
GAP: Final = 0.35  # between tail and wall, cm
#: how much each bone keeps the direction of the one before it in one step: stiff at its base
STIFF: Final = (0.8, 0.5, 0.36, 0.28, 0.22, 0.18, 0.15, 0.13)
SMOOTH_S: Final = 0.06


def drag_tail(
    base: FloatArray, heading: FloatArray, arena: SyntheticArena, body: Body, *, fps: float
) -> FloatArray:
    """Drag the tail, shape (time, 8): the heading of each bone, radians without jumps.

    Parameters
    ----------
    base
        Tail base on the floor plane, cm, shape (time, 2).
    heading
        Of the rump, radians without jumps, shape (time,).
    """
    times = np.arange(len(base)) / fps
    grid = np.arange(0, times[-1] + 2 * STEP_S, STEP_S)
    path = np.stack([np.interp(grid, times, column) for column in (*base.T, heading)], axis=1)
    headings = np.array(_drag(path.tolist(), arena, TAIL * body.size * body.tail))
    headings = np.unwrap(headings, axis=0)
    headings += 2 * np.pi * np.round((path[:1, 2:] + np.pi - headings[:1]) / (2 * np.pi))
    smooth = gaussian_filter1d(headings, SMOOTH_S / STEP_S, axis=0, mode="nearest")
    return np.asarray(CubicSpline(grid, smooth)(times))


def _drag(path: list[list[float]], arena: SyntheticArena, length: float) -> list[list[float]]:
    x0, y0, yaw0 = path[0]
    behind = [-(i + 1) * length for i in range(N_TAIL)]
    nodes = [(x0 + far * math.cos(yaw0), y0 + far * math.sin(yaw0)) for far in behind]
    free = float(arena.half.min()) - GAP - N_TAIL * length
    rows = []
    for x, y, yaw in path:
        ux, uy = -math.cos(yaw), -math.sin(yaw)
        near_wall = math.hypot(x, y) > free
        row = []
        for i, stiff in enumerate(STIFF):
            dx, dy = nodes[i][0] - x, nodes[i][1] - y
            share = (1 - stiff) / (math.hypot(dx, dy) or 1.0)
            dx, dy = share * dx + stiff * ux, share * dy + stiff * uy
            far = math.hypot(dx, dy) or 1.0
            ux, uy = dx / far, dy / far
            if near_wall:
                ux, uy = _slide(arena, x, y, ux, uy, length)
            x, y = x + length * ux, y + length * uy
            nodes[i] = (x, y)
            row.append(math.atan2(uy, ux))
        rows.append(row)
    return rows


def _slide(
    arena: SyntheticArena, x: float, y: float, ux: float, uy: float, length: float
) -> tuple[float, float]:
    """Turn a bone of the tail, a unit vector from (x, y), so that it ends inside the wall."""
    half_x, half_y = arena.width_cm / 2 - GAP, arena.length_cm / 2 - GAP
    for _ in range(4):
        px, py = x + length * ux, y + length * uy
        if arena.shape == "circle":
            inward = half_x / max(math.hypot(px, py), half_x)
            qx, qy = px * inward, py * inward
        else:
            qx, qy = min(max(px, -half_x), half_x), min(max(py, -half_y), half_y)
        if qx == px and qy == py:
            break
        far = math.hypot(qx - x, qy - y) or 1.0
        ux, uy = (qx - x) / far, (qy - y) / far
    return ux, uy
