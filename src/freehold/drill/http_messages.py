"""Heads and bodies of HTTP/1.1, as much as a cut host and a proxy need (RFC 9110, 9112). Owns the bounds of what is read.

A *head* is the first line of a message and its fields; a *body* is delimited by a length, by chunks, or by the end of the
connection. Everything is bounded: a head by :data:`MOST_HEAD` and a deadline, a body by whoever reads it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

from freehold.errors import DrillError

__all__ = ["MOST_HEAD", "BadMessage", "Body", "Head", "NewerHttp", "body_of", "read_head"]

MOST_HEAD: Final = 64 * 1024
"""Bytes of a head; more is no message."""

_PREFACE: Final = "PRI * HTTP/2.0"
_MOST_FIELDS: Final = 256
_PIECE: Final = 64 * 1024
_TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class BadMessage(DrillError):
    """What was read is no message of HTTP/1, is larger than the bound, or ends in its middle."""


class NewerHttp(BadMessage):
    """What was read begins as HTTP/2 does where it was not agreed on beforehand (RFC 9113, section 3.4)."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request or an answer.

    Parameters
    ----------
    first
        The first line, as it came, without its end.
    fields
        Names in lower case and values, in order; what they say is passed on or forgotten, never stored.
    size
        Bytes that it took.
    """

    first: str
    fields: tuple[tuple[str, str], ...]
    size: int = 0

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, split at commas, in order."""
        return tuple(part.strip() for field, value in self.fields if field == name for part in value.split(",") if part.strip())

    def get(self, name: str) -> str:
        """The first value of a field, whole; empty without one."""
        return next((value for field, value in self.fields if field == name), "")

    @property
    def method(self) -> str:
        """Of a request."""
        return self.first.split(" ", 1)[0]

    @property
    def target(self) -> str:
        """Of a request: path and query, a whole address, or host and port."""
        return self.first.split(" ")[1]

    @property
    def status(self) -> int:
        """Of an answer."""
        return int(self.first.split(" ")[1])

    @property
    def minor(self) -> int:
        """The minor version: 0 or 1."""
        words = self.first.split(" ")
        version = words[0] if self.first.startswith("HTTP/") else words[-1]
        return 0 if version.endswith(".0") else 1

    @property
    def stays(self) -> bool:
        """Whether the connection stays open after the message (RFC 9112, section 9.3)."""
        options = {option.lower() for option in self.all("connection")}
        return "close" not in options and (self.minor == 1 or "keep-alive" in options)


async def read_head(reader: asyncio.StreamReader, *, answer: bool = False) -> Head | None:
    """Read the head of the next message.

    Parameters
    ----------
    reader
        Where it comes from; its own limit is at least :data:`MOST_HEAD`.
    answer
        Whether an answer is expected, not a request.

    Returns
    -------
    Head or None
        ``None`` if the connection ended before a message began.

    Raises
    ------
    NewerHttp
        If HTTP/2 begins.
    BadMessage
        If it is none, or larger than :data:`MOST_HEAD`.
    """
    size, lines = 0, list[str]()
    while True:
        try:
            line = await reader.readline()
        except ValueError:
            raise BadMessage(f"A line of an HTTP head is longer than {MOST_HEAD} bytes.") from None
        size += len(line)
        if size > MOST_HEAD or len(lines) > _MOST_FIELDS:
            raise BadMessage(f"An HTTP head is longer than {MOST_HEAD} bytes or {_MOST_FIELDS} fields.")
        if not line.endswith(b"\n"):
            if line or lines:
                raise BadMessage("An HTTP head ends in its middle.")
            return None
        text = line.rstrip(b"\r\n").decode("latin-1")
        if text:
            if not lines:
                _check_first(text, answer=answer)  # at once: what speaks something else waits for an answer after one line
            lines.append(text)
        elif lines:
            return _head(lines, size)


def _check_first(first: str, *, answer: bool) -> None:
    words = first.split(" ")
    if first == _PREFACE:
        return
    if answer:
        good = len(words) >= 2 and words[0] in {"HTTP/1.1", "HTTP/1.0"} and len(words[1]) == 3 and words[1].isdecimal()
    else:
        good = len(words) == 3 and words[2] in {"HTTP/1.1", "HTTP/1.0"} and _is_token(words[0]) and bool(words[1])
    if not good or not first.isprintable():
        raise BadMessage("That is no first line of an HTTP/1 message.")


