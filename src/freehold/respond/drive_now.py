"""Driving runs from where nothing else is going on, such as a command line. Owns the event loop of that moment.

If another process drives the runs of the folder, it goes on with them, and nothing is done here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from freehold.respond.driving_lock import DrivingLock
from freehold.respond.playbook import Playbook
from freehold.respond.run_journal import Run
from freehold.respond.runner import Runner
from freehold.watch.event import Json

__all__ = ["drive_all_now", "drive_now", "rehearse_now"]

_T = TypeVar("_T")


def _alone(folder: Path, work: Coroutine[Any, Any, _T]) -> _T | None:
    with DrivingLock(folder) as lock:
        if not lock.held:
            work.close()
            return None
        return asyncio.run(work)


def drive_now(folder: Path, runner: Runner, run: Run, *, approving: str = "") -> Run | None:
    """Drive one run; ``None`` if another process does.

    Parameters
    ----------
    folder, runner, run
        The state folder, and what is to be driven.
    approving
        Who approves its acts as they come, where one person is enough; nobody if empty.

    Raises
    ------
    freehold.errors.NotAllowed
        If that person may not approve.
    """
    return _alone(folder, _through(runner, run, approving))


async def _through(runner: Runner, run: Run, approving: str) -> Run:
    run = await runner.drive(run.id)
    while approving and run.state == "waiting":
        asked = [
            one for one in runner.requests.waiting(run.incident)
            if one.run == run.id and one.question == "approve" and one.need == 1 and not one.people
        ]  # fmt: skip
        if not asked:
            break
        for one in asked:
            runner.requests.approve(one.id, approving, "approved with the playbook")
        run = await runner.drive(run.id)
    return run


def drive_all_now(folder: Path, runner: Runner) -> tuple[Run, ...] | None:
    """Drive every run that has not ended; ``None`` if another process does."""
    return _alone(folder, runner.drive_all())


def rehearse_now(runner: Runner, incident: str, playbook: Playbook, variables: Mapping[str, Json]) -> tuple[str, ...]:
    """Say what a run would do; see :meth:`freehold.respond.runner.Runner.rehearse`."""
    return asyncio.run(runner.rehearse(incident, playbook, variables))
