"""``freehold drill`` as a user meets it: where the command begins, which flags go together, streams and statuses."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from console import blocks_of
from freehold.cli import main
from freehold.cli.drill_arguments import ACTIONS, apart
from freehold.cli.parser import QUESTIONS, VERBS, build_parser

GUIDE = Path(__file__).parent.parent / "docs" / "guides" / "drill.md"


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("HOME", "TRUSTED", "DAYS", "FLOOR"):
        monkeypatch.delenv(f"FREEHOLD_{name}", raising=False)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)


# Where the command begins


@pytest.mark.parametrize(
    ("given", "own", "words"),
    [
        ("drill --provider github -- make test", "drill run --provider github", "make test"),
        ("drill stack.toml --foreign -- make -C . --", "drill run stack.toml --foreign", "make -C . --"),
        ("drill run --host a.example -- make", "drill run --host a.example", "make"),
        ("drill show -- make", "drill run show", "make"),
        ("drill show last", "drill show last", None),
        ("drill backends", "drill backends", None),
        ("drill --help", "drill --help", None),
        ("drill --foreign", "drill run --foreign", None),
        ("drill", "drill run", None),
        ("drill --", "drill run", ""),
        ("why stack.toml -- item", "why stack.toml -- item", None),
    ],
)
def test_the_command_begins_after_the_first_two_dashes_and_run_is_meant(given: str, own: str, words: str | None) -> None:
    assert apart(shlex.split(given)) == (shlex.split(own), None if words is None else tuple(shlex.split(words)))


def test_the_commands_own_flags_are_never_taken_for_freeholds() -> None:
    own, words = apart(["drill", "--host", "a.example", "--", "make", "--help", "--format", "json", "-o", "x"])
    options = build_parser().parse_args(own)
    assert (options.format, options.output, options.host) == (None, None, ["a.example"])
    assert words == ("make", "--help", "--format", "json", "-o", "x")


def test_the_question_stands_between_what_stops_and_what_happens() -> None:
    assert list(QUESTIONS)[3:6] == ["stops", "proof", "happening"]
    assert "drill" in [verb.name for verb in VERBS if verb.question == "proof"]


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_has_help(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["drill", action, "--help"])
    assert ended.value.code == 0
    assert f"freehold drill{'' if action == 'run' else ' ' + action}" in capsys.readouterr().out


# Bad usage


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--provider github", "no command is given. Write it after --"),
        ("--provider github --", "no command is given. Write it after --"),
        ("-- true", "nothing is cut. Say what: --provider ID"),
        ("--provider gihtub -- true", "Did you mean 'github"),
        ("--host 'not a host' -- true", "--host:"),
        ("--host a.example --shape gon -- true", "no shape of a cut"),
        ("--host a.example --shape http:200 -- true", "no status of a refusal"),
        ("--host a.example --certificate a.pem -- true", "--certificate and --key come together"),
        ("--host a.example --fail-on flawed -- true", "no verdict"),
        ("--host a.example --fail-on '' -- true", "no verdict"),
        ("--host a.example --timeout 10 -- true", "--timeout: '10' is no duration"),
        ("--host a.example --timeout nan -- true", "--timeout: 'nan' is no duration"),
        ("--host a.example --timeout infs -- true", "no duration"),
        ("--host a.example --matrix provider -- true", "--matrix cuts one landlord after the other"),
        ("--matrix provider --no-baseline -- true", "--matrix goes neither"),
        ("--matrix provider --most 0 -- true", "--most: 0 is not between"),
        ("--host a.example --junit x.xml -- true", "--junit writes the survival matrix"),
        ("--host a.example --service './serve'", "--service and --probe go together"),
        ("--host a.example --service './serve' --probe 'true' -- true", "takes the place of the command"),
        ("--host a.example --service 'a \"b' --probe 'true'", "Close its quotes"),
        ("nowhere.toml --host a.example -- true", "nowhere.toml"),
        ("--host a.example --fail-on-new-contact nowhere.json -- true", "nowhere.json"),
        ("--host a.example --asn-table nowhere.csv -- true", "nowhere.csv"),
        ("--scenario nowhere.toml -- true", "nowhere.toml"),
        ("--item nothing -- true", "nothing"),
    ],
)
def test_bad_usage_exits_2_with_the_mend_and_runs_nothing(
    arguments: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drill", *shlex.split(arguments)]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""
    assert not Path(".freehold").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [("show nowhere.json", "nowhere.json"), ("show last", "no drill record"), ("apply last stack.toml", "no drill record")],
)
def test_a_record_that_is_not_there_is_said_to_be_missing(
    arguments: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drill", *shlex.split(arguments)]) == 2
    assert said in capsys.readouterr().err


# The guide


def freehold_lines() -> list[str]:
    found = []
    for block in blocks_of(GUIDE.read_text(encoding="utf-8")):
        if block.language == "yaml":
            document = yaml.safe_load(block.text)
            jobs = document.get("jobs", document)
            for job in jobs.values():
                scripts = job.get("script") or [step.get("run", "") for step in job["steps"]]
                found += [
                    line.strip() for script in scripts for line in script.splitlines() if line.strip().startswith("freehold")
                ]
        else:
            found += [line.partition("  #")[0] for line in block.text.splitlines() if line.startswith("freehold")]
    return found


def test_the_guide_shows_both_ways_of_ci_and_each_fails_on_a_new_landlord() -> None:
    lines = freehold_lines()
    assert sum("--fail-on-new-contact landlords.json" in line for line in lines) == 2
    assert sum("--matrix" in line for line in lines) == 3


@pytest.mark.parametrize("line", freehold_lines())
def test_every_line_of_the_guide_is_one_that_the_parser_takes(line: str) -> None:
    own, words = apart(shlex.split(line)[1:])
    options = build_parser().parse_args(own)
    assert options.command == "drill"
    assert (words is not None) == (options.action == "run" and options.service is None)


def test_the_jobs_of_the_guide_name_no_host_of_a_registry_and_pin_what_they_use() -> None:
    blocks = [block.text for block in blocks_of(GUIDE.read_text(encoding="utf-8")) if block.language == "yaml"]
    assert len(blocks) == 2
    for used in re.findall(r"uses: (\S+)", blocks[0]):
        assert re.fullmatch(r"[\w./-]+@v\d+", used)