def _head(lines: list[str], size: int) -> Head:
    first = lines[0]
    if first == _PREFACE:
        raise NewerHttp("HTTP/2 begins where only HTTP/1 is spoken.")
    fields: list[tuple[str, str]] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not _is_token(name) or "\0" in value or "\r" in value:
            raise BadMessage("That is no field of an HTTP/1 head.")
        fields.append((name.lower(), value.strip(" \t")))
    return Head(first, tuple(fields), size)


def _is_token(text: str) -> bool:
    return bool(text) and _TOKEN.issuperset(text)


@dataclass(frozen=True, slots=True)
class Body:
    """How a body is delimited, and where it is read from.

    Parameters
    ----------
    reader
        Where it comes from.
    length
        Bytes; ``None`` where chunks or the connection's end delimit it.
    chunked
        Whether it comes in chunks.
    """

    reader: asyncio.StreamReader
    length: int | None
    chunked: bool

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give it piece by piece, each at most 64 KiB.

        Raises
        ------
        BadMessage
            If it ends too early, or its chunks are malformed.
        """
        if self.chunked:
            while size := await self._chunk_size():
                async for piece in self._exactly(size):
                    yield piece
                if await self.reader.readexactly(2) != b"\r\n":
                    raise BadMessage("A chunk of an HTTP body does not end where it says.")
            await self._trailer()
        elif self.length is not None:
            async for piece in self._exactly(self.length):
                yield piece
        else:
            while piece := await self.reader.read(_PIECE):
                yield piece

    async def _exactly(self, size: int) -> AsyncGenerator[bytes, None]:
        while size:
            piece = await self.reader.read(min(size, _PIECE))
            if not piece:
                raise BadMessage("An HTTP body ends in its middle.")
            size -= len(piece)
            yield piece

    async def _chunk_size(self) -> int:
        try:
            line = await self.reader.readline()
            digits = line.split(b";", 1)[0].strip()
            if not line.endswith(b"\n") or not 0 < len(digits) <= 15 or digits[:1] in b"+-" or b"_" in digits:
                raise ValueError
            return int(digits, 16)
        except ValueError:
            raise BadMessage("That is no size of a chunk of an HTTP body.") from None

    async def _trailer(self) -> None:
        size = 0
        while True:
            try:
                line = await self.reader.readline()
            except ValueError:
                raise BadMessage(f"A trailer of an HTTP body is longer than {MOST_HEAD} bytes.") from None
            size += len(line)
            if not line.endswith(b"\n") or size > MOST_HEAD:
                raise BadMessage("A trailer of an HTTP body does not end.")
            if line in {b"\r\n", b"\n"}:
                return


def body_of(head: Head, reader: asyncio.StreamReader, *, asked: str = "") -> Body:
    """Say how the body that follows a head is delimited (RFC 9112, section 6.3).

    Parameters
    ----------
    head
        Of a request or an answer.
    reader
        Where the body comes from.
    asked
        The method of the request, where the head is that of its answer.

    Raises
    ------
    BadMessage
        If its length is unclear.
    """
    answer = head.first.startswith("HTTP/")
    if answer and (asked == "HEAD" or head.status in {204, 304} or head.status < 200):
        return Body(reader, 0, chunked=False)
    codings = [coding.lower() for coding in head.all("transfer-encoding")]
    lengths = set(head.all("content-length"))
    if codings:
        if codings != ["chunked"] or lengths:
            raise BadMessage("An HTTP message says in two ways, or in a way that is not known, where its body ends.")
        return Body(reader, None, chunked=True)
    if len(lengths) > 1 or any(not (text.isascii() and text.isdecimal() and len(text) <= 18) for text in lengths):
        raise BadMessage("An HTTP message does not say how long its body is.")
    if lengths:
        return Body(reader, int(lengths.pop()), chunked=False)
    return Body(reader, None if answer else 0, chunked=False)
