"""A real browser without a window, spoken to through a pipe: Chromium's DevTools protocol.

Nothing is installed for it; a test that needs it skips where there is no Chromium.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE_S = 240.0  # on a busy machine a page may take a minute


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page; `evaluate` runs JavaScript in it and waits for what it gives."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = read, write
        self._number = 0
        self._rest = b""
        self.errors: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        answer = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session: str | None = answer["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> Any:
        """Send a command to the page and return its result."""
        return self._ask(method, self._session, **params)

    def open(self, url: str, *, width: int = 1400, height: int = 880) -> None:
        """Load a page; its messages of errors are kept in `errors`."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **metrics)
        self.ask("Page.navigate", url=url)

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression, after its promise is kept."""
        answer = self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:600])
        return answer["result"].get("value")

    def wait(self, condition: str) -> Any:
        """Wait until an expression is true, also across a reload; return its value."""
        end = time.monotonic() + PATIENCE_S
        fault = ""
        while time.monotonic() < end:
            try:
                if value := self.evaluate(condition):
                    return value
            except RuntimeError as error:  # between two documents there is nothing to ask
                fault = str(error)
            time.sleep(0.05)
        raise TimeoutError(f"{condition} stays false; {fault}; errors: {self.errors}")

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the mouse's left button, move, let go."""
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self._point("mouseMoved", start, 0)
        self._point("mousePressed", start, 1)
        for place in (middle, end):
            self._point("mouseMoved", place, 1)
        self._point("mouseReleased", end, 0)

    def _point(self, kind: str, place: tuple[float, float], buttons: int) -> None:
        button = "none" if kind == "mouseMoved" and not buttons else "left"
        self.ask(
            "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button=button,
            buttons=buttons, clickCount=int(kind != "mouseMoved"),
        )  # fmt: skip

    def press(self, key: str) -> None:
        """Press a key, as JavaScript names it, on the page's body."""
        self.evaluate(
            f"document.body.dispatchEvent(new KeyboardEvent('keydown', {{key: {json.dumps(key)}, "
            "bubbles: true})), 1"
        ) if len(key) > 1 else self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)

    def shoot(self, path: Path) -> None:
        """Save what is to be seen, PNG."""
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot")["data"]))

    def _ask(self, method: str, session: str | None = None, **params: Any) -> Any:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Runtime.exceptionThrown":
            details = event["params"]["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
            self.errors.append(event["params"]["entry"]["text"])

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], PATIENCE_S)[0]:
                raise TimeoutError("Chromium does not answer")
            part = os.read(self._read, 1 << 20)
            if not part:
                raise RuntimeError("Chromium has ended")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))


@contextmanager
def open_page(chromium: str, profile: Path) -> Iterator[Page]:
    """Start a browser with an empty profile; it ends with the block."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    low = [theirs_in, theirs_out]
    high = [fcntl.fcntl(number, fcntl.F_DUPFD, 10) for number in low]
    for number in low:
        os.close(number)
    command = [
        chromium, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
        "--no-first-run", "--disable-extensions", "--disable-background-networking",
        "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb",
        f"--user-data-dir={profile}",
    ]  # fmt: skip
    script = f'exec "$@" 3<&{high[0]} 4>&{high[1]}'  # the browser wants these numbers
    process = subprocess.Popen(
        ["bash", "-c", script, "bash", *command], pass_fds=high,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for number in high:
        os.close(number)
    try:
        yield Page(ours_in, ours_out)
    finally:
        os.close(ours_out)  # the end of the pipe tells the browser to end
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(ours_in)


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Serve an app at a free port; yield its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    server.should_exit = True
    thread.join(60)
