"""Importances in the standard terms: published values, the ends of the scale, and the definitions on random families."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.errors import UsageError
from freehold.measure import importance as module
from freehold.measure.chokepoint_values import Member
from freehold.measure.cut_engines import Question
from freehold.measure.importance import check_probability, importances, joint_probability, likelihood
from freehold.network.and_or import Top, and_or, events_of
from freehold.network.bdd import Diagram
from freehold.network.cut_sets import CutSets
from freehold.network.diagram_cuts import FunctionFound, union_function


class Sets:
    """The target's failure as a list of minimal cut sets, computed from all states: slow and plain."""

    def __init__(self, count: int, *sets: Sequence[int]) -> None:
        self.count, self.sets = count, [frozenset(one) for one in sets]

    def fails(self, lost: frozenset[int]) -> bool:
        return any(one <= lost for one in self.sets)

    def probability(self, probabilities: Sequence[float]) -> float:
        total = 0.0
        for state in product((False, True), repeat=self.count):
            if self.fails(frozenset(n for n, gone in enumerate(state) if gone)):
                total += math.prod(p if gone else 1 - p for p, gone in zip(probabilities, state, strict=True))
        return total

    @property
    def function(self) -> Diagram:
        made = union_function(self.count, [sorted(one) for one in self.sets]).function
        assert made is not None
        return made


def member(id_: str, probability: float | None = None) -> Member:
    return Member("provider", id_, (), (), probability)


# TwoTrain of the SCRAM program's own inputs: (valve one or pump one) and (valve two or pump two); the values are those that
# SCRAM reports for it.
TRAINS = Sets(4, (0, 2), (0, 3), (1, 2), (1, 3))
TRAIN = [member("pump-one", 0.7), member("valve-one", 0.5), member("pump-two", 0.7), member("valve-two", 0.5)]


def test_the_two_trains_fail_as_published() -> None:
    failure, found = importances(TRAIN, TRAINS.function)
    assert failure == pytest.approx(0.7225)
    by_id = {one.member.id: one for one in found}
    pump, valve = by_id["pump-one"], by_id["valve-one"]
    assert pump.birnbaum == pytest.approx(0.425)
    assert pump.fussell_vesely == pytest.approx(0.411765, abs=5e-7)
    assert pump.diagnostic == pytest.approx(0.823529, abs=5e-7)
    assert pump.risk_achievement_worth == pytest.approx(1.17647, abs=5e-6)
    assert pump.risk_reduction_worth == pytest.approx(1.7)
    assert valve.birnbaum == pytest.approx(0.255)
    assert valve.fussell_vesely == pytest.approx(0.176471, abs=5e-7)
    assert valve.diagnostic == pytest.approx(0.588235, abs=5e-7)
    assert valve.risk_achievement_worth == pytest.approx(1.17647, abs=5e-6)
    assert valve.risk_reduction_worth == pytest.approx(1.21429, abs=5e-6)


def test_the_most_important_stands_first_and_ties_stand_by_id() -> None:
    _, found = importances(TRAIN, TRAINS.function)
    assert [one.member.id for one in found] == ["pump-one", "pump-two", "valve-one", "valve-two"]


def test_structural_importance_is_the_part_of_the_states_in_which_the_member_decides() -> None:
    # Birnbaum 1969: of two out of three, each decides in 2 of the 4 states of the others; of a series, in all
    _, found = importances([member(name) for name in "abc"], Sets(3, (0, 1), (0, 2), (1, 2)).function)
    assert [one.structural for one in found] == pytest.approx([0.5, 0.5, 0.5])
    _, found = importances([member("a")], Sets(1, (0,)).function)
    assert found[0].structural == 1


def test_without_all_probabilities_only_the_structure_is_told() -> None:
    failure, found = importances([member("a", 0.5), member("b")], Sets(2, (0,), (1,)).function)
    assert failure is None
    assert {(one.structural, one.birnbaum, one.fussell_vesely, one.risk_reduction_worth) for one in found} == {
        (0.5, None, None, None)
    }


def test_a_member_that_stands_in_no_cut_set_needs_no_probability() -> None:
    failure, found = importances([member("a", 0.25), member("idle")], Sets(2, (0,)).function)
    assert failure == pytest.approx(0.25)
    assert [one.member.id for one in found] == ["a"]


def test_where_the_target_cannot_fail_nothing_is_divided_by_nothing() -> None:
    failure, found = importances([member("a", 0.0)], Sets(1, (0,)).function)
    assert (failure, found[0].birnbaum) == (0, 1)
    assert (found[0].fussell_vesely, found[0].diagnostic) == (None, None)
    assert (found[0].risk_achievement_worth, found[0].risk_reduction_worth) == (None, None)
    assert importances([], Sets(0).function) == (0.0, ())


def test_where_the_target_surely_fails_its_worths_are_one_or_endless() -> None:
    failure, found = importances([member("a", 1.0), member("b", 1.0)], Sets(2, (0,), (1,)).function)
    assert failure == 1
    assert [one.risk_achievement_worth for one in found] == [1, 1]
    assert [one.risk_reduction_worth for one in found] == [1, 1], "the other still stops it"
    failure, found = importances([member("a", 1.0)], Sets(1, (0,)).function)
    assert (failure, found[0].risk_reduction_worth, found[0].diagnostic) == (1, math.inf, 1)


