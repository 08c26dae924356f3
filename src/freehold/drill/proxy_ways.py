"""The way from a proxy to a host: directly, or by the proxy that the user had set. Owns what passes through.

It works with what the standard library has on every system: bytes go through one buffer a direction, so memory does not
depend on how much passes, and a receiver that is slow slows the sender down.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from freehold.drill.http_messages import MOST_HEAD, BadMessage, Head, read_head
from freehold.drill.pipes import Pace
from freehold.drill.proxy_variables import NextHop

__all__ = ["carry", "head_of", "paced", "tunnel"]

_CONNECT_DEADLINE: Final = 30.0
_PIECE: Final = 256 * 1024
_HEAD_PIECE: Final = 4096
_END: Final = b"\r\n\r\n"


async def tunnel(hop: NextHop, host: str, port: int, to_hop: Callable[[], Awaitable[socket.socket]]) -> socket.socket:
    """Connect to a host through the next proxy (CONNECT of RFC 9110, section 9.3.6).

    Parameters
    ----------
    hop
        The proxy.
    host, port
        Where it shall lead.
    to_hop
        Gives a connection to the proxy.

    Raises
    ------
    OSError
        If the proxy is not there, or does not lead there.
    TimeoutError
        If it does not say so in time.
    """
    async with asyncio.timeout(_CONNECT_DEADLINE):
        connection = await to_hop()
        try:
            place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
            if hop.credentials:
                lines.append(f"Proxy-Authorization: {hop.credentials}")
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(connection, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"))
            said = await head_of(connection, answer=True)
            if said is None or not 200 <= said.status < 300:
                raise ConnectionError(f"the proxy that was set answered {said.status if said else 'nothing'}")
        except BadMessage as error:
            connection.close()
            raise ConnectionError(str(error)) from None
        except BaseException:
            connection.close()
            raise
        return connection


async def head_of(connection: socket.socket, *, answer: bool = False) -> Head | None:
    """Read the head of a message from a socket, and not a byte more: what follows is left to whoever takes the socket over.

    Raises
    ------
    BadMessage
        If it is none.
    OSError
        If the connection is reset.
    """
    loop = asyncio.get_running_loop()
    got = bytearray()
    while _END not in got:
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(connection, _settle, ready)
        try:
            await ready
        finally:
            loop.remove_reader(connection)
        try:
            seen = connection.recv(_HEAD_PIECE, socket.MSG_PEEK)
        except BlockingIOError:
            continue
        # What was seen belongs to the head, up to its end if that is there; only so much is taken.
        whole = bytes(got[-3:]) + seen
        end = whole.find(_END)
        take = len(seen) if end < 0 else end + len(_END) - min(3, len(got))
        got += connection.recv(take)
        if not seen or len(got) > MOST_HEAD:
            break
    reader = asyncio.StreamReader(limit=MOST_HEAD)
    reader.feed_data(bytes(got))
    reader.feed_eof()
    return await read_head(reader, answer=answer)


def _settle(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


async def carry(
    inner: socket.socket, outer: socket.socket, up: Callable[[int], None], down: Callable[[int], None], rate: float = 0.0
) -> None:
    """Carry bytes between two connections until both have said all; the caller closes them.

    Parameters
    ----------
    inner, outer
        The connections, not blocking.
    up, down
        Told how many bytes went to the outer, and to the inner.
    rate
        Bytes a second each way; 0: as fast as it goes.

    Raises
    ------
    OSError
        If either is reset.
    """
    ways = (asyncio.ensure_future(_one_way(inner, outer, up, rate)), asyncio.ensure_future(_one_way(outer, inner, down, rate)))
    try:
        await asyncio.gather(*ways)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _one_way(source: socket.socket, target: socket.socket, count: Callable[[int], None], rate: float) -> None:
    loop = asyncio.get_running_loop()
    pace = Pace(rate, time.monotonic) if rate else None
    view = memoryview(bytearray(_PIECE))
    while True:
        room = _PIECE
        if pace is not None:
            while not (room := min(pace.room(), _PIECE)):
                await asyncio.sleep(pace.wait())
        got = await loop.sock_recv_into(source, view[:room])
        if not got:
            target.shutdown(socket.SHUT_WR)
            return
        if pace is not None:
            pace.passed(got)
        await loop.sock_sendall(target, view[:got])
        count(got)


async def paced(pieces: AsyncGenerator[bytes, None], rate: float) -> AsyncGenerator[bytes, None]:
    """Give pieces no faster than a rate, in bytes a second; 0: as fast as they come."""
    pace = Pace(rate, time.monotonic) if rate else None
    async for piece in pieces:
        at = 0
        while pace is not None and at < len(piece):
            while not (room := pace.room()):
                await asyncio.sleep(pace.wait())
            part = piece[at : at + room]
            pace.passed(len(part))
            at += len(part)
            yield part
        if pace is None:
            yield piece
