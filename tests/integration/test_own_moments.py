"""A project's recordings become moments that the small model learns from."""

import pytest
from stickmouse.films import VIEWS, write_films
from stickmouse.session import make_session
from typer.testing import CliRunner

from mousegpt.cli.main import app
from mousegpt.core.errors import DataError
from mousegpt.io.tables import load_table


def run(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def project(tmp_path):
    """One second of a walking mouse, filmed from three sides."""
    write_films(make_session([("walking", 1.0)], fps=20, seed=3), tmp_path)
    videos = ",".join(f"video:{view}" for view in VIEWS)
    files = ",".join(f"{view}.mp4" for view in VIEWS)
    (tmp_path / "recordings.csv").write_text(
        f"recording,subject,{videos},poses,calibration\nday 1,m,{files},poses.nc,rig.json\n"
    )
    return tmp_path


def test_measured_recordings_are_packed_and_packed_anew(project):
    options = ["--set", "posture.rate_hz=20"]
    assert run("run", "-C", project, "--until", "posture", *options).exit_code == 0
    done = run("train", "pack-recordings", project / "packs", "-C", project)
    assert done.exit_code == 0, done.output
    packs = sorted((project / "packs").iterdir())
    assert [path.name for path in packs] == [
        f"recording-day 1-{number:05d}.pack.parquet" for number in range(len(packs))
    ]
    moments = sum(len(load_table(path)) for path in packs)
    assert f"day 1: {moments} moments" in done.output
    assert moments > 16

    fewer = run(
        "train",
        "pack-recordings",
        project / "packs",
        "-C",
        project,
        "--learn",
        "0.5",
        "--skip",
        "9",
    )
    assert fewer.exit_code == 0
    assert sorted((project / "packs").iterdir()) == packs[:1]


def test_recordings_without_facts_are_refused(project):
    done = run("train", "pack-recordings", project / "packs", "-C", project)
    assert isinstance(done.exception, DataError)
    assert "run `mousegpt run --until posture`" in str(done.exception)
    assert not (project / "packs").exists()
