"""A stand-in for the gateway's control interface: it speaks the published requests, and counts what is done to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

__all__ = ["StandIn", "serving"]


class StandIn:
    """The control interface.

    Every act is idempotent by its key; ``done`` lists each act that took effect, ``asked`` each that came.
    """

    def __init__(self, key: str = "control") -> None:
        self.key, self.url = key, ""
        self.stops: list[dict[str, str]] = []
        self.routes: dict[str, dict[str, Any]] = {}
        self.throttles: list[dict[str, Any]] = []
        self.reloads = 0
        self.done: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}
        self.fails: set[str] = set()
        self.capacity = 100.0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return web.json_response({"error": {"message": "unknown key"}}, status=401)
        verb = request.path.rpartition("/")[2]
        if verb == "state":
            return web.json_response({"stops": self.stops, "routes": self.routes, "throttles": self.throttles})
        body = json.loads(await request.text())
        self.asked.append((verb, body))
        if verb in self.fails:
            return web.json_response({"error": {"message": "it broke"}}, status=500)
        if verb == "route" and body["percent"] > self.capacity:
            return web.json_response({"error": {"message": "no room for more"}}, status=409)
        if body["key"] not in self.answers:
            self.done.append((verb, body))
            self.answers[body["key"]] = getattr(self, f"_{verb}")(body)
        return web.json_response(self.answers[body["key"]])

    def _stop(self, body: dict[str, Any]) -> dict[str, Any]:
        self.stops.append({"scope": body["scope"], "name": body["name"], "why": body["because"]})
        return {"stopped": body["name"]}

    def _release(self, body: dict[str, Any]) -> dict[str, Any]:
        self.stops = [one for one in self.stops if (one["scope"], one["name"]) != (body["scope"], body["name"])]
        return {"released": body["name"]}

    def _route(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["to"]:
            self.routes[body["model"]] = {"to": body["to"], "percent": body["percent"]}
        else:
            self.routes.pop(body["model"], None)
        return {"model": body["model"], "percent": body["percent"]}

    def _throttle(self, body: dict[str, Any]) -> dict[str, Any]:
        kind = "tenant" if "tenant" in body else "model"
        self.throttles = [one for one in self.throttles if one.get(kind) != body[kind]]
        if body["requests_per_minute"] is not None:
            self.throttles.append({kind: body[kind], "requests_per_minute": body["requests_per_minute"]})
        return {"requests_per_minute": body["requests_per_minute"]}

    def _reload(self, body: dict[str, Any]) -> dict[str, Any]:
        self.reloads += 1
        return {"reloaded": True, "key": body["key"]}


@asynccontextmanager
async def serving(stand_in: StandIn) -> AsyncIterator[StandIn]:
    """Serve it over loopback for as long as the block lasts."""
    app = web.Application()
    app.router.add_route("*", "/freehold/{verb}", stand_in.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stand_in.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield stand_in
    finally:
        await runner.cleanup()
