"""The desk at work: events become alerts, alerts become warnings, warnings become incidents, incidents are acted on.

It owns the order of these, and that each step is safe on the disk before the one before it is forgotten: an event is marked
processed once the alerts that it made are kept, a notification counts as told once its incident is. So whatever is killed
at whatever moment, the rest is done again after a restart, and each step knows what it has done already.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from freehold.errors import FreeholdError, RespondError
from freehold.log import log
from freehold.respond.evidence_log import EvidenceLog
from freehold.respond.incidents import Incidents
from freehold.watch.alert import Alert
from freehold.watch.alert_groups import group_key
from freehold.watch.alert_loop import AlertLoop
from freehold.watch.delivery import Delivery
from freehold.watch.engine import RuleEngine
from freehold.watch.event import Event
from freehold.watch.journal import Journal
from freehold.watch.levels import Question
from freehold.watch.notification import Notification
from freehold.watch.signal import alert_of_signal
from freehold.web.incident_list import newest_closed
from freehold.web.live import Live
from freehold.web.predictions import Seen, comparison_of, score_data
from freehold.web.stated import StatedFacts
from freehold.web.warning import Left, Warner, WarningFound

__all__ = ["INCIDENTS", "Desk", "Health"]

INCIDENTS: Final = "incidents"
"""The channel of every receiver by which the desk itself is told."""

_MOST_AT_ONCE: Final = 500
_LOOK_EVERY: Final = 0.25
"""Seconds between looks at what another process may have written: the command line writes to the same files."""
_WAIT_AFTER_FAULT: Final = 1.0
_MOST_OPEN: Final = 1_000
_MOST_KINDS: Final = 200
_AT_A_TIME: Final = 16
"""Warnings that are taken in one transaction, between which requests are answered."""


@dataclass
class Health:
    """How the desk's own work goes.

    Parameters
    ----------
    since
        When it started.
    events, notifications
        How many were worked on since then.
    faults
        What went wrong last in each part of the work; empty where all goes well.
    heard
        When an event of each kind came in last, by the first two words of its type, in seconds since 1970.
    """

    since: float
    events: int = 0
    notifications: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    heard: dict[str, float] = field(default_factory=dict)

    def hear(self, events: Sequence[Event]) -> None:
        """Take note of what came in."""
        for event in events:
            kind = ".".join(event.type.split(".")[:2])
            if kind in self.heard or len(self.heard) < _MOST_KINDS:
                self.heard[kind] = event.received


class Desk:
    """The work of one desk.

    Parameters
    ----------
    journal, engine, alerts, incidents, evidence
        What it works with, open.
    warner
        What says how bad it is.
    live
        The pages that are told.
    delivery
        Tells every notification that is not for the desk itself.
    respond
        Looks after the runs that answer incidents; gives whether anything moved.
    clock
        Seconds since 1970.
    """

    def __init__(
        self, *, journal: Journal, engine: RuleEngine, alerts: AlertLoop, incidents: Incidents,
        evidence: EvidenceLog, warner: Warner, live: Live, delivery: Delivery, respond: Callable[[], Awaitable[bool]],
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.journal, self.engine, self.alerts, self.incidents, self.evidence = journal, engine, alerts, incidents, evidence
        self.warner, self.live, self.clock = warner, live, clock
        self.health = Health(clock())
        self.seen = None if warner.reach is None else Seen(warner.reach.places)
        self.stated = StatedFacts(incidents)
        self.questions: OrderedDict[str, Question | None] = OrderedDict()
        self.left: Left | None = None
        self._delivery, self._respond = delivery, respond
        self._scored: set[str] = set()
        self._events = asyncio.Event()

    async def restore(self) -> None:
        """Bring the rules to where they would be had the desk never stopped."""
        last = await self.journal.after(max(0, self.journal.processed - 1), 1)
        if last:
            await self._rebuild(last[0].event.received)
        await self._look_what_is_left()

    async def _rebuild(self, now: float) -> None:
        number, start, end = 0, now - self.engine.longest_window, math.nextafter(now, math.inf)
        self.engine.prepare(now)
        while batch := await self.journal.between(start, end, number, _MOST_AT_ONCE):
            self.health.hear([one.event for one in batch])
            for one in batch:
                if one.number <= self.journal.processed:
                    self.engine.feed(one.event)
            number = batch[-1].number
        await self._see_again(end)
        said = [status.alert for status in self.alerts.core.statuses(self.clock())]
        await self._put(self.engine.resume(said, now))

    async def _see_again(self, end: float) -> None:
        """See anew what was seen since the oldest open incident began."""
        start = min((one.first for one in self.incidents.all(_MOST_OPEN, only_open=True)), default=None)
        if self.seen is None or start is None:
            return
        number = 0
        while batch := await self.journal.between(start, end, number, _MOST_AT_ONCE):
            self.seen.add(one.event for one in batch)
            number = batch[-1].number

    async def take(self, events: Sequence[Event]) -> None:
        """Take events from within; they are safe when this returns."""
        await self.journal.put(events)
        self._events.set()

    def news(self) -> None:
        """Look at the journal: something was put there."""
        self._events.set()

    async def take_alerts(self, alerts: Sequence[Alert]) -> None:
        """Take what another Alertmanager's webhook tells, which says when each has ended; safe when this returns."""
        await self.alerts.put(alerts)

    async def _put(self, alerts: Sequence[Alert]) -> None:
        if alerts:
            await self.alerts.put(alerts)

    async def run(self) -> None:
        """Work until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, work in (
                ("events", self._follow_events), ("notifications", self._follow_alerts), ("responses", self._follow_incidents),
            ):  # fmt: skip
                group.create_task(self._kept(name, work))

    async def _kept(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do a part of the work again and again; a fault of it is told and does not stop the others."""
        while True:
            try:
                await work()
                self.health.faults.pop(name, None)
            except (FreeholdError, OSError) as error:
                await self._fault(name, str(error))
            except Exception as error:  # noqa: BLE001  a desk that stops at a defect warns nobody
                await self._fault(name, f"{type(error).__name__}: {error}")

    async def _fault(self, name: str, what: str) -> None:
        if self.health.faults.get(name) != what:
            log("fault", part=name, what=what)
            self.live.changed()
        self.health.faults[name] = what
        await asyncio.sleep(_WAIT_AFTER_FAULT)

    async def _wait(self, mark: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await mark.wait()
        except TimeoutError:
            pass
        mark.clear()

    async def _follow_events(self) -> None:
        batch = await self.journal.after(self.journal.processed, _MOST_AT_ONCE)
        if not batch:
            await self._put(self.engine.tick(self.clock()))
            await self._wait(self._events, _LOOK_EVERY)
            return
        alerts: list[Alert] = []
        for recorded in batch:
            by_hand = alert_of_signal(recorded.event)
            alerts += self.engine.feed(recorded.event) if by_hand is None else (by_hand,)
        events = [recorded.event for recorded in batch]
        self.health.hear(events)
        if self.seen is not None:
            self.seen.add(events)
        await self._put(alerts)
        await self.journal.mark_processed(batch[-1].number)
        self.health.events += len(batch)
        self.live.changed()

    async def _follow_alerts(self) -> None:
        await self.alerts.run(self._tell)

    async def _tell(self, notifications: tuple[Notification, ...]) -> None:
        own = [one for one in notifications if one.channel == INCIDENTS]
        for first in range(0, len(own), _AT_A_TIME):
            await self._warn_all(own[first : first + _AT_A_TIME])
        for notification in notifications:
            if notification.channel != INCIDENTS:
                self._delivery.offer(notification)
        self.health.notifications += len(notifications)
        await self._look_what_is_left()
        self.live.changed()

    async def _warn_all(self, notifications: Sequence[Notification]) -> None:
        """Make warnings in a thread and take them in one write; what one of them cannot be does not hold up the others."""
        stated = [self.stated.of(one.group) for one in notifications]
        found = await asyncio.to_thread(lambda: list(map(self.warner.warning, notifications, stated)))
        try:
            with self.incidents.together():
                for one in found:
                    self._take(one)
        except RespondError:
            for one in found:
                try:
                    self._take(one)
                except RespondError as error:
                    log("warning not taken", group=one.notification.group, why=str(error))
        for notification in notifications:
            self.alerts.told(notification.key)
        self.live.changed()

    def _take(self, found: WarningFound, token: str = "") -> None:
        notification = found.notification
        self.incidents.take(
            notification.group, found.labels, firing=notification.state == "firing", at=notification.at, radius=found.reach,
            low=found.level.low.word if found.level.low else "", high=found.level.high.word if found.level.high else "",
            first=min((alert.starts for alert in notification.alerts), default=notification.at), title=found.title,
            token=token or notification.key, says=found.by_hand,
        )  # fmt: skip
        self.questions[notification.group] = found.level.question
        self.questions.move_to_end(notification.group)
        while len(self.questions) > _MOST_OPEN:
            self.questions.popitem(last=False)

    async def _look_what_is_left(self) -> None:
        """Say anew how much is left of what must be kept running, under all that fires together."""
        if self.warner.reach is not None:
            alerts = [status.alert for status in self.alerts.core.statuses(self.clock())]
            self.left = await asyncio.to_thread(self.warner.left, alerts)

    async def state_fact(self, incident: str, fact: str, value: str, by: str, why: str) -> None:
        """Take a fact that a person states of an incident, and grade it anew if its alerts still fire.

        Raises
        ------
        freehold.errors.FreeholdError
            If it is no fact or no value of it, or the person may not state it.
        """
        found = self.incidents.get(incident)
        self.incidents.acting(found, by)
        self.warner.checked(fact, value)
        self.stated.add(found, fact, value, by, why)
        now = self.clock()
        for route, labels, statuses in self.alerts.core.groups(now):
            if group_key(route, dict(labels))[0] == found.key:
                alerts = tuple(status.alert for status in statuses)
                group = Notification(f"fact:{now!r}", found.key, route.receiver, INCIDENTS, labels, alerts, "firing", now)
                facts = self.stated.of(found.key)
                self._take(await asyncio.to_thread(self.warner.warning, group, facts))
                break
        self.live.changed()

    async def _follow_incidents(self) -> None:
        changed = await self._respond()
        self._score()
        if self.incidents.drain_outbox(self.evidence):
            changed = True
        if changed:
            self.live.changed()
        else:
            await asyncio.sleep(_LOOK_EVERY)

    def _score(self) -> None:
        """Write into the evidence how good the prediction of each incident was that is over."""
        if self.seen is None:
            return
        for id_ in newest_closed(self.incidents):
            if id_ in self._scored:
                continue
            self._scored.add(id_)
            key = f"prediction:{id_}"
            found = comparison_of(self.incidents.get(id_), self.seen, self.clock())
            if found is not None and self.evidence.number_of(key) is None:
                self.evidence.append("prediction.scored", {"incident": id_, **score_data(found)}, key=key)
