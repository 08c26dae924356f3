"""Playing the morning from its first step to its last. Owns the demo's exit status and what it leaves behind.

In its folder stay the evidence, the state, the logs of the programs, ``transcript.txt`` and ``figures.json``.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout

from freehold.demo.desk_client import DeskClient
from freehold.demo.morning import STEPS, Morning
from freehold.demo.programs import NotHappenedError
from freehold.demo.scenery import CALM, Tempo, build
from freehold.demo.traffic import Traffic
from freehold.demo.transcript import Transcript

__all__ = ["play", "played"]

_CONTROL_SECONDS = 5.0


async def played(
    folder: Path,
    tell: Callable[[str], None],
    tempo: Tempo = CALM,
    *,
    between: Callable[[str, Morning], Awaitable[None]] | None = None,
) -> Mapping[str, Any]:
    """Play the morning.

    Parameters
    ----------
    folder
        Where everything is left; empty, or not there.
    tell
        Takes each line of the narration.
    tempo
        How fast.
    between
        Called when each step has begun, with its name, and awaited beside it: a test kills programs there.

    Returns
    -------
    mapping
        Figures that were measured.

    Raises
    ------
    freehold.demo.programs.NotHappenedError
        If a step does not happen.
    freehold.errors.UsageError
        If the folder cannot be used.
    """
    clinic = build(folder, tempo)
    with Transcript(folder / "transcript.txt", tell) as transcript:
        async with ClientSession(timeout=ClientTimeout(total=_CONTROL_SECONDS)) as session:
            keys = {name: clinic.keys[name] for name in ("wards", "letters")}
            traffic = Traffic(clinic.gateway_url, keys, tempo.users, tempo.pause)
            desk = DeskClient(clinic.desk_url, folder / "desk" / "intake.key", session)
            morning = Morning(clinic, transcript, session, traffic, desk)
            begun = time.monotonic()
            try:
                for name, step in STEPS.items():
                    transcript.title(f"step_{name}")
                    beside = None if between is None else asyncio.ensure_future(between(name, morning))
                    try:
                        await step(morning)
                        if beside is not None:
                            await beside
                    finally:
                        if beside is not None:
                            beside.cancel()
            except NotHappenedError as error:
                transcript.line(str(error))
                raise
            finally:
                await traffic.stop()
                await desk.rest()
                for program in reversed(clinic.programs):
                    await program.end()
            figures = {**morning.figures, "seconds": time.monotonic() - begun}
            for path in clinic.evidence:  # side by side, so that one look at the folder finds and verifies them
                shutil.copyfile(path, folder / path.name)
            transcript.title("ends")
            transcript.say("left", folder=folder)
    text = json.dumps(figures, indent=2, sort_keys=True)
    (folder / "figures.json").write_text(text + "\n", encoding="utf-8")
    return figures


def play(folder: Path, tell: Callable[[str], None] | None = None, tempo: Tempo = CALM) -> int:
    """Play the morning to its end; gives the exit status: 0, 3 if a step did not happen, 130 if it was ended.

    Raises
    ------
    freehold.errors.UsageError
        If the folder cannot be used.
    """
    try:
        asyncio.run(_until_a_signal(folder, tell or _print, tempo))
    except NotHappenedError:
        return 3
    except asyncio.CancelledError:
        return 130
    return 0


def _print(line: str) -> None:
    print(line, flush=True)


async def _until_a_signal(folder: Path, tell: Callable[[str], None], tempo: Tempo) -> None:
    """Play, and end every program also when told to end."""
    task = asyncio.ensure_future(played(folder, tell, tempo))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    await task
