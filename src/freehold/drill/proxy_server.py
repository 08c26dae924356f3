"""A proxy that records and cuts by name. Owns its connections: who is reached, who is not, and how that looks to a client.

It speaks what clients with proxy variables speak: CONNECT to a host and port, and requests with a whole address (RFC 9110,
9112). A host that is cut is given in the shape of the cut; where the shape is a failure, the answer says which by the field
``Proxy-Status`` (RFC 9209). This machine itself is never cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from freehold.drill.contact import Contact
from freehold.drill.contact_ledger import ContactLedger, Entry
from freehold.drill.decision import Cutting, Decision
from freehold.drill.descriptors import DescriptorLimit
from freehold.drill.dial import Dial, dial
from freehold.drill.http_answers import Outlet, reset
from freehold.drill.http_messages import MOST_HEAD, BadMessage, Head, body_of, read_head
from freehold.drill.http_shapes import answer_requests, certificate_context, serve
from freehold.drill.proxy_variables import NextHop, NextHops
from freehold.drill.proxy_ways import carry, head_of, paced, tunnel
from freehold.drill.shapes import Shape
from freehold.drill.stale import Outside
from freehold.drill.upstream import Upstream

__all__ = ["MOST_CONNECTIONS", "ProxyServer"]

MOST_CONNECTIONS: Final = 4096
"""Connections that are served at once, if there are file descriptors for so many; more wait."""

_KEPT_BACK: Final = 128  # file descriptors that are left to all else
_PER_CONNECTION: Final = 3  # two sockets, and one for a look-up
_PATIENCE: Final = 30.0
_LOOKUP_PATIENCE: Final = 10.0
_MOST_EARLY: Final = 100  # answers before the final one
_RETRY: Final = 0.05  # after a moment without file descriptors
_HTTP_SHAPES: Final = frozenset({"http", "revoked", "stale"})
_OPEN: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
_OWN_FIELDS: Final = frozenset(
    {"connection", "proxy-connection", "proxy-authorization", "keep-alive", "te", "trailer", "upgrade", "transfer-encoding",
     "content-length"}
)  # fmt: skip
_TOLD_FIELDS: Final = frozenset({"connection", "proxy-connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a client asks for.

    Parameters
    ----------
    head
        The request.
    host, port
        Whom.
    opens
        Whether by CONNECT.
    """

    head: Head
    host: str
    port: int
    opens: bool

    @property
    def address(self) -> str:
        """The host, where it is an address; else empty."""
        try:
            return str(ipaddress.ip_address(self.host))
        except ValueError:
            return ""

    @property
    def name(self) -> str:
        """The host, where it is a name."""
        return "" if self.address else self.host


@dataclass(slots=True)
class _Open:
    """A connection that is open, and what was decided of it."""

    name: str = ""
    aliases: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    here: bool = False
    entry: Entry | None = None
    decision: Decision = field(default_factory=lambda: Decision(cut=False))


