"""Ratings by rules and by a model, and what they keep."""

import pandas as pd
import pytest

from mousegpt.core.description import ELEMENTS, FrameDescription
from mousegpt.description.curation import (
    Rating,
    ask_rating,
    curate_descriptions,
    parse_rating,
    rate_by_rules,
    summarize_curation,
)
from mousegpt.description.factcheck import judge_claim, read_claims

TEXTS = {
    "overall": "The mouse is rearing.",
    "head": "The head is tilted upward.",
    "limb": "Both forepaws are in the air.",
    "torso": "The trunk is upright.",
    "others": "The mouse is close to the wall.",
    "keywords": "rearing, head up",
}
FRAME = {
    "state_activity": "rearing", "state_head_pitch": "up", "state_forepaw_left": "air",
    "state_forepaw_right": "air", "state_trunk_pitch": "upright", "state_place": "near the wall",
}  # fmt: skip


def rate(**changes):
    description = FrameDescription(**TEXTS | changes)
    return rate_by_rules(
        description, [(claim, judge_claim(claim, FRAME)) for claim in read_claims(description)]
    )


def test_right_description_is_perfect():
    assert rate() == Rating(10, 10, 10)


def test_each_fault_lowers_its_own_criterion():
    wrong = rate(torso="The trunk is horizontal.")
    assert (wrong.accuracy, wrong.coherence, wrong.relevance) == (5, 10, 10)
    assert "horizontal" in wrong.reason
    twice = rate(head="The head is tilted upward. The head is tilted upward.")
    assert (twice.accuracy, twice.relevance) == (10, 10)
    assert twice.coherence < 10
    empty = rate(others="")
    assert (empty.accuracy, empty.coherence) == (10, 10)
    assert empty.relevance == pytest.approx(10 * 5 / 6, abs=0.01)
    idle = rate(others="The fur is smooth.")
    assert (idle.accuracy, idle.coherence) == (10, 10)
    assert idle.relevance < 10


def test_more_contradictions_are_worse():
    one = rate(torso="The trunk is horizontal.")
    two = rate(torso="The trunk is horizontal.", overall="The mouse is running.")
    assert two.accuracy < one.accuracy


def test_nothing_checkable_is_neither_good_nor_bad():
    description = FrameDescription(**dict.fromkeys(ELEMENTS, "The fur is smooth."))
    rating = rate_by_rules(description, [(c, judge_claim(c, {})) for c in read_claims(description)])
    assert rating.accuracy == 5


def test_question_holds_description_and_picture():
    message = ask_rating(FrameDescription(**TEXTS), [b"jpeg"])
    assert message.pictures == (b"jpeg",)
    assert "Both forepaws are in the air." in message.text
    assert "$" not in message.text


@pytest.mark.parametrize(
    ("text", "lowest"),
    [
        ('```json\n{"accuracy": 9, "coherence": 8, "relevance": 10, "reason": "good"}\n```', 8),
        ("{'Accuracy': '7/10', 'Coherence': 7.5, 'Relevance': 9,}", 7),
        ('<p>{"accuracy": 0, "coherence": 0, "relevance": 0}', 0),
        ('{"accuracy": 9, "coherence": 8}', None),
        ('{"accuracy": 9, "coherence": 8, "relevance": "high"}', None),
        ('{"accuracy": 9, "coherence": 8, "relevance": true}', None),
        ('{"accuracy": 9, "coherence": 8, "relevance": 10', None),
        ("I would say nine.", None),
        ("", None),
    ],
)
def test_reply_of_a_judge(text, lowest):
    rating = parse_rating(text)
    assert (rating.lowest if rating else None) == lowest


def test_cut_reply_of_a_judge_is_no_rating():
    text = '{"accuracy": 9, "coherence": 8, "relevance": 10}'
    assert parse_rating(text, finish_reason="length") is None


def make_table(statuses):
    return pd.DataFrame(
        {"recording": "r", "individual": "m", "frame": range(len(statuses)), "time_s": 0.0,
         "status": statuses, **TEXTS}
    )  # fmt: skip


def test_lowest_rating_decides_and_what_is_not_rated_is_dropped():
    ratings = iter([Rating(10, 6, 9), Rating(10, 5.9, 9, "twice"), None])
    curated = curate_descriptions(
        make_table(["ok", "refused", "ok", "ok"]), lambda _: next(ratings)
    )
    assert curated["kept"].tolist() == [True, False, False, False]
    assert curated["reason"].tolist() == ["", "refused", "twice", "the judge gave no rating"]
    counts = summarize_curation(curated).set_index("rating")
    assert counts["lowest"].sum() == len(curated)
    assert (counts.loc[6, "lowest"], counts.loc[5, "lowest"], counts["kept"].sum()) == (1, 1, 1)
    assert counts["lowest"].iloc[-1] == 2
