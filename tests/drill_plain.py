"""A backend without a network: real processes, and contacts that a test says they had. Owns what tests of running stand on."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from freehold.drill.contact import Contact
from freehold.drill.decision import Cutting
from freehold.drill.interface import SETUP_DEADLINE, Command, Possible
from freehold.drill.shapes import SHAPES, Shape
from freehold.errors import DrillError

__all__ = ["PlainBackend", "PlainSession"]

Seen = Callable[["PlainSession"], tuple[Contact, ...]]


class PlainProcess:
    """A process of this machine."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> int:
        return await self._process.wait()

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)


class PlainSession:
    """Starts processes, ends them, and tells the contacts that it was told to."""

    backend = "plain"
    blind_spots: tuple[str, ...] = ()
    setup_seconds = 0.0

    def __init__(self, seen: Seen) -> None:
        self.started = time.monotonic()
        self.commands: list[Command] = []
        self.processes: list[PlainProcess] = []
        self.running = asyncio.Event()
        self.closed = False
        self.why = ""
        self._seen = seen

    async def start(self, command: Command) -> PlainProcess:
        try:
            process = await asyncio.create_subprocess_exec(
                *command.arguments,
                cwd=command.folder,
                env=dict(command.environment),
                stdin=command.stdin,
                stdout=command.stdout,
                stderr=command.stderr,
            )
        except OSError as error:
            raise DrillError(f"{command.arguments[0]} cannot be started ({error.strerror}).") from error
        self.commands.append(command)
        self.processes.append(PlainProcess(process))
        self.running.set()
        return self.processes[-1]

    def change(self, cutting: Cutting, shape: Shape) -> None:  # noqa: ARG002
        raise AssertionError("nothing is changed here")

    def contacts(self) -> tuple[Contact, ...]:
        return self._seen(self)

    def broken(self) -> str:
        return self.why

    async def close(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            await process.wait()
        self.closed = True


class PlainBackend:
    """Opens plain sessions.

    Parameters
    ----------
    seen
        The contacts of a session.
    """

    name = "plain"
    shapes: Sequence[str] = SHAPES

    def __init__(self, seen: Seen = lambda _: ()) -> None:
        self.sessions: list[PlainSession] = []
        self._seen = seen

    def possible(self) -> Possible:
        return Possible(self.name, ok=True, reason=f"as {os.getuid()}")

    async def open(
        self, cutting: Cutting, shape: Shape, *, deadline: float = SETUP_DEADLINE  # noqa: ARG002
    ) -> PlainSession:  # fmt: skip
        self.sessions.append(PlainSession(self._seen))
        return self.sessions[-1]
