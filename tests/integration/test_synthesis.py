"""A synthetic study on disk: whole, resumable, refused where it does not belong."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from mousegpt.core.errors import DataError, ProjectError
from mousegpt.core.masks import decode_mask
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.io.calibration import load_calibration
from mousegpt.io.poses import load_poses
from mousegpt.io.tables import load_table
from mousegpt.io.video import probe_video, read_frames
from mousegpt.pipeline.checking import check_project
from mousegpt.pipeline.synthesis.filming import arrange_cameras
from mousegpt.pipeline.synthesis.running import synthesize_study
from mousegpt.pipeline.synthesis.settings import SynthesisFolder, SynthesisSettings

SHORT = SynthesisSettings(design="demo", minutes=0.05, fps=30, rig="pair", planted_jumps=1)
SMALL = SHORT.model_copy(update={"image_size": (128, 128), "minutes": 0.04, "fps": 20})


def ignore(_event):
    pass


def list_files(folder):
    """Map the files of a study to their bytes; locks are not of it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthesis") / "study"
    synthesize_study(folder, SHORT, ignore, n_processes=1)
    return SynthesisFolder(folder)


def test_the_study_is_a_project_without_problems(study):
    check = check_project(study.folder)
    assert not check.has_errors
    rows = pd.read_csv(study.manifest)
    assert set(rows["meta:made_up"]) == {"yes"}
    assert rows["group"].nunique() == 2


def test_truth_and_measurement_are_of_the_same_frames(study):
    for name in pd.read_csv(study.manifest)["recording"]:
        exact = load_poses(study.truth(name, "poses"))
        measured = load_poses(study.poses(name))
        frames = load_table(study.truth(name, "frames"))
        assert exact.sizes == measured.sizes
        assert frames["frame"].tolist() == exact["frame"].values.tolist()
        error = (measured["position"] - exact["position"]).to_numpy()
        assert np.nanstd(error) == pytest.approx(SHORT.noise_cm, rel=0.05)
        described = load_table(study.truth(name, "descriptions"))
        posture = load_table(study.truth(name, "posture"))
        assert described["frame"].tolist() == posture["frame"].tolist()
        assert (described["status"] == "ok").all()


def test_the_planted_jump_happens_once_in_the_study(study):
    events = pd.read_csv(study.folder / "truth" / "events.csv")
    assert events["behavior"].tolist() == ["jumping"]
    event = events.iloc[0]
    labels = load_table(study.truth(event["recording"], "frames")).set_index("frame")["behavior"]
    assert (labels.loc[event["first_frame"] : event["last_frame"]] == "jumping").all()
    jumping = {
        name: (load_table(study.truth(name, "frames"))["behavior"] == "jumping").any()
        for name in pd.read_csv(study.manifest)["recording"]
    }
    assert [name for name, jumps in jumping.items() if jumps] == events["recording"].tolist()


def test_the_record_says_that_it_is_made_up(study):
    record = json.loads(study.record.read_text())
    assert "never evidence" in record["notice"]


def test_a_second_run_changes_nothing_and_a_lost_table_is_made_again_alike(study):
    before = list_files(study.folder)
    name = pd.read_csv(study.manifest)["recording"][1]
    study.truth(name, "frames").unlink()
    synthesize_study(study.folder, SHORT, ignore, n_processes=1)
    assert list_files(study.folder) == before


