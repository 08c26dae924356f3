"""``freehold gateway`` as a process of its own: one line, signals, kill -9, and the words that need no server."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from freehold.cli import main
from freehold.demo.faults import Behaviour
from freehold.demo.stand_in import stand_in
from freehold.respond.evidence_verify import verify
from gateways import KEYS, LONGEST, chat

SRC = Path(__file__).parent.parent / "src"


class Process:
    """A gateway that runs."""

    def __init__(self, process: asyncio.subprocess.Process, state: Path) -> None:
        self.process, self.state = process, state
        self.url = ""

    async def ready(self) -> None:
        address = self.state / "address"
        while not address.exists() or not address.read_text().endswith("\n"):
            assert self.process.returncode is None, await self.said()
            await asyncio.sleep(0.02)
        self.url = address.read_text().strip()

    async def said(self) -> str:
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()

    async def ask(self, **more: Any) -> tuple[int, bytes]:
        path = self.url + "/v1/chat/completions"
        async with aiohttp.ClientSession() as session, session.post(path, json=chat(**more)) as answer:
            return answer.status, await answer.read()


@asynccontextmanager
async def process(state: Path, *words: str, more: Mapping[str, str] | None = None) -> AsyncIterator[Process]:
    (state / "address").unlink(missing_ok=True)
    environment = {**os.environ, **KEYS, **(more or {}), "PYTHONPATH": str(SRC)}
    command = [sys.executable, "-m", "freehold", "gateway", *words, "--listen", "127.0.0.1:0", "--state", str(state)]
    started = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)
    try:
        yield Process(started, state)
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


def run(scene: Any) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(LONGEST):
            await scene()

    asyncio.run(bounded())


def freehold(*words: str) -> int:
    return main(["gateway", *words])


def test_one_line_is_enough_and_says_where_to_point_a_client_and_how_to_stop(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stand_in("openai") as one, process(tmp_path, "--upstream", one.url) as front:
            await front.ready()
            status, _ = await front.ask()
            assert status == 200
            assert freehold("stop", "all", "--state", str(tmp_path), "--by", "Ada") == 0
            status, body = await front.ask()
            assert (status, b"all is stopped: Ada" in body) == (403, True)
            assert freehold("release", "all", "--state", str(tmp_path)) == 0
            assert (await front.ask())[0] == 200
            front.process.send_signal(signal.SIGTERM)
            said = await front.said()
            assert await front.process.wait() == 0
        assert f"export OPENAI_BASE_URL={front.url}/v1" in said
        assert f"freehold gateway stop all --state {tmp_path}" in said
        assert "stopped now: all" in said
        assert "a request was refused (403): all is stopped: Ada" in said
        assert said.endswith("freehold: ended\n")
        assert not (tmp_path / "address").exists()

    run(scene)
    assert verify(tmp_path / "evidence-gateway.jsonl").is_sound


@pytest.mark.slow
def test_killed_at_any_moment_it_comes_back_with_its_stops_and_a_sound_log(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stand_in("openai") as one:
            answered = 0
            for round_ in range(3):
                async with process(tmp_path, "--upstream", one.url) as front:
                    await front.ready()
                    if round_:
                        assert (await front.ask(model=one.models[1]))[0] == 403
                    for _ in range(5):
                        assert (await front.ask())[0] == 200
                        answered += 1
                    assert freehold("stop", "model", one.models[1], "--state", str(tmp_path)) == 0
                    rest = [asyncio.create_task(front.ask(stream=True)) for _ in range(5)]
                    await asyncio.sleep(0)
                    front.process.kill()
                    await front.process.wait()
                    await asyncio.gather(*rest, return_exceptions=True)
        written = (tmp_path / "evidence-gateway.jsonl").read_text().count('"kind":"freehold.gateway.request"')
        assert written >= answered

    run(scene)
    assert verify(tmp_path / "evidence-gateway.jsonl").is_sound


def test_a_hang_up_reads_the_configuration_anew_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stand_in("openai") as one, stand_in("vllm", models=one.models) as two:
            file = tmp_path / "gateway.toml"
            text = '[gateway]\nkey_env = "ADMIN"\n[[upstream]]\nname = "{name}"\nurl = "{url}"\n'
            file.write_text(text.format(name="one", url=one.url))
            async with process(tmp_path / "state", "--config", str(file)) as front:
                await front.ready()
                log = tmp_path / "state" / "evidence-gateway.jsonl"
                file.write_text("[[upstream]]\n")
                front.process.send_signal(signal.SIGHUP)
                while "reload_refused" not in log.read_text():
                    await asyncio.sleep(0.01)
                assert (await front.ask())[0] == 200
                file.write_text(text.format(name="two", url=two.url))
                while not two.seen:
                    front.process.send_signal(signal.SIGHUP)
                    await front.ask()
                assert '"freehold.by":"signal"' in log.read_text()
                front.process.terminate()
                said = await front.said()
        assert "refused; nothing was changed" in said
        assert "'name' is missing" in said
        assert one.seen

    run(scene)


def test_its_end_waits_for_streams_under_way(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stand_in("openai") as one, process(tmp_path, "--upstream", one.url) as front:
            one.behaviour = Behaviour(tokens=20, token_seconds=0.02)
            await front.ready()
            stream = asyncio.create_task(front.ask(stream=True))
            while not one.state()["running"]:
                await asyncio.sleep(0.01)
            front.process.terminate()
            status, body = await stream
            assert (status, body.endswith(b"data: [DONE]\n\n")) == (200, True)
            assert await front.process.wait() == 0

    run(scene)


def test_a_second_gateway_on_the_same_state_or_address_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async def scene() -> None:
        async with stand_in("openai") as one, process(tmp_path, "--upstream", one.url) as front:
            await front.ready()
            address = (tmp_path / "address").read_text()
            async with process(tmp_path, "--upstream", one.url) as second:
                (tmp_path / "address").write_text(address)
                assert await second.process.wait() == 2
                assert "another process writes this log" in await second.said()
            assert (await front.ask())[0] == 200

    run(scene)


def test_a_configuration_is_checked_without_starting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text('[[upstream]]\nname = "one"\nurl = "http://127.0.0.1:9"\nkey_env = "PROVIDER"\n')
    monkeypatch.delenv("PROVIDER", raising=False)
    assert freehold("check", str(file)) == 2
    assert "the variable PROVIDER is not set" in capsys.readouterr().err
    monkeypatch.setenv("PROVIDER", KEYS["PROVIDER"])
    assert freehold("check", str(file)) == 0
    assert capsys.readouterr().out == f"{file} is sound (upstreams: 1, tenants: 0, rules: 0)\n"


def test_stops_are_shown_and_taken_back_without_a_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = ("--state", str(tmp_path / "new"))
    assert freehold("stop", "agent", "scout", *state, "--because", "it runs away") == 0
    assert freehold("state", *state) == 0
    assert capsys.readouterr().out == "agent scout  # it runs away\n"
    assert freehold("release", "agent", "scout", *state) == 0
    assert freehold("state", *state) == 0
    assert capsys.readouterr().out == "nothing is stopped\n"


def test_releasing_all_clears_a_file_that_cannot_be_understood_and_keeps_a_copy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = ("--state", str(tmp_path))
    (tmp_path / "stop").write_text("modle b\n")
    assert freehold("state", *state) == 2
    said = capsys.readouterr().err
    assert "everything is stopped: line 1 of the stop file makes no sense: 'modle b'" in said
    assert f"freehold gateway release all --state {tmp_path}" in said
    assert freehold("release", "model", "b", *state) == 2
    assert str(tmp_path / "stop") in capsys.readouterr().err
    assert freehold("release", "all", *state) == 0
    assert f"it is kept as {tmp_path / 'stop.not-understood-1'}" in capsys.readouterr().err
    assert freehold("state", *state) == 0
    assert capsys.readouterr().out == "nothing is stopped\n"


def test_the_state_of_an_empty_stop_file_says_how_everything_is_released(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stop").touch()
    assert freehold("state", "--state", str(tmp_path)) == 0
    shown = capsys.readouterr()
    assert shown.out == "all  # the stop file is there and empty\n"
    assert "to release everything delete it" in shown.err


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--upstream", "x", "--config", "y"),
        ("stop",),
        ("stop", "all", "x", "y"),
        ("stop", "everything"),
        ("serve", "x"),
        ("check",),
    ],
)
def test_words_that_make_no_sense_are_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert freehold(*words, "--state", str(tmp_path)) == 2
