"""Corners are projected as a camera does, and the slopes are those of differences."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mousegpt.geometry.projection import Bundle, Corners, differentiate_corners, project_corners

from .boards import BOARD, RIG

CAMERA = RIG.cameras[RIG.views[0]]
STEP = 1e-6


def look() -> tuple[Bundle, Corners]:
    """A board at the origin, turned a little, before one camera."""
    n = len(BOARD.points)
    lens = np.concatenate([CAMERA.K[[0, 1, 0, 1], [0, 1, 2, 2]], CAMERA.distortion])
    R = Rotation.from_rotvec([0.3, -0.2, 0.1]).as_matrix()
    bundle = Bundle(lens[None], CAMERA.R[None], CAMERA.t[None], R[None], np.array([[1.0, 2, 3]]))
    zero = np.zeros(n, dtype=int)
    return bundle, Corners(zero, zero, BOARD.points, np.zeros((n, 2)), zero)


def turn(R: np.ndarray, k: int) -> np.ndarray:
    return Rotation.from_rotvec(STEP * np.eye(3)[k]).as_matrix() @ R


def test_corners_are_seen_where_the_camera_sees_them():
    bundle, corners = look()
    world = BOARD.points @ bundle.board_R[0].T + bundle.board_t[0]
    np.testing.assert_allclose(project_corners(bundle, corners), CAMERA.project(world), atol=1e-9)


@pytest.mark.parametrize("column", range(21))
def test_slopes_are_those_of_differences(column):
    bundle, corners = look()
    shift = STEP * np.eye(21)[column]
    moved = replace(
        bundle,
        lenses=bundle.lenses + shift[:9],
        camera_t=bundle.camera_t + shift[12:15],
        board_t=bundle.board_t + shift[18:21],
    )
    if 9 <= column < 12:
        moved = replace(moved, camera_R=turn(bundle.camera_R[0], column - 9)[None])
    if 15 <= column < 18:
        moved = replace(moved, board_R=turn(bundle.board_R[0], column - 15)[None])
    expected, slopes = differentiate_corners(bundle, corners)
    difference = (project_corners(moved, corners) - expected) / STEP
    np.testing.assert_allclose(slopes[:, :, column], difference, rtol=1e-3, atol=1e-2)


def test_what_is_behind_is_seen_far_outside():
    bundle, corners = look()
    behind = replace(bundle, board_t=2 * CAMERA.center[None])
    pixels = project_corners(behind, corners)
    assert np.isfinite(pixels).all()
    assert np.abs(pixels).max() > 1e4
