"""The command that compares describers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from mousegpt.cli.console import print_json, print_line, print_table
from mousegpt.cli.options import JsonOption, ProjectOption
from mousegpt.core.errors import UsageError


def evaluate_describers(
    tables: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=]TABLE…",
            help="Descriptions: tables, or folders of them; those of the project if none.",
        ),
    ] = None,
    project: ProjectOption = Path(),
    truth: Annotated[
        Path | None,
        typer.Option(help="Posture table, or a folder of them; that of the project if none."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for tables and the figure.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare describers on the same frames: what they say rightly, wrongly, or not at all."""
    from mousegpt.evaluation.comparison import tabulate_attributes
    from mousegpt.pipeline.comparing import compare_description_files, find_tables, write_comparison
    from mousegpt.pipeline.project import Project

    models, known = find_tables(Project(project))
    if tables:
        models = dict(_parse_table(given) for given in tables)
        if len(models) != len(tables):
            raise UsageError("Expected another name for each table; write NAME=TABLE.")
    comparison = compare_description_files(models, truth or known)
    written = write_comparison(comparison, out) if out else []
    attributes = tabulate_attributes(comparison.scores)
    if as_json:
        names = ("scores", "differences", "preferences")
        told = {name: getattr(comparison, name).to_dict("records") for name in names}
        print_json({"attributes": attributes.to_dict("records")} | told)
        return
    print_table(attributes.round(3).to_dict("records"), list(attributes.columns))
    print_table(_lay_side_by_side(comparison.scores), ["metric", *attributes["model"]])
    shown = comparison.preferences.round(3)
    print_table(shown.to_dict("records"), list(shown.columns))
    if written:
        print_line(f"Wrote {len(written)} files to {out}.")


def _parse_table(given: str) -> tuple[str, Path]:
    """Split ``NAME=TABLE``; a table alone has the name of its file.

    >>> _parse_table("before=a/b.parquet")[0], _parse_table("a/b.parquet")[0]
    ('before', 'b')
    """
    name, equals, path = given.partition("=")
    return (name, Path(path)) if equals else (Path(given).stem, Path(given))


def _lay_side_by_side(scores: pd.DataFrame) -> list[dict[str, object]]:
    rows: dict[str, dict[str, object]] = {}
    for score in scores.to_dict("records"):
        metric = str(score["metric"])
        digits = 1 if metric == "words" else 3
        value, low, high = (f"{score[name]:.{digits}f}" for name in ("value", "low", "high"))
        told = value if pd.isna(score["low"]) else f"{value} [{low}, {high}]"
        rows.setdefault(metric, {"metric": metric})[str(score["model"])] = told
    return list(rows.values())
