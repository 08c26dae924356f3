"""The shared fault trees of the Aralia set: counts and top probabilities as published.

Sources: the tables of the openpra-org/aralia-fault-tree-dataset (from Dutuit and Rauzy 1997,
doi 10.1016/S0951-8320(97)00034-3), and SCRAM 0.16.2 on the same files; both stand in the shared reference.csv.
"""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from and_or_networks import Asked
from freehold.network.bdd import birnbaum, probability
from freehold.network.diagram_cuts import diagram_cuts, probability_bounds, top_function
from freehold.network.zbdd import containing
from published_fault_trees import TREES, results, tree

SMALL = ("baobab1", "baobab2", "chinese", "das9201", "das9202", "das9209", "ftr10", "isp9602", "isp9607")
HEAVY = ("edf9201", "edf9203", "edf9204", "edfpa14b", "elf9601", "jbd9601")

needs_trees = pytest.mark.skipif(not TREES.is_dir(), reason="the shared fault trees are not on this machine")


def is_as_published(name: str, *, compiled: bool | None) -> None:
    row = results()[name]
    one, p = tree(name)
    to_four = diagram_cuts(*one.question, order=4, compiled=compiled)
    assert to_four.complete_to == 4
    assert to_four.counts == {order: int(row[f"mcs_order{order}"]) for order in (1, 2, 3, 4)}
    full = diagram_cuts(*one.question, compiled=compiled)
    # The published total of jbd9601 is that of isp9607, written a second time.
    published = row["mcs_zbdd_here"] if name == "jbd9601" else row["mcs_published"]
    assert full.total == int(float(published)) == sum(full.counts.values())
    assert full.function is not None
    assert probability(full.function, p) == pytest.approx(float(row["p_published"]), rel=5e-6)


@needs_trees
@pytest.mark.parametrize("name", SMALL)
def test_a_tree_has_the_published_cut_sets_and_probability(name: str) -> None:
    is_as_published(name, compiled=False)


@pytest.mark.slow
@needs_trees
@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_tree_has_the_published_cut_sets_and_probability(name: str) -> None:
    is_as_published(name, compiled=None)


@needs_trees
def test_eighty_two_thousand_million_sets_are_counted_and_the_first_are_listed() -> None:
    found = diagram_cuts(*tree("das9209")[0].question, compiled=False)
    assert found.total == 82_000_000_000
    first = list(islice(found.sets(), 3))
    assert first == sorted(first)
    assert {len(cut) for cut in first} == {min(order for order, count in found.counts.items() if count)}


@needs_trees
def test_baobab1_has_the_counts_of_scrams_own_test_suite() -> None:
    counts = diagram_cuts(*tree("baobab1")[0].question, compiled=False).counts
    # SCRAM's notes on performance: up to order 4: 72, 7: 17,432, 8: 25,892, all: 46,188.
    assert [sum(n for order, n in counts.items() if order <= most) for most in (4, 7, 8, 99)] == [72, 17432, 25892, 46188]


@needs_trees
def test_the_listed_sets_of_a_tree_are_as_many_as_counted_each_once_and_in_order() -> None:
    found = diagram_cuts(*tree("das9201")[0].question, compiled=False)
    sets = list(found.sets())
    assert len(sets) == found.total == 14217
    assert sets == sorted(set(sets), key=lambda cut: (len(cut), cut))
    assert found.family is not None
    held = containing(found.family)
    assert held == [sum(event in cut for cut in sets) for event in range(len(held))]


@needs_trees
@pytest.mark.parametrize("name", ["chinese", "isp9607", "das9209"])
def test_bounds_hold_the_published_probability(name: str) -> None:
    one, p = tree(name)
    bounds = probability_bounds(*one.question, p, most_order=4, nodes_limit=40, compiled=False)
    assert bounds.stopped == "size"
    assert bounds.order is not None
    published = float(results()[name]["p_published"])
    assert bounds.low <= published * (1 + 5e-6)
    assert published <= bounds.high


def two_trains() -> tuple[Asked, np.ndarray]:
    """(V1 or P1) and (V2 or P2): SCRAM's TwoTrain, V = 0.5, P = 0.7."""
    takes = ((0, 0), (0, 1), (1, 2), (1, 3))
    return Asked(3, ((2, 1, (0, 1)),), 4, takes, ((2, 1.0),), 1.0), np.array([0.5, 0.7, 0.5, 0.7])


def test_two_trains_have_four_sets_and_the_published_importances() -> None:
    one, p = two_trains()
    assert list(diagram_cuts(*one.question).sets()) == [(0, 2), (0, 3), (1, 2), (1, 3)]
    found = top_function(*one.question)
    assert found.function is not None
    assert probability(found.function, p) == pytest.approx(0.7225)
    assert birnbaum(found.function, p) == pytest.approx([0.255, 0.425, 0.255, 0.425])
    assert birnbaum(found.function, np.full(4, 0.5)) == pytest.approx([0.375] * 4)
