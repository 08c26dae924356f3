"""Losses that must be survived: answers worked by hand, and every loss tried."""

from __future__ import annotations

from collections.abc import Collection
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.measure.chokepoint_values import Member
from freehold.plan.attack import Memory, find_loss
from freehold.plan.confirming import confirm
from freehold.plan.goal_values import Goal, Limits, LossAim
from freehold.plan.judging import StackJudge
from freehold.plan.option_values import Activate, Option
from freehold.stack.values import Item, Need, Provider, Source, Stack
from strategies import repeatable


def market() -> tuple[Stack, tuple[Option, ...]]:
    """One item from one provider; a second and a third can be had, the third of them hosted by the first."""
    providers = tuple(Provider(id_, country=country) for id_, country in (("a", "US"), ("b", "FR"), ("c", "JP")))
    stack = Stack(
        "market", "DE", items=(Item("service", mission=1.0), Item("host")), providers=providers,
        sources=(
            Source("from-a", "service", "a"), Source("from-b", "service", "b", status="candidate"),
            Source("from-c", "service", "c", status="candidate"), Source("host-a", "host", "a"),
        ),
        needs=(Need("from-c", "host"),),
    )  # fmt: skip
    options = tuple(Option(id_, (Activate(id_),), cost_once=1.0, cost_year=0.0, lead=0.0) for id_ in ("from-b", "from-c"))
    return stack, options


def asked(order: int, of: str = "provider") -> Goal:
    return Goal((LossAim(of, order, 1.0, (0.0, 365.0)),), Limits("2026-01-01"))  # type: ignore[arg-type]


def test_a_second_source_survives_one_loss_and_not_two() -> None:
    stack, options = market()
    one, two = StackJudge(stack, asked(1), options), StackJudge(stack, asked(2), options)
    assert [one.judge(frozenset(built)).done for built in ((), {0}, {1}, {0, 1})] == [False, True, False, True]
    assert [two.judge(frozenset(built)).done for built in ((), {0}, {0, 1})] == [False, False, False]


def test_a_third_source_that_rests_on_nothing_lost_survives_two() -> None:
    stack, options = market()
    stack = Stack("m", "DE", items=stack.items, providers=stack.providers, sources=stack.sources)
    judge = StackJudge(stack, asked(2), options)
    assert [judge.judge(frozenset(built)).done for built in ({0}, {0, 1})] == [False, True]
    assert judge.judge(frozenset({0, 1})).reached == (1,)
    assert StackJudge(stack, asked(2, "country"), options).judge(frozenset({0, 1})).done
    assert confirm(stack, asked(2), ("from-b", "from-c"), options).done
    assert not confirm(stack, asked(3), ("from-b", "from-c"), options).done


def test_what_was_found_is_tried_first() -> None:
    members = [Member("provider", name, (number,), (), None) for number, name in enumerate("abcd")]
    memory, tried = Memory(), []

    def level_of(lost: Collection[int]) -> float:
        tried.append(frozenset(lost))
        return 0.0 if {1, 3} <= set(lost) else 1.0

    assert find_loss(members, 2, 0.5, level_of, memory).loss == ("b", "d")
    tried.clear()
    assert find_loss(members, 2, 0.5, level_of, memory).loss == ("b", "d")
    assert tried == [frozenset(), frozenset({1, 3})]
    assert find_loss(members, 1, 0.5, level_of, memory).loss is None


@repeatable(60)
@given(st.lists(st.sets(st.integers(0, 5), min_size=1, max_size=3), min_size=1, max_size=4), st.integers(1, 3))
def test_a_loss_is_found_if_there_is_one(cuts: list[set[int]], order: int) -> None:
    members = [Member("provider", str(number), (number,), (), None) for number in range(6)]

    def level_of(lost: Collection[int]) -> float:
        return 0.0 if any(cut <= set(lost) for cut in cuts) else 1.0

    found = find_loss(members, order, 0.5, level_of)
    every = [set(lost) for size in range(order + 1) for lost in combinations(range(6), size)]
    assert (found.loss is not None) == any(level_of(lost) < 0.5 for lost in every)
    if found.loss is not None:
        assert level_of([int(one) for one in found.loss]) == 0
        assert len(found.loss) <= order


def test_a_circle_of_candidates_survives_no_loss_that_would_have_to_restart_it() -> None:
    stack = Stack(
        "circle", "DE", items=(Item("power", mission=1.0), Item("fuel")), providers=(Provider("us", country="US"),),
        sources=(
            Source("grid", "power", "us"), Source("tanker", "fuel", "us"),
            Source("plant", "power", "self", status="candidate"), Source("refinery", "fuel", "self", status="candidate"),
        ),
        needs=(Need("plant", "fuel"), Need("refinery", "power")),
    )  # fmt: skip
    options = tuple(Option(id_, (Activate(id_),)) for id_ in ("plant", "refinery"))
    assert not StackJudge(stack, asked(1), options).judge(frozenset({0, 1})).done
    assert confirm(stack, asked(1), ("plant", "refinery"), options).reached == pytest.approx((0,))
