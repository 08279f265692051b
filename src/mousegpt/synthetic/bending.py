"""Axes of bones, and limbs of two bones that reach for a place (inverse kinematics)."""

from __future__ import annotations

import numpy as np

from mousegpt.core.arrays import FloatArray


def bend_limb(
    root: FloatArray,
    goal: FloatArray,
    upper: float,
    lower: float,
    pole: FloatArray,
    *,
    folds: float = 1.0,
    floor: float = -np.inf,
) -> tuple[FloatArray, FloatArray, tuple[FloatArray, FloatArray]]:
    """Bend a limb of two bones from ``root`` towards ``goal``; its joint points to ``pole``.

    Parameters
    ----------
    folds
        1 for a leg, whose joint points ahead, -1 for an arm, whose joint points behind: it keeps
        the bones' second axis on the left.
    floor
        Height below which the joint does not sink: it turns aside about the limb's axis.

    Returns
    -------
    joint, end, axes
        Places of shape (time, 3), and the axes of both bones. A goal out of reach is approached
        along the straight line to it.

    Examples
    --------
    >>> far, up = np.array([[9.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 1.0]])
    >>> joint, end, _ = bend_limb(np.zeros((1, 3)), far, 1.0, 1.0, up)
    >>> bool(np.allclose(end, [[2.0, 0.0, 0.0]], atol=0.01))
    True
    """
    line = goal - root
    distance = np.linalg.norm(line, axis=-1, keepdims=True)
    axis = line / np.maximum(distance, 1e-9)
    reach = np.clip(distance, abs(upper - lower) + 0.1 * upper, 0.998 * (upper + lower))
    along = (reach**2 + upper**2 - lower**2) / (2 * reach)
    away = pole - axis * np.sum(pole * axis, axis=-1, keepdims=True)
    away /= np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), 1e-9)
    middle, radius = root + along * axis, np.sqrt(np.maximum(upper**2 - along**2, 0))
    if np.isfinite(floor):
        away = _turn_up(axis, away, (floor - middle[:, 2:]) / np.maximum(radius, 1e-9))
    joint = middle + radius * away
    end = root + reach * axis
    left = -folds * np.cross(axis, away)
    return joint, end, (_align(joint - root, left), _align(end - joint, left))


def _turn_up(axis: FloatArray, away: FloatArray, rise: FloatArray) -> FloatArray:
    """Turn a unit vector about an axis, no further than needed for it to rise by ``rise``."""
    across = np.cross(axis, away)
    steepest = np.maximum(np.hypot(away[:, 2:], across[:, 2:]), 1e-9)
    uphill = np.arctan2(across[:, 2:], away[:, 2:])
    turn = np.maximum(np.abs(uphill) - np.arccos(np.clip(rise / steepest, -1, 1)), 0)
    turn = np.copysign(turn, uphill)
    return np.asarray(np.cos(turn) * away + np.sin(turn) * across)


def _align(along: FloatArray, left: FloatArray) -> FloatArray:
    forward = along / np.linalg.norm(along, axis=-1, keepdims=True)
    return np.stack([forward, left, np.cross(forward, left)], axis=-1)


def make_axes(yaw: FloatArray, pitch: FloatArray, roll: FloatArray | None = None) -> FloatArray:
    """Return axes (forward, left, up) as columns, shape (time, 3, 3).

    A positive pitch looks up, a positive roll raises the left side.

    Examples
    --------
    >>> make_axes(np.zeros(1), np.array([np.pi / 2]))[0].round(6)[:, 0] + 0.0
    array([0., 0., 1.])
    """
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    axes = np.empty((*cy.shape, 3, 3))
    axes[..., 0, 0], axes[..., 1, 0], axes[..., 2, 0] = cy * cp, sy * cp, sp
    left = np.stack([-sy, cy, np.zeros_like(cy)], axis=-1)
    up = np.stack([-cy * sp, -sy * sp, cp], axis=-1)
    if roll is None:
        axes[..., 1], axes[..., 2] = left, up
        return axes
    cr, sr = np.cos(roll)[..., None], np.sin(roll)[..., None]
    axes[..., 1], axes[..., 2] = cr * left + sr * up, cr * up - sr * left
    return axes
