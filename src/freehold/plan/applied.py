"""What a set of built options makes of a stack: the plain truth. Owns the meaning of every kind of change.

The order of the options never matters: of two changes of one number the better one holds, and sources of one item that take
shares of today's need take them together.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeAlias

from freehold.errors import BadOptions
from freehold.measure.mission import mission_of
from freehold.plan.option_values import Activate, Change, Cover, MoreCapacity, NewQuality, Option, Sooner, Spare
from freehold.stack.cells import nearest
from freehold.stack.shares import Filled, fill_shares
from freehold.stack.values import UNKNOWN, Item, Maybe, Need, Provider, Source, Stack

__all__ = ["activations", "apply_options", "good_enough", "with_additions", "with_unknown_sources"]

_Row: TypeAlias = Item | Provider | Source


def apply_options(
    stack: Stack, options: Iterable[Option], *, only: Collection[str] | None = None,
    late: Mapping[str, float] = MappingProxyType({}), others: Iterable[Option] = (),
) -> Stack:  # fmt: skip
    """Give the stack in which these options are built.

    * A source that is activated without a share stands by: share 0, capacity and recover as stated. A source that an option
      adds as standby is activated by that option.
    * With a share it is in use: it takes that part of today's need; the shares of the sources that were in use before are
      multiplied by what is left, and their capacities stay what they were. One option's changes of one item come one after
      the other, so that each leaves the others in proportion; what several options take of one item they take together, in
      proportion where that is more than all. An unknown source that fills a gap in the stated shares has no capacity to
      keep: it shrinks with the gap. A blank capacity is 1, as of any source that was a candidate. Where nothing was in use,
      what is not taken is met by nobody.
    * Every other change sets one number, never to something worse: the longest cover, the largest capacity and quality, the
      shortest time to recover, the least weight. What was unknown becomes the number set.
    * An item of which no source was known keeps the unknown one beside those that options add.
    * What must be kept alive stays what it was: where no mission is stated and options add something, it is written out.

    Parameters
    ----------
    stack
        The stack as it is.
    options
        What is built.
    only
        Ids of the sources that may be activated; by default all that the options activate. The others stay candidates.
    late
        Sources that, if activated, stand by whatever share is said, with this time to recover in days.
    others
        Further options that are not built: a change of what only they would add does nothing, and an item that only they would
        add, but that is needed, has no source.

    Raises
    ------
    freehold.errors.BadOptions
        If a change names what is not there, what options add collides, or a source in use is to take a share again.
    """
    options = tuple(options)
    _check_unique(options)
    others = tuple(others)
    merged = with_unknown_sources(stack, with_additions(stack, options, others))
    absent = _additions(others) - set(merged.source_by_id)
    changes = [(option, change) for option in options for change in option.changes if change.source not in absent]
    for option, change in changes:
        _check(merged, option, change)
    shares = {source: None if source in late else share for source, share in activations(options).items()}
    if only is not None:
        shares = {source: share for source, share in shares.items() if source in only}
    sources = {source.id: source for source in merged.sources}
    for source, share in shares.items():
        if source in absent:
            continue
        row = sources[source]
        if share is None:
            if row.status in ("candidate", UNKNOWN):
                sources[source] = replace(row, status="standby", share=None)
        else:
            blank = 1.0 if row.capacity is None else row.capacity
            sources[source] = replace(row, status="in-use", share=None, capacity=blank)
    filled = _Fillings(merged)
    for item, taken in _taken(merged, options, {id_ for id_, share in shares.items() if share is not None} - absent).items():
        sources |= _moved(merged, sources, item, taken)
    needs = list(merged.needs)
    places: dict[tuple[str, str], list[int]] = {}
    for place, need in enumerate(needs):
        places.setdefault((need.source, need.item), []).append(place)
    for _, change in changes:
        if isinstance(change, MoreCapacity):
            sources[change.source] = _larger(sources[change.source], change.capacity, filled)
        elif isinstance(change, Sooner):
            row = sources[change.source]
            sources[change.source] = replace(row, recover=_better(row.recover, change.recover, 0.0, least=True))
        elif isinstance(change, NewQuality):
            row = sources[change.source]
            sources[change.source] = replace(row, quality=_better(row.quality, min(change.quality, 1.0), 1.0, least=False))
        elif isinstance(change, Cover | Spare):
            for place in places[change.source, change.item]:
                needs[place] = _changed_need(needs[place], change)
    for source in late:
        if source in shares and source in sources:
            sources[source] = replace(sources[source], recover=late[source])
    return replace(merged, sources=tuple(sources.values()), needs=tuple(needs))


def activations(options: Iterable[Option]) -> Mapping[str, float | None]:
    """Sources that options activate, by id, and the share each takes (the largest said; ``None``: it stands by)."""
    found: dict[str, float | None] = {}
    for option in options:
        if option.adds is not None:
            for source in option.adds.sources:
                if source.status == "standby":
                    found.setdefault(source.id, None)
        for change in option.changes:
            if isinstance(change, Activate):
                shares = [share for share in (found.get(change.source), change.share) if share is not None]
                found[change.source] = max(shares, default=None)
    return dict(sorted(found.items()))


def good_enough(source: Source, quality: float | None) -> bool:
    """Whether a source has a least quality; a blank one is 1, an unknown one may be anything."""
    if quality is None:
        return True
    has = 1.0 if source.quality is None else 0.0 if source.quality is UNKNOWN else source.quality
    return has >= quality - 1e-9


def with_unknown_sources(stack: Stack, merged: Stack) -> Stack:
    """Write out the unknown source of each item that had no source row, where options add one.

    Parameters
    ----------
    stack
        The stack as it is.
    merged
        The stack with what options add.
    """
    written = []
    for item in stack.items:
        if not stack.sources_of[item.id] and merged.sources_of[item.id]:
            id_ = f"{item.id}@?"
            while id_ in merged.source_by_id:
                id_ += "?"
            unknown: Any = UNKNOWN
            written.append(Source(id_, item.id, unknown, unknown, unknown, unknown))
    return replace(merged, sources=(*merged.sources, *written)) if written else merged


def _check_unique(options: Sequence[Option]) -> None:
    seen: set[str] = set()
    for option in options:
        if option.id in seen:
            raise BadOptions(f"option '{option.id}' is there twice. Give each option an id of its own.")
        seen.add(option.id)


def _additions(options: Iterable[Option]) -> set[str]:
    return {source.id for option in options if option.adds is not None for source in option.adds.sources}


def with_additions(stack: Stack, options: Sequence[Option], others: Sequence[Option] = ()) -> Stack:
    """Give the stack and what options add, in the order of the options' ids; see :func:`apply_options`."""
    items, providers = dict(stack.item_by_id), {provider.id: provider for provider in stack.providers}
    sources, needs = dict(stack.source_by_id), list(stack.needs)
    for option in sorted(options, key=lambda option: option.id):
        more = option.adds
        if more is None:
            continue
        _merge(items, (_without_mission(item, option) for item in more.items), option, "item")
        _merge(providers, more.providers, option, "provider")
        for source in more.sources:
            if source.id in sources:
                raise BadOptions(
                    f"option '{option.id}' adds source '{source.id}', but there is one already. Give it another id."
                )
            if source.status not in ("standby", "candidate"):
                raise BadOptions(
                    f"option '{option.id}' adds source '{source.id}', which is neither standby nor candidate. "
                    "Give it status 'candidate', and let the option activate it."
                )
            sources[source.id] = source
        own = {source.id for source in more.sources}
        for need in more.needs:
            if need.source not in own:
                raise BadOptions(
                    f"option '{option.id}' adds a need to source '{need.source}', which it does not add. "
                    "An option adds needs to its own sources only."
                )
            needs.append(need)
    for item, source in _not_there(options, others, items).values():
        items[item.id], sources[source.id] = item, source
    for option in others:
        if option.adds is not None:
            _merge(providers, option.adds.providers, option, "provider")
    if len(items) + len(needs) > len(stack.items) + len(stack.needs):
        items |= {item.id: item for item in _missions(stack)}
    for option in options:
        more = option.adds
        for what, id_ in () if more is None else _named(more):
            if id_ not in items:
                raise BadOptions(
                    f"option '{option.id}': {what} names item '{id_}', which is not there. {_near(id_, items, 'item')}"
                )
    return replace(
        stack, items=tuple(items.values()), providers=tuple(providers.values()), sources=tuple(sources.values()),
        needs=tuple(needs),
    )  # fmt: skip


