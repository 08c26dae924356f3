"""Laws of the diagram engine: it equals brute force, whatever the order, the kernel, the truncation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import comb
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from and_or_networks import Asked, asked, brute_force, fails, k_of_n
from freehold.network import bdd_build
from freehold.network.bdd import birnbaum, probability
from freehold.network.bdd_build import build_family
from freehold.network.bdd_store import Limits
from freehold.network.diagram_cuts import diagram_cuts, probability_bounds, top_function, union_function
from freehold.network.formula import Formula
from freehold.network.modules import Module
from freehold.network.structure_function import structure_function
from freehold.network.zbdd import by_order, containing
from freehold.network.zbdd_listing import sets_of


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


def dual_of(one: Asked) -> Asked:
    """The network that fails on a set of events exactly where the other works without its complement."""
    # A node of the dual is down while the original, with complementary losses, is up: OR over needs becomes AND.
    needs: list[tuple[int, int, tuple[int, ...]]] = []
    takes: list[tuple[int, int]] = []
    size = one.nodes
    events = [size + event for event in range(one.events)]
    takes = [(size + event, event) for event in range(one.events)]
    size += one.events
    for node in range(one.nodes):
        reasons = [events[event] for where, event in one.takes if where == node]
        for owner, required, members in one.needs:
            if owner == node:
                # In the dual the need fails once ``required`` members are down.
                needs.append((size, len(members) - required + 1, members))
                reasons.append(size)
                size += 1
        # Down once all reasons are down; a node without one never fails in the original, and has failed in the dual.
        needs.append((node, 1, tuple(reasons)))
    top = [node for node, _ in one.top]
    needs.append((size, 1, tuple(top)))
    return Asked(size + 1, tuple(needs), one.events, tuple(takes), ((size, 1.0),), 1.0)


@given(asked(6))
def test_cuts_of_the_dual_are_the_minimal_supports_and_the_dual_of_the_dual_is_the_network(one: Asked) -> None:
    # One node on top, so that the dual of the top is a node too: it fails if any of its nodes does.
    top = (one.nodes, len(one.top), tuple(node for node, _ in one.top))
    one = Asked(one.nodes + 1, (*one.needs, top), one.events, one.takes, ((one.nodes, 1.0),), 1.0)
    cuts = list(diagram_cuts(*one.question, compiled=False).sets())
    dual = dual_of(one)
    supports = list(diagram_cuts(*dual.question, compiled=False).sets())
    assert supports == minimal_transversals(cuts, one.events)
    assert cuts == minimal_transversals(supports, one.events)
    assert list(diagram_cuts(*dual_of(dual).question, compiled=False).sets()) == cuts


def minimal_transversals(sets: list[tuple[int, ...]], size: int) -> list[tuple[int, ...]]:
    """The least sets that meet each of some sets, by trying all."""
    found: list[tuple[int, ...]] = []
    for order in range(size + 1):
        for chosen in combinations(range(size), order):
            some = set(chosen)
            if all(some & set(one) for one in sets) and not any(set(one) <= some for one in found):
                found.append(chosen)
    return found


@given(asked(), st.randoms(use_true_random=False))
def test_the_order_of_the_events_changes_nothing(one: Asked, random: Random) -> None:
    formula = structure_function(*one.question, Limits(60.0))

    def shuffled(_: Formula, module: Module) -> Iterator[list[int]]:
        leaves = sorted(module.leaves)
        random.shuffle(leaves)
        yield leaves

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bdd_build, "orders", shuffled)
        family, _ = build_family(formula, one.events, 3, Limits(60.0), compiled=False)
    assert list(sets_of(family, 3)) == [cut for cut in brute_force(one) if len(cut) <= 3]
    assert sum(by_order(family, 3).values()) == sum(len(cut) <= 3 for cut in brute_force(one))
