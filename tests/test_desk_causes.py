"""One cause is one warning, and a fall-back that holds is no loss."""

from __future__ import annotations

import asyncio
import json
import re
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from desks import Desk, clinic, desk, event, eventually, run_scene
from freehold.respond.actions.stop_file import stops_in
from freehold.watch.inhibition import Inhibitions
from freehold.watch.routes import load_routes
from freehold.watch.rules import built_in_rules
from freehold.watch.signal import signal_event, tell_by_hand
from freehold.watch.summaries import fill
from freehold.web.predictions import score_sentence

KINDS = {"Content-Type": "application/cloudevents-batch+json"}


async def say(front: Desk, *events: dict[str, Any]) -> None:
    answer = await front.ask("POST", "/events", json.dumps(events).encode(), key=front.intake, headers=KINDS)
    assert answer.status in (200, 202), answer.body


def failure(number: int) -> dict[str, Any]:
    return event(f"f{number}", "freehold.gateway.upstream.failed", **{"freehold.upstream": "rented", "error.type": "connect"})


def fallback(number: int) -> dict[str, Any]:
    data = {"freehold.model": "assistant", "freehold.upstream": "own", "freehold.because": "connect", "freehold.name": "rented"}
    return event(f"b{number}", "freehold.gateway.fallback", **data)


def test_a_fall_back_that_holds_is_no_loss_of_the_item_of_its_name(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path, stack=clinic()) as front:
            front.person("Ann")
            await say(front, *map(fallback, range(3)))
            (found,) = await front.warned("Ann")
            assert "fall back to own" in found["title"]
            assert found["level"]["high"] != "red"
            assert found["reach"]["mission"]["low"][0] == found["reach"]["mission"]["high"][0] == 1
            assert (await front.state("Ann"))["pillars"][3]["mark"] == "Yes"

    run_scene(scene)


