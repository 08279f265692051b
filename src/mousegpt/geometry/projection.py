"""Where cameras see the points of boards, with slopes, for all points of all pictures at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mousegpt.core.arrays import FloatArray, IntArray

N_LENS: Final = 9  # fx fy cx cy k1 k2 p1 p2 k3
N_POSE: Final = 6  # a turn and a shift
_NEAREST: Final = 1e-6  # cm; what is behind a camera is seen far outside its picture


@dataclass(frozen=True, eq=False)
class Bundle:
    """Lenses, cameras and boards.

    Parameters
    ----------
    lenses
        ``fx fy cx cy k1 k2 p1 p2 k3`` of each camera, shape (camera, 9).
    camera_R, camera_t
        World to camera, shapes (camera, 3, 3) and (camera, 3), cm.
    board_R, board_t
        Board to world, shapes (board, 3, 3) and (board, 3), cm.
    """

    lenses: FloatArray
    camera_R: FloatArray
    camera_t: FloatArray
    board_R: FloatArray
    board_t: FloatArray


@dataclass(frozen=True, eq=False)
class Corners:
    """What was seen, a row a point: camera, board, point on the board (cm) and pixel.

    The rows of a picture stand together. ``noise_group`` tells which rows are equally exact.
    """

    camera: IntArray
    board: IntArray
    points: FloatArray
    pixels: FloatArray
    noise_group: IntArray


def _place(bundle: Bundle, corners: Corners) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return points turned on their board, in the world but for its origin, and in the camera."""
    R, t = bundle.camera_R[corners.camera], bundle.camera_t[corners.camera]
    on_board = np.einsum("nij,nj->ni", bundle.board_R[corners.board], corners.points)
    turned = np.einsum("nij,nj->ni", R, on_board + bundle.board_t[corners.board])
    return on_board, turned, turned + t


def project_corners(bundle: Bundle, corners: Corners) -> FloatArray:
    """Return where the points should be, px; far away when behind the camera."""
    in_camera = _place(bundle, corners)[2]
    depth = np.where(in_camera[:, 2] > 0, in_camera[:, 2], _NEAREST)
    lenses = bundle.lenses[corners.camera]
    bent = _bend(in_camera[:, :2] / depth[:, None], lenses[:, 4:])[0]
    return np.asarray(lenses[:, :2] * bent + lenses[:, 2:4])


def _bend(ideal: FloatArray, lens: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return bent coordinates, shape (n, 2), and their slopes by k1 k2 p1 p2 k3, (n, 2, 5)."""
    x, y = ideal.T
    rr = x * x + y * y
    slopes = np.stack(
        [
            np.stack([x * rr, x * rr**2, 2 * x * y, rr + 2 * x * x, x * rr**3], axis=-1),
            np.stack([y * rr, y * rr**2, rr + 2 * y * y, 2 * x * y, y * rr**3], axis=-1),
        ],
        axis=1,
    )
    return ideal + np.einsum("nij,nj->ni", slopes, lens), slopes


def differentiate_corners(bundle: Bundle, corners: Corners) -> tuple[FloatArray, FloatArray]:
    """Return the expected pixels and their slopes by lens, camera and board, (n, 2, 9 + 6 + 6)."""
    on_board, turned, in_camera = _place(bundle, corners)
    lenses = bundle.lenses[corners.camera]
    depth = np.where(in_camera[:, 2] > 0, in_camera[:, 2], _NEAREST)
    ideal = in_camera[:, :2] / depth[:, None]
    bent, by_lens = _bend(ideal, lenses[:, 4:])
    focal = lenses[:, :2]
    slopes = np.zeros((len(ideal), 2, N_LENS + 2 * N_POSE))
    slopes[:, [0, 1], [0, 1]] = bent
    slopes[:, [0, 1], [2, 3]] = 1
    slopes[:, :, 4:9] = focal[:, :, None] * by_lens
    inward = np.concatenate([np.broadcast_to(np.eye(2), (len(ideal), 2, 2)), -ideal[..., None]], 2)
    by_ideal = _differentiate_bend(ideal, lenses[:, 4:]) * focal[:, :, None]
    by_point = by_ideal @ inward / depth[:, None, None]
    by_world = by_point @ bundle.camera_R[corners.camera]
    slopes[:, :, 9:12] = _cross(turned, by_point)
    slopes[:, :, 12:15] = by_point
    slopes[:, :, 15:18] = _cross(on_board, by_world)
    slopes[:, :, 18:21] = by_world
    return focal * bent + lenses[:, 2:4], slopes


def _differentiate_bend(ideal: FloatArray, lens: FloatArray) -> FloatArray:
    """Return the slopes of bent coordinates by ideal ones, shape (n, 2, 2)."""
    x, y = ideal.T
    k1, k2, p1, p2, k3 = lens.T
    rr = x * x + y * y
    radial = 1 + rr * (k1 + rr * (k2 + rr * k3))
    slope = k1 + rr * (2 * k2 + 3 * k3 * rr)
    a = radial + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x
    b = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y
    d = radial + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x
    return np.stack([np.stack([a, b], axis=-1), np.stack([b, d], axis=-1)], axis=-2)


def _cross(points: FloatArray, slopes: FloatArray) -> FloatArray:
    """Return the slopes by a small turn of the points: d(turn x p) is the row p x slope."""
    return np.asarray(np.cross(points[:, None, :], slopes))
