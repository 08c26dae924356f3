"""What goes through the gateway: each dialect's answers and streams, unchanged, and written down."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from freehold.demo.faults import Behaviour
from freehold.demo.frames import DIALECTS, Dialect
from freehold.demo.stand_in import MODELS, StandIn, stand_in
from freehold.respond.evidence_verify import verify
from gateways import KEYS, LONGEST, Answer, Gateway, ask, chat, eventually, gateway, run

WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


async def direct(one: StandIn, path: str, body: Any) -> Answer:
    async with aiohttp.ClientSession() as session, session.post(one.url + path, json=body) as answer:
        return Answer(answer.status, dict(answer.headers), await answer.read())


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("tools", [[], [WEATHER]], ids=["words", "tools"])
def test_an_answer_goes_through_byte_for_byte(tmp_path: Path, dialect: Dialect, *, stream: bool, tools: list[Any]) -> None:
    body = chat(dialect, stream=stream, **({"tools": tools} if tools else {}))

    async def main() -> None:
        async with (
            asyncio.timeout(LONGEST),
            stand_in(dialect) as one,
            stand_in(dialect) as other,
            gateway(f'[[upstream]]\nname = "one"\nurl = "{one.url}"\n', tmp_path) as front,
        ):
            through = await front.post("/v1/chat/completions", body)
            assert through.status == 200
            assert through.body == (await direct(other, "/v1/chat/completions", body)).body
            (entry,) = front.entries("request")
        assert entry["gen_ai.response.model"] == MODELS[dialect][0]
        assert entry["gen_ai.usage.output_tokens"] > 0
        assert entry["freehold.upstream"] == "one"

    asyncio.run(main())


@pytest.mark.parametrize("dialect", ["openai", "vllm"])
def test_embeddings_go_through_and_their_tokens_are_counted(tmp_path: Path, dialect: Dialect) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        body = {"model": one.models[-1], "input": ["one", "two and three"]}
        through = await front.post("/v1/embeddings", body)
        assert through.body == (await direct(one, "/v1/embeddings", body)).body
        (entry,) = front.entries("request")
        assert entry["gen_ai.usage.input_tokens"] == through.json["usage"]["prompt_tokens"]
        assert "freehold.tokens_estimated" not in entry

    run(use, tmp_path, dialect)


@pytest.mark.parametrize("stream", [False, True])
def test_responses_go_through_with_the_tokens_that_they_say(tmp_path: Path, *, stream: bool) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        body = {"model": one.models[0], "input": "Good morning, who is there?", "stream": stream}
        through = await front.post("/v1/responses", body)
        assert through.status == 200
        (entry,) = front.entries("request")
        usage = through.events[-1]["response"]["usage"] if stream else through.json["usage"]
        assert entry["gen_ai.usage.output_tokens"] == usage["output_tokens"]
        assert entry["gen_ai.operation.name"] == "responses"

    run(use, tmp_path)


def test_a_tool_call_is_written_down_by_its_name_and_a_digest_of_its_arguments(tmp_path: Path) -> None:
    async def use(front: Gateway, _one: StandIn) -> None:
        for stream in (True, False):
            await ask(front, stream=stream, tools=[WEATHER], headers={"x_freehold_agent": "scout"})
        first, second = front.entries("tool.call")
        assert first["gen_ai.tool.name"] == second["gen_ai.tool.name"] == "get_weather"
        assert first["freehold.tool.arguments_digest"] == second["freehold.tool.arguments_digest"]
        assert first["gen_ai.agent.id"] == "scout"

    run(use, tmp_path)


def test_what_is_not_understood_is_passed_through_as_it_is(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        body = {"model": "llama3.2:latest", "messages": [{"role": "user", "content": "hi"}]}
        through = await front.post("/api/chat", body)
        assert through.status == 200
        assert [json.loads(line) for line in through.body.splitlines()][-1]["done"] is True
        assert (await front.get("/")).body == b"Ollama is running"
        assert {seen.path for seen in one.seen} == {"/api/chat", "/"}
        assert [entry["url.path"] for entry in front.entries("request")] == ["/api/chat", "/"]

    run(use, tmp_path, "ollama")


def test_an_upstream_gets_the_clients_own_key_in_one_line_and_nothing_of_the_gateways(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        more = {"x_freehold_agent": "scout", "Cookie": "a=b", "X_Forwarded_For": "198.51.100.7", "Accept_Encoding": "gzip"}
        assert (await ask(front, headers=more)).status == 200
        headers = one.seen[-1].headers
        assert headers["authorization"] == f"Bearer {KEYS['CLIENT']}"
        assert headers["accept-encoding"] == "identity"
        assert not [name for name in headers if name.startswith(("x-freehold", "cookie", "x-forwarded"))]

    run(use, tmp_path, keys=[KEYS["CLIENT"]])


def test_an_upstreams_own_answer_to_a_wrong_key_reaches_the_client(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        body = chat()
        through = await front.post("/v1/chat/completions", body, key="another")
        assert through.status == 401
        assert through.body == (await direct(one, "/v1/chat/completions", body)).body

    run(use, tmp_path, keys=[KEYS["CLIENT"]])


def test_a_clients_key_that_the_provider_refuses_is_said_once_a_minute(tmp_path: Path) -> None:
    async def use(front: Gateway, _one: StandIn) -> None:
        for _ in range(3):
            assert (await front.post("/v1/chat/completions", chat(), key="another")).status == 401
        await eventually(lambda: bool(front.said))
        assert front.said == ["freehold: upstream 'upstream' refuses a client's key (401)"]
        assert front.running.plan.upstreams["upstream"].breaker.state == "closed"

    run(use, tmp_path, keys=[KEYS["CLIENT"]])


def test_an_answer_says_who_gave_it_and_why(tmp_path: Path) -> None:
    async def use(front: Gateway, _one: StandIn) -> None:
        answer = await ask(front)
        assert answer.headers["x-freehold-upstream"] == "upstream"
        assert answer.headers["x-freehold-because"] == "it is the only upstream"
        assert "x-freehold-fallback" not in answer.headers

    run(use, tmp_path)


def test_a_request_is_in_the_evidence_before_its_last_byte_is_out(tmp_path: Path) -> None:
    async def use(front: Gateway, _one: StandIn) -> None:
        for stream in (False, True):
            for number in range(20):
                await ask(front, stream=stream)
                assert len(front.entries("request")) == number + 1 + 20 * stream

    run(use, tmp_path)
    assert verify(tmp_path / "evidence-gateway.jsonl").is_sound


def test_models_are_listed_from_the_configuration_where_it_has_some(tmp_path: Path) -> None:
    async def main() -> None:
        async with asyncio.timeout(LONGEST), stand_in("vllm") as one:
            text = f"""
                [[upstream]]
                name = "own"
                url = "{one.url}"
                [[upstream.model]]
                name = "Qwen/Qwen3-8B"
                serves = ["assistant", "draft-*"]
            """
            async with gateway(text, tmp_path) as front:
                assert [model["id"] for model in (await front.get("/v1/models")).json["data"]] == ["assistant"]
                answer = await ask(front, model="assistant")
                assert answer.json["model"] == "Qwen/Qwen3-8B"
                assert json.loads(one.seen[-1].body)["model"] == "Qwen/Qwen3-8B"
                missing = await ask(front, model="gpt-4.1-nano")
                assert (missing.status, missing.error["code"]) == (404, "no_route")
                passed = await front.post("/api/generate", {})
                assert (passed.status, passed.error["code"]) == (404, "not_passed")

    asyncio.run(main())


def test_a_stream_comes_piece_by_piece(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        one.behaviour = Behaviour(tokens=4, token_seconds=30.0)
        async with front.session.post(front.url + "/v1/chat/completions", json=chat(stream=True)) as answer:
            assert (await answer.content.readline()).startswith(b"data: ")
            assert len(front.running.flights) == 1

    run(use, tmp_path)


def test_digests_of_prompt_and_answer_stand_in_the_evidence_if_asked_for(tmp_path: Path) -> None:
    async def main() -> None:
        async with asyncio.timeout(LONGEST), stand_in("openai") as one:
            text = f'[gateway]\ndigests = true\n[[upstream]]\nname = "one"\nurl = "{one.url}"\n'
            async with gateway(text, tmp_path) as front:
                await ask(front)
                await ask(front, stream=True)
                whole, stream = front.entries("request")
        assert {whole[f"freehold.{what}.salt"] for what in ("prompt", "answer")} == {1, 2}
        assert len({entry[f"freehold.{what}.digest"] for entry in (whole, stream) for what in ("prompt", "answer")}) == 4

    asyncio.run(main())
