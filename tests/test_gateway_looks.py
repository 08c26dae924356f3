"""No user waits to find out that an upstream is still dead: the gateway looks first, and lets one request through after."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from freehold.demo.faults import Fault
from freehold.demo.stand_in import StandIn, stand_in
from freehold.gateway.breaker import Breaker
from freehold.gateway.configuration import base_of, parse
from freehold.gateway.looks import Looks
from freehold.gateway.secrets import Secret
from freehold.gateway.switches import Stop
from freehold.gateway.upstreams import Upstream
from gateways import KEYS, LONGEST, Gateway, ask, eventually, gateway

TEXT = """
[[upstream]]
name = "first"
url = "{first}"
breaker = {{ failures = 1, open_seconds = {open_seconds}, longest_seconds = 80000, look_seconds = {look_seconds} }}
[[upstream]]
name = "second"
url = "{second}"
"""
CHAT, LIST = "/v1/chat/completions", "/v1/models"


@dataclass
class Scene:
    """A gateway whose first upstream was lost, and looks whose clock stands at the moment at which its time is over."""

    front: Gateway
    first: StandIn
    second: StandIn
    breaker: Breaker
    looks: Looks
    now: float

    async def looked(self) -> None:
        self.looks.begin()
        await eventually(lambda: not len(self.looks))

    def stages(self) -> list[str]:
        return [entry["freehold.stage"] for entry in self.front.entries("breaker.half_open")]


def scene(
    use: Callable[[Scene], Awaitable[None]], state: Path, *, open_seconds: float = 1_000.0, look_seconds: float = 60.0,
    **more: Any,
) -> None:  # fmt: skip
    async def main() -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(asyncio.timeout(LONGEST))
            first = await stack.enter_async_context(stand_in("openai"))
            second = await stack.enter_async_context(stand_in("vllm", models=first.models))
            text = TEXT.format(first=first.url, second=second.url, open_seconds=open_seconds, look_seconds=look_seconds)
            front = await stack.enter_async_context(gateway(text, state, **more))
            await first.set_fault(Fault(kind="server_error"))
            assert (await ask(front)).headers["x-freehold-upstream"] == "second"
            breaker = front.running.plan.upstreams["first"].breaker
            now = breaker.open_until
            looks = Looks(front.running, lambda: now)
            try:
                await use(Scene(front, first, second, breaker, looks, now))
            finally:
                await looks.stop()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("fault", "patience"),
    [
        (Fault(kind="hang"), 0.05),
        (Fault(kind="latency", seconds=3_600), 0.05),
        (Fault(kind="dead"), 60),
        (Fault(kind="refused"), 60),
        (Fault(kind="reset"), 60),
        (Fault(kind="unavailable"), 60),
        (Fault(kind="not_http"), 60),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
def test_one_that_does_not_answer_is_left_alone_for_longer_and_no_request_was_its_probe(
    tmp_path: Path, fault: Fault, patience: float
) -> None:
    async def use(given: Scene) -> None:
        await given.first.set_fault(fault)
        asked = given.first.counts[CHAT]
        given.looks.begin()
        assert (await ask(given.front)).headers["x-freehold-upstream"] == "second"
        await eventually(lambda: not len(given.looks))
        assert given.breaker.state == "open"
        assert given.breaker.open_until == given.now + 2_000
        assert (await ask(given.front)).headers["x-freehold-upstream"] == "second"
        assert given.first.counts[CHAT] == asked
        assert given.stages() == ["look"]
        assert len(given.front.entries("breaker.opened")) == 2

    scene(use, tmp_path, look_seconds=patience)


def test_one_that_answers_gets_one_request_and_is_taken_back(tmp_path: Path) -> None:
    async def use(given: Scene) -> None:
        await given.first.set_fault(Fault())
        await given.looked()
        assert (given.breaker.state, given.first.counts[LIST]) == ("open", 1)
        assert (await ask(given.front)).headers["x-freehold-upstream"] == "first"
        assert given.breaker.state == "closed"
        assert given.stages() == ["look", "request"]
        await eventually(lambda: any("answers again is looked at" in line for line in given.front.said))

    scene(use, tmp_path)


def test_one_that_answers_a_look_and_fails_the_request_is_left_alone_for_longer(tmp_path: Path) -> None:
    async def use(given: Scene) -> None:
        await given.first.set_fault(Fault())
        await given.looked()
        await given.first.set_fault(Fault(kind="server_error"))
        assert (await ask(given.front)).headers["x-freehold-upstream"] == "second"
        assert (given.breaker.state, given.breaker.open_until) == ("open", given.now + 2_000)

    scene(use, tmp_path)


def test_there_is_one_look_at_a_time_and_its_end_leaves_nothing(tmp_path: Path) -> None:
    async def use(given: Scene) -> None:
        await given.first.set_fault(Fault(kind="hang"))
        for _ in range(50):
            given.looks.begin()
            await asyncio.sleep(0)
        await eventually(lambda: given.first.counts[LIST] == 1)
        assert len(given.looks) == 1
        await given.looks.stop()
        assert len(given.looks) == 0
        assert given.breaker.wants_look(given.now)
        assert given.stages() == ["look"]

    scene(use, tmp_path)


def test_nobody_looks_while_everything_is_stopped(tmp_path: Path) -> None:
    async def use(given: Scene) -> None:
        await given.first.set_fault(Fault())
        running = given.front.running
        running.switches.force(Stop("all"))
        given.looks.begin()
        assert len(given.looks) == 0
        running.switches.unforce("all", "")
        running.switches.force(Stop("model", "another"))
        await given.looked()
        assert given.first.counts[LIST] == 1

    scene(use, tmp_path)


def test_a_look_at_an_upstream_that_is_no_longer_there_is_broken_off(tmp_path: Path) -> None:
    following = parse('[[upstream]]\nname = "first"\nurl = "http://127.0.0.1:9"\n', "test.toml")

    async def use(given: Scene) -> None:
        await given.first.set_fault(Fault(kind="hang"))
        given.looks.begin()
        await eventually(lambda: given.first.counts[LIST] == 1)
        given.front.serving.reload()
        given.looks.begin()
        await eventually(lambda: not len(given.looks))

    scene(use, tmp_path, reread=lambda: following)


def test_a_gateway_that_ends_waits_for_no_look(tmp_path: Path) -> None:
    async def use(given: Scene) -> None:
        await given.first.set_fault(Fault(kind="hang"))
        await eventually(lambda: given.first.counts[LIST] >= 1)

    scene(use, tmp_path, open_seconds=0.01)


def test_whatever_shows_life_is_an_answer_but_for_a_refusal_of_the_gateways_own_key() -> None:
    async def main() -> None:
        async with asyncio.timeout(LONGEST), stand_in("openai", keys=[KEYS["PROVIDER"]]) as one:
            url = base_of(one.url, "url")
            assert not await Upstream("one", url, client_key=True).answers(60)
            assert await Upstream("one", url, Secret(KEYS["ALPHA"])).answers(60) == "it refused the gateway's key with 401"
            assert not await Upstream("one", url, Secret(KEYS["PROVIDER"])).answers(60)
            assert not await Upstream("one", url.with_path("/elsewhere"), Secret(KEYS["PROVIDER"])).answers(60)

    asyncio.run(main())
