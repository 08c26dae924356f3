"""How a command whose time is over is ended: asked first, then made to. Owns that order."""

from __future__ import annotations

import asyncio
import signal

from freehold.drill.interface import Process

__all__ = ["end"]


async def end(process: Process, waiting: asyncio.Future[int], grace: float) -> int:
    """Ask a command to end (SIGTERM), and end it (SIGKILL) if it has not after a time.

    Parameters
    ----------
    process
        The command.
    waiting
        The wait for its end.
    grace
        Seconds that it has.

    Returns
    -------
    int
        Its exit status, or minus a signal.
    """
    process.send_signal(signal.SIGTERM)
    done, _ = await asyncio.wait({waiting}, timeout=grace)
    if not done:
        process.send_signal(signal.SIGKILL)
    return await waiting
