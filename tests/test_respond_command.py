"""``freehold respond`` as it is typed: an incident from its beginning to its review, with no server anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freehold.cli import main
from freehold.respond.driving_lock import DrivingLock
from freehold.respond.evidence_keys import load_or_make_key
from freehold.respond.evidence_log import EvidenceLog
from freehold.respond.evidence_verify import verify
from freehold.respond.incidents import Incidents
from freehold.respond.playbook import parse_playbook, to_toml
from freehold.respond.playbook_library import shipped_playbooks

Ask = Callable[..., Any]
PLACE = {"alertname": "agent-repeats-itself", "agent": "scout"}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "respond.toml").write_text('[gateway]\nurl = "http://127.0.0.1:9"\nstop_file = "stop"\n')
    return folder


@pytest.fixture
def ask(state: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run ``freehold respond STATE …``: its JSON answer, or with ``fails`` what it says on standard error."""

    def run(*words: str, fails: int = 0) -> Any:
        status = main(["respond", str(state), *words, *([] if fails else ["--format", "json"])])
        said = capsys.readouterr()
        assert status == fails, said.err
        return said.err if fails else json.loads(said.out)

    return run


def fire(state: Path, **more: Any) -> None:
    store = Incidents.open(state / "incidents.db")
    given: dict[str, Any] = {"firing": True, "at": 1.0, "low": "orange", "high": "orange", **more}
    store.take("group", PLACE, **given)
    store.close()


def test_an_incident_from_its_beginning_to_its_review(state: Path, ask: Ask) -> None:
    fire(state)
    shown = ask("show", "inc-1")
    assert (shown["incident"]["state"], shown["proposed"]) == ("warning", ["runaway-agent"])
    ask("declare", "INC-1", "--by", "Ana", "--because", "it asks the same again and again")
    ask("who", "INC-1", "comms", "Lea", "--by", "Ana")
    ask("note", "INC-1", "the bill grows", "--by", "Bo")
    ask("level", "INC-1", "red", "--by", "Ana", "--because", "it pays")
    ran = ask("run", "runaway-agent", "--incident", "INC-1", "--by", "Bo")
    assert ran["runs"][0]["state"] == "done"
    assert (ran["incident"]["state"], (state / "stop").read_text().split()[:2]) == ("contained", ["agent", "scout"])
    assert ask("undo", "R-1", "--by", "Ana", "--because", "mended")["runs"][0]["state"] == "undone"
    assert not (state / "stop").exists()
    ask("report", "INC-1", "--by", "Lea")
    for verb in ("recover", "observe"):
        ask(verb, "INC-1", "--by", "Bo")
    assert "still fire" in ask("close", "INC-1", "--by", "Ana", fails=2)
    fire(state, firing=False, at=2.0)
    ask("close", "INC-1", "--by", "Ana")
    done = ask("review", "INC-1", "--by", "Ana", "--because", "a limit of calls was missing")
    assert done["incident"]["state"] == "reviewed"
    assert [clock["state"] for clock in done["clocks"]] == ["stopped"] * 4
    assert [run["state"] for run in done["runs"]] == ["undone"]
    assert ask("list", "--open")["incidents"] == []


def test_two_people_stop_everything_and_the_file_says_so(state: Path, ask: Ask) -> None:
    made = ask("declare", "--title", "keys leaked", "--level", "red", "--by", "Ana")
    assert made["incident"]["roles"] == [{"role": "commander", "person": "Ana"}]
    lines = ask("run", "stop-all", "--incident", "INC-1", "--dry-run")["steps"]
    assert lines[1] == "stop: would stop all (reach: all; two people must approve)"
    waits = ask("run", "stop-all", "--incident", "INC-1", "--by", "Ana", "--approve")
    assert (waits["waiting"][0]["people_needed"], waits["waiting"][0]["approved_by"]) == (2, [])
    ask("approve", "A-1", "--by", "Ana")
    assert not (state / "stop").exists()
    assert "two different people" in ask("approve", "A-1", "--by", "ana", fails=2)
    assert ask("approve", "A-1", "--by", "Bo")["runs"][0]["state"] == "done"
    assert (state / "stop").read_text().startswith("all")


