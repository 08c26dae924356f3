"""One network in which every option is a switch, so that many sets of options are judged. Owns that network.

Every source that an option could activate stands in it with share 0 and is never brought to its capacity, which is as good as
not there; what is built adds that one event. Only options that change numbers of needs, or move shares, take a network of
their own, which is kept. The meaning of options is :mod:`freehold.plan.applied`'s, and a law holds the two equal.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np

from freehold.measure.case import LOW, Case, Kernel, Supply
from freehold.measure.level_view import Losses
from freehold.network.acceleration import has_compiler
from freehold.network.arrays import CAPACITY, TOLERANCE, Floats, Scenario, State
from freehold.network.build import Built, with_needs
from freehold.network.first_activity import first_activity
from freehold.network.order import components
from freehold.network.solve import mean_curve, running_state, solve
from freehold.plan.applied import apply_options, with_additions, with_unknown_sources
from freehold.plan.option_values import Activate, Change, Cover, MoreCapacity, NewQuality, Option, Sooner, Spare
from freehold.stack.cutoff import Cutoff
from freehold.stack.shares import Filled, fill_shares
from freehold.stack.values import UNKNOWN, Source, Stack

__all__ = ["Switches", "why_not_switches"]

_LARGE: Final = 2_000
"""Sources and needs from which the compiled kernel pays, since so many sets of options are judged."""

_MOST_NETWORKS: Final = 256


def why_not_switches(stack: Stack, options: Iterable[Option]) -> str | None:
    """Why options cannot be switches of one network, in words for a log; ``None`` where they can."""
    for option in options:
        for change in option.changes:
            source = stack.source_by_id.get(change.source)
            if isinstance(change, Activate) and source is not None and source.status in (UNKNOWN, None, "in-use"):
                return f"option '{option.id}' activates '{source.id}', which is perhaps in use already"
    return None


@dataclass(frozen=True, slots=True)
class _Key:
    """What takes numbers of its own: options that take shares, sources that do, options that bring items without a source."""

    stake: float
    sharing: frozenset[int]
    taking: frozenset[str]
    brought: frozenset[int]


class Switches:
    """The network of one stack and its options, cut down to what some items rest on.

    Parameters
    ----------
    stack, options
        The stack as it is, and all options.
    wanted
        Ids of the items asked about.
    quality
        Least quality of an activated source.
    strict, kernel
        As for :class:`~freehold.measure.case.Case`.
    """

    def __init__(
        self, stack: Stack, options: Sequence[Option], wanted: Collection[str], *, quality: float | None = None,
        strict: bool = False, kernel: Kernel = "auto",
    ) -> None:  # fmt: skip
        self._options = tuple(options)
        apply_options(stack, self._options)
        self._stack = stack
        merged = with_unknown_sources(stack, with_additions(stack, self._options))
        self._by = _activators(stack, self._options)
        rows = tuple(
            replace(row, status="standby", share=None) if row.id in self._by and row.status == "candidate" else row
            for row in merged.sources
        )
        self._whole = _cone(replace(merged, sources=rows, claims=()), wanted)
        self._quality, self._strict = quality, strict
        self._adder = {
            source.id: place
            for place, option in enumerate(self._options)
            if option.adds is not None
            for source in option.adds.sources
        }
        self._item_adder = _item_adders(stack, self._options)
        size = len(self._whole.sources) + len(self._whole.needs)
        self._kernel: Kernel = "compiled" if kernel == "auto" and size > _LARGE and has_compiler() else kernel
        self._cases: dict[float, Case] = {}
        self._numbers: dict[_Key, _Numbers] = {}
        self._variants: dict[tuple[_Key, frozenset[int]], _Variant] = {}
        self.item_number: Mapping[str, int] = {item.id: number for number, item in enumerate(self._whole.items)}

    def case(self, stake: float) -> Case:
        """The case of everything: every option's sources in it, as what stands by."""
        if stake not in self._cases:
            self._cases[stake] = Case(self._whole, strict=self._strict, stake=stake, kernel=self._kernel)
        return self._cases[stake]

    def levels(self, built: frozenset[int], cut: Cutoff, days: Sequence[float]) -> Floats:
        """Levels of the items on days, ascending, on the low side.

        Returns
        -------
        (days, items)
            In the numbers of :attr:`item_number`.
        """
        return self._levels(built, _Cut(cut), cut.stake, cut.known_on, days)

    def least(self, built: frozenset[int], cut: Cutoff, day: float, rows: Floats) -> float:
        """The least, on the exact time line from day 0 to a day, of weighted sums of the levels: of the lowest of some rows."""
        blow = _Cut(cut)
        variant, started = self._found(built, blow, cut.stake, cut.known_on, day)
        scenario = self._scenario(variant, blow, built, started, cut.known_on)
        _, sums, _ = mean_curve(variant.built, scenario, rows, day, variant.running)
        return float(np.clip(np.min(sums), 0.0, 1.0))

    def levels_lost(self, built: frozenset[int], lost: frozenset[int], stake: float, days: Sequence[float]) -> Floats:
        """The same when supplies of :meth:`case` are lost on day 0 for ever."""
        return self._levels(built, _Loss(lost), stake, 0.0, days)

    @property
    def shares_on_circles(self) -> bool:
        """Whether a source that takes a share stands on a circle, if all is built."""
        return any(any(self._by[source].values()) for source in self._may_circle)

    # One run

    def _levels(self, built: frozenset[int], blow: _Blow, stake: float, known_on: float, days: Sequence[float]) -> Floats:
        variant, started = self._found(built, blow, stake, known_on, days[-1])
        scenario = self._scenario(variant, blow, built, started, known_on)
        found: Floats = solve(variant.built, [scenario], days, 0.5, variant.running).levels[0]
        return found

    def _found(
        self, built: frozenset[int], blow: _Blow, stake: float, known_on: float, horizon: float
    ) -> tuple[_Variant, dict[int, float]]:
        """The network, and the day from which each supply that is activated counts."""
        active = self._active(built)
        numbers = self.case(stake).supply_number
        asked = {source for source in active if source in self._may_circle}
        takers = frozenset(source for source, share in active.items() if share)
        if asked & takers:
            asked = self._on_circles(active) & asked
        takes_over = {source: max(0.0, known_on + self._recover(built, source)) for source in active}
        sure = {numbers[source]: takes_over[source] for source in active if source not in asked}
        if not asked:
            return self._variant(built, takers, stake), sure
        founded: dict[str, float] = {}
        while True:
            taking = takers & ({one for one, day in founded.items() if day <= TOLERANCE} | (takers - asked))
            variant = self._variant(built, taking, stake)
            started = sure | {
                numbers[source]: takes_over[source] if source in taking else max(day, takes_over[source])
                for source, day in founded.items()
            }
            scenario = self._scenario(variant, blow, built, started, known_on)
            net, running = variant.built, variant.running
            found = first_activity(net, scenario, horizon, {numbers[one]: takes_over[one] for one in asked}, running)
            first = {numbers[one]: 0.0 for one in asked & takers}
            on_day_0 = first_activity(net, scenario, 0.0, first, running) if first else {}
            days = dict(founded)
            for source in asked:
                number = numbers[source]
                day = on_day_0.get(number, found.get(number) if self._can_be_off(self._whole.source_by_id[source]) else None)
                if day is not None:
                    days[source] = min(day, founded.get(source, math.inf))
            if days == founded:
                return variant, started
            founded = days

    def _scenario(
        self, variant: _Variant, blow: _Blow, built: frozenset[int], started: Mapping[int, float], known_on: float
    ) -> Scenario:
        """What happens: the blow, and each supply that is activated, or whose numbers options change, at its capacity."""
        base = blow.scenario(variant)
        events: list[tuple[float, int, float]] = []
        case = variant.numbers.case
        for number, day in started.items():
            if math.isfinite(day):
                events.append((day, number, self._capacity(variant, built, number)))
        for number in self._dynamic:
            source = case.supplies[number].filled.source
            if number not in started and (source is None or not self._can_be_off(source)):
                day = math.inf if source is None else max(0.0, known_on + self._recover(built, source.id))
                capacity = self._capacity(variant, built, number)
                if math.isfinite(day) and capacity != case.supplies[number].filled.share[LOW]:
                    events.append((day, number, capacity))
        return _with_capacities(base, events, case)

    # What is there

    def _active(self, built: frozenset[int]) -> dict[str, float | None]:
        """Sources that these options activate, and whether (any share) they are to take one."""
        found: dict[str, float | None] = {}
        for place in sorted(built):
            for source, share in self._by_option[place]:
                adder = self._adder.get(source)
                if adder is not None and adder not in built:
                    continue
                if source in self.case(0.5).supply_number and self._is_good(built, source):
                    found[source] = share or found.get(source)
        return found

    @cached_property
    def _by_option(self) -> tuple[tuple[tuple[str, float | None], ...], ...]:
        found: list[list[tuple[str, float | None]]] = [[] for _ in self._options]
        for source, places in self._by.items():
            for place, share in places.items():
                found[place].append((source, share))
        return tuple(map(tuple, found))

    def _is_good(self, built: frozenset[int], source: str) -> bool:
        if self._quality is None:
            return True
        row = self._whole.source_by_id[source]
        has = 1.0 if row.quality is None else 0.0 if row.quality is UNKNOWN else row.quality
        best: float = max([has, *(min(change.quality, 1.0) for change in self._changes(built, source, NewQuality))])
        return best >= self._quality - 1e-9

    def _changes(self, built: frozenset[int], source: str, kind: type[Any]) -> list[Any]:
        return [change for place, change in self._of_source.get(source, ()) if place in built and isinstance(change, kind)]

    @cached_property
    def _of_source(self) -> Mapping[str, list[tuple[int, Change]]]:
        found: dict[str, list[tuple[int, Change]]] = {}
        for place, option in enumerate(self._options):
            for change in option.changes:
                found.setdefault(change.source, []).append((place, change))
        return found

    def _recover(self, built: frozenset[int], source: str) -> float:
        row = self._whole.source_by_id[source]
        has = math.inf if row.recover is UNKNOWN else row.recover or 0.0
        soonest: float = min([has, *(change.recover for change in self._changes(built, source, Sooner))])
        return soonest

    def _capacity(self, variant: _Variant, built: frozenset[int], number: int) -> float:
        source = variant.numbers.case.supplies[number].filled.source
        has = variant.numbers.capacity.get(number, self.case(0.5).supplies[number].filled.capacity[LOW])
        if source is None or source.status is UNKNOWN:
            return has
        largest: float = max([has, *(change.capacity for change in self._changes(built, source.id, MoreCapacity))])
        return largest

    @cached_property
    def _dynamic(self) -> tuple[int, ...]:
        """Supplies whose capacity, or the day on which they come to it, options can change."""
        case = self.case(0.5)
        touched = {
            change.source for option in self._options for change in option.changes if isinstance(change, MoreCapacity | Sooner)
        }
        shared = {
            case.supplies[case.supply_number[source]].item
            for source, places in self._by.items()
            if any(places.values()) and source in case.supply_number
        }
        found = []
        for number, supply in enumerate(case.supplies):
            source = supply.filled.source
            if supply.item in shared or (source is not None and (source.id in touched or self._can_be_off(source))):
                found.append(number)
        return tuple(found)

    def _can_be_off(self, source: Source) -> bool:
        return source.id in self._by and (source.id in self._adder or self._stack.source_by_id[source.id].status == "candidate")

    # Circles

    @cached_property
    def _may_circle(self) -> frozenset[str]:
        """Sources that a circle passes through if all is built."""
        return frozenset(self._circular(lambda _: True))

    def _on_circles(self, active: Mapping[str, object]) -> set[str]:
        return self._circular(lambda source: source.id in active or not self._can_be_off(source))

    def _circular(self, counts: Any) -> set[str]:
        whole, case = self._whole, self.case(0.5)
        needed: list[list[int]] = [[] for _ in whole.items]
        for need in case.needs:
            source = whole.source_by_id[need.source]
            if counts(source):
                needed[case.item_number[source.item]].append(case.item_number[need.item])
        start = np.concatenate([[0], np.cumsum([len(row) for row in needed])]).astype(int).tolist()
        component = [0] * len(needed)
        components(len(needed), start, [one for row in needed for one in row], component, [[0] * len(needed) for _ in range(5)])
        found = set()
        for id_ in self._by:
            row = whole.source_by_id.get(id_)
            if row is not None:
                own = component[case.item_number[row.item]]
                if any(component[case.item_number[need.item]] == own for need in whole.needs_of[id_]):
                    found.add(id_)
        return found

    # Numbers

    def _variant(self, built: frozenset[int], taking: frozenset[str], stake: float) -> _Variant:
        key = _Key(stake, self._sharing & built if taking else frozenset(), taking, self._bringers & built)
        changers = self._need_changers & built
        if (key, changers) not in self._variants:
            if key not in self._numbers:
                _forget(self._numbers)
                self._numbers[key] = self._made(key)
            _forget(self._variants)
            self._variants[key, changers] = self._with_needs(self._numbers[key], changers)
        return self._variants[key, changers]

    @cached_property
    def _need_changers(self) -> frozenset[int]:
        return _options_with(self._options, (Cover, Spare))

    @cached_property
    def _sharing(self) -> frozenset[int]:
        return frozenset(place for places in self._by.values() for place, share in places.items() if share)

    @cached_property
    def _bringers(self) -> frozenset[int]:
        """Options that add items without a source."""
        return frozenset(
            self._item_adder[item]
            for item, sources in self._whole.sources_of.items()
            if not sources and item in self._item_adder
        )

    def _made(self, key: _Key) -> _Numbers:
        case = self.case(key.stake)
        supplies = list(case.supplies)
        capacity: dict[int, float] = {}
        for number in self._dynamic:
            share = supplies[number].filled.share
            supplies[number] = Supply(supplies[number].item, Filled(supplies[number].filled.source, share, share))
        for number, supply in enumerate(case.supplies):
            if supply.filled.source is None:
                adder = self._item_adder.get(self._whole.items[supply.item].id)
                if adder is not None and adder not in key.brought:
                    supplies[number] = Supply(supply.item, Filled(None, (0.0, 0.0), (0.0, 0.0)))
        if key.taking:
            self._share_out(key, case, supplies, capacity)
        if supplies == list(case.supplies):
            return _Numbers(case, capacity)
        return _Numbers(case.with_numbers(self._whole, supplies, case.needs), capacity)

    def _share_out(self, key: _Key, case: Case, supplies: list[Supply], capacity: dict[int, float]) -> None:
        """Shares and capacities of the items of which sources take a share."""
        named = key.sharing | {self._adder[source] for source in key.taking if source in self._adder}
        chosen = [self._options[place] for place in sorted(named)]
        others = [option for place, option in enumerate(self._options) if place not in named]
        applied = apply_options(self._stack, [_only_shares(one) for one in chosen], only=key.taking, others=others)
        for item in {applied.source_by_id[source].item for source in key.taking}:
            filled = {
                None if one.source is None else one.source.id: one for one in fill_shares(applied, applied.item_by_id[item])
            }
            for number in case.supplies_of[case.item_number[item]]:
                source = case.supplies[number].filled.source
                one = filled.get(None if source is None else source.id)
                if one is None:
                    continue
                supplies[number] = Supply(supplies[number].item, Filled(one.source, one.share, one.share))
                capacity[number] = one.capacity[LOW]

    @cached_property
    def _needs_between(self) -> Mapping[tuple[str, str], list[int]]:
        found: dict[tuple[str, str], list[int]] = {}
        for number, need in enumerate(self.case(0.5).needs):
            found.setdefault((need.source, need.item), []).append(number)
        return found

    def _with_needs(self, numbers: _Numbers, changers: frozenset[int]) -> _Variant:
        """The network with covers and weights that these options change."""
        needs = numbers.case.needs
        weights: dict[int, float] = {}
        covers: dict[int, float] = {}
        for place in sorted(changers):
            for change in self._options[place].changes:
                if not isinstance(change, Cover | Spare):
                    continue
                for number in self._needs_between.get((change.source, change.item), ()):
                    need = needs[number]
                    if isinstance(change, Cover):
                        has = 0.0 if need.survive is None or need.survive is UNKNOWN else need.survive
                        covers[number] = max(covers.get(number, has), change.survive)
                    else:
                        weights[number] = min(weights.get(number, 1.0 if need.weight is None else need.weight), change.weight)
        base = numbers.case.built(LOW)
        if not weights and not covers:
            return _Variant(numbers, base, numbers.case.running(LOW))
        built = with_needs(base, weights, covers)
        return _Variant(numbers, built, running_state(built))


