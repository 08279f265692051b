"""What every describer owes, whatever it looks at: a row for each frame, six elements or a reason.

The grammar words poses; all others fit the port `Describer` and look at pictures. A picture that is
missing or cannot be read is a `CallError` of a call that can never work; an unknown speed is told
as unknown. The grammar needs neither.
"""

import json
import socket
from hashlib import sha256

import cv2
import numpy as np
import pandas as pd
import pytest

from mousegpt.core.chat import CallError, Reply
from mousegpt.core.description import ELEMENTS
from mousegpt.core.facts import SPEEDS, STATES, state_column
from mousegpt.core.query import FrameQuery
from mousegpt.description.kinematic import describe_posture
from mousegpt.description.vlm import ChatDescriber, tabulate_replies

PLACES = tuple(range(6))
SPEED = 7.25


class ScriptedChat:
    """Chats as a good model does, but that every fifth answer is prose; names what it was told."""

    name = "scripted"

    def chat(self, messages, *, schema=None, max_tokens=1, temperature=0.0, seed=0):
        (message,) = messages
        (picture,) = message.pictures
        digest = sha256(picture + message.text.encode())
        if digest.digest()[0] % 5 == 0:
            return Reply("I see a mouse.", "stop", self.name)
        said = f"{digest.hexdigest()[:8]}, unknown: {'unknown' in message.text}"
        return Reply(json.dumps({name: f"{name} {said}" for name in ELEMENTS}), "stop", self.name)


def draw_picture(place):
    """Draw one view at one moment, each place another."""
    coarse = np.random.default_rng(place).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    image = cv2.resize(coarse, (96, 96), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", image)[1].tobytes()


def ask(place, *, speed=SPEED):
    picture = draw_picture(place)
    query = FrameQuery(
        recording="r", individual="m", frame=place, picture=f"{place}.jpg", n_views=1,
        picture_sha256=sha256(picture).hexdigest(), speeds=(speed,) * 6,
    )  # fmt: skip
    return query, picture


class Looking:
    """Describes places with an object of the port `Describer`."""

    def __init__(self, describer):
        self.describer = describer

    def tell(self, places, speed=SPEED):
        frames = pd.DataFrame(
            {"recording": "r", "individual": "m", "frame": list(places), "time_s": 0.0}
        )
        asked = [ask(place, speed=speed) for place in places]
        replies = self.describer.describe([q for q, _ in asked], [p for _, p in asked])
        assert len(replies) == len(places)
        table = tabulate_replies(frames, replies, [""] * len(places))
        return table.assign(said=[reply.text for reply in replies])


class Wording:
    """Describes places with the grammar: of each, other states are known."""

    describer = None

    def tell(self, places, speed=SPEED):
        rows = []
        for place in places:
            rng = np.random.default_rng(place)
            states = {state_column(s.name): str(rng.choice([*s.values, "unknown"])) for s in STATES}
            key = {"recording": "r", "individual": "m", "frame": place, "time_s": 0.0}
            rows.append(key | states | dict.fromkeys(SPEEDS, np.nan if speed is None else speed))
        table = describe_posture(pd.DataFrame(rows))
        return table.assign(said=table["overall"] + table["head"])


@pytest.fixture(scope="module")
def tiny_nano(tmp_path_factory):
    pytest.importorskip("onnx", reason="onnx is missing: pip install 'mousegpt[train]'")
    from drawn_nano import save_drawn_nano

    from mousegpt.backends.nano import NanoDescriber

    path = tmp_path_factory.mktemp("nano") / "nano.zip"
    save_drawn_nano(path)
    return NanoDescriber(path, certainty=0, batch_size=4, n_threads=1)


@pytest.fixture(params=["kinematic", "chat", "nano"])
def describing(request, monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a describer on this machine asked the network")

    if request.param == "nano":
        request.getfixturevalue("tiny_nano")
    monkeypatch.setattr(socket.socket, "connect", refuse)
    if request.param == "kinematic":
        return Wording()
    if request.param == "chat":
        return Looking(ChatDescriber(ScriptedChat()))
    return Looking(request.getfixturevalue("tiny_nano"))


@pytest.fixture
def looking(describing):
    if describing.describer is None:
        pytest.skip("the grammar looks at no pictures")
    return describing.describer


def test_every_place_has_its_row_in_order(describing):
    table = describing.tell(PLACES)
    assert table["frame"].tolist() == list(PLACES)
    assert table["said"].nunique() > 1


def test_the_same_is_told_of_the_same(describing):
    pd.testing.assert_frame_equal(describing.tell(PLACES), describing.tell(PLACES))


def test_neighbours_change_nothing(describing):
    together = describing.tell(PLACES)
    backwards = describing.tell(PLACES[::-1])[::-1].reset_index(drop=True)
    alone = pd.concat([describing.tell([place]) for place in PLACES], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone)
    pd.testing.assert_frame_equal(together, backwards)


def test_a_row_has_six_elements_or_a_reason(describing):
    table = describing.tell(PLACES)
    good = table["status"] == "ok"
    assert good.any()
    assert table.loc[good, list(ELEMENTS)].notna().all(axis=None)
    assert (table.loc[good, "overall"].str.len() > 0).all()
    assert table.loc[~good, list(ELEMENTS)].isna().all(axis=None)
    assert (table["status"].str.len() > 0).all()


def test_unknown_speeds_are_no_obstacle(describing):
    table = describing.tell(PLACES, speed=None)
    assert table["frame"].tolist() == list(PLACES)
    assert (table["status"].str.len() > 0).all()


def test_unknown_speeds_are_told_as_unknown():
    model = Looking(ChatDescriber(ScriptedChat()))
    told, known = model.tell(PLACES, speed=None), model.tell(PLACES)
    assert told["head"].dropna().str.contains("unknown: True").all()
    assert known["head"].dropna().str.contains("unknown: False").all()


def test_it_has_a_name_and_a_batch(looking):
    assert looking.name
    assert looking.batch_size >= 1
    assert looking.describe([], []) == []


def test_a_second_attempt_is_answered_too(looking):
    query, picture = ask(0)
    (again,) = looking.describe([query], [picture], attempt=1)
    assert looking.describe([query], [picture], attempt=1) == [again]


@pytest.mark.parametrize("picture", [b"", b"no picture"])
def test_without_a_picture_the_call_is_impossible(looking, picture):
    query, _ = ask(0)
    with pytest.raises(CallError, match=r"0\.jpg") as caught:
        looking.describe([query], [picture])
    assert caught.value.fault == "impossible"
