"""Whatever is killed, at whichever step of the morning: the morning goes on, and nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from freehold.demo.morning import STEPS, Morning
from freehold.demo.play import played
from freehold.demo.programs import until
from freehold.demo.scenery import BRISK

pytestmark = pytest.mark.slow
LONGEST = 60.0
DEAD = {"rented": {"dies", "warns", "fails_over"}}
"""Steps in which a program does not live anyway."""
READ = {"proves", "compares"}
"""Steps in which the programs have ended, and what they left is read."""


@pytest.mark.parametrize("name", ["rented", "own", "desk", "gateway"])
def test_a_program_killed_at_every_step_loses_nothing_acknowledged(tmp_path: Path, name: str) -> None:
    killed: list[str] = []
    lines: list[str] = []

    async def kill(step: str, morning: Morning) -> None:
        if step in DEAD.get(name, ()) or step in READ:
            return
        program = next(one for one in morning.clinic.programs if one.name == name)
        await until(f"{name} serves", LONGEST, lambda: program.serves)
        asked = len(morning.traffic.sent)
        if step != "opens":
            await until("people ask", LONGEST, lambda: len(morning.traffic.sent) > asked + 2)
        await program.kill()
        await program.start()
        killed.append(step)

    asyncio.run(played(tmp_path / "out", lines.append, BRISK, between=kill))
    assert killed == [step for step in STEPS if step not in READ and step not in DEAD.get(name, ())], "\n".join(lines)
