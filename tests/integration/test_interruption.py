"""A killed run loses nothing: the next one finishes with the same bytes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from stickmouse.project import build_project

from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import hash_file

RUN = [sys.executable, "-m", "mousegpt", "run", "-C"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a small project after an undisturbed run."""
    project = build_project(tmp_path_factory.mktemp("undisturbed"), n_mice=2, duration_s=8.0)
    subprocess.run([*RUN, str(project.folder)], check=True, capture_output=True)
    return project


def copy_inputs(project: Project, folder: Path) -> Project:
    shutil.copytree(project.folder / "raw", folder / "raw")
    for path in (project.manifest, project.settings):
        shutil.copy(path, folder / path.name)
    return Project(folder)


def hash_results(project: Project) -> dict[str, str]:
    """Return the hash of every table and figure, and of the report."""
    paths = [
        *project.folder.glob("tables/**/*.parquet"),
        *project.folder.glob("tables/**/*.nc"),
        *project.folder.glob("frames/**/*"),
        *project.folder.glob("figures/**/*"),
    ]
    return {p.relative_to(project.folder).as_posix(): hash_file(p) for p in paths if p.is_file()}


def count_finished(project: Project) -> int:
    """Count the units of work whose provenance is written."""
    return len(list(project.folder.glob("tables/*/*.json")))


def run_and_kill(project: Project, n_finished: int, delay_s: float) -> None:
    """Start a run and kill it a moment after so many units of work are done."""
    process = subprocess.Popen(
        [*RUN, str(project.folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while count_finished(project) < n_finished and process.poll() is None:
        time.sleep(0.005)
    time.sleep(delay_s)
    assert process.poll() is None, "the run ended before it could be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def check_kills(undisturbed: Project, folder: Path, kills: list[tuple[int, float]]) -> None:
    """Kill runs of one project at the given moments, then let it finish and compare."""
    project = copy_inputs(undisturbed, folder)
    for n_finished, delay_s in kills:
        run_and_kill(project, n_finished, delay_s)
    final = subprocess.run([*RUN, str(project.folder)], capture_output=True, text=True)
    assert final.returncode == 0, final.stderr
    assert hash_results(project) == hash_results(undisturbed)
    left = [path.name for path in project.folder.rglob("*.part") if path.parent.name != "cache"]
    assert len(left) <= len(kills)  # what a killed writer left behind is hidden and removed later


def draw_moments(project: Project, n: int, seed: int) -> list[tuple[int, float]]:
    """Draw moments over the whole run, but for its last unit, in order."""
    rng = np.random.default_rng(seed)
    after = np.sort(rng.integers(0, count_finished(project) - 1, n))
    return [(int(k), float(rng.uniform(0, 0.3))) for k in after]


def test_a_chain_of_kills_changes_no_byte(finished, tmp_path):
    check_kills(finished, tmp_path / "killed", draw_moments(finished, 3, seed=0))


@pytest.mark.slow
def test_twenty_fresh_projects_each_killed_once(finished, tmp_path):
    for i, moment in enumerate(draw_moments(finished, 20, seed=1)):
        check_kills(finished, tmp_path / str(i), [moment])
        shutil.rmtree(tmp_path / str(i))


def test_second_process_is_told_who_works(finished):
    with finished.lock():
        second = subprocess.run([*RUN, str(finished.folder)], capture_output=True, text=True)
    assert second.returncode == 1
    assert f"Another mousegpt process (process {os.getpid()}" in second.stderr
    assert "Traceback" not in second.stderr
