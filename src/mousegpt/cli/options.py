"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

ProjectOption = Annotated[
    Path, typer.Option("-C", "--project", help="The project's folder.", show_default="here")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
SetOption = Annotated[
    list[str], typer.Option("--set", metavar="STEP.NAME=VALUE", help="Override an option.")
]
