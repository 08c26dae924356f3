"""The alert core in an event loop. Owns when it is asked, and that nothing is acknowledged or told before it is on the disk."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, TypeAlias

from freehold.errors import FreeholdError, StoreError
from freehold.log import log
from freehold.watch.alert import Alert, Labels
from freehold.watch.alert_core import AlertCore, Taken
from freehold.watch.notification import Notification
from freehold.watch.silences import Silence

__all__ = ["AlertLoop", "Take"]

Take: TypeAlias = Callable[[tuple[Notification, ...]], Awaitable[None] | None]
"""Takes notifications that are due; each that was told is to be reported by :meth:`AlertLoop.told`."""

_LONGEST_WAIT: Final = 15.0
_QUIET: Final = 0.01
"""Seconds without news before it is looked ahead: while many alerts arrive, taking them comes first."""


class AlertLoop:
    """Alerts in, notifications out.

    Parameters
    ----------
    core
        The alerts.
    clock
        Seconds since 1970.
    ahead
        Is given the labels of each group that begins, in a thread, while the group waits: to find out what will be needed
        when it is told, such as how far it reaches. It never runs while notifications are taken.
    """

    def __init__(
        self, core: AlertCore, *, clock: Callable[[], float] = time.time, ahead: Callable[[Labels], object] | None = None
    ) -> None:
        self.core = core
        self._ahead = ahead
        self.clock = clock
        self._changed = asyncio.Event()

    async def put(self, alerts: Sequence[Alert], *, resolve_after: float = math.inf) -> Taken:
        """Take alerts, and keep them before this returns; see :meth:`freehold.watch.alert_core.AlertCore.put`.

        Raises
        ------
        freehold.errors.WatchError
            If they are none, or too many.
        freehold.errors.StoreError
            If they could not be kept: they are held all the same, and the sender may send them again.
        """
        try:
            return self.core.put(alerts, self.clock(), resolve_after=resolve_after)
        finally:
            self._changed.set()
            await self.core.committed()

    async def silence(self, silence: Silence) -> Silence:
        """Add or change a silence, and keep it before this returns; see :meth:`freehold.watch.silences.Silences.put`."""
        stored = self.core.silence(silence, self.clock())
        await self.core.committed()
        return stored

    async def expire(self, id: str) -> None:  # noqa: A002  its name everywhere
        """End a silence now, and keep that before this returns.

        Raises
        ------
        KeyError
            If there is none of that id.
        """
        self.core.expire(id, self.clock())
        await self.core.committed()

    def told(self, key: str) -> None:
        """Take note that a notification was told; kept soon, with whatever else changes."""
        self.core.told(key)
        self._changed.set()

    async def run(self, take: Take) -> None:
        """Hand over what is due when it is due, until cancelled.

        Parameters
        ----------
        take
            Is given what is due.
        """
        while True:
            self._changed.clear()
            due = self.core.next_due()
            wait = _LONGEST_WAIT if due is None else min(max(due - self.clock(), 0.0), _LONGEST_WAIT)
            if wait > 0:
                await self._wait(wait)
            notifications = self.core.due(self.clock())
            await self._keep()
            if notifications and (taken := take(notifications)) is not None:
                await taken

    async def _wait(self, seconds: float) -> None:
        """Wait until something changes, at most so long; look ahead meanwhile, once nothing has come for a moment."""
        now = asyncio.get_running_loop().time
        until = now() + seconds
        if self._ahead is not None and self.core.has_begun and seconds > _QUIET:
            if await self._changes_within(_QUIET):
                return
            while now() < until and (begun := self.core.next_begun()) is not None:
                try:
                    await asyncio.to_thread(self._ahead, begun)
                except FreeholdError as error:
                    log("nothing found ahead", because=str(error))
                if self._changed.is_set():
                    return
        await self._changes_within(until - now())

    async def _changes_within(self, seconds: float) -> bool:
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), seconds)
        return self._changed.is_set()

    async def _keep(self) -> None:
        try:
            await self.core.committed()
        except StoreError as error:
            # a full disk is no reason to keep silent about what is wrong
            log("alerts could not be kept", because=str(error))
