"""The app behind the page, asked as a browser asks it."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from labelled_rig import FIRST, WRONG, make_rig, open_session, see_points
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from mousegpt.ui import label
from mousegpt.ui.label.app import build_app

VIEWS = make_rig().views
FRAME = WRONG[1]
SERVED = [
    path.name for path in Path(label.__file__).parent.iterdir() if path.suffix in (".js", ".css")
]
PLACE = see_points(make_rig())[0, FRAME - FIRST, 2].round(2).tolist()


@pytest.fixture
def session(tmp_path):
    with open_session(tmp_path) as opened:
        yield opened


@pytest.fixture
def client(session):
    with TestClient(build_app(session), base_url="http://127.0.0.1") as opened:
        yield opened


def make_body(revision=0, **change):
    point = {"x": PLACE[0], "y": PLACE[1]} | change
    points = {VIEWS[0]: {"mouse": {"Snout": point}}}
    return {"frame": FRAME, "revision": revision, "points": points}


def test_the_page_needs_nothing_from_elsewhere(client):
    page = client.get("/").text
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    for name in SERVED:
        answer = client.get(f"/{name}")
        assert answer.status_code == 200
        assert "http" not in answer.text


def test_a_label_is_on_the_disk_when_the_answer_comes(client, session):
    answer = client.put(f"/api/frame/{FRAME}", json=make_body())
    assert answer.status_code == 200
    stored = json.loads((session.labels.folder / f"frame-{FRAME:06d}.json").read_text())
    assert stored["points"][VIEWS[0]]["mouse"]["Snout"]["x"] == PLACE[0]
    assert client.get(f"/api/frame/{FRAME}").json()["labels"] == answer.json()["labels"]
    assert client.get("/api/session").json()["labelled"] == [
        {"frame": FRAME, "n": 1, "done": False}
    ]


def test_two_windows_do_not_overwrite_each_other(client):
    assert client.put(f"/api/frame/{FRAME}", json=make_body()).status_code == 200
    answer = client.put(f"/api/frame/{FRAME}", json=make_body(x=1.0))
    assert answer.status_code == 409
    assert "changed elsewhere" in answer.json()["error"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"frame": 8}', json.dumps(make_body(path="/etc/passwd")).encode(),
     json.dumps(make_body(x=1e400)).encode(), json.dumps(make_body(state="dead")).encode()],
)  # fmt: skip
def test_nonsense_changes_nothing(client, session, body):
    answer = client.put(f"/api/frame/{FRAME}", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert session.labels.list_frames() == []


@pytest.mark.parametrize(
    "path",
    ["/api/frame/999", "/api/picture/0/999", "/api/picture/9/8", "/api/export/yolo"],
)
def test_what_is_not_there_is_told(client, path):
    answer = client.get(path)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Expected")


@pytest.mark.parametrize(
    "path",
    ["/app.py", "/../../io/labels.py", "/%2e%2e/guard.py", "/api/picture/0/../../x",
     f"/api/picture/{VIEWS[0]}/8", "/api/picture/0/8.5"],
)  # fmt: skip
def test_no_path_leads_out(client, path):
    assert client.get(path).status_code == 404


def test_pictures_may_be_kept_and_answers_not(client):
    picture = client.get(f"/api/picture/0/{FRAME}")
    assert picture.headers["content-type"] == "image/jpeg"
    assert "immutable" in picture.headers["cache-control"]
    assert client.get(f"/api/frame/{FRAME}").headers["cache-control"] == "no-store"


def test_suggestions_and_exports(client):
    assert client.get("/api/suggestions").json()["frames"][0]["frame"] == FRAME
    client.put(f"/api/frame/{FRAME}", json=make_body())
    archive = zipfile.ZipFile(io.BytesIO(client.get("/api/export/coco").content))
    assert archive.namelist() == [f"made-up-{VIEWS[0]}.json"]


def test_it_can_be_mounted_in_another_app(session):
    outer = Starlette(routes=[Mount("/label", build_app(session))])
    with TestClient(outer, base_url="http://localhost") as client:
        assert client.get("/label/").status_code == 200
        assert client.get("/label/api/session").json()["name"] == "made-up"
