"""Commands that make, check and run a project.

What computes is imported by the command that needs it: `mousegpt --help` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mousegpt.cli.console import print_json, print_line, print_table, show_progress
from mousegpt.cli.options import JsonOption, ProjectOption, SetOption
from mousegpt.core.errors import ProjectError

if TYPE_CHECKING:
    from mousegpt.pipeline.checking import ProjectCheck
    from mousegpt.pipeline.project import Project


def make_demo(
    folder: Annotated[Path, typer.Argument(help="Where to make it.")] = Path("mousegpt-demo"),
) -> None:
    """Make and run a small study of synthetic mice, and print the path of its report."""
    from mousegpt.pipeline.demo import build_demo

    run_and_show(build_demo(folder))


def make_project(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Videos and pose files to draft recordings.csv from."),
    ] = None,
) -> None:
    """Make a project; edit its recordings.csv, then run `mousegpt check` in it."""
    from mousegpt.pipeline.project import create_project

    project = create_project(folder, files)
    print_line(f"Made {project.folder}.")
    print_line(f"Next: edit {project.manifest.name} (a row per recording), then `mousegpt check`.")


def check_manifest(
    project: ProjectOption = Path(),
    write_skeleton: Annotated[
        bool, typer.Option("--write-skeleton", help="Write skeleton.csv, to be edited.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show every problem of the manifest and its files, and how the keypoints are read."""
    from mousegpt.pipeline.checking import FINDINGS, check_project
    from mousegpt.pipeline.project import open_project

    opened = open_project(project)
    check = check_project(opened.folder)
    if write_skeleton:
        _write_skeleton(opened, check)
    content = check.to_dict()
    if as_json:
        print_json(content)
    else:
        for found in content["findings"]:
            print_line(f"\n{found['recording']}")
            for name in FINDINGS[1:]:
                print_line(f"  {name:<12} {found[name] or '-'}")
        print_line("")
        if content["problems"]:
            columns = ["severity", "recording", "column", "message", "remedy"]
            print_table(content["problems"], columns)
        else:
            print_line("No problem found.")
    raise typer.Exit(1 if check.has_errors else 0)


def _write_skeleton(project: Project, check: ProjectCheck) -> None:
    from mousegpt.io.tables import save_skeleton_map

    if project.skeleton.exists():
        raise ProjectError(f"{project.skeleton} is there already; edit it, or remove it first.")
    if check.skeleton is None:
        raise ProjectError("No pose file could be read, so there are no keypoints to write.")
    save_skeleton_map(check.skeleton, project.skeleton)
    print_line(f"Wrote {project.skeleton}; an empty cell leaves a keypoint out.")


def run_chain(
    project: ProjectOption = Path(),
    until: Annotated[str | None, typer.Option(help="Stop after this step.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only this recording (repeat).")] = None,
    assignments: SetOption = [],  # noqa: B006 - never changed
) -> None:
    """Run every step that is missing or out of date; interrupted runs go on where they were."""
    from mousegpt.pipeline.project import open_project

    run_and_show(open_project(project), assignments, until, only or ())


def show_status(
    project: ProjectOption = Path(),
    options: Annotated[bool, typer.Option("--options", help="List every option instead.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show which tables are done, out of date or missing."""
    from mousegpt.pipeline.project import open_project
    from mousegpt.pipeline.running import build_engine

    engine = build_engine(open_project(project))
    rows = engine.list_options() if options else engine.list_states()
    if as_json:
        print_json(rows)
    else:
        print_table(rows, list(rows[0]) if rows else ["step"])


def run_and_show(
    project: Project,
    assignments: Sequence[str] = (),
    until: str | None = None,
    only: Sequence[str] = (),
) -> None:
    """Run a project with progress on the terminal, and print where the report is."""
    from mousegpt.pipeline.running import run_project

    try:
        with show_progress() as listener:
            complete = run_project(
                project, listener, assignments=assignments, until=until, only=only
            )
    except KeyboardInterrupt as error:
        message = "Stopped; nothing finished is lost. Run the same command again to go on."
        raise ProjectError(message) from error
    if not complete:
        raise ProjectError(
            f"{len(listener.failures)} unit(s) of work failed or wait for one that failed (see "
            "above); correct the cause, or take the recording out of recordings.csv, and run again."
        )
    print_line(f"{listener.n_done} made, {listener.n_skipped} already up to date.")
    if project.report.exists():
        print_line(f"Report: {project.report}")
