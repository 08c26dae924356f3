"""Runs of playbooks, kept going side by side. Owns which run is at work now, and that a slow one holds up no other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

from freehold.errors import FreeholdError, NotAllowed, RespondError
from freehold.log import log
from freehold.respond.incidents import Incidents
from freehold.respond.run_journal import Run
from freehold.respond.runner import Runner
from freehold.web.incident_list import open_incidents

__all__ = ["Responding"]

_LOOK_AGAIN: Final = 0.5
"""Seconds after which a run that waits for people is looked at again."""
_MOST_AT_ONCE: Final = 50
_MOST_BEGUN: Final = 20
"""Incidents whose playbooks are begun in one look."""


class Responding:
    """The runs of one desk.

    Parameters
    ----------
    incidents, runner
        The incidents, and what runs playbooks in them.
    clock
        Seconds that never go back.
    """

    def __init__(self, incidents: Incidents, runner: Runner, clock: Callable[[], float] = time.monotonic) -> None:
        self._incidents, self._runner, self._clock = incidents, runner, clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: dict[str, float] = {}
        self._proposed: set[str] = set()
        self._seen: dict[str, float] = {}
        self.held_up: dict[tuple[str, str], str] = {}
        """Why a playbook that an incident proposes was not begun, by incident and playbook."""

    async def look(self) -> bool:
        """Begin the playbooks that open incidents propose, and go on with the runs; whether anything moved."""
        moved = False
        open_ = open_incidents(self._incidents)
        begun = 0
        for brief in open_:
            moved |= self._seen.get(brief.id) != brief.updated
            self._seen[brief.id] = brief.updated
            if brief.id in self._proposed or brief.state == "signal" or begun >= _MOST_BEGUN:
                continue
            self._begin(brief.id)
            begun += 1
            moved = True
        ids = {incident.id for incident in open_}
        self._seen = {id_: at for id_, at in self._seen.items() if id_ in ids}
        self._proposed &= ids
        self.held_up = {key: why for key, why in self.held_up.items() if key[0] in ids}
        now = self._clock()
        for run in self._runner.journal.all(unfinished=True):
            busy = run.id in self._tasks or len(self._tasks) >= _MOST_AT_ONCE
            if busy or self._again.get(run.id, 0.0) > now:
                continue
            self._tasks[run.id] = asyncio.create_task(self._drive(run.id))
            moved |= run.state != "waiting"
        return moved

    def _begin(self, id_: str) -> None:
        incident = self._incidents.get(id_)
        known = {run.playbook for run in self._runner.journal.all(id_)}
        for playbook in self._runner.proposed(incident):
            if playbook.id in known:
                continue
            try:
                self._runner.start(id_, playbook, token=f"proposed:{id_}:{playbook.id}")
            except FreeholdError as error:
                log("playbook not begun", incident=id_, playbook=playbook.id, why=str(error))
                self.held_up[id_, playbook.id] = str(error)
        self._proposed.add(id_)

    def begin(self, incident: str, playbook: str, values: Mapping[str, str], by: str) -> None:
        """Begin a playbook for a person; once in an incident, as long as it has not ended.

        Raises
        ------
        freehold.errors.FreeholdError
            If there is none, it is at work there, a value is missing, or the person may not act.
        """
        found = self._runner.library.get(playbook)
        if found is None:
            raise RespondError(f"no playbook is called '{playbook[:80]}'. `freehold respond playbooks list` shows all.")
        id_ = self._incidents.get(incident).id
        if any(run.playbook == playbook for run in self._runner.journal.all(id_, unfinished=True)):
            raise NotAllowed(f"'{playbook}' is at work in {id_} already. Halt that run first.")
        self._runner.start(id_, found, by=by, variables=dict(values))
        self.held_up.pop((id_, playbook), None)

    def asks(self, playbook: str, labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """Names and descriptions of the values that a person must give to a playbook in an incident of these labels."""
        found = self._runner.library.get(playbook)
        if found is None:
            return ()
        return tuple(
            (name, one.description or name)
            for name, one in found.variables.items()
            if one.external and one.value is None and name not in labels
        )

    def runs(self, incident: str) -> tuple[Run, ...]:
        """What is at work in an incident."""
        return self._runner.journal.all(incident, unfinished=True)

    def end(self, run: str, by: str, why: str, *, undo: bool) -> None:
        """Let a run go no further, and take back what it did if that is said; see :meth:`Runner.end_run`."""
        ended = self._runner.end_run(run, by, why, undo=undo)
        self._again.pop(ended.id, None)

    def hurry(self) -> None:
        """Look at every run that waits for people at once: one of them has said something."""
        self._again.clear()

    async def _drive(self, run: str) -> None:
        try:
            ended = await self._runner.drive(run)
            self._again.pop(run, None)
            if ended.ended is None:
                self._again[run] = self._clock() + _LOOK_AGAIN
        except FreeholdError as error:
            log("run held up", run=run, why=str(error))
            self._again[run] = self._clock() + _LOOK_AGAIN
        finally:
            self._tasks.pop(run, None)

    async def close(self) -> None:
        """Stop where the runs are; they go on from there another time."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
