"""What is written can be read back: nothing lost, nothing added."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mousegpt.core.description import ELEMENTS, FrameDescription
from mousegpt.core.errors import DescriptionError
from mousegpt.core.facts import STATES, UNKNOWN
from mousegpt.description.grammar import LEXICON, UNCERTAIN, list_states, write_element
from mousegpt.description.kinematic import describe_states
from mousegpt.description.reading import read_states

frames = st.fixed_dictionaries(
    {state.name: st.sampled_from([*state.values, UNKNOWN]) for state in STATES}
)
NOTHING = FrameDescription(**UNCERTAIN, keywords="")


@given(states=frames, seed=st.integers(0, 1000))
@settings(max_examples=300, deadline=None)
def test_reading_returns_the_states_that_were_written(states, seed):
    assert read_states(describe_states(states, seed=seed)) == states


@pytest.mark.slow
@pytest.mark.parametrize("element", LEXICON)
def test_every_element_is_injective_over_all_its_states(element):
    own = [state for state in STATES if state.part == element]
    texts = set()
    combinations = list(product(*[(*state.values, UNKNOWN) for state in own]))
    for values in combinations:
        states = dict(zip([state.name for state in own], values, strict=True))
        text = write_element(element, states)
        texts.add(text)
        claims = read_states(NOTHING.model_copy(update={element: text}))
        assert {name: claims[name] for name in states} == states
    assert len(texts) == len(combinations)


@given(states=frames)
@settings(max_examples=100, deadline=None)
def test_a_state_speaks_only_in_its_own_element(states):
    text = describe_states(states)
    for state in STATES:
        if states[state.name] == UNKNOWN:
            continue
        changed = describe_states({**states, state.name: UNKNOWN})
        assert getattr(changed, state.part) != getattr(text, state.part)


@given(states=frames, seed=st.integers(0, 1000))
@settings(max_examples=100, deadline=None)
def test_sentences_look_like_sentences(states, seed):
    description = describe_states(states, seed=seed)
    for element in LEXICON:
        text = getattr(description, element)
        assert text.endswith(".")
        assert all(sentence[0].isupper() for sentence in text.split(". "))
        assert ", with " not in text.partition(", with ")[2].partition(".")[0]
        assert "  " not in text


def test_words_depend_on_the_listed_states_alone():
    states = {"head_pitch": "up", "head_yaw": "left"}
    assert write_element("head", states) == write_element("head", {**states, "pace": "slow"})
    assert list_states("head") == ("head_pitch", "head_yaw", "head_height", "head_movement")


def test_seeds_vary_the_words_and_keep_the_facts():
    states = {"activity": "walking", "pace": "slow", "turning": "left"}
    texts = {write_element("overall", states, seed=seed) for seed in range(50)}
    assert len(texts) > 10
    assert {
        tuple(read_states(NOTHING.model_copy(update={"overall": text})).items()) for text in texts
    } == {tuple({state.name: states.get(state.name, UNKNOWN) for state in STATES}.items())}


def test_words_stay_the_same_from_run_to_run():
    states = {"activity": "grooming", "forepaw_left": "face", "forepaw_right": "face"}
    assert write_element("overall", states) == (
        "The mouse is grooming its face, washing it with its forepaws."
    )


def test_unknown_elements_are_constant():
    assert describe_states({}) == NOTHING
    assert tuple(NOTHING.model_dump()) == ELEMENTS
    assert set(read_states(NOTHING).values()) == {UNKNOWN}


@pytest.mark.parametrize("activity", ["rearing", "supported rearing"])
@pytest.mark.parametrize("seed", range(20))
def test_hind_legs_are_named_unless_a_paw_contradicts(activity, seed):
    in_air = {"activity": activity, "forepaw_left": "air", "forepaw_right": "air"}
    noisy = {"activity": activity, "forepaw_left": "ground", "forepaw_right": "air"}
    assert "hind legs" in write_element("overall", in_air, seed=seed)
    assert "hind legs" not in write_element("overall", noisy, seed=seed)
    assert "rear" in write_element("overall", noisy, seed=seed)


@pytest.mark.parametrize("seed", range(20))
def test_the_face_is_cleaned_only_with_both_paws_at_it(seed):
    washing = {"activity": "grooming", "forepaw_left": "face", "forepaw_right": "face"}
    assert "face" in write_element("overall", washing, seed=seed)
    one_paw = {**washing, "forepaw_right": "ground"}
    assert "face" not in write_element("overall", one_paw, seed=seed)


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("The head is enormous.", "enormous"),
        ("The head is tilted upward. The mouse is near the wall.", "near the wall"),
        ("Tilted upward.", "Tilted upward"),
        ("The head is tilted upward and tilted downward.", "'up' and 'down'"),
    ],
)
def test_reading_refuses_what_the_grammar_did_not_write(head, found):
    with pytest.raises(DescriptionError, match=found):
        read_states(NOTHING.model_copy(update={"head": head}))
