import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from mousegpt.core.errors import DataError
from mousegpt.core.recording import Recording
from mousegpt.stats.proportions import compute_proportions, compute_subtypes, summarize_groups

from .test_bouts import behave


@pytest.fixture
def behaviors():
    return pd.concat(
        [
            behave(["walking"] * 6 + ["still"] * 3 + [None], recording="r1"),
            behave(["walking"] * 2 + ["still"] * 8, recording="r2"),
        ],
        ignore_index=True,
    )


def test_every_behavior_is_there_for_every_individual(behaviors):
    shares = compute_proportions(behaviors)
    assert (
        shares.groupby("recording")["behavior"].agg(list).tolist()
        == [["still", "walking", "unassigned"]] * 2
    )
    assert shares["share"].tolist() == [0.3, 0.6, 0.1, 0.8, 0.2, 0.0]
    assert shares["n_frames"].tolist() == [3, 6, 1, 8, 2, 0]


def test_unassigned_is_shown_where_all_is_assigned(behaviors):
    shares = compute_proportions(behaviors[behaviors["recording"] == "r2"])
    assert shares["behavior"].tolist() == ["still", "walking", "unassigned"]


def name_recordings(*rows):
    return [Recording(id=name, subject=subject, group=group) for name, subject, group in rows]


def test_interval_is_students_over_animals():
    table = pd.concat(
        [behave(["walking"] * n + ["still"] * (10 - n), recording=f"r{n}") for n in (2, 4, 9)]
    )
    recordings = name_recordings(("r2", "a", "g"), ("r4", "b", "g"), ("r9", "c", "g"))
    summary = summarize_groups(compute_proportions(table), recordings).set_index("behavior")
    shares = np.array([0.2, 0.4, 0.9])
    margin = t.ppf(0.975, 2) * shares.std(ddof=1) / np.sqrt(3)
    walking = summary.loc["walking"]
    assert walking["n_animals"] == 3
    np.testing.assert_allclose(
        [walking["mean"], walking["low"], walking["high"]],
        [0.5, 0.5 - margin, 0.5 + margin],
    )


def test_sessions_of_one_animal_count_once(behaviors):
    recordings = name_recordings(("r1", "a", "g"), ("r2", "a", "g"))
    summary = summarize_groups(compute_proportions(behaviors), recordings)
    assert summary["n_animals"].tolist() == [1, 1, 1]
    walking = summary.set_index("behavior").loc["walking"]
    assert walking["mean"] == pytest.approx(0.4)
    assert np.isnan(walking["low"])


def test_groups_stay_apart(behaviors):
    recordings = name_recordings(("r1", "a", "drug"), ("r2", "b", "saline"))
    summary = summarize_groups(compute_proportions(behaviors), recordings)
    assert summary["group"].unique().tolist() == ["drug", "saline"]


def test_a_recording_without_manifest_row_is_refused(behaviors):
    with pytest.raises(DataError, match="'r2' has none"):
        summarize_groups(compute_proportions(behaviors), name_recordings(("r1", "a", "g")))


def test_subtypes_are_shares_of_the_behaviors_frames(behaviors):
    one = behaviors[behaviors["recording"] == "r1"]
    fine = one[["recording", "individual", "frame", "time_s"]].assign(
        head=pd.Series([["head up", "head left"]] * 3 + [["head up"]] * 7),
        limb=pd.Series([[]] * 10),
        torso=pd.Series([["flat"]] * 3 + [[]] * 7),
    )
    subtypes = compute_subtypes(fine, one, behavior="walking")
    assert subtypes[["part", "posture", "n_frames", "share"]].to_numpy().tolist() == [
        ["head", "head left", 3, 0.5],
        ["head", "head up", 6, 1.0],
        ["torso", "flat", 3, 0.5],
    ]
