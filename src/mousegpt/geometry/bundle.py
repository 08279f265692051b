"""Bundle adjustment: lenses, cameras and boards, all at once, by Levenberg and Marquardt.

SciPy's sparse least squares solves each step by LSMR, which creeps on this problem; the normal
equations are small (six numbers a board) and are solved directly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, Final

import numpy as np
from pydantic import Field
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.spatial.transform import Rotation

from mousegpt.core.arrays import BoolArray, FloatArray, IntArray
from mousegpt.core.errors import CalibrationError
from mousegpt.geometry.projection import (
    N_LENS,
    N_POSE,
    Bundle,
    Corners,
    differentiate_corners,
    project_corners,
)

_TAIL: Final = 2.4  # of Cauchy's loss, in standard deviations: 95 % as precise as least squares
_FINEST_PX: Final = 0.005  # no detector is better
_ROUNDS: Final = 3  # of measuring the noise and adjusting


@dataclass(frozen=True, eq=False)
class Adjustment:
    """The best bundle, what is left over, and how sure it is.

    Parameters
    ----------
    residuals
        Seen minus expected, px, shape (n, 2); the outliers' too.
    noise
        Standard deviation of each row's noise as it was measured, px, shape (n,).
    covariance
        Of each camera's turn (radians, in its own frame) and translation (cm), shape
        (camera, 6, 6).
    lens_sd
        Standard deviations of ``lenses``; 0 where fixed.
    """

    bundle: Bundle
    residuals: FloatArray
    noise: FloatArray
    covariance: FloatArray
    lens_sd: FloatArray


def adjust_bundle(
    bundle: Bundle,
    corners: Corners,
    *,
    free_lens: BoolArray,
    fixed_board: int,
    max_iterations: Annotated[int, Field(gt=0)] = 60,
) -> Adjustment:
    """Find the lenses, cameras and boards that agree best with what was seen.

    Parameters
    ----------
    free_lens
        Which numbers of a lens are looked for, shape (9,); the others keep their value.
    fixed_board
        The board that stays where it is: it holds the world in place.

    Raises
    ------
    CalibrationError
        When the pictures leave something undetermined.

    Notes
    -----
    The loss is Cauchy's, in units of the noise of each group, which is measured three times.
    """
    free = _list_free(bundle, free_lens, fixed_board)
    for _ in range(_ROUNDS):
        noise = _measure_noise(bundle, corners)
        bundle = _descend(bundle, corners, noise, free, max_iterations)
    noise = _measure_noise(bundle, corners)
    residuals = corners.pixels - project_corners(bundle, corners)
    normal, _ = _build_normal(bundle, corners, noise)
    covariance = np.zeros_like(normal)
    with np.errstate(all="ignore"):
        covariance[np.ix_(free, free)] = _invert(normal[np.ix_(free, free)])
    variance = np.maximum(covariance.diagonal(), 0)
    n_cameras = len(bundle.lenses)
    starts = [N_LENS * n_cameras + N_POSE * i for i in range(n_cameras)]
    return Adjustment(
        bundle,
        residuals,
        noise,
        np.stack([covariance[i : i + N_POSE, i : i + N_POSE] for i in starts]),
        np.sqrt(variance[: N_LENS * n_cameras]).reshape(-1, N_LENS),
    )


def _list_free(bundle: Bundle, free_lens: BoolArray, fixed_board: int) -> IntArray:
    """Return the places of the free numbers: lenses, then cameras, then boards."""
    free_board = np.arange(len(bundle.board_t)) != fixed_board
    parts = [
        np.tile(free_lens, len(bundle.lenses)),
        np.ones(N_POSE * len(bundle.lenses), dtype=bool),
        np.repeat(free_board, N_POSE),
    ]
    return np.flatnonzero(np.concatenate(parts))


def _measure_noise(bundle: Bundle, corners: Corners) -> FloatArray:
    """Return the noise of each row: the median miss of its group, as of a normal distribution."""
    miss = np.linalg.norm(corners.pixels - project_corners(bundle, corners), axis=1)
    noise = np.empty(len(miss))
    for group in np.unique(corners.noise_group):
        mine = corners.noise_group == group
        noise[mine] = max(np.median(miss[mine]) / np.sqrt(2 * np.log(2)), _FINEST_PX)
    return noise


def _descend(
    bundle: Bundle, corners: Corners, noise: FloatArray, free: IntArray, max_iterations: int
) -> Bundle:
    damping, loss = 1e-4, _sum_loss(bundle, corners, noise)
    for _ in range(max_iterations):
        normal, gradient = _build_normal(bundle, corners, noise)
        normal, gradient = normal[np.ix_(free, free)], gradient[free]
        while damping < 1e8:
            step = np.zeros(N_LENS * len(bundle.lenses) + N_POSE * _count_poses(bundle))
            step[free] = _solve(normal, gradient, damping)
            tried = _move(bundle, step)
            new_loss = _sum_loss(tried, corners, noise)
            if new_loss <= loss:
                break
            damping *= 10
        else:
            return bundle
        gain, bundle, loss = loss - new_loss, tried, new_loss
        damping = max(damping / 10, 1e-9)
        if gain < 1e-7 * loss + 1e-9:
            break
    return bundle


def _sum_loss(bundle: Bundle, corners: Corners, noise: FloatArray) -> float:
    squares = ((corners.pixels - project_corners(bundle, corners)) ** 2).sum(axis=1) / noise**2
    loss = float(np.log1p(squares / _TAIL**2).sum() * _TAIL**2)
    return loss if np.isfinite(loss) else np.inf


def _build_normal(
    bundle: Bundle, corners: Corners, noise: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the normal matrix and the gradient, weighted by noise and by distance."""
    expected, slopes = differentiate_corners(bundle, corners)
    misses = corners.pixels - expected
    tail = 1 + (misses**2).sum(axis=1) / (_TAIL * noise) ** 2
    scale = 1 / (noise * np.sqrt(tail))
    slopes, misses = slopes * scale[:, None, None], misses * scale[:, None]
    n_cameras = len(bundle.lenses)
    n = N_LENS * n_cameras + N_POSE * _count_poses(bundle)
    normal, gradient = np.zeros((n, n)), np.zeros(n)
    for rows in _split_pictures(corners):
        camera, board = corners.camera[rows.start], corners.board[rows.start]
        first = N_LENS * n_cameras
        places = np.concatenate([
            N_LENS * camera + np.arange(N_LENS),
            first + N_POSE * camera + np.arange(N_POSE),
            first + N_POSE * (n_cameras + board) + np.arange(N_POSE),
        ])  # fmt: skip
        block = slopes[rows].reshape(-1, N_LENS + 2 * N_POSE)
        normal[np.ix_(places, places)] += block.T @ block
        gradient[places] += block.T @ misses[rows].ravel()
    return normal, gradient


