"""A network under certain numbers and needs, and what happens to it. Owns what is remembered of each such variant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from freehold.measure.case import LOW, Case
from freehold.measure.level_view import Losses
from freehold.network.arrays import CAPACITY, Floats, Integers, Scenario, State
from freehold.network.build import Built
from freehold.stack.cutoff import Cutoff

__all__ = ["CutEvent", "Event", "Key", "LossEvent", "Numbers", "Variant", "with_capacities"]


@dataclass(frozen=True, slots=True)
class Key:
    """What takes numbers of its own: options that take shares, sources that do, options that bring items without a source."""

    stake: float
    sharing: frozenset[int]
    taking: frozenset[str]
    brought: frozenset[int]


@dataclass(frozen=True, slots=True)
class CutEvent:
    """A cut-off."""

    cut: Cutoff

    def scenario(self, variant: Variant) -> Scenario:
        """What happens on the low side; made once for all variants of the same numbers."""
        scenarios = variant.numbers.scenarios
        if self.cut not in scenarios:
            scenarios[self.cut] = variant.numbers.case.scenario(self.cut, LOW)
        return scenarios[self.cut]


@dataclass(frozen=True, slots=True)
class LossEvent:
    """A loss for ever of supplies, by number."""

    lost: frozenset[int]

    def scenario(self, variant: Variant) -> Scenario:
        """What happens on the low side."""
        return variant.numbers.losses.scenario(self.lost)


Event: TypeAlias = CutEvent | LossEvent
"""What happens to a variant, whatever has been built in it."""


class Numbers:
    """A case with certain shares and capacities, and what is remembered of it."""

    def __init__(self, case: Case, capacity: Mapping[int, float]) -> None:
        self.case, self.capacity = case, capacity
        self.scenarios: dict[Cutoff, Scenario] = {}

    @cached_property
    def losses(self) -> Losses:
        """Losses of supplies of the case."""
        return Losses(self.case, LOW)


@dataclass(frozen=True, slots=True)
class Variant:
    """The network of certain numbers and needs, and how it stands before anything happens."""

    numbers: Numbers
    built: Built
    running: State


def with_capacities(base: Scenario, days: Floats, places: Integers, values: Floats, *, compiled: bool) -> Scenario:
    """A scenario, and from these days on sources at these capacities."""
    if not len(days):
        return base
    kinds = np.full(len(days), CAPACITY, np.int64)
    if not compiled:
        rows = [*zip(base.day, base.kind, base.index, base.value, strict=True)]
        rows += zip(days.tolist(), kinds.tolist(), places.tolist(), values.tolist(), strict=True)
        rows.sort(key=lambda row: row[0])
        return Scenario(*map(list, zip(*rows, strict=True)))
    day = np.concatenate([base.day, days])
    order = np.argsort(day, kind="stable")
    columns = ((base.kind, kinds), (base.index, places), (base.value, values))
    return Scenario(day[order], *(np.concatenate(pair)[order] for pair in columns))
