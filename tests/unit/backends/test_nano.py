"""The small model's file and its pictures; what it says is tested where it is trained."""

import zipfile

import numpy as np
import pytest

from mousegpt.backends.nano import SHIPPED, NanoDescriber, choose_moments, split_grid
from mousegpt.core.errors import BackendError


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(BackendError, match="correct the path"):
        NanoDescriber(tmp_path / "nano.zip")


@pytest.mark.skipif(SHIPPED.exists(), reason="the model is shipped")
def test_that_none_is_shipped_is_said():
    with pytest.raises(BackendError, match="ships none yet"):
        NanoDescriber()


def test_something_else_is_refused(tmp_path):
    path = tmp_path / "nano.zip"
    path.write_bytes(b"no archive")
    with pytest.raises(BackendError, match="something else"):
        NanoDescriber(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("about.json", "{}")
    with pytest.raises(BackendError, match="something else"):
        NanoDescriber(path)


@pytest.mark.parametrize(
    ("n_views", "n_moments", "rows"), [(1, 1, 1), (2, 1, 1), (2, 3, 3), (2, 4, 2), (1, 3, 1)]
)
def test_tiles_are_found_in_the_grid(n_views, n_moments, rows):
    columns = -(-n_moments // rows)
    grid = np.zeros((rows * 8, columns * n_views * 8, 3), dtype=np.uint8)
    for moment in range(n_moments):
        row, column = divmod(moment, columns)
        for view in range(n_views):
            left = (column * n_views + view) * 8
            grid[row * 8 : row * 8 + 8, left : left + 8] = 10 * moment + view
    tiles = split_grid(grid, n_views, n_moments)
    assert tiles.shape == (n_views, n_moments, 8, 8, 3)
    for view in range(n_views):
        assert tiles[view, :, 0, 0, 0].tolist() == [10 * m + view for m in range(n_moments)]


def test_moments_too_far_off_are_not_taken_for_neighbours():
    assert choose_moments([-1.0, 0.0, 1.0], [-0.1, 0.0, 0.1]) == [1, 1, 1]
    assert choose_moments([-0.12, 0.0, 0.12], [-0.1, 0.0, 0.1]) == [0, 1, 2]
