"""Random options for random stacks. Owns what is drawn of what can be built."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from freehold.plan.option_values import Activate, Change, Cover, MoreCapacity, NewQuality, Option, Sooner, Spare
from freehold.stack.values import Item, Need, Source, Stack
from strategies import stacks

__all__ = ["options_of", "stacks_with_candidates"]

_TENTHS = tuple(tenth / 10 for tenth in range(1, 11))


@st.composite
def stacks_with_candidates(draw: st.DrawFn, *, most: int = 6, unknown: bool = True) -> Stack:
    """A dense stack in which candidates need each other."""
    stack = draw(stacks(most=most, unknown=unknown, dense=draw(st.booleans())))
    names = [item.id for item in stack.items]
    sources, needs = list(stack.sources), list(stack.needs)
    for number in range(draw(st.integers(1, 4))):
        item = draw(st.sampled_from(names))
        source = Source(
            f"c{number}", item, draw(st.sampled_from(["self", "self", "home", "landlord"])), status="candidate",
            capacity=draw(st.sampled_from([None, None, 1.0, 0.5])), recover=draw(st.sampled_from([None, None, 0.0, 3.5, 30.0])),
            quality=draw(st.sampled_from([None, 0.3, 0.9])),
        )  # fmt: skip
        sources.append(source)
        for needed in draw(st.lists(st.sampled_from(names), max_size=2, unique=True)):
            survive = draw(st.sampled_from([None, None, None, 5.0, 10.0, math.inf]))
            needs.append(Need(source.id, needed, weight=draw(st.sampled_from([None, None, 0.5])), survive=survive))
    tables: dict[str, Any] = {"sources": tuple(sources), "needs": tuple(needs)}
    return Stack("random", "DE", ("EU",), items=stack.items, providers=stack.providers, **tables)


@st.composite
def options_of(draw: st.DrawFn, stack: Stack, *, shares: bool = True, most: int = 5) -> tuple[Option, ...]:
    """Options of every kind of change, some of which bring new things."""
    found = []
    for number in range(draw(st.integers(1, most))):
        changes = [draw(_changes(stack, shares=shares)) for _ in range(draw(st.integers(1, 2)))]
        adds = None
        if draw(st.sampled_from([False, False, True])):
            adds, more = draw(_additions(stack, number, shares=shares))
            changes += more
        kept = tuple(change for change in changes if change is not None)
        excludes = draw(st.sampled_from([(), (), (), ("o0",)])) if number else ()
        lead = draw(st.sampled_from([0.0, 10.0, 999.0]))
        found.append(Option(f"o{number}", kept, adds=adds, cost_once=1.0, cost_year=0.0, lead=lead, excludes=excludes))
    return tuple(found)


@st.composite
def _changes(draw: st.DrawFn, stack: Stack, *, shares: bool) -> Change | None:
    kind = draw(st.sampled_from(["activate", "activate", "activate", "cover", "capacity", "sooner", "quality", "spare"]))
    share = st.sampled_from([None, None, None, *(_TENTHS if shares else ())])
    if kind == "activate":
        open_ = [source.id for source in stack.sources if source.status in ("candidate", "standby")]
        return Activate(draw(st.sampled_from(open_)), draw(share)) if open_ else None
    if kind in ("cover", "spare"):
        if not stack.needs:
            return None
        need = draw(st.sampled_from(stack.needs))
        if kind == "cover":
            return Cover(need.source, need.item, draw(st.sampled_from([5.0, 10.0, 60.0, math.inf])))
        return Spare(need.source, need.item, draw(st.sampled_from([0.0, 0.3, 0.7])))
    source = draw(st.sampled_from(stack.sources)).id if stack.sources else None
    if source is None:
        return None
    if kind == "capacity":
        return MoreCapacity(source, draw(st.sampled_from([0.5, 0.8, 1.0])))
    if kind == "sooner":
        return Sooner(source, draw(st.sampled_from([0.0, 1.0, 7.0])))
    return NewQuality(source, draw(st.sampled_from([0.5, 0.8])))


@st.composite
def _additions(draw: st.DrawFn, stack: Stack, number: int, *, shares: bool) -> tuple[Stack, list[Change]]:
    names = [item.id for item in stack.items]
    new = f"n{number}"
    items = (Item(new, kind=draw(st.sampled_from([None, "chip"]))),)
    status = draw(st.sampled_from(["standby", "candidate"]))
    own = Source(f"s{number}", draw(st.sampled_from(names)), "self", status=status, recover=draw(st.sampled_from([None, 4.0])))
    needs = [Need(own.id, new)]
    sources, changes = [own], [] if status == "standby" else [Activate(own.id)]
    if draw(st.booleans()):
        makes = Source(f"m{number}", new, draw(st.sampled_from(["self", "landlord"])), status="candidate")
        sources.append(makes)
        changes.append(Activate(makes.id, 1.0 if shares and draw(st.booleans()) else None))
        if draw(st.booleans()):
            needs.append(Need(makes.id, draw(st.sampled_from(names))))
    return Stack(items=items, sources=tuple(sources), needs=tuple(needs)), changes
