"""What options can change of the sources that an aim rests on, source by source. Owns which facts are open, what closes them.

A *build* is an option that can be in a plan, by its number among those. A fact of a source (a number) stands as the stack has
it and as each build would make it; of several the best one holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from freehold.measure.case import LOW, Case
from freehold.network.arrays import TOLERANCE
from freehold.plan.applied import apply_options
from freehold.plan.option_values import Activate, Cover, MoreCapacity, NewQuality, Option, Sooner, Spare
from freehold.stack.values import UNKNOWN, Maybe, Need, Stack

__all__ = ["Facts", "facts_of", "number_of", "open_days"]

_NONE: Final[Mapping[int, float]] = {}


def number_of(value: Maybe[float], blank: float, worst: float) -> float:
    """A number of a table: what blank means, and what an unknown one is at worst."""
    return blank if value is None else worst if value is UNKNOWN else float(value)


@dataclass(frozen=True)
class Facts:
    """The stack with every source activated, and what else each build changes in it.

    Parameters
    ----------
    case
        That stack: numbers of items and supplies are its own.
    activating
        By supply: builds that activate it, or ``None`` for one that is there without any.
    shared
        Items (by number) of which an option would take a share of today's need.
    capacity, recover, quality
        By id of the source: what each build makes of it.
    cover, weight
        By ids of source and item needed: the same of its needs.
    """

    case: Case
    activating: tuple[tuple[int, ...] | None, ...]
    shared: frozenset[int]
    capacity: Mapping[str, Mapping[int, float]]
    recover: Mapping[str, Mapping[int, float]]
    quality: Mapping[str, Mapping[int, float]]
    cover: Mapping[tuple[str, str], Mapping[int, float]]
    weight: Mapping[tuple[str, str], Mapping[int, float]]

    def source_id(self, supply: int) -> str | None:
        """Id of a supply's source; ``None`` for the unknown one."""
        source = self.case.supplies[supply].filled.source
        return None if source is None else source.id

    def capacities(self, supply: int) -> tuple[float, Mapping[int, float]]:
        """Capacity of a supply as it is, and by build."""
        id_ = self.source_id(supply)
        return self.case.supplies[supply].filled.capacity[LOW], _NONE if id_ is None else self.capacity.get(id_, _NONE)

    def recoveries(self, supply: int) -> tuple[float, Mapping[int, float]]:
        """Days to reach it, as it is, and by build."""
        id_ = self.source_id(supply)
        return self.case.recover(supply, LOW), _NONE if id_ is None else self.recover.get(id_, _NONE)

    def qualities(self, supply: int) -> tuple[float, Mapping[int, float]]:
        """Quality of a supply's source, as it is, and by build."""
        source = self.case.supplies[supply].filled.source
        if source is None:
            return 0.0, _NONE
        return number_of(source.quality, 1.0, 0.0), self.quality.get(source.id, _NONE)

    def covers(self, need: Need) -> tuple[float, Mapping[int, float]]:
        """Days for which a need is covered, as it is, and by build."""
        return number_of(need.survive, 0.0, 0.0), self.cover.get((need.source, need.item), _NONE)

    def weights(self, need: Need) -> tuple[float, Mapping[int, float]]:
        """Weight of a need, as it is, and by build."""
        return 1.0 if need.weight is None else need.weight, self.weight.get((need.source, need.item), _NONE)

    def cone(self, items: Iterable[int]) -> tuple[int, ...]:
        """Supplies that some items rest on, in order."""
        seen = set(items)
        open_ = list(seen)
        supplies = []
        while open_:
            for supply in self.case.supplies_of[open_.pop()]:
                supplies.append(supply)
                for need in self.case.needs_of[supply]:
                    item = self.case.item_number[need.item]
                    if item not in seen and need.weight != 0:
                        seen.add(item)
                        open_.append(item)
        return tuple(sorted(supplies))


def facts_of(stack: Stack, options: Sequence[Option], *, strict: bool = False, stake: float = 0.5) -> Facts:
    """What these options, the builds, can change of a stack.

    Parameters
    ----------
    stack, options
        The stack as it is, and the builds.
    strict, stake
        See :class:`~freehold.measure.case.Case`.
    """
    # with changes of numbers left out, and nothing in use anew, what is read below is how things stand without them
    bare = apply_options(stack, [replace(option, changes=_activations(option)) for option in options])
    case = Case(bare, strict=strict, stake=stake)
    activating: dict[str, list[int]] = {}
    tables: dict[type, dict[object, dict[int, float]]] = {kind: {} for kind in (MoreCapacity, Sooner, NewQuality, Cover, Spare)}
    taken = set()
    for build, option in enumerate(options):
        for source in () if option.adds is None else option.adds.sources:
            if source.status == "standby":
                activating.setdefault(source.id, []).append(build)
        for change in option.changes:
            if isinstance(change, Activate):
                if build not in activating.setdefault(change.source, []):
                    activating[change.source].append(build)
                if change.share is not None:
                    taken.add(case.stack.source_by_id[change.source].item)
            elif isinstance(change, MoreCapacity):
                _best(tables[MoreCapacity], change.source, build, change.capacity, max)
            elif isinstance(change, Sooner):
                _best(tables[Sooner], change.source, build, change.recover, min)
            elif isinstance(change, NewQuality):
                _best(tables[NewQuality], change.source, build, min(1.0, change.quality), max)
            elif isinstance(change, Cover):
                _best(tables[Cover], (change.source, change.item), build, change.survive, max)
            else:
                _best(tables[Spare], (change.source, change.item), build, change.weight, min)
    there = {source.id for source in stack.sources if source.status != "candidate"}
    added = {source.id for option in options if option.adds is not None for source in option.adds.sources}
    added |= {source.id for source in stack.sources if source.status == "candidate"}
    return Facts(
        case,
        tuple(
            None
            if supply.filled.source is None or (id_ := supply.filled.source.id) in there or id_ not in added
            else tuple(activating.get(id_, ()))
            for supply in case.supplies
        ),
        frozenset(case.item_number[item] for item in taken),
        *(tables[kind] for kind in (MoreCapacity, Sooner, NewQuality, Cover, Spare)),  # type: ignore[arg-type]
    )  # fmt: skip


def _activations(option: Option) -> tuple[Activate, ...]:
    return tuple(Activate(change.source) for change in option.changes if isinstance(change, Activate))


def _best(table: dict[object, dict[int, float]], key: object, build: int, value: float, better: object) -> None:
    row = table.setdefault(key, {})
    row[build] = better(row[build], value) if build in row else value  # type: ignore[operator]


def open_days(facts: Facts, supplies: Iterable[int]) -> list[float]:
    """Days to recover and days of cover, other than none and for ever, of what an aim rests on, with and without options."""
    found = set()
    for supply in supplies:
        stands, changed = facts.recoveries(supply)
        found |= {stands, *changed.values()}
        for need in facts.case.needs_of[supply]:
            stands, changed = facts.covers(need)
            found |= {stands, *changed.values()}
    return sorted(day for day in found if TOLERANCE < day < math.inf)
