"""The words of one recording, with all that is known of them: verdicts, ratings, pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mousegpt.core.description import ELEMENTS
from mousegpt.core.recording import Recording
from mousegpt.core.tables import KEY
from mousegpt.description.curation import curate_descriptions
from mousegpt.description.factcheck import check_descriptions
from mousegpt.io.tables import load_table
from mousegpt.pipeline.choices import KINEMATIC
from mousegpt.pipeline.curating import rate_words
from mousegpt.pipeline.describing_checks import locate_posture
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.provenance import load_provenance

Key = tuple[str, int]  # individual, frame


@dataclass(frozen=True, eq=False)
class Chapter:
    """The words of a recording.

    ``basis`` says what they are checked against, or why they are not. ``claims`` are rows of
    CLAIM_TABLE with what rates are made of, ``postures`` those of the frames that are described;
    ``ratings`` rows of CURATION_TABLE, ``pictures`` those of the table of mosaics.
    """

    recording: Recording
    describer: str
    basis: str
    words: pd.DataFrame
    claims: pd.DataFrame
    postures: pd.DataFrame
    ratings: Mapping[Key, Mapping[str, Any]]
    pictures: Mapping[Key, Mapping[str, Any]]

    @property
    def is_checked(self) -> bool:
        """Whether there is any pose to compare the words with."""
        return len(self.postures) > 0


def open_chapter(
    project: Project, recording: Recording, words: pd.DataFrame, judged: pd.DataFrame | None
) -> Chapter:
    """Gather what is known of the words of a recording.

    Parameters
    ----------
    words
        DESCRIPTION_TABLE of the recording.
    judged
        CURATION_TABLE of the project's judge; None without one: then rules rate what can be
        checked.
    """
    name = recording.id
    record = load_provenance(project.provenance("descriptions", name))
    describer = str(record.notes.get("described_by", "unknown")) if record else "unknown"
    path, is_true = locate_posture(project, name)
    said = words.loc[words["status"] == "ok", list(KEY)]
    known = load_table(path) if path.is_file() else pd.DataFrame(columns=[*KEY])
    postures = known[known["frame"].isin(said["frame"])].merge(said, on=list(KEY))
    claims = check_descriptions(words if len(postures) else words[:0], postures)
    ratings = judged if judged is None else judged[judged["recording"] == name]
    if judged is None and len(postures):
        ratings = curate_descriptions(words, rate_words(words, postures), claims)
    mosaics = project.table("mosaics", name)
    return Chapter(
        recording,
        describer,
        _tell_basis(describer, is_true) if len(postures) else _explain_no_pose(path.is_file()),
        words.fillna(dict.fromkeys(ELEMENTS, "")),
        claims[[*KEY, "kind", "verdict"]],
        postures,
        {} if ratings is None else _index(ratings),
        _index(load_table(mosaics)) if mosaics.is_file() else {},
    )


def _tell_basis(describer: str, is_true: bool) -> str:
    if is_true:
        return "checked against the truth of a synthetic mouse"
    if describer == KINEMATIC:
        return "checked against the poses that the words were made from"
    return "checked against the poses"


def _explain_no_pose(has_table: bool) -> str:
    if has_table:
        return "not checked: the pose of none of these frames is known"
    return "not checked: there are no poses of this recording to compare the words with"


def _index(table: pd.DataFrame) -> dict[Key, dict[str, Any]]:
    rows = ({str(k): v for k, v in row.items()} for row in table.to_dict("records"))
    return {(row["individual"], row["frame"]): row for row in rows}
