"""Six lanes on one scale."""

import numpy as np
import pandas as pd
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.facts import SPEEDS
from mousegpt.plots.speeds import plot_speeds


def select_lanes(ax):
    """The drawn lines, without the zero lines."""
    return [line for line in ax.lines if len(line.get_xdata()) > 2]


def test_each_lane_carries_its_speed_above_its_zero(study):
    ax = plot_speeds(study.speeds)
    zeros = [line.get_ydata()[0] for line in ax.lines if len(line.get_xdata()) == 2]
    lanes = select_lanes(ax)
    assert len(lanes) == len(zeros) == len(SPEEDS)
    for zero, line, name in zip(zeros, lanes, SPEEDS, strict=True):
        expected = study.speeds[name].to_numpy()
        np.testing.assert_allclose(line.get_ydata() - zero, expected, atol=1e-9)


def test_lanes_are_named_and_the_unit_is_told(study):
    ax = plot_speeds(study.speeds, length_unit="body length")
    assert ax.texts[0].get_text() == "body"
    assert len(ax.texts) == len(SPEEDS)
    assert ax.get_ylabel() == "Speed (body length/s)"


def test_a_long_recording_is_drawn_in_few_points_that_keep_every_peak(study):
    speeds = study.speeds.copy()
    speeds.loc[777, "speed_body"] = 500.0
    ax = plot_speeds(speeds, n_bins=100)
    assert len(select_lanes(ax)[0].get_xdata()) == 100
    assert ax.collections[0].get_paths()[0].vertices[:, 1].max() == pytest.approx(500.0)


def test_several_animals_are_refused(study):
    two = pd.concat([study.speeds, study.speeds.assign(individual="other")])
    with pytest.raises(DataError, match="one animal, found 2"):
        plot_speeds(two)
