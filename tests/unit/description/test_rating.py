"""What a judge is asked, and what its replies are worth."""

import json

import pandas as pd
import pytest

from mousegpt.core.chat import Reply
from mousegpt.description.rating import (
    CRITERIA,
    ChatJudge,
    RatingQuery,
    judge_rating,
    parse_rating,
    tabulate_ratings,
    write_rating_question,
)

WORDS = {
    "overall": "The mouse is rearing.",
    "head": "The head is tilted upward.",
    "limb": "Both forepaws are in the air.",
    "torso": "The trunk is upright.",
    "others": "",
    "keywords": "rearing, head up",
}
JPEG = b"\xff\xd8\xff picture"
GOOD = '{"reason": "The tail is left out.", "accuracy": 9, "coherence": 8, "relevance": 10}'


def make_query(**changes):
    whole = {
        "recording": "r", "individual": "m", "frame": 3, "picture": "a.jpg",
        "picture_sha256": "0", "speeds": (1.25, 0, 0, 0, 0, None), "description": WORDS,
    }  # fmt: skip
    return RatingQuery(**whole | changes)


def test_question_holds_description_and_speeds():
    text = write_rating_question(make_query())
    assert "Both forepaws are in the air." in text
    assert "1.25 cm/s" in text
    assert "two views" in text
    assert "$" not in text
    assert "of one view" in write_rating_question(make_query(n_views=1))


def test_a_judge_is_told_of_moments():
    text = write_rating_question(make_query(moments_s=(-0.2, 0.0, 0.2)))
    assert "-0.20, 0, +0.20" in text


def test_a_query_survives_the_ledger():
    query = make_query()
    assert RatingQuery.model_validate_json(query.model_dump_json()) == query


class Model:
    """Remembers what it was asked."""

    name = "model"

    def __init__(self):
        self.asked = []

    def chat(self, messages, **settings):
        self.asked.append((messages, settings))
        return Reply(GOOD)


def test_a_judge_shows_the_picture_and_asks_otherwise_the_second_time():
    model = Model()
    judge = ChatJudge(model, max_tokens=100)
    assert judge.rate([make_query()], [JPEG]) == [Reply(GOOD)]
    judge.rate([make_query()], [JPEG], attempt=1)
    (first, settings), (_, again) = model.asked
    assert first[0].pictures == (JPEG,)
    assert set(settings["schema"]["required"]) == {"reason", *CRITERIA}
    assert (settings["max_tokens"], again["max_tokens"]) == (100, 200)
    assert settings["seed"] != again["seed"]
    assert again["temperature"] > settings["temperature"] == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD, (9, 8, 10)),
        (f"```json\n{GOOD}\n```", (9, 8, 10)),
        (f"<think>perhaps {{'accuracy': 1}}</think>{GOOD}", (9, 8, 10)),
        (f"Draft: {GOOD} Final: {GOOD}", (9, 8, 10)),
        ("{'Accuracy': '7/10', 'Coherence': 7.5, 'Relevance': 9,}", (7, 7.5, 9)),
        ('{"accuracy": "8 out of 10", "coherence": 8, "relevance": 8}', (8, 8, 8)),
        ('{"accuracy_score": 8, "coherence rating": 7, "Relevance": 6}', (8, 7, 6)),
        ('{"ratings": {"accuracy": 8, "coherence": 7, "relevance": 6}}', (8, 7, 6)),
        ('{"accuracy": {"score": 8, "reason": "x"}, "coherence": 7, "relevance": 6}', (8, 7, 6)),
        ('<p>{"accuracy": 0, "coherence": 0, "relevance": 0}', (0, 0, 0)),
        ('{"accuracy": 10.0, "coherence": 1e1, "relevance": 10}', (10, 10, 10)),
    ],
)
def test_a_rating_is_read(text, expected):
    rating = parse_rating(text).rating
    assert (rating.accuracy, rating.coherence, rating.relevance) == expected
    assert rating.lowest == min(expected)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"accuracy": 9, "coherence": 8}', "incomplete"),
        ('{"accuracy": 9, "coherence": 8, "relevance": null}', "incomplete"),
        ('{"overall": "The mouse walks."}', "incomplete"),
        ('{"accuracy": 9, "coherence": 8, "relevance": "high"}', "wrong_types"),
        ('{"accuracy": 9, "coherence": 8, "relevance": true}', "wrong_types"),
        ('{"accuracy": 9, "coherence": 8, "relevance": [7]}', "wrong_types"),
        ('{"accuracy": 9, "coherence": 8, "relevance": NaN}', "wrong_types"),
        ('{"accuracy": 9, "coherence": 8, "relevance": "7-8"}', "wrong_types"),
        ('{"accuracy": 9, "coherence": 8, "relevance": "8/5"}', "wrong_types"),
        ('{"accuracy": 9, "accuracy": 2, "coherence": 8, "relevance": 8}', "wrong_types"),
        ('{"accuracy": 9, "coherence": 8, "relevance": 11}', "out_of_range"),
        ('{"accuracy": 9, "coherence": 8, "relevance": -1}', "out_of_range"),
        ('{"accuracy": 85, "coherence": 90, "relevance": 80}', "out_of_range"),
        (f"{GOOD} or {GOOD.replace('9', '3')}", "ambiguous"),
        ('{"accuracy": 9, "coherence": 8, "relevance": 1', "truncated"),
        (GOOD + ' and {"accuracy": 4, ', "truncated"),
        ("<think>The mouse is rearing, so", "truncated"),
        ("I would say nine.", "not_json"),
        ("I'm sorry, I can't rate this.", "refused"),
        ("", "empty"),
        ("???", "empty"),
        (None, "empty"),
    ],
)
def test_what_is_no_rating_has_a_name(text, status):
    parsed = parse_rating(text)
    assert (parsed.status, parsed.rating) == (status, None)
    assert parsed.reason


@pytest.mark.parametrize(
    ("reason", "status"),
    [("length", "truncated"), ("max_tokens", "truncated"), ("content_filter", "refused")],
)
def test_a_reply_that_the_server_stopped_is_no_rating(reason, status):
    assert parse_rating(GOOD, finish_reason=reason).status == status
    assert judge_rating(Reply(GOOD, reason)) == status


def test_no_beginning_of_a_rating_is_one():
    for reply in (GOOD, f"Here it is: {GOOD}", '{"ratings": ' + GOOD + "}"):
        for end in range(len(reply)):
            assert parse_rating(reply[:end]).rating is None, reply[:end]


def test_a_remark_that_says_nothing_is_none():
    said = json.loads(GOOD)
    assert parse_rating(json.dumps(said | {"reason": "None."})).rating.reason == ""
    assert parse_rating(GOOD).rating.reason == "The tail is left out."
    assert len(parse_rating(json.dumps(said | {"reason": "x " * 999})).rating.reason) <= 300


def test_every_frame_has_a_row_and_no_rating_is_made_up():
    frames = pd.DataFrame(
        {"recording": "r", "individual": "m", "frame": [1, 2, 3]}, index=[5, 6, 7]
    )
    replies = [Reply(GOOD), Reply("nine"), None]
    table = tabulate_ratings(frames, replies, ["", "not_json", "failed: HTTP 500"])
    assert table["rating_status"].tolist() == ["ok", "not_json", "failed: HTTP 500"]
    assert table["accuracy"].isna().tolist() == [False, True, True]
    assert table["remark"].tolist() == ["The tail is left out.", "", ""]
    assert table.index.tolist() == [5, 6, 7]
