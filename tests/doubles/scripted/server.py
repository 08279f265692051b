"""A scripted OpenAI-compatible server; ``python -m scripted.server SHARE`` serves at random faults.

Each answer names the question, so that a test can tell whose answer it got. The server counts what
a real one would bill: every chat that it answered with a completion, read or not.
"""

import hashlib
import json
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Faults of a whole service, and of single answers.
FAULTS = (
    "429", "500", "503", "hang", "cut", "truncated", "prose", "empty", "html", "reset",
)  # fmt: skip
UNUSABLE = ("truncated", "prose", "empty")
ELEMENTS = ("overall", "head", "limb", "torso", "others", "keywords")


def write_answer(question):
    """The right answer to a question: what a test expects to find in the ledger."""
    said = hashlib.sha256(question.encode()).hexdigest()[:16]
    return json.dumps({name: f"The {name} of {said} is seen." for name in ELEMENTS})


def read_question(body):
    """The text of the last message."""
    content = body["messages"][-1]["content"]
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")


def draw_faults(share, hang_s):
    """A script that draws a fault for this share of the calls, by question and turn."""

    def script(body, turn):
        digest = hashlib.sha256(f"{read_question(body)} {turn}".encode()).digest()
        if int.from_bytes(digest[:4]) >= share * 2**32:
            return "ok"
        fault = FAULTS[digest[4] % len(FAULTS)]
        return f"hang {hang_s}" if fault == "hang" else fault

    return script


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        if self.path.endswith("/stats"):
            with self.server.guard:
                stats = {
                    "billed": sum(self.server.billed.values()),
                    "questions": len(self.server.billed),
                    "good": dict(self.server.good),
                }
            self.send_json(200, stats)
        else:
            self.send_json(200, {"object": "list", "data": [{"id": "scripted"}]})

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.loads(data)
        question = read_question(body)
        with self.server.guard:
            turn = self.server.asked[question]
            self.server.asked[question] += 1
            self.server.requests.append((dict(self.headers), body))
            del self.server.requests[:-1000]
        behavior = self.server.script(body, turn)
        try:
            self.answer(behavior, body, question)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def answer(self, behavior, body, question):
        """``behavior`` is a word of FAULTS, "ok", "hang SECONDS", "slow SECONDS" or a function."""
        if callable(behavior):
            self.send_json(*behavior(body))
            return
        name, _, seconds = behavior.partition(" ")
        if name.isdigit():
            said = {"error": {"message": f"scripted {name}"}}
            self.send_json(int(name), said, {"Retry-After": seconds or "0"})
            return
        if name == "reset":
            self.close_connection = True
            return
        with self.server.guard:
            self.server.billed[question] += 1
            self.server.good[question] += name in ("ok", "slow")
        if name == "hang":
            time.sleep(float(seconds))
            self.close_connection = True
            return
        text = write_answer(question)
        texts = {"truncated": text[:60], "prose": "What a nice mouse!", "empty": ""}
        reply = complete(texts.get(name, text), "length" if name == "truncated" else "stop")
        encoded = json.dumps(reply).encode()
        if name == "html":
            self.send_bytes(200, b"<html>502 Bad Gateway</html>", {"Content-Type": "text/html"})
        elif name == "cut":
            self.send_bytes(200, encoded[: len(encoded) // 2], length=len(encoded))
            self.close_connection = True
        elif name == "slow":
            self.send_bytes(200, b"", length=len(encoded))
            for byte in encoded:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(float(seconds) / len(encoded))
        else:
            self.send_bytes(200, encoded)

    def send_json(self, status, content, headers=None):
        self.send_bytes(status, json.dumps(content).encode(), headers)

    def send_bytes(self, status, data, headers=None, length=None):
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        self.wfile.write(data)


def complete(text, finish_reason="stop", **more):
    """A chat completion with this text."""
    message = {"role": "assistant", "content": text}
    return {
        "id": "scripted-1",
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100},
    } | more


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, script, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.script = script
        self.guard = threading.Lock()
        self.asked, self.billed, self.good = Counter(), Counter(), Counter()
        self.requests = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request, client_address):
        """Clients that were killed are no news."""


@contextmanager
def serving(script=lambda body, turn: "ok"):
    """Serve in a thread while the block runs; ``script(body, turn)`` gives the behaviour."""
    server = Server(script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    served = Server(draw_faults(float(sys.argv[1]), hang_s=1.0))
    print(served.url, flush=True)
    served.serve_forever()
