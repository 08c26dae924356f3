"""Laws of the diagram engine: it equals brute force, whatever the order, the kernel, the truncation."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asked_networks import Asked, asked, brute_force, fails, k_of_n
from freehold.network.bdd import birnbaum, probability
from freehold.network.diagram_cuts import diagram_cuts, probability_bounds, top_function, union_function
from freehold.network.zbdd import containing


@given(asked())
def test_the_sets_are_those_of_brute_force_in_their_order(one: Asked) -> None:
    found = diagram_cuts(*one.question, compiled=False)
    sets = brute_force(one)
    assert list(found.sets()) == sets
    assert found.total == len(sets)
    assert found.complete_to is None
    assert {order: count for order, count in found.counts.items() if count} == {
        order: sum(len(cut) == order for cut in sets) for order in {len(cut) for cut in sets}
    }


@given(asked(), st.integers(0, 5))
def test_truncated_to_an_order_they_are_the_full_ones_of_that_order(one: Asked, order: int) -> None:
    found = diagram_cuts(*one.question, order=order, compiled=False)
    assert list(found.sets()) == [cut for cut in brute_force(one) if len(cut) <= order]
    assert found.complete_to == order


@given(asked(), st.integers(1, 4))
def test_each_event_stands_in_as_many_sets_as_are_counted_for_it(one: Asked, order: int) -> None:
    found = diagram_cuts(*one.question, compiled=False)
    sets = brute_force(one)
    assert found.family is not None
    assert containing(found.family) == [sum(event in cut for cut in sets) for event in range(one.events)]
    some = [cut for cut in sets if len(cut) <= order]
    assert containing(found.family, order) == [sum(event in cut for cut in some) for event in range(one.events)]


@given(asked(5), st.data())
def test_probability_and_birnbaum_importance_are_sums_over_all_states(one: Asked, data: st.DataObject) -> None:
    p = np.array(data.draw(st.lists(st.floats(0, 1), min_size=one.events, max_size=one.events)))
    found = top_function(*one.question, compiled=False)
    assert found.function is not None
    failing = [lost for lost in range(2**one.events) if fails(one, [e for e in range(one.events) if lost >> e & 1])]

    def chance(p: np.ndarray) -> float:
        return sum(float(np.prod([p[e] if lost >> e & 1 else 1 - p[e] for e in range(one.events)])) for lost in failing)

    assert probability(found.function, p) == pytest.approx(chance(p), abs=1e-12)
    sure, never = np.eye(one.events, dtype=bool), np.zeros(one.events)
    slopes = [chance(np.where(row, 1.0, p)) - chance(np.where(row, never, p)) for row in sure]
    assert birnbaum(found.function, p) == pytest.approx(slopes, abs=1e-12)
    of_sets = union_function(one.events, brute_force(one), compiled=False)
    assert of_sets.function is not None
    assert probability(of_sets.function, p) == pytest.approx(chance(p), abs=1e-12)
    bounds = probability_bounds(*one.question, p, most_order=2, nodes_limit=4, compiled=False)
    assert bounds.low - 1e-12 <= chance(p) <= bounds.high + 1e-12


@given(st.integers(1, 9), st.data())
def test_k_of_n_has_as_many_sets_as_there_are_choices(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, n))
    found = diagram_cuts(*k_of_n(k, n).question, compiled=False)
    assert found.total == comb(n, k) == found.counts[k]


def test_twenty_of_forty_are_counted_and_not_listed() -> None:
    found = diagram_cuts(*k_of_n(20, 40).question, compiled=False)
    assert found.total == comb(40, 20)
    assert next(found.sets()) == tuple(range(20))
