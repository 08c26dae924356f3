"""Futures of options that fail or slip: odds met, luck that no choice changes, and what stands on the last day."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import PlanError, UsageError
from freehold.plan.futures import MOST_FUTURES, draw_futures, outcomes_of, ready_days, standing
from freehold.plan.option_values import Option, Slip
from freehold.plan.search_values import Committed, Future


def option(
    id_: str, success: float = 1.0, *slips: tuple[float, float], lead: float = 10.0, requires: tuple[str, ...] = ()
) -> Option:
    return Option(
        id_,
        (),
        cost_once=1.0,
        cost_year=0.0,
        lead=lead,
        success=success,
        slip=tuple(Slip(*one) for one in slips),
        requires=requires,
    )


def test_what_may_become_of_an_option_is_told_with_its_probabilities() -> None:
    assert outcomes_of(option("sure")) == ((0.0, 1.0),)
    shaky = outcomes_of(option("shaky", 0.8, (30, 0.25), (60, 0.25)))
    assert [days for days, _ in shaky] == [0.0, 30, 60, None]
    assert [odds for _, odds in shaky] == pytest.approx([0.4, 0.2, 0.2, 0.2])
    assert outcomes_of(option("hopeless", 0.0)) == ((None, 1.0),)


def test_options_fail_and_slip_as_often_as_they_say() -> None:
    drawn = draw_futures([option("a", 0.7, (30, 0.5)), option("b", 0.9)], 20_000, 1)
    failed = sum(0 in one.failed for one in drawn) / len(drawn)
    late = sum(one.late.get(0) == 30 for one in drawn) / len(drawn)
    both = sum({0, 1} <= one.failed for one in drawn) / len(drawn)
    # four standard errors of a share of 20,000 draws
    assert failed == pytest.approx(0.3, abs=4 * math.sqrt(0.3 * 0.7 / 20_000))
    assert late == pytest.approx(0.35, abs=4 * math.sqrt(0.35 * 0.65 / 20_000))
    assert both == pytest.approx(0.03, abs=4 * math.sqrt(0.03 * 0.97 / 20_000))


def test_what_is_sure_never_fails_and_what_is_hopeless_always_does() -> None:
    drawn = draw_futures([option("sure"), option("hopeless", 0.0), option("late", 1.0, (5, 1.0))], 500, 3)
    assert all(one.failed == {1} and one.late == {2: 5} for one in drawn)


@given(st.integers(0, 2**64 - 1), st.integers(1, 40), st.permutations(["a", "b", "c", "d"]))
def test_an_option_meets_the_same_luck_whatever_other_options_there_are(seed: int, count: int, order: list[str]) -> None:
    alone = draw_futures([option("a", 0.5, (9, 0.5))], count, seed)
    among = draw_futures([option(id_, 0.5, (9, 0.5)) for id_ in order], count + 7, seed)
    place = order.index("a")
    assert [0 in one.failed for one in alone] == [place in one.failed for one in among[:count]]
    assert [one.late.get(0) for one in alone] == [one.late.get(place) for one in among[:count]]


def test_the_same_seed_gives_the_same_futures_and_another_gives_others() -> None:
    options = [option(f"o{number}", 0.5) for number in range(8)]
    assert draw_futures(options, 50, 4) == draw_futures(options, 50, 4)
    assert draw_futures(options, 50, 4) != draw_futures(options, 50, 5)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (option("x", 1.5), "Option 'x': success 1.5 is no probability"),
        (option("x", math.nan), "no probability"),
        (option("x", 1.0, (-3, 0.5)), "a slip of -3 days with odds 0.5 cannot be drawn"),
        (option("x", 1.0, (3, math.nan)), "cannot be drawn"),
        (option("x", 1.0, (math.nan, 0.5)), "cannot be drawn"),
        (option("x", 1.0, (3, 0.6), (9, 0.6)), "the odds of its slips add up to 1.2"),
    ],
)
def test_odds_that_are_none_are_refused(wrong: Option, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        draw_futures([wrong], 10, 0)


@pytest.mark.parametrize(("count", "seed"), [(0, 0), (-1, 0), (MOST_FUTURES + 1, 0), (1, -1), (1, 2**64)])
def test_counts_and_seeds_out_of_range_are_refused(count: int, seed: int) -> None:
    with pytest.raises(UsageError):
        draw_futures([option("a", 0.5)], count, seed)


CHAIN = [option("road"), option("mine", requires=("road",)), option("works", requires=("mine",)), option("apart")]
STARTS = {0: 0.0, 1: 10.0, 2: 40.0, 3: 0.0}


def test_what_waits_for_something_late_is_late_by_what_its_slack_does_not_take_up() -> None:
    assert ready_days(CHAIN, STARTS) == {0: 10, 1: 20, 2: 50, 3: 10}
    assert ready_days(CHAIN, STARTS, Future(late={0: 15.0})) == {0: 25, 1: 35, 2: 50, 3: 10}
    assert ready_days(CHAIN, STARTS, Future(late={0: 15.0, 1: 20.0})) == {0: 25, 1: 55, 2: 65, 3: 10}


def test_what_waits_for_something_that_failed_is_never_ready() -> None:
    assert ready_days(CHAIN, STARTS, Future(frozenset({0}))) == {3: 10}
    assert ready_days(CHAIN, STARTS, Future(frozenset({1}), {0: 90.0})) == {0: 100, 3: 10}


def test_only_what_is_ready_by_the_last_day_stands() -> None:
    assert standing(CHAIN, STARTS, Future(), 50.0) == {0, 1, 2, 3}
    assert standing(CHAIN, STARTS, Future(), 49.9) == {0, 1, 3}
    assert standing(CHAIN, STARTS, Future(late={3: 100.0}), 50.0) == {0, 1, 2}


def test_committed_steps_keep_their_days_and_what_is_done_neither_fails_nor_slips() -> None:
    committed = (Committed(0, -30.0, 0.0, 0.0), Committed(3, -5.0, 20.0, 0.0))
    all_lost = Future(frozenset({0, 3}))
    assert ready_days(CHAIN, {1: 0.0}, all_lost, committed) == {0: 0, 1: 10}
    assert ready_days(CHAIN, {1: 0.0}, Future(late={0: 9.0, 3: 9.0}), committed) == {0: 0, 1: 10, 3: 29}


def test_steps_that_wait_for_each_other_or_for_what_is_not_built_never_stand() -> None:
    circle = [option("a", requires=("b",)), option("b", requires=("a",)), option("c", requires=("z",))]
    assert ready_days(circle, {0: 0.0, 1: 0.0, 2: 0.0}) == {}
