"""What an HTTP request brings, taken in. Owns the limits on a body and the answer that a sender gets, whatever it sent.

A server hands over what a request is for (one of :data:`KINDS`), its headers and its body as it arrives; it gets an
:class:`Answer` back. Events are safe in the journal before the answer says so. A body is bounded in bytes as sent and as
unpacked, in the time that it may take to arrive, and all bodies together are bounded by :data:`MOST_BYTES_AT_ONCE`; what is
over is refused with a status that tells the sender whether to come again.

==========  ===================================================================
Status      When
==========  ===================================================================
200         taken (OTLP, alerts); of OTLP and alerts perhaps a part, and the answer says which part was not
202         taken (CloudEvents)
400         it is not what it should be; to send the same again helps nothing
408         the body came too slowly
411, 413    its length is not as stated; it is too large, packed or unpacked
415         a content type or an encoding that is not read
429         too much waits: come again after ``Retry-After`` seconds
503         the disk does not take it: come again
==========  ===================================================================
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from freehold.errors import BadSignal, FreeholdError, Overloaded
from freehold.log import log
from freehold.watch import cloudevents, otlp
from freehold.watch.alert import Alert
from freehold.watch.alertmanager import read_alerts, read_webhook
from freehold.watch.event import Event
from freehold.watch.journal import Journal
from freehold.watch.metric_deltas import Deltas

__all__ = [
    "KINDS",
    "MOST_BYTES_AT_ONCE",
    "PATHS",
    "Answer",
    "Intake",
    "Limits",
    "Refused",
    "Taken",
    "read_body",
    "refusal",
    "take",
    "unpacked",
]

KINDS: Final = ("cloudevents", "otlp.traces", "otlp.metrics", "otlp.logs", "alerts", "webhook")
PATHS: Final[Mapping[str, str]] = {
    "/events": "cloudevents",
    "/v1/traces": "otlp.traces",
    "/v1/metrics": "otlp.metrics",
    "/v1/logs": "otlp.logs",
    "/api/v2/alerts": "alerts",
    "/alertmanager/webhook": "webhook",
}
"""Where each kind is posted to: OTLP and Alertmanager say their own paths, which exporters append by themselves."""
MOST_BYTES_AT_ONCE: Final = 64 * 1024**2
_THREAD: Final = 64 * 1024
"""Bodies above are parsed beside the event loop, so that other requests go on."""
_JSON: Final = "application/json"
_PIECE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a body may be.

    Parameters
    ----------
    most_bytes
        As sent and as unpacked. What is parsed takes many times as much for a moment, so this is under the 20 MiB that
        OTLP names.
    seconds
        Until it must have arrived as a whole.
    """

    most_bytes: int = 8 * 1024**2
    seconds: float = 15.0


class Refused(BadSignal):
    """A body that is refused with another status than 400.

    Parameters
    ----------
    status
        The HTTP status.
    message
        Why, and the mend.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a body held.

    Parameters
    ----------
    events
        To be kept in the journal.
    alerts
        To be put to the alerts.
    telemetry
        What OTLP rejected, for its answer.
    refused
        Why single alerts were not valid; the others are taken.
    left_out
        Alerts that the sender itself left out.
    """

    events: tuple[Event, ...] = ()
    alerts: tuple[Alert, ...] = ()
    telemetry: otlp.Telemetry | None = None
    refused: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told: a status, headers, a body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def unpacked(body: bytes, encoding: str, most_bytes: int) -> bytes:
    """Undo a body's content encoding (``gzip``, ``deflate`` or none), as far as it stays within a limit.

    Raises
    ------
    Refused
        With status 413 if it becomes larger, 415 for another encoding, 400 if it is not so encoded.
    """
    wanted = encoding.strip().lower()
    if wanted in ("", "identity") or not body:
        return body
    if wanted not in ("gzip", "x-gzip", "deflate"):
        raise Refused(415, f"the content encoding '{wanted[:40]}' is not read. Send gzip, deflate or none.")
    # some servers unpack by themselves, and leave the header; no JSON and no OTLP begins like either
    if not body.startswith(b"\x1f\x8b" if "gzip" in wanted else b"\x78"):
        return body
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16 if "gzip" in wanted else zlib.MAX_WBITS)
    found = bytearray()
    try:
        rest = body
        while rest and not unpack.eof:
            found += unpack.decompress(rest, min(_PIECE, most_bytes + 1 - len(found)))
            if len(found) > most_bytes:
                raise Refused(413, f"unpacked, the body has more than {most_bytes} bytes. Send smaller ones.")
            rest = unpack.unconsumed_tail
        if not unpack.eof:
            raise Refused(400, f"the body ends before its {wanted} does. Send it whole.")
    except zlib.error as error:
        raise Refused(400, f"the body is not {wanted} ({error}). Send it as its Content-Encoding says.") from None
    if unpack.unused_data:
        raise Refused(400, f"the body goes on after its {wanted} has ended. Send one stream.")
    return bytes(found)


