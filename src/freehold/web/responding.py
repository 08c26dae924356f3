"""Runs of playbooks, kept going side by side. Owns which run is at work now, and that a slow one holds up no other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from freehold.errors import FreeholdError
from freehold.log import log
from freehold.respond.incidents import Incidents
from freehold.respond.runner import Runner

__all__ = ["Responding"]

_LOOK_AGAIN: Final = 0.5
"""Seconds after which a run that waits for people is looked at again."""
_MOST_AT_ONCE: Final = 50
_MOST_OPEN: Final = 1_000


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

    async def look(self) -> bool:
        """Begin the playbooks that open incidents propose, and go on with the runs; whether anything moved."""
        moved = False
        open_ = self._incidents.all(_MOST_OPEN, only_open=True)
        for incident in open_:
            moved |= self._seen.get(incident.id) != incident.updated
            self._seen[incident.id] = incident.updated
            if incident.id in self._proposed or incident.state == "signal":
                continue
            for playbook in self._runner.proposed(incident):
                try:
                    self._runner.start(incident.id, playbook, token=f"proposed:{incident.id}:{playbook.id}")
                except FreeholdError as error:
                    log("playbook not begun", incident=incident.id, playbook=playbook.id, why=str(error))
                moved = True
            self._proposed.add(incident.id)
        ids = {incident.id for incident in open_}
        self._seen = {id_: at for id_, at in self._seen.items() if id_ in ids}
        self._proposed &= ids
        now = self._clock()
        for run in self._runner.journal.all(unfinished=True):
            busy = run.id in self._tasks or len(self._tasks) >= _MOST_AT_ONCE
            if busy or self._again.get(run.id, 0.0) > now:
                continue
            self._tasks[run.id] = asyncio.create_task(self._drive(run.id))
            moved |= run.state != "waiting"
        return moved

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
