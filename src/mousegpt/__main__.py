"""Run the command line as ``python -m mousegpt``."""

from mousegpt.cli.main import run_cli

run_cli()
