"""The tail: a chain dragged over the floor behind its base, that bends along walls."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from mousegpt.core.arrays import FloatArray
from mousegpt.synthetic.anatomy import N_TAIL, TAIL, Body
from mousegpt.synthetic.arena import SyntheticArena, measure_wall_distance
from mousegpt.synthetic.enclosure import Enclosure
from mousegpt.synthetic.path import wrap

STEP_S: Final = 0.05
GAP: Final = 0.35  # between tail and wall, cm
#: how much each bone keeps the direction of the one before it in one step: stiff at its base
STIFF: Final = (0.8, 0.5, 0.36, 0.28, 0.22, 0.18, 0.15, 0.13)
PUSHED: Final = tuple(0.5 + 0.5 * stiff for stiff in STIFF)  # backwards: it does not fold
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
    length = TAIL * body.size * body.tail
    headings = np.array(_drag(path.tolist(), arena, length))
    headings = np.unwrap(headings, axis=0)
    headings += 2 * np.pi * np.round((path[:1, 2:] + np.pi - headings[:1]) / (2 * np.pi))
    smooth = gaussian_filter1d(headings, SMOOTH_S / STEP_S, axis=0, mode="nearest")
    return _bend_inside(CubicSpline(grid, smooth)(times), base, arena, length)


def _bend_inside(
    headings: FloatArray, base: FloatArray, arena: SyntheticArena, length: float
) -> FloatArray:
    """Bend the tail along the wall where it pokes through, as little as needed."""
    bones = np.stack([np.cos(headings), np.sin(headings)], axis=-1)
    joints = base[:, None] + length * np.cumsum(bones, axis=1)
    walls, bent = Enclosure(arena), headings.copy()
    for i in np.flatnonzero(measure_wall_distance(arena, joints).min(axis=1) < 0.8 * GAP).tolist():
        x, y = base[i].tolist()
        turned = 0.0
        for j, heading in enumerate(headings[i].tolist()):
            wanted = heading + turned
            ux, uy = _slide(walls, x, y, math.cos(wanted), math.sin(wanted), length)
            turned += wrap(math.atan2(uy, ux) - wanted)
            bent[i, j] = heading + turned
            x, y = x + length * ux, y + length * uy
    return bent


def _drag(path: list[list[float]], arena: SyntheticArena, length: float) -> list[list[float]]:
    walls = Enclosure(arena)
    last_x, last_y, yaw = path[0]
    behind = [-(i + 1) * length for i in range(N_TAIL)]
    nodes = [(last_x + far * math.cos(yaw), last_y + far * math.sin(yaw)) for far in behind]
    rows = []
    for x, y, yaw in path:
        ux, uy = -math.cos(yaw), -math.sin(yaw)
        pushed = (x - last_x) * ux + (y - last_y) * uy > 0.02
        last_x, last_y = x, y
        near_wall = walls.measure_distance(x, y) < GAP + N_TAIL * length
        row = []
        for i, stiff in enumerate(PUSHED if pushed else STIFF):
            dx, dy = nodes[i][0] - x, nodes[i][1] - y
            share = (1 - stiff) / (math.hypot(dx, dy) or 1.0)
            dx, dy = share * dx + stiff * ux, share * dy + stiff * uy
            far = math.hypot(dx, dy) or 1.0
            ux, uy = dx / far, dy / far
            if near_wall:
                ux, uy = _slide(walls, x, y, ux, uy, length)
            x, y = x + length * ux, y + length * uy
            nodes[i] = (x, y)
            row.append(math.atan2(uy, ux))
        rows.append(row)
    return rows


def _slide(
    walls: Enclosure, x: float, y: float, ux: float, uy: float, length: float
) -> tuple[float, float]:
    """Turn a bone of the tail, a unit vector from (x, y), just so far that it ends inside."""
    px, py = x + length * ux, y + length * uy
    if walls.measure_distance(px, py) >= GAP:
        return ux, uy
    qx, qy = walls.push_inside(px, py, GAP)
    side = math.copysign(1.0, ux * (qy - y) - uy * (qx - x))
    outside, inside = 0.0, math.pi
    for _ in range(9):
        angle = (outside + inside) / 2
        cos, sin = math.cos(angle), side * math.sin(angle)
        turned_x, turned_y = cos * ux - sin * uy, sin * ux + cos * uy
        if walls.measure_distance(x + length * turned_x, y + length * turned_y) >= GAP:
            inside = angle
        else:
            outside = angle
    cos, sin = math.cos(inside), side * math.sin(inside)
    return cos * ux - sin * uy, sin * ux + cos * uy
