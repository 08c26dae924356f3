"""Alertmanager's HTTP API: the published shapes, what is refused, and Alertmanager's own tool against it; and real kills."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from alert_desk import alert, routes
from freehold.errors import StoreUnavailable
from freehold.watch.alert_core import AlertCore
from freehold.watch.alert_loop import AlertLoop
from freehold.watch.alert_store import AlertStore
from freehold.watch.alertmanager_api import add_routes
from freehold.watch.intake import Limits
from freehold.watch.notification import Notification
from freehold.watch.routes import Routing

ROUTING = routes(
    """group_by = ["item"]
    [[route.routes]]
    matchers = ['severity="red"']
    receiver = "phone"
    [[inhibit_rules]]
    source_matchers = ['severity="red"']
    target_matchers = ['severity="blue"']
    equal = ["item"]
    """
)
AT_ONCE = routes('\n[[route.routes]]\ngroup_wait = "0s"')
AMTOOL = shutil.which("amtool")
SILENCE = {
    "matchers": [{"name": "alertname", "value": "A|B", "isRegex": True}], "startsAt": "2026-01-01T00:00:00Z",
    "endsAt": "2100-01-01T00:00:00Z", "createdBy": "Ann", "comment": "known",
}  # fmt: skip


class Served:
    """A desk of alerts over HTTP."""

    def __init__(
        self, core: AlertCore, alerts: AlertLoop, session: aiohttp.ClientSession, address: str, recorded: list[tuple[str, Any]],
    ) -> None:  # fmt: skip
        self.core, self.alerts, self.session, self.address, self.recorded = core, alerts, session, address, recorded

    async def ask(self, method: str, path: str, body: object = None, **more: Any) -> tuple[int, Any]:
        """One request; its status, and its body from JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Authorization": "Bearer good", **more.pop("headers", {})}
        async with self.session.request(method, self.address + path, data=data, headers=headers, **more) as answer:
            text = await answer.text()
            try:
                return answer.status, json.loads(text)
            except ValueError:
                return answer.status, text


@asynccontextmanager
async def desk(limits: Limits | None = None, most: int = 50_000, routing: Routing = ROUTING) -> AsyncIterator[Served]:
    """A desk for as long as the block lasts."""
    store = AlertStore.open(None)
    core = AlertCore(routing, store, time.time(), most_alerts=most)
    alerts = AlertLoop(core)
    app = web.Application()
    recorded: list[tuple[str, Any]] = []

    async def record(_: web.Request, kind: str, body: Mapping[str, Any]) -> None:
        recorded.append((kind, body))

    def may(request: web.Request) -> bool:
        return request.headers.get("Authorization") == "Bearer good"

    add_routes(app, alerts, may=may, limits=limits, record=record)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Served(core, alerts, session, f"http://127.0.0.1:{runner.addresses[0][1]}", recorded)
    finally:
        await runner.cleanup()
        store.close()


def posted(name: str, **labels: str) -> dict[str, object]:
    return {"labels": {"alertname": name, **labels}, "annotations": {"summary": "hot"}, "generatorURL": "http://p/graph"}


def test_alerts_posted_are_shown_in_alertmanagers_shape_with_who_mutes_them() -> None:
    async def go() -> None:
        async with desk() as served:
            status, body = await served.ask(
                "POST", "/api/v2/alerts", [posted("A", item="gpu", severity="red"), posted("B", item="gpu", severity="blue")]
            )
            assert (status, body) == (200, "")
            status, found = await served.ask("GET", "/api/v2/alerts")
            assert status == 200
            assert found == sorted(found, key=lambda one: one["fingerprint"])
            by_name = {one["labels"]["alertname"]: one for one in found}
            assert set(by_name["A"]) == {
                "annotations", "endsAt", "fingerprint", "generatorURL", "labels", "receivers", "startsAt", "status",
                "updatedAt",
            }  # fmt: skip
            assert by_name["A"]["receivers"] == [{"name": "phone"}]
            assert by_name["A"]["annotations"] == {"summary": "hot"}
            assert by_name["A"]["generatorURL"] == "http://p/graph"
            assert by_name["B"]["status"] == {
                "state": "suppressed", "silencedBy": [], "inhibitedBy": [by_name["A"]["fingerprint"]],
            }  # fmt: skip
            for query, names in (
                ("?filter=severity=%22red%22", ["A"]), ("?filter=alertname=~%22A%7CB%22&inhibited=false", ["A"]),
                ("?receiver=ph.*", ["A"]), ("?filter=nothing=%22%22&active=false", ["A", "B"]),
                ("?filter=alertname!=A", ["B"]),
            ):  # fmt: skip
                status, found = await served.ask("GET", f"/api/v2/alerts{query}")
                assert sorted(one["labels"]["alertname"] for one in found) == names, query
            status, groups = await served.ask("GET", "/api/v2/alerts/groups")
            assert [(one["receiver"], one["labels"], len(one["alerts"])) for one in groups] == [
                ({"name": "duty"}, {"item": "gpu"}, 1), ({"name": "phone"}, {"item": "gpu"}, 1),
            ]  # fmt: skip
            assert await served.ask("GET", "/api/v2/receivers") == (200, [{"name": "duty"}, {"name": "phone"}])
            status, about = await served.ask("GET", "/api/v2/status")
            assert about["cluster"] == {"status": "disabled", "peers": []}
            assert "group_wait: 10s" in about["config"]["original"]
            assert await served.ask("GET", "/-/healthy") == await served.ask("GET", "/-/ready") == (200, "OK")

    asyncio.run(go())


