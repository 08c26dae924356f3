"""Control over HTTP: done once, on the disk before it is answered, and for nobody without the key."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from freehold.demo.faults import Behaviour
from freehold.demo.stand_in import StandIn, stand_in
from freehold.gateway.configuration import parse
from gateways import ADMIN, KEYS, LONGEST, Gateway, ask, chat, eventually, gateway

TEXT = """
[gateway]
key_env = "ADMIN"
[ramp]
steps = [50, 100]
hold_seconds = 0
least_requests = 1
[[upstream]]
name = "first"
url = "{first}"
[[upstream]]
name = "second"
url = "{second}"
"""


def scene(use: Any, state: Path, more: str = "") -> None:
    async def main() -> None:
        async with asyncio.timeout(LONGEST), stand_in("openai") as first, stand_in("vllm", models=first.models) as second:
            text = TEXT.format(first=first.url, second=second.url) + more
            texts = [text]
            async with gateway(text, state, reread=lambda: parse(texts[-1], "test.toml")) as front:
                await use(front, first, second, texts)

    asyncio.run(main())


async def by(front: Gateway, count: int = 1) -> list[str]:
    return [(await ask(front)).headers["x-freehold-upstream"] for _ in range(count)]


@pytest.mark.parametrize("path", ["stop", "release", "route", "throttle", "reload"])
@pytest.mark.parametrize("key", ["", "wrong", KEYS["CLIENT"]])
def test_nobody_without_the_key_changes_anything(tmp_path: Path, path: str, key: str) -> None:
    async def use(front: Gateway, *_: Any) -> None:
        answer = await front.post(f"/freehold/{path}", {"scope": "all"}, key=key)
        assert answer.status == 401
        assert (await front.get("/freehold/state", key=key)).status == 401
        assert (await front.get("/freehold/health")).json == {"status": "ok", "stopped": False, "evidence": "ok"}
        assert not front.entries("stopped")

    scene(use, tmp_path)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("stop", b"{", 400),
        ("stop", b"[" * 100_000, 413),
        ("stop", b"[" * 60_000, 400),
        ("stop", b'{"scope": "everything"}', 400),
        ("stop", b'{"scope": "all", "name": "x"}', 400),
        ("stop", b'{"scope": "all", "strange": 1}', 400),
        ("route", b'{"model": "m", "to": "third"}', 400),
        ("route", b'{"model": "m", "to": "first", "percent": NaN}', 400),
        ("throttle", b"{}", 400),
        ("nothing", b"{}", 404),
    ],
)
def test_an_act_that_makes_no_sense_is_refused(tmp_path: Path, path: str, body: bytes, status: int) -> None:
    async def use(front: Gateway, *_: Any) -> None:
        assert (await front.post(f"/freehold/{path}", body, key=ADMIN)).status == status
        assert (await ask(front)).status == 200

    scene(use, tmp_path)


def test_an_act_with_a_key_is_done_once(tmp_path: Path) -> None:
    async def use(front: Gateway, *_: Any) -> None:
        stop = {"scope": "model", "name": "x", "key": "act-1"}
        first = await front.post("/freehold/stop", stop, key=ADMIN)
        await front.post("/freehold/release", {"scope": "model", "name": "x", "key": "act-2"}, key=ADMIN)
        again = await front.post("/freehold/stop", stop, key=ADMIN)
        assert again.json == {**first.json, "again": True}
        assert (await front.get("/freehold/state", key=ADMIN)).json["stops"] == []
        assert len(front.entries("stopped")) == 1
        other = await front.post("/freehold/stop", {**stop, "name": "y"}, key=ADMIN)
        assert other.status == 409

    async def after_a_restart(front: Gateway, *_: Any) -> None:
        again = await front.post("/freehold/stop", {"scope": "model", "name": "x", "key": "act-1"}, key=ADMIN)
        assert again.json["again"] is True
        assert (await front.get("/freehold/state", key=ADMIN)).json["stops"] == []

    scene(use, tmp_path)
    scene(after_a_restart, tmp_path)


def test_what_was_answered_is_on_the_disk(tmp_path: Path) -> None:
    async def use(front: Gateway, *_: Any) -> None:
        for verb, body in (
            ("stop", {"scope": "agent", "name": "scout"}),
            ("route", {"model": "m", "to": "second", "percent": 30}),
            ("throttle", {"model": "m", "requests_per_minute": 5}),
        ):
            answer = await front.post(f"/freehold/{verb}", body, key=ADMIN)
            assert answer.json["evidence"] <= front.running.records.log.durable
        kept = json.loads((tmp_path / "control.json").read_text())
        assert kept["routes"]["m"]["to"] == "second"
        assert kept["throttles"] == [["model", "m", 5]]
        assert (tmp_path / "stop").read_text() == "agent scout\n"

    scene(use, tmp_path)


def test_a_route_comes_first_until_it_is_taken_back_and_over_a_restart(tmp_path: Path) -> None:
    model = chat()["model"]

    async def use(front: Gateway, *_: Any) -> None:
        assert await by(front) == ["first"]
        await front.post("/freehold/route", {"model": model, "to": "second"}, key=ADMIN)
        assert await by(front, 3) == ["second"] * 3

    async def after(front: Gateway, *_: Any) -> None:
        answer = await ask(front)
        assert answer.headers["x-freehold-upstream"] == "second"
        assert answer.headers["x-freehold-because"] == "set by the control API"
        await front.post("/freehold/route", {"model": model, "to": ""}, key=ADMIN)
        assert await by(front) == ["first"]

    scene(use, tmp_path)
    scene(after, tmp_path)


def test_a_movement_in_steps_goes_on_while_it_holds_and_is_held_by_a_capacity_that_is_too_small(tmp_path: Path) -> None:
    async def use(front: Gateway, _first: StandIn, second: StandIn, texts: list[str]) -> None:
        model = second.models[0]
        await front.post("/freehold/route", {"model": model, "to": "second", "ramp": True}, key=ADMIN)
        await eventually(lambda: front.running.routes.kept()[model].percent == 50)
        number = 0
        while front.running.routes.kept()[model].percent < 100:
            number += 1
            await ask(front, headers={"x_freehold_conversation": str(number)})
            await asyncio.sleep(0.01)
        assert [entry["freehold.percent"] for entry in front.entries("ramp")][:2] == [50, 100]
        assert await by(front, 3) == ["second"] * 3
        # now back, to a first one that carries one request at a time while three are under way
        texts.append(texts[0].replace('url = "http', 'capacity = { at_once = 1 }\nurl = "http', 1))
        assert (await front.post("/freehold/reload", key=ADMIN)).status == 200
        second.behaviour = Behaviour(tokens=3, token_seconds=600.0)
        under_way = [asyncio.create_task(ask(front, stream=True)) for _ in range(3)]
        await eventually(lambda: second.state()["running"] == 3)
        await front.post("/freehold/route", {"model": model, "to": "first", "ramp": True}, key=ADMIN)
        await eventually(lambda: bool(front.entries("capacity")))
        assert front.running.routes.kept()[model].percent == 0
        assert "first" in front.entries("capacity")[0]["freehold.because"]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    scene(use, tmp_path)


def test_a_throttle_holds_and_is_taken_back(tmp_path: Path) -> None:
    async def use(front: Gateway, *_: Any) -> None:
        throttle = {"model": chat()["model"], "requests_per_minute": 2}
        await front.post("/freehold/throttle", throttle, key=ADMIN)
        assert [(await ask(front)).status for _ in range(3)] == [200, 200, 429]
        refused = await ask(front)
        assert refused.error["code"] == "budget_spent"
        assert int(refused.headers["Retry-After"]) > 0
        await front.post("/freehold/throttle", {**throttle, "requests_per_minute": None}, key=ADMIN)
        assert (await ask(front)).status == 200

    scene(use, tmp_path)


def test_a_reload_takes_what_is_new_and_streams_under_way_end_under_the_old(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn, second: StandIn, texts: list[str]) -> None:
        first.behaviour = Behaviour(tokens=30, token_seconds=0.02)
        async with front.session.post(front.url + "/v1/chat/completions", json=chat(stream=True)) as answer:
            await answer.content.readline()
            old = front.running.plan.upstreams["first"]
            texts.append(f'[gateway]\nkey_env = "ADMIN"\n[[upstream]]\nname = "only"\nurl = "{second.url}"\n')
            assert (await front.post("/freehold/reload", key=ADMIN)).status == 200
            assert await by(front) == ["only"]
            assert old not in front.running.plan.upstreams.values()
            rest = await answer.read()
        assert rest.endswith(b"data: [DONE]\n\n")
        assert len(front.entries("reloaded")) == 1

    scene(use, tmp_path)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("[[upstream]\n", "is no TOML"),
        ('[[upstream]]\nname = "x"\nurl = "nonsense"\n', "is no address"),
        ('[[upstream]]\nname = "x"\nurl = "http://127.0.0.1:1"\nkey = "abc"\n', "would hold a key in plain text"),
        ('[gateway]\nkey_env = "MISSING"\n[[upstream]]\nname = "x"\nurl = "http://127.0.0.1:1"\n', "is not set"),
        (
            '[gateway]\nlisten = "127.0.0.1:1"\nkey_env = "ADMIN"\n[[upstream]]\nname = "x"\nurl = "http://127.0.0.1:1"\n',
            "listen",
        ),
    ],
)
def test_a_bad_configuration_changes_nothing_and_says_why(tmp_path: Path, bad: str, why: str) -> None:
    async def use(front: Gateway, _first: StandIn, _second: StandIn, texts: list[str]) -> None:
        plan = front.running.plan
        texts.append(bad)
        answer = await front.post("/freehold/reload", key=ADMIN)
        assert answer.status == 409
        assert why in answer.error["message"]
        assert front.running.plan is plan
        assert await by(front) == ["first"]
        assert len(front.entries("reload_refused")) == 1

    scene(use, tmp_path)


def test_the_state_tells_what_there_is(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn, *_: Any) -> None:
        del first
        await ask(front)
        state = (await front.get("/freehold/state", key=ADMIN)).json
        assert [one["name"] for one in state["upstreams"]] == ["first", "second"]
        assert [one["breaker"] for one in state["upstreams"]] == ["closed", "closed"]
        assert state["under_way"] == 0
        assert state["desk"] is None

    scene(use, tmp_path)
