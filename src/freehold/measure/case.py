"""A stack under a cut-off, bounded from both sides. Owns the seam between facts (known, assumed, unknown) and numbers.

The *low* side takes every unknown at its worst for the answer, the *high* side at its best; what is known is the
same in both. Each side is a network and a scenario.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from freehold.errors import UsageError
from freehold.network.arrays import Floats, Integers, Scenario, State
from freehold.network.build import Built, build_network
from freehold.network.solve import ScenarioBuilder, running_state
from freehold.stack.control import Control, Truth
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.shares import Filled, fill_shares
from freehold.stack.values import UNKNOWN, Maybe, Need, Stack

__all__ = ["HIGH", "KERNELS", "LOW", "Case", "Kernel", "Overrides", "Side", "Supply"]

LOW: Final = 0
HIGH: Final = 1
Side: TypeAlias = Literal[0, 1]
Kernel: TypeAlias = Literal["auto", "plain", "compiled"]
KERNELS: Final[Mapping[str, bool | None]] = {"auto": None, "plain": False, "compiled": True}
Overrides: TypeAlias = Mapping[tuple[int, int], Truth]
"""Truths by place of the rule and number of the supply."""

_SMALLEST_ENOUGH: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Supply:
    """One source of the network: its item's number, and what :func:`~freehold.stack.shares.fill_shares` says of it."""

    item: int
    filled: Filled


def _bounded(value: Maybe[float], default: float, worst: float, best: float, side: Side) -> float:
    if value is None:
        return default
    if value is UNKNOWN:
        return best if side == HIGH else worst
    return value


