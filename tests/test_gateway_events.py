"""Events from the gateway to the desk: none lost, whoever dies; those that come again are the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from freehold.demo.stand_in import StandIn, stand_in
from freehold.gateway.spool import Cursor, Spool
from freehold.respond.evidence_keys import SigningKey
from freehold.respond.evidence_log import EvidenceLog
from freehold.watch.cloudevents import parse
from freehold.watch.event import Event
from gateways import KEYS, LONGEST, Gateway, ask, eventually, gateway


class Desk:
    """Takes events as a desk does, when it is well."""

    def __init__(self) -> None:
        self.status = 202
        self.events: dict[tuple[str, str], Event] = {}
        self.batches: list[int] = []
        self.keys: set[str] = set()
        self.largest = 10**9
        self.odd = ""

    async def take(self, request: web.Request) -> web.Response:
        self.keys.add(request.headers["Authorization"])
        events = parse(request.headers, await request.read(), 0.0)
        self.batches.append(len(events))
        if len(events) > self.largest:
            return web.Response(status=413)
        if any(event.type == self.odd for event in events):
            return web.Response(status=400, text="not understood")
        if self.status < 300:
            self.events |= {(event.source, event.id): event for event in events}
        return web.Response(status=self.status)

    def types(self) -> list[str]:
        return [event.type.removeprefix("freehold.gateway.") for event in self.events.values()]


@asynccontextmanager
async def at(desk: Desk, port: int = 0) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_post("/events", desk.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def text(one: StandIn, port: int) -> str:
    return f"""
        [gateway]
        name = "front"
        [watch]
        url = "http://127.0.0.1:{port}"
        key_env = "DESK"
        [[upstream]]
        name = "one"
        url = "{one.url}"
    """


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freehold.gateway.sender._FIRST_WAIT", 0.01)
    monkeypatch.setattr("freehold.gateway.sender._LONGEST_WAIT", 0.05)


async def all_sent(front: Gateway) -> None:
    await eventually(lambda: front.running.desk()["waiting"] == 0)  # type: ignore[index]


def test_what_is_written_is_sent_with_the_same_attributes(tmp_path: Path) -> None:
    async def main() -> None:
        desk = Desk()
        async with (
            asyncio.timeout(LONGEST),
            stand_in("openai") as one,
            at(desk) as port,
            gateway(text(one, port), tmp_path) as front,
        ):
            await ask(front, headers={"x_freehold_agent": "scout"})
            await eventually(lambda: "request" in desk.types())
            entry = front.entries("request")[0]
        event = next(event for event in desk.events.values() if event.type == "freehold.gateway.request")
        assert event.source == "/freehold/gateway/front"
        assert event.subject == "scout"
        assert dict(event.data) == entry
        assert desk.keys == {f"Bearer {KEYS['DESK']}"}

    asyncio.run(main())


def test_a_desk_that_is_away_gets_all_of_it_when_it_is_back_and_traffic_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        desk = Desk()
        async with asyncio.timeout(LONGEST), stand_in("openai") as one:
            async with at(desk) as port:
                pass
            async with gateway(text(one, port), tmp_path) as front:
                for _ in range(30):
                    assert (await ask(front)).status == 200
                await eventually(lambda: any("do not reach the desk" in line for line in front.said))
                async with at(desk, port):
                    await eventually(lambda: desk.types().count("request") == 30)
                    await eventually(lambda: any("reach the desk again" in line for line in front.said))

    asyncio.run(main())


@pytest.mark.parametrize("status", [500, 503, 429, 401])
def test_only_what_was_taken_is_passed_over(tmp_path: Path, status: int) -> None:
    async def main() -> None:
        desk = Desk()
        desk.status = status
        async with asyncio.timeout(LONGEST), stand_in("openai") as one, at(desk) as port:
            async with gateway(text(one, port), tmp_path) as front:
                await ask(front)
                await eventually(lambda: len(desk.batches) > 3)
                assert not (tmp_path / "cursor").exists()
            desk.status = 202
            async with gateway(text(one, port), tmp_path):
                await eventually(lambda: desk.types().count("started") == 2)
        assert sorted(one for one in desk.types() if one in ("request", "started")) == ["request", "started", "started"]

    asyncio.run(main())


def test_an_event_that_the_desk_never_takes_holds_up_no_other(tmp_path: Path) -> None:
    async def main() -> None:
        desk = Desk()
        desk.odd = "freehold.gateway.started"
        desk.largest = 5
        async with (
            asyncio.timeout(LONGEST),
            stand_in("openai") as one,
            at(desk) as port,
            gateway(text(one, port), tmp_path) as front,
        ):
            for _ in range(20):
                await ask(front)
            await eventually(lambda: desk.types().count("request") == 20)
            await eventually(lambda: any("does not understand event" in line for line in front.said))

    asyncio.run(main())


def test_what_was_sent_is_not_sent_again_after_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        desk = Desk()
        async with asyncio.timeout(LONGEST), stand_in("openai") as one, at(desk) as port:
            for _ in range(2):
                async with gateway(text(one, port), tmp_path) as front:
                    await ask(front)
                    await all_sent(front)
        assert desk.types().count("started") == desk.types().count("request") == 2
        assert sum(desk.batches) == len(desk.events)

    asyncio.run(main())


def spool_of(folder: Path, count: int) -> tuple[Spool, int]:
    key = SigningKey.new()
    log = EvidenceLog.open(folder / "log", key)
    for number in range(count):
        log.append("freehold.gateway.request", {"n": number})
        log.append("other.kind", {})
    number = log.number
    log.close()
    return Spool(folder / "log", folder / "cursor", "/x"), number


def read_all(spool: Spool, durable: int, most: int = 7) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while (batch := spool.read(durable, most)) is not None:
        found += batch.events
        spool.taken(batch.after)
    return found


def test_the_spool_gives_each_of_its_events_once_and_goes_on_where_it_was(tmp_path: Path) -> None:
    spool, number = spool_of(tmp_path, 40)
    first = read_all(spool, number // 2)
    rest = read_all(Spool(tmp_path / "log", tmp_path / "cursor", "/x"), number)
    assert [event["data"]["n"] for event in first + rest] == list(range(40))
    assert read_all(Spool(tmp_path / "log", tmp_path / "cursor", "/x"), number) == []


@pytest.mark.parametrize("kept", [b"", b"nonsense", b"{}", b'{"number": 9, "hash": "00", "offset": 100}', b'{"offset": -5}'])
def test_a_cursor_that_is_no_good_begins_anew_with_the_same_names(tmp_path: Path, kept: bytes) -> None:
    spool, number = spool_of(tmp_path, 5)
    names = [event["id"] for event in read_all(spool, number)]
    (tmp_path / "cursor").write_bytes(kept)
    assert [event["id"] for event in read_all(Spool(tmp_path / "log", tmp_path / "cursor", "/x"), number)] == names


def test_a_log_that_was_begun_anew_is_another_one(tmp_path: Path) -> None:
    spool, number = spool_of(tmp_path, 5)
    before = {event["id"] for event in read_all(spool, number)}
    assert spool.cursor != Cursor()
    (tmp_path / "log").unlink()
    again, number = spool_of(tmp_path, 5)
    after = {event["id"] for event in read_all(again, number)}
    assert len(after) == 5
    assert not before & after
