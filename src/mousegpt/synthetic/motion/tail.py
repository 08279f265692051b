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

STEP_S: Final = 0.04
GAP: Final = 0.35  # between tail and wall, cm
#: how much each bone keeps the direction of the one before it in one step: stiff at its base
STIFF: Final = (0.75, 0.3, 0.16, 0.1, 0.08, 0.06, 0.05, 0.05)
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


def _drag(
    path: list[list[float]], arena: SyntheticArena, length: float
) -> list[list[float]]:
    half_x, half_y = (arena.half - GAP).tolist()
    circle = arena.shape == "circle"
    x0, y0, yaw0 = path[0]
    nodes = [
        (x0 - (i + 1) * length * math.cos(yaw0), y0 - (i + 1) * length * math.sin(yaw0))
        for i in range(N_TAIL)
    ]
    rows = []
    for x, y, yaw in path:
        ux, uy = -math.cos(yaw), -math.sin(yaw)
        row = []
        for i, stiff in enumerate(STIFF):
            nx, ny = nodes[i]
            dx, dy = nx - x, ny - y
            far = math.hypot(dx, dy) or 1.0
            dx, dy = dx / far + stiff * (ux - dx / far), dy / far + stiff * (uy - dy / far)
            far = math.hypot(dx, dy) or 1.0
            px, py = x + length * dx / far, y + length * dy / far
            for _ in range(2):  # slide along the wall, keep the length
                if circle:
                    inward = min(1.0, half_x / (math.hypot(px, py) or 1.0))
                    qx, qy = px * inward, py * inward
                else:
                    qx = min(max(px, -half_x), half_x)
                    qy = min(max(py, -half_y), half_y)
                if qx == px and qy == py:
                    break
                dx, dy = qx - x, qy - y
                far = math.hypot(dx, dy) or 1.0
                px, py = x + length * dx / far, y + length * dy / far
            ux, uy = (px - x) / length, (py - y) / length
            nodes[i] = (px, py)
            x, y = px, py
            row.append(math.atan2(uy, ux))
        rows.append(row)
    return rows
