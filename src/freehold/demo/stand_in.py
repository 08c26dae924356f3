"""A stand-in for a provider or a self-held model server, on loopback. Owns the seam between recorded streams and HTTP.

It speaks what OpenAI's service, vLLM, llama.cpp's server or Ollama publish (:mod:`freehold.demo.frames`), knows no model
and computes nothing: what it says was recorded. What is wrong with it can be switched while it runs, by its methods or
over a second port, which stays open when the first one is closed. It is deterministic: it has no clock and throws no dice.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import struct
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from aiohttp import web

from freehold.demo.faults import NO_FAULT, Behaviour, Fault, meets
from freehold.demo.frames import Dialect, Streams, encoded, load_streams
from freehold.demo.pages import Load, Pages, known_model, no_such_model
from freehold.demo.replies import Asked, Reply, asked_from, reply_to

__all__ = ["MODELS", "Seen", "StandIn", "stand_in"]

MODELS: Final[Mapping[Dialect, tuple[str, ...]]] = {
    "openai": ("gpt-4.1-nano", "text-embedding-3-small"),
    "vllm": ("Qwen/Qwen3-8B",),
    "llama_cpp": ("qwen2.5-1.5b-instruct-q4_k_m.gguf",),
    "ollama": ("llama3.2:latest",),
}
"""Models that a stand-in has unless it is told otherwise."""

_LARGEST_BODY: Final = 64 * 2**20
_MOST_SEEN: Final = 256
_LIMIT: Final = 10_000

_Answer = web.StreamResponse


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came.

    Parameters
    ----------
    path
        Its path with its query.
    headers
        Its headers, names in lower case.
    body
        Its body.
    """

    path: str
    headers: Mapping[str, str]
    body: bytes


