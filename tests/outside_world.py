"""A session's outside without its inside: sockets on loopback, a name server with a zone, hosts that note who reached them.

Hosts outside have documentation addresses; what connects to one of them is led to the server that a test started for it.
A client says where it dials before it connects, as the kernel's redirection would tell.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from freehold import domain_names as dns
from freehold.domain_names import Message, Record
from freehold.drill.decision import CutNothing, Cutting
from freehold.drill.inside_sockets import Blocked, InsideSockets
from freehold.drill.name_servers import HostNames, NameServers
from freehold.drill.outside import Outside
from freehold.drill.places import PATIENCE
from freehold.drill.shapes import GONE, Shape
from freehold.drill.stand_ins import StandIns
from freehold.drill.upstream import Upstream

__all__ = [
    "HERE",
    "HERE6",
    "Filters",
    "Speak",
    "World",
    "ask_udp",
    "listening",
    "name_record",
    "question",
    "run",
    "until",
    "world",
]

HERE, HERE6 = "127.0.0.1", "::1"
Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Zone = dict[tuple[str, int], list[Record] | int]
DEADLINE = 30.0


def name_record(name: str, kind: int, target: str, seconds: int) -> Record:
    """A record whose content is a name: ``CNAME``, ``NS`` or ``PTR``."""
    return Record(name, kind, seconds, dns.write_name(target))


def listening(family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM) -> socket.socket:
    one = socket.socket(family, kind)
    one.bind((HERE if family == socket.AF_INET else HERE6, 0))
    if kind == socket.SOCK_STREAM:
        one.listen(2048)
    one.setblocking(False)
    return one


@dataclass
class Filters:
    """A filter that notes what it was told."""

    held: dict[str, str] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)
    stopped: list[Blocked] = field(default_factory=list)

    def refuse(self, address: str) -> None:
        self.held[address] = "refuse"
        self.told.append(("refuse", address))

    def drop(self, address: str) -> None:
        self.held[address] = "drop"
        self.told.append(("drop", address))

    def allow(self, address: str) -> None:
        self.held.pop(address, None)
        self.told.append(("allow", address))

    def blocked(self) -> tuple[Blocked, ...]:
        return tuple(self.stopped)

    def close(self) -> None:
        self.stopped = []


class NameServer(asyncio.DatagramProtocol):
    """Answers from a zone over UDP and TCP; a number in place of records is the code that it answers with.

    Names that end with ``unanswered`` get no answer.
    """

    def __init__(self, zone: Zone) -> None:
        self.zone, self.asked, self.silent, self.truncate = zone, list[tuple[str, int]](), False, False
        self.transport: Any = None
        self.unanswered: tuple[str, ...] = ()

    def answer(self, data: bytes) -> Message:
        message = dns.read_message(data)
        asked = message.questions[0]
        name = asked.name.lower()
        self.asked.append((name, asked.kind))
        held = self.zone.get((name, asked.kind), [] if any(known == name for known, _ in self.zone) else dns.NAME_ERROR)
        code, records = (held, []) if isinstance(held, int) else (0, held)
        return Message(message.number, dns.RESPONSE | code, message.questions, tuple(records))

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        answer = self.answer(data)
        if not self.silent and not answer.questions[0].name.endswith(self.unanswered):
            self.transport.sendto(dns.write_message(answer, 12 + len(data) if self.truncate else 1232), addr)

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        data = dns.write_message(self.answer(await reader.readexactly(length)))
        writer.write(struct.pack("!H", len(data)) + data)
        await writer.drain()
        writer.close()


@dataclass
class World:
    """What a test can reach."""

    outside: Outside
    sockets: InsideSockets
    filters: Filters
    names: NameServer
    destinations: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    hosts: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    reached: list[tuple[str, int]] = field(default_factory=list)
    failures: list[OSError] = field(default_factory=list)
    servers: list[asyncio.Server] = field(default_factory=list)

    async def host(self, address: str, port: int, speak: Speak) -> None:
        """Start a host outside."""

        async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError, asyncio.IncompleteReadError):
                await speak(reader, writer)
            writer.close()

        here = HERE6 if ":" in address else HERE
        server = await asyncio.start_server(attend, here, 0, backlog=2048)
        self.servers.append(server)
        self.hosts[address, port] = (here, server.sockets[0].getsockname()[1])

    async def connect(self, addresses: Sequence[str], port: int, *, first: int = 4) -> socket.socket:
        """What the relay connects outside with: each address in turn."""
        if self.failures:
            raise self.failures.pop()
        failure: OSError = ConnectionRefusedError("nothing listens there")
        for address in sorted(addresses, key=lambda one: (":" in one) != (first == 6)):
            place = self.hosts.get((address, port))
            if place is None:
                continue
            self.reached.append((address, port))
            one = socket.socket(socket.AF_INET6 if ":" in place[0] else socket.AF_INET)
            one.setblocking(False)
            try:
                await asyncio.get_running_loop().sock_connect(one, place)
            except OSError as error:
                one.close()
                failure = error
                continue
            return one
        raise failure

    async def dialled(self, address: str, port: int) -> socket.socket:
        """A connection as a command would open it, to a stand-in or any address."""
        six = ":" in address
        listener = self.sockets.tcp6 if six else self.sockets.tcp4
        assert listener is not None
        one = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
        one.setblocking(False)
        one.bind((HERE6 if six else HERE, 0))
        self.destinations[one.getsockname()[:2]] = (address, port)
        try:
            await asyncio.get_running_loop().sock_connect(one, listener.getsockname())
        except OSError:
            one.close()
            raise
        return one

    async def streams(self, address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(sock=await self.dialled(address, port))

    def destination(self, client: socket.socket) -> tuple[str, int]:
        found = self.destinations.pop(client.getpeername()[:2], None)
        if found is None:
            raise OSError("no such redirection")
        return found

    async def ask(self, name: str, kind: int = dns.A, *, six: bool = False, **question: Any) -> Message:
        """Put a question over UDP."""
        one = self.sockets.udp6 if six else self.sockets.udp4
        assert one is not None
        return await ask_udp(one.getsockname(), name, kind, **question)

    async def stand_in(self, name: str, kind: int = dns.A) -> str:
        """The one address that a name is answered with."""
        (record,) = (await self.ask(name, kind)).answers
        address = dns.address_of(record)
        assert address is not None
        return address

    async def lookup_over_tcp(self, *messages: Message) -> list[Message]:
        """Put questions over one connection, at once."""
        reader, writer = await asyncio.open_connection(*self.sockets.dns_tcp4.getsockname())
        try:
            for message in messages:
                data = dns.write_message(message)
                writer.write(struct.pack("!H", len(data)) + data)
            answers = []
            for _ in messages:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                answers.append(dns.read_message(await reader.readexactly(length)))
            return answers
        finally:
            writer.close()
            await writer.wait_closed()


def question(name: str, kind: int = dns.A, *, number: int = 7, size: int | None = None, flags: int = dns.WANTED) -> Message:
    extension = () if size is None else (Record("", dns.OPT, 0, b"", size),)
    return Message(number, flags, (dns.Question(name, kind),), additionals=extension)


async def ask_udp(place: Any, name: str, kind: int = dns.A, **details: Any) -> Message:
    """Put a question, again and again as clients do: what does not fit a server's buffer is lost."""
    loop, data = asyncio.get_running_loop(), dns.write_message(question(name, kind, **details))
    with socket.socket(socket.AF_INET6 if ":" in place[0] else socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setblocking(False)
        one.connect(place)
        async with asyncio.timeout(DEADLINE):
            while True:
                one.send(data)
                with suppress(TimeoutError):
                    return dns.read_message(await asyncio.wait_for(loop.sock_recv(one, 65_535), 0.5))


async def until(true: Callable[[], bool]) -> None:
    """Let others run until something is so."""
    async with asyncio.timeout(DEADLINE):
        while not true():
            await asyncio.sleep(0)


@asynccontextmanager
async def world(
    zone: Zone | None = None, cutting: Cutting | None = None, shape: Shape = GONE, *, hosts: HostNames | None = None,
    configured: NameServers | None = None, tcp4: socket.socket | None = None, own: frozenset[str] = frozenset(),
    stand_ins: StandIns | None = None, patience: float = PATIENCE,
    upstream: Upstream | None = None, **outside: Any,
) -> AsyncIterator[World]:  # fmt: skip
    """The outside of a session, at work; closed at the end, with its hosts."""
    loop, faults = asyncio.get_running_loop(), list[dict[str, Any]]()
    loop.set_exception_handler(lambda _, context: faults.append(context))
    filters = Filters()
    six = socket.AF_INET6
    sockets = InsideSockets(
        listening(kind=socket.SOCK_DGRAM), listening(six, socket.SOCK_DGRAM), listening(), listening(six),
        tcp4 or listening(), listening(six), filters, host_addresses=own,
    )  # fmt: skip
    names = NameServer(zone or {})
    server = await asyncio.start_server(names.speak, HERE, 0)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(lambda: names, (HERE, port))
    asking = upstream or Upstream(configured or NameServers(((HERE, port),), 20.0, 1), hosts or HostNames(), patience=patience)
    found: World

    async def connect(addresses: Sequence[str], port: int, *, first: int = 4) -> socket.socket:
        return await found.connect(addresses, port, first=first)

    made = Outside(
        sockets, cutting or CutNothing(), shape, upstream=asking, stand_ins=stand_ins, connect=connect,
        destination=lambda client: found.destination(client), **outside,
    )  # fmt: skip
    found = World(made, sockets, filters, names)
    try:
        await made.start()
        yield found
    finally:
        await made.close()
        transport.close()
        for one in (server, *found.servers):
            one.close()
            await one.wait_closed()
    await asyncio.sleep(0)
    assert not faults, faults


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test to its end, or to its deadline."""
    asyncio.run(asyncio.wait_for(main(), 2 * DEADLINE))
