"""Means, intervals, dots and stacks add up."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from mousegpt.core.errors import DataError
from mousegpt.plots.groups import plot_postures, plot_proportions


def make_summary(proportions):
    """Means with an interval of ±0.01."""
    means = proportions.groupby(["group", "behavior"])["share"].mean().rename("mean").reset_index()
    return means.assign(low=means["mean"] - 0.01, high=means["mean"] + 0.01)


def list_heights(ax, n_points):
    """Heights of the lines of this many points that are drawn in full."""
    return [line.get_ydata() for line in ax.lines if len(line.get_ydata()) == n_points]


@pytest.fixture
def proportions(study):
    return study.proportions.assign(subject=study.proportions["recording"])


def test_every_animal_is_a_dot_and_every_group_a_mean(proportions):
    summary = make_summary(proportions)
    ax = plot_proportions(proportions, summary)
    dots = [
        line for line in ax.lines if line.get_linestyle() == "None" or line.get_marker() != "None"
    ]
    drawn = np.sort(np.concatenate([np.asarray(line.get_ydata(), float) for line in dots]))
    np.testing.assert_allclose(drawn, np.sort(proportions["share"]))
    heights = list_heights(ax, 2)
    for mean in summary["mean"]:
        assert any(np.allclose(pair, mean) for pair in heights)
        assert any(np.allclose(pair, [mean - 0.01, mean + 0.01]) for pair in heights)


def test_unassigned_time_stands_last(proportions):
    ax = plot_proportions(proportions, make_summary(proportions))
    assert ax.get_xticklabels()[-1].get_text() == "unassigned"


def test_a_proportion_needs_its_group(proportions):
    with pytest.raises(DataError, match="group"):
        plot_proportions(proportions.drop(columns="group"), make_summary(proportions))


def make_subtypes(shares):
    rows = [
        {"recording": name, "individual": "m", "group": group, "part": "head"}
        | {"posture": posture, "share": share}
        for name, group, postures in shares
        for posture, share in postures.items()
    ]
    return pd.DataFrame(rows)


def list_bars(ax):
    return [patch.get_width() for patch in ax.patches if isinstance(patch, Rectangle)]


def test_animals_count_alike_however_much_they_show():
    table = make_subtypes(
        [("a", "g", {"up": 0.2, "down": 0.2}), ("b", "g", {"up": 1.0, "down": 0.0})]
    )
    assert sorted(list_bars(plot_postures(table))) == pytest.approx([0.25, 0.75])


def test_rare_postures_share_a_segment():
    table = make_subtypes([("a", "g", {f"p{i}": 1.0 for i in range(5)})])
    ax = plot_postures(table, n_postures=2)
    assert sorted(list_bars(ax)) == pytest.approx([0.2, 0.2, 0.6])


def test_every_group_has_a_full_bar():
    table = make_subtypes([("a", "g", {"up": 0.7}), ("b", "h", {"up": 0.1, "down": 0.3})])
    ax = plot_postures(table)
    assert sum(list_bars(ax)) == pytest.approx(2)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["g", "h"]
