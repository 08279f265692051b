"""The descriptions of a project as a person reads them: frame by frame, every clause judged."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import pandas as pd

from mousegpt.core.description import ELEMENTS
from mousegpt.core.errors import DataError, ProjectError
from mousegpt.description.factcheck import check_descriptions, measure_hallucination
from mousegpt.description.factcheck.marking import mark_claims
from mousegpt.description.rating import CRITERIA
from mousegpt.io.tables import load_table
from mousegpt.pipeline.chapters import Chapter, Key, open_chapter
from mousegpt.pipeline.curating import load_curation
from mousegpt.pipeline.drawings import encode_figure
from mousegpt.pipeline.pictures import get_figure
from mousegpt.pipeline.project import Project
from mousegpt.plots.claims import plot_hallucination

#: Of the verdicts of a clause that says several things, the first of these counts.
_VERDICTS: Final = ("contradicted", "supported", "not checkable")
_EXACT: Final = 1e-3  # a spread below it is that of a truth, and not worth saying
_NO_POSE: Final = "not checked: the pose of this frame is not known"
_SHOWN: Final = ("views", "moments_s")
_RATED: Final = (*CRITERIA, "rating_status", "remark", "kept", "reason")
_UNITS: Final = {"BL": "body lengths", "BL/s": "body lengths/s", "deg": "°", "deg/s": "°/s"}

_Thing = TypeVar("_Thing")


class Reading:
    """All words of a project, with the verdicts on them; what it gives can be made JSON.

    Parameters
    ----------
    rated_by
        Who rated the descriptions.
    note
        What a reader should know of the ratings.
    """

    def __init__(
        self, folder: Path, chapters: Sequence[Chapter], rated_by: str, note: str = ""
    ) -> None:
        self._folder, self._chapters = folder, tuple(chapters)
        self._rated_by, self._note = rated_by, note
        claims = pd.concat([c.claims.assign(model=c.describer) for c in self._chapters])
        self._rates = measure_hallucination(claims)
        self._models = [str(model) for model in self._rates["model"].unique()]

    def outline(self) -> dict[str, Any]:
        """Return the recordings, their frames in short, and the rates of each model.

        Of a frame: number of its individual, frame, time in s, number of contradicted claims (None
        = not checked), whether it is kept (None = nobody says).
        """
        return {
            "project": self._folder.name,
            "rated_by": self._rated_by,
            "note": self._note,
            "recordings": [_outline(chapter) for chapter in self._chapters],
            "models": [self._tell_rate(model) for model in self._models],
        }

    def read(self, recording: int, row: int) -> dict[str, Any]:
        """Return one description with the verdict on every clause.

        Raises
        ------
        DataError
            When there is no such recording, or no such row of its descriptions.
        """
        chapter, said = self._find(recording, row)
        key = (said["individual"], said["frame"])
        rating, picture = chapter.ratings.get(key), chapter.pictures.get(key)
        verdicts = _judge(chapter, row, key)
        return {
            "recording": chapter.recording.id,
            "individual": said["individual"],
            "frame": int(said["frame"]),
            "time_s": float(said["time_s"]),
            "status": said["status"],
            "describer": chapter.describer,
            "basis": chapter.basis if verdicts or not chapter.is_checked else _NO_POSE,
            "elements": [_mark(name, said[name], verdicts) for name in ELEMENTS],
            "rating": rating and _clean({name: rating[name] for name in _RATED}),
            "picture": picture and _clean({name: picture.get(name) for name in _SHOWN}),
        }

    def picture(self, recording: int, row: int) -> bytes:
        """Return the picture of a frame, JPEG.

        Raises
        ------
        DataError
            When there is none, or its table names a file elsewhere than in the project's frames.
        """
        chapter, said = self._find(recording, row)
        named = chapter.pictures.get((said["individual"], said["frame"]))
        if named is None:
            raise DataError(f"There is no picture of frame {said['frame']}.")
        frames = (self._folder / "frames").resolve()
        path = (self._folder / str(named["file"])).resolve()
        if not path.is_relative_to(frames) or path.suffix != ".jpg":
            raise DataError(f"Expected a picture in {frames}, found {named['file']}.")
        if not path.is_file():
            raise DataError(f"The picture {path.name} is missing; run `mousegpt run` again.")
        return path.read_bytes()

    def draw_rates(self, model: int) -> bytes:
        """Return the figure of how often a model is contradicted, SVG.

        Raises
        ------
        DataError
            When there is no such model.
        """
        name = _pick(self._models, model, "model")
        axes = plot_hallucination(self._rates[self._rates["model"] == name])
        return encode_figure(get_figure(axes))["svg"]

    def _find(self, recording: int, row: int) -> tuple[Chapter, dict[str, Any]]:
        chapter = _pick(self._chapters, recording, "recording")
        if row >= len(chapter.words):
            raise DataError(f"Expected a row below {len(chapter.words)}, found {row}.")
        (said,) = chapter.words.iloc[row : row + 1].to_dict("records")
        return chapter, {str(name): value for name, value in said.items()}

    def _tell_rate(self, model: str) -> dict[str, Any]:
        rates = self._rates[self._rates["model"] == model]
        return {"name": model, "kinds": [_clean(row) for row in rates.to_dict("records")]}


def open_reading(project: Project) -> Reading:
    """Read all descriptions of a project and check them, where there are poses.

    Raises
    ------
    ProjectError
        When nothing has been described yet.
    """
    named = [r for r in project.load_recordings() if project.table("descriptions", r.id).is_file()]
    words = {r.id: load_table(project.table("descriptions", r.id)) for r in named}
    if not any(len(table) for table in words.values()):
        raise ProjectError(
            f"Expected descriptions in {project.folder}, found none; run "
            "`mousegpt run --until descriptions` first."
        )
    note, judged = "", None
    try:
        judged = load_curation(project, pd.concat(words.values(), ignore_index=True))
    except DataError as error:
        note = str(error)
    chapters = [open_chapter(project, recording, words[recording.id], judged)
                for recording in named]  # fmt: skip
    return Reading(project.folder, chapters, "rules" if judged is None else "a judge", note)


def _outline(chapter: Chapter) -> dict[str, Any]:
    individuals = list(dict.fromkeys(chapter.words["individual"]))
    wrong = _count_contradicted(chapter.claims)
    frames = []
    for row in chapter.words[["individual", "frame", "time_s"]].to_dict("records"):
        key = (row["individual"], row["frame"])
        kept = chapter.ratings[key]["kept"] if key in chapter.ratings else None
        place = (individuals.index(key[0]), int(key[1]), round(float(row["time_s"]), 3))
        frames.append([*place, wrong.get(key), None if kept is None else bool(kept)])
    return {
        "name": chapter.recording.id,
        "group": chapter.recording.group,
        "describer": chapter.describer,
        "basis": chapter.basis,
        "individuals": individuals,
        "frames": frames,
    }


def _count_contradicted(claims: pd.DataFrame) -> Counter[Key]:
    """Count the contradicted claims of every frame that was checked."""
    keys = zip(claims["individual"], claims["frame"], strict=True)
    counts = Counter[Key]()
    for key, verdict in zip(keys, claims["verdict"], strict=True):
        counts[key] += verdict == "contradicted"
    return counts


def _judge(chapter: Chapter, row: int, key: Key) -> list[dict[str, Any]]:
    """Return the rows of CLAIM_TABLE of one description; none without a pose."""
    said, postures = chapter.words.iloc[row : row + 1], chapter.postures
    seen = postures[(postures["individual"] == key[0]) & (postures["frame"] == key[1])]
    if seen.empty:
        return []
    return [{str(k): v for k, v in claim.items()}
            for claim in check_descriptions(said, seen).to_dict("records")]  # fmt: skip


def _mark(element: str, text: str, verdicts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return an element in pieces; without verdicts, as one."""
    if not verdicts:
        return {"name": element, "pieces": [{"text": text, "verdict": None, "claims": []}]}
    mine = iter([verdict for verdict in verdicts if verdict["element"] == element])
    pieces = []
    for piece in mark_claims(element, text):
        judged = list(islice(mine, len(piece.claims)))
        words = {claim["verdict"] for claim in judged}
        pieces.append({
            "text": piece.text,
            "verdict": next((word for word in _VERDICTS if word in words), None),
            "claims": [{"verdict": claim["verdict"], "pose": tell_pose(claim)} for claim in judged],
        })  # fmt: skip
    return {"name": element, "pieces": pieces}


def tell_pose(claim: Mapping[str, Any]) -> str:
    """Tell what the pose says of a claim: the state or the fact, and its value.

    Parameters
    ----------
    claim
        A row of CLAIM_TABLE.

    Examples
    --------
    >>> claim = {"reason": "head pitch is 'up', not down", "measured": 31.4, "sd": 2.1}
    >>> tell_pose({**claim, "unit": "deg"})
    "head pitch is 'up', not down (31.4 ± 2.1 °)"
    """
    reason = str(claim["reason"]).replace("_", " ")
    if "±" in reason or math.isnan(claim["measured"]):
        return reason
    spread = f" ± {claim['sd']:.2g}" if claim["sd"] > _EXACT else ""
    unit = _UNITS.get(claim["unit"], claim["unit"])
    return f"{reason} ({claim['measured']:.3g}{spread} {unit}".rstrip() + ")"


def _clean(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Make what is missing None: JSON knows no NaN."""
    return {str(name): None if pd.isna(value) else value for name, value in row.items()}


def _pick(things: Sequence[_Thing], number: int, noun: str) -> _Thing:
    if number >= len(things):
        raise DataError(f"Expected a {noun} below {len(things)}, found {number}.")
    return things[number]
