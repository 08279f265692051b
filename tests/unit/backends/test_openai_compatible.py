"""Any service: requests as they leave, answers as they come, keys that never show."""

import base64
import json
import logging

import httpx2
import pytest
from scripted.server import complete, serving, write_answer

from mousegpt.backends.addresses import check_url
from mousegpt.backends.openai_compatible import Endpoint, OpenAICompatible
from mousegpt.backends.protocol import read_fault, read_reply, read_retry_after
from mousegpt.core.chat import CallError, Message
from mousegpt.core.errors import BackendError

KEY = "sk-canary-0123456789"
PICTURE = b"\xff\xd8jpeg"


@pytest.fixture
def make_model():
    made = []

    def make(url="http://127.0.0.1:9/v1", transport=None, **settings):
        endpoint = Endpoint(url=url, model="scripted", **{"timeout_s": 5.0} | settings)
        made.append(OpenAICompatible(endpoint, transport=transport))
        return made[-1]

    yield make
    for model in made:
        model.close()


def ask(model, text="q"):
    return model.chat([Message(text, pictures=(PICTURE,))])


def test_a_picture_leaves_as_data_url_before_the_words(make_model):
    with serving() as server:
        ask(make_model(server.url))
        (_, body), *_ = server.requests
    picture, words = body["messages"][0]["content"]
    assert words == {"type": "text", "text": "q"}
    encoded = picture["image_url"]["url"].removeprefix("data:image/jpeg;base64,")
    assert base64.b64decode(encoded) == PICTURE


def test_a_reply_comes_as_it_was_said(make_model):
    with serving() as server:
        reply = ask(make_model(server.url), "which?")
    assert reply.text == write_answer("which?")
    assert (reply.finish_reason, reply.model) == ("stop", "scripted")
    assert (reply.n_prompt_tokens, reply.n_reply_tokens) == (1000, 100)


@pytest.mark.parametrize(
    ("behavior", "fault", "may_be_billed"),
    [
        ("429 7", "busy", False),
        ("503", "busy", False),
        ("500", "transient", False),
        ("504", "transient", True),
        ("401", "fatal", False),
        ("404", "fatal", False),
        ("400", "fatal", False),
        ("302", "fatal", False),
        ("hang 0.6", "transient", True),
        ("slow 1.5", "transient", True),
        ("cut", "transient", True),
        ("reset", "transient", True),
        ("html", "transient", True),
    ],
)
def test_every_failure_says_what_it_means(make_model, behavior, fault, may_be_billed):
    with serving(lambda body, turn: behavior) as server:
        with pytest.raises(CallError) as caught:
            ask(make_model(server.url, timeout_s=0.3))
        n_requests = len(server.requests)
    assert (caught.value.fault, caught.value.may_be_billed) == (fault, may_be_billed)
    assert caught.value.retry_after_s == (
        7.0 if behavior == "429 7" else caught.value.retry_after_s
    )
    assert n_requests == 1  # nothing is repeated here


def test_a_slow_answer_within_its_time_is_an_answer(make_model):
    with serving(lambda body, turn: "slow 0.3") as server:
        assert ask(make_model(server.url)).text == write_answer("q")


def test_nobody_listens(make_model):
    with serving() as server:
        url = server.url
    with pytest.raises(CallError) as caught:
        ask(make_model(url))
    assert (caught.value.fault, caught.value.may_be_billed) == ("unreachable", False)


