"""The buttons of the page: which acts are offered to whom, and what they ask. Owns their form.

A button has a label, what it says before it acts, the act as it is sent, and fields that a person fills in. Who may not press
it sees it with the reason. Whether they may is decided again where the act is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from freehold.respond.act_words import act_in_words
from freehold.respond.approval_requests import Request
from freehold.respond.clocks import Clock
from freehold.respond.incident import LEVELS, Duty, Incident
from freehold.respond.incident_life import possible
from freehold.respond.roles import HUMAN_ROLES, Person
from freehold.respond.run_journal import Run
from freehold.watch.level_facts import FactDefinition
from freehold.words import say

__all__ = [
    "Button", "duty_buttons", "fact_button", "incident_buttons", "playbook_button", "release_button", "request_buttons",
    "run_buttons", "stop_button",
]  # fmt: skip

Button = dict[str, Any]
_VERBS: Final = ("declare", "contain", "recover", "observe", "close", "review", "false-alarm")
"""Changes of an incident that the page offers, in the order of its life."""
_LONGEST_LABEL: Final = 120
_ACTING: Final = ("commander", "engineer")


def _may(you: Person, *roles: str) -> str:
    """Why a person may not; empty if they may."""
    if not roles or any(role in you.roles for role in roles):
        return ""
    return say("desk.for_role", roles=", ".join(role for role in roles if role != "machine"))


def _button(
    id_: str, label: str, says: str, why_not: str, *, kind: str = "plain", fields: Iterable[Mapping[str, Any]] = (),
    break_glass: bool = False, **request: Any,
) -> Button:  # fmt: skip
    return {
        "id": id_, "kind": kind, "label": _short(label), "says": says, "may": not why_not, "why_not": why_not,
        "fields": list(fields), "break_glass": break_glass, "request": request,
    }  # fmt: skip


def _field(name: str, label: str, choices: Sequence[str] = ()) -> dict[str, Any]:
    return {"name": name, "label": label, "choices": list(choices)}


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_LABEL else text[:_LONGEST_LABEL] + " …"


def request_buttons(request: Request, you: Person) -> list[Button]:
    """What can be said to what waits for people."""
    action, given, need = act_in_words(request.action, request.parameters), len(request.people), request.need
    why_not = _may(you, *_ACTING)
    refuse = _button(
        f"refuse-{request.id}", say("desk.refuse", action=action), say("desk.refuse_says", action=action), why_not,
        act="refuse", request=request.id,
    )  # fmt: skip
    if request.question == "doubt":
        says = say("desk.doubt_says", action=action)
        return [
            _button(f"done-{request.id}", say("desk.doubt_done", action=action), says, why_not, act="done", request=request.id),
            _button(
                f"repeat-{request.id}", say("desk.doubt_repeat", action=action), says, why_not, act="repeat", request=request.id
            ),
            refuse,
        ]
    mine = any(name == you.name for name, _ in request.people)
    done = request.question == "done"
    approve = _button(
        request.id, say(f"desk.ask_{request.question}", action=action, given=given, need=need),
        say("desk.done_says" if done else "desk.approve_says", action=action, need=need, given=given),
        say("desk.approved_already") if mine else why_not, kind="stop" if request.action == "kill" else "act",
        break_glass=not done and need > given + 1, act="approve", request=request.id,
    )  # fmt: skip
    return [{**approve, "question": request.question}, refuse]


def incident_buttons(one: Incident, you: Person, clocks: Iterable[Clock]) -> list[Button]:
    """What a person can do with an incident."""
    given = {role for role, name in one.roles if name == you.name}
    able = Person(name=you.name, roles=(*you.roles, *(role for role in HUMAN_ROLES if role in given)))
    found = []
    for verb in _VERBS:
        for change in possible(one.state):
            if change.verb == verb:
                label = say(f"desk.verb_{verb.replace('-', '_')}")
                found.append(
                    _button(
                        verb,
                        label,
                        say("desk.move_says", verb=label, incident=one.title),
                        _may(able, *change.roles),
                        kind="act" if verb == "declare" else "plain",
                        act="move",
                        incident=one.id,
                        verb=verb,
                    )
                )
    found += [
        _button(
            f"report-{clock.regime}",
            say("desk.reported", regime=clock.regime),
            say("desk.reported_says", regime=clock.regime),
            _may(able, "commander", "legal", "comms"),
            act="report",
            incident=one.id,
            regime=clock.regime,
        )
        for clock in clocks
        if clock.regime and clock.state in ("running", "overdue")
    ]
    if one.is_open:
        levels = _field("level", say("desk.field_level"), LEVELS[::-1])
        found.append(
            _button(
                "level",
                say("desk.set_level"),
                say("desk.set_level_says"),
                _may(able, *_ACTING),
                fields=[levels],
                act="level",
                incident=one.id,
            )
        )
    found.append(_button("note", say("desk.note"), say("desk.note_says"), "", act="note", incident=one.id))
    return found


def fact_button(one: Incident, definition: FactDefinition, question: str, you: Person) -> Button:
    """The answer to the question on which the level rests."""
    choices = {"flag": ("yes", "no"), "choice": definition.choices}.get(definition.type, ())
    return _button(
        f"fact-{definition.id}", say("desk.answer"), say(f"desk.answer_{definition.type}"), _may(you, *_ACTING), kind="act",
        fields=[_field("value", question, choices)], act="fact", incident=one.id, fact=definition.id,
    )  # fmt: skip


def duty_buttons(duty: Duty, you: Person) -> list[Button]:
    """The word that a review was done."""
    why_not = say("desk.own_duty") if duty.opened_by == you.name else _may(you, *_ACTING)
    return [
        _button(
            f"settle-{duty.id}",
            say("desk.settle"),
            say("desk.settle_says", what=duty.what),
            why_not,
            act="settle",
            duty=duty.id,
        )
    ]


def run_buttons(run: Run, you: Person) -> list[Button]:
    """Ways to end a run."""
    why_not = say("desk.ending") if run.state in ("halting", "undoing") else _may(you, *_ACTING)
    return [
        _button(
            f"{verb}-{run.id}",
            say(f"desk.{verb}"),
            say(f"desk.{verb}_says", playbook=run.playbook, run=run.id),
            why_not,
            kind="stop",
            act=verb,
            run=run.id,
        )
        for verb in ("halt", "undo")
    ]


def playbook_button(incident: str, playbook: str, asks: Sequence[tuple[str, str]], you: Person) -> Button:
    """The beginning of a playbook that needs a person's values."""
    return _button(
        f"run-{playbook}", say("desk.begin", playbook=playbook), say("desk.begin_says", playbook=playbook),
        _may(you, *_ACTING), kind="act", fields=[_field(name, f"{name}: {told}") for name, told in asks], act="run",
        incident=incident, playbook=playbook,
    )  # fmt: skip


def stop_button(you: Person) -> Button:
    """What stops everything."""
    return _button(
        "stop-all", say("desk.stop_all"), say("desk.stop_all_says"), _may(you, *_ACTING), kind="stop", act="stop", scope="all",
        name="",
    )  # fmt: skip


def release_button(scope: str, name: str, you: Person) -> Button:
    """What ends a stop."""
    what = f"{scope} {name}".strip()
    return _button(
        f"release-{what}", say("desk.release", what=what), say("desk.release_says", what=what), _may(you, *_ACTING),
        act="release", scope=scope, name=name,
    )  # fmt: skip
