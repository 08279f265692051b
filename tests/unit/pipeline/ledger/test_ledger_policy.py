"""How many calls run at once, and when a service is left alone; time is made up."""

import pytest

from mousegpt.core.chat import CallError, Reply
from mousegpt.pipeline.ledger.accounts import FIRST_GUESS_TOKENS, Price
from mousegpt.pipeline.ledger.policy import Gate, Policy

BUSY = CallError("wait", "busy", retry_after_s=5.0)
BROKEN = CallError("oops", "transient")
DOWN = CallError("nobody there", "unreachable")


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def make_gate(clock, most=32, **policy):
    return Gate(most, Policy(**policy), clock)


def test_concurrency_grows_by_one_for_each_full_round(clock):
    gate = make_gate(clock)
    first = gate.limit
    for _ in range(100):
        gate.note_success()
    assert first < gate.limit < 32
    for _ in range(1000):
        gate.note_success()
    assert gate.limit == 32


def test_a_service_that_asks_for_patience_gets_it_and_half_the_load(clock):
    gate = make_gate(clock)
    for _ in range(1000):
        gate.note_success()
    for _ in range(32):  # all that were under way come back with 429: one warning, not 32
        assert gate.note_error(BUSY) is False
    assert gate.limit == 0
    clock.now += 4.9
    assert gate.limit == 0
    clock.now += 0.2
    assert gate.limit == 16


def test_a_busy_service_is_asked_once_a_second_at_most(clock):
    gate, asked = make_gate(clock), 0
    end = clock.now + 60
    while clock.now < end:
        for _ in range(gate.limit):
            asked += 1
            gate.note_error(CallError("wait", "busy"))
        clock.now += 0.05
    assert asked <= 65


def test_the_breaker_opens_and_lets_one_try(clock):
    gate = make_gate(clock, stop_after=20, rest_s=30.0)
    blamed = [gate.note_error(BROKEN) for _ in range(20)]
    assert all(blamed)
    assert gate.limit == 0
    clock.now += 30.1
    assert gate.limit == 1
    assert gate.note_error(BROKEN) is False  # the one that tries is not to blame
    assert gate.limit == 0
    clock.now += 30.1
    gate.note_success()
    assert gate.limit > 1


def test_half_of_the_last_hundred_open_it_too(clock):
    gate = make_gate(clock, stop_after=20, window=100)
    for i in range(120):
        if i % 5 < 2:
            gate.note_success()
        else:
            gate.note_error(BROKEN)
    assert gate.limit == 0


def test_a_service_that_never_comes_back_is_given_up(clock):
    gate = make_gate(clock, max_rests=3)
    while not gate.is_exhausted:
        clock.now += 31
        assert gate.note_error(DOWN) is False  # no task is to blame for that
    assert gate.n_rests == 3


def test_waits_are_drawn_between_nothing_and_a_growing_limit():
    policy = Policy(first_delay_s=1.0, longest_delay_s=60.0)
    waits = [[policy.draw_delay(n, bytes([i])) for i in range(200)] for n in range(10)]
    assert all(0 <= wait <= min(2.0**n, 60.0) for n, row in enumerate(waits) for wait in row)
    assert max(waits[9]) > 40 > 20 > min(waits[9])
    assert policy.draw_delay(3, b"k") == policy.draw_delay(3, b"k")


def test_money_is_reserved_at_the_worst_and_settled_at_what_was_counted():
    price = Price(2.0, 10.0, max_reply_tokens=100)
    assert price.estimate(0) == 2 * FIRST_GUESS_TOKENS + 1000
    assert price.estimate(500, attempt=2) == 1000 + 4000
    assert price.settle(Reply("x", n_prompt_tokens=500, n_reply_tokens=50), 9999) == 1500
    assert price.settle(Reply("x"), 9999) == 9999  # not counted is not free


def test_caps_of_calls_and_of_money():
    price = Price(2.0, 10.0, max_usd=0.01, max_calls=7)
    assert price.count_affordable(n_calls=5, committed=0, estimate=1000) == 2
    assert price.count_affordable(n_calls=0, committed=7500, estimate=1000) == 2
    assert price.count_affordable(n_calls=9, committed=0, estimate=1000) == 0
    assert Price().count_affordable(10**6, 10**9, 0) > 10**6
