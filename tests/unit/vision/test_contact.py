import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.vision.contact import (
    PREDICTED_COLOR,
    TRUE_COLOR,
    draw_pose_pair,
    make_contact_sheet,
)

GREY = np.full((100, 200, 3), 90, dtype=np.uint8)


def find(tile: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Mean place (x, y) of what is nearly of a colour."""
    rows, columns = np.nonzero((np.abs(tile.astype(int) - color) < 40).all(axis=-1))
    return np.array([columns.mean(), rows.mean()])


def test_points_lie_where_the_crop_puts_them() -> None:
    truth, predicted = np.array([[100.0, 50.0]]), np.array([[120.0, 50.0]])
    tile = draw_pose_pair(GREY, truth, predicted, size_px=320, least_px=40)
    assert tile.shape == (320, 320, 3)
    # 40 px around the middle (110, 50), eight times larger
    np.testing.assert_allclose(find(tile, TRUE_COLOR), [80, 160], atol=1)
    np.testing.assert_allclose(find(tile, PREDICTED_COLOR), [240, 160], atol=1)


def test_unknown_points_are_left_out_and_beyond_the_edge_it_is_black() -> None:
    truth = np.array([[2.0, 2.0], [np.nan, np.nan]])
    tile = draw_pose_pair(GREY, truth, np.full((2, 2), np.nan))
    assert (tile[0, 0] == 0).all()
    assert not (np.abs(tile.astype(int) - PREDICTED_COLOR) < 40).all(axis=-1).any()
    with pytest.raises(DataError, match="found none"):
        draw_pose_pair(GREY, truth * np.nan, truth * np.nan)


def test_the_picture_is_not_changed() -> None:
    before = GREY.copy()
    draw_pose_pair(GREY, np.array([[50.0, 50.0]]), np.array([[60.0, 50.0]]))
    np.testing.assert_array_equal(GREY, before)


def test_tiles_stand_in_rows_with_their_captions() -> None:
    tiles = [np.full((50, 60, 3), shade, dtype=np.uint8) for shade in (0, 50, 100)]
    sheet = make_contact_sheet(tiles, ["a", "b", "c"], n_columns=2)
    assert sheet.shape == (2 * 68 + 6, 2 * 60 + 6, 3)
    assert (sheet[:50, 66:] == 50).all()
    assert (sheet[74:124, :60] == 100).all()
    assert sheet[50:68, :60].min() < 100  # the caption
    assert (sheet[74:, 66:] == 255).all()
    headed = make_contact_sheet(tiles, ["a", "b", "c"], heading="x", n_columns=2)
    np.testing.assert_array_equal(headed[18:], sheet)
    with pytest.raises(DataError, match="a caption a tile"):
        make_contact_sheet(tiles, ["a"])