def _not_there(
    options: Sequence[Option], others: Sequence[Option], items: Mapping[str, Item]
) -> dict[str, tuple[Item, Source]]:
    """Items that only options not built would add, named by what is built: each with a candidate that never counts."""
    offered = {item.id: item for option in others if option.adds is not None for item in option.adds.items}
    found = {}
    for option in sorted(options, key=lambda option: option.id):
        for _, id_ in () if option.adds is None else _named(option.adds):
            if id_ not in items and id_ in offered:
                found[id_] = offered[id_], Source(f"{id_}@nobody", id_, status="candidate")
    return found


def _without_mission(item: Item, option: Option) -> Item:
    if item.mission is UNKNOWN or (item.mission or 0) > 0:
        raise BadOptions(
            f"option '{option.id}' adds item '{item.id}' with a mission weight. "
            "What must be kept alive is for the stack to say: leave it out."
        )
    return item


def _missions(stack: Stack) -> Iterable[Item]:
    """The items with their mission weights written out, where the stack states none."""
    mission = mission_of(stack)
    if mission.stated:
        return stack.items
    return tuple(replace(item, mission=mission.weights.get(number, 0.0)) for number, item in enumerate(stack.items))


def _named(more: Stack) -> Iterable[tuple[str, str]]:
    for source in more.sources:
        yield f"source '{source.id}'", source.item
    for need in more.needs:
        yield f"a need of '{need.source}'", need.item


