"""Who describes what when nobody is named: the grammar words poses, nano looks at pictures."""

import cv2
import numpy as np
import pandas as pd
import pytest
from stickmouse.drawing import render_view
from stickmouse.networks import MiddleEstimator
from stickmouse.session import make_session
from tiny_nano import CannedNano
from typer.testing import CliRunner

from mousegpt.backends import registry
from mousegpt.cli.main import app
from mousegpt.core.errors import ProjectError
from mousegpt.io.poses import save_poses
from mousegpt.io.tables import load_table
from mousegpt.io.video import write_video
from mousegpt.pipeline import running, services, showing
from mousegpt.pipeline.checking import check_project
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import load_provenance
from mousegpt.pipeline.running import build_engine, run_project

FPS = 20
NO_POSE = "[backends]\npose = 'none'\n"


class BlindDetector:
    """Proposes nothing that is any good."""

    name, size_px = "blind", 64

    def predict_boxes(self, squares):
        return np.zeros((len(squares), 1, 5))


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Return a folder with two videos of a mouse and its poses."""
    folder = tmp_path_factory.mktemp("films")
    session = make_session([("walking", 2.0), ("rearing", 1.0)], fps=FPS, seed=3)
    camera = session.calibration.cameras["side"]
    for name in ("solid", "pixels"):
        pictures = render_view(session.skeleton, camera)
        write_video(folder / f"{name}.mp4", pictures, session.fps)
    save_poses(session.poses, folder / "poses.nc")
    return folder


@pytest.fixture
def project(films, tmp_path, monkeypatch):
    """Return a project of two recordings, of which only the first has poses; nano is there."""
    rows = [
        "recording,subject,video,poses",
        f"solid,a,{films}/solid.mp4,{films}/poses.nc",
        f"pixels,b,{films}/pixels.mp4,",
    ]
    (tmp_path / "recordings.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "mousegpt.toml").write_text(NO_POSE)
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "nano.zip").write_bytes(b"canned")
    monkeypatch.setattr(registry, "WEIGHTS", weights)
    monkeypatch.setitem(services._DESCRIBERS, "nano", "tiny_nano:CannedNano")
    CannedNano.asked.clear()
    return Project(tmp_path)


def run(project, **options):
    events = []
    complete = run_project(project, events.append, **options)
    failed = [event.message for event in events if event.kind == "failed"]
    return (
        complete,
        failed,
        {e.unit for e in events if e.kind == "done" and e.step == "descriptions"},
    )


def list_describers(project):
    units = ("solid", "pixels")
    records = {unit: load_provenance(project.provenance("descriptions", unit)) for unit in units}
    return {unit: record.notes["described_by"] for unit, record in records.items() if record}


def tell_describers(project):
    return check_project(project.folder).findings["described_by"].tolist()


def test_poses_are_worded_and_pictures_are_looked_at(project):
    assert tell_describers(project) == ["kinematic, from poses", "nano, from pictures"]
    complete, failed, _ = run(project)
    assert complete, failed
    (said,) = set(list_describers(project).values()) - {"kinematic"}
    assert said.startswith("canned-")
    assert list_describers(project) == {"solid": "kinematic", "pixels": said}
    assert {query.recording for query in CannedNano.asked} == {"pixels"}
    assert len(load_table(project.table("descriptions", "pixels"))) == 15  # all at 5 a second
    report = project.report.read_text("utf-8")
    assert f"{said} (from pictures)" in report
    assert "kinematic grammar (from poses)" in report
    assert "-0.1, 0, 0.1 s around it" in report


def test_words_alone_are_drawn(project):
    header, _, pixels = project.manifest.read_text().splitlines()
    project.manifest.write_text(f"{header}\n{pixels}\n")
    complete, failed, _ = run(project)
    assert complete, failed
    drawn = {path.stem for path in (project.folder / "figures").glob("*.svg")}
    assert drawn >= {"ethogram", "proportions", "fine_postures"}
    assert not drawn & {"speeds", "positions", "positions_body_lengths"}
    assert "Ethogram" in project.report.read_text("utf-8")


def test_our_own_model_sees_three_moments_with_their_true_times(project):
    assert run(project, until="descriptions")[0]
    mosaics = load_table(project.table("mosaics", "pixels")).set_index("frame")
    assert mosaics["moments_s"].loc[[0, 4, 56]].tolist() == ["0 0.1", "-0.1 0 0.1", "-0.1 0 0.1"]
    assert not project.table("mosaics", "solid").exists()  # the grammar needs no pictures
    asked = {query.frame: query.moments_s for query in CannedNano.asked}
    assert asked[0] == (0.0, 0.1)
    assert asked[4] == (-0.1, 0.0, 0.1)
    grid = cv2.imread(str(project.folder / mosaics["file"][4]))
    assert grid.shape == (896, 896, 3)
    assert grid[448:, 464:].max() < 8  # of four places three are taken, but for noise of the JPEG


def test_only_what_a_change_concerns_is_described_anew(project):
    assert run(project, until="descriptions")[2] == {"solid", "pixels"}
    assert run(project, until="descriptions")[2] == set()
    weights = registry.WEIGHTS / "nano.zip"
    weights.unlink()
    weights.write_bytes(b"another")
    assert run(project, until="descriptions")[2] == {"pixels"}
    project.settings.write_text(f"{NO_POSE}describer = 'nano'\n")
    assert run(project, until="descriptions")[2] == {"solid"}
    assert len(set(list_describers(project).values())) == 1
    project.settings.write_text(NO_POSE)
    assert run(project, until="descriptions")[2] == {"solid"}


def test_without_weights_it_is_said_and_the_rest_is_described(project):
    (registry.WEIGHTS / "nano.zip").unlink()
    solid, pixels = tell_describers(project)
    assert solid == "kinematic, from poses"
    assert pixels.startswith("nobody: there are no poses, and this installation has no model")
    complete, failed, described = run(project)
    assert complete, failed
    assert described == {"solid"}
    assert "pixels has no poses: it is not described" in project.report.read_text("utf-8")


def test_what_is_named_wins(project):
    project.settings.write_text(f"{NO_POSE}describer = 'kinematic'\n")
    assert tell_describers(project)[1].startswith("nobody: there are no poses, which")
    project.settings.write_text(f"{NO_POSE}describer = 'nano'\n[mosaics]\nmoments_s = []\n")
    assert tell_describers(project) == ["nano, from pictures"] * 2
    assert run(project, until="descriptions")[0]
    assert {query.moments_s for query in CannedNano.asked} == {()}
    known = {query.recording for query in CannedNano.asked if query.speeds[0] is not None}
    assert known == {"solid"}  # where there are poses the model is told the speeds


@pytest.fixture
def blind(project, monkeypatch):
    """Return the project with networks that find no mouse."""
    for port, network in (("detector", BlindDetector()), ("pose", MiddleEstimator())):
        (project.folder / f"{port}.onnx").write_bytes(port.encode())
        monkeypatch.setitem(running._LOADERS, port, lambda name, network=network: network)
    project.settings.write_text("[backends]\ndetector = 'detector.onnx'\npose = 'pose.onnx'\n")
    return project


def test_where_networks_find_no_mouse_pictures_are_looked_at(blind):
    assert "nano, from pictures, where networks find no mouse" in tell_describers(blind)[1]
    complete, failed, described = run(blind)  # learnt and acted upon in one run
    assert complete, failed
    assert described == {"solid", "pixels"}
    assert list_describers(blind)["pixels"].startswith("canned-")
    assert tell_describers(blind)[1] == "nano, from pictures"
    assert not blind.table("poses", "pixels").exists()
    assert "Networks found no mouse in most frames of pixels" in blind.report.read_text("utf-8")
    assert run(blind)[2] == set()
    assert {row["stale"] + row["missing"] for row in build_engine(blind).list_states()} == {0}


def test_where_nobody_can_do_without_poses_their_lack_is_an_error(blind):
    (registry.WEIGHTS / "nano.zip").unlink()
    complete, failed, described = run(blind, until="descriptions")
    assert not complete
    assert described == {"solid"}
    assert "the networks found one in 0% (top) of the frames" in failed[0]


def test_pictures_are_written_as_they_are_cut_and_count_when_all_are_there(project, monkeypatch):
    assert run(project, until="mosaics", only=["pixels"])[0]
    table, seal = project.table("mosaics", "pixels"), project.provenance("mosaics", "pixels")
    before = table.read_bytes()
    written = []

    def encode(image):
        if len(written) == 7:
            raise ProjectError("The disk is full.")
        written.append(image)
        return b"\xff\xd8 another picture"

    project.settings.write_text(f"{NO_POSE}[mosaics]\nmoments_s = [0.05]\n")
    with monkeypatch.context() as patch:
        patch.setattr(showing, "encode_jpeg", encode)
        _, failed, _ = run(project, until="mosaics", only=["pixels"])
    assert failed == ["The disk is full."]
    names = pd.read_parquet(table)["file"]
    changed = [(project.folder / n).read_bytes().endswith(b"another picture") for n in names]
    assert sum(changed) == 7  # they were not kept in memory
    assert not seal.exists()
    project.settings.write_text(NO_POSE)
    assert run(project, until="mosaics", only=["pixels"])[0]
    assert table.read_bytes() == before


def test_the_command_says_who_describes(project):
    done = CliRunner().invoke(app, ["check", "-C", str(project.folder)], catch_exceptions=False)
    assert "described_by nano, from pictures" in done.output