@dataclass(frozen=True, slots=True)
class _Cut:
    cut: Cutoff

    def scenario(self, variant: _Variant) -> Scenario:
        scenarios = variant.numbers.scenarios
        if self.cut not in scenarios:
            scenarios[self.cut] = variant.numbers.case.scenario(self.cut, LOW)
        return scenarios[self.cut]


@dataclass(frozen=True, slots=True)
class _Loss:
    lost: frozenset[int]

    def scenario(self, variant: _Variant) -> Scenario:
        return variant.numbers.losses.scenario(self.lost)


_Blow = _Cut | _Loss


class _Numbers:
    """A case with certain shares and capacities, and what is remembered of it."""

    def __init__(self, case: Case, capacity: Mapping[int, float]) -> None:
        self.case, self.capacity = case, capacity
        self.scenarios: dict[Cutoff, Scenario] = {}

    @cached_property
    def losses(self) -> Losses:
        return Losses(self.case, LOW)


@dataclass(frozen=True, slots=True)
class _Variant:
    """The network of certain numbers and needs, and how it stands before anything happens."""

    numbers: _Numbers
    built: Built
    running: State


def _forget(memory: dict[Any, Any]) -> None:
    """Make room for one more."""
    if len(memory) >= _MOST_NETWORKS:
        del memory[next(iter(memory))]


