"""What people do on the desk: approve, refuse, stop, state facts, settle. Over HTTP, with the real rooms behind it."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from desks import Desk, alert, clinic, desk, event, eventually, run_scene
from freehold.demo.stand_in import stand_in
from freehold.respond.evidence_verify import verify
from gateways import ADMIN, ask, gateway

PLAYBOOK = """id = "stop-tenant"
name = "Stop a tenant"
when = 'labels.alertname == "odd"'
reach = "tenant"

[[step]]
id = "start"
type = "start"
next = "keep"

[[step]]
id = "keep"
type = "action"
action = "preserve"
next = "stop"

[[step]]
id = "stop"
type = "action"
action = "kill"
with = { scope = "tenant", name = "letters" }
next = "look"

[[step]]
id = "look"
type = "action"
action = "manual"
with = { text = "look at what it wrote" }
next = "end"

[[step]]
id = "end"
type = "end"
"""
BEHIND = '[gateway]\nkey_env = "ADMIN"\n[[upstream]]\nname = "own"\nurl = "{url}"\n'
BY_FILE = '[gateway]\nurl = "http://127.0.0.1:1"\nstop_file = "stop"\n'


def with_playbook(folder: Path, people: str = "two") -> None:
    """A playbook of the folder's own, of which the second step needs so many people."""
    (folder / "playbooks").mkdir(parents=True)
    (folder / "playbooks" / "stop-tenant.toml").write_text(PLAYBOOK, encoding="utf-8")
    need = {"kill": people, "preserve": "none"}
    rows = [
        f'{action} = {{ blue = "{one}", yellow = "{one}", orange = "{one}", red = "{one}" }}' for action, one in need.items()
    ]
    (folder / "approvals.toml").write_text("\n".join(["version = 1", "[need]", *rows]), encoding="utf-8")


async def asked(front: Desk, name: str, word: str) -> Any:
    """The button of what waits, once its label begins with a word."""

    async def found() -> Any:
        for one in await front.incidents(name):
            for button in one["asks"]:
                if button["label"].startswith(word):
                    return button
        return None

    return await eventually(found)


async def entries(front: Desk, name: str, words: str) -> str:
    """The timeline of the first incident, once it holds some words."""

    async def found() -> str:
        told = "\n".join(f"{one['by']}: {one['says']}" for one in (await front.incidents(name))[0]["timeline"])
        return told if words in told else ""

    return str(await eventually(found))


def test_two_people_approve_and_one_person_twice_does_not_count(tmp_path: Path) -> None:
    async def scene() -> None:
        with_playbook(tmp_path)
        async with desk(tmp_path, respond=BY_FILE) as front:
            front.person("Ann", "commander")
            front.person("Bo", "engineer")
            front.person("Olga", "observer")
            await front.tell(alert("odd", tenant="letters"))
            button = await asked(front, "Ann", "Approve: stop tenant letters (0 of 2)")
            assert button["break_glass"]
            assert (await front.act("Olga", **button["request"], because="yes")).status == 409
            assert (await front.act("Ann", **button["request"], because="yes")).status == 200
            again = await front.act("Ann", **button["request"], because="yes again")
            assert again.status == 409
            assert "Two people are two different people" in again.json["error"]
            mine = await asked(front, "Ann", "Approve: stop tenant letters (1 of 2)")
            assert (mine["may"], mine["why_not"]) == (False, "you have approved this already")
            assert not (tmp_path / "stop").exists()
            assert (await front.act("Bo", **button["request"], because="yes too")).status == 200
            done = await asked(front, "Bo", "Say that it is done")
            assert (tmp_path / "stop").read_text(encoding="utf-8").startswith("tenant letters")
            assert (await front.act("Bo", **done["request"], because="nothing bad")).status == 200
            told = await entries(front, "Ann", "run stop-tenant done")
            assert "Ann: approve kill A-1: yes" in told
            assert "Bo: approve kill A-1: yes too" in told
            assert (await front.incidents("Ann"))[0]["runs"] == []
        assert verify(tmp_path / "evidence-desk.jsonl").is_sound

    run_scene(scene)


