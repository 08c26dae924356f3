"""Sets of options and what they cost. Owns which sets can be built at all, and the order of all sets by price.

A set can be built if it holds what its options require and no two that exclude each other. Options of a learning group get
cheaper with their number, so that the price of a set is not the sum of its options' prices; the *floor* of a set takes each
option as cheap as it can become, is such a sum, and is never above the price.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from freehold.errors import UsageError
from freehold.plan.goal_values import Limits
from freehold.plan.option_values import Option
from freehold.plan.prices import learning_groups, plan_cost, step_cost

__all__ = ["Chosen", "Offer"]

Chosen: TypeAlias = frozenset[int]
"""Numbers of options."""

_START = "2000-01-01"


class Offer:
    """Options with prices.

    Parameters
    ----------
    options
        All of them, also those that lack a fact; see :attr:`priced`.
    years
        Years for which running costs count.

    Raises
    ------
    freehold.errors.UsageError
        If their costs are in several currencies.
    """

    def __init__(self, options: Sequence[Option], years: int = 1) -> None:
        self.options, self.years = tuple(options), years
        self._limits = Limits(_START, years=years)
        self._number = {option.id: number for number, option in enumerate(self.options)}
        self.closures = tuple(self._closed([number]) for number in range(len(self.options)))
        self.priced = tuple(
            number
            for number in range(len(self.options))
            if (closure := self.closures[number]) is not None and not any(self.options[one].lacking for one in closure)
        )
        currencies = {
            option.currency or "" for option in (self.options[one] for one in self.priced)
            if option.cost_once or option.cost_year
        }  # fmt: skip
        if len(currencies) > 1:
            raise UsageError(
                f"options cost {', '.join(sorted(one or 'money of no currency' for one in currencies))}, which cannot be added "
                "up. State all costs in one currency."
            )
        self.currency = next(iter(currencies), "")
        least = dict.fromkeys(range(len(self.options)), 1.0)
        for members in learning_groups(self.options).values():
            count = sum(one in self.priced for one in members)
            least |= {one: _learnt(self.options[one], count) for one in members}
        self.floors = tuple(
            step_cost(option, _once(option) * least[number], 0.0, self._limits) for number, option in enumerate(self.options)
        )

    def lacking(self, number: int) -> tuple[str, ...]:
        """What keeps an option out of all sets: names of facts, ids of options that it waits for."""
        option, closure = self.options[number], self.closures[number]
        if option.lacking:
            return option.lacking
        if closure is None:
            return option.requires
        return tuple(self.options[one].id for one in sorted(closure) if one != number and self.options[one].lacking)

    def price(self, chosen: Iterable[int]) -> float:
        """What a set costs when all of it is begun at once, as :func:`freehold.plan.prices.plan_cost`."""
        return plan_cost(self.options, dict.fromkeys(sorted(chosen), 0.0), self._limits)

    def floor(self, chosen: Iterable[int]) -> float:
        """No set that holds these costs less."""
        return sum(self.floors[one] for one in chosen)

    def ids(self, chosen: Iterable[int]) -> tuple[str, ...]:
        """Ids in the order of the options."""
        return tuple(self.options[one].id for one in sorted(chosen))

    def is_sound(self, chosen: Chosen) -> bool:
        """Whether a set can be built."""
        for one in chosen:
            option = self.options[one]
            if any(self._number.get(other) not in chosen for other in option.requires):
                return False
            if any(self._number.get(other) in chosen for other in option.excludes):
                return False
        return True

    def joined(self, chosen: Chosen, one: int) -> Chosen | None:
        """A set with one more option and all that it requires; ``None`` if that cannot be built."""
        closure = self.closures[one]
        if closure is None:
            return None
        more = chosen | closure
        return more if self.is_sound(more) else None

    def by_floor(self) -> Iterator[tuple[float, Chosen]]:
        """Every set of priced options, each once, the least floor first; those that cannot be built too."""
        order = sorted(self.priced, key=lambda one: (self.floors[one], one))
        yield 0.0, frozenset()
        if not order:
            return
        heap: list[tuple[float, tuple[int, ...]]] = [(self.floors[order[0]], (0,))]
        while heap:
            floor, places = heapq.heappop(heap)
            yield floor, frozenset(order[place] for place in places)
            after = places[-1] + 1
            if after < len(order):
                heapq.heappush(heap, (floor + self.floors[order[after]], (*places, after)))
                swapped = floor - self.floors[order[after - 1]] + self.floors[order[after]]
                heapq.heappush(heap, (swapped, (*places[:-1], after)))

    def _closed(self, numbers: Iterable[int]) -> Chosen | None:
        """Options with all that they require; ``None`` if something is not there, or excludes something."""
        open_, found = list(numbers), set(numbers)
        while open_:
            for other in self.options[open_.pop()].requires:
                number = self._number.get(other)
                if number is None:
                    return None
                if number not in found:
                    found.add(number)
                    open_.append(number)
        closed = frozenset(found)
        return closed if self.is_sound(closed) else None


def _once(option: Option) -> float:
    return option.cost_once if isinstance(option.cost_once, (int, float)) else 0.0


def _learnt(option: Option, count: int) -> float:
    """The least part of its cost that an option of a group of some size can come to."""
    return min(1.0, float(max(1, count) ** math.log2(option.learning or 1.0)))
