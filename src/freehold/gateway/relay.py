"""An answer on its way to the client. Owns what goes out in which order, and how a stream ends that does not end well.

What a client has begun to get is never joined to another model's answer: a stream that breaks, is stopped or is refused
ends with an error event. Before the last byte goes out, the request is in the evidence.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final

import msgspec
from aiohttp import ClientError, web
from multidict import CIMultiDict

from freehold.gateway.answers import Refusal, error_event
from freehold.gateway.attempts import Answered, tell_change
from freehold.gateway.breaker import FailureKind
from freehold.gateway.exchange import Exchange
from freehold.gateway.first_bytes import is_stream
from freehold.gateway.flights import Interruption
from freehold.gateway.headers import answer_headers, plain
from freehold.gateway.running import Running
from freehold.gateway.streams import EventStream
from freehold.gateway.tool_calls import Judge
from freehold.gateway.upstreams import failure_words
from freehold.gateway.usage import Tokens, UsageTable

__all__ = ["Done", "broken_off", "relayed", "told_headers"]

Done = Callable[[Exchange], bool]
"""Accounts for an exchange: whether it is in the evidence, or may go out without. Told twice, it counts once."""

_FAREWELL: Final = 0.5
_TAIL: Final = 2_048
_MOST_QUIET: Final = 10
"""Idle times for which comments and empty events alone keep a stream going."""
_SAYS_SOMETHING: Final = re.compile(rb"(?:^|[\r\n])data:[ \t]*[^ \t\r\n]")


def told_headers(exchange: Exchange) -> CIMultiDict[str]:
    """What the gateway says of an answer in its headers: who gave it and why."""
    headers: CIMultiDict[str] = CIMultiDict(Server="freehold")
    if exchange.upstream:
        headers["x-freehold-upstream"] = plain(exchange.upstream)
    if exchange.because:
        headers["x-freehold-because"] = plain(exchange.because)
    if exchange.fallback:
        headers["x-freehold-fallback"] = plain(exchange.fallback)
    return headers


def broken_off(why: Interruption) -> Refusal:
    """What a client is told of an interruption."""
    if why.kind == "stopped" and why.stop is not None:
        because = f": {why.stop.why}" if why.stop.why else ""
        return Refusal(403, "stopped", f"{why.stop} is stopped{because}.")
    if why.kind == "closing":
        return Refusal(503, "closing", "the gateway is being shut down.", {"Retry-After": "5"})
    if why.kind == "stream_too_long":
        return Refusal(504, "stream_too_long", "the answer did not end in time, or held nothing but comments for too long.")
    return Refusal(504, "timeout", "the answer did not go on in time.")


async def relayed(
    running: Running, exchange: Exchange, request: web.Request, answered: Answered, judge: Judge, done: Done
) -> web.StreamResponse:
    """Give an upstream's answer to the client.

    Parameters
    ----------
    running, exchange
        The gateway, and what is known of the request.
    request
        The client's.
    answered
        The answer.
    judge
        Asked about tool calls.
    done
        Called before the last byte goes out.

    Raises
    ------
    freehold.gateway.answers.Refusal
        If it is refused before anything of it went out.
    """
    response = answered.response
    exchange.status = response.status
    headers = answer_headers(response.headers)
    headers.extend(told_headers(exchange))
    if answered.answer is not None:
        return _whole(running, exchange, answered, judge, done, headers)
    if exchange.kind != "pass" and response.status < 400 and is_stream(response):
        return await _Stream(running, exchange, request, answered, judge, done).relayed(headers)
    return await _raw(running, exchange, request, answered, done, headers)


def _whole(
    running: Running, exchange: Exchange, answered: Answered, judge: Judge, done: Done, headers: CIMultiDict[str]
) -> web.Response:
    assert answered.answer is not None
    answer, loop = answered.answer, asyncio.get_running_loop()
    answered.upstream.breaker.succeeded(loop.time(), answered.permit)
    exchange.answered_by, exchange.tokens = answer.model, answer.tokens(exchange.asked_bytes)
    exchange.first_byte = time.monotonic()
    answer.judged(judge)
    exchange.digests.update(running.records.digest("answer", sha256(answered.first)))
    if not done(exchange):
        raise _not_written()
    return web.Response(body=answered.first, status=answered.response.status, headers=headers)


def _not_written() -> Refusal:
    return Refusal(503, "no_evidence", "the answer cannot be put into evidence, and is kept back.")


async def _raw(
    running: Running, exchange: Exchange, request: web.Request, answered: Answered, done: Done, headers: CIMultiDict[str]
) -> web.StreamResponse:
    """Pass an answer on byte for byte."""
    response, loop = answered.response, asyncio.get_running_loop()
    out = web.StreamResponse(status=response.status, headers=headers)
    length = response.headers.get("content-length", "")
    if length.isascii() and length.isdigit():
        out.content_length = int(length)
    exchange.first_byte = time.monotonic()
    piece, tail, sent = answered.first, b"", 0
    idle = running.plan.configuration.timeouts.idle

    def whole() -> None:
        answered.upstream.breaker.succeeded(loop.time(), answered.permit)
        if exchange.kind == "embeddings" and response.status < 400:
            exchange.tokens = _usage_in(tail, exchange.asked_bytes)
        if not done(exchange):
            raise _NotWrittenError

    try:
        await out.prepare(request)
        while piece:
            sent += len(piece)
            tail = (tail + piece)[-_TAIL:]
            if out.content_length is not None and sent >= out.content_length:
                whole()
            await out.write(piece)
            exchange.flight.deadline = loop.time() + idle
            piece = await response.content.readany()
        if not exchange.told:
            whole()
        await out.write_eof()
    except asyncio.CancelledError:
        response.close()
        answered.upstream.breaker.abandoned(loop.time(), answered.permit)
        why = exchange.flight.go_on()
        exchange.error, exchange.status = ("client_gone", 499) if why is None else (why.kind, broken_off(why).status)
        _abort(request)
        done(exchange)
        if why is None:
            raise
    except _NotWrittenError:
        response.close()
        _abort(request)
    except (ClientError, OSError) as error:
        response.close()
        gone = request.transport is None or request.transport.is_closing()
        _ended_badly(running, exchange, answered, error, gone=gone)
        _abort(request)
        done(exchange)
    return out


class _NotWrittenError(Exception):
    """The last byte may not go out."""


def _usage_in(tail: bytes, asked_bytes: int) -> Tokens:
    """The tokens of embeddings, whose usage stands at the end of an answer that is not read."""
    start = tail.rfind(b'"usage"')
    begin, end = tail.find(b"{", start), tail.find(b"}", start)
    if start >= 0 and begin > 0 and end > begin:
        try:
            return msgspec.json.decode(tail[begin : end + 1], type=UsageTable, strict=False).tokens()
        except msgspec.DecodeError:
            pass
    return Tokens(asked_bytes // 4, 0, estimated=True)


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _ended_badly(running: Running, exchange: Exchange, answered: Answered, error: BaseException, *, gone: bool) -> None:
    """Tell whose fault it was that an answer broke off."""
    now = asyncio.get_running_loop().time()
    if gone:
        answered.upstream.breaker.abandoned(now, answered.permit)
        exchange.error, exchange.status = "client_gone", 499
        return
    _broken(running, exchange, answered, "stream_broken", failure_words(error)[1])


def _broken(running: Running, exchange: Exchange, answered: Answered, kind: FailureKind, why: str) -> None:
    upstream = answered.upstream
    change = upstream.breaker.failed(asyncio.get_running_loop().time(), answered.permit, kind)
    exchange.error = kind
    body = exchange.attributes()
    body["freehold.because"], body["error.type"] = why, kind
    running.records.put("stream.broken", body, flush=False)
    running.notices.say("stream_broken", upstream.name, upstream=upstream.name, why=why)
    tell_change(running, upstream, change, why)


class _Stream:
    """One stream of events."""

    def __init__(
        self, running: Running, exchange: Exchange, request: web.Request, answered: Answered, judge: Judge, done: Done
    ) -> None:
        self.running, self.exchange, self.request, self.answered, self.done = running, exchange, request, answered, done
        self.events = EventStream(exchange.kind, judge)
        self.loop = asyncio.get_running_loop()
        self.idle = running.plan.configuration.timeouts.idle
        self.last = exchange.flight.ends
        self.counted = False
        self.content = sha256() if running.records.digesting else None

    async def relayed(self, headers: CIMultiDict[str]) -> web.StreamResponse:
        exchange, response = self.exchange, self.answered.response
        try:
            ready = self.events.feed(self.answered.first)
        except Refusal as refusal:
            self._refused(refusal)
            self._note()
            raise
        out = web.StreamResponse(status=response.status, headers=headers)
        try:
            await out.prepare(self.request)
            exchange.first_byte = time.monotonic()
            ended_by = await self._pass_on(out, ready)
            if ended_by is not None:
                await self._end_with(out, ended_by)
            else:
                await out.write_eof()
        except asyncio.CancelledError:
            response.close()
            self.answered.upstream.breaker.abandoned(self.loop.time(), self.answered.permit)
            why = exchange.flight.go_on()
            if why is None:
                exchange.error, exchange.status = "client_gone", 499
                self._finish()
                raise
            exchange.error = why.kind
            await self._end_with(out, broken_off(why))
        except (ClientError, OSError):
            # Reading is guarded where it is done: this is the client, who left.
            response.close()
            self.answered.upstream.breaker.abandoned(self.loop.time(), self.answered.permit)
            exchange.error, exchange.status = "client_gone", 499
            self._finish()
        return out

    async def _pass_on(self, out: web.StreamResponse, ready: bytes) -> Refusal | None:
        """Pass events on until the stream ends; what the client is to be told if it does not end well."""
        events, content = self.events, self.answered.response.content
        self._renew()
        while True:
            if ready:
                if events.ended:
                    self._succeeded()
                    if not self._finish():
                        return _not_written()
                if self.content is not None:
                    self.content.update(ready)
                await out.write(ready)
                self._went_on(ready)
            try:
                chunk = await content.readany()
                ready = events.feed(chunk) if chunk else events.finish()
            except Refusal as refusal:
                self._refused(refusal)
                return refusal
            except (ClientError, OSError) as error:
                self.answered.response.close()
                return self._broke(failure_words(error)[1])
            if not chunk:
                return await self._last(out, ready)

    def _went_on(self, ready: bytes) -> None:
        self.exchange.flight.deadline = self.loop.time() + self.idle
        if _SAYS_SOMETHING.search(ready) is not None:
            self._renew()

    def _renew(self) -> None:
        self.exchange.flight.ends = min(self.last, self.loop.time() + _MOST_QUIET * self.idle)

    async def _last(self, out: web.StreamResponse, ready: bytes) -> Refusal | None:
        if not self.events.whole and not self.events.ended:
            if ready:
                await out.write(ready)
            return self._broke("its stream ended without its last event")
        self._succeeded()
        if not self._finish():
            return _not_written()
        if ready:
            await out.write(ready)
        return None

    def _broke(self, why: str) -> Refusal:
        if self.events.ended:
            why = f"{why} after the answer was whole"
        _broken(self.running, self.exchange, self.answered, "stream_broken", why)
        return Refusal(
            502, "stream_broken", f"the answer of '{self.answered.upstream.name}' is not whole: {why}. Ask again for another.",
        )  # fmt: skip

    def _refused(self, refusal: Refusal) -> None:
        self.answered.response.close()
        if refusal.code == "upstream_nonsense":
            _broken(self.running, self.exchange, self.answered, "not_understood", refusal.message)
        else:
            self._succeeded()
            self.exchange.error = refusal.code

    def _succeeded(self) -> None:
        if self.counted:
            return
        self.counted = True
        self.answered.upstream.breaker.succeeded(self.loop.time(), self.answered.permit)

    def _finish(self) -> bool:
        self._note()
        return self.done(self.exchange)

    def _note(self) -> None:
        self.exchange.answered_by = self.events.model.removeprefix("?")
        self.exchange.tokens = self.events.tokens(self.exchange.asked_bytes)
        if self.events.failed:
            self.exchange.error = self.exchange.error or "upstream_error_event"
        if self.content is not None and not self.exchange.told:
            self.exchange.digests.update(self.running.records.digest("answer", self.content))

    async def _end_with(self, out: web.StreamResponse, refusal: Refusal) -> None:
        """End the stream with an error event, unless the client does not take it."""
        self._finish()
        transport = self.request.transport
        if transport is None or transport.is_closing():
            return
        try:
            async with asyncio.timeout(_FAREWELL):
                await out.write(error_event(refusal, self.exchange.kind))
                await out.write_eof()
        except (TimeoutError, ClientError, OSError):
            transport.abort()
