"""Budgets: limits by the minute, the day and the month, by hand and against a reference that keeps every request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.gateway.budgets import Budget, BudgetTable, Over, Price, Reservation, reserve_all

WALL = datetime(2026, 3, 30, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0


def taken(found: Reservation | Over) -> Reservation:
    assert isinstance(found, Reservation)
    return found


def over(found: Reservation | Over) -> Over:
    assert isinstance(found, Over)
    return found


# ---------------------------------------------------------------- by hand


def test_a_price_is_by_the_million_tokens_and_by_the_request() -> None:
    price = Price(input=2.5, output=10, request=0.01)
    assert price.cost(1_000_000, 100_000) == pytest.approx(2.5 + 1 + 0.01)


def test_the_request_over_the_limit_is_told_when_to_come_again() -> None:
    budget = Budget(BudgetTable(requests_per_minute=2), "ward")
    for now in (0.0, 10.0):
        budget.settle(taken(budget.reserve(now, WALL, 0, 0)), now, WALL, 0, 0)
    refused = over(budget.reserve(20.0, WALL, 0, 0))
    assert (refused.limit, refused.most, refused.because) == (
        "requests_per_minute",
        2,
        "ward has used its 2 requests a minute",
    )
    assert refused.retry_after == 41
    assert over(budget.reserve(20.0 + 40.9, WALL, 0, 0))
    assert taken(budget.reserve(20.0 + 41, WALL, 0, 0))


def test_a_limit_of_none_at_all_refuses_for_good() -> None:
    for table in (BudgetTable(requests_per_minute=0), BudgetTable(at_once=0), BudgetTable(spend_per_day=0)):
        assert over(Budget(table).reserve(0, WALL, 1, 0.1)).retry_after is None


def test_what_is_under_way_counts_and_what_was_reserved_too_much_is_given_back() -> None:
    budget = Budget(BudgetTable(tokens_per_minute=1000, spend_per_day=1.0))
    first = taken(budget.reserve(0, WALL, 800, 0.8))
    assert over(budget.reserve(0, WALL, 300, 0.1)).limit == "tokens_per_minute"
    assert over(budget.reserve(0, WALL, 100, 0.3)).limit == "spend_per_day"
    budget.settle(first, 1, WALL, 100, 0.1)
    budget.settle(first, 1, WALL, 100, 0.1)
    assert budget.used(1, WALL) == {"tokens_per_minute": (100, 1000), "spend_per_day": (pytest.approx(0.1), 1)}
    assert taken(budget.reserve(1, WALL, 900, 0.9))


def test_what_took_more_than_was_reserved_counts_in_full() -> None:
    budget = Budget(BudgetTable(tokens_per_minute=1000, spend_per_minute=1.0))
    budget.settle(taken(budget.reserve(0, WALL, 10, 0.01)), 5, WALL, 5000, 5.0)
    refused = over(budget.reserve(30, WALL, 1, 0))
    assert refused.limit == "tokens_per_minute"
    assert refused.retry_after == 36
    assert over(Budget(BudgetTable(tokens_per_minute=10)).reserve(0, WALL, 11, 0)).retry_after is None


def test_requests_at_once_are_counted_until_they_are_settled() -> None:
    budget = Budget(BudgetTable(at_once=1))
    one = taken(budget.reserve(0, WALL, 0, 0))
    assert over(budget.reserve(0, WALL, 0, 0)).retry_after == 1
    budget.settle(one, 0, WALL, 0, 0)
    assert taken(budget.reserve(0, WALL, 0, 0))


def test_a_day_begins_anew_at_midnight_and_a_month_on_its_first_day() -> None:
    budget = Budget(BudgetTable(spend_per_day=1, spend_per_month=1.5))
    budget.settle(taken(budget.reserve(0, WALL, 0, 1)), 0, WALL, 0, 1)
    refused = over(budget.reserve(0, WALL, 0, 0.4))
    assert (refused.limit, refused.retry_after) == ("spend_per_day", 12 * 3600)
    budget.settle(taken(budget.reserve(1, WALL + DAY, 0, 0.4)), 1, WALL + DAY, 0, 0.4)
    refused = over(budget.reserve(2, WALL + DAY, 0, 0.2))
    assert (refused.limit, refused.retry_after) == ("spend_per_month", 12 * 3600)
    assert taken(budget.reserve(3, WALL + 2 * DAY, 0, 1))


def test_a_wall_clock_that_jumps_and_comes_back_forgives_nothing() -> None:
    budget = Budget(BudgetTable(spend_per_day=1, spend_per_month=2))
    budget.settle(taken(budget.reserve(0, WALL, 0, 1)), 0, WALL, 0, 1)
    for wall in (WALL + 40 * DAY, WALL - 40 * DAY, 0.0, -5.0, 1e18):
        taken(budget.reserve(0, wall, 0, 0))
    assert over(budget.reserve(0, WALL, 0, 0.1)).limit == "spend_per_day"


def test_the_soft_limit_is_said_once_each_time_that_it_is_passed() -> None:
    budget = Budget(BudgetTable(requests_per_minute=10, soft=0.5))
    said = [taken(budget.reserve(0, WALL, 0, 0)).near for _ in range(8)]
    assert said == [()] * 4 + [("requests_per_minute",)] + [()] * 3
    assert taken(budget.reserve(100, WALL, 0, 0)).near == ()
    assert [taken(budget.reserve(100, WALL, 0, 0)).near for _ in range(4)] == [()] * 3 + [("requests_per_minute",)]


def test_what_was_spent_survives_a_restart_and_so_does_what_was_under_way() -> None:
    budget = Budget(BudgetTable(spend_per_day=1))
    budget.settle(taken(budget.reserve(0, WALL, 0, 0.3)), 0, WALL, 0, 0.3)
    taken(budget.reserve(0, WALL, 0, 0.5))
    after = Budget(BudgetTable(spend_per_day=1))
    after.restore(budget.state(WALL))
    assert after.state(WALL) == budget.state(WALL) == {"days": {"2026-03-30": 0.8}, "months": {"2026-03": 0.8}}
    assert over(after.reserve(0, WALL, 0, 0.3)).limit == "spend_per_day"


@pytest.mark.parametrize(
    "state",
    [{}, {"days": None}, {"days": [1]}, {"days": {"2026-03-30": "much"}}, {"days": {"x": 1, "2026-03-30": float("nan")}},
     {"days": {"2026-03-30": -1}, "months": {"2026-03": True}}],
)  # fmt: skip
def test_a_damaged_state_stops_nobody(state: dict[str, Any]) -> None:
    budget = Budget(BudgetTable(spend_per_day=1))
    budget.restore(state)
    assert taken(budget.reserve(0, WALL, 0, 1))


def test_several_budgets_take_a_request_or_none_of_them_does() -> None:
    wide, narrow = Budget(BudgetTable(requests_per_minute=10), "all"), Budget(BudgetTable(requests_per_minute=1), "ward")
    assert len(reserve_all([wide, narrow], 0, WALL, 0, 0)) == 2
    refused = reserve_all([wide, narrow], 0, WALL, 0, 0)
    assert refused[0] is narrow
    assert wide.used(0, WALL) == {"requests_per_minute": (1, 10)}


def test_a_change_of_limits_keeps_what_was_used() -> None:
    budget = Budget(BudgetTable(requests_per_minute=10))
    for _ in range(3):
        taken(budget.reserve(0, WALL, 0, 0))
    budget.change(BudgetTable(requests_per_minute=3))
    assert over(budget.reserve(1, WALL, 0, 0)).limit == "requests_per_minute"


# ---------------------------------------------------------------- laws

STEPS = st.lists(
    st.tuples(st.floats(0, 25), st.integers(0, 60), st.floats(0, 2), st.booleans(), st.floats(0, 1.5)), max_size=80
)


@given(STEPS)
@settings(max_examples=150)
def test_no_minute_has_more_than_its_limits_and_no_request_is_refused_without_need(
    steps: list[tuple[float, int, float, bool, float]],
) -> None:
    table = BudgetTable(requests_per_minute=5, tokens_per_minute=100, at_once=3, spend_per_day=10)
    budget, now, wall = Budget(table), 0.0, WALL
    taken_at: list[tuple[float, int]] = []
    open_: list[tuple[Reservation, float, int]] = []
    spent = 0.0
    for pause, tokens, cost, settles, part in steps:
        now, wall = now + pause, wall + pause
        if settles and open_:
            reservation, begun, reserved = open_.pop(0)
            real = min(part, 1.0)
            budget.settle(reservation, now, wall, int(reserved * real), reservation.cost * real)
            spent += reservation.cost * real
            taken_at[taken_at.index((begun, reserved))] = (begun, int(reserved * real))
        found = budget.reserve(now, wall, tokens, cost)
        within = [(at, size) for at, size in taken_at if now - at <= 60]
        around = [(at, size) for at, size in taken_at if now - at <= 61 + 1e-9]
        held = sum(one.cost for one, _, _ in open_)
        if isinstance(found, Over):
            assert (
                len(around) + 1 > 5
                or len(open_) + 1 > 3
                or sum(size for _, size in around) + tokens > 100
                or spent + held + cost > 10 - 1e-6
            )
            assert found.retry_after is None or found.retry_after >= 1
            continue
        assert len(within) + 1 <= 5
        assert sum(size for _, size in within) + tokens <= 100
        assert len(open_) + 1 <= 3
        assert spent + held + cost <= 10 + 1e-6
        taken_at.append((now, tokens))
        open_.append((found, now, tokens))


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1000)), max_size=60))
def test_what_is_spent_is_the_sum_of_what_was_settled(costs: list[tuple[float, float]]) -> None:
    budget = Budget(BudgetTable(spend_per_day=1e12))
    for reserved, real in costs:
        budget.settle(taken(budget.reserve(0, WALL, 0, reserved)), 0, WALL, 0, real)
    used = budget.used(0, WALL)["spend_per_day"][0]
    assert used == pytest.approx(sum(real for _, real in costs))


@given(st.integers(1, 20), st.lists(st.floats(0, 20), min_size=1, max_size=40))
def test_whoever_waits_as_long_as_was_said_is_let_in(limit: int, pauses: list[float]) -> None:
    budget, now = Budget(BudgetTable(requests_per_minute=limit)), 0.0
    for pause in pauses:
        now += pause
        found = budget.reserve(now, WALL, 0, 0)
        if isinstance(found, Over):
            assert found.retry_after is not None
            now += found.retry_after
            assert taken(budget.reserve(now, WALL, 0, 0))
