import numpy as np
import pandas as pd
import pytest

from mousegpt.core.description import ELEMENTS
from mousegpt.core.errors import DataError
from mousegpt.evaluation.comparison import METRICS, compare_describers, tabulate_attributes

N_ANIMALS, N_FRAMES = 4, 5
FRAMES = [(f"r{a}", "", f) for a in range(N_ANIMALS) for f in range(N_FRAMES)]


def make_truth():
    rows = [(*key, 8.0, "walking", "ground") for key in FRAMES]
    columns = ["recording", "individual", "frame", "body_length", "state_activity"]
    return pd.DataFrame(rows, columns=[*columns, "state_tail_height"])


def describe(bad=()):
    """Ten words each; what is in ``bad`` could not be read."""
    rows = [
        (*key, 0.0, "not_json" if key in bad else "ok", *[None if key in bad else "Two words."] * 6)
        for key in FRAMES
    ]
    names = ["recording", "individual", "frame", "time_s", "status", *ELEMENTS]
    return pd.DataFrame(rows, columns=names).assign(keywords=None)


def claim(wrong=(), silent=(), unread=()):
    """Say the activity and the tail of each frame, the activity of ``wrong`` falsely."""
    rows = []
    for key in FRAMES:
        if key in unread:
            continue
        verdict = "contradicted" if key in wrong else "supported"
        rows.append((*key, "overall", "activity", verdict))
        if key not in silent:
            rows.append((*key, "limb", "tail_height", "supported"))
    names = ["recording", "individual", "frame", "element", "kind", "verdict"]
    return pd.DataFrame(rows, columns=names)


def tell(wrong=(), silent=(), unread=()):
    """Tell the states that `claim` is about."""
    rows = [
        (*key,
         "unknown" if key in unread else "grooming" if key in wrong else "walking",
         "unknown" if key in (*silent, *unread) else "ground")
        for key in FRAMES
    ]  # fmt: skip
    columns = ["recording", "individual", "frame", "state_activity", "state_tail_height"]
    return pd.DataFrame(rows, columns=columns)


def compare(**changes):
    """Compare a describer without fault and one with the faults named."""
    given = {"before": describe(changes.get("unread", ())), "after": describe()}
    claims = {"before": claim(**changes), "after": claim()}
    told = {"before": tell(**changes), "after": tell()}
    return compare_describers(given, claims, told, make_truth(), n_resamples=200)


def value(comparison, metric, model="before"):
    scores = comparison.scores.set_index(["model", "metric"])
    return scores.loc[(model, metric), "value"]


def test_without_fault_everything_is_one_and_nothing_hallucinated():
    comparison = compare()
    assert list(comparison.scores["metric"][: len(METRICS)]) == list(METRICS)
    for metric in METRICS:
        expected = {"hallucination": 0.0, "words": 10.0}.get(metric, 1.0)
        if metric in ("right behavior", "right tail", "right mean") or "right" not in metric:
            assert value(comparison, metric, "after") == expected
        else:  # not known
            assert np.isnan(value(comparison, metric, "after"))


def test_a_false_claim_counts_where_it_stands():
    comparison = compare(wrong=FRAMES[:4])
    assert value(comparison, "correct") == 16 / 20
    assert value(comparison, "correct overall") == 16 / 20
    assert value(comparison, "correct limb") == 1
    assert value(comparison, "hallucination") == 4 / 40
    assert value(comparison, "right behavior") == 16 / 20
    assert value(comparison, "right tail") == 1
    assert value(comparison, "right mean") == pytest.approx(0.9)


def test_silence_is_not_wrong_but_not_complete():
    comparison = compare(silent=FRAMES[:10])
    assert value(comparison, "correct") == 1
    assert value(comparison, "right tail") == 10 / 20
    assert value(comparison, "right mean") == 0.75


def test_what_cannot_be_read_is_not_correct():
    comparison = compare(unread=FRAMES[:5])
    assert value(comparison, "usable") == 0.75
    assert value(comparison, "correct torso") == 0.75
    assert value(comparison, "words") == 10
    assert value(comparison, "hallucination") == 0