def test_a_key_is_read_from_the_environment_and_never_shown(make_model, monkeypatch, caplog):
    monkeypatch.setenv("LAB_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    echo = (401, {"error": {"message": f"Incorrect API key provided: {KEY}."}})
    with serving(lambda body, turn: lambda body: echo) as server:
        model = make_model(server.url, key_variable="LAB_KEY")
        with pytest.raises(CallError) as caught:
            ask(model)
        (headers, _), *_ = server.requests
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert "[key]" in str(caught.value)
    shown = [repr(model), repr(model.__dict__["_endpoint"]), str(caught.value), repr(caught.value)]
    assert KEY not in "".join([*shown, caplog.text])
    assert caught.value.__cause__ is None


def test_another_header_may_carry_the_key(make_model, monkeypatch):
    monkeypatch.setenv("LAB_KEY", KEY)
    with serving() as server:
        ask(make_model(server.url, key_variable="LAB_KEY", key_header="api-key"))
        (headers, _), *_ = server.requests
    assert headers["api-key"] == KEY
    assert "Authorization" not in headers


def test_a_key_in_the_settings_is_refused_without_repeating_it():
    with pytest.raises(ValueError, match="not a key"):
        Endpoint(url="http://localhost/v1", model="m", key_variable=KEY)


@pytest.mark.parametrize("key", [f"“{KEY}”", f"{KEY}\nX: y", f"{KEY} {KEY}"])
def test_a_key_that_no_header_can_carry_is_refused_without_repeating_it(monkeypatch, key):
    monkeypatch.setenv("LAB_KEY", key)
    with pytest.raises(BackendError, match="copy it anew") as caught:
        OpenAICompatible(Endpoint(url="http://localhost/v1", model="m", key_variable="LAB_KEY"))
    assert KEY not in str(caught.value)


def test_a_missing_key_is_named(make_model, monkeypatch):
    monkeypatch.delenv("LAB_KEY", raising=False)
    with pytest.raises(BackendError, match="LAB_KEY"):
        make_model("http://localhost:1/v1", key_variable="LAB_KEY")


def test_redirections_are_not_followed(make_model):
    def answer(request):
        return httpx2.Response(307, headers={"location": "http://169.254.169.254/latest"})

    with pytest.raises(CallError, match="HTTP 307"):
        ask(make_model(transport=httpx2.MockTransport(answer)))


def test_a_huge_answer_ends_the_call_and_not_the_memory(make_model):
    body = json.dumps(complete("x" * 5_000_000)).encode()
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, content=body))
    with pytest.raises(CallError, match="over 4 MiB"):
        ask(make_model(transport=transport))


def test_models_are_listed(make_model):
    with serving() as server:
        assert make_model(server.url).list_models() == ["scripted"]


@pytest.mark.parametrize(
    ("message", "text", "finish"),
    [
        ({"content": None}, "", "stop"),
        ({"content": None, "refusal": "No."}, "No.", "content_filter"),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "ab", "stop"),
        ({"content": {"overall": "x"}}, '{"overall": "x"}', "stop"),
        ({"content": "a", "reasoning_content": "hm"}, "a", "stop"),
    ],
)
def test_messages_take_many_forms(message, text, finish):
    reply = read_reply({"choices": [{"message": message, "finish_reason": "stop"}]})
    assert (reply.text, reply.finish_reason) == (text, finish)
    assert reply.n_prompt_tokens is None  # not counted is not nothing


@pytest.mark.parametrize("content", [{}, [], None, {"choices": []}, {"error": "busy"}, "text"])
def test_an_answer_without_a_choice_is_a_failure(content):
    with pytest.raises(CallError) as caught:
        read_reply(content)
    assert (caught.value.fault, caught.value.may_be_billed) == ("transient", True)


def test_an_empty_purse_stops_the_run_and_a_rush_does_not():
    assert read_fault(429, {}, '{"error": {"code": "insufficient_quota"}}').fault == "fatal"
    assert read_fault(429, {}, "Too Many Requests").fault == "busy"


@pytest.mark.parametrize(
    ("text", "seconds"), [("3", 3.0), ("1e9", 3600.0), ("-1", None), ("nan", None), ("", None)]
)
def test_retry_after(text, seconds):
    assert read_retry_after({"retry-after": text}) == seconds


def test_retry_after_may_be_a_date_in_the_past():
    assert read_retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://localhost/",
        "http://169.254.169.254/v1",
        "https://[fe80::1]/v1",
        "http://8.8.8.8/v1",
        "http://user:hunter2@localhost/v1",
        "localhost:8000",
        "http:///v1",
    ],
)
def test_addresses_that_cannot_be_meant_are_refused(url):
    with pytest.raises(BackendError) as caught:
        check_url(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://10.1.2.3/v1", True),
        ("https://8.8.8.8/v1", False),
    ],
)
def test_addresses_near_and_far(url, near):
    assert check_url(url) is near
