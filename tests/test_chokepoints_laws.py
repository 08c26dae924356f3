"""The laws of chokepoints on random stacks: every subset of what can be lost is tried by the level kernel, and compared.

Each law runs on a moderate number of examples; marked ``slow`` it runs on several times as many.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import reference
from freehold.measure.boolean_view import boolean_view
from freehold.measure.case import HIGH, LOW, Case
from freehold.measure.chokepoint_values import GROUPS, ChokepointsAnswer, Group, Member
from freehold.measure.chokepoints import chokepoints
from freehold.measure.counted_losses import counted_losses, is_still
from freehold.measure.cutoff import cutoff
from freehold.measure.level_view import LevelView
from freehold.measure.members import members_of
from freehold.measure.mission import Mission, mission_of
from freehold.measure.single_losses import single_losses, worst_first
from freehold.network.solve import ScenarioBuilder, solve
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Item, Need, Source, Stack
from strategies import PROVIDERS, repeatable, shuffled, stacks

if TYPE_CHECKING:
    from collections.abc import Sequence

EFFORT = pytest.mark.parametrize("times", [1, pytest.param(4, marks=pytest.mark.slow)], ids=["quick", "thorough"])
MOST_MEMBERS = 11
FAR = 1e12
"""Days: nothing of what is drawn happens later."""


@st.composite
def working_or_not(draw: st.DrawFn) -> Stack:
    """A stack in which everything works or does not: true alternatives, k of n, circles, covers, standbys."""
    names = [f"i{number}" for number in range(draw(st.integers(2, 7)))]
    items, sources, needs = [], [], []
    standing = draw(st.booleans())
    for place, name in enumerate(names):
        whole = draw(st.sampled_from([False, False, True]))
        count = draw(st.integers(1, 3))
        least = draw(st.integers(1, count))
        items.append(Item(name, mission=draw(st.sampled_from([None, 0.5, 1.0])) if place else 1.0, whole=whole))
        for number in range(count):
            source = Source(
                f"{name}s{number}", name, draw(st.sampled_from(["home", "friend", "landlord", "subsidiary", "eastern"]))
            )
            if whole:
                source = replace(source, share=1 / count, capacity=1 / least)
            elif standing and number:
                source = replace(source, status="standby", recover=draw(st.sampled_from([None, 10.0, math.inf])))
            sources.append(source)
            for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
                anywhere = draw(st.sampled_from([False, False, True]))
                allowed = names if anywhere else names[place + 1 :]
                if allowed:
                    cover = draw(st.sampled_from([None, None, None, None, 30.0, math.inf]))
                    needs.append(Need(source.id, draw(st.sampled_from(allowed)), survive=cover))
    return Stack("random", "DE", ("EU",), items=tuple(items), providers=PROVIDERS, sources=tuple(sources), needs=tuple(needs))


drawn = working_or_not() | working_or_not() | stacks() | stacks(most=5, dense=True) | stacks(most=6, unknown=False)


def listed(answer: ChokepointsAnswer) -> set[frozenset[str]]:
    return {frozenset(member.id for member in cut.members) for cut in answer.cut_sets}


def of_item(stack: Stack, target: str | None) -> list[int]:
    if target is not None:
        return [next(number for number, item in enumerate(stack.items) if item.id == target)]
    mission = mission_of(stack)
    return [*mission.weights, *mission.doubtful]


def level(case: Case, target: str | None, lost: Sequence[int], day: float) -> float:
    """The target's level with these supplies lost, all of the network run."""
    builder = ScenarioBuilder(case.built(LOW))
    for number in set(lost):
        builder.available(0.0, number, 0.0)
    for number, supply in enumerate(case.supplies):
        if math.isfinite(case.recover(number, LOW)):
            builder.at_capacity(case.recover(number, LOW), number, supply.filled.capacity[LOW])
    levels = solve(case.built(LOW), [builder.done()], [day]).levels[0]
    if target is not None:
        return float(levels[0, of_item(case.stack, target)[0]])
    return mission_of(case.stack).mean(levels, levels).low[0]


def brute(
    stack: Stack, members: Sequence[Member], target: str | None, day: float | None, floor: float, **settings: Any
) -> set[frozenset[str]]:
    """Every minimal subset that brings the target under the floor."""
    case = Case(stack, **settings)
    found: set[frozenset[str]] = set()
    for order in range(len(members) + 1):
        for some in combinations(members, order):
            ids = frozenset(member.id for member in some)
            lost = [number for member in some for number in member.supplies]
            if (
                not any(smaller <= ids for smaller in found)
                and level(case, target, lost, FAR if day is None else day) < floor - 1e-9
            ):
                found.add(ids)
    return found


def asked_about(stack: Stack, target: str | None) -> list[int]:
    mission = mission_of(stack)
    needed = {need.item for need in stack.needs}
    everything = target is None and not mission.stated and any(stack.items[number].id in needed for number in mission.weights)
    return [] if everything else of_item(stack, target)