def _with_capacities(base: Scenario, events: Sequence[tuple[float, int, float]], case: Case) -> Scenario:
    if not events:
        return base
    built = case.built(LOW)
    places = built.source_places
    if not built.compiled:
        rows = [*zip(base.day, base.kind, base.index, base.value, strict=True)]
        rows += [(day, CAPACITY, places[number], capacity) for day, number, capacity in events]
        rows.sort(key=lambda row: row[0])
        return Scenario(*map(list, zip(*rows, strict=True)))
    count = len(events)
    days = np.concatenate([base.day, np.array([day for day, _, _ in events])])
    order = np.argsort(days, kind="stable")
    columns = (
        np.concatenate([base.kind, np.full(count, CAPACITY, np.int64)]),
        np.concatenate([base.index, np.array([places[number] for _, number, _ in events], np.int64)]),
        np.concatenate([base.value, np.array([capacity for _, _, capacity in events])]),
    )
    return Scenario(days[order], *(column[order] for column in columns))


def _only_shares(option: Option) -> Option:
    return replace(option, changes=tuple(change for change in option.changes if isinstance(change, Activate)))


def _options_with(options: Sequence[Option], kinds: tuple[type[Any], ...]) -> frozenset[int]:
    return frozenset(
        place for place, option in enumerate(options) if any(isinstance(change, kinds) for change in option.changes)
    )


