"""Cut hosts that answer: a status, a credential that is not taken any more, a host that stands still. Owns their connections.

What speaks HTTP without encryption is answered. What begins a TLS handshake is answered over TLS, if there is a certificate
that the command trusts, and is reset if not. What speaks something else, or waits for the host to speak first, is reset. No
connection goes out, but for the shape ``stale``.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from freehold.drill.http_answers import Outlet, reset
from freehold.drill.http_messages import MOST_HEAD, BadMessage, Head, NewerHttp, body_of, read_head
from freehold.drill.shapes import Shape
from freehold.drill.stale import Outside, answer_as_of
from freehold.errors import DrillError

__all__ = ["MOST_BODY", "MOST_REQUESTS", "Note", "Served", "answer_requests", "certificate_context", "serve"]

MOST_BODY: Final = 64 * 1024 * 1024
"""Bytes of a request's body that are read and forgotten before it is answered; then the connection is closed."""

MOST_REQUESTS: Final = 10_000
"""Requests on one connection, after which it is closed."""

Note: TypeAlias = Literal["", "tls", "untrusted", "other", "nothing"]
"""Why no request was answered: it was TLS and there is no certificate; the certificate was not trusted; it was no HTTP;
nothing was said, as by a client that waits for a greeting."""

_PATIENCE: Final = 30.0
_FIRST_PATIENCE: Final = 10.0
_HANDSHAKE: Final = 0x16
# SETTINGS without any, then GOAWAY of stream 0 for the reason HTTP_1_1_REQUIRED (RFC 9113, sections 6.5, 6.8 and 7).
_SPEAK_HTTP_1: Final = bytes.fromhex("000000 04 00 00000000" + "000008 07 00 00000000 00000000 0000000d")


@dataclass(frozen=True, slots=True)
class Served:
    """What came of a connection to a host that is cut.

    Parameters
    ----------
    bytes_up, bytes_down
        Bytes of HTTP from the client and to it; without those of the encryption.
    requests
        Requests that were answered; 0 where ``note`` says why.
    refused
        How many of them the cut answered, or 1 where the connection was reset.
    reached
        Whether the real host was reached; only ``stale`` does.
    undated
        For ``stale``: things that came without a date.
    note
        Why no request was answered; empty if one was.
    """

    bytes_up: int = 0
    bytes_down: int = 0
    requests: int = 0
    refused: int = 0
    reached: bool = False
    undated: int = 0
    note: Note = ""


def certificate_context(shape: Shape) -> ssl.SSLContext | None:
    """Give what TLS is answered with; ``None`` if the shape has no certificate.

    Raises
    ------
    freehold.errors.DrillError
        If its files cannot be read, or do not belong together.
    """
    if shape.certificate is None or shape.key is None:
        return None
    return _context(shape.certificate, shape.key)


@lru_cache(maxsize=8)
def _context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        raise DrillError(
            f"--certificate {certificate} and --key {key} cannot be used: {error}. Give a certificate chain and its key as "
            "PEM files, the key without a password."
        ) from None
    return context


def _no_password() -> str:
    raise ValueError("the key has a password")


def _nothing() -> None:
    """Leave it at that."""


def _uncounted(_up: int, _down: int) -> None:
    """Leave bytes uncounted."""


async def serve(
    client: socket.socket,
    name: str,
    port: int,
    shape: Shape,
    connect: Callable[[], Awaitable[socket.socket]],
    *,
    refused: Callable[[], None] = _nothing,
    another: Callable[[], None] = _nothing,
    passed: Callable[[int, int], None] = _uncounted,
    outside: ssl.SSLContext | None = None,
    patience: float = _PATIENCE,
    first_patience: float = _FIRST_PATIENCE,
) -> Served:
    """Be a host that is cut, for one connection to it.

    Parameters
    ----------
    client
        The connection, accepted; it is closed at the end, however that comes.
    name, port
        The host that it is for: a name, or an address.
    shape
        ``http``, ``revoked`` or ``stale``.
    connect
        Gives a connection to the real host; used for ``stale`` alone.
    refused
        Called at the moment of each refusal, before the client can know of it: as often as :attr:`Served.refused` says in
        the end.
    another
        Called when a request after the first has begun.
    passed
        Called with bytes up and down as they pass, once the real host was reached: until then all is the drill's own.
    outside
        How the real host is verified; by default against the machine's authorities.
    patience
        Seconds that either side may take for each thing that is waited for.
    first_patience
        Seconds within which the client must have begun.

    Returns
    -------
    Served
        What came of it. Whatever client or host do wrong is in it, and is never raised.

    Raises
    ------
    freehold.errors.DrillError
        If the shape's certificate cannot be read.
    """
    try:
        client.settimeout(0)
        context = certificate_context(shape)
        first = await _first_byte(client, first_patience)
        if first is None:
            refused()
            return Served(refused=1, note="nothing")
        encrypted = first == _HANDSHAKE
        if encrypted and context is None:
            refused()
            return Served(refused=1, note="tls")
        try:
            reader, writer = await _streams(client, context if encrypted else None, patience)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            refused()
            return Served(refused=1, note="untrusted" if encrypted else "other")
        verified = (outside or ssl.create_default_context()) if encrypted and shape.name == "stale" else None
        way = Outside(name, port, connect, verified, patience)
        return await answer_requests(reader, writer, shape, way, refused=refused, another=another, passed=passed)
    finally:
        # Harmless where a transport has closed it already: what is left is a connection that was not answered.
        if client.fileno() >= 0:
            reset(client)


