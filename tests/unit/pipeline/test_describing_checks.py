"""Descriptions of files and projects against postures: tables, figure and command."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from mousegpt.cli.evaluate_commands import app
from mousegpt.core.errors import ProjectError
from mousegpt.core.facts import STATES
from mousegpt.description.kinematic import describe_posture
from mousegpt.io.tables import save_table
from mousegpt.pipeline.describing_checks import (
    check_words,
    evaluate_description_files,
    evaluate_project_descriptions,
    write_description_check,
)
from mousegpt.pipeline.project import Project


@pytest.fixture()
def tables(tmp_path):
    rows = [
        {"recording": r, "individual": "m", "frame": f, "time_s": f / 60}
        | {f"state_{s.name}": "unknown" for s in STATES}
        | {"state_pace": "still", "state_head_pitch": ("up", "down")[f % 2]}
        for r in "ab"
        for f in range(10)
    ]
    posture = pd.DataFrame(rows)
    words = describe_posture(posture)
    lying = posture.assign(state_head_pitch="up")
    words.loc[words["recording"] == "b", "head"] = describe_posture(lying)["head"]
    paths = tmp_path / "words.parquet", tmp_path / "posture.parquet"
    for table, path in zip((words, posture), paths, strict=True):
        save_table(table, path)
    return *paths, words, posture


def test_a_lie_of_one_animal_is_counted_and_curated(tables, tmp_path):
    check = evaluate_description_files(*tables[:2], is_truth=True)
    head = check.rates.set_index("kind").loc["head_pitch"]
    assert (head["n_checkable"], head["n_contradicted"]) == (40, 5)
    assert check.curation["kept"].sum() == 15
    assert check.attributes is not None
    assert check.attributes.set_index("attribute").loc["head", "wrong"] == 0.25
    written = write_description_check(check, tmp_path / "out")
    assert {path.name for path in written} >= {
        "claims.csv", "hallucination.csv", "curation.csv", "ratings.csv", "attributes.csv",
        "hallucination.svg",
    }  # fmt: skip
    assert all(path.stat().st_size for path in written)


def test_report_rows_show_share_and_interval(tables):
    _, _, words, posture = tables
    row = next(r for r in check_words(words, posture) if r["clauses about"] == "head pitch")
    assert (row["checkable"], row["contradicted"], row["share"]) == (40, 5, "12.5%")
    assert row["95 % interval"] == "0.0% to 25.0%"
    assert check_words(words.assign(status="refused"), posture) == []
    assert check_words(words, pd.DataFrame()) == []  # where all was described from pictures


def test_command_prints_json(tables):
    result = CliRunner().invoke(app, ["descriptions", str(tables[0]), str(tables[1]), "--json"])
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["hallucination"]
    assert rows[0]["kind"] == "all"


def test_project_without_descriptions_says_what_to_do(tmp_path):
    (tmp_path / "recordings.csv").write_text("recording,subject,poses\nr,r,poses.csv\n")
    (tmp_path / "poses.csv").write_text("")
    with pytest.raises(ProjectError, match="mousegpt run"):
        evaluate_project_descriptions(Project(tmp_path))
