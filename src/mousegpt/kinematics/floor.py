"""The floor under the mouse: found from its paws, and made the plane z = 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import xarray as xr
from pydantic import Field

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.core.poses import Poses
from mousegpt.core.recording import Arena
from mousegpt.kinematics.landmarks import TRUNK
from mousegpt.kinematics.scale import estimate_body_length

_PAWS = ("ForepawL", "ForepawR", "HindpawL", "HindpawR")
_FEWEST_PAWS = 12  # positions in all


@dataclass(frozen=True, eq=False)
class Floor:
    """A plane in the world of the poses, in their unit.

    ``origin`` is the world's origin dropped onto the plane, ``normal`` points to the mouse, and
    the rows of ``basis`` are the new axes x, y, z (x follows the world's x as far as it can).
    ``residual`` is the root mean square distance of the ``n_points`` planted paws.
    """

    origin: FloatArray
    normal: FloatArray
    basis: FloatArray
    residual: float
    n_points: int

    def transform(self, points: FloatArray) -> FloatArray:
        """Bring world points, shape (..., 3), into the frame of the floor."""
        return np.asarray((points - self.origin) @ self.basis.T)


def estimate_floor(
    poses: Poses,
    *,
    up: tuple[float, float, float] | None = None,
    tolerance_body_lengths: Annotated[float, Field(gt=0)] = 0.04,
    n_trials: Annotated[int, Field(ge=10)] = 500,
    seed: int = 0,
) -> Floor:
    """Find the plane that most paws stand on, with the mouse on its upper side.

    Planes through three random paw positions are tried; a plane wins by the paw positions near it
    and loses by those below it. The winner is fitted to the paws near it. The world may lie as it
    likes, but a level plane (z up or down) is taken when it holds even a third as many paws: a
    mouse that only rears looks, paws and all, like one that stands on a wall.

    Parameters
    ----------
    poses
        3-D, in any unit and orientation.
    up
        Direction that is known to be up; then only the height of the floor is found, without
        known paws from the lowest keypoint of every frame.
    tolerance_body_lengths
        How near a paw must be to count as planted.

    Raises
    ------
    DataError
        When the poses are not 3-D, too few paws are known, or they span no plane.
    """
    paws, trunk = _collect_points(poses, up)
    tolerance = tolerance_body_lengths * float(estimate_body_length(poses).median())
    rng = np.random.default_rng(seed)
    sample = paws if len(paws) <= 3000 else paws[rng.choice(len(paws), 3000, replace=False)]
    middle = np.median(trunk, axis=0)
    if up is None:
        normal, height = _search_plane(sample, middle, tolerance, n_trials, rng)
        normal, height = _fit_plane(paws, normal, height, tolerance)
    else:
        normal = np.asarray(up, float) / np.linalg.norm(up)
        height, _ = _find_level(sample @ normal, tolerance)
    distance = paws @ normal - height
    near_plane = distance[abs(distance) < tolerance]
    height += float(np.median(near_plane))
    residual = float(np.std(near_plane))
    return Floor(height * normal, normal, _make_basis(normal), residual, len(near_plane))


def align_to_floor(poses: Poses, floor: Floor) -> Poses:
    """Move 3-D poses so that z is the height above the floor."""
    aligned = xr.apply_ufunc(
        floor.transform,
        poses["position"],
        input_core_dims=[["space"]],
        output_core_dims=[["space"]],
    )
    return poses.assign(position=aligned.transpose(*poses["position"].dims))


def align_arena(arena: Arena, floor: Floor) -> Arena:
    """Move the centre of an arena along with `align_to_floor`; it lay at z = 0 of the world."""
    x, y, _ = floor.transform(np.array([*(arena.center or (0.0, 0.0)), 0.0]))
    return arena.model_copy(update={"center": (float(x), float(y))})


def _collect_points(
    poses: Poses, up: tuple[float, float, float] | None
) -> tuple[FloatArray, FloatArray]:
    """Return known paw positions (n, 3) and known trunk positions (m, 3)."""
    if poses.sizes["space"] != 3:
        raise DataError("A floor needs 3-D poses, but these are 2-D; heights stay unknown.")
    position = poses["position"].transpose("keypoint", "individual", "time", "space")
    paws, trunk = (
        position.reindex(keypoint=list(names)).to_numpy().reshape(-1, 3) for names in (_PAWS, TRUNK)
    )
    paws, trunk = (p[np.isfinite(p).all(axis=1)] for p in (paws, trunk))
    if len(paws) < _FEWEST_PAWS and up is not None:
        paws = _find_lowest(position.to_numpy().reshape(len(position), -1, 3), np.array(up, float))
    elif len(paws) < _FEWEST_PAWS:
        raise DataError(
            f"A floor needs paws in several frames, but {len(paws)} paw positions are known; "
            "check skeleton.csv, or say which direction is up: --set poses.up=[0,0,1]."
        )
    if len(trunk) == 0 or len(paws) == 0:
        raise DataError("A floor needs a trunk above it, but none is known; check skeleton.csv.")
    return paws, trunk


def _find_lowest(points: FloatArray, up: FloatArray) -> FloatArray:
    """Return the lowest known point of each frame; points have the shape (keypoint, frame, 3)."""
    seen = points[:, np.isfinite(points).all(axis=-1).any(axis=0)]
    lowest = np.nanargmin(seen @ up, axis=0)
    return np.asarray(seen[lowest, np.arange(seen.shape[1])])


def _search_plane(
    paws: FloatArray, middle: FloatArray, tolerance: float, n_trials: int, rng: np.random.Generator
) -> tuple[FloatArray, float]:
    """Return normal and height of the best plane; the trunk's ``middle`` lies above it."""
    level = np.array([0.0, 0.0, np.sign((middle - np.median(paws, axis=0))[2]) or 1.0])
    level_height, level_score = _find_level(paws @ level, tolerance)
    best, found = -np.inf, None
    for _ in range(n_trials):
        a, b, c = paws[rng.choice(len(paws), 3, replace=False)]
        cross = np.cross(b - a, c - a)
        area = np.linalg.norm(cross)
        if area < (5 * tolerance) ** 2:  # too narrow to give a direction
            continue
        normal = cross / area * (1 if cross @ (middle - a) > 0 else -1)
        score = _score_levels(paws @ normal, float(a @ normal), tolerance)
        if score > best:
            best, found = score, (normal, float(a @ normal))
    if found is None:
        raise DataError(
            "The paws stand along one line, so the tilt of the floor is unknown; use a longer "
            "recording, or say which direction is up."
        )
    return (level, level_height) if level_score >= best / 3 else found


def _find_level(levels: FloatArray, tolerance: float) -> tuple[float, float]:
    """Return the best height along one direction, and its score."""
    scores = [_score_levels(levels, float(level), tolerance) for level in levels]
    best = int(np.argmax(scores))
    return float(levels[best]), scores[best]


def _score_levels(levels: FloatArray, height: float, tolerance: float) -> float:
    distance = levels - height
    return float(np.sum(abs(distance) < tolerance) - 2 * np.sum(distance < -2 * tolerance))


def _fit_plane(
    paws: FloatArray, normal: FloatArray, height: float, tolerance: float, *, n_rounds: int = 5
) -> tuple[FloatArray, float]:
    """Fit the plane to the paws near it, again and again, if they are most and span a plane."""
    for _ in range(n_rounds):
        near = paws[abs(paws @ normal - height) < tolerance]
        center = near.mean(axis=0)
        _, spread, axes = np.linalg.svd(near - center, full_matrices=False)
        if len(near) < 0.6 * len(paws) or spread[1] < 2 * tolerance * np.sqrt(len(near)):
            break
        normal = axes[2] * (1 if axes[2] @ normal > 0 else -1)
        height = float(center @ normal)
    return normal, height


def _make_basis(normal: FloatArray) -> FloatArray:
    start = np.eye(3)[0 if abs(normal[0]) < 0.9 else 1]
    x = start - (start @ normal) * normal
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(normal, x), normal])
