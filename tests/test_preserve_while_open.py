"""What the desk has open can be copied before a change, and a gateway that is being started is waited for."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import web

from freehold.demo.programs import free_ports
from freehold.errors import StoreUnavailable
from freehold.respond.actions.gateway_control import GatewayControl, GatewayGone
from freehold.respond.actions.means import Gateway
from freehold.watch.alert_store import AlertStore


def test_the_file_of_alerts_is_copied_while_it_is_open_and_is_still_one_processs_own(tmp_path: Path) -> None:
    path = tmp_path / "alerts.db"
    store = AlertStore.open(path)
    try:
        store.write({("state", "turn"): b"\xcb?\xf0\x00\x00\x00\x00\x00\x00"})
        with (
            closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(tmp_path / "copy.db")) as copy,
        ):
            source.backup(copy)
            assert copy.execute("SELECT key FROM state").fetchall() == [("turn",)]
        code = f"from freehold.watch.alert_store import AlertStore; AlertStore.open({str(path)!r})"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "another process has it open" in other.stderr
        with pytest.raises(StoreUnavailable, match="another process"):
            AlertStore.open(path)
    finally:
        store.close()
    AlertStore.open(path).close()


def test_a_gateway_that_is_being_started_is_waited_for_as_long_as_is_said_and_no_longer() -> None:
    port = free_ports(1)[0]
    control = GatewayControl(Gateway(url=f"http://127.0.0.1:{port}"))

    async def main() -> None:
        begun = time.monotonic()
        with pytest.raises(GatewayGone, match="does not answer"):
            await control.state()
        with pytest.raises(GatewayGone, match="does not answer"):
            await control.state(patience=0.3)
        assert time.monotonic() - begun >= 0.3
        asked = asyncio.create_task(control.post("/freehold/route", {"key": "k"}, patience=60))
        application = web.Application()

        async def route(_: web.Request) -> web.Response:
            return web.json_response({"model": "assistant"})

        application.router.add_post("/freehold/route", route)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            async with asyncio.timeout(30):
                assert await asked == {"model": "assistant"}
        finally:
            await runner.cleanup()

    asyncio.run(main())


def test_a_gateway_that_refuses_is_not_asked_again() -> None:
    async def main() -> None:
        asked = []

        async def refuse(_: web.Request) -> web.Response:
            asked.append(1)
            return web.json_response({"error": {"message": "no"}}, status=500)

        application = web.Application()
        application.router.add_post("/freehold/route", refuse)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            port = runner.addresses[0][1]
            control = GatewayControl(Gateway(url=f"http://127.0.0.1:{port}"))
            with pytest.raises(GatewayGone, match="status 500"):
                await control.post("/freehold/route", {"key": "k"}, patience=30)
            assert asked == [1]
        finally:
            await runner.cleanup()

    asyncio.run(main())
