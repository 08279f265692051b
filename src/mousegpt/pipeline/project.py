"""A project: a folder on disk with a manifest, tables, figures and a report.

Layout::

    project/
      recordings.csv     the manifest            skeleton.csv   keypoint names (optional)
      mousegpt.toml      overrides only
      tables/STEP/UNIT.parquet + UNIT.json       one unit per recording, or "study"
      tables/STEP.EXTRA/UNIT.parquet             what a step leaves beside its main table
      frames/RECORDING/*.jpg                     figures/*.svg|pdf|png      report.html
      cache/                                     may be deleted at any time
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from mousegpt.core.errors import ProjectError, UsageError
from mousegpt.core.recording import Recording
from mousegpt.io.atomic import write_atomically
from mousegpt.io.manifest import draft_manifest, load_manifest

STUDY = "study"

_SETTINGS_TEMPLATE = """\
# Overrides only: everything left out keeps its default (see `mousegpt status --options`).
# [behaviors]
# n_clusters = 12
"""


@dataclass(frozen=True)
class Project:
    """Paths of a project; a store, without any analysis."""

    folder: Path

    @property
    def manifest(self) -> Path:
        """The table of recordings."""
        return self.folder / "recordings.csv"

    @property
    def settings(self) -> Path:
        """Overrides of tunables."""
        return self.folder / "mousegpt.toml"

    @property
    def skeleton(self) -> Path:
        """Names of the source's keypoints; optional."""
        return self.folder / "skeleton.csv"

    @property
    def report(self) -> Path:
        """The self-contained report."""
        return self.folder / "report.html"

    @property
    def cache(self) -> Path:
        """What can be made again."""
        return self.folder / "cache"

    def table(self, step: str, unit: str, extra: str = "") -> Path:
        """Path of the table of a step for a recording, or for the whole study."""
        folder = f"{step}.{extra}" if extra else step
        return self.folder / "tables" / folder / f"{unit}.parquet"

    def provenance(self, step: str, unit: str) -> Path:
        """Path of the record of how that table was made."""
        return self.folder / "tables" / step / f"{unit}.json"

    def load_recordings(self) -> list[Recording]:
        """Read the manifest.

        Raises
        ------
        DataError
            Naming every fault of the manifest.
        """
        return load_manifest(self.manifest)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the project for writing; the lock falls with its process, however that ends.

        Raises
        ------
        ProjectError
            When another process holds it, or the folder cannot be written.
        """
        owner_path = self.folder / ".lock.json"
        lock = FileLock(self.folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise ProjectError(
                f"Another mousegpt process ({_describe_owner(owner_path)}) is working on "
                f"{self.folder}; wait for it to end, or stop it, and run this again."
            ) from error
        except OSError as error:
            raise ProjectError(
                f"Expected a project folder that can be written, but {self.folder} cannot "
                f"({error.strerror or error}); change its permissions or copy it elsewhere."
            ) from error
        try:
            owner = {"pid": os.getpid(), "host": socket.gethostname()}
            write_atomically(owner_path, json.dumps(owner).encode())
            yield
        finally:
            owner_path.unlink(missing_ok=True)
            lock.release()


def _describe_owner(path: Path) -> str:
    try:
        owner = json.loads(path.read_text())
        return f"process {int(owner['pid'])} on {owner['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "not named"


def create_project(folder: Path, files: list[Path] | None = None) -> Project:
    """Make a project folder; existing files are never overwritten.

    Parameters
    ----------
    files
        Videos and pose files to draft the manifest from; an empty table when None.

    Raises
    ------
    ProjectError
        When the folder already holds a project or cannot be made.
    """
    project = Project(folder.expanduser().resolve())
    if project.manifest.exists():
        raise ProjectError(
            f"{project.folder} already holds a project; edit its recordings.csv, or name another "
            "folder."
        )
    missing = [str(path) for path in files or [] if not path.exists()]
    if missing:
        raise UsageError(f"No such file or folder: {', '.join(missing)}; check the path(s).")
    text = draft_manifest([path.resolve() for path in files or []], project.folder)
    try:
        project.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(project.manifest, text.encode("utf-8"))
        if not project.settings.exists():
            write_atomically(project.settings, _SETTINGS_TEMPLATE.encode())
    except OSError as error:
        raise ProjectError(
            f"Expected a folder that can be written at {project.folder}, but it cannot "
            f"({error.strerror or error}); choose another place."
        ) from error
    return project


def open_project(folder: Path) -> Project:
    """Open an existing project.

    Raises
    ------
    ProjectError
        When the folder holds no ``recordings.csv``.
    """
    project = Project(folder.expanduser().resolve())
    if not project.manifest.is_file():
        raise ProjectError(
            f"Expected a project with a recordings.csv, but found none in {project.folder}; make "
            "one with `mousegpt new DIR`, or name it with -C DIR."
        )
    return project
