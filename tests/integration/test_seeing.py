"""A recording of videos alone: seen by networks, triangulated, described; killed, it goes on."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from stickmouse.networks import film_truth
from stickmouse.session import make_session
from typer.testing import CliRunner

from mousegpt.backends import registry
from mousegpt.cli.main import app
from mousegpt.core.errors import BackendError
from mousegpt.io.poses import load_poses
from mousegpt.io.tables import load_table
from mousegpt.pipeline import running
from mousegpt.pipeline.checking import check_project
from mousegpt.pipeline.project import Project

VIEWS = ("front", "side", "top")


@pytest.fixture(scope="module")
def session():
    return make_session([("walking", 3.0), ("rearing", 2.0)], fps=20, seed=3)


@pytest.fixture(scope="module")
def oracle(session, tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    return film_truth(session, VIEWS, folder), folder


@pytest.fixture
def project(oracle, tmp_path, monkeypatch):
    """Return a function that makes a project of some views, in which the oracle looks."""
    knowing, films = oracle
    for port in ("detector", "pose"):
        (tmp_path / f"{port}.onnx").write_bytes(port.encode())
        monkeypatch.setitem(running._LOADERS, port, lambda name: knowing)

    def make(views=VIEWS, settings="", calibration=f"{films}/rig.json"):
        header = ["recording", *(f"video:{view}" for view in views), "calibration"]
        row = ["m", *(f"{films}/{view}.mp4" for view in views), calibration]
        (tmp_path / "recordings.csv").write_text(f"{','.join(header)}\n{','.join(row)}\n")
        (tmp_path / "mousegpt.toml").write_text(
            "[backends]\ndetector = 'detector.onnx'\npose = 'pose.onnx'\n"
            f"[poses2d]\ndetect_every = 1\n{settings}\n"
        )
        return Project(tmp_path)

    return make


def run(project, *arguments):
    command = ["run", "-C", str(project.folder), *arguments]
    return CliRunner().invoke(app, command, catch_exceptions=False)


def measure_errors(project, session):
    """Return how far the poses are from the truth, cm, shape (frame, 24), but for a shift.

    The floor is laid through the paws, whose keypoints are a little above it.
    """
    poses = load_poses(project.table("poses", "m", "arrays").with_suffix(".nc"))
    found = poses["position"].isel(individual=0).transpose("time", "keypoint", "space").to_numpy()
    away = found - session.skeleton[: len(found)]
    return np.linalg.norm(away - np.nanmedian(away, axis=(0, 1)), axis=-1)


def test_videos_become_poses_in_space_and_words(project, session):
    made = project()
    assert (
        "300 pictures of 3 view(s), then triangulated"
        in check_project(made.folder).findings["poses"].item()
    )
    done = run(made, "--until", "descriptions")
    assert done.exit_code == 0, done.output
    assert "a mouse in 100% (front), 100% (side), 100% (top) of the frames" in done.output
    errors = measure_errors(made, session)
    assert np.isfinite(errors).mean() > 0.98
    assert np.nanmedian(errors) < 0.1
    boxes = load_table(made.table("poses2d", "m"))
    assert len(boxes) == 300
    assert list(boxes.columns[:5]) == ["recording", "individual", "frame", "time_s", "view"]
    assert len(load_table(made.table("descriptions", "m"))) == 25
    again = run(made, "--until", "descriptions")
    assert "0 made, 4 already up to date" in again.output


def test_every_third_frame_is_enough(project, session):
    made = project(settings="every = 3")
    assert run(made, "--until", "poses").exit_code == 0
    poses = load_poses(made.table("poses2d", "m", "arrays"))
    assert poses["frame"].to_numpy().tolist() == list(range(0, 100, 3))
    errors = measure_errors(made, session)
    assert len(errors) == 100
    assert np.nanmedian(errors) < 0.2


def test_one_view_stays_flat_and_says_so(project):
    made = project(views=("side",), calibration="")
    assert "2-D only: there is one view" in check_project(made.folder).findings["poses"].item()
    assert run(made, "--until", "poses").exit_code == 0
    poses = load_poses(made.table("poses", "m", "arrays").with_suffix(".nc"))
    assert poses.sizes["space"] == 2


def test_pictures_are_cut_around_the_poses(project):
    made = project(settings="[mosaics]\nmax_frames = 4")
    assert run(made, "--until", "mosaics").exit_code == 0
    assert load_table(made.table("mosaics", "m"))["views"].tolist() == ["front + side"] * 4


def test_networks_can_be_turned_off(project):
    made = project()
    done = run(made, "--until", "poses", "--set", "backends.pose=none")
    assert done.exit_code == 0
    assert "0 made, 0 already up to date" in done.output


def test_a_missing_network_is_named(project):
    made = project()
    (made.folder / "pose.onnx").unlink()
    problems = check_project(made.folder).problems
    assert "There is no pose network" in problems[0].message
    with pytest.raises(BackendError, match="There is no pose network"):
        run(made)


def test_without_shipped_networks_pictures_are_still_shown(project, monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "WEIGHTS", tmp_path / "nowhere")
    made = project()
    made.settings.write_text("")
    found = check_project(made.folder)
    assert "no detector network" in found.findings["poses"].item()
    assert not found.has_errors


CHILD = """
import sys, time
from pathlib import Path
from stickmouse.networks import DarkDetector, MiddleEstimator
from mousegpt.pipeline.chunks import KeptChunks
from mousegpt.pipeline.posing import estimate_views

class Slow(MiddleEstimator):
    def predict_heatmaps(self, crops):
        with open(sys.argv[2], "a") as file:
            print(len(crops), file=file)
        time.sleep(float(sys.argv[3]))
        return super().predict_heatmaps(crops)

films = Path(sys.argv[1])
videos = {view: films / f"{view}.mp4" for view in ("front", "side")}
with KeptChunks(films / "kept.sqlite", {view: view for view in videos}) as kept:
    poses, *_ = estimate_views(videos, DarkDetector(), Slow(), batch=10, kept=kept, workers=1)
    print(poses["position"].to_numpy().tobytes().hex()[-2000:], float(poses["position"].sum()))
"""


def test_a_kill_costs_a_chunk(oracle, tmp_path):
    _, films = oracle
    for view in ("front", "side"):
        (tmp_path / f"{view}.mp4").write_bytes((films / f"{view}.mp4").read_bytes())
    calls = tmp_path / "calls.txt"

    def start(pause):
        command = [sys.executable, "-c", CHILD, str(tmp_path), str(calls), str(pause)]
        path = os.pathsep.join(sys.path)
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}
        )

    child = start(0.2)
    while not calls.exists() or len(calls.read_text().split()) < 8:
        time.sleep(0.05)
        assert child.poll() is None, "the run ended before it could be killed"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    n_before = len(calls.read_text().split())
    resumed = start(0).communicate()[0]
    n_after = len(calls.read_text().split())
    assert n_after <= 20 + 1 + 1  # of 20 chunks the one under way, and one not yet written down
    assert n_before >= 8
    (tmp_path / "kept.sqlite").unlink()
    assert start(0).communicate()[0] == resumed
