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
from freehold.network.acceleration import has_compiler
from freehold.network.arrays import TOLERANCE, Floats, Integers, Scenario
from freehold.network.build import with_needs
from freehold.network.first_activity import first_activity
from freehold.network.solve import mean_curve, running_state, solve
from freehold.plan.activators import activators, item_adders
from freehold.plan.applied import apply_options, with_additions, with_unknown_sources
from freehold.plan.founded import MOMENT
from freehold.plan.option_values import Activate, Change, Cover, MoreCapacity, NewQuality, Option, Sooner, Spare
from freehold.plan.strong_components import strong_components
from freehold.plan.switch_variants import CutEvent, Event, Key, LossEvent, Numbers, Variant, with_capacities
from freehold.stack.cutoff import DEFAULT_STAKE, Cutoff
from freehold.stack.shares import Filled, fill_shares
from freehold.stack.values import UNKNOWN, Source, Stack

__all__ = ["Switches", "why_not_switches"]

_LARGE: Final = 2_000
"""Sources and needs from which the compiled kernel pays, since so many sets of options are judged."""

_MOST_NETWORKS: Final = 256
_MOST_SETS: Final = 64


def why_not_switches(stack: Stack, options: Iterable[Option]) -> str | None:
    """Why options cannot be switches of one network, in words for a log; ``None`` where they can."""
    for option in options:
        for change in option.changes:
            source = stack.source_by_id.get(change.source)
            if isinstance(change, Activate) and source is not None and source.status in (UNKNOWN, None, "in-use"):
                return f"option '{option.id}' activates '{source.id}', which is perhaps in use already"
    return None


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Sources that a set of options activates: their ids and places, who takes a share, and (s,) arrays in that order."""

    active: tuple[str, ...]
    place: Mapping[str, int]
    takers: frozenset[str]
    numbers: Integers
    recover: Floats
    capacity: Floats


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
        self._by = activators(stack, self._options)
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
        self._item_adder = item_adders(stack, self._options)
        size = len(self._whole.sources) + len(self._whole.needs)
        self._kernel: Kernel = "compiled" if kernel == "auto" and size > _LARGE and has_compiler() else kernel
        self._cases: dict[float, Case] = {}
        self._remembered: dict[frozenset[int], _Chosen] = {}
        self._numbers: dict[Key, Numbers] = {}
        self._variants: dict[tuple[Key, frozenset[int]], Variant] = {}
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
        return self._levels(built, CutEvent(cut), cut.stake, cut.known_on, days)

    def least(self, built: frozenset[int], cut: Cutoff, day: float, rows: Floats) -> float:
        """The least, on the exact time line from day 0 to a day, of weighted sums of the levels: of the lowest of some rows."""
        blow = CutEvent(cut)
        variant, started = self._found(built, blow, cut.stake, cut.known_on, day)
        scenario = self._scenario(variant, blow, built, started, cut.known_on)
        _, sums, _ = mean_curve(variant.built, scenario, rows, day, variant.running)
        return float(np.clip(np.min(sums), 0.0, 1.0))

    def levels_lost(self, built: frozenset[int], lost: frozenset[int], stake: float, days: Sequence[float]) -> Floats:
        """The same when supplies of :meth:`case` are lost on day 0 for ever."""
        return self._levels(built, LossEvent(lost), stake, 0.0, days)

    @property
    def shares_on_circles(self) -> bool:
        """Whether a source that takes a share stands on a circle, if all is built."""
        return any(any(self._by[source].values()) for source in self._may_circle)

    # One run

    def _levels(self, built: frozenset[int], blow: Event, stake: float, known_on: float, days: Sequence[float]) -> Floats:
        variant, started = self._found(built, blow, stake, known_on, days[-1])
        scenario = self._scenario(variant, blow, built, started, known_on)
        found: Floats = solve(variant.built, [scenario], days, 0.5, variant.running).levels[0]
        return found

    def _found(
        self, built: frozenset[int], blow: Event, stake: float, known_on: float, horizon: float
    ) -> tuple[Variant, Floats]:
        """The network, and the day from which each source that is activated counts, ``inf`` for those that never do."""
        chosen = self._chosen(built)
        active, place = chosen.active, chosen.place
        asked = [source for source in active if source in self._may_circle]
        takers = chosen.takers
        if not takers.isdisjoint(asked):
            on_circles = self._on_circles(active)
            asked = [source for source in asked if source in on_circles]
        takes_over = np.maximum(0.0, known_on + chosen.recover)
        if not asked:
            return self._variant(built, takers, stake), takes_over
        soonest = {source: 0.0 if source in takers else float(takes_over[place[source]]) for source in asked}
        founded: dict[str, float] = {}
        in_full = True
        while True:
            taking = takers & ({one for one, day in founded.items() if day <= TOLERANCE} | (takers - set(asked)))
            variant = self._variant(built, taking, stake)
            started = takes_over.copy()
            for source in asked:
                if source not in taking:
                    started[place[source]] = max(founded.get(source, math.inf), started[place[source]])
            # who counts from the day on which it takes over, or takes its share on day 0, cannot count sooner
            open_ = [one for one in asked if founded.get(one, math.inf) > soonest[one] + TOLERANCE]
            if not open_:
                break
            scenario = self._scenario(variant, blow, built, started, known_on)
            found: dict[str, float] = {}
            for first, last, some in (
                (takes_over, horizon, [one for one in open_ if self._can_be_off(self._whole.source_by_id[one])]),
                (np.zeros(len(active)), 0.0, [one for one in open_ if one in takers]),
            ):
                wanted = {int(chosen.numbers[place[one]]): float(first[place[one]]) for one in some}
                days = first_activity(variant.built, scenario, last, wanted, variant.running) if wanted else {}
                for one in some:
                    day, runs = days.get(int(chosen.numbers[place[one]]), (math.inf, 0.0))
                    if math.isfinite(day):
                        found[one] = day
                        in_full = in_full and runs >= 1 - TOLERANCE
            sooner = founded | {one: min(day, founded.get(one, math.inf)) for one, day in found.items()}
            if sooner == founded:
                break
            founded = sooner
        # what runs in full as soon as it is founded cannot be found at more
        if in_full:
            return variant, started
        at_once = [
            one for one, day in founded.items() if one not in takers and day <= takes_over[place[one]] + TOLERANCE
        ]  # fmt: skip
        return variant, self._risen(variant, blow, built, started, known_on, horizon, at_once)

    def _risen(
        self, variant: Variant, blow: Event, built: frozenset[int], started: Floats, known_on: float, horizon: float,
        at_once: Sequence[str],
    ) -> Floats:  # fmt: skip
        """The days from which sources count, a moment later for those that would be found at more than they can rise to."""
        chosen = self._chosen(built)
        number = {one: int(chosen.numbers[chosen.place[one]]) for one in at_once}

        def runs(starts: Floats, on: Mapping[str, float]) -> dict[str, float]:
            scenario = self._scenario(variant, blow, built, starts, known_on)
            wanted = {number[one]: day for one, day in on.items()}
            days = first_activity(variant.built, scenario, max(horizon, *on.values()), wanted, variant.running)
            found = {one: days.get(number[one], (math.inf, 0.0)) for one in on}
            return {one: given if day <= on[one] + TOLERANCE else 0.0 for one, (day, given) in found.items()}

        first = {one: float(started[chosen.place[one]]) for one in at_once}
        most = runs(started, first) if first else {}
        open_ = dict(first)
        while open_:
            slower = started.copy()
            for one, day in open_.items():
                slower[chosen.place[one]] = day + MOMENT
            soon, then = runs(slower, open_), runs(slower, {one: day + MOMENT for one, day in open_.items()})
            kept = {one: day for one, day in open_.items() if max(soon[one], then[one]) < most[one] - TOLERANCE}
            if len(kept) == len(open_):
                return slower
            open_ = kept
        return started

    def _scenario(self, variant: Variant, blow: Event, built: frozenset[int], started: Floats, known_on: float) -> Scenario:
        """What happens: the blow, and each supply that is activated, or whose numbers options change, at its capacity."""
        chosen, moved = self._chosen(built), variant.numbers.capacity
        capacity = chosen.capacity
        if moved:
            capacity = np.array([self._capacity(moved, built, number) for number in chosen.numbers.tolist()])
        more: list[tuple[float, int, float]] = []
        for number in self._dynamic_today:
            source = variant.numbers.case.supplies[number].filled.source
            if source is None or source.id in chosen.place:
                continue
            day = max(0.0, known_on + self._recover(built, source.id))
            most = self._capacity(moved, built, number)
            if math.isfinite(day) and most != variant.numbers.case.supplies[number].filled.share[LOW]:
                more.append((day, number, most))
        days = np.concatenate([started, [row[0] for row in more]])
        numbers = np.concatenate([chosen.numbers, np.array([row[1] for row in more], np.int64)])
        values = np.concatenate([capacity, [row[2] for row in more]])
        finite = np.isfinite(days)
        places = variant.built.source_place[numbers[finite]]
        return with_capacities(blow.scenario(variant), days[finite], places, values[finite], compiled=variant.built.compiled)

    # What is there

    def _chosen(self, built: frozenset[int]) -> _Chosen:
        """What these options activate, remembered since one set is asked about under many cut-offs."""
        if built not in self._remembered:
            if len(self._remembered) >= _MOST_SETS:
                del self._remembered[next(iter(self._remembered))]
            active = self._active(built)
            numbers = [self.case(DEFAULT_STAKE).supply_number[source] for source in active]
            self._remembered[built] = _Chosen(
                tuple(active), {source: number for number, source in enumerate(active)},
                frozenset(source for source, share in active.items() if share), np.array(numbers, np.int64),
                np.array([self._recover(built, source) for source in active], np.float64),
                np.array([self._capacity({}, built, number) for number in numbers], np.float64),
            )  # fmt: skip
        return self._remembered[built]

    def _active(self, built: frozenset[int]) -> dict[str, float | None]:
        """Sources that these options activate, and whether (any share) they are to take one."""
        found: dict[str, float | None] = {}
        numbers = self.case(DEFAULT_STAKE).supply_number
        for place in sorted(built):
            for source, share in self._by_option[place]:
                adder = self._adder.get(source)
                if adder is not None and adder not in built:
                    continue
                if source in numbers and self._is_good(built, source):
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

    def _capacity(self, moved: Mapping[int, float], built: frozenset[int], number: int) -> float:
        filled = self.case(DEFAULT_STAKE).supplies[number].filled
        has = moved.get(number, filled.capacity[LOW])
        if filled.source is None or filled.source.status is UNKNOWN:
            return has
        largest: float = max([has, *(change.capacity for change in self._changes(built, filled.source.id, MoreCapacity))])
        return largest

    @cached_property
    def _dynamic_today(self) -> tuple[int, ...]:
        """Those of :attr:`_dynamic` that are there whatever is built."""
        supplies = self.case(DEFAULT_STAKE).supplies
        sources = ((number, supplies[number].filled.source) for number in self._dynamic)
        return tuple(number for number, source in sources if source is not None and not self._can_be_off(source))

    @cached_property
    def _dynamic(self) -> tuple[int, ...]:
        """Supplies whose capacity, or the day on which they come to it, options can change."""
        case = self.case(DEFAULT_STAKE)
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

    def _on_circles(self, active: Collection[str]) -> set[str]:
        return self._circular(lambda source: source.id in active or not self._can_be_off(source))

    def _circular(self, counts: Any) -> set[str]:
        whole, case = self._whole, self.case(DEFAULT_STAKE)
        needed: list[list[int]] = [[] for _ in whole.items]
        for need in case.needs:
            source = whole.source_by_id[need.source]
            if counts(source):
                needed[case.item_number[source.item]].append(case.item_number[need.item])
        component, _ = strong_components(needed)
        found = set()
        for id_ in self._by:
            row = whole.source_by_id.get(id_)
            if row is not None:
                own = component[case.item_number[row.item]]
                if any(component[case.item_number[need.item]] == own for need in whole.needs_of[id_]):
                    found.add(id_)
        return found

    # Numbers

    def _variant(self, built: frozenset[int], taking: frozenset[str], stake: float) -> Variant:
        key = Key(stake, self._sharing & built if taking else frozenset(), taking, self._bringers & built)
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

    def _made(self, key: Key) -> Numbers:
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
            return Numbers(case, capacity)
        return Numbers(case.with_numbers(self._whole, supplies, case.needs), capacity)

    def _share_out(self, key: Key, case: Case, supplies: list[Supply], capacity: dict[int, float]) -> None:
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
        for number, need in enumerate(self.case(DEFAULT_STAKE).needs):
            found.setdefault((need.source, need.item), []).append(number)
        return found

    def _with_needs(self, numbers: Numbers, changers: frozenset[int]) -> Variant:
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
            return Variant(numbers, base, numbers.case.running(LOW))
        built = with_needs(base, weights, covers)
        return Variant(numbers, built, running_state(built))


def _forget(memory: dict[Any, Any]) -> None:
    """Make room for one more."""
    if len(memory) >= _MOST_NETWORKS:
        del memory[next(iter(memory))]


def _only_shares(option: Option) -> Option:
    return replace(option, changes=tuple(change for change in option.changes if isinstance(change, Activate)))


def _options_with(options: Sequence[Option], kinds: tuple[type[Any], ...]) -> frozenset[int]:
    return frozenset(
        place for place, option in enumerate(options) if any(isinstance(change, kinds) for change in option.changes)
    )


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
