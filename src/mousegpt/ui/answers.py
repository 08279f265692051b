"""What every page answers: its own files, and faults in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mousegpt.core.errors import DataError, MouseGPTError, UsageError

FRESH: Final = {"cache-control": "no-store"}
KEPT: Final = {"cache-control": "private, max-age=3600, immutable"}
_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


def serve_file(path: Path) -> Callable[[Request], Response]:
    """Return the endpoint of a file that belongs to a page."""
    content = path.read_bytes()

    def serve(request: Request) -> Response:
        return Response(content, media_type=_TYPES[path.suffix], headers=FRESH)

    return serve


def tell_fault(error: Exception, status: int) -> Response:
    """Say in one sentence what is wrong."""
    return JSONResponse({"error": str(error)}, status, headers=FRESH)


def _tell_status(request: Request, error: HTTPException) -> Response:
    return JSONResponse({"error": error.detail}, error.status_code, headers=FRESH)


def _tell_error(request: Request, error: Exception) -> Response:
    return tell_fault(error, 400 if isinstance(error, (DataError, UsageError)) else 500)


#: Of all that a page may raise.
FAULTS: Final[dict[Any, Any]] = {MouseGPTError: _tell_error, HTTPException: _tell_status}
