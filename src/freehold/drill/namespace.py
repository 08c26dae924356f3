"""The namespace backend: a command that has no way out but by this process. Owns the session, from set-up to the last process.

The program inside (:mod:`freehold.drill.inside`) holds the namespace and starts commands; the name server and the relay
(:mod:`freehold.drill.outside`) work here, on sockets that were opened there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from freehold.drill.contact import Contact
from freehold.drill.decision import Cutting
from freehold.drill.inside_process import Handed, InsideProcess, Wanted, probe
from freehold.drill.interface import SETUP_DEADLINE, Command, Possible
from freehold.drill.leftover import kill_in
from freehold.drill.outside import Outside
from freehold.drill.servants import name_services, servants
from freehold.drill.shapes import SHAPES, Shape
from freehold.errors import CutFailed, DrillError
from freehold.words import say

__all__ = ["NamespaceBackend", "NamespaceSession", "RunningCommand", "blind_spots", "set_up"]

_TO_END: Final = 10.0
"""Seconds that the program inside has for ending what it started, before it is ended itself."""


class NamespaceBackend:
    """Own network namespace; own user namespace too, unless it is made as root.

    Parameters
    ----------
    program
        What the program inside is started with; by default this process's own interpreter.
    ipv6
        Whether to set IPv6 up where the kernel has it.
    """

    name = "namespace"
    shapes: Sequence[str] = SHAPES

    def __init__(self, program: Sequence[str] | None = None, *, ipv6: bool = True) -> None:
        self._program = program
        self._ipv6 = ipv6

    def possible(self) -> Possible:
        """Set a cut up, and undo it."""
        wanted = Wanted.here(ipv6=self._ipv6)
        try:
            probe(wanted, self._program, deadline=SETUP_DEADLINE)
        except DrillError as error:
            return Possible(self.name, ok=False, reason=str(error))
        return Possible(self.name, ok=True, reason=say("drill_backend.as_user" if wanted.user else "drill_backend.as_root"))

    async def open(self, cutting: Cutting, shape: Shape, *, deadline: float = SETUP_DEADLINE) -> NamespaceSession:
        """Set the cut up.

        Raises
        ------
        freehold.errors.NotPossible
            If this machine or user cannot have it.
        freehold.errors.CutFailed
            If it was not set up in time; what was begun has been undone.
        """
        return await set_up(self.name, Wanted.here(ipv6=self._ipv6), cutting, shape, program=self._program, deadline=deadline)


async def set_up(
    backend: str, wanted: Wanted, cutting: Cutting, shape: Shape, *, program: Sequence[str] | None = None,
    deadline: float = SETUP_DEADLINE,
) -> NamespaceSession:  # fmt: skip
    """Set a session up.

    Parameters
    ----------
    backend
        Name that it bears.
    wanted
        What is to be there.
    cutting, shape
        What is cut, and how.
    program
        What the program inside is started with.
    deadline
        Seconds.

    Raises
    ------
    freehold.errors.NotPossible
        If this machine or user cannot have it.
    freehold.errors.CutFailed
        If it was not set up in time; what was begun has been undone.
    """
    began = time.monotonic()
    inside = InsideProcess(wanted, program)
    session: NamespaceSession | None = None
    try:
        async with asyncio.timeout(deadline):
            handed = await _answer(inside)
            session = NamespaceSession(backend, inside, handed, blind_spots(wanted, handed))
            await session.begin(cutting, shape)
    except BaseException as error:
        if session is not None:
            await session.close()
        else:
            inside.kill()
        if isinstance(error, TimeoutError):
            raise CutFailed(f"The cut was not set up within {deadline:g} s; it was undone, and nothing was started.") from None
        raise
    session.setup_seconds = time.monotonic() - began
    return session


async def _answer(inside: InsideProcess) -> Handed:
    """Wait for what the program inside says of setting up."""
    loop = asyncio.get_running_loop()
    inside.channel.setblocking(False)  # noqa: FBT003
    readable = asyncio.Event()
    loop.add_reader(inside.channel, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(inside.channel)
    answer = inside.receive()
    if answer is None:
        raise CutFailed("The program inside the cut ended before the cut was set up. Nothing was started.")
    return inside.ready(*answer)


def blind_spots(wanted: Wanted, handed: Handed) -> tuple[str, ...]:
    """What a cut does not see or does not leave as it is, here: keys of words."""
    found = {
        "blind_udp": wanted.filter,
        "blind_unseen": not wanted.filter,
        "blind_root": wanted.apart and not wanted.user,
        "blind_setuid": wanted.user,
        "blind_loopback": bool(wanted.loopback4 | wanted.loopback6),
        "blind_separate": wanted.apart,
        "blind_name_service": bool(set(wanted.masks) - set(handed.masked)),
        "blind_name_servers": bool(set(wanted.instead) - set(handed.masked)),
        "blind_signatures": wanted.filter,
        "blind_own_name_server": wanted.filter,
        "blind_ipv6": wanted.filter and not handed.ipv6,
        "blind_vsock": Path("/dev/vsock").exists(),
    }
    named = {"blind_servants": servants(os.environ), "blind_names_elsewhere": name_services()} if wanted.apart else {}
    return (
        *(f"drill_backend.{key}" for key, there in found.items() if there),
        *(f"drill_backend.{key} {', '.join(names)}" for key, names in named.items() if names),
    )


class RunningCommand:
    """A command that runs in a session."""

    def __init__(self, identifier: int, pid: int, inside: InsideProcess, end: asyncio.Future[int]) -> None:
        self._identifier = identifier
        self._pid = pid
        self._inside = inside
        self._end = end

    @property
    def pid(self) -> int:
        """Its number, the same inside and outside."""
        return self._pid

    async def wait(self) -> int:
        """Wait for its end: the exit status, or minus the number of the signal that ended it.

        Raises
        ------
        freehold.errors.CutFailed
            If the session broke, so that nobody knows.
        """
        return await asyncio.shield(self._end)

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing happens if it has ended."""
        if not self._end.done():
            self._inside.signal(self._identifier, number)


