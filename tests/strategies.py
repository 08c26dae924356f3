"""Small random stacks and cut-offs for the laws. Owns what is drawn, and how often and how repeatably.

Numbers come from coarse grids, so that the gain of a circle is either exactly 1 or well under it; :func:`tight_circles`
draws gains just under 1, with the solution in closed form. Left out on purpose are the few readings that DESIGN leaves
open (they are listed in :mod:`reference`): a capacity under a derived share, an unknown status or mission.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

import reference
from freehold.stack.cutoff import COVERS, WAYS, Cutoff, Rule
from freehold.stack.values import UNKNOWN, Item, Need, Owner, Provider, Source, Stack

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PROVIDERS", "cutoffs", "days", "repeatable", "restated", "rules", "shuffled", "stacks", "tight_circles"]

settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def repeatable(examples: int) -> Callable[..., Callable[..., None]]:
    """Settings under which a law draws the same examples on every run."""
    return settings(settings.get_profile("repeatable"), max_examples=examples)


PROVIDERS = (
    Provider("home", country="DE"),
    Provider("friend", country="FR"),
    Provider("landlord", country="US"),
    Provider("subsidiary", country="DE", owner=(Owner("landlord"),)),
    Provider("minority", country="DE", owner=(Owner("landlord", 0.3), Owner("home", 0.7))),
    Provider("grandchild", country="FR", owner=(Owner("subsidiary", 0.6),)),
    Provider("community", country="none"),
    Provider("seatless"),
    Provider("opaque", country="DE", owner=UNKNOWN),
    Provider("eastern", country="CN", owner=(Owner("eastern"),)),
)
_PROVIDER_IDS = (*(provider.id for provider in PROVIDERS), "self", "self", "home", "landlord", None, UNKNOWN)
_COUNTRIES = (None, None, None, None, ("DE",), ("US",), ("DE", "US"), ("CN",), UNKNOWN)
_TENTHS = tuple(tenth / 10 for tenth in range(1, 11))
_KINDS = (None, "software", "chip", "service", UNKNOWN)
_LICENCES = (None, "MIT", "GPL-3.0-only", UNKNOWN)
_TAGS = (None, ("a",), ("a", "b"), UNKNOWN)


def _grid(*usual: float | None, unknown: bool = True) -> st.SearchStrategy[object]:
    return st.sampled_from([*usual, *([UNKNOWN] if unknown else [])])


@st.composite
def _shares(draw: st.DrawFn, count: int, *, unknown: bool) -> list[object]:
    """Shares of the in-use sources of one item."""
    form = draw(st.sampled_from(["blank", "blank", "whole", "mixed", "gap", "nearly", *(["unknown"] if unknown else [])]))
    if form == "blank":
        return [None] * count
    cuts = sorted(draw(st.lists(st.integers(0, 10), min_size=count, max_size=count)))
    if form == "whole":
        edges = [0, *cuts[:-1], 10]
        return [(high - low) / 10 for low, high in pairwise(edges)]
    edges = [0, *cuts]
    parts: list[object] = [(high - low) / 10 for low, high in pairwise(edges)]
    if form == "mixed":
        return [None, *parts[1:]]
    if form == "unknown":
        return [UNKNOWN, *parts[1:]] if count < 3 or draw(st.booleans()) else [UNKNOWN, None, *parts[2:]]
    if form == "nearly":
        return list([[0.99], [0.5, 0.51], [0.5, 0.3, 0.19]][count - 1])
    return parts


def _derived(shares: list[object]) -> list[float]:
    """At least what each share will be once filled in, so that no capacity is drawn under it."""
    left = 1.0 - math.fsum(share for share in shares if isinstance(share, float))
    return [share if isinstance(share, float) else left for share in shares]


@st.composite
def stacks(draw: st.DrawFn, *, most: int = 9, unknown: bool = True, circles: bool = True, dense: bool = False) -> Stack:
    """A stack of 2 to ``most`` items.

    With ``unknown`` false every fact that counts is known; with ``dense`` any source may need any item, so that most
    items stand in circles.
    """
    count = draw(st.integers(2, most))
    names = [f"i{number}" for number in range(count)]
    providers = _PROVIDER_IDS if unknown else ("home", "friend", "landlord", "subsidiary", "grandchild", "community", "self")
    items, sources, needs = [], [], []
    for number, name in enumerate(names):
        mission = 1.0 if number == 0 else draw(st.sampled_from([None, None, 0.5, 1.0]))
        whole = draw(_grid(None, None, None, None, None, True, unknown=unknown))
        kind, tags = (draw(st.sampled_from(values if unknown else values[1:-1])) for values in (_KINDS, _TAGS))
        items.append(Item(name, kind=kind, mission=mission, whole=whole, tags=tags))  # type: ignore[arg-type]
        in_use = draw(st.sampled_from([1, 1, 1, 2, 2, 3, 0] if unknown else [1, 1, 2, 2, 3]))
        spare = draw(st.sampled_from([0, 0, 0, 1, 1, 2])) if in_use else draw(st.sampled_from([0, 0, 0, 1, -1]))
        shares = draw(_shares(in_use, unknown=unknown)) if in_use else []
        if not unknown and None not in shares and math.fsum(shares) < 0.98:  # type: ignore[arg-type]
            shares[0] = None
        rows: list[tuple[str, object, float]] = [
            ("in-use", share, least) for share, least in zip(shares, _derived(shares), strict=True)
        ]
        rows += [(draw(st.sampled_from(["standby", "standby", "standby", "candidate"])), None, 0.1)] * max(0, spare)
        rows += [("candidate", None, 0.1)] if spare < 0 else []
        for place, (status, share, least) in enumerate(rows):
            wide = [None, None, 1.0, *[tenth for tenth in _TENTHS if tenth >= least]]
            source = Source(
                f"{name}s{place}",
                name,
                provider=draw(st.sampled_from(providers)),
                location=draw(st.sampled_from(_COUNTRIES if unknown else _COUNTRIES[:-1])),
                origin=draw(st.sampled_from([None, None, None, None, ("US",), *([UNKNOWN] if unknown else [])])),
                licence=draw(st.sampled_from(_LICENCES if unknown else _LICENCES[1:-1])),
                status=draw(st.sampled_from([None, "in-use"])) if status == "in-use" else status,
                share=share,  # type: ignore[arg-type]
                capacity=draw(_grid(*wide, unknown=unknown)),  # type: ignore[arg-type]
                recover=draw(_grid(None, None, 0.0, 3.5, 10.0, 30.0, 60.0, 90.0, math.inf, unknown=unknown)),  # type: ignore[arg-type]
                tags=draw(st.sampled_from([None, None, None, ("b",)])),
            )
            sources.append(source)
            for _ in range(draw(st.sampled_from([0, 1, 1, 2, 3]))):
                anywhere = dense or (circles and draw(st.sampled_from([False, False, True])))
                allowed = names if anywhere else names[number + 1 :]
                if allowed:
                    needs.append(
                        Need(
                            source.id,
                            draw(st.sampled_from(allowed)),
                            weight=draw(st.sampled_from([None, None, None, *_TENTHS])),
                            enough=draw(_grid(None, None, None, None, 0.5, 0.8, 1.0, unknown=unknown)),  # type: ignore[arg-type]
                            survive=draw(_grid(None, None, None, 0.0, 0.5, 5.0, 10.0, 30.0, 200.0, math.inf, unknown=unknown)),  # type: ignore[arg-type]
                        )
                    )
    return Stack("random", "DE", ("EU",), items=tuple(items), providers=PROVIDERS, sources=tuple(sources), needs=tuple(needs))


@st.composite
def rules(draw: st.DrawFn, *, first_day: float = 0.0) -> Rule:
    """One rule, from ``first_day`` on."""
    selectors: Any = draw(
        st.sampled_from(
            [
                {"foreign": True},
                {"foreign": True},
                {"country": "US"},
                {"country": "EU"},
                {"provider": "landlord"},
                {"owner": "landlord"},
                {"owner": "home"},
                {"item": "i0"},
                {"item": "i1"},
                {"kind": "chip"},
                {"licence": "MIT"},
                {"tag": "b"},
                {"country": "US", "kind": "software"},
                {"foreign": True, "item": "i1"},
            ]
        )
    )
    start = first_day + draw(st.sampled_from([0.0, 0.0, 0.0, 5.0, 10.0, 7.25, 30.0]))
    return Rule(
        **selectors,
        via=draw(st.sampled_from([WAYS, WAYS, ("provider",), ("owner", "location")])),
        availability=draw(st.sampled_from([0.0, 0.0, 0.0, 0.3, 0.5, 0.9])),
        from_day=start,
        until_day=start + draw(st.sampled_from([math.inf, math.inf, 5.0, 10.0, 33.3, 100.0])),
        cover=draw(st.sampled_from(COVERS)),
    )


@st.composite
def cutoffs(draw: st.DrawFn, *, lasting: bool = False) -> Cutoff:
    """One to three rules; with ``lasting`` all of them hold from day 0 for ever."""
    found = draw(st.lists(rules(), min_size=1, max_size=3))
    if lasting:
        found = [replace(rule, from_day=0.0, until_day=math.inf) for rule in found]
    notice = draw(st.sampled_from([0.0, 0.0, 0.0, 4.0, 30.0]))
    return Cutoff(tuple(found), notice=notice, stake=draw(st.sampled_from([0.5, 0.5, 0.25])))


def days() -> st.SearchStrategy[tuple[float, ...]]:
    """Days to ask for, in order, some of them within a day."""
    some = st.sampled_from([0.0, 0.5, 3.5, 7.0, 7.25, 10.0, 14.0, 30.0, 42.0, 60.0, 90.0, 365.0, 1095.0])
    either = st.one_of(some, st.floats(0, 400).map(lambda day: round(day, 3)))
    return st.lists(either, min_size=1, max_size=6, unique=True).map(lambda found: tuple(sorted(found)))


def restated(stack: Stack) -> Stack:
    """The same stack with every share and capacity written out; for stacks whose facts are all known."""
    filled = {}
    for item in stack.items:
        for way in reference.ways(stack, item, "low"):
            if way.source is not None:
                filled[way.source.id] = replace(way.source, share=way.share, capacity=way.capacity)
    return replace(stack, sources=tuple(filled.get(source.id, source) for source in stack.sources))


@st.composite
def shuffled(draw: st.DrawFn, stack: Stack) -> Stack:
    """The same rows in another order."""
    names = ("items", "providers", "sources", "needs")
    tables: dict[str, Any] = {name: tuple(draw(st.permutations(getattr(stack, name)))) for name in names}
    return replace(stack, **tables)


@st.composite
def tight_circles(draw: st.DrawFn) -> tuple[Stack, Cutoff, dict[str, float]]:
    """Two items in a circle of gain w² just under 1, fed from outside by 1 − w; and their levels once it is cut.

    a works at (1 − w) + w·b; b has a source of share w that needs a, and one of share 1 − w that is cut. So
    a = (1 − w) + w²·a, hence a = 1/(1 + w) and b = w/(1 + w).
    """
    w = 1 - 10.0 ** -draw(st.sampled_from([2, 3, 4, 5, 6, 7])) * draw(st.sampled_from([1, 2, 5, 9]))
    stack = Stack(
        "tight",
        "DE",
        items=(Item("a", mission=1.0), Item("b")),
        providers=PROVIDERS,
        sources=(
            Source("as", "a", "self"),
            Source("bs", "b", "self", share=w),
            Source("bt", "b", "landlord", share=1 - w),
        ),
        needs=(Need("as", "b", weight=w), Need("bs", "a")),
    )
    return stack, Cutoff((Rule(foreign=True),)), {"a": 1 / (1 + w), "b": w / (1 + w)}
