"""Requests by the thousand over bare sockets, timed. Run in a child, so that its own processor time is told apart.

It prints one JSON object: for each address ``done``, ``failed``, latencies in seconds (``whole`` and ``first``, the first
byte of a body), and how many streams were ``dropped``: anything but every token and the end. ``processor`` is its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
import time
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import urlsplit

__all__ = ["Answer", "Told", "main", "percentile"]

_TOKEN: Final = b"tok "
_DONE: Final = b"[DONE]"
_MOST_LATENCIES: Final = 200_000


def percentile(values: list[float], part: float) -> float:
    """The value under which so many lie, by the nearest rank; ``nan`` of none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered) - 1e-9) - 1)]


@dataclass(slots=True)
class Answer:
    """What came back of one request."""

    status: int = 0
    first: float = 0.0
    whole: float = 0.0
    tokens: int = 0
    ended: bool = False
    longest_gap: float = 0.0


@dataclass(slots=True)
class Told:
    """What is told of one address."""

    done: int = 0
    failed: int = 0
    dropped: int = 0
    tokens: int = 0
    seconds: float = 0.0
    whole: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)

    def add(self, answer: Answer, *, tokens: int | None) -> None:
        """Count one answer; a stream must bring ``tokens`` and its end."""
        name = str(answer.status)
        self.statuses[name] = self.statuses.get(name, 0) + 1
        whole = answer.status == 200 and answer.ended
        self.done += whole
        self.failed += not whole
        self.tokens += answer.tokens
        if tokens is not None and not (whole and answer.tokens == tokens):
            self.dropped += 1
        if whole and len(self.whole) < _MOST_LATENCIES:
            self.whole.append(answer.whole)
            self.first.append(answer.first)
            self.gaps.append(answer.longest_gap)

    def as_data(self) -> dict[str, object]:
        """As JSON: quantiles instead of every latency."""
        quantiles = {
            f"{name}_{label}": percentile(values, part)
            for name, values in (("whole", self.whole), ("first", self.first), ("gap", self.gaps))
            for label, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
            if values
        }
        return {
            "done": self.done, "failed": self.failed, "dropped": self.dropped, "tokens": self.tokens,
            "seconds": self.seconds, "statuses": self.statuses, **quantiles,
        }  # fmt: skip