def test_a_breaker_that_opens_keeps_quiet_what_it_explains(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            front.person("Ann")
            opened = event(
                "o", "freehold.gateway.breaker.opened", **{"freehold.upstream": "rented", "freehold.because": "connect"}
            )
            await say(front, opened, *map(failure, range(6)), *map(fallback, range(4)))

            async def held() -> bool:
                assert front.front is not None
                core = front.front.rooms.desk.alerts.core
                statuses = core.statuses(front.front.rooms.desk.clock())
                return {dict(one.alert.labels)["alertname"] for one in statuses} == {
                    "breaker-opened", "upstream-failing", "fallback-in-use",
                }  # fmt: skip

            await eventually(held)
            # a warning that comes after them is told after them
            await say(front, event("k", "freehold.gateway.stopped", **{"freehold.scope": "all", "freehold.by": "Ann"}))
            found = await front.warned("Ann", 2)
            assert sorted(one["title"].partition(": ")[2][:15] for one in found) == ["the breaker of ", "the kill switch"]

    run_scene(scene)


@pytest.mark.parametrize(
    ("source", "target", "same"),
    [
        ("breaker-opened", "upstream-failing", {"upstream": "a"}), ("breaker-opened", "slow-first-token", {"upstream": "a"}),
        ("key-refused", "upstream-failing", {"upstream": "a"}), ("probe-failed", "certificate-ends-soon", {"host": "a"}),
        ("name-gone", "probe-failed", {"host": "a"}), ("certificate-ends-now", "certificate-ends-soon", {"host": "a"}),
        ("model-errors", "fallback-in-use", {"model": "a"}),
    ],
)  # fmt: skip
def test_the_same_thing_is_kept_quiet_and_another_is_not(source: str, target: str, same: dict[str, str]) -> None:
    text = resources.files("freehold.web").joinpath("routes.toml").read_text(encoding="utf-8")
    inhibitions = Inhibitions(load_routes(text).inhibitions)
    inhibitions.learn("cause", {"alertname": source, **same}, 100.0)
    assert inhibitions.muting(inhibitions.targets({"alertname": target, **same}), 1.0) == "cause"
    assert not inhibitions.muting(inhibitions.targets({"alertname": target, **dict.fromkeys(same, "b")}), 1.0)
    assert not inhibitions.muting(inhibitions.targets({"alertname": source, **same}), 1.0)


@pytest.mark.parametrize("cause", ["breaker-opened", "upstream-failing", "probe-failed"])
def test_what_the_callers_of_a_model_see_is_always_told(cause: str) -> None:
    text = resources.files("freehold.web").joinpath("routes.toml").read_text(encoding="utf-8")
    inhibitions = Inhibitions(load_routes(text).inhibitions)
    inhibitions.learn("cause", {"alertname": cause, "upstream": "a", "host": "a"}, 100.0)
    assert not inhibitions.muting(inhibitions.targets({"alertname": "model-errors", "model": "chat"}), 1.0)


def test_the_routes_name_only_rules_that_there_are() -> None:
    text = resources.files("freehold.web").joinpath("routes.toml").read_text(encoding="utf-8")
    named = {name for line in re.findall(r'alertname=~?([^"]+)"', text) for name in line.split("|")}
    assert named <= {rule.id for rule in built_in_rules()}


def test_what_a_person_says_has_their_name_and_words_and_nobody_outside_has_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path, stack=clinic()) as front:
            front.person("Ann")
            told = signal_event({"host": "nowhere.example.org"}, {"summary": "answers are odd"}, by="Bo", now=0.0)
            await asyncio.to_thread(tell_by_hand, tmp_path, told)
            (found,) = await front.warned("Ann")
            assert found["title"].endswith(": answers are odd (says Bo)")
            assert found["timeline"][0]["says"] == "signal: Bo: answers are odd"
            assert found["level"]["says"].startswith("not settled: between blue and ")
            assert found["level"]["colour"] == "unsettled"
            forged = {"labels": {"alertname": "x"}, "annotations": {"summary": "buy", "by": "Ann"}}
            assert (await front.tell(forged)).status == 200
            other = next(one for one in await front.warned("Ann", 2) if one["id"] != found["id"])
            assert (other["title"].partition(": ")[2], other["timeline"][0]["says"]) == ("buy", "signal")
            dotted = {"labels": {"alertname": "y"}, "annotations": {"freehold.by": "Ann"}}
            assert (await front.tell(dotted)).status == 400

    run_scene(scene)


def test_a_stop_of_everything_has_no_name_and_no_dash_for_it() -> None:
    text = "the kill switch stopped {scope} {name}: {freehold.by}, {freehold.because}"
    said = {"freehold.by": "Ann"}
    assert fill(text, {}, {"scope": "all"}, said) == "the kill switch stopped all: Ann, –"
    assert fill(text, {}, {"scope": "model", "name": "chat"}, said) == "the kill switch stopped model chat: Ann, –"


def test_one_thing_that_was_predicted_is_one() -> None:
    assert "1 things" not in score_sentence(compared_with(not_yet=1))
    assert "the 2 things" in score_sentence(compared_with(not_yet=1, not_observed=1))


def compared_with(**counts: int) -> Any:
    zero = dict.fromkeys(("happened", "missed", "false_alarms", "stood", "not_yet", "not_observed"), 0)
    return SimpleNamespace(score=SimpleNamespace(**{**zero, **counts}))


def test_a_stop_file_is_read_as_the_gateway_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "stop"
    assert stops_in(path) == ()
    path.write_text("model chat  # ann: odd\n# a remark\ntenant a b\nnonsense\n", encoding="utf-8")
    assert stops_in(path) == (
        {"scope": "model", "name": "chat", "why": "ann: odd"}, {"scope": "tenant", "name": "a b", "why": ""},
        {"scope": "all", "name": "", "why": ""},
    )  # fmt: skip
    path.write_text("", encoding="utf-8")
    assert stops_in(path) == ({"scope": "all", "name": "", "why": ""},)
    path.write_bytes(b"\xff")
    assert stops_in(path) is None
