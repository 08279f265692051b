"""The door of the local page."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from mousegpt.ui.guard import Guard


async def echo(request: Request):
    return PlainTextResponse(str(len(await request.body())))


APP = Guard(Starlette(routes=[Route("/", echo, methods=["GET", "PUT"])]), ["lab-pc"], max_bytes=100)


def ask(host="127.0.0.1:7861", method="GET", **options):
    with TestClient(APP, base_url=f"http://{host}") as client:
        return client.request(method, "/", **options)


@pytest.mark.parametrize("host", ["127.0.0.1:7861", "localhost", "LOCALHOST:1", "[::1]:80",
                                  "lab-pc:7861", "192.168.3.4"])  # fmt: skip
def test_names_of_this_machine(host):
    answer = ask(headers={"host": host})
    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7861", "127.0.0.1.evil.example",
                                  "localhost.evil.example", "", "[::1"])  # fmt: skip
def test_foreign_names_are_refused(host):
    answer = ask(headers={"host": host})
    assert answer.status_code == 403
    assert "this machine" in answer.json()["error"]


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://127.0.0.1:7861", 200), ("http://127.0.0.1:9999", 403), ("https://evil.example", 403),
     ("null", 403)],
)  # fmt: skip
def test_only_this_page_may_ask(origin, status):
    assert ask(headers={"origin": origin}).status_code == status


def test_bodies_are_limited_also_when_their_size_is_not_told():
    assert ask(method="PUT", content=b"x" * 100).text == "100"
    assert ask(method="PUT", content=b"x" * 101).status_code == 413
    parts = (b"x" * 30 for _ in range(9))
    assert ask(method="PUT", content=parts).status_code == 413
