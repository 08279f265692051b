"""Bars as long as the time they stand for; lines as high as the shares."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from mousegpt.core.errors import DataError
from mousegpt.plots.style import UNASSIGNED_COLOR, choose_looks
from mousegpt.plots.time import plot_ethogram, plot_fine_postures, plot_occurrence


def make_behaviors(names, *, step_s=0.5, recording="r1", group="saline"):
    time_s = np.arange(len(names)) * step_s
    return pd.DataFrame(
        {
            "recording": recording,
            "individual": "mouse",
            "time_s": time_s,
            "group": group,
            "behavior": pd.array(names, dtype="str"),
        }
    )


def measure_bars(ax):
    """Return the summed length of the bars by colour."""
    lengths = {}
    for collection in ax.collections:
        color = to_hex(collection.get_facecolor()[0]).upper()
        ends = [np.ptp(path.vertices[:, 0]) for path in collection.get_paths()]
        lengths[color] = round(sum(ends), 6)
    return lengths


def test_bars_are_as_long_as_the_time():
    table = make_behaviors(["walking"] * 4 + ["rearing"] * 2 + [None] * 3)
    looks = choose_looks(table["behavior"])
    assert measure_bars(plot_ethogram(table)) == {
        looks["walking"].color: 2.0, looks["rearing"].color: 1.0, UNASSIGNED_COLOR: 1.5,
    }  # fmt: skip


def test_time_without_description_stays_white():
    table = make_behaviors(["walking"] * 10).drop(index=[4, 5, 6])
    assert list(measure_bars(plot_ethogram(table)).values()) == [3.5]


def test_rows_stand_in_blocks_by_group():
    tables = [
        make_behaviors(["walking"] * 3, recording=r, group=g)
        for r, g in [("r2", "saline"), ("r9", "LSD"), ("r1", "saline")]
    ]
    ax = plot_ethogram(pd.concat(tables))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["r2", "r1", "r9"]
    assert [text.get_text() for text in ax.texts] == ["saline", "LSD"]


def test_individuals_of_one_recording_have_their_own_rows():
    table = make_behaviors(["walking"] * 3)
    ax = plot_ethogram(pd.concat([table, table.assign(individual="b")]))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["r1 · mouse", "r1 · b"]


@pytest.mark.parametrize(("step_s", "unit", "end"), [(1.0, "s", 100), (60.0, "min", 100)])
def test_long_recordings_are_told_in_minutes(step_s, unit, end):
    ax = plot_ethogram(make_behaviors(["walking"] * 100, step_s=step_s))
    assert ax.get_xlabel() == f"Time ({unit})"
    assert ax.get_xlim() == pytest.approx((0, end))


def test_fine_postures_are_ranked_by_their_share():
    table = make_behaviors(["walking"] * 4).assign(
        head=[["up"], ["up", "left"], [], ["up"]], limb=[["stepping"]] * 4, torso=[[]] * 4
    )
    ax = plot_fine_postures(table)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["up  75%", "left  25%", "stepping  100%"]
    with pytest.raises(DataError, match="found 2"):
        plot_fine_postures(pd.concat([table, table.assign(recording="r2")]))


def test_lines_stand_at_the_group_mean_in_the_middle_of_the_window():
    rows = [
        (name, group, start, behavior, share)
        for name, group, walking in [("a", "x", 0.2), ("b", "x", 0.6), ("c", "y", 0.1)]
        for start in (0.0, 20.0)
        for behavior, share in [("walking", walking), ("unassigned", 1 - walking)]
    ]
    columns = ["recording", "group", "window_start_s", "behavior", "share"]
    ax = plot_occurrence(pd.DataFrame(rows, columns=columns))
    ticks = dict(zip([t.get_text() for t in ax.get_yticklabels()], ax.get_yticks(), strict=True))
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    line = dashed[0]  # walking, group x: the mean is 40 %, which is the top of its lane
    assert line.get_xdata() == pytest.approx([10, 30])
    assert line.get_ydata() == pytest.approx(ticks["40%"])
    assert len(dashed) == 4


def test_the_solid_line_is_a_moving_average():
    shares = [0.0, 0.0, 0.3, 0.0, 0.0, 0.0]
    table = pd.DataFrame(
        {"group": "x", "window_start_s": np.arange(6) * 20.0, "behavior": "walking",
         "share": shares}
    )  # fmt: skip
    ax = plot_occurrence(table, n_smoothed=3)
    raw, smooth = ax.lines[:2]
    expected = pd.Series(raw.get_ydata()).rolling(3, center=True, min_periods=1).mean()
    assert smooth.get_ydata() == pytest.approx(expected)
    assert smooth.get_ydata().max() == pytest.approx(raw.get_ydata().max() / 3)
