"""When everything works or does not: by hand, and against levels on random stacks with circles."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from freehold.measure.boolean_view import BooleanView, boolean_view
from freehold.measure.case import HIGH, LOW, Case, Side
from freehold.measure.mission import Mission, mission_of
from freehold.network.and_or import events_of
from freehold.network.oracle import Oracle
from freehold.network.propagation import lose, propagation
from freehold.network.solve import ScenarioBuilder, solve
from freehold.stack.toml_file import loads
from freehold.stack.values import UNKNOWN, Item, Need, Source, Stack
from strategies import PROVIDERS, repeatable

END = 1e12
"""A day after all that the stacks drawn here can do: two hundred days of cover, at the least shortfall that counts."""


def levels(case: Case, side: Side, lost: list[int], day: float | None) -> np.ndarray[Any, Any]:
    """Levels on the day, by the level kernel, when supplies are lost from day 0 for ever."""
    builder = ScenarioBuilder(case.built(side))
    builder.all_available(0.0, np.array(lost, np.int64), 0.0)
    for number, supply in enumerate(case.supplies):
        recover = case.recover(number, side)
        if math.isfinite(recover):
            builder.at_capacity(recover, number, supply.filled.capacity[side])
    at = END if day is None else day
    return solve(case.built(side), [builder.done()], [at], start=case.running(side)).levels[0, 0]


def up(view: BooleanView, lost: list[int]) -> np.ndarray[Any, Any]:
    """Which nodes run when supplies are lost."""
    spread = propagation(view.net)
    nodes = view.supply_node[lost]
    running = spread.up.copy()
    running[lose(spread, nodes[nodes >= 0])] = False
    return running


def view_of(text: str, **settings: Any) -> BooleanView | str:
    return boolean_view(Case(loads('[stack]\nhome = "DE"\n' + text)), LOW, **settings)


def item(name: str, *sources: str, **facts: Any) -> str:
    rows = "".join(f"{key} = {str(value).lower()}\n" for key, value in facts.items())
    return f'[[item]]\nid = "{name}"\n{rows}' + "".join(f'[[item.source]]\nprovider = "self"\n{source}\n' for source in sources)


# ---------------------------------------------------------------- by hand


def test_an_item_with_alternatives_falls_with_the_last_of_them() -> None:
    case = Case(loads('[stack]\nhome = "DE"\n' + item("a", 'needs = ["b"]', 'needs = ["c"]') + item("b") + item("c")))
    view = boolean_view(case, LOW)
    assert isinstance(view, BooleanView)
    runs = [bool(up(view, lost)[view.item_node[0]]) for lost in ([0], [2], [0, 3], [2, 3])]
    assert runs == [True, True, False, False]


def test_two_of_three_equal_shares_keep_a_whole_item() -> None:
    shares = [f"share = {share}\ncapacity = 0.5" for share in (0.33, 0.33, 0.34)]
    case = Case(loads('[stack]\nhome = "DE"\n' + item("a", *shares, whole=True)))
    view = boolean_view(case, LOW)
    assert isinstance(view, BooleanView)
    assert [bool(up(view, lost)[view.item_node[0]]) for lost in ([], [0], [0, 2])] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "day", "reason"),
    [
        (item("a", 'needs = [{ item = "b", weight = 0.5 }]') + item("b"), None, "'a' loses only a part without 'b'"),
        (item("a", "share = 0.5", "share = 0.5"), None, "'a' runs in part on what one of its sources gives"),
        (
            item("a", "share = 0.5", "share = 0.3", "share = 0.2", whole=True) + "",
            None,
            None,
        ),
        (
            item("a", *(f"share = {s}\ncapacity = {c}" for s, c in ((0.5, 0.7), (0.3, 0.3), (0.2, 0.4))), whole=True),
            None,
            "whether 'a' runs depends on which of its sources are left, not only on how many",
        ),
        (
            item("a", 'needs = [{ item = "b", survive = "30d" }]') + item("b"),
            90.0,
            "a cover for 'b' that 'a' has ends by day 90",
        ),
        (item("a", 'needs = [{ item = "b", survive = "30d" }]') + item("b"), 10.0, None),
        (item("a", 'needs = [{ item = "b", survive = "30d" }]') + item("b"), None, None),
        (
            item("a", 'needs = ["b"]') + item("b", 'needs = ["a", "c"]') + item("c", "", 'status = "standby"\nrecover = "9d"'),
            None,
            "a source of 'c' starts later, and a circle rests on it",
        ),
        (
            item("a", 'needs = ["b"]') + item("b", 'needs = ["a", "c"]') + item("c", "", 'status = "standby"\nrecover = "9d"'),
            5.0,
            None,
        ),
        (
            item("a", 'needs = ["b"]') + item("b", 'needs = ["a", "c"]') + item("c", 'status = "standby"'),
            None,
            "'a' does not run at first, and a circle rests on it",
        ),
        (item("a", 'needs = ["b"]') + item("b", "", 'status = "standby"\nrecover = "9d"'), None, None),
    ],
)
def test_it_says_why_levels_have_to_be_solved(text: str, day: float | None, reason: str | None) -> None:
    found = view_of(text, day=day)
    assert (found if isinstance(found, str) else None) == reason


def test_only_what_is_asked_about_has_to_be_of_that_kind() -> None:
    text = item("a", 'needs = ["b"]') + item("b") + item("c", "share = 0.5", "share = 0.5", 'needs = ["a"]')
    view = view_of(text, items=[0])
    assert isinstance(view, BooleanView)
    assert (view.item_node[:2].min(), view.item_node[2], view.supply_node[2:].tolist()) == (0, -1, [-1, -1, -1])
    assert len(view.net.need_start) - 1 == 4
    assert isinstance(view_of(text, items=[2]), str)


def test_an_item_of_unknown_mission_weight_is_enough_to_fall_with() -> None:
    items = (Item("a", mission=3.0), Item("b", mission=1.0), Item("c", mission=UNKNOWN), Item("d", mission=UNKNOWN))
    case = Case(Stack("m", "DE", items=items))
    view = boolean_view(case, LOW)
    assert isinstance(view, BooleanView)
    for mission, falling in ((mission_of(case.stack), [[0], [2], [3]]), (Mission({}, (2, 3), "", stated=True), [[2], [3]])):
        events = events_of(len(view.net.need_start) - 1, 4, view.supply_node, np.arange(4))
        oracle = Oracle(view.net, events, view.top(mission, 0.5))
        assert oracle.holds
        assert [[number] for number in range(4) if oracle.fails([number])] == falling
        assert not Oracle(view.net, events, view.top(mission, 0.0)).fails(range(4))


# ---------------------------------------------------------------- the law


@st.composite
def nearly_boolean(draw: st.DrawFn, *, most: int = 7, tight: bool = False) -> Stack:
    """A stack in which most facts let everything work or not, some don't; ``tight``: in circles, with standbys that rise."""
    count = draw(st.integers(2, most))
    names = [f"i{number}" for number in range(count)]
    items, sources, needs = [], [], []
    circles = tight or draw(st.sampled_from([False, True, True]))
    odd = 0 if tight else draw(st.sampled_from([0, 0, 1, 4]))
    recoveries = [None, 0.0, 9.0] if tight else draw(st.sampled_from([[None], [None, 0.0], [None, 0.0, 9.0, 30.0, math.inf]]))

    def rarely(*values: Any) -> Any:
        return draw(st.sampled_from(values)) if draw(st.integers(0, 39)) < odd else None

    for number, name in enumerate(names):
        whole = draw(st.sampled_from([None, None, True]))
        items.append(Item(name, mission=draw(st.sampled_from([None, 0.5, 1.0])), whole=whole))
        in_use = draw(st.sampled_from([1, 1, 0] if tight else [1, 1, 2, 3, 0]))
        rows = [("in-use", None, None)] * in_use
        if whole and in_use > 1:
            shares = draw(st.sampled_from([[1 / in_use] * in_use, [*[0.5, 0.3, 0.2][: in_use - 1], None]]))
            capacity = draw(st.sampled_from([None, 0.5, 0.6, 1.0]))
            rows = [("in-use", share, capacity) for share in shares]
        rows += [("standby", None, draw(st.sampled_from([None, 1.0, *([0.5] if whole else [])])))] * draw(
            st.sampled_from([0, 0, 1, 2])
        )
        for place, (status, share, capacity) in enumerate(rows):
            known = Source(
                f"{name}s{place}", name, "self", status=status, share=share, capacity=rarely(0.7, UNKNOWN) or capacity,
                recover=rarely(UNKNOWN) or draw(st.sampled_from(recoveries)),
            )  # fmt: skip
            sources.append(known)
            for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
                allowed = names if circles else names[number + 1 :]
                if allowed:
                    cover = draw(st.sampled_from([None, None, 0.0, 5.0] if tight else [None, None, 0.0, 5.0, 200.0, math.inf]))
                    enough = draw(st.sampled_from([None, 0.5, UNKNOWN]))
                    needed = draw(st.sampled_from(allowed))
                    needs.append(
                        Need(known.id, needed, weight=rarely(0.5, 0.0), enough=enough, survive=rarely(UNKNOWN) or cover)
                    )
    return Stack("nearly", "DE", items=tuple(items), providers=PROVIDERS, sources=tuple(sources), needs=tuple(needs))