def test_a_silence_is_made_shown_changed_and_expired() -> None:
    async def go() -> None:
        async with desk() as served:
            status, made = await served.ask("POST", "/api/v2/silences", SILENCE)
            assert status == 200
            path = f"/api/v2/silence/{made['silenceID']}"
            status, shown = await served.ask("GET", path)
            assert shown["status"] == {"state": "active"}
            assert shown["matchers"] == [{"name": "alertname", "value": "A|B", "isRegex": True, "isEqual": True}]
            assert (shown["createdBy"], shown["comment"], shown["endsAt"]) == ("Ann", "known", "2100-01-01T00:00:00.000Z")
            longer = {**shown, "endsAt": "2101-01-01T00:00:00Z"}
            assert await served.ask("POST", "/api/v2/silences", longer) == (200, made)
            other = {**SILENCE, "matchers": [{"name": "a", "value": "1", "isRegex": False, "isEqual": False}]}
            await served.ask("POST", "/api/v2/silences", other)
            status, found = await served.ask("GET", "/api/v2/silences?filter=a!=1")
            assert [one["matchers"][0]["isEqual"] for one in found] == [False]
            await served.ask("POST", "/api/v2/alerts", [posted("A")])
            status, (one,) = await served.ask("GET", "/api/v2/alerts?active=false")
            assert made["silenceID"] in one["status"]["silencedBy"]
            assert await served.ask("DELETE", path) == (200, "")
            status, shown = await served.ask("GET", path)
            assert shown["status"] == {"state": "expired"}
            status, found = await served.ask("GET", "/api/v2/silences")
            assert [one["status"]["state"] for one in found] == ["active", "expired"]
            kinds = [kind for kind, _ in served.recorded]
            assert kinds == ["alerts.silenced"] * 3 + ["alerts.silence_ended"]
            assert served.recorded[-1][1]["matchers"] == '{alertname=~"A|B"}'
            assert (await served.ask("GET", "/api/v2/silence/none"))[0] == 404
            assert (await served.ask("DELETE", "/api/v2/silence/none"))[0] == 404
            assert (await served.ask("POST", "/api/v2/silences", {**SILENCE, "id": "none"}))[0] == 404

    asyncio.run(go())


