"""Dots where the animals are, lines where the means are, bars that fill the whole."""

import numpy as np
import pandas as pd
import pytest

from mousegpt.core.recording import Recording
from mousegpt.plots.groups import plot_postures, plot_proportions
from mousegpt.stats.proportions import summarize_groups

GROUPS = {"a": "saline", "b": "saline", "c": "LSD"}


def make_proportions():
    shares = {"a": 0.2, "b": 0.4, "c": 0.9}
    table = pd.DataFrame(
        [
            (recording, "mouse", behavior, share)
            for recording, walking in shares.items()
            for behavior, share in [("walking", walking), ("unassigned", 1 - walking)]
        ],
        columns=["recording", "individual", "behavior", "share"],
    )
    recordings = [Recording(id=r, subject=r.upper(), group=g) for r, g in GROUPS.items()]
    summary = summarize_groups(table, recordings)
    joined = table.assign(
        group=table["recording"].map(GROUPS), subject=table["recording"].str.upper()
    )
    return joined, summary


def test_every_animal_is_a_dot_and_every_group_a_mean():
    ax = plot_proportions(*make_proportions())
    dots = [y for line in ax.lines if line.get_linestyle() == "None" for y in line.get_ydata()]
    assert sorted(dots) == pytest.approx(sorted([0.2, 0.4, 0.9, 0.8, 0.6, 0.1]))
    means = [
        line.get_ydata()[0]
        for line in ax.lines
        if len(set(line.get_ydata())) == 1 and line.get_linewidth() == 1.2
    ]
    assert sorted(means) == pytest.approx(sorted([0.3, 0.9, 0.7, 0.1]))


def test_one_animal_has_no_interval():
    ax = plot_proportions(*make_proportions())
    intervals = [line.get_ydata() for line in ax.lines if line.get_linewidth() == 0.7]
    assert sum(np.isnan(ends).all() for ends in intervals) == 2


def test_recordings_of_one_animal_are_one_dot():
    joined, summary = make_proportions()
    joined.loc[joined["group"] == "saline", "subject"] = "A"
    ax = plot_proportions(joined, summary)
    dots = [line.get_ydata() for line in ax.lines if line.get_linestyle() == "None"]
    assert [len(shares) for shares in dots] == [1, 1, 1, 1]
    assert np.concatenate(dots) == pytest.approx([0.3, 0.7, 0.9, 0.1])


def test_unassigned_stands_last():
    ax = plot_proportions(*make_proportions())
    assert [label.get_text() for label in ax.get_xticklabels()] == ["walking", "unassigned"]


def make_subtypes(shares):
    return pd.DataFrame(
        [
            (recording, "mouse", GROUPS[recording], part, posture, share)
            for recording, part, posture, share in shares
        ],
        columns=["recording", "individual", "group", "part", "posture", "share"],
    )


def test_bars_of_every_group_fill_the_whole():
    shares = [("a", "head", "up", 0.9), ("a", "head", "left", 0.3), ("b", "head", "up", 0.5),
              ("c", "head", "left", 0.7), ("c", "torso", "flat", 0.1)]  # fmt: skip
    ax = plot_postures(make_subtypes(shares))
    widths = {}
    for bar in ax.patches:
        row = round(bar.get_y() + bar.get_height() / 2, 6)
        widths.setdefault(row, []).append(bar.get_width())
    head_saline, head_lsd, torso_lsd = widths.values()
    assert head_saline == pytest.approx([0.125, 0.875])  # left: mean of 0.25 and 0
    assert head_lsd == pytest.approx([1.0, 0.0])
    assert torso_lsd == pytest.approx([1.0])


def test_rare_postures_are_other():
    shares = [("a", "head", f"posture {i}", 0.5 - i / 20) for i in range(8)]
    ax = plot_postures(make_subtypes(shares), n_postures=3)
    widths = [bar.get_width() for bar in ax.patches]
    assert len(widths) == 4
    assert sum(widths) == pytest.approx(1)
    assert widths[-1] == pytest.approx(sum(0.5 - i / 20 for i in range(3, 8)) / 2.6)
