"""The laws of levels on random stacks: the engine against the naive reference, and against itself.

Each law runs on a moderate number of examples; marked ``slow`` it runs on several times as many.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import reference
from freehold.measure.cutoff import cutoff
from freehold.measure.cutoff import cutoffs as cutoffs_at_once
from freehold.measure.restart import restart
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import UNKNOWN, Item, Need, Source, Stack
from strategies import PROVIDERS, cutoffs, days, repeatable, restated, rules, shuffled, stacks, tight_circles

DAYS = (0.0, 0.5, 7.0, 10.0, 30.0, 42.857, 60.0, 90.0, 365.0, 1095.0)
NEAR = 2e-9
LONG = int(os.environ.get("FREEHOLD_LAW_EFFORT", "4"))
"""How many times the quick examples the slow run tries; fuzzing at length sets 20 or more."""
EFFORT = pytest.mark.parametrize("times", [1, pytest.param(LONG, marks=pytest.mark.slow)], ids=["quick", "thorough"])
Curves = Mapping[str, Sequence[float]]
Kernel = Literal["plain", "compiled"]


def curves(answer: Any) -> tuple[dict[str, tuple[float, ...]], dict[str, tuple[float, ...]]]:
    return {item.id: item.low for item in answer.items}, {item.id: item.high for item in answer.items}


def run(stack: Stack, cut: Cutoff, asked: Sequence[float] = DAYS, **settings: Any) -> tuple[Curves, Curves]:
    return curves(cutoff(stack, cut, days=tuple(asked), kernel=settings.pop("kernel", "plain"), **settings))


def assert_same(one: Curves, other: Curves) -> None:
    assert set(one) == set(other)
    for item, levels in one.items():
        assert list(levels) == pytest.approx(list(other[item]), abs=NEAR), item


def assert_nowhere_above(lower: Curves, upper: Curves) -> None:
    for item, levels in lower.items():
        assert all(below <= above + NEAR for below, above in zip(levels, upper[item], strict=True)), item


def solved(stack: Stack, cut: Cutoff | None, asked: Sequence[float], **settings: Any) -> tuple[Curves, Curves]:
    """By the reference; an example whose circles it cannot solve is left out."""
    try:
        low, high = (reference.levels(stack, cut, asked, which=which, **settings) for which in reference.LOW_HIGH)
    except reference.NotConverged:
        assume(False)
        raise
    return low, high


# ---------------------------------------------------------------- engine = reference


@EFFORT
@pytest.mark.parametrize("kernel", ["plain", "compiled"])
def test_the_engine_agrees_with_the_equations_on_every_day(kernel: Kernel, times: int) -> None:
    @repeatable(120 * times)
    @given(stacks() | stacks(most=4, unknown=False, dense=True), cutoffs(), days(), st.booleans())
    def law(stack: Stack, cut: Cutoff, asked: tuple[float, ...], strict: bool) -> None:
        low, high = solved(stack, cut, asked, strict=strict)
        answer = cutoff(stack, cut, days=asked, strict=strict, kernel=kernel)
        found = curves(answer)
        assert_same(found[0], low)
        assert_same(found[1], high)
        for side, levels in zip(reference.LOW_HIGH, (low, high), strict=True):
            assert list(getattr(answer.mission, side)) == pytest.approx(reference.mission(stack, levels), abs=NEAR)

    law()


@EFFORT
def test_the_engine_agrees_with_the_equations_on_the_day_of_stopping(times: int) -> None:
    @repeatable(60 * times)
    @given(stacks(), cutoffs(), st.sampled_from([0.5, 0.25, 0.65, 1.0]))
    def law(stack: Stack, cut: Cutoff, floor: float) -> None:
        solved(stack, cut, DAYS)
        answer = cutoff(stack, cut, days=DAYS, floor=floor, kernel="plain")
        for side in reference.LOW_HIGH:
            expected = reference.stops(stack, cut, DAYS, floor, which=side)
            for item in answer.items:
                day = getattr(item, f"stops_{side}")
                assert day == (None if expected[item.id] is None else pytest.approx(expected[item.id], abs=1e-6)), item.id

    law()


@EFFORT
def test_the_engine_agrees_with_the_equations_on_what_restarts(times: int) -> None:
    @repeatable(80 * times)
    @given(stacks(), st.none() | cutoffs(), st.booleans())
    def law(stack: Stack, cut: Cutoff | None, stock: bool) -> None:
        try:
            expected = [reference.restart_levels(stack, cut, with_stock=stock, which=which) for which in reference.LOW_HIGH]
        except reference.NotConverged:
            assume(False)
            raise
        answer = restart(stack, cut, with_stock=stock, kernel="plain")
        for item in stack.items:
            assert tuple(answer.levels[item.id]) == pytest.approx(tuple(side[item.id] for side in expected), abs=NEAR), item.id

    law()


@EFFORT
@pytest.mark.parametrize("kernel", ["plain", "compiled"])
def test_circles_with_a_gain_near_1_are_solved(kernel: Kernel, times: int) -> None:
    @repeatable(25 * times)
    @given(tight_circles())
    def law(example: tuple[Stack, Cutoff, dict[str, float]]) -> None:
        stack, cut, expected = example
        for side in run(stack, cut, kernel=kernel):
            for item, level in expected.items():
                assert list(side[item]) == pytest.approx([level] * len(DAYS), abs=1e-9), item
        low, high = (
            {item: answer[side] for item, answer in restart(stack, cut, kernel=kernel).levels.items()} for side in (0, 1)
        )
        assert low == pytest.approx(expected, abs=1e-9)
        assert high == pytest.approx(expected, abs=1e-9)

    law()


@EFFORT
def test_the_compiled_kernel_equals_the_plain_one(times: int) -> None:
    @repeatable(80 * times)
    @given(stacks(), cutoffs(), days())
    def law(stack: Stack, cut: Cutoff, asked: tuple[float, ...]) -> None:
        plain = cutoff(stack, cut, days=asked, kernel="plain")
        compiled = cutoff(stack, cut, days=asked, kernel="compiled")
        for one, other in zip(curves(plain), curves(compiled), strict=True):
            assert_same(one, other)
        for first, second in zip(plain.items, compiled.items, strict=True):
            assert (first.id, first.kind) == (second.id, second.kind)
            assert (first.stops_low, first.stops_high) == pytest.approx((second.stops_low, second.stops_high), abs=1e-6)

    law()


# ---------------------------------------------------------------- what cannot matter


@EFFORT
def test_the_order_of_rows_is_nothing(times: int) -> None:
    @repeatable(60 * times)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        stack, cut = data.draw(stacks()), data.draw(cutoffs())
        other = data.draw(shuffled(stack))
        reordered = replace(cut, rules=tuple(data.draw(st.permutations(cut.rules))))
        for one, two in zip(run(stack, cut), run(other, reordered), strict=True):
            assert_same(one, two)

    law()


@EFFORT
def test_many_cut_offs_at_once_answer_as_one_by_one(times: int) -> None:
    @repeatable(40 * times)
    @given(stacks(), st.lists(cutoffs(), min_size=0, max_size=5), st.sampled_from(["plain", "compiled"]))
    def law(stack: Stack, cuts: list[Cutoff], kernel: Kernel) -> None:
        together = cutoffs_at_once(stack, cuts, days=DAYS, kernel=kernel)
        assert len(together) == len(cuts)
        for cut, answer in zip(cuts, together, strict=True):
            alone = cutoff(stack, cut, days=DAYS, kernel=kernel)
            for one, two in zip(curves(alone), curves(answer), strict=True):
                assert_same(one, two)
            assert list(alone.mission.low) == pytest.approx(list(answer.mission.low), abs=NEAR)

    law()


@EFFORT
def test_a_source_split_into_halves_changes_nothing(times: int) -> None:
    @repeatable(60 * times)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        stack, cut = restated(data.draw(stacks(unknown=False))), data.draw(cutoffs())
        whole = data.draw(st.sampled_from(stack.sources))
        assume(whole.status != "candidate")
        half = replace(whole, share=whole.share / 2, capacity=whole.capacity / 2)  # type: ignore[operator]
        halves = (half, replace(half, id=f"{whole.id}-other"))
        sources = tuple(part for source in stack.sources for part in (halves if source is whole else (source,)))
        more = tuple(replace(need, source=halves[1].id) for need in stack.needs if need.source == whole.id)
        split = replace(stack, sources=sources, needs=(*stack.needs, *more))
        for one, two in zip(run(stack, cut), run(split, cut), strict=True):
            assert_same(one, two)

    law()


@EFFORT
def test_shares_and_capacities_written_out_change_nothing(times: int) -> None:
    @repeatable(40 * times)
    @given(stacks(unknown=False), cutoffs())
    def law(stack: Stack, cut: Cutoff) -> None:
        for one, two in zip(run(stack, cut), run(restated(stack), cut), strict=True):
            assert_same(one, two)

    law()


@EFFORT
def test_days_are_answered_alike_alone_and_together(times: int) -> None:
    @repeatable(40 * times)
    @given(stacks(), cutoffs(), days())
    def law(stack: Stack, cut: Cutoff, asked: tuple[float, ...]) -> None:
        together = run(stack, cut, asked)
        for number, day in enumerate(asked):
            for side, alone in zip(together, run(stack, cut, (day,)), strict=True):
                assert_same({item: [levels[number]] for item, levels in side.items()}, alone)

    law()


# ---------------------------------------------------------------- what can only lower, and what can only raise


@EFFORT
def test_low_is_never_above_high(times: int) -> None:
    @repeatable(50 * times)
    @given(stacks(), cutoffs(), st.booleans())
    def law(stack: Stack, cut: Cutoff, strict: bool) -> None:
        answer = cutoff(stack, cut, days=DAYS, strict=strict, kernel="plain")
        low, high = curves(answer)
        assert_nowhere_above(low, high)
        assert_nowhere_above({"mission": answer.mission.low}, {"mission": answer.mission.high})
        for item in answer.items:
            assert all(0 <= level <= 1 for level in (*item.low, *item.high))
            assert (math.inf if item.stops_low is None else item.stops_low) <= (
                math.inf if item.stops_high is None else item.stops_high + 1e-6
            )

    law()


@EFFORT
def test_strict_never_narrows_an_interval(times: int) -> None:
    @repeatable(40 * times)
    @given(stacks(), cutoffs())
    def law(stack: Stack, cut: Cutoff) -> None:
        low, high = run(stack, cut)
        strict_low, strict_high = run(stack, cut, strict=True)
        assert_nowhere_above(strict_low, low)
        assert_nowhere_above(high, strict_high)

    law()


@EFFORT
def test_what_is_said_to_be_unknown_widens_the_interval_around_what_was_known(times: int) -> None:
    @repeatable(40 * times)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        stack, cut = data.draw(stacks(unknown=False)), data.draw(cutoffs())
        stack = restated(stack)
        table, columns = data.draw(
            st.sampled_from(
                [
                    ("sources", ("share", "provider", "location", "origin", "capacity", "recover")),
                    ("needs", ("enough", "survive")),
                ]
            )
        )
        rows: list[Any] = list(getattr(stack, table))
        assume(rows)
        place = data.draw(st.integers(0, len(rows) - 1))
        column = data.draw(st.sampled_from(columns))
        assume(column != "share" or rows[place].status in (None, "in-use"))
        rows[place] = replace(rows[place], **{column: UNKNOWN})
        unsure: Any = {table: tuple(rows)}
        low, high = run(stack, cut)
        wide_low, wide_high = run(replace(stack, **unsure), cut)
        assert_nowhere_above(wide_low, low)
        assert_nowhere_above(high, wide_high)

    law()


@EFFORT
def test_cutting_more_never_raises_a_level(times: int) -> None:
    @repeatable(50 * times)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        stack, cut = data.draw(stacks()), data.draw(cutoffs())
        first = min(rule.from_day for rule in cut.rules)
        harder = list(cut.rules)
        match data.draw(st.sampled_from(["another rule", "less left", "longer", "void"])):
            case "another rule":
                harder.append(data.draw(rules(first_day=first)))
            case "less left":
                harder[-1] = replace(harder[-1], availability=harder[-1].availability / 2)
            case "longer":
                harder[-1] = replace(harder[-1], until_day=harder[-1].until_day + 20)
            case _:
                harder[-1] = replace(harder[-1], cover="void")
        more = replace(cut, rules=tuple(harder))
        assert more.known_on == cut.known_on
        for less_cut, more_cut in zip(run(stack, cut), run(stack, more), strict=True):
            assert_nowhere_above(more_cut, less_cut)

    law()


@EFFORT
def test_a_source_more_never_lowers_a_level(times: int) -> None:
    @repeatable(50 * times)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        stack, cut = restated(data.draw(stacks(unknown=False))), data.draw(cutoffs())
        item = data.draw(st.sampled_from(stack.items))
        status, share = data.draw(st.sampled_from([("standby", None), ("in-use", 0.0), ("candidate", None)]))
        capacity = data.draw(st.sampled_from([None, 0.3, 1.0])) if status != "in-use" else 0.5
        new = Source(
            "new", item.id, provider=data.draw(st.sampled_from([*PROVIDERS])).id, status=status, share=share, capacity=capacity,
            recover=data.draw(st.sampled_from([None, 10.0, 45.0])),
        )  # fmt: skip
        needs = tuple(
            Need("new", needed.id, survive=data.draw(st.sampled_from([None, 20.0])))
            for needed in data.draw(st.lists(st.sampled_from(stack.items), max_size=2))
        )
        better = replace(stack, sources=(*stack.sources, new), needs=(*stack.needs, *needs))
        for before, after in zip(run(stack, cut), run(better, cut), strict=True):
            assert_nowhere_above(before, after)

    law()


@EFFORT
def test_more_capacity_a_faster_recovery_more_cover_or_a_lighter_need_never_lowers_a_level(times: int) -> None:
    @repeatable(50 * times)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        stack, cut = restated(data.draw(stacks(unknown=False))), data.draw(cutoffs())
        sources, needs = list(stack.sources), list(stack.needs)
        if needs and data.draw(st.sampled_from([True, False])):
            place = data.draw(st.integers(0, len(needs) - 1))
            need = needs[place]
            needs[place] = data.draw(
                st.sampled_from(
                    [
                        replace(need, survive=(need.survive or 0.0) + 12.5),  # type: ignore[operator]
                        replace(need, enough=(1.0 if need.enough is None else need.enough) / 2),  # type: ignore[operator]
                        replace(need, weight=(1.0 if need.weight is None else need.weight) / 2),
                    ]
                )
            )
        else:
            place = data.draw(st.integers(0, len(sources) - 1))
            source = sources[place]
            more = 1.0 if source.capacity is None else (1 + source.capacity) / 2  # type: ignore[operator]
            faster = (source.recover or 0.0) / 2  # type: ignore[operator]
            sources[place] = data.draw(st.sampled_from([replace(source, capacity=more), replace(source, recover=faster)]))
        better = replace(stack, sources=tuple(sources), needs=tuple(needs))
        for before, after in zip(run(stack, cut), run(better, cut), strict=True):
            assert_nowhere_above(before, after)

    law()


@EFFORT
def test_more_notice_never_lowers_a_level_and_a_longer_wait_lowers_none_before_it(times: int) -> None:
    @repeatable(40 * times)
    @given(stacks(), cutoffs(), st.sampled_from([1.0, 10.0, 100.0]))
    def law(stack: Stack, cut: Cutoff, more: float) -> None:
        for before, after in zip(run(stack, cut), run(stack, replace(cut, notice=cut.notice + more)), strict=True):
            assert_nowhere_above(before, after)

    law()


@EFFORT
def test_a_restart_never_gets_above_what_runs_in_the_end_under_the_same_cut_off(times: int) -> None:
    @repeatable(40 * times)
    @given(stacks(), st.none() | cutoffs())
    def law(stack: Stack, cut: Cutoff | None) -> None:
        running = run(stack, cut or Cutoff(), (1e6,))
        answer = restart(stack, cut, kernel="plain")
        for side, levels in enumerate(running):
            assert_nowhere_above({item: (found[side],) for item, found in answer.levels.items()}, levels)

    law()


@EFFORT
def test_without_circles_a_restart_without_cover_reaches_what_runs_without_cover(times: int) -> None:
    @repeatable(40 * times)
    @given(stacks(circles=False), cutoffs(lasting=True))
    def law(stack: Stack, cut: Cutoff) -> None:
        stack = replace(stack, needs=tuple(replace(need, survive=None) for need in stack.needs))
        answer = restart(stack, cut, kernel="plain")
        for side, levels in enumerate(run(stack, cut, (1e6,))):
            assert_same({item: (found[side],) for item, found in answer.levels.items()}, levels)

    law()


@EFFORT
def test_what_restarts_is_what_reaches_the_level_at_which_it_runs(times: int) -> None:
    @repeatable(40 * times)
    @given(stacks(unknown=False))
    def law(stack: Stack) -> None:
        try:
            running, started = reference.greatest(stack), reference.restart_levels(stack)
        except reference.NotConverged:
            assume(False)
            raise
        answer = restart(stack, kernel="plain")
        assert set(answer.restartable) == {item for item, level in running.items() if started[item] >= level - 1e-9}
        stuck = {item for knot in answer.knots for item in knot.items}
        assert not stuck & set(answer.restartable)

    law()


def test_a_cut_off_that_matches_nothing_leaves_what_stands_standing() -> None:
    stack = Stack("still", "DE", items=(Item("x", mission=1.0),), providers=PROVIDERS, sources=(Source("s", "x", "home"),))
    low, high = run(stack, Cutoff((Rule(provider="nobody"),)))
    assert_same(low, {"x": [1.0] * len(DAYS)})
    assert_same(high, {"x": [1.0] * len(DAYS)})