async def _first_byte(client: socket.socket, patience: float) -> int | None:
    """What a client begins with, left unread; ``None`` if it says nothing."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(client, ready.set)
    try:
        async with asyncio.timeout(patience):
            await ready.wait()
        begun = client.recv(1, socket.MSG_PEEK)
        return begun[0] if begun else None
    except (OSError, TimeoutError):
        return None
    finally:
        loop.remove_reader(client)


async def _streams(
    client: socket.socket, context: ssl.SSLContext | None, patience: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MOST_HEAD, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol, client, ssl=context, ssl_handshake_timeout=patience if context else None
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def answer_requests(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    shape: Shape,
    outside: Outside,
    *,
    first: Head | None = None,
    most: int = MOST_REQUESTS,
    refused: Callable[[], None] = _nothing,
    another: Callable[[], None] = _nothing,
    passed: Callable[[int, int], None] = _uncounted,
) -> Served:
    """Answer the requests of a connection, one after the other, until either side ends it.

    Parameters
    ----------
    reader, writer
        The connection, decrypted; it is closed at the end.
    shape
        ``http``, ``revoked`` or ``stale``.
    outside
        The way to the real host, for ``stale``.
    first
        The head of the first request, if it was read already.
    most
        Requests after which the connection is closed.
    refused, another, passed
        Called as things happen; see :func:`serve`.
    """
    out = Outlet(reader, writer, outside.patience, lambda: talk.tell())
    talk = _Talk(reader, out, shape, outside, most, refused, another, passed)
    try:
        while await talk.one(first):
            first = None
        await out.finish()
    except NewerHttp:
        with contextlib.suppress(OSError, TimeoutError):
            await out.send(_SPEAK_HTTP_1)
            await out.finish()
        talk.refuse("other")
    except (OSError, TimeoutError, BadMessage, asyncio.IncompleteReadError):
        talk.end_badly()
    finally:
        out.reset()
    note: Note = talk.note if talk.requests == 0 else ""
    return Served(talk.bytes_up, out.bytes, talk.requests, talk.refused, talk.reached, talk.undated, note)


class _Talk:
    """The requests of one connection, and what is counted of them."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        out: Outlet,
        shape: Shape,
        outside: Outside,
        most: int,
        told: Callable[[], None],
        another: Callable[[], None],
        passed: Callable[[int, int], None],
    ) -> None:
        self.bytes_up = self.requests = self.refused = self.undated = 0
        self._told_up = self._told_down = 0
        self.reached = False
        self.note: Note = ""
        self._reader, self._out, self._shape = reader, out, shape
        self._outside, self._connect = replace(outside, connect=self._reach), outside.connect
        self._most, self._told, self._another, self._passed = most, told, another, passed

    async def _reach(self) -> socket.socket:
        """Connect to the real host, and note that it was reached, whatever comes of it."""
        connection = await self._connect()
        self.reached = True
        self.tell()
        return connection

    def tell(self) -> None:
        """Tell of the bytes that have passed since the last time, if the real host was reached."""
        up, down = self.bytes_up - self._told_up, self._out.bytes - self._told_down
        if self.reached and (up or down):
            self._told_up, self._told_down = self.bytes_up, self._out.bytes
            self._passed(up, down)

    def refuse(self, note: Note = "") -> None:
        """Count a refusal."""
        self.refused += 1
        self.note = self.note or note
        self._told()

    def end_badly(self) -> None:
        """Count a connection that was no HTTP, or ended within its first request."""
        if self.requests == 0 and self.refused == 0:
            self.refuse("other")

    async def one(self, head: Head | None) -> bool:
        """Answer one request; false once no other will follow."""
        patience = self._outside.patience
        if head is None:
            async with asyncio.timeout(patience):
                head = await read_head(self._reader)
        if head is None:
            if self.requests == 0:
                self.refuse("nothing")
            return False
        self.bytes_up += head.size
        self.tell()
        if self.requests:
            self._another()
        whole = await self._forget_body(head)
        stays = whole and head.stays and self.requests + 1 < self._most and head.method != "CONNECT"
        if self._shape.name == "stale" and self._shape.as_of is not None:
            told = await answer_as_of(head, self._shape.as_of, self._outside, self._out, stays=stays, refused=self.refuse)
            self.undated += told.undated
            stays = told.stays
        else:
            self.refuse()
            await self._answer(head, stays=stays)
        self.requests += 1
        return stays

    async def _forget_body(self, head: Head) -> bool:
        """Read the body of a request to its end; false if the connection cannot go on after the answer."""
        body = body_of(head, self._reader)
        if "100-continue" in {one.lower() for one in head.all("expect")}:
            # The body has not been sent, and may be or not once the answer is known: the connection ends there.
            return not body.chunked and not body.length
        left = MOST_BODY
        if body.length is not None and body.length > left:
            return False
        pieces = body.pieces()
        try:
            async with asyncio.timeout(self._outside.patience):
                async for piece in pieces:
                    self.bytes_up += len(piece)
                    self.tell()
                    left -= len(piece)
                    if left < 0:
                        return False
        except TimeoutError:
            return False
        finally:
            await pieces.aclose()
        return True

    async def _answer(self, head: Head, *, stays: bool) -> None:
        shape, fields = self._shape, [("Cache-Control", "no-store")]
        if shape.status == 401:
            realm = "".join(letter for letter in self._outside.name if letter.isalnum() or letter in ".-_:")
            bearer = head.get("authorization").partition(" ")[0].lower() == "bearer"
            challenge = f'Bearer realm="{realm}", error="invalid_token"' if bearer else f'Basic realm="{realm}"'
            fields.append(("WWW-Authenticate", challenge))
        text = f"{self._outside.name} is cut off here ({shape}).\n".encode()
        await self._out.answer(shape.status, text, fields=fields, asked=head, stays=stays)
