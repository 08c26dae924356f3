"""Events in, alerts out. Owns the life of a rule's alert: when it begins, when it ends, and that this depends on events alone.

All time is :attr:`freehold.watch.event.Event.received`, which never goes back. Between two events, what falls due (a window
forgets, a measure has held long enough, an alert ends) happens at its own moment and in order, whether or not anybody asked
in between; so the same events give the same alerts however they are handed over.

A measure begins to hold at an event and stops at one or when its window forgets. An alert begins when the measure has held for
``for``, and ends ``resolve_after`` after it last had, or at once at an event that clears it. All of that is decided by the
last :attr:`RuleEngine.longest_window` seconds; only an alert's beginning and its hold-off may be older, and
:meth:`RuleEngine.rebuild` takes them from the alerts that were said.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from freehold.errors import Finding
from freehold.watch.alert import Alert, Labels
from freehold.watch.conditions import Condition, ConditionFault, compile_condition, reader_of
from freehold.watch.event import Event, Json
from freehold.watch.groups import Groups, Key
from freehold.watch.measures import longest_memory, meter_maker
from freehold.watch.meters import Meter
from freehold.watch.rule import Rule, Rules
from freehold.watch.runaway import plain_rule
from freehold.watch.summaries import fill, names_in
from freehold.watch.vocabulary import ATTRIBUTES, AttributeType, label_of

__all__ = ["RuleEngine", "RuleTally", "is_resolved_event"]

_LONGEST_LABEL: Final = 200
_MOST_TYPES: Final = 1_000
_MOST_STALE: Final = 10_000
_NOTHING: Final = -math.inf
_LATEST: Final = 1e11
"""Seconds since 1970; a time beyond, in the year 5138, is none, and time stands still for it."""


@dataclass(slots=True)
class RuleTally:
    """What one rule made of the events; what goes wrong with it goes wrong with no other.

    Parameters
    ----------
    looked
        Events of its types.
    counted
        Those that it counted, or that made it fire.
    errors
        Events that it could not be evaluated on.
    example
        Why, the last time.
    forgotten
        Groups that had to go while their windows held something, or could not be taken, because there were too many.
    """

    looked: int = 0
    counted: int = 0
    errors: int = 0
    example: str = ""
    forgotten: int = 0


def is_resolved_event(event: Event) -> bool:
    """Whether an event says that something is over: such a one never counts, and may only clear."""
    data = event.data
    return (
        event.type.endswith(".resolved")
        or data.get("freehold.alert.state") == "resolved"
        or data.get("freehold.status.resolved") is True
    )


class _Group:
    """One rule's view of one group."""

    __slots__ = (
        "active_until", "due", "holds_since", "key", "meter", "queued", "quiet_until", "rule", "starts", "texts", "told",
    )  # fmt: skip

    def __init__(self, rule: _Compiled, key: Key, meter: Meter | None) -> None:
        self.rule, self.key, self.meter = rule, key, meter
        self.told: Mapping[str, Json] = {}
        self.texts: Labels = ()
        self.holds_since: float | None = None
        self.active_until = _NOTHING
        self.quiet_until = _NOTHING
        self.starts: float | None = None
        self.due = math.inf
        self.queued = math.inf


class _Compiled:
    """A rule ready to run."""

    __slots__ = (
        "begins_by_itself", "clear_on", "clear_when", "field", "group", "groups", "labels", "make_meter",
        "number", "of", "on", "plain", "read_field", "resolve_after", "rule", "since", "tally", "told", "when", "whole",
    )  # fmt: skip

    def __init__(self, number: int, rule: Rule, conditions: _Conditions, known: Mapping[str, AttributeType]) -> None:
        plain = plain_rule(rule)
        self.number, self.rule, self.plain = number, rule, plain
        self.on = plain.on
        self.when, self.of = conditions.number_of(plain.when), conditions.number_of(plain.of)
        clear = plain.clear
        self.clear_on = (clear.on or plain.on) if clear else ()
        self.clear_when = conditions.number_of(clear.when) if clear else None
        self.group = plain.group or ()
        self.labels = tuple(label_of(attribute) for attribute in self.group)
        self.field = plain.field
        self.read_field = reader_of(plain.field, known.get(plain.field, "number"))
        self.make_meter = meter_maker(plain)
        # a silence ends with the next event, or when it counts as gone for good
        self.begins_by_itself = plain.measure == "silence"
        self.resolve_after = 0.0 if self.begins_by_itself else float(plain.resolve_after)
        self.since = _NOTHING
        self.whole = plain.measure in {"ratio", "burn-rate"}
        self.told = tuple(sorted(names_in(f"{rule.summary} {rule.description}") & known.keys()))
        self.groups: Groups[_Group] = Groups(plain.groups)
        self.tally = RuleTally()


