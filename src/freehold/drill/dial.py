"""Connecting outside, to whichever of a host's addresses answers. Owns the race between addresses and families (RFC 8305)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Final, Protocol

__all__ = ["DEADLINE", "STAGGER", "Dial", "dial"]

STAGGER: Final = 0.25
"""Seconds after which the next address is tried beside those under way."""
DEADLINE: Final = 130.0
"""Seconds after which none is waited for any more: a little longer than the kernel tries one by default."""
_MOST: Final = 8


class Dial(Protocol):
    """How a host outside is connected to."""

    async def __call__(self, addresses: Sequence[str], port: int, *, first: int = 4) -> socket.socket:
        """Connect to one of the addresses; see :func:`dial`."""
        ...


async def dial(
    addresses: Sequence[str], port: int, *, first: int = 4, stagger: float = STAGGER, deadline: float = DEADLINE
) -> socket.socket:
    """Connect to the first address that answers.

    Parameters
    ----------
    addresses
        Of both families; eight are tried at most.
    port
        Likewise.
    first
        Family that is tried first, as the client chose it; then they take turns.
    stagger, deadline
        Seconds.

    Returns
    -------
    socket.socket
        Connected, not blocking.

    Raises
    ------
    OSError
        What the first address failed with, if all did; ``TimeoutError`` is one.
    """
    four = [one for one in addresses if ":" not in one]
    six = [one for one in addresses if ":" in one]
    pairs = zip_longest(four, six) if first == 4 else zip_longest(six, four)
    wanted = [one for one in chain.from_iterable(pairs) if one is not None][:_MOST]
    if not wanted:
        raise OSError("it has no address")
    tasks: list[asyncio.Task[socket.socket]] = []
    won: socket.socket | None = None
    try:
        async with asyncio.timeout(deadline):
            won = await _race(wanted, port, tasks, stagger)
    finally:
        for task in tasks:
            task.cancel()
        try:
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        except asyncio.CancelledError:
            if won is not None:
                won.close()
            raise
        for found in ended:
            # a socket that connected as the race ended belongs to nobody
            if isinstance(found, socket.socket) and found is not won:
                found.close()
    return won


async def _race(wanted: list[str], port: int, tasks: list[asyncio.Task[socket.socket]], stagger: float) -> socket.socket:
    failures: dict[asyncio.Task[socket.socket], BaseException] = {}
    while True:
        if len(tasks) < len(wanted):
            tasks.append(asyncio.create_task(_one(wanted[len(tasks)], port)))
        running = [task for task in tasks if task not in failures]
        if not running:
            raise failures[tasks[0]]
        done, _ = await asyncio.wait(
            running, timeout=stagger if len(tasks) < len(wanted) else None, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            failure = task.exception()
            if failure is None:
                return task.result()
            failures[task] = failure


async def _one(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.settimeout(0)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(one, (address, port))
    except BaseException:
        one.close()
        raise
    return one
