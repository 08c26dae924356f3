"""The alert core: what is wrong now, and what is to be told of it. Owns the life of alerts from their arrival to being told.

It takes alerts (:meth:`AlertCore.put`), and says when asked (:meth:`AlertCore.due`) which notifications are due. It starts no
thread and waits for nothing: time comes in as an argument, and :meth:`AlertCore.next_due` says when to come again. What is
given out counts as told only after :meth:`AlertCore.told`; until then it is given out again at the group's next turn, also
after a crash, with the same key if nothing has changed.

The order of one turn is: what is there, what is inhibited, what is silenced, what is news. All state is loaded before the
first turn, so that nothing is said after a restart that was known to be muted before it.
"""

from __future__ import annotations

import heapq
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from freehold.errors import Overloaded
from freehold.watch.alert import Alert, Labels
from freehold.watch.alert_groups import NOTHING, Group, Held, Place, Told, group_key, merged, news
from freehold.watch.alert_limits import MOST_ALERTS, MOST_CHARACTERS_HELD, check_alert, size_of
from freehold.watch.alert_records import SavedGroup, record, silence_from, told_from
from freehold.watch.alert_status import AlertStatus
from freehold.watch.alert_store import AlertStore, Rows
from freehold.watch.alert_turns import Turns
from freehold.watch.inhibition import Inhibitions
from freehold.watch.notification import Notification, fingerprint, state_key
from freehold.watch.routes import Route, Routing
from freehold.watch.silences import Silence, Silences

__all__ = ["JUMP", "AlertCore", "Taken"]

JUMP: Final = 5.0
"""Seconds by which the wall clock may part from the steady one in a step before that counts as a jump."""

_EMPTY_KEPT: Final = 30.0
_ALIVE: Final = 30.0
_MOST_BEGUN: Final = 1_000
_MOST_TURNS: Final = 2_000
_TIDY: Final = 900.0


@dataclass(frozen=True, slots=True)
class Taken:
    """How many alerts of a batch were new, and how many were known already."""

    new: int = 0
    again: int = 0


