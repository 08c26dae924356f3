"""Facts that people state of an incident, such as how many persons are affected. Owns where they are kept.

They stand in the incident's timeline, and so in its evidence; the level is graded anew with them whenever the incident's
alerts are told again. What a person stated last of a fact holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from freehold.errors import NotAllowed
from freehold.respond.incident import Incident
from freehold.respond.incidents import Incidents

__all__ = ["Stated", "StatedFacts"]


@dataclass(frozen=True, slots=True)
class Stated:
    """One fact in a person's words.

    Parameters
    ----------
    value
        As it was written: ``1200``, ``yes``, ``100..5000``.
    by
        Who states it.
    """

    value: str
    by: str


class StatedFacts:
    """What was stated of incidents that are open.

    Parameters
    ----------
    incidents
        The store.
    """

    def __init__(self, incidents: Incidents) -> None:
        self._incidents = incidents
        self._found: dict[str, dict[str, Stated]] = {}
        rows = incidents.database.rows(
            "SELECT incident.key, entry.facts, entry.who FROM entry JOIN incident ON incident.id = entry.incident "
            "WHERE entry.kind = 'fact' AND incident.state NOT IN ('closed', 'reviewed', 'false-alarm', 'merged') "
            "ORDER BY incident.number, entry.number"
        )
        for key, facts, who in rows:
            told = json.loads(facts)
            self._found.setdefault(key, {})[str(told.get("fact", ""))] = Stated(str(told.get("value", "")), who)

    def of(self, key: str) -> Mapping[str, Stated]:
        """What was stated of the open incident of a group of alerts, by fact; it may be changed by nobody."""
        found = self._found.get(key)
        if found is None:
            return {}
        last = self._incidents.database.row("SELECT state FROM incident WHERE key = ? ORDER BY number DESC LIMIT 1", key)
        if last is None or last[0] in ("closed", "reviewed", "false-alarm"):
            del self._found[key]
            return {}
        return dict(found)

    def add(self, incident: Incident, fact: str, value: str, by: str, why: str) -> None:
        """Keep what a person states.

        Raises
        ------
        freehold.errors.NotAllowed
            If they may not act on it, or it has ended.
        """
        if not incident.is_open:
            raise NotAllowed(f"{incident.id} is '{incident.state}': what is stated of it now changes nothing. Write a note.")
        name, role = self._incidents.acting(incident, by)
        with self._incidents.database.writing():
            self._incidents.database.tell(incident.id, "fact", name, role, why, {"fact": fact, "value": value})
        self._found.setdefault(incident.key, {})[fact] = Stated(value, name)
