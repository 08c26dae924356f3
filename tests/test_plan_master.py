"""The model that proposes plans: openings, whole money, what counts in a future, and bounds that hold."""

from __future__ import annotations

import random
import signal
import threading
import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.plan.conflicts import Conflict, Conflicts, changed_while
from freehold.plan.counting import countings
from freehold.plan.goal_values import Limits
from freehold.plan.master import Master
from freehold.plan.openings import Openings, openings
from freehold.plan.option_values import Option
from freehold.plan.search_values import Committed, Future, Terms
from freehold.plan.verdicts import Demand
from freehold.plan.whole_money import unit_for
from synthetic_judge import counted

START = "2026-01-01"


def option(id_: str, cost: float = 1.0, lead: float = 0.0, **others: object) -> Option:
    return Option(id_, (), cost_once=cost, cost_year=others.pop("cost_year", 0.0), lead=lead, **others)  # type: ignore[arg-type]


def master(open_: Openings, terms: Terms | None = None) -> Master:
    return Master(open_, terms or Terms(), countings(open_, ()), 1)


# Openings


def test_an_option_opens_when_all_before_it_can_be_ready() -> None:
    options = [
        option("a", lead=10.5, earliest="2026-01-11"),
        option("b", lead=5.0, requires=("a",)),
        option("c", requires=("b",)),
    ]
    found = openings(options, Limits(START))
    assert found.earliest == {0: 10, 1: 21, 2: 26}
    assert found.latest == {0: 354, 1: 360, 2: 365}


@pytest.mark.parametrize(
    ("options", "limits", "why"),
    [
        ([option("a", lead=366.0)], Limits(START), "time"),
        ([option("a", lead=200.0), option("b", lead=200.0, requires=("a",))], Limits(START), "time"),
        ([option("a", lead=50.0)], Limits(START, lead=49.0), "lead"),
        ([option("a", lead=5.0, people=3.0)], Limits(START, people=2.0), "people"),
        ([option("a", requires=("nobody",))], Limits(START), "conditions"),
        ([option("a", excludes=("a",))], Limits(START), "conditions"),
        ([option("b", excludes=("a",)), option("a", requires=("b",))], Limits(START), "conditions"),
        ([Option("a", (), cost_once=1.0, cost_year=0.0)], Limits(START), "facts"),
    ],
)
def test_an_option_that_no_plan_can_have_is_closed_and_why(options: list[Option], limits: Limits, why: str) -> None:
    assert openings(options, limits).closed[len(options) - 1] == why


def test_what_is_committed_opens_what_waits_for_it_and_closes_what_it_excludes() -> None:
    options = [option("begun", lead=9.0), option("after", requires=("begun",)), option("against", excludes=("begun",))]
    found = openings(options, Limits(START), [Committed(0, -3.0, 6.5, 2.0)])
    assert found.earliest == {1: 7}
    assert found.closed == {2: "conditions"}
    assert found.standing == {0}


# Money


@given(st.lists(st.one_of(st.floats(0, 1e15), st.floats(0, 1e-6), st.decimals(0, 10**7, places=2).map(float)), max_size=12))
def test_sums_in_units_are_never_over_the_true_ones_and_close_to_them(amounts: list[float]) -> None:
    unit = unit_for(amounts, len(amounts))
    true = sum((Fraction(amount) for amount in amounts), Fraction(0))
    units = sum(unit.down(amount) for amount in amounts)
    size = Fraction(10) ** -unit.places
    assert units * size <= true * (1 + Fraction(1, 10**9)) + len(amounts) * size / 10**6
    assert abs(units) < 2**53
    if unit.exact:
        assert float(units * size) == pytest.approx(float(true), rel=1e-12)
    elif true:
        assert units * size >= true - len(amounts) * size


def test_cents_are_whole_and_so_are_euros() -> None:
    assert unit_for([1.0, 20.0], 2).places == 0
    assert unit_for([0.1, 0.25], 2).places == 2
    assert unit_for([0.1, 0.25], 2).down(0.3) == 30
    assert unit_for([], 0).down(0.0) == 0


