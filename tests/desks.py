"""A desk for tests: in this process over loopback, or as a process of its own that can be killed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from freehold import work
from freehold.stack.values import Stack
from freehold.web.app import Front
from freehold.web.people import add_person
from freehold.web.service import DeskSettings, make_runner, open_desk

__all__ = ["LONGEST", "Answer", "Desk", "DeskProcess", "alert", "clinic", "desk", "event", "eventually", "run_scene"]

LONGEST = 40.0
CLINIC = Path(__file__).parent.parent / "examples" / "clinic"
_SMALL = '[gateway]\nurl = "http://127.0.0.1:1"\n'
"""No gateway answers there; without it the desk would look on the port at which one stands by default."""


def _hush(_: str) -> None:
    """What a terminal is told is not told."""


def clinic() -> Stack:
    """The clinic of the examples."""
    return work.load(CLINIC).stack


@dataclass
class Answer:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Desk:
    """A desk that serves, seen from outside."""

    url: str
    folder: Path
    session: aiohttp.ClientSession
    front: Front | None = None
    keys: dict[str, str] = field(default_factory=dict)

    def person(self, name: str, *roles: str) -> str:
        """Let somebody in; their key."""
        self.keys[name] = add_person(self.folder, name, roles or ("commander",))
        return self.keys[name]

    @property
    def intake(self) -> str:
        """The key by which programs of this machine send."""
        return (self.folder / "intake.key").read_text(encoding="ascii").strip()

    async def ask(
        self, method: str, path: str, body: Any = None, *, key: str = "", headers: Mapping[str, str] | None = None
    ) -> Answer:
        given = dict(headers or {})
        if key:
            given["Authorization"] = f"Bearer {key}"
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body).encode()
            given.setdefault("Content-Type", "application/json")
        async with self.session.request(method, self.url + path, data=data, headers=given, allow_redirects=False) as answer:
            return Answer(answer.status, dict(answer.headers), await answer.read())

    async def state(self, name: str) -> Any:
        """What the page of a person shows."""
        answer = await self.ask("GET", "/state", key=self.keys[name])
        assert answer.status == 200, answer.body
        return answer.json

    async def incidents(self, name: str) -> list[Any]:
        return list((await self.state(name))["incidents"])

    async def act(self, name: str, /, **act: Any) -> Answer:
        return await self.ask("POST", "/act", act, key=self.keys[name])

    async def tell(self, *alerts: Mapping[str, Any]) -> Answer:
        """Post alerts as Prometheus does."""
        return await self.ask("POST", "/api/v2/alerts", list(alerts), key=self.intake)

    async def warned(self, name: str, count: int = 1) -> list[Any]:
        """The incidents, once there are so many."""
        return await eventually(lambda: self._warned(name, count))

    async def _warned(self, name: str, count: int) -> list[Any] | None:
        found = await self.incidents(name)
        return found if len(found) >= count else None


def alert(name: str, summary: str = "", **labels: str) -> dict[str, Any]:
    """An alert as Prometheus posts it."""
    return {"labels": {"alertname": name, **labels}, "annotations": {"summary": summary or f"{name} is wrong"}}


def event(id_: str, kind: str, **data: Any) -> dict[str, Any]:
    """A CloudEvent in structured mode."""
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "/test",
        "type": kind,
        "datacontenttype": "application/json",
        "data": data,
    }


async def eventually(found: Callable[[], Awaitable[Any]]) -> Any:
    """Wait until something is there; the scene's own deadline ends it if it never is."""
    while not (value := await found()):
        await asyncio.sleep(0.02)
    return value


@asynccontextmanager
async def desk(folder: Path, *, stack: Stack | None = None, respond: str = _SMALL, **more: Any) -> AsyncIterator[Desk]:
    """A desk in this process."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "respond.toml").write_text(respond, encoding="utf-8")
    settings = DeskSettings(folder, "test", stack, "freehold", work.catalogue if stack is not None else None)
    async with open_desk(settings, write=_hush, **more) as front:
        runner = make_runner(front)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
                yield Desk(f"http://127.0.0.1:{runner.addresses[0][1]}", folder, session, front)
        finally:
            front.live.close()
            await runner.cleanup()


def run_scene(scene: Callable[[], Awaitable[None]]) -> None:
    """Run a scene, to its end or to the deadline."""

    async def main() -> None:
        async with asyncio.timeout(LONGEST):
            await scene()

    asyncio.run(main())


class DeskProcess:
    """A desk as a process of its own, started by the command.

    Parameters
    ----------
    folder
        Its state folder.
    arguments
        What follows ``freehold watch``.
    program
        What is run, when it is not the command itself.
    """

    def __init__(self, folder: Path, *arguments: str, program: tuple[str, ...] = ("-m", "freehold")) -> None:
        self.folder, self._arguments, self._program = folder, arguments, program
        self.said: list[str] = []
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, **environment: str) -> str:
        """Start it; its address once it serves, empty if it ends before."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, *self._program, "watch", "--listen", "127.0.0.1:0", *self._arguments, "--state", str(self.folder),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **environment},
        )  # fmt: skip
        self.said = []
        assert self.process.stderr is not None
        while line := (await self.process.stderr.readline()).decode():
            self.said.append(line.rstrip())
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                self._rest = asyncio.create_task(self._read())
                return found[0]
        await self.process.wait()
        return ""

    async def _read(self) -> None:
        assert self.process is not None
        assert self.process.stderr is not None
        while line := (await self.process.stderr.readline()).decode():
            self.said.append(line.rstrip())

    async def ended(self) -> int:
        """Wait for its end; its exit status."""
        assert self.process is not None
        status = await self.process.wait()
        await self._rest
        return status

    async def kill(self) -> None:
        """End it by the signal that leaves it no time."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.ended()
