"""The demo knows what is true, so that describers can be scored against it."""

import json

import pytest
from typer.testing import CliRunner

from mousegpt.cli.evaluate_commands import app
from mousegpt.cli.main import app as program
from mousegpt.core.errors import DataError
from mousegpt.core.tables import POSTURE_TABLE, validate_table
from mousegpt.description.kinematic import describe_posture
from mousegpt.io.tables import load_table, save_table
from mousegpt.pipeline.comparing import TRUTHS, find_tables, load_tables
from mousegpt.pipeline.demo import DEMO_STUDY, build_demo
from mousegpt.pipeline.project import Project

COLUMNS = {"moving", "behavior", "head", "forepaws", "hindpaws", "torso", "tail", "mean"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo, with descriptions by one who knows the truth."""
    project = build_demo(tmp_path_factory.mktemp("study") / "demo")
    truth = load_tables(project.folder / "truth", TRUTHS)
    for recording, part in truth.groupby("recording"):
        save_table(describe_posture(part), project.table("descriptions", str(recording)))
    return project


def test_the_demo_knows_the_states_of_its_mice():
    truth = validate_table(load_tables(DEMO_STUDY / "truth", TRUTHS), POSTURE_TABLE)
    assert truth["recording"].nunique() == 6
    assert (truth["state_activity"] != "unknown").mean() > 0.9
    assert find_tables(Project(DEMO_STUDY)) == (
        {"demo_study": DEMO_STUDY / "tables/descriptions"}, DEMO_STUDY / "truth"
    )  # fmt: skip


def test_who_knows_the_truth_says_it_and_who_is_blind_does_not(demo, tmp_path):
    done = CliRunner().invoke(
        app, ["describers", "-C", str(demo.folder), "--out", str(tmp_path), "--json"]
    )
    assert done.exit_code == 0, done.output
    told, blind = json.loads(done.output)["attributes"]
    assert set(told) > COLUMNS
    assert [told["model"], blind["model"]] == ["demo", "blind"]
    assert all(told[name] == 1 for name in COLUMNS)
    assert told["hallucination"] < 0.01
    assert blind["hallucination"] > 0.1
    assert blind["behavior"] < 0.5 < blind["mean"] < 0.9
    assert {path.name for path in tmp_path.iterdir()} == {
        "scores.csv", "differences.csv", "preferences.csv", "attributes.csv",
        "comparison.svg", "comparison.pdf", "comparison.png",
    }  # fmt: skip


def test_a_row_for_each_describer_is_printed(demo):
    tables = demo.table("descriptions", "").parent
    done = CliRunner().invoke(
        program,
        ["evaluate", "describers", f"one={tables}", f"two={tables}", "-C", str(demo.folder)],
    )
    assert done.exit_code == 0, done.output
    first = [line.split("│")[0].strip() for line in done.output.splitlines()][2:5]
    assert first == ["one", "two", "blind"]


def test_a_mouse_without_a_name_is_the_one_of_the_truth(demo, tmp_path):
    for path in sorted(demo.table("descriptions", "").parent.glob("*.parquet")):
        save_table(load_table(path).assign(individual=""), tmp_path / "told" / path.name)
    done = CliRunner().invoke(
        app, ["describers", f"told={tmp_path / 'told'}", "-C", str(demo.folder), "--json"]
    )
    assert done.exit_code == 0, done.output
    told, _ = json.loads(done.output)["attributes"]
    assert told["mean"] == 1


def test_a_describer_named_like_the_baseline_is_refused(demo):
    tables = demo.table("descriptions", "").parent
    done = CliRunner().invoke(app, ["describers", f"blind={tables}", "-C", str(demo.folder)])
    assert isinstance(done.exception, DataError)
    assert "another name" in str(done.exception)
