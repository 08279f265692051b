"""The page of descriptions as a Starlette app: alone, or mounted in a larger one.

The browser names recordings, rows and models by number, never a path; it can change nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mousegpt.pipeline.reading import Reading
from mousegpt.ui.answers import FAULTS, FRESH, KEPT, serve_file
from mousegpt.ui.guard import Guard

_HERE: Final = Path(__file__).parent
_FILES: Final = ("words.css", "words.js", "showing.js", "strip.js")


def build_app(reading: Reading, *, hosts: Sequence[str] = ()) -> Starlette:
    """Build the app of one project.

    Parameters
    ----------
    hosts
        Names of this machine, besides localhost and addresses, under which it may be asked for.
    """
    answers = _Answers(reading)
    routes = [
        Route("/", serve_file(_HERE / "page.html")),
        *(Route(f"/{name}", serve_file(_HERE / name)) for name in _FILES),
        Route("/api/outline", answers.show_outline),
        Route("/api/words/{recording:int}/{row:int}", answers.show_words),
        Route("/api/picture/{recording:int}/{row:int}", answers.show_picture),
        Route("/api/rates/{model:int}", answers.show_rates),
    ]
    return Starlette(
        routes=routes, middleware=[Middleware(Guard, hosts=hosts)], exception_handlers=FAULTS
    )


class _Answers:
    """What a project answers to what the page asks."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        # pictures of another project must not come from a cache
        self._outline = reading.outline() | {"token": secrets.token_hex(4)}

    def show_outline(self, request: Request) -> Response:
        return JSONResponse(self._outline, headers=FRESH)

    def show_words(self, request: Request) -> Response:
        return JSONResponse(self._reading.read(**request.path_params), headers=FRESH)

    def show_picture(self, request: Request) -> Response:
        picture = self._reading.picture(**request.path_params)
        return Response(picture, media_type="image/jpeg", headers=KEPT)

    def show_rates(self, request: Request) -> Response:
        figure = self._reading.draw_rates(**request.path_params)
        return Response(figure, media_type="image/svg+xml", headers=KEPT)
