"""A project whose frames are described by a model behind a faulty service."""

import base64
import json

import cv2
import numpy as np
import pytest
from scripted.server import ELEMENTS, complete, draw_faults, read_question, serving
from stickmouse.project import build_project
from typer.testing import CliRunner

from mousegpt.cli.main import app
from mousegpt.core.description import FrameDescription
from mousegpt.io.tables import load_table
from mousegpt.pipeline import asking
from mousegpt.pipeline.ledger import Policy, open_ledger
from mousegpt.pipeline.ledger.jobs import list_jobs, verify_ledger
from mousegpt.pipeline.running import build_engine, run_project

KEY = "sk-canary-0123456789"
CANNED = {name: f"The mouse ({name}) walks with a level head." for name in ELEMENTS}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return build_project(tmp_path_factory.mktemp("study"), n_mice=2, duration_s=6.0, fps=10.0)


@pytest.fixture
def quick(monkeypatch):
    policy = Policy(first_delay_s=0.01, longest_delay_s=0.05, rest_s=0.1, max_failed=12)
    monkeypatch.setattr(asking, "Policy", lambda: policy)
    monkeypatch.setenv("LAB_KEY", KEY)


def write_settings(project, url, model="scripted", **more):
    lines = [f"{name} = {json.dumps(value)}" for name, value in more.items()]
    project.settings.write_text(
        f'[backends]\ndescriber = "lab"\n[endpoints.lab]\nurl = "{url}"\nmodel = "{model}"\n'
        f'key_variable = "LAB_KEY"\ntimeout_s = 2.0\n' + "\n".join(lines)
    )


def describe(body, turn):
    """Answer the probe and the questions; of every fifth question the first answer is prose."""
    question = read_question(body)
    if "colour" in question:
        return lambda body: (200, complete('{"colour": "grey"}'))
    if len(question.split("body: ")[1].split(" ")[0]) % 5 == 0 and turn == 0:
        return "prose"
    faults = draw_faults(0.2, 0.1)(body, turn)
    return faults if faults != "ok" else lambda body: (200, complete(json.dumps(CANNED)))


def answer(body, turn):
    """Answer without any fault."""
    colour = "colour" in read_question(body)
    return lambda body: (200, complete('{"colour": "grey"}' if colour else json.dumps(CANNED)))


def run(project, **options):
    events = []
    return run_project(project, events.append, **options), events


def read_rows(project):
    paths = sorted(project.table("descriptions", "x").parent.glob("*.parquet"))
    return [load_table(path) for path in paths]


def test_every_frame_is_described_once_and_resumed_free(project, quick):
    with serving(describe) as server:
        write_settings(project, server.url)
        complete_run, events = run(project, until="embeddings")
        assert complete_run, [e for e in events if e.kind == "failed"]
        n_billed = sum(server.billed.values())
        questions = [body for _, body in server.requests]
        tables = read_rows(project)
        for path in project.table("descriptions", "x").parent.glob("*.json"):
            path.unlink()
        assert run(project, until="descriptions")[0]  # made again from the ledger alone
        assert sum(server.billed.values()) == n_billed
    assert [
        table.equals(again) for table, again in zip(tables, read_rows(project), strict=True)
    ] == [True] * 2
    for table in tables:
        assert set(table["status"]) == {"ok"}
        assert len(table) == 30  # 6 s at 5 frames/s
        assert FrameDescription(**table.loc[0, list(FrameDescription.model_fields)]).head
    pictures = [part for body in questions for part in body["messages"][0]["content"]]
    assert all(p.get("image_url", {"url": "data:"})["url"].startswith("data:") for p in pictures)
    ledger = open_ledger(asking.locate_ledger(project))
    assert verify_ledger(ledger) == []
    assert sum(row["done"] for row in list_jobs(ledger)) == 60
    ledger.close()
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert all(KEY.encode() not in path.read_bytes() for path in files)


def test_what_cannot_be_described_says_so(project, quick):
    refuse = complete("I'm sorry, I can't help with that.")

    def script(body, turn):
        if "colour" in read_question(body):
            return lambda body: (200, complete('{"colour": "grey"}'))
        return lambda body: (200, refuse)

    with serving(script) as server:
        write_settings(project, server.url, max_tokens=601)  # another name, so new calls
        complete_run, events = run(project, until="descriptions")
        assert complete_run
        assert any("30 refused" in event.message for event in events)
        for table in read_rows(project):
            assert set(table["status"]) == {"refused"}
            assert table["overall"].isna().all()
        assert run(project)[0]  # and the report says so
        assert "60 of 60 frames have no description (60 refused)" in project.report.read_text()
        done = CliRunner().invoke(app, ["job", "retry-dead", "-C", str(project.folder)])
        assert done.exit_code == 0, done.output
        assert "60 frame(s)" in done.output
        server.script = lambda body, turn: lambda body: (200, complete(json.dumps(CANNED)))
        assert run(project, until="descriptions")[0]
    assert all(set(table["status"]) == {"ok"} for table in read_rows(project))


def test_a_grid_of_moments_is_shown(project, quick):
    with serving(describe) as server:
        write_settings(project, server.url)
        grid = ["mosaics.moments_s=[-0.2, 0, 0.2]"]
        assert run(project, until="descriptions", assignments=grid)[0]
        _, body = server.requests[-1]
    picture, words = body["messages"][0]["content"]
    assert "0.20" in words["text"]
    data = base64.b64decode(picture["image_url"]["url"].partition(",")[2])
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image.shape in [(448 * n, 896, 3) for n in (2, 3)]  # two at the ends


