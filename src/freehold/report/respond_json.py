"""Incidents and playbooks for programs. Owns that part of the contract, and its schemas; moments are seconds since 1970."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from freehold.report.schema_forms import COUNT as _COUNT
from freehold.report.schema_forms import DIGEST as _DIGEST
from freehold.report.schema_forms import FLAG as _FLAG
from freehold.report.schema_forms import MOMENT as _MOMENT
from freehold.report.schema_forms import NAME as _NAME
from freehold.report.schema_forms import TEXT as _TEXT
from freehold.report.schema_forms import Schema as _Schema
from freehold.report.schema_forms import keys_of as _object
from freehold.report.schema_forms import list_of as _list
from freehold.report.schema_forms import or_null as _or_null

if TYPE_CHECKING:
    from freehold.respond.approval_requests import Request
    from freehold.respond.clocks import Clock
    from freehold.respond.incident import Duty, Entry, Incident
    from freehold.respond.situation import IncidentList, IncidentReport, PlaybookList, Rehearsal, RunReport

__all__ = ["RESPOND_SCHEMAS", "incident_keys", "incident_list_keys", "playbook_list_keys", "rehearsal_keys"]


def incident_list_keys(answer: IncidentList) -> dict[str, Any]:
    """``respond list``: every incident, what waits for people, what is owed."""
    return {
        "incidents": [_incident(one) for one in answer.incidents], "waiting": [_request(one) for one in answer.waiting],
        "duties": [_duty(one) for one in answer.duties], "unsealed": answer.unsealed,
    }  # fmt: skip


def incident_keys(answer: IncidentReport) -> dict[str, Any]:
    """``respond show``: one incident with its clocks, timeline, runs, and what waits."""
    return {
        "incident": _incident(answer.incident), "possible": list(answer.possible), "proposed": list(answer.proposed),
        "clocks": [_clock(one) for one in answer.clocks], "waiting": [_request(one) for one in answer.waiting],
        "duties": [_duty(one) for one in answer.duties], "runs": [_run(one) for one in answer.runs],
        "timeline": [_entry(one) for one in answer.timeline], "unsealed": answer.unsealed, "now": answer.now,
    }  # fmt: skip


def rehearsal_keys(answer: Rehearsal) -> dict[str, Any]:
    """``respond run --dry-run``: what a run would do."""
    return {"incident": answer.incident, "playbook": answer.playbook, "steps": list(answer.lines)}


def playbook_list_keys(answer: PlaybookList) -> dict[str, Any]:
    """``respond check``: playbooks that are sound."""
    return {
        "playbooks": [
            {
                "id": one.playbook.id, "name": one.playbook.name, "place": one.place, "steps": len(one.playbook.step),
                "reach": one.playbook.reach, "digest": one.digest, "drilled": one.drilled,
            }
            for one in answer.playbooks
        ]
    }  # fmt: skip


def _incident(one: Incident) -> dict[str, Any]:
    return {
        "id": one.id, "title": one.title, "state": one.state, "level_low": one.level_low or None,
        "level_high": one.level_high or None, "firing": one.firing, "labels": dict(one.labels), "key": one.key,
        "first": one.first, "opened": one.opened, "updated": one.updated, "preserved": one.preserved, "radius": one.radius,
        "merged_into": one.merged_into or None, "successor_of": one.successor_of or None, "successor": one.successor or None,
        "roles": [{"role": role, "person": name} for role, name in one.roles],
    }  # fmt: skip


def _clock(one: Clock) -> dict[str, Any]:
    return {**asdict(one), "regime": one.regime or None, "due": one.due}


def _request(one: Request) -> dict[str, Any]:
    return {
        "id": one.id, "incident": one.incident, "run": one.run, "step": one.path, "question": one.question,
        "action": one.action, "parameters": dict(one.parameters), "digest": one.digest, "people_needed": one.need,
        "approved_by": [{"person": name, "expires": expires} for name, expires in one.people], "at": one.at,
    }  # fmt: skip


def _duty(one: Duty) -> dict[str, Any]:
    return {"id": one.id, "incident": one.incident, "what": one.what, "opened": one.opened, "opened_by": one.opened_by}


def _run(one: RunReport) -> dict[str, Any]:
    steps = [
        {
            "path": step.path, "step": step.step, "state": step.state, "action": step.action or None, "text": step.text,
            "begun": step.begun, "ended": step.ended,
        }
        for step in one.steps
    ]  # fmt: skip
    run = one.run
    return {
        "id": run.id, "playbook": run.playbook, "digest": run.digest, "state": run.state, "because": run.because,
        "by": run.by, "variables": dict(run.variables), "started": run.started, "ended": run.ended, "steps": steps,
    }  # fmt: skip


def _entry(one: Entry) -> dict[str, Any]:
    return {
        "number": one.number, "at": one.at, "kind": one.kind, "by": one.by, "role": one.role, "text": one.text,
        "facts": dict(one.facts),
    }  # fmt: skip


_ANY: Final[_Schema] = {"type": "object"}
_VALUE: Final[_Schema] = {"type": ["object", "array", "string", "number", "boolean", "null"]}
_LEVEL: Final[_Schema] = {"enum": ["blue", "yellow", "orange", "red", None]}
_INCIDENT: Final = _object(
    id=_NAME, title=_TEXT, state=_NAME, level_low=_LEVEL, level_high=_LEVEL, firing=_FLAG, labels=_ANY, key=_TEXT,
    first=_MOMENT, opened=_MOMENT, updated=_MOMENT, preserved=_FLAG, radius=_VALUE, merged_into=_or_null(_NAME),
    successor_of=_or_null(_NAME), successor=_or_null(_NAME), roles=_list(_object(role=_NAME, person=_NAME)),
)  # fmt: skip
_REQUEST: Final = _object(
    id=_NAME, incident=_NAME, run=_TEXT, step=_TEXT, question={"enum": ["approve", "done", "doubt"]}, action=_NAME,
    parameters=_ANY, digest=_DIGEST, people_needed=_COUNT, approved_by=_list(_object(person=_NAME, expires=_MOMENT)),
    at=_MOMENT,
)  # fmt: skip
_DUTY: Final = _object(id=_COUNT, incident=_NAME, what=_TEXT, opened=_MOMENT, opened_by=_NAME)
_CLOCK: Final = _object(
    name={"enum": ["detect", "decide", "contain", "report"]}, regime=_or_null(_NAME),
    state={"enum": ["waiting", "running", "stopped", "overdue"]}, started=_or_null(_MOMENT), stopped=_or_null(_MOMENT),
    seconds=_MOMENT, limit=_or_null(_MOMENT), late=_FLAG, due=_or_null(_MOMENT),
)  # fmt: skip
_RUN: Final = _object(
    id=_NAME, playbook=_NAME, digest=_DIGEST, state=_NAME, because=_TEXT, by=_NAME, variables=_ANY, started=_MOMENT,
    ended=_or_null(_MOMENT),
    steps=_list(
        _object(
            path=_NAME, step=_NAME, state=_NAME, action=_or_null(_NAME), text=_TEXT, begun=_MOMENT, ended=_or_null(_MOMENT)
        )
    ),
)  # fmt: skip
_ENTRY: Final = _object(number=_COUNT, at=_MOMENT, kind=_NAME, by=_NAME, role=_TEXT, text=_TEXT, facts=_ANY)

RESPOND_SCHEMAS: Final[dict[str, dict[str, _Schema]]] = {
    "respond list": {
        "incidents": _list(_INCIDENT), "waiting": _list(_REQUEST), "duties": _list(_DUTY), "unsealed": _COUNT,
    },
    "respond show": {
        "incident": _INCIDENT, "possible": _list(_NAME), "proposed": _list(_NAME), "clocks": _list(_CLOCK),
        "waiting": _list(_REQUEST), "duties": _list(_DUTY), "runs": _list(_RUN), "timeline": _list(_ENTRY),
        "unsealed": _COUNT, "now": _MOMENT,
    },
    "respond run": {"incident": _NAME, "playbook": _NAME, "steps": _list(_TEXT)},
    "respond check": {
        "playbooks": _list(
            _object(
                id=_NAME, name=_TEXT, place=_TEXT, steps=_COUNT, reach=_NAME, digest=_DIGEST, drilled=_or_null(_MOMENT)
            )
        )
    },
}  # fmt: skip
"""By verb: the keys of its answer beside those that all share."""