def test_who_breaks_the_glass_acts_at_once_and_somebody_else_reviews_it(tmp_path: Path) -> None:
    async def scene() -> None:
        with_playbook(tmp_path)
        async with desk(tmp_path, respond=BY_FILE) as front:
            for name in ("Ann", "Bo"):
                front.person(name, "commander")
            await front.tell(alert("odd", tenant="letters"))
            button = await asked(front, "Ann", "Approve")
            assert (await front.act("Ann", **button["request"], break_glass=True)).status == 409
            assert (await front.act("Ann", **button["request"], break_glass=True, because="nobody here")).status == 200
            await asked(front, "Ann", "Say that it is done")
            assert (tmp_path / "stop").exists()
            (owed,) = (await front.state("Ann"))["duties"]
            assert "break-glass: kill (A-1): nobody here" in owed["what"]
            assert owed["acts"][0]["why_not"] == "somebody else reviews what you did"
            assert (await front.act("Ann", **owed["acts"][0]["request"], because="fine")).status == 409
            (theirs,) = (await front.state("Bo"))["duties"]
            assert (await front.act("Bo", **theirs["acts"][0]["request"], because="it was right")).status == 200
            assert (await front.state("Bo"))["duties"] == []
            assert "break-glass" in await entries(front, "Ann", "duty")

    run_scene(scene)


def test_a_refused_act_is_not_done_and_a_run_is_halted_or_taken_back(tmp_path: Path) -> None:
    async def scene() -> None:
        with_playbook(tmp_path, "one")
        async with desk(tmp_path, respond=BY_FILE) as front:
            front.person("Ann", "commander")
            await front.tell(alert("odd", tenant="letters"))
            button = await asked(front, "Ann", "Refuse: stop tenant letters")
            assert (await front.act("Ann", **button["request"])).status == 409
            assert (await front.act("Ann", **button["request"], because="wrong one")).status == 200
            await entries(front, "Ann", "run stop-tenant failed")
            assert not (tmp_path / "stop").exists()
            started = await front.act("Ann", act="run", incident="INC-1", playbook="stop-tenant", because="this time")
            assert started.status == 200, started.body
            again = await front.act("Ann", act="run", incident="INC-1", playbook="stop-tenant", because="twice")
            assert "at work in INC-1 already" in again.json["error"]
            approve = await asked(front, "Ann", "Approve")
            assert (await front.act("Ann", **approve["request"], because="yes")).status == 200
            await asked(front, "Ann", "Say that it is done")
            assert "tenant letters" in (tmp_path / "stop").read_text(encoding="utf-8")
            (run,) = (await front.incidents("Ann"))[0]["runs"]
            assert run["says"].startswith("R-2, stop-tenant: waits.")
            assert [one["label"] for one in run["acts"]] == ["Halt", "Take back"]
            assert (await front.act("Ann", **run["acts"][1]["request"], because="not needed")).status == 200
            await entries(front, "Ann", "run stop-tenant undone")
            assert not (tmp_path / "stop").exists()

    run_scene(scene)


def test_a_playbook_that_lacks_a_value_says_so_and_begins_once_it_has_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            front.person("Ann", "commander")
            await front.tell(alert("upstream-failing", model="chat"))

            async def held() -> Any:
                found = await front.incidents("Ann")
                return found and found[0]["held_up"]

            (one,) = await eventually(held)
            assert one["says"].startswith(
                "The playbook provider-down is meant for this and was not begun: it needs a value for to"
            )
            (button,) = one["acts"]
            assert [field["name"] for field in button["fields"]] == ["to"]
            nothing = await front.act("Ann", **button["request"], because="go")
            assert "needs a value for 'to'" in nothing.json["error"]
            strange = await front.act("Ann", **button["request"], because="go", values={"to": "own", "rm": "x"})
            assert "takes no value for 'rm'" in strange.json["error"]
            assert (await front.act("Ann", **button["request"], because="go", values={"to": "own"})).status == 200
            assert (await front.incidents("Ann"))[0]["held_up"] == []
            await entries(front, "Ann", "preserve")

    run_scene(scene)


def test_a_fact_that_a_person_states_narrows_the_level_and_holds_after_a_restart(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path, stack=clinic()) as front:
            front.person("Ann", "commander")
            front.person("Olga", "observer")
            await front.tell(alert("odd", provider="no-such-provider-at-all"))
            (one,) = await front.warned("Ann")
            assert (one["level"]["low"], one["level"]["high"]) == ("blue", "red")
            while one["question"]:
                fact = one["answer"]["request"]["fact"]
                assert (await front.act("Olga", **one["answer"]["request"], values={"value": "0"})).status == 409
                bad = await front.act("Ann", **one["answer"]["request"], values={"value": "a great many"}, because="x")
                assert bad.status == 400, bad.body
                choices = one["answer"]["fields"][0]["choices"]
                value = "no" if "no" in choices else choices[0] if choices else "0"
                given = await front.act("Ann", **one["answer"]["request"], values={"value": value}, because="counted")
                assert given.status == 200, given.body
                (one,) = await front.incidents("Ann")
                assert one["answer"] is None or one["answer"]["request"]["fact"] != fact
            narrowed = one["level"]
            assert narrowed["low"] == narrowed["high"] == "blue"
            assert "fact" in await entries(front, "Ann", "counted")
        async with desk(tmp_path, stack=clinic()) as front:
            front.keys["Ann"] = front.person("Ann", "commander")
            await front.tell(alert("odd", "and more", provider="no-such-provider-at-all", host="elsewhere.invalid"))
            found = {one["id"]: one for one in await front.warned("Ann", 2)}
            assert found["INC-1"]["level"] == narrowed
            assert found["INC-1"]["question"] == ""
            assert found["INC-2"]["level"]["high"] == "red"

    run_scene(scene)


