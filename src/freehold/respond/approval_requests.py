"""What waits for people: an act for its approvals, a manual step for its word, a doubt for its answer. Owns these rows.

A request is bound to one step of one run, and to a digest of the very action and parameters; what is approved is that and
nothing else. Two people are two different people, an approval ends after a while, and a break-glass opens a duty.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from freehold.errors import NotAllowed, RespondError
from freehold.respond.approvals import Need
from freehold.respond.incident_schema import as_json
from freehold.respond.incidents import Incidents
from freehold.respond.roles import MACHINE, person_key
from freehold.watch.event import Json

__all__ = ["ApprovalRequests", "Question", "Request", "Standing", "digest_of"]

Question: TypeAlias = Literal["approve", "done", "doubt"]
"""May it act? Has a person done it? Was it done before the interruption?"""

Standing: TypeAlias = Literal["waiting", "granted", "refused"]
_COLUMNS: Final = "id, incident, run, path, action, parameters, digest, need, question, at, settled"


def digest_of(action: str, parameters: Mapping[str, Json]) -> str:
    """A digest of what is to be done, SHA-256 over canonical JSON, in hexadecimal."""
    return hashlib.sha256(as_json([action, dict(parameters)]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that waits for people.

    Parameters
    ----------
    id
        Such as ``A-1``.
    incident, run, path
        Where it was asked: an incident, a run of a playbook, a step in it.
    action, parameters, digest
        What is to be done, and its digest.
    need
        How many people it needs.
    question
        What is asked.
    at
        When.
    settled
        Empty while it waits; else how it ended: ``granted``, ``refused``, ``done``, ``repeat``.
    people
        Who has approved and when that ends; empty once it is settled and old.
    """

    id: str
    incident: str
    run: str
    path: str
    action: str
    parameters: Mapping[str, Json]
    digest: str
    need: int
    question: Question
    at: float
    settled: str
    people: tuple[tuple[str, float], ...] = ()


