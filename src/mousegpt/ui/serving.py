"""Serve a page on this machine until it is stopped."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette

from mousegpt.core.errors import UsageError


def serve_app(
    app: Starlette, *, host: str = "127.0.0.1", port: int = 7861, browser: bool = True,
    tell: Callable[[str], None] = lambda url: None,
) -> None:  # fmt: skip
    """Serve until Ctrl-C.

    Parameters
    ----------
    port
        0 takes any free one.
    browser
        Open the page.
    tell
        Told the address once the page can be asked for.

    Raises
    ------
    UsageError
        When the address cannot be used.
    """
    listener = _listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{listener.getsockname()[1]}/"
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    with listener:
        tell(url)
        if browser:
            webbrowser.open(url)  # the socket listens already: the request waits in line
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"Cannot listen at {host}:{port} ({error.strerror or error}); give another --port, or "
            "0 for any."
        ) from error
    return listener
