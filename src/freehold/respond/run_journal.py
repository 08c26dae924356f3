"""The journal of playbook runs: each step before it is done and after. Owns what is known after a kill.

A step is known by its *path* in the run (``main/ramp[2]/shift``), so that a run that is gone through again from its
beginning finds what is done and goes on from there. Its rows are in the store of incidents: a step's end, its line in the
timeline and its evidence are one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from freehold.errors import RespondError
from freehold.respond.incident_schema import as_json, clean_text
from freehold.respond.incidents import Incidents
from freehold.respond.roles import MACHINE
from freehold.watch.event import Json

__all__ = ["RUN_ENDED", "RUN_HALTING", "Run", "RunJournal", "StepRecord"]

RUN_ENDED: Final = frozenset({"done", "failed", "undone", "halted"})
RUN_HALTING: Final = frozenset({"undoing", "halting"})
"""States that a person has put a run into; whoever drives it acts on that before its next step."""

_RUN: Final = "id, incident, playbook, text, digest, variables, who, state, because, started, ended"
_STEP: Final = "run, path, step, state, action, key, parameters, before, result, text, begun, ended"


@dataclass(frozen=True, slots=True)
class Run:
    """One playbook at work in one incident.

    Parameters
    ----------
    id
        Such as ``R-1``.
    incident, playbook
        Where, and the playbook's id.
    text, digest
        The playbook as it was when the run began, as TOML, and its digest: a later edit does not change a run.
    variables
        Their values at the start.
    by
        Who started it.
    state
        ``running``, ``waiting`` (for people), ``failing`` (what was done is taken back), ``undoing`` or ``halting`` (a
        person's word), ``done``, ``failed``, ``undone`` or ``halted``.
    because
        Why it waits or failed.
    started, ended
        Moments; ``None`` while it goes on.
    """

    id: str
    incident: str
    playbook: str
    text: str
    digest: str
    variables: Mapping[str, Json]
    by: str
    state: str
    because: str
    started: float
    ended: float | None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What is known of one step of a run.

    Parameters
    ----------
    run, path, step
        Which; ``step`` is its id in the playbook.
    state
        ``begun``, ``done``, ``failed``, ``undoing``, ``undone``, ``kept`` (could not be undone).
    action, key, parameters
        What it does, under which idempotency key; empty for a decision.
    before
        What was found before it acted: what an undo needs.
    result
        What came of it: an action's facts, a condition's value.
    text
        The same in words.
    begun, ended
        Moments.
    """

    run: str
    path: str
    step: str
    state: str
    action: str
    key: str
    parameters: Mapping[str, Json]
    before: Mapping[str, Json]
    result: Json
    text: str
    begun: float
    ended: float | None


class RunJournal:
    """Runs and steps in the store of incidents.

    Parameters
    ----------
    incidents
        The store.
    """

    def __init__(self, incidents: Incidents) -> None:
        self.incidents, self.database = incidents, incidents.database

    def start(
        self,
        incident: str,
        playbook: str,
        text: str,
        digest: str,
        variables: Mapping[str, Json],
        by: str,
        role: str,
        token: str,
    ) -> Run:
        """Begin a run, once: the same token gives the run that it began."""
        with self.database.writing():
            found = self.database.row("SELECT id FROM run WHERE token = ?", token)
            if found is not None:
                return self.get(found[0])
            number = self.database.insert(
                "INSERT INTO run (id, incident, playbook, text, digest, variables, who, state, token, started) "
                "VALUES ('', ?, ?, ?, ?, ?, ?, 'running', ?, ?)",
                incident, playbook, text, digest, as_json(dict(variables)), by, token, self.database.clock(),
            )  # fmt: skip
            id_ = f"R-{number}"
            self.database.rows("UPDATE run SET id = ? WHERE number = ?", id_, number)
            facts: dict[str, Json] = {"run": id_, "playbook": playbook, "digest": digest, "variables": dict(variables)}
            self.database.tell(incident, "run", by, role, "", facts | {"state": "running"})
            return self.get(id_)

    def get(self, id_: str) -> Run:
        """One run.

        Raises
        ------
        freehold.errors.RespondError
            If there is none of that id.
        """
        found = self.database.row(f"SELECT {_RUN} FROM run WHERE id = ?", id_.strip().upper())  # noqa: S608
        if found is None:
            raise RespondError(f"no run is called '{id_}'. `freehold respond STATE show ID` lists an incident's runs.")
        return _run(found)

    def all(self, incident: str = "", *, unfinished: bool = False) -> tuple[Run, ...]:
        """Runs of one incident or of all, the oldest first."""
        found = self.database.rows(
            f"SELECT {_RUN} FROM run WHERE (? = '' OR incident = ?) "  # noqa: S608
            "AND (NOT ? OR state IN ('running', 'waiting', 'failing', 'undoing', 'halting')) ORDER BY number",
            incident, incident, unfinished,
        )  # fmt: skip
        return tuple(_run(row) for row in found)

    def set_state(self, run: Run, state: str, because: str = "") -> Run:
        """Say that a run waits, goes on, or has ended."""
        with self.database.writing():
            now = self.get(run.id)
            if (now.state, now.because) == (state, because):
                return now
            at = self.database.clock() if state in RUN_ENDED else None
            self.database.rows("UPDATE run SET state = ?, because = ?, ended = ? WHERE id = ?", state, because, at, run.id)
            facts: dict[str, Json] = {"run": run.id, "playbook": run.playbook, "state": state}
            self.database.tell(run.incident, "run", MACHINE, MACHINE, because, facts)
            return self.get(run.id)

    def step(self, run: str, path: str) -> StepRecord | None:
        """What is known of a step; ``None`` if it was not begun."""
        found = self.database.row(f"SELECT {_STEP} FROM step WHERE run = ? AND path = ?", run, path)  # noqa: S608
        return _step(found) if found is not None else None

    def steps(self, run: str) -> tuple[StepRecord, ...]:
        """All steps that were begun, in the order in which they were."""
        found = self.database.rows(f"SELECT {_STEP} FROM step WHERE run = ? ORDER BY number", run)  # noqa: S608
        return tuple(_step(row) for row in found)

    def begin(
        self, run: Run, path: str, step: str, *, action: str = "", key: str = "", parameters: Mapping[str, Json] | None = None,
        before: Mapping[str, Json] | None = None,
    ) -> StepRecord:  # fmt: skip
        """Write that a step begins; before anything is done."""
        with self.database.writing():
            self.database.insert(
                "INSERT INTO step (run, path, step, state, action, key, parameters, before, result, text, begun) "
                "VALUES (?, ?, ?, 'begun', ?, ?, ?, ?, 'null', '', ?)",
                run.id, path, step, action, key, as_json(dict(parameters or {})), as_json(dict(before or {})),
                self.database.clock(),
            )  # fmt: skip
            if action:
                facts: dict[str, Json] = {
                    "run": run.id, "step": path, "action": action, "key": key, "parameters": dict(parameters or {}),
                    "before": dict(before or {}), "state": "begun",
                }  # fmt: skip
                self.database.tell(run.incident, "action", MACHINE, MACHINE, "", facts)
        record = self.step(run.id, path)
        assert record is not None
        return record

    def end(
        self,
        run: Run,
        path: str,
        state: str,
        text: str = "",
        result: Json = None,
        *,
        changes: bool = False,
        quiet: bool = False,
    ) -> StepRecord:
        """Write what came of a step.

        Parameters
        ----------
        run, path
            Which.
        state
            See :class:`StepRecord`.
        text, result
            What came of it, in words and as a value.
        changes
            Whether it has changed something: the clock of deciding then stops.
        quiet
            Whether the timeline is to say nothing of it: a decision, a delay.
        """
        with self.database.writing():
            self.database.rows(
                "UPDATE step SET state = ?, text = ?, result = CASE WHEN ? = 'null' THEN result ELSE ? END, ended = ? "
                "WHERE run = ? AND path = ?",
                state, clean_text(text), as_json(result), as_json(result), self.database.clock(), run.id, path,
            )  # fmt: skip
            record = self.step(run.id, path)
            assert record is not None
            if not quiet:
                facts: dict[str, Json] = {
                    "run": run.id, "step": path, "action": record.action, "key": record.key, "state": state,
                    "result": result, "changes": changes,
                }  # fmt: skip
                self.database.tell(run.incident, "action", MACHINE, MACHINE, text, facts)
        return record

    # ------------------------------------------------------------ drills

    def record_drill(self, playbook: str, digest: str, *, passed: bool, by: str) -> None:
        """Keep that a playbook was drilled as it is now."""
        with self.database.writing():
            at = self.database.clock()
            self.database.insert(
                "INSERT INTO drill (playbook, digest, at, passed, who) VALUES (?, ?, ?, ?, ?)", playbook, digest, at, passed, by
            )
            body: dict[str, Json] = {"playbook": playbook, "digest": digest, "at": at, "passed": passed, "by": by}
            self.database.send("playbook.drill", body)

    def last_drill(self, playbook: str, digest: str) -> float | None:
        """When a playbook, as it is now, last passed a drill; ``None`` if never, or if it failed one since."""
        found = self.database.row(
            "SELECT at, passed FROM drill WHERE playbook = ? AND digest = ? ORDER BY number DESC LIMIT 1", playbook, digest
        )
        return found[0] if found is not None and found[1] else None


def _run(row: tuple[Any, ...]) -> Run:
    id_, incident, playbook, text, digest, variables, who, state, because, started, ended = row
    return Run(id_, incident, playbook, text, digest, json.loads(variables), who, state, because, started, ended)


def _step(row: tuple[Any, ...]) -> StepRecord:
    run, path, step, state, action, key, parameters, before, result, text, begun, ended = row
    return StepRecord(
        run, path, step, state, action, key, json.loads(parameters), json.loads(before), json.loads(result), text, begun, ended
    )