questions = st.fixed_dictionaries(
    {
        "of": st.sampled_from(GROUPS),
        "target": st.sampled_from([None, None, "i0", "i1"]),
        "day": st.sampled_from([None, None, None, 0.0, 5.0, 30.0, 100.0]),
        "floor": st.sampled_from([0.5, 0.5, 0.05, 0.7, 1.0]),
        "strict": st.sampled_from([False, False, True]),
    }
)


@EFFORT
def test_the_sets_are_those_that_trying_every_subset_finds(times: int) -> None:
    used: set[tuple[str, bool]] = set()

    @repeatable(70 * times)
    @given(drawn, questions)
    def law(stack: Stack, asked: dict[str, Any]) -> None:
        members = members_of(Case(stack, strict=asked["strict"]), asked["of"], asked_about(stack, asked["target"]))
        assume(len(members) <= MOST_MEMBERS)
        expected = brute(stack, members, asked["target"], asked["day"], asked["floor"], strict=asked["strict"])
        answer = chokepoints(stack, order=MOST_MEMBERS, most=5000, days=(0.0,), **asked)
        if expected == {frozenset()}:
            assert answer.is_down
            assert (answer.counts, answer.cut_sets, answer.total) == ({}, (), 0)
            return
        assert not answer.is_down
        used.add((answer.engine, answer.why_not_boolean is None))
        assert listed(answer) == expected
        assert answer.total == len(expected)
        assert answer.complete_to is None
        assert sum(answer.counts.values()) == len(expected)
        sizes = [len(cut.members) for cut in answer.cut_sets]
        assert sizes == sorted(sizes)

    law()
    # diagrams, counters and levels all had their turn
    assert used == {("diagram", True), ("hitting set", True), ("hitting set", False)}


@EFFORT
def test_the_sets_are_those_of_the_equations_themselves(times: int) -> None:
    @repeatable(20 * times)
    @given(stacks(most=5, unknown=False) | stacks(most=3, unknown=False, dense=True), st.sampled_from([None, 10.0]))
    def law(stack: Stack, day: float | None) -> None:
        case = Case(stack)
        members = members_of(case, "source", of_item(stack, "i0"))
        assume(1 <= len(members) <= 6)
        found: set[frozenset[str]] = set()
        for order in range(1, len(members) + 1):
            for some in combinations(members, order):
                ids = frozenset(member.id for member in some)
                if any(smaller <= ids for smaller in found):
                    continue
                cut = Cutoff(tuple(Rule(source=member.id) for member in some))
                try:
                    levels = reference.levels(stack, cut, [1e6 if day is None else day], which="low")
                except reference.NotConverged:
                    assume(False)
                    raise
                if levels["i0"][0] < 0.5 - 1e-9:
                    found.add(ids)
        answer = chokepoints(stack, "i0", of="source", order=6, most=500, day=day)
        assert answer.is_down or listed(answer) == found

    law()


@EFFORT
def test_the_smallest_sets_are_the_transversals_of_what_alone_keeps_the_target_up(times: int) -> None:
    @repeatable(30 * times)
    @given(drawn)
    def law(stack: Stack) -> None:
        case = Case(stack)
        members = members_of(case, "leaf", of_item(stack, "i0"))
        assume(len(members) <= 7)
        answer = chokepoints(stack, "i0", of="leaf", order=7, most=1000)
        assume(not answer.is_down)
        ids = [member.id for member in members]
        supports: set[frozenset[str]] = set()
        for order in range(len(members) + 1):
            for some in combinations(members, order):
                kept = frozenset(member.id for member in some)
                lost = [number for member in members if member.id not in kept for number in member.supplies]
                if not any(smaller <= kept for smaller in supports) and level(case, "i0", lost, FAR) >= 0.5 - 1e-9:
                    supports.add(kept)
        hitting: set[frozenset[str]] = set()
        for order in range(len(ids) + 1):
            for names in combinations(ids, order):
                chosen = frozenset(names)
                if all(chosen & support for support in supports) and not any(smaller < chosen for smaller in hitting):
                    hitting.add(chosen)
        assert listed(answer) == hitting

    law()


@EFFORT
def test_one_more_way_to_get_something_makes_no_loss_fatal(times: int) -> None:
    @repeatable(30 * times)
    @given(stacks(most=6, unknown=False), st.data())
    def law(stack: Stack, data: st.DataObject) -> None:
        item = data.draw(st.sampled_from([item.id for item in stack.items]))
        before = chokepoints(stack, "i0", of="source", order=3, most=500)
        # a standby at once: it adds to what is there and takes nobody's share
        more = replace(stack, sources=(*stack.sources, Source("spare", item, "self", status="standby", recover=0.0)))
        after = chokepoints(more, "i0", of="source", order=3, most=500)
        if before.is_down:
            return
        assert not after.is_down
        for cut in listed(after):
            if "spare" not in cut:
                assert any(smaller <= cut for smaller in listed(before))

    law()


