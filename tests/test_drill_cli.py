"""``freehold drill`` as a user meets it: where the command begins, which flags go together, streams and statuses."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from jsonschema import Draft202012Validator

from console import blocks_of
from drill_world import World, world
from freehold.cli import main
from freehold.cli.command_after import split
from freehold.cli.drill_arguments import ACTIONS
from freehold.cli.parser import QUESTIONS, VERBS, build_parser
from freehold.report.schemas import json_schema

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
    assert split(shlex.split(given)) == (shlex.split(own), None if words is None else tuple(shlex.split(words)))


def test_the_commands_own_flags_are_never_taken_for_freeholds() -> None:
    own, words = split(["drill", "--host", "a.example", "--", "make", "--help", "--format", "json", "-o", "x"])
    options = build_parser().parse_args(own)
    assert (options.format, options.output, options.host) == (None, None, ["a.example"])
    assert words == ("make", "--help", "--format", "json", "-o", "x")


def test_the_question_stands_between_what_stops_and_the_way_out() -> None:
    assert list(QUESTIONS)[3:7] == ["stops", "proof", "out", "happening"]
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
        ("--host a.example --fail-on flawed -- true", "none of these"),
        ("--host a.example --fail-on '' -- true", "none of these"),
        ("--host a.example --timeout 10 -- true", "--timeout: '10' is no duration"),
        ("--host a.example --timeout nan -- true", "--timeout: 'nan' is no duration"),
        ("--host a.example --timeout infs -- true", "no duration"),
        ("--host a.example --matrix provider -- true", "--matrix cuts one landlord after the other"),
        ("--matrix provider --no-baseline -- true", "--matrix goes neither"),
        ("--matrix provider --most 0 -- true", "--most: 0 is not between"),
        ("--host a.example --repeat-baseline 0 -- true", "--repeat-baseline: 0 is not between"),
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
    assert sum("--matrix" in line and "--fail-on failed" in line for line in lines) == 2
    assert sum("--matrix" in line for line in lines) == 4


@pytest.mark.parametrize("line", freehold_lines())
def test_every_line_of_the_guide_is_one_that_the_parser_takes(line: str) -> None:
    own, words = split(shlex.split(line)[1:])
    options = build_parser().parse_args(own)
    assert options.command == "drill"
    assert (words is not None) == (options.action == "run" and options.service is None)


def test_the_jobs_of_the_guide_name_no_host_of_a_registry_and_pin_what_they_use() -> None:
    blocks = [block.text for block in blocks_of(GUIDE.read_text(encoding="utf-8")) if block.language == "yaml"]
    assert len(blocks) == 2
    for used in re.findall(r"uses: (\S+)", blocks[0]):
        assert re.fullmatch(r"[\w./-]+@v\d+", used)


# Real drills, in a world of their own


STACK = """
[stack]
name = "Shop"
home = "DE"
[[provider]]
id = "forge-inc"
name = "Forge, Inc."
country = "US"
owner = "forge-inc"
[[provider]]
id = "mirror-co"
name = "Mirror"
country = "FR"
owner = "mirror-co"
[[item]]
id = "shop"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = ["host:test.cut", "host:test.kept"]
[[item]]
id = "host:test.cut"
  [[item.source]]
  provider = "forge-inc"
[[item]]
id = "host:test.kept"
  [[item.source]]
  provider = "mirror-co"
"""
ASK = """
import sys, urllib.request
for host in sys.argv[1:]:
    try:
        print(host, len(urllib.request.urlopen(f"http://{host}/", timeout=20).read()), flush=True)
        break
    except OSError as error:
        print(host, "is away", file=sys.stderr, flush=True)
else:
    sys.exit(7)