def test_only_a_person_lowers_a_level_and_says_why(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path, stack=clinic()) as front:
            front.person("Ann", "commander")
            front.person("Bo", "engineer")
            await front.tell(alert("upstream-failing", provider="microsoft"))
            (one,) = await front.warned("Ann")
            assert one["level"]["low"] == "red"
            lower = {"act": "level", "incident": "INC-1", "values": {"level": "yellow"}}
            assert (await front.act("Ann", **lower)).status == 409
            assert (await front.act("Bo", **lower, because="I think so")).status == 409
            assert (await front.act("Ann", **lower, because="spare capacity holds")).status == 200
            assert (await front.incidents("Ann"))[0]["level"]["says"] == "yellow"
            purple = await front.act("Ann", act="level", incident="INC-1", values={"level": "purple"}, because="x")
            assert "is no level" in purple.json["error"]

    run_scene(scene)


def test_stopping_everything_reaches_a_real_gateway_and_is_released_with_a_reason(tmp_path: Path) -> None:
    async def scene() -> None:
        async with AsyncExitStack() as stack:
            one = await stack.enter_async_context(stand_in("openai"))
            behind = await stack.enter_async_context(gateway(BEHIND.replace("{url}", one.url), tmp_path / "gateway"))
            (tmp_path / "key").write_text(ADMIN, encoding="ascii")
            respond = f'[gateway]\nurl = "{behind.url}"\nkey_env = ""\nkey_file = "{tmp_path}/key"\n'
            front = await stack.enter_async_context(desk(tmp_path / "desk", respond=respond))
            front.person("Ann", "commander")
            assert (await ask(behind)).status == 200

            async def answers() -> bool:
                return bool((await front.state("Ann"))["stops_known"])

            await eventually(answers)
            (button,) = (await front.state("Ann"))["acts"]
            assert button["label"] == "Stop everything"
            assert (await front.act("Ann", **button["request"], because="it runs amok")).status == 200
            refused = await ask(behind)
            assert refused.status != 200

            async def stops() -> Any:
                return (await front.state("Ann"))["stops"]

            (stop,) = await eventually(stops)
            assert (stop["what"], stop["why"]) == ("all", "Ann: it runs amok")
            available = (await front.state("Ann"))["pillars"][3]
            assert (available["mark"], available["says"]) == ("No", "Everything is stopped at the gateway.")
            release = stop["acts"][0]["request"]
            assert (await front.act("Ann", **release)).status == 409
            assert (await front.act("Ann", **release, because="all is well")).status == 200
            assert (await ask(behind)).status == 200
            odd = await front.act("Ann", act="stop", scope="everything", because="x")
            assert "cannot be stopped" in odd.json["error"]
        told = [json.loads(line) for line in (tmp_path / "desk" / "evidence-desk.jsonl").read_text().splitlines()]
        acts = [one["body"] for one in told if one.get("kind") == "act"]
        assert [(one["act"], one["by"]) for one in acts] == [("stop", "Ann"), ("release", "Ann")]

    run_scene(scene)


def test_a_gateway_that_is_gone_is_stopped_by_its_file(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path, respond=BY_FILE) as front:
            front.person("Ann", "engineer")

            async def known() -> bool:
                return (await front.state("Ann"))["pillars"][2]["says"].endswith("It can be stopped by its file.")

            await eventually(known)
            assert (await front.state("Ann"))["pillars"][2]["state"] == "warn"
            assert (await front.act("Ann", act="stop", scope="all", because="now")).status == 200
            assert (tmp_path / "stop").read_text(encoding="utf-8").startswith("all")

            async def shown() -> Any:
                return (await front.state("Ann"))["stops"]

            (stop,) = await eventually(shown)
            assert (stop["what"], stop["why"]) == ("by the file: all", "Ann: now")
            state = await front.state("Ann")
            assert "Error" not in state["no_stops"] + state["upstreams_why"]
            assert "does not answer (connection refused)" in state["upstreams_why"]
            assert (await front.act("Ann", **stop["acts"][0]["request"], because="over")).status == 200

            async def released() -> bool:
                return str((await front.state("Ann"))["no_stops"]).startswith("By its file, nothing is stopped.")

            await eventually(released)

    run_scene(scene)


