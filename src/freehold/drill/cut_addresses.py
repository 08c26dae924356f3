"""Addresses outside of the hosts that are cut by name. Owns whose address it is that a command dials without a name.

Under the shape ``gone`` a name that is cut is never looked up, so that a command which has the host's address in its
configuration would get past the cut. When an address without a name is dialled, the names that are cut are looked up outside:
those that the cut gives, and those that the command asked for and did not get. An address can be many hosts' (a network for
delivery): only what is dialled without a name is taken for the host that is cut, and never surely.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from freehold.drill.upstream import Upstream

__all__ = ["DEADLINE", "KEPT_FOR", "MOST_CUT_NAMES", "CutAddresses"]

DEADLINE: Final = 3.0
"""Seconds that a connection waits at most for these look-ups."""
KEPT_FOR: Final = 60.0
"""Seconds until a name is looked up again, when another address is dialled."""
MOST_CUT_NAMES: Final = 256
"""Names that are looked up; those that were added first."""
_MOST_ADDRESSES: Final = 10_000
_MOST_NAMES_OF_ONE: Final = 16


class CutAddresses:
    """What is known of the addresses of names that are cut.

    Parameters
    ----------
    upstream
        Who is asked.
    clock
        Monotonic, in seconds.
    deadline
        Seconds that are waited for it.
    """

    def __init__(self, upstream: Upstream, *, clock: Callable[[], float] = time.monotonic, deadline: float = DEADLINE) -> None:
        self._upstream, self._clock, self._deadline = upstream, clock, deadline
        self._asked: dict[str, float | None] = {}
        self._names: dict[str, dict[str, None]] = {}
        self._looking: asyncio.Task[None] | None = None

    def add(self, name: str) -> None:
        """Have a name that is cut looked up, when there is need to."""
        if len(self._asked) < MOST_CUT_NAMES and name and ":" not in name and not name.replace(".", "").isdigit():
            self._asked.setdefault(name, None)

    def names_of(self, address: str) -> tuple[str, ...]:
        """Names known to have an address; some may not be cut any more."""
        return tuple(self._names.get(address, ()))

    async def look(self, address: str) -> None:
        """Look the names up, unless it is known already whose the address is or they were looked up lately."""
        if address in self._names:
            return
        now = self._clock()
        if self._looking is None or self._looking.done():
            due = [name for name, asked in self._asked.items() if asked is None or now - asked >= KEPT_FOR]
            if not due:
                return
            self._looking = asyncio.create_task(self._look_up(due))
        await asyncio.wait((self._looking,), timeout=self._deadline)

    async def close(self) -> None:
        """Look nothing up any more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look_up(self, names: list[str]) -> None:
        await asyncio.gather(*map(self._one, names))

    async def _one(self, name: str) -> None:
        host = await self._upstream.host(name, whom="names that are cut")
        self._asked[name] = self._clock()
        for address in host.addresses:
            held = self._names.get(address)
            if held is None and len(self._names) < _MOST_ADDRESSES:
                held = self._names[address] = {}
            if held is not None and len(held) < _MOST_NAMES_OF_ONE:
                held[name] = None
