"""Tables of descriptions against a truth: each is checked, then all are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pandas as pd

from mousegpt.core.errors import DataError
from mousegpt.core.tables import DESCRIPTION_TABLE, KEY, validate_table
from mousegpt.description.factcheck import check_descriptions
from mousegpt.evaluation.comparison import Comparison, compare_describers
from mousegpt.io.atomic import write_atomically
from mousegpt.io.tables import load_table
from mousegpt.pipeline.drawings import encode_figure
from mousegpt.pipeline.pictures import get_figure
from mousegpt.plots.comparison import plot_comparison


def compare_description_files(models: Mapping[str, Path], truth: Path) -> Comparison:
    """Compare describers by what they wrote.

    Parameters
    ----------
    models
        Name -> a table of descriptions, or a folder of such tables (as ``tables/descriptions``).
    truth
        A posture table or a folder of them (as ``tables/posture``). A column ``subject`` names the
        animal; else each individual of each recording counts as one.

    Raises
    ------
    DataError
        When a file is none of these, or they share no frame.
    """
    posture = load_tables(truth)
    missing = [name for name in (*KEY, "body_length") if name not in posture]
    if missing:
        raise DataError(
            f"Expected a posture table in {truth}, but it lacks {', '.join(missing)}; name "
            "tables/posture of a project, or the truth of a synthetic study with these columns."
        )
    descriptions = {
        name: validate_table(load_tables(path), DESCRIPTION_TABLE) for name, path in models.items()
    }
    claims = {name: check_descriptions(table, posture) for name, table in descriptions.items()}
    animal = ("subject",) if "subject" in posture else ("recording", "individual")
    return compare_describers(descriptions, claims, posture, animal=animal)


def load_tables(path: Path) -> pd.DataFrame:
    """Load a table, or all of a folder joined."""
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise DataError(f"Expected tables (.parquet) in {path}, found none; name another folder.")
    return pd.concat([load_table(file) for file in files], ignore_index=True)


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write the tables as CSV and the figure; return the files."""
    content = {
        f"{field.name}.csv": getattr(comparison, field.name)
        .to_csv(index=False, float_format="%.6g")
        .encode()
        for field in fields(comparison)
    }
    figure = get_figure(plot_comparison(comparison.scores))
    content |= {f"comparison.{ending}": data for ending, data in encode_figure(figure).items()}
    for name, data in content.items():
        write_atomically(folder / name, data)
    return [folder / name for name in content]
