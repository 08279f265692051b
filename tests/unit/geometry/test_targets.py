"""Boards and the sheet: their points, their names, their turns."""

import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.geometry.targets import (
    Charuco,
    Checkerboard,
    MarkerSheet,
    Marks,
    parse_board,
    parse_sheet,
    turn_marks,
)
from mousegpt.synthetic.boards import draw_charuco, draw_checkerboard, draw_marker_sheet


@pytest.mark.parametrize(
    ("target", "drawn"),
    [(Checkerboard(), draw_checkerboard()), (Charuco(), draw_charuco())],
    ids=["checkerboard", "charuco"],
)
def test_points_are_those_of_the_drawn_board(target, drawn):
    np.testing.assert_allclose(target.points, drawn.points, atol=1e-9)


def test_points_of_the_sheet_are_the_middles_of_its_tags():
    drawn = draw_marker_sheet().points.reshape(8, 4, 3).mean(axis=1)
    np.testing.assert_allclose(MarkerSheet().points, drawn, atol=1e-9)
    pairs = MarkerSheet().points.reshape(4, 2, 3).mean(axis=1)
    assert np.linalg.norm(pairs[0] - pairs[1]) == pytest.approx(26.0)
    assert np.linalg.norm(pairs[1] - pairs[2]) == pytest.approx(24.0)


@pytest.mark.parametrize(("squares", "same"), [((22, 14), True), ((9, 6), False), ((9, 7), True)])
def test_two_even_or_two_odd_numbers_look_the_same_turned(squares, same):
    assert Checkerboard(squares).is_ambiguous is same


def test_a_turned_board_has_its_points_on_the_other_side():
    board = Checkerboard((8, 6), 1.0)
    marks = Marks(np.arange(len(board.points)), np.zeros((len(board.points), 2)))
    turned = turn_marks(marks, board)
    np.testing.assert_allclose(board.points[turned.ids], -board.points, atol=1e-12)
    np.testing.assert_array_equal(turn_marks(turned, board).ids, marks.ids)


@pytest.mark.parametrize(
    "text",
    ["", "checkerboard", "checkerboard:22x14", "checkerboard:22:0.8", "circles:7x5:1.0",
     "checkerboard:2x9:1.0", "checkerboard:9x9:1.0", "checkerboard:9x6:0", "charuco:9x6:1.0",
     "checkerboard:9x6:1.0:0.8:DICT_4X4_50", "charuco:9x6:1.0:1.2:DICT_4X4_50",
     "charuco:9x6:1.0:0.8:DICT_NONE"],
)  # fmt: skip
def test_a_word_that_is_no_board_is_refused(text):
    with pytest.raises(DataError, match="xpected"):
        parse_board(text)


def test_the_sheet_is_read_from_a_word():
    assert parse_sheet("26.0x24.0:2.0:0.4") == MarkerSheet()
    assert parse_sheet("30x20:3:0.5:DICT_4X4_50") == MarkerSheet((30, 20), 3, 0.5, "DICT_4X4_50")


@pytest.mark.parametrize("text", ["26x24", "26x24:2", "26x24:30:0.4", "26x24:2:0.4:DICT_NONE"])
def test_a_word_that_is_no_sheet_is_refused(text):
    with pytest.raises(DataError, match="Expected"):
        parse_sheet(text)