class ProxyServer:
    """A proxy on this machine's loopback.

    Parameters
    ----------
    ledger
        Where contacts are counted.
    upstream
        What finds out the addresses of a host.
    hops
        The user's own proxies.
    cutting, shape
        What is cut, and how.
    outside
        How a host that stands still is verified; by default against the machine's authorities.
    dialled
        Connects to the first of some addresses that answers, at a port.
    """

    def __init__(
        self,
        ledger: ContactLedger,
        upstream: Upstream,
        hops: NextHops,
        cutting: Cutting,
        shape: Shape,
        *,
        outside: ssl.SSLContext | None = None,
        dialled: Dial = dial,
    ) -> None:
        certificate_context(shape)
        self._dial = dialled
        self._ledger, self._upstream, self._hops, self._outside = ledger, upstream, hops, outside
        self._cutting, self._shape = cutting, shape
        self._connections: dict[asyncio.Task[None], _Open] = {}
        self._room = asyncio.Semaphore(MOST_CONNECTIONS)
        self._accepting: asyncio.Task[None] | None = None
        self._limit: DescriptorLimit | None = None
        self.reached_cut = False
        """Whether a host that is cut was reached all the same: by ``stale`` and ``slow`` alone."""

    async def open(self) -> int:
        """Begin to listen, on a port that the system chooses: give it."""
        self._limit = DescriptorLimit()
        self._room = asyncio.Semaphore(max(16, min(MOST_CONNECTIONS, (self._limit.most - _KEPT_BACK) // _PER_CONNECTION)))
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        listener.settimeout(0)
        self._accepting = asyncio.create_task(self._accept(listener))
        port: int = listener.getsockname()[1]
        return port

    def contacts(self) -> tuple[Contact, ...]:
        """What was contacted up to now."""
        return self._ledger.contacts()

    def broken(self) -> str:
        """Why it does not serve any more; empty while it does."""
        if self._accepting is not None and self._accepting.done() and not self._accepting.cancelled():
            return f"the proxy stopped: {self._accepting.exception()}"
        return ""

    def change(self, cutting: Cutting, shape: Shape) -> None:
        """Cut something else from now on; what was cut before, and what is cut now, ends at once."""
        certificate_context(shape)
        self._cutting, self._shape = cutting, shape
        for task, one in tuple(self._connections.items()):
            if one.entry is None or one.here:
                continue
            now = cutting.decide(one.name, one.aliases, one.addresses)
            if now.cut and not one.decision.cut:
                one.entry.ended(now.because)
            if now.cut or one.decision.cut:
                task.cancel()

    async def close(self) -> None:
        """End every connection, and listen no more."""
        tasks = [*self._connections, *([self._accepting] if self._accepting is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._upstream.close()
        if self._limit is not None:
            self._limit.let_go()

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listener:
            while True:
                await self._room.acquire()
                try:
                    client, _ = await loop.sock_accept(listener)
                except OSError:
                    self._room.release()
                    await asyncio.sleep(_RETRY)
                    continue
                except BaseException:
                    self._room.release()
                    raise
                client.settimeout(0)
                one = _Open()
                task = asyncio.create_task(self._serve(client, one))
                self._connections[task] = one
                task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        del self._connections[task]
        self._room.release()

    async def _serve(self, client: socket.socket, one: _Open) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                head = await head_of(client)
            if head is not None:
                await self._request(client, head, one)
        except (OSError, TimeoutError, BadMessage, asyncio.IncompleteReadError):
            pass  # the client, or the host, has ended it: so does this side
        finally:
            if client.fileno() >= 0:
                reset(client)

    async def _request(self, client: socket.socket, head: Head, one: _Open) -> None:
        wanted = _wanted(head)
        if wanted is None:
            text = "This is a proxy: ask for a whole http address, or for CONNECT to a host and port.\n"
            await _say(client, head, 400, "http_request_error", text)
            return
        one.name = wanted.name
        one.here = _is_here(wanted.host)
        one.entry = entry = self._ledger.entry(wanted.name, wanted.address, wanted.port, "tcp", local=one.here)
        entry.tries += 1
        hop = None if one.here else self._hops.to(wanted.host, secure=wanted.opens)
        error = await self._find(wanted, one, hop)
        # Whoever changes the cut while the host is looked up decides again, so what is decided last holds.
        if not one.here:
            one.decision = self._cutting.decide(one.name, one.aliases, one.addresses)
        if one.decision.cut:
            await self._cut(client, wanted, one, hop)
        elif error:
            entry.failed += 1
            await _say(client, head, 502, "dns_error", f"{wanted.host}: {error}\n")
        else:
            await self._pass_on(client, wanted, one, hop)

    async def _find(self, wanted: _Wanted, one: _Open, hop: NextHop | None) -> str:
        """Find out where a host is, unless it is cut by its name or the next proxy looks it up; what went wrong, if so."""
        if wanted.address:
            one.addresses = (wanted.address,)
            return ""
        if hop is not None or self._cutting.decide(wanted.name).cut:
            return ""
        assert one.entry is not None
        try:
            async with asyncio.timeout(_LOOKUP_PATIENCE):
                host = await self._upstream.host(wanted.name)
        except TimeoutError:
            return "no name server has answered"
        one.aliases, one.addresses = host.aliases, host.addresses
        one.entry.known(host.aliases, host.addresses)
        if host.is_here:
            one.here = one.entry.local = True
        return "" if host.addresses else "it has no address"

    # ------------------------------------------------------------ hosts that are kept

    def _way(self, wanted: _Wanted, one: _Open, hop: NextHop | None) -> Callable[[], Awaitable[socket.socket]]:
        """How a connection to a host is made."""

        async def directly() -> socket.socket:
            addresses: Sequence[str] = one.addresses
            if not addresses:
                addresses = (await self._upstream.host(wanted.name)).addresses
            return await self._dial(addresses, wanted.port)

        if hop is None:
            return directly
        return lambda: tunnel(hop, wanted.host, wanted.port, lambda: self._to_hop(hop))

    async def _to_hop(self, hop: NextHop) -> socket.socket:
        if ":" in hop.host or hop.host.replace(".", "").isdigit():
            return await self._dial((hop.host,), hop.port)
        return await self._dial((await self._upstream.host(hop.host)).addresses, hop.port)

    async def _pass_on(
        self, client: socket.socket, wanted: _Wanted, one: _Open, hop: NextHop | None, rate: float = 0.0
    ) -> None:
        entry = one.entry
        assert entry is not None
        try:
            if wanted.opens or hop is None:
                host = await self._way(wanted, one, hop)()
            else:
                host = await self._to_hop(hop)
        except (OSError, TimeoutError) as error:
            entry.failed += 1
            kind = "connection_timeout" if isinstance(error, TimeoutError) else "connection_refused"
            status = 504 if isinstance(error, TimeoutError) else 502
            await _say(client, wanted.head, status, kind, f"{wanted.host}:{wanted.port} cannot be reached: {_why(error)}\n")
            return
        if one.decision.cut:
            self.reached_cut = True
        up, down = _counters(entry)
        try:
            if wanted.opens:
                await asyncio.get_running_loop().sock_sendall(client, _OPEN)
                await carry(client, host, up, down, rate)
                client.close()
            else:
                await _exchange(client, host, wanted, hop, up, down, rate)
        finally:
            host.close()

    # ------------------------------------------------------------ hosts that are cut

    async def _cut(self, client: socket.socket, wanted: _Wanted, one: _Open, hop: NextHop | None) -> None:
        entry, shape, because = one.entry, self._shape, one.decision.because
        assert entry is not None
        if shape.name == "slow":
            entry.because = because
            await asyncio.sleep(shape.latency)
            await self._pass_on(client, wanted, one, hop, shape.rate)
        elif shape.name in _HTTP_SHAPES:
            await self._answer(client, wanted, one, hop)
        elif shape.name == "silent":
            entry.ended(because)
            await _until_it_leaves(client)
        elif shape.name == "reset":
            if wanted.opens:
                await asyncio.get_running_loop().sock_sendall(client, _OPEN)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_PATIENCE):
                        await _until_it_speaks(client)
            entry.ended(because)
        else:
            entry.ended(because)
            kind, text = (
                ("connection_refused", "connection refused") if shape.name == "refused" else ("dns_error", "no such name")
            )
            await _say(client, wanted.head, 502, kind, f"{wanted.host}: {text} (it is cut off here).\n")

    async def _answer(self, client: socket.socket, wanted: _Wanted, one: _Open, hop: NextHop | None) -> None:
        """Be a host that answers although it is cut."""
        entry, because, way = one.entry, one.decision.because, self._way(wanted, one, hop)
        assert entry is not None

        async def reach() -> socket.socket:
            connection = await way()
            self.reached_cut = True
            return connection

        def refused() -> None:
            entry.ended(because)

        def another() -> None:
            entry.tries += 1

        def passed(up: int, down: int) -> None:
            entry.bytes_up += up
            entry.bytes_down += down

        entry.because = because
        if wanted.opens:
            await asyncio.get_running_loop().sock_sendall(client, _OPEN)
            await serve(
                client, wanted.host, wanted.port, self._shape, reach, refused=refused, another=another, passed=passed,
                outside=self._outside,
            )  # fmt: skip
        else:
            # One request a connection: the next may be for another host.
            async with _streams(client) as (reader, writer):
                outside = Outside(wanted.host, wanted.port, reach, None, _PATIENCE)
                await answer_requests(
                    reader, writer, self._shape, outside, first=wanted.head, most=1, refused=refused, passed=passed
                )


def _counters(entry: Entry) -> tuple[Callable[[int], None], Callable[[int], None]]:
    def up(count: int) -> None:
        entry.bytes_up += count

    def down(count: int) -> None:
        entry.bytes_down += count

    return up, down


def _wanted(head: Head) -> _Wanted | None:
    """Whom a request is for; ``None`` if it is none for a proxy."""
    opens = head.method == "CONNECT"
    try:
        address = urlsplit(f"//{head.target}" if opens else head.target)
        host, port = address.hostname or "", address.port
    except ValueError:
        return None
    host = host.rstrip(".").partition("%")[0]
    if not host or len(host) > 253 or not host.isascii() or not host.isprintable() or " " in host:
        return None
    if opens:
        return _Wanted(head, host, port, opens) if port and not address.path else None
    return _Wanted(head, host, port or 80, opens) if address.scheme == "http" else None


def _is_here(host: str) -> bool:
    """Whether a host is this machine's own loopback by what it is called."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


@contextlib.asynccontextmanager
async def _streams(connection: socket.socket) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter], None]:
    """A socket as streams, which own it; what has not been closed by the end is aborted."""
    reader, writer = await asyncio.open_connection(sock=connection, limit=MOST_HEAD)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _say(client: socket.socket, asked: Head, status: int, kind: str, text: str) -> None:
    """Answer for the proxy itself, and end the connection."""
    async with _streams(client) as (reader, writer):
        out = Outlet(reader, writer, _PATIENCE)
        fields = [("Proxy-Status", f"freehold; error={kind}"), ("Cache-Control", "no-store")]
        await out.answer(status, text.encode("utf-8", "replace"), fields=fields, asked=asked)
        await out.finish()


async def _until_it_leaves(client: socket.socket) -> None:
    """Take what a client says and answer nothing, until it goes."""
    loop = asyncio.get_running_loop()
    while await loop.sock_recv(client, 64 * 1024):
        pass


async def _until_it_speaks(client: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_recv(client, 1)


async def _exchange(
    client: socket.socket,
    host: socket.socket,
    wanted: _Wanted,
    hop: NextHop | None,
    up: Callable[[int], None],
    down: Callable[[int], None],
    rate: float,
) -> None:
    """Pass one request on to a host or the next proxy, and its answer back."""
    async with _streams(client) as (reader, writer), _streams(host) as (host_reader, host_writer):
        out = Outlet(reader, writer, _PATIENCE)
        sending = asyncio.create_task(_send_request(wanted, hop, reader, host_writer, up, rate))
        # A client that breaks off within its request ends the host's side too: there will be no answer to wait for.
        sending.add_done_callback(
            lambda sent: host_writer.transport.abort() if sent.cancelled() or sent.exception() is not None else None
        )
        try:
            told = await _answer_head(host_reader, writer, down)
            body = body_of(told, host_reader, asked=wanted.head.method)
            named = {option.lower() for option in told.all("connection")} | _TOLD_FIELDS
            fields = [(name, value) for name, value in told.fields if name not in named]
            length = body.length
            if wanted.head.method == "HEAD":
                stated = told.get("content-length")
                length = int(stated) if stated.isascii() and stated.isdecimal() else None
            before = out.bytes
            try:
                await out.stream(told.status, fields, paced(body.pieces(), rate), asked=wanted.head, length=length, stays=False)
            finally:
                down(out.bytes - before)
            await out.finish()
        except (OSError, TimeoutError, BadMessage, asyncio.IncompleteReadError):
            out.reset()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


async def _answer_head(host: asyncio.StreamReader, client: asyncio.StreamWriter, down: Callable[[int], None]) -> Head:
    """The head of the final answer; those before it are passed on."""
    for _ in range(_MOST_EARLY):
        told = await read_head(host, answer=True)
        if told is None or told.status == 101:
            break
        if told.status >= 200:
            return told
        early = "\r\n".join([told.first, *(f"{name}: {value}" for name, value in told.fields), "", ""]).encode("latin-1")
        client.write(early)
        down(len(early))
        await client.drain()
    raise BadMessage("The host did not answer the request.")


async def _send_request(
    wanted: _Wanted,
    hop: NextHop | None,
    reader: asyncio.StreamReader,
    host: asyncio.StreamWriter,
    up: Callable[[int], None],
    rate: float,
) -> None:
    head = wanted.head
    body = body_of(head, reader)
    named = {option.lower() for option in head.all("connection")} | _OWN_FIELDS
    fields = [(name, value) for name, value in head.fields if name not in named]
    if body.chunked:
        fields.append(("transfer-encoding", "chunked"))
    elif head.get("content-length"):
        fields.append(("content-length", str(body.length)))
    if hop is not None and hop.credentials:
        fields.append(("proxy-authorization", hop.credentials))
    target = head.target
    if hop is None:
        path = target.partition("://")[2]
        at = min((path.find(mark) for mark in "/?" if mark in path), default=len(path))
        target = path[at:] if path[at : at + 1] == "/" else f"/{path[at:]}"
    lines = [f"{head.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields), "connection: close", "", ""]
    start = "\r\n".join(lines).encode("latin-1", "replace")
    host.write(start)
    up(len(start))
    async for piece in paced(body.pieces(), rate):
        data = b"%x\r\n%b\r\n" % (len(piece), piece) if body.chunked else piece
        host.write(data)
        await host.drain()
        up(len(data))
    if body.chunked:
        host.write(b"0\r\n\r\n")
    await host.drain()