def _split_pictures(corners: Corners) -> Iterator[slice]:
    changes = (np.diff(corners.camera) != 0) | (np.diff(corners.board) != 0)
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), len(corners.camera)]
    for start, stop in pairwise(edges):
        yield slice(start, stop)


def _count_poses(bundle: Bundle) -> int:
    return len(bundle.camera_t) + len(bundle.board_t)


def _solve(normal: FloatArray, gradient: FloatArray, damping: float) -> FloatArray:
    """Solve the damped equations, each unknown in its own unit."""
    unit = 1 / np.sqrt(np.maximum(normal.diagonal(), 1e-12))
    scaled = normal * unit[:, None] * unit
    scaled[np.diag_indices_from(scaled)] += damping
    try:
        return np.asarray(unit * cho_solve(cho_factor(scaled), unit * gradient))
    except LinAlgError:
        return np.zeros_like(gradient)


def _invert(normal: FloatArray) -> FloatArray:
    unit = 1 / np.sqrt(np.maximum(normal.diagonal(), 1e-300))
    try:
        factor = cho_factor(normal * unit[:, None] * unit)
    except LinAlgError as error:
        raise CalibrationError(
            "The pictures leave a camera or a lens undetermined; take more, with the board tilted "
            "and in all parts of the image."
        ) from error
    return np.asarray(cho_solve(factor, np.diag(unit)) * unit[:, None])


def _move(bundle: Bundle, step: FloatArray) -> Bundle:
    n_cameras = len(bundle.lenses)
    lenses, poses = np.split(step, [N_LENS * n_cameras])
    turn, shift = np.split(poses.reshape(-1, N_POSE), 2, axis=1)
    turns = Rotation.from_rotvec(turn).as_matrix()
    return replace(
        bundle,
        lenses=bundle.lenses + lenses.reshape(-1, N_LENS),
        camera_R=turns[:n_cameras] @ bundle.camera_R,
        camera_t=bundle.camera_t + shift[:n_cameras],
        board_R=turns[n_cameras:] @ bundle.board_R,
        board_t=bundle.board_t + shift[n_cameras:],
    )
