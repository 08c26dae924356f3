"""The kill switch: by file and by HTTP, for new requests and for those under way, also when everything else is gone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.demo.faults import Behaviour
from freehold.demo.stand_in import StandIn, stand_in
from freehold.errors import GatewayError
from freehold.gateway.switches import SCOPES, Stop, Stops, Switches, change_stop, parse_stops, read_stops, set_aside
from gateways import ADMIN, KEYS, LONGEST, Gateway, ask, chat, eventually, gateway, run

TOOL = {"type": "function", "function": {"name": "send_mail", "parameters": {"type": "object"}}}
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20).filter(
    lambda name: not set(name) & set("#'\"")
)


def stops() -> st.SearchStrategy[Stop]:
    named = st.builds(Stop, st.sampled_from(SCOPES[1:]), NAMES, st.just("") | NAMES)
    return named | st.builds(Stop, st.just("all"), st.just(""), st.just("") | NAMES)


# ---------------------------------------------------------------- the file


def test_a_line_stops_what_it_names() -> None:
    found = parse_stops("# by hand\nmodel gpt-4.1  # Ada, it leaks\n\ntenant Night shift\n").listed
    assert found == (Stop("model", "gpt-4.1", "Ada, it leaks"), Stop("tenant", "Night shift"))


@given(st.lists(stops(), min_size=1, max_size=8))
def test_what_is_written_is_read_again(listed: list[Stop]) -> None:
    text = "".join(f"{stop.line}\n" for stop in listed)
    assert parse_stops(text).listed == tuple(Stop(stop.scope, stop.name.strip(), stop.why) for stop in listed)


@given(st.lists(stops(), max_size=8), st.sampled_from(SCOPES[1:]), NAMES)
def test_a_stop_holds_for_its_own_and_nobody_else(listed: list[Stop], scope: str, name: str) -> None:
    stopped = any(stop.scope == "all" or (stop.scope, stop.name.casefold()) == (scope, name.casefold()) for stop in listed)
    assert (Stops(tuple(listed)).of(scope, name) is not None) is stopped


def test_the_latest_of_a_model_is_the_model_without_a_tag() -> None:
    for text in ("model llama3", "model Llama3:latest"):
        stops = parse_stops(text)
        assert stops.of("model", "llama3") is not None
        assert stops.of("model", "llama3:Latest") is not None
        assert stops.of("model", "llama3:8b") is None
    assert parse_stops("tool look").of("tool", "look:latest") is None
    assert parse_stops("model :latest").of("model", "") is None


def test_a_remark_may_begin_behind_a_tab_and_a_line_may_end_as_on_windows() -> None:
    assert parse_stops("model a\t# why\r\nall\t#\r\n").listed == (Stop("model", "a", "why"), Stop("all"))


@pytest.mark.parametrize(
    "text",
    ["halt\n", "model\n", "all of it\n", "model a\nwhatever b\n", 'model "a"\n', "tool 'a\n", "\ufeffmodel a\n", "model a\0\n"],
)
def test_a_line_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(GatewayError, match="makes no sense"):
        parse_stops(text)


@pytest.mark.parametrize("content", [b"", b"\n", b"nonsense\n", b"\xff\xfe", b"model a\n" * 200_000], ids=repr)
def test_what_cannot_be_understood_stops_everything(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "stop").write_bytes(content)
    switches = Switches(tmp_path / "stop")
    switches.look()
    assert switches.stops.of("model", "anything") is not None


def test_a_folder_in_its_place_or_no_state_folder_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "stop").mkdir()
    for path in (tmp_path / "stop", tmp_path / "gone" / "stop"):
        switches = Switches(path)
        switches.look()
        assert switches.stops.of("tenant", "") is not None
        assert switches.problem


def test_an_empty_file_says_how_everything_is_released(tmp_path: Path) -> None:
    path = tmp_path / "stop"
    path.touch()
    switches = Switches(path)
    switches.look()
    assert switches.problem == (
        f"{path} is there and empty: to release everything delete it, or "
        f"`freehold gateway release all --state {tmp_path}`."
    )  # fmt: skip
    change_stop(path, Stop("model", "a"), on=True)
    assert path.read_text() == "all  # the stop file was there and empty\nmodel a\n"
    path.write_text(" ")
    assert change_stop(path, Stop("all"), on=False).listed == ()
    switches.look()
    assert not switches.problem


def test_a_typo_is_told_with_its_file_its_line_and_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "stop"
    path.write_text("model a\nmodle b # why\n")
    for on, stop in ((True, Stop("model", "c")), (False, Stop("all"))):
        with pytest.raises(GatewayError) as raised:
            change_stop(path, stop, on=on)
        for part in ("line 2", "'modle b'", "Write 'all'", str(path), f"release all --state {tmp_path}"):
            assert part in str(raised.value)
    assert path.read_text() == "model a\nmodle b # why\n"


def test_a_file_that_cannot_be_understood_is_set_aside_whole_and_never_over_another(tmp_path: Path) -> None:
    path = tmp_path / "stop"
    assert set_aside(path) is None
    path.write_text("model a\n")
    assert set_aside(path) is None
    for number, content in enumerate((b"modle b\n", b"\xff"), 1):
        path.write_bytes(content)
        aside = set_aside(path)
        assert aside == tmp_path / f"stop.not-understood-{number}"
        assert aside.read_bytes() == content
        assert not path.exists()
    path.mkdir()
    assert set_aside(path) == tmp_path / "stop.not-understood-3"


def test_releasing_all_over_http_clears_what_cannot_be_understood(tmp_path: Path) -> None:
    async def use(front: Gateway, _one: StandIn) -> None:
        (tmp_path / "stop").write_text("modle b\n")
        assert (await ask(front)).error["code"] == "stopped"
        key = (tmp_path / "admin-key").read_text().strip()
        assert (await front.post("/freehold/release", {"scope": "all"}, key=key)).status == 200
        assert (await ask(front)).status == 200
        assert (tmp_path / "stop.not-understood-1").read_text() == "modle b\n"
        await eventually(lambda: any("it is kept as" in line for line in front.said))

    run(use, tmp_path)


def test_no_file_stops_nothing_and_a_change_is_seen(tmp_path: Path) -> None:
    switches = Switches(tmp_path / "stop")
    assert not switches.look()
    assert not switches.stops
    for name in ("aa", "bb", "cc"):  # the same length, within the fineness of a time stamp
        (tmp_path / "stop").write_text(f"model {name}\n")
        switches.look()
        assert switches.stops.of("model", name) is not None


def test_stopping_and_releasing_leave_the_other_lines_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "stop"
    change_stop(path, Stop("model", "a", "why"), on=True)
    change_stop(path, Stop("agent", "b"), on=True)
    change_stop(path, Stop("model", "A", "again"), on=True)
    assert path.read_text() == "agent b\nmodel A  # again\n"
    change_stop(path, Stop("model", "a"), on=False)
    assert read_stops(path).listed == (Stop("agent", "b"),)
    change_stop(path, Stop("agent", "b"), on=False)
    assert not path.exists()


@pytest.mark.parametrize(
    "stop",
    [
        Stop("all", "x"),
        Stop("model"),
        Stop("else", "x"),
        Stop("tool", "a\nall"),
        Stop("tool", "a # b"),
        Stop("tool", "a\t# b"),
        Stop("tool", '"a"'),
    ],
)
def test_what_cannot_stand_in_a_line_is_refused(tmp_path: Path, stop: Stop) -> None:
    with pytest.raises(GatewayError):
        change_stop(tmp_path / "stop", stop, on=True)
    assert not (tmp_path / "stop").exists()


# ---------------------------------------------------------------- requests

TEXT = """
[gateway]
key_env = "ADMIN"
[[upstream]]
name = "one"
url = "{url}"
[[tenant]]
name = "alpha"
key_env = "ALPHA"
[[tenant]]
name = "beta"
key_env = "BETA"
"""
CASES = {
    "all": ("all", ""),
    "model": ("model", "gpt-4.1-nano"),
    "tenant": ("tenant", "alpha"),
    "tool": ("tool", "send_mail"),
    "agent": ("agent", "scout"),
}


def scene(use: Any, state: Path, **settings: Any) -> None:
    async def main() -> None:
        async with (
            asyncio.timeout(LONGEST),
            stand_in("openai", **settings) as one,
            gateway(TEXT.format(url=one.url), state) as front,
        ):
            await use(front, one)

    asyncio.run(main())


def body(**more: Any) -> dict[str, Any]:
    return chat(tools=[TOOL], tool_choice="none", **more)


AGENT = {"x-freehold-agent": "scout"}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("by", ["file", "http"])
def test_a_stop_ends_what_is_under_way_and_refuses_what_comes_and_a_release_lets_it_go_on(
    tmp_path: Path, case: str, by: str
) -> None:
    scope, name = CASES[case]

    async def switch(front: Gateway, *, on: bool) -> None:
        if by == "file":
            change_stop(tmp_path / "stop", Stop(scope, name, "drill"), on=on)
            return
        path = "/freehold/stop" if on else "/freehold/release"
        answer = await front.post(path, {"scope": scope, "name": name, "because": "drill"}, key=ADMIN)
        assert answer.status == 200, answer.body

    async def use(front: Gateway, one: StandIn) -> None:
        one.behaviour = Behaviour(tokens=5, token_seconds=600.0)
        running = asyncio.create_task(front.post("/v1/chat/completions", body(stream=True), key=KEYS["ALPHA"], headers=AGENT))
        other = asyncio.create_task(front.post("/v1/chat/completions", chat(stream=True), key=KEYS["BETA"]))
        await eventually(lambda: one.state()["running"] == 2)
        await eventually(lambda: sum(bool(flight.models) for flight in front.running.flights) == 2)
        await switch(front, on=True)
        ended = await running
        assert ended.status in (200, 403)
        error = ended.events[-1]["error"] if ended.status == 200 else ended.error
        assert error["code"] == "stopped"
        assert "drill" in error["message"]
        assert other.done() is (case in ("all", "model")) or case in ("all", "model")
        one.behaviour = Behaviour()
        refused = await front.post("/v1/chat/completions", body(), key=KEYS["ALPHA"], headers=AGENT)
        assert (refused.status, refused.error["code"]) == (403, "stopped")
        free = await front.post("/v1/chat/completions", {**chat(), "model": one.models[1]}, key=KEYS["BETA"])
        assert free.status == (403 if case == "all" else 200)
        await switch(front, on=False)
        assert (await front.post("/v1/chat/completions", body(), key=KEYS["ALPHA"], headers=AGENT)).status == 200
        (stopped,), (released,) = front.entries("stopped"), front.entries("released")
        assert stopped["freehold.scope"] == released["freehold.scope"] == scope
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)

    scene(use, tmp_path)


def test_a_stopped_tool_that_a_model_calls_undeclared_ends_the_answer(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        one.behaviour = Behaviour(token_seconds=0.0)
        change_stop(tmp_path / "stop", Stop("tool", "send_mail"), on=True)
        for stream in (False, True):
            answer = await front.post("/v1/chat/completions", chat(tools=[TOOL], stream=stream), key=KEYS["ALPHA"])
            assert answer.error["code"] == "stopped"

    scene(use, tmp_path)


def test_a_stop_survives_a_restart(tmp_path: Path) -> None:
    async def stop(front: Gateway, _one: StandIn) -> None:
        assert (await front.post("/freehold/stop", {"scope": "all", "by": "Ada"}, key=ADMIN)).status == 200

    async def see(front: Gateway, _one: StandIn) -> None:
        assert (await front.post("/v1/chat/completions", chat(), key=KEYS["ALPHA"])).error["code"] == "stopped"
        assert (await front.get("/freehold/state", key=ADMIN)).json["stops"] == [{"scope": "all", "name": "", "why": "Ada"}]

    scene(stop, tmp_path)
    scene(see, tmp_path)


def test_a_stop_that_the_disk_does_not_take_holds_all_the_same_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise GatewayError("no room")

    async def use(front: Gateway, _one: StandIn) -> None:
        monkeypatch.setattr("freehold.gateway.control.change_stop", full)
        answer = await front.post("/freehold/stop", {"scope": "model", "name": "gpt-4.1-nano"}, key=ADMIN)
        assert answer.status == 500
        assert "will not stay so" in answer.error["message"]
        assert (await front.post("/v1/chat/completions", chat(), key=KEYS["ALPHA"])).error["code"] == "stopped"

    scene(use, tmp_path)


def test_what_is_passed_through_unread_is_stopped_too(tmp_path: Path) -> None:
    async def use(front: Gateway, _one: StandIn) -> None:
        change_stop(tmp_path / "stop", Stop("all"), on=True)
        for path in ("/api/chat", "/v1/models", "/v1/chat/completions"):
            assert (await front.post(path, chat())).error["code"] == "stopped"

    run(use, tmp_path, "ollama")


def test_while_a_model_is_stopped_nothing_is_passed_through_that_may_be_meant_for_it(tmp_path: Path) -> None:
    async def use(front: Gateway, one: StandIn) -> None:
        one.behaviour = Behaviour(tokens=3, token_seconds=600.0)
        body = {"model": one.models[0], "messages": [{"role": "user", "content": "hi"}]}
        running = asyncio.create_task(front.post("/api/chat", body))
        await eventually(lambda: one.state()["running"] == 1)
        change_stop(tmp_path / "stop", Stop("model", one.models[0]), on=True)
        with pytest.raises(aiohttp.ClientError):
            await running
        assert (await front.post("/api/chat", body)).error["code"] == "stopped"
        assert (await front.get("/api/tags")).status == 200
        for path in ("/v1/responses/resp_1", "/v1/chat/completions/c_1", "/v1/threads/t_1/messages"):
            assert (await front.get(path)).error["code"] == "stopped"

    run(use, tmp_path, "ollama")


def test_an_upstreams_model_that_is_stopped_is_passed_over_also_as_a_fall_back(tmp_path: Path) -> None:
    text = """
        [[upstream]]
        name = "{name}"
        url = "{url}"
        [[upstream.model]]
        name = "{model}"
        serves = ["assistant"]
    """

    async def main() -> None:
        async with asyncio.timeout(LONGEST), stand_in("openai") as one, stand_in("vllm") as two:
            both = text.format(name="one", url=one.url, model=one.models[0]) + text.format(
                name="two", url=two.url, model=two.models[0]
            )
            async with gateway(both, tmp_path) as front:
                change_stop(tmp_path / "stop", Stop("model", one.models[0]), on=True)
                answer = await ask(front, model="assistant")
                assert answer.headers["x-freehold-upstream"] == "two"
                assert "is stopped" in answer.headers["x-freehold-fallback"]
                change_stop(tmp_path / "stop", Stop("model", two.models[0]), on=True)
                assert (await ask(front, model="assistant")).error["code"] == "stopped"
                assert not one.seen

    asyncio.run(main())


def test_an_unreadable_file_stops_a_gateway_that_runs_and_says_why(tmp_path: Path) -> None:
    async def use(front: Gateway, _one: StandIn) -> None:
        assert (await ask(front)).status == 200
        (tmp_path / "stop").write_text("halt everything now\n")
        answer = await ask(front)
        assert answer.error["code"] == "stopped"
        assert "line 1 of the stop file makes no sense" in answer.error["message"]
        (tmp_path / "stop").unlink()
        assert (await ask(front)).status == 200

    run(use, tmp_path)
