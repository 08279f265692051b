"""Speeds at their height, peaks and gaps kept."""

import numpy as np
import pandas as pd
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.facts import SPEEDS
from mousegpt.plots.speeds import plot_speeds


def make_speeds(n=100, value=4.0):
    table = pd.DataFrame({"recording": "r", "individual": "mouse", "time_s": np.arange(n) / 60.0})
    return table.assign(**dict.fromkeys(SPEEDS, value))


def read_curves(ax):
    return [line.get_ydata() for line in ax.lines if len(line.get_ydata()) > 2]


def test_curves_stand_at_their_speed_above_the_zero_of_their_lane():
    ax = plot_speeds(make_speeds(value=4.0), length_unit="body length")
    zeros = [y for y, t in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
             if t.get_text() == "0"]  # fmt: skip
    assert len(zeros) == len(SPEEDS)
    for zero, curve in zip(zeros, read_curves(ax), strict=True):
        assert curve - zero == pytest.approx(4.0)
    assert ax.get_ylabel() == "Speed (body length/s)"


def test_a_single_peak_survives_the_binning():
    table = make_speeds(10_000, 0.0)
    table.loc[5_000, "speed_body"] = 30.0
    ax = plot_speeds(table, n_bins=50)
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == 30.0


def test_unknown_speeds_leave_a_gap():
    table = make_speeds()
    table.loc[10:20, "speed_head"] = np.nan
    assert np.isnan(read_curves(plot_speeds(table))[1]).sum() == 11


def test_speeds_that_are_all_unknown_are_drawn_empty():
    ax = plot_speeds(make_speeds(value=np.nan))
    ax.figure.draw_without_rendering()
    assert np.isnan(read_curves(ax)).all()


def test_one_animal_at_a_time():
    table = pd.concat([make_speeds(), make_speeds().assign(recording="other")])
    with pytest.raises(DataError, match="found 2"):
        plot_speeds(table)
