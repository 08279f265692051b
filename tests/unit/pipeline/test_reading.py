"""The descriptions of a project as they are read: verdicts, ratings, pictures, rates."""

import json

import pandas as pd
import pytest
from read_project import PICTURE, write_project

from mousegpt.core.errors import DataError, ProjectError
from mousegpt.core.tables import KEY
from mousegpt.description.curation import curate_descriptions
from mousegpt.io.tables import load_table, save_table
from mousegpt.pipeline.reading import open_reading, tell_pose


@pytest.fixture
def project(tmp_path):
    return write_project(tmp_path / "study")


def list_clauses(words, verdict):
    pieces = [piece for element in words["elements"] for piece in element["pieces"]]
    return [piece["text"] for piece in pieces if piece["verdict"] == verdict]


def test_the_outline_marks_the_frames_with_a_lie(project):
    outline = open_reading(project).outline()
    first, second, third = outline["recordings"]
    assert [frame[:4] for frame in first["frames"]] == [[0, f, f / 10, f % 2] for f in range(6)]
    assert [frame[4] for frame in first["frames"]] == [True, False] * 3
    assert all(frame[3] == 0 for frame in second["frames"])
    assert third["basis"].startswith("not checked")
    assert all(frame[3:] == [None, None] for frame in third["frames"])
    json.dumps(outline, allow_nan=False)


def test_every_model_has_its_rate(project):
    kinematic, nano = open_reading(project).outline()["models"]
    assert (kinematic["name"], nano["name"]) == ("kinematic", "nano-1")
    heads = {row["kind"]: row for row in kinematic["kinds"]}
    assert (heads["head_pitch"]["n_contradicted"], heads["head_pitch"]["n_checkable"]) == (3, 6)
    assert heads["all"]["low"] is None  # one animal has no interval
    assert nano["kinds"][0]["n_contradicted"] == 0
    assert open_reading(project).draw_rates(0).startswith(b"<?xml")


def test_a_lie_is_marked_where_it_stands(project):
    words = open_reading(project).read(0, 1)
    assert list_clauses(words, "contradicted") == ["The head points up"]
    assert "The mouse is still" in list_clauses(words, "supported")
    assert "its fur is soft" in list_clauses(words, "not checkable")
    head = next(element for element in words["elements"] if element["name"] == "head")
    assert "".join(piece["text"] for piece in head["pieces"]) == "The head points up."
    (claim,) = head["pieces"][0]["claims"]
    assert claim["pose"] == "head pitch is 'down', not up (-40 ± 2 °)"
    assert (words["rating"]["kept"], words["rating"]["accuracy"]) == (False, 5.0)
    assert words["basis"] == "checked against the poses that the words were made from"
    json.dumps(words, allow_nan=False)


def test_without_a_pose_words_are_shown_and_it_is_said_why(project):
    words = open_reading(project).read(2, 0)
    assert words["basis"].startswith("not checked: there are no poses")
    assert words["rating"] is None
    assert [piece["verdict"] for element in words["elements"] for piece in element["pieces"]] == [
        None
    ] * 6
    path = project.table("posture", "a")
    save_table(load_table(path).query("frame != 3"), path)
    reading = open_reading(project)
    assert reading.read(0, 3)["basis"] == "not checked: the pose of this frame is not known"
    assert reading.outline()["recordings"][0]["frames"][3][3] is None


def test_a_reply_that_was_no_description_is_told(project):
    path = project.table("descriptions", "a")
    words = load_table(path)
    words.loc[0, ["status", "head"]] = ["refused", None]
    save_table(words, path)
    reading = open_reading(project)
    said = reading.read(0, 0)
    assert said["status"] == "refused"
    json.dumps(said, allow_nan=False)
    assert reading.outline()["recordings"][0]["frames"][0][3:] == [None, False]


def test_the_truth_is_preferred(project):
    posture = load_table(project.table("posture", "a")).assign(state_head_pitch="up")
    save_table(posture, project.folder / "truth/a.posture.parquet")
    words = open_reading(project).read(0, 1)
    assert words["basis"] == "checked against the truth of a synthetic mouse"
    assert list_clauses(words, "contradicted") == []


def test_the_judge_of_the_project_comes_before_the_rules(project):
    words = load_table(project.table("descriptions", "a"))
    rated = words[list(KEY)].assign(rating_status="ok", accuracy=3.0, coherence=9.0, relevance=8.0)
    unchecked = pd.DataFrame(columns=[*KEY, "verdict"])
    curated = curate_descriptions(words, rated.assign(remark="blurred"), unchecked)
    save_table(curated, project.table("curation", "a"))
    reading = open_reading(project)
    assert reading.outline()["rated_by"] == "a judge"
    rating = reading.read(0, 0)["rating"]
    assert (rating["accuracy"], rating["remark"]) == (3.0, "blurred")
    assert (rating["kept"], rating["reason"]) == (False, "low accuracy")
    assert reading.read(1, 0)["rating"] is None  # of "b" there is no picture to judge by


def test_a_judge_that_has_not_seen_the_words_is_told(project):
    project.settings.write_text('[backends]\njudge = "lab"\n')
    outline = open_reading(project).outline()
    assert "mousegpt run --until curation" in outline["note"]
    assert outline["rated_by"] == "rules"


def test_pictures_come_from_the_frames_of_the_project_only(project):
    reading = open_reading(project)
    assert reading.picture(0, 1) == PICTURE
    assert reading.read(0, 1)["picture"] == {"views": "top", "moments_s": ""}
    assert reading.read(0, 0)["picture"] is None
    with pytest.raises(DataError, match="no picture"):
        reading.picture(0, 0)
    (project.folder / "secret.jpg").write_bytes(b"secret")
    (project.folder / "frames/link.jpg").symlink_to(project.folder / "secret.jpg")
    outside = ["../secret.jpg", "frames/../secret.jpg", "/etc/passwd", "frames/link.jpg",
               str(project.folder / "secret.jpg"), "frames/a/x.txt"]  # fmt: skip
    table = load_table(project.table("mosaics", "a"))
    for name in outside:
        save_table(table.assign(file=name), project.table("mosaics", "a"))
        with pytest.raises(DataError, match="Expected a picture in"):
            open_reading(project).picture(0, 1)


@pytest.mark.parametrize(("recording", "row"), [(3, 0), (0, 6)])
def test_what_is_not_there_is_told(project, recording, row):
    with pytest.raises(DataError, match="Expected a"):
        open_reading(project).read(recording, row)


def test_a_project_without_descriptions_says_what_to_run(tmp_path):
    project = write_project(tmp_path)
    for name in "abc":
        project.table("descriptions", name).unlink()
    with pytest.raises(ProjectError, match="mousegpt run --until descriptions"):
        open_reading(project)


def test_spread_is_told_where_there_is_one():
    claim = {"reason": "pace is 'slow', not still", "measured": 0.5, "sd": 1e-9, "unit": "BL/s"}
    assert tell_pose(claim) == "pace is 'slow', not still (0.5 body lengths/s)"
    assert tell_pose(claim | {"measured": float("nan")}) == "pace is 'slow', not still"
