import doctest
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.facts import STATES, UNKNOWN, state_column
from mousegpt.core.tables import DESCRIPTION_TABLE, validate_table
from mousegpt.description.keywords import KEYWORDS
from mousegpt.description.kinematic import NOTHING_KNOWN, describe_posture, describe_states

DOCUMENT = Path(__file__).parents[3] / "docs" / "describing.md"


@pytest.fixture
def posture() -> pd.DataFrame:
    """Random states of 200 frames; a tenth unknown, the last frame entirely."""
    rng = np.random.default_rng(0)
    n_frames = 200
    states = {
        state_column(state.name): rng.choice([*state.values, UNKNOWN], n_frames) for state in STATES
    }
    table = pd.DataFrame(
        {"recording": "a", "individual": "mouse", "frame": np.arange(n_frames) * 6, **states}
    )
    table.insert(3, "time_s", table["frame"] / 30)
    table.loc[n_frames - 1, list(states)] = UNKNOWN
    return table


def test_every_row_is_described_as_if_it_were_alone(posture):
    table = describe_posture(posture, seed=3)
    for i in range(len(posture)):
        states = {state.name: posture[state_column(state.name)][i] for state in STATES}
        assert (
            table.loc[i, ["overall", "head", "limb", "torso", "others", "keywords"]].to_dict()
            == describe_states(states, seed=3).model_dump()
        )


def test_table_follows_the_schema_and_keeps_the_keys(posture):
    table = describe_posture(posture)
    assert [*table.columns] == [*DESCRIPTION_TABLE.columns]
    validate_table(table, DESCRIPTION_TABLE)
    key = ["recording", "individual", "frame", "time_s"]
    pd.testing.assert_frame_equal(table[key], posture[key])


def test_order_and_neighbours_do_not_matter(posture):
    shuffled = posture.sample(frac=1, random_state=1)
    part = describe_posture(shuffled).sort_index().iloc[:50]
    pd.testing.assert_frame_equal(part, describe_posture(posture.iloc[:50]))


def test_a_frame_of_which_nothing_is_known_says_so(posture):
    table = describe_posture(posture)
    assert table["status"].iloc[-1] == NOTHING_KNOWN
    assert table["keywords"].iloc[-1] == ""
    assert set(table["status"].iloc[:-1]) == {"ok"}


def test_an_empty_table_gives_an_empty_table(posture):
    table = describe_posture(posture.iloc[:0])
    assert [*table.columns] == [*DESCRIPTION_TABLE.columns]
    assert table.empty


def test_the_input_is_left_alone(posture):
    before = posture.copy()
    describe_posture(posture)
    pd.testing.assert_frame_equal(posture, before)


@pytest.mark.parametrize("value", ["sideways", None, np.nan])
def test_illegal_values_are_named(posture, value):
    posture.loc[7, "state_head_pitch"] = value
    with pytest.raises(DataError, match=r"state_head_pitch.*up, level, down, unknown; found"):
        describe_posture(posture)


def test_missing_columns_are_named(posture):
    with pytest.raises(DataError, match="state_place"):
        describe_posture(posture.drop(columns="state_place"))


def test_examples_of_the_document_run():
    results = doctest.testfile(
        str(DOCUMENT), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert results.attempted > 0
    assert results.failed == 0


def test_the_document_lists_the_keywords():
    rows = [f"| {name} | {', '.join(words.values())} |" for name, words in KEYWORDS.items()]
    found = [line for line in DOCUMENT.read_text().splitlines() if re.match(r"\| \w+ \| ", line)]
    assert [line for line in found if line != "| state | keywords |"] == rows
