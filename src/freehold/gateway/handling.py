"""One request from its first line to its last byte. Owns the order in which it is asked whether it may go on.

Stops; whose key it is; what was asked; budgets; the tools that it declares; the route; and only then an upstream. What
comes back is judged on its way (:mod:`freehold.gateway.relay`).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from functools import partial
from hashlib import sha256
from typing import Final

import msgspec
from aiohttp import ClientError, web

from freehold.errors import GatewayError
from freehold.gateway.admission import body_of, caller_of, candidates_for, hold, see_agent, see_tools, too_large
from freehold.gateway.answers import Refusal, error_body
from freehold.gateway.attempts import Order, obtain
from freehold.gateway.exchange import Caller, Exchange
from freehold.gateway.flights import Flight
from freehold.gateway.headers import foreign_page, plain, request_headers
from freehold.gateway.paths import kind_of, path_problem
from freehold.gateway.plan import Candidate, Plan
from freehold.gateway.relay import broken_off, relayed, told_headers
from freehold.gateway.requests import Asked, read_asked, with_model
from freehold.gateway.running import Running
from freehold.gateway.switches import Stop
from freehold.gateway.tool_calls import ToolCall
from freehold.gateway.tool_policy import Call
from freehold.gateway.usage import Tokens

__all__ = ["Handler"]

_HARMLESS: Final = frozenset({"DELETE", "HEAD", "OPTIONS"})
_LISTED: Final = re.compile(r"(?:/v1)?/models(?:/[^/]+)?|/health|/metrics|/version|/api/(?:tags|ps|version)|/")
"""Paths that hold no answers of models."""
_UNKNOWN_A_SECOND: Final = 10
_CUT: Final = frozenset({"client_gone", "stopped", "late", "stream_too_long", "closing"})
"""Ends after which an upstream has read what was sent, whatever it said of it."""


class Handler:
    """What answers requests.

    Parameters
    ----------
    running
        The gateway.
    """

    def __init__(self, running: Running) -> None:
        self.running = running
        self._loop = asyncio.get_running_loop()
        self._unknown = (0, 0)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        running, loop = self.running, self._loop
        task = asyncio.current_task()
        assert task is not None
        flight = Flight(task, plan=running.plan)
        exchange = Exchange("pass", request.raw_path[:2_048], Caller(), flight, time.monotonic())
        running.flights.add(flight)
        try:
            return await self._answer(request, exchange)
        except Refusal as refusal:
            return self._refused(exchange, refusal)
        except asyncio.CancelledError:
            why = flight.go_on()
            if why is None:
                exchange.error, exchange.status = exchange.error or "client_gone", 499
                self._done(exchange)
                raise
            return self._refused(exchange, broken_off(why))
        except (ClientError, ConnectionError):
            exchange.error, exchange.status = "client_gone", 499
            self._done(exchange)
            raise
        except Exception as error:  # noqa: BLE001  a defect met by one request must not end the others
            running.notices.say("defect", type(error).__name__, what=f"{type(error).__name__}: {error}")
            return self._refused(exchange, Refusal(500, "defect", "this is a defect of the gateway's; the request was ended."))
        finally:
            running.flights.remove(flight)
            if not exchange.told:
                running.accounts.settle(exchange.held, loop.time(), time.time(), 0, 0.0)

    def _refused(self, exchange: Exchange, refusal: Refusal) -> web.Response:
        exchange.status, exchange.error = refusal.status, refusal.code
        exchange.refused = (
            not exchange.attempts and refusal.status in (401, 403, 404, 429) and refusal.code != "upstream_failed"
        )
        if exchange.refused and refusal.status != 401:
            subject = f"{refusal.code} {exchange.caller.tenant} {exchange.model}"
            self.running.notices.say("refused", subject, status=refusal.status, why=refusal.message)
            exchange.because = refusal.message[:500]
        if refusal.status != 401 or self._is_told():
            self._done(exchange)
        headers = told_headers(exchange)
        headers.update(refusal.headers)
        if refusal.status in (408, 413):
            headers["Connection"] = "close"
        return web.Response(status=refusal.status, body=error_body(refusal), content_type="application/json", headers=headers)

    def _is_told(self) -> bool:
        """Whether one more request with an unknown key is written down: a flood of them must not fill a disk."""
        second, count = self._unknown
        now = int(self._loop.time())
        self._unknown = (now, count + 1 if now == second else 1)
        return self._unknown[1] <= _UNKNOWN_A_SECOND

    # ------------------------------------------------------------------ in order

    async def _answer(self, request: web.Request, exchange: Exchange) -> web.StreamResponse:
        running, flight = self.running, exchange.flight
        plan = running.plan
        problem = path_problem(request.raw_path)
        if problem is not None:
            raise Refusal(400, "bad_path", f"{problem}.")
        exchange.kind = kind_of(request.path) or "pass"
        if running.closing:
            raise Refusal(503, "closing", "the gateway is being shut down.", {"Retry-After": "5"})
        if len(running.flights) > plan.configuration.limits.requests:
            raise Refusal(503, "too_many_requests", "too many requests are under way. Come again.", {"Retry-After": "1"})
        page = None if plan.tenants else foreign_page(request.headers, plan.configuration.gateway.hosts)
        if page is not None:
            raise Refusal(
                403, "foreign_page", f"{page}: without keys of tenants, only this machine may ask, and no page of others. "
                "Add a [[tenant]], or the name to hosts in [gateway].",
            )  # fmt: skip
        running.look_at_stops(flight)
        exchange.caller = caller = caller_of(request, plan)
        flight.tenant, flight.agent = caller.tenant, caller.agent
        self._see_stops(exchange)
        why = running.records.trouble
        if why and plan.configuration.gateway.without_evidence == "refuse":
            raise Refusal(503, "no_evidence", f"nothing is answered that cannot be put into evidence. {why}")
        if exchange.kind == "pass":
            if request.path == "/v1/models" and request.method == "GET" and (listed := _models(plan)) is not None:
                exchange.told = True
                return web.Response(body=listed, content_type="application/json")
            return await self._pass(request, exchange, plan)
        if request.method != "POST":
            raise Refusal(405, "method", f"{request.path} is asked with POST.", {"Allow": "POST"})
        body = await body_of(request, exchange, plan)
        try:
            asked = read_asked(exchange.kind, body)
        except GatewayError as error:
            raise Refusal(400, "bad_body", str(error)) from None
        exchange.model, exchange.stream, exchange.asked_bytes = asked.model, asked.stream, len(body)
        exchange.steps = asked.steps
        flight.models, flight.tools = (asked.model,), asked.tools
        self._see_stops(exchange)
        if running.records.digesting:
            exchange.digests = running.records.digest("prompt", sha256(body))
        now = self._loop.time()
        see_agent(exchange, plan, now)
        see_tools(exchange, plan, asked, now)
        candidates = candidates_for(exchange, plan, asked, running.routes.of(asked.model))
        exchange.held = hold(running.accounts, exchange, plan, asked, candidates)
        order = self._order(request, asked, candidates)
        answered = await obtain(running, exchange, order, candidates)
        return await relayed(running, exchange, request, answered, partial(self._judge, exchange, plan), self._done)

    def _see_stops(self, exchange: Exchange) -> None:
        """See whether what is now known of a request is stopped; a stop that comes later interrupts it."""
        stop = exchange.flight.stop(self.running.switches.stops)
        if stop is not None:
            raise _stopped(stop)

    def _order(self, request: web.Request, asked: Asked, candidates: tuple[Candidate, ...]) -> Order:
        headers = request_headers(request.headers, with_key=False)
        headers["Accept-Encoding"] = "identity"
        wants_key = any(one.upstream.client_key for one in candidates)
        with_key = request_headers(request.headers, with_key=True) if wants_key else headers
        with_key["Accept-Encoding"] = "identity"

        def body(model: str) -> bytes:
            return asked.body if model == asked.model else with_model(asked.body, model)

        return Order("POST", request.raw_path, headers, with_key, body)

    # ------------------------------------------------------------------ what is passed through

    async def _pass(self, request: web.Request, exchange: Exchange, plan: Plan) -> web.StreamResponse:
        if not plan.pass_through:
            raise Refusal(
                404,
                "not_passed",
                f"{plain(request.path, 200)} is nothing that this gateway understands, and nothing is passed through unread. "
                "Set pass_through = true in [gateway] if it may.",
            )
        most = plan.configuration.limits.upload_bytes
        if request.content_length is not None and request.content_length > most:
            raise too_large(most)
        upstream = next(iter(plan.upstreams.values()))
        headers = request_headers(request.headers, with_key=upstream.client_key)
        has_body = request.body_exists and request.can_read_body
        # What is fetched may be an answer that was asked for before, with calls in it that nobody has judged.
        exchange.flight.unread = has_body or not (request.method in _HARMLESS or _LISTED.fullmatch(request.path))
        self._see_stops(exchange)
        if has_body and request.content_length is not None:
            headers["Content-Length"] = str(request.content_length)

        def body(_model: str) -> AsyncIterator[bytes] | None:
            return self._upload(request, exchange, most, plan.configuration.timeouts.idle) if has_body else None

        order = Order(request.method, request.raw_path, headers, headers, body)
        exchange.held = self.running.accounts.hold(self._loop.time(), time.time(), exchange.caller.tenant, "", 0, 0.0)
        answered = await obtain(self.running, exchange, order, (Candidate(upstream, ""),), once=has_body)
        return await relayed(self.running, exchange, request, answered, partial(self._judge, exchange, plan), self._done)

    async def _upload(self, request: web.Request, exchange: Exchange, most: int, idle: float) -> AsyncIterator[bytes]:
        """The client's body as it comes; what is wrong with it is kept, since the upstream's client sees another error."""
        length = 0
        try:
            while piece := await request.content.readany():
                now = self._loop.time()
                exchange.flight.asked = now
                exchange.flight.deadline = max(exchange.flight.deadline, now + idle)
                length += len(piece)
                if length > most:
                    raise too_large(most)
                yield piece
        except Refusal as refusal:
            exchange.problem = refusal
            raise
        except web.RequestPayloadError as error:
            exchange.problem = Refusal(400, "bad_body", f"the body broke off: {error}.")
            raise

    # ------------------------------------------------------------------ what comes back

    def _judge(self, exchange: Exchange, plan: Plan, call: ToolCall) -> None:
        """See whether a tool call that the model asks for may go on to the client."""
        exchange.flight.called.append(call.name)
        stop = self.running.switches.stops.of("tool", call.name)
        if stop is not None:
            self.running.records.tool_call(exchange, call, str(_stopped(stop)))
            raise _stopped(stop)
        caller = exchange.caller
        asked = Call(call.name, call.arguments, caller.tenant, caller.agent, exchange.model)
        refused = plan.tools.check(self._loop.time(), asked)
        if refused is not None:
            exchange.runaway = refused.runaway
            self.running.records.tool_call(exchange, call, refused.because)
            self.running.notices.say("tool_refused", f"{caller.agent} {call.name}", why=refused.because)
            raise Refusal(403, "tool_refused", refused.because, details={"tool": call.name[:200], "reason": refused.kind})
        self.running.records.tool_call(exchange, call)

    def _done(self, exchange: Exchange) -> bool:
        """Account for an exchange, once; whether its answer may go out."""
        if exchange.told:
            return True
        exchange.told = True
        if exchange.tokens is None and exchange.attempts and exchange.error in _CUT:
            exchange.tokens = Tokens(exchange.asked_bytes // 4, 0, estimated=True)
        now = self._loop.time()
        tokens = exchange.tokens
        if tokens is not None and exchange.price is not None:
            exchange.cost = round(exchange.price.cost(tokens.input, tokens.output), 9)
        used = tokens.input + tokens.output if tokens is not None else 0
        if exchange.held:
            self.running.accounts.settle(exchange.held, now, time.time(), used, exchange.cost or 0.0)
        self.running.routes.saw(exchange, now)
        if exchange.cost:
            self.running.plan.tools.spent(now, exchange.caller.tenant, exchange.caller.agent, exchange.cost)
        self.running.ended += 1
        kind = "refused" if exchange.refused else "request"
        written = self.running.records.put(kind, exchange.summary(time.monotonic()))
        return bool(written) or self.running.plan.configuration.gateway.without_evidence == "serve"


def _stopped(stop: Stop) -> Refusal:
    return Refusal(403, "stopped", f"{stop} is stopped{f': {stop.why}' if stop.why else ''}.")


def _models(plan: Plan) -> bytes | None:
    """The list of models, where the configuration says which there are."""
    listed: dict[str, str] = {}
    for upstream in plan.configuration.upstream:
        if not upstream.model:
            return None
        for model in upstream.model:
            for name in model.serves or (model.name,):
                if name and "*" not in name:
                    listed.setdefault(name, upstream.provider or upstream.name)
    rows = [{"id": name, "object": "model", "created": 0, "owned_by": owner} for name, owner in listed.items()]
    return msgspec.json.encode({"object": "list", "data": rows})
