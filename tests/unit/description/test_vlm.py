"""What a model is asked, and how a second attempt differs from the first."""

import json

import pandas as pd

from mousegpt.core.chat import Reply
from mousegpt.core.description import ELEMENTS
from mousegpt.core.facts import SPEEDS
from mousegpt.core.query import SPEED_NAMES, FrameQuery
from mousegpt.description.vlm import (
    DESCRIPTION_SCHEMA,
    ChatDescriber,
    build_queries,
    judge_reply,
    tabulate_replies,
    write_question,
)

JPEG = b"\xff\xd8..."
MEASURED = (12.345, None, -0.001, 3.0, 0.5, -7.25)


class Echo:
    name = "echo"

    def __init__(self):
        self.asked = []

    def chat(self, messages, *, schema=None, max_tokens=1, temperature=0.0, seed=0):
        self.asked.append((messages, schema, max_tokens, temperature, seed))
        return Reply(messages[0].text)


def make_query(**facts):
    return FrameQuery(
        **{"recording": "r", "individual": "m", "frame": 12, "picture": "a.jpg"}
        | {"picture_sha256": "0", "speeds": MEASURED}
        | facts
    )


def test_speeds_are_told_by_name_with_two_decimals():
    assert SPEED_NAMES[0] == "body"
    lines = write_question(make_query()).splitlines()
    assert "- body: 12.35 cm/s" in lines or "- body: 12.34 cm/s" in lines
    assert "- head: unknown" in lines
    assert "- hind limb, right: -7.25 cm/s" in lines
    assert "- body: 12.34 body length/s" in write_question(
        make_query(speeds=(12.34,) * 6, speed_unit="body length/s")
    )


def test_the_question_says_how_many_views_there_are():
    assert "two sides" in write_question(make_query(n_views=2))
    assert "two sides" not in write_question(make_query(n_views=1))


def test_moments_are_told_only_where_there_are_several():
    assert "moments" not in write_question(make_query())
    grid = write_question(make_query(moments_s=(-0.2, 0.0, 0.2)))
    assert "grid of 3 tiles, to be read row by row from the top left, from the earliest" in grid
    assert "-0.20, 0, +0.20" in grid


def test_where_a_frame_comes_from_is_not_told():
    question = write_question(make_query(recording="haloperidol-7"))
    assert "haloperidol" not in question
    assert "a.jpg" not in question


def test_an_unusable_answer_is_asked_again_otherwise_and_with_more_room():
    model = Echo()
    describer = ChatDescriber(model, max_tokens=100)
    for attempt in range(4):
        describer.describe([make_query()], [JPEG], attempt=attempt)
    assert [asked[2] for asked in model.asked] == [100, 200, 400, 400]
    assert [asked[3] for asked in model.asked] == [0.0, 0.6, 0.6, 0.6]
    assert [asked[4] for asked in model.asked] == [0, 1, 2, 3]
    assert model.asked[0][0][0].pictures == (JPEG,)


def test_the_schema_is_what_strict_services_ask():
    assert list(DESCRIPTION_SCHEMA["properties"]) == DESCRIPTION_SCHEMA["required"]
    assert set(DESCRIPTION_SCHEMA["required"]) == set(ELEMENTS)
    assert DESCRIPTION_SCHEMA["additionalProperties"] is False


def test_settings_are_part_of_the_name():
    names = {
        ChatDescriber(Echo(), max_tokens=n, temperature=t).name for n in (1, 2) for t in (0, 1)
    }
    assert len(names) == 4


def make_pictures(n=5, views="side + front"):
    return pd.DataFrame(
        {
            "recording": "r",
            "individual": "m",
            "frame": [12 * i for i in range(n)],
            "time_s": [0.2 * i for i in range(n)],
            "file": [f"{i}.jpg" for i in range(n)],
            "sha256": [str(i) for i in range(n)],
            "views": views,
        }
    )


def make_speeds(frames, **more):
    columns = {"recording": "r", "individual": "m", "frame": frames}
    return pd.DataFrame(columns | {name: 1.5 for name in SPEEDS} | more)


def test_pictures_meet_the_speeds_of_their_frame():
    queries = build_queries(make_pictures(), make_speeds([0, 24]))
    assert [query.speeds[0] for query in queries] == [1.5, None, 1.5, None, None]
    assert {query.n_views for query in queries} == {2}
    assert queries[0].speed_unit == "cm/s"
    scaled = build_queries(make_pictures(1), make_speeds([0], length_unit="body length"))
    assert scaled[0].speed_unit == "body length/s"


def test_without_poses_all_speeds_are_unknown():
    (query,) = build_queries(make_pictures(1, views="side"), pd.DataFrame())
    assert query.speeds == (None,) * 6
    assert query.n_views == 1


def test_the_times_of_a_grid_are_those_that_were_cut():
    grids = make_pictures(3).assign(moments_s=["0 0.1", "-0.1 0 0.1", ""])
    queries = build_queries(grids, pd.DataFrame())
    assert [query.moments_s for query in queries] == [(0.0, 0.1), (-0.1, 0.0, 0.1), ()]


GOOD = json.dumps({name: f"The {name} is level." for name in DESCRIPTION_SCHEMA["properties"]})


def test_every_frame_gets_a_row_with_a_status():
    replies = [Reply(GOOD), Reply(GOOD[:50], "length"), Reply(""), None, None]
    reasons = ["", "truncated", "empty", "failed: HTTP 500", ""]
    table = tabulate_replies(make_pictures(), replies, reasons)
    expected = ["ok", "truncated", "empty", "failed: HTTP 500", "not asked"]
    assert table["status"].tolist() == expected
    assert table["frame"].tolist() == [0, 12, 24, 36, 48]
    assert table["head"].tolist()[0] == "The head is level."
    assert table["head"][1:].isna().all()


def test_a_frame_given_up_is_read_again_by_a_better_reader():
    table = tabulate_replies(make_pictures(1), [Reply(GOOD)], ["not_json"])
    assert table["status"].tolist() == ["ok"]


def test_a_reply_is_judged_in_a_word():
    assert judge_reply(Reply(GOOD, "stop")) == ""
    assert judge_reply(Reply(GOOD, "length")) == "truncated"
    assert judge_reply(Reply("")) == "empty"
