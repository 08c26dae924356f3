"""Control over HTTP: stop, release, route, throttle, reload, and what the state is. An act is done once, and for good.

Every act needs the key for control. It is on the disk and in the evidence before it is answered; one that comes again with
the same ``key`` is not done again and gets the same answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Annotated, Any, Final, Literal, cast

import msgspec
from aiohttp import web
from msgspec import Meta

from freehold.errors import FreeholdError, GatewayError, Unreadable
from freehold.gateway.answers import Refusal, error_body
from freehold.gateway.headers import bearer
from freehold.gateway.routes import Route
from freehold.gateway.running import Running
from freehold.gateway.state_folder import StateFolder
from freehold.gateway.switches import Stop, change_stop, check_stop, set_aside
from freehold.watch.event import Json
from freehold.whole_file import write_whole

__all__ = ["Control"]

_MOST_BODY: Final = 65_536
_MOST_DONE: Final = 1_000
_BODY_SECONDS: Final = 10.0
_Text = Annotated[str, Meta(max_length=500)]
_Name = Annotated[str, Meta(max_length=200)]


class _Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    by: _Text = ""
    because: _Text = ""
    key: _Name = ""


class _StopAct(_Act, frozen=True, kw_only=True):
    scope: Literal["all", "model", "tenant", "tool", "agent"]
    name: _Name = ""


class _RouteAct(_Act, frozen=True, kw_only=True):
    model: Annotated[str, Meta(min_length=1, max_length=200)]
    to: _Name = ""
    percent: Annotated[float, Meta(ge=0, le=100)] = 100.0
    ramp: bool = False


class _ThrottleAct(_Act, frozen=True, kw_only=True):
    tenant: _Name = ""
    model: _Name = ""
    requests_per_minute: Annotated[int, Meta(ge=0, le=10**9)] | None = None


class _Kept(msgspec.Struct):
    routes: dict[str, Route] = {}
    throttles: list[tuple[str, str, int]] = []
    done: dict[str, tuple[str, int, Any]] = {}


class Control:
    """What answers under ``/freehold/``.

    Parameters
    ----------
    running
        The gateway.
    folder
        Its state.
    reread
        Reads the configuration anew and puts it in force.
    """

    def __init__(self, running: Running, folder: StateFolder, reread: Callable[[], None]) -> None:
        self._running, self._folder, self._reread = running, folder, reread
        self._kept = _Kept()
        self._one_at_a_time = asyncio.Lock()
        self._acting: set[asyncio.Task[tuple[int, Any]]] = set()

    def restore(self) -> None:
        """Put in force what was set before a restart.

        Raises
        ------
        freehold.errors.GatewayError
            If the file that keeps it cannot be read.
        """
        path = self._folder.control
        try:
            self._kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            return
        except (OSError, msgspec.DecodeError) as error:
            raise GatewayError(
                f"{path} cannot be read ({error}). Mend it, or remove it: routes and throttles are then gone."
            ) from None
        now = asyncio.get_running_loop().time()
        for model, route in self._kept.routes.items():
            if route.to in self._running.plan.upstreams:
                self._running.routes.set(model, route, self._running.plan, now)
        for scope, name, most in self._kept.throttles:
            self._running.accounts.throttle(scope, name, most)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        try:
            status, told = await self._answer(request)
        except Refusal as refusal:
            headers = {"Connection": "close"} if refusal.status in (408, 413) else {}
            return web.Response(
                status=refusal.status,
                body=error_body(refusal),
                content_type="application/json",
                headers={**refusal.headers, **headers},
            )
        return web.Response(status=status, body=msgspec.json.encode(told), content_type="application/json")

    async def _answer(self, request: web.Request) -> tuple[int, Any]:
        place = (request.method, request.path.removeprefix("/freehold/"))
        if place == ("GET", "health"):
            return 200, self._health()
        if not self._running.plan.admin.matches(bearer(request.headers)):
            raise Refusal(
                401, "unknown_key", "this needs the key for control: Authorization: Bearer KEY.", {"WWW-Authenticate": "Bearer"}
            )
        if place == ("GET", "state"):
            return 200, self.state()
        act = {
            ("POST", "stop"): (_StopAct, self._stop), ("POST", "release"): (_StopAct, self._release),
            ("POST", "route"): (_RouteAct, self._route), ("POST", "throttle"): (_ThrottleAct, self._throttle),
            ("POST", "reload"): (_Act, self._reload),
        }.get(place)  # fmt: skip
        if act is None:
            raise Refusal(404, "not_there", f"there is no {request.method} {request.path[:100]} here.")
        body = await _read(request)
        form, do = act
        do = cast(Callable[[Any], Awaitable[dict[str, Any]]], do)
        try:
            asked = msgspec.json.decode(body or b"{}", type=form)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise Refusal(400, "bad_body", f"the body cannot be read: {error}.") from None
        # An act goes on when whoever asked for it has left: half of it would be worse.
        task = asyncio.get_running_loop().create_task(self._once(place[1], asked, do))
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)
        return await asyncio.shield(task)

    async def _once(self, verb: str, asked: Any, do: Callable[[Any], Awaitable[dict[str, Any]]]) -> tuple[int, Any]:
        digest = sha256(verb.encode() + msgspec.json.encode(asked)).hexdigest()
        async with self._one_at_a_time:
            known = self._kept.done.get(asked.key) if asked.key else None
            if known is not None:
                if known[0] != digest:
                    raise Refusal(409, "key_used", "this key was used for another act. Give each act its own.")
                return known[1], {**known[2], "again": True}
            try:
                told = await do(asked)
            except GatewayError as error:
                raise Refusal(500, "not_kept", str(error)) from None
            status = 200
            if asked.key:
                self._kept.done[asked.key] = (digest, status, told)
                while len(self._kept.done) > _MOST_DONE:
                    del self._kept.done[next(iter(self._kept.done))]
            await self._keep()
            return status, told

    async def _keep(self) -> None:
        self._kept.routes = dict(self._running.routes.kept())
        self._kept.throttles = [(scope, name, most) for (scope, name), most in self._running.accounts.throttles.items()]
        text = msgspec.json.encode(self._kept).decode()
        try:
            await asyncio.to_thread(write_whole, self._folder.control, text)
        except Unreadable as error:
            raise Refusal(500, "not_kept", f"it is done, and will be forgotten when the gateway ends: {error}") from None

    async def finish(self) -> None:
        """Let what is being done be done."""
        await asyncio.gather(*self._acting, return_exceptions=True)

    async def moved(self) -> None:
        """A route has moved by itself: keep where it stands."""
        async with self._one_at_a_time:
            await self._keep()

    # ------------------------------------------------------------------ acts

    async def _stop(self, asked: _StopAct) -> dict[str, Any]:
        stop = _stop_of(asked)
        running = self._running
        with running.expecting(stop):
            # First in memory: it holds from now on, whatever becomes of the disk.
            running.switches.force(stop)
            ended = running.flights.stop(running.switches.stops)
            try:
                await asyncio.to_thread(change_stop, self._folder.stop, stop, on=True)
            except (GatewayError, Unreadable) as error:
                raise GatewayError(f"{stop} is stopped, and will not stay so when the gateway ends: {error}") from None
            running.look_at_stops()
            running.switches.unforce(stop.scope, stop.name)
        number = await self._act("stopped", asked, {"freehold.scope": asked.scope, "freehold.name": asked.name})
        return {"stopped": str(stop), "ended": ended, "evidence": number}

    async def _release(self, asked: _StopAct) -> dict[str, Any]:
        stop, running = _stop_of(asked), self._running
        with running.expecting(stop):
            aside = await asyncio.to_thread(set_aside, self._folder.stop) if asked.scope == "all" else None
            if aside is not None:
                running.notices.change("set_aside", aside=str(aside))
            await asyncio.to_thread(change_stop, self._folder.stop, stop, on=False)
            running.switches.unforce(stop.scope, stop.name)
            running.look_at_stops()
        if asked.scope == "agent":
            running.forget_agent(asked.name)
        number = await self._act("released", asked, {"freehold.scope": asked.scope, "freehold.name": asked.name})
        return {"released": str(stop), "stops": [str(one) for one in running.switches.stops.listed], "evidence": number}

    async def _route(self, asked: _RouteAct) -> dict[str, Any]:
        plan, now = self._running.plan, asyncio.get_running_loop().time()
        if asked.to and asked.to not in plan.upstreams:
            raise Refusal(400, "no_upstream", f"there is no upstream '{asked.to}'. Known: {', '.join(plan.upstreams)}.")
        if asked.to:
            # A movement begins before its first step; where it stands is then its own matter.
            percent = 0.0 if asked.ramp and asked.percent == 100 else asked.percent
            route = Route(to=asked.to, percent=percent, because=asked.because, ramp=asked.ramp)
            self._running.routes.set(asked.model, route, plan, now)
        else:
            self._running.routes.remove(asked.model)
        body: dict[str, Json] = {
            "freehold.model": asked.model,
            "freehold.upstream": asked.to,
            "freehold.percent": asked.percent,
        }
        number = await self._act("routed", asked, body)
        return {"model": asked.model, "to": asked.to, "percent": asked.percent, "ramp": asked.ramp, "evidence": number}

    async def _throttle(self, asked: _ThrottleAct) -> dict[str, Any]:
        if bool(asked.tenant) is bool(asked.model):
            raise Refusal(400, "bad_body", "name a tenant or a model, one of them.")
        scope, name = ("tenant", asked.tenant) if asked.tenant else ("model", asked.model)
        if len(self._running.accounts.throttles) >= _MOST_DONE and asked.requests_per_minute is not None:
            raise Refusal(400, "too_many", f"{_MOST_DONE:,} are throttled already. Take some back.")
        self._running.accounts.throttle(scope, name, asked.requests_per_minute)
        body: dict[str, Json] = {
            "freehold.scope": scope, "freehold.name": name, "freehold.requests_per_minute": asked.requests_per_minute
        }  # fmt: skip
        number = await self._act("throttled", asked, body)
        return {scope: name, "requests_per_minute": asked.requests_per_minute, "evidence": number}

    async def _reload(self, asked: _Act) -> dict[str, Any]:
        self.reload()
        number = await self._act("reloaded", asked, {})
        return {"reloaded": True, "evidence": number}

    def reload(self) -> None:
        """Read the configuration anew; a bad one changes nothing.

        Raises
        ------
        freehold.gateway.answers.Refusal
            Saying what is wrong with it.
        """
        try:
            self._reread()
        except FreeholdError as error:
            self._running.records.put("reload_refused", {"freehold.because": str(error)[:2_000]})
            self._running.notices.change("reload_refused", why=str(error))
            raise Refusal(409, "bad_configuration", f"nothing was changed: {error}") from None
        self._running.notices.change("reloaded")

    async def _act(self, kind: str, asked: _Act, body: dict[str, Json]) -> int:
        told = {name: value for name, value in body.items() if value not in ("", None)}
        if asked.by:
            told["freehold.by"] = asked.by
        if asked.because:
            told["freehold.because"] = asked.because
        return await self._running.records.act(kind, told, asked.key and f"{kind}:{asked.key}"[:200])

    # ------------------------------------------------------------------ what is

    def _health(self) -> dict[str, Any]:
        running = self._running
        return {
            "status": "closing" if running.closing else "ok",
            "stopped": bool(running.switches.stops),
            "evidence": "trouble" if running.records.trouble else "ok",
        }

    def state(self) -> dict[str, Any]:
        """The state as data."""
        running = self._running
        now = asyncio.get_running_loop().time()
        return {
            "name": running.plan.configuration.gateway.name,
            "stops": [{"scope": stop.scope, "name": stop.name, "why": stop.why} for stop in running.switches.stops.listed],
            "stop_file_problem": running.switches.problem,
            "under_way": len(running.flights),
            "upstreams": [
                {
                    "name": one.name, "breaker": one.breaker.state,
                    "tried_again_in": max(one.breaker.open_until - now, 0.0) if one.breaker.state == "open" else None,
                }
                for one in running.plan.upstreams.values()
            ],
            "routes": {model: msgspec.to_builtins(route) for model, route in running.routes.kept().items()},
            "throttles": [
                {scope: name, "requests_per_minute": most} for (scope, name), most in running.accounts.throttles.items()
            ],
            "budgets": running.accounts.used(now, time.time()),
            "evidence": {
                "number": running.records.log.number,
                "durable": running.records.log.durable,
                "trouble": running.records.trouble,
            },
            "desk": running.desk(),
        }  # fmt: skip


def _stop_of(asked: _StopAct) -> Stop:
    stop = Stop(asked.scope, asked.name, ": ".join(filter(None, (asked.by, asked.because))))
    try:
        check_stop(stop)
    except GatewayError as error:
        raise Refusal(400, "bad_body", str(error)) from None
    return stop


async def _read(request: web.Request) -> bytes:
    content = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while piece := await request.content.readany():
                content += piece
                if len(content) > _MOST_BODY:
                    raise Refusal(413, "too_large", f"the body is larger than {_MOST_BODY:,} bytes.")
    except TimeoutError:
        raise Refusal(408, "slow_body", "the body did not come in time.") from None
    except web.RequestPayloadError as error:
        raise Refusal(400, "bad_body", f"the body broke off: {error}.") from None
    return bytes(content)
