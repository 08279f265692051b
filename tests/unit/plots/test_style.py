"""Colours that tell apart, and a style that leaves no trace."""

import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from mousegpt.core.errors import DataError
from mousegpt.plots.style import (
    BEHAVIOR_COLORS,
    UNASSIGNED_COLOR,
    choose_group_looks,
    choose_looks,
    make_axes,
    publication_style,
    require_columns,
    round_down,
)

# Machado, Oliveira & Fernandes (2009), severity 1.0, for linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])


def see(color, matrix):
    """Return the CIELAB coordinates of a colour as an eye sees it."""
    rgb = np.array(mpl.colors.to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    relative = XYZ @ np.clip(matrix @ linear, 0, 1) / WHITE
    f = np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHT)
def test_any_two_colors_differ_for_every_kind_of_sight(sight):
    seen = [see(color, SIGHT[sight]) for color in (*BEHAVIOR_COLORS, UNASSIGNED_COLOR)]
    nearest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert nearest > 15


def test_looks_follow_the_names_not_their_order():
    names = ["walking", None, "rearing", "grooming", "rearing"]
    looks = choose_looks(names)
    assert list(looks) == ["grooming", "rearing", "walking", "unassigned"]
    assert looks == choose_looks(reversed(names))
    assert looks["unassigned"].color == UNASSIGNED_COLOR


def test_many_behaviors_get_a_second_channel():
    few, many = choose_looks(map(str, range(8))), choose_looks(map(str, range(14)))
    assert {look.marker for look in few.values()} == {"o"}
    named = [look for name, look in many.items() if name != "unassigned"]
    assert len({(look.color, look.marker) for look in named}) == 14
    assert len({look.hatch for look in named}) > 7


def test_the_first_group_is_black_whatever_its_name():
    looks = choose_group_looks(pd.Series(["saline", "LSD", "saline"]))
    assert list(looks) == ["saline", "LSD"]
    assert looks["saline"].color == "#222222"


def test_style_ends_with_its_block():
    before = mpl.rcParams.copy()
    with publication_style():
        assert mpl.rcParams["font.size"] == 7
    assert mpl.rcParams == before


def test_axes_grow_with_their_legend():
    short, long = make_axes(3, 1), make_axes(3, 1, legend=[f"behaviour {i}" for i in range(20)])
    assert short.figure.get_figheight() == 1
    assert long.figure.get_figheight() > 2.5


def test_a_table_that_cannot_be_drawn_is_refused():
    table = pd.DataFrame({"x": [1.0]})
    with pytest.raises(DataError, match="y, group"):
        require_columns(table, "x", "y", "group")
    with pytest.raises(DataError, match="at least one row"):
        require_columns(table.iloc[:0], "x")


@pytest.mark.parametrize(("value", "expected"), [(1.0, 1), (4.99, 2), (7, 5), (0.03, 0.02)])
def test_scale_bars_are_round(value, expected):
    assert round_down(value) == pytest.approx(expected)
