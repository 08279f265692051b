"""The app of the descriptions, asked as a browser asks it."""

from pathlib import Path

import pytest
from read_project import PICTURE, write_project
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from typer.testing import CliRunner

from mousegpt.cli.main import app
from mousegpt.core.errors import ProjectError
from mousegpt.pipeline.reading import open_reading
from mousegpt.ui import serving, words
from mousegpt.ui.words.app import build_app

SERVED = [
    path.name for path in Path(words.__file__).parent.iterdir() if path.suffix in (".js", ".css")
]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return write_project(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def client(project):
    with TestClient(build_app(open_reading(project)), base_url="http://127.0.0.1") as opened:
        yield opened


def test_the_page_needs_nothing_from_elsewhere(client):
    for name in ("", *SERVED):
        answer = client.get(f"/{name}")
        assert answer.status_code == 200
        assert "http" not in answer.text


def test_it_answers_with_words_picture_and_rates(client):
    assert len(client.get("/api/outline").json()["recordings"]) == 3
    assert client.get("/api/words/0/1").json()["frame"] == 1
    picture = client.get("/api/picture/0/1")
    assert picture.content == PICTURE
    assert picture.headers["content-type"] == "image/jpeg"
    assert client.get("/api/rates/1").headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_it_takes_nothing(client, method):
    assert client.request(method, "/api/words/0/1", json={}).status_code == 405


@pytest.mark.parametrize("path", ["words/9/0", "words/0/99", "picture/0/0", "rates/7"])
def test_what_is_not_there_is_told(client, path):
    answer = client.get(f"/api/{path}")
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "path",
    ["/app.py", "/../guard.py", "/%2e%2e/guard.py", "/api/picture/0/..%2f..%2fsecret",
     "/frames/a/000001-m.jpg", "/api/picture/a/1", "/api/picture/0/-1", "/api/words/0/1.5"],
)  # fmt: skip
def test_no_path_leads_out(client, path):
    assert client.get(path).status_code == 404


def test_foreign_pages_are_refused(client):
    assert client.get("/api/outline", headers={"host": "evil.example"}).status_code == 403
    foreign = {"origin": "http://evil.example"}
    assert client.get("/api/outline", headers=foreign).status_code == 403


def test_it_can_be_mounted_in_another_app(project):
    outer = Starlette(routes=[Mount("/words", build_app(open_reading(project)))])
    with TestClient(outer, base_url="http://localhost") as client:
        assert client.get("/words/api/words/0/0").status_code == 200


def test_the_command_serves_the_page(project, monkeypatch):
    served = []
    monkeypatch.setattr(serving, "serve_app", lambda app, **given: served.append(given))
    result = CliRunner().invoke(app, ["ui", "-C", str(project.folder), "--port", "0",
                                      "--no-browser"])  # fmt: skip
    assert result.exit_code == 0, result.output
    (given,) = served
    assert (given["host"], given["port"], given["browser"]) == ("127.0.0.1", 0, False)


def test_the_command_says_what_to_run_first(tmp_path):
    (tmp_path / "recordings.csv").write_text("recording,subject,poses\nr,r,poses.csv\n")
    (tmp_path / "poses.csv").write_text("")
    result = CliRunner().invoke(app, ["ui", "-C", str(tmp_path), "--no-browser"])
    assert isinstance(result.exception, ProjectError)
    assert "mousegpt run --until descriptions" in str(result.exception)
