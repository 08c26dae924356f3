"""How things stand: one incident with all that belongs to it, or all incidents. Owns what is shown together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from freehold.respond.approval_requests import ApprovalRequests, Request
from freehold.respond.clocks import Clock, Limits, clocks_of
from freehold.respond.incident import Duty, Entry, Incident
from freehold.respond.incident_life import possible
from freehold.respond.incidents import Incidents
from freehold.respond.playbook import Playbook
from freehold.respond.run_journal import Run, RunJournal, StepRecord

__all__ = ["IncidentList", "IncidentReport", "ListedPlaybook", "PlaybookList", "Rehearsal", "RunReport", "list_of", "report_of"]


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run and its steps, as far as they were begun."""

    run: Run
    steps: tuple[StepRecord, ...]


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """One incident with all that belongs to it.

    Parameters
    ----------
    incident, timeline
        The incident, and everything that happened in it.
    clocks
        As they stand at ``now``.
    possible
        Verbs by which its life can go on.
    waiting
        What waits for people.
    duties
        Reviews that are owed.
    runs
        Playbooks at work in it, the oldest first.
    proposed
        Ids of playbooks that are for such an incident.
    unsealed
        How many entries, of all incidents, wait for the evidence log.
    now
        The moment, in seconds since 1970.
    """

    incident: Incident
    timeline: tuple[Entry, ...]
    clocks: tuple[Clock, ...]
    possible: tuple[str, ...]
    waiting: tuple[Request, ...]
    duties: tuple[Duty, ...]
    runs: tuple[RunReport, ...]
    proposed: tuple[str, ...]
    unsealed: int
    now: float


@dataclass(frozen=True, slots=True)
class IncidentList:
    """All incidents, the newest first, and what waits.

    Parameters
    ----------
    incidents
        The incidents.
    waiting, duties
        What waits for people, and which reviews are owed, in any of them.
    unsealed
        How many entries wait for the evidence log.
    """

    incidents: tuple[Incident, ...]
    waiting: tuple[Request, ...]
    duties: tuple[Duty, ...]
    unsealed: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a run would do."""

    incident: str
    playbook: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedPlaybook:
    """A playbook in a list: where it is from, how far it reaches, when it last passed a drill as it is."""

    playbook: Playbook
    place: str
    digest: str
    drilled: float | None = None


@dataclass(frozen=True, slots=True)
class PlaybookList:
    """Playbooks that are sound."""

    playbooks: tuple[ListedPlaybook, ...]


def report_of(
    incidents: Incidents, id_: str, limits: Limits, seconds: float, *, proposed: Mapping[str, Playbook] | None = None
) -> IncidentReport:
    """Put together all of one incident.

    Parameters
    ----------
    incidents
        The store.
    id_
        Which.
    limits
        Of the clocks.
    seconds
        How long an approval is good for.
    proposed
        Playbooks that are for such an incident.

    Raises
    ------
    freehold.errors.RespondError
        If there is none of that id.
    """
    incident, journal, now = incidents.get(id_), RunJournal(incidents), incidents.database.clock()
    timeline = incidents.timeline(incident.id)
    return IncidentReport(
        incident, timeline, clocks_of(incident, timeline, limits, now), tuple(one.verb for one in possible(incident.state)),
        ApprovalRequests(incidents, seconds).waiting(incident.id), incidents.duties(incident.id),
        tuple(RunReport(run, journal.steps(run.id)) for run in journal.all(incident.id)), tuple(proposed or ()),
        incidents.unsealed(), now,
    )  # fmt: skip


def list_of(incidents: Incidents, seconds: float, *, only_open: bool) -> IncidentList:
    """Put together all incidents; see :func:`report_of`."""
    return IncidentList(
        incidents.all(only_open=only_open), ApprovalRequests(incidents, seconds).waiting(), incidents.duties(),
        incidents.unsealed(),
    )  # fmt: skip
