"""A real Alertmanager and its own tool send to the intake, where they are installed."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from freehold.watch.alert import Alert
from freehold.watch.intake import PATHS, Intake
from freehold.watch.journal import Journal

ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
TOOL = shutil.which("amtool")
needed = pytest.mark.skipif(ALERTMANAGER is None or TOOL is None, reason="no Alertmanager is installed here")

CONFIGURATION = """
route: {{receiver: freehold, group_wait: 0s, group_interval: 1s}}
receivers:
  - name: freehold
    webhook_configs:
      - url: {url}/alertmanager/webhook
        send_resolved: true
"""


@asynccontextmanager
async def taking(folder: Path) -> AsyncIterator[tuple[str, asyncio.Queue[Alert]]]:
    """An intake over HTTP; gives its address and the alerts that come."""
    came: asyncio.Queue[Alert] = asyncio.Queue()

    async def put(alerts: tuple[Alert, ...]) -> None:
        for alert in alerts:
            came.put_nowait(alert)

    async with Journal.open(folder / "journal.db") as journal:
        intake = Intake(journal, put, lambda: 1_772_357_400.0)

        async def handle(request: web.Request) -> web.Response:
            told = await intake.receive(PATHS[request.path], request.headers, request.content.iter_any())
            return web.Response(status=told.status, headers=told.headers, body=told.body)

        app = web.Application()
        for path in PATHS:
            app.router.add_post(path, handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}", came
        finally:
            await runner.cleanup()


async def add(url: str, *labels: str) -> int:
    """Let Alertmanager's own tool add an alert; give its exit status."""
    assert TOOL is not None
    process = await asyncio.create_subprocess_exec(
        TOOL, f"--alertmanager.url={url}", "alert", "add", *labels, stdout=sys.stderr, stderr=sys.stderr
    )
    return await process.wait()


@needed
@pytest.mark.slow
def test_alertmanagers_own_tool_can_post_alerts_here(tmp_path: Path) -> None:
    async def main() -> None:
        async with taking(tmp_path) as (url, came):
            assert await add(url, "alertname=Down", "provider=openai", "--annotation=summary=by hand") == 0
            alert = await asyncio.wait_for(came.get(), 30)
            assert alert.labels == (("alertname", "Down"), ("provider", "openai"))
            assert alert.annotations == (("summary", "by hand"),)

    asyncio.run(main())


@needed
@pytest.mark.slow
def test_an_alertmanager_sends_on_what_fires(tmp_path: Path) -> None:
    async def main() -> None:
        assert ALERTMANAGER is not None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        async with taking(tmp_path) as (url, came):
            (tmp_path / "alertmanager.yml").write_text(CONFIGURATION.format(url=url))
            process = await asyncio.create_subprocess_exec(
                ALERTMANAGER, f"--config.file={tmp_path / 'alertmanager.yml'}", f"--storage.path={tmp_path / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            assert process.stderr is not None
            try:
                async with asyncio.timeout(60):
                    while b"Listening on" not in await process.stderr.readline():
                        assert process.returncode is None
                    assert await add(f"http://127.0.0.1:{port}", "alertname=Down", "provider=openai") == 0
                    alert = await came.get()
                assert alert.labels == (("alertname", "Down"), ("provider", "openai"))
                assert not alert.is_resolved(1e12)
            finally:
                process.terminate()
                await process.communicate()

    asyncio.run(main())
