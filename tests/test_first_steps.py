"""doctor, init, completion, and the log: what a new user meets first."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from datetime import date
from pathlib import Path

import pytest

from freehold import doctor
from freehold.cli import main
from freehold.cli.parser import VERBS
from freehold.cli.questions import ask
from freehold.doctor import EXTRAS, Check, Diagnosis, examine
from freehold.errors import UsageError
from freehold.settings import find_settings, settings_text


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("FREEHOLD_HOME", "FREEHOLD_TRUSTED", "LC_ALL", "LC_MONETARY", "LANG"):
        monkeypatch.delenv(name, raising=False)


def states(diagnosis: Diagnosis) -> dict[str, str]:
    return {check.id: check.state for check in diagnosis.checks}


def test_here_everything_needed_works() -> None:
    found = examine(date(2027, 1, 1))
    assert found.sound
    seen = states(found)
    assert seen["kernel-plain"] == seen["catalogue"] == seen["cache"] == seen["libraries"] == "works"
    assert seen["settings"] == "absent"
    assert {f"extra-{extra}" for extra in EXTRAS} <= seen.keys()


def test_every_thing_that_does_not_work_says_what_mends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "_REQUIRED", ("numpy", "no-such-thing"))
    monkeypatch.setattr(doctor, "EXTRAS", {"fast": ("no_such_module",)})
    monkeypatch.setattr(doctor, "_EXPECTED", (0.0, 0.7, 0.0))
    (tmp_path / "freehold.toml").write_text("home = 3\n", encoding="utf-8")
    (tmp_path / "cache").write_text("in the way", encoding="utf-8")
    found = examine(date(2040, 1, 1))
    seen = states(found)
    assert not found.sound
    assert (seen["libraries"], seen["kernel-plain"], seen["settings"]) == ("broken", "broken", "broken")
    assert (seen["extra-fast"], seen["cache"], seen["catalogue"]) == ("absent", "absent", "absent")
    assert all(check.mend for check in found.checks if check.state != "works")
    assert "pip install no-such-thing" in {check.mend for check in found.checks}


def test_doctor_as_a_command_ends_with_one_if_something_is_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["sound"] is True
    monkeypatch.setattr(doctor, "examine", lambda: Diagnosis((Check("x", "broken", "it is", "mend it"),)))
    assert main(["doctor"]) == 1
    assert "mend it" in capsys.readouterr().out


def test_init_writes_settings_that_are_found_again(tmp_path: Path) -> None:
    assert (
        main(["init", "--home", "germany", "--trusted", "EU, CH", "--stack", "a b", "--days", "0,1w", "--floor", "0.25"]) == 0
    )
    found = find_settings({}, tmp_path)
    assert (found.default_home, found.default_trusted, found.stack, found.days, found.floor) == (
        "DE", ("EU", "CH"), "a b", (0.0, 7.0), 0.25,
    )  # fmt: skip


def test_init_never_overwrites_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "freehold.toml").write_text("home = 'FR'\n", encoding="utf-8")
    assert main(["init", "--home", "DE"]) == 2
    assert "--force" in capsys.readouterr().err
    assert find_settings({}, tmp_path).default_home == "FR"
    assert main(["init", "--home", "DE", "--force"]) == 0
    assert find_settings({}, tmp_path).default_home == "DE"


def test_init_where_nobody_can_be_asked_needs_a_home(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 2
    assert "--home" in capsys.readouterr().err
    assert main(["init", "--home", "Atlantis"]) == 2
    assert "'Atlantis' is no country" in capsys.readouterr().err


def test_what_makes_no_sense_is_asked_again_and_an_empty_answer_takes_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    told = iter(["Atlantis", "France", "XX", "EU", "", "never", "", "2", ""])
    assert ask({}, lambda _: next(told)) == {
        "home": "FR", "trusted": "EU", "stack": ".", "days": "0,7,30,90,365,1095", "floor": "0.5",
    }  # fmt: skip
    assert "'Atlantis' is no country" in capsys.readouterr().err
    with pytest.raises(UsageError):
        ask({}, lambda _: "Atlantis")


def test_the_home_is_guessed_from_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "pt_BR.UTF-8")
    assert ask({}, lambda _: "")["home"] == "BR"


def test_questions_that_end_early_write_nothing(tmp_path: Path) -> None:
    def gone(_: str) -> str:
        raise EOFError

    with pytest.raises(UsageError, match="Nothing was written"):
        ask({}, gone)
    assert not (tmp_path / "freehold.toml").exists()


def test_settings_are_written_so_that_any_text_is_read_back(tmp_path: Path) -> None:
    for path in ('a "quoted" \\ one', "ümläut\t", "line\nfeed"):
        (tmp_path / "freehold.toml").write_text(settings_text({"stack": path}, "f"), encoding="utf-8")
        assert find_settings({}, tmp_path).stack == path


def test_a_stack_that_is_set_is_read_when_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.toml").write_text('[stack]\nname = "Mine"\nhome = "DE"\n[[item]]\nid = "x"\n', encoding="utf-8")
    assert main(["check"]) == 2
    assert "neither a PATH nor --machine is given" in capsys.readouterr().err
    (tmp_path / "freehold.toml").write_text('stack = "s.toml"\n', encoding="utf-8")
    assert main(["check"]) == 0
    assert capsys.readouterr().out.startswith("Mine:")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_knows_every_command(shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    told = capsys.readouterr().out
    assert all(verb.name in told for verb in VERBS)
    program = shutil.which(shell)
    if program:
        (tmp_path / "script").write_text(told, encoding="utf-8")
        assert subprocess.run([program, "-n", str(tmp_path / "script")], check=False).returncode == 0


def test_the_log_says_what_is_done_and_nothing_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.toml").write_text('[stack]\nhome = "DE"\n[[item]]\nid = "x"\n', encoding="utf-8")
    assert main(["assess", "s.toml"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["assess", "s.toml", "-v"]) == 0
    assert "freehold: read: path s.toml, items 1" in capsys.readouterr().err
    assert main(["assess", "s.toml", "-vv", "--log-format", "json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in lines][-2:] == ["read", "computed"]
    assert all({"at", "level", "message"} <= line.keys() for line in lines)


def page_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["check", *words]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_the_page_of_a_reading_says_what_its_figures_cannot_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "requirements.txt").write_text("requests==2.32.3\n", encoding="utf-8")
    page = page_of(capsys, str(tmp_path / "shop"), "--home", "DE")
    assert page.index("100 % of what you must keep running") < page.index("Only what was read is counted.")
    written = tmp_path / "stack.toml"
    written.write_text('[stack]\nname = "s"\nhome = "DE"\n\n[[item]]\nid = "a"\nmission = 1\n', encoding="utf-8")
    assert "Only what was read is counted." not in page_of(capsys, str(written))


def test_source_that_no_reader_knows_is_told_beside_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "requirements.txt").write_text("requests==2.32.3\n", encoding="utf-8")
    whole = page_of(capsys, str(tmp_path / "shop"), "--home", "DE")
    (tmp_path / "shop" / "Pay.java").write_text('class Pay { String url = "https://api.stripe.com"; }\n', encoding="utf-8")
    page = page_of(capsys, str(tmp_path / "shop"), "--home", "DE")
    assert "in no figure" not in whole
    assert "in no figure: Java: 1 file(s) ending in .java were not read for hosts and models." in page


def test_the_commands_that_a_page_proposes_ask_from_the_same_home_and_on_the_day_of_the_fall(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = tmp_path / "stack.toml"
    stack.write_text(
        '[stack]\nname = "s"\n\n[[item]]\nid = "a"\nmission = 1\n  [[item.source]]\n  provider = "self"\n'
        '  needs = [{ item = "b", survive = "90d" }]\n\n[[item]]\nid = "b"\n  [[item.source]]\n  provider = "microsoft"\n',
        encoding="utf-8",
    )
    page = page_of(capsys, str(stack), "--home", "DE", "--trusted", "EU")
    assert f"freehold cutoff {stack} --home DE --trusted EU --country US shows every item" in page
    asked = page.partition("; freehold ")[2].partition(" shows the whole chain")[0]
    assert asked == f"why {stack} --home DE --trusted EU a --country US --day 90"
    assert main(asked.split()) == 0
    told = capsys.readouterr().out
    assert "used up on day 90" in " ".join(told.split())


def test_an_extra_that_is_not_there_is_looked_for_without_its_parents() -> None:
    # a part of a package cannot be looked for where the package is not there
    assert all("." not in module for modules in EXTRAS.values() for module in modules)


def test_doctor_looks_for_every_library_and_extra_that_the_project_names() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert sorted(re.split(r"[^\w-]", one)[0] for one in project["dependencies"]) == sorted(doctor._REQUIRED)
    assert set(project["optional-dependencies"]) == set(EXTRAS)
