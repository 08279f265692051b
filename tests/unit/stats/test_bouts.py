import numpy as np
import pandas as pd
import pytest

from mousegpt.stats.bouts import count_transitions, find_bouts


def behave(labels, *, recording="r1", individual="mouse", start=0):
    frames = start + np.arange(len(labels)) * 12
    return pd.DataFrame(
        {
            "recording": recording,
            "individual": individual,
            "frame": frames,
            "time_s": frames / 60,
            "cluster": 0,
            "behavior": pd.Series(labels, dtype="str"),
        }
    )


def test_bouts_cover_the_time_that_was_sampled():
    bouts = find_bouts(behave(["walking"] * 3 + ["still"] * 2 + ["walking"]))
    assert bouts["behavior"].tolist() == ["walking", "still", "walking"]
    assert bouts["start_frame"].tolist() == [0, 36, 60]
    np.testing.assert_allclose(bouts["start_s"], [0, 0.6, 1.0])
    np.testing.assert_allclose(bouts["duration_s"], [0.6, 0.4, 0.2])
    assert bouts["n_frames"].tolist() == [3, 2, 1]


def test_individuals_and_recordings_do_not_mix():
    tables = [
        behave(["walking"] * 2, recording=recording, individual=individual)
        for recording in ("r1", "r2")
        for individual in ("a", "b")
    ]
    bouts = find_bouts(pd.concat(tables, ignore_index=True).sample(frac=1, random_state=0))
    assert bouts[["recording", "individual", "n_frames"]].to_numpy().tolist() == [
        ["r1", "a", 2],
        ["r1", "b", 2],
        ["r2", "a", 2],
        ["r2", "b", 2],
    ]


def test_a_pause_ends_a_bout_and_is_no_transition():
    table = pd.concat([behave(["walking"] * 4), behave(["walking", "still"], start=240)])
    bouts = find_bouts(table)
    assert bouts["n_frames"].tolist() == [4, 1, 1]
    transitions = count_transitions(bouts)
    assert transitions[["source", "target", "n_transitions"]].to_numpy().tolist() == [
        ["walking", "still", 1]
    ]


def test_unassigned_stretches_are_shown():
    bouts = find_bouts(behave(["walking", None, None, "walking"]))
    assert bouts["behavior"].tolist() == ["walking", "unassigned", "walking"]


@pytest.mark.parametrize(("least", "n_left"), [(0, 3), (0.4, 2), (0.6, 1), (0.7, 0)])
def test_short_bouts_are_left_out(least, n_left):
    table = behave(["walking"] * 3 + ["still"] * 2 + ["rearing"])
    assert len(find_bouts(table, min_duration_s=least)) == n_left


def test_a_single_sample_has_no_duration():
    assert find_bouts(behave(["still"]))["duration_s"].tolist() == [0.0]


def test_an_empty_table_has_no_bouts():
    assert find_bouts(behave([])).empty
    assert count_transitions(find_bouts(behave([]))).empty


def test_transitions_are_counted_by_direction():
    labels = ["still", "walking", "still", "walking", "rearing"]
    counts = count_transitions(find_bouts(behave(labels)))
    assert counts[["source", "target", "n_transitions"]].to_numpy().tolist() == [
        ["still", "walking", 2],
        ["walking", "rearing", 1],
        ["walking", "still", 1],
    ]
