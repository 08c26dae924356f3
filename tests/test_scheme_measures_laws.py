"""Laws of measures: bounds hold the amount for every completion of what is unknown, and more knowledge never widens them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from freehold.schemes.asking import asked_of
from freehold.schemes.interface import Measured, Parameter
from freehold.schemes.measures.bounds import Row, mean_of, part_of
from freehold.schemes.measuring import measure
from freehold.stack.values import UNKNOWN, Need, Source, Stack
from strategies import repeatable, stacks

ASKED: tuple[tuple[str, dict[str, Parameter]], ...] = (
    ("seat-inside", {}),
    ("owner-inside", {"reach": "parts"}),
    ("owner-inside", {"within": "home", "weighted": "mission"}),
    ("location-inside", {"reach": "stack", "weighted": "cost"}),
    ("law-inside", {}),
    ("control-inside", {"kinds": ("software", "chip")}),
    ("control-inside", {"tags": ("b",)}),
    ("control-inside", {"roles": ("part",), "reach": "all"}),
    ("outside-stakes", {}),
    ("outside-stakes", {"figure": "together", "kinds": ("chip",)}),
    ("level-when-cut", {"day": 20.0}),
    ("days-to-stop", {"horizon": 100.0}),
    ("endurance", {"horizon": 100.0}),
    ("content-inside", {}),
    ("content-inside", {"figure": "face-value", "within": "home", "via": ("location",)}),
    ("content-inside", {"figure": "face-value"}),
    ("content-inside", {"figure": "hidden-exposure"}),
    ("component-share", {}),
    ("components-suffice", {}),
    ("open-licence", {}),
    ("software-grade", {}),
    ("self-sufficiency", {"via": ("location",)}),
)
"""Measures of a state of the world; how much is known of it (``facts-known``) is none."""

_KNOWN = {
    "provider": ("home", "friend", "landlord", "subsidiary", "grandchild", "community", "self"),
    "location": (("DE",), ("US",), ("FR", "CN")),
    "origin": (("DE",), ("US",)),
    "licence": ("MIT", "LicenseRef-Proprietary"),
    "cost_year": (0.0, 1.0, 5.0),
    "capacity": (1.0,),
    "recover": (0.0, 10.0),
}


@st.composite
def priced(draw: st.DrawFn) -> Stack:
    """A stack with costs and roles, some of them unknown."""
    stack = draw(stacks(most=6))
    sources = [replace(one, cost_year=draw(st.sampled_from([None, 1.0, 3.0, UNKNOWN]))) for one in stack.sources]
    needs = [replace(one, role=draw(st.sampled_from([None, "part", "host"]))) for one in stack.needs]
    return replace(stack, sources=tuple(sources), needs=tuple(needs))


def _settled_source(draw: st.DrawFn, stack: Stack, one: Source, *, all_: bool) -> Source:
    def learn() -> bool:
        return all_ or draw(st.booleans())

    new: dict[str, Any] = {}
    for name, values in _KNOWN.items():
        blank = name in ("provider", "licence") and getattr(one, name) is None
        if (getattr(one, name) is UNKNOWN or blank) and learn():
            new[name] = draw(st.sampled_from(values))
    if one.share is UNKNOWN and learn():
        others = [other for other in stack.sources_of[one.item] if other.status in (None, "in-use") and other is not one]
        left = max(0.0, 1 - sum(other.share for other in others if isinstance(other.share, float)))
        least = one.capacity if isinstance(one.capacity, float) else 1.0
        if any(other.share is None for other in others):
            new["share"] = round(draw(st.sampled_from([0.0, 0.25, 0.5, 1.0])) * min(left, least), 6)
        elif left <= least:  # a smaller one would leave a gap: a source that was not there before
            new["share"] = left
    return replace(one, **new)


@st.composite
def learnt(draw: st.DrawFn, *, all_: bool = False) -> tuple[Stack, Stack]:
    """A stack, and the same of which more is known (with ``all_``: everything)."""
    stack = draw(priced())

    def learn() -> bool:
        return all_ or draw(st.booleans())

    items = []
    for item in stack.items:
        new: dict[str, Any] = {}
        if item.kind in (None, UNKNOWN) and learn():
            new["kind"] = draw(st.sampled_from(["software", "chip", "service"]))
        if item.tags is UNKNOWN and learn():
            new["tags"] = draw(st.sampled_from([(), ("b",)]))
        if item.whole is UNKNOWN and learn():
            new["whole"] = draw(st.booleans())
        items.append(replace(item, **new))
    sources = [_settled_source(draw, stack, one, all_=all_) for one in stack.sources]
    needs = [_settled_need(draw, one, all_=all_) for one in stack.needs]
    providers = []
    for provider in stack.providers:
        new = {}
        if provider.country in (None, UNKNOWN) and learn():
            new["country"] = draw(st.sampled_from(["DE", "US"]))
        if provider.owner is UNKNOWN and learn():
            new["owner"] = draw(st.sampled_from([None, stack.providers[2].owner or None]))
        providers.append(replace(provider, **new))
    known = replace(stack, items=tuple(items), sources=tuple(sources), needs=tuple(needs), providers=tuple(providers))
    return stack, known


def _settled_need(draw: st.DrawFn, one: Need, *, all_: bool) -> Need:
    new: dict[str, Any] = {}
    for name, values in (("enough", (0.5, 1.0)), ("survive", (0.0, 15.0))):
        if getattr(one, name) is UNKNOWN and (all_ or draw(st.booleans())):
            new[name] = draw(st.sampled_from(values))
    return replace(one, **new)


def _told(stack: Stack) -> list[Measured | None]:
    asked = asked_of(stack)
    return [measure(name, asked, parameters) for name, parameters in ASKED]


def _within(stack: Stack, known: Stack) -> None:
    for (name, parameters), before, after in zip(ASKED, _told(stack), _told(known), strict=True):
        if before is None or after is None:
            continue
        assert before.low - 1e-9 <= after.low <= after.high <= before.high + 1e-9, (name, parameters, before, after)


@given(learnt(all_=True))
@repeatable(30)
def test_bounds_hold_the_amount_whatever_the_unknown_turns_out_to_be(pair: tuple[Stack, Stack]) -> None:
    _within(*pair)


@given(learnt())
@repeatable(30)
def test_more_knowledge_never_widens_the_bounds(pair: tuple[Stack, Stack]) -> None:
    _within(*pair)


@given(priced())
@repeatable(30)
def test_the_order_of_rows_does_not_matter(stack: Stack) -> None:
    turned = replace(stack, sources=stack.sources[::-1], needs=stack.needs[::-1], providers=stack.providers[::-1])
    for one, other in zip(_told(stack), _told(turned), strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert abs(one.low - other.low) < 1e-9
            assert abs(one.high - other.high) < 1e-9


WEIGHTS = st.sampled_from([(0.0, 1.0), (1.0, 1.0), (0.5, 2.0), (0.0, 3.0), (2.0, 2.0)])
PARTS = st.sampled_from([(0.0, 0.0), (0.0, 1.0), (0.25, 0.5), (1.0, 1.0)])


@given(st.lists(st.tuples(WEIGHTS, PARTS), min_size=1, max_size=5))
@example([((0.0, 1.0), (0.0, 0.0)), ((0.0, 1.0), (1.0, 1.0))])
@repeatable(100)
def test_the_bounds_of_a_mean_are_those_of_the_corners(rows: list[tuple[tuple[float, float], tuple[float, float]]]) -> None:
    found = mean_of([Row(weight, part) for weight, part in rows])
    assert found is not None
    lows, highs = [], []
    for corner in range(2 ** len(rows)):
        weights = [weight[corner >> place & 1] for place, (weight, _) in enumerate(rows)]
        if sum(weights) > 0:
            lows.append(sum(w * part[0] for w, (_, part) in zip(weights, rows, strict=True)) / sum(weights))
            highs.append(sum(w * part[1] for w, (_, part) in zip(weights, rows, strict=True)) / sum(weights))
    assert abs(found[0] - min(lows)) < 1e-9
    assert abs(found[1] - max(highs)) < 1e-9


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from([True, False, None])), min_size=1, max_size=4))
@repeatable(100)
def test_the_bounds_of_a_part_hold_it_for_all_shares_within_theirs(drawn: list[tuple[int, int, bool | None]]) -> None:
    shares = [(min(a, b) / 4, max(a, b) / 4) for a, b, _ in drawn]
    low, high = part_of(shares, [truth for *_, truth in drawn], whole=False)
    for side in (0, 1):
        surely = sum(share[side] for share, (*_, truth) in zip(shares, drawn, strict=True) if truth)
        assert low <= min(1.0, surely) + 1e-9
        assert surely <= high + 1e-9 or high == 1.0
