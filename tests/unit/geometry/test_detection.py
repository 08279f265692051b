"""Targets are found in rendered pictures where the truth says."""

import numpy as np
import pytest

from mousegpt.core.calibration import Camera
from mousegpt.geometry.detection import find_target
from mousegpt.geometry.tags import align_tags
from mousegpt.geometry.targets import Charuco, Checkerboard, MarkerSheet
from mousegpt.synthetic.board_pictures import render_boards
from mousegpt.synthetic.boards import (
    draw_charuco,
    draw_checkerboard,
    draw_marker_sheet,
    see_board,
)

K = np.array([[900.0, 0, 320], [0, 900, 240], [0, 0, 1]])
LENS = np.array([-0.1, 0.02, 0, 0, 0])


def look_down(height: float, tilt: float = 0.0) -> Camera:
    """A camera above the origin; tilted, it looks at it from the side."""
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    R = turn @ np.diag([1.0, -1, -1])
    return Camera("top", K, LENS, R, np.array([0, 0, height]), (640, 480))


def photograph(board, camera):
    (image,) = render_boards(board, np.eye(3)[None], np.zeros((1, 3)), camera, n_samples=3)
    return image


@pytest.mark.parametrize(
    ("target", "board"),
    [
        (Checkerboard((9, 6), 1.6), draw_checkerboard(squares=(9, 6), square_cm=1.6)),
        (Charuco((9, 6), 1.6, 1.2), draw_charuco(squares=(9, 6))),
    ],
    ids=["checkerboard", "charuco"],
)
def test_corners_are_found_where_they_are(target, board):
    camera = look_down(30, 0.5)
    marks = find_target(photograph(board, camera), target)
    truth = see_board(board, np.eye(3), np.zeros(3), camera)
    np.testing.assert_array_equal(np.sort(marks.ids), np.arange(40))
    miss = np.linalg.norm(marks.pixels - truth[marks.ids], axis=1)
    assert np.median(miss) < 0.08
    assert miss.max() < 0.4


def test_the_middles_of_tags_are_found_and_refined():
    sheet, camera = MarkerSheet((12.0, 10.0)), look_down(40)
    image = photograph(draw_marker_sheet(span_cm=(12.0, 10.0)), camera)
    truth = camera.project(sheet.points)
    marks = find_target(image, sheet)
    assert np.linalg.norm(marks.pixels - truth[marks.ids], axis=1).max() < 0.25
    moved = Camera("top", K, LENS, camera.R, camera.t + [0.05, -0.08, 0], camera.size)
    aligned = align_tags(image, moved, sheet)
    assert len(aligned.ids) == 8
    assert np.linalg.norm(aligned.pixels - truth[aligned.ids], axis=1).max() < 0.1


@pytest.mark.parametrize("target", [Checkerboard((9, 6), 1.6), Charuco((9, 6)), MarkerSheet()])
def test_nothing_is_found_in_an_empty_picture(target):
    empty = np.random.default_rng(0).integers(90, 110, (480, 640)).astype(np.uint8)
    assert find_target(empty, target) is None


def test_tags_are_not_found_where_there_are_none():
    empty = np.random.default_rng(0).integers(90, 110, (480, 640)).astype(np.uint8)
    assert align_tags(empty, look_down(40), MarkerSheet((12.0, 10.0))) is None
