"""A desk that is killed anywhere: what it acknowledged is there, it warns once, and goes on where it stood."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from desks import CLINIC, LONGEST, Desk, DeskProcess, alert, desk, event, eventually, run_scene
from freehold.respond.evidence_verify import verify
from freehold.web.people import add_person
from test_desk_acts import BY_FILE, PLAYBOOK

KILLED = (str(Path(__file__).parent / "desk_killed.py"),)
EVENTS = {"Content-Type": "application/cloudevents+json"}


@asynccontextmanager
async def serving(folder: Path, *arguments: str, dies: str = "") -> AsyncIterator[tuple[Desk, DeskProcess]]:
    """A desk process, killed in the end if it lives."""
    process = DeskProcess(folder, *arguments, program=KILLED if dies else ("-m", "freehold"))
    url = await process.start(**({"DIES": dies} if dies else {}))
    assert url, process.said
    key = add_person(folder, "Ann", ["commander"])
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(LONGEST)) as session:
        try:
            yield Desk(url, folder, session, keys={"Ann": key}), process
        finally:
            await process.kill()


def opened(number: int) -> dict[str, Any]:
    """Word of a breaker that has opened: a rule that comes with Freehold makes it an alert."""
    return event(f"breaker-{number}", "freehold.gateway.breaker.opened", **{"freehold.upstream": "rented"})


@pytest.mark.slow
@pytest.mark.parametrize(
    "dies",
    [
        "before freehold.watch.journal.Journal.put 1", "after freehold.watch.journal.Journal.put 1",
        "after freehold.watch.engine.RuleEngine.feed 1", "before freehold.watch.alert_loop.AlertLoop.put 1",
        "after freehold.watch.alert_loop.AlertLoop.put 1", "before freehold.watch.journal.Journal.mark_processed 1",
        "before freehold.web.warning.Warner.warning 1", "before freehold.respond.incidents.Incidents.take 1",
        "after freehold.respond.incidents.Incidents.take 1", "before freehold.watch.alert_loop.AlertLoop.told 1",
        "after freehold.respond.evidence_log.EvidenceLog.append 2", "before freehold.respond.runner.Runner.start 1",
        "after freehold.respond.runner.Runner.start 1",
        "after freehold.respond.run_journal.RunJournal.begin 1", "before freehold.respond.run_journal.RunJournal.end 1",
        "after freehold.respond.approval_requests.ApprovalRequests.ask 1",
    ],
)  # fmt: skip
def test_a_kill_at_any_point_loses_nothing_acknowledged_and_warns_once(tmp_path: Path, dies: str) -> None:
    async def scene() -> None:
        (tmp_path / "playbooks").mkdir()
        text = PLAYBOOK.replace('"odd"', '"breaker-opened"')
        (tmp_path / "playbooks" / "stop-tenant.toml").write_text(text, encoding="utf-8")
        (tmp_path / "respond.toml").write_text(BY_FILE, encoding="utf-8")
        acknowledged = False
        async with serving(tmp_path, dies=dies) as (front, process):
            try:
                answer = await front.ask("POST", "/events", opened(1), key=front.intake, headers=EVENTS)
                acknowledged = answer.status == 202
            except (aiohttp.ClientError, OSError):
                pass
            assert await process.ended() == -9
        async with serving(tmp_path) as (front, _):
            if not acknowledged:  # its sender knows that, and sends it again: the same event
                assert (await front.ask("POST", "/events", opened(1), key=front.intake, headers=EVENTS)).status == 202
            (one,) = await front.warned("Ann")

            async def asked() -> bool:
                return bool((await front.incidents("Ann"))[0]["asks"])

            await eventually(asked)
            (one,) = await front.incidents("Ann")
            told = [entry["says"] for entry in one["timeline"]]
            assert sum(one == "signal" for one in told) == 1
            assert sum(one.startswith("run ") and one.endswith(" running") for one in told) == 1
            assert sum(" preserve main/keep done" in one for one in told) == 1
            approve = next(button for button in one["asks"] if button["label"].startswith("Approve"))
            given = await front.act("Ann", **approve["request"], because="go")
            assert given.status == 200, given.body
        assert verify(tmp_path / "evidence-desk.jsonl").is_sound
        kinds = [json.loads(line).get("kind") for line in (tmp_path / "evidence-desk.jsonl").read_text().splitlines()]
        assert kinds.count("incident.signal") == 1

    run_scene(scene)


@pytest.mark.slow
def test_signals_by_hand_with_no_desk_running_are_seen_when_it_starts(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path, str(CLINIC)):
            pass
        arguments = ("-m", "freehold", "signal", str(tmp_path), "The mail is down", "--provider", "microsoft", "--by", "Ann")
        for _ in range(2):
            process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, "--id", "mail-1", stderr=asyncio.subprocess.PIPE
            )
            said = (await process.communicate())[1].decode()
            assert process.returncode == 0, said
        assert "had been told already: mail-1" in said
        async with serving(tmp_path, str(CLINIC)) as (front, _):
            (one,) = await front.warned("Ann")
            assert one["title"] == "INC-1: The mail is down (says Ann)"
            assert one["reach"]["rows"]

    run_scene(scene)


def test_alerts_that_were_quiet_because_of_others_stay_quiet_after_a_restart(tmp_path: Path) -> None:
    routes = (
        '[route]\nreceiver = "desk"\ngroup_by = ["alertname"]\ngroup_wait = "100ms"\ngroup_interval = "1s"\n'
        'repeat_interval = "4h"\n[[receivers]]\nname = "desk"\n'
        "[[inhibit_rules]]\nsource_matchers = ['alertname=\"site-down\"']\n"
        "target_matchers = ['alertname=\"service-down\"']\nequal = ['site']\n"
    )

    async def scene() -> None:
        (tmp_path / "routes.toml").write_text(routes, encoding="utf-8")
        async with desk(tmp_path) as front:
            front.person("Ann")
            await front.tell(alert("site-down", site="a"))
            await front.warned("Ann")
            await front.tell(alert("service-down", site="a"))
        async with desk(tmp_path) as front:
            front.person("Ann")
            await front.tell(alert("other", site="b"))
            found = await front.warned("Ann", 2)
            assert [one["title"] for one in found] == ["INC-2: other is wrong", "INC-1: site-down is wrong"]
            alerts = (await front.ask("GET", "/api/v2/alerts", key=front.keys["Ann"])).json
            assert {one["labels"]["alertname"]: one["status"]["state"] for one in alerts} == {
                "site-down": "active", "service-down": "suppressed", "other": "active",
            }  # fmt: skip

    run_scene(scene)


@pytest.mark.slow
@pytest.mark.parametrize("file", ["rules.toml", "routes.toml", "respond.toml", "levels.toml", "clocks.toml", "approvals.toml",
                                  "people.toml", "playbooks/x.toml", "evidence.key", "alertmanager.yml", "journal.db",
                                  "incidents.db", "alerts.db"])  # fmt: skip
def test_a_broken_file_ends_it_with_one_sentence_and_nothing_is_lost(tmp_path: Path, file: str) -> None:
    async def scene() -> None:
        async with desk(tmp_path / "state") as front:
            front.person("Ann")
            await front.tell(alert("odd", provider="x"))
            await front.warned("Ann")
        folder = tmp_path / "state"
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        kept = path.read_bytes() if path.exists() else None
        path.write_bytes(b"[[broken\n" + b"\xff" * 300)
        process = DeskProcess(folder)
        assert await process.start() == "", "it came up"
        assert process.process is not None
        assert process.process.returncode == 2
        assert len(process.said) == 1, process.said
        assert path.name in process.said[0] or "people" in process.said[0]
        assert "Traceback" not in process.said[0]
        path.unlink()
        if kept is not None:
            path.write_bytes(kept)
            path.chmod(0o600)
        async with desk(folder) as front:
            front.person("Ann")
            assert [one["id"] for one in await front.incidents("Ann")] == ["INC-1"]

    run_scene(scene)


@pytest.mark.slow
def test_two_desks_do_not_share_a_folder(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path):
            process = DeskProcess(tmp_path)
            assert await process.start() == ""
            assert process.process is not None
            assert process.process.returncode == 2
            assert len(process.said) == 1, process.said

    run_scene(scene)


@pytest.mark.slow
def test_a_folder_that_cannot_be_made_and_a_port_that_is_taken_are_said_in_a_sentence(tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / "file").write_text("x", encoding="utf-8")
        process = DeskProcess(tmp_path / "file" / "below")
        assert await process.start() == ""
        assert len(process.said) == 1
        assert "cannot be made" in process.said[0]
        async with desk(tmp_path / "one") as front:
            taken = DeskProcess(tmp_path / "two", "--listen", front.url.removeprefix("http://"))
            assert await taken.start() == ""
            assert len(taken.said) == 1, taken.said
            assert "Choose another" in taken.said[0]

    run_scene(scene)
