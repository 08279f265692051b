"""Descriptions of a project, or of two tables, checked against the poses, and curated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import pandas as pd
from pydantic import Field

from mousegpt.core.errors import ProjectError
from mousegpt.core.tables import KEY
from mousegpt.description.agreement import Agreement, measure_agreement
from mousegpt.description.curation import curate_descriptions, summarize_curation
from mousegpt.description.factcheck import check_descriptions, measure_hallucination
from mousegpt.description.telling import read_freely, tell_states
from mousegpt.evaluation.attributes import judge_attributes, score_attributes
from mousegpt.io.atomic import write_atomically
from mousegpt.io.tables import load_table, save_table
from mousegpt.pipeline.curating import STEP as CURATION
from mousegpt.pipeline.curating import load_curation, rate_words
from mousegpt.pipeline.drawings import encode_figure
from mousegpt.pipeline.pictures import get_figure
from mousegpt.pipeline.project import STUDY, Project
from mousegpt.plots.claims import plot_hallucination
from mousegpt.plots.ratings import plot_ratings

#: Step under which a project keeps what the check found.
STEP: Final = "claims"


@dataclass(frozen=True, eq=False)
class DescriptionCheck:
    """What the check of some descriptions found.

    ``attributes`` is None unless the postures are the truth of synthetic mice, ``agreement`` unless
    a judge has rated the descriptions; without one, they are rated by rules.
    """

    claims: pd.DataFrame
    rates: pd.DataFrame
    curation: pd.DataFrame
    attributes: pd.DataFrame | None = None
    agreement: Agreement | None = None


def evaluate_description_files(
    descriptions: Path, posture: Path, *, is_truth: bool = False
) -> DescriptionCheck:
    """Check a table of descriptions against a table of postures.

    Parameters
    ----------
    is_truth
        The postures are those of synthetic mice, known from their making.

    Raises
    ------
    DataError
        When a table cannot be read, or the two share no frame.
    """
    return _check(load_table(descriptions), load_table(posture), is_truth=is_truth)


def evaluate_project_descriptions(project: Project) -> DescriptionCheck:
    """Check the descriptions of a project, against the truth where a synthetic study has it.

    The tables are left in the project, where the report finds them.

    Raises
    ------
    DataError
        When the project has a judge that has not seen the descriptions.
    ProjectError
        When nothing has been described yet, or there are no postures to compare with.
    """
    pairs, is_truth = [], True
    for recording in project.load_recordings():
        words = project.table("descriptions", recording.id)
        posture, is_true = locate_posture(project, recording.id)
        is_truth &= is_true
        if words.exists() and posture.exists():
            pairs.append((load_table(words), load_table(posture)))
    if not pairs:
        raise ProjectError(
            f"Expected descriptions and postures of the same recordings in {project.folder}, found "
            "none; run `mousegpt run` first. Where there are no poses nothing can be checked; what "
            f"a judge keeps stands in the report and in {project.table(CURATION, STUDY).parent}."
        )
    words, posture = (pd.concat(tables, ignore_index=True) for tables in zip(*pairs, strict=True))
    check = _check(words, posture, is_truth=is_truth)
    curated = load_curation(project, words)
    if curated is not None:
        check = replace(check, curation=curated, agreement=measure_agreement(curated))
    save_table(check.claims, project.table(STEP, STUDY))
    save_table(check.rates, project.table(STEP, STUDY, "rates"))
    return check


def locate_posture(project: Project, recording: str) -> tuple[Path, bool]:
    """Return the postures that words are checked against, and whether they are the truth."""
    truth = project.folder / "truth" / f"{recording}.posture.parquet"
    is_true = truth.exists()
    return (truth if is_true else project.table("posture", recording)), is_true


def check_words(
    words: pd.DataFrame, posture: pd.DataFrame, *, n_frames: Annotated[int, Field(gt=0)] = 1000
) -> list[dict[str, str | int | float | None]]:
    """Check evenly spaced descriptions for the report; a row per kind of clause, the worst first.

    Nothing when no description was made, or none of a frame with a posture.
    """
    if posture.empty:
        return []
    said = words[words["status"] == "ok"].merge(posture[list(KEY)], on=list(KEY))
    if said.empty:
        return []
    places = np.unique(np.linspace(0, len(said) - 1, n_frames).round().astype(int))
    chosen = said.iloc[places]
    seen = posture.merge(chosen[list(KEY)], on=list(KEY))
    rates = measure_hallucination(check_descriptions(chosen, seen))
    return [
        {
            "clauses about": row["kind"].replace("_", " "),
            "clauses": row["n_clauses"],
            "checkable": row["n_checkable"],
            "contradicted": row["n_contradicted"],
            "share": f"{row['rate']:.1%}" if row["n_checkable"] else None,
            "95 % interval": f"{row['low']:.1%} to {row['high']:.1%}"
            if np.isfinite(row["low"])
            else None,
        }
        for row in rates.to_dict("records")
    ]


def write_description_check(check: DescriptionCheck, folder: Path) -> list[Path]:
    """Write the tables and figures of a check; return the files."""
    tables = {
        "claims": check.claims,
        "hallucination": check.rates,
        "curation": check.curation,
        "ratings": summarize_curation(check.curation),
        "agreement": pd.DataFrame([vars(check.agreement)]) if check.agreement else None,
        "attributes": check.attributes,
    }
    written = []
    for name, table in tables.items():
        if table is None:
            continue
        path = folder / f"{name}.csv"
        content = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
        write_atomically(path, content.encode())
        written.append(path)
    axes = {"hallucination": plot_hallucination(check.rates)}
    if check.curation["accuracy"].notna().any():
        axes["ratings"] = plot_ratings(check.curation)
    for name, ax in axes.items():
        for ending, drawing in encode_figure(get_figure(ax)).items():
            path = folder / f"{name}.{ending}"
            write_atomically(path, drawing)
            written.append(path)
    return written


def _check(words: pd.DataFrame, posture: pd.DataFrame, *, is_truth: bool) -> DescriptionCheck:
    claims = check_descriptions(words, posture)
    told = tell_states(words, otherwise=read_freely)
    return DescriptionCheck(
        claims,
        measure_hallucination(claims),
        curate_descriptions(words, rate_words(words, posture), claims),
        score_attributes(judge_attributes(told, posture)) if is_truth else None,
    )
