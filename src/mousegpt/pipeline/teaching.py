"""What a project has to teach a describer: curated descriptions and what was asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mousegpt.core.errors import DataError
from mousegpt.core.query import FrameQuery
from mousegpt.core.recording import Recording
from mousegpt.core.tables import DESCRIPTION_TABLE, validate_table
from mousegpt.description.vlm import build_queries
from mousegpt.io.tables import load_table
from mousegpt.pipeline.curating import add_kept
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import load_provenance


@dataclass(frozen=True, eq=False)
class Material:
    """Descriptions, the questions about their frames, and whose they are.

    ``subjects`` has the animal of each recording, ``groups`` the group of each animal.
    """

    descriptions: pd.DataFrame
    queries: tuple[FrameQuery, ...]
    subjects: dict[str, str]
    groups: dict[str, str]


def load_material(project: Project, descriptions: Sequence[Path] = ()) -> Material:
    """Load what can be taught.

    Parameters
    ----------
    descriptions
        Tables of descriptions, with ``kept`` where they are curated; those of the project, as its
        judge has curated them, when there are none.

    Raises
    ------
    DataError
        When there are no pictures or no descriptions, the judge has not seen them, or an animal is
        in two groups.
    """
    recordings = project.load_recordings()
    queries = [query for recording in recordings for query in _ask(project, recording)]
    if not queries:
        raise DataError(
            f"Expected pictures in {project.folder}, found none; make them with "
            "`mousegpt run --until mosaics`."
        )
    units = [project.table("descriptions", recording.id) for recording in recordings]
    found = [load_table(path) for path in descriptions or units if path.is_file() or descriptions]
    if not found:
        raise DataError(
            f"Expected descriptions in {project.folder}, found none; make them with "
            "`mousegpt run --until descriptions`, or name a table with --descriptions."
        )
    table = validate_table(pd.concat(found, ignore_index=True), DESCRIPTION_TABLE)
    if not descriptions:
        table = add_kept(project, table)
    subjects = {recording.id: recording.subject for recording in recordings}
    return Material(table, tuple(queries), subjects, _find_groups(recordings))


def _ask(project: Project, recording: Recording) -> Iterator[FrameQuery]:
    """Yield the question about each picture of a recording, as the describer is asked."""
    path = project.table("mosaics", recording.id)
    if not path.is_file():
        return
    frames = load_table(path)
    there = [(project.folder / name).is_file() for name in frames["file"]]
    frames = frames[there]
    hashes = [
        hashlib.sha256((project.folder / name).read_bytes()).hexdigest() for name in frames["file"]
    ]
    yield from build_queries(frames.assign(sha256=hashes), _load_speeds(project, recording))


def _load_speeds(project: Project, recording: Recording) -> pd.DataFrame:
    path = project.table("speeds", recording.id)
    record = load_provenance(project.provenance("poses", recording.id))
    if not path.is_file() or record is None:
        return pd.DataFrame()
    return load_table(path).assign(length_unit=str(record.notes["length_unit"]))


def _find_groups(recordings: Sequence[Recording]) -> dict[str, str]:
    groups: dict[str, str] = {}
    for recording in recordings:
        if groups.setdefault(recording.subject, recording.group) != recording.group:
            raise DataError(
                f"The animal '{recording.subject}' is in the groups '{groups[recording.subject]}' "
                f"and '{recording.group}'; correct the manifest."
            )
    return groups
