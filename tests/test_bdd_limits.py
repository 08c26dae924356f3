"""What the diagram engine does with little time, little room, circles, and what is no probability."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from and_or_networks import Asked, asked, k_of_n
from freehold.errors import SolveError
from freehold.network.bdd import birnbaum, probability
from freehold.network.bdd_store import BddStore, Limits
from freehold.network.diagram_cuts import diagram_cuts, probability_bounds, top_function, union_function
from freehold.network.structure_function import suppliers_first

CIRCLE = Asked(3, ((0, 1, (1,)), (1, 1, (0, 2))), 1, ((2, 0),), ((0, 1.0),), 1.0)
OF_ITSELF = Asked(1, ((0, 1, (0,)),), 1, ((0, 0),), ((0, 1.0),), 1.0)


@pytest.mark.parametrize("one", [CIRCLE, OF_ITSELF])
@pytest.mark.parametrize("ask", [diagram_cuts, top_function])
def test_a_circle_is_refused_and_the_other_engine_is_named(one: Asked, ask: Callable[..., Any]) -> None:
    with pytest.raises(SolveError, match=r"circle.*hitting-set"):
        ask(*one.question)
    assert suppliers_first(one.question[0], one.question[2].nodes) is None


def test_a_circle_that_the_top_does_not_depend_on_does_not_matter() -> None:
    one = Asked(4, (*CIRCLE.needs, (3, 1, (2,))), 1, ((2, 0),), ((3, 1.0),), 1.0)
    assert list(diagram_cuts(*one.question).sets()) == [(0,)]
    assert suppliers_first(one.question[0], one.question[2].nodes) == [2, 3]


def test_no_time_gives_no_set_and_says_so() -> None:
    found = diagram_cuts(*k_of_n(3, 9).question, seconds=0.0)
    assert (found.stopped, found.complete_to, found.total, list(found.sets())) == ("time", 0, None, [])
    assert top_function(*k_of_n(3, 9).question, seconds=0.0).stopped == "time"
    assert union_function(9, [(1, 2)], seconds=0.0).stopped == "time"


def test_too_little_room_for_all_sets_leaves_those_of_lower_orders() -> None:
    # One event that fails it alone, or all four of any of twelve groups.
    groups = tuple((at, 1, tuple(range(13 + 4 * at, 17 + 4 * at))) for at in range(12))
    any_group = (12, 12, tuple(range(12)))
    one = Asked(61, (*groups, any_group), 49, (*((at, at - 13) for at in range(13, 61)), (12, 48)), ((12, 1.0),), 1.0)
    assert diagram_cuts(*one.question).counts == {1: 1, 2: 0, 3: 0, 4: 12}
    small = diagram_cuts(*one.question, nodes_limit=24)
    assert (small.stopped, small.complete_to, small.total, small.counts) == ("size", 3, None, {1: 1, 2: 0, 3: 0})
    assert list(small.sets()) == [(48,)]
    smaller = diagram_cuts(*k_of_n(9, 18).question, nodes_limit=64)
    assert smaller.stopped == "size"
    assert smaller.complete_to is not None
    assert smaller.total is None
    assert all(count == 0 for count in smaller.counts.values())


def test_a_top_that_has_failed_already_has_the_empty_set_and_one_that_cannot_fail_has_none() -> None:
    failed = Asked(2, ((0, 2, (1,)),), 1, ((1, 0),), ((0, 1.0),), 1.0)
    found = diagram_cuts(*failed.question)
    assert (found.total, list(found.sets()), found.counts) == (1, [()], {0: 1})
    never = Asked(2, ((0, 0, (1,)),), 1, ((1, 0),), ((0, 1.0),), 1.0)
    found = diagram_cuts(*never.question)
    assert (found.total, list(found.sets()), dict(found.counts)) == (0, [], {})
    assert diagram_cuts(*never.question, order=2).counts == {1: 0, 2: 0}
    function = top_function(*never.question).function
    assert function is not None
    assert (probability(function, np.ones(1)), birnbaum(function, np.ones(1)).tolist()) == (0.0, [0.0])


@pytest.mark.parametrize("wrong", [-0.1, 1.5, float("nan"), float("inf")])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    function = top_function(*k_of_n(1, 2).question).function
    assert function is not None
    with pytest.raises(SolveError, match="event 1 is"):
        probability(function, np.array([0.5, wrong]))
    with pytest.raises(SolveError, match="event 1 is"):
        probability_bounds(*k_of_n(1, 2).question, np.array([0.5, wrong]))
    with pytest.raises(SolveError, match="2 events"):
        birnbaum(function, np.array([0.5]))


def test_a_chain_of_twenty_thousand_is_no_deeper_than_the_stack_that_is_asked_for() -> None:
    size = 20_000
    needs = tuple((at, 1, (at - 1,)) for at in range(1, size))
    one = Asked(size, needs, 2, ((0, 0), (size - 1, 1)), ((size - 1, 1.0),), 1.0)
    assert list(diagram_cuts(*one.question, order=4).sets()) == [(0,), (1,)]
    steps = tuple((at, 1 + at % 2, (at - 1, 1000 + at)) for at in range(1, 1000))
    one = Asked(2000, steps, 2000, tuple((at, at) for at in range(2000)), ((999, 1.0),), 1.0)
    assert diagram_cuts(*one.question, order=2, compiled=False).complete_to == 2


@pytest.mark.slow
def test_a_set_of_five_thousand_events_is_counted_and_refused_as_a_list() -> None:
    size = 5_000
    one = Asked(size + 1, ((size, 1, tuple(range(size))),), size, tuple((at, at) for at in range(size)), ((size, 1.0),), 1.0)
    found = diagram_cuts(*one.question)
    assert found.total == 1
    with pytest.raises(SolveError, match="too large to be listed"):
        list(found.sets())


@given(st.lists(st.lists(st.integers(0, 7), max_size=4), max_size=8), st.data())
def test_sets_that_are_not_minimal_fail_when_one_of_them_happens(sets: list[list[int]], data: st.DataObject) -> None:
    found = union_function(8, sets, compiled=False)
    assert found.function is not None
    lost = data.draw(st.sets(st.integers(0, 7)))
    p = np.array([float(event in lost) for event in range(8)])
    assert probability(found.function, p) == float(any(set(one) <= lost for one in sets))


@pytest.mark.slow
@given(asked(), st.sampled_from([None, 1, 2, 3]))
@settings(deadline=None)
def test_both_kernels_leave_the_same_diagram(one: Asked, order: int | None) -> None:
    plain, compiled = (diagram_cuts(*one.question, order=order, compiled=which) for which in (False, True))
    for name in ("family", "function"):
        mine, other = getattr(plain, name), getattr(compiled, name)
        assert (mine is None) == (other is None)
        if mine is not None:
            assert mine.root == other.root
            for part in ("event", "module", "start", "high", "low"):
                assert np.array_equal(getattr(mine, part), getattr(other, part))


@pytest.mark.slow
def test_the_compiled_kernel_takes_over_in_the_middle_and_changes_nothing() -> None:
    question = k_of_n(12, 40).question
    found = [diagram_cuts(*question, compiled=which) for which in (False, True, None)]
    assert len({one.total for one in found}) == 1
    assert all(np.array_equal(one.family.high, found[0].family.high) for one in found if one.family is not None)


def test_a_store_keeps_what_it_knows_when_it_grows() -> None:
    store = BddStore([1] * 3000, Limits(60.0), compiled=False)
    singles = [store.single(level) for level in range(3000)]
    assert [store.single(level) for level in range(3000)] == singles
    assert store.count == 3002