class _Conditions:
    """Conditions by number, each text once: an event is tried on each at most once."""

    def __init__(self, known: Mapping[str, AttributeType]) -> None:
        self._known = known
        self._numbers: dict[str, int] = {}
        self.all: list[Condition] = []

    def number_of(self, text: str) -> int | None:
        if not text:
            return None
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.all)
            self.all.append(compile_condition(text, self._known))
        return number


class RuleEngine:
    """Rules at work.

    Parameters
    ----------
    rules
        Sound ones.

    Attributes
    ----------
    now
        The time up to which everything has happened, seconds since 1970.
    """

    def __init__(self, rules: Rules) -> None:
        known = {**ATTRIBUTES, **rules.attributes}
        self._file = rules.file
        self._conditions = _Conditions(rules.attributes)
        self._rules = [_Compiled(number, rule, self._conditions, known) for number, rule in enumerate(rules)]
        self._by_type: dict[str, tuple[tuple[_Compiled, bool, bool], ...]] = {}
        self._due: list[tuple[float, int, Key, int, _Group]] = []
        self._serial = 0
        self._remembering = False
        self._met: dict[int, bool | str] = {}
        self._said: list[Alert] = []
        self.now = 0.0

    @property
    def longest_window(self) -> float:
        """Seconds of events from which the state can be rebuilt; 0 without rules."""
        return max((longest_memory(one.plain) for one in self._rules), default=0.0)

    @property
    def tallies(self) -> dict[str, RuleTally]:
        """What became of events, by rule."""
        return {one.rule.id: one.tally for one in self._rules}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What went wrong with rules while they ran, each with its mend; as notes, since the stream goes on."""
        found = []
        for one in self._rules:
            tally = one.tally
            if tally.errors:
                problem = f"it could not be evaluated on {tally.errors:,} events, which it did not count: {tally.example}"
                mend = "Ask first with has(), or compare values of one type"
                found.append(Finding(self._file, 0, one.rule.id, problem, mend, "note"))
            if tally.forgotten:
                problem = f"{tally.forgotten:,} groups were forgotten or not taken, as it keeps {one.plain.groups:,}"
                mend = "Group by fewer attributes, or let it keep more: groups = 10_000"
                found.append(Finding(self._file, 0, one.rule.id, problem, mend, "note"))
        return tuple(found)

    def groups_of(self, id_: str) -> int:
        """How many groups a rule keeps now."""
        return sum(len(one.groups) for one in self._rules if one.rule.id == id_)

    def feed(self, event: Event) -> tuple[Alert, ...]:
        """Take an event.

        Returns
        -------
        tuple of Alert
            Those that began or ended since the last call, in order.
        """
        self._move(event.received)
        if self._rules:
            looking = self._by_type.get(event.type)
            if looking is None:
                looking = self._looking(event.type)
            if looking:
                self._met.clear()
                resolved = is_resolved_event(event)
                for rule, counts, clears in looking:
                    if rule.since < self.now:
                        self._take(rule, event, counts=counts and not resolved, clears=clears)
        return self._told()

    def tick(self, now: float) -> tuple[Alert, ...]:
        """Let time pass; see :meth:`feed`.

        Parameters
        ----------
        now
            Seconds since 1970; one that lies back changes nothing.
        """
        self._move(now)
        return self._told()

    def rebuild(self, events: Iterable[Event], alerts: Iterable[Alert], now: float) -> tuple[Alert, ...]:
        """Come to the state in which an engine would be that had never stopped.

        Parameters
        ----------
        events
            Those of the last :attr:`longest_window` seconds before ``now`` that were taken already, in order.
        alerts
            Of every alert that was said, its last state: of those that stand, and those that ended within the hold-off; also
            of those that later events made, if these are to be fed again.
        now
            Up to when events were taken.

        Returns
        -------
        tuple of Alert
            What has begun and was not said: nothing, unless it was lost. What has ended meanwhile is said by the next call.
        """
        self.prepare(now)
        for event in events:
            self.feed(event)
        return self.resume(alerts, now)

    def prepare(self, now: float) -> None:
        """Get ready for a tail of events: each rule will look only at those that still decide its state.

        With :meth:`feed` for each event of the tail (whatever it says is dropped) and :meth:`resume` this is
        :meth:`rebuild`, for a tail that does not come in one piece.

        Parameters
        ----------
        now
            Up to when events were taken.
        """
        self._remembering = True
        for rule in self._rules:
            rule.since = now - longest_memory(rule.plain)

    def resume(self, alerts: Iterable[Alert], now: float) -> tuple[Alert, ...]:
        """Go on from a tail of events that was fed; see :meth:`prepare`.

        Parameters
        ----------
        alerts, now
            As :meth:`rebuild`.
        """
        for rule in self._rules:
            rule.since, rule.tally = _NOTHING, RuleTally()
        self._move(now)
        self._remembering = False
        self._said.clear()
        said = {alert.labels: alert for alert in alerts}
        for rule in self._rules:
            for key, group in list(rule.groups):
                self._take_over(group, said.pop(self._labels_of(rule, key), None), now)
        for alert in said.values():
            self._take_over_unknown(alert, now)
        return self._told()

    def _take_over(self, group: _Group, alert: Alert | None, now: float) -> None:
        """Bring together what the tail says of a group (with no hold-off) and what was said of it last."""
        rule, stands = group.rule, group.starts is not None
        if alert is not None and (alert.starts > now or (alert.starts == now and not stands)):
            alert = None  # said of events that will be fed again, and say it again
        if alert is None:
            if group.starts is not None:
                self._said.append(self._alert(group, group.starts, math.inf))
        elif alert.ends > now or (
            alert.ends == now and group.starts is not None and (group.starts < now or alert.starts == now)
        ):
            # one that stands, or whose end will come again; what keeps it no more ends it as soon as time passes
            group.starts, group.texts = alert.starts, alert.annotations
            rule.groups.hold(group.key)
        else:
            group.quiet_until = alert.ends + rule.plain.hold_off
            held = group.holds_since is not None and now >= max(group.quiet_until, group.holds_since + rule.plain.for_)
            if group.starts is not None and (held or group.active_until >= group.quiet_until):
                group.starts = max(group.starts, group.quiet_until)
                self._said.append(self._alert(group, group.starts, math.inf))
            else:
                group.starts = None
                rule.groups.let_go(group.key)
        self._schedule(group)

    def _take_over_unknown(self, alert: Alert, now: float) -> None:
        labels = dict(alert.labels)
        rule = next((one for one in self._rules if one.rule.id == labels.get("alertname")), None)
        if rule is None:
            return
        key = tuple(labels.get(label, "") for label in rule.labels)
        if self._labels_of(rule, key) == alert.labels:
            group = self._group(rule, key)
            if group is not None:
                self._take_over(group, alert, now)

    def _told(self) -> tuple[Alert, ...]:
        if not self._said:
            return ()
        told = tuple(self._said)
        self._said.clear()
        return told

    def _looking(self, type_: str) -> tuple[tuple[_Compiled, bool, bool], ...]:
        if len(self._by_type) >= _MOST_TYPES:
            self._by_type.clear()
        found = tuple(
            (rule, counts, clears)
            for rule in self._rules
            if (counts := _among(type_, rule.on)) | (clears := _among(type_, rule.clear_on))
        )
        self._by_type[type_] = found
        return found

    def _is_met(self, rule: _Compiled, number: int | None, event: Event) -> bool:
        if number is None:
            return True
        met = self._met.get(number)
        if met is None:
            try:
                met = self._conditions.all[number].holds(event)
            except ConditionFault as fault:
                met = str(fault)
            self._met[number] = met
        if isinstance(met, str):
            self._fault(rule, met)
            return False
        return met

    def _fault(self, rule: _Compiled, why: str) -> None:
        rule.tally.errors += 1
        rule.tally.example = why

    def _take(self, rule: _Compiled, event: Event, *, counts: bool, clears: bool) -> None:
        if clears and self._is_met(rule, rule.clear_when, event):
            group = rule.groups.get(_key(rule, event))
            if group is not None:
                self._clear(group)
            return
        if not counts:
            return
        rule.tally.looked += 1
        if rule.whole:
            if not self._is_met(rule, rule.of, event):
                return
            part = self._is_met(rule, rule.when, event)
        else:
            if not self._is_met(rule, rule.when, event):
                return
            part = True
        amount = 0.0
        if rule.field:
            given = self._amount(rule, event)
            if given is None:
                return
            amount = given
        rule.tally.counted += part
        group = self._group(rule, _key(rule, event))
        if group is None:
            return
        now = self.now
        if group.meter is None:
            group.told = _told_of(rule, event)
            group.active_until = now
            if group.starts is None:
                self._begin(group, now)
        else:
            group.meter.add(now, part=part, amount=amount)
            if part and rule.told:
                group.told = _told_of(rule, event)
            self._judge(group)
        self._schedule(group)

    def _amount(self, rule: _Compiled, event: Event) -> float | None:
        try:
            value = rule.read_field(event)
        except ConditionFault as fault:
            self._fault(rule, str(fault))
            return None
        if not isinstance(value, (int, float)):
            return None
        if value < 0:
            self._fault(rule, f"{rule.field} is negative")
            return None
        return float(value)

    def _group(self, rule: _Compiled, key: Key) -> _Group | None:
        group = rule.groups.get(key)
        if group is None:
            group = _Group(rule, key, rule.make_meter() if rule.make_meter else None)
            kept, gone = rule.groups.put(key, group)
            if gone is not None:
                gone.due = gone.queued = math.inf
                rule.tally.forgotten += not self._is_idle(gone)
            if not kept:
                rule.tally.forgotten += 1
                return None
        return group

    def _is_idle(self, group: _Group) -> bool:
        """Whether a group would be the same if it began anew."""
        if self.now < group.quiet_until:
            return False
        if group.meter is None:
            return True
        group.meter.holds(self.now)
        return math.isinf(group.meter.next_change())

    def _move(self, now: float) -> None:
        """Let everything happen that falls due by a time, in order."""
        if not self.now < now < _LATEST:
            return
        queue = self._due
        while queue and queue[0][0] <= now:
            moment, *_, group = heapq.heappop(queue)
            if moment != group.queued:
                continue
            group.queued = math.inf
            if group.due <= moment:
                group.due = math.inf
                self.now = max(self.now, moment)
                if group.holds_since is not None or group.rule.begins_by_itself:
                    self._judge(group)
                self._settle(group)
            self._schedule(group)
        self.now = now

    def _judge(self, group: _Group) -> None:
        """See whether the measure holds now."""
        assert group.meter is not None
        holds = group.meter.holds(self.now)
        if holds and group.holds_since is None:
            group.holds_since = self.now
        elif not holds and group.holds_since is not None:
            if self.now >= group.holds_since + group.rule.plain.for_:
                group.active_until = self.now
            group.holds_since = None
        self._settle(group)

    def _settle(self, group: _Group) -> None:
        """Begin or end the alert if it is time."""
        now = self.now
        plain = group.rule.plain
        if group.holds_since is not None and now >= group.holds_since + plain.for_:
            if group.starts is None:
                self._begin(group, now)
        elif group.starts is not None and now >= group.active_until + group.rule.resolve_after:
            self._end(group, now)

    def _begin(self, group: _Group, now: float) -> None:
        if now < group.quiet_until:
            return
        group.starts = now
        group.rule.groups.hold(group.key)
        self._said.append(self._alert(group, now, math.inf))

    def _end(self, group: _Group, now: float) -> None:
        self._said.append(self._alert(group, now, now))
        group.starts = None
        # when an alert ended is known only from what was said: a tail may begin within a hold-off
        group.quiet_until = _NOTHING if self._remembering else now + group.rule.plain.hold_off
        group.rule.groups.let_go(group.key)

    def _clear(self, group: _Group) -> None:
        if group.meter is not None:
            group.meter.clear()
        group.holds_since = None
        group.active_until = _NOTHING
        if group.starts is not None:
            self._end(group, self.now)
        self._schedule(group)

    def _schedule(self, group: _Group) -> None:
        """See when something may next happen to a group by itself."""
        plain = group.rule.plain
        due = math.inf
        if group.holds_since is not None:
            assert group.meter is not None
            due = group.meter.next_change()
            long_enough = group.holds_since + plain.for_
            if group.starts is None:
                due = min(due, max(long_enough, group.quiet_until))
            elif self.now < long_enough:
                due = min(due, group.active_until + group.rule.resolve_after)
        else:
            if group.starts is not None:
                due = group.active_until + group.rule.resolve_after
            if group.rule.begins_by_itself and group.meter is not None:
                due = min(due, group.meter.next_change())
        group.due = due
        # an entry that comes too early is put back when it is due: most moments only ever move later
        if due < group.queued:
            group.queued = due
            self._serial += 1
            heapq.heappush(self._due, (due, group.rule.number, group.key, self._serial, group))
            if len(self._due) > _MOST_STALE + 4 * sum(len(rule.groups) for rule in self._rules):
                self._due = [entry for entry in self._due if entry[0] == entry[-1].queued]
                heapq.heapify(self._due)

    def _labels_of(self, rule: _Compiled, key: Key) -> Labels:
        own = {"alertname": rule.rule.id, "severity": rule.rule.severity, **rule.rule.labels}
        return tuple(
            sorted((name, value) for name, value in {**dict(zip(rule.labels, key, strict=True)), **own}.items() if value)
        )

    def _alert(self, group: _Group, now: float, ends: float) -> Alert:
        labels = self._labels_of(group.rule, group.key)
        if math.isinf(ends):
            figures = group.meter.values(now) if group.meter is not None else {}
            texts = {"description": group.rule.rule.description, "summary": group.rule.rule.summary}
            filled = ((name, fill(text, figures, dict(labels), group.told)) for name, text in texts.items() if text)
            group.texts = tuple(filled)
        starts = now if group.starts is None else group.starts
        return Alert(labels, group.texts, starts, ends, now)


def _told_of(rule: _Compiled, event: Event) -> Mapping[str, Json]:
    """What an alert's texts may tell of an event, and no more of it: it is kept."""
    return {name: event.data[name] for name in rule.told if name in event.data} if rule.told else {}


def _among(type_: str, types: tuple[str, ...]) -> bool:
    return any(type_ == one or (one.endswith("*") and type_.startswith(one[:-1])) for one in types)


def _key(rule: _Compiled, event: Event) -> Key:
    return tuple([_label_value(event, attribute) for attribute in rule.group])


def _label_value(event: Event, attribute: str) -> str:
    value = event.data.get(attribute) if not attribute.startswith("event.") else getattr(event, attribute[6:], None)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else str(value)
    if len(text) > _LONGEST_LABEL:
        text = text[:_LONGEST_LABEL]
    return text if text.isascii() and text.isprintable() else _printable(text)


def _printable(text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(one if one.isprintable() else "\ufffd" for one in text)