def test_the_better_description_is_preferred():
    comparison = compare(wrong=FRAMES[:4], unread=FRAMES[4:6], silent=FRAMES[6:8])
    (row,) = comparison.preferences.to_dict("records")
    assert (row["better"], row["worse"], row["equal"]) == (8 / 20, 0, 12 / 20)
    assert row["preferred"] == pytest.approx(14 / 20)
    assert row["low"] < row["preferred"] < row["high"]


def test_animals_are_drawn_not_frames():
    """All faults in one animal of four: an interval as wide as animals differ."""
    one = compare(wrong=[key for key in FRAMES if key[0] == "r0"])
    spread = compare(wrong=FRAMES[::N_FRAMES] + FRAMES[1:2])
    rows = [
        c.scores.set_index(["model", "metric"]).loc[("before", "correct")] for c in (one, spread)
    ]
    assert rows[0]["value"] == rows[1]["value"] == 0.75
    widths = [row["high"] - row["low"] for row in rows]
    assert widths[0] > 2 * widths[1]


def test_a_difference_that_all_animals_share_has_no_spread():
    differences = compare(wrong=FRAMES[::N_FRAMES]).differences.set_index("metric")
    assert differences.loc["correct", ["difference", "low", "high"]].tolist() == pytest.approx(
        [0.2, 0.2, 0.2]
    )


def test_one_animal_has_no_interval():
    truth = make_truth()[:N_FRAMES]
    scores = compare_describers({"a": describe()}, {"a": claim()}, {"a": tell()}, truth).scores
    assert scores["n_animals"].eq(1).all()
    assert scores["low"].isna().all()


def test_only_frames_that_all_describe_count():
    given = {"a": describe()[:12], "b": describe()[8:]}
    comparison = compare_describers(
        given, {"a": claim(), "b": claim()}, {"a": tell(), "b": tell()}, make_truth()
    )
    assert comparison.preferences["n_frames"].tolist() == [4]


def test_the_same_seed_gives_the_same_numbers():
    pd.testing.assert_frame_equal(
        compare(wrong=FRAMES[:3]).scores, compare(wrong=FRAMES[:3]).scores
    )


def test_tables_without_a_common_frame_are_refused():
    other = describe().assign(recording="elsewhere-" + describe()["recording"])
    with pytest.raises(DataError, match="'a'"):
        compare_describers({"a": other}, {"a": claim()}, {"a": tell()}, make_truth())
    with pytest.raises(DataError, match="claims and states of a"):
        compare_describers({"a": describe()}, {"b": claim()}, {"a": tell()}, make_truth())


def test_attributes_stand_in_a_row_for_each_describer():
    table = tabulate_attributes(compare(wrong=FRAMES[:4]).scores)
    assert list(table["model"]) == ["before", "after"]
    assert list(table.columns[1:]) == [
        "moving", "behavior", "head", "forepaws", "hindpaws", "torso", "tail", "mean",
        "hallucination",
    ]  # fmt: skip
    assert table["behavior"].tolist() == [0.8, 1.0]
    assert table["hallucination"].tolist() == [0.1, 0.0]


def test_nothing_checkable_is_no_rate():
    claims = claim().assign(verdict="not checkable")
    scores = compare_describers(
        {"a": describe()}, {"a": claims}, {"a": tell()}, make_truth()
    ).scores
    assert np.isnan(scores.set_index("metric").loc["hallucination", "value"])


def test_a_truth_without_states_gives_no_accuracy():
    truth = make_truth()[["recording", "individual", "frame", "body_length"]]
    scores = compare_describers({"a": describe()}, {"a": claim()}, {"a": tell()}, truth).scores
    values = scores.set_index("metric")["value"]
    assert np.isnan(values["right mean"])
    assert values["usable"] == 1


def test_a_truth_with_repeated_frames_is_refused():
    truth = pd.concat([make_truth()] * 2)
    with pytest.raises(DataError, match="20 repeated"):
        compare_describers({"a": describe()}, {"a": claim()}, {"a": tell()}, truth)
