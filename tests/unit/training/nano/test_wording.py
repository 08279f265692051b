"""What the small model is taught to say: every sentence reads back to its facts."""

import numpy as np
import pytest

from mousegpt.core.description import FrameDescription
from mousegpt.core.facts import STATES, UNKNOWN
from mousegpt.core.vocabulary import Vocabulary, learn_vocabulary
from mousegpt.description.reading import read_states
from mousegpt.training.nano.recipe import NANO_PRESETS
from mousegpt.training.nano.wording import build_wording


@pytest.fixture(scope="module")
def wording():
    return build_wording()


def draw_states(rng, *, share_unknown=0.2):
    return {
        s.name: UNKNOWN if rng.random() < share_unknown else str(rng.choice(s.values))
        for s in STATES
    }


def test_every_sentence_reads_back_to_its_facts(wording):
    rng = np.random.default_rng(5)
    for seed in range(300):
        states = draw_states(rng)
        tokens = wording.write(states, seed=seed)
        assert read_states(FrameDescription(**wording.read(tokens))) == states


def test_facts_come_first_one_token_each(wording):
    states = draw_states(np.random.default_rng(1))
    tokens = wording.write(states)
    for token, state, allowed in zip(tokens, STATES, wording.facts, strict=False):
        values = (*state.values, UNKNOWN)
        assert values[allowed.index(token)] == states[state.name]


def test_the_longest_description_fits(wording):
    rng = np.random.default_rng(2)
    longest = max(len(wording.write(draw_states(rng, share_unknown=0), seed=i)) for i in range(300))
    assert longest < min(recipe.max_tokens for recipe in NANO_PRESETS.values())


def test_phrasings_differ_and_a_seed_repeats_its_own(wording):
    states = draw_states(np.random.default_rng(3))
    said = {tuple(wording.write(states, seed=seed)) for seed in range(20)}
    assert len(said) == 20
    assert wording.write(states, seed=7) == wording.write(states, seed=7)


def test_the_vocabulary_is_small_and_the_same_each_time(wording):
    assert build_wording().vocabulary == wording.vocabulary
    assert len(wording.vocabulary) < 2000
    assert len(set(wording.vocabulary.tokens)) == len(wording.vocabulary)


@pytest.mark.parametrize(
    "text", ["", "the head", "Zwölf 🐭 <end> <0x41>", "  two  spaces\n", "ab<"]
)
def test_any_text_comes_back(text):
    words = learn_vocabulary(["The head is up.", "the head is down"], marks=["<end>"])
    assert words.decode(words.encode(text)) == text
    assert words.numbers["<end>"] not in words.encode(text)


def test_phrases_shorten_what_is_often_said():
    texts = ["The head is turned to the left."] * 5
    short = learn_vocabulary(texts).encode(texts[0])
    long = learn_vocabulary(texts, n_phrases=0).encode(texts[0])
    assert len(short) < len(long)


def test_damaged_bytes_do_not_raise():
    words = Vocabulary(("<0xFF>", "a"))
    assert words.decode([0, 1]) == "�a"
