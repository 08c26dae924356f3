"""Moving an incident on in its life, as the machine: contained, recovering, observing. Owns that people come first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

import msgspec

from freehold.errors import NotAllowed
from freehold.respond.actions.interface import Call, Outcome
from freehold.respond.incidents import Incidents
from freehold.respond.roles import MACHINE
from freehold.watch.event import Json

__all__ = ["Mark", "MarkParameters"]

_VERBS: Final = {"contained": "contain", "recovering": "recover", "observing": "observe"}


class MarkParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The state that the playbook has brought about."""

    to: Literal["contained", "recovering", "observing"]


class Mark:
    """Move an incident on; one that people have not declared, or have moved on themselves, stays where it is.

    Parameters
    ----------
    incidents
        The store.
    """

    name: ClassVar[str] = "mark"
    changes: ClassVar[bool] = False
    undone_alone: ClassVar[bool] = False
    repeatable: ClassVar[bool] = True
    seconds: ClassVar[float] = 30.0
    parameters: ClassVar[type[msgspec.Struct]] = MarkParameters

    def __init__(self, incidents: Incidents) -> None:
        self._incidents = incidents

    def reach(self, parameters: Any) -> str:  # noqa: ARG002  the plug point's signature
        """It changes nothing outside."""
        return "none"

    async def rehearse(self, call: Call) -> str:
        """Say what it would become."""
        return f"would mark {call.incident} as {call.parameters.to}"

    async def precondition(self, call: Call) -> None:
        """There is none."""

    async def before(self, call: Call) -> Mapping[str, Json]:
        """In which state it was."""
        return {"state": self._incidents.get(call.incident).state}

    async def act(self, call: Call) -> Outcome:
        """Move it on, if that is the next step from where it is."""
        incident = self._incidents.get(call.incident)
        if incident.state == call.parameters.to:
            return Outcome(f"{incident.id} is {incident.state} already", {"state": incident.state})
        try:
            incident = self._incidents.move(call.incident, _VERBS[call.parameters.to], MACHINE, call.by)
        except NotAllowed:
            return Outcome(f"{incident.id} stays {incident.state}: people decide what comes next", {"state": incident.state})
        return Outcome(f"{incident.id} is {incident.state}", {"state": incident.state})

    async def probe(self, call: Call, before: Mapping[str, Json]) -> bool | None:  # noqa: ARG002  the plug point's signature
        """That it was asked is all that matters."""
        return None

    async def undo(self, call: Call, before: Mapping[str, Json]) -> Outcome:  # noqa: ARG002  the plug point's signature
        """A life does not go back by itself."""
        return Outcome("the state stays as it is")
