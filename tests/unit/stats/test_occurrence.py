import numpy as np

from mousegpt.stats.occurrence import compute_occurrence

from .test_bouts import behave


def test_windows_have_shares_that_add_up_to_one():
    table = behave(["walking"] * 150 + ["still"] * 100 + [None] * 50)  # 60 s at 5 per second
    occurrence = compute_occurrence(table)
    assert occurrence["window_start_s"].unique().tolist() == [0.0, 20.0, 40.0]
    wide = occurrence.pivot(index="window_start_s", columns="behavior", values="share")
    np.testing.assert_allclose(wide["walking"], [1, 0.5, 0])
    np.testing.assert_allclose(wide["still"], [0, 0.5, 0.5])
    np.testing.assert_allclose(wide["unassigned"], [0, 0, 0.5])


def test_a_sample_on_the_border_opens_the_next_window():
    table = behave(["walking"] * 4)
    table["time_s"] = [0.0, 0.1 + 0.2, 0.6, 0.7 + 0.1 + 0.1]  # the third tenths are inexact
    occurrence = compute_occurrence(table, window_s=0.3)
    assert occurrence.groupby("window_start_s")["n_frames"].sum().tolist() == [1, 1, 1, 1]


def test_windows_without_frames_are_left_out():
    table = behave(["walking"] * 2)
    table["time_s"] = [0.0, 70.0]
    assert compute_occurrence(table)["window_start_s"].unique().tolist() == [0.0, 60.0]
