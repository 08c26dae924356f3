"""Money as whole numbers, so that what is proven least is least. Owns the unit in which the solver counts.

The unit is the power of ten in which every amount is whole, where one is fine enough and the sum stays small enough; else
amounts are rounded down to a part in 10^11 of their sum. Sums rounded down are never over the true ones, so that a bound that
is proven in units holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["Unit", "unit_for"]

_MOST_EXACT: Final = 2**50
_MOST_LIMIT: Final = 2**52
_MOST_ROUNDED: Final = 1e11
_FINEST: Final = 9
_MOST_PLACES: Final = 300
_SLACK: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Unit:
    """So many decimal places, and whether all amounts are whole in it."""

    places: int
    exact: bool

    def down(self, amount: float) -> int:
        """An amount in units, rounded down but for a millionth of a unit."""
        if amount > 1e300 or not math.isfinite(amount):
            amount = math.copysign(1e300, amount)
        scaled = amount * 10.0**self.places if self.places >= 0 else amount / 10.0**-self.places
        near = round(scaled)
        return near if abs(scaled - near) <= max(_SLACK, 4e-16 * abs(scaled)) else math.floor(scaled)

    def limit(self, amount: float) -> int:
        """A limit in units, as far as the solver can hold it: no sum of amounts of this unit comes up to the largest."""
        if amount >= self.amount(_MOST_LIMIT):
            return _MOST_LIMIT
        return -1 if amount < -self.amount(2) else max(-1, self.down(amount))

    def amount(self, units: float) -> float:
        """Units as an amount."""
        return units / 10.0**self.places if self.places >= 0 else units * 10.0**-self.places


def unit_for(amounts: Iterable[float], together: int) -> Unit:
    """The unit for amounts of 0 or more, of which so many are added up at most."""
    each = [amount for amount in amounts if amount > 0]
    if not each:
        return Unit(0, exact=True)
    most = math.log10(max(each)) + math.log10(max(1, together))
    for places in range(_FINEST + 1):
        if most + places > math.log10(_MOST_EXACT):
            break
        if all(abs(round(amount, places) - amount) <= 1e-15 * amount for amount in each):
            return Unit(places, exact=True)
    return Unit(min(_MOST_PLACES, math.floor(math.log10(_MOST_ROUNDED) - most)), exact=False)
