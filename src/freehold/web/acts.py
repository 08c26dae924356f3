"""What people do on the page: approve, move an incident on, stop. Owns the seam between a button and the room that acts.

Whether the person may is decided where it is stored, not here: the same act from the command line meets the same rules.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from freehold.errors import BadSignal, NotAllowed
from freehold.respond.approval_requests import ApprovalRequests
from freehold.respond.incidents import Incidents
from freehold.respond.roles import Person

__all__ = ["Act", "act_on", "read_act"]

_MOST_BYTES = 16_384


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One act as the page asks for it.

    Parameters
    ----------
    act
        ``approve`` (a request that waits), ``refuse`` it, ``move`` (an incident by a verb), ``stop`` or ``release`` (at the
        gateway), ``note`` (in an incident's timeline).
    because
        Why, in the person's words.
    request, incident, verb, scope, name
        What it is about.
    break_glass
        Whether it goes before the approvals that are missing.
    """

    act: Literal["approve", "refuse", "move", "note", "stop", "release"]
    because: str = ""
    request: str = ""
    incident: str = ""
    verb: str = ""
    scope: str = ""
    name: str = ""
    break_glass: bool = False


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
        return msgspec.json.decode(body, type=Act)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadSignal(f"this is no act: {error}. Send JSON as the page does.") from None


def act_on(act: Act, you: Person, incidents: Incidents, requests: ApprovalRequests) -> None:
    """Do an act that is about an incident.

    Raises
    ------
    freehold.errors.FreeholdError
        If the person may not, or it is not possible now.
    """
    if act.act == "approve":
        requests.approve(act.request, you.name, act.because, break_glass=act.break_glass)
    elif act.act == "refuse":
        requests.refuse(act.request, you.name, act.because)
    elif act.act == "move":
        incidents.move(act.incident, act.verb, you.name, act.because)
    elif act.act == "note":
        incidents.note(act.incident, you.name, act.because)
    else:
        raise NotAllowed(f"'{act.act}' is not about an incident.")