class Case:
    """A stack as two networks.

    Parameters
    ----------
    stack
        The stack.
    strict
        Whether assumed owners and locations count as unknown.
    stake
        An owner controls if its stake is unstated or at least this.
    kernel
        Which kernel to use; ``auto`` chooses by size.
    """

    def __init__(self, stack: Stack, *, strict: bool = False, stake: float = 0.5, kernel: Kernel = "auto") -> None:
        if kernel not in KERNELS:
            raise UsageError(f"'{kernel}' is no kernel. Choose from: {', '.join(KERNELS)}.")
        self.stack = stack
        self.control = Control(stack, strict=strict, stake=stake)
        self.kernel: Kernel = kernel
        self.item_number = {item.id: number for number, item in enumerate(stack.items)}
        self.supplies = tuple(
            Supply(number, filled) for number, item in enumerate(stack.items) for filled in fill_shares(stack, item)
        )
        self.supply_number = {
            supply.filled.source.id: number for number, supply in enumerate(self.supplies) if supply.filled.source is not None
        }
        self.needs = tuple(need for need in stack.needs if need.source in self.supply_number)
        self._matching: dict[Rule, Mapping[int, Truth]] = {}
        self._seated: dict[tuple[str, ...], Sequence[Sequence[int]]] = {}
        self._built: dict[int, Built] = {}
        self._running: dict[int, State] = {}
        self._ramps: dict[int, _Ramps] = {}

    def with_kernel(self, kernel: Kernel) -> Case:
        """The same case for another kernel; what is built for that kernel already is shared."""
        other = copy(self)
        built = {side: built for side, built in self._built.items() if built.compiled == KERNELS[kernel]}
        running = {side: state for side, state in self._running.items() if side in built}
        vars(other).update(kernel=kernel, _built=built, _running=running)
        return other

    @classmethod
    def shared(
        cls, case: Case | None, stack: Stack, *, strict: bool = False, stake: float = 0.5, kernel: Kernel = "auto"
    ) -> Case:
        """A case that is there, where it is of this stack and has the same facts; else a new one.

        Parameters
        ----------
        case
            The one that is there, if any.
        stack, strict, stake, kernel
            What is asked for.
        """
        if case is None or case.stack is not stack or (case.control.strict, case.control.stake) != (strict, stake):
            return cls(stack, strict=strict, stake=stake, kernel=kernel)
        return case if case.kernel == kernel else case.with_kernel(kernel)

    @cached_property
    def supplies_of(self) -> tuple[tuple[int, ...], ...]:
        """Numbers of the supplies of each item."""
        found: list[list[int]] = [[] for _ in self.stack.items]
        for number, supply in enumerate(self.supplies):
            found[supply.item].append(number)
        return tuple(map(tuple, found))

    @cached_property
    def needs_of(self) -> tuple[tuple[Need, ...], ...]:
        """Needs of each supply."""
        found: list[list[Need]] = [[] for _ in self.supplies]
        for need in self.needs:
            found[self.supply_number[need.source]].append(need)
        return tuple(map(tuple, found))

    @cached_property
    def is_numeric_known(self) -> bool:
        """Whether no number is unknown, so that both sides are one network."""
        return not (
            any(supply.filled.share[0] != supply.filled.share[1] for supply in self.supplies)
            or any(supply.filled.capacity[0] != supply.filled.capacity[1] for supply in self.supplies)
            or any(UNKNOWN in (need.enough, need.survive) for need in self.needs)
            or any(item.whole is UNKNOWN for item in self.stack.items)
        )

    @cached_property
    def is_recovery_known(self) -> bool:
        """Whether every time to recover is known, so that both sides ramp up on the same days."""
        return not any(supply.filled.source is not None and supply.filled.source.recover is UNKNOWN for supply in self.supplies)

    def built(self, side: Side) -> Built:
        """The network of one side."""
        key = LOW if self.is_numeric_known else side
        if key not in self._built:
            self._built[key] = self._build(side)
        return self._built[key]

    def running(self, side: Side) -> State:
        """The state of one side before any cut-off."""
        key = LOW if self.is_numeric_known else side
        if key not in self._running:
            self._running[key] = running_state(self.built(side))
        return self._running[key]

    def _build(self, side: Side) -> Built:
        items, needs = self.stack.items, self.needs
        worst_whole = side == LOW
        return build_network(
            len(items),
            np.array([worst_whole if item.whole is UNKNOWN else bool(item.whole) for item in items], np.bool_),
            np.array([supply.item for supply in self.supplies], np.int64),
            np.array([supply.filled.share[side] for supply in self.supplies], np.float64),
            np.array([supply.filled.capacity[side] for supply in self.supplies], np.float64),
            np.array([self.supply_number[need.source] for need in needs], np.int64),
            np.array([self.item_number[need.item] for need in needs], np.int64),
            np.array([1.0 if need.weight is None else need.weight for need in needs], np.float64),
            np.array([_bounded(need.enough, 1.0, 1.0, _SMALLEST_ENOUGH, side) for need in needs], np.float64),
            np.array([_bounded(need.survive, 0.0, 0.0, math.inf, side) for need in needs], np.float64),
            compiled=KERNELS[self.kernel],
        )

    def matching(self, rule: Rule) -> Mapping[int, Truth]:
        """Supplies that a rule matches, surely (``True``) or perhaps (``None``); those that it surely does not are left out."""
        if rule not in self._matching:
            alike = self._alike(rule)
            self._matching[rule] = self._matching_each(rule) if alike is None else self._matching_alike(rule, alike)
        return self._matching[rule]

    def _matching_each(self, rule: Rule) -> Mapping[int, Truth]:
        items, supplies, matches = self.stack.items, self.supplies, self.control.matcher(rule)
        found: dict[int, Truth] = {}
        for number in self._candidates(rule):
            supply = supplies[number]
            truth = matches(items[supply.item], supply.filled.source)
            if truth is not False:
                found[number] = truth
        return found

    def _matching_alike(self, rule: Rule, alike: Iterable[Sequence[int]]) -> Mapping[int, Truth]:
        """As :meth:`_matching_each`, where a rule says the same of all supplies of a group."""
        items, supplies, matches = self.stack.items, self.supplies, self.control.matcher(rule)
        found: dict[int, Truth] = {}
        for numbers in alike:
            first = supplies[numbers[0]]
            truth = matches(items[first.item], first.filled.source)
            if truth is not False:
                found.update(dict.fromkeys(numbers, truth))
        return dict(sorted(found.items()))

    def _alike(self, rule: Rule) -> Iterable[Sequence[int]] | None:
        """Groups of supplies of which a rule surely says the same; ``None`` where it looks at more than who controls."""
        selectors = set(rule.selectors)
        if selectors == {"owner"}:
            return self._from_provider.values()
        if selectors in ({"country"}, {"foreign"}):
            if rule.via not in self._seated:
                groups: dict[frozenset[str], list[int]] = {}
                for number, supply in enumerate(self.supplies):
                    groups.setdefault(self.control.seen(supply.filled.source, rule.via), []).append(number)
                self._seated[rule.via] = tuple(groups.values())
            return self._seated[rule.via]
        return None

    def truth(self, rule: Rule, supply: int) -> Truth:
        """Whether a rule matches one supply: surely, surely not, or perhaps (``None``)."""
        return self.matching(rule).get(supply, False)

    def _candidates(self, rule: Rule) -> Iterable[int]:
        """Supplies that a rule may match, by its most telling selector, in order."""
        if rule.source is not None:
            return (self.supply_number[rule.source],) if rule.source in self.supply_number else ()
        if rule.item is not None:
            return self.supplies_of[self.item_number[rule.item]] if rule.item in self.item_number else ()
        if rule.provider is not None:
            return sorted((*self._from_provider.get(rule.provider, ()), *self._from_provider.get(None, ())))
        return range(len(self.supplies))

    @cached_property
    def _from_provider(self) -> Mapping[str | None, Sequence[int]]:
        """Supplies by their provider; under ``None`` those of which it is not known."""
        found: dict[str | None, list[int]] = {}
        for number, supply in enumerate(self.supplies):
            provider = None if supply.filled.source is None else supply.filled.source.provider
            found.setdefault(provider if isinstance(provider, str) else None, []).append(number)
        return found

    def cone(self, items: Iterable[int], *, voids: bool) -> tuple[int, ...]:
        """Supplies that some items rest on, through needs whose cover can end, in order.

        Parameters
        ----------
        items
            Numbers of the items.
        voids
            Whether a cut-off revokes, so that even cover for ever can end.
        """
        open_ = list(items)
        seen, found = set(open_), []
        while open_:
            for supply in self.supplies_of[open_.pop()]:
                found.append(supply)
                for need in self.needs_of[supply]:
                    item = self.item_number[need.item]
                    if item not in seen and (voids or need.survive is UNKNOWN or need.survive != math.inf):
                        seen.add(item)
                        open_.append(item)
        return tuple(sorted(found))

    def recover(self, supply: int, side: Side) -> float:
        """Days that a supply takes to reach its capacity."""
        source = self.supplies[supply].filled.source
        return 0.0 if source is None else _bounded(source.recover, 0.0, math.inf, 0.0, side)

    def scenario(
        self, cutoff: Cutoff, side: Side, overrides: Overrides | None = None, only: Iterable[int] | None = None
    ) -> Scenario:
        """What happens when, on one side.

        Parameters
        ----------
        cutoff
            The cut-off.
        side
            On the low side a rule that perhaps matches does, on the high side it does not.
        overrides
            Truths instead of :meth:`truth`, for what-if questions on single facts.
        only
            Supplies that matter to whoever asks (see :meth:`cone`); by default all.
        """
        builder = ScenarioBuilder(self.built(side))
        matched = self._matched(cutoff, side, overrides)
        ramps = self._ramps_of(side)
        wanted: npt.NDArray[np.bool_] | None = None
        if only is not None:
            wanted = np.zeros(len(self.supplies), np.bool_)
            wanted[list(only)] = True
        if cutoff.rules:
            days, chosen = cutoff.known_on + ramps.recover, np.isfinite(ramps.recover)
            if wanted is not None:
                chosen &= wanted[ramps.supply]
            builder.all_at_capacity(days[chosen], ramps.supply[chosen], ramps.capacity[chosen])
        voids: dict[int, list[tuple[float, list[Rule]]]] = {}
        for key, numbers in matched.items():
            supplies = np.array(numbers, np.int64)
            if wanted is not None:
                supplies = supplies[wanted[supplies]]
            rules = [cutoff.rules[place] for place in key]
            for day, left in _availability(rules):
                builder.all_available(day, supplies, left)
            void = [rule for rule in rules if rule.cover == "void"]
            for number in supplies.tolist() if void else ():
                filled = self.supplies[number].filled
                if filled.source is None or filled.source.status in (None, "in-use", UNKNOWN):
                    # the more is voided the worse, so the low side takes the largest share that may be
                    worst = filled.share[HIGH if side == LOW else LOW]
                    voids.setdefault(self.supplies[number].item, []).append((worst, void))
        for item, parts in voids.items():
            for day, part in _void_parts(parts):
                builder.void(day, item, part)
        return builder.done()

    def _matched(self, cutoff: Cutoff, side: Side, overrides: Overrides | None) -> dict[tuple[int, ...], list[int]]:
        """Supplies that rules match, by the places of those rules; supplies that none matches are left out."""
        several: dict[int, tuple[int, ...]] = {}
        for place, rule in enumerate(cutoff.rules):
            numbers = [number for number, truth in self.matching(rule).items() if truth or side == LOW]
            if len(cutoff.rules) == 1 and not overrides:
                return {(0,): numbers} if numbers else {}
            for number in numbers:
                several[number] = (*several.get(number, ()), place)
        for (place, number), truth in (overrides or {}).items():
            others = tuple(one for one in several.get(number, ()) if one != place)
            if truth or (truth is None and side == LOW):
                others = tuple(sorted((*others, place)))
            several[number] = others
        found: dict[tuple[int, ...], list[int]] = {}
        for number in sorted(several):
            if several[number]:
                found.setdefault(several[number], []).append(number)
        return found

    def _ramps_of(self, side: Side) -> _Ramps:
        """Supplies that ramp up to another weight."""
        if side not in self._ramps:
            numbers = [
                number
                for number, supply in enumerate(self.supplies)
                if supply.filled.capacity[side] != supply.filled.share[side]
            ]
            self._ramps[side] = _Ramps(
                np.array(numbers, np.int64), np.array([self.recover(number, side) for number in numbers], np.float64),
                np.array([self.supplies[number].filled.capacity[side] for number in numbers], np.float64),
            )  # fmt: skip
        return self._ramps[side]

    def with_numbers(self, stack: Stack, supplies: Sequence[Supply], needs: Sequence[Need]) -> Case:
        """The same sources and needs with other numbers; whom rules match stays as it is, and is remembered together.

        Parameters
        ----------
        stack
            The stack with other numbers of its items.
        supplies, needs
            As many as there are, in their order.
        """
        other = copy(self)
        other.stack, other.supplies, other.needs = stack, tuple(supplies), tuple(needs)
        other._built, other._running, other._ramps = {}, {}, {}  # noqa: SLF001
        for name in ("needs_of", "is_numeric_known", "is_recovery_known"):
            other.__dict__.pop(name, None)
        return other

    def with_own_memory(self) -> Case:
        """The same case, sharing all that is built, with a memory of its own for whom rules match.

        That memory grows with every rule asked; whoever asks many does so of a copy, and lets it go.
        """
        _ = self.supplies_of, self.needs_of, self.is_numeric_known, self.is_recovery_known, self._from_provider
        other = copy(self)
        other._matching = {}  # noqa: SLF001
        return other


@dataclass(frozen=True, slots=True)
class _Ramps:
    supply: Integers
    recover: Floats
    capacity: Floats


def _edges(rules: Iterable[Rule]) -> list[float]:
    rules = tuple(rules)
    days = {rule.from_day for rule in rules} | {rule.until_day for rule in rules}
    return sorted(day for day in days if day < math.inf)


def _left(rules: Iterable[Rule], day: float) -> float:
    return min((rule.availability for rule in rules if rule.from_day <= day < rule.until_day), default=1.0)


def _availability(rules: list[Rule]) -> list[tuple[float, float]]:
    """Days on which the least that the rules leave changes, and what it is from then on."""
    return [(day, _left(rules, day)) for day in _edges(rules)]


def _void_parts(parts: list[tuple[float, list[Rule]]]) -> list[tuple[float, float]]:
    days = sorted({day for _, rules in parts for day in _edges(rules)})
    return [(day, sum(share * (1 - _left(rules, day)) for share, rules in parts)) for day in days]
