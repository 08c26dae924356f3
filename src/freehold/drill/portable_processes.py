"""Commands started and ended with what every Unix has. Owns processes where the kernel hands no orphans to whoever asks.

A command is put in this process's own group, session and terminal. At the end whatever descends from it is killed, as far as
the list of processes shows it: a process whose parents have all ended belongs to nobody, and is not found.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterable
from typing import Final

from freehold.drill.descriptors import DescriptorLimit
from freehold.drill.interface import Command
from freehold.errors import DrillError

__all__ = ["PortableProcess", "PortableProcesses", "below"]

_LIST: Final = ("ps", "-A", "-o", "pid=,ppid=")
_LIST_DEADLINE: Final = 10.0
_MOST_ROUNDS: Final = 20


class PortableProcess:
    """A command that runs.

    Parameters
    ----------
    process
        As asyncio has it.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it has."""
        return self._process.returncode is not None

    async def wait(self) -> int:
        """Wait for its end: the exit status, or minus the number of the signal that ended it."""
        return await self._process.wait()

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing happens if it has ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


class PortableProcesses:
    """The commands of one session."""

    def __init__(self) -> None:
        self._started: list[PortableProcess] = []

    async def start(self, command: Command) -> PortableProcess:
        """Start a command.

        Raises
        ------
        freehold.errors.DrillError
            If the program is not there or may not be run, or its folder is not.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *command.arguments,
                cwd=command.folder,
                env=dict(command.environment),
                stdin=command.stdin,
                stdout=command.stdout,
                stderr=command.stderr,
            )
        except (OSError, ValueError) as error:
            what = command.arguments[0] if command.arguments else ""
            raise DrillError(
                f"'{what}' cannot be started in {command.folder}: {error}. Check its name and the folder."
            ) from None
        DescriptorLimit.spare(process.pid)
        started = PortableProcess(process)
        self._started = [one for one in self._started if not one.has_ended]
        self._started.append(started)
        return started

    def broken(self) -> str:
        """Nothing can break: empty."""
        return ""

    async def close(self) -> None:
        """Kill every command that runs, and all that descends from them.

        All are stopped before any is killed, so that none can start another meanwhile.
        """
        own = {one.pid for one in self._started if not one.has_ended}
        stopped: set[int] = set()
        for _ in range(_MOST_ROUNDS):
            fresh = (own | below(own, await _parents())) - stopped
            if not fresh:
                break
            _send(fresh, signal.SIGSTOP)
            stopped |= fresh
        _send(stopped, signal.SIGKILL)
        await asyncio.gather(*(one.wait() for one in self._started))
        self._started = []


def _send(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def below(pids: Iterable[int], parents: dict[int, int]) -> set[int]:
    """Give the processes below some, however deep.

    Parameters
    ----------
    pids
        Where to begin.
    parents
        The parent of each process.
    """
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    waiting = list(pids)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


async def _parents() -> dict[int, int]:
    """The parent of each process of this machine; none if they cannot be listed."""
    try:
        listing = await asyncio.create_subprocess_exec(
            *_LIST, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(_LIST_DEADLINE):
            said, _ = await listing.communicate()
    except (OSError, TimeoutError):
        return {}
    rows = (line.split() for line in said.decode("ascii", "replace").splitlines())
    return {int(row[0]): int(row[1]) for row in rows if len(row) == 2 and all(one.isdecimal() for one in row)}
