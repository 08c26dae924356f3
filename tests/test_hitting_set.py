"""The implicit hitting set loop, on oracles that are written down."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import UsageError
from freehold.network.hitting_set import Judged, cheapest_cut, hitting_sets
from strategies import repeatable

if TYPE_CHECKING:
    from collections.abc import Collection


def transversals(family: list[frozenset[int]], size: int) -> set[frozenset[int]]:
    """Minimal sets that hit every set of a family, by trying all."""
    found: set[frozenset[int]] = set()
    for order in range(1, size + 1):
        for some in combinations(range(size), order):
            chosen = frozenset(some)
            if all(chosen & one for one in family) and not any(smaller < chosen for smaller in found):
                found.add(chosen)
    return found


def falling(cuts: Collection[frozenset[int]]) -> Judged:
    return Judged(lambda lost: any(cut <= set(lost) for cut in cuts))


families = st.integers(1, 9).flatmap(
    lambda size: st.lists(st.frozensets(st.integers(0, size - 1), min_size=1), min_size=1, max_size=7).map(
        lambda family: (size, family)
    )
)


@given(families)
@repeatable(200)
def test_the_loop_finds_all_minimal_cut_sets_and_they_are_the_transversals_of_the_supports(
    drawn: tuple[int, list[frozenset[int]]],
) -> None:
    size, family = drawn
    cuts = {one for one in family if not any(other < one for other in family)}
    found = hitting_sets(range(size), falling(cuts))
    assert {frozenset(cut) for cut in found.sets()} == cuts
    assert found.complete_to is None
    assert found.total == len(cuts) == sum(found.counts.values())
    supports = transversals(list(cuts), size)
    assert transversals(list(supports), size) == cuts


@given(families, st.integers(1, 4))
@repeatable(100)
def test_an_order_asked_for_is_complete_and_nothing_above_it_is_listed(
    drawn: tuple[int, list[frozenset[int]]], order: int
) -> None:
    size, family = drawn
    cuts = {one for one in family if not any(other < one for other in family)}
    found = hitting_sets(range(size), falling(cuts), order=order)
    assert {frozenset(cut) for cut in found.sets()} == {cut for cut in cuts if len(cut) <= order}
    assert found.complete_to in (None, order)
    if any(len(cut) > order for cut in cuts):
        assert found.complete_to == order
        assert found.total is None


@pytest.mark.parametrize(("n", "k"), [(7, 1), (7, 3), (7, 7), (10, 5)])
def test_what_fails_when_k_of_n_fail_has_n_over_k_minimal_cut_sets(n: int, k: int) -> None:
    found = hitting_sets(range(n), Judged(lambda lost: len(set(lost)) >= k))
    assert found.counts[k] == found.total == comb(n, k)


@given(families, st.data())
@repeatable(100)
def test_the_cheapest_cut_set_is_the_least_of_all(drawn: tuple[int, list[frozenset[int]]], data: st.DataObject) -> None:
    size, family = drawn
    weights = data.draw(st.lists(st.sampled_from([0.1, 0.2, 0.3, 1.0, 2.5, 7.0]), min_size=size, max_size=size))
    found = cheapest_cut(range(size), falling(family), weights)
    assert found is not None
    assert found.weight == pytest.approx(min(sum(weights[event] for event in cut) for cut in family), abs=1e-12)
    assert found.bound == found.weight
    assert any(cut <= set(found.cut) for cut in family)
    assert found.stopped is None


def test_what_nothing_brings_down_has_no_cut_set() -> None:
    found = hitting_sets(range(5), Judged(lambda _: False))
    assert (found.total, found.complete_to, list(found.sets())) == (0, None, [])
    assert cheapest_cut(range(5), Judged(lambda _: False), [1.0] * 5) is None
    assert hitting_sets([], Judged(lambda _: False)).total == 0


def test_a_search_without_time_says_so_and_keeps_what_holds() -> None:
    judge = Judged(lambda lost: len(set(lost)) >= 2)
    found = hitting_sets(range(30), judge, seconds=0.0)
    assert found.stopped == "time"
    assert found.total is None
    cheapest = cheapest_cut(range(30), judge, [1.0] * 30, seconds=0.0)
    assert cheapest is not None
    assert cheapest.stopped == "time"
    assert cheapest.bound < cheapest.weight


def test_a_search_stops_at_the_number_of_sets_that_it_may_find() -> None:
    found = hitting_sets(range(20), Judged(lambda lost: len(set(lost)) >= 3), most=50)
    assert found.stopped == "size"
    assert found.complete_to == 2
    assert found.counts == {1: 0, 2: 0, 3: 50}


@pytest.mark.parametrize("order", [0, -1])
def test_an_order_under_1_is_refused(order: int) -> None:
    with pytest.raises(UsageError, match="1 member or more"):
        hitting_sets(range(3), Judged(lambda _: False), order=order)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_that_is_none_is_refused(weight: float) -> None:
    with pytest.raises(UsageError, match="above 0"):
        cheapest_cut(range(1), Judged(lambda _: True), [weight])
