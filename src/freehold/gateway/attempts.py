"""From a route to an upstream that answers. Owns fail-over: who is tried, how often, and what is told when nobody answers.

Another upstream is tried only as long as nothing of an answer has gone to the client: the first bytes of an answer's body
are waited for here. An upstream whose breaker is open is not tried and costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aiohttp import ClientError, ClientResponse
from aiohttp.client_exceptions import ServerDisconnectedError
from multidict import CIMultiDict

from freehold.gateway.answers import Refusal
from freehold.gateway.breaker import Change, Permit
from freehold.gateway.exchange import Exchange
from freehold.gateway.failures import AttemptFailed, Failures
from freehold.gateway.first_bytes import first_event, is_stream, read_whole, see_head, whole_body
from freehold.gateway.paths import address_at
from freehold.gateway.plan import Candidate
from freehold.gateway.running import Running
from freehold.gateway.upstreams import Upstream, failure_words
from freehold.gateway.whole_answers import Answer
from freehold.watch.event import Json

__all__ = ["Answered", "Order", "obtain", "tell_change"]

_PAUSE: Final = 0.05
_KEYS_BETWEEN: Final = 60.0
"""Seconds between two sentences on keys of clients that an upstream refuses."""
_SLICE: Final = 262_144
_READ_WHOLE: Final = ("chat", "text_completion", "responses")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sent.

    Parameters
    ----------
    method
        The HTTP method.
    target
        Path and query.
    headers
        The client's headers that may go on, without keys.
    with_key
        The same with the client's own key, for an upstream that is to get it.
    body
        Gives the body in which a model's name stands.
    """

    method: str
    target: str
    headers: CIMultiDict[str]
    with_key: CIMultiDict[str]
    body: Callable[[str], bytes | AsyncIterable[bytes] | None]


@dataclass(slots=True)
class Answered:
    """An upstream that answers.

    Parameters
    ----------
    upstream
        Who.
    response
        The head of its answer.
    first
        The first bytes of the body, read already; all of it where ``answer`` is there.
    permit
        Its breaker's, to be given back when the answer has ended.
    answer
        The answer, read whole; ``None`` where it is a stream, or is not looked at.
    """

    upstream: Upstream
    response: ClientResponse
    first: bytes
    permit: Permit
    answer: Answer | None = None


def tell_change(
    running: Running, upstream: Upstream, change: Change | None, why: str = "", stage: Literal["look", "request"] = "request"
) -> None:
    """Write and say that a breaker has changed; of one that half opens, whether it is looked at or a request is its probe."""
    if change is None:
        return
    body: dict[str, Json] = {
        "freehold.upstream": upstream.name, "server.address": upstream.address, "freehold.source_id": upstream.source_id,
        "freehold.because": why, "gen_ai.provider.name": upstream.provider,
        "freehold.stage": stage if change == "half_open" else "",
    }  # fmt: skip
    running.records.put(f"breaker.{change}", {name: value for name, value in body.items() if value})
    seconds = round(upstream.breaker.open_until - asyncio.get_running_loop().time())
    said = "looked_at" if change == "half_open" and stage == "look" else change
    overtaken = "upstream_failed" if change == "closed" else ""
    running.notices.change(f"breaker_{said}", after=overtaken, upstream=upstream.name, why=why, seconds=max(seconds, 1))


