"""Places for look-ups that are under way outside. Owns who gets one when there are fewer than want it.

Each look-up belongs to groups: whoever asks, and the domain that is asked about. It gets a place only while each of its
groups holds fewer places than are free (a dynamic threshold, as shared buffers of switches have it: Choudhury and Hahne,
"Dynamic queue length thresholds for shared-memory packet switches", IEEE/ACM Transactions on Networking 6(2), 1998). So
one group alone holds half of them at most, and others always find one. Of those that wait the newest is first: whoever
asked it is the likeliest to wait still. While some wait, a place is held for a while only.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Hashable, Iterable
from contextlib import asynccontextmanager
from typing import Final

__all__ = ["PATIENCE", "Places"]

PATIENCE: Final = 2.0
"""Seconds that a place is held, while others wait for one."""


class _Held:
    """One that wants a place, or has it."""

    __slots__ = ("admitted", "groups", "limit", "since")

    def __init__(self, groups: tuple[Hashable, ...], admitted: asyncio.Future[None]) -> None:
        self.groups, self.admitted = groups, admitted
        self.since = 0.0
        self.limit: asyncio.Timeout | None = None


class Places:
    """So many at once, and no group all of them.

    Parameters
    ----------
    most
        At once.
    patience
        Seconds that a place is held, while others wait for one.
    """

    def __init__(self, most: int, patience: float = PATIENCE) -> None:
        self._most, self._patience = most, patience
        self._inside: dict[_Held, None] = {}
        self._waiting: dict[_Held, None] = {}
        self._counts = Counter[Hashable]()
        self._hastening: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._inside)

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    @asynccontextmanager
    async def place(self, *groups: Hashable) -> AsyncGenerator[None, None]:
        """Wait for a place, and hold it.

        Parameters
        ----------
        *groups
            What it is counted under.

        Raises
        ------
        TimeoutError
            If it was held for longer than others could wait.
        """
        one = _Held(groups, asyncio.get_running_loop().create_future())
        self._waiting[one] = None
        self._admit((one,))  # it alone: nothing became free for those that wait
        try:
            await one.admitted
            async with asyncio.timeout(None) as one.limit:
                yield
        finally:
            self._leave(one)

    def close(self) -> None:
        """Hasten nobody any more."""
        if self._hastening is not None:
            self._hastening.cancel()

    def _admit(self, among: Iterable[_Held]) -> None:
        """Let the first in that may."""
        free, counts = self._most - len(self._inside), self._counts
        for one in among if free > 0 else ():
            if not one.admitted.done() and max((counts.get(group, 0) for group in one.groups), default=0) < free:
                del self._waiting[one]
                self._inside[one] = None
                self._counts.update(one.groups)
                one.since = asyncio.get_running_loop().time()
                one.admitted.set_result(None)
                break
        self._hasten()

    def _leave(self, one: _Held) -> None:
        self._waiting.pop(one, None)
        if one in self._inside:
            del self._inside[one]
            for group in one.groups:
                self._counts[group] -= 1
                if not self._counts[group]:
                    del self._counts[group]
            self._admit(reversed(self._waiting))  # the newest first

    def _hasten(self) -> None:
        """While some wait, see to it that the places that were taken first become free in time."""
        if self._waiting and self._inside and self._hastening is None:
            until = next(iter(self._inside)).since + self._patience
            self._hastening = asyncio.get_running_loop().call_at(until, self._end_late)

    def _end_late(self) -> None:
        self._hastening = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        late = [one for one in self._inside if one.since + self._patience <= now and one.limit is not None]
        for one in late[: len(self._waiting)]:
            if one.limit is not None:
                one.limit.reschedule(now)
                one.limit = None
        if self._waiting and not late:
            self._hasten()
