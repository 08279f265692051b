"""Planted falsehoods are found again; scores follow from counts known beforehand."""

import pandas as pd
import pytest

from mousegpt.core.facts import STATES
from mousegpt.description.factcheck import check_descriptions
from mousegpt.evaluation.descriptions import score_detection
from mousegpt.evaluation.planting import FALSE_VALUES, load_paraphrases, plant_contradictions

KEY = {"recording": "r", "individual": "m"}
#: Plausible frames: what the mouse does and how it then looks.
SCENES = [
    {"activity": "rearing", "pace": "still", "head_pitch": "up", "head_height": "high",
     "forepaw_left": "air", "forepaw_right": "air", "hindpaw_left": "ground",
     "hindpaw_right": "ground", "trunk_pitch": "upright", "tail_height": "ground"},
    {"activity": "walking", "pace": "slow", "direction": "forward", "head_pitch": "level",
     "head_yaw": "straight", "forepaw_left": "ground", "forepaw_right": "air",
     "forepaw_movement": "stepping", "hindpaw_movement": "stepping", "trunk_pitch": "horizontal",
     "tail_shape": "straight", "place": "in the open"},
    {"activity": "grooming", "pace": "still", "head_pitch": "down", "head_height": "low",
     "forepaw_left": "face", "forepaw_right": "face", "spine_vertical": "arched",
     "stretch": "compact", "tail_shape": "curved left", "place": "at the wall"},
    {"activity": "running", "pace": "rapid", "direction": "forward", "head_yaw": "left",
     "turning": "left", "stretch": "elongated", "spine_horizontal": "bent left",
     "tail_height": "raised"},
]  # fmt: skip


def make_posture(n_frames):
    rows = []
    for frame in range(n_frames):
        states = {s.name: "unknown" for s in STATES} | SCENES[frame % len(SCENES)]
        named = {f"state_{name}": value for name, value in states.items()}
        rows.append({**KEY, "frame": frame, "time_s": frame / 5, **named})
    return pd.DataFrame(rows)


def test_bank_is_wide_and_of_states_that_exist():
    bank = load_paraphrases()
    values = {s.name: s.values for s in STATES}
    assert len(bank) >= 80
    for (state, value), sentences in bank.items():
        assert len(sentences.known) >= 5 and len(sentences.held_out) >= 3
        assert not set(sentences.known) & set(sentences.held_out)
        if not state.endswith("paws"):
            assert value in values[state]


def test_no_value_is_called_false_of_itself():
    for state, values in FALSE_VALUES.items():
        assert not any(value in false for value, false in values.items()), state


def test_planting_is_repeatable_and_marks_what_is_false():
    posture = make_posture(40)
    one, other = (plant_contradictions(posture, seed=5) for _ in range(2))
    assert one[0].equals(other[0]) and one[1].equals(other[1])
    planted = one[1][one[1]["planted"]]
    assert planted.groupby("frame").size().max() == 1
    assert 10 <= len(planted) <= 30
    for row in planted[~planted["state"].str.endswith("paws")].to_dict("records"):
        true = SCENES[row["frame"] % len(SCENES)][row["state"]]
        assert row["value"] in FALSE_VALUES[row["state"]][true]


@pytest.mark.parametrize(("part", "recall"), [("known", 0.95), ("held out", 0.9)])
def test_checker_finds_what_was_planted(part, recall):
    posture = make_posture(300)
    descriptions, sentences = plant_contradictions(posture, part=part, seed=1)
    score = score_detection(check_descriptions(descriptions, posture), sentences).iloc[0]
    assert score["n_planted"] > 100
    assert score["precision"] >= 0.95
    assert score["recall"] >= recall


def test_detection_counts_sentences():
    sentences = pd.DataFrame(
        {**KEY, "frame": 0, "element": "head", "place": [0, 1, 2, 3], "state": "head_pitch",
         "planted": [True, True, False, False]}
    )  # fmt: skip
    claims = pd.DataFrame(
        {**KEY, "frame": 0, "element": "head", "sentence": [0, 0, 1, 2, 3],
         "verdict": ["supported", "contradicted", "not checkable", "contradicted", "supported"]}
    )  # fmt: skip
    score = score_detection(claims, sentences).iloc[0]
    assert (score["n_planted"], score["n_found"], score["n_false_alarms"]) == (2, 1, 1)
    assert (score["precision"], score["recall"], score["supported"]) == (0.5, 0.5, 0.5)
    assert score_detection(claims, sentences, by=["state"])["n_planted"].tolist() == [2]
