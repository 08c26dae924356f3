"""The heartbeat: a gateway that is killed is missed and comes back, one that ends in order is not, with the built-in rule."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable
from pathlib import Path

from freehold.demo.faults import Fault
from freehold.demo.stand_in import stand_in
from freehold.gateway.heartbeat import SECONDS, Heartbeat
from freehold.gateway.switches import Stop, change_stop
from freehold.watch.alert import Alert
from freehold.watch.engine import RuleEngine
from freehold.watch.event import Event
from freehold.watch.rules import Rules, built_in_rules
from gateways import LONGEST, ask, eventually, gateway
from test_gateway_events import Desk, at, text

START = 1_800_000_000.0


def engine() -> RuleEngine:
    rules = built_in_rules()
    return RuleEngine(Rules(tuple(one for one in rules if one.id == "gateway-silent"), rules.attributes, rules.file))


def fed(to: RuleEngine, events: Iterable[Event], moment: float) -> list[Alert]:
    """What comes of events that are received at a moment, one after the other."""
    return [alert for event in events for alert in to.feed(dataclasses.replace(event, received=START + moment))]


async def lived(folder: Path, desk: Desk, beats: int) -> list[Event]:
    """The events of a gateway that lives for some heartbeats, without what it says when it ends."""
    async with (
        asyncio.timeout(LONGEST),
        stand_in("openai") as one,
        at(desk) as port,
        gateway(text(one, port), folder) as front,
    ):
        now = 0.0
        heart = Heartbeat(front.running, lambda: now)
        for _ in range(beats - 1):
            assert heart.look()
            assert not heart.look()
            now += SECONDS
        await eventually(lambda: desk.types().count("heartbeat") == beats)
        return list(desk.events.values())


def test_it_tells_the_requests_since_the_last_one_the_open_breakers_and_the_stops(tmp_path: Path) -> None:
    async def main() -> None:
        settings = '[[upstream]]\nname = "one"\nurl = "{url}"\nbreaker = {{ failures = 1, open_seconds = 600 }}\n'
        async with (
            asyncio.timeout(LONGEST),
            stand_in("openai") as one,
            gateway(settings.format(url=one.url), tmp_path) as front,
        ):
            now = 0.0
            heart = Heartbeat(front.running, lambda: now)
            assert heart.look()
            for _ in range(3):
                assert (await ask(front)).status == 200
            now = SECONDS - 0.001
            assert not heart.look()
            now = SECONDS
            assert heart.look()
            await one.set_fault(Fault(kind="server_error"))
            await ask(front)
            change_stop(tmp_path / "stop", Stop("tool", "pay"), on=True)
            front.running.look_at_stops()
            now = 2 * SECONDS
            assert heart.look()
            quiet = {"freehold.requests": 0, "freehold.under_way": 0, "freehold.stops": 0}
            assert front.entries("heartbeat") == [
                quiet,
                quiet,
                quiet | {"freehold.requests": 3},
                {
                    "freehold.requests": 1, "freehold.under_way": 0, "freehold.stops": 1,
                    "freehold.open_breakers": "one", "freehold.because": "tool pay",
                },
            ]  # fmt: skip

    asyncio.run(main())


def test_a_gateway_that_is_killed_is_missed_until_it_is_back(tmp_path: Path) -> None:
    watching, desk = engine(), Desk()
    for number, event in enumerate(asyncio.run(lived(tmp_path, desk, 3))):
        assert not fed(watching, [event], number * SECONDS)
    last = max(number for number, event in enumerate(desk.events.values()) if event.type.endswith(".heartbeat")) * SECONDS
    assert not watching.tick(START + last + 119)
    (missed,) = watching.tick(START + last + 121)
    assert dict(missed.labels)["alertname"] == "gateway-silent"
    assert dict(missed.labels)["reporter"] == "/freehold/gateway/front"
    again = asyncio.run(lived(tmp_path / "again", Desk(), 1))
    (back,) = fed(watching, again, last + 300)
    assert back.labels == missed.labels
    assert back.ends == START + last + 300


def test_a_gateway_that_is_ended_in_order_says_so_and_is_not_missed(tmp_path: Path) -> None:
    watching, desk = engine(), Desk()

    async def main() -> None:
        async with asyncio.timeout(LONGEST), stand_in("openai") as one, at(desk) as port:
            async with gateway(text(one, port), tmp_path) as front:
                await ask(front)
                await eventually(lambda: "request" in desk.types())
            await eventually(lambda: "ended" in desk.types())

    asyncio.run(main())
    assert desk.types() == ["started", "heartbeat", "request", "ended"]
    assert not fed(watching, desk.events.values(), 0)
    assert not watching.tick(START + 1e6)
