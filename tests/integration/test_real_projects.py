"""Whole projects on real recordings, from the manifest to the report."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mousegpt.cli.main import app
from mousegpt.core.facts import state_column
from mousegpt.io.tables import load_table
from mousegpt.io.video import read_frames

pytestmark = pytest.mark.real


def run_cli(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def track(shared_data: Path) -> np.ndarray:
    """Return the real 3-D track: mm, shape (1000, 22, 3), 100 frames per second."""
    path = shared_data / "dannce_markerless_6cam" / "mouse1_dannce_pred_first1000frames.npz"
    with np.load(path, allow_pickle=False) as content:
        return content["xyz_mm"]


@pytest.fixture(scope="module")
def solid(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished project with the real 3-D track."""
    folder = tmp_path_factory.mktemp("solid")
    poses = shared_data / "dannce_markerless_6cam" / "mouse1_dannce_pred_first1000frames.npz"
    (folder / "recordings.csv").write_text(
        f"recording,subject,group,fps,pose_unit,poses\nmouse1,mouse1,,100,mm,{poses}\n"
    )
    run_cli("run", "-C", folder)
    return folder


def test_3d_track_runs_to_a_report(solid):
    report = (solid / "report.html").read_text()
    assert "mouse1" in report
    assert len(load_table(solid / "tables/descriptions/mouse1.parquet")) == 50


def test_search_finds_frames_whose_snout_is_high(solid, track):
    hits = run_search(solid, "mouse standing on its hind legs", 5)
    heights_mm = track[hits["frame"], 2, 2]
    assert len(hits) == 5
    assert np.all(heights_mm > np.quantile(track[:, 2, 2], 0.6))
    assert np.all(heights_mm > 60)


def run_search(folder: Path, text: str, n: int) -> pd.DataFrame:
    import io

    output = run_cli("search", text, "-C", folder, "-n", n, "--json")
    return pd.read_json(io.StringIO(output))


def test_rearing_walking_and_still_are_described_as_such(solid, track):
    posture = load_table(solid / "tables/posture/mouse1.parquet")
    activity = posture[state_column("activity")]
    snout_mm = track[posture["frame"], 2, 2]
    rearing = activity.isin(["rearing", "supported rearing"])
    assert rearing[snout_mm > 80].mean() > 0.9
    assert not rearing[snout_mm < 40].any()
    walking = posture["frame"].between(650, 700)  # the only run of the track: 12 cm in 0.5 s
    assert activity[walking].isin(["walking", "running"]).any()


def test_top_view_tables_run_to_a_report(shared_data, tmp_path):
    tables = sorted((shared_data / "deepof_tables").glob("*.csv"))
    run_cli("new", tmp_path / "p", *tables)
    manifest = tmp_path / "p" / "recordings.csv"
    rows = pd.read_csv(manifest, dtype=str)
    rows["fps"] = "25"
    rows.to_csv(manifest, index=False)
    run_cli("check", "-C", tmp_path / "p")
    run_cli("run", "-C", tmp_path / "p")
    described = load_table(next((tmp_path / "p/tables/posture").glob("*multi*.parquet")))
    assert described["individual"].nunique() == 2
    assert set(described[state_column("activity")]) & {"rearing", "grooming"} == set()
    assert (tmp_path / "p" / "report.html").exists()


def test_five_camera_clip_is_checked_read_exactly_and_cut(shared_data, tmp_path):
    clip = shared_data / "dannce_cylinder_5cam"
    run_cli("new", tmp_path / "p", clip / "videos", clip / "calibration.json")
    assert "No problem found" in run_cli("check", "-C", tmp_path / "p")
    options = ("--set", "mosaics.max_frames=6", "--set", "backends.pose=none")
    run_cli("run", "-C", tmp_path / "p", "--until", "mosaics", *options)
    table = load_table(next((tmp_path / "p/tables/mosaics").glob("*.parquet")))
    assert list(table["views"].unique()) == ["CameraE + CameraS"]
    assert len(table) == 6
    video = clip / "videos" / "CameraE.mp4"
    alone = next(iter(read_frames(video, [2000])))[1]
    in_a_row = dict(read_frames(video, range(1995, 2001)))[2000]
    np.testing.assert_array_equal(alone, in_a_row)
