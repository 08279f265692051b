"""Commands about the calls to models: what they cost, pausing them, and asking again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mousegpt.cli.console import print_json, print_line, print_table
from mousegpt.cli.options import JsonOption, ProjectOption
from mousegpt.core.errors import ProjectError

if TYPE_CHECKING:
    from mousegpt.pipeline.ledger import Ledger
    from mousegpt.pipeline.project import Project

app = typer.Typer(help="Look at the calls to models, pause them, ask again.", no_args_is_help=True)
backends_app = typer.Typer(help="See which models are used, and whether they answer.")

JobOption = Annotated[str | None, typer.Option("--job", help="Only this job.", show_default="all")]


@app.command("status")
def show_jobs(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Show how far each job is, its rate, what it has cost, and what went wrong."""
    from mousegpt.pipeline.ledger.jobs import list_faults, list_jobs

    with _opening(project) as (_, ledger):
        rows, faults = list_jobs(ledger), list_faults(ledger)
    if as_json:
        print_json({"jobs": rows, "faults": faults})
        return
    print_table(rows, list(rows[0]) if rows else ["job"])
    if faults:
        print_line("")
        print_table(faults, list(faults[0]))


@app.command("pause")
def pause_jobs(project: ProjectOption = Path(), job: JobOption = None) -> None:
    """Let a run end after the calls that are under way."""
    from mousegpt.pipeline.ledger.jobs import find_jobs, pause_job

    with _opening(project) as (_, ledger):
        numbers = find_jobs(ledger, job)
        for number in numbers:
            pause_job(ledger, number)
    print_line(f"{len(numbers)} job(s) paused; go on with `mousegpt job resume`.")


@app.command("resume")
def resume_jobs(project: ProjectOption = Path(), job: JobOption = None) -> None:
    """Let paused jobs be worked on by the next `mousegpt run`."""
    from mousegpt.pipeline.ledger.jobs import find_jobs, resume_job

    with _opening(project) as (_, ledger):
        numbers = find_jobs(ledger, job)
        for number in numbers:
            resume_job(ledger, number)
    print_line(f"{len(numbers)} job(s) may go on: `mousegpt run`.")


@app.command("retry-dead")
def retry_dead_frames(project: ProjectOption = Path(), job: JobOption = None) -> None:
    """Let frames without a usable answer be asked again by the next `mousegpt run`."""
    from mousegpt.pipeline.asking import retry_dead

    with _opening(project) as (opened, _):
        n = retry_dead(opened, job)
    print_line(f"{n} frame(s) will be asked again: `mousegpt run`.")


@app.command("verify")
def verify_calls(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Read the whole ledger and check every page, reply and count."""
    from mousegpt.pipeline.ledger.jobs import verify_ledger

    with _opening(project) as (_, ledger):
        problems = verify_ledger(ledger)
    if as_json:
        print_json({"problems": problems})
    else:
        print_line("\n".join(problems) or "The ledger is sound.")
    raise typer.Exit(1 if problems else 0)


@backends_app.callback(invoke_without_command=True)
def list_backends(
    context: typer.Context, project: ProjectOption = Path(), as_json: JsonOption = False
) -> None:
    """List the model that each part of the chain uses, and the endpoints of the project."""
    if context.invoked_subcommand:
        return
    from mousegpt.pipeline.endpoints import load_endpoints
    from mousegpt.pipeline.project import open_project
    from mousegpt.pipeline.running import build_engine

    opened = open_project(project)
    rows = [
        {"part": port, "backend": name}
        for port, name in sorted(build_engine(opened).backend_names.items())
    ]
    rows += [
        {"part": f"endpoint {name}", "backend": f"{endpoint.model} at {endpoint.url}"}
        for name, endpoint in load_endpoints(opened).items()
    ]
    print_json(rows) if as_json else print_table(rows, ["part", "backend"])


@backends_app.command("check")
def check_backends(
    names: Annotated[list[str] | None, typer.Argument(help="Endpoints; all when none.")] = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Ask each endpoint what it can do, and remember it; makes up to ten short calls."""
    from mousegpt.pipeline.endpoints import check_endpoint, load_endpoints
    from mousegpt.pipeline.project import open_project

    opened = open_project(project)
    endpoints = load_endpoints(opened)
    missing = [name for name in names or () if name not in endpoints]
    if missing or not endpoints:
        known = ", ".join(endpoints) or "none"
        raise ProjectError(
            f"Expected endpoints in {opened.settings}; found {known}"
            + (f", and not {', '.join(missing)}" if missing else "")
            + ". Add a table [endpoints.NAME] with url and model."
        )
    rows = [check_endpoint(opened, name, endpoints[name]) for name in names or endpoints]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, ["endpoint", "model", "works", "structure", "message"])
    raise typer.Exit(0 if all(row["works"] for row in rows) else 1)


@contextmanager
def _opening(folder: Path) -> Iterator[tuple[Project, Ledger]]:
    """Open the ledger of a project; one that was never needed is not made."""
    from mousegpt.pipeline.asking import locate_ledger
    from mousegpt.pipeline.ledger import opening_ledger
    from mousegpt.pipeline.project import open_project

    project = open_project(folder)
    path = locate_ledger(project)
    if not path.exists():
        raise ProjectError(
            f"{project.folder} has no ledger yet: no model has been asked. Name one under "
            "[backends] describer in mousegpt.toml and run."
        )
    with opening_ledger(path) as ledger:
        yield project, ledger
