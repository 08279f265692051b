"""The command that compares describers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from mousegpt.cli.console import print_json, print_line, print_table
from mousegpt.cli.options import JsonOption
from mousegpt.core.errors import UsageError


def evaluate_describers(
    tables: Annotated[
        list[str],
        typer.Argument(metavar="[NAME=]TABLE…", help="Descriptions: tables, or folders of them."),
    ],
    truth: Annotated[Path, typer.Option(help="Posture table, or a folder of them.")],
    out: Annotated[Path | None, typer.Option(help="Folder for tables and the figure.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare describers on the same frames: correctness, completeness, hallucinations."""
    from mousegpt.pipeline.comparing import compare_description_files, write_comparison

    models = dict(_parse_table(given) for given in tables)
    if len(models) != len(tables):
        raise UsageError("Expected another name for each table; write NAME=TABLE.")
    comparison = compare_description_files(models, truth)
    written = write_comparison(comparison, out) if out else []
    if as_json:
        names = ("scores", "differences", "preferences")
        print_json({name: getattr(comparison, name).to_dict("records") for name in names})
        return
    print_table(_lay_side_by_side(comparison.scores), ["metric", *models])
    if len(models) > 1:
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
