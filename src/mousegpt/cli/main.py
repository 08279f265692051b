"""The command ``mousegpt``: parse, call, print; an error is one sentence with its remedy.

Exit status: 0 ok, 1 failed, 2 wrong use.
"""

from __future__ import annotations

import sys

import click
import typer

from mousegpt import __version__
from mousegpt.cli import project_commands, result_commands
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
        status = app(standalone_mode=False)
    except UsageError as error:
        status = 2
        print_error(str(error))
    except MouseGPTError as error:
        if debug:
            raise
        status = 1
        print_error(str(error))
    except click.ClickException as error:
        status = 2
        error.show()
    except Exception as error:
        if debug:
            raise
        status = 1
        print_error(
            f"Unexpected {type(error).__name__}: {error}. This is a fault of mousegpt; please "
            "report it with what `mousegpt --debug …` shows."
        )
    except (KeyboardInterrupt, click.Abort):
        status = 1
        print_error("Stopped; nothing finished is lost. Run the same command again to go on.")
    sys.exit(status if isinstance(status, int) else 0)
