"""Which incidents are looked at, read without what is large in them. Owns the order in which they are shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from freehold.respond.incident import LEVELS
from freehold.respond.incidents import Incidents

__all__ = ["MOST_SHOWN", "OpenIncident", "newest_closed", "open_incidents", "shown"]

MOST_SHOWN: Final = 50
_MOST_CLOSED: Final = 50
_ENDED: Final = "('closed', 'reviewed', 'false-alarm', 'merged')"


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An open incident in brief.

    Parameters
    ----------
    id, title, state, level_low, level_high, updated, firing
        As of :class:`freehold.respond.incident.Incident`.
    labels
        By name.
    """

    id: str
    title: str
    state: str
    level_low: str
    level_high: str
    updated: float
    firing: bool
    labels: Mapping[str, str]


def open_incidents(incidents: Incidents) -> tuple[OpenIncident, ...]:
    """All that are open, the newest first."""
    found = incidents.database.rows(
        "SELECT id, title, state, level_low, level_high, updated, firing, labels FROM incident "  # noqa: S608
        f"WHERE state NOT IN {_ENDED} ORDER BY number DESC"
    )
    return tuple(
        OpenIncident(id_, title, state, low, high, updated, bool(firing), dict(json.loads(labels)))
        for id_, title, state, low, high, updated, firing, labels in found
    )


def shown(incidents: Incidents) -> tuple[str, ...]:
    """Ids of those that a page shows: open before ended, what is surely worst first, then what may be, then the newest."""
    found = incidents.database.rows(
        f"SELECT id FROM incident ORDER BY state IN {_ENDED}, "  # noqa: S608
        f"CASE WHEN state NOT IN {_ENDED} THEN {_rank('level_low')} * 8 + {_rank('level_high')} END DESC, number DESC LIMIT ?",
        MOST_SHOWN,
    )
    return tuple(row[0] for row in found)


def _rank(column: str) -> str:
    cases = " ".join(f"WHEN '{level}' THEN {number}" for number, level in enumerate(LEVELS, 1))
    return f"(CASE {column} {cases} ELSE 0 END)"


def newest_closed(incidents: Incidents) -> tuple[str, ...]:
    """Ids of the newest that have come to their end."""
    found = incidents.database.rows(
        "SELECT id FROM incident WHERE state IN ('closed', 'reviewed') ORDER BY number DESC LIMIT ?", _MOST_CLOSED
    )
    return tuple(row[0] for row in found)
