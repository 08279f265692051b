"""Balls along the bones: the body that is drawn over a skeleton."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.skeleton import KEYPOINTS

Color = tuple[int, int, int]

FUR: Final[Color] = (74, 64, 58)
EAR: Final[Color] = (150, 112, 104)
SKIN: Final[Color] = (205, 160, 150)
TAIL: Final[Color] = (158, 122, 116)
EYE: Final[Color] = (16, 14, 16)


@dataclass(frozen=True, eq=False)
class Flesh:
    """Balls of one part: centres in cm, shape (time, ball, 3), and radii, shape (ball,)."""

    name: str
    centers: FloatArray
    radii: FloatArray
    color: Color


def build_flesh(skeleton: FloatArray) -> list[Flesh]:
    """Dress a skeleton, shape (time, 24, 3) in cm, with balls; one entry per part of the body."""
    at = {name: skeleton[:, i] for i, name in enumerate(KEYPOINTS)}
    size = np.median(np.linalg.norm(at["Hip"] - at["SpineH"], axis=-1)) / 1.2
    parts = [_dress_trunk(at, size), _dress_head(at, size), _dress_tail(at)]
    for side in "LR":
        parts += _dress_limbs(at, side) + _dress_face(at, side, size)
    return [Flesh(p.name, p.centers, p.radii * size, p.color) for p in parts]


def _chain(points: list[FloatArray], n_between: int) -> FloatArray:
    """Put balls on the straight lines between points, shape (time, ball, 3)."""
    u = np.linspace(0, 1, n_between, endpoint=False)[:, None]
    legs = [a[:, None] + u * (b - a)[:, None] for a, b in pairwise(points)]
    return np.concatenate([*legs, points[-1][:, None]], axis=1)


def _dress_trunk(at: dict[str, FloatArray], size: float) -> Flesh:
    below = _belly(at) * size
    spine = [
        at["TailBase"] + 0.25 * below,
        at["Hip"] + 0.95 * below,
        at["SpineH"] + 1.1 * below,
        at["SpineG"] + 1.05 * below,
        at["SpineF"] + 0.85 * below,
        (at["EarL"] + at["EarR"]) / 2 + 0.75 * below,
    ]
    return Flesh("trunk", *_swell(spine, [0.5, 1.25, 1.4, 1.3, 1.1, 0.8]), FUR)


def _dress_head(at: dict[str, FloatArray], size: float) -> Flesh:
    ears = (at["EarL"] + at["EarR"]) / 2
    axis = at["Snout"] - ears
    below = _belly(at) * size
    face = [ears + 0.5 * below, ears + 0.35 * axis + 0.25 * below, at["Snout"] - 0.06 * axis]
    return Flesh("head", *_swell(face, [0.9, 0.75, 0.22]), FUR)


def _swell(spine: list[FloatArray], radii: list[float]) -> tuple[FloatArray, FloatArray]:
    centers = _chain(spine, 4)
    place = np.linspace(0, len(radii) - 1, centers.shape[1])
    return centers, np.interp(place, np.arange(len(radii)), radii)


def _belly(at: dict[str, FloatArray]) -> FloatArray:
    """Return the unit direction from the back to the belly, shape (time, 3)."""
    along = at["SpineF"] - at["Hip"]
    across = at["ShoulderL"] - at["ShoulderR"]
    down = np.cross(across, along)
    down = -down if np.nanmean(down[:, 2]) > 0 else down
    return np.asarray(down / np.linalg.norm(down, axis=-1, keepdims=True))


def _dress_tail(at: dict[str, FloatArray]) -> Flesh:
    a, b, c = at["TailBase"], at["TailMid"], at["TailEnd"]
    u = np.linspace(0, 1, 26)[:, None]
    control = 2 * b - (a + c) / 2  # the parabola through the three keypoints
    curve = (1 - u) ** 2 * a[:, None] + 2 * u * (1 - u) * control[:, None] + u**2 * c[:, None]
    return Flesh("tail", curve, np.linspace(0.25, 0.12, 26), TAIL)


def _dress_limbs(at: dict[str, FloatArray], side: str) -> list[Flesh]:
    arm = _chain([at[f"Shoulder{side}"], at[f"Elbow{side}"], at[f"Wrist{side}"]], 4)
    hand = _chain([at[f"Wrist{side}"], at[f"Forepaw{side}"]], 3)
    leg = _chain([(at["Hip"] + at[f"Knee{side}"]) / 2, at[f"Knee{side}"], at[f"Ankle{side}"]], 5)
    foot = _chain([at[f"Ankle{side}"], at[f"Hindpaw{side}"]], 5)
    return [
        Flesh(f"arm{side}", arm, np.linspace(0.55, 0.24, arm.shape[1]), FUR),
        Flesh(f"hand{side}", hand, np.linspace(0.19, 0.17, hand.shape[1]), SKIN),
        Flesh(f"leg{side}", leg, np.linspace(0.8, 0.28, leg.shape[1]), FUR),
        Flesh(f"foot{side}", foot, np.linspace(0.22, 0.18, foot.shape[1]), SKIN),
    ]


def _dress_face(at: dict[str, FloatArray], side: str, size: float) -> list[Flesh]:
    ear, other = at[f"Ear{side}"], at["EarR" if side == "L" else "EarL"]
    middle = (ear + other) / 2
    out = (ear - other) / np.linalg.norm(ear - other, axis=-1, keepdims=True)
    eye = middle + 0.5 * (at["Snout"] - middle) + 0.52 * size * out
    return [
        Flesh(f"ear{side}", ear[:, None], np.array([0.62]), EAR),
        Flesh(f"eye{side}", eye[:, None], np.array([0.17]), EYE),
    ]
