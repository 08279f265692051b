import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mousegpt.core.errors import DataError
from mousegpt.training.split import describe_split, refuse_leaks, split_subjects

NAMES = st.lists(st.integers(0, 999).map("m{}".format), min_size=5, max_size=40, unique=True)


def group(names):
    return {name: "abc"[int(name[1:]) % 3] for name in names}


@given(NAMES, st.randoms())
def test_the_order_of_the_animals_does_not_count(names, random):
    shuffled = list(names)
    random.shuffle(shuffled)
    assert split_subjects(group(names)) == split_subjects(group(shuffled))


@given(NAMES)
def test_every_animal_has_one_part_and_training_keeps_at_least_half(names):
    parts = split_subjects(group(names))
    assert set(parts) == set(names)
    n_train = sum(part == "train" for part in parts.values())
    assert n_train >= len(names) - len(names) // 2


@given(NAMES)
def test_adding_animals_moves_none(names):
    before = split_subjects(group(names[:-2]))
    after = split_subjects(group(names), before)
    assert {name: after[name] for name in before} == before


def test_held_out_animals_come_from_all_groups():
    groups = {f"m{i}": "abc"[i % 3] for i in range(30)}
    parts = split_subjects(groups, test=0.1, validation=0.1)
    for part in ("validation", "test"):
        held_out = [name for name, chosen in parts.items() if chosen == part]
        assert sorted(groups[name] for name in held_out) == ["a", "b", "c"]


def test_a_group_of_one_animal_is_trained_on():
    groups = {f"m{i}": "a" for i in range(9)} | {"lonely": "b"}
    assert split_subjects(groups, test=0.3)["lonely"] == "train"


def test_the_papers_share_is_rounded_up_to_two_animals_for_an_interval():
    parts = split_subjects({f"m{i}": "" for i in range(37)})
    assert sum(part == "test" for part in parts.values()) == 2
    assert sum(part == "validation" for part in parts.values()) == 4


def test_another_seed_draws_others():
    groups = {f"m{i}": "" for i in range(37)}
    assert split_subjects(groups, seed=1) != split_subjects(groups, seed=2)


@pytest.mark.parametrize("names", [["m1", "M1"], ["m1", "m 1"], ["m1", " "]])
def test_names_that_may_be_one_animal_are_refused(names):
    with pytest.raises(DataError, match="animal"):
        split_subjects(dict.fromkeys(names, ""))


def frames(**changes):
    table = {
        "recording": ["r1", "r2"], "subject": ["a", "b"], "part": ["train", "test"],
        "picture_sha256": ["1", "2"],
    }  # fmt: skip
    return pd.DataFrame(table | changes)


def test_a_clean_division_passes():
    refuse_leaks(frames())


@pytest.mark.parametrize(
    ("column", "values", "named"),
    [
        ("subject", ["a", "a"], "animal 'a'"),
        ("recording", ["r1", "r1"], "recording 'r1'"),
        ("picture_sha256", ["1", "1"], "picture '1'"),
    ],
)
def test_each_leak_is_named(column, values, named):
    with pytest.raises(DataError, match=named):
        refuse_leaks(frames(**{column: values}))


def test_it_says_what_it_did():
    groups = {"m1": "a", "m2": "a", "m3": "b"}
    told = describe_split({"m1": "train", "m2": "test", "m3": "train"}, groups)
    assert told[2:] == [
        "test: 1 animal (a 1)",
        "test has one animal: no interval over animals",
        "test has no animal of: b",
    ]