class StandIn:
    """One server.

    Parameters
    ----------
    dialect
        What it speaks.
    models
        The models that it has.
    keys
        Bearer keys that it takes; none: it asks for none.
    behaviour
        How much it says and how fast.
    """

    def __init__(
        self,
        dialect: Dialect,
        *,
        models: Iterable[str] = (),
        keys: Iterable[str] = (),
        behaviour: Behaviour | None = None,
    ) -> None:
        self.dialect = dialect
        self.models = tuple(models) or MODELS[dialect]
        self.behaviour = behaviour or Behaviour()
        self.seen: deque[Seen] = deque(maxlen=_MOST_SEEN)
        self.counts: Counter[str] = Counter()
        self._keys = frozenset(keys)
        self._streams: Streams = load_streams(dialect)
        self._pages = Pages(self._streams, self.models)
        self._fault = NO_FAULT
        self._met = self._number = 0
        self._changed = asyncio.Event()
        self._running = self._waiting = self._read = self._said = 0
        self._room = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._control: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._host, self._port, self._control_port = "127.0.0.1", 0, 0
        self._get: dict[str, Callable[[web.Request], web.Response]] = {
            "/v1/models": self._list_models,
            "/metrics": self._metrics,
            **self._own_paths(),
        }

    # ------------------------------------------------------------------ life

    async def start(self, host: str = "127.0.0.1", port: int = 0, *, control_port: int | None = None) -> None:
        """Begin to serve.

        Parameters
        ----------
        host
            A loopback address.
        port
            Where; 0 for any that is free.
        control_port
            Where the control is served; 0 for any that is free, ``None`` for none.
        """
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._host, self._port = host, port
        self._runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
        await self._runner.setup()
        await self._open()
        if control_port is not None:
            control = web.Application()
            control.router.add_get("/state", self._show_state)
            control.router.add_post("/fault", self._take_fault)
            control.router.add_post("/behaviour", self._take_behaviour)
            self._control = web.AppRunner(control, access_log=None, shutdown_timeout=0.5)
            await self._control.setup()
            site = web.TCPSite(self._control, host, control_port)
            await site.start()
            self._control_port = self._control.addresses[0][1]

    async def stop(self) -> None:
        """Close everything; what is under way is cut."""
        self._changed.set()
        self._cut()
        for runner in (self._runner, self._control):
            if runner is not None:
                await runner.cleanup()
        self._runner = self._control = self._site = None

    @property
    def url(self) -> str:
        """Where it serves, without a path."""
        return f"http://{self._host}:{self._port}"

    @property
    def control_url(self) -> str:
        """Where it is controlled; empty if it is not over HTTP."""
        return f"http://{self._host}:{self._control_port}" if self._control_port else ""

    @property
    def fault(self) -> Fault:
        """What is wrong with it."""
        return self._fault

    async def set_fault(self, fault: Fault) -> None:
        """Make something wrong with it, or nothing; takes hold before this returns."""
        self._fault, self._met = fault, 0
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        if fault.kind in ("dead", "refused"):
            await self._shut()
            if fault.kind == "dead":
                self._cut()
        elif self._site is None:
            await self._open()

    async def _open(self) -> None:
        assert self._runner is not None
        self._site = web.TCPSite(self._runner, self._host, self._port, reuse_address=True)
        await self._site.start()
        self._port = self._runner.addresses[0][1]

    async def _shut(self) -> None:
        if self._site is not None:
            await self._site.stop()
            self._site = None

    def _cut(self) -> None:
        server = None if self._runner is None else self._runner.server
        for protocol in list(server.connections) if server is not None else ():
            if protocol.transport is not None:
                protocol.transport.abort()

    # ------------------------------------------------------------------ control over HTTP

    def state(self) -> dict[str, Any]:
        """Counts and settings, as its control shows them."""
        return {
            "dialect": self.dialect,
            "url": self.url,
            "models": list(self.models),
            "fault": msgspec.to_builtins(self._fault),
            "behaviour": msgspec.to_builtins(self.behaviour),
            "requests": self._number,
            "paths": dict(self.counts),
            "running": self._running,
            "waiting": self._waiting,
            "tokens": {"read": self._read, "said": self._said},
        }

    async def _show_state(self, _request: web.Request) -> web.Response:
        return _json(encoded(self.state()))

    async def _take_fault(self, request: web.Request) -> web.Response:
        try:
            fault = msgspec.json.decode(await request.read(), type=Fault)
        except msgspec.DecodeError as error:
            return _json(encoded({"error": str(error)}), 400)
        await self.set_fault(fault)
        return await self._show_state(request)

    async def _take_behaviour(self, request: web.Request) -> web.Response:
        try:
            self.behaviour = msgspec.json.decode(await request.read(), type=Behaviour)
        except msgspec.DecodeError as error:
            return _json(encoded({"error": str(error)}), 400)
        return await self._show_state(request)

    # ------------------------------------------------------------------ requests

    async def _serve(self, request: web.Request) -> _Answer:
        number, self._number = self._number, self._number + 1
        self.counts[request.path] += 1
        body = await request.read()
        self.seen.append(Seen(request.path_qs, {name.lower(): value for name, value in request.headers.items()}, body))
        fault = NO_FAULT
        if request.path not in _UNMET:
            fault = self._fault if meets(self._fault, self._met) else NO_FAULT
            self._met += 1
        early = await self._early_fault(request, fault)
        if early is not None:
            return early
        if self._keys and request.path not in _OPEN and _bearer(request) not in self._keys:
            return self._error(request, "unauthorized", 401)
        return await self._answer(request, body, number, fault)

    async def _early_fault(self, request: web.Request, fault: Fault) -> _Answer | None:
        """What a fault makes of a request before anybody has looked at it; ``None`` if it goes on."""
        match fault.kind:
            case "reset":
                _reset(request)
            case "not_http":
                if request.transport is not None:
                    request.transport.write(_nonsense(0, 512))
                    request.transport.close()
            case "hang":
                await self._changed.wait()
                _reset(request)
            case "latency":
                await self._pause(fault.seconds)
                return None
            case "wrong_type":
                page = "<!doctype html><title>Maintenance</title><p>We are back soon."
                return web.Response(text=page, content_type="text/html")
            case "rate_limited" | "server_error" | "unavailable" | "expired_key":
                name, status = _STATUSES[fault.kind]
                return self._error(request, name, status, retry_after=fault.seconds)
            case _:
                return None
        raise ConnectionResetError("the stand-in broke the connection on purpose")

    async def _pause(self, seconds: float) -> None:
        """Wait, but no longer than until something else is made wrong."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    async def _answer(self, request: web.Request, body: bytes, number: int, fault: Fault) -> _Answer:
        path, kind = request.path, _KINDS.get((self.dialect, request.path), _KINDS.get(("", request.path)))
        if request.method in ("GET", "HEAD"):
            shown = self._get.get(path) or (self._one_model if path.startswith("/v1/models/") else None)
            return self._error(request, "not_found", 404, message="Not Found") if shown is None else shown(request)
        if request.method != "POST" or kind is None or (kind == "responses" and self.dialect != "openai"):
            return self._error(request, "not_found", 404, message=f"Invalid URL ({request.method} {path})")
        try:
            tree = msgspec.json.decode(body)
            if not isinstance(tree, dict):
                raise TypeError("the body is no JSON object")
            if kind in ("embeddings", "native_embed", "show"):
                return self._one_go(request, kind, tree, fault)
            asked = asked_from(kind, tree, self._streams, self.behaviour)
        except (msgspec.DecodeError, ValueError, TypeError, AttributeError) as error:
            return self._error(request, "bad_request", 400, message=str(error))
        model = known_model(self.dialect, self.models, asked.model)
        if model is None:
            return self._error(request, "not_found", 404, message=no_such_model(self.dialect, asked.model))
        if fault.kind == "wrong_model":
            model = fault.model
        async with self._slot():
            reply = reply_to(asked, model, number, self._streams, self.behaviour)
            self._read += reply.prompt
            self._said += reply.said
            return await (self._stream if asked.stream else self._send)(request, asked, reply, fault)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """A place among the requests that are worked on at once."""
        self._waiting += 1
        try:
            async with self._room:
                await self._room.wait_for(lambda: not self.behaviour.slots or self._running < self.behaviour.slots)
                self._running += 1
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._running -= 1
            async with self._room:
                self._room.notify_all()

    # ------------------------------------------------------------------ answers

    async def _send(self, request: web.Request, _asked: Asked, reply: Reply, fault: Fault) -> _Answer:
        await self._pause_before(fault, reply.said)
        if fault.kind in ("truncated", "unfinished", "nonsense", "endless_line"):
            answer = web.StreamResponse(headers=self._headers({"Content-Type": "application/json"}))
            if fault.kind == "truncated":
                answer.content_length = len(reply.whole)
            await answer.prepare(request)
            half = reply.whole[: len(reply.whole) // 2]
            await answer.write(b'{"id":"' if fault.kind == "endless_line" else half)
            return await self._spoil(request, answer, fault)
        return _json(reply.whole, headers=self._headers({}))

    async def _pause_before(self, fault: Fault, tokens: int) -> None:
        step = fault.seconds if fault.kind == "slow" else self.behaviour.token_seconds
        seconds = self.behaviour.first_token_seconds + step * tokens
        if seconds:
            await self._pause(seconds)

    async def _stream(self, request: web.Request, asked: Asked, reply: Reply, fault: Fault) -> _Answer:
        native = asked.kind.startswith("native")
        kind = "application/x-ndjson" if native else "text/event-stream; charset=utf-8"
        answer = web.StreamResponse(headers=self._headers({"Content-Type": kind, "Cache-Control": "no-cache"}))
        spoiled = fault.kind in ("truncated", "unfinished", "nonsense", "endless_line")
        step = fault.seconds if fault.kind == "slow" else self.behaviour.token_seconds
        if self.behaviour.first_token_seconds:
            await self._pause(self.behaviour.first_token_seconds)
        await answer.prepare(request)
        clock = asyncio.get_running_loop().time
        due = clock()
        for at, frame in enumerate(reply.frames):
            if spoiled and at == fault.after:
                if fault.kind == "endless_line":
                    await answer.write(frame[:7])
                return await self._spoil(request, answer, fault)
            await answer.write(frame)
            if step:
                due += step
                if due > (now := clock()):
                    await asyncio.sleep(due - now)
        await answer.write_eof()
        return answer

    async def _spoil(self, request: web.Request, answer: web.StreamResponse, fault: Fault) -> _Answer:
        """End an answer that has begun in the way of a fault."""
        if fault.kind == "unfinished":
            await answer.write_eof()
            return answer
        if fault.kind == "nonsense":
            for at in range(8):
                await answer.write(_nonsense(at, 256) + b"\n\n")
            await answer.write_eof()
            return answer
        while fault.kind == "endless_line" and not self._changed.is_set() and fault is self._fault:
            await answer.write(b"a" * 65_536)
        _reset(request)
        raise ConnectionResetError("the stand-in broke the connection on purpose")

    def _one_go(self, request: web.Request, kind: str, tree: Mapping[str, Any], fault: Fault) -> web.Response:
        """Embeddings, and what Ollama shows of a model."""
        name = str(tree.get("model", ""))
        model = known_model(self.dialect, self.models, name)
        if model is None:
            return self._error(request, "not_found", 404, message=no_such_model(self.dialect, name))
        if kind == "show":
            return _json(self._pages.described())
        if fault.kind == "wrong_model":
            model = fault.model
        return _json(self._pages.embeddings(kind, model, tree), headers=self._headers({}))

    def _list_models(self, request: web.Request) -> web.Response:
        return _json(self._pages.models("native_models" if request.path.startswith("/api/") else "models"))

    def _one_model(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix("/v1/models/")
        if name not in self.models:
            return self._error(request, "not_found", 404, message=no_such_model(self.dialect, name))
        return _json(self._pages.model(name))

    @property
    def load(self) -> Load:
        """How busy it is."""
        return Load(self._running, self._waiting, self.behaviour.slots, self._read, self._said)

    def _metrics(self, request: web.Request) -> web.Response:
        shown = self._pages.metrics(self.load)
        if shown is None:
            return self._error(request, "not_found", 404, message="Not Found")
        return web.Response(text=shown, content_type="text/plain")

    def _slots(self, request: web.Request) -> web.Response:
        if request.query.get("fail_on_no_slot") and self._running >= (self.behaviour.slots or 1):
            return self._error(request, "no_slot", 503)
        return _json(self._pages.slots(self.load))

    def _own_paths(self) -> dict[str, Callable[[web.Request], web.Response]]:
        """What each server shows beside what all show."""
        if self.dialect == "vllm":
            return {"/health": lambda _request: web.Response(), "/version": lambda _request: _json(b'{"version":"0.9.1"}')}
        if self.dialect == "llama_cpp":
            return {
                "/health": lambda _request: _json(b'{"status":"ok"}'),
                "/v1/health": lambda _request: _json(b'{"status":"ok"}'),
                "/slots": self._slots,
                "/props": lambda _request: _json(self._pages.properties(self.load)),
                "/models": self._list_models,
            }
        if self.dialect == "ollama":
            return {
                "/": lambda _request: web.Response(text="Ollama is running"),
                "/api/version": lambda _request: _json(b'{"version":"0.12.0"}'),
                "/api/tags": self._list_models,
                "/api/ps": self._list_models,
            }
        return {}

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        """A dialect's own headers, beside those given."""
        if self.dialect != "openai":
            return headers
        return {
            **headers,
            "x-request-id": f"req_{self._number:012d}",
            "openai-processing-ms": "12",
            "openai-version": "2020-10-01",
            "x-ratelimit-limit-requests": str(_LIMIT),
            "x-ratelimit-remaining-requests": str(max(0, _LIMIT - self._number)),
            "x-ratelimit-reset-requests": "6ms",
        }

    def _error(
        self, request: web.Request, name: str, status: int, *, message: str = "", retry_after: float = 0.0
    ) -> web.Response:
        native = self.dialect == "ollama" and request.path.startswith("/api/")
        headers = self._headers({"Retry-After": f"{retry_after:g}"} if retry_after else {})
        return _json(self._pages.error(name, message, native=native), status, headers)


