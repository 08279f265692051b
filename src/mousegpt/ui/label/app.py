"""The labelling page as a Starlette app: alone, or mounted in a larger one.

The browser names views and frames, never a path. What it may change is the labels of one frame.
"""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mousegpt.core.errors import DataError
from mousegpt.core.labels import FrameLabels
from mousegpt.io.labels import StaleLabelsError
from mousegpt.pipeline.labelling.exchange import export_labels
from mousegpt.pipeline.labelling.session import LabelSession
from mousegpt.ui.answers import FAULTS, FRESH, KEPT, serve_file, tell_fault
from mousegpt.ui.guard import Guard

_HERE: Final = Path(__file__).parent
_FILES: Final = (
    "label.css",
    *(
        f"{name}.js"
        for name in ("label", "state", "store", "frames", "editing", "showing", "canvas", "panel")
    ),
)


def build_app(session: LabelSession, *, hosts: Sequence[str] = ()) -> Starlette:
    """Build the app of one session.

    Parameters
    ----------
    hosts
        Names of this machine, besides localhost and addresses, under which it may be asked for.
    """
    answers = _Answers(session)
    routes = [
        Route("/", serve_file(_HERE / "page.html")),
        *(Route(f"/{name}", serve_file(_HERE / name)) for name in _FILES),
        Route("/api/session", answers.show_session),
        Route("/api/frame/{frame:int}", answers.show_frame),
        Route("/api/frame/{frame:int}", answers.save_frame, methods=["PUT"]),
        Route("/api/picture/{view:int}/{frame:int}", answers.show_picture),
        Route("/api/suggestions", answers.suggest),
        Route("/api/export/{form}", answers.export),
    ]
    handlers = FAULTS | {StaleLabelsError: _tell_conflict}
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers=handlers,
    )


class _Answers:
    """What a session answers to what the page asks."""

    def __init__(self, session: LabelSession) -> None:
        self._session = session
        # pictures of another session must not come from a cache
        self._token = secrets.token_hex(4)

    def show_session(self, request: Request) -> Response:
        return JSONResponse(self._session.describe() | {"token": self._token}, headers=FRESH)

    def show_frame(self, request: Request) -> Response:
        return JSONResponse(self._session.load(request.path_params["frame"]), headers=FRESH)

    async def save_frame(self, request: Request) -> Response:
        labels = _parse_labels(await request.body(), request.path_params["frame"])
        return JSONResponse(await run_in_threadpool(self._session.save, labels), headers=FRESH)

    def show_picture(self, request: Request) -> Response:
        views, number = self._session.material.views, request.path_params["view"]
        if number >= len(views):
            raise DataError(f"Expected a view from 0 to {len(views) - 1}, found {number}.")
        content = self._session.picture(views[number], request.path_params["frame"])
        return Response(content, media_type="image/jpeg", headers=KEPT)

    def suggest(self, request: Request) -> Response:
        rows = {"frames": self._session.suggest(), "labelled": self._session.list_labelled()}
        return JSONResponse(rows, headers=FRESH)

    def export(self, request: Request) -> Response:
        form = request.path_params["form"]
        disposition = f'attachment; filename="labels-{form}.zip"'
        content = _zip_labels(self._session, form)
        return Response(content, media_type="application/zip",
                        headers=FRESH | {"content-disposition": disposition})  # fmt: skip


def _parse_labels(body: bytes, frame: int) -> FrameLabels:
    try:
        labels = FrameLabels.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors()[0]
        raise DataError(f"Expected labels of a frame, found a fault: {fault['msg']}.") from error
    if labels.frame != frame:
        raise DataError(f"Expected labels of frame {frame}, found those of {labels.frame}.")
    return labels


def _zip_labels(session: LabelSession, form: str) -> bytes:
    stream = io.BytesIO()
    with TemporaryDirectory() as folder, zipfile.ZipFile(stream, "w") as archive:
        for path in export_labels(session, form, Path(folder)):
            archive.write(path, path.relative_to(folder))
    return stream.getvalue()


def _tell_conflict(request: Request, error: Exception) -> Response:
    """Say that someone else saved this frame."""
    return tell_fault(error, 409)
