"""The file keeps what it is given, refuses nonsense, and says in a sentence what is wrong."""

import sqlite3

import pytest
from scripted.jobs import fill, run

from mousegpt.core.chat import Reply
from mousegpt.core.errors import ProjectError
from mousegpt.pipeline.ledger import open_ledger, opening_ledger
from mousegpt.pipeline.ledger.jobs import verify_ledger


def test_anything_may_be_said(ledger):
    texts = ["\x00\x00", "\ud800 lone", "🐁" * 1000, "", "x" * 1_000_000]

    def call(tasks):
        return [Reply(texts[task.seq - 1], "\ud800", "\x00") for task in tasks]

    run(ledger, fill(ledger, 5), call)
    found = ledger.read_answers([b"%05d" % i for i in range(5)])
    assert [answer.reply.text for answer in found.values()] == texts
    assert verify_ledger(ledger) == []


def test_verify_sees_a_changed_reply_and_a_damaged_page(ledger, tmp_path):
    run(ledger, fill(ledger, 300))
    ledger.connection.execute("UPDATE answer SET text = X'00' WHERE call = 1")
    assert verify_ledger(ledger) == ["1 replies differ from their checksum."]
    ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.close()
    path = tmp_path / "ledger.sqlite"
    data = bytearray(path.read_bytes())
    for place in range(4096 * 4, len(data), 4096):
        data[place : place + 64] = b"\xff" * 64
    path.write_bytes(data)
    broken = open_ledger(path)
    assert any("damaged" in problem for problem in verify_ledger(broken))
    broken.close()


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(ProjectError, match="Cannot use the ledger"):
        open_ledger(path)


def test_a_ledger_that_breaks_in_use_is_told_in_a_sentence(ledger, tmp_path):
    run(ledger, fill(ledger, 300))
    ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = tmp_path / "ledger.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[: 4096 * 4] + b"\xff" * (len(data) - 4096 * 4))
    with pytest.raises(ProjectError, match="It is damaged"), opening_ledger(path) as broken:
        broken.read_answers([b"%05d" % i for i in range(300)])


def test_a_ledger_that_another_program_holds_is_told_so(ledger, tmp_path):
    holder = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    ledger.connection.execute("PRAGMA busy_timeout = 1")
    with pytest.raises(ProjectError, match="Another program holds it"):
        fill(ledger)
    holder.close()


def test_a_ledger_of_another_version_is_left_alone(ledger, tmp_path):
    ledger.connection.execute("UPDATE meta SET value = '99'")
    with pytest.raises(ProjectError, match="version 99"):
        open_ledger(tmp_path / "ledger.sqlite")


def test_the_file_itself_refuses_nonsense(ledger):
    fill(ledger, 1)
    for change in ("state = 3", "state = 1", "state = 9", "answer = 5"):
        with pytest.raises(sqlite3.IntegrityError):
            ledger.connection.execute(f"UPDATE task SET {change}")


def test_commits_reach_the_disk(ledger):
    assert ledger.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert ledger.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
