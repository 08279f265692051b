"""Keep the whole body inside the walls."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from mousegpt.core.arrays import FloatArray
from mousegpt.synthetic.arena import SyntheticArena, push_inside
from mousegpt.synthetic.body import Trunk

#: points of head and trunk, and how far from the wall they stay, cm: limbs bulge from their roots
GAPS: Final = {
    "Snout": 0.25, "EarL": 0.2, "EarR": 0.2, "nape": 0.8, "TailBase": 0.5, "Hip": 1.2,
    "ShoulderL": 1.35, "ShoulderR": 1.35, "hip_L": 1.5, "hip_R": 1.5,
}  # fmt: skip
WINDOW_S: Final = 0.2


def keep_inside(
    spine: Trunk, arena: SyntheticArena, *, fps: float, size: float, n_rounds: int = 3
) -> FloatArray:
    """Return how to shift the body so that it stays inside, x and y in cm, shape (time, 2).

    The shift is smooth, begins before it is needed and is never less than that.
    """
    parts = [(spine.points[name][:, :2], gap * size) for name, gap in GAPS.items()]
    shift = np.zeros((len(parts[0][0]), 2))
    for _ in range(n_rounds):
        need_up, need_down = np.zeros_like(shift), np.zeros_like(shift)
        for point, gap in parts:
            need = push_inside(arena, point + shift, gap) - (point + shift)
            need_up, need_down = np.maximum(need_up, need), np.maximum(need_down, -need)
        shift = shift + _envelop(need_up, fps) - _envelop(need_down, fps)
    return shift


def _envelop(need: FloatArray, fps: float) -> FloatArray:
    """Smooth from above: nowhere below ``need``."""
    reach = max(round(WINDOW_S * fps), 1)
    peak = maximum_filter1d(need, 2 * reach + 1, axis=0, mode="nearest")
    return np.asarray(
        gaussian_filter1d(peak, WINDOW_S * fps / 3, axis=0, mode="nearest", radius=reach)
    )
