"""A grid of moments: every picture whole, in order, none made larger."""

import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.vision.moments import choose_layout, make_grid


def paint(value, height=20, width=40):
    return np.full((height, width, 3), value, np.uint8)


def test_pictures_stand_row_by_row():
    grid = make_grid([paint(v, 20, 20) for v in (10, 20, 30, 40)])
    assert grid[::20, ::20, 0].tolist() == [[10, 20], [30, 40]]


def test_one_picture_stays_as_it_is():
    picture = np.random.default_rng(0).integers(0, 255, (20, 40, 3), dtype=np.uint8)
    assert np.array_equal(make_grid([picture]), picture)


def test_places_left_over_are_black():
    grid = make_grid([paint(9, 20, 20)] * 3)
    assert grid.shape == (40, 40, 3)
    assert not grid[20:, 20:].any()
    assert (grid[:20] == 9).all()


def test_a_wide_grid_is_made_smaller():
    assert make_grid([paint(7, 448, 448)] * 9, width=448).shape == (447, 447, 3)


@pytest.mark.parametrize("n", range(1, 10))
@pytest.mark.parametrize("width", [448, 896])
def test_no_picture_is_left_out_and_no_row_is_empty(n, width):
    rows, columns = choose_layout(n, 448, width)
    assert (rows - 1) * columns < n <= rows * columns


def test_pictures_of_different_shapes_are_refused():
    with pytest.raises(DataError, match="one shape"):
        make_grid([paint(1), paint(1, 10)])
