"""Drives one run in a process of its own, which kills itself at a point that it is told."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from freehold.respond.actions.means import load_means
from freehold.respond.actions.registry import build_actions
from freehold.respond.incidents import Incidents
from freehold.respond.playbook import load_playbook
from freehold.respond.runner import Runner


async def main(folder: Path, kill_at: int) -> int:
    incidents = Incidents.open(folder / "incidents.db")
    passed = 0

    def passing(point: str) -> None:
        nonlocal passed
        with (folder / "points").open("a") as file:
            file.write(f"{point}\n")
        if passed == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1

    async def no_sleep(_seconds: float) -> None:
        await asyncio.sleep(0)

    actions = build_actions(folder, load_means(folder), incidents)
    runner = Runner(incidents, actions, {}, sleep=no_sleep, passing=passing)
    playbook = load_playbook(folder / "playbook.toml")
    run = runner.start("INC-1", playbook, by="Ana", token="the run")
    run = await runner.drive(run.id)
    incidents.close()
    print(run.state, run.because)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]))))
