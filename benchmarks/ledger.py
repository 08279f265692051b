"""Model calls through a faulty service, killed again and again; against asyncio and JSONL."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from mousegpt.pipeline.ledger import open_ledger
from mousegpt.pipeline.ledger.jobs import list_jobs

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests/doubles"))

from scripted.server import write_answer  # noqa: E402
from scripted.trial import make_question, run_trial, start_python  # noqa: E402

NAME = "ledger"
PAPER_TASKS = 892_131  # described frames of the paper
_CLAIM = 32
_CONCURRENCY = 16


def measure(quick: bool) -> dict[str, object]:
    """Run the trial, the peer under the same faults and kills, and a ledger of the paper's size."""
    n_calls, n_kills = (300, 5) if quick else (20_000, 100)
    n_peer, n_peer_kills = (300, 5) if quick else (4_000, 20)
    with tempfile.TemporaryDirectory() as folder:
        ours = run_trial(folder, n_calls, n_kills, concurrency=_CONCURRENCY, limit_s=7200.0)
    with tempfile.TemporaryDirectory() as folder:
        peer = run_peer(Path(folder), n_peer, n_peer_kills)
    with tempfile.TemporaryDirectory() as folder:
        large = measure_large(Path(folder), 50_000 if quick else PAPER_TASKS)
    scaled = float(str(peer["seconds"])) * n_calls / n_peer
    return {
        "name": NAME,
        "n": n_calls,
        "ours_s": ours["seconds"],
        "peer": f"asyncio, {n_peer:,} calls, {n_peer_kills} kills, appended JSONL",
        "peer_s": scaled,
        "ratio": scaled / float(str(ours["seconds"])),
        "ours": ours,
        "peer_found": peer,
        "large": large,
    }


def run_peer(folder: Path, n: int, n_kills: int) -> dict[str, object]:
    """Run two processes of the peer under the same faults, killed as often per call."""
    path, draw, start = folder / "answers.jsonl", random.Random(0), time.monotonic()
    server = start_python("scripted.server", "0.2", stdout=subprocess.PIPE)
    url = server.stdout.readline().strip()
    workers, kills = [], 0
    try:
        workers = [start_peer(path, url, n) for _ in range(2)]
        while any(worker.poll() is None for worker in workers):
            lines = path.read_bytes().count(b"\n") if path.exists() else 0
            if kills < n_kills and lines >= n * 0.95 * (kills + draw.random()) / n_kills:
                victim = draw.randrange(2)
                if workers[victim].poll() is None:
                    os.kill(workers[victim].pid, signal.SIGKILL)
                    workers[victim].wait()
                    workers[victim] = start_peer(path, url, n)
                kills += 1
            time.sleep(0.05)
        with urllib.request.urlopen(url.replace("/v1", "/stats"), timeout=30) as answer:
            stats = json.load(answer)
    finally:
        for process in [*workers, server]:
            process.kill()
            process.wait()
        server.stdout.close()
    seconds = time.monotonic() - start
    return judge_lines(path, n) | {
        "kills": kills,
        "billed": stats["billed"],
        "billed_twice": sum(stats["good"].values()) - len(stats["good"]),
        "seconds": seconds,
    }


def start_peer(path: Path, url: str, n: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "benchmarks/_ledger_peer.py"), str(path), url, str(n)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests/doubles")}
    return subprocess.Popen([*command, str(_CONCURRENCY)], env=environment, text=True)


def judge_lines(path: Path, n: int) -> dict[str, int]:
    """Count as our trial does: frames without an answer, with two, and with a wrong one."""
    texts: dict[int, list[str]] = {}
    broken = 0
    for line in path.read_text(errors="replace").splitlines():
        try:
            row = json.loads(line)
            texts.setdefault(row["id"], []).append(row["text"])
        except (ValueError, KeyError):
            broken += 1
    wrong = sum(write_answer(make_question(i)) not in found for i, found in texts.items())
    return {
        "lost": n - len(texts),
        "duplicated": sum(len(found) > 1 for found in texts.values()),
        "corrupted": wrong,
        "broken_lines": broken,
    }


def measure_large(folder: Path, n: int) -> dict[str, object]:
    """Time what a run does at every round, and what a person asks, on a ledger of this size."""
    path = folder / "ledger.sqlite"
    ledger = open_ledger(path)
    job = ledger.open_job("large", "large")
    payload = json.dumps({"picture": "frames/recording-01/000012.jpg", "question": "q" * 60})
    start = time.perf_counter()
    ledger.add_tasks(job, ((hashlib.sha256(b"%d" % i).digest(), payload) for i in range(n)))
    added_s = time.perf_counter() - start
    claims = []
    for _ in range(100):
        start = time.perf_counter()
        with ledger.transaction():
            ledger.wake_tasks(job, time.monotonic())
            ledger.claim_tasks(job, "0" * 16, _CLAIM, lambda attempt: 1)
        claims.append(time.perf_counter() - start)
    # half of the answers are there
    with ledger.transaction():
        ledger.connection.execute(
            "INSERT INTO call (task, owner, sent_at, settled_at, outcome, micro_usd) "
            "SELECT seq, '0', 0, 0, 'ok', 1 FROM task WHERE state = 0 AND seq % 2",
        )
        ledger.connection.execute(
            "INSERT INTO answer SELECT call.id, zeroblob(900), '', 'stop', 'm', '' FROM call "
            "WHERE outcome = 'ok'"
        )
        ledger.connection.execute(
            "UPDATE task SET state = 3, answer = (SELECT id FROM call WHERE call.task = task.seq) "
            "WHERE state = 0 AND seq % 2"
        )
    asked = []
    for _ in range(5):
        start = time.perf_counter()
        list_jobs(ledger)
        asked.append(time.perf_counter() - start)
    start = time.perf_counter()
    for _ in range(20):
        ledger.has_open_tasks(job)
    open_s = (time.perf_counter() - start) / 20
    ledger.close()
    return {
        "tasks": n,
        "added_s": added_s,
        "claim_p50_ms": statistics.median(claims) * 1e3,
        "claim_p99_ms": sorted(claims)[-1] * 1e3,
        "status_s": statistics.median(asked),
        "look_for_open_ms": open_s * 1e3,
        "mb": sum(part.stat().st_size for part in folder.iterdir() if part.is_file()) / 1e6,
    }
