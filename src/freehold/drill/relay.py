"""Every TCP connection that the command opens. Owns what becomes of it: passed on outside, or ended as the cut has it.

A connection arrives already accepted, wherever it was to go; its destination is told by the kernel, and its name by the
stand-in that was dialled. A host that is not cut and cannot be reached outside is reset: inside, the handshake had succeeded
before that was known, so a command sees a reset where it would have seen a refusal.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from freehold.drill.contact_ledger import ContactLedger, Entry
from freehold.drill.decision import KEPT, Decision
from freehold.drill.descriptors import DescriptorLimit
from freehold.drill.dial import Dial, dial
from freehold.drill.http_shapes import serve
from freehold.drill.name_book import NameBook
from freehold.drill.pipes import Pair, Pipes, has_said, reset
from freehold.drill.proxied import MOST_LOOKED_AT, asks_a_proxy
from freehold.drill.shapes import Shape
from freehold.drill.stand_ins import StandIns
from freehold.drill.upstream import Host, Upstream
from freehold.errors import DrillError

__all__ = ["SAYS_NOTHING", "Destination", "Relay", "original_destination"]

Destination: TypeAlias = Callable[[socket.socket], tuple[str, int]]

_ORIGINAL4: Final = (socket.IPPROTO_IP, 80)  # SO_ORIGINAL_DST
_ORIGINAL6: Final = (socket.IPPROTO_IPV6, 80)  # IP6T_SO_ORIGINAL_DST
_AT_ONCE: Final = 64  # connections accepted before others have their turn
_KEPT_BACK: Final = 128  # file descriptors that are left to all else
_PER_CONNECTION: Final = 4  # two sockets, and a pipe for the way that is held up
_OUT_OF_DESCRIPTORS: Final = 0.05  # seconds until another is accepted
SAYS_NOTHING: Final = 10.0
"""Seconds that a client has for its first bytes under the shape ``reset``: one that waits for a greeting says none."""
_LINGERS: Final = 60.0
_STATUS: Final = frozenset({"http", "revoked"})
_MOST_PROXIES: Final = 16


def original_destination(client: socket.socket) -> tuple[str, int]:
    """Where a redirected connection was to go: address and port.

    Raises
    ------
    OSError
        If the kernel knows of no such redirection.
    """
    if client.family == socket.AF_INET6:
        address = ipaddress.IPv6Address(client.getsockname()[0].partition("%")[0])
        if address.ipv4_mapped is None:
            _, port, _, packed, _ = struct.unpack("!HHI16sI", client.getsockopt(*_ORIGINAL6, 28))
            return str(ipaddress.IPv6Address(packed)), port
    _, port, packed = struct.unpack("!HH4s8x", client.getsockopt(*_ORIGINAL4, 16))
    return str(ipaddress.IPv4Address(packed)), port


@dataclass(slots=True, eq=False)
class _Connection:
    """A connection that is open: what it is to, and how it is ended."""

    host: Host
    entry: Entry
    literal: bool
    local: bool
    decision: Decision
    shape: Shape
    counted: bool = False
    decided: bool = False
    pair: Pair | None = None
    task: asyncio.Task[None] | None = None
    client: socket.socket | None = None


class Relay:
    """Takes connections on sockets that were opened inside.

    Parameters
    ----------
    listeners
        Where they arrive.
    book, upstream, ledger
        What is cut, what is outside, what is counted.
    destination
        Tells where a connection was to go.
    connect
        Connects outside.
    clock
        Monotonic, in seconds.
    most
        Connections that are open at once; more wait to be accepted. By default as many as there are file descriptors for.
    says_nothing
        Seconds after which, under the shape ``reset``, a client that says nothing is reset all the same.
    """

    def __init__(
        self, listeners: Sequence[socket.socket], book: NameBook, upstream: Upstream, ledger: ContactLedger, *,
        destination: Destination = original_destination, connect: Dial = dial,
        clock: Callable[[], float] = time.monotonic, most: int | None = None, says_nothing: float = SAYS_NOTHING,
    ) -> None:  # fmt: skip
        self._listeners, self._book, self._upstream, self._ledger = tuple(listeners), book, upstream, ledger
        self._destination, self._dial = destination, connect
        self._clock, self._says_nothing = clock, says_nothing
        self._own = {listener.getsockname()[1] for listener in self._listeners}
        self._limit = DescriptorLimit()
        self._most = most if most is not None else max(16, (self._limit.most - _KEPT_BACK) // _PER_CONNECTION)
        self._open: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._finding: set[asyncio.Task[None]] = set()
        self._pipes = Pipes()
        self._paused = False
        self._again: asyncio.TimerHandle | None = None
        self._closed = False
        self.waited = False
        """Whether connections had to wait because as many were open as can be."""
        self.named_proxies: frozenset[tuple[str, int]] = frozenset()
        """Hosts and ports that the commands' variables name as proxies."""
        self.proxies: dict[str, None] = {}
        """Hosts and ports that were spoken to as proxies, as ``host:port``; the first sixteen."""
        self.broken = ""
        """Why no more connections can be accepted; empty while they can."""

    def __len__(self) -> int:
        return len(self._open)

    @property
    def most(self) -> int:
        """Connections that can be open at once."""
        return self._most

    @property
    def held_pipes(self) -> int:
        """Pipes that bytes are in, or that are just being used."""
        return self._pipes.lent

    @property
    def owes(self) -> bool:
        """Whether a connection is not yet decided, or what the command has said was not yet passed on."""
        return any(map(_owes, self._open))

    def start(self) -> None:
        """Begin to accept."""
        for listener in self._listeners:
            listener.settimeout(0)
        self._resume()

    def change(self, *, looked: bool = False) -> None:
        """Judge what is open anew, after the book did; what is cut now ends at once by a reset.

        Addresses that were dialled without a name may turn out a little later to be of what is cut: ``looked`` says that this
        has been found out.
        """
        for one in tuple(self._open):
            decision = KEPT if one.local else self._book.judge(one.host, literal=one.literal)
            if not decision.cut and not one.decision.cut:
                continue
            if decision.cut and one.decision.cut and one.shape == self._book.shape:
                continue
            if not decision.cut and one.shape.name == "slow":
                one.decision = decision
                if one.pair is not None:
                    one.pair.hasten()
                continue
            if decision.cut and not one.counted:
                one.entry.ended(decision.because)
            self._end(one)
        unsure = [one for one in self._open if one.literal and not one.local and one.pair is not None]
        if unsure and not looked:
            task = asyncio.create_task(self._change_once_known(unsure))
            self._finding.add(task)
            task.add_done_callback(self._finding.discard)

    async def _change_once_known(self, unsure: list[_Connection]) -> None:
        """Judge what is open to addresses without a name again, once it is known whether they are of a host that is cut."""
        for one in unsure:
            await self._book.look_for(one.host)
        if not self._closed:
            self.change(looked=True)

    async def close(self) -> None:
        """End all that is open; the listeners stay open, and accept no more."""
        self._closed = True
        self._pause()
        if self._again is not None:
            self._again.cancel()
        for one in tuple(self._open):
            self._end(one)
        for task in self._finding:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._finding, return_exceptions=True)
        self._pipes.close()
        self._limit.let_go()

    # Accepting.

    def _pause(self) -> None:
        self._paused = True
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)

    def _resume(self) -> None:
        self._again, self._paused = None, False
        for listener in self._listeners:
            asyncio.get_running_loop().add_reader(listener, self._arrived, listener)

    def _arrived(self, listener: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            if len(self._open) >= self._most:
                self.waited = True
                self._pause()
                return
            try:
                client, _ = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause()
                if listener.fileno() < 0 or not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    self.broken = f"the socket inside that takes connections has gone: {error}"
                    return
                self._again = asyncio.get_running_loop().call_later(_OUT_OF_DESCRIPTORS, self._resume)
                return
            client.settimeout(0)
            try:
                address, port = self._destination(client)
            except OSError:
                reset(client)  # the listener itself was dialled: nothing is there, seen from inside
                continue
            self._take(client, address, port)

    def _take(self, client: socket.socket, address: str, port: int) -> None:
        found = ipaddress.ip_address(address)
        if port in self._own and (found.is_loopback or client.getsockname()[0] == address):
            reset(client)
            return
        name = self._book.stand_ins.name_of(address)
        if name is None and StandIns.is_one(address):
            reset(client)  # a stand-in that nobody was given
            return
        host = self._book.last_known(name) or Host(name) if name else self.literal(address)
        local = self._book.is_own(address)
        entry = self._ledger.entry(host.name, address, port, "tcp", local=local)
        entry.tries += 1
        one = _Connection(host, entry, name is None, local, KEPT, self._book.shape, client=client)
        self._open.add(one)
        one.task = asyncio.create_task(self._attend(one, client, address, port))
        self._tasks.add(one.task)
        one.task.add_done_callback(self._tasks.discard)

    def literal(self, address: str) -> Host:
        """What an address is that was dialled as it is: the file of hosts may have a name for it."""
        if ipaddress.ip_address(address).is_loopback:
            return Host("localhost")
        name, *aliases = self._upstream.names_of(address) or ("localhost" if self._book.is_own(address) else "",)
        four, six = ((), (address,)) if ":" in address else ((address,), ())
        return Host(name, four, six, tuple(aliases))

    # One connection.

    def _end(self, one: _Connection) -> None:
        """End a connection with a reset, whatever state it is in."""
        if one.pair is not None:
            one.pair.reset()
        elif one.task is not None:
            one.task.cancel()

    def _gone(self, one: _Connection) -> None:
        self._open.discard(one)
        if self._paused and self._again is None and not self._closed and not self.broken and len(self._open) < self._most:
            self._resume()

    async def _attend(self, one: _Connection, client: socket.socket, address: str, port: int) -> None:
        try:
            outer = await self._decided(one, client, address, port)
            if outer is None:
                return
        except OSError:
            one.entry.failed += 1
            return
        except DrillError as error:
            self.broken = str(error)
            return
        finally:
            if one.client is not None:
                reset(client)
                self._gone(one)
        self._join(one, client, outer, port)

    async def _decided(self, one: _Connection, client: socket.socket, address: str, port: int) -> socket.socket | None:
        """Connect outside if that is to be; ``None`` if the connection has ended otherwise.

        Raises
        ------
        OSError
            If it is not reached outside.
        """
        if one.local:
            one.decided = True
            return self._kept(one, await self._reach((address,), port, 4))
        if one.literal:
            await self._book.look_for(one.host)
        else:
            one.host = await self._host(one.host.name, address)
        one.entry.known(one.host.aliases, one.host.addresses)
        one.shape = shape = self._book.shape
        one.decision = decision = self._book.judge(one.host, literal=one.literal)
        first = 6 if ":" in address else 4
        one.decided = True
        if not decision.cut:
            return self._kept(one, await self._reach(one.host.addresses, port, first))
        if one.literal:
            self._book.hold_literal(one.host, address, decision)
        one.entry.because = decision.because
        if shape.name == "slow":
            await asyncio.sleep(shape.latency)
            return self._kept(one, await self._reach(one.host.addresses, port, first))
        if shape.name == "stale":
            await self._serve(one, client, port, shape, first)
            return None
        one.entry.ended(decision.because)
        one.counted = True
        if shape.name in _STATUS:
            await self._serve(one, client, port, shape, first)
        elif shape.name == "reset":
            await _said(client, self._says_nothing)
        elif shape.name == "silent":
            await _left(client)
        return None

    async def _reach(self, addresses: Sequence[str], port: int, first: int) -> socket.socket:
        """Connect outside, as soon as there is a file descriptor for it."""
        while True:
            try:
                return await self._dial(addresses, port, first=first)
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.ENFILE):
                    raise
            await asyncio.sleep(_OUT_OF_DESCRIPTORS)

    @staticmethod
    def _kept(one: _Connection, outer: socket.socket) -> socket.socket:
        one.client = None
        return outer

    async def _host(self, name: str, address: str) -> Host:
        """What a name is outside now; what it was last, if that cannot be said now."""
        kind = 28 if ":" in address else 1
        host = await self._upstream.host(name, kind)
        return host if host.addresses else self._book.last_known(name) or host

    async def _serve(self, one: _Connection, client: socket.socket, port: int, shape: Shape, first: int) -> None:
        async def connect() -> socket.socket:
            return await self._reach(one.host.addresses, port, first)

        def refused() -> None:
            # at the first refusal: the connection may stay open for long afterwards
            if not one.counted:
                one.counted = True
                one.entry.ended(one.decision.because)

        def passed(up: int, down: int) -> None:
            one.entry.bytes_up += up
            one.entry.bytes_down += down

        await serve(client, one.host.name or one.host.addresses[0], port, shape, connect, refused=refused, passed=passed)

    def _join(self, one: _Connection, client: socket.socket, outer: socket.socket, port: int) -> None:
        """Let both ends talk."""
        with contextlib.suppress(OSError):
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        entry = one.entry

        def up(count: int) -> None:
            entry.bytes_up += count

        def down(count: int) -> None:
            entry.bytes_down += count

        def look(first: bytes) -> None:
            hosts = (one.host.name, *one.host.aliases, *one.host.addresses)
            is_proxy = any((host, port) in self.named_proxies for host in hosts) or asks_a_proxy(first, hosts)
            if is_proxy and len(self.proxies) < _MOST_PROXIES:
                self.proxies[f"{one.host.name or one.host.addresses[0]}:{port}"] = None

        rate = one.shape.rate if one.decision.cut and one.shape.name == "slow" else 0.0
        one.pair = Pair(
            client, outer, self._pipes, up, down, lambda: self._gone(one), rate, self._clock, (MOST_LOOKED_AT, look)
        )
        one.pair.start()


def _owes(one: _Connection) -> bool:
    if one.pair is not None:
        return one.pair.owes
    if not one.decided:
        return True
    return not one.decision.cut and one.client is not None and one.client.fileno() >= 0 and has_said(one.client)


async def _said(client: socket.socket, most: float) -> None:
    """Wait until a client has said something, has ended, or has said nothing for long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(most):
            await _readable(client)


async def _left(client: socket.socket) -> None:
    """Wait until a client has gone: read and forget what it says, and never answer."""
    buffer = bytearray(65_536)
    while True:
        await _readable(client)
        try:
            if not client.recv_into(buffer):
                break
        except BlockingIOError:
            continue
        except OSError:
            return
    # it says no more: whether it has gone, or waits for the answer, cannot be told
    await asyncio.sleep(_LINGERS)


async def _readable(client: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(client, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(client)
