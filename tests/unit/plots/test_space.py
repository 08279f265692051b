"""Points where the mouse was, on the scale of the bar."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Circle, Rectangle

from mousegpt.core.errors import DataError
from mousegpt.core.recording import Arena
from mousegpt.plots.space import plot_positions


def make_posture(x, y, *, recording="a", group="saline", unit="cm"):
    return pd.DataFrame(
        {"recording": recording, "x": x, "y": y, "length_unit": unit, "group": group,
         "behavior": "walking"}
    )  # fmt: skip


def read_points(ax):
    return [np.asarray(c.get_offsets()) for c in ax.collections]


def test_arena_center_becomes_the_origin():
    table = make_posture([10.0, 12.0], [20.0, 20.0])
    arena = Arena(shape="circle", width_cm=25, center=(10, 20))
    ax = plot_positions(table, arenas={"a": arena})
    assert sorted(read_points(ax)[0].tolist()) == [[0, 0], [2, 0]]
    (outline,) = ax.patches
    assert isinstance(outline, Circle)
    assert (outline.center, outline.radius) == ((0, 0), 12.5)


def test_without_an_arena_the_visited_range_is_centered():
    tables = [make_posture([100.0, 104.0], [0.0, 2.0]),
              make_posture([0.0, 4.0], [50.0, 52.0], recording="b")]  # fmt: skip
    (points,) = read_points(plot_positions(pd.concat(tables)))
    assert sorted(map(tuple, points)) == [(-2, -1), (-2, -1), (2, 1), (2, 1)]


def test_groups_stand_side_by_side_on_one_scale():
    tables = [make_posture([-3.0, 3.0], [0.0, 0.0]),
              make_posture([-1.0, 1.0], [0.0, 0.0], recording="b", group="LSD")]  # fmt: skip
    ax = plot_positions(pd.concat(tables))
    first, second = read_points(ax)
    assert second[:, 0].min() > first[:, 0].max()
    assert np.ptp(second[:, 0]) == pytest.approx(2)
    assert ax.get_aspect() == 1
    assert [text.get_text() for text in ax.texts] == ["saline", "LSD", "2 cm"]


def test_a_rectangular_arena_has_two_sides():
    arena = Arena(shape="rectangle", width_cm=20, length_cm=10)
    ax = plot_positions(make_posture([0.0], [0.0]), arenas={"a": arena})
    (outline,) = ax.patches
    assert isinstance(outline, Rectangle)
    assert outline.get_bbox().bounds == (-10, -5, 20, 10)


def test_points_are_thinned_and_grey_goes_below():
    table = make_posture(np.arange(100.0), np.zeros(100))
    table["behavior"] = pd.array(["walking", None] * 50, dtype="str")
    ax = plot_positions(table, n_points=40)
    colors = ax.collections[0].get_facecolor()
    assert len(colors) == 40
    grey = np.isclose(colors[:, 0], colors[:, 2])
    assert grey.any()
    assert not grey[grey.sum() :].any()


def test_units_are_not_mixed():
    tables = [make_posture([0.0], [0.0]), make_posture([0.0], [0.0], unit="body length")]
    with pytest.raises(DataError, match="cm and body length"):
        plot_positions(pd.concat(tables))


def test_a_mouse_that_was_never_seen_is_refused():
    with pytest.raises(DataError, match="at least one row"):
        plot_positions(make_posture([np.nan], [np.nan]))


def test_a_mouse_that_never_moved_is_drawn():
    ax = plot_positions(make_posture([3.0, 3.0], [1.0, 1.0]))
    assert read_points(ax)[0].tolist() == [[0, 0], [0, 0]]
