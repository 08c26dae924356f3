"""An upstream that hangs is told of before a time limit ends, once a minute, and when it answers again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from freehold.demo.faults import Fault
from freehold.demo.stand_in import StandIn, stand_in
from freehold.gateway.configuration import TimeoutsTable, base_of
from freehold.gateway.flights import Flight
from freehold.gateway.silence import Silences
from freehold.gateway.upstreams import Upstream
from gateways import KEYS, LONGEST, Gateway, ask, chat, eventually, gateway

TEXT = """
[timeouts]
warn = {warn}
[[upstream]]
name = "only"
url = "{url}"
"""


def scene(use: Callable[[Gateway, StandIn], Any], state: Path, warn: float = 0.05) -> None:
    async def main() -> None:
        async with (
            asyncio.timeout(LONGEST), stand_in("openai") as one, gateway(TEXT.format(url=one.url, warn=warn), state) as front,
        ):  # fmt: skip
            await use(front, one)

    asyncio.run(main())


class Told:
    """Takes what is said and written."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, object]] = []

    def change(self, key: str, **values: object) -> None:
        self.lines.append((key, values.get("count")))

    def put(self, _kind: str, _body: object) -> int:
        return 1


def test_it_is_said_once_a_minute_with_how_many_wait_and_when_it_is_over() -> None:
    told, now = Told(), 0.0
    silences = Silences(cast("Any", told), cast("Any", told), lambda: now)
    one = Upstream("one", base_of("http://127.0.0.1:9", "url"))
    task = cast("Any", SimpleNamespace())
    waiting = [Flight(task, upstream="one", asked=at) for at in (0.0, 3.0)]
    answering = Flight(task, upstream="one")

    def look(at: float) -> list[tuple[str, object]]:
        nonlocal now
        now = at
        told.lines.clear()
        silences.look([*waiting, answering], [one], 15.0)
        return list(told.lines)

    assert look(14.9) == []
    assert look(15.0) == [("upstream_silent", 2)]
    assert look(74.9) == []
    assert look(75.0) == [("upstream_silent", 2)]
    told.lines.clear()
    silences.answered(one)
    silences.answered(one)
    assert told.lines == [("upstream_answers", None)]
    waiting.pop()
    assert look(76.0) == [("upstream_silent_one", 1)]


def test_an_upstream_that_is_gone_is_forgotten() -> None:
    told = Told()
    silences = Silences(cast("Any", told), cast("Any", told), lambda: 100.0)
    one = Upstream("one", base_of("http://127.0.0.1:9", "url"))
    flights = [Flight(cast("Any", SimpleNamespace()), upstream="one", asked=0.0)]
    silences.look(flights, [one], 15.0)
    silences.look(flights, [], 15.0)
    silences.answered(one)
    assert [key for key, _ in told.lines] == ["upstream_silent_one"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_upstream_that_hangs_is_told_of_while_requests_wait_and_when_it_answers_again(
    tmp_path: Path, *, stream: bool
) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        await one.set_fault(Fault(kind="hang"))
        waits = asyncio.create_task(ask(front, stream=stream))
        await eventually(lambda: any("'only' has not answered for 0.05 s; 1 request waits" in line for line in front.said))
        (entry,) = front.entries("upstream.silent")
        assert (entry["freehold.upstream"], entry["freehold.waiting"]) == ("only", 1)
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)
        await one.set_fault(Fault())
        assert (await ask(front)).status == 200
        await eventually(lambda: any("upstream 'only' answers again" in line for line in front.said))
        assert len(front.entries("upstream.answered")) == 1

    scene(use, tmp_path)


def test_a_client_that_leaves_after_a_long_wait_counts_in_the_warnings_and_not_for_the_breaker(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        await one.set_fault(Fault(kind="hang"))
        async with aiohttp.ClientSession() as session:
            headers = {"Authorization": f"Bearer {KEYS['CLIENT']}"}
            waits = asyncio.create_task(session.post(front.url + "/v1/chat/completions", json=chat(), headers=headers))
            await eventually(lambda: bool(front.entries("upstream.silent")))
            waits.cancel()
            await asyncio.gather(waits, return_exceptions=True)
        await eventually(lambda: bool(front.entries("request")))
        (entry,) = front.entries("upstream.failed")
        assert (entry["freehold.upstream"], entry["error.type"]) == ("only", "timeout")
        assert "its client left after" in entry["freehold.because"]
        breaker = front.running.plan.upstreams["only"].breaker
        assert breaker.state == "closed"

    scene(use, tmp_path)


def test_a_client_that_leaves_at_once_counts_nowhere(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        await one.set_fault(Fault(kind="hang"))
        waits = asyncio.create_task(ask(front))
        await eventually(lambda: bool(one.counts["/v1/chat/completions"]))
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)
        await eventually(lambda: bool(front.entries("request")))
        assert not front.entries("upstream.failed")

    scene(use, tmp_path, warn=3_600)


def test_the_gateway_gives_up_before_a_client_library_does() -> None:
    assert TimeoutsTable().answer == 300
