"""A project's folder: made once, opened when it is one, held by one process at a time."""

import multiprocessing
import os
import signal
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from mousegpt.core.errors import ProjectError, UsageError
from mousegpt.pipeline.project import Project, create_project, open_project


def hold_lock(folder: Path, held: Event) -> None:
    with Project(folder).lock():
        held.set()
        signal.pause()


@pytest.fixture
def holder(tmp_path: Path):
    """Run a process that holds the lock of ``tmp_path``."""
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=hold_lock, args=(tmp_path, held))
    process.start()
    assert held.wait(30)
    yield process
    process.kill()
    process.join()


def test_a_new_project_can_be_opened(tmp_path):
    made = create_project(tmp_path / "a b" / "größe")
    assert open_project(made.folder) == made
    assert made.manifest.read_text().startswith("recording,")
    assert "#" in made.settings.read_text()


def test_an_old_project_is_never_overwritten(tmp_path):
    made = create_project(tmp_path)
    made.manifest.write_text("mine")
    with pytest.raises(ProjectError, match="already holds a project"):
        create_project(tmp_path)
    assert made.manifest.read_text() == "mine"


def test_files_to_draft_from_must_exist(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.csv"):
        create_project(tmp_path / "p", [tmp_path / "gone.csv"])
    assert not (tmp_path / "p").exists()


def test_a_folder_without_manifest_is_no_project(tmp_path):
    with pytest.raises(ProjectError, match="found none in"):
        open_project(tmp_path)


def test_a_file_in_place_of_the_folder_is_one_sentence(tmp_path):
    (tmp_path / "p").write_text("")
    with pytest.raises(ProjectError, match="cannot"):
        create_project(tmp_path / "p")


def test_the_holder_of_the_lock_is_named(tmp_path, holder):
    with (
        pytest.raises(ProjectError, match=f"process {holder.pid} on"),
        Project(tmp_path).lock(),
    ):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with Project(tmp_path).lock():
        assert str(os.getpid()) in (tmp_path / ".lock.json").read_text()
    assert not (tmp_path / ".lock.json").exists()
