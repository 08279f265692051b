"""The command that shows a project in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mousegpt.cli.console import print_line
from mousegpt.cli.options import ProjectOption


def show_project(
    project: ProjectOption = Path(),
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes any free one.")] = 7862,
    browser: Annotated[bool, typer.Option(help="Open the page.")] = True,
) -> None:
    """Read the descriptions in the browser: every clause with the pose's verdict on it.

    The page changes nothing. Only this machine can open it unless --host says otherwise.
    """
    from mousegpt.pipeline.project import open_project
    from mousegpt.pipeline.reading import open_reading
    from mousegpt.ui.serving import serve_app
    from mousegpt.ui.words.app import build_app

    opened = open_project(project)
    print_line(f"Checking the descriptions of {opened.folder.name} …")
    app = build_app(open_reading(opened), hosts=[host])

    def tell(url: str) -> None:
        print_line(f"Page: {url} (Ctrl-C ends)")

    serve_app(app, host=host, port=port, browser=browser, tell=tell)