class ApprovalRequests:
    """Requests in the store of incidents.

    Parameters
    ----------
    incidents
        The store.
    seconds
        How long an approval is good for.
    """

    def __init__(self, incidents: Incidents, seconds: float) -> None:
        self.incidents, self.database, self.seconds = incidents, incidents.database, seconds

    def get(self, id_: str) -> Request:
        """One request.

        Raises
        ------
        freehold.errors.RespondError
            If there is none of that id.
        """
        found = self.database.row(f"SELECT {_COLUMNS} FROM request WHERE id = ?", id_.strip().upper())  # noqa: S608
        if found is None:
            raise RespondError(f"nothing that waits is called '{id_}'. `freehold respond STATE show ID` lists what does.")
        return self._request(found)

    def waiting(self, incident: str = "") -> tuple[Request, ...]:
        """What waits, in one incident or in all, the oldest first."""
        found = self.database.rows(
            f"SELECT {_COLUMNS} FROM request WHERE settled = '' AND (? = '' OR incident = ?) ORDER BY number",  # noqa: S608
            incident, incident,
        )  # fmt: skip
        return tuple(self._request(row) for row in found)

    def _request(self, row: tuple[Any, ...]) -> Request:
        id_, incident, run, path, action, parameters, digest, need, question, at, settled = row
        people = self.database.rows(
            "SELECT name, expires FROM approval WHERE request = ? AND expires > ? ORDER BY number", id_, self.database.clock()
        )
        return Request(
            id_, incident, run, path, action, json.loads(parameters), digest, need, question, at, settled,
            tuple((name, expires) for name, expires in people),
        )  # fmt: skip

    def ask(
        self, incident: str, run: str, path: str, action: str, parameters: Mapping[str, Json], need: Need, question: Question
    ) -> Request:
        """Ask, once: the same step and question give the same request."""
        with self.database.writing():
            found = self.database.row(
                f"SELECT {_COLUMNS} FROM request WHERE run = ? AND path = ? AND question = ?", run, path, question  # noqa: S608
            )  # fmt: skip
            if found is not None:
                if found[7] != need.people:
                    self.database.rows("UPDATE request SET need = ? WHERE id = ?", need.people, found[0])
                return self.get(found[0])
            number = self.database.insert(
                "INSERT INTO request (id, incident, run, path, action, parameters, digest, need, question, at) "
                "VALUES ('', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                incident, run, path, action, as_json(dict(parameters)), digest_of(action, parameters), need.people, question,
                self.database.clock(),
            )  # fmt: skip
            id_ = f"A-{number}"
            self.database.rows("UPDATE request SET id = ? WHERE number = ?", id_, number)
            facts: dict[str, Json] = {
                "request": id_, "run": run, "step": path, "action": action, "parameters": dict(parameters),
                "people": need.people, "question": question,
            }  # fmt: skip
            self.database.tell(incident, "request", MACHINE, MACHINE, need.because, facts)
            return self.get(id_)

    def approve(self, id_: str, by: str, why: str = "", *, break_glass: bool = False) -> Request:
        """Approve an act, or say that a manual step was done.

        Parameters
        ----------
        id_
            The request.
        by
            The person.
        why
            A reason; a break-glass needs one.
        break_glass
            Go before the approvals that are missing: it acts at once, and a review is owed.

        Raises
        ------
        freehold.errors.NotAllowed
            If it is settled, the person has approved already or may not, or a doubt is to be approved.
        """
        with self.database.writing():
            request = self._open(id_)
            if request.question == "doubt":
                raise NotAllowed(f"whether {request.action} was done is not known. Look, then say which: --done or --repeat")
            by, role = self.incidents.acting(self.incidents.get(request.incident), by)
            if break_glass and not why.strip():
                raise NotAllowed("a break-glass needs a reason. Add one: --because TEXT")
            if not break_glass and any(person_key(name) == person_key(by) for name, _ in request.people):
                raise NotAllowed(f"'{by}' has approved {request.id} already. Two people are two different people.")
            at = self.database.clock()
            self.database.insert(
                "INSERT INTO approval (request, person, name, at, expires, kind) VALUES (?, ?, ?, ?, ?, ?)",
                request.id, person_key(by), by, at, at + self.seconds, "break-glass" if break_glass else "approve",
            )  # fmt: skip
            facts: dict[str, Json] = {
                "request": request.id, "action": request.action, "digest": request.digest, "break_glass": break_glass,
            }  # fmt: skip
            self.database.tell(request.incident, "approve", by, role, why, facts)
            if break_glass and request.need > len(request.people):
                self.incidents.owe(request.incident, f"break-glass: {request.action} ({request.id}): {why}", by)
            if request.question == "done":
                self._settle(request.id, "done")
            return self.get(request.id)

    def refuse(self, id_: str, by: str, why: str) -> Request:
        """Refuse an act, for good: its step fails.

        Raises
        ------
        freehold.errors.NotAllowed
            If it is settled, or the person may not or gives no reason.
        """
        return self._say(id_, by, why, "refused", "refuse")

    def answer(self, id_: str, by: str, why: str, *, done: bool) -> Request:
        """Settle a doubt: it was done before the interruption, or it is to be done again.

        Raises
        ------
        freehold.errors.NotAllowed
            If it is no doubt or is settled, or the person may not or gives no reason.
        """
        if self.get(id_).question != "doubt":
            raise NotAllowed(f"{id_} is no doubt. Approve it, or refuse it.")
        return self._say(id_, by, why, "done" if done else "repeat", "answer")

    def _say(self, id_: str, by: str, why: str, settled: str, kind: str) -> Request:
        with self.database.writing():
            request = self._open(id_)
            by, role = self.incidents.acting(self.incidents.get(request.incident), by)
            if not why.strip():
                raise NotAllowed("this needs a reason. Add one: --because TEXT")
            self._settle(request.id, settled)
            facts: dict[str, Json] = {"request": request.id, "action": request.action, "settled": settled}
            self.database.tell(request.incident, kind, by, role, why, facts)
            return self.get(request.id)

    def _open(self, id_: str) -> Request:
        request = self.get(id_)
        if request.settled:
            raise NotAllowed(f"{request.id} is settled already: {request.settled}.")
        return request

    def _settle(self, id_: str, settled: str) -> None:
        self.database.rows("UPDATE request SET settled = ? WHERE id = ?", settled, id_)

    def settle(self, id_: str, settled: str) -> None:
        """Say how a request ended; the runner does so when it acts, or when its run has."""
        with self.database.writing():
            self._settle(id_, settled)

    def standing(self, request: Request, need: Need) -> Standing:
        """Whether what is needed now is there: different people whose approvals have not ended, or a break-glass."""
        if request.settled:
            return "refused" if request.settled == "refused" else "granted"
        found = self.database.rows(
            "SELECT person, kind FROM approval WHERE request = ? AND expires > ?", request.id, self.database.clock()
        )
        people = {person for person, _ in found}
        broken = any(kind == "break-glass" for _, kind in found)
        return "granted" if broken or len(people) >= need.people else "waiting"
