"""Tables of descriptions against a truth: each is checked, then all are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Final

import pandas as pd

from mousegpt.core.errors import DataError
from mousegpt.core.tables import DESCRIPTION_TABLE, KEY, validate_table
from mousegpt.description.factcheck import check_descriptions
from mousegpt.description.kinematic import describe_posture
from mousegpt.description.telling import read_freely, tell_states
from mousegpt.evaluation.attributes import guess_blindly
from mousegpt.evaluation.comparison import (
    Comparison,
    compare_describers,
    share_frames,
    tabulate_attributes,
)
from mousegpt.io.atomic import write_atomically
from mousegpt.io.tables import load_table
from mousegpt.pipeline.drawings import encode_figure
from mousegpt.pipeline.pictures import get_figure
from mousegpt.pipeline.project import STUDY, Project
from mousegpt.plots.comparison import plot_comparison

#: In the truth of a synthetic study.
TRUTHS: Final = "*.posture.parquet"
#: A describer that never looks: it always tells the commonest state of the frames.
BLIND: Final = "blind"


def compare_description_files(models: Mapping[str, Path], truth: Path) -> Comparison:
    """Compare describers by what they wrote, and with one that never looks.

    Parameters
    ----------
    models
        Name -> a table of descriptions, or a folder of such tables (as ``tables/descriptions``).
    truth
        A posture table or a folder of them: ``truth`` of a synthetic study, or ``tables/posture``.
        A column ``subject`` names the animal; else each individual of each recording counts as one.

    Raises
    ------
    DataError
        When a file is none of these, or they share no frame.
    """
    posture = load_tables(truth, TRUTHS)
    missing = [name for name in (*KEY, "time_s", "body_length") if name not in posture]
    if missing:
        raise DataError(
            f"Expected a posture table in {truth}, but it lacks {', '.join(missing)}; name "
            "tables/posture of a project, or the truth of a synthetic study."
        )
    descriptions = {
        name: name_alone(validate_table(load_tables(path), DESCRIPTION_TABLE), posture)
        for name, path in models.items()
    }
    if BLIND in descriptions:
        raise DataError(f"'{BLIND}' is the describer that never looks; give yours another name.")
    frames = share_frames(descriptions, posture)
    descriptions[BLIND] = describe_posture(guess_blindly(frames))
    return compare_describers(
        descriptions,
        {name: check_descriptions(table, frames) for name, table in descriptions.items()},
        {name: tell_states(table, otherwise=read_freely) for name, table in descriptions.items()},
        frames,
        animal=("subject",) if "subject" in posture else ("recording", "individual"),
    )


def name_alone(descriptions: pd.DataFrame, posture: pd.DataFrame) -> pd.DataFrame:
    """Call the mouse of pictures without poses, which has no name, as the truth calls it.

    Examples
    --------
    >>> told = pd.DataFrame({"recording": ["a", "b", "b"], "individual": ["", "", "m2"]})
    >>> true = pd.DataFrame({"recording": ["a", "b", "b"], "individual": ["m1", "m1", "m2"]})
    >>> name_alone(told, true)["individual"].tolist()
    ['m1', '', 'm2']
    """
    names = posture.groupby("recording")["individual"].agg(["first", "nunique"])
    alone = descriptions["recording"].map(names.loc[names["nunique"] == 1, "first"])
    unnamed = descriptions["individual"].eq("") & alone.notna()
    return descriptions.assign(individual=descriptions["individual"].mask(unnamed, alone))


def find_tables(project: Project) -> tuple[dict[str, Path], Path]:
    """Return where the descriptions of a project are, by its name, and its truth.

    The truth is that of a synthetic study, or else what was measured.
    """
    folder, truth = project.folder.resolve(), project.folder / "truth"
    measured = project.table("posture", STUDY).parent
    descriptions = {folder.name: project.table("descriptions", STUDY).parent}
    return descriptions, truth if any(truth.glob(TRUTHS)) else measured


def load_tables(path: Path, *patterns: str) -> pd.DataFrame:
    """Load a table, or all of a folder joined: those of the first pattern that any file has."""
    files = [path] if path.is_file() else []
    if path.is_dir():
        found = (sorted(path.glob(pattern)) for pattern in (*patterns, "*.parquet"))
        files = next(filter(None, found), [])
    if not files:
        raise DataError(
            f"Expected tables (.parquet) in {path}, found none; name other tables, or with --truth "
            "another truth (without poses a project has none of its own)."
        )
    return pd.concat([load_table(file) for file in files], ignore_index=True)


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write the tables as CSV and the figure; return the files."""
    content = {
        f"{field.name}.csv": getattr(comparison, field.name)
        .to_csv(index=False, float_format="%.6g")
        .encode()
        for field in fields(comparison)
    }
    content["attributes.csv"] = (
        tabulate_attributes(comparison.scores).to_csv(index=False, float_format="%.6g").encode()
    )
    figure = get_figure(plot_comparison(comparison.scores))
    content |= {f"comparison.{ending}": data for ending, data in encode_figure(figure).items()}
    for name, data in content.items():
        write_atomically(folder / name, data)
    return [folder / name for name in content]