_KINDS: Final[Mapping[tuple[str, str], str]] = {
    ("", "/v1/chat/completions"): "chat",
    ("", "/v1/responses"): "responses",
    ("", "/v1/embeddings"): "embeddings",
    ("llama_cpp", "/chat/completions"): "chat",
    ("ollama", "/api/chat"): "native_chat",
    ("ollama", "/api/generate"): "native_generate",
    ("ollama", "/api/embed"): "native_embed",
    ("ollama", "/api/show"): "show",
}
_OPEN: Final = frozenset({"/health", "/v1/health", "/", "/api/version", "/metrics", "/models", "/version"})
"""Paths that are served without a key."""
_UNMET: Final = frozenset({"/metrics"})
"""Paths that no fault meets but those that close the port."""
_STATUSES: Final[Mapping[str, tuple[str, int]]] = {
    "rate_limited": ("rate_limited", 429),
    "server_error": ("server_error", 500),
    "unavailable": ("unavailable", 503),
    "expired_key": ("unauthorized", 401),
}


def _bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _json(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def _nonsense(seed: int, size: int) -> bytes:
    """Bytes that are neither text nor JSON, the same for the same seed."""
    blocks = (hashlib.sha256(b"%d %d" % (seed, at)).digest() for at in range(size // 32 + 1))
    return b"\xff\xfe" + b"".join(blocks)[:size].replace(b"\n", b"\xff")


def _reset(request: web.Request) -> None:
    """Break a connection with a TCP reset: nothing is lingered for."""
    transport = request.transport
    if transport is None:
        return
    with suppress(OSError):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


@asynccontextmanager
async def stand_in(dialect: Dialect, *, control: bool = False, **settings: Any) -> AsyncIterator[StandIn]:
    """A stand-in that serves for as long as the context lasts.

    Parameters
    ----------
    dialect
        What it speaks.
    control
        Whether its control is served, too.
    settings
        As for :class:`StandIn`.
    """
    one = StandIn(dialect, **settings)
    await one.start(control_port=0 if control else None)
    try:
        yield one
    finally:
        await one.stop()