def _activators(stack: Stack, options: Sequence[Option]) -> dict[str, dict[int, float | None]]:
    """Sources that options activate: by option, the share it takes. What stands by today, and takes none, needs no building."""
    found: dict[str, dict[int, float | None]] = {}
    for place, option in enumerate(options):
        for source in () if option.adds is None else option.adds.sources:
            if source.status == "standby":
                found.setdefault(source.id, {})[place] = None
        for change in option.changes:
            row = stack.source_by_id.get(change.source)
            if isinstance(change, Activate) and (change.share is not None or row is None or row.status != "standby"):
                own = found.setdefault(change.source, {})
                own[place] = change.share or own.get(place)
    return dict(sorted(found.items()))


def _item_adders(stack: Stack, options: Sequence[Option]) -> dict[str, int]:
    """Of each item that comes with an option, the first one with which it does."""
    found: dict[str, int] = {}
    for place, option in enumerate(options):
        for item in () if option.adds is None else option.adds.items:
            if item.id not in stack.item_by_id:
                found.setdefault(item.id, place)
    return found


def _cone(whole: Stack, wanted: Collection[str]) -> Stack:
    """The stack of what some items rest on."""
    open_, kept = list(wanted), set(wanted)
    while open_:
        for source in whole.sources_of[open_.pop()]:
            if source.status == "candidate":
                continue
            for need in whole.needs_of[source.id]:
                if need.item not in kept:
                    kept.add(need.item)
                    open_.append(need.item)
    counting = {source.id for source in whole.sources if source.item in kept and source.status != "candidate"}
    return replace(
        whole, items=tuple(item for item in whole.items if item.id in kept),
        sources=tuple(source for source in whole.sources if source.item in kept),
        needs=tuple(need for need in whole.needs if need.source in counting),
    )  # fmt: skip