async def obtain(
    running: Running, exchange: Exchange, order: Order, candidates: Sequence[Candidate], *, once: bool = False
) -> Answered:
    """Find an upstream that answers.

    Parameters
    ----------
    running
        The gateway.
    exchange
        What is known of the request; who answers is filled in.
    order
        What is to be sent.
    candidates
        Who may answer, in order.
    once
        Whether a try cannot be made again, since what is sent is read only once.

    Raises
    ------
    freehold.gateway.answers.Refusal
        If nobody does.
    asyncio.CancelledError
        If the client left, or the request was interrupted.
    """
    failures = Failures()
    now = asyncio.get_running_loop().time
    for place, candidate in enumerate(candidates):
        upstream = candidate.upstream
        stop = running.switches.stops.of("model", candidate.model) if candidate.model else None
        if stop is not None:
            failures.add(upstream.name, 403, f"{stop} is stopped")
            continue
        upstream.retries.request(now())
        tries = 0
        while True:
            permit, change = upstream.breaker.ask(now(), others=len(candidates) > 1)
            tell_change(running, upstream, change)
            if not permit.goes:
                failures.held(upstream.name, permit.because, permit.until - now())
                break
            exchange.attempts += 1
            _fill_in(exchange, candidate)
            try:
                answered = await _one(running, exchange, order, candidate, permit)
            except AttemptFailed as failed:
                failures.add(upstream.name, failed.status, failed.what)
                if failed.limited:
                    failures.limited(upstream.breaker.resting(now()) if failed.retry_after is None else failed.retry_after)
                last = place + 1 == len(candidates)
                if once:
                    break
                again = failed.stale or (last and failed.again)
                if not again or tries >= upstream.retries.table.each or not upstream.retries.ask(now()):
                    break
                tries += 1
                if not failed.stale:
                    await asyncio.sleep(_PAUSE)
                continue
            exchange.because = candidate.because
            if permit.probe and place == 0 and len(candidates) > 1 and upstream.breaker.state == "closed":
                running.routes.returns(exchange.model, upstream.name, running.plan, now())
            if failures.told:
                _tell_fallback(running, exchange, candidates[0], candidate, failures)
            return answered
    raise failures.refusal()


def _fill_in(exchange: Exchange, candidate: Candidate) -> None:
    upstream = candidate.upstream
    exchange.upstream, exchange.upstream_model = upstream.name, candidate.model
    exchange.provider, exchange.source_id, exchange.address = upstream.provider, upstream.source_id, upstream.address
    exchange.price = candidate.price
    exchange.flight.upstream = upstream.name
    exchange.flight.models = (exchange.model, candidate.model) if candidate.model else (exchange.model,)


def _tell_fallback(running: Running, exchange: Exchange, wanted: Candidate, found: Candidate, failures: Failures) -> None:
    if found.upstream is wanted.upstream:
        return
    upstream, _, what = failures.told[0]
    exchange.fallback = f"{upstream} -> {found.upstream.name}: {what}"
    body = exchange.attributes()
    body["freehold.because"] = what
    body["freehold.name"] = upstream
    running.records.put("fallback", body, flush=False)
    running.notices.say(
        "fallback",
        f"{upstream} {found.upstream.name}",
        model=exchange.model,
        wanted=upstream,
        found=found.upstream.name,
        why=what,
    )


