"""What happens when an upstream goes wrong: breaker, fall-back, and streams that end with the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from freehold.demo.faults import Behaviour, Fault
from freehold.demo.stand_in import StandIn, stand_in
from freehold.gateway.failures import Failures
from gateways import LONGEST, Gateway, ask, chat, eventually, gateway, texts_of

Use = Callable[[Gateway, StandIn, StandIn], Awaitable[None]]
TWO = """
{more}
[[upstream]]
name = "first"
url = "{first}"
[upstream.breaker]
failures = {failures}
open_seconds = {open_seconds}
[[upstream]]
name = "second"
url = "{second}"
"""


def scene(use: Use, state: Path, *, failures: int = 3, open_seconds: float = 600.0, more: str = "") -> None:
    """Two upstreams that have one model."""

    async def main() -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(asyncio.timeout(LONGEST))
            first = await stack.enter_async_context(stand_in("openai"))
            second = await stack.enter_async_context(stand_in("vllm", models=first.models))
            urls = {"first": first.url, "second": second.url}
            text = TWO.format(**urls, failures=failures, open_seconds=open_seconds, more=more)
            front = await stack.enter_async_context(gateway(text, state))
            await use(front, first, second)

    asyncio.run(main())


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    "kind",
    [
        "dead",
        "refused",
        "reset",
        "server_error",
        "unavailable",
        "rate_limited",
        "wrong_type",
        "not_http",
        "truncated",
        "nonsense",
    ],
)
def test_whatever_goes_wrong_before_the_first_byte_another_upstream_answers(tmp_path: Path, kind: str, *, stream: bool) -> None:
    async def use(front: Gateway, first: StandIn, second: StandIn) -> None:
        await first.set_fault(Fault(kind=kind))  # type: ignore[arg-type]
        answer = await ask(front, stream=stream)
        assert answer.status == 200
        assert answer.headers["x-freehold-upstream"] == "second"
        assert answer.headers["x-freehold-fallback"].startswith("first -> second: ")
        (entry,) = front.entries("request")
        assert entry["freehold.fallback"] == answer.headers["x-freehold-fallback"]
        assert front.entries("fallback")[0]["freehold.name"] == "first"
        assert front.entries("upstream.failed")[0]["freehold.upstream"] == "first"
        assert second.counts["/v1/chat/completions"] == 1

    scene(use, tmp_path)


def test_an_open_breaker_leaves_a_dead_upstream_alone(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn, second: StandIn) -> None:
        await first.set_fault(Fault(kind="server_error"))
        for _ in range(10):
            assert (await ask(front)).status == 200
        # three that were counted, and no retry where there is somebody else
        assert first.counts["/v1/chat/completions"] == 3
        assert second.counts["/v1/chat/completions"] == 10
        assert len(front.entries("breaker.opened")) == 1
        assert front.entries("request")[-1]["freehold.fallback"].startswith("first -> second: it has failed of late")

    scene(use, tmp_path)


def test_an_upstream_that_answers_again_is_tried_with_one_request_and_taken_back(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn, _second: StandIn) -> None:
        await first.set_fault(Fault(kind="server_error"))
        for _ in range(3):
            await ask(front)
        await first.set_fault(Fault())
        breaker = front.running.plan.upstreams["first"].breaker
        assert breaker.state == "open"
        while breaker.state != "closed":
            await ask(front)
        assert [entry["freehold.stage"] for entry in front.entries("breaker.half_open")][-2:] == ["look", "request"]
        assert len(front.entries("breaker.closed")) == 1
        answer = await ask(front)
        assert answer.headers["x-freehold-upstream"] == "first"
        assert "x-freehold-fallback" not in answer.headers

    scene(use, tmp_path, open_seconds=0.05)


def test_when_nobody_answers_the_first_failure_and_the_last_are_told(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn, second: StandIn) -> None:
        await first.set_fault(Fault(kind="server_error"))
        await second.set_fault(Fault(kind="unavailable"))
        answer = await ask(front)
        assert answer.status == 503
        assert answer.error["code"] == "upstream_failed"
        assert (answer.error["first"]["upstream"], answer.error["first"]["status"]) == ("first", 500)
        assert (answer.error["last"]["upstream"], answer.error["last"]["status"]) == ("second", 503)
        assert "first: " in answer.error["message"]
        assert "second: " in answer.error["message"]

    scene(use, tmp_path)


def test_where_waiting_is_all_that_is_needed_the_client_is_told_429_and_for_how_long(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn, second: StandIn) -> None:
        await first.set_fault(Fault(kind="rate_limited", seconds=40))
        await second.set_fault(Fault(kind="rate_limited", seconds=20))
        for _ in range(2):  # asked of the upstreams, and then held back by what they said
            answer = await ask(front)
            assert (answer.status, answer.error["code"]) == (429, "upstream_failed")
            assert 10 <= int(answer.headers["Retry-After"]) <= 20
        assert len(first.seen) == len(second.seen) == 1
        assert len(front.entries("request")) == 2

    scene(use, tmp_path)


def test_another_reason_beside_a_429_is_no_429(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn, second: StandIn) -> None:
        await first.set_fault(Fault(kind="dead"))
        await second.set_fault(Fault(kind="rate_limited", seconds=20))
        answer = await ask(front)
        assert answer.status == 503
        assert 10 <= int(answer.headers["Retry-After"]) <= 20

    scene(use, tmp_path)


def test_a_429_that_does_not_say_how_long_is_told_with_the_second_for_which_it_rests() -> None:
    failures = Failures()
    failures.add("one", 429, "it takes no more now")
    failures.limited(0.4)
    refusal = failures.refusal()
    assert (refusal.status, refusal.headers) == (429, {"Retry-After": "1"})


def test_an_error_of_the_clients_own_is_passed_on_and_tried_nowhere_else(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn, second: StandIn) -> None:
        answer = await ask(front, messages="nonsense")
        assert answer.status == 400
        assert not second.seen
        assert front.running.plan.upstreams["first"].breaker.state == "closed"
        del first

    scene(use, tmp_path)


@pytest.mark.parametrize(("kind", "code"), [("truncated", "stream_broken"), ("unfinished", "stream_broken"), ("nonsense", "")])
def test_a_stream_that_breaks_ends_with_an_error_and_with_nobody_elses_words(tmp_path: Path, kind: str, code: str) -> None:
    async def use(front: Gateway, first: StandIn, second: StandIn) -> None:
        await first.set_fault(Fault(kind=kind, after=3))  # type: ignore[arg-type]
        answer = await ask(front, stream=True)
        assert answer.status == 200
        assert "[DONE]" not in answer.events
        assert texts_of(answer.events)
        error = answer.events[-1]["error"]
        assert error["code"] in ({code} if code else {"stream_broken", "upstream_nonsense"})
        assert "first" in error["message"] or kind == "nonsense"
        assert not second.seen
        assert front.entries("stream.broken")[0]["freehold.upstream"] == "first"
        assert front.entries("request")[0]["error.type"] in ("stream_broken", "not_understood")

    scene(use, tmp_path)


def test_an_endless_event_is_cut(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn, _second: StandIn) -> None:
        await first.set_fault(Fault(kind="endless_line", after=2))
        answer = await ask(front, stream=True)
        assert answer.events[-1]["error"]["code"] == "upstream_nonsense"
        assert len(answer.body) < 100_000

    scene(use, tmp_path)


def test_an_endless_answer_in_one_piece_is_cut_and_asked_for_elsewhere(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn, _second: StandIn) -> None:
        await first.set_fault(Fault(kind="endless_line"))
        answer = await ask(front)
        assert answer.headers["x-freehold-upstream"] == "second"
        assert "larger than 1,000,000 bytes" in answer.headers["x-freehold-fallback"]

    scene(use, tmp_path, more="[limits]\nanswer_bytes = 1000000")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_upstream_that_never_answers_is_given_up(tmp_path: Path, *, stream: bool) -> None:
    async def use(front: Gateway, first: StandIn, _second: StandIn) -> None:
        await first.set_fault(Fault(kind="hang"))
        answer = await ask(front, stream=stream)
        assert answer.headers["x-freehold-upstream"] == "second"
        assert "did not answer in time" in answer.headers["x-freehold-fallback"]

    scene(use, tmp_path, more="[timeouts]\nfirst_byte = 0.2\nanswer = 0.2")


def test_a_stream_that_stands_still_is_ended(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn, _second: StandIn) -> None:
        first.behaviour = Behaviour(tokens=5, token_seconds=600.0)
        answer = await ask(front, stream=True)
        assert answer.events[-1]["error"]["code"] == "timeout"
        assert front.entries("request")[0]["error.type"] == "late"

    scene(use, tmp_path, more="[timeouts]\nidle = 0.2")


def test_a_client_that_leaves_ends_its_request_at_the_upstream(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn, _second: StandIn) -> None:
        first.behaviour = Behaviour(tokens=5, token_seconds=600.0)
        async with front.session.post(front.url + "/v1/chat/completions", json=chat(stream=True)) as answer:
            await answer.content.readline()
            assert first.state()["running"] == 1
        await eventually(lambda: first.state()["running"] == 0 and bool(front.entries("request")))
        (entry,) = front.entries("request")
        assert (entry["error.type"], entry["http.response.status_code"]) == ("client_gone", 499)
        assert not front.running.flights

    scene(use, tmp_path)


def test_a_key_that_an_upstream_refuses_is_its_failure_and_not_the_clients(tmp_path: Path) -> None:
    async def main() -> None:
        async with asyncio.timeout(LONGEST), stand_in("openai", keys=["another"]) as first, stand_in("vllm") as second:
            second.models = first.models
            text = f"""
                [[upstream]]
                name = "first"
                url = "{first.url}"
                key_env = "PROVIDER"
                [[upstream]]
                name = "second"
                url = "{second.url}"
            """
            async with gateway(text, tmp_path) as front:
                answer = await ask(front)
                assert answer.headers["x-freehold-upstream"] == "second"
                assert "refused the gateway's key" in answer.headers["x-freehold-fallback"]
                assert "authorization" not in second.seen[-1].headers

    asyncio.run(main())


def test_what_went_wrong_is_said_on_standard_error_in_plain_sentences(tmp_path: Path) -> None:
    async def use(front: Gateway, first: StandIn, _second: StandIn) -> None:
        await first.set_fault(Fault(kind="dead"))
        for _ in range(4):
            await ask(front)
        await eventually(lambda: len(front.said) >= 3)
        assert front.said[0] == "freehold: upstream 'first' failed: it refused the connection or cannot be reached"
        assert any("was answered by 'second' instead of 'first'" in line for line in front.said)
        assert any("'first' is left alone for" in line for line in front.said)
        # the same again is one line
        assert len(front.said) == 3

    scene(use, tmp_path)
