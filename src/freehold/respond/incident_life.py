"""The life of an incident as data: which change is possible from where, and who may make it. Owns these rules.

    signal → warning → declared → contained → recovering → observing → closed → reviewed

with ways out to *false alarm* and *merged*, and one way back, *relapse*, when the alerts fire anew after containment.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from freehold.errors import NotAllowed
from freehold.respond.roles import MACHINE

__all__ = ["TRANSITIONS", "Transition", "possible", "transition_for"]


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of state.

    Parameters
    ----------
    verb
        What it is called, and the kind of its entry in the timeline.
    sources
        States from which it is possible.
    target
        State to which it leads.
    roles
        Who may make it.
    """

    verb: str
    sources: tuple[str, ...]
    target: str
    roles: tuple[str, ...]


TRANSITIONS: Final = (
    Transition("warn", ("signal",), "warning", (MACHINE, "commander", "engineer")),
    Transition("declare", ("signal", "warning"), "declared", ("commander", "engineer")),
    Transition("contain", ("declared",), "contained", (MACHINE, "commander", "engineer")),
    Transition("recover", ("contained",), "recovering", (MACHINE, "commander", "engineer")),
    Transition("observe", ("recovering",), "observing", (MACHINE, "commander", "engineer")),
    Transition("close", ("observing",), "closed", ("commander",)),
    Transition("review", ("closed",), "reviewed", ("commander", "legal")),
    Transition("relapse", ("contained", "recovering", "observing"), "declared", (MACHINE, "commander", "engineer")),
    Transition("false-alarm", ("signal", "warning", "declared"), "false-alarm", ("commander", "engineer")),
    Transition(
        "merge", ("signal", "warning", "declared", "contained", "recovering", "observing"), "merged", ("commander", "engineer")
    ),
)


def possible(state: str) -> tuple[Transition, ...]:
    """What can be done next from a state."""
    return tuple(one for one in TRANSITIONS if state in one.sources)


def transition_for(incident: str, state: str, verb: str, roles: Collection[str]) -> tuple[Transition, str]:
    """The transition that a person with these roles makes, and the role in which they make it.

    Parameters
    ----------
    incident
        Its id, for messages.
    state
        Where it stands.
    verb
        What is to be done.
    roles
        All roles of who does it.

    Raises
    ------
    freehold.errors.NotAllowed
        If it is not possible from there, or not for these roles; the message says what is.
    """
    found = next((one for one in possible(state) if one.verb == verb), None)
    if found is None:
        next_ones = ", ".join(one.verb for one in possible(state)) or "nothing more"
        raise NotAllowed(f"{incident} is '{state}', from which '{verb}' does not lead on. Possible now: {next_ones}.")
    role = next((role for role in found.roles if role in roles), None)
    if role is None:
        may = " or ".join(role for role in found.roles if role != MACHINE)
        raise NotAllowed(f"'{verb}' on {incident} is for a {may}. Ask one, or have the commander give you the role.")
    return found, role
