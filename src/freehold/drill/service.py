"""The drill of a service that runs on: started, probed, cut, restored, and watched all the while. Owns its course in time.

The service and each probe run inside the same session, so that a probe reaches the service as its users on this machine do.
The cut begins and ends between two probes: none has seen a bit of both.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from freehold.drill.contact import Contact
from freehold.drill.decision import CutNothing, Cutting
from freehold.drill.interface import Backend, Command, Process, Session
from freehold.drill.service_record import Phase, ProbeResult, ServiceEvent, ServicePlan, ServiceRun
from freehold.drill.service_verdict import cut_tries, judge_service
from freehold.drill.shapes import Shape
from freehold.errors import CutFailed

__all__ = ["drill_service"]

_RESTART_PAUSE: Final = 1.0


async def drill_service(
    backend: Backend,
    cutting: Cutting,
    shape: Shape,
    plan: ServicePlan,
    *,
    output: int | None = None,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> ServiceRun:
    """Drill a service.

    It is started with nothing cut. Once its probe passes it is watched for a base; then the cut begins; then it is lifted; each
    time it is watched as long as planned. A base in which a probe failed ends the drill there.

    Parameters
    ----------
    backend
        How it is cut.
    cutting, shape
        What is cut, and how.
    plan
        What is run, and how long it is watched.
    output
        A descriptor for what the service writes; this process's own streams by default. What probes write is dropped.
    clock, now, sleep
        Monotonic seconds; seconds since 1970; waits so many seconds of ``clock``.

    Returns
    -------
    ServiceRun
        All that was seen, with its verdict; a service that never gets ready is in it, and is not raised.

    Raises
    ------
    freehold.errors.NotPossible
        If the backend cannot be used here.
    freehold.errors.CutFailed
        If the cut was not set up in time.
    freehold.errors.DrillError
        If the service or the probe cannot be started.
    """
    started = datetime.fromtimestamp(now(), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    session = await backend.open(CutNothing(), shape)
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        course = _Course(session, plan, output, nothing, clock, sleep)
        await course.run(cutting, shape)
    finally:
        try:
            await session.close()
        finally:
            os.close(nothing)
    verdict = judge_service(
        plan, course.probes, course.events, cut_at=course.cut_at, restored_at=course.restored_at,
        tries=course.tries, broken=course.broken,
    )  # fmt: skip
    return ServiceRun(
        plan, session.backend, str(shape), session.blind_spots, session.setup_seconds, started, course.ready, course.cut_at,
        course.restored_at, course.finished, tuple(course.probes), tuple(course.events), course.contacts, course.tries,
        course.broken, verdict,
    )  # fmt: skip


class _Broken(Exception):
    """The cut does not hold any more."""


class _Course:
    """One drill under way, and what has been seen of it."""

    def __init__(
        self,
        session: Session,
        plan: ServicePlan,
        output: int | None,
        nothing: int,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._session, self._plan, self._output, self._nothing = session, plan, output, nothing
        self._clock, self._sleep = clock, sleep
        self._zero = clock()
        self._service: Process | None = None
        self._over = False
        self.probes: list[ProbeResult] = []
        self.events: list[ServiceEvent] = []
        self.contacts: tuple[Contact, ...] = ()
        self.ready: float | None = None
        self.cut_at: float | None = None
        self.restored_at: float | None = None
        self.finished = 0.0
        self.tries = 0
        self.broken = ""

    def _now(self) -> float:
        return self._clock() - self._zero

    async def run(self, cutting: Cutting, shape: Shape) -> None:
        """Go through all phases, as far as they make sense."""
        await self._start_service()
        self._zero = self._clock()
        keeping = asyncio.create_task(self._keep_service())
        try:
            await self._phases(cutting, shape)
        except _Broken as error:
            self.broken = str(error)
        finally:
            self.finished = self._now()
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        self.contacts = self._session.contacts()
        await self._stop_service()

    async def _phases(self, cutting: Cutting, shape: Shape) -> None:
        if not await self._until_ready():
            return
        await self._watch("base", self._plan.base)
        if not all(one.passed for one in self.probes if one.phase == "base"):
            return
        before = self._session.contacts()
        self._session.change(cutting, shape)
        self.cut_at = self._now()
        await self._watch("cut", self._plan.cut)
        self.tries = cut_tries(before, self._session.contacts())
        self._session.change(CutNothing(), shape)
        self.restored_at = self._now()
        await self._watch("recovery", self._plan.recovery)

    async def _until_ready(self) -> bool:
        until = self._now() + self._plan.start_deadline
        while self._now() < until and not (self._over and self.probes):
            result = await self._probe("start")
            if result.passed:
                self.ready = result.ended
                return True
            await self._sleep(max(0.0, min(result.at + self._plan.interval, until) - self._now()))
        return False

    async def _watch(self, phase: Phase, seconds: float) -> None:
        until = self._now() + seconds
        while self._now() < until:
            result = await self._probe(phase)
            await self._sleep(max(0.0, min(result.at + self._plan.interval, until) - self._now()))

    async def _probe(self, phase: Phase) -> ProbeResult:
        """Run the probe once."""
        if why := self._session.broken():
            raise _Broken(why)
        plan, at = self._plan, self._now()
        try:
            process = await self._session.start(self._command(plan.probe, self._nothing))
            waiting = asyncio.ensure_future(process.wait())
            limit = asyncio.ensure_future(self._sleep(plan.probe_deadline))
            try:
                await asyncio.wait((waiting, limit), return_when=asyncio.FIRST_COMPLETED)
                status = waiting.result() if waiting.done() else None
                if status is None:
                    process.send_signal(signal.SIGKILL)
                    await waiting
            finally:
                for one in (waiting, limit):
                    one.cancel()
                await asyncio.gather(waiting, limit, return_exceptions=True)
        except CutFailed as error:
            raise _Broken(self._session.broken() or str(error)) from None
        result = ProbeResult(phase, at, self._now() - at, status)
        self.probes.append(result)
        return result

    def _command(self, arguments: tuple[str, ...], output: int | None) -> Command:
        plan = self._plan
        return Command(arguments, plan.folder, plan.environment, self._nothing, output, output)

    # The service itself.

    async def _start_service(self) -> None:
        self._service = await self._session.start(self._command(self._plan.service, self._output))

    async def _keep_service(self) -> None:
        """Notice when the service ends by itself; start it again as often as planned."""
        restarts = 0
        while True:
            assert self._service is not None
            status = await self._service.wait()
            self.events.append(ServiceEvent("ended", self._now(), status))
            self._service = None
            if restarts == self._plan.restarts:
                self._over = True
                return
            restarts += 1
            await self._sleep(_RESTART_PAUSE)
            await self._start_service()
            self.events.append(ServiceEvent("restarted", self._now()))

    async def _stop_service(self) -> None:
        """Ask the service to end, and give it time for that."""
        if self._service is None:
            return
        self._service.send_signal(signal.SIGTERM)
        waiting = asyncio.ensure_future(self._service.wait())
        limit = asyncio.ensure_future(self._sleep(self._plan.stop_deadline))
        await asyncio.wait((waiting, limit), return_when=asyncio.FIRST_COMPLETED)
        for one in (waiting, limit):
            one.cancel()
        await asyncio.gather(waiting, limit, return_exceptions=True)
