"""Ratings by rules and by a model, and what they keep."""

import pandas as pd
import pytest

from mousegpt.core.description import ELEMENTS, FrameDescription
from mousegpt.core.tables import KEY
from mousegpt.description.curation import (
    curate_descriptions,
    hash_words,
    rate_by_rules,
    summarize_curation,
)
from mousegpt.description.factcheck import judge_claim, read_claims
from mousegpt.description.rating import CRITERIA, Rating

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


def make_table(statuses):
    return pd.DataFrame(
        {"recording": "r", "individual": "m", "frame": range(len(statuses)), "time_s": 0.0,
         "status": statuses, **TEXTS}
    )  # fmt: skip


def make_ratings(*rows):
    keys = pd.DataFrame({"recording": "r", "individual": "m", "frame": range(len(rows))})
    said = [
        {"rating_status": "ok", "remark": ""} | dict(zip(CRITERIA, row, strict=False))
        for row in rows
    ]
    return keys.join(pd.DataFrame(said, columns=["rating_status", *CRITERIA, "remark"]))


def make_claims(*verdicts):
    """Claims of frames 0, 1, …: a word a claim."""
    rows = [("r", "m", frame, word) for frame, words in enumerate(verdicts) for word in words]
    return pd.DataFrame(rows, columns=[*KEY, "verdict"])


def curate(ratings, claims=None, statuses=None, **options):
    table = make_table(statuses or ["ok"] * len(ratings))
    return curate_descriptions(
        table, ratings, make_claims() if claims is None else claims, **options
    )


def test_the_lowest_rating_decides():
    curated = curate(make_ratings((10, 6, 9), (10, 5.9, 9), (5, 5, 9)))
    assert curated["kept"].tolist() == [True, False, False]
    assert curated["reason"].tolist() == ["", "low coherence", "low accuracy and low coherence"]
    assert curate(make_ratings((10, 6, 9)), min_rating=6.1)["kept"].tolist() == [False]


def test_what_is_not_described_or_not_rated_is_not_kept():
    ratings = make_ratings((10, 10, 10), (), (10, 10, 10)).iloc[:2]
    curated = curate(ratings, statuses=["refused", "ok", "ok"])
    assert curated["reason"].tolist() == ["not described", "not rated", "not rated"]
    assert not curated["kept"].any()


def test_the_pose_overrules_a_judge_that_is_content():
    ratings = make_ratings(*[(9, 9, 9)] * 3, (3, 9, 9))
    one, two = ["supported", "contradicted"], ["contradicted"] * 2
    claims = make_claims(["supported", "not checkable"], one, two, one)
    strict, lax = curate(ratings, claims), curate(ratings, claims, max_contradicted=1)
    assert strict["kept"].tolist() == [True, False, False, False]
    assert lax["kept"].tolist() == [True, True, False, False]
    assert strict["reason"].tolist()[1:] == [
        "contradicted by the pose",
        "contradicted by the pose",
        "low accuracy and contradicted by the pose",
    ]
    assert strict["good"].tolist() == [True, True, True, False]
    assert strict[["n_supported", "n_contradicted"]].to_numpy().tolist() == [
        [1, 0], [1, 1], [0, 2], [1, 1],
    ]  # fmt: skip


def test_counts_lose_no_description():
    ratings = make_ratings((10, 6, 9), (10, 5.9, 9), ())
    curated = curate(ratings)
    counts = summarize_curation(curated).set_index("rating")
    assert counts["lowest"].sum() == len(curated)
    assert (counts.loc[6, "lowest"], counts.loc[5, "lowest"], counts["kept"].sum()) == (1, 1, 1)
    assert counts["lowest"].iloc[-1] == 1


def test_a_hash_is_of_the_words_alone():
    table = make_table(["ok", "ok", "refused"])
    table.loc[1, "head"] = "The head is level."
    table["others"] = [None, "", None]
    first, other, third = hash_words(table)
    assert first == third != other
