"""Looks, legends and refusals that all figures share."""

import pandas as pd
import pytest

from mousegpt.core.errors import DataError
from mousegpt.plots.style import (
    UNASSIGNED_COLOR,
    choose_group_looks,
    choose_looks,
    draw_scale_bar,
    make_axes,
    require_columns,
    round_down,
)


def test_a_behaviour_keeps_its_look_whatever_the_order_of_the_names():
    assert choose_looks(["walking", "rearing"]) == choose_looks(["rearing", None, "walking"])


def test_unassigned_is_last_and_grey():
    name, look = list(choose_looks(["unassigned", "walking"]).items())[-1]
    assert (name, look.color) == ("unassigned", UNASSIGNED_COLOR)


def test_many_behaviours_differ_in_more_than_colour():
    looks = list(choose_looks([f"behaviour {i:02}" for i in range(14)]).values())
    assert len({look.color for look in looks}) == 15
    assert len({(look.color, look.marker, look.hatch) for look in looks}) == 15
    assert len({look.marker for look in looks}) > 8


def test_groups_keep_the_order_of_the_table():
    assert list(choose_group_looks(["saline", "LSD", "saline"])) == ["saline", "LSD"]


def test_missing_columns_are_named():
    with pytest.raises(DataError, match="behavior, group"):
        require_columns(pd.DataFrame({"x": [1.0]}), "x", "behavior", "group")


def test_an_empty_table_is_refused():
    with pytest.raises(DataError, match="empty"):
        require_columns(pd.DataFrame({"x": []}), "x")


@pytest.mark.parametrize(("reach", "length", "text"), [(7, 5, "5 cm"), (0.3, 0.2, "0.2 cm")])
def test_the_scale_bar_is_as_long_as_it_says(reach, length, text):
    ax = make_axes(2, 2)
    draw_scale_bar(ax, 1.0, 0.0, reach, "cm")
    left, right = ax.lines[0].get_xdata()
    assert right - left == pytest.approx(length)
    assert ax.texts[0].get_text() == text


@pytest.mark.parametrize(("reach", "text"), [(1.2, "1 body length"), (3.0, "2 body lengths")])
def test_body_lengths_are_counted_in_words(reach, text):
    ax = make_axes(2, 2)
    draw_scale_bar(ax, 0.0, 0.0, reach, "body length")
    assert ax.texts[0].get_text() == text


@pytest.mark.parametrize("value", [1e-6, 0.1, 1.0, 1.99, 20.0, 73.0, 1e9])
def test_rounding_down_stays_within_a_factor_of_two_and_a_half(value):
    assert value / 2.5 <= round_down(value) <= value * (1 + 1e-12)
