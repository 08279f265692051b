import pandas as pd
import pytest
from pydantic import ValidationError

from mousegpt.behavior.postures import (
    PARTS,
    PostureDictionary,
    classify_postures,
    load_default_dictionary,
)
from mousegpt.core.errors import DataError

SMALL = PostureDictionary(
    parts={
        "head": {"head up": (r"\bup\b",), "head left": (r"\bleft\b",)},
        "limb": {"stepping": ("step",)},
        "torso": {"flat": ("flat",)},
    }
)


def test_several_keys_may_match(study, labeler):
    table = study[0].head(1).assign(head="The head is up and to the LEFT.", limb="Paws step.")
    tagged, dictionary = classify_postures(table, SMALL, labeler)
    assert tagged["head"][0] == ["head up", "head left"]
    assert dictionary == SMALL
    assert labeler.sentences == []


def test_what_matches_nothing_is_named_once_and_learnt(study, labeler):
    table = (
        study[0]
        .head(3)
        .assign(
            head=["The nose twitches.", "The nose twitches.", "A nose points down."],
            limb="Paws step.",
        )
    )
    tagged, dictionary = classify_postures(table, SMALL, labeler)
    assert labeler.sentences == ["A nose points down."]  # which teaches the word "nose"
    assert tagged["head"].tolist() == [["new head"]] * 3
    assert dictionary.parts["head"]["new head"] == ("nose",)
    assert "new head" not in SMALL.parts["head"]


def test_every_frame_is_matched_against_all_that_was_learnt(study, labeler):
    tagged, dictionary = classify_postures(study[0], load_default_dictionary(), labeler)
    for part in PARTS:
        for keys, text in zip(tagged[part], study[0][part], strict=True):
            assert keys == dictionary.match(part, text)


def test_silence_has_no_posture(study, labeler):
    table = study[0].head(2).assign(status=["failed", "ok"], head=["It is up.", ""], limb="step")
    tagged, _ = classify_postures(table, SMALL, labeler)
    assert tagged["head"].tolist() == [[], []]
    assert tagged["limb"].tolist() == [[], ["stepping"]]


def test_what_is_denied_is_unsaid():
    assert SMALL.match("head", "The head is up, not turned left.") == ["head up"]


def test_a_pattern_must_match_its_own_text(study, labeler):
    labeler.name_posture = lambda sentence, part, keys: ("odd", "nowhere")
    with pytest.raises(DataError, match="must match its own text"):
        classify_postures(study[0].assign(head="The nose twitches."), SMALL, labeler)


def test_a_broken_pattern_is_refused():
    with pytest.raises(DataError, match="head/odd is no regular expression"):
        SMALL.add_pattern("head", "odd", "(")
    with pytest.raises(ValidationError, match="no regular expression"):
        PostureDictionary(parts={"head": {"odd": ("(",)}})


def test_dictionary_survives_json():
    default = load_default_dictionary()
    assert PostureDictionary.model_validate_json(default.model_dump_json()) == default


@pytest.mark.parametrize(
    ("part", "text", "keys"),
    [
        ("head", "It is facing forward and slightly downward.", {"head straight", "head down"}),
        ("head", "It looks at its front paws, which are raised.", set()),
        ("limb", "The left front paw is in the air, while the right front paw is on the ground.",
         {"forepaw in air", "forepaw on ground"}),
        ("limb", "The hind paws support the body and the tail is raised off the floor.",
         {"tail raised"}),
        ("limb", "All four paws rest on the floor, with the tail curved to the left.",
         {"forepaw on ground", "hindpaw on ground", "tail curved"}),
        ("torso", "The torso is slightly curved horizontally.", {"bent sideways"}),
        ("torso", "The trunk is horizontal and the back arched.", {"horizontal", "spine arched"}),
        ("torso", "The chest, abdomen, and hip are in contact with the ground.",
         {"belly on ground"}),
        ("overall", "The mouse is rearing, standing on its hind legs away from the wall.",
         {"rearing"}),
        ("overall", "The mouse rears with its forepaws against the wall.", {"supported rearing"}),
        ("overall", "The mouse is scratching its neck with its left hind paw.", {"scratching"}),
        ("overall", "The mouse is circling to the left.", {"circling"}),
        ("overall", "The mouse is twitching its head.", {"head twitching"}),
        ("overall", "The mouse is in a wet-dog shake.", {"shaking"}),
        ("limb", "The left hind paw is raised to the neck and scratching it.",
         {"hindpaw at neck"}),
        ("limb", "The forepaws are scraping at the floor.", {"scraping"}),
    ],
)  # fmt: skip
def test_default_dictionary_reads_plain_english(part, text, keys):
    assert set(load_default_dictionary().match(part, text)) == keys


def test_neither_the_order_of_frames_nor_a_second_run_changes_anything(study, labeler):
    straight, grown = classify_postures(study[0], load_default_dictionary(), labeler)
    shuffled = study[0].sample(frac=1, random_state=1)
    tagged, _ = classify_postures(shuffled, load_default_dictionary(), labeler)
    again, unchanged = classify_postures(study[0], grown, labeler)
    pd.testing.assert_frame_equal(tagged.sort_index(), straight)
    pd.testing.assert_frame_equal(again, straight)
    assert unchanged == grown
