"""A host that stands still on a day. Owns what is asked of the real host, and which of its answers may still be given.

It is the one shape of a cut that reaches the host: by GET alone, over a connection that is verified as any other. What is
newer than the day is answered with 404. An answer with no date of its own is passed on, and counted. Ranges are not taken
up (RFC 9110 lets a server do so), and conditions are judged here, for the host's own would let a newer copy that the client
keeps pass for an old one.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
import ssl
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from socket import socket
from typing import Any, Final

from freehold.drill.http_answers import Outlet
from freehold.drill.http_messages import BadMessage, Body, Head, body_of, read_head
from freehold.drill.stale_index import Stale, as_of, encoded, kind_of, python_page

__all__ = ["MOST_DOCUMENT", "Outside", "Told", "answer_as_of"]

MOST_DOCUMENT: Final = 64 * 1024 * 1024
"""Bytes of a JSON document that is looked into; a larger one is answered with 502."""

_HOP: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate", "te", "trailer", "upgrade",
     "transfer-encoding", "content-length"}
)  # fmt: skip
_NOT_ASKED: Final = _HOP | {"range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
                            "accept-encoding", "accept", "expect", "host"}  # fmt: skip
_NOT_TOLD: Final = _HOP | {"accept-ranges", "alt-svc", "content-range"}
_OF_A_DOCUMENT: Final = frozenset({"date", "server", "vary", "cache-control", "link"})
_PROJECT_PAGE: Final = re.compile(r"/simple/[^/?]+/?(?:\?.*)?$")
_PYTHON_JSON, _PYTHON_HTML = "application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1+html"
_NPM_SHORT: Final = "application/vnd.npm.install-v1+json"
_MOST_INTERIM: Final = 8


@dataclass(frozen=True, slots=True)
class Outside:
    """The way to the real host.

    Parameters
    ----------
    name, port
        The host.
    connect
        Gives a connection to it.
    tls
        How it is verified; ``None`` where the client speaks without encryption.
    patience
        Seconds that it may take for each thing that is waited for.
    """

    name: str
    port: int
    connect: Callable[[], Awaitable[socket]]
    tls: ssl.SSLContext | None
    patience: float


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a request.

    Parameters
    ----------
    stays
        Whether the client's connection stays open.
    undated
        Things without a date: entries of an index that were left out, or 1 for an answer that was passed on.
    """

    stays: bool
    undated: int = 0


async def answer_as_of(
    asked: Head, day: date, outside: Outside, out: Outlet, *, stays: bool, refused: Callable[[], None] = lambda: None
) -> Told:
    """Answer a request as the host would have done on a day.

    Parameters
    ----------
    asked
        The request; its body has been read.
    day
        The last day that it knows of, in UTC.
    outside
        The way to the host.
    out
        Where the answer goes.
    stays
        Whether the client's connection is wanted open.
    refused
        Called before the request is answered by the cut: not found, since it is newer, or not allowed.

    Raises
    ------
    OSError
        If the client is gone.
    TimeoutError
        If it does not read.
    BadMessage
        If the host broke off within an answer that had begun: the client's connection can only be reset.
    """
    if asked.method not in {"GET", "HEAD"}:
        refused()
        text = b"This host stands still: it can only be read.\n"
        await out.answer(405, text, fields=[("Allow", "GET, HEAD")], asked=asked, stays=stays)
        return Told(stays)
    end = datetime.combine(day + timedelta(days=1), time(), UTC)
    writer: asyncio.StreamWriter | None = None
    try:
        try:
            async with asyncio.timeout(outside.patience):
                reader, writer = await _open(outside)
                writer.write(_request(asked, outside))
                await writer.drain()
                told = await _answer_head(reader)
                body = body_of(told, reader, asked="GET")
            document = await _document(told, body, outside.patience)
        except (OSError, TimeoutError, BadMessage, asyncio.IncompleteReadError) as error:
            why = str(error) if isinstance(error, BadMessage) else type(error).__name__
            text = f"{outside.name}:{outside.port} gave nothing that can be passed on: {why}\n".encode("utf-8", "replace")
            await out.answer(502, text, asked=asked, stays=stays)
            return Told(stays)
        return await _pass_on(asked, told, body, document, end, out, stays=stays, patience=outside.patience, refused=refused)
    finally:
        if writer is not None:
            writer.transport.abort()


async def _open(outside: Outside) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    connection = await outside.connect()
    try:
        connection.settimeout(0)
        return await asyncio.open_connection(
            sock=connection,
            ssl=outside.tls,
            server_hostname=(outside.name or connection.getpeername()[0]) if outside.tls is not None else None,
            limit=256 * 1024,
        )
    except BaseException:
        connection.close()
        raise


def _request(asked: Head, outside: Outside) -> bytes:
    target = asked.target
    if not target.startswith("/"):
        _, mark, rest = target.partition("://")
        target = "/" + rest.partition("/")[2] if mark else target
    accept = asked.get("accept") or "*/*"
    if _PROJECT_PAGE.search(target):
        accept = f"{_PYTHON_JSON}, {_PYTHON_HTML};q=0.2, text/html;q=0.1"
    elif _NPM_SHORT in accept:
        accept = "application/json"
    named = {option.lower() for option in asked.all("connection")}
    fields = [
        ("host", asked.get("host") or f"{outside.name}:{outside.port}"),
        ("accept", accept),
        ("accept-encoding", "identity"),
        ("connection", "close"),
        *((name, value) for name, value in asked.fields if name not in _NOT_ASKED and name not in named),
    ]
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


async def _answer_head(reader: asyncio.StreamReader) -> Head:
    for _ in range(_MOST_INTERIM):
        head = await read_head(reader, answer=True)
        if head is None:
            raise BadMessage("The host ended the connection before it answered.")
        if head.status >= 200:
            return head
    raise BadMessage("The host gives interim answers without an end.")


