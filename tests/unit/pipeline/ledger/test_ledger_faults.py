"""Killed at random, two at once, at a faulty service, on a full disk: nothing is lost."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from functools import partial

import pytest
from scripted.server import serving, write_answer
from scripted.trial import (
    compare_with_truth,
    fill_ledger,
    run_trial,
    start_worker,
    wait_for_done,
)

from mousegpt.core.chat import Reply
from mousegpt.pipeline.ledger import open_ledger, run_job
from mousegpt.pipeline.ledger.jobs import verify_ledger

INTACT = {"lost": 0, "duplicated": 0, "corrupted": 0}


def check_trial(found, n, kills):
    assert {name: found[name] for name in INTACT} == INTACT
    assert found["problems"] == []
    assert found["kills"] == kills
    assert found["exit_codes"] == [0, 0]
    assert found["dead"] <= max(1, n // 1000)
    assert found["billed"] > n * 0.99
    assert found["billed_twice"] <= found["billed_twice_at_most"]


def test_killed_five_times_in_300_calls(tmp_path):
    check_trial(run_trial(tmp_path, 300, 5, concurrency=8), 300, 5)


@pytest.mark.slow
def test_killed_25_times_in_5000_calls(tmp_path):
    check_trial(run_trial(tmp_path, 5000, 25), 5000, 25)


def limit_files(size):
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a failing write, and no signal
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def run_until_full(path, url, n, prepare=None):
    """Run a worker that meets the end of its disk; return what it says."""
    worker = start_worker(path, url, 8, stderr=subprocess.PIPE, preexec_fn=prepare)
    said = worker.communicate(timeout=300)[1]
    assert worker.returncode == 1
    assert "Check that the disk is not full" in said, said
    kept = compare_with_truth(path, n)
    assert (kept["duplicated"], kept["corrupted"]) == (0, 0)
    assert 0 < kept["lost"] < n  # some were answered before, and those are kept
    return n - kept["lost"]


@pytest.mark.skipif(os.name != "posix", reason="needs limits on the size of files")
def test_a_full_disk_stops_the_run_and_loses_nothing(tmp_path):
    path, n = tmp_path / "ledger.sqlite", 600
    fill_ledger(path, n)
    with serving() as server:
        limit = path.stat().st_size + 1_000_000
        n_kept = run_until_full(path, server.url, n, partial(limit_files, limit))
        worker = start_worker(path, server.url, 8)
        assert worker.wait(timeout=300) == 0
        n_paid = sum(server.billed.values())
    assert compare_with_truth(path, n) == INTACT
    assert n_paid <= n + 16  # only what was under way is asked twice
    assert n_kept > 20
    ledger = open_ledger(path)
    assert verify_ledger(ledger) == []
    ledger.close()


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_small_disk_fills_up_and_is_made_larger(small_disk):
    path, n = small_disk / "ledger.sqlite", 1500
    fill_ledger(path, n)
    with serving() as server:
        run_until_full(path, server.url, n)
        larger = ["mount", "-o", "remount,size=64m", str(small_disk)]
        subprocess.run(larger, check=True)
        assert start_worker(path, server.url, 8).wait(timeout=300) == 0
    assert compare_with_truth(path, n) == INTACT


def stop_between_commits(worker, path):
    """Stop a process that does not hold the file at this moment: others would wait for it."""
    for _ in range(200):
        worker.send_signal(signal.SIGSTOP)
        with closing(sqlite3.connect(path, timeout=0.2, isolation_level=None)) as probe:
            try:
                probe.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError:
                worker.send_signal(signal.SIGCONT)
                time.sleep(0.01)
    raise AssertionError("the process always holds the file")


def test_a_stopped_process_keeps_its_tasks(tmp_path):
    path, n = tmp_path / "ledger.sqlite", 150
    fill_ledger(path, n)
    with serving(lambda body, turn: time.sleep(0.02) or "ok") as server:
        first = start_worker(path, server.url, 4)
        assert wait_for_done(path, 10, [first])
        stop_between_commits(first, path)
        second = start_worker(path, server.url, 4)
        assert wait_for_done(path, n - 4, [second])  # all but what the stopped one holds
        first.send_signal(signal.SIGCONT)
        assert [first.wait(timeout=120), second.wait(timeout=120)] == [0, 0]
    assert compare_with_truth(path, n) == INTACT


def test_the_power_may_fail_at_any_moment(tmp_path):
    """Whatever was answered is on the disk by then: copies of the files hold it."""
    path, n, copies = tmp_path / "ledger.sqlite", 200, []
    fill_ledger(path, n)

    def copy(progress):
        folder = tmp_path / f"copy-{len(copies)}"
        folder.mkdir()
        for part in tmp_path.glob("ledger.sqlite*"):
            if part.is_file() and not part.name.endswith("-shm"):  # memory does not survive
                shutil.copy(part, folder)
        copies.append((folder, progress.n_done))

    ledger = open_ledger(path)
    job = ledger.open_job("trial", "scripted")
    call = partial(map, lambda task: Reply(write_answer(task.payload)))
    run_job(ledger, job, lambda tasks: list(call(tasks)), lambda reply: "", listen=copy)
    ledger.close()
    assert len(copies) > 5
    for folder, n_done in copies:
        kept = compare_with_truth(folder / path.name, n)
        assert (kept["duplicated"], kept["corrupted"]) == (0, 0)
        assert n - kept["lost"] == n_done
        found = open_ledger(folder / path.name)
        assert verify_ledger(found) == []
        found.close()
