"""Asking a program a question while nothing outside is in reach. Owns what a drill learns of a command before it is run.

Reading a Makefile can run what is written in it. So that not even this reaches what is to be cut, it is done in a session of
its own that cuts everything, and whose contacts are forgotten.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from freehold.drill.decision import CutAll
from freehold.drill.interface import Backend, Command
from freehold.drill.shapes import GONE
from freehold.errors import DrillError

__all__ = ["ask"]

_DEADLINE: Final = 30.0
_MOST_BYTES: Final = 16_000_000


async def ask(backend: Backend, arguments: Sequence[str], *, folder: str, environment: Mapping[str, str]) -> str:
    """Run a program in an air gap and give what it wrote to standard output; empty if it cannot be run or takes too long.

    Parameters
    ----------
    backend
        That the drill uses.
    arguments, folder, environment
        What is run.
    """
    session = await backend.open(CutAll(), GONE)
    ours, theirs = os.pipe()
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    reading = asyncio.create_task(asyncio.to_thread(_read, ours))
    try:
        with suppress(DrillError, TimeoutError):
            async with asyncio.timeout(_DEADLINE):
                process = await session.start(Command(tuple(arguments), folder, environment, nothing, theirs, nothing))
                os.close(theirs)
                theirs = -1
                await process.wait()
                process.send_signal(signal.SIGKILL)
    finally:
        if theirs >= 0:
            os.close(theirs)
        os.close(nothing)
        await session.close()
        answer = await reading
        os.close(ours)
    return answer


def _read(descriptor: int) -> str:
    """Everything up to the end; what is beyond the bound is read and dropped, so that nobody waits."""
    parts: list[bytes] = []
    size = 0
    while part := os.read(descriptor, 64 * 1024):
        size += len(part)
        if size <= _MOST_BYTES:
            parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")