def changed(**fields: object) -> bytes:
    return json.dumps({**SILENCE, **fields}).encode()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/v2/alerts", b"", 400),
        ("POST", "/api/v2/alerts", b"{}", 400),
        ("POST", "/api/v2/alerts", b"[" * 100_000, 400),
        ("POST", "/api/v2/alerts", b'[{"labels": {"a": "\\ud800"}}]', 400),
        ("POST", "/api/v2/alerts", b'[{"labels": {"a": NaN}}]', 400),
        ("POST", "/api/v2/alerts", b" " * 200_000, 413),
        ("POST", "/api/v2/silences", b"", 400),
        ("POST", "/api/v2/silences", changed(matchers=[]), 400),
        ("POST", "/api/v2/silences", changed(startsAt="soon"), 400),
        ("POST", "/api/v2/silences", changed(endsAt="2020-01-01T00:00:00Z"), 400),
        ("POST", "/api/v2/silences", changed(matchers=[{"name": "a", "value": "(", "isRegex": True}]), 400),
        ("POST", "/api/v2/silences", changed(matchers=[{"name": "", "value": "1", "isRegex": False}]), 400),
        ("GET", "/api/v2/alerts?filter=nonsense", None, 400),
        ("GET", "/api/v2/alerts?active=perhaps", None, 400),
        ("GET", "/api/v2/alerts?receiver=(", None, 400),
        ("GET", "/api/v2/silences?filter=%22", None, 400),
        ("GET", "/api/v2/alerts?" + "&".join(["filter=a=1"] * 101), None, 400),
        ("PUT", "/api/v2/alerts", b"[]", 405),
    ],
)  # fmt: skip
def test_what_is_not_right_is_refused_in_a_sentence(method: str, path: str, body: bytes | None, status: int) -> None:
    async def go() -> None:
        async with desk(Limits(most_bytes=150_000)) as served:
            answer = await served.ask(method, path, body)
            assert answer[0] == status
            assert isinstance(answer[1], str)
            assert await served.ask("GET", "/api/v2/alerts") == (200, [])
            assert await served.ask("GET", "/api/v2/silences") == (200, [])

    asyncio.run(go())


def test_valid_alerts_are_taken_beside_ones_that_are_not() -> None:
    async def go() -> None:
        async with desk() as served:
            status, said = await served.ask("POST", "/api/v2/alerts", [posted("A"), {"labels": {}}, posted("B")])
            assert status == 400
            assert "alert 1" in said
            assert len(served.core) == 2

    asyncio.run(go())


def test_too_many_alerts_are_refused_for_now() -> None:
    async def go() -> None:
        async with desk(most=3) as served:
            status, said = await served.ask("POST", "/api/v2/alerts", [posted(f"A{number}") for number in range(5)])
            assert status == 429
            assert "2 new" in said
            assert len(served.core) == 3

    asyncio.run(go())


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/api/v2/alerts", [posted("A")]), ("POST", "/api/v2/silences", SILENCE), ("DELETE", "/api/v2/silence/x", None)],
)
def test_without_the_key_nothing_is_changed(method: str, path: str, body: object) -> None:
    async def go() -> None:
        async with desk() as served:
            status, _ = await served.ask(method, path, body, headers={"Authorization": "Bearer bad"})
            assert status == 401
            assert len(served.core) == len(served.core.silences) == 0

    asyncio.run(go())


def test_a_loop_hands_over_what_is_due_and_is_woken_by_what_comes() -> None:
    async def go() -> None:
        store = AlertStore.open(None)
        alerts = AlertLoop(AlertCore(AT_ONCE, store, time.time()))
        told: asyncio.Queue[Notification] = asyncio.Queue()

        async def take(notifications: tuple[Notification, ...]) -> None:
            for one in notifications:
                await told.put(one)
                alerts.told(one.key)

        running = asyncio.ensure_future(alerts.run(take))
        await asyncio.sleep(0)
        for name in ("A", "B"):
            await alerts.put([alert(name, item=name)])
        first = await asyncio.wait_for(told.get(), 30)
        assert first.state == "firing"
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        store.close()

    asyncio.run(go())


def test_what_a_group_will_need_is_found_out_while_it_waits() -> None:
    async def go() -> None:
        store = AlertStore.open(None)
        known: list[object] = []
        found = asyncio.Event()
        loop = asyncio.get_running_loop()

        def ahead(labels: object) -> None:
            known.append(labels)
            if len(known) == 2:
                loop.call_soon_threadsafe(found.set)

        alerts = AlertLoop(AlertCore(ROUTING, store, time.time()), ahead=ahead)
        running = asyncio.ensure_future(alerts.run(lambda _: None))
        await alerts.put([alert("A", item="gpu"), alert("B", item="disk"), alert("C", item="disk")])
        await asyncio.wait_for(found.wait(), 30)
        assert known == [(("item", "gpu"),), (("item", "disk"),)]
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        store.close()

    asyncio.run(go())


