"""The vocabulary: complete, unambiguous, positive, mirror-symmetric."""

import re

import pytest

from mousegpt.core.facts import STATES, UNKNOWN
from mousegpt.description.grammar import LEXICON, UNCERTAIN
from mousegpt.description.idiom import swap_sides
from mousegpt.description.keywords import KEYWORDS, list_keywords

LEGAL = {state.name: state.values for state in STATES}
IDIOMS = [(element, idiom) for element in LEXICON for idiom in LEXICON[element]]
NEGATIVE = r"\b(no|not|never|none|neither|nor|without|cannot|rather|instead|lacks?)\b|n't"


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_every_value_can_be_said_alone_in_at_least_two_ways(state):
    for value in state.values:
        ways = {
            (idiom.subject, words)
            for idiom in LEXICON[state.part]
            if idiom.says == {state.name: value} and not idiom.given
            for words in idiom.words
        }
        assert len(ways) >= 2, value


def test_idioms_speak_only_of_states_of_their_element_and_of_legal_values():
    parts = {state.name: state.part for state in STATES}
    for element, idiom in IDIOMS:
        for state, value in idiom.says.items():
            assert parts[state] == element
            assert value in LEGAL[state]
        for state, values in idiom.given.items():
            assert set(values) <= {*LEGAL[state], UNKNOWN}


def test_equal_words_mean_equal_states():
    meanings: dict[tuple[str, str, str], dict[str, str]] = {}
    for element, idiom in IDIOMS:
        for words in idiom.words:
            assert meanings.setdefault((element, idiom.subject, words), idiom.says) == idiom.says


def test_words_are_positive_and_without_numbers():
    phrases = [words for _, idiom in IDIOMS for words in idiom.words]
    for phrase in [*phrases, *UNCERTAIN.values()]:
        assert not re.search(NEGATIVE, phrase), phrase
        assert not re.search(r"\d", phrase), phrase


def test_words_name_a_side_only_when_their_states_do():
    for _, idiom in IDIOMS:
        sure = [state for state, values in idiom.given.items() if len(values) == 1]
        claimed = " ".join([*idiom.says, *idiom.says.values(), *sure])
        for words in idiom.words:
            spoken = f"{idiom.subject} {words}"
            for side in ("left", "right"):
                assert (side in claimed) or not re.search(rf"\b{side}\b", spoken), spoken


#: Strong words, and the only states that may bring them into play.
CLAIMS = {
    r"hind legs|bipedal": {"activity", "hindpaw_left", "hindpaw_right"},
    r"face|washing": {"activity", "forepaw_left", "forepaw_right"},
    r"\b(groom|sniff|leap|jump|walk|run|scan|stretch-attend)": {"activity"},
    r"\b(crouch|lying down|circl|dig|twitch|shak|wet-dog|lick|explor|investig)": {"activity"},
    r"scratch": {"activity", "hindpaw_movement"},
    r"neck": {"activity", "hindpaw_left", "hindpaw_right"},
    r"wall": {"place", "activity", "forepaw_left", "forepaw_right"},
    r"upright": {"trunk_pitch"},
    r"speed|pace|accelerating|halt|standstill": {"pace", "pace_trend"},
    r"tip|tail": {"tail_height", "tail_shape"},
    r"arched|rounded|hollow|flexed": {"spine_vertical", "spine_horizontal"},
}


@pytest.mark.parametrize("pattern", CLAIMS)
def test_strong_words_need_their_states(pattern):
    for _, idiom in IDIOMS:
        spoken = " ".join([idiom.subject, *idiom.words])
        if re.search(pattern, spoken):
            assert CLAIMS[pattern] & idiom.says.keys(), spoken


def test_vocabulary_is_mirror_symmetric():
    said = {
        (element, idiom.subject, words)
        for element, idiom in IDIOMS
        if idiom.says
        for words in idiom.words
    }
    assert {(element, swap_sides(s), swap_sides(w)) for element, s, w in said} == said


def test_keywords_are_known_unique_and_without_commas():
    words = [word for values in KEYWORDS.values() for word in values.values()]
    assert len(words) == len(set(words))
    assert not any("," in word for word in words)
    assert [*KEYWORDS] == [state.name for state in STATES]
    assert all(set(KEYWORDS[name]) <= set(LEGAL[name]) for name in KEYWORDS)


def test_pairs_of_paws_share_a_keyword():
    states = {"activity": "rearing", "forepaw_left": "air", "forepaw_right": "air"}
    assert list_keywords(states) == ["rearing", "forepaws in the air"]
    states["forepaw_right"] = "face"
    assert list_keywords(states) == [
        "rearing",
        "left forepaw in the air",
        "right forepaw at the face",
    ]