"""


@pytest.fixture(scope="module")
def made() -> Iterator[World]:
    with world({"cut.test": (), "kept.test": ()}) as one:
        (one.folder / "home" / "stack.toml").write_text(STACK, encoding="utf-8")
        yield one


@pytest.fixture
def lab(made: World) -> World:
    made.clear()
    shutil.rmtree(made.folder / "home" / ".freehold", ignore_errors=True)
    return made


def asking(*hosts: str) -> list[str]:
    return ["--", sys.executable, "-c", ASK, *hosts]


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode in (0, 1), done.stderr
    data: dict[str, Any] = json.loads(done.stdout)
    assert not list(Draft202012Validator(json_schema(data["verb"])).iter_errors(data))
    return data


def records(one: World) -> list[Path]:
    return sorted((one.folder / "home" / ".freehold" / "drills").glob("*.json"))


@pytest.mark.slow
def test_a_command_that_goes_elsewhere_survives_and_the_prediction_is_held_against_it(lab: World) -> None:
    done = lab.freehold(
        "drill", "stack.toml", "--provider", "forge-inc", "--format", "json", "--no-baseline", *asking("cut.test", "kept.test")
    )
    data = told(done)
    assert done.returncode == 0
    assert (data["verdict"], data["cut"]["exit"], data["baseline"]) == ("survived", 0, None)
    assert (data["predicted"]["item"], data["predicted"]["up"], data["predicted"]["agrees"]) == ("shop", False, False)
    cut = next(one for one in data["contacts"] if one["name"] == "cut.test")
    assert (cut["because"], cut["provider"], cut["roles"][0]["method"]) == ("provider forge-inc", "forge-inc", "stack")
    assert cut["refused"] == cut["tries"] > 0
    lab.nothing_reached("cut.test")
    assert lab.canary("kept.test")


@pytest.mark.slow
@pytest.mark.parametrize("user", ["root", "ordinary"])
def test_a_command_without_another_way_fails_and_the_status_is_0_unless_asked(lab: World, user: Any) -> None:
    arguments = ("drill", "stack.toml", "--host", "cut.test", "--format", "json")
    done = lab.freehold(*arguments, *asking("cut.test"), user=user)
    data = told(done)
    assert (done.returncode, data["verdict"], data["cut"]["exit"], data["baseline"]["exit"]) == (0, "failed", 7, 0)
    assert data["seconds_to_failure"] is not None
    assert data["predicted"]["agrees"] is True
    assert len(lab.canary("cut.test")) == 1
    asked = lab.freehold(*arguments, "--fail-on", "failed,void", *asking("cut.test"), user=user)
    assert asked.returncode == 1
    assert "threshold met: the verdict is 'failed'" in asked.stderr


@pytest.mark.slow
def test_a_command_that_never_asks_is_untouched_and_one_that_fails_anyway_proves_nothing(lab: World) -> None:
    arguments = ("drill", "stack.toml", "--provider", "forge-inc", "--format", "json")
    assert told(lab.freehold(*arguments, *asking("kept.test")))["verdict"] == "untouched"
    assert told(lab.freehold(*arguments, *asking("nowhere.test")))["verdict"] == "void"


@pytest.mark.slow
def test_the_report_follows_the_commands_own_output_and_a_program_gets_the_report_alone(lab: World) -> None:
    arguments = ("drill", "stack.toml", "--host", "cut.test")
    text = lab.freehold(*arguments, *asking("kept.test"))
    lines = text.stdout.splitlines()
    assert [line.partition(" ")[0] for line in lines[:2]] == ["kept.test", "kept.test"]
    assert lines[2].startswith("Drill: ")
    data = lab.freehold(*arguments, "--format", "json", *asking("kept.test"))
    assert json.loads(data.stdout)["verdict"] == "untouched"
    assert data.stderr.count("kept.test ") == 2
    aside = lab.freehold(*arguments, "-o", "page.html", *asking("kept.test"))
    assert len(aside.stdout.splitlines()) == 2
    assert "Untouched" in (lab.folder / "home" / "page.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_record_is_kept_shown_applied_and_scored(lab: World) -> None:
    lab.freehold(
        "drill", "stack.toml", "--host", "cut.test", "--record", "copy.json", *asking("cut.test", "kept.test"), check=True
    )
    (record,) = records(lab)
    assert (lab.folder / "home" / "copy.json").read_bytes() == record.read_bytes()
    shown = told(lab.freehold("drill", "show", "copy.json", "--format", "json"))
    assert (shown["verb"], shown["verdict"], shown["what"]["hosts"]) == ("drill show", "survived", ["cut.test"])
    applied = told(lab.freehold("drill", "apply", "last", "stack.toml", "--format", "json"))
    assert applied["proposals"]
    assert applied["accepted"] == []
    done = lab.freehold("drill", "apply", "last", "stack.toml", "--all", "-o", "after.toml", "--format", "json")
    assert told(done)["accepted"] == [one["id"] for one in applied["proposals"]]
    assert (lab.folder / "home" / "after.toml").read_text(encoding="utf-8") != STACK
    assert (lab.folder / "home" / "stack.toml").read_text(encoding="utf-8") == STACK
    lab.freehold("check", "after.toml", check=True)
    scored = told(lab.freehold("drill", "score", "--format", "json"))
    assert (scored["drills"], scored["compared"], scored["agreed"]) == (1, 1, 0)


@pytest.mark.slow
def test_a_build_fails_on_a_new_landlord_and_on_none_that_is_known(lab: World) -> None:
    first = lab.freehold("drill", "stack.toml", "--record", "known.json", "--fail-on-new-contact", *asking("kept.test"))
    assert first.returncode == 0, first.stderr
    again = lab.freehold("drill", "stack.toml", "--fail-on-new-contact", "known.json", *asking("kept.test"))
    assert again.returncode == 0, again.stderr
    other = lab.freehold(
        "drill", "stack.toml", "--fail-on-new-contact", "known.json", "--sarif", "new.sarif", *asking("cut.test")
    )
    assert other.returncode == 1
    assert "new contact: Forge, Inc. (cut.test)" in other.stderr
    results = json.loads((lab.folder / "home" / "new.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert [one["ruleId"] for one in results] == ["new-landlord"]


@pytest.mark.slow
def test_a_campaign_cuts_each_landlord_in_turn(lab: World) -> None:
    done = lab.freehold(
        "drill", "stack.toml", "--matrix", "provider", "--jobs", "2", "--junit", "j.xml", "--fail-on", "failed", "--format",
        "json", "--", "sh", "-c", f"{shlex.join(asking('cut.test', 'kept.test')[1:])} && {shlex.join(asking('kept.test')[1:])}",
    )  # fmt: skip
    data = told(done)
    assert {one["id"]: one["verdict"] for one in data["landlords"]} == {"forge-inc": "survived", "mirror-co": "failed"}
    assert done.returncode == 1
    root = ElementTree.fromstring((lab.folder / "home" / "j.xml").read_text(encoding="utf-8"))
    assert (root.attrib["tests"], root.attrib["failures"]) == ("2", "1")
    assert len(records(lab)) == 2


@pytest.mark.slow
def test_an_interrupted_drill_ends_with_130_and_is_recorded(lab: World) -> None:
    waits = "import signal, sys; print('ready', flush=True); signal.pause()"
    process = lab.start(
        [sys.executable, "-m", "freehold", "drill", "stack.toml", "--host", "cut.test", "--", sys.executable, "-c", waits],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Void" in out
    (record,) = records(lab)
    assert json.loads(record.read_text(encoding="utf-8"))["parts"]["verdict"]["verdict"]["name"] == "void"
    assert not lab.processes()


@pytest.mark.slow
def test_a_command_that_is_not_there_is_said_to_be_missing(lab: World) -> None:
    done = lab.freehold("drill", "stack.toml", "--host", "cut.test", "--", "no-such-program")
    assert done.returncode == 2
    assert "no-such-program" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_service_is_watched_before_under_and_after_the_cut(lab: World) -> None:
    serve = "import http.server, socket\nclass Handler(http.server.BaseHTTPRequestHandler):\n    def do_GET(self):\n        try:\n            socket.getaddrinfo('cut.test', 80)\n            self.send_response(200)\n        except OSError:\n            self.send_response(503)\n        self.end_headers()\nhttp.server.HTTPServer(('127.0.0.1', 8765), Handler).serve_forever()\n"  # noqa: E501
    (lab.folder / "home" / "serve.py").write_text(serve, encoding="utf-8")
    probe = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8765/', timeout=5)"
    done = lab.freehold(
        "drill", "stack.toml", "--host", "cut.test", "--service", f"{sys.executable} serve.py", "--probe",
        shlex.join([sys.executable, "-c", probe]), "--every", "200ms", "--before", "500ms", "--cut-for", "1s",
        "--recover-within", "1s", "--format", "json",
    )  # fmt: skip
    data = told(done)
    assert data["verdict"] == "failed"
    assert data["service"]["survive"] is not None
    assert data["service"]["recover"] is not None
    assert [one["phase"] for one in data["service"]["turns"]] == ["start", "cut", "recovery"]
    assert told(lab.freehold("drill", "show", "last", "--format", "json"))["service"] == data["service"]
    assert not lab.processes()


@pytest.mark.slow
def test_a_shape_that_answers_by_http_is_told_apart_from_a_host_that_is_gone(lab: World) -> None:
    ask = "import sys, urllib.error, urllib.request\ntry:\n    urllib.request.urlopen('http://cut.test/')\nexcept urllib.error.HTTPError as error:\n    sys.exit(error.code % 256)\n"  # noqa: E501
    done = lab.freehold(
        "drill", "stack.toml", "--host", "cut.test", "--shape", "http:451", "--no-baseline", "--format", "json", "--",
        sys.executable, "-c", ask,
    )  # fmt: skip
    data = told(done)
    assert (data["cut"]["exit"], data["shape"], data["verdict"]) == (451 % 256, "http:451", "failed")
    lab.nothing_reached("cut.test")


@pytest.mark.slow
def test_both_runs_read_a_file_at_standard_input_from_its_beginning(lab: World) -> None:
    (lab.folder / "home" / "hosts.txt").write_text("kept.test\n", encoding="utf-8")
    count = "import sys; print(len(sys.stdin.read()))"
    with (lab.folder / "home" / "hosts.txt").open() as file:
        done = lab.freehold("drill", "stack.toml", "--host", "cut.test", "--", sys.executable, "-c", count, stdin=file)
    assert done.stdout.splitlines()[:2] == ["10", "10"]


@pytest.mark.slow
def test_a_secret_of_the_command_line_is_in_no_answer_and_no_record(lab: World) -> None:
    for form in ("text", "json", "html", "csv"):
        done = lab.freehold(
            "drill", "stack.toml", "--host", "cut.test", "--no-baseline", "--format", form, "--", "true",
            "--password=swordfish-9x7", "https://user:swordfish-9x7@kept.test/",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "swordfish" not in done.stdout + done.stderr
    assert records(lab)
    assert all("swordfish" not in one.read_text(encoding="utf-8") for one in records(lab))


@pytest.mark.slow
def test_a_drill_that_cannot_be_recorded_is_shown_all_the_same_and_ends_with_2(lab: World) -> None:
    (lab.folder / "home" / "taken").write_text("", encoding="utf-8")
    done = lab.freehold("drill", "stack.toml", "--host", "cut.test", "--no-baseline", "--records", "taken", "--", "true")
    assert done.returncode == 2
    assert "Untouched" in done.stdout
    assert "taken" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_log_holds_what_the_command_wrote_in_each_run_under_a_line_that_says_which(lab: World) -> None:
    done = lab.freehold("drill", "stack.toml", "--host", "cut.test", "--log", "out.log", *asking("cut.test", "kept.test"))
    assert done.returncode == 0, done.stderr
    lines = (lab.folder / "home" / "out.log").read_text(encoding="utf-8").splitlines()
    heads = [place for place, line in enumerate(lines) if line.startswith("=== ")]
    assert [lines[place].partition(":")[0] for place in heads] == ["=== nothing cut", "=== without cut.test"]
    assert "cut.test is away" in lines[heads[1] :]
    assert "cut.test is away" not in lines[: heads[1]]


WAITS = """
import signal, socket, sys
try:
    socket.getaddrinfo("cut.test", 80)
    socket.getaddrinfo("kept.test", 80)
