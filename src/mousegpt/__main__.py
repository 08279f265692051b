"""Run the command line as ``python -m mousegpt``."""

from mousegpt.cli.main import run_cli

if __name__ == "__main__":
    run_cli()
