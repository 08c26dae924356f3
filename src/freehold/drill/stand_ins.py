"""Stand-in addresses: what a name is given inside, so that whoever dials it is known by name. Owns the pairs, both ways.

They come from 198.18.0.0/15 and 2001:2::/48, set aside for measurements (RFC 2544, 5180), so that no real host has one. A
name has one number in a session and, by it, one address of each family; it keeps them to the session's end, because a
client may keep an address as long as it likes. When all are given away, further names get none (their look-ups fail), which
the session says: an address given twice would put one host's contacts down to another.
"""

from __future__ import annotations

import ipaddress
from typing import Final, Literal, TypeAlias

__all__ = ["FOUR", "MOST_NAMES", "SIX", "Family", "StandIns"]

Family: TypeAlias = Literal[4, 6]

FOUR: Final = ipaddress.IPv4Network("198.18.0.0/15")
SIX: Final = ipaddress.IPv6Network("2001:2::/48")
_FIRST: Final = 256  # those before it are left to the session's own use
MOST_NAMES: Final = FOUR.num_addresses - _FIRST - 1
"""Names that can have stand-ins in one session."""


class StandIns:
    """One stand-in a name and family.

    Parameters
    ----------
    most
        Names that can have one.
    """

    def __init__(self, most: int = MOST_NAMES) -> None:
        self._most = min(most, MOST_NAMES)
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self.unserved = 0
        """Look-ups of names that could get none."""

    def __len__(self) -> int:
        return len(self._names)

    def give(self, name: str, family: Family) -> str | None:
        """The stand-in of a name, the same each time; ``None`` when all are given away.

        Parameters
        ----------
        name
            In lower case, without a final dot.
        family
            4 or 6.
        """
        number = self._numbers.get(name)
        if number is None:
            if len(self._names) >= self._most:
                self.unserved += 1
                return None
            number = self._numbers[name] = len(self._names)
            self._names.append(name)
        return self._address(number, family)

    def name_of(self, address: str) -> str | None:
        """The name that a stand-in was given to; ``None`` for any other address."""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return None
        network = FOUR if found.version == 4 else SIX
        number = int(found) - int(network.network_address) - _FIRST
        return self._names[number] if 0 <= number < len(self._names) else None

    def addresses_of(self, name: str) -> tuple[str, ...]:
        """Both stand-ins of a name that has them; empty for any other."""
        number = self._numbers.get(name)
        return () if number is None else (self._address(number, 4), self._address(number, 6))

    def names(self) -> tuple[str, ...]:
        """Names that have stand-ins, in the order in which they got them."""
        return tuple(self._names)

    @staticmethod
    def is_one(address: str) -> bool:
        """Whether an address is of those that are given away as stand-ins."""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return found in FOUR or found in SIX

    @staticmethod
    def _address(number: int, family: Family) -> str:
        network = FOUR if family == 4 else SIX
        return str(network[_FIRST + number])
