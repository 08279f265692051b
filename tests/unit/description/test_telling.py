"""States are read from our own words, and from those of others."""

import pandas as pd
import pytest

from mousegpt.core.facts import STATES
from mousegpt.description.kinematic import describe_posture
from mousegpt.description.telling import read_freely, tell_states

TRUE = {"activity": "rearing", "pace": "still", "head_pitch": "up", "forepaw_left": "air",
        "forepaw_right": "wall", "trunk_pitch": "upright", "tail_height": "ground"}  # fmt: skip


@pytest.fixture
def posture():
    states = {f"state_{state.name}": TRUE.get(state.name, "unknown") for state in STATES}
    key = {"recording": "r", "individual": "m", "frame": range(3), "time_s": 0.0}
    return pd.DataFrame(key | states)


def test_what_our_grammar_says_comes_back(posture):
    told = tell_states(describe_posture(posture))
    columns = [name for name in posture if name.startswith("state_")]
    pd.testing.assert_frame_equal(told[columns], posture[columns], check_dtype=False)


def test_only_usable_descriptions_tell_and_free_words_only_when_wanted(posture):
    words = describe_posture(posture)
    words.loc[0, "status"] = "not_json"
    words.loc[1, "torso"] = "Its body stands upright."
    assert tell_states(words)["state_trunk_pitch"].tolist() == ["unknown", "unknown", "upright"]
    told = tell_states(words, otherwise=read_freely)
    assert told["state_trunk_pitch"].tolist() == ["unknown", "upright", "upright"]


@pytest.mark.parametrize(
    ("element", "text", "told"),
    [
        ("overall", "The mouse is walking.", {"activity": "walking", "pace": "slow"}),
        ("overall", "It isn't moving.", {"pace": "still"}),
        ("overall", "It may be grooming its face.", {}),
        ("overall", "It is not grooming its face.", {}),
        ("head", "The head is raised.", {"head_pitch": "up"}),
        ("head", "The head is not raised.", {}),
        ("head", "Its head is turned to the right.", {"head_yaw": "right"}),
        ("limb", "One forepaw is off the ground.", {}),
        ("limb", "The tail is not raised.", {"tail_height": "ground"}),
        ("torso", "A lovely shade of brown.", {}),
    ],
)
def test_free_words_tell_what_leaves_one_value_open(element, text, told):
    assert read_freely(element, text) == told
