"""The fault trial: two processes on one ledger, killed again and again, at a faulty service."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from mousegpt.pipeline.ledger import open_ledger
from mousegpt.pipeline.ledger.jobs import list_jobs, verify_ledger

from .server import write_answer

DOUBLES = Path(__file__).parents[1]


def run_trial(folder, n_tasks, n_kills, *, share=0.2, concurrency=16, seed=0, limit_s=3600.0):
    """Return counts: lost, duplicated, corrupted, billed and what the ledger thinks of it."""
    path, start = Path(folder) / "ledger.sqlite", time.monotonic()
    fill_ledger(path, n_tasks)
    server = start_python("scripted.server", str(share), stdout=subprocess.PIPE)
    url = server.stdout.readline().strip()
    draw = random.Random(seed)
    workers, kills = [], 0
    try:
        workers = [start_worker(path, url, concurrency) for _ in range(2)]
        while any(worker.poll() is None for worker in workers):
            assert time.monotonic() - start < limit_s, "the trial does not end"
            # so that all kills fall into the work: the next when its share of the tasks is done
            due = n_tasks * 0.95 * (kills + draw.random()) / max(n_kills, 1)
            if kills < n_kills and wait_for_done(path, due, workers):
                victim = draw.randrange(2)
                time.sleep(draw.random() * 0.05)
                if workers[victim].poll() is None:
                    os.kill(workers[victim].pid, signal.SIGKILL)
                    workers[victim].wait()
                    kills += 1
                    workers[victim] = start_worker(path, url, concurrency)
            else:
                time.sleep(0.05)
        codes = [worker.returncode for worker in workers]
        with urllib.request.urlopen(url.replace("/v1", "/stats"), timeout=30) as answer:
            stats = json.load(answer)
    finally:
        for process in [*workers, server]:
            process.kill()
            process.wait()
        server.stdout.close()
    seconds = time.monotonic() - start
    found = compare_with_truth(path, n_tasks)
    ledger = open_ledger(path)
    (row,), problems = list_jobs(ledger), verify_ledger(ledger)
    ledger.close()
    good = sum(stats["good"].values())
    return found | {
        "n": n_tasks,
        "kills": kills,
        "exit_codes": codes,
        "seconds": seconds,
        "calls": row["calls"],
        "unknown_calls": row["unknown"],
        "dead": row["dead"],
        "billed": stats["billed"],
        "billed_unusable": stats["billed"] - good,
        "billed_twice": good - len(stats["good"]),
        "billed_twice_at_most": row["unknown"],  # paid twice only where the first was never read
        "problems": problems,
    }


def fill_ledger(path, n_tasks):
    ledger = open_ledger(path)
    job = ledger.open_job("trial", "scripted")
    ledger.add_tasks(job, ((make_key(i), make_question(i)) for i in range(n_tasks)))
    ledger.close()


def make_question(i):
    return f"What does frame {i} show?"


def make_key(i):
    return hashlib.sha256(make_question(i).encode()).digest()


def compare_with_truth(path, n_tasks):
    """Lost: not answered. Duplicated: accepted twice. Corrupted: another text than was said."""
    ledger = open_ledger(path)
    keys = [make_key(i) for i in range(n_tasks)]
    answers = ledger.read_answers(keys)
    done = [i for i, key in enumerate(keys) if answers[key].state == "done"]
    twice = ledger.connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM call WHERE outcome = 'ok' GROUP BY task "
        "HAVING count(*) > 1)"
    ).fetchone()[0]
    wrong = sum(answers[keys[i]].reply.text != write_answer(make_question(i)) for i in done)
    n_dead = sum(answer.state == "dead" for answer in answers.values())
    ledger.close()
    return {"lost": n_tasks - len(done) - n_dead, "duplicated": twice, "corrupted": wrong}


def wait_for_done(path, n, workers):
    """Wait until so many tasks are done; False when the workers end before."""
    ledger = open_ledger(path)
    try:
        while any(worker.poll() is None for worker in workers):
            query = "SELECT count(*) FROM task WHERE job = 1 AND state = 3"
            if ledger.connection.execute(query).fetchone()[0] >= n:
                return True
            time.sleep(0.02)
        return False
    finally:
        ledger.close()


def start_worker(path, url, concurrency, **options):
    return start_python("scripted.worker", str(path), url, str(concurrency), **options)


def start_python(module, *arguments, **options):
    paths = [str(DOUBLES), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, env=environment, text=True, **options)
