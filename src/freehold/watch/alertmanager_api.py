"""Alertmanager's HTTP API, version 2, in front of the alert core. Owns its paths and the shapes of its answers.

Prometheus, amtool and others that speak to an Alertmanager can be pointed at the desk. What changes something asks first
whether the caller may; an error's body is a JSON string, as Alertmanager's is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import msgspec
from aiohttp import web

from freehold.errors import BadSignal, FreeholdError, Overloaded, WatchError
from freehold.version import __version__
from freehold.watch.alert_loop import AlertLoop
from freehold.watch.alert_status import AlertStatus
from freehold.watch.alertmanager_file import alertmanager_text
from freehold.watch.intake import Limits, Refused, read_body, take
from freehold.watch.matchers import MOST_MATCHERS, Matcher, matches, parse_matcher, written
from freehold.watch.rfc3339 import parse_moment
from freehold.watch.silences import Silence
from freehold.watch.webhook_message import moment, split_generator

__all__ = ["Record", "add_routes"]

_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

Record: TypeAlias = Callable[[web.Request, str, Mapping[str, Any]], Awaitable[None]]
"""Keeps what somebody did: the request, what kind of act it was, and more about it."""

_JSON: Final = "application/json"
_TRUE: Final = ("true", "1", "yes", "on", "t", "y")
_FALSE: Final = ("false", "0", "no", "off", "f", "n")
_ORDER: Final = {"active": 1, "pending": 2, "expired": 3}


class _Matcher(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    value: str
    is_regex: bool
    is_equal: bool = True


class _Silence(msgspec.Struct, frozen=True, rename="camel"):
    matchers: list[_Matcher]
    starts_at: str
    ends_at: str
    created_by: str
    comment: str
    id: str | None = None


_SILENCE: Final = msgspec.json.Decoder(_Silence)


def add_routes(
    app: web.Application, alerts: AlertLoop, *, may: Callable[[web.Request], bool], limits: Limits | None = None,
    put: Callable[..., Awaitable[object]] | None = None, record: Record | None = None,
) -> None:  # fmt: skip
    """Add the API's paths to an application.

    Parameters
    ----------
    app
        The desk's.
    alerts
        The alerts.
    may
        Whether a request may change something.
    limits
        On a request's body.
    put
        Takes posted alerts instead of :meth:`freehold.watch.alert_loop.AlertLoop.put`, with the same arguments.
    record
        Is told each silence that was made or ended, with the request, before that is answered: what people chose not to
        hear is evidence.
    """
    api = _Api(alerts, may, limits or Limits(), put or alerts.put, record)
    app.router.add_get("/-/healthy", _healthy)
    app.router.add_get("/-/ready", _healthy)
    for path, get, change in (
        ("/api/v2/status", api.status, {}),
        ("/api/v2/receivers", api.receivers, {}),
        ("/api/v2/alerts", api.alerts, {"POST": api.post_alerts}),
        ("/api/v2/alerts/groups", api.groups, {}),
        ("/api/v2/silences", api.silences, {"POST": api.post_silence}),
        ("/api/v2/silence/{id}", api.silence, {"DELETE": api.delete_silence}),
    ):
        app.router.add_get(path, _told(get))
        for method, handler in change.items():
            app.router.add_route(method, path, _told(api.guarded(handler)))


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="OK")


def _answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type=_JSON, headers=headers)


def _told(handler: _Handler) -> _Handler:
    """Let errors of ours be answers."""

    async def told(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Overloaded as error:
            return _answer(str(error), 429, {"Retry-After": str(max(1, round(error.retry_after)))})
        except Refused as error:
            return _answer(str(error), error.status)
        except WatchError as error:
            return _answer(str(error), 400)
        except FreeholdError as error:
            return _answer(str(error), 503, {"Retry-After": "5"})

    return told


class _Api:
    def __init__(
        self, alerts: AlertLoop, may: Callable[[web.Request], bool], limits: Limits, put: Callable[..., Awaitable[object]],
        record: Record | None,
    ) -> None:  # fmt: skip
        self._alerts, self._core = alerts, alerts.core
        self._may, self._limits, self._put, self._record = may, limits, put, record
        self._since = alerts.clock()

    def guarded(self, handler: _Handler) -> _Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self._may(request):
                return _answer("this changes something: send the desk's key as Authorization: Bearer …", 401)
            return await handler(request)

        return guarded

    async def _body(self, request: web.Request) -> bytes:
        return await read_body(request.headers, request.content.iter_chunked(65_536), self._limits)

    async def status(self, _: web.Request) -> web.Response:
        return _answer(
            {
                "cluster": {"status": "disabled", "peers": []},
                "config": {"original": alertmanager_text(self._core.routing)},
                "uptime": moment(self._since),
                "versionInfo": {
                    "version": __version__, "revision": "", "branch": "", "buildUser": "", "buildDate": "", "goVersion": "",
                },
            }
        )  # fmt: skip

    async def receivers(self, _: web.Request) -> web.Response:
        routing = self._core.routing
        names = dict.fromkeys([*routing.receivers, *(route.receiver for route in routing.route)])
        return _answer([{"name": name} for name in names])

    async def alerts(self, request: web.Request) -> web.Response:
        wanted = _wanted(request)
        found = self._core.statuses(self._alerts.clock())
        return _answer([_alert(one) for one in found if wanted(one, one.receivers)])

    async def groups(self, request: web.Request) -> web.Response:
        wanted = _wanted(request)
        answer = []
        for route, labels, alerts in self._core.groups(self._alerts.clock()):
            chosen = [_alert(one) for one in alerts if wanted(one, (route.receiver,))]
            if chosen:
                answer.append({"alerts": chosen, "labels": dict(labels), "receiver": {"name": route.receiver}})
        return _answer(answer)

    async def post_alerts(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        taken = take("alerts", request.headers, body, self._alerts.clock())
        await self._put(taken.alerts, resolve_after=self._core.routing.resolve_timeout)
        if taken.refused:
            return _answer(" ".join(taken.refused[:10]), 400)
        return web.Response()

    async def silences(self, request: web.Request) -> web.Response:
        asked = _filters(request)
        now = self._alerts.clock()
        found = [one for one in self._core.silences if all(each in one.matchers for each in asked)]
        return _answer([_silence(one, now) for one in sorted(found, key=lambda one: _place(one, now))])

    async def silence(self, request: web.Request) -> web.Response:
        found = self._core.silences.get(request.match_info["id"])
        if found is None:
            return web.Response(status=404)
        return _answer(_silence(found, self._alerts.clock()))

    async def post_silence(self, request: web.Request) -> web.Response:
        if request.content_type != _JSON:
            raise Refused(415, f"a silence as '{request.content_type[:80]}' is not read. Send {_JSON}.")
        silence = _silence_from(await self._body(request))
        try:
            stored = await self._alerts.silence(silence)
        except KeyError:
            return _answer(f"silence {silence.id[:100]} not found", 404)
        await self._recorded(request, "alerts.silenced", stored)
        return _answer({"silenceID": stored.id})

    async def _recorded(self, request: web.Request, kind: str, silence: Silence) -> None:
        if self._record is not None:
            shown = _silence(silence, self._alerts.clock())
            about = {name: shown[name] for name in ("id", "startsAt", "endsAt", "createdBy", "comment")}
            await self._record(request, kind, {**about, "matchers": written(silence.matchers)})

    async def delete_silence(self, request: web.Request) -> web.Response:
        try:
            await self._alerts.expire(request.match_info["id"])
        except KeyError:
            return _answer(f"silence {request.match_info['id'][:100]} not found", 404)
        ended = self._core.silences.get(request.match_info["id"])
        if ended is not None:
            await self._recorded(request, "alerts.silence_ended", ended)
        return web.Response()


def _filters(request: web.Request) -> list[Matcher]:
    texts = request.query.getall("filter", [])
    if len(texts) > MOST_MATCHERS:
        raise BadSignal(f"{len(texts):,} filters are more than {MOST_MATCHERS}. Use fewer.")
    return [parse_matcher(text) for text in texts]


def _flag(request: web.Request, name: str) -> bool:
    value = request.query.get(name, "true").lower()
    if value not in (*_TRUE, *_FALSE):
        raise BadSignal(f"{name} is '{value[:50]}'. Write true or false.")
    return value in _TRUE


def _wanted(request: web.Request) -> Callable[[AlertStatus, Iterable[str]], bool]:
    """What the query asks for."""
    asked = _filters(request)
    active, silenced, inhibited = (_flag(request, name) for name in ("active", "silenced", "inhibited"))
    receiver = Matcher("receiver", "=~", request.query["receiver"]) if "receiver" in request.query else None

    def wanted(one: AlertStatus, receivers: Iterable[str]) -> bool:
        return (
            (active or one.state != "active")
            and (silenced or not one.silenced_by)
            and (inhibited or not one.inhibited_by)
            and (receiver is None or any(map(receiver.accepts, receivers)))
            and matches(asked, dict(one.alert.labels))
        )

    return wanted


def _alert(one: AlertStatus) -> dict[str, Any]:
    annotations, link = split_generator(one.alert.annotations)
    return {
        "annotations": annotations,
        "endsAt": moment(one.alert.ends),
        "fingerprint": one.fingerprint,
        "receivers": [{"name": name} for name in one.receivers],
        "startsAt": moment(one.alert.starts),
        "status": {"inhibitedBy": one.inhibited_by, "silencedBy": one.silenced_by, "state": one.state},
        "updatedAt": moment(one.alert.updated),
        "generatorURL": link,
        "labels": dict(one.alert.labels),
    }


def _silence(one: Silence, now: float) -> dict[str, Any]:
    return {
        "id": one.id,
        "status": {"state": one.state(now)},
        "updatedAt": moment(one.updated),
        "comment": one.comment,
        "createdBy": one.author,
        "endsAt": moment(one.ends),
        "matchers": [
            {"isEqual": each.is_positive, "isRegex": each.is_regular, "name": each.name, "value": each.value}
            for each in one.matchers
        ],
        "startsAt": moment(one.starts),
    }


def _place(one: Silence, now: float) -> tuple[int, float]:
    """Active ones that end next first, then pending ones that start next, then expired ones that ended last."""
    state = one.state(now)
    return _ORDER[state], {"active": one.ends, "pending": one.starts, "expired": -one.ends}[state]


def _silence_from(body: bytes) -> Silence:
    try:
        said = _SILENCE.decode(body)
        starts, ends = parse_moment(said.starts_at), parse_moment(said.ends_at)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadSignal(f"the body is no silence: {error}. See Alertmanager's API for its form.") from None
    matchers = tuple(
        Matcher(one.name, ("=" if one.is_equal else "!") + ("~" if one.is_regex else "" if one.is_equal else "="), one.value)
        for one in said.matchers[: MOST_MATCHERS + 1]
    )
    return Silence(said.id or "", matchers, starts, ends, said.created_by, said.comment)