def test_a_stop_that_no_way_is_left_for_says_so_and_is_in_the_evidence(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            front.person("Ann", "commander")
            failed = await front.act("Ann", act="stop", scope="all", because="now")
            assert failed.status >= 400
            assert "does not answer" in failed.json["error"]
            assert '"failed"' in (tmp_path / "evidence-desk.jsonl").read_text(encoding="utf-8")

    run_scene(scene)


def test_what_no_fact_bears_is_not_known(tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / "respond.toml").parent.mkdir(exist_ok=True)
        async with desk(tmp_path, respond="") as front:
            front.person("Ann", "commander")
            marks = [one["mark"] for one in (await front.state("Ann"))["pillars"]]
            assert marks == ["Not known"] * 4
            await front.ask(
                "POST", "/events", event("1", "freehold.gateway.request", **{"freehold.upstream": "a"}), key=front.intake,
                headers={"Content-Type": "application/cloudevents+json"},
            )  # fmt: skip

            async def heard() -> bool:
                return [one["mark"] for one in (await front.state("Ann"))["pillars"]][:2] == ["Yes", "Yes"]

            await eventually(heard)

    run_scene(scene)


def test_what_is_left_is_known_before_anything_has_happened(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path, stack=clinic()) as front:
            front.person("Ann")
            available = (await front.state("Ann"))["pillars"][3]
            assert (available["mark"], available["says"]) == ("Yes", "100 % of what must be kept running")

    run_scene(scene)


@pytest.mark.parametrize("kind", ["freehold.signal", "freehold.signal.resolved"])
def test_nobody_outside_can_put_words_into_a_persons_mouth(tmp_path: Path, kind: str) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            key = front.person("Ann", "commander")
            for sender in (front.intake, key):
                told = event("1", kind, **{"freehold.by": "Bo", "freehold.label.provider": "x"})
                refused = await front.ask(
                    "POST", "/events", told, key=sender, headers={"Content-Type": "application/cloudevents+json"}
                )
                assert refused.status == 400, refused.body
            assert await front.incidents("Ann") == []

    run_scene(scene)


def test_a_storm_of_alerts_holds_up_neither_the_page_nor_the_intake(tmp_path: Path) -> None:
    """Several hundred groups at once: while they become incidents, others are answered, and the worst are on the page."""

    async def scene() -> None:
        async with desk(tmp_path, stack=clinic()) as front:
            front.person("Ann", "commander")
            await front.tell(alert("first", provider="microsoft"))
            await front.warned("Ann")
            storm = [alert("odd", tenant=f"tenant-{number}") for number in range(400)]
            assert (await front.tell(*storm)).status == 200
            answered = 0

            async def all_there() -> bool:
                nonlocal answered
                state = await front.state("Ann")
                answered += 1
                told = await front.ask(
                    "POST", "/events", event(f"{answered}", "freehold.probe", a=1), key=front.intake,
                    headers={"Content-Type": "application/cloudevents+json"},
                )  # fmt: skip
                assert told.status == 202
                return bool(state["open"] == 401)

            await eventually(all_there)
            assert answered > 1
            state = await front.state("Ann")
            assert len(state["incidents"]) == 50
            assert state["incidents"][0]["id"] == "INC-1"
            assert state["more"].startswith("351 more are open")
            assert state["pillars"][0]["state"] != "good"

    run_scene(scene)


def test_an_incident_that_is_over_has_its_prediction_scored_in_the_evidence(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path, stack=clinic()) as front:
            front.person("Ann", "commander")
            await front.tell(alert("upstream-failing", provider="microsoft"))
            await front.warned("Ann")
            for verb in ("declare", "contain", "recover", "observe", "close"):
                moved = await front.act("Ann", act="move", incident="INC-1", verb=verb, because="so it is")
                assert moved.status == 200, moved.body

            async def scored() -> list[Any]:
                await asyncio.sleep(0)
                lines = (tmp_path / "evidence-desk.jsonl").read_text(encoding="utf-8").splitlines()
                return [one["body"] for one in map(json.loads, lines) if one.get("kind") == "prediction.scored"]

            (score,) = await eventually(scored)
            assert score["incident"] == "INC-1"
            assert score["not_observed"] > 0
            assert score["happened"] == 0

    run_scene(scene)