async def read_body(headers: Mapping[str, str], pieces: AsyncIterator[bytes], limits: Limits) -> bytes:
    """Read a body as it arrives, and undo its encoding.

    Parameters
    ----------
    headers
        Of the request; ``Content-Length`` is believed only to refuse early.
    pieces
        The body; read no further than the limits.
    limits
        What it may be.

    Raises
    ------
    Refused
        If it is over a limit, too slow, or not encoded as it says.
    """
    named = _named(headers)
    length = named.get("content-length", "")
    if length and not (length.isascii() and length.isdigit() and len(length) < 20):
        raise Refused(411, "the Content-Length is no number. Send the length in bytes.")
    if length and int(length) > limits.most_bytes:
        raise Refused(413, f"the body has {length} bytes, and at most {limits.most_bytes} are taken. Send smaller ones.")
    body = bytearray()
    try:
        async with asyncio.timeout(limits.seconds):
            async for piece in pieces:
                body += piece
                if len(body) > limits.most_bytes:
                    raise Refused(413, f"the body has more than {limits.most_bytes} bytes. Send smaller ones.")
    except TimeoutError:
        raise Refused(408, f"the body did not arrive within {limits.seconds:g} seconds. Send it again.") from None
    if length and len(body) != int(length) and "transfer-encoding" not in named and "content-encoding" not in named:
        raise Refused(400, f"the body has {len(body)} bytes, and its Content-Length says {length}. Send it whole.")
    return unpacked(bytes(body), named.get("content-encoding", ""), limits.most_bytes)


def take(kind: str, headers: Mapping[str, str], body: bytes, now: float) -> Taken:
    """Read what a whole body holds.

    Parameters
    ----------
    kind
        One of :data:`KINDS`.
    headers
        Of the request.
    body
        No longer encoded.
    now
        Seconds since 1970: when it was received.

    Raises
    ------
    freehold.errors.BadSignal
        If it is not what it should be; :class:`Refused` where another status than 400 says it better.
    """
    content_type = _named(headers).get("content-type", "")
    media = content_type.partition(";")[0].strip().lower()
    if kind == "cloudevents":
        return Taken(events=cloudevents.parse(headers, body, now))
    if kind.startswith("otlp."):
        if media not in ("application/x-protobuf", _JSON):
            raise Refused(415, f"OTLP as '{media[:80]}' is not read. Send application/x-protobuf or {_JSON}.")
        telemetry = otlp.parse(kind.removeprefix("otlp."), media, body, now)
        return Taken(events=telemetry.events, telemetry=telemetry)
    if kind not in ("alerts", "webhook"):
        raise Refused(404, f"'{kind[:40]}' is not taken. Send one of: {', '.join(KINDS)}.")
    if media != _JSON:
        raise Refused(415, f"alerts as '{media[:80]}' are not read. Send {_JSON}.")
    found = read_alerts(body, now) if kind == "alerts" else read_webhook(body, now)
    return Taken(alerts=found.alerts, refused=found.refused, left_out=found.left_out)


