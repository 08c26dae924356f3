"""The desk over HTTP: what it takes in, what it shows, what people do. Owns paths, and who may use which.

===========================  ==============================================================
Who                          What
===========================  ==============================================================
anybody                      ``/health``, the page to sign in
a program, by its key        ``/events``, OTLP, Alertmanager's API (alerts in), its webhook
a person, by key or cookie   all of it
===========================  ==============================================================
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from freehold.errors import BadSignal
from freehold.respond.approval_requests import ApprovalRequests
from freehold.respond.clocks import Limits
from freehold.respond.roles import Person
from freehold.watch.alertmanager_api import add_routes
from freehold.watch.intake import PATHS, Intake
from freehold.web.acts import Act, act_on, read_act
from freehold.web.answers import asset, guarded, json_answer, problem
from freehold.web.desk import Desk
from freehold.web.live import Live
from freehold.web.sessions import COOKIE, Sessions
from freehold.web.state import GatewaySeen, page_state

__all__ = ["Front", "create_app"]

_OPEN: Final = frozenset({"/health", "/sign-in", "/page.css", "/-/healthy", "/-/ready"})
_BEAT: Final = 15.0
"""Seconds after which a quiet stream says that it is there."""
_FORM_BYTES: Final = 4096


@dataclass
class Front:
    """What the pages show and act on.

    Parameters
    ----------
    desk, requests, limits, live, sessions, intake
        The rooms behind the page.
    name
        The desk's.
    gateway
        Gives the gateway as last seen.
    at_gateway
        Stops or releases something at the gateway; told the person and the act.
    record
        Writes an act of a person into the evidence, safe when it returns.
    """

    desk: Desk
    requests: ApprovalRequests
    limits: Limits
    live: Live
    sessions: Sessions
    intake: Intake
    name: str
    gateway: Callable[[], GatewaySeen]
    at_gateway: Callable[[Person, Act], Awaitable[None]]
    record: Callable[[str, Mapping[str, Any]], Awaitable[None]]


_FRONT: Final = web.AppKey("front", Front)


def create_app(front: Front) -> web.Application:
    """Build the application on what it shows and acts on."""
    app = web.Application(middlewares=[guarded, _known], client_max_size=64 * 1024)
    app[_FRONT] = front
    app.router.add_get("/health", _health)
    app.router.add_get("/", _page)
    for name in ("page.css", "page.js"):
        app.router.add_get(f"/{name}", _asset)
    app.router.add_post("/sign-in", _sign_in)
    app.router.add_post("/sign-out", _sign_out)
    app.router.add_get("/state", _state)
    app.router.add_get("/stream", _stream)
    app.router.add_post("/act", _act)

    async def record(request: web.Request, kind: str, body: Mapping[str, Any]) -> None:
        await front.record(kind, {**body, "by": request["who"].name})

    add_routes(app, front.desk.alerts, may=_may_post_alerts, record=record)
    for path in PATHS:
        if path != "/api/v2/alerts":
            app.router.add_post(path, _receive)
    return app


def _may_post_alerts(request: web.Request) -> bool:
    """Whether a request of Alertmanager's API may change something: who may not was sent away before."""
    return "who" in request


def _may_program(request: web.Request) -> bool:
    return request.path in PATHS and request.method == "POST"


@web.middleware
async def _known(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:  # fmt: skip
    """Let nobody in whom the desk does not know, and programs only to send."""
    if request.path in _OPEN:
        return await handler(request)
    who = request.app[_FRONT].sessions.who(request)
    if who is None:
        if request.path == "/" and request.method == "GET":
            return asset("sign_in.html")
        return problem(
            401, "the desk does not know you. Send your key: Authorization: Bearer KEY.", {"WWW-Authenticate": "Bearer"}
        )
    if not isinstance(who, Person) and not _may_program(request):
        return problem(403, f"'{who.name}' may send events, and nothing else. A person's key is needed here.")
    if request.method == "POST" and "Authorization" not in request.headers and not _is_own_page(request):
        return problem(403, "this came from another page than the desk's own.")
    request["who"] = who
    return await handler(request)


def _is_own_page(request: web.Request) -> bool:
    """Whether a request with a cookie was made by this desk's page: another site cannot set these headers."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin", "")
    return hmac.compare_digest(origin.partition("://")[2], request.host)


async def _health(request: web.Request) -> web.Response:
    faults = request.app[_FRONT].desk.health.faults
    return json_answer({"ok": not faults}, 200 if not faults else 503)


async def _page(_: web.Request) -> web.Response:
    return asset("page.html")


async def _asset(request: web.Request) -> web.Response:
    return asset(request.path.removeprefix("/"))


async def _sign_in(request: web.Request) -> web.Response:
    if not _is_own_page(request):
        return problem(403, "this came from another page than the desk's own.")
    if request.content_type != "application/x-www-form-urlencoded" or (request.content_length or 0) > _FORM_BYTES:
        raise BadSignal("send the form of the page.")
    key = (await request.post()).get("key", "")
    cookie = request.app[_FRONT].sessions.sign_in(key) if isinstance(key, str) else None
    if cookie is None:
        return problem(403, "nobody has this key. Go back, and give the key that `freehold watch --person NAME` showed.")
    answer = web.Response(status=303, headers={"Location": "./"})
    answer.set_cookie(COOKIE, cookie, httponly=True, samesite="Strict", secure=request.secure, path="/")
    return answer


async def _sign_out(request: web.Request) -> web.Response:
    request.app[_FRONT].sessions.sign_out(request.cookies.get(COOKIE, ""))
    answer = json_answer({"ok": True})
    answer.del_cookie(COOKIE, path="/")
    return answer


async def _state(request: web.Request) -> web.Response:
    front = request.app[_FRONT]
    return json_answer(page_state(front.desk, front.requests, front.limits, front.gateway(), request["who"], front.name))


async def _stream(request: web.Request) -> web.StreamResponse:
    front = request.app[_FRONT]
    async with front.live.page() as mark:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await answer.prepare(request)
        while not front.live.is_closed:
            try:
                async with asyncio.timeout(_BEAT):
                    await mark.wait()
            except TimeoutError:
                await answer.write(b": here\n\n")
                continue
            mark.clear()
            await answer.write(f"event: changed\ndata: {front.live.version}\n\n".encode())
        return answer


async def _act(request: web.Request) -> web.Response:
    front = request.app[_FRONT]
    if request.content_type != "application/json":
        raise BadSignal("an act is sent as application/json.")
    you: Person = request["who"]
    act = read_act(await request.read())
    if act.act in ("stop", "release"):
        await front.record(
            "act", {"act": act.act, "scope": act.scope, "name": act.name, "by": you.name, "because": act.because}
        )
        await front.at_gateway(you, act)
    else:
        act_on(act, you, front.desk.incidents, front.requests)
    front.live.changed()
    return json_answer({"ok": True})


async def _receive(request: web.Request) -> web.Response:
    front = request.app[_FRONT]
    answer = await front.intake.receive(PATHS[request.path], request.headers, request.content.iter_any())
    front.desk.news()
    return web.Response(status=answer.status, headers=dict(answer.headers), body=answer.body)
