"""A gateway on loopback for tests, in front of stand-ins, with what it said and what it wrote within reach."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from freehold.demo.frames import Dialect
from freehold.demo.stand_in import MODELS, StandIn, stand_in
from freehold.gateway.configuration import Configuration, parse, simple
from freehold.gateway.running import Running
from freehold.gateway.server import Serving, create_gateway

__all__ = [
    "ADMIN",
    "KEYS",
    "LONGEST",
    "Answer",
    "Gateway",
    "ask",
    "chat",
    "eventually",
    "gateway",
    "one_line",
    "run",
    "texts_of",
]

LONGEST = 60.0
ADMIN = "Adm1n-kYq3vR8sWz5TnL2pX7bD"
KEYS = {
    "ADMIN": ADMIN,
    "ALPHA": "aLph4-Qm7Zt2Kx9Wc5Rv8Yb3Nd",
    "BETA": "beT4-Hs6Jp1Fg4Lk8Vz2Xq7Mw",
    "PROVIDER": "prV1-Dc3Fb8Nh5Tj2Rk9Gy6Ls",
    "DESK": "dEsk-Wn4Pv9Bx6Zc1Ml8Kj3Hg",
}
KEYS |= {"CLIENT": "clnT-Ur5Oe7Ia2Yw9Qp4Sd6Fk"}


@dataclass
class Answer:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        return self.json["error"]

    @property
    def events(self) -> list[Any]:
        """The data of its events; the last one perhaps the text ``[DONE]``."""
        lines = [line[6:] for line in self.body.decode(errors="replace").splitlines() if line.startswith("data: ")]
        return [line if line == "[DONE]" else json.loads(line) for line in lines]


@dataclass
class Gateway:
    """A gateway that serves."""

    url: str
    serving: Serving
    session: aiohttp.ClientSession
    state: Path
    said: list[str] = field(default_factory=list)

    @property
    def running(self) -> Running:
        return self.serving.running

    async def post(self, path: str, body: Any = None, *, key: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        """Post JSON, or bytes as they are."""
        more = {"Authorization": f"Bearer {key}"} if key else {}
        sent = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        given = {"Content-Type": "application/json", **more, **(headers or {})}
        async with self.session.post(self.url + path, data=sent, headers=given) as answer:
            return Answer(answer.status, dict(answer.headers), await answer.read())

    async def get(self, path: str, *, key: str = "") -> Answer:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with self.session.get(self.url + path, headers=headers) as answer:
            return Answer(answer.status, dict(answer.headers), await answer.read())

    def entries(self, kind: str = "") -> list[dict[str, Any]]:
        """The bodies of what was written, without the kind's beginning."""
        lines = (self.state / "evidence-gateway.jsonl").read_text().splitlines()
        found = [entry for entry in map(json.loads, lines) if entry["kind"].startswith("freehold.gateway.")]
        return [entry["body"] for entry in found if not kind or entry["kind"] == f"freehold.gateway.{kind}"]


@asynccontextmanager
async def gateway(
    configuration: Configuration | str, state: Path, *, environment: Mapping[str, str] = KEYS, **more: Any
) -> AsyncIterator[Gateway]:
    """A gateway by a configuration or its text, for as long as the context lasts."""
    said: list[str] = []
    read = parse(configuration, "test.toml") if isinstance(configuration, str) else configuration
    app = create_gateway(read, state=state, environment=environment, tell=said.append, **more)
    serving = Serving(app)
    port = await serving.start("127.0.0.1:0")
    async with aiohttp.ClientSession() as session:
        try:
            yield Gateway(f"http://127.0.0.1:{port}", serving, session, state, said)
        finally:
            await serving.stop(0)


def one_line(one: StandIn) -> Configuration:
    """What ``freehold gateway --upstream URL`` makes."""
    return simple(one.url)


def chat(dialect: Dialect = "openai", **more: Any) -> dict[str, Any]:
    return {"model": MODELS[dialect][0], "messages": [{"role": "user", "content": "Good morning, who is there?"}], **more}


Use = Callable[[Gateway, StandIn], Awaitable[None]]


def run(use: Use, state: Path, dialect: Dialect = "openai", **settings: Any) -> None:
    """Run a scene with one stand-in behind a gateway of one line."""

    async def main() -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(asyncio.timeout(LONGEST))
            one = await stack.enter_async_context(stand_in(dialect, **settings))
            front = await stack.enter_async_context(gateway(one_line(one), state))
            await use(front, one)

    asyncio.run(main())


async def ask(front: Gateway, path: str = "/v1/chat/completions", **more: Any) -> Answer:
    """Ask for a chat, with what is given beside."""
    headers = {name.replace("_", "-"): value for name, value in more.pop("headers", {}).items()}
    return await front.post(path, chat(**more), key=KEYS["CLIENT"], headers=headers)


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds; the scene's own deadline ends it if it never does."""
    while not holds():
        await asyncio.sleep(0.01)


def texts_of(events: list[Any]) -> str:
    """The words of a stream of chat."""
    return "".join(
        choice["delta"].get("content") or ""
        for event in events
        if isinstance(event, dict)
        for choice in event.get("choices", [])
    )