@EFFORT
@pytest.mark.parametrize("of", ["provider", "owner", "country", "item"])
def test_the_answer_does_not_depend_on_the_order_of_the_rows(times: int, of: Group) -> None:
    @repeatable(10 * times)
    @given(stacks(most=6), st.data())
    def law(stack: Stack, data: st.DataObject) -> None:
        one = chokepoints(stack, of=of)
        other = chokepoints(data.draw(shuffled(stack)), of=of)
        assert one.counts == other.counts
        assert [tuple(m.id for m in cut.members) for cut in one.cut_sets] == [
            tuple(m.id for m in cut.members) for cut in other.cut_sets
        ]
        assert [cut.stops_on for cut in one.cut_sets] == pytest.approx([cut.stops_on for cut in other.cut_sets])
        rows = [[(s.member.id, s.stops, *s.at_day) for s in answer.single] for answer in (one, other)]
        for row, same in zip(sorted(rows[0]), sorted(rows[1]), strict=True):
            assert row[:2] == same[:2]
            assert row[2:] == pytest.approx(same[2:], abs=1e-9)

    law()


@EFFORT
def test_a_single_loss_is_the_cut_off_of_the_same_name(times: int) -> None:
    @repeatable(30 * times)
    @given(stacks(most=7), st.sampled_from(["provider", "owner", "country", "item"]))
    def law(stack: Stack, of: Group) -> None:
        days = (0.0, 7.0, 30.0, 400.0)
        answer = chokepoints(stack, of=of, days=days, day=30.0)
        before = cutoff(stack, Cutoff(()), days=(0.0,)).mission
        for single in answer.single:
            if single.member.id == "?":
                continue
            selector: dict[str, Any] = {of: single.member.id}
            after = cutoff(stack, Cutoff((Rule(**selector),)), days=days).mission
            for at in range(len(days)):
                sides = sorted((max(0.0, before.low[0] - after.low[at]), max(0.0, before.high[0] - after.high[at])))
                assert [single.loss.low[at], single.loss.high[at]] == pytest.approx(sides, abs=1e-9)
            assert single.at_day == (single.loss.low[2], single.loss.high[2])  # day 30

    law()


@EFFORT
def test_counters_and_levels_give_the_same_single_losses(times: int) -> None:
    @repeatable(30 * times)
    @given(working_or_not(), st.sampled_from(["provider", "owner", "country", "item", "source"]), st.sampled_from([None, "i0"]))
    def law(stack: Stack, of: Group, target: str | None) -> None:
        still = replace(
            stack,
            sources=tuple(replace(one, recover=None if one.recover == 10.0 else one.recover) for one in stack.sources),
            needs=tuple(replace(need, survive=None if need.survive == 30.0 else need.survive) for need in stack.needs),
        )
        case = Case(still)
        mission = Mission({0: 1.0}, (), "", stated=True) if target else mission_of(still)
        view = LevelView(case, mission, 0.5, None)
        members = members_of(case, of, of_item(still, target))
        low, high = boolean_view(case, LOW), boolean_view(case, HIGH)
        assume(not isinstance(low, str) and not isinstance(high, str))
        assert is_still(case, LOW)
        counted = counted_losses(case, mission, members, (low, high), days=(0.0, 9.0), floor=0.5)  # type: ignore[arg-type]
        run, left_out = single_losses(case, mission, members, view, days=(0.0, 9.0), day=None, floor=0.5, seconds=60.0)
        assert counted is not None
        assert left_out == 0
        assert (worst_first(counted[0]), counted[1]) == (run, 0)

    law()


@EFFORT
def test_the_kernels_and_the_cheapest_set_agree_with_the_list(times: int) -> None:
    @repeatable(20 * times)
    @given(stacks(most=6), st.data())
    def law(stack: Stack, data: st.DataObject) -> None:
        members = members_of(Case(stack), "provider", of_item(stack, "i0"))
        assume(members)
        weights = {member.id: data.draw(st.sampled_from([0.1, 0.3, 1.0, 4.0])) for member in members}
        plain = chokepoints(stack, "i0", order=12, most=5000, weights=weights, kernel="plain")
        compiled = chokepoints(stack, "i0", order=12, most=5000, weights=weights, kernel="compiled")
        assert plain.cut_sets == compiled.cut_sets
        assert plain.counts == compiled.counts
        if plain.cut_sets:
            assert plain.cheapest is not None
            least = min(sum(weights[member.id] for member in cut.members) for cut in plain.cut_sets)
            assert plain.cheapest[1] == pytest.approx(least, abs=1e-12)
            assert plain.cheapest_bound == plain.cheapest[1]
            assert plain.cheapest[0] in plain.cut_sets
        else:
            assert plain.cheapest is None

    law()