def _media(head: Head) -> str:
    return head.get("content-type").partition(";")[0].strip().lower()


async def _document(told: Head, body: Body, patience: float) -> tuple[bytes, object] | None:
    """The bytes and the value of a JSON document; ``None`` where the answer is none."""
    media = _media(told)
    if told.status != 200 or not (media == "application/json" or media.endswith("+json")):
        return None
    unpack = {"gzip": 31, "x-gzip": 31, "deflate": 15}.get(told.get("content-encoding").lower())
    stream = zlib.decompressobj(unpack) if unpack else None
    parts, size = list[bytes](), 0
    async for piece in _patiently(body, patience):
        try:
            part = stream.decompress(piece, MOST_DOCUMENT + 1 - size) if stream else piece
        except zlib.error:
            raise BadMessage("The host's answer is not encoded as it says.") from None
        size += len(part)
        if size > MOST_DOCUMENT:
            raise BadMessage(f"A document of more than {MOST_DOCUMENT} bytes is not looked into.")
        parts.append(part)
    whole = b"".join(parts)
    try:
        return whole, json.loads(whole, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return whole, None


def _refuse(_: str) -> object:
    raise ValueError


async def _patiently(body: Body, patience: float) -> AsyncGenerator[bytes, None]:
    pieces = body.pieces()
    try:
        while True:
            async with asyncio.timeout(patience):
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield piece
    except asyncio.IncompleteReadError:
        raise BadMessage("The host's answer ends in its middle.") from None
    finally:
        await pieces.aclose()


async def _pass_on(
    asked: Head,
    told: Head,
    body: Body,
    document: tuple[bytes, object] | None,
    end: datetime,
    out: Outlet,
    stays: bool,
    patience: float,
    refused: Callable[[], None],
) -> Told:
    if document is not None and isinstance(document[1], dict) and (kind := kind_of(document[1])) is not None:
        return await _page(
            asked, told, as_of(document[1], kind, end), out, stays=stays, python=kind == "python", refused=refused
        )
    unseen = told.status == 200 and (
        _media(told) == _PYTHON_HTML or (_media(told) == "text/html" and _PROJECT_PAGE.search(asked.target) is not None)
    )
    moment = _when(told.get("last-modified"))
    if told.status in {200, 203} and (unseen or (moment is not None and moment >= end)):
        refused()
        await out.answer(404, _absent(end), asked=asked, stays=stays)
        return Told(stays, undated=int(unseen))
    undated = int(told.status in {200, 203} and moment is None)
    named = {option.lower() for option in told.all("connection")}
    fields = [(name, value) for name, value in told.fields if name not in _NOT_TOLD and name not in named]
    if told.status in {200, 203} and _unchanged(asked, told.get("etag"), moment):
        kept = [(name, value) for name, value in fields if not name.startswith("content-")]
        await out.answer(304, fields=kept, asked=asked, stays=stays)
        return Told(stays, undated=undated)
    if document is not None:
        plain = [(name, value) for name, value in fields if name not in {"content-encoding", "content-type"}]
        await out.answer(told.status, document[0], fields=plain, kind=told.get("content-type"), asked=asked, stays=stays)
        return Told(stays, undated=undated)
    pieces = _patiently(body, patience)
    async with contextlib.aclosing(pieces):
        stays = await out.stream(told.status, fields, pieces, asked=asked, length=body.length, stays=stays)
    return Told(stays, undated=undated)


async def _page(
    asked: Head, told: Head, stale: Stale, out: Outlet, *, stays: bool, python: bool, refused: Callable[[], None]
) -> Told:
    """The page of a project as it stood."""
    if stale.document is None:
        refused()
        await out.answer(404, b"Not there on that day.\n", asked=asked, stays=stays)
        return Told(stays, undated=stale.undated)
    kind, content = _spelt(asked, told, stale.document, python=python)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    fields = [(name, value) for name, value in told.fields if name in _OF_A_DOCUMENT]
    fields.append(("ETag", tag))
    if stale.newest is not None:
        fields.append(("Last-Modified", format_datetime(stale.newest, usegmt=True)))
    if _unchanged(asked, tag, None):
        await out.answer(304, fields=fields, asked=asked, stays=stays)
    else:
        await out.answer(200, content, fields=fields, kind=kind, asked=asked, stays=stays)
    return Told(stays, undated=stale.undated)


def _spelt(asked: Head, told: Head, document: dict[str, Any], *, python: bool) -> tuple[str, bytes]:
    """A page and its media type, as the client wants it."""
    accept = asked.get("accept")
    if not python:
        return "application/json", encoded(document)
    if _PYTHON_JSON in accept or "application/vnd.pypi.simple.latest+json" in accept or not _PROJECT_PAGE.search(asked.target):
        return told.get("content-type"), encoded(document)
    html = _PYTHON_HTML if _PYTHON_HTML in accept else "text/html; charset=utf-8"
    return html, python_page(document).encode("utf-8", "replace")


def _absent(end: datetime) -> bytes:
    return f"Nothing here is known to be older than {end:%Y-%m-%d}.\n".encode()


def _when(text: str) -> datetime | None:
    """The moment of a Last-Modified field."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _unchanged(asked: Head, tag: str, moment: datetime | None) -> bool:
    """Whether the client has it already (RFC 9110, section 13.2.2)."""
    tags = asked.all("if-none-match")
    if tags:
        return "*" in tags or (bool(tag) and tag.removeprefix("W/") in {one.removeprefix("W/") for one in tags})
    since = _when(asked.get("if-modified-since"))
    return since is not None and moment is not None and moment <= since
