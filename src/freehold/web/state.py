"""What the page shows, as data. Owns the seam between the desk's own records and a reader in a hurry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from freehold.respond.approval_requests import ApprovalRequests, Request
from freehold.respond.clocks import Clock, Limits, clocks_of
from freehold.respond.incident import Entry, Incident
from freehold.respond.roles import Person
from freehold.watch.event import Json
from freehold.web.buttons import (
    Button,
    duty_buttons,
    fact_button,
    incident_buttons,
    playbook_button,
    release_button,
    request_buttons,
    run_buttons,
    stop_button,
)
from freehold.web.desk import Desk
from freehold.web.incident_list import open_incidents, shown
from freehold.web.pillars import GatewaySeen, pillars
from freehold.web.predictions import PREDICTION, comparison_of, score_sentence
from freehold.web.responding import Responding
from freehold.words import say

__all__ = ["Rooms", "page_state"]

_MOST_ENTRIES: Final = 200
_MOST_DUTIES: Final = 50


@dataclass(frozen=True, slots=True)
class Rooms:
    """What a page is made from.

    Parameters
    ----------
    desk, requests, responding, limits
        The rooms.
    name
        The desk's.
    """

    desk: Desk
    requests: ApprovalRequests
    responding: Responding
    limits: Limits
    name: str


def page_state(rooms: Rooms, gateway: GatewaySeen, you: Person) -> dict[str, Any]:
    """Everything that the page shows.

    Parameters
    ----------
    rooms
        What it is made from.
    gateway
        As last seen.
    you
        Who looks.
    """
    desk = rooms.desk
    now = desk.clock()
    open_ = open_incidents(desk.incidents)
    waiting: dict[str, list[Request]] = {}
    for request in rooms.requests.waiting():
        waiting.setdefault(request.incident, []).append(request)
    ids = shown(desk.incidents)
    more = len(open_) - sum(1 for one in open_ if one.id in set(ids))
    return {
        "now": now,
        "title": say("desk.page_title", name=rooms.name),
        "open": len(open_),
        "you": {"name": you.name, "roles": list(you.roles)},
        "pillars": pillars(desk, open_, sum(map(len, waiting.values())), gateway, now),
        "incidents": [_incident(rooms, desk.incidents.get(id_), waiting.get(id_, ()), you, now) for id_ in ids],
        "more": say("desk.more_incidents", count=more) if more else "",
        "duties": [
            {"what": f"{duty.incident}: {duty.what}", "since": _moment(duty.opened), "by": duty.opened_by,
             "acts": duty_buttons(duty, you)}
            for duty in desk.incidents.duties()[:_MOST_DUTIES]
        ],
        "stops": _stops(gateway, you),
        "stops_known": gateway.state is not None,
        "no_stops": _no_stops(gateway),
        "acts": [stop_button(you)],
        "upstreams": _upstreams(gateway),
        "upstreams_why": gateway.why or say("desk.no_upstreams"),
        "desk": _desk(desk, len(desk.alerts.core)),
    }  # fmt: skip


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _incident(rooms: Rooms, one: Incident, waiting: Iterable[Request], you: Person, now: float) -> dict[str, Any]:
    desk = rooms.desk
    timeline = desk.incidents.timeline(one.id)
    clocks = [clock for clock in clocks_of(one, timeline, rooms.limits, now) if clock.state != "waiting" or not clock.regime]
    low, high = one.level_low, one.level_high
    if not low and not high:
        says = say("desk.not_graded")
    elif low == high:
        says = say("desk.level_is", level=say(f"desk.level_{low}"))
    else:
        says = say("desk.level_range", low=say(f"desk.level_{low or 'none'}"), high=say(f"desk.level_{high}"))
    asks = [button for request in waiting for button in request_buttons(request, you)]
    question, answer = _question(desk, one, timeline, you) if one.is_open and low != high else ("", None)
    return {
        "id": one.id,
        "title": f"{one.id}: {one.title}",
        "state": one.state,
        "level": {"low": low, "high": high, "colour": _colour(low, high), "says": says},
        "says": say("desk.incident_says", state=say(f"desk.state_{one.state.replace('-', '_')}"), opened=_moment(one.opened),
                    firing=say("desk.fires" if one.firing else "desk.over")),
        "clocks": [_clock(clock) for clock in clocks],
        "reach": _bare(one.radius),
        "question": question,
        "answer": answer,
        "prediction": _prediction(desk, one, now),
        "asks": asks,
        "runs": [
            {"says": say("desk.run_says", run=run.id, playbook=run.playbook, state=say(f"desk.run_{run.state}"),
                         because=run.because), "acts": run_buttons(run, you)}
            for run in rooms.responding.runs(one.id)
        ],
        "held_up": _held_up(rooms.responding, one, you),
        "acts": incident_buttons(one, you, clocks) if one.is_open or one.state == "closed" else [],
        "timeline": [_entry(entry) for entry in timeline[-_MOST_ENTRIES:]],
        "entries": len(timeline),
    }  # fmt: skip


def _colour(low: str, high: str) -> str:
    """The colour of the stripe: none as long as it may be no more than blue."""
    return "unsettled" if low != high and low in ("", "blue") else high


def _bare(radius: Json) -> Json:
    """What an incident keeps of its reach, without the prediction's text and the question, which may be an old one."""
    if not isinstance(radius, dict):
        return radius
    return {name: value for name, value in radius.items() if name not in (PREDICTION, "question", "fact")}