class NamespaceSession:
    """A cut that holds.

    Parameters
    ----------
    backend
        Name of the backend.
    inside
        The program inside, set up.
    handed
        What came from it; closed with the session.
    blind
        Keys of the words for what is not seen.
    """

    def __init__(self, backend: str, inside: InsideProcess, handed: Handed, blind: tuple[str, ...]) -> None:
        self.backend = backend
        self._blind = blind
        self.setup_seconds = 0.0
        self.inside_seconds = handed.seconds
        """How much of it the program inside took, without the start of its interpreter."""
        self.started = time.monotonic()
        self._inside = inside
        self._handed = handed
        self._outside: Outside | None = None
        self._numbers = 0
        self._starting: dict[int, asyncio.Future[int]] = {}
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._names: dict[int, Command] = {}
        self._settling: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        self._closing = False
        self._closed = False
        self._broken = ""

    @property
    def blind_spots(self) -> tuple[str, ...]:
        """Keys of the words for what is not seen, with those that the commands brought about up to now."""
        proxies = () if self._outside is None else self._outside.proxies
        return (*self._blind, *(f"drill_backend.blind_proxy {one}" for one in proxies))

    @property
    def inside_pid(self) -> int:
        """Number of the program inside."""
        return self._inside.pid

    async def begin(self, cutting: Cutting, shape: Shape) -> None:
        """Listen to the program inside, and begin to answer what is asked and dialled there."""
        asyncio.get_running_loop().add_reader(self._inside.channel, self._read)
        if self._handed.sockets is not None:
            self._outside = Outside(self._handed.sockets, cutting, shape, started=self.started)
            await self._outside.start()

    async def start(self, command: Command) -> RunningCommand:
        """Start a command.

        Raises
        ------
        freehold.errors.DrillError
            If the program is not there or may not be run.
        freehold.errors.CutFailed
            If the cut does not hold any more.
        """
        if reason := self.broken():
            raise CutFailed(f"{reason} Nothing was started.")
        if self._closing:
            raise CutFailed("The cut was closed before. Nothing was started.")
        if self._outside is not None:
            self._outside.starts(command.environment)
        self._numbers += 1
        identifier = self._numbers
        loop = asyncio.get_running_loop()
        started = self._starting[identifier] = loop.create_future()
        end = self._ends[identifier] = loop.create_future()
        end.add_done_callback(_seen)
        self._names[identifier] = command
        with contextlib.ExitStack() as stack:
            streams = [
                _stream(given, number, stack) for number, given in enumerate((command.stdin, command.stdout, command.stderr))
            ]
            self._inside.start(identifier, _written(command, stack), streams)
        pid = await started
        return RunningCommand(identifier, pid, self._inside, end)

    def change(self, cutting: Cutting, shape: Shape) -> None:
        """Cut something else, or in another way, from now on; open connections to what is cut now end at once.

        Raises
        ------
        freehold.errors.CutFailed
            If the session has nothing outside that could keep one host and cut another.
        """
        if self._outside is None:
            raise CutFailed("This cut leaves nothing to be changed: it has no relay. Open another session.")
        self._outside.change(cutting, shape)

    def contacts(self) -> tuple[Contact, ...]:
        """What was contacted up to now, in the order of the first try."""
        return () if self._outside is None else self._outside.contacts()

    def broken(self) -> str:
        """Why the cut cannot be relied on any more; empty while it holds."""
        return self._broken or ("" if self._outside is None else self._outside.broken())

    async def close(self) -> None:
        """End every process of the session, those that forked away too, and all that was set up for it."""
        if self._closed:
            return
        self._closing = True
        try:
            self._inside.hang_up()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TO_END):
                    await self._over.wait()
        finally:
            self._closed = True
            asyncio.get_running_loop().remove_reader(self._inside.channel)
            # Where it ended as it should there is nothing to kill; where it did not, nobody else would.
            if not (self._over.is_set() and self._inside.wait(1.0) and self._inside.ended() == 0):
                self._inside.kill()
                kill_in(self._handed.namespace)
            self._settle()
            os.close(self._handed.namespace)
            try:
                if self._outside is not None:
                    await self._outside.close()
                await asyncio.gather(*self._settling, return_exceptions=True)
            finally:
                if self._handed.sockets is not None:
                    self._handed.sockets.close()

    def _read(self) -> None:
        """Take what the program inside says; its silence for ever, too."""
        while True:
            try:
                received = self._inside.receive()
            except BlockingIOError:
                return
            if received is None:
                self._gone()
                return
            self._take(received[0])

    def _take(self, message: dict[str, Any]) -> None:
        if "started" in message:
            self._resolve(self._starting.pop(message["started"], None), message["pid"])
        elif "ended" in message:
            self._end(self._ends.pop(message["ended"], None), message["status"])
        elif "not_started" in message:
            identifier = message["not_started"]
            self._ends.pop(identifier).cancel()
            future = self._starting.pop(identifier)
            if not future.done():
                future.set_exception(_not_started(message, self._names[identifier]))
        self._names = {number: one for number, one in self._names.items() if number in self._starting}

    def _end(self, end: asyncio.Future[int] | None, status: int) -> None:
        """Tell of a command's end, once what it had begun is counted and passed on."""
        outside = self._outside
        if outside is None or self._closing:
            self._resolve(end, status)
            return

        async def settled() -> None:
            await outside.settle()
            self._resolve(end, status)

        task = asyncio.create_task(settled())
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    @staticmethod
    def _resolve(future: asyncio.Future[int] | None, value: int) -> None:
        if future is not None and not future.done():
            future.set_result(value)

    def _gone(self) -> None:
        """The program inside has ended: as asked, or the session is broken and all that is left of it is ended here."""
        asyncio.get_running_loop().remove_reader(self._inside.channel)
        if not self._closing:
            self._broken = "The program that holds the cut was ended from elsewhere: what it had started was killed."
            kill_in(self._handed.namespace)
        self._settle()
        self._over.set()

    def _settle(self) -> None:
        """Let nobody wait for what will not come."""
        reason = self._broken or "The cut was closed before the command had ended."
        for future in (*self._starting.values(), *self._ends.values()):
            if not future.done():
                future.set_exception(CutFailed(reason))
        self._starting.clear()
        self._ends.clear()