def test_the_last_line_of_a_run_is_what_waits_and_the_next_command(
    state: Path, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    ask("declare", "--title", "keys leaked", "--level", "red", "--by", "Ana")
    assert main(["respond", str(state), "run", "stop-all", "--incident", "INC-1", "--by", "Ana"]) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"freehold: A-1 waits for two people: freehold respond {state} approve A-1 --by NAME"
    assert main(["respond", str(state), "approve", "A-1", "--by", "Ana"]) == 0
    assert "A-1 waits for one person more:" in capsys.readouterr().err.splitlines()[-1]
    assert main(["respond", str(state), "approve", "A-1", "--by", "Bo"]) == 0
    assert "waits" not in capsys.readouterr().err


def test_one_person_breaks_the_glass_and_another_reviews_it(state: Path, ask: Ask) -> None:
    ask("declare", "--title", "keys leaked", "--level", "red", "--by", "Ana")
    ask("run", "stop-all", "--incident", "INC-1", "--by", "Ana")
    assert "reason" in ask("approve", "A-1", "--by", "Ana", "--break-glass", fails=2)
    ask("approve", "A-1", "--by", "Ana", "--break-glass", "--because", "nobody else is up")
    assert (state / "stop").exists()
    assert ask("list")["duties"][0]["opened_by"] == "Ana"
    assert "somebody else" in ask("settle", "1", "--by", "Ana", "--because", "fine", fails=2)
    assert ask("settle", "1", "--by", "Bo", "--because", "was right")["duties"] == []


def test_a_refusal_fails_the_run_and_the_exit_status_says_so(state: Path, ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    ask("declare", "--title", "keys leaked", "--level", "red", "--by", "Ana")
    ask("run", "stop-all", "--incident", "INC-1", "--by", "Ana")
    assert "R-1: failed: A-1 was refused" in ask("refuse", "A-1", "--by", "Bo", "--because", "no", fails=1)
    assert main(["respond", str(state), "resume"]) == 0
    capsys.readouterr()


def test_two_incidents_are_merged_and_a_false_alarm_ends_one(state: Path, ask: Ask) -> None:
    fire(state)
    ask("declare", "--title", "the same", "--by", "Ana")
    assert ask("merge", "INC-1", "INC-2", "--by", "Ana")["incident"]["id"] == "INC-2"
    assert ask("show", "INC-1")["incident"]["merged_into"] == "INC-2"
    assert ask("false-alarm", "INC-2", "--by", "Ana", "--because", "a test")["incident"]["state"] == "false-alarm"


def test_a_playbook_that_was_drilled_is_listed_and_one_that_is_none_is_refused(
    state: Path, ask: Ask, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fire(state)
    ask("drilled", "runaway-agent", "--by", "Ana")
    assert "'nothing'. There are: key-revoked" in ask("drilled", "nothing", "--by", "Ana", fails=2)
    assert len(ask("check")["playbooks"]) == 5
    file = tmp_path / "p.toml"
    file.write_text(to_toml(shipped_playbooks()["stop-all"]).replace('next = "contained"', 'next = "preserve"'))
    assert main(["respond", "playbooks", "check", str(file)]) == 2
    assert "a circle: 'preserve' → 'stop' → 'preserve'" in capsys.readouterr().err


def test_a_playbook_goes_out_as_cacao_and_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine, out, back = (tmp_path / name for name in ("p.toml", "p.json", "q.toml"))
    mine.write_text(to_toml(shipped_playbooks()["provider-down"]))
    assert main(["respond", "playbooks", "convert", str(mine), "-o", str(out)]) == 0
    assert json.loads(out.read_text())["spec_version"] == "cacao-2.0"
    assert main(["respond", "playbooks", "convert", str(out), "-o", str(back)]) == 0
    assert parse_playbook(back.read_text()) == shipped_playbooks()["provider-down"]
    capsys.readouterr()


def test_while_the_desk_runs_it_drives_and_the_command_line_only_answers(state: Path, ask: Ask) -> None:
    ask("declare", "--title", "keys leaked", "--level", "red", "--by", "Ana")
    with DrivingLock(state) as lock:
        assert lock.held
        assert ask("run", "stop-all", "--incident", "INC-1", "--by", "Ana")["runs"][0]["steps"] == []
        assert ask("halt", "R-1", "--by", "Ana", "--because", "not now")["runs"][0]["state"] == "halting"
        assert ask("run", "stop-all", "--incident", "INC-1", "--by", "Ana")["runs"][1]["state"] == "running"
    assert ask("resume")["waiting"][0]["id"] == "A-1"
    assert [run["state"] for run in ask("show", "INC-1")["runs"]] == ["halted", "waiting"]


def test_what_is_done_without_a_desk_is_sealed_at_once_where_there_is_a_log(state: Path, ask: Ask) -> None:
    assert ask("declare", "--title", "one", "--by", "Ana")["unsealed"] == 4
    path, key = state / "evidence-desk.jsonl", load_or_make_key(state / "evidence.key")
    log = EvidenceLog.open(path, key)
    assert ask("note", "INC-1", "the desk has the log", "--by", "Ana")["unsealed"] == 5
    log.close()
    assert ask("note", "INC-1", "now nobody has", "--by", "Ana")["unsealed"] == 0
    assert verify(str(path)).is_sound
    assert path.read_text().count('"incident.') == 6


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "INC-9"), "no incident is called 'INC-9'. The newest is INC-1"),
        (("declare", "--by", "Ana"), "declare what?"),
        (("declare", "--title", "x", "--level", "purple", "--by", "Ana"), "'purple' is no level"),
        (("contain", "INC-1", "--by", "Ana"), "Possible now: declare"),
        (("approve", "A-7", "--by", "Ana"), "nothing that waits is called 'A-7'"),
        (("run", "nothing", "--incident", "INC-1", "--by", "Ana"), "no playbook is called 'nothing'"),
        (("run", "stop-all", "--incident", "INC-1"), "say who runs it"),
        (("run", "provider-down", "--incident", "INC-1", "--by", "Ana"), "--set model=VALUE"),
        (("run", "stop-all", "--incident", "INC-1", "--by", "Ana", "--set", "x"), "is not NAME=VALUE"),
        (("undo", "R-9", "--by", "Ana"), "no run is called 'R-9'"),
        (("settle", "9", "--by", "Ana"), "no review of number 9"),
        (("who", "INC-1", "king", "Ana", "--by", "Ana"), "'king' is no role"),
        (("who", "INC-1", "comms", "--by", "Ana"), "who gets the role"),
        (("note", "INC-1", " ", "--by", "Ana"), "an empty note"),
    ],
)
def test_what_makes_no_sense_is_told_with_the_mend(state: Path, ask: Ask, words: tuple[str, ...], told: str) -> None:
    fire(state)
    assert told in ask(*words, fails=2)


def test_a_folder_that_is_none_and_the_word_playbooks_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["respond", str(tmp_path / "none"), "list"]) == 2
    assert "is not there" in capsys.readouterr().err
    assert main(["respond", "playbooks", "list"]) == 2
    assert "./playbooks" in capsys.readouterr().err


def test_the_page_shows_what_waits_and_what_is_owed(state: Path, ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    ask("declare", "--title", "keys leaked", "--level", "red", "--by", "Ana")
    ask("run", "stop-all", "--incident", "INC-1", "--by", "Ana")
    ask("waive", "INC-1", "--by", "Ana", "--because", "it burns")
    for words in (["show", "INC-1"], ["list"]):
        assert main(["respond", str(state), *words]) == 0
        page = " ".join(capsys.readouterr().out.split())
        assert "A-1 in INC-1: may this be done: stop everything? It needs 2; approved so far by nobody." in page
        assert "Review 1 is owed in INC-1: nothing was preserved before the change." in page
    for format_ in ("html", "csv"):
        assert main(["respond", str(state), "show", "INC-1", "--format", format_]) == 0
        assert "waive" in capsys.readouterr().out
