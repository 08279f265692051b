"""Attributes are counted as they were made: known, told, and told rightly."""

import numpy as np
import pandas as pd
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.facts import STATES
from mousegpt.evaluation.attributes import (
    guess_blindly,
    judge_attributes,
    list_states,
    score_attributes,
)


def make_states(**states):
    """Four frames with the states given, all others unknown."""
    key = {"recording": "r", "individual": "m", "frame": range(4), "time_s": 0.0}
    unknown = {f"state_{state.name}": "unknown" for state in STATES}
    return pd.DataFrame(key | unknown | {f"state_{name}": v for name, v in states.items()})


TRUTH = make_states(
    pace=["still", "slow", "rapid", "unknown"],
    head_pitch=["up", "up", "down", "down"],
    head_yaw=["left", "slightly left", "straight", "unknown"],
)


def score(**told):
    judged = judge_attributes(make_states(**told), TRUTH)
    return score_attributes(judged).set_index("attribute")


def test_right_wrong_and_unsaid_are_shares_of_what_is_known():
    table = score(pace=["slow", "rapid", "unknown", "slow"])
    row = table.loc["moving"]
    assert row["n"] == 3
    assert row[["accuracy", "wrong", "unsaid"]].tolist() == pytest.approx([1 / 3] * 3)


def test_an_attribute_is_the_mean_of_its_states_and_all_that_of_the_attributes():
    table = score(pace="slow", head_pitch="up", head_yaw="left")
    assert table.loc["moving", "accuracy"] == pytest.approx(2 / 3)
    assert table.loc["head", "accuracy"] == pytest.approx((2 / 4 + 2 / 3) / 2)
    assert table.loc["mean", "accuracy"] == pytest.approx((2 / 3 + 7 / 12) / 2)
    assert table.loc["mean", "n"] == 10
    assert np.isnan(table.loc["tail", "accuracy"])


def test_frames_are_matched_by_their_key():
    told = TRUTH.iloc[[2, 0]]
    assert judge_attributes(told, TRUTH)["frame"].tolist() == [0, 0, 0, 2, 2, 2]
    assert judge_attributes(told, TRUTH)["is_right"].all()
    with pytest.raises(DataError, match="frames of the truth"):
        judge_attributes(TRUTH.assign(recording="another"), TRUTH)


def test_without_anything_known_there_is_no_score():
    table = score_attributes(judge_attributes(TRUTH, make_states()))
    assert table["n"].eq(0).all()
    assert table["accuracy"].isna().all()


def test_the_blind_tell_the_commonest_known_value():
    guessed = list_states(guess_blindly(TRUTH))
    assert guessed[0] == guessed[3]
    assert guessed[0]["pace"] in ("still", "slow", "rapid")
    assert guessed[0]["head_pitch"] in ("up", "down")
    assert guessed[0]["tail_height"] == "unknown"
    commoner = TRUTH.assign(state_pace=["slow", "unknown", "rapid", "slow"])
    assert list_states(guess_blindly(commoner))[1]["pace"] == "slow"
