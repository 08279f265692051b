"""The command line: exit status 0, 1 or 2, one sentence for an error, never a traceback."""

import json
import subprocess
import sys

import pytest
from test_bad_input import CASES, read_tree

from mousegpt.pipeline.checking import check_project
from mousegpt.pipeline.demo import build_demo
from project_files import write_deeplabcut, write_manifest


def run_cli(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mousegpt", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def check_sentence(result: subprocess.CompletedProcess[str], status: int, words: str) -> None:
    assert result.returncode == status, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr + result.stdout


#: Cases whose errors are told at the door; one run each, since a process takes seconds to start.
CHOSEN = ("no_manifest", "misspelt_column", "video_of_no_bytes", "negative_frames")


@pytest.mark.parametrize("name", CHOSEN)
def test_run_refuses_bad_input_and_touches_nothing(name, tmp_path):
    CASES[name].build(tmp_path)
    before = read_tree(tmp_path)
    result = run_cli("run", "-C", tmp_path)
    assert result.returncode in (1, 2)
    assert "Traceback" not in result.stderr + result.stdout
    assert result.stderr.startswith("Error: ")
    after = {path: data for path, data in read_tree(tmp_path).items() if ".lock" not in str(path)}
    assert after == before


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_check_and_run_agree_on_every_bad_input(name, tmp_path):
    CASES[name].build(tmp_path)
    checked = run_cli("check", "-C", tmp_path)
    ran = run_cli("run", "-C", tmp_path)
    assert "Traceback" not in checked.stderr + checked.stdout + ran.stderr + ran.stdout
    if CASES[name].severity == "error":
        assert checked.returncode == 1
        assert ran.returncode in (1, 2)


def test_wrong_use_exits_with_two(tmp_path):
    write_deeplabcut(tmp_path / "m.csv")
    write_manifest(tmp_path, {"recording": "m", "fps": 30, "poses": "m.csv"})
    check_sentence(run_cli("run", "-C", tmp_path, "--until", "nowhere"), 2, "no step 'nowhere'")
    check_sentence(run_cli("run", "-C", tmp_path, "--set", "behaviors"), 2, "step.name=value")
    check_sentence(
        run_cli("run", "-C", tmp_path, "--set", "behaviors.n_cluster=3"), 2, "no option 'n_cluster'"
    )
    check_sentence(run_cli("run", "-C", tmp_path, "--only", "x"), 2, "no recording 'x'")
    assert run_cli("nonsense").returncode == 2
    assert run_cli("search", "-C", tmp_path).returncode == 2


def test_a_folder_without_project_is_an_error(tmp_path):
    check_sentence(run_cli("run", "-C", tmp_path), 1, "mousegpt new")
    check_sentence(run_cli("status", "-C", tmp_path / "nowhere"), 1, "mousegpt new")
    check_sentence(run_cli("search", "rearing", "-C", tmp_path), 1, "mousegpt new")


def test_new_never_overwrites(tmp_path):
    write_deeplabcut(tmp_path / "m1DLC_resnet50_x.csv")
    made = run_cli("new", tmp_path / "p", tmp_path / "m1DLC_resnet50_x.csv")
    assert made.returncode == 0
    manifest = tmp_path / "p" / "recordings.csv"
    text = manifest.read_text()
    assert "m1" in text
    check_sentence(run_cli("new", tmp_path / "p"), 1, "already holds a project")
    assert manifest.read_text() == text
    check_sentence(run_cli("new", tmp_path / "q", tmp_path / "none.csv"), 2, "none.csv")


def test_demo_keeps_out_of_folders_in_use(tmp_path):
    (tmp_path / "thesis.docx").write_text("words")
    check_sentence(run_cli("demo", tmp_path), 1, "name a new or empty folder")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_planar_project_from_new_to_search(tmp_path):
    write_deeplabcut(tmp_path / "m1.csv")
    write_manifest(tmp_path, {"recording": "m1", "fps": 30, "poses": "m1.csv", "px_per_cm": 2})
    assert run_cli("check", "-C", tmp_path, "--write-skeleton").returncode == 0
    assert (tmp_path / "skeleton.csv").read_text().splitlines()[1] == "nose,Snout"
    done = run_cli("run", "-C", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").exists()
    status = json.loads(run_cli("status", "-C", tmp_path, "--json").stdout)
    assert {row["step"]: row["missing"] + row["stale"] for row in status}["report"] == 0
    hits = json.loads(run_cli("search", "moving", "-C", tmp_path, "--json").stdout)
    assert hits
    assert {"recording", "frame", "similarity", "description"} <= set(hits[0])


def test_demo_is_made_once(tmp_path):
    project = build_demo(tmp_path / "demo")
    before = project.manifest.stat().st_mtime_ns
    assert build_demo(tmp_path / "demo") == project
    assert project.manifest.stat().st_mtime_ns == before
    assert not check_project(project.folder).has_errors


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--size", "large"), 2, "WIDTHxHEIGHT"),
        (("--fps", "1000"), 2, "--fps"),
        (("--design", "diet"), 1, "one of drugs, depression, demo"),
        (("--coat", "tartan", "--design", "demo", "--minutes", "0.04"), 1, "no coat 'tartan'"),
    ],
)
def test_synth_names_what_it_cannot_make(arguments, status, words, tmp_path):
    check_sentence(run_cli("synth", tmp_path / "study", *arguments), status, words)
    assert not (tmp_path / "study").exists()
