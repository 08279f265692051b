"""The labelling page as a Starlette app: alone, or mounted in a larger one.

The browser names views and frames, never a path. What it may change is the labels of one frame.
"""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mousegpt.core.errors import DataError, MouseGPTError, UsageError
from mousegpt.core.labels import FrameLabels
from mousegpt.io.labels import StaleLabelsError
from mousegpt.pipeline.labelling.exchange import export_labels
from mousegpt.pipeline.labelling.session import LabelSession
from mousegpt.ui.guard import Guard

_STATIC: Final = {
    "page.html": "text/html",
    "label.css": "text/css",
    **{
        f"{name}.js": "text/javascript"
        for name in ("label", "state", "store", "frames", "editing", "showing", "canvas", "panel")
    },
}
_FRESH: Final = {"cache-control": "no-store"}
_KEPT: Final = {"cache-control": "private, max-age=3600, immutable"}


def build_app(session: LabelSession, *, hosts: Sequence[str] = ()) -> Starlette:
    """Build the app of one session.

    Parameters
    ----------
    hosts
        Names of this machine, besides localhost and addresses, under which it may be asked for.
    """
    answers = _Answers(session)
    routes = [
        Route("/", _serve("page.html")),
        *(Route(f"/{name}", _serve(name)) for name in _STATIC if name != "page.html"),
        Route("/api/session", answers.show_session),
        Route("/api/frame/{frame:int}", answers.show_frame),
        Route("/api/frame/{frame:int}", answers.save_frame, methods=["PUT"]),
        Route("/api/picture/{view:int}/{frame:int}", answers.show_picture),
        Route("/api/suggestions", answers.suggest),
        Route("/api/export/{form}", answers.export),
    ]
    handlers: dict[Any, Any] = {MouseGPTError: _tell_error, HTTPException: _tell_status}
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
        return JSONResponse(self._session.describe() | {"token": self._token}, headers=_FRESH)

    def show_frame(self, request: Request) -> Response:
        return JSONResponse(self._session.load(request.path_params["frame"]), headers=_FRESH)

    async def save_frame(self, request: Request) -> Response:
        labels = _parse_labels(await request.body(), request.path_params["frame"])
        return JSONResponse(await run_in_threadpool(self._session.save, labels), headers=_FRESH)

    def show_picture(self, request: Request) -> Response:
        views, number = self._session.material.views, request.path_params["view"]
        if number >= len(views):
            raise DataError(f"Expected a view from 0 to {len(views) - 1}, found {number}.")
        content = self._session.picture(views[number], request.path_params["frame"])
        return Response(content, media_type="image/jpeg", headers=_KEPT)

    def suggest(self, request: Request) -> Response:
        rows = {"frames": self._session.suggest(), "labelled": self._session.list_labelled()}
        return JSONResponse(rows, headers=_FRESH)

    def export(self, request: Request) -> Response:
        form = request.path_params["form"]
        disposition = f'attachment; filename="labels-{form}.zip"'
        content = _zip_labels(self._session, form)
        return Response(content, media_type="application/zip",
                        headers=_FRESH | {"content-disposition": disposition})  # fmt: skip


def _serve(name: str) -> Callable[[Request], Response]:
    content = (Path(__file__).parent / name).read_bytes()

    def serve(request: Request) -> Response:
        return Response(content, media_type=_STATIC[name], headers=_FRESH)

    return serve


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


def _tell_status(request: Request, error: HTTPException) -> Response:
    return JSONResponse({"error": error.detail}, error.status_code, headers=_FRESH)


def _tell_error(request: Request, error: Exception) -> Response:
    """Say in one sentence what is wrong; 409: someone else saved this frame."""
    status = 409 if isinstance(error, StaleLabelsError) else 500
    if status == 500 and isinstance(error, (DataError, UsageError)):
        status = 400
    return JSONResponse({"error": str(error)}, status, headers=_FRESH)
