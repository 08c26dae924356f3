"""Looks at upstreams that were left alone. Owns that no user waits to find out that an upstream is still dead.

When a breaker's time is over, the gateway itself asks the upstream for the list of its models, in the background and with
little patience, while requests go elsewhere. Only an upstream that answers gets one request as the second stage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from freehold.gateway.attempts import tell_change
from freehold.gateway.breaker import Permit
from freehold.gateway.running import Running
from freehold.gateway.upstreams import Upstream

__all__ = ["Looks"]


class Looks:
    """What looks: at each upstream one look at a time.

    Parameters
    ----------
    running
        The gateway.
    clock
        Seconds that never go back, the same ones by which requests ask the breakers.
    """

    def __init__(self, running: Running, clock: Callable[[], float]) -> None:
        self._running, self._clock = running, clock
        self._under_way: dict[Upstream, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def begin(self) -> None:
        """Begin the looks that are due, and break off those at upstreams that are no longer there.

        While everything is stopped, none is begun: nothing at all goes out then.
        """
        now, upstreams = self._clock(), self._running.plan.upstreams
        for upstream, task in self._under_way.items():
            if upstreams.get(upstream.name) is not upstream:
                task.cancel()
        if self._running.switches.stops.of("all") is not None:
            return
        for upstream in upstreams.values():
            if upstream.breaker.wants_look(now):
                permit, change = upstream.breaker.look(now)
                tell_change(self._running, upstream, change, stage="look")
                task = asyncio.get_running_loop().create_task(self._look(upstream, permit))
                self._under_way[upstream] = task
                task.add_done_callback(partial(self._ended, upstream))

    def _ended(self, upstream: Upstream, task: asyncio.Task[None]) -> None:
        if self._under_way.get(upstream) is task:
            del self._under_way[upstream]

    async def _look(self, upstream: Upstream, permit: Permit) -> None:
        breaker = upstream.breaker
        try:
            why = await upstream.answers(breaker.table.look_seconds)
        except asyncio.CancelledError:
            breaker.unlooked(permit)
            raise
        except Exception as error:  # noqa: BLE001  an upstream at which nobody can look is not alive, whatever the defect
            self._running.notices.say("defect", type(error).__name__, what=f"{type(error).__name__}: {error}")
            why = type(error).__name__
        tell_change(self._running, upstream, breaker.looked(self._clock(), permit, alive=not why), why)

    async def stop(self) -> None:
        """Break off all of them."""
        tasks = tuple(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
