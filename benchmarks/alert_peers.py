"""Alertmanager and Freehold's alert core, each as a process with the same configuration, and who is told by them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

__all__ = ["ALERTMANAGER", "FREEHOLD", "SUBJECTS", "WITH_RADIUS", "Heard", "Subject", "hearing", "running"]

ALERTMANAGER: Final = "Alertmanager"
FREEHOLD: Final = "Freehold"
WITH_RADIUS: Final = "Freehold, with blast radius"
SUBJECTS: Final = (ALERTMANAGER, FREEHOLD)
"""Who is compared in what they tell."""

_ROOT: Final = Path(__file__).resolve().parents[1]
_BINARY: Final = "prometheus-alertmanager"


@dataclass
class Heard:
    """What a webhook was told: moments (of the monotonic clock) and messages."""

    messages: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    listener: Callable[[dict[str, Any]], None] | None = None


@dataclass(frozen=True)
class Subject:
    """A process that runs."""

    name: str
    address: str
    number: int
    session: aiohttp.ClientSession

    async def post(self, path: str, body: object) -> Any:
        """POST JSON (or bytes of it); give the answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.session.post(self.address + path, data=data, headers={"Content-Type": "application/json"}) as answer:
            text = await answer.text()
            if answer.status != 200:
                raise RuntimeError(f"{self.name} answered {answer.status}: {text[:200]}")
            return json.loads(text) if text else None

    async def delete(self, path: str) -> None:
        """DELETE."""
        async with self.session.delete(self.address + path) as answer:
            await answer.read()

    def memory(self) -> float:
        """The most memory that it had, in MB."""
        for line in Path(f"/proc/{self.number}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
        return 0.0

    def processor(self) -> float:
        """Seconds of the processor that it took."""
        parts = Path(f"/proc/{self.number}/stat").read_text().rpartition(")")[2].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def hearing() -> AsyncIterator[tuple[str, Heard]]:
    """A webhook on loopback for as long as the block lasts: its address, and what it hears."""
    heard = Heard()

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        at = time.monotonic()
        said = json.loads(body)
        heard.messages.append((at, said))
        if heard.listener is not None:
            heard.listener(said)
        return web.Response()

    app = web.Application(client_max_size=64 * 1024**2)
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", heard
    finally:
        await runner.cleanup()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _command(name: str, configuration: Path, folder: Path, port: int) -> tuple[list[str], Mapping[str, str]]:
    if name == ALERTMANAGER:
        binary = shutil.which(_BINARY)
        if binary is None:
            raise FileNotFoundError(f"{_BINARY} is not installed: it is Debian's package of that name")
        return [
            binary, f"--config.file={configuration}", f"--storage.path={folder}", f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=", "--log.level=error",
        ], {}  # fmt: skip
    more = ["--stack", str(folder / "stack.toml")] if name == WITH_RADIUS else []
    command = [sys.executable, "-m", "benchmarks.alert_server", "--routes", str(configuration)]
    path = os.pathsep.join([str(_ROOT / "src"), str(_ROOT)])
    return [*command, *more, "--state", str(folder / "alerts.db"), "--port", str(port)], {"PYTHONPATH": path}


@asynccontextmanager
async def running(name: str, configuration: str, folder: Path) -> AsyncIterator[Subject]:
    """A subject for as long as the block lasts.

    Parameters
    ----------
    name
        One of :data:`SUBJECTS`, or :data:`WITH_RADIUS`, of which the folder holds a ``stack.toml``.
    configuration
        The text of an ``alertmanager.yml``.
    folder
        An empty folder of its own; filled again, it starts with the state that is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "alertmanager.yml"
    file.write_text(configuration)
    port = _free_port()
    command, more = _command(name, file, folder, port)
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *command, stdin=quiet, stdout=quiet, stderr=quiet, cwd=_ROOT, env={**os.environ, **more}
    )
    address = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as session:
            await _ready(session, address)
            yield Subject(name, address, process.pid, session)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _ready(session: aiohttp.ClientSession, address: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            async with session.get(f"{address}/-/ready") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.05)
    raise TimeoutError(f"{address} did not get ready within 30 s")