def _merge(rows: dict[str, Any], more: Iterable[_Row], option: Option, what: str) -> None:
    """Add rows; one that is there already must say the same."""
    for row in more:
        if rows.setdefault(row.id, row) != row:
            raise BadOptions(
                f"option '{option.id}' adds {what} '{row.id}', but another one of this id is there. Give it another id."
            )


def _near(asked: str, known: Iterable[str], what: str) -> str:
    near = nearest(asked, list(known))
    return f"Did you mean '{near[0]}'?" if near else f"Name {what}s of the stack, or add it with the option."


def _check(merged: Stack, option: Option, change: Change) -> None:
    if change.source not in merged.source_by_id:
        raise BadOptions(
            f"option '{option.id}' names source '{change.source}', which is not there. "
            f"{_near(change.source, merged.source_by_id, 'source')}"
        )
    if isinstance(change, Cover | Spare) and not any(
        need.item == change.item for need in merged.needs_of.get(change.source, ())
    ):
        raise BadOptions(
            f"option '{option.id}': source '{change.source}' has no need of '{change.item}'. "
            f"{_near(change.item, [need.item for need in merged.needs_of.get(change.source, ())], 'need')}"
        )
    if isinstance(change, Activate) and change.share is not None:
        if not 0 < change.share <= 1:
            raise BadOptions(f"option '{option.id}': a share of {change.share} for '{change.source}' is not in (0, 1].")
        if merged.source_by_id[change.source].status in (None, "in-use", UNKNOWN):
            raise BadOptions(
                f"option '{option.id}' lets '{change.source}' take a share, but it is in use already. "
                "Options activate candidates, and sources that stand by."
            )


def _taken(merged: Stack, options: Iterable[Option], taking: Collection[str]) -> dict[str, dict[str, float]]:
    """By item, the part of today's need that each source takes."""
    found: dict[str, dict[str, float]] = {}
    for option in options:
        own: dict[str, dict[str, float]] = {}
        for change in option.changes:
            if isinstance(change, Activate) and change.share is not None and change.source in taking:
                parts = own.setdefault(merged.source_by_id[change.source].item, {})
                for source in parts:
                    parts[source] *= 1 - change.share
                parts[change.source] = parts.get(change.source, 0.0) + change.share
        for item, parts in own.items():
            for source, part in parts.items():
                of_item = found.setdefault(item, {})
                of_item[source] = max(part, of_item.get(source, 0.0))
    return {item: dict(sorted(found[item].items())) for item in sorted(found)}


def _moved(merged: Stack, sources: Mapping[str, Source], item: str, taken: Mapping[str, float]) -> dict[str, Source]:
    """Sources of one item after some have taken shares of today's need."""
    whole = math.fsum(taken.values())
    scale = min(1.0, 1.0 / whole)
    left = max(0.0, 1.0 - whole)
    nobody = not any(old.status in (None, "in-use", UNKNOWN) for old in merged.sources_of[item])
    # a source that stands by with a share counts with it, and nothing unknown fills the rest
    status = "standby" if nobody and whole < 1 - 1e-9 else "in-use"
    before = {one.source.id: one for one in fill_shares(merged, merged.item_by_id[item]) if one.source is not None}
    found = {}
    for old in merged.sources_of[item]:
        row = sources[old.id]
        if old.id in taken:
            found[old.id] = replace(row, status=status, share=taken[old.id] * scale)
        elif old.status in (None, "in-use") and isinstance(old.share, int | float):
            # a blank share divides what is left, and its capacity is 1 still
            capacity = before[old.id].capacity[0] if old.capacity is None else row.capacity
            found[old.id] = replace(row, share=before[old.id].share[0] * left, capacity=capacity)
    return found


class _Fillings:
    """Shares and capacities as they were before anything was built, looked up where they are asked for."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def of(self, source: Source) -> Filled | None:
        item = self._stack.item_by_id[source.item]
        return next(
            (one for one in fill_shares(self._stack, item) if one.source is not None and one.source.id == source.id), None
        )


def _larger(row: Source, capacity: float, filled: _Fillings) -> Source:
    if row.capacity is None:
        before = None if row.status in ("candidate", UNKNOWN) else filled.of(row)
        least = 1.0 if before is None else before.capacity[0]
        return row if capacity <= least else replace(row, capacity=capacity)
    return replace(row, capacity=_better(row.capacity, capacity, 1.0, least=False))


def _better(has: Maybe[float], new: float, blank: float, *, least: bool) -> Maybe[float]:
    """The better of two numbers; blank where that is at least as good."""
    if has is UNKNOWN:
        return new
    value = blank if has is None else has
    if (value <= new) if least else (value >= new):
        return has
    return new


def _changed_need(need: Need, change: Cover | Spare) -> Need:
    if isinstance(change, Cover):
        return replace(need, survive=_better(need.survive, change.survive, 0.0, least=False))
    weight = 1.0 if need.weight is None else need.weight
    return need if weight <= change.weight else replace(need, weight=change.weight)