def _seen(future: asyncio.Future[int]) -> None:
    """Have nobody told of an error that nobody waits for: closing a session ends its commands."""
    if not future.cancelled():
        future.exception()


def _stream(given: int | None, number: int, stack: contextlib.ExitStack) -> int:
    """A descriptor for one of the standard streams: nothing where this process has none itself."""
    wanted = number if given is None else given
    try:
        os.fstat(wanted)
    except OSError:
        wanted = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        stack.callback(os.close, wanted)
    return wanted


def _written(command: Command, stack: contextlib.ExitStack) -> int:
    """What a command is, as a file in memory: an environment can be larger than a message."""
    descriptor = os.memfd_create("command")
    stack.callback(os.close, descriptor)
    what = {"arguments": command.arguments, "folder": command.folder, "environment": dict(command.environment)}
    with open(descriptor, "wb", closefd=False) as file:
        file.write(json.dumps(what).encode("ascii"))
    return descriptor


def _not_started(message: dict[str, Any], command: Command) -> DrillError:
    program, why = command.arguments[0], str(message["why"])
    if message["what"] == "folder":
        return DrillError(f"'{program}' was not started: its working folder '{command.folder}' cannot be entered ({why}).")
    if message["what"] == "program":
        return DrillError(
            f"'{program}' cannot be run: {why}. Give the name of a program that is found in PATH, or the path of one; for a "
            f"line of a shell write: sh -c '…'."
        )
    return DrillError(f"'{program}' was not started: {why}.")
