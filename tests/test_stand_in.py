"""The stand-ins for model servers: they speak what is published, and go wrong in the way that they are told."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.demo.faults import FAULTS, Behaviour, Fault, meets
from freehold.demo.frames import DIALECTS, Dialect, Frame, load_streams
from freehold.demo.stand_in import MODELS, StandIn, stand_in

LONGEST = 30.0
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
Use = Callable[[StandIn, aiohttp.ClientSession], Awaitable[None]]


def run(dialect: Dialect, use: Use, **settings: Any) -> None:
    async def main() -> None:
        async with asyncio.timeout(LONGEST), stand_in(dialect, **settings) as one, aiohttp.ClientSession() as session:
            await use(one, session)

    asyncio.run(main())


def chat(dialect: Dialect, **more: Any) -> dict[str, Any]:
    return {"model": MODELS[dialect][0], "messages": [{"role": "user", "content": "Good morning, who is there?"}], **more}


async def post(one: StandIn, session: aiohttp.ClientSession, path: str, body: Any, **options: Any) -> tuple[int, Any, Any]:
    async with session.post(one.url + path, json=body, **options) as answer:
        return answer.status, json.loads(await answer.read()), answer.headers


async def events(one: StandIn, session: aiohttp.ClientSession, path: str, body: Any) -> list[str]:
    async with session.post(one.url + path, json=body) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        text = (await answer.read()).decode()
    assert text.endswith("\n\n")
    return text.removesuffix("\n\n").split("\n\n")


def chunks(lines: list[str]) -> list[dict[str, Any]]:
    assert lines[-1] == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


# ---------------------------------------------------------------- what is said


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_dialect_says_where_its_form_is_published(dialect: Dialect) -> None:
    for source in load_streams(dialect).sources:
        assert source.url.startswith("https://")
        assert source.title
        assert source.publisher
        assert len(source.date) == 10


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stream_says_word_by_word_what_the_whole_answer_says(dialect: Dialect) -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        status, whole, _ = await post(one, session, "/v1/chat/completions", chat(dialect))
        assert status == 200
        body = chat(dialect, stream=True, stream_options={"include_usage": True})
        made = chunks(await events(one, session, "/v1/chat/completions", body))
        said = [choice["delta"].get("content") or "" for chunk in made for choice in chunk["choices"]]
        assert "".join(said) == whole["choices"][0]["message"]["content"] == "".join(load_streams(dialect).words)
        assert made[0]["choices"][0]["delta"]["role"] == "assistant"
        assert made[-1]["choices"] == []
        assert made[-1]["usage"]["completion_tokens"] == whole["usage"]["completion_tokens"] == len(load_streams(dialect).words)
        assert [choice["finish_reason"] for chunk in made for choice in chunk["choices"]][-1] == "stop"
        assert {chunk["id"] for chunk in made} == {made[0]["id"]}
        assert whole["object"] == "chat.completion"
        assert {chunk["object"] for chunk in made} == {"chat.completion.chunk"}

    run(dialect, use)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_tool_that_is_offered_is_called_and_its_result_answered(dialect: Dialect) -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        body = chat(dialect, tools=[WEATHER])
        _, whole, _ = await post(one, session, "/v1/chat/completions", body)
        call = whole["choices"][0]["message"]["tool_calls"][0]
        assert whole["choices"][0]["finish_reason"] == "tool_calls"
        assert (call["type"], call["function"]["name"]) == ("function", "get_weather")
        assert json.loads(call["function"]["arguments"]) == {"city": "Lisbon"}
        made = chunks(await events(one, session, "/v1/chat/completions", {**body, "stream": True}))
        parts = [part for chunk in made for part in chunk["choices"][0]["delta"].get("tool_calls", ())]
        assert "".join(part["function"].get("arguments", "") for part in parts) == call["function"]["arguments"]
        assert parts[0]["id"]
        assert made[-1]["choices"][0]["finish_reason"] == "tool_calls"
        told = [
            *body["messages"],
            whole["choices"][0]["message"],
            {"role": "tool", "tool_call_id": call["id"], "content": "21"},
        ]
        _, after, _ = await post(one, session, "/v1/chat/completions", {**body, "messages": told})
        assert after["choices"][0]["finish_reason"] == "stop"
        one.behaviour = Behaviour(always_calls=True, arguments={"city": "Porto"})
        _, again, _ = await post(one, session, "/v1/chat/completions", {**body, "messages": told})
        assert json.loads(again["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]) == {"city": "Porto"}

    run(dialect, use)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_answer_is_cut_at_the_most_tokens_asked_for_and_longer_ones_repeat(dialect: Dialect) -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        _, cut, _ = await post(one, session, "/v1/chat/completions", chat(dialect, max_tokens=3))
        assert cut["choices"][0]["finish_reason"] == "length"
        assert cut["choices"][0]["message"]["content"] == "".join(load_streams(dialect).words[:3])
        one.behaviour = Behaviour(tokens=100)
        _, long, _ = await post(one, session, "/v1/chat/completions", chat(dialect))
        assert long["usage"]["completion_tokens"] == 100
        assert long["choices"][0]["finish_reason"] == "stop"

    run(dialect, use)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_text_gets_an_embedding(dialect: Dialect) -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        _, made, _ = await post(one, session, "/v1/embeddings", {"model": one.models[-1], "input": ["a", "b"]})
        assert [row["index"] for row in made["data"]] == [0, 1]
        assert [tuple(row["embedding"]) for row in made["data"]] == [load_streams(dialect).vector] * 2

    run(dialect, use)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_same_requests_get_the_same_bytes(dialect: Dialect) -> None:
    made: list[list[str]] = []

    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        bodies = [chat(dialect, stream=True), chat(dialect, stream=True, tools=[WEATHER])]
        made.append([text for body in bodies for text in await events(one, session, "/v1/chat/completions", body)])

    run(dialect, use)
    run(dialect, use)
    assert made[0] == made[1]


# ---------------------------------------------------------------- what is a dialect's own


def test_openai_gives_each_chunk_a_null_for_its_use_only_when_asked() -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        plain = chunks(await events(one, session, "/v1/chat/completions", chat("openai", stream=True)))
        assert all("usage" not in chunk for chunk in plain)
        body = chat("openai", stream=True, stream_options={"include_usage": True})
        asked = chunks(await events(one, session, "/v1/chat/completions", body))
        assert [chunk["usage"] for chunk in asked[:-1]] == [None] * (len(asked) - 1)
        _, _, headers = await post(one, session, "/v1/chat/completions", chat("openai"))
        assert headers["x-request-id"].startswith("req_")
        assert "x-ratelimit-remaining-requests" in headers

    run("openai", use)


@pytest.mark.parametrize("tools", [[], [{"type": "function", "name": "get_weather", "parameters": {}}]])
def test_a_response_comes_as_numbered_events_and_ends_with_the_whole(tools: list[Any]) -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        body = {"model": one.models[0], "input": "Good morning", "tools": tools}
        _, whole, _ = await post(one, session, "/v1/responses", body)
        lines = await events(one, session, "/v1/responses", {**body, "stream": True})
        named = [line.partition("\n") for line in lines]
        trees = [json.loads(data.removeprefix("data: ")) for _, _, data in named]
        assert [name.removeprefix("event: ") for name, _, _ in named] == [tree["type"] for tree in trees]
        assert [tree["sequence_number"] for tree in trees] == list(range(len(trees)))
        assert trees[0]["type"] == "response.created"
        assert trees[-1]["type"] == "response.completed"
        last = trees[-1]["response"]["output"][0]
        said = "".join(tree["delta"] for tree in trees if tree["type"].endswith(".delta"))
        assert said == (last["arguments"] if tools else last["content"][0]["text"])
        assert whole["output"][0]["type"] == last["type"] == ("function_call" if tools else "message")

    run("openai", use)


def test_vllm_tells_its_context_and_its_queue() -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        async with session.get(one.url + "/v1/models") as answer:
            card = (await answer.json())["data"][0]
        assert (card["owned_by"], card["max_model_len"]) == ("vllm", 8192)
        async with session.get(one.url + "/health") as answer:
            assert (answer.status, await answer.read()) == (200, b"")
        one.behaviour = Behaviour(slots=1, first_token_seconds=LONGEST)
        asked = [asyncio.create_task(post(one, session, "/v1/chat/completions", chat("vllm"))) for _ in range(3)]
        while one.state()["waiting"] != 2:
            await asyncio.sleep(0)
        async with session.get(one.url + "/metrics") as answer:
            text = await answer.text()
        assert f'vllm:num_requests_running{{engine="0",model_name="{one.models[0]}"}} 1.0' in text
        assert f'vllm:num_requests_waiting{{engine="0",model_name="{one.models[0]}"}} 2.0' in text
        one.behaviour = Behaviour()
        await one.set_fault(Fault())
        assert [status for status, _, _ in await asyncio.gather(*asked)] == [200, 200, 200]

    run("vllm", use)


def test_llama_cpp_tells_its_timings_health_and_slots() -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        _, whole, _ = await post(one, session, "/v1/chat/completions", {**chat("llama_cpp"), "model": "whatever"})
        assert whole["model"] == one.models[0]
        assert whole["timings"]["predicted_n"] == whole["usage"]["completion_tokens"]
        plain = chunks(await events(one, session, "/v1/chat/completions", chat("llama_cpp", stream=True)))
        assert plain[0]["choices"][0]["delta"] == {"role": "assistant", "content": None}
        assert "timings" in plain[-1]
        body = chat("llama_cpp", stream=True, stream_options={"include_usage": True})
        asked = chunks(await events(one, session, "/v1/chat/completions", body))
        assert ["timings" in chunk for chunk in asked[-2:]] == [False, True]
        async with session.get(one.url + "/health") as answer:
            assert await answer.json() == {"status": "ok"}
        one.behaviour = Behaviour(slots=2)
        async with session.get(one.url + "/slots") as answer:
            assert [(slot["id"], slot["is_processing"]) for slot in await answer.json()] == [(0, False), (1, False)]
        async with session.get(one.url + "/props") as answer:
            assert (await answer.json())["total_slots"] == 2

    run("llama_cpp", use)


def test_ollama_speaks_lines_of_json_on_its_own_paths_and_adds_the_latest_tag() -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        async with session.post(one.url + "/api/chat", json=chat("ollama", model="llama3.2")) as answer:
            assert answer.content_type == "application/x-ndjson"
            lines = [json.loads(line) for line in (await answer.read()).splitlines()]
        assert "".join(line["message"]["content"] for line in lines) == "".join(load_streams("ollama").words)
        assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
        assert lines[-1]["eval_count"] == len(lines) - 1
        assert lines[0]["model"] == "llama3.2"
        _, called, _ = await post(one, session, "/api/chat", chat("ollama", stream=False, tools=[WEATHER]))
        assert called["message"]["tool_calls"][0]["function"]["arguments"] == {"city": "Lisbon"}
        _, made, _ = await post(one, session, "/api/generate", {"model": "llama3.2", "prompt": "Hello", "stream": False})
        assert made["response"]
        async with session.get(one.url + "/api/tags") as answer:
            assert [model["name"] for model in (await answer.json())["models"]] == ["llama3.2:latest"]
        _, made, _ = await post(one, session, "/api/embed", {"model": "llama3.2", "input": "Hello"})
        assert len(made["embeddings"]) == 1
        status, wrong, _ = await post(one, session, "/api/chat", chat("ollama", model="nobody"))
        assert (status, wrong) == (404, {"error": "model 'nobody' not found"})

    run("ollama", use)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"messages": []}', b'{"model": 7}', b'{"model": "x", "messages": "y"}', b"\xff"]
)
def test_what_is_no_request_is_refused_in_the_dialects_own_form(dialect: Dialect, body: bytes) -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        async with session.post(one.url + "/v1/chat/completions", data=body) as answer:
            assert answer.status == (200 if dialect == "llama_cpp" and body == b'{"messages": []}' else 400)
            tree = await answer.json()
            assert ("error" in tree) == (answer.status == 400)

    run(dialect, use)


@pytest.mark.parametrize("dialect", ["openai", "vllm", "ollama"])
def test_a_model_that_is_not_there_is_not_found(dialect: Dialect) -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        status, tree, _ = await post(one, session, "/v1/chat/completions", chat(dialect, model="nobody"))
        assert status == 404
        assert "nobody" in tree["error"]["message"]

    run(dialect, use)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_wrong_key_is_refused_and_the_right_one_taken(dialect: Dialect) -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        status, tree, _ = await post(one, session, "/v1/chat/completions", chat(dialect))
        assert status == 401
        assert "error" in tree
        key = {"Authorization": "Bearer right"}
        status, _, _ = await post(one, session, "/v1/chat/completions", chat(dialect), headers=key)
        assert status == 200
        assert one.seen[-1].headers["authorization"] == "Bearer right"

    run(dialect, use, keys=["right"])


# ---------------------------------------------------------------- what goes wrong

BROKEN = (aiohttp.ClientError, ConnectionError)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("kind", "status"), [("rate_limited", 429), ("server_error", 500), ("unavailable", 503), ("expired_key", 401)]
)
def test_an_error_has_its_status_its_form_and_when_to_come_again(dialect: Dialect, kind: Any, status: int) -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        await one.set_fault(Fault(kind=kind, seconds=7))
        got, tree, headers = await post(one, session, "/v1/chat/completions", chat(dialect, stream=True))
        assert got == status
        assert "error" in tree
        assert headers["Retry-After"] == "7"
        await one.set_fault(Fault())
        assert (await post(one, session, "/v1/chat/completions", chat(dialect)))[0] == 200

    run(dialect, use)


@pytest.mark.parametrize("kind", ["dead", "refused"])
def test_a_closed_port_refuses_and_comes_back_at_the_same_place(kind: Any) -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        url = one.url
        one.behaviour = Behaviour(first_token_seconds=LONGEST)
        under_way = asyncio.create_task(post(one, session, "/v1/chat/completions", chat("openai")))
        while not one.state()["running"]:
            await asyncio.sleep(0)
        await one.set_fault(Fault(kind=kind))
        if kind == "dead":
            with pytest.raises(BROKEN):
                await under_way
        else:
            assert (await under_way)[0] == 200
        async with aiohttp.ClientSession() as fresh:
            with pytest.raises(aiohttp.ClientConnectorError):
                await post(one, fresh, "/v1/chat/completions", chat("openai"))
            one.behaviour = Behaviour()
            await one.set_fault(Fault())
            assert one.url == url
            assert (await post(one, fresh, "/v1/chat/completions", chat("openai")))[0] == 200

    run("openai", use)


@pytest.mark.parametrize("kind", ["reset", "not_http"])
def test_a_request_that_is_broken_off_gets_no_answer(kind: Any) -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        await one.set_fault(Fault(kind=kind))
        with pytest.raises(BROKEN):
            await post(one, session, "/v1/chat/completions", chat("openai"))

    run("openai", use)


@pytest.mark.parametrize("stream", [False, True])
def test_a_truncated_answer_breaks_in_the_middle(stream: bool) -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        await one.set_fault(Fault(kind="truncated", after=3))
        async with session.post(one.url + "/v1/chat/completions", json=chat("openai", stream=stream)) as answer:
            assert answer.status == 200
            with pytest.raises(BROKEN):
                await answer.read()

    run("openai", use)


def test_an_unfinished_stream_ends_well_but_without_its_end() -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        await one.set_fault(Fault(kind="unfinished", after=4))
        lines = await events(one, session, "/v1/chat/completions", chat("openai", stream=True))
        assert len(lines) == 4
        assert "[DONE]" not in lines[-1]

    run("openai", use)


def test_nonsense_is_no_text() -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        await one.set_fault(Fault(kind="nonsense", after=2))
        async with session.post(one.url + "/v1/chat/completions", json=chat("openai", stream=True)) as answer:
            body = await answer.read()
        assert body.startswith(b"data: {")
        with pytest.raises(UnicodeDecodeError):
            body.decode()

    run("openai", use)


def test_an_endless_line_goes_on_until_its_reader_has_had_enough() -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        await one.set_fault(Fault(kind="endless_line"))
        async with session.post(one.url + "/v1/chat/completions", json=chat("openai", stream=True)) as answer:
            body = await answer.content.readexactly(4 * 2**20)
            assert b"\n" not in body
            answer.close()
        assert one.state()["requests"] == 1

    run("openai", use)


def test_a_page_of_html_comes_instead_of_an_answer_and_another_model_instead_of_the_one_asked() -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        await one.set_fault(Fault(kind="wrong_type"))
        async with session.post(one.url + "/v1/chat/completions", json=chat("openai")) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
        await one.set_fault(Fault(kind="wrong_model", model="cheaper"))
        assert (await post(one, session, "/v1/chat/completions", chat("openai")))[1]["model"] == "cheaper"

    run("openai", use)


@pytest.mark.parametrize("kind", ["hang", "latency", "slow"])
def test_what_waits_waits_until_the_fault_is_taken_away(kind: Any) -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        await one.set_fault(Fault(kind=kind, seconds=LONGEST))
        asked = asyncio.create_task(post(one, session, "/v1/chat/completions", chat("openai")))
        while not one.state()["requests"]:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not asked.done()
        await one.set_fault(Fault())
        if kind == "hang":
            with pytest.raises(BROKEN):
                await asked
        else:
            assert (await asked)[0] == 200

    run("openai", use)


@given(st.floats(0, 1), st.integers(1, 400))
def test_a_fault_meets_its_share_of_the_requests_evenly(share: float, most: int) -> None:
    fault = Fault(kind="reset", share=share)
    met = 0
    for number in range(most):
        met += meets(fault, number)
        assert abs(met - share * (number + 1)) <= 1


def test_a_fault_meets_every_third_request_when_its_share_is_a_third() -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        await one.set_fault(Fault(kind="server_error", share=1 / 3))
        got = [(await post(one, session, "/v1/chat/completions", chat("openai")))[0] for _ in range(6)]
        assert got == [200, 200, 500, 200, 200, 500]

    run("openai", use)


def test_what_is_wrong_is_switched_over_a_second_port() -> None:
    async def use(one: StandIn, session: aiohttp.ClientSession) -> None:
        for kind in FAULTS:
            async with session.post(one.control_url + "/fault", json={"kind": kind}) as answer:
                assert (await answer.json())["fault"]["kind"] == kind
        async with session.post(one.control_url + "/fault", json={"kind": "none"}) as answer:
            assert answer.status == 200
        async with session.post(one.control_url + "/behaviour", json={"tokens": 2}) as answer:
            assert answer.status == 200
        assert (await post(one, session, "/v1/chat/completions", chat("openai")))[1]["usage"]["completion_tokens"] == 2
        for path, body in (("/fault", {"kind": "x"}), ("/fault", {"share": 2}), ("/behaviour", {"speed": 1})):
            async with session.post(one.control_url + path, json=body) as answer:
                assert answer.status == 400
        async with session.get(one.control_url + "/state") as answer:
            assert (await answer.json())["requests"] == 1

    run("openai", use, control=True)


def test_a_frame_fills_its_holes_and_nothing_else() -> None:
    frame = Frame(b'{"a":"$ONE","b":["$TWO","$five"],"c":"$ONE"}')
    assert frame.fill({"ONE": b"1", "TWO": b'"x"'}) == b'{"a":1,"b":["x","$five"],"c":1}'
    assert frame.bound({"ONE": b"1"}).fill({"TWO": b"2"}) == b'{"a":1,"b":[2,"$five"],"c":1}'
    assert frame.without("b").fill({"ONE": b"1"}) == b'{"a":1,"c":1}'


def test_a_stand_in_runs_as_a_process_and_comes_back_where_it_was(tmp_path: Path) -> None:
    async def main() -> None:
        address, port = tmp_path / "address.json", 0
        for more in ([], ["--address", str(address)]):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "freehold.demo.stand_in_process", "vllm", "--port", str(port), *more),
                stdout=asyncio.subprocess.PIPE,
            )
            assert process.stdout is not None
            async with asyncio.timeout(LONGEST), aiohttp.ClientSession() as session:
                said = json.loads(await process.stdout.readline())
                assert port in (0, urlsplit(said["url"]).port)
                port = urlsplit(said["url"]).port or 0
                async with session.get(said["url"] + "/v1/models") as answer:
                    assert answer.status == 200
                async with session.get(said["control"] + "/state") as answer:
                    assert (await answer.json())["dialect"] == "vllm"
                process.kill()
                await process.communicate()
        assert json.loads(address.read_text()) == said

    asyncio.run(main())
