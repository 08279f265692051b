"""What the paws touch besides the floor."""

from __future__ import annotations

from typing import Final

import numpy as np

from mousegpt.core.arrays import BoolArray, FloatArray
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.synthetic.arena import SyntheticArena, measure_wall_distance

#: a paw nearer than this to a line inside the head or neck, which are two centimetres thick,
#: is at the face (line from snout to between the eyes) or at the neck (from ear to shoulder), cm
AT_FACE, AT_NECK = 1.3, 1.5
#: a forepaw nearer than this to the wall and at least this high is on it, cm
AT_WALL, WALL_FROM = 0.5, 1.0

_SIDES: Final = {"left": "L", "right": "R"}


def find_touches(
    keypoints: FloatArray, contacts: BoolArray, arena: SyntheticArena
) -> dict[str, BoolArray]:
    """Find paws at the face, at the wall and at the neck; a planted paw is at none of them.

    Parameters
    ----------
    keypoints, contacts
        Shape (time, 24, 3), cm; shape (time, 4), left and right forepaw, left and right hind paw.

    Returns
    -------
    dict
        ``forepaw_left_at_face``, ``forepaw_left_at_wall``, ``hindpaw_left_at_neck``, and the same
        of the right; each of shape (time,).
    """

    def at(name: str) -> FloatArray:
        return keypoints[:, KEYPOINTS.index(name)]

    snout, ears = at("Snout"), (at("EarL") + at("EarR")) / 2
    touches = {}
    for i, (side, letter) in enumerate(_SIDES.items()):
        forepaw, fore_free, hind_free = at(f"Forepaw{letter}"), ~contacts[:, i], ~contacts[:, 2 + i]
        to_face = _measure_gap(forepaw, snout, (snout + ears) / 2)
        to_wall = measure_wall_distance(arena, forepaw[:, :2])
        to_neck = _measure_gap(at(f"Hindpaw{letter}"), at(f"Ear{letter}"), at(f"Shoulder{letter}"))
        high = (forepaw[:, 2] > WALL_FROM) & (arena.wall != "none")
        touches[f"forepaw_{side}_at_face"] = fore_free & (to_face < AT_FACE)
        touches[f"forepaw_{side}_at_wall"] = fore_free & (to_wall < AT_WALL) & high
        touches[f"hindpaw_{side}_at_neck"] = hind_free & (to_neck < AT_NECK)
    return touches


def _measure_gap(points: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    """Measure the distance from points to line segments, shape (time,)."""
    line = end - start
    share = np.einsum("ti,ti->t", points - start, line) / np.einsum("ti,ti->t", line, line)
    nearest = start + np.clip(share, 0, 1)[:, None] * line
    return np.asarray(np.linalg.norm(points - nearest, axis=-1))
