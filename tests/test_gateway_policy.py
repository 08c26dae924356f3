"""Policy on the way: tenants, budgets, tool calls, rules, and a stack that says who controls an upstream."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from freehold.demo.faults import Behaviour
from freehold.demo.stand_in import StandIn, stand_in
from freehold.stack.toml_file import loads
from gateways import KEYS, LONGEST, Gateway, ask, chat, gateway

TENANTS = """
[gateway]
key_env = "ADMIN"
[[tenant]]
name = "alpha"
key_env = "ALPHA"
[tenant.budget]
requests_per_minute = 2
[[tenant]]
name = "beta"
key_env = "BETA"
[tenant.budget]
spend_per_day = 0.01
"""
TOOLS = """
[[tools.rule]]
tools = ["get_weather"]
[tools.rule.arguments.city]
type = "string"
one_of = ["Paris"]
[tools.runaway]
repeats = 2
depth = 3
"""
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def scene(use: Any, state: Path, text: str = "", upstream: str = "", **more: Any) -> None:
    async def main() -> None:
        async with asyncio.timeout(LONGEST), stand_in("openai") as one:
            whole = f'{text}\n[[upstream]]\nname = "one"\nurl = "{one.url}"\n{upstream}'
            async with gateway(whole, state, **more) as front:
                await use(front, one)

    asyncio.run(main())


def test_a_tenant_is_known_by_its_key_and_its_key_goes_no_further(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        for key in ("", "wrong", KEYS["ADMIN"]):
            answer = await front.post("/v1/chat/completions", chat(), key=key)
            assert (answer.status, answer.error["code"]) == (401, "unknown_key")
        assert (await front.post("/v1/chat/completions", chat(), key=KEYS["ALPHA"])).status == 200
        assert (await front.post("/v1/chat/completions", chat(), headers={"api-key": KEYS["BETA"]})).status == 200
        assert [entry["freehold.tenant"] for entry in front.entries("request")] == ["alpha", "beta"]
        assert all(KEYS["ALPHA"] not in str(seen.headers) for seen in one.seen)
        assert {seen.headers["authorization"] for seen in one.seen} == {f"Bearer {KEYS['PROVIDER']}"}

    scene(use, tmp_path, TENANTS, 'key_env = "PROVIDER"')


def test_a_flood_with_unknown_keys_fills_no_log(tmp_path: Path) -> None:
    async def use(front: Gateway, _one: StandIn) -> None:
        for _ in range(200):
            assert (await front.post("/v1/chat/completions", chat())).status == 401
        assert len(front.entries("refused")) < 200

    scene(use, tmp_path, TENANTS)


def test_a_budget_of_requests_and_of_money_is_held(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        alpha = [await front.post("/v1/chat/completions", chat(), key=KEYS["ALPHA"]) for _ in range(3)]
        assert [answer.status for answer in alpha] == [200, 200, 429]
        assert alpha[2].error["limit"] == "requests_per_minute"
        # a million tokens of output cost 1000: nine tokens of an answer and 4,096 set aside for it
        small = await front.post("/v1/chat/completions", chat(max_tokens=9), key=KEYS["BETA"])
        assert small.status == 200
        large = await front.post("/v1/chat/completions", chat(), key=KEYS["BETA"])
        assert (large.status, large.error["limit"]) == (429, "spend_per_day")
        assert len(one.seen) == 3
        spent = front.entries("request")[-1]
        assert spent["freehold.cost"] == pytest.approx(spent["gen_ai.usage.output_tokens"] * 1e-3)
        assert front.entries("refused")[-1]["error.type"] == "budget_spent"

    price = '[[upstream.model]]\nname = ""\nprice = { output = 1000.0 }\n'
    scene(use, tmp_path, TENANTS, price)


def test_what_was_spent_survives_a_restart(tmp_path: Path) -> None:
    price = '[[upstream.model]]\nname = ""\nprice = { output = 1000.0 }\n'

    async def spend(front: Gateway, _one: StandIn) -> None:
        while (await front.post("/v1/chat/completions", chat(max_tokens=3), key=KEYS["BETA"])).status == 200:
            pass

    async def ask_again(front: Gateway, _one: StandIn) -> None:
        assert (await front.post("/v1/chat/completions", chat(max_tokens=3), key=KEYS["BETA"])).status == 429

    scene(spend, tmp_path, TENANTS, price)
    scene(ask_again, tmp_path, TENANTS, price)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(("city", "goes"), [("Paris", True), ("Rome", False)])
def test_a_tool_call_with_other_arguments_never_reaches_the_client_whole(
    tmp_path: Path, city: str, *, stream: bool, goes: bool
) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        one.behaviour = Behaviour(arguments={"city": city})
        answer = await ask(front, stream=stream, tools=[WEATHER])
        if goes:
            assert b"tool_calls" in answer.body
            assert answer.status == 200
            return
        error = answer.events[-1]["error"] if stream and answer.status == 200 else answer.error
        assert (error["code"], error["tool"], error["reason"]) == ("tool_refused", "get_weather", "arguments")
        if stream:
            given = "".join(
                call["function"].get("arguments", "")
                for event in answer.events[:-1]
                for choice in event["choices"]
                for call in choice["delta"].get("tool_calls", [])
            )
            with pytest.raises(json.JSONDecodeError):
                json.loads(given)
        assert front.entries("tool.refused")[0]["gen_ai.tool.name"] == "get_weather"
        (entry,) = front.entries("request")
        assert entry["error.type"] == "tool_refused"
        assert entry["gen_ai.usage.output_tokens"] > 0 or stream

    scene(use, tmp_path, TOOLS)


def test_an_agent_that_asks_for_the_same_again_and_again_is_stopped(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        one.behaviour = Behaviour(arguments={"city": "Paris"})
        answers = [await ask(front, tools=[WEATHER], headers={"x_freehold_agent": "scout"}) for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 403]
        assert answers[2].error["reason"] == "repeated"
        assert (await ask(front, tools=[WEATHER], headers={"x_freehold_agent": "other"})).status == 200
        assert front.entries("request")[2]["freehold.agent.runaway"] is True

    scene(use, tmp_path, TOOLS)


def test_an_agent_too_deep_in_its_own_loop_is_stopped(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        call = {"id": "1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
        rounds: list[Any] = [
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "1", "content": "sun"},
        ]
        messages = [{"role": "user", "content": "go"}, *rounds * 4]
        answer = await ask(front, messages=messages)
        assert (answer.status, answer.error["code"]) == (403, "agent_depth")
        assert not one.seen
        messages.append({"role": "user", "content": "and now?"})
        assert (await ask(front, messages=messages)).status == 200

    scene(use, tmp_path, TOOLS)


def test_a_tool_that_the_provider_runs_itself_is_refused_before_it_runs(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        for tools in (
            [{"type": "web_search_preview_2025_03_11"}],
            [{"type": "mcp", "server_label": "files", "server_url": "x"}],
        ):
            body = {"model": one.models[0], "input": "look it up", "tools": tools}
            answer = await front.post("/v1/responses", body)
            assert (answer.status, answer.error["code"]) == (403, "tool_refused")
        assert (await ask(front, web_search_options={})).error["tool"] == "web_search"
        assert not one.seen
        own = {"type": "function", "name": "get_weather", "parameters": {}}
        assert (await front.post("/v1/responses", {"model": one.models[0], "input": "x", "tools": [own]})).status == 200

    scene(use, tmp_path, TOOLS.replace('["Paris"]', "[]").replace('type = "string"\none_of = []', "required = false"))


def test_a_tenant_cannot_say_that_its_data_is_of_another_class(tmp_path: Path) -> None:
    async def use(front: Gateway, _one: StandIn) -> None:
        for given, status in (("personal", 200), ("public", 403)):
            headers = {"x-freehold-data-class": given}
            answer = await front.post("/v1/chat/completions", chat(), key=KEYS["ALPHA"], headers=headers)
            assert answer.status == status

    text = TENANTS.replace('key_env = "ALPHA"', 'key_env = "ALPHA"\ndata_class = "personal"')
    scene(use, tmp_path, text)


STACK = """
[stack]
home = "DE"
trusted = ["EU"]
[[item]]
id = "llm"
[[provider]]
id = "abroad"
country = "US"
[[provider]]
id = "near"
country = "FR"
[[source]]
id = "llm@abroad"
item = "llm"
provider = "abroad"
location = "US"
[[source]]
id = "llm@near"
item = "llm"
provider = "near"
location = "FR"
"""
RULES = """
data_classes = ["public", "personal"]
[[rule]]
name = "personal data stays here"
data_classes = ["personal"]
[rule.jurisdiction]
within = ["trusted"]
via = ["provider", "location"]
[[upstream]]
name = "abroad"
url = "{abroad}"
place = {{ source = "llm@abroad" }}
[[upstream]]
name = "near"
url = "{near}"
place = {{ source = "llm@near" }}
"""


def test_personal_data_goes_only_where_the_rules_allow_it_even_when_that_fails(tmp_path: Path) -> None:
    async def main() -> None:
        async with asyncio.timeout(LONGEST), stand_in("openai") as abroad, stand_in("vllm", models=abroad.models) as near:
            text = RULES.format(abroad=abroad.url, near=near.url)
            async with gateway(text, tmp_path, stack=loads(STACK)) as front:
                assert (await ask(front)).headers["x-freehold-upstream"] == "abroad"
                personal = {"x_freehold_data_class": "personal"}
                assert (await ask(front, headers=personal)).headers["x-freehold-upstream"] == "near"
                await near.stop()
                failed = await ask(front, headers=personal)
                assert failed.status == 502
                assert abroad.counts["/v1/chat/completions"] == 1
                misspelt = await ask(front, headers={"x_freehold_data_class": "personnal"})
                assert (misspelt.status, misspelt.error["code"]) == (403, "no_route")
                assert front.entries("request")[0]["freehold.source_id"] == "llm@abroad"

    asyncio.run(main())


def test_a_key_that_is_bound_to_agents_is_refused_without_one_of_them(tmp_path: Path) -> None:
    async def main() -> None:
        async with asyncio.timeout(LONGEST), stand_in("openai") as one:
            text = (
                f'[[upstream]]\nname = "one"\nurl = "{one.url}"\n'
                '[[tenant]]\nname = "alpha"\nkey_env = "ALPHA"\nagents = ["night-shift", "day"]\n'
            )
            async with gateway(text, tmp_path) as front:
                for headers, status in (
                    ({}, 403), ({"x-freehold-agent": "other"}, 403), ({"x-freehold-agent": ""}, 403),
                    ({"x-freehold-agent": "day"}, 200),
                ):  # fmt: skip
                    answer = await front.post("/v1/chat/completions", chat(), key=KEYS["ALPHA"], headers=headers)
                    assert answer.status == status
                    if status == 403:
                        assert answer.error["code"] == "not_its_own"

    asyncio.run(main())
