"""What people do on the page: approve, move an incident on, stop. Owns the seam between a button and the room that acts.

Whether the person may is decided where it is stored, not here: the same act from the command line meets the same rules.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from freehold.errors import BadSignal, NotAllowed
from freehold.respond.approval_requests import ApprovalRequests
from freehold.respond.roles import Person
from freehold.web.desk import Desk
from freehold.web.responding import Responding

__all__ = ["ACTS_AT_GATEWAY", "Act", "act_on", "check_at_gateway", "read_act"]

ACTS_AT_GATEWAY: Final = ("stop", "release")
_SCOPES: Final = ("all", "model", "tenant", "tool", "agent")
_MOST_BYTES: Final = 16_384


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One act as the page asks for it.

    Parameters
    ----------
    act
        ``approve`` (a request that waits), ``refuse`` it, ``done`` or ``repeat`` (an act that an interruption left in doubt),
        ``move`` (an incident by a verb), ``note`` (in its timeline), ``level``, ``fact`` (stated of it), ``report`` (to whom
        a regime names), ``settle`` (a review that is owed), ``run`` (begin a playbook), ``halt`` or ``undo`` (a run), ``stop``
        or ``release`` (at the gateway).
    because
        Why, in the person's words.
    request, incident, verb, regime, duty, run, playbook, scope, name
        What it is about.
    break_glass
        Whether it goes before the approvals that are missing.
    values
        What was filled in: ``level``, ``value`` of a ``fact``, a playbook's variables.
    """

    act: Literal[
        "approve", "refuse", "done", "repeat", "move", "note", "level", "fact", "report", "settle", "run", "halt", "undo",
        "stop", "release",
    ]  # fmt: skip
    because: str = ""
    request: str = ""
    incident: str = ""
    verb: str = ""
    regime: str = ""
    duty: int = 0
    run: str = ""
    playbook: str = ""
    scope: str = ""
    name: str = ""
    fact: str = ""
    break_glass: bool = False
    values: dict[str, str] = {}


def read_act(body: bytes) -> Act:
    """Read an act.

    Raises
    ------
    freehold.errors.BadSignal
        If it is none.
    """
    if len(body) > _MOST_BYTES:
        raise BadSignal(f"an act has at most {_MOST_BYTES} bytes.")
    try:
        act = msgspec.json.decode(body, type=Act)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadSignal(f"this is no act: {error}. Send JSON as the page does.") from None
    if not 0 <= act.duty < 2**63:
        raise BadSignal("this is no act: a duty has a small number.")
    return act


def check_at_gateway(act: Act, you: Person) -> None:
    """See that a person may stop or release what they name.

    Raises
    ------
    freehold.errors.NotAllowed
        If they are no commander and no engineer, or release without a reason.
    freehold.errors.BadSignal
        If that cannot be stopped.
    """
    if "commander" not in you.roles and "engineer" not in you.roles:
        raise NotAllowed(f"'{you.name}' may not {act.act}: that is for a commander or an engineer.")
    if act.scope not in _SCOPES or (act.scope == "all") != (not act.name) or "\n" in act.name:
        raise BadSignal(f"'{act.scope[:20]} {act.name[:80]}' cannot be stopped. Name all, or a model, tenant, tool or agent.")
    if act.act == "release" and not act.because.strip():
        raise NotAllowed("a release needs a reason for those who read it later.")


async def act_on(act: Act, you: Person, desk: Desk, requests: ApprovalRequests, responding: Responding) -> None:
    """Do an act that is about an incident.

    Raises
    ------
    freehold.errors.FreeholdError
        If the person may not, or it is not possible now.
    """
    incidents, by, why = desk.incidents, you.name, act.because
    if act.act == "approve":
        requests.approve(act.request, by, why, break_glass=act.break_glass)
    elif act.act == "refuse":
        requests.refuse(act.request, by, why)
    elif act.act in ("done", "repeat"):
        requests.answer(act.request, by, why, done=act.act == "done")
    elif act.act == "move":
        incidents.move(act.incident, act.verb, by, why)
    elif act.act == "note":
        incidents.note(act.incident, by, why)
    elif act.act == "level":
        level = act.values.get("level", "")
        incidents.set_level(act.incident, level, level, by, why)
    elif act.act == "fact":
        await desk.state_fact(act.incident, act.fact, act.values.get("value", ""), by, why)
    elif act.act == "report":
        incidents.report(act.incident, act.regime, by, why)
    elif act.act == "settle":
        incidents.settle(act.duty, by, why)
    elif act.act == "run":
        responding.begin(act.incident, act.playbook, act.values, by)
    elif act.act in ("halt", "undo"):
        responding.end(act.run, by, why, undo=act.act == "undo")
    else:
        raise NotAllowed(f"'{act.act}' is not about an incident.")
    responding.hurry()