class Intake:
    """Takes in what requests bring: reads it within limits, keeps it, answers.

    Parameters
    ----------
    journal
        Keeps the events.
    put_alerts
        Takes the alerts, and returns when they are safe.
    clock
        Seconds since 1970.
    limits
        On one body.
    most_bytes_at_once
        On all bodies that are being read and parsed.
    reserved
        Types of events that nobody may send: what begins with one of these is a word that is given otherwise.
    """

    def __init__(
        self, journal: Journal, put_alerts: Callable[[tuple[Alert, ...]], Awaitable[None]], clock: Callable[[], float],
        *, limits: Limits = Limits(), most_bytes_at_once: int = MOST_BYTES_AT_ONCE, reserved: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self._reserved = reserved
        self._journal, self._put_alerts, self._clock = journal, put_alerts, clock
        self._limits, self._most_at_once = limits, most_bytes_at_once
        self._at_once = 0
        self._large = asyncio.Lock()
        self._deltas = Deltas()

    @property
    def bytes_at_once(self) -> int:
        """Bytes of all bodies that are being read and parsed."""
        return self._at_once

    async def receive(self, kind: str, headers: Mapping[str, str], pieces: AsyncIterator[bytes]) -> Answer:
        """Take in one request; never raises for what was sent.

        Parameters
        ----------
        kind
            One of :data:`KINDS`; see :data:`PATHS`.
        headers
            Of the request.
        pieces
            Its body as it arrives.
        """
        try:
            taken = await self._take(kind, headers, pieces)
        except FreeholdError as error:
            return refusal(kind, headers, error)
        if taken.telemetry is not None:
            media, body = otlp.answer(kind.removeprefix("otlp."), _named(headers)["content-type"], taken.telemetry)
            return Answer(200, {"Content-Type": media}, body)
        if taken.refused:
            # as Alertmanager does: what is valid is taken, and the sender hears of what is not
            return _plain(400, " ".join(taken.refused[:10]))
        return Answer(202 if kind == "cloudevents" else 200)

    async def _take(self, kind: str, headers: Mapping[str, str], pieces: AsyncIterator[bytes]) -> Taken:
        reading = _Counted(self, pieces)
        try:
            body = await read_body(headers, reading, self._limits)
            reading.count(len(body))
            now = self._clock()
            if len(body) > _THREAD:
                async with self._large:  # one after the other: each takes many times its size for a moment
                    taken = await asyncio.to_thread(take, kind, headers, body, now)
            else:
                taken = take(kind, headers, body, now)
        finally:
            reading.release()
        if self._reserved and any(event.type.startswith(self._reserved) for event in taken.events):
            types = ", ".join(self._reserved)
            raise BadSignal(f"events of type {types} are a person's word, given at the desk. Nothing was taken.")
        if taken.events:
            events, totals = self._deltas.tell(taken.events)
            await self._journal.put(events)
            self._deltas.keep(totals)
        if taken.alerts:
            await self._put_alerts(taken.alerts)
        if taken.left_out:
            log("intake.left_out", kind=kind, count=taken.left_out)
        return taken

    def hold(self, size: int) -> None:
        """Count bytes that are being read; see :data:`MOST_BYTES_AT_ONCE`.

        Raises
        ------
        freehold.errors.Overloaded
            If that is too many at once.
        """
        if self._at_once + size > self._most_at_once:
            raise Overloaded(f"{self._at_once} bytes are being read at once. Send again later.", 1.0)
        self._at_once += size

    def let_go(self, size: int) -> None:
        """Count bytes no longer."""
        self._at_once -= size


class _Counted:
    """The pieces of one body, counted against what all may have at once."""

    def __init__(self, intake: Intake, pieces: AsyncIterator[bytes]) -> None:
        self._intake, self._pieces, self._held = intake, pieces, 0

    def __aiter__(self) -> _Counted:
        return self

    async def __anext__(self) -> bytes:
        piece = await anext(self._pieces)
        self.count(self._held + len(piece))
        return piece

    def count(self, size: int) -> None:
        """Hold so many bytes in all."""
        if size > self._held:
            self._intake.hold(size - self._held)
            self._held = size

    def release(self) -> None:
        self._intake.let_go(self._held)


def _plain(status: int, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    body = msgspec.json.encode({"error": message})
    return Answer(status, {"Content-Type": _JSON, **(headers or {})}, body)


def refusal(kind: str, headers: Mapping[str, str], error: FreeholdError) -> Answer:
    """The answer for a request that was not taken: its status says whether to come again, and when."""
    more: dict[str, str] = {}
    if isinstance(error, Overloaded):
        status, more = 429, {"Retry-After": str(max(1, round(error.retry_after)))}
    elif isinstance(error, Refused):
        status = error.status
    elif isinstance(error, BadSignal):
        status = 400
    else:
        status, more = 503, {"Retry-After": "5"}
    if not kind.startswith("otlp."):
        return _plain(status, str(error), more)
    media, body = otlp.failure(_named(headers).get("content-type", ""), str(error))
    return Answer(status, {"Content-Type": media, **more}, body)