def hold_to_levels(data: st.DataObject, stack: Stack, losses: int | None) -> None:
    case = Case(stack, kernel="plain")
    side: Side = data.draw(st.sampled_from([LOW, HIGH]))
    day = data.draw(st.sampled_from([None, None, 0.0, 9.0, 30.0]))
    items = data.draw(st.sampled_from([None, [0]]))
    view = boolean_view(case, side, items, day)
    assume(isinstance(view, BooleanView))
    assert isinstance(view, BooleanView)
    inside = np.flatnonzero(view.item_node >= 0)
    numbers = list(range(len(case.supplies)))
    some = st.lists(st.sampled_from(numbers), unique=True, max_size=4) if numbers else st.just([])
    pairs = ([*one] for size in (0, 1, 2) for one in combinations(numbers, size))
    for lost in pairs if losses is None else [data.draw(some) for _ in range(losses)]:
        right = levels(case, side, lost, day)
        assert right[inside].tolist() == up(view, lost)[view.item_node[inside]].astype(float).tolist()


EFFORT = pytest.mark.parametrize("times", [1, pytest.param(3, marks=pytest.mark.slow)], ids=["quick", "thorough"])


@EFFORT
def test_the_view_gives_what_levels_give(times: int) -> None:
    @repeatable(120 * times)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        hold_to_levels(data, data.draw(nearly_boolean()), 4)

    law()


@EFFORT
def test_the_view_gives_what_levels_give_where_circles_may_stop_and_standbys_start(times: int) -> None:
    @repeatable(200 * times)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        hold_to_levels(data, data.draw(nearly_boolean(most=4, tight=True)), None)

    law()
