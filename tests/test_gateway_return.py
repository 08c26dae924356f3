"""An upstream that failed and serves again: its traffic returns at once, or in steps where that is asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from freehold.demo.faults import Fault
from freehold.demo.stand_in import StandIn, stand_in
from freehold.gateway.ramp import in_share
from gateways import ADMIN, LONGEST, Gateway, ask, eventually, gateway

TEXT = """
[gateway]
key_env = "ADMIN"
[ramp]
steps = [50, 100]
hold_seconds = {hold}
least_requests = 1
returns = {returns}
[[upstream]]
name = "first"
url = "{first}"
breaker = {{ failures = 1, open_seconds = 0.05 }}
[[upstream]]
name = "second"
url = "{second}"
"""
STAYS = next(str(number) for number in range(100) if not in_share(str(number), 50))
MOVES = next(str(number) for number in range(100) if in_share(str(number), 50))


def scene(use: Any, state: Path, **settings: Any) -> None:
    async def main() -> None:
        async with (
            asyncio.timeout(LONGEST),
            stand_in("openai") as first,
            stand_in("vllm", models=first.models) as second,
            gateway(TEXT.format(first=first.url, second=second.url, **settings), state) as front,
        ):
            await use(front, first)

    asyncio.run(main())


async def by(front: Gateway, conversation: str) -> str:
    answer = await ask(front, headers={"x-freehold-conversation": conversation})
    return str(answer.headers["x-freehold-upstream"])


async def lost_and_back(front: Gateway, first: StandIn) -> None:
    """The first upstream fails, its breaker opens; it serves again, and a request has found that out."""
    await first.set_fault(Fault(kind="server_error"))
    assert await by(front, STAYS) == "second"
    breaker = front.running.plan.upstreams["first"].breaker
    assert breaker.state == "open"
    await first.set_fault(Fault())
    await eventually(lambda: not breaker.is_open(asyncio.get_running_loop().time()))
    assert await by(front, MOVES) == "first"
    assert breaker.state == "closed"


def test_it_gets_its_traffic_back_in_steps_and_then_nothing_is_left_of_the_route(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn) -> None:
        await lost_and_back(front, first)
        model = first.models[0]
        routes = front.running.routes
        assert routes.kept()[model].because == "'first' serves again and gets its traffic back in steps"
        assert await by(front, STAYS) == "second"
        await eventually(lambda: routes.kept()[model].percent == 50)
        assert [await by(front, one) for one in (STAYS, MOVES)] == ["second", "first"]
        while model in routes.kept():
            await by(front, MOVES)
            await asyncio.sleep(0.01)
        assert [await by(front, one) for one in (STAYS, MOVES)] == ["first", "first"]
        assert [entry["freehold.percent"] for entry in front.entries("ramp")][:2] == [50, 100]

    scene(use, tmp_path, returns="true", hold=0)


def test_one_that_fails_again_on_its_way_back_has_nothing_until_it_serves(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn) -> None:
        await lost_and_back(front, first)
        model, routes = first.models[0], front.running.routes
        await eventually(lambda: routes.kept()[model].percent == 50)
        await first.set_fault(Fault(kind="server_error"))
        assert await by(front, MOVES) == "second"
        assert await by(front, STAYS) == "second"
        await first.set_fault(Fault())
        while model in routes.kept():
            await by(front, MOVES)
            await asyncio.sleep(0.01)
        assert await by(front, STAYS) == "first"

    scene(use, tmp_path, returns="true", hold=0)


def test_a_route_that_somebody_set_stands(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn) -> None:
        await first.set_fault(Fault(kind="server_error"))
        await by(front, STAYS)
        await front.post("/freehold/route", {"model": first.models[0], "to": "first", "percent": 60}, key=ADMIN)
        await first.set_fault(Fault())
        breaker = front.running.plan.upstreams["first"].breaker
        await eventually(lambda: not breaker.is_open(asyncio.get_running_loop().time()))
        await by(front, MOVES)
        assert breaker.state == "closed"
        assert front.running.routes.kept()[first.models[0]].percent == 60

    scene(use, tmp_path, returns="true", hold=0)


@pytest.mark.parametrize("conversation", [STAYS, MOVES])
def test_without_being_asked_for_it_has_its_traffic_back_at_once(tmp_path: Path, conversation: str) -> None:
    async def use(front: Gateway, first: StandIn) -> None:
        await lost_and_back(front, first)
        assert front.running.routes.kept() == {}
        assert await by(front, conversation) == "first"

    scene(use, tmp_path, returns="false", hold=0)
