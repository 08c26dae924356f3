"""Getting notifications told. Owns patience and order: each group's latest state, one at a time, until it was taken.

A notification waits by channel and group; a newer one of the same group takes the place of one that waits, as it says all that
the older one said. One that fails is tried again after a pause that grows; one that was told already (the same key) is not
told again. What cannot be told at all is dropped here, and comes again at the group's next turn, as the core does not count it
as told.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from freehold.log import log
from freehold.watch.notification import Notification
from freehold.watch.receivers.interface import NotTold, Teller

__all__ = ["MOST_WAITING", "Delivery"]

MOST_WAITING: Final = 10_000
"""How many groups may wait to be told, of all channels; more come again at their next turn."""

_AT_ONCE: Final = 8
_REMEMBERED: Final = 20_000


class Delivery:
    """Notifications on their way.

    Parameters
    ----------
    tellers
        Who is told, by channel.
    told
        Hears the key of each notification that was told.
    first_pause, longest_pause
        Seconds between attempts: at first, and at most.
    most_waiting
        How many groups may wait.
    """

    def __init__(
        self, tellers: Mapping[str, Teller], told: Callable[[str], None], *, first_pause: float = 0.5,
        longest_pause: float = 60.0, most_waiting: int = MOST_WAITING,
    ) -> None:  # fmt: skip
        self._tellers, self._told = tellers, told
        self._first, self._longest, self._most = first_pause, longest_pause, most_waiting
        self._waiting: dict[tuple[str, str], Notification] = {}
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._newer: dict[tuple[str, str], asyncio.Event] = {}
        self._last: dict[tuple[str, str], str] = {}
        self._turn = {name: asyncio.Semaphore(_AT_ONCE) for name in tellers}

    def offer(self, notification: Notification) -> bool:
        """Take a notification to be told.

        Parameters
        ----------
        notification
            For one of the channels.

        Returns
        -------
        bool
            Whether it was taken: not if it is for another channel, or too many wait.
        """
        place = notification.channel, notification.group
        if notification.channel not in self._tellers:
            return False
        if self._last.get(place) == notification.key:
            self._told(notification.key)
            return True
        known = self._waiting.get(place)
        if known is None and len(self._waiting) >= self._most:
            log("too many notifications wait", channel=notification.channel, waiting=len(self._waiting))
            return False
        if known is None or known.key != notification.key:
            self._waiting[place] = notification
        if place in self._tasks:
            self._newer[place].set()
        else:
            self._newer[place] = asyncio.Event()
            self._tasks[place] = asyncio.ensure_future(self._run(place))
        return True

    def __len__(self) -> int:
        return len(self._waiting)

    async def _run(self, place: tuple[str, str]) -> None:
        try:
            while place in self._waiting:
                await self._tell(place)
        finally:
            del self._tasks[place], self._newer[place]

    async def _tell(self, place: tuple[str, str]) -> None:
        """Tell what waits until it is told, cannot be, or a newer has taken its place."""
        notification, pause, tries = self._waiting[place], self._first, 0
        while self._waiting[place] is notification:
            self._newer[place].clear()
            tries += 1
            again = False
            try:
                async with self._turn[place[0]]:
                    await self._tellers[place[0]].tell(notification)
            except NotTold as error:
                again = error.again
                log("not told", channel=place[0], group=place[1], because=str(error), tries=tries, again=again)
            else:
                self._remember(place, notification.key)
                self._told(notification.key)
            if self._waiting[place] is notification and not again:
                del self._waiting[place]
                return
            if again:
                # half of it by chance, so that many who failed together do not come together
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._newer[place].wait(), pause * (0.5 + random.random() / 2))  # noqa: S311
                pause = min(pause * 2, self._longest)

    def _remember(self, place: tuple[str, str], key: str) -> None:
        self._last.pop(place, None)
        self._last[place] = key
        if len(self._last) > _REMEMBERED:
            del self._last[next(iter(self._last))]

    async def idle(self) -> None:
        """Wait until nothing waits."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def close(self, patience: float = 5.0) -> None:
        """Let what is on its way arrive, and let go of the rest: it comes again at the next start.

        Parameters
        ----------
        patience
            Seconds to wait.
        """
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=patience)
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for teller in self._tellers.values():
            await teller.close()
