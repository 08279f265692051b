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

from mousegpt.pipeline.demo import build_demo
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import hash_file

RUN = [sys.executable, "-m", "mousegpt", "run", "-C"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, float]:
    """Return a small project after an undisturbed run, and how long that took."""
    project = build_demo(tmp_path_factory.mktemp("undisturbed"), n_mice=2, duration_s=8.0)
    start = time.monotonic()
    subprocess.run([*RUN, str(project.folder)], check=True, capture_output=True)
    return project, time.monotonic() - start


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


def run_and_kill(project: Project, after_s: float) -> bool:
    """Start a run and kill it; return whether it was still running."""
    process = subprocess.Popen(
        [*RUN, str(project.folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(timeout=after_s)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def check_kills(finished: tuple[Project, float], folder: Path, moments: list[float]) -> None:
    """Kill runs of one project at the given moments, then let it finish and compare."""
    undisturbed, _ = finished
    project = copy_inputs(undisturbed, folder)
    n_killed = sum(run_and_kill(project, moment) for moment in moments)
    assert n_killed > 0
    final = subprocess.run([*RUN, str(project.folder)], capture_output=True, text=True)
    assert final.returncode == 0, final.stderr
    assert hash_results(project) == hash_results(undisturbed)
    assert not [p for p in project.folder.rglob("*") if p.suffix == ".part" and p.stat().st_size]


def test_a_chain_of_kills_changes_no_byte(finished, tmp_path):
    rng = np.random.default_rng(0)
    moments = list(rng.uniform(0.3, 1.0, 4) * finished[1])
    check_kills(finished, tmp_path / "killed", moments)


@pytest.mark.slow
def test_twenty_fresh_projects_each_killed_once(finished, tmp_path):
    rng = np.random.default_rng(1)
    for i, moment in enumerate(rng.uniform(0.05, 0.95, 20) * finished[1]):
        check_kills(finished, tmp_path / str(i), [moment])
        shutil.rmtree(tmp_path / str(i))


def test_second_process_is_told_who_works(finished):
    project, _ = finished
    with project.lock():
        second = subprocess.run([*RUN, str(project.folder)], capture_output=True, text=True)
    assert second.returncode == 1
    assert f"Another mousegpt process (process {os.getpid()}" in second.stderr
    assert "Traceback" not in second.stderr
