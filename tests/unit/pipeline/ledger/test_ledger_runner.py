"""A job ends with every task answered or given up for a reason, whatever the service does."""

import signal
import threading
import time

import pytest
from scripted.jobs import echo, fill, run

from mousegpt.core.chat import CallError, Reply
from mousegpt.core.errors import BackendError, ProjectError
from mousegpt.pipeline.ledger import Price, open_ledger
from mousegpt.pipeline.ledger.jobs import (
    find_jobs,
    list_faults,
    list_jobs,
    pause_job,
    resume_job,
    retry_dead_tasks,
    set_aside_tasks,
    verify_ledger,
)


def states(ledger, n=20):
    answers = ledger.read_answers([b"%05d" % i for i in range(n)])
    return [answer.state for answer in answers.values()]


def test_every_task_gets_its_own_answer(ledger):
    progress = run(ledger, fill(ledger))
    assert progress.n_done == progress.n_usable == 20
    answers = ledger.read_answers([b"00007", b"no such key"])
    assert answers[b"00007"].reply.text == "task 7"
    assert list(answers) == [b"00007"]
    assert verify_ledger(ledger) == []


def test_nothing_is_asked_twice(ledger):
    run(ledger, fill(ledger))
    job = fill(ledger, 30)
    asked = []
    run(ledger, job, lambda tasks: [asked.append(t.payload) for t in tasks] and echo(tasks))
    assert sorted(asked) == sorted(f"task {i}" for i in range(20, 30))


def test_an_unanswered_task_moves_to_the_job_that_wants_it(ledger):
    fill(ledger, name="first")
    assert run(ledger, fill(ledger, name="second")).n_done == 20


def test_tasks_that_nobody_wants_any_more_wait_until_somebody_does(ledger):
    job = fill(ledger)
    run(ledger, job, limit=5)
    wanted = [b"%05d" % i for i in range(8)]
    assert set_aside_tasks(ledger, job, wanted) == 12
    assert run(ledger, job).n_done == 3
    assert states(ledger) == ["done"] * 8 + ["todo"] * 12
    assert [(row["job"], row["left"]) for row in list_jobs(ledger)] == [
        ("job", 0),
        ("set aside", 12),
    ]
    assert run(ledger, fill(ledger)).n_done == 12
    assert set_aside_tasks(ledger, job, []) == 0  # what is answered stays
    assert verify_ledger(ledger) == []


def test_what_a_dead_process_had_under_way_can_be_set_aside(ledger):
    job = fill(ledger, 3)
    with ledger.transaction():
        ledger.claim_tasks(job, "0" * 16, 2, lambda attempt: 1)
    assert set_aside_tasks(ledger, job, []) == 3


def test_a_task_that_is_added_again_is_asked_as_it_is_then(ledger):
    job = fill(ledger, 1)
    ledger.add_tasks(job, [(b"00000", "moved")])
    run(ledger, job)
    assert ledger.read_answers([b"00000"])[b"00000"].reply.text == "moved"


def test_unusable_answers_are_asked_again_and_then_given_up_with_the_reason(ledger):
    job = fill(ledger, 2)
    attempts = []

    def call(tasks):
        attempts.extend((task.payload, task.n_unusable) for task in tasks)
        return echo(tasks)

    run(ledger, job, call, lambda reply: "truncated" if reply.text == "task 1" else "")
    assert [n for payload, n in attempts if payload == "task 1"] == [0, 1, 2]
    found = ledger.read_answers([b"00000", b"00001"])
    assert found[b"00001"].state == "dead"
    assert found[b"00001"].reason == "truncated"
    assert found[b"00001"].reply.text == "task 1"  # kept, to be read again by a better parser
    assert list_faults(ledger) == [{"job": "job", "reason": "truncated", "tasks": 1}]
    assert retry_dead_tasks(ledger, job) == 1
    assert run(ledger, job).n_done == 1
    assert verify_ledger(ledger) == []


def test_failures_pass(ledger):
    guard, turns = threading.Lock(), {}

    def call(tasks):
        with guard:
            turn = turns[tasks[0].seq] = turns.get(tasks[0].seq, 0) + 1
        if turn <= tasks[0].seq % 4:
            raise CallError("oops", ("transient", "busy")[turn % 2], retry_after_s=0.001)
        return echo(tasks)

    assert run(ledger, fill(ledger), call).n_done == 20


def test_what_can_never_work_is_given_up_at_once(ledger):
    def call(tasks):
        if tasks[0].payload == "task 3":
            raise CallError("context length exceeded", "impossible")
        return echo(tasks)

    progress = run(ledger, fill(ledger), call)
    assert (progress.n_done, progress.n_dead, progress.n_calls) == (19, 1, 20)
    assert ledger.read_answers([b"00003"])[b"00003"].reason.startswith("failed: context length")


def test_a_wrong_key_stops_the_run_and_kills_no_task(ledger):
    def call(tasks):
        raise CallError("HTTP 401: bad key", "fatal")

    job = fill(ledger)
    with pytest.raises(CallError, match="bad key"):
        run(ledger, job, call)
    assert states(ledger) == ["todo"] * 20
    assert run(ledger, job).n_done == 20


def test_a_fault_of_ours_stops_the_run_and_kills_no_task(ledger):
    def call(tasks):
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        run(ledger, fill(ledger), call)
    assert set(states(ledger)) == {"todo"}