async def _one(running: Running, exchange: Exchange, order: Order, candidate: Candidate, permit: Permit) -> Answered:
    """One try at one upstream."""
    upstream, flight = candidate.upstream, exchange.flight
    loop = asyncio.get_running_loop()
    headers = (order.with_key if upstream.client_key else order.headers).copy()
    upstream.authorize(headers)
    url = address_at(upstream.base, order.target)
    if url is None:
        upstream.breaker.abandoned(loop.time(), permit)
        raise Refusal(404, "not_there", f"{order.target.partition('?')[0]} lies outside the paths of the upstream.")
    timeouts = running.plan.configuration.timeouts
    flight.deadline = loop.time() + (timeouts.first_byte if exchange.stream else timeouts.answer)
    flight.ends, flight.asked = float("inf"), loop.time()
    response: ClientResponse | None = None

    def went_on() -> None:
        flight.deadline = loop.time() + timeouts.idle

    try:
        response = await upstream.ask(order.method, url, headers, _sliced(order.body(candidate.model), headers))
        if exchange.kind != "pass":
            await see_head(response, headers, own_key=not upstream.client_key)
        first = await response.content.readany()
        flight.ends, flight.asked = loop.time() + timeouts.stream, float("inf")
        running.silences.answered(upstream)
        answer = None
        if exchange.kind != "pass" and response.status < 400 and is_stream(response):
            first = await first_event(response, first)
        elif exchange.kind in _READ_WHOLE and response.status < 400:
            first = await whole_body(response, first, running.plan.configuration.limits.answer_bytes, went_on)
            answer = read_whole(first)
    except AttemptFailed as failed:
        assert response is not None
        response.close()
        _count(running, exchange, upstream, permit, failed)
        raise
    except asyncio.CancelledError:
        if response is not None:
            response.close()
        if flight.interruption is None or flight.interruption.kind not in ("late", "stream_too_long"):
            upstream.breaker.abandoned(loop.time(), permit)
            if flight.interruption is None and loop.time() - flight.asked >= timeouts.warn:
                _tell_left(running, exchange, upstream, loop.time() - flight.asked)
            raise
        flight.go_on()
        late = AttemptFailed(504, "it did not answer in time", kind="timeout")
        _count(running, exchange, upstream, permit, late)
        raise late from None
    except (ClientError, OSError, ValueError, Refusal) as error:
        if response is not None:
            response.close()
        if exchange.problem is not None:
            upstream.breaker.abandoned(loop.time(), permit)
            raise exchange.problem from None
        kind, what = failure_words(error)
        nothing = AttemptFailed(502, what, kind=kind, again=True, stale=isinstance(error, ServerDisconnectedError))
        _count(running, exchange, upstream, permit, nothing)
        raise nothing from None
    finally:
        flight.asked = float("inf")
    went_on()
    if response.status in (401, 403) and upstream.client_key:
        running.notices.say(
            "client_key_refused", upstream.name, between=_KEYS_BETWEEN, upstream=upstream.name, status=response.status
        )
    if permit.probe:
        tell_change(running, upstream, upstream.breaker.succeeded(loop.time(), permit))
    return Answered(upstream, response, first, permit, answer)


def _sliced(body: bytes | AsyncIterable[bytes] | None, headers: CIMultiDict[str]) -> bytes | AsyncIterable[bytes] | None:
    """A large body in slices, so that writing it does not hold up everybody else."""
    if not isinstance(body, bytes) or len(body) <= _SLICE:
        return body
    headers["Content-Length"] = str(len(body))
    return _slices(body)


async def _slices(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _SLICE):
        yield body[start : start + _SLICE]


def _tell_left(running: Running, exchange: Exchange, upstream: Upstream, seconds: float) -> None:
    """Tell that a client waited for long and left before the first byte came.

    The breaker is not told: clients differ in their patience, and one that has little must not close an upstream to others.
    """
    body = exchange.attributes()
    body["error.type"] = "timeout"
    body["freehold.because"] = why = f"its client left after {seconds:.0f} s without a byte of an answer"
    running.records.put("upstream.failed", body, flush=False)
    running.notices.say("upstream_failed", f"{upstream.name} left", upstream=upstream.name, why=why)


def _count(running: Running, exchange: Exchange, upstream: Upstream, permit: Permit, failed: AttemptFailed) -> None:
    """Tell the breaker, the evidence and standard error that a try came to nothing."""
    now = asyncio.get_running_loop().time()
    change: Change | None = None
    if failed.limited:
        upstream.breaker.rate_limited(now, permit, failed.retry_after)
    elif failed.kind is not None:
        change = upstream.breaker.failed(now, permit, failed.kind)
    body = exchange.attributes()
    body["error.type"] = failed.kind or "rate_limited"
    body["freehold.because"] = failed.what
    running.records.put("upstream.failed", body, flush=False)
    running.notices.say("upstream_failed", f"{upstream.name} {body['error.type']}", upstream=upstream.name, why=failed.what)
    tell_change(running, upstream, change, failed.what)
