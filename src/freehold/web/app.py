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
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from freehold.errors import BadSignal, FreeholdError, NotAllowed, RespondError
from freehold.log import log
from freehold.respond.roles import Person, Program
from freehold.watch.alertmanager_api import add_routes
from freehold.watch.intake import PATHS, Intake
from freehold.web.acts import ACTS_AT_GATEWAY, Act, act_on, check_at_gateway, read_act
from freehold.web.answers import asset, guarded, json_answer, problem
from freehold.web.live import Live
from freehold.web.pillars import GatewaySeen
from freehold.web.sessions import COOKIE, Sessions
from freehold.web.state import Rooms, page_state

__all__ = ["Front", "create_app"]

_OPEN: Final = frozenset({"/health", "/sign-in", "/page.css", "/-/healthy", "/-/ready"})
_BEAT: Final = 15.0
"""Seconds after which a quiet stream says that it is there."""
_BREATH: Final = 0.25
"""Seconds between two words to one page: in a storm it does not ask for all of it anew a hundred times a second."""
_FORM_BYTES: Final = 4096
_BODY_SECONDS: Final = 10.0


@dataclass
class Front:
    """What the pages show and act on.

    Parameters
    ----------
    rooms, live, sessions, intake
        The rooms behind the page.
    gateway
        Gives the gateway as last seen.
    at_gateway
        Stops or releases something at the gateway, told the person and the act; says how.
    record
        Writes an act of a person into the evidence, safe when it returns.
    """

    rooms: Rooms
    live: Live
    sessions: Sessions
    intake: Intake
    gateway: Callable[[], GatewaySeen]
    at_gateway: Callable[[Person, Act], Awaitable[str]]
    record: Callable[[str, Mapping[str, Any]], Awaitable[None]]


_FRONT: Final = web.AppKey("front", Front)
_WHO: Final[ContextVar[Person | Program | None]] = ContextVar("who", default=None)
"""Who makes the request that is being answered."""


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

    async def record(_: web.Request, kind: str, body: Mapping[str, Any]) -> None:
        await front.record(kind, {**body, "by": _person().name})

    # who may not was sent away before
    add_routes(app, front.rooms.desk.alerts, may=lambda _: _WHO.get() is not None, record=record)
    for path in PATHS:
        if path != "/api/v2/alerts":
            app.router.add_post(path, _receive)
    return app


def _person() -> Person:
    """The person who asks; programs come no further than to what takes events."""
    who = _WHO.get()
    if not isinstance(who, Person):
        raise NotAllowed("this is for a person.")
    return who


def _may_program(request: web.Request) -> bool:
    return request.path in PATHS and request.method == "POST"


@web.middleware
async def _known(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:  # fmt: skip
    """Let nobody in whom the desk does not know, and programs only to send."""
    _WHO.set(None)
    if request.path in _OPEN:
        return await handler(request)
    try:
        who = request.app[_FRONT].sessions.who(request)
    except RespondError as error:
        log("people not known", why=str(error))
        return problem(503, "the desk cannot read who its people are. Whoever runs it finds the reason in what it says.")
    if who is None:
        if request.path == "/" and request.method == "GET":
            return asset("sign_in.html")
        return problem(
            401, "the desk does not know you. Send your key: Authorization: Bearer KEY.", {"WWW-Authenticate": "Bearer"}
        )
    if not isinstance(who, Person) and not _may_program(request):
        return problem(403, f"'{who.name}' may send events, and nothing else. A person's key is needed here.")
    if request.method not in ("GET", "HEAD") and not _has_key(request) and not _is_own_page(request):
        return problem(403, "this came from another page than the desk's own.")
    _WHO.set(who)
    return await handler(request)


def _has_key(request: web.Request) -> bool:
    """Whether a request shows a key of its own; with any other authorization it stands on its cookie."""
    return request.headers.get("Authorization", "").lower().startswith("bearer ")


def _is_own_page(request: web.Request) -> bool:
    """Whether a request with a cookie was made by this desk's page: another site cannot set these headers."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin", "").partition("://")[2] == request.host


async def _health(request: web.Request) -> web.Response:
    faults = request.app[_FRONT].rooms.desk.health.faults
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
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            key = (await request.post()).get("key", "")
    except (LookupError, ValueError):
        raise BadSignal("the form's encoding is not read. Send the form of the page.") from None
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
    return json_answer(page_state(front.rooms, front.gateway(), _person()))


async def _stream(request: web.Request) -> web.StreamResponse:
    front = request.app[_FRONT]
    async with front.live.page() as mark:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await answer.prepare(request)
        while not front.live.is_closed and _still_known(front, request):
            try:
                async with asyncio.timeout(_BEAT):
                    await mark.wait()
            except TimeoutError:
                await answer.write(b": here\n\n")
                continue
            mark.clear()
            await answer.write(f"event: changed\ndata: {front.live.version}\n\n".encode())
            await asyncio.sleep(_BREATH)
        return answer


def _still_known(front: Front, request: web.Request) -> bool:
    """Whether who opened a stream may see it still."""
    try:
        return isinstance(front.sessions.who(request), Person)
    except RespondError:
        return False


async def _act(request: web.Request) -> web.Response:
    front = request.app[_FRONT]
    if request.content_type != "application/json":
        raise BadSignal("an act is sent as application/json.")
    you = _person()
    async with asyncio.timeout(_BODY_SECONDS):
        act = read_act(await request.read())
    if act.act in ACTS_AT_GATEWAY:
        await _at_gateway(front, you, act)
    else:
        await act_on(act, you, front.rooms.desk, front.rooms.requests, front.rooms.responding)
    front.live.changed()
    return json_answer({"ok": True})


async def _at_gateway(front: Front, you: Person, act: Act) -> None:
    """Stop, then write it down; release only what could be written down before. A full disk must not keep a stop waiting."""
    check_at_gateway(act, you)
    body = {"act": act.act, "scope": act.scope, "name": act.name, "by": you.name, "because": act.because}
    if act.act == "release":
        await front.record("act", body)
    try:
        told = await front.at_gateway(you, act)
    except FreeholdError as error:
        if act.act == "stop":
            await front.record("act", {**body, "failed": str(error)})
        raise
    if act.act == "stop":
        await front.record("act", {**body, "told": told})


async def _receive(request: web.Request) -> web.Response:
    front = request.app[_FRONT]
    answer = await front.intake.receive(PATHS[request.path], request.headers, request.content.iter_any())
    front.rooms.desk.news()
    return web.Response(status=answer.status, headers=dict(answer.headers), body=answer.body)
