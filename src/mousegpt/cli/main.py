"""The command ``mousegpt``: parse, call, print; an error is one sentence with its remedy.

Exit status: 0 ok, 1 failed, 2 wrong use.
"""

from __future__ import annotations

import sys

import typer

from mousegpt import __version__
from mousegpt.cli import (
    calibrate_commands,
    comparing_commands,
    describer_commands,
    evaluate_commands,
    job_commands,
    label_commands,
    nano_commands,
    project_commands,
    result_commands,
    synth_commands,
    train_commands,
    ui_commands,
)
from mousegpt.cli.console import print_error
from mousegpt.core.errors import MouseGPTError, UsageError

app = typer.Typer(
    help="Turn videos and poses of mice into words, numbers and figures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(project_commands.make_demo)
app.command("new")(project_commands.make_project)
app.command("check")(project_commands.check_manifest)
app.command("run")(project_commands.run_chain)
app.command("status")(project_commands.show_status)
app.command("search")(result_commands.search_text)
app.command("report")(result_commands.make_report)
app.command("calibrate")(calibrate_commands.calibrate_cameras)
app.command("label")(label_commands.label_frames)
app.command("ui")(ui_commands.show_project)
app.command("synth")(synth_commands.make_study)
evaluate_commands.app.command("describers")(comparing_commands.evaluate_describers)
app.add_typer(evaluate_commands.app, name="evaluate")
train_commands.app.command("records")(describer_commands.write_records)
train_commands.app.command("describer")(describer_commands.train_describer)
train_commands.app.command("pack-descriptions")(nano_commands.pack_descriptions)
train_commands.app.command("pack-recordings")(nano_commands.pack_recordings)
train_commands.app.command("nano")(nano_commands.train_nano)
app.add_typer(train_commands.app, name="train")
app.add_typer(job_commands.app, name="job")
app.add_typer(job_commands.backends_app, name="backends")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mousegpt {__version__}")
        raise typer.Exit


@app.callback()
def set_global_options(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Turn videos and poses of mice into words, numbers and figures."""


def run_cli() -> None:
    """Run the command line and end the process with its exit status."""
    debug = "--debug" in sys.argv
    try:
        app()
    except UsageError as error:
        print_error(str(error))
        sys.exit(2)
    except Exception as error:
        if debug:
            raise
        known = isinstance(error, MouseGPTError)
        print_error(str(error) if known else _describe_fault(error))
        sys.exit(1)


def _describe_fault(error: Exception) -> str:
    return (
        f"Unexpected {type(error).__name__}: {error}. This is a fault of mousegpt; please report "
        "it with what `mousegpt --debug …` shows."
    )