def _question(desk: Desk, one: Incident, timeline: Sequence[Entry], you: Person) -> tuple[str, Button | None]:
    """What would narrow the level, and the button that answers it."""
    if one.key in desk.questions:
        question = desk.questions[one.key]
        fact, text = ("", "") if question is None else (question.fact, question.text)
    else:
        kept = one.radius if isinstance(one.radius, dict) else {}
        fact, text = str(kept.get("fact") or ""), str(kept.get("question") or "")
        if any(entry.kind == "fact" and entry.facts.get("fact") == fact for entry in timeline):
            fact = text = ""
    definition = desk.warner.levels.facts.get(fact)
    if not text:
        return "", None
    return say("desk.would_settle", question=text), None if definition is None else fact_button(one, definition, text, you)


def _held_up(responding: Responding, one: Incident, you: Person) -> list[dict[str, Any]]:
    found = []
    for (incident, playbook), why in responding.held_up.items():
        if incident == one.id:
            asks = responding.asks(playbook, dict(one.labels))
            acts = [playbook_button(one.id, playbook, asks, you)] if one.is_open else []
            told = say("desk.held_up_values", names=", ".join(name for name, _ in asks)) if asks else why
            found.append({"says": say("desk.held_up", playbook=playbook, why=told), "acts": acts})
    return found


def _prediction(desk: Desk, one: Incident, now: float) -> str:
    found = None if desk.seen is None else comparison_of(one, desk.seen, now)
    return "" if found is None else score_sentence(found)


def _clock(clock: Clock) -> dict[str, Any]:
    name = say(f"desk.clock_{clock.name}")
    return {
        "name": say("desk.clock_regime", name=name, regime=clock.regime) if clock.regime else name,
        "seconds": None if clock.state == "waiting" else clock.seconds, "limit": clock.limit,
        "running": clock.state in ("running", "overdue"), "state": clock.state, "late": clock.late,
    }  # fmt: skip


def _entry(entry: Entry) -> dict[str, Any]:
    what = entry.kind.replace("-", " ")
    facts = entry.facts
    about = [_told(facts[key]) for key in ("action", "step", "playbook", "state", "request", "fact", "value", "regime", "to")
             if key in facts and isinstance(facts[key], (str, list))]  # fmt: skip
    if facts.get("break_glass") is True:
        about.append(say("desk.broke_glass"))
    told = " ".join([what, *filter(None, about)]) + (f": {entry.text}" if entry.text else "")
    return {"at": entry.at, "by": entry.by, "says": told}


def _told(value: Json) -> str:
    if isinstance(value, list):
        return "–".join(dict.fromkeys(str(one) for one in value))
    return str(value)


def _stops(gateway: GatewaySeen, you: Person) -> list[dict[str, Any]]:
    return [
        {
            "what": _what_stops(one, by_file=gateway.state is None),
            "why": str(one.get("why", "")),
            "acts": [release_button(str(one.get("scope", "")), str(one.get("name", "")), you)],
        }
        for one in gateway.stops
    ]  # fmt: skip


def _what_stops(one: Mapping[str, Any], *, by_file: bool) -> str:
    what = " ".join(filter(None, (str(one.get("scope", "")), str(one.get("name", "")))))
    return say("desk.stopped_by_file", what=what) if by_file else what


def _no_stops(gateway: GatewaySeen) -> str:
    if gateway.state is not None:
        return say("desk.no_stops")
    return say("desk.stops_unknown" if gateway.file_stops is None else "desk.no_stops_by_file", why=gateway.why)


def _upstreams(gateway: GatewaySeen) -> list[dict[str, str]]:
    return [
        {"name": str(one.get("name", "")), "state": _breaker(one), "again": _again(one)} for one in gateway.listed("upstreams")
    ]


def _breaker(one: Mapping[str, Any]) -> str:
    state = one.get("breaker")
    return say(f"desk.breaker_{state}") if state in ("closed", "open", "half_open", "half-open") else str(state)


def _again(one: Mapping[str, Any]) -> str:
    seconds = one.get("tried_again_in")
    return say("desk.tried_again", seconds=f"{seconds:.0f}") if isinstance(seconds, int | float) else ""


def _desk(desk: Desk, alerts: int) -> list[list[str]]:
    stack = desk.warner.reach.stack if desk.warner.reach is not None else None
    evidence = desk.evidence
    facts = {
        "stack": say("desk.fact_stack_says", name=stack.name, items=len(stack.items)) if stack else say("desk.none"),
        "events": say("desk.fact_events_says", count=f"{desk.health.events:,}", since=_moment(desk.health.since)),
        "alerts": f"{alerts:,}",
        "rules": str(len(desk.engine.tallies)),
        "evidence": say("desk.fact_evidence_says", count=f"{evidence.number:,}", durable=f"{evidence.durable:,}"),
    }
    return [[say(f"desk.fact_{name}"), told] for name, told in facts.items()]
