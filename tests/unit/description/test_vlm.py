"""What a model is asked, and how a second attempt differs from the first."""

from mousegpt.core.chat import Reply
from mousegpt.core.description import ELEMENTS
from mousegpt.core.query import SPEED_NAMES, FrameQuery
from mousegpt.description.vlm import DESCRIPTION_SCHEMA, ChatDescriber, write_question

SPEEDS = (12.345, None, -0.001, 3.0, 0.5, -7.25)


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
        | {"picture_sha256": "0", "speeds": SPEEDS}
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
    assert "-0.20, 0, +0.20" in write_question(make_query(moments_s=(-0.2, 0.0, 0.2)))


def test_where_a_frame_comes_from_is_not_told():
    question = write_question(make_query(recording="haloperidol-7"))
    assert "haloperidol" not in question
    assert "a.jpg" not in question


def test_an_unusable_answer_is_asked_again_otherwise_and_with_more_room():
    model = Echo()
    describer = ChatDescriber(model, max_tokens=100)
    for attempt in range(4):
        describer.describe([make_query()], [b"jpeg"], attempt=attempt)
    assert [asked[2] for asked in model.asked] == [100, 200, 400, 400]
    assert [asked[3] for asked in model.asked] == [0.0, 0.6, 0.6, 0.6]
    assert [asked[4] for asked in model.asked] == [0, 1, 2, 3]
    assert model.asked[0][0][0].pictures == (b"jpeg",)


def test_the_schema_is_what_strict_services_ask():
    assert list(DESCRIPTION_SCHEMA["properties"]) == DESCRIPTION_SCHEMA["required"]
    assert set(DESCRIPTION_SCHEMA["required"]) == set(ELEMENTS)
    assert DESCRIPTION_SCHEMA["additionalProperties"] is False


def test_settings_are_part_of_the_name():
    names = {
        ChatDescriber(Echo(), max_tokens=n, temperature=t).name for n in (1, 2) for t in (0, 1)
    }
    assert len(names) == 4
