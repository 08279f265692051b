"""A small study of synthetic mice, filmed beforehand: the whole chain is seen in a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mousegpt.core.errors import ProjectError
from mousegpt.io.atomic import write_atomically
from mousegpt.pipeline.project import Project

#: as `mousegpt synth` made it; see its synthesis.json
DEMO_STUDY: Final = Path(__file__).parent / "demo_study"


def build_demo(folder: Path, *, study: Path = DEMO_STUDY) -> Project:
    """Copy the demo's recordings, settings and truth; what is there is kept.

    Raises
    ------
    ProjectError
        When the folder holds something else.
    """
    project = Project(folder.expanduser().resolve())
    record = project.folder / "synthesis.json"
    if project.folder.exists() and not project.folder.is_dir():
        raise ProjectError(f"{project.folder} is a file; name a new or empty folder for the demo.")
    ours = record.exists() and record.read_bytes() == (study / record.name).read_bytes()
    if not ours and project.folder.exists() and any(project.folder.iterdir()):
        raise ProjectError(
            f"{project.folder} holds something other than the demo; name a new or empty folder."
        )
    paths = sorted(path.relative_to(study) for path in study.rglob("*") if path.is_file())
    for path in sorted(paths, key=lambda path: path.name != record.name):  # first whose it is
        if not (project.folder / path).exists():
            write_atomically(project.folder / path, (study / path).read_bytes())
    return project