@pytest.mark.parametrize("fault", ["unreachable", "transient"])
def test_a_dead_service_pauses_the_job(ledger, fault):
    def call(tasks):
        raise CallError("nobody there", fault)

    job, told = fill(ledger, 200), []
    with pytest.raises(BackendError, match="paused"):
        run(ledger, job, call, listen=lambda progress: told.append(progress.news))
    assert [news for news in told if news] == ["nobody there (next try in 0.02 s)"] * 3
    assert "dead" not in states(ledger, 200)
    with pytest.raises(ProjectError, match="job resume"):
        run(ledger, job)
    resume_job(ledger, job)
    assert run(ledger, job).n_done == 200


def test_a_service_that_comes_back_is_told(ledger):
    left, told = iter(range(21)), []

    def call(tasks):
        if next(left, None) is not None:
            raise CallError("Nobody is there.", "unreachable")
        return echo(tasks)

    run(ledger, fill(ledger, 50), call, listen=lambda progress: told.append(progress.news))
    said = [news for news in told if news]
    assert said[0] == "Nobody is there. (next try in 0.02 s)"
    assert said[-1] == "the service answers again"


def test_a_pause_lets_calls_under_way_end(ledger, tmp_path):
    job = fill(ledger, 500)
    other = open_ledger(tmp_path / "ledger.sqlite")
    with pytest.raises(ProjectError, match="by hand"):
        run(ledger, job, listen=lambda p: p.n_done > 40 and pause_job(other, job))
    other.close()
    found = set(states(ledger, 500))
    assert found == {"done", "todo"}
    resume_job(ledger, job)
    run(ledger, job)
    assert set(states(ledger, 500)) == {"done"}


def test_one_interrupt_lets_calls_end(ledger):
    job, heard = fill(ledger, 200), []

    def listen(progress):
        if progress.n_done > 20 and not heard:
            heard.append(1)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(ledger, job, lambda tasks: [time.sleep(0.01)] and echo(tasks), listen=listen)
    assert set(states(ledger, 200)) == {"done", "todo"}
    assert verify_ledger(ledger) == []


def test_caps_hold_with_calls_under_way(ledger):
    price = Price(10.0, 100.0, max_reply_tokens=10, max_usd=0.05)

    def call(tasks):
        time.sleep(0.002)
        return [Reply("x", "stop", "m", 100, 10) for _ in tasks]

    job = fill(ledger, 200)
    with pytest.raises(ProjectError, match=r"cap of 0\.05 USD"):
        run(ledger, job, call, price=price, concurrency=16)
    (row,) = list_jobs(ledger)
    assert 0.04 < row["usd"] <= 0.05
    with pytest.raises(ProjectError, match="cap of 30 calls"):
        run(ledger, job, call, price=Price(max_calls=30))
    assert list_jobs(ledger)[0]["calls"] == 30


def test_an_unknown_outcome_costs_its_estimate(ledger):
    price = Price(10.0, 100.0, max_reply_tokens=10)
    turns = []

    def call(tasks):
        turns.append(1)
        if len(turns) == 1:
            raise CallError("timed out", "transient", may_be_billed=True)
        return echo(tasks)

    run(ledger, fill(ledger, 1), call, price=price)
    (row,) = list_jobs(ledger)
    assert row["unknown"] == 1
    assert row["usd"] == pytest.approx((10 * 4000 + 1000 + 10 * 100 + 1000) / 1e6)


def test_a_pilot_is_a_small_part_of_the_job(ledger):
    job = fill(ledger, 100)
    assert run(ledger, job, limit=20).n_done == 20
    assert run(ledger, job).n_done == 80


def test_batches_are_of_one_kind_and_not_too_large(ledger):
    sizes = []

    def call(tasks):
        sizes.append(len(tasks))
        assert len({task.n_unusable for task in tasks}) == 1
        return echo(tasks)

    run(ledger, fill(ledger, 50), call, concurrency=1, batch_size=8)
    assert max(sizes) == 8
    assert sum(sizes) == 50


def test_what_can_never_work_takes_no_other_of_its_batch_with_it(ledger):
    def call(tasks):
        if any(task.payload == "task 5" for task in tasks):
            raise CallError("Too long.", "impossible")
        return echo(tasks)

    progress = run(ledger, fill(ledger), call, concurrency=2, batch_size=8)
    assert (progress.n_done, progress.n_dead) == (19, 1)
    assert [n for n, state in enumerate(states(ledger)) if state == "dead"] == [5]


def test_calls_of_the_dead_are_unknown_and_their_tasks_asked_again(ledger):
    job = fill(ledger, 5)
    with ledger.transaction():
        late = ledger.claim_tasks(job, "0123456789abcdef", 3, lambda n: 7)
    assert run(ledger, job).n_done == 5
    (row,) = list_jobs(ledger)
    assert (row["unknown"], row["calls"]) == (3, 8)
    with ledger.transaction():  # an answer of the dead that comes late changes nothing
        assert not ledger.settle_call(late[0], "ok", 7)
    assert verify_ledger(ledger) == []


def test_jobs_are_found_by_name(ledger):
    job = fill(ledger)
    assert find_jobs(ledger, None) == find_jobs(ledger, "job") == [job]
    with pytest.raises(Exception, match="there are: job"):
        find_jobs(ledger, "other")
