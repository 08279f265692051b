"""A project whose descriptions are rated by a judge behind a faulty service."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from scripted.server import complete, draw_faults, read_question, serving
from stickmouse.project import build_project
from typer.testing import CliRunner

from mousegpt.cli.main import app
from mousegpt.core.errors import DataError, ProjectError
from mousegpt.io.tables import load_table, save_table
from mousegpt.pipeline import asking
from mousegpt.pipeline.ledger import Policy, open_ledger
from mousegpt.pipeline.ledger.jobs import list_jobs, verify_ledger
from mousegpt.pipeline.running import build_engine, run_project
from mousegpt.pipeline.teaching import load_material
from mousegpt.training.sft import select_examples

N = 60  # descriptions: two mice, 6 s at 5 frames/s
RATINGS = ["rating_status", "accuracy", "coherence", "relevance", "remark"]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return build_project(tmp_path_factory.mktemp("study"), n_mice=2, duration_s=6.0, fps=10.0)


@pytest.fixture
def quick(monkeypatch):
    policy = Policy(first_delay_s=0.01, longest_delay_s=0.05, rest_s=0.1, max_failed=12)
    monkeypatch.setattr(asking, "Policy", lambda: policy)


def write_settings(project, url, name="lab", **more):
    given = {"model": "one", **more}
    lines = [f"{setting} = {json.dumps(value)}" for setting, value in given.items()]
    head = f'[backends]\njudge = "{name}"\n[endpoints.{name}]\nurl = "{url}"\ntimeout_s = 2.0\n'
    project.settings.write_text(head + "\n".join(lines) + "\n")


def rate(question):
    """The rating of a question: any, but always the same."""
    accuracy, relevance = hashlib.sha256(question.encode()).digest()[:2]
    said = {
        "reason": "none",
        "accuracy": accuracy % 11,
        "coherence": 8,
        "relevance": relevance % 11,
    }
    return complete(json.dumps(said))


def answer(body, turn):
    question = read_question(body)
    reply = complete('{"colour": "grey"}') if "colour" in question else rate(question)
    return lambda body: (200, reply)


def answer_with_faults(body, turn):
    fault = draw_faults(0.2, 0.1)(body, turn)
    return answer(body, turn) if "colour" in read_question(body) or fault == "ok" else fault


def run(project, **options):
    events = []
    return run_project(project, events.append, until="curation", **options), events


def count_asked(server):
    return sum(n for question, n in server.asked.items() if "colour" not in question)


def read_tables(project):
    paths = sorted(project.table("curation", "x").parent.glob("*.parquet"))
    return pd.concat([load_table(path) for path in paths], ignore_index=True)


def list_judge_jobs(project):
    ledger = open_ledger(asking.locate_ledger(project))
    try:
        assert verify_ledger(ledger) == []
        return [row for row in list_jobs(ledger) if "rated" in row["job"]]
    finally:
        ledger.close()


def sum_up_calls(project):
    rows = list_judge_jobs(project)
    return [sum(row[name] for row in rows) for name in ("done", "unknown")]


def test_every_description_is_rated_once_and_resumed_free(project, quick):
    with serving(answer_with_faults) as server:
        write_settings(project, server.url)
        complete_run, events = run(project)
        assert complete_run, [e for e in events if e.kind == "failed"]
        bodies = [body for _, body in server.requests if "colour" not in read_question(body)]
        n_asked, table = count_asked(server), read_tables(project)
        for path in project.table("curation", "x").parent.glob("*.json"):
            path.unlink()
        assert run(project)[0]  # made again from the ledger alone
        assert count_asked(server) == n_asked
    pd.testing.assert_frame_equal(read_tables(project), table)
    assert len(table) == N
    assert set(table["rating_status"]) == {"ok"}
    assert all(body["messages"][0]["content"][0]["type"] == "image_url" for body in bodies)
    assert sum(row["done"] for row in list_judge_jobs(project)) == N
    low = table[["accuracy", "coherence", "relevance"]].min(axis=1) < 6
    wrong = table["n_contradicted"] > 0
    assert (table["kept"] == ~(low | wrong)).all()
    assert table["n_supported"].sum() > N  # the pose was asked, too


def test_another_judge_rates_anew_and_nothing_else_is_done_again(project, quick):
    with serving(answer) as server:
        write_settings(project, server.url, model="another")
        _, events = run(project)
        done = {event.step for event in events if event.kind == "done"}
        assert done == {"curation"}
        assert count_asked(server) == N
        write_settings(project, server.url)
        assert run(project)[0]
        before = read_tables(project)
        strict = ["curation.min_rating=9"]
        assert run(project, assignments=strict)[0]
        assert count_asked(server) == N  # the first judge's ratings lie in the ledger
    after = read_tables(project)
    pd.testing.assert_frame_equal(before[RATINGS], after[RATINGS])
    assert after["kept"].sum() < before["kept"].sum()


def test_what_is_no_rating_has_a_name_and_is_not_kept(project, quick):
    def ramble(body, turn):
        grey = "colour" in read_question(body)
        said = '{"colour": "grey"}' if grey else "I would give it a nine."
        return lambda body: (200, complete(said))

    with serving(ramble) as server:
        write_settings(project, server.url, model="rambler")
        complete_run, events = run(project)
        assert complete_run
        assert any("30 not_json" in event.message for event in events)
        table = read_tables(project)
        assert set(table["rating_status"]) == {"not_json"}
        assert set(table["reason"]) == {"not rated"}
        assert table["accuracy"].isna().all()
        assert not table["kept"].any()
        assert count_asked(server) == 3 * N  # by the policy, and no more
        done = CliRunner().invoke(app, ["job", "retry-dead", "-C", str(project.folder)])
        assert "60 frame(s)" in done.output
        server.script = answer
        assert run(project)[0]
    assert set(read_tables(project)["rating_status"]) == {"ok"}


def test_kills_lose_nothing_and_change_nothing(project, quick):
    def answer_slowly(body, turn):
        if turn == 0 and len(read_question(body)) % 7 == 0:
            return "prose"
        time.sleep(0.1)
        return answer(body, turn)

    with serving(answer) as server:
        write_settings(project, server.url)
        assert run(project)[0]
        undisturbed = read_tables(project)
    before = sum_up_calls(project)
    command = [sys.executable, "-m", "mousegpt", "run", "-C", str(project.folder)]
    command += ["--until", "curation"]
    with serving(answer_slowly) as server:
        write_settings(project, server.url, model="killed", concurrency=2)
        for n in (10, 35):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            while count_asked(server) < n and process.poll() is None:
                time.sleep(0.01)
            assert process.poll() is None, process.stderr.read()
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            process.stderr.close()
        subprocess.run(command, check=True, capture_output=True)
        n_asked, n_again = count_asked(server), sum(n > 1 for n in server.asked.values())
    pd.testing.assert_frame_equal(read_tables(project), undisturbed)
    n_done, n_unknown = (
        now - then for now, then in zip(sum_up_calls(project), before, strict=True)
    )
    assert n_done == N
    n_prose = sum(len(q) % 7 == 0 for q in server.asked)
    assert n_asked <= N + n_prose + n_unknown
    assert n_again <= n_prose + n_unknown


def test_a_large_job_is_tried_out_first(project, quick, monkeypatch):
    monkeypatch.setattr(asking, "LARGE_JOB", 10)
    monkeypatch.setattr(asking, "PILOT", 5)
    price = {"usd_per_million_prompt_tokens": 10.0, "usd_per_million_reply_tokens": 10.0}
    with serving(answer) as server:
        write_settings(project, server.url, "dear", model="dear", max_usd=0.2, **price)
        complete_run, events = run(project)
    assert not complete_run  # 25 descriptions at 0.011 USD are too dear
    assert any("pilot of 5 frames" in event.message for event in events)
    status = CliRunner().invoke(app, ["job", "status", "--json", "-C", str(project.folder)])
    rows = [row for row in json.loads(status.output)["jobs"] if row["left"]]
    assert all("rated by dear" in row["job"] for row in rows)
    assert all(row["usd_left"] > row["usd"] > 0 for row in rows)


def test_only_what_is_kept_is_taught(project, quick):
    with serving(answer) as server:
        write_settings(project, server.url)
        assert run(project)[0]
    material = load_material(project)
    table = read_tables(project)
    selection = select_examples(material.descriptions, material.queries, material.subjects)
    kept = table.loc[table["kept"], ["recording", "frame"]].to_numpy().tolist()
    assert 0 < len(kept) < N
    assert [[key[0], key[2]] for key in (e.key for e in selection.examples)] == kept
    path = project.table("descriptions", table["recording"][0])
    words = load_table(path)
    try:
        save_table(words.assign(head="The head is level."), path)
        with pytest.raises(DataError, match="until curation"):
            load_material(project)
    finally:
        save_table(words, path)


def test_the_command_tells_what_is_kept_and_who_agrees(project, tmp_path):
    folder = ["-C", str(project.folder)]
    command = ["evaluate", "descriptions", *folder, "--out", str(tmp_path / "out")]
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 0, shown.output
    assert "kept" in shown.output
    assert "Judge and pose agree" in shown.output
    assert (tmp_path / "out/ratings.png").stat().st_size > 1000
    told = json.loads(CliRunner().invoke(app, [*command[:4], "--json"]).output)
    counts = {row["verdict"]: row["descriptions"] for row in told["curation"]}
    assert counts["kept"] == read_tables(project)["kept"].sum()
    assert sum(counts.values()) == N
    assert 0 <= told["agreement"]["share"] <= 1
    assert not np.isnan(told["agreement"]["low"])


def test_without_a_judge_there_is_no_such_step(project):
    project.settings.write_text("")
    assert "curation" not in [step.name for step in build_engine(project).steps]


@pytest.mark.parametrize("name", ["nobody", "nano", "kinematic", "transformers"])
def test_a_judge_that_does_not_exist_is_named(project, name):
    project.settings.write_text(f'[backends]\njudge = "{name}"\n')
    with pytest.raises(ProjectError, match=rf"There is no judge '{name}'"):
        build_engine(project)