# Futures


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6))
def test_what_counts_in_a_future_is_what_is_ready_when_followed_step_by_step(seed: int) -> None:
    rng = random.Random(seed)
    count = rng.randint(1, 5)
    options = [
        option(
            f"o{one}",
            lead=float(rng.choice((0, 1, 2.5))),
            people=1.0,
            requires=tuple({f"o{rng.randrange(one)}"} if one else ()),
        )
        for one in range(count)
    ]
    limits = Limits(START, by="2026-01-11", people=1.0)
    open_ = openings(options, limits)
    late = {one: rng.choice((0.5, 3.0)) for one in range(count) if rng.random() < 0.5}
    future = Future(frozenset(one for one in range(count) if rng.random() < 0.2), late)
    starts: dict[int, float] = {}
    for one in range(count):
        before = [int(id_[1:]) for id_ in options[one].requires]
        soonest = max([0, *(starts[other] + open_.whole_lead(other) for other in before if other in starts)])
        if all(other in starts for other in before) and soonest <= open_.latest.get(one, -1) and rng.random() < 0.9:
            # where nothing depends on the days, each step starts as early as it can
            starts[one] = float(rng.randint(int(soonest), open_.latest[one]) if open_.timed else open_.earliest[one])
    assert countings(open_, [future])[0].of(starts) == counted(options, starts, future, open_.last)


def test_futures_that_are_alike_are_taken_together() -> None:
    open_ = openings([option("a"), option("b")], Limits(START))
    found = countings(open_, [Future(), Future(frozenset({0})), Future(late={1: 3.0}), Future(frozenset({0}))])
    assert sorted(one.weight for one in found) == [2, 2]


# Proposals


def test_each_proposal_is_the_cheapest_that_no_conflict_forbids() -> None:
    one = master(openings([option("a", 3.0), option("b", 4.0), option("c", 5.0)], Limits(START)))
    assert one.propose(5.0).starts == {}
    one.add(Conflict(0, None, frozenset({0, 1}), frozenset()))
    assert one.propose(5.0).starts == {0: 0}
    one.add(Conflict(0, None, frozenset({1, 2}), frozenset()))
    found = one.propose(5.0)
    assert (found.starts, found.value, found.bound) == ({1: 0}, 4, 4)
    one.add(Conflict(0, None, frozenset(), frozenset({1})))
    assert one.propose(5.0).starts == {0: 0, 2: 0}
    one.add(Conflict(0, None, frozenset(), frozenset()))
    assert one.propose(5.0).status == "impossible"


def test_a_conflict_about_self_reliance_binds_only_who_asks_for_more() -> None:
    known = Conflicts()
    known.add(Conflict(None, 0.5, frozenset({1}), frozenset()))
    assert list(known.binding([Demand(None, 0.5, graded=True)])) == []
    assert len(list(known.binding([Demand(None, 0.6, graded=True)]))) == 1
    assert not known.add(Conflict(None, 0.5, frozenset({1}), frozenset()))


@given(st.lists(st.booleans(), max_size=30))
def test_a_set_is_changed_by_all_that_can_be_and_by_nothing_else(can: list[bool]) -> None:
    bad = {number for number, fine in enumerate(can) if not fine}
    found = changed_while(frozenset(), range(len(can)), lambda some: not bad & some, frozenset.union)
    assert found == frozenset(range(len(can))) - bad


def hard() -> Master:
    rng = random.Random(1)
    one = master(openings([option(f"o{number}", float(rng.randint(90, 110))) for number in range(300)], Limits(START)))
    for _ in range(1_500):
        one.add(Conflict(0, None, frozenset(rng.sample(range(300), 6)), frozenset()))
    return one


@pytest.mark.slow
def test_a_proposal_ends_soon_after_it_is_told_to() -> None:
    begun = time.monotonic()
    found = hard().propose(60.0, lambda: time.monotonic() - begun > 1.0)
    assert found.status in ("feasible", "unknown")
    assert found.bound <= found.value or found.status == "unknown"


@pytest.mark.slow
def test_an_interrupt_from_the_keyboard_ends_a_proposal() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(1.0, signal.raise_signal, [signal.SIGINT])
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            hard().propose(60.0)
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
