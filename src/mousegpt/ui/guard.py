"""Who may speak to a local page: this machine's browser, from this page, in small sentences."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Refuses foreign names of the host, foreign pages and large bodies.

    A page of a stranger can make its name point at 127.0.0.1 (DNS rebinding); its requests then
    carry that name. An address cannot be made to point elsewhere, so addresses are fine.

    Parameters
    ----------
    hosts
        Further names under which the page may be asked for.
    max_bytes
        Of a request's body.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str] = (), max_bytes: int = 1 << 20) -> None:
        self._app = app
        self._hosts = {name.lower() for name in ("localhost", socket.gethostname(), *hosts)}
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refuse(Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, self._count(receive), send_guarded)

    def _refuse(self, headers: Headers) -> JSONResponse | None:
        host = headers.get("host", "")
        if not self._knows(host):
            return _answer(403, f"Expected a request to this machine, found one to '{host}'.")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return _answer(403, f"Expected a request from this page, found one from '{origin}'.")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._max_bytes:
            return _answer(413, self._limit)
        return None

    @property
    def _limit(self) -> str:
        return f"Expected at most {self._max_bytes} bytes, found more."

    def _knows(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._hosts or _is_address(name)

    def _count(self, receive: Receive) -> Receive:
        taken = 0

        async def receive_counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max_bytes:
                raise HTTPException(413, self._limit)
            return message

        return receive_counted


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _answer(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status)
