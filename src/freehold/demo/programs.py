"""Programs that the demo starts, kills and starts again. Owns their life as processes of the system, and where they say what.

They are real: each is a process of its own with files and ports of its own, and is killed by the signal that leaves it no time.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from aiohttp import ClientError, ClientSession, ClientTimeout

__all__ = ["NotHappenedError", "Program", "free_ports", "once", "until"]

_STEP: Final = 0.02
_LONGEST_START: Final = 30.0
_END_SECONDS: Final = 10.0


class NotHappenedError(Exception):
    """Something that had to happen did not, in a sentence; it never leaves the demo."""


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody uses now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Program:
    """One program; ``serves`` says whether it has come up and was not ended since, ``starts`` how often it was started.

    Parameters
    ----------
    name
        For people and for the name of its log.
    arguments
        What follows the name of the Python that runs this: ``-m``, a module, and its arguments.
    folder
        Where its log is written to.
    ready
        An address that answers 200 once it serves.
    headers
        Sent when that is asked.
    environment
        Variables beside those of this process.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        folder: Path,
        ready: str,
        *,
        headers: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.ready = ready
        self.starts = 0
        self.serves = False
        self._arguments = tuple(arguments)
        self._headers = dict(headers or {})
        self._log = folder / f"{name}.txt"
        self._environment = dict(environment or {})
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        """Where it serves."""
        return "/".join(self.ready.split("/")[:3])

    @property
    def is_running(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> float:
        """Start it, and wait until it serves; gives the seconds that took.

        Raises
        ------
        NotHappenedError
            If it ends, or does not serve in time: with the last lines that it said.
        """
        begun, self.serves = time.monotonic(), False
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self._environment},
            )
        self.starts += 1
        async with ClientSession(timeout=ClientTimeout(total=2)) as session:
            while time.monotonic() < begun + _LONGEST_START:
                if not self.is_running:
                    break
                with suppress(ClientError, TimeoutError, OSError):
                    async with session.get(self.ready, headers=self._headers) as answer:
                        if answer.status == 200:
                            self.serves = True
                            return time.monotonic() - begun
                await asyncio.sleep(_STEP)
        raise NotHappenedError(f"{self.name} does not serve. It said last: {self.last_words()}")

    async def kill(self) -> None:
        """Kill it with the signal that leaves it no time, and see it dead."""
        self.serves = False
        if self._process is not None and self.is_running:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def end(self) -> int | None:
        """Ask it to end, and kill it if it does not; gives its exit status."""
        process = self._process
        if process is None or not self.is_running:
            return None if process is None else process.returncode
        self.serves = False
        process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(process.wait(), _END_SECONDS)
        except TimeoutError:
            await self.kill()
            return process.returncode

    def last_words(self, count: int = 5) -> str:
        """The last lines of its log."""
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return "(nothing)"
        return " / ".join(lines[-count:]) or "(nothing)"


async def once(arguments: Sequence[str]) -> str:
    """Run a program to its end; gives what it printed.

    Raises
    ------
    NotHappenedError
        If it ends with another status than 0.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    if process.returncode:
        raise NotHappenedError(f"'{' '.join(arguments[:4])}' ended with {process.returncode}: {errors.decode()[-500:]}")
    return out.decode()


async def until(what: str, seconds: float, ask: Callable[[], bool | Awaitable[bool]]) -> float:
    """Wait until something is so; gives the seconds that took.

    Parameters
    ----------
    what
        What is waited for, for the sentence if it does not come.
    seconds
        How long at most.
    ask
        A function without arguments that gives whether it is so, or a coroutine of that.

    Raises
    ------
    NotHappenedError
        If it is not so in time.
    """
    begun = time.monotonic()
    while True:
        asked = ask()
        found = asked if isinstance(asked, bool) else await asked
        took = time.monotonic() - begun
        if found:
            return took
        if took > seconds:
            raise NotHappenedError(f"{what} within {seconds:g} s: it did not happen.")
        await asyncio.sleep(_STEP)
