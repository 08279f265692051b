"""Rows, bars and lanes along time."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from mousegpt.core.errors import DataError
from mousegpt.plots.style import choose_looks
from mousegpt.plots.time import plot_ethogram, plot_fine_postures, plot_occurrence


def measure_seconds(ax):
    """Total length of the bars per colour."""
    seconds = {}
    for bars in ax.collections:
        color = to_hex(bars.get_facecolor()[0]).upper()
        seconds[color] = sum(np.ptp(path.vertices[:, 0]) for path in bars.get_paths())
    return seconds


def make_animal(behaviors, times):
    return pd.DataFrame(
        {"recording": "m", "individual": "mouse", "group": "g", "time_s": times}
    ).assign(behavior=behaviors)


def test_bars_are_as_long_as_the_behaviours():
    table = make_animal(["a", "a", "b", None], [0.0, 1.0, 2.0, 3.0])
    looks = choose_looks(["a", "b"])
    expected = {looks["a"].color: 2, looks["b"].color: 1, looks["unassigned"].color: 1}
    assert measure_seconds(plot_ethogram(table)) == pytest.approx(expected)


def test_time_that_was_not_described_stays_white():
    table = make_animal(["a"] * 4, [0.0, 1.0, 2.0, 9.0])
    assert sum(measure_seconds(plot_ethogram(table)).values()) == pytest.approx(4)


def test_there_is_a_row_per_animal_under_the_heading_of_its_group(study):
    ax = plot_ethogram(study.behaviors)
    assert len(ax.get_yticks()) == study.behaviors["recording"].nunique()
    headings = [text.get_text() for text in ax.texts]
    assert headings == list(dict.fromkeys(study.behaviors["group"]))


def test_postures_of_one_animal_only(study):
    with pytest.raises(DataError, match="one animal, found 20"):
        plot_fine_postures(study.fine_postures)


def test_a_key_tells_its_share_of_frames(study):
    table = study.fine_postures[study.fine_postures["recording"] == "saline_0"]
    labels = [label.get_text() for label in plot_fine_postures(table).get_yticklabels()]
    share = table["head"].map(lambda keys: "raised" in keys).mean()
    assert f"raised  {share:.0%}" in labels


def test_each_behaviour_has_a_lane_and_each_group_a_colour(study):
    occurrence = study.occurrence
    ax = plot_occurrence(occurrence)
    colors = {line.get_color() for line in ax.lines if len(line.get_xdata()) > 2}
    assert len(colors) == occurrence["group"].nunique()
    assert [text.get_text() for text in ax.texts][-1] == "unassigned"
    assert len(ax.texts) == occurrence["behavior"].nunique()
