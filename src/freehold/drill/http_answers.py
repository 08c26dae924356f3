"""Answers of HTTP/1.1, as they are written to a client. Owns their framing, and the count of the bytes that went out.

An answer is always delimited: by its length, by chunks, or, for a client of HTTP/1.0, by the end of the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from http import HTTPStatus
from typing import Final

from freehold.drill.http_messages import Head

__all__ = ["Outlet", "reset"]

_NO_LINGERING: Final = struct.pack("ii", 1, 0)
_LINGER_SECONDS: Final = 2.0
_LINGER_BYTES: Final = 1024 * 1024


def reset(connection: socket.socket | asyncio.WriteTransport) -> None:
    """End a connection by a reset: what the other side still sends or waits for ends in an error."""
    # A transport of TLS that has lost its connection raises AttributeError instead of saying that it has no socket.
    with contextlib.suppress(OSError, AttributeError):
        plain = connection if isinstance(connection, socket.socket) else connection.get_extra_info("socket")
        if plain is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
    if isinstance(connection, socket.socket):
        connection.close()
    else:
        connection.abort()


class Outlet:
    """The side of a connection that answers go out by.

    Parameters
    ----------
    reader, writer
        The connection.
    patience
        Seconds that a client may take to read what is waiting for it.
    written
        Called each time that something is about to be.

    Attributes
    ----------
    bytes
        Bytes of HTTP written, heads and all.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        patience: float,
        written: Callable[[], None] = lambda: None,
    ) -> None:
        self.bytes = 0
        self._reader, self._writer, self._patience, self._written = reader, writer, patience, written

    async def send(self, data: bytes) -> None:
        """Write, and wait until the client has room for more.

        Raises
        ------
        TimeoutError
            If it does not read.
        OSError
            If it is gone.
        """
        self.bytes += len(data)
        self._written()
        self._writer.write(data)
        async with asyncio.timeout(self._patience):
            await self._writer.drain()

    async def answer(
        self,
        status: int,
        text: bytes = b"",
        *,
        fields: Sequence[tuple[str, str]] = (),
        kind: str = "text/plain; charset=utf-8",
        asked: Head | None = None,
        stays: bool = False,
    ) -> None:
        """Write a whole answer.

        Parameters
        ----------
        status
            Its number.
        text
            Its body.
        fields
            Fields beside those of the body.
        kind
            The media type of the body.
        asked
            The request: one by HEAD gets no body.
        stays
            Whether the connection stays open.
        """
        bare = status in {204, 304}
        about = [] if bare else [("Content-Type", kind), ("Content-Length", str(len(text)))]
        head = _head(status, [*fields, *about, ("Connection", "keep-alive" if stays else "close")])
        await self.send(head if bare or (asked is not None and asked.method == "HEAD") else head + text)

    async def stream(
        self,
        status: int,
        fields: Sequence[tuple[str, str]],
        pieces: AsyncIterator[bytes],
        *,
        asked: Head,
        length: int | None,
        stays: bool,
    ) -> bool:
        """Write an answer whose body comes in pieces.

        Parameters
        ----------
        status, fields
            Of its head, without those of the framing.
        pieces
            Its body; not read if the request was by HEAD.
        asked
            The request.
        length
            Bytes of the body, if they are known.
        stays
            Whether the connection is wanted open.

        Returns
        -------
        bool
            Whether it stays open.
        """
        bare = status in {204, 304} or asked.method == "HEAD"
        chunked = length is None and asked.minor == 1 and not bare
        stays = stays and (length is not None or chunked or bare)
        framing = [("Transfer-Encoding", "chunked")] * chunked
        if length is not None and status not in {204, 304}:
            framing = [("Content-Length", str(length))]
        await self.send(_head(status, [*fields, *framing, ("Connection", "keep-alive" if stays else "close")]))
        if bare:
            return stays
        async for piece in pieces:
            await self.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            await self.send(b"0\r\n\r\n")
        return stays

    async def finish(self) -> None:
        """Close the connection so that the client gets what was written last, even while it still sends (RFC 9112, 9.6)."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                if self._writer.can_write_eof():
                    self._writer.write_eof()
                    left = _LINGER_BYTES
                    while left > 0 and (piece := await self._reader.read(64 * 1024)):
                        left -= len(piece)
                self._writer.close()
                await self._writer.wait_closed()
        self._writer.transport.abort()

    def reset(self) -> None:
        """End the connection at once, with a reset."""
        reset(self._writer.transport)


def _head(status: int, fields: Sequence[tuple[str, str]]) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
