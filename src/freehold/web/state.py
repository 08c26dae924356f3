"""What the page shows, as data. Owns the seam between the desk's own records and a reader in a hurry.

It is headed by four words. *Safe*: nothing that an agent or a model does is out of bounds. *Reliable*: what answers is what
should, and it does answer. *Controllable*: it can be stopped, and what is done is on record. *Available*: how much of what
must be kept running runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from freehold.respond.approval_requests import ApprovalRequests, Request
from freehold.respond.clocks import Clock, Limits, clocks_of
from freehold.respond.incident import Entry, Incident, level_number
from freehold.respond.incident_life import possible
from freehold.respond.roles import Person
from freehold.watch.event import Json
from freehold.web.desk import Desk
from freehold.web.predictions import PREDICTION, comparison_of, score_sentence
from freehold.words import interval, say

__all__ = ["GatewaySeen", "page_state"]

_MOST_INCIDENTS: Final = 50
_MOST_ENTRIES: Final = 200
_UNSAFE: Final = frozenset(
    {
        "tool-refused", "agent-repeats-itself", "agent-too-deep", "agent-spends-fast", "unexpected-model", "token-spike",
        "cost-spike",
    }
)  # fmt: skip
"""Rules about what an agent or a model does; all others are about whether it answers."""
_VERBS: Final = ("declare", "contain", "recover", "observe", "close", "review", "false-alarm")
"""Changes of an incident that the page offers, in the order of its life."""


@dataclass(frozen=True, slots=True)
class GatewaySeen:
    """The gateway as it was last seen.

    Parameters
    ----------
    state
        Its own account; ``None`` if it did not answer.
    why
        Why it is not known.
    """

    state: Mapping[str, Any] | None = None
    why: str = ""


def page_state(
    desk: Desk, requests: ApprovalRequests, limits: Limits, gateway: GatewaySeen, you: Person, name: str
) -> dict[str, Any]:
    """Everything that the page shows.

    Parameters
    ----------
    desk
        The desk.
    requests
        What waits for people.
    limits
        Of the clocks.
    gateway
        As last seen.
    you
        Who looks.
    name
        The desk's.
    """
    now = desk.clock()
    incidents = desk.incidents.all(_MOST_INCIDENTS)
    waiting = requests.waiting()
    open_ = [one for one in incidents if one.is_open]
    shown = sorted(incidents, key=lambda one: (not one.is_open, -level_number(one.level_high), -one.opened))
    return {
        "now": now,
        "title": say("desk.page_title", name=name),
        "open": len(open_),
        "you": {"name": you.name, "roles": list(you.roles)},
        "pillars": _pillars(desk, open_, waiting, gateway),
        "incidents": [_incident(desk, one, waiting, limits, you, now) for one in shown],
        "stops": _stops(gateway),
        "acts": [_stop_act(you)],
        "upstreams": _upstreams(gateway),
        "upstreams_why": gateway.why or say("desk.no_upstreams"),
        "desk": _desk(desk, now),
    }


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _pillar(name: str, state: str, says: str) -> dict[str, str]:
    return {"name": say(f"desk.{name}"), "state": state, "mark": say(f"desk.mark_{state}"), "says": says}


def _pillars(desk: Desk, open_: Sequence[Incident], waiting: Sequence[Request], gateway: GatewaySeen) -> list[dict[str, str]]:
    firing = [one for one in open_ if one.firing]
    unsafe = [one for one in firing if dict(one.labels).get("alertname") in _UNSAFE]
    other = [one for one in firing if one not in unsafe]
    found = [
        _pillar("safe", "bad" if unsafe else "good", _titles(unsafe) or say("desk.safe_good")),
        _pillar("reliable", _worst(other), _titles(other) or say("desk.reliable_good")),
    ]
    faults = "; ".join(f"{part}: {what}" for part, what in desk.health.faults.items())
    if faults:
        found.append(_pillar("controllable", "bad", faults))
    elif gateway.why:
        found.append(_pillar("controllable", "warn", gateway.why))
    elif waiting:
        found.append(_pillar("controllable", "warn", say("desk.waiting", count=len(waiting))))
    else:
        found.append(_pillar("controllable", "good", say("desk.controllable_good")))
    found.append(_available(desk, firing))
    return found


def _titles(incidents: Sequence[Incident]) -> str:
    if not incidents:
        return ""
    more = len(incidents) - 1
    return say("desk.title_more", title=incidents[0].title, more=more) if more else incidents[0].title


def _worst(incidents: Iterable[Incident]) -> str:
    worst = max((level_number(one.level_low) for one in incidents), default=None)
    if worst is None:
        return "good"
    return "bad" if worst >= level_number("orange") else "warn"


def _available(desk: Desk, firing: Sequence[Incident]) -> dict[str, str]:
    if desk.warner.reach is None:
        return _pillar("available", "unknown", say("desk.available_unknown"))
    low, high = desk.warner.reach.before
    for one in firing:
        mission = one.radius.get("mission") if isinstance(one.radius, dict) else None
        if isinstance(mission, dict) and mission.get("low") and mission.get("high"):
            low, high = min(low, float(mission["low"][0])), min(high, float(mission["high"][0]))  # type: ignore[arg-type, index]
    state = "good" if low > 1 - 1e-9 else ("warn" if high >= 0.5 else "bad")
    return _pillar("available", state, say("desk.available_says", level=interval(low, high)))


def _incident(
    desk: Desk, one: Incident, waiting: Sequence[Request], limits: Limits, you: Person, now: float
) -> dict[str, Any]:  # fmt: skip
    timeline = desk.incidents.timeline(one.id)
    clocks = [_clock(clock) for clock in clocks_of(one, timeline, limits, now) if clock.state != "waiting" or not clock.regime]
    low, high = one.level_low, one.level_high
    if not low and not high:
        says = say("desk.not_graded")
    elif low == high:
        says = say("desk.level_is", level=say(f"desk.level_{low}"))
    else:
        says = say("desk.level_range", low=say(f"desk.level_{low or 'none'}"), high=say(f"desk.level_{high}"))
    acts = [_request_act(request, you) for request in waiting if request.incident == one.id]
    acts += [
        _move_act(one, transition.verb, you) for verb in _VERBS for transition in possible(one.state) if transition.verb == verb
    ]
    return {
        "id": one.id,
        "title": f"{one.id}: {one.title}",
        "state": one.state,
        "level": {"low": low, "high": high, "colour": high, "says": says},
        "says": say("desk.incident_says", state=say(f"desk.state_{one.state.replace('-', '_')}"), opened=_moment(one.opened),
                    firing=say("desk.fires" if one.firing else "desk.over")),
        "clocks": clocks,
        "reach": _without_prediction(one.radius),
        "prediction": _prediction(desk, one, now),
        "acts": acts if one.is_open or one.state == "closed" else [],
        "timeline": [_entry(entry) for entry in timeline[-_MOST_ENTRIES:]],
    }  # fmt: skip


def _without_prediction(radius: Json) -> Json:
    if not isinstance(radius, dict):
        return radius
    return {name: value for name, value in radius.items() if name != PREDICTION}


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
    about = [
        str(facts[key]) for key in ("action", "step", "playbook", "state", "request", "to") if isinstance(facts.get(key), str)
    ]
    told = " ".join([what, *about]) + (f": {entry.text}" if entry.text else "")
    return {"at": entry.at, "by": entry.by, "says": told}


def _may(you: Person, *roles: str) -> tuple[bool, str]:
    if not roles or any(role in you.roles for role in roles):
        return True, ""
    return False, say("desk.for_role", roles=", ".join(role for role in roles if role != "machine"))


def _request_act(request: Request, you: Person) -> dict[str, Any]:
    mine = any(name == you.name for name, _ in request.people)
    may, why_not = _may(you, "commander", "engineer")
    if mine:
        may, why_not = False, say("desk.approved_already")
    given = len(request.people)
    label = say(f"desk.ask_{request.question}", action=_action(request), given=given, need=request.need)
    return {
        "id": request.id, "kind": "stop" if request.action == "kill" else "act", "label": label, "may": may, "why_not": why_not,
        "says": say("desk.approve_says", action=_action(request), need=request.need, given=given),
        "request": {"act": "approve", "request": request.id},
    }  # fmt: skip


def _action(request: Request) -> str:
    told = (value for value in request.parameters.values() if isinstance(value, str | int | float))
    values = [str(value) for value in told if not isinstance(value, bool) and value != ""]
    return " ".join([request.action.replace("_", " "), *values])[:120]


def _move_act(one: Incident, verb: str, you: Person) -> dict[str, Any]:
    roles = next(transition.roles for transition in possible(one.state) if transition.verb == verb)
    may, why_not = _may(you, *roles)
    key = verb.replace("-", "_")
    return {
        "id": verb, "kind": "act", "label": say(f"desk.verb_{key}"), "may": may, "why_not": why_not,
        "says": say("desk.move_says", verb=say(f"desk.verb_{key}"), incident=one.title),
        "request": {"act": "move", "incident": one.id, "verb": verb},
    }  # fmt: skip


def _stop_act(you: Person) -> dict[str, Any]:
    may, why_not = _may(you, "commander", "engineer")
    return {
        "id": "stop-all", "kind": "stop", "label": say("desk.stop_all"), "may": may, "why_not": why_not,
        "says": say("desk.stop_all_says"), "request": {"act": "stop", "scope": "all", "name": ""},
    }  # fmt: skip


def _stops(gateway: GatewaySeen) -> list[dict[str, str]]:
    found = (gateway.state or {}).get("stops", [])
    return [
        {
            "what": " ".join(filter(None, (str(one.get("scope", "")), str(one.get("name", ""))))),
            "since": str(one.get("since", "")), "by": str(one.get("by", "")), "because": str(one.get("because", "")),
        }
        for one in found if isinstance(one, dict)
    ]  # fmt: skip


def _upstreams(gateway: GatewaySeen) -> list[dict[str, str]]:
    found = (gateway.state or {}).get("upstreams", [])
    return [
        {
            "name": str(one.get("id", "")), "state": str(one.get("breaker", "")), "requests": str(one.get("requests", "")),
            "failed": str(one.get("failed", "")), "share": str(one.get("share", "")),
        }
        for one in found if isinstance(one, dict)
    ]  # fmt: skip


def _desk(desk: Desk, now: float) -> list[list[str]]:
    stack = desk.warner.reach.stack if desk.warner.reach is not None else None
    evidence = desk.evidence
    facts = {
        "stack": say("desk.fact_stack_says", name=stack.name, items=len(stack.items)) if stack else say("desk.none"),
        "events": say("desk.fact_events_says", count=f"{desk.health.events:,}", since=_moment(desk.health.since)),
        "alerts": str(len(desk.alerts.core.statuses(now))),
        "rules": str(len(desk.engine.tallies)),
        "evidence": say("desk.fact_evidence_says", count=f"{evidence.number:,}", durable=f"{evidence.durable:,}"),
    }
    return [[say(f"desk.fact_{name}"), told] for name, told in facts.items()]