class AlertCore:
    """The state of all alerts.

    Parameters
    ----------
    routing
        Who is told what.
    store
        Where the state is kept; what is there is loaded at once.
    now
        Seconds since 1970.
    clock
        A clock that never jumps, in seconds: it shows when the wall clock does.
    channels
        Who is told, by receiver, and whether each hears of ends; by default each receiver is one channel of its own name.
    most_alerts
        How many alerts are held.

    Raises
    ------
    freehold.errors.BadStore
        If what is stored is damaged.
    """

    def __init__(
        self, routing: Routing, store: AlertStore, now: float, *, clock: Callable[[], float] = time.monotonic,
        channels: Mapping[str, Mapping[str, bool]] | None = None, most_alerts: int = MOST_ALERTS,
    ) -> None:  # fmt: skip
        self.routing = routing
        self._store, self._clock, self._most = store, clock, most_alerts
        self._channels = channels or {}
        self._inhibitions = Inhibitions(routing.inhibitions)
        self._held: dict[str, Held] = {}
        self._groups: dict[str, Group] = {}
        self._turns = Turns()
        self._given: dict[str, tuple[Group, str, frozenset[str], frozenset[str], float]] = {}
        self._changed: dict[str, Held | None] = {}
        self._changed_groups: dict[str, Group | None] = {}
        self._changed_rows: Rows = {}
        self._begun: deque[Labels] = deque(maxlen=_MOST_BEGUN)
        self._number = self._size = 0
        self._now, self._steady = now, clock()
        self._alive = now
        self._tidied = self._steady
        self._load(now)
        store.collect = self._rows

    # what is asked of it from outside

    def put(self, alerts: Sequence[Alert], now: float, *, resolve_after: float = math.inf) -> Taken:
        """Take alerts: new ones, ones that still fire, ones that have ended. Taking them twice changes nothing.

        Parameters
        ----------
        alerts
            In the order in which they came.
        now
            Seconds since 1970.
        resolve_after
            Seconds after which one without an end counts as ended, unless it is sent again (a sender that repeats what fires,
            such as Prometheus); by default never.

        Raises
        ------
        freehold.errors.BadSignal
            If one of them is none; nothing was taken.
        freehold.errors.Overloaded
            If there is no room for new ones; those already known were taken, and as many new ones as there was room for.
        """
        now = self._moment(now)
        for alert in alerts:
            check_alert(alert)
        new = again = refused = 0
        room = True
        for alert in alerts:
            name = fingerprint(alert.labels)
            ends, timeout = alert.ends, False
            if ends == math.inf and resolve_after != math.inf:
                ends, timeout = now + resolve_after, True
            held = self._held.get(name)
            if held is not None:
                self._again(held, alert, ends, timeout, now)
                again += 1
            elif ends <= now:
                again += 1  # the end of what is not known: there is nothing to tell
            elif room and (self._has_room or self._make_room(now)):
                self._new(name, alert, ends, timeout, now)
                new += 1
            else:
                # asked once: it is a look at all alerts
                room = False
                refused += 1
        if refused:
            raise Overloaded(
                f"{len(self._held):,} alerts are held already: {refused:,} new ones were not taken. Send fewer, or later.",
                30.0,
            )
        return Taken(new, again)

    def due(self, now: float) -> tuple[Notification, ...]:
        """The notifications that are due by now, each to be told and then reported by :meth:`told`.

        Of very many groups only some are looked at; the others are due at once by :meth:`next_due`.
        """
        now = self._moment(now)
        found: list[Notification] = []
        for _ in range(_MOST_TURNS):
            group = self._turns.pop(now)
            if group is None:
                break
            if not group.members and now - group.emptied >= _EMPTY_KEPT:
                self._end(group)
                continue
            found += self._turn(group, now)
            group.turned = now
            # an empty group is looked at once more, to be ended
            again = now + group.route.group_interval
            self._schedule(group, again if group.members else min(again, group.emptied + _EMPTY_KEPT))
        if now - self._alive >= _ALIVE:
            self._alive = now
            self._changed_rows["state", "alive"] = record(now)
        if self._steady - self._tidied >= _TIDY:
            self._tidied = self._steady
            self._changed_rows.update({("silences", one): None for one in self.silences.tidy(now, self._steady)})
        return tuple(found)

    def next_due(self) -> float | None:
        """When to ask :meth:`due` again, in seconds since 1970; ``None`` while nothing is held."""
        at = self._turns.next()
        return None if at is None else min(at, self._alive + _ALIVE)

    @property
    def has_begun(self) -> bool:
        """Whether :meth:`next_begun` has something to give."""
        return bool(self._begun)

    def next_begun(self) -> Labels | None:
        """The labels of a group that has begun, each once; ``None`` if none has. Of very many only the latest are known."""
        return self._begun.popleft() if self._begun else None

    def told(self, key: str) -> None:
        """Take note that a notification was told; of one that a newer has taken the place of, this changes nothing."""
        given = self._given.pop(key, None)
        if given is None:
            return
        group, channel, firing, resolved, at = given
        if group.pending.get(channel) == key:
            del group.pending[channel]
        self._log(group, channel, group.told.get(channel, NOTHING).after(firing, resolved, at, group.members.keys()))
        self._drop_ended(group, self._now)

    async def committed(self) -> None:
        """Wait until all that was taken and told so far is on the disk.

        Raises
        ------
        freehold.errors.StoreError
            If it could not be written; it is tried again at the next time.
        """
        await self._store.committed()

    def commit(self) -> None:
        """Write all that was taken and told so far to the disk, now.

        Raises
        ------
        freehold.errors.StoreError
            If it could not be written; it is tried again at the next time.
        """
        self._store.commit()

    def silence(self, silence: Silence, now: float) -> Silence:
        """Add a silence, or change one; see :meth:`freehold.watch.silences.Silences.put`."""
        stored = self.silences.put(silence, self._moment(now))
        self._save_silences(stored)
        return stored[-1]

    def expire(self, id: str, now: float) -> None:  # noqa: A002  its name everywhere
        """End a silence now.

        Raises
        ------
        KeyError
            If there is none of that id.
        """
        self._save_silences(self.silences.expire(id, self._moment(now)))

    def statuses(self, now: float) -> list[AlertStatus]:
        """How all alerts that fire stand, by fingerprint."""
        now = self._moment(now)
        return [self._status(self._held[name], now) for name in sorted(self._held) if self._held[name].ends > now]

    def groups(self, now: float) -> list[tuple[Route, Labels, list[AlertStatus]]]:
        """The groups with the alerts in them that fire, by labels and receiver."""
        now = self._moment(now)
        ordered = sorted(self._groups.values(), key=lambda one: (one.labels, one.route.receiver, one.key))
        found = [
            (one.route, one.labels, [self._status(held, now) for held in _in_order(one) if held.ends > now]) for one in ordered
        ]
        return [one for one in found if one[2]]

    def __len__(self) -> int:
        return len(self._held)

    # time

    def _moment(self, now: float) -> float:
        """The time, after what a jump of the wall clock would have upset is put right."""
        steady = self._clock()
        jump = (now - self._now) - (steady - self._steady)
        before = self._now
        self._now, self._steady = now, steady
        if abs(jump) > JUMP:
            self._shift(jump, before)
        return now

    def _shift(self, seconds: float, before: float) -> None:
        """Let everything have the time that it had left, whatever the wall clock says now."""
        for name, held in self._held.items():
            if held.ends > before:
                held.ends += seconds
            else:
                held.ends = min(held.ends, self._now)
            self._learn(held)
            self._changed[name] = held
        for group in self._groups.values():
            group.next += seconds
            group.emptied += seconds
            group.turned += seconds
            group.told = {name: Told(one.firing, one.open, one.at + seconds, one.count) for name, one in group.told.items()}
            self._changed_groups[group.key] = group
        self._given = {
            key: (group, channel, firing, resolved, at + seconds)
            for key, (group, channel, firing, resolved, at) in self._given.items()
        }
        self._turns.begin_anew(self._groups.values())
        self._alive = self._now
        self._changed_rows["state", "alive"] = record(self._now)
        self._save_silences(self.silences.shift(before, seconds))

    # alerts

    def _places(self, labels: Mapping[str, str]) -> tuple[Place, ...]:
        return tuple((route, *group_key(route, labels)) for route in self.routing.route.taking(labels))

    def _new(self, name: str, alert: Alert, ends: float, timeout: bool, now: float) -> None:
        kept = Alert(alert.labels, alert.annotations, alert.starts or now, math.inf, now)
        held = self._hold(name, kept, ends, timeout)
        self._join(held, now)
        self._changed[name] = held

    def _hold(self, name: str, alert: Alert, ends: float, timeout: bool) -> Held:
        labels = dict(alert.labels)
        order = (labels.get("job", "\uffff"), labels.get("instance", "\uffff"), alert.labels)
        held = Held(name, alert, ends, timeout, order, self._inhibitions.targets(labels), self._places(labels))
        self._held[name] = held
        self._size += size_of(alert)
        self._inhibitions.learn(name, labels, ends)
        return held

    def _again(self, held: Held, alert: Alert, ends: float, timeout: bool, now: float) -> None:
        if not alert.starts:
            alert = Alert(alert.labels, alert.annotations, min(ends, now), alert.ends, now)
        starts, held.ends = merged(held, alert, ends, now)
        held.timeout = timeout
        before = held.alert
        held.alert = Alert(before.labels, alert.annotations, starts, math.inf, now)
        self._size += size_of(held.alert) - size_of(before)
        if self._size > MOST_CHARACTERS_HELD:
            # what it says more about itself must not fill the memory; that it fires or has ended still counts
            self._size -= size_of(held.alert)
            held.alert = Alert(before.labels, (), starts, math.inf, now)
            self._size += size_of(held.alert)
        self._learn(held)
        if held.ends > now:
            self._join(held, now)
        self._changed[held.fingerprint] = held

    def _learn(self, held: Held) -> None:
        if self.routing.inhibitions:
            self._inhibitions.learn(held.fingerprint, dict(held.alert.labels), held.ends)

    def _join(self, held: Held, now: float) -> None:
        for route, key, labels in held.places:
            group = self._groups.get(key)
            if group is None:
                self._number += 1
                group = self._groups[key] = Group(key, route, labels, self._number, now)
                self._changed_rows["state", "number"] = record(float(self._number))
                self._schedule(group, now + route.group_wait)
                self._begun.append(labels)
            if not group.members and group.turned > -math.inf:
                self._schedule(group, max(group.turned + route.group_interval, now))
            group.members[held.fingerprint] = held
            group.emptied = math.inf

    def _leave(self, group: Group, held: Held, now: float) -> None:
        """An alert that has ended leaves a group, and is forgotten once it is in none."""
        group.members.pop(held.fingerprint, None)
        if not group.members:
            group.emptied = now
            self._schedule(group, min(group.next, now + _EMPTY_KEPT))
        if not self._is_in_a_group(held):
            self._forget(held)

    def _is_in_a_group(self, held: Held) -> bool:
        return any(held.fingerprint in one.members for _, key, _ in held.places if (one := self._groups.get(key)))

    def _forget(self, held: Held) -> None:
        del self._held[held.fingerprint]
        self._size -= size_of(held.alert)
        if self.routing.inhibitions:
            self._inhibitions.forget(held.fingerprint, dict(held.alert.labels))
        self._changed[held.fingerprint] = None

    @property
    def _has_room(self) -> bool:
        return len(self._held) < self._most and self._size < MOST_CHARACTERS_HELD

    def _make_room(self, now: float) -> bool:
        """Let the alerts go that ended longest ago, a hundredth of all at a time; say whether there were any."""
        ended = heapq.nsmallest(max(1, self._most // 100), (one for one in self._held.values() if one.ends <= now), key=_end_of)
        for held in ended:
            for _, key, _ in held.places:
                group = self._groups.get(key)
                if group is not None and held.fingerprint in group.members:
                    self._leave(group, held, now)
        return bool(ended) and self._has_room

    # groups

    def _schedule(self, group: Group, at: float) -> None:
        self._turns.put(group, at)
        self._changed_groups[group.key] = group

    def _end(self, group: Group) -> None:
        del self._groups[group.key]
        group.is_over = True
        for key in group.pending.values():
            self._given.pop(key, None)
        self._changed_groups[group.key] = None

    def _channels_of(self, route: Route) -> Mapping[str, bool]:
        return self._channels.get(route.receiver) or {route.receiver: True}

    def _muted(self, held: Held, now: float) -> bool:
        if held.targets and self._inhibitions.muting(held.targets, now):
            return True
        return bool(self._silencing(held, now))

    def _silencing(self, held: Held, now: float) -> tuple[str, ...]:
        silences = self.silences
        if held.covered_at != silences.version:
            held.covered_by = silences.covering(dict(held.alert.labels)) if len(silences) else ()
            held.covered_at = silences.version
        return silences.active(held.covered_by, now) if held.covered_by else ()

    def _turn(self, group: Group, now: float) -> list[Notification]:
        """Look at a group, and give what each channel has to hear of it."""
        found: list[Notification] = []
        if group.members and not self.routing.is_muted(group.route, now):
            ended = frozenset(name for name, held in group.members.items() if held.ends <= now)
            firing = frozenset(
                name for name, held in group.members.items() if name not in ended and not self._muted(held, now)
            )  # fmt: skip
            members = _in_order(group) if firing or ended else []
            for channel, hears_ends in self._channels_of(group.route).items():
                told = group.told.get(channel, NOTHING)
                of_these = ended & told.open
                if of_these and not hears_ends:
                    told = told.without(of_these)
                    self._log(group, channel, told)
                    of_these = frozenset()
                if news(told, firing, of_these, group.route.repeat_interval, now):
                    found.append(self._give(group, channel, told, members, firing, of_these, now))
        self._drop_ended(group, now)
        return found

    def _give(
        self, group: Group, channel: str, told: Told, members: Iterable[Held], firing: frozenset[str],
        resolved: frozenset[str], now: float,
    ) -> Notification:  # fmt: skip
        key = state_key(group.number, channel, told.count, firing, resolved)
        # perhaps it will be told and nobody comes back to say so: then the ends of these are owed nevertheless
        self._log(group, channel, replace(told, open=told.open | firing))
        before = group.pending.get(channel)
        if before is not None and before != key:
            self._given.pop(before, None)
        group.pending[channel] = key
        self._given[key] = group, channel, firing, resolved, now
        if resolved:
            alerts = tuple(held.at(now) for held in members if held.fingerprint in firing or held.fingerprint in resolved)
        else:
            alerts = tuple(held.alert for held in members if held.fingerprint in firing)
        state = "firing" if firing else "resolved"
        return Notification(key, group.key, group.route.receiver, channel, group.labels, alerts, state, now)

    def _log(self, group: Group, channel: str, told: Told) -> None:
        group.told[channel] = told
        self._changed_groups[group.key] = group

    def _drop_ended(self, group: Group, now: float) -> None:
        """What has ended, and whose end nobody has still to hear, leaves the group."""
        still = frozenset[str]().union(*(one.open for one in group.told.values()))
        for held in [one for one in group.members.values() if one.ends <= now and one.fingerprint not in still]:
            self._leave(group, held, now)

    # what others see

    def _status(self, held: Held, now: float) -> AlertStatus:
        silenced = self._silencing(held, now)
        source = self._inhibitions.muting(held.targets, now) if held.targets else ""
        looked_at = any((one := self._groups.get(key)) is not None and one.told for _, key, _ in held.places)
        state = "suppressed" if silenced or source else "active" if looked_at else "unprocessed"
        alert = Alert(held.alert.labels, held.alert.annotations, held.alert.starts, held.ends, held.alert.updated)
        receivers = tuple(dict.fromkeys(route.receiver for route, _, _ in held.places))
        return AlertStatus(alert, held.fingerprint, state, silenced, (source,) if source else (), receivers)

    # what is kept

    def _save_silences(self, silences: Iterable[Silence]) -> None:
        self._changed_rows.update({("silences", one.id): record(one) for one in silences})

    def _rows(self) -> Rows:
        """What has changed since this was last asked."""
        rows: Rows = self._changed_rows
        for name, held in self._changed.items():
            rows["alerts", name] = None if held is None else record(held)
        for key, group in self._changed_groups.items():
            rows["groups", key] = None if group is None else record(group)
        if rows:
            self._alive = self._now
            rows["state", "alive"] = record(self._now)
        self._changed, self._changed_groups, self._changed_rows = {}, {}, {}
        return rows

    def _load(self, now: float) -> None:
        stored = self._store.load()
        alive = stored["state"].get("alive", now)
        self._number = int(stored["state"].get("number", 0.0))
        self.silences = Silences(silence_from(one, saved) for one, saved in stored["silences"].items())
        for name, saved in stored["alerts"].items():
            alert = Alert(saved.labels, saved.annotations, saved.starts, math.inf, saved.updated)
            self._hold(name, alert, saved.ends, saved.timeout)
        groups: Mapping[str, SavedGroup] = stored["groups"]
        for held in list(self._held.values()):
            self._rejoin(held, groups, alive, now)
        for key in groups.keys() - self._groups.keys():
            self._changed_groups[key] = None
        # while nobody listened, no time has passed: senders could not say that their alerts still fire
        self._now = alive
        if abs(now - alive) > JUMP:
            self._now = now
            self._shift(now - alive, alive)
        self._now = self._alive = now
        for group in list(self._groups.values()):
            # who fires has this long to be heard before anything is said
            self._schedule(group, max(group.next, now + group.route.group_wait))

    def _rejoin(self, held: Held, groups: Mapping[str, SavedGroup], alive: float, now: float) -> None:
        ended = held.ends <= alive
        for route, key, labels in held.places:
            saved = groups.get(key)
            here = self._channels_of(route)
            if ended and not (saved and any(held.fingerprint in one.open for name, one in saved.told.items() if name in here)):
                continue
            group = self._groups.get(key)
            if group is None:
                if saved is None:
                    self._number += 1
                    group = Group(key, route, labels, self._number, now)
                else:
                    # what a channel was told that is there no more is owed to nobody
                    told = {channel: one for channel, one in told_from(saved).items() if channel in here}
                    group = Group(key, route, labels, saved.number, saved.next, told=told)
                self._groups[key] = group
            group.members[held.fingerprint] = held
        if not self._is_in_a_group(held):
            self._forget(held)


def _end_of(held: Held) -> float:
    return held.ends


def _in_order(group: Group) -> list[Held]:
    return sorted(group.members.values(), key=lambda one: one.order)
