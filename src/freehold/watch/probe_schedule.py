"""When each probe looks, and how many look at once. Owns the timetable: even, without chance, and never in a burst.

Probes with the same period begin one after the other, evenly over the period, so that a hundred of them each minute never
go out in one instant; the same plan always has the same timetable. Moments that were missed (the machine slept, a look took
long) are passed over, not made up for. Nothing runs until :meth:`Prober.run` or :meth:`Prober.once` is called.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from freehold.errors import FreeholdError
from freehold.log import log
from freehold.watch.event import Event
from freehold.watch.probe_plan import Probe
from freehold.watch.probes import Looker

__all__ = ["MOST_AT_ONCE", "Prober", "next_due", "offsets"]

MOST_AT_ONCE: Final = 16
_OK: Final = "freehold.probe.ok"
_ANSWERS: Final = "freehold.dns.answers"


def offsets(plan: Sequence[Probe]) -> tuple[float, ...]:
    """How many seconds after the start each probe first looks: those with one period are spread evenly over it."""
    places: dict[float, list[int]] = defaultdict(list)
    for index, probe in enumerate(plan):
        places[probe.every].append(index)
    found = [0.0] * len(plan)
    for every, indices in places.items():
        for place, index in enumerate(indices):
            found[index] = every * place / len(indices)
    return tuple(found)


def next_due(due: float, every: float, now: float) -> float:
    """The next moment of a timetable after a moment of it: the first that is not past."""
    return due + every * max(1, math.ceil((now - due) / every))


class Prober:
    """Looks at what a plan says, again and again, and hands on what it finds.

    Every event also says whether this probe was ever right since the start (``freehold.probe.ever_ok``: one that never was
    is more likely wrong itself), whether that differs from the look before (``freehold.probe.changed``), and of a name whether
    its addresses do (``freehold.dns.changed``).

    Parameters
    ----------
    plan
        What to look at.
    put
        Takes the events; what it refuses is dropped, as the next look says it anew.
    looker
        Does the looking; within its ``async with``.
    seconds
        A clock that only goes forward, in seconds.
    sleep
        Waits so many seconds.
    most_at_once
        Looks at once.
    """

    def __init__(
        self, plan: Sequence[Probe], put: Callable[[Sequence[Event]], Awaitable[object]], looker: Looker,
        *, seconds: Callable[[], float] = time.monotonic, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        most_at_once: int = MOST_AT_ONCE,
    ) -> None:  # fmt: skip
        self._plan, self._put, self._looker = tuple(plan), put, looker
        self._seconds, self._sleep = seconds, sleep
        self._free = asyncio.Semaphore(most_at_once)
        self._before: dict[int, tuple[bool, bool, object]] = {}
        self._looking: dict[int, asyncio.Task[None]] = {}
        self.dropped = 0

    async def once(self) -> tuple[Event, ...]:
        """Look at everything once; give what was found in the order of the plan, handing nothing on."""

        async def look(index: int) -> Event:
            async with self._free:
                return await self._look(index)

        return tuple(await asyncio.gather(*(look(index) for index in range(len(self._plan)))))

    async def run(self) -> None:
        """Look by the timetable until cancelled."""
        begun = self._seconds()
        timetable = [(begun + offset, index) for index, offset in enumerate(offsets(self._plan))]
        heapq.heapify(timetable)
        try:
            while timetable:
                due, index = timetable[0]
                wait = due - self._seconds()
                if wait > 0:
                    await self._sleep(wait)
                    continue
                await self._free.acquire()
                heapq.heapreplace(timetable, (next_due(due, self._plan[index].every, self._seconds()), index))
                if index in self._looking:
                    self._free.release()
                    continue
                task = asyncio.get_running_loop().create_task(self._look_and_put(index))
                self._looking[index] = task
                task.add_done_callback(partial(self._done, index))
        finally:
            looking = list(self._looking.values())
            for task in looking:
                task.cancel()
            await asyncio.gather(*looking, return_exceptions=True)

    def _done(self, index: int, task: asyncio.Task[None]) -> None:
        self._looking.pop(index, None)
        self._free.release()
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            # a defect in looking at one host must not stop the looking at others
            self.dropped += 1
            log("probe.dropped", target=self._plan[index].target, because=f"{type(failure).__name__}: {failure}")

    async def _look_and_put(self, index: int) -> None:
        event = await self._look(index)
        try:
            await self._put((event,))
        except FreeholdError as error:
            self.dropped += 1
            log("probe.dropped", target=event.subject, because=str(error))

    async def _look(self, index: int) -> Event:
        event = await self._looker.look(self._plan[index])
        good, answers = event.data[_OK] is True, event.data.get(_ANSWERS)
        was_ever, was_good, were = self._before.get(index, (False, good, answers))
        # no answer at all is a failure, and no change of the answers
        kept = answers or were
        self._before[index] = (was_ever or good, good, kept)
        more = {"freehold.probe.ever_ok": was_ever or good, "freehold.probe.changed": good != was_good}
        if answers and were:
            more["freehold.dns.changed"] = answers != were
        return replace(event, data={**event.data, **more})