def test_a_single_point_takes_all_risk_with_it() -> None:
    _, found = importances([member("a", 1e-6), member("b", 0.3)], Sets(2, (0, 1)).function)
    assert [one.risk_reduction_worth for one in found] == [math.inf, math.inf]
    assert [one.fussell_vesely for one in found] == pytest.approx([1, 1])


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf, -math.inf])
def test_what_is_no_probability_is_refused_with_where_and_the_mend(value: float) -> None:
    with pytest.raises(UsageError, match=r"^here: .* is no probability\. Write a number from 0 to 1"):
        check_probability(value, "here")
    with pytest.raises(UsageError, match="member 'a'"):
        importances([member("a", value)], Sets(1, (0,)).function)


def test_a_set_is_as_likely_as_its_members_together() -> None:
    assert joint_probability([member("a", 0.5), member("b", 0.1)]) == pytest.approx(0.05)
    assert joint_probability([member("a", 0.5), member("b")]) is None
    assert joint_probability([]) == 1


FAMILIES = st.lists(st.frozensets(st.integers(0, 4), min_size=1, max_size=3), min_size=1, max_size=5)
CHANCES = st.lists(st.floats(0.01, 0.99), min_size=5, max_size=5)


@settings(max_examples=60, deadline=None)
@given(FAMILIES, CHANCES)
def test_every_measure_is_what_its_definition_says(family: list[frozenset[int]], chances: list[float]) -> None:
    top = Sets(5, *(tuple(one) for one in family))
    failure, found = importances([member(str(n), p) for n, p in enumerate(chances)], top.function)
    assert failure == pytest.approx(top.probability(chances))
    assert failure is not None
    for one in found:
        number = int(one.member.id)
        lost, kept = ([end if n == number else p for n, p in enumerate(chances)] for end in (1.0, 0.0))
        with_it, without = top.probability(lost), top.probability(kept)
        assert one.birnbaum == pytest.approx(with_it - without)
        assert one.diagnostic == pytest.approx(chances[number] * with_it / failure)
        assert one.risk_achievement_worth == pytest.approx(with_it / failure)
        assert one.fussell_vesely == pytest.approx((failure - without) / failure)
        expected = failure / without if without > 1e-12 * failure else math.inf
        assert one.risk_reduction_worth == pytest.approx(expected)


def found_of(sets: Sequence[tuple[int, ...]], complete_to: int | None) -> CutSets:
    counts: dict[int, int] = {}
    for one in sets:
        counts[len(one)] = counts.get(len(one), 0) + 1
    total = len(sets) if complete_to is None else None
    return CutSets("hitting set", counts, complete_to, total, lambda: iter(sets), None, 0.0)


def test_all_cut_sets_give_the_probability_exactly_and_some_the_least_that_it_can_be() -> None:
    sets = [(0, 2), (0, 3), (1, 2), (1, 3)]
    known = likelihood(TRAIN, found_of(sets, None))
    assert (known.is_exact, known.probability) == (True, pytest.approx(0.7225))
    some = likelihood(TRAIN, found_of(sets[:2], 2))
    assert some.is_exact is False
    assert some.probability == pytest.approx(Sets(4, *sets[:2]).probability([0.7, 0.5, 0.7, 0.5]))
    assert some.probability < 0.7225


def test_a_function_is_asked_in_place_of_sets_that_are_cut_short() -> None:
    assert likelihood(TRAIN, found_of([(0, 2)], 1), TRAINS.function).probability == pytest.approx(0.7225)


def test_without_cut_sets_nothing_is_important_and_the_target_cannot_fail() -> None:
    found = likelihood(TRAIN, found_of([], None))
    assert (found.probability, found.importance, found.is_exact) == (0, (), True)


def trains_as_network() -> Question:
    """The system is up while one of its trains is; a train is down as soon as its pump or its valve is lost."""
    numbers = np.array
    net = and_or(3, numbers([0]), numbers([1]), numbers([0, 2]), numbers([1, 2]))
    top = Top(numbers([0], np.int32), numbers([1.0]), 0.5)
    return Question(net, events_of(3, 4, numbers([1, 1, 2, 2]), numbers([0, 1, 2, 3])), top)


def test_what_is_cut_short_is_made_whole_from_the_network_where_that_fits() -> None:
    some = CutSets("diagram", {1: 0}, 1, None, lambda: iter(()), None, 0.0)
    found = likelihood(TRAIN, some, None, trains_as_network())
    assert (found.is_exact, found.probability) == (True, pytest.approx(0.7225))
    assert len(found.importance) == 4


@pytest.mark.parametrize(("fits", "least"), [(True, 0.49), (False, None)], ids=["a part fits", "nothing fits"])
def test_where_the_whole_does_not_fit_what_is_known_gives_the_least(
    monkeypatch: pytest.MonkeyPatch, fits: bool, least: float | None
) -> None:
    part = Sets(4, (0, 2)).function if fits else None

    def limited(*_: object, order: int | None = None, **__: object) -> FunctionFound:
        return FunctionFound(None if order is None else part, "size", 0.0)

    monkeypatch.setattr(module, "top_function", limited)
    some = CutSets("diagram", {1: 0, 2: 1}, 2, None, lambda: iter([(0, 2)] if fits else []), "size", 0.0)
    found = likelihood(TRAIN, some, None, trains_as_network())
    assert (found.is_exact, found.probability) == (False, None if least is None else pytest.approx(least))