def test_other_settings_and_other_folders_are_refused(study, tmp_path):
    with pytest.raises(ProjectError, match="another seed"):
        synthesize_study(study.folder, SHORT.model_copy(update={"seed": 1}), ignore)
    (tmp_path / "thesis.docx").write_text("precious")
    with pytest.raises(ProjectError, match="name another"):
        synthesize_study(tmp_path, SHORT, ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


@pytest.mark.parametrize("change", [{"design": "diet"}, {"arena": "maze"}, {"rig": "drone"}])
def test_unknown_names_are_refused_before_anything_is_written(change, tmp_path):
    with pytest.raises(DataError, match="one of"):
        synthesize_study(tmp_path / "study", SHORT.model_copy(update=change), ignore)
    assert not (tmp_path / "study").exists()


def test_any_number_of_cameras_stands_around():
    cameras = arrange_cameras(SHORT.model_copy(update={"rig": "4"}))
    assert cameras.views == ("side1", "side2", "side3", "side4", "top")


def test_the_null_study_has_the_same_mice_in_every_group(tmp_path):
    """Without effects the groups differ by chance alone: same habits whatever the treatment."""
    null = SHORT.model_copy(update={"effect": 0.0})
    synthesize_study(tmp_path / "study", null, ignore, n_processes=1)
    place = SynthesisFolder(tmp_path / "study")
    names = pd.read_csv(place.manifest)["recording"]
    labels = {n: set(load_table(place.truth(n, "frames"))["behavior"]) for n in names}
    assert all("circling" not in seen for seen in labels.values())


@pytest.fixture(scope="module")
def film(tmp_path_factory, egl):
    folder = tmp_path_factory.mktemp("synthesis") / "film"
    synthesize_study(folder, SMALL, ignore, videos=True, n_processes=2)
    return SynthesisFolder(folder)


def test_every_frame_of_every_view_is_filmed_and_noted(film):
    cameras = load_calibration(film.calibration).cameras
    for name in pd.read_csv(film.manifest)["recording"]:
        n_frames = len(load_table(film.truth(name, "frames")))
        for view in cameras:
            info = probe_video(film.video(name, view))
            assert (info.n_frames, info.width, info.complete) == (n_frames, 128, True)
            assert info.fps == pytest.approx(SMALL.fps)
            assert load_table(film.pixels(name, view))["frame"].tolist() == list(range(n_frames))


def test_the_noted_pixels_are_those_of_the_mouse(film):
    """The mouse is black on a pale floor: inside its mask it is darker than around it."""
    name = pd.read_csv(film.manifest)["recording"][0]
    pixels = load_table(film.pixels(name, "top"))
    for frame, image in read_frames(film.video(name, "top"), range(0, len(pixels), 10)):
        row = pixels.iloc[frame]
        mask = decode_mask(row["mask"], SMALL.image_size)
        left, top, right, bottom = row[["left", "top", "right", "bottom"]].astype(int)
        around = np.zeros_like(mask)
        around[top : bottom + 1, left : right + 1] = True
        assert 0 < mask.sum() < around.sum()
        assert not (mask & ~around).any()
        assert image[mask].mean() < image[around & ~mask].mean() - 20
        for keypoint in KEYPOINTS:
            if row[f"{keypoint}_visible"]:
                assert 0 <= row[f"{keypoint}_x"] < 128
                assert 0 <= row[f"{keypoint}_y"] < 128


def test_parts_are_gone_and_the_manifest_names_the_videos(film):
    assert not (film.folder / "videos" / "parts").exists()
    assert not check_project(film.folder).has_errors
    assert pd.read_csv(film.manifest)["video:top"].notna().all()


_SCRIPT = """
import sys
from pathlib import Path
from mousegpt.pipeline.synthesis.filming import arrange_cameras
from mousegpt.pipeline.synthesis.running import synthesize_study
from mousegpt.pipeline.synthesis.settings import SynthesisSettings

if __name__ == "__main__":
    settings = SynthesisSettings.model_validate_json(sys.argv[2])
    synthesize_study(Path(sys.argv[1]), settings, lambda event: None, videos=True, n_processes=1)
"""


@pytest.mark.slow
def test_kills_cost_parts_but_nothing_that_is_finished(film, tmp_path):
    """Tables, pictures and notes of a study killed again and again are those of a calm one."""
    script = tmp_path / "make.py"
    script.write_text(_SCRIPT)
    folder = tmp_path / "study"
    command = [sys.executable, str(script), str(folder), SMALL.model_dump_json()]
    for wait_s in (4, 6, 8, 9):
        process = subprocess.Popen(command, start_new_session=True)
        time.sleep(wait_s)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True)
    calm, killed = list_files(film.folder), list_files(folder)
    killed = {name: content for name, content in killed.items() if not name.endswith(".part")}
    assert killed.keys() == calm.keys()
    assert [name for name in calm if calm[name] != killed[name]] == []
