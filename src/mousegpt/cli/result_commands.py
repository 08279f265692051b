"""Commands that show results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mousegpt.cli.console import print_json, print_line, print_table
from mousegpt.cli.options import JsonOption, ProjectOption
from mousegpt.cli.project_commands import run_and_show


def search_text(
    text: Annotated[str, typer.Argument(help='Such as "mouse standing on its hind legs".')],
    project: ProjectOption = Path(),
    n_frames: Annotated[int, typer.Option("-n", min=1, help="How many frames.")] = 5,
    apart_s: Annotated[float, typer.Option(min=0, help="Least time between two hits.")] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Find the frames whose descriptions are nearest in meaning to a text."""
    from mousegpt.pipeline.project import open_project
    from mousegpt.pipeline.searching import search_project

    hits = search_project(open_project(project), text, n_frames=n_frames, min_separation_s=apart_s)
    rows = hits.to_dict("records")
    if as_json:
        print_json(rows)
        return
    for row in rows:
        row["similarity"] = f"{row['similarity']:.3f}"
        row["time_s"] = f"{row['time_s']:.2f}"
    print_table(
        rows,
        ["recording", "individual", "frame", "time_s", "similarity", "behavior", "description"],
    )


def make_report(project: ProjectOption = Path()) -> None:
    """Bring the report up to date and print its path."""
    from mousegpt.pipeline.project import open_project

    opened = open_project(project)
    run_and_show(opened, until="report")
    print_line(str(opened.report))
