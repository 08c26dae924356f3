"""The circuit breaker and the retry budget: by hand, and against references that keep everything."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.gateway.breaker import FAILURES, Breaker, BreakerTable, Permit
from freehold.gateway.retry_budget import RetryBudget, RetryBudgetTable
from freehold.gateway.sliding_window import SlidingWindow

EASY = BreakerTable(failures=3, open_seconds=10, growth=2, longest_seconds=35, window_seconds=60)


def goes(breaker: Breaker, now: float) -> Permit:
    permit, _ = breaker.ask(now)
    assert permit.goes
    return permit


def opened(at: float = 0.0, table: BreakerTable = EASY) -> Breaker:
    breaker = Breaker(table)
    changes = [breaker.failed(at, goes(breaker, at), "connect") for _ in range(table.failures)]
    assert changes == [None] * (table.failures - 1) + ["opened"]
    return breaker


# ---------------------------------------------------------------- by hand


def test_failures_in_a_row_open_it_and_a_success_between_them_does_not_count_on() -> None:
    breaker = Breaker(EASY)
    for _ in range(5):
        assert breaker.failed(0, goes(breaker, 0), "timeout") is None
        assert breaker.failed(0, goes(breaker, 0), "timeout") is None
        assert breaker.succeeded(0, goes(breaker, 0)) is None
    assert breaker.state == "closed"


def test_an_open_breaker_lets_nothing_through_until_its_time_is_over() -> None:
    breaker = opened()
    for now in (0, 5, 9.999):
        permit, change = breaker.ask(now)
        assert (permit.goes, permit.until, permit.because, change) == (False, 10, "open", None)
        assert breaker.is_open(now)
    permit, change = breaker.ask(10)
    assert (permit.goes, permit.probe, change) == (True, True, "half_open")


def test_where_others_can_answer_no_request_goes_before_a_look_found_it_alive() -> None:
    breaker = opened()
    assert not breaker.wants_look(9.999)
    assert breaker.wants_look(10)
    assert breaker.ask(10, others=True)[0].because == "unseen"
    look, change = breaker.look(10)
    assert change == "half_open"
    assert not breaker.wants_look(11)
    assert breaker.ask(11, others=True)[0].because == "unseen"
    assert breaker.is_open(11)
    assert breaker.looked(11, look, alive=True) is None
    assert not breaker.is_open(11)
    assert not breaker.wants_look(11)
    permit, change = breaker.ask(12, others=True)
    assert (permit.goes, permit.probe, change) == (True, True, "half_open")
    assert breaker.ask(12, others=True)[0].because == "probing"
    assert breaker.succeeded(13, permit) == "closed"


def test_a_look_that_finds_nobody_opens_it_for_longer_as_does_a_request_after_a_good_look() -> None:
    breaker = opened()
    look, _ = breaker.look(10)
    assert breaker.looked(12, look, alive=False) == "opened"
    assert breaker.open_until == 12 + 20
    look, change = breaker.look(32)
    assert change == "half_open"
    breaker.looked(32, look, alive=True)
    permit, _ = breaker.ask(33, others=True)
    assert breaker.failed(33, permit, "timeout") == "opened"
    assert breaker.open_until == 33 + 35
    assert breaker.ask(68, others=True)[0].because == "unseen"


def test_a_good_look_holds_for_half_a_minute_and_the_next_one_is_no_news() -> None:
    breaker = opened()
    breaker.looked(10, breaker.look(10)[0], alive=True)
    assert breaker.ask(40, others=True)[0].because == "unseen"
    assert breaker.wants_look(40)
    look, change = breaker.look(40)
    assert change is None
    breaker.looked(41, look, alive=True)
    assert breaker.ask(41, others=True)[0].goes


def test_where_nobody_else_can_answer_a_request_is_the_probe_and_the_look_counts_no_more() -> None:
    breaker = opened()
    look, _ = breaker.look(10)
    permit, change = breaker.ask(11)
    assert (permit.probe, change) == (True, "half_open")
    assert breaker.looked(12, look, alive=False) is None
    assert breaker.succeeded(13, permit) == "closed"


def test_a_look_that_was_broken_off_makes_room_for_another() -> None:
    breaker = opened()
    look, _ = breaker.look(10)
    breaker.unlooked(look)
    assert breaker.wants_look(10)


def test_half_open_lets_one_probe_through_at_a_time() -> None:
    breaker = opened()
    probe = goes(breaker, 10)
    assert breaker.ask(11)[0].because == "probing"
    breaker.abandoned(11, probe)
    second = goes(breaker, 11)
    assert second.probe
    assert breaker.succeeded(12, second) == "closed"
    assert goes(breaker, 12).probe is False


def test_a_probe_of_which_nothing_is_heard_makes_room_for_another() -> None:
    breaker = opened()
    lost = goes(breaker, 10)
    assert not breaker.ask(69)[0].goes
    another = goes(breaker, 70)
    assert breaker.succeeded(71, lost) is None
    assert breaker.state == "half_open"
    assert breaker.succeeded(71, another) == "closed"


def test_a_bad_probe_opens_it_for_longer_up_to_the_longest_time() -> None:
    breaker, now, times = opened(), 0.0, []
    for _ in range(4):
        times.append(breaker.open_until - now)
        now = breaker.open_until
        assert breaker.failed(now, goes(breaker, now), "connect") == "opened"
    assert times == [10, 20, 35, 35]


def test_the_time_falls_back_only_after_it_was_closed_for_a_window() -> None:
    for pause, expected in ((59, 20), (60, 10)):
        breaker = opened()
        assert breaker.succeeded(10, goes(breaker, 10)) == "closed"
        now = 10 + pause
        for _ in range(3):
            breaker.failed(now, goes(breaker, now), "connect")
        assert breaker.state == "open"
        assert breaker.open_until - now == expected


def test_several_good_probes_close_it_where_several_are_asked_for() -> None:
    breaker = opened(table=msgspec.structs.replace(EASY, successes=2))
    assert breaker.succeeded(10, goes(breaker, 10)) is None
    assert breaker.succeeded(10, goes(breaker, 10)) == "closed"


def test_a_share_of_failures_opens_it_once_there_are_enough_requests() -> None:
    breaker = Breaker(BreakerTable(failures=1000, share=0.5, least=10, window_seconds=10))
    for number in range(9):
        permit = goes(breaker, number / 10)
        assert (breaker.failed(1, permit, "server_error") if number % 2 else breaker.succeeded(1, permit)) is None
    assert breaker.failed(1, goes(breaker, 1), "server_error") == "opened"


def test_what_was_under_way_when_it_opened_neither_closes_nor_opens_it() -> None:
    breaker = Breaker(EASY)
    early = [goes(breaker, 0) for _ in range(10)]
    assert [breaker.failed(0, permit, "connect") for permit in early[:3]][-1] == "opened"
    assert [breaker.succeeded(1, permit) for permit in early[3:6]] == [None] * 3
    probe = goes(breaker, 10)
    assert [breaker.failed(10, permit, "connect") for permit in early[6:]] == [None] * 4
    assert breaker.state == "half_open"
    assert breaker.succeeded(10, probe) == "closed"


def test_a_429_is_no_failure_and_rests_for_as_long_as_it_says() -> None:
    breaker = Breaker(EASY)
    for _ in range(100):
        breaker.rate_limited(0, Permit(goes=True), 7)
    assert breaker.state == "closed"
    assert (breaker.ask(6)[0].because, breaker.ask(6)[0].until) == ("rate_limited", 7)
    assert goes(breaker, 7)
    breaker.rate_limited(7, goes(breaker, 7), 1e9)
    assert breaker.ask(7)[0].until == 7 + 35
    other = Breaker(EASY)
    for said in (None, float("nan"), -5.0):
        other.rate_limited(0, goes(other, 0), said)
        assert other.ask(0)[0].until == 1
        other = Breaker(EASY)


def test_what_does_not_count_as_a_failure_does_not_open_it() -> None:
    breaker = Breaker(msgspec.structs.replace(EASY, counts=("connect",)))
    assert [breaker.failed(0, goes(breaker, 0), kind) for kind in FAILURES if kind != "connect"] == [None] * (len(FAILURES) - 1)
    assert breaker.state == "closed"


def test_a_clock_that_goes_back_stands_still() -> None:
    breaker = opened(at=1_000)
    assert breaker.ask(0)[0].until == 1_010
    assert goes(breaker, 1_010).probe
    assert not breaker.ask(-5)[0].goes


@pytest.mark.parametrize(
    "table",
    [
        {"failures": 0},
        {"share": 0},
        {"share": 1.1},
        {"open_seconds": -1},
        {"growth": 0.5},
        {"counts": ["bad luck"]},
        {"failure": 1},
        {"window_seconds": 1e30},
    ],
)
def test_a_table_that_makes_no_sense_is_refused_with_its_place(table: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError, match=next(iter(table)) + r"|\$"):
        msgspec.convert(table, BreakerTable)


# ---------------------------------------------------------------- laws

STEPS = st.lists(
    st.tuples(st.floats(0, 4), st.sampled_from(["good", "bad", "left", "limited"]), st.integers(0, 3)), max_size=150
)


@given(STEPS)
@settings(max_examples=200)
def test_it_never_lets_a_request_through_while_open_nor_two_probes_at_once(steps: list[tuple[float, str, int]]) -> None:
    table = BreakerTable(failures=3, share=0.5, least=4, window_seconds=5, open_seconds=2, longest_seconds=8, probe_seconds=6)
    breaker, now, out = Breaker(table), 0.0, []
    row = 0
    for pause, what, _ in steps:
        now += pause
        state, until = breaker.state, breaker.open_until
        permit, change = breaker.ask(now)
        if state == "open" and now < until:
            assert not permit.goes
        if change is not None:
            assert (change, state, breaker.state) == ("half_open", "open", "half_open")
        if not permit.goes:
            assert permit.until > now
            continue
        if permit.probe:
            live = [
                begun for begun, one in out if one.probe and one.epoch == permit.epoch and now < begun + table.probe_seconds
            ]
            assert not live
        assert permit.probe is (breaker.state == "half_open")
        before = breaker.state
        if what == "good":
            changed = breaker.succeeded(now, permit)
            assert changed == ("closed" if before == "half_open" else None)
            row = 0
        elif what == "bad":
            changed = breaker.failed(now, permit, "connect")
            if before == "half_open":
                assert changed == "opened"
            row = 0 if changed == "opened" else row + 1
            assert row < table.failures
        elif what == "limited":
            breaker.rate_limited(now, permit, 1.5)
            row = 0 if before == "half_open" else row
        else:
            out.append((now, permit))
        if breaker.state == "open":
            assert now < breaker.open_until <= now + table.longest_seconds


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 10)), max_size=80), st.integers(1, 12))
def test_a_window_counts_all_of_its_seconds_and_little_more(steps: list[tuple[float, float]], slots: int) -> None:
    window, now, kept = SlidingWindow(6, slots), 0.0, []
    for pause, amount in steps:
        now += pause
        window.add(now, amount)
        kept.append((now, amount))
        total = window.advance(now)
        least = sum(one for at, one in kept if now - at <= 6)
        most = sum(one for at, one in kept if now - at < 6 + 6 / slots + 1e-9)
        assert least - 1e-6 <= total <= most + 1e-6
        wait = window.wait(now, 5)
        if total > 5:
            assert 0 < wait <= 6 + 6 / slots + 1e-9
            assert SlidingWindow.advance(window, now + wait + 1e-6) <= 5 + 1e-6
            return


@given(st.lists(st.tuples(st.floats(0, 2), st.booleans()), max_size=200), st.floats(0, 0.5), st.integers(0, 5))
def test_retries_of_any_window_are_its_least_and_its_share_at_most(
    steps: list[tuple[float, bool]], share: float, least: int
) -> None:
    budget = RetryBudget(RetryBudgetTable(share=share, least=least, window_seconds=10))
    now, requests, retries = 0.0, [], []
    for pause, retry in steps:
        now += pause
        if not retry:
            budget.request(now)
            requests.append(now)
            continue
        left = budget.left(now)
        granted = budget.ask(now)
        assert granted is (left > 0)
        if granted:
            retries.append(now)
            recent = sum(now - at <= 10 for at in retries)
            assert recent <= least + share * sum(now - at <= 11 + 1e-9 for at in requests) + 1e-6
        else:
            assert (
                sum(now - at <= 11 + 1e-9 for at in retries) + 1 > least + share * sum(now - at <= 10 for at in requests) - 1e-6
            )


def test_a_quiet_gateway_can_retry_three_times_and_a_busy_one_a_tenth() -> None:
    budget = RetryBudget()
    assert [budget.ask(0) for _ in range(5)] == [True, True, True, False, False]
    for _ in range(100):
        budget.request(1)
    assert [budget.ask(1) for _ in range(12)] == [True] * 10 + [False] * 2
    assert budget.ask(12)