def test_a_full_disk_is_said_to_who_sends_and_keeps_nobody_from_being_told() -> None:
    async def go() -> None:
        async with desk(routing=AT_ONCE) as served:
            written = served.core._store.write

            def full(_: object) -> None:
                raise StoreUnavailable("alerts.db: there is no room left for it.")

            served.core._store.write = full
            status, said = await served.ask("POST", "/api/v2/alerts", [posted("A", item="gpu")])
            assert (status, said) == (503, "alerts.db: there is no room left for it.")
            told: asyncio.Queue[Notification] = asyncio.Queue()

            async def take(notifications: tuple[Notification, ...]) -> None:
                for one in notifications:
                    await told.put(one)

            running = asyncio.ensure_future(served.alerts.run(take))
            first = await asyncio.wait_for(told.get(), 30)
            assert first.firing[0].label("alertname") == "A"
            served.core._store.write = written
            # what could not be kept is kept with the next
            await served.alerts.put([alert("B")])
            assert {dict(one.labels)["alertname"] for one in served.core._store.load()["alerts"].values()} == {"A", "B"}
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    asyncio.run(go())


# Alertmanager's own tool


@pytest.mark.skipif(AMTOOL is None, reason="amtool is not installed")
def test_alertmanagers_own_tool_works_with_it(tmp_path: Path) -> None:
    key = tmp_path / "key.yml"
    key.write_text("authorization: {type: Bearer, credentials: good}\n")

    async def go() -> None:
        async with desk() as served:

            async def tool(*words: str) -> str:
                process = await asyncio.create_subprocess_exec(
                    AMTOOL, f"--alertmanager.url={served.address}", f"--http.config.file={key}", *words,
                    stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={"HOME": "/nonexistent", "USER": "ann"},
                )  # fmt: skip
                said, errors = await asyncio.wait_for(process.communicate(), 60)
                assert process.returncode == 0, errors
                return said.decode()

            await tool("alert", "add", "A", "item=gpu", "severity=red", "--annotation=summary=hot")
            assert "hot" in await tool("alert", "query")
            made = (await tool("silence", "add", "alertname=~A|B", "--comment=known", "--author=ann", "--duration=1h")).strip()
            assert made in await tool("silence", "query")
            assert "hot" not in await tool("alert", "query", "alertname=A")
            assert "hot" in await tool("alert", "query", "--silenced", "item=gpu")
            await tool("silence", "expire", made)
            assert "hot" in await tool("-o", "extended", "alert", "query")
            assert "phone" in await tool("config", "routes", "test", "severity=red")
            assert "severity" in await tool("config", "routes", "show")
            await tool("cluster", "show")

    asyncio.run(go())


# kills

ROOT = Path(__file__).parent.parent


@contextmanager
def process(routes_file: Path, state: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A desk of alerts as a process of its own; it gives its address."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    started = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.alert_server", "--routes", str(routes_file), "--state", str(state)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    try:
        assert started.stdout is not None
        yield started, f"http://127.0.0.1:{int(started.stdout.readline())}"
    finally:
        started.send_signal(signal.SIGKILL)
        started.wait()
        started.stdout.close()


@pytest.mark.slow
def test_killed_again_and_again_everything_acknowledged_is_told_and_each_key_once_or_more(tmp_path: Path) -> None:
    async def go() -> None:
        heard: dict[str, set[str]] = {}
        enough, more = asyncio.Event(), asyncio.Event()
        wanted = 12

        async def hear(request: web.Request) -> web.Response:
            said = await request.json()
            more.set()
            heard.setdefault(request.headers["Idempotency-Key"], set()).update(
                one["labels"]["alertname"] for one in said["alerts"]
            )
            if len({name for names in heard.values() for name in names}) >= wanted:
                enough.set()
            return web.Response()

        app = web.Application()
        app.router.add_post("/", hear)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        routes_file = tmp_path / "alertmanager.yml"
        routes_file.write_text(
            "route: {receiver: r, group_by: [alertname], group_wait: 50ms, group_interval: 100ms, repeat_interval: 1h}\n"
            f"receivers: [{{name: r, webhook_configs: [{{url: 'http://127.0.0.1:{runner.addresses[0][1]}/'}}]}}]\n"
        )
        for number in range(wanted):
            with process(routes_file, tmp_path / "alerts.db") as (_, address):
                more.clear()
                async with aiohttp.ClientSession() as session, session.post(
                    f"{address}/api/v2/alerts", json=[posted(f"A{number}")]
                ) as answer:  # fmt: skip
                    assert answer.status == 200
                # every other time killed at once, else after something was heard
                if number % 2:
                    await asyncio.wait_for(more.wait(), 30)
        with process(routes_file, tmp_path / "alerts.db"):
            await asyncio.wait_for(enough.wait(), 30)
        for names in heard.values():
            assert len(names) == 1
        await runner.cleanup()

    asyncio.run(go())