except OSError:
    print("waiting", file=open("waiting", "w"), flush=True)
    signal.pause()
"""


@pytest.mark.slow
def test_an_interrupted_campaign_tells_what_ran_and_leaves_nothing_running(lab: World) -> None:
    waiting = lab.folder / "home" / "waiting"
    waiting.unlink(missing_ok=True)
    process = lab.start(
        [
            sys.executable, "-m", "freehold", "drill", "stack.toml", "--matrix", "provider", "--jobs", "2", "--format", "json",
            "--", sys.executable, "-c", WAITS,
        ],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not waiting.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        os.sched_yield()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert {one["verdict"] for one in json.loads(out)["landlords"]} <= {"void", None}
    assert not lab.processes()


@pytest.mark.slow
def test_a_campaign_ends_what_outlives_its_budget_and_leaves_nothing_running(lab: World) -> None:
    (lab.folder / "home" / "waiting").unlink(missing_ok=True)
    done = lab.freehold(
        "drill", "stack.toml", "--matrix", "provider", "--budget", "15s", "--format", "json", "--", sys.executable, "-c", WAITS
    )
    data = told(done)
    assert {one["not_run"] for one in data["landlords"]} == {"budget"}
    assert not lab.processes()


@pytest.mark.slow
def test_of_several_runs_without_the_cut_the_slowest_counts_and_one_that_fails_ends_them(lab: World) -> None:
    arguments = ("drill", "stack.toml", "--host", "cut.test", "--repeat-baseline", "3", "--format", "json", "--", "sh", "-c")
    data = told(lab.freehold(*arguments, "echo once >> runs"))
    assert (lab.folder / "home" / "runs").read_text(encoding="utf-8") == "once\n" * 4
    assert any("the slowest of 3 runs" in note for note in data["baseline"]["notes"])
    failing = told(lab.freehold(*arguments, "echo once >> tries; test $(wc -l < tries) -ne 2"))
    assert (failing["verdict"], failing["baseline"]["exit"]) == ("void", 1)
