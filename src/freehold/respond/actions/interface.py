"""The plug point of actions. Owns what every action can be asked: a dry run, a precondition, the act, a probe, an undo.

The runner asks in this order: :meth:`Action.precondition`; :meth:`Action.before`, whose answer is kept before anything is
done, since an undo needs it; :meth:`Action.act`, under an idempotency key; :meth:`Action.probe`, whether it worked. After
an interruption it asks the probe first, and acts again only where that is safe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import msgspec

from freehold.errors import BadPlaybook, RespondError
from freehold.watch.event import Json

__all__ = ["Action", "ActionFailed", "Call", "Outcome", "parameters_of"]


class ActionFailed(RespondError):
    """An action that did not do what it was to do."""


@dataclass(frozen=True, slots=True)
class Call:
    """One use of an action.

    Parameters
    ----------
    parameters
        Of the action's own type.
    key
        The idempotency key: the same for the same step of the same run, however often it is tried.
    incident
        In which incident.
    by
        Who: the run and its step.
    because
        Why, in a line.
    """

    parameters: Any
    key: str
    incident: str
    by: str
    because: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Parameters
    ----------
    text
        In words.
    facts
        As values; an expression of the playbook sees them as ``result``.
    """

    text: str
    facts: Mapping[str, Json] = field(default_factory=dict)


class Action(Protocol):
    """One kind of act.

    Attributes
    ----------
    name
        By which playbooks call it.
    changes
        Whether it changes something, so that what it changes must have been preserved.
    undone_alone
        Whether the machine may take it back when a later step fails. What makes safer (a kill) only a person takes back.
    repeatable
        Whether it may be done again under the same key when it is not known whether it was done.
    seconds
        How long it may take where the step says nothing.
    parameters
        The type of its parameters.
    """

    name: ClassVar[str]
    changes: ClassVar[bool]
    undone_alone: ClassVar[bool]
    repeatable: ClassVar[bool]
    seconds: ClassVar[float]
    parameters: ClassVar[type[msgspec.Struct]]

    def reach(self, parameters: Any) -> str:
        """How far it reaches: one of :data:`freehold.respond.playbook.REACHES`."""

    async def rehearse(self, call: Call) -> str:
        """Say what it would do; change nothing."""

    async def precondition(self, call: Call) -> None:
        """See that it can be done now.

        Raises
        ------
        freehold.errors.RespondError
            If not, with the reason.
        """

    async def before(self, call: Call) -> Mapping[str, Json]:
        """What an undo will need, as it is before the act."""

    async def act(self, call: Call) -> Outcome:
        """Do it.

        Raises
        ------
        ActionFailed
            If it was not done.
        """

    async def probe(self, call: Call, before: Mapping[str, Json]) -> bool | None:
        """Whether it is done; ``None`` if that cannot be told."""

    async def undo(self, call: Call, before: Mapping[str, Json]) -> Outcome:
        """Take it back.

        Raises
        ------
        ActionFailed
            If it cannot be.
        """


def parameters_of(action: Action, values: Mapping[str, Any]) -> Any:
    """Values as an action's parameters.

    Raises
    ------
    freehold.errors.BadPlaybook
        If they are not those of the action; with the path.
    """
    try:
        return msgspec.convert(dict(values), action.parameters, strict=False)
    except msgspec.ValidationError as error:
        names = ", ".join(one.encode_name for one in msgspec.structs.fields(action.parameters))
        raise BadPlaybook(f"the action '{action.name}' takes {names or 'nothing'}: {error}.") from None