def stop_after(n):
    """Answer so often, then break in such a way that the run stops at once."""
    left = iter(range(n))

    def script(body, turn):
        if "colour" in read_question(body) or next(left, None) is not None:
            return answer(body, turn)
        return "401"

    return script


def count_tasks(project):
    """Tasks done and left, by the model in the name of the job; those set aside under ""."""
    found = {}
    status = CliRunner().invoke(app, ["job", "status", "--json", "-C", str(project.folder)])
    for row in json.loads(status.output)["jobs"]:
        model = row["job"].partition("(")[2].partition(" ")[0]
        done, left = found.get(model, (0, 0))
        found[model] = (done + row["done"], left + row["left"])
    return found


def test_only_what_is_wanted_now_is_asked_and_only_of_the_model_that_is_named(project, quick):
    rarely = ["mosaics.rate_hz=1"]
    with serving(stop_after(3)) as server:
        write_settings(project, server.url, model="one")
        assert not run(project, until="descriptions")[0]
        assert sum(count_tasks(project)["one"]) == 60
        server.script = answer
        assert run(project, until="descriptions", assignments=rarely)[0]
        done, left = count_tasks(project)["one"]
        assert (done <= 12 + 3, left) == (True, 0)
        assert count_tasks(project)[""] == (0, 60 - done)
        server.script = stop_after(3)
        write_settings(project, server.url, model="two")
        assert not run(project, until="descriptions", assignments=rarely)[0]
        server.script = answer
        write_settings(project, server.url, model="three")
        assert run(project, until="descriptions", assignments=rarely)[0]
    assert count_tasks(project)["two"] == (3, 9)  # left for when it is asked again
    assert count_tasks(project)["three"] == (12, 0)


def test_a_wrong_key_is_told_without_the_key(project, quick):
    echo = (401, {"error": {"message": f"Incorrect key {KEY}"}})
    with serving(lambda body, turn: lambda body: echo) as server:
        write_settings(project, server.url, max_tokens=602)
        complete_run, events = run(project, until="descriptions")
    told = " ".join(event.message for event in events)
    assert not complete_run
    assert "HTTP 401" in told
    assert KEY not in told


def test_commands_about_jobs(project, quick):
    invoke = CliRunner().invoke
    folder = ["-C", str(project.folder)]
    status = invoke(app, ["job", "status", "--json", *folder])
    assert status.exit_code == 0, status.output
    assert all(row["state"] == "open" for row in json.loads(status.output)["jobs"] if row["done"])
    assert "paused" in invoke(app, ["job", "pause", *folder]).output
    assert "by hand" in invoke(app, ["job", "status", *folder]).output
    assert invoke(app, ["job", "resume", *folder]).exit_code == 0
    assert "sound" in invoke(app, ["job", "verify", *folder]).output


def test_commands_about_backends(project, quick):
    invoke = CliRunner().invoke
    folder = ["-C", str(project.folder)]
    with serving(describe) as server:
        write_settings(project, server.url)
        rows = json.loads(invoke(app, ["backends", "--json", *folder]).output)
        assert {"part": "endpoint lab", "backend": f"scripted at {server.url}"} in rows
        checked = invoke(app, ["backends", "check", "--json", *folder])
        server.script = lambda body, turn: lambda body: (200, complete('{"colour": "Red"}'))
        seen = invoke(app, ["backends", "check", "--json", *folder])
    (row,) = json.loads(checked.output)
    assert (row["works"], row["structure"]) == (True, "json_schema")
    assert "grey\"}': it may not see pictures" in row["message"]
    assert "may not see" not in seen.output
    unplugged = invoke(app, ["backends", "check", "--json", *folder])
    assert unplugged.exit_code == 1
    assert json.loads(unplugged.output)[0]["works"] is False


def test_a_describer_that_does_not_exist_is_named(project):
    project.settings.write_text('[backends]\ndescriber = "nobody"\n')
    with pytest.raises(Exception, match=r"\[endpoints.nobody\]"):
        build_engine(project)


def test_a_key_in_the_settings_is_not_repeated(project):
    write_settings(project, "http://localhost:9/v1")
    project.settings.write_text(project.settings.read_text().replace("LAB_KEY", KEY))
    with pytest.raises(Exception, match="not a key") as caught:
        build_engine(project)
    assert KEY not in str(caught.value)


def test_a_large_job_is_tried_out_first(project, quick, monkeypatch):
    monkeypatch.setattr(asking, "LARGE_JOB", 10)
    monkeypatch.setattr(asking, "PILOT", 5)
    price = {"usd_per_million_prompt_tokens": 10.0, "usd_per_million_reply_tokens": 10.0}
    with serving(answer) as server:
        write_settings(project, server.url, max_tokens=603, max_usd=0.2, **price)
        complete_run, events = run(project, until="descriptions")
        assert not complete_run  # 25 frames at 0.011 USD are too dear
        assert any("pilot of 5 frames" in event.message for event in events)
        write_settings(project, server.url, max_tokens=603, max_usd=9.0, **price)
        complete_run, events = run(project, until="descriptions")
    assert complete_run
    told = [event.message for event in events if event.kind == "progress" and event.message]
    # 10 of the first recording are described by now; of the other one it is not known
    assert told[0].endswith("about 50 calls are left: 0.0 h and 0.55 USD")