class _Connection(asyncio.Protocol):
    """One connection that is kept open; one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.waiter: asyncio.Future[Answer] | None = None
        self._clear()

    def _clear(self) -> None:
        self._head = b""
        self._in_body = self._chunked = self._closes = self._stream = False
        self._left: int | None = None
        self._tail = b""
        self._began = self._last = 0.0
        self._answer = Answer()
        self._chunk_rest, self._chunk_left, self._chunk_seen = b"", 0, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self.waiter is not None and not self.waiter.done():
            if self._in_body and not self._chunked and self._left is None and error is None:
                self._end()
            else:
                self.waiter.set_result(self._answer)

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """Send a request; the future is done when its answer is whole, or the connection is gone."""
        self._clear()
        self.waiter = asyncio.get_running_loop().create_future()
        self._began = self._last = time.perf_counter()
        assert self.transport is not None
        self.transport.write(request)
        return self.waiter

    def data_received(self, data: bytes) -> None:
        if self.waiter is None or self.waiter.done():
            return
        if not self._in_body:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._read_head(head)
        if data or self._left == 0:
            self._read_body(data)

    def _read_head(self, head: bytes) -> None:
        self._in_body = True
        self._answer.status = int(head.split(b" ", 2)[1])
        for line in head.lower().split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name == b"content-length":
                self._left = int(value)
            elif name == b"transfer-encoding":
                self._chunked = b"chunked" in value
            elif name == b"connection":
                self._closes = b"close" in value
            elif name == b"content-type":
                self._stream = b"event-stream" in value

    def _read_body(self, data: bytes) -> None:
        now = time.perf_counter()
        answer = self._answer
        if not answer.first and data:
            answer.first = now - self._began
        elif now - self._last > answer.longest_gap:
            answer.longest_gap = now - self._last
        self._last = now
        if self._chunked:
            payload, ended = self._unchunk(data)
            self._count(payload)
            if ended:
                self._end()
            return
        self._count(data)
        if self._left is not None:
            self._left -= len(data)
            if self._left <= 0:
                self._end()

    def _unchunk(self, data: bytes) -> tuple[bytes, bool]:
        """What chunks hold without their frames, and whether the last one came (RFC 9112, section 7.1)."""
        text = self._chunk_rest + data
        place, parts = 0, []
        while True:
            if self._chunk_left:
                piece = text[place : place + self._chunk_left]
                place += len(piece)
                self._chunk_left -= len(piece)
                parts.append(piece)
                if self._chunk_left:
                    break
            end = text.find(b"\r\n", place + 2 if self._chunk_seen else place)
            if end < 0:
                break
            size = int(text[place:end].strip().split(b";")[0], 16)
            if size == 0:
                if text.endswith(b"\r\n\r\n"):
                    return b"".join(parts), True
                break
            place, self._chunk_left, self._chunk_seen = end + 2, size, True
        self._chunk_rest = text[place:]
        return b"".join(parts), False

    def _count(self, data: bytes) -> None:
        """Count tokens, and see the end, though they be cut by the pieces in which they come."""
        if not self._stream:
            return
        text = self._tail + data
        self._answer.tokens += text.count(_TOKEN) - self._tail.count(_TOKEN)
        if _DONE in text:
            self._answer.ended = True
        self._tail = text[-8:]

    def _end(self) -> None:
        self._answer.whole = time.perf_counter() - self._began
        self._answer.ended = self._answer.ended or not self._stream
        assert self.waiter is not None
        if not self.waiter.done():
            self.waiter.set_result(self._answer)
        if self._closes and self.transport is not None:
            self.transport.close()
            self.transport = None


def _request(url: str, headers: dict[str, str], *, stream: bool) -> tuple[str, int, bytes]:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    body = json.dumps(
        {
            "model": "bench", "messages": [{"role": "user", "content": "Say something short about gateways."}],
            **({"stream": True} if stream else {}),
        }
    ).encode()  # fmt: skip
    told = {"Host": f"{parts.hostname}:{parts.port}", "Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in (told | headers).items())
    return parts.hostname, parts.port, f"POST {parts.path} HTTP/1.1\r\n{head}\r\n".encode() + body


async def _worker(
    targets: list[tuple[str, int, bytes]],
    told: list[Told],
    left: list[int],
    options: argparse.Namespace,
    place: int,
    until: float,
) -> None:
    loop = asyncio.get_running_loop()
    open_: list[_Connection | None] = [None] * len(targets)
    tokens = options.tokens if options.stream else None
    await asyncio.sleep(options.ramp * place / max(1, options.at_once))
    turn = place
    while left[0] > 0 and time.perf_counter() < until:
        left[0] -= 1
        which = turn % len(targets)
        turn += 1
        host, port, request = targets[which]
        try:
            connection = open_[which]
            if connection is None or connection.transport is None or connection.transport.is_closing():
                _, connection = await loop.create_connection(_Connection, host, port)
                open_[which] = connection
            async with asyncio.timeout(options.timeout):
                answer = await connection.ask(request)
        except (OSError, TimeoutError):
            answer = Answer()
            if open_[which] is not None and open_[which].transport is not None:  # type: ignore[union-attr]
                open_[which].transport.abort()  # type: ignore[union-attr]
            open_[which] = None
        told[which].add(answer, tokens=tokens)
        if options.every is not None:
            options.every(answer)
    for connection in open_:
        if connection is not None and connection.transport is not None:
            connection.transport.close()


async def _load(options: argparse.Namespace) -> dict[str, object]:
    headers = dict(one.split("=", 1) for one in options.header)
    targets = [_request(url, headers, stream=options.stream) for url in options.url]
    told = [Told() for _ in targets]
    left = [options.count]
    processor, began = time.process_time(), time.perf_counter()
    until = began + options.seconds
    await asyncio.gather(
        *(_worker(targets, told, left, options, place, until) for place in range(min(options.at_once, options.count)))
    )
    seconds = time.perf_counter() - began
    for one in told:
        one.seconds = seconds
    return {
        "processor": time.process_time() - processor, "seconds": seconds, "targets": [one.as_data() for one in told],
        "each": [] if options.every is None else options.each,
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Send the load, and print what came of it."""
    parser = argparse.ArgumentParser("gateway_load")
    parser.add_argument("--url", action="append", required=True, help="repeatable: by turns")
    parser.add_argument("--header", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="no request begins later")
    parser.add_argument("--timeout", type=float, default=60.0, help="of one request")
    parser.add_argument("--ramp", type=float, default=0.0, help="seconds over which the first requests begin")
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--tokens", type=int, default=0, help="that each stream must bring")
    parser.add_argument("--each", action="store_true", help="tell the latency of every request, in order")
    options = parser.parse_args(arguments)
    options.every = None
    if options.each:
        each: list[float] = []
        options.every, options.each = (lambda answer: each.append(answer.whole)), each
    try:
        import uvloop

        result = uvloop.run(_load(options))
    except ImportError:
        result = asyncio.run(_load(options))
    json.dump(result, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
