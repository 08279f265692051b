"""From curated descriptions to a tuned describer that is compared with the one before."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from tuned import write_pictures
from typer.testing import CliRunner

from mousegpt.cli.main import app
from mousegpt.core.errors import ProjectError
from mousegpt.core.facts import SPEEDS
from mousegpt.description.vlm import write_question
from mousegpt.io.tables import save_table
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.teaching import load_material
from mousegpt.training.records import load_split, read_records

FAKE = Path(__file__).parents[1] / "doubles/fake_swift.py"


def run(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def project(tmp_path):
    """A project with pictures and descriptions of six animals, one without speeds."""
    home = Project(tmp_path / "study")
    home.folder.mkdir()
    table, queries, subjects, groups = write_pictures(home.folder)
    lines = ["recording,subject,group,poses"]
    for recording, subject in subjects.items():
        (home.folder / f"{recording}.parquet").write_bytes(b"")
        lines.append(f"{recording},{subject},{groups[subject]},{recording}.parquet")
        mine = [query for query in queries if query.recording == recording]
        frames = table.loc[table["recording"] == recording, ["recording", "individual", "frame",
                                                             "time_s"]]  # fmt: skip
        pictured = frames.assign(views="front + side", file=[query.picture for query in mine])
        save_table(pictured, home.table("mosaics", recording))
        save_table(table[table["recording"] == recording], home.table("descriptions", recording))
    home.manifest.write_text("\n".join([*lines, ""]))
    return home


def test_the_question_is_that_of_inference(project):
    """Speeds come from their table, in their unit; without one they are unknown."""
    frames = pd.DataFrame({"recording": "r0", "individual": "", "frame": [0, 1, 2], "time_s": 0.0})
    save_table(frames.assign(**dict.fromkeys(SPEEDS, 2.0)), project.table("speeds", "r0"))
    record = {
        "step": "poses", "unit": "r0", "fingerprint": "", "functions": [], "options": {},
        "inputs": {}, "backends": {}, "outputs": {}, "notes": {"length_unit": "body length"},
        "versions": {},
    }  # fmt: skip
    project.provenance("poses", "r0").parent.mkdir(parents=True)
    project.provenance("poses", "r0").write_text(json.dumps(record))
    queries = load_material(project).queries
    assert "2.00 body length/s" in write_question(queries[0])
    assert "unknown" in write_question(queries[-1])
    assert "from two sides" in write_question(queries[0])


def test_records_are_written_and_the_split_is_kept(project, tmp_path):
    out = tmp_path / "records"
    done = run("train", "records", out, "-C", project.folder)
    assert done.exit_code == 0, done.output
    assert "Records: " in done.output
    n = sum(len(list(read_records(out / f"{part}.jsonl"))) for part in ("train", "test"))
    assert n + len(list(read_records(out / "validation.jsonl"))) == 18
    before = load_split(out)
    (project.folder / "r6.parquet").write_bytes(b"")
    with project.manifest.open("a") as file:
        file.write("r6,m6,a,r6.parquet\n")
    done = run("train", "records", out, "-C", project.folder, "--seed", 1)
    assert done.exit_code == 0, done.output
    assert load_split(out) == before


@pytest.fixture
def tuning(project, tmp_path, monkeypatch):
    """The words of `mousegpt train describer` on records, with a stand-in for ms-swift."""
    run("train", "records", tmp_path / "records", "-C", project.folder)
    program = tmp_path / "swift"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("MOUSEGPT_SWIFT", str(program))
    monkeypatch.setenv("FAKE_SWIFT_CALLS", str(tmp_path / "calls"))
    data = ("--data", tmp_path / "records", "--out", tmp_path / "tuned")
    return ("train", "describer", *data, "--tuner", "lora", "--gpus", 4, "--steps", 40)


def test_a_dry_run_checks_and_starts_nothing(tuning, tmp_path):
    done = run(*tuning, "--dry-run", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert {finding["grade"] for finding in told["findings"]} == {"ok"}
    assert told["environment"]["NPROC_PER_NODE"] == "4"
    assert not (tmp_path / "calls").exists()
    assert not (tmp_path / "tuned").exists()


def test_a_fault_stops_it_with_the_reason(tuning, tmp_path, project):
    first = next(read_records(tmp_path / "records/train.jsonl"))
    (project.folder / first["images"][0]).unlink()
    done = run(*tuning)
    assert isinstance(done.exception, ProjectError)
    assert "pictures" in str(done.exception)
    assert not (tmp_path / "calls").exists()


def test_it_trains_and_tells_how_to_serve(tuning, tmp_path):
    done = run(*tuning)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "tuned/checkpoint-40").is_dir()
    serving = (tmp_path / "tuned/serving.txt").read_text()
    assert "lmdeploy serve api_server" in serving
    assert 'describer = "mousegpt-lite"' in serving


def test_before_and_after_stand_in_one_table(project, tmp_path):
    descriptions = project.folder / "tables/descriptions"
    frames = pd.concat(map(pd.read_parquet, sorted(descriptions.glob("*.parquet"))))
    truth = frames[["recording", "individual", "frame", "time_s"]].assign(
        body_length=8.0, state_activity="walking", state_pace="slow"
    )
    save_table(truth, tmp_path / "truth.parquet")
    worse = frames.assign(overall="The mouse is sleeping and stationary.")
    save_table(worse, tmp_path / "worse.parquet")
    arguments = ("evaluate", "describers", f"before={tmp_path / 'worse.parquet'}",
                 f"after={descriptions}", "--truth", tmp_path / "truth.parquet")  # fmt: skip
    done = run(*arguments, "--out", tmp_path / "out", "--json")
    assert done.exit_code == 0, done.output
    scores = {(s["model"], s["metric"]): s["value"] for s in json.loads(done.output)["scores"]}
    assert scores["before", "correct overall"] == 0
    assert scores["after", "correct overall"] == 1
    assert (tmp_path / "out/comparison.png").stat().st_size > 0
    shown = run(*arguments)
    assert "correct overall" in shown.output
    assert "preferred" in shown.output
