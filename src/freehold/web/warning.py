"""From what is to be told to a warning: how far it reaches, how bad it is, what saves most. Owns the seam to the stack.

Facts that a level rests on come from the blast radius, and from annotations ``fact_NAME`` of the alerts, which a rule, a
sender or ``freehold signal --fact`` gives: ``fact_persons_affected = "1200"``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from freehold.errors import BadSignal
from freehold.watch.alert import PLACES, Alert, Labels
from freehold.watch.best_act import Act, BestActs, best_acts
from freehold.watch.event import Json
from freehold.watch.level_facts import Fact, facts_from, stated_facts
from freehold.watch.levels import Criteria, LevelRange, Levels, grade
from freehold.watch.notification import Notification
from freehold.watch.prediction import predict
from freehold.watch.radius import Radius, Reach, Stop
from freehold.watch.signal import BY
from freehold.web.predictions import PREDICTION
from freehold.web.stated import Stated
from freehold.words import day as show_day
from freehold.words import interval, percent, say

__all__ = ["FACT", "Left", "Warner", "WarningFound"]

FACT: Final = "fact_"
"""Begins the names of annotations that state a fact."""

_MOST_ROWS: Final = 50
_LONGEST_PREDICTION: Final = 200_000
"""Characters; an incident keeps what it is told of its reach up to a bound."""
_CONFIDENCE: Final = 0.8
"""Of what an alert states: people and machines err."""


@dataclass(frozen=True, slots=True)
class Left:
    """How much is left of what must be kept running, 0 to 1.

    Parameters
    ----------
    low, high
        Unknown facts at their worst and at their best.
    unplaced
        Of the alerts that fire, how many places are not tied to the stack: how far those reach is not known.
    """

    low: float
    high: float
    unplaced: int = 0


@dataclass(frozen=True, slots=True)
class WarningFound:
    """A warning as it is first told, or told again.

    Parameters
    ----------
    notification
        What the alert core told.
    labels
        What its firing alerts have in common.
    title
        What it is about, in a line.
    level
        The range that the facts come to.
    radius
        How far it reaches; ``None`` without a stack.
    reach
        The same as JSON, for the incident and the page.
    by_hand
        Who says so, and in which words; empty unless it is a person.
    """

    notification: Notification
    labels: Labels
    title: str
    level: LevelRange
    radius: Radius | None
    reach: Json
    by_hand: str = ""


def _common(alerts: Iterable[Alert]) -> Labels:
    shared: dict[str, str] | None = None
    for alert in alerts:
        own = dict(alert.labels)
        shared = own if shared is None else {name: value for name, value in shared.items() if own.get(name) == value}
    return tuple(sorted((shared or {}).items()))


class Warner:
    """What turns notifications into warnings.

    Parameters
    ----------
    levels, criteria
        The levels, and the set by which they are graded.
    reach
        The stack's; ``None`` without a stack.
    """

    def __init__(self, levels: Levels, criteria: Criteria, reach: Reach | None = None) -> None:
        self.levels, self.criteria, self.reach = levels, criteria, reach

    def checked(self, fact: str, value: str) -> None:
        """See that a person states a fact, and a value of it.

        Raises
        ------
        freehold.errors.BadSignal
            If it is none.
        """
        stated_facts({fact: value}, self.levels.fact, "")

    def left(self, alerts: Iterable[Alert]) -> Left:
        """How much is left of what must be kept running, if all that fires is lost together."""
        assert self.reach is not None
        low, high = self.reach.before
        placed = _placed(alerts)
        if not placed:
            return Left(low, high)
        place = self.reach.places.tie_all(placed)
        if place.cut is not None:
            radius = self.reach.of_cut(place.cut)
            low, high = float(radius.mission.low[0]), float(radius.mission.high[0])
        return Left(low, high, len(placed) if place.cut is None else len(place.unplaced))

    def warning(self, notification: Notification, stated: Mapping[str, Stated] = MappingProxyType({})) -> WarningFound:
        """Say how far and how bad it is.

        Parameters
        ----------
        notification
            What is told.
        stated
            What people have stated, by fact; it comes before what alerts state and what is reckoned.
        """
        alerts = notification.firing or notification.alerts
        labels = _common(alerts)
        facts: list[Fact] = []
        radius = acts = None
        if self.reach is not None:
            radius = self.reach.of_all(_placed(alerts))
            if radius.place.cut is not None:
                acts = best_acts(self.reach, radius, most=3)
            facts += facts_from(self.reach, radius, self.reach.learn(radius))
        facts += self._stated(alerts)
        for name, told in stated.items():
            with contextlib.suppress(BadSignal):  # levels.toml may have changed since
                own = stated_facts({name: told.value}, self.levels.fact, told.by)
                facts = [*(one for one in facts if one.id != name), *own]
        level = grade(facts, self.criteria, self.levels)
        since = min((alert.starts for alert in alerts), default=notification.at)
        reach = None if radius is None else self._as_json(radius, acts, level, since, notification.at)
        if reach is None and level.question is not None:
            reach = {
                "says": say("desk.no_stack"),
                "rows": [],
                "best_act": "",
                "question": level.question.text,
                "fact": level.question.fact,
            }
        return WarningFound(notification, labels, _title(alerts, labels), level, radius, reach, _by_hand(alerts))

    def _stated(self, alerts: Iterable[Alert]) -> list[Fact]:
        found: list[Fact] = []
        for alert in alerts:
            for name, value in alert.annotations:
                if name.startswith(FACT):
                    with contextlib.suppress(BadSignal):  # what is no fact states nothing, and must not stop a warning
                        texts = {name.removeprefix(FACT): value}
                        found += stated_facts(texts, self.levels.fact, alert.label("alertname"), _CONFIDENCE)
        return found

    def _as_json(self, radius: Radius, acts: BestActs | None, level: LevelRange, since: float, now: float) -> Json:
        assert self.reach is not None
        names = {item.id: item.name or item.id for item in self.reach.stack.items}
        found: dict[str, Json] = {
            "says": _says(radius, names),
            "days": list(radius.days),
            "mission": {"low": list(radius.mission.low), "high": list(radius.mission.high)},
            "rows": [_row(stop, radius, names) for stop in radius.stops[:_MOST_ROWS]],
            "more": max(0, len(radius.stops) - _MOST_ROWS),
            "best_act": _act(acts.acts[0], names) if acts is not None and acts.acts else "",
            "question": "" if level.question is None else level.question.text,
            "fact": "" if level.question is None else level.question.fact,
        }
        if acts is not None and not acts.acts and radius.stops:
            found["best_act"] = say("desk.nothing_helps")
        if radius.place.cut is not None:
            text = predict(self.reach, radius, loss=since, made=now).text
            if len(text) <= _LONGEST_PREDICTION:
                found[PREDICTION] = text
        return found


def _placed(alerts: Iterable[Alert]) -> list[tuple[Labels, Labels]]:
    """What each alert says of its place, each once: many alerts are often of one place."""
    wanted = {*PLACES, "availability"}
    found: dict[Labels, Labels] = {}
    for alert in alerts:
        labels = tuple(pair for pair in alert.labels if pair[0] in wanted)
        found.setdefault(labels, tuple(pair for pair in alert.annotations if pair[0] in wanted))
    return list(found.items())


def _title(alerts: tuple[Alert, ...], labels: Labels) -> str:
    texts = [text for alert in alerts for name, text in alert.annotations if name == "summary"]
    by = next((text for alert in alerts for name, text in alert.annotations if name == BY), "")
    if texts:
        more = len(alerts) - 1
        first = say("desk.title_by", title=texts[0], by=by) if by else texts[0]
        return say("desk.title_more", title=first, more=more) if more else first
    name = dict(labels).get("alertname", "")
    where = ", ".join(f"{key} {value}" for key, value in labels if key in PLACES)
    return say("desk.title_where", name=name or say("desk.several"), where=where) if where else name or say("desk.several")


def _by_hand(alerts: tuple[Alert, ...]) -> str:
    """Who says by hand that something is wrong, and in which words."""
    told: dict[str, None] = {}
    for alert in alerts:
        notes = dict(alert.annotations)
        if BY in notes:
            words = notes.get("summary") or _title((alert,), alert.labels)
            told[say("desk.by_hand", by=notes[BY], words=words)] = None
    return "; ".join(told)


def _says(radius: Radius, names: Mapping[str, str]) -> str:
    if radius.place.cut is None:
        reasons = "; ".join(one.because for one in radius.place.untied[:3])
        return say("desk.place_unknown", because=reasons)
    first_low, first_high = radius.first_stop
    if first_low is None:
        left = interval(min(radius.mission.low), min(radius.mission.high))
        return say("desk.nothing_stops", left=left, days=show_day(radius.days[-1]))
    first = radius.stops[0]
    loss = [radius.loss(day) for day in (0.0, 1.0, 7.0)]
    return say(
        "desk.reach", count=len(radius.stops), first=names.get(first.item, first.item), when=_when(first_low, first_high),
        now=interval(*loss[0]), day=interval(*loss[1]), week=interval(*loss[2]),
    )  # fmt: skip


def _when(low: float | None, high: float | None) -> str:
    if low is None:
        return say("desk.never")
    if high is None:
        return say("desk.perhaps_day", day=show_day(low))
    if abs(high - low) < 0.05:
        return say("desk.at_once") if low < 0.05 else say("desk.on_day", day=show_day(low))
    return say("desk.between_days", low=show_day(low), high=show_day(high))


def _row(stop: Stop, radius: Radius, names: Mapping[str, str]) -> Json:
    serves = ", ".join(names.get(one, one) for one in stop.serves[:3])
    if stop.served > 3:
        serves = say("desk.and_more", what=serves, more=stop.served - 3)
    over = next((one for one in radius.takes_over if one.item == stop.item), None)
    takes = "" if over is None else _take_over(over.source, over.day_low, over.day_high, over.capacity_low)
    return {
        "id": stop.item, "name": stop.name or stop.item, "stops": _when(stop.low, stop.high), "low": stop.low,
        "high": stop.high, "serves": serves, "takes_over": takes,
    }  # fmt: skip


def _take_over(source: str, low: float | None, high: float | None, capacity: float) -> str:
    if high is None and low is None:
        return say("desk.never")
    return say("desk.takes_over", source=source, when=_when(high, low), capacity=percent(capacity))


def _act(act: Act, names: Mapping[str, str]) -> str:
    saved = interval(*sorted(max(0.0, one) for one in act.saved_on[-1][1:])) if act.saved_on else ""
    days = f"{(act.saved[0] + act.saved[1]) / 2:.3g}"
    return say(
        f"desk.act_{act.kind}", item=names.get(act.item, act.item), source=act.source, days=days, saved=saved,
        day=show_day(act.saved_on[-1][0]) if act.saved_on else "",
    )  # fmt: skip
