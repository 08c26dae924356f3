"""Incidents that are kept: opened by alerts, changed by people and the machine. Owns the laws of their life, in the store.

- One group of alerts has one open incident; told again, nothing changes; after it has ended, a *successor* is opened.
- A level is raised by itself and lowered only by a person; after that, only worse facts than were known then raise it.
  Its upper end, what it may be once facts that are missing are known, follows what is known.
- Each change is checked and told (timeline, evidence) in the transaction that makes it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Protocol

from freehold.errors import NotAllowed, RespondError
from freehold.respond.incident import LEVELS, Duty, Entry, Incident, level_number
from freehold.respond.incident_life import transition_for
from freehold.respond.incident_schema import IncidentDatabase, as_json, clean_text
from freehold.respond.roles import HUMAN_ROLES, MACHINE, OPEN_ROSTER, Roster, checked_name, person_key
from freehold.watch.alert import PLACES, Labels
from freehold.watch.event import Json

__all__ = ["FILE", "EvidenceSink", "Incidents"]

FILE: Final = "incidents.db"
"""The name of the store in a state folder."""

_COLUMNS: Final = (
    "id, key, title, state, labels, level_low, level_high, first, opened, updated, firing, radius, merged_into, successor_of, "
    "successor, preserved"
)
_MOST_LABELS: Final = 64
_LONGEST_LABEL: Final = 512
_LONGEST_RADIUS: Final = 262_144
_MOST_TAKEN: Final = 64
"""Notifications of one key that are remembered, so that one that comes again is known."""
_MOST_ENTRIES: Final = 10_000
"""Entries of one incident after which the machine no longer tells that alerts come and go."""


class EvidenceSink(Protocol):
    """What entries for the evidence log are given to: :class:`freehold.respond.evidence_log.EvidenceLog` is one."""

    def append(self, kind: str, body: Mapping[str, Json], *, key: str = "") -> int:
        """Append an entry; one whose key is there already is not appended again."""

    def sync(self) -> None:
        """Return when all is on the disk."""


class Incidents:
    """The store of incidents.

    Parameters
    ----------
    database
        The file, opened.
    roster
        Who may act.
    """

    def __init__(self, database: IncidentDatabase, roster: Roster = OPEN_ROSTER) -> None:
        self.database, self.roster = database, roster

    @classmethod
    def open(
        cls, path: str | Path, *, roster: Roster = OPEN_ROSTER, clock: Callable[[], float] = time.time, make: bool = True
    ) -> Incidents:
        """Open a store; see :meth:`freehold.respond.incident_schema.IncidentDatabase.open`."""
        return cls(IncidentDatabase.open(Path(path), clock, make=make), roster)

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def together(self) -> AbstractContextManager[None]:
        """Make all changes within one transaction: one write to the disk for a storm of alerts, all kept or none."""
        return self.database.writing()

    # ------------------------------------------------------------ seeing

    def get(self, id_: str) -> Incident:
        """One incident.

        Raises
        ------
        freehold.errors.RespondError
            If there is none of that id.
        """
        found = self.database.row(f"SELECT {_COLUMNS} FROM incident WHERE id = ?", id_.strip().upper())  # noqa: S608
        if found is None:
            last = self.database.row("SELECT id FROM incident ORDER BY number DESC LIMIT 1")
            mend = f"The newest is {last[0]}." if last else "There is none yet."
            raise RespondError(f"no incident is called '{id_}'. {mend} `freehold respond STATE list` shows all.")
        return self._incident(found)

    def all(self, most: int = 1_000, *, only_open: bool = False) -> tuple[Incident, ...]:
        """Incidents, the newest first."""
        where = "WHERE state NOT IN ('closed', 'reviewed', 'false-alarm', 'merged')" if only_open else ""
        found = self.database.rows(f"SELECT {_COLUMNS} FROM incident {where} ORDER BY number DESC LIMIT ?", most)  # noqa: S608
        return tuple(self._incident(row) for row in found)

    def _incident(self, row: tuple[Any, ...]) -> Incident:
        id_, key, title, state, labels, low, high, first, opened, updated, firing, radius, into, of, successor, preserved = row
        roles = self.database.rows("SELECT role, name FROM role WHERE incident = ? ORDER BY role, person", id_)
        return Incident(
            id_, key, title, state, tuple((name, value) for name, value in json.loads(labels)), low, high, first, opened,
            updated, bool(firing), json.loads(radius), into, of, successor, tuple((role, name) for role, name in roles),
            bool(preserved),
        )  # fmt: skip

    def timeline(self, id_: str) -> tuple[Entry, ...]:
        """Everything that happened in an incident, in order."""
        found = self.database.rows(
            "SELECT incident, number, at, kind, who, role, text, facts FROM entry WHERE incident = ? ORDER BY number", id_
        )
        return tuple(
            Entry(incident, number, at, kind, who, role, text, json.loads(facts))
            for incident, number, at, kind, who, role, text, facts in found
        )

    def duties(self, incident: str = "", *, owed: bool = True) -> tuple[Duty, ...]:
        """Reviews that are owed (or all), of one incident or of all."""
        found = self.database.rows(
            "SELECT number, incident, what, opened, opened_by, done, done_by FROM duty "
            "WHERE (? = '' OR incident = ?) AND (NOT ? OR done IS NULL) ORDER BY number",
            incident, incident, owed,
        )  # fmt: skip
        return tuple(Duty(*row) for row in found)

    # ------------------------------------------------------------ alerts

    def take(
        self, key: str, labels: Labels | Mapping[str, str], *, firing: bool, at: float, radius: Json = None, low: str = "",
        high: str = "", first: float | None = None, title: str = "", token: str = "", says: str = "",
    ) -> Incident | None:  # fmt: skip
        """Take in what is told of a group of alerts.

        Parameters
        ----------
        key
            The group's, such as a notification's.
        labels
            What the alerts share.
        firing
            Whether any of them fires still.
        at
            When this was told, in seconds since 1970.
        radius
            What is predicted to stop.
        low, high
            Between which levels it lies; empty if it was not graded.
        first
            When its first event was; ``at`` if it is not known.
        title
            What it is about; made from the labels if it is empty.
        token
            By which this telling is known if it comes again; made from state and moment if it is empty.
        says
            Who says so and in which words, for the first line of the timeline, where it is a person.

        Returns
        -------
        Incident or None
            The incident concerned; ``None`` if a group of which nothing is known has resolved.

        Raises
        ------
        freehold.errors.RespondError
            If a level is none, or the labels are too many.
        """
        pairs = _checked_labels(labels)
        low, high = _checked_levels(low, high)
        token = token or f"{'firing' if firing else 'resolved'}@{at!r}"
        with self.database.writing():
            again = self.database.row("SELECT incident FROM taken WHERE key = ? AND token = ?", key, token)
            if again is not None:
                return self.get(again[0]) if again[0] else None
            last = self._last_of(key)
            if last is not None and last.is_open:
                self._told_again(last, pairs, firing, radius, low, high)
                id_ = last.id
            elif firing:
                id_ = self._new(key, pairs, title, at if first is None else first, radius, low, high, last, says)
            else:
                id_ = last.id if last is not None else ""
            self._remember(key, token, id_)
            return self.get(id_) if id_ else None

    def _last_of(self, key: str) -> Incident | None:
        found = self.database.row(f"SELECT {_COLUMNS} FROM incident WHERE key = ? ORDER BY number DESC LIMIT 1", key)  # noqa: S608
        if found is None:
            return None
        incident = self._incident(found)
        while incident.merged_into:
            incident = self.get(incident.merged_into)
        return incident

    def _remember(self, key: str, token: str, id_: str) -> None:
        self.database.rows("INSERT INTO taken (key, token, incident) VALUES (?, ?, ?)", key, token, id_)
        self.database.rows(
            "DELETE FROM taken WHERE key = ? AND number <= "
            "(SELECT number FROM taken WHERE key = ? ORDER BY number DESC LIMIT 1 OFFSET ?)",
            key, key, _MOST_TAKEN,
        )  # fmt: skip

    def _new(
        self,
        key: str,
        labels: Labels,
        title: str,
        first: float,
        radius: Json,
        low: str,
        high: str,
        before: Incident | None,
        says: str = "",
    ) -> str:
        now = self.database.clock()
        number = self.database.insert(
            "INSERT INTO incident (id, key, title, state, labels, level_low, level_high, graded_low, graded_high, first, "
            "opened, updated, firing, radius, successor_of) VALUES ('', ?, ?, 'signal', ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
            key, clean_text(title, 200) or _title(labels), as_json(labels), low, high, low, high, min(first, now), now, now,
            _radius(radius), before.id if before else "",
        )  # fmt: skip
        id_ = f"INC-{number}"
        self.database.rows("UPDATE incident SET id = ? WHERE number = ?", id_, number)
        facts: dict[str, Json] = {"labels": dict(labels), "first": min(first, now), "low": low, "high": high, "radius": radius}
        if before is not None:
            facts["successor_of"] = before.id
            self.database.rows("UPDATE incident SET successor = ? WHERE id = ?", id_, before.id)
        self.database.tell(id_, "signal", MACHINE, MACHINE, says, facts)
        if before is not None:
            self.database.tell(before.id, "successor", MACHINE, MACHINE, "", {"successor": id_})
        if low:
            self._move(self.get(id_), "warn", MACHINE, "", frozenset({MACHINE}))
        return id_

    def _told_again(self, incident: Incident, labels: Labels, firing: bool, radius: Json, low: str, high: str) -> None:
        if firing != incident.firing:
            self.database.rows("UPDATE incident SET firing = ? WHERE id = ?", firing, incident.id)
            count = self.database.row("SELECT count(*) FROM entry WHERE incident = ?", incident.id)
            if count is None or count[0] < _MOST_ENTRIES:
                self.database.tell(incident.id, "alert", MACHINE, MACHINE, "", {"firing": firing, "labels": dict(labels)})
            if firing and incident.state in ("contained", "recovering", "observing"):
                self._move(incident, "relapse", MACHINE, "", frozenset({MACHINE}))
        if firing and low:
            self._grade(incident, radius, low, high)

    def _grade(self, incident: Incident, radius: Json, low: str, high: str) -> None:
        """Bring the level up to date by the law of :func:`freehold.watch.levels.combine`: what surely holds only raises it."""
        row = self.database.row("SELECT graded_low FROM incident WHERE id = ?", incident.id)
        assert row is not None
        worse = level_number(low) > level_number(row[0])
        now_low = _worse(incident.level_low, low) if worse else incident.level_low
        now = now_low, _worse(now_low, high)
        self.database.rows("UPDATE incident SET graded_low = ?, graded_high = ? WHERE id = ?", low, high, incident.id)
        if now == (incident.level_low, incident.level_high):
            return
        kept = radius if radius is not None and level_number(now[1]) >= level_number(incident.level_high) else incident.radius
        self.database.rows(
            "UPDATE incident SET level_low = ?, level_high = ?, radius = ? WHERE id = ?", *now, _radius(kept), incident.id
        )
        facts: dict[str, Json] = {"from": [incident.level_low, incident.level_high], "to": list(now)}
        if kept is radius is not None:
            facts["radius"] = radius
        self.database.tell(incident.id, "level", MACHINE, MACHINE, "", facts)
        if incident.state == "signal":
            self._move(self.get(incident.id), "warn", MACHINE, "", frozenset({MACHINE}))

    # ------------------------------------------------------------ people

    def roles_of(self, incident: Incident, by: str) -> frozenset[str]:
        """Standing roles of a person, and those given to them in this incident.

        Raises
        ------
        freehold.errors.NotAllowed
            If they are not on the roster, or only observe and are to act.
        """
        given = {role for role, name in incident.roles if person_key(name) == person_key(by)}
        return self.roster.roles_of(by) | given

    def acting(self, incident: Incident, by: str) -> tuple[str, str]:
        """A person's name and the role in which they act: commander if they are, else engineer.

        Raises
        ------
        freehold.errors.NotAllowed
            If they are neither.
        """
        by = checked_name(by)
        roles = self.roles_of(incident, by)
        role = next((one for one in ("commander", "engineer") if one in roles), None)
        if role is None:
            raise NotAllowed(f"'{by}' may not act on {incident.id}: that is for a commander or an engineer.")
        return by, role

    def begin(
        self, title: str, by: str, why: str, *, labels: Mapping[str, str] | None = None, level: str = "yellow"
    ) -> Incident:
        """Declare an incident that no alert has told of.

        Raises
        ------
        freehold.errors.NotAllowed
            If the person may not declare.
        """
        by, level = checked_name(by), _checked_levels(level, level)[0]
        pairs = _checked_labels(labels or {})
        with self.database.writing():
            count = self.database.row("SELECT count(*) FROM incident")
            assert count is not None
            now = self.database.clock()
            id_ = self._new(f"by-hand-{count[0] + 1}-{now!r}", pairs, title, now, None, level, level, None)
            self.database.rows("UPDATE incident SET firing = 0 WHERE id = ?", id_)
            return self.move(id_, "declare", by, why)

    def move(self, id_: str, verb: str, by: str, why: str = "") -> Incident:
        """Make a transition; see :mod:`freehold.respond.incident_life`.

        Parameters
        ----------
        id_
            The incident.
        verb
            The transition.
        by
            The person, or ``machine``.
        why
            The reason. False alarms, reviews, and closing what still fires need one.

        Raises
        ------
        freehold.errors.NotAllowed
            If it is not possible now, not for this person, or without a reason that it needs.
        """
        with self.database.writing():
            incident = self.get(id_)
            name = by if by == MACHINE else checked_name(by)
            if verb == "merge":
                raise NotAllowed("a merge needs the incident to merge into. Name both.")
            roles = frozenset({MACHINE}) if name == MACHINE else self.roles_of(incident, name)
            if not why.strip() and verb in ("false-alarm", "review"):
                raise NotAllowed(f"'{verb}' needs a reason for those who read it later. Add one: --because TEXT")
            if verb == "close" and incident.firing and not why.strip():
                raise NotAllowed(
                    f"the alerts of {incident.id} still fire. Wait until they resolve, or say why it is closed: --because TEXT"
                )
            if verb == "review" and (owed := self.duties(incident.id)):
                raise NotAllowed(f"{incident.id} owes a review of: {owed[0].what}. Settle duty {owed[0].id} first.")
            self._move(incident, verb, name, why, roles)
            led = any(role == "commander" for role, _ in incident.roles)
            if verb == "declare" and not led and "commander" in roles:
                self._give(incident.id, "commander", name, name, "commander")
            return self.get(incident.id)

    def _move(self, incident: Incident, verb: str, by: str, why: str, roles: frozenset[str]) -> None:
        change, role = transition_for(incident.id, incident.state, verb, roles)
        self.database.rows("UPDATE incident SET state = ? WHERE id = ?", change.target, incident.id)
        self.database.tell(incident.id, verb, by, role, why, {"from": incident.state, "to": change.target})

    def merge(self, id_: str, into: str, by: str, why: str = "") -> Incident:
        """Make an incident a part of another, which takes its alerts from then on; the other is returned.

        Raises
        ------
        freehold.errors.NotAllowed
            If one of them has ended, or both are the same.
        """
        with self.database.writing():
            one, other, name = self.get(id_), self.get(into), checked_name(by)
            if one.id == other.id:
                raise NotAllowed(f"{one.id} cannot be merged into itself. Name another.")
            if not other.is_open:
                raise NotAllowed(f"{other.id} is '{other.state}' and takes nothing more. Merge into one that is open.")
            change, role = transition_for(one.id, one.state, "merge", self.roles_of(one, name))
            self.database.rows("UPDATE incident SET state = ?, merged_into = ? WHERE id = ?", change.target, other.id, one.id)
            facts: dict[str, Json] = {"from": one.state, "to": change.target, "into": other.id}
            self.database.tell(one.id, "merge", name, role, why, facts)
            self.database.tell(other.id, "merged", name, role, why, {"other": one.id})
            if one.firing and not other.firing:
                self.database.rows("UPDATE incident SET firing = 1 WHERE id = ?", other.id)
            if level_number(one.level_low) > level_number(other.level_low):
                self._set_level(other, one.level_low, _worse(one.level_high, other.level_high), MACHINE, MACHINE, "")
            return self.get(other.id)

    def set_level(self, id_: str, low: str, high: str, by: str, why: str) -> Incident:
        """Set the level by hand: the only way down.

        Raises
        ------
        freehold.errors.NotAllowed
            If the person may not, or gives no reason for lowering it.
        """
        low, high = _checked_levels(low, high)
        if not low:
            raise RespondError(f"an empty level is none. Choose from {', '.join(LEVELS)}.")
        with self.database.writing():
            incident = self.get(id_)
            by, role = self.acting(incident, by)
            lowered = level_number(low) < level_number(incident.level_low) or level_number(high) < level_number(
                incident.level_high
            )
            if lowered and (role != "commander" or not why.strip()):
                raise NotAllowed("a level is lowered by a commander, with a reason. Add one: --because TEXT")
            self._set_level(incident, low, high, by, role, why)  # what was seen stays: only what is worse raises it again
            if incident.state == "signal":
                self._move(self.get(incident.id), "warn", by, why, self.roles_of(incident, by))
            return self.get(incident.id)

    def _set_level(self, incident: Incident, low: str, high: str, by: str, role: str, why: str) -> None:
        self.database.rows("UPDATE incident SET level_low = ?, level_high = ? WHERE id = ?", low, high, incident.id)
        facts: dict[str, Json] = {"from": [incident.level_low, incident.level_high], "to": [low, high]}
        self.database.tell(incident.id, "level", by, role, why, facts)

    def note(self, id_: str, by: str, text: str) -> None:
        """Write into the timeline what somebody saw or did; every role may."""
        with self.database.writing():
            incident, name = self.get(id_), checked_name(by)
            roles = self.roles_of(incident, name)
            if not text.strip():
                raise RespondError("an empty note says nothing. Write what you saw.")
            role = next((one for one in HUMAN_ROLES if one in roles), "observer")
            self.database.tell(incident.id, "note", name, role, text)

    def assign(self, id_: str, role: str, person: str, by: str) -> Incident:
        """Give a person a role in an incident; a new commander takes the place of the old.

        Raises
        ------
        freehold.errors.NotAllowed
            If it is no role, or the giver is no commander (while there is none, an engineer may give it).
        """
        if role not in HUMAN_ROLES:
            raise NotAllowed(f"'{role}' is no role. Choose from {', '.join(HUMAN_ROLES)}.")
        with self.database.writing():
            incident, person = self.get(id_), checked_name(person)
            by, own = self.acting(incident, by)
            if own != "commander" and any(given == "commander" for given, _ in incident.roles):
                raise NotAllowed(f"roles on {incident.id} are given by its commander. Ask them.")
            if role == "commander":
                self.database.rows("DELETE FROM role WHERE incident = ? AND role = 'commander'", incident.id)
            self._give(incident.id, role, person, by, own)
            return self.get(incident.id)

    def _give(self, id_: str, role: str, person: str, by: str, own: str) -> None:
        self.database.rows("INSERT OR REPLACE INTO role VALUES (?, ?, ?, ?)", id_, role, person_key(person), person)
        self.database.tell(id_, "role", by, own, "", {"role": role, "person": person})

    def report(self, id_: str, regime: str, by: str, why: str = "") -> None:
        """Say that the incident was reported to whom a regime names; its clock stops.

        Raises
        ------
        freehold.errors.NotAllowed
            If the person is no commander, legal or comms.
        """
        with self.database.writing():
            incident, name = self.get(id_), checked_name(by)
            role = next((one for one in ("commander", "legal", "comms") if one in self.roles_of(incident, name)), None)
            if role is None:
                raise NotAllowed("what was reported is said by a commander, legal or comms. Ask one of them.")
            self.database.tell(incident.id, "report", name, role, why, {"regime": regime})

    # ------------------------------------------------------------ preserving, reviewing

    def mark_preserved(self, id_: str, by: str, text: str, facts: Mapping[str, Json]) -> None:
        """Say that what an act would change was kept before; from now on, acts may change things."""
        with self.database.writing():
            self.database.rows("UPDATE incident SET preserved = 1 WHERE id = ?", id_)
            self.database.tell(id_, "preserve", by, MACHINE, text, facts)

    def waive_preserving(self, id_: str, by: str, why: str) -> None:
        """Let acts change things though nothing was preserved; a review is owed.

        Raises
        ------
        freehold.errors.NotAllowed
            If the person may not act, or gives no reason.
        """
        with self.database.writing():
            incident = self.get(id_)
            by, role = self.acting(incident, by)
            if not why.strip():
                raise NotAllowed("waiving what must be preserved needs a reason. Add one: --because TEXT")
            self.database.rows("UPDATE incident SET preserved = 1 WHERE id = ?", incident.id)
            self.database.tell(incident.id, "waive", by, role, why)
            self.owe(incident.id, "nothing was preserved before the change", by)

    def owe(self, id_: str, what: str, by: str) -> int:
        """Open a duty to review; its number."""
        with self.database.writing():
            at = self.database.clock()
            number = self.database.insert(
                "INSERT INTO duty (incident, what, opened, opened_by) VALUES (?, ?, ?, ?)", id_, clean_text(what, 300), at, by
            )
            self.database.tell(id_, "duty", by, MACHINE if by == MACHINE else "", what, {"duty": number, "owed": True})
            return number

    def settle(self, number: int, by: str, why: str) -> None:
        """Say that what was owed was reviewed.

        Raises
        ------
        freehold.errors.NotAllowed
            By whom the act was done, or without a finding.
        """
        with self.database.writing():
            found = self.database.row("SELECT incident, opened_by, done FROM duty WHERE number = ?", number)
            if found is None or found[2] is not None:
                raise RespondError(
                    f"no review of number {number} is owed. `freehold respond STATE show ID` lists those that are."
                )
            by, role = self.acting(self.get(found[0]), by)
            if person_key(by) == person_key(found[1]):
                raise NotAllowed(f"'{by}' did what is to be reviewed. Let somebody else review it.")
            if not why.strip():
                raise NotAllowed("a review needs its finding. Add it: --because TEXT")
            self.database.rows("UPDATE duty SET done = ?, done_by = ? WHERE number = ?", self.database.clock(), by, number)
            self.database.tell(found[0], "duty", by, role, why, {"duty": number, "owed": False})

    # ------------------------------------------------------------ evidence

    def unsealed(self) -> int:
        """How many entries wait to be given to the evidence log."""
        found = self.database.row("SELECT count(*) FROM outbox")
        return int(found[0]) if found else 0

    def drain_outbox(self, log: EvidenceSink, most: int = 1_000) -> int:
        """Give entries to the evidence log, oldest first, each exactly once even if this is killed anywhere within.

        An entry leaves the outbox after the log has it on its disk; given twice, the log knows it by its key.

        Parameters
        ----------
        log
            Where they go.
        most
            How many at once.

        Returns
        -------
        int
            How many were given.
        """
        found = self.database.rows("SELECT id, kind, body FROM outbox ORDER BY id LIMIT ?", most)
        for number, kind, body in found:
            log.append(kind, json.loads(body), key=f"{self.database.id}:{number}")
        if found:
            log.sync()
            with self.database.writing():
                self.database.rows("DELETE FROM outbox WHERE id <= ?", found[-1][0])
        return len(found)


def _worse(one: str, other: str) -> str:
    return max(one, other, key=level_number)


def _radius(radius: Json) -> str:
    text = as_json(radius)
    return text if len(text) <= _LONGEST_RADIUS else as_json({"left_out": f"{len(text):,} characters are more than are kept"})


def _title(labels: Labels) -> str:
    named = dict(labels)
    places = [f"{name} {named[name]}" for name in PLACES if name in named]
    return clean_text(": ".join(part for part in (named.get("alertname", ""), ", ".join(places)) if part), 200) or "alerts"


def _checked_labels(labels: Labels | Mapping[str, str]) -> Labels:
    pairs = labels.items() if isinstance(labels, Mapping) else labels
    made = tuple(
        sorted((clean_text(str(name), _LONGEST_LABEL), clean_text(str(value), _LONGEST_LABEL)) for name, value in pairs)
    )
    if len(made) > _MOST_LABELS:
        raise RespondError(f"{len(made)} labels are more than {_MOST_LABELS}. Group by fewer.")
    return made


def _checked_levels(low: str, high: str) -> tuple[str, str]:
    for level in (low, high):
        if level and level not in LEVELS:
            raise RespondError(f"'{level}' is no level. Choose from {', '.join(LEVELS)}.")
    low, high = low or (high and LEVELS[0]), high or (low and LEVELS[-1])
    if level_number(low) > level_number(high):
        raise RespondError(f"a level from {low} to {high} goes backwards. Name the lesser first.")
    return low, high
