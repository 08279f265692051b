"""Replies of models: each is read rightly or gets its name; no cut one becomes a description."""

import json
from pathlib import Path

import numpy as np
import pytest

from mousegpt.core.description import ELEMENTS
from mousegpt.description.parse import parse_reply, repeats_itself
from mousegpt.description.reply_elements import name_element

CASES = json.loads((Path(__file__).parents[2] / "data/replies.json").read_text("utf-8"))
WHOLE = [case for case in CASES if case["status"] == "ok"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_reply_is_read_or_named(case):
    reply = parse_reply(case["text"], finish_reason=case.get("finish_reason"))
    assert reply.status == case["status"], reply.reason
    assert (reply.description is None) == (case["status"] != "ok")
    assert bool(reply.reason) == (case["status"] != "ok")
    if reply.description is not None:
        assert reply.description.model_dump() == case["description"]


def test_corpus_is_wide():
    assert len(CASES) >= 60
    assert {case["status"] for case in CASES} == {
        "ok", "truncated", "empty", "repetition", "not_json", "incomplete", "refused",
        "wrong_types",
    }  # fmt: skip


@pytest.mark.parametrize("case", WHOLE, ids=[case["name"] for case in WHOLE])
def test_no_cut_reply_becomes_another_description(case):
    text = case["text"]
    for length in range(len(text)):
        reply = parse_reply(text[:length])
        if reply.description is not None:
            assert reply.description.model_dump() == case["description"], text[:length]


def test_no_damage_crashes():
    rng = np.random.default_rng(0)
    letters = [*"{}[]\"'`:,\\/#<>\n \x00\ufeff“’é", "null", "<think>", "```", "\\u", "1e999"]
    for _ in range(1500):
        text = list(CASES[rng.integers(len(CASES))]["text"][:400])
        for _ in range(rng.integers(1, 6)):
            place = int(rng.integers(len(text) + 1))
            cut = place + int(rng.integers(0, 4))
            text[place:cut] = [letters[rng.integers(len(letters))]]
        reply = parse_reply("".join(text))
        assert (reply.status == "ok") == (reply.description is not None)


def test_damage_never_puts_words_into_a_description():
    rng = np.random.default_rng(1)
    for case in WHOLE:
        text = case["text"]
        for _ in range(10):
            a, b = np.sort(rng.integers(0, len(text), 2))
            reply = parse_reply(text[:a] + text[b:])
            if reply.description is not None:
                words = " ".join(reply.description.model_dump().values()).lower().split()
                known = (text[:a] + " " + text[b:] + text[:a] + text[b:]).lower()
                assert all(word.strip(".,:") in known for word in words if word.isalpha())


def test_huge_reply_takes_bounded_work():
    assert parse_reply("x y z " * 2_000_000).status == "repetition"
    assert parse_reply('{"overall": "' + "\\" * 1_000_000).status == "repetition"


def test_missing_text_is_empty():
    assert parse_reply(None).status == "empty"


@pytest.mark.parametrize("element", ELEMENTS)
def test_one_wrong_letter_still_names_the_element(element):
    for place in range(1, len(element)):
        if len(element) > 5:
            assert name_element(element[:place] + element[place + 1 :]) == element


def test_enumeration_is_no_loop():
    assert not repeats_itself(
        "The left forepaw is on the ground, the right forepaw is on the ground, "
        "the left hind paw is on the ground and the right hind paw is on the ground."
    )
