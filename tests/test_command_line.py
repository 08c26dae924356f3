"""The command line as a user meets it: statuses, streams, messages, formats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from freehold.cli import main
from freehold.cli.parser import VERBS, build_parser
from freehold.report.schemas import json_schema

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"

CLINIC = """
[stack]
name = "Clinic assistant"
home = "DE"
trusted = ["EU"]
[[provider]]
id = "acme"
country = "DE"
owner = "acme-corp"
[[provider]]
id = "acme-corp"
country = "US"
[[item]]
id = "assistant"
kind = "application"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = ["llm", { item = "telemetry", weight = 0.2, survive = "90d" }]
[[item]]
id = "telemetry"
kind = "service"
  [[item.source]]
  provider = "acme"
[[item]]
id = "llm"
kind = "model"
  [[item.source]]
  provider = "openai"
  location = "US"
  [[item.source]]
  id = "local-llm"
  provider = "self"
  status = "standby"
  capacity = 0.6
  recover = "14d"
  needs = [{ item = "gpu-server", survive = "3y" }]
[[item]]
id = "gpu-server"
kind = "hardware"
  [[item.source]]
  provider = "nvidia"
"""


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("HOME", "TRUSTED", "DAYS", "FLOOR"):
        monkeypatch.delenv(f"FREEHOLD_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def clinic(tmp_path: Path) -> str:
    path = tmp_path / "clinic.toml"
    path.write_text(CLINIC, encoding="utf-8")
    return str(path)


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main([*arguments, "--format", "json"]) == 0
    data: dict[str, object] = json.loads(capsys.readouterr().out)
    verb = str(data["verb"])
    jsonschema.validate(data, json_schema(verb))
    return data


def test_the_clinic_of_the_design_answers_as_the_design_says(clinic: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = answer(capsys, "cutoff", clinic, "--foreign", "--days", "0,13,14,1094,1095")
    assert data["mission"] == {"low": [0, 0, 0.6, 0.6, 0], "high": [0, 0, 0.6, 0.6, 0]}


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "{stack}"),
        ("assess", "{stack}"),
        ("cutoff", "{stack}", "--country", "US"),
        ("why", "{stack}", "assistant"),
        ("restart", "{stack}"),
        ("gaps", "{stack}"),
        ("partners", "{stack}"),
        ("options", "{stack}"),
        ("report", "{stack}", "--no-plan"),
        ("sweep", "{stack}", "--each", "provider", "--workers", "1"),
        ("sweep", "{stack}", "--samples", "50", "--probability", "US=0.1", "--workers", "1"),
        ("show", "{stack}"),
        ("show", "{stack}", "llm"),
        ("catalogue", "show", "openai"),
        ("catalogue", "search", "huawei"),
        ("schemes", "list"),
        ("schemes", "show", "eu-csf-2026"),
        ("schemes", "score", "{stack}", "--scheme", "eu-csf-2026"),
    ],
)
def test_every_answer_keeps_its_schema_and_shows_in_every_face(
    clinic: str, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    filled = [argument.replace("{stack}", clinic) for argument in arguments]
    answer(capsys, *filled)
    assert main(filled) == 0
    assert capsys.readouterr().out.strip()
    page = tmp_path / "page.html"
    assert main([*filled, "-o", str(page)]) == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert main([*filled, "--format", "csv"]) == 0
    assert "," in capsys.readouterr().out


@pytest.mark.parametrize("words", [("report", "brief"), ("report brief",)])
def test_the_schema_of_an_action_is_named_by_its_words_or_as_one(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schema", *words]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema("report brief")


def test_a_threshold_that_is_not_met_exits_1_and_says_so(clinic: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", clinic, "--fail-under", "0.5"]) == 0
    assert main(["check", clinic, "--fail-under", "0.7"]) == 1
    assert "on day 30 at least 60 % is left" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "nowhere"), "is not there"),
        (("cutoff", "{stack}"), "nothing is cut"),
        (("cutoff", "{stack}", "--country", "us"), "no country"),
        (("cutoff", "{stack}", "--provider", "opnai"), "Did you mean 'openai'"),
        (("cutoff", "{stack}", "--item", "lm"), "Did you mean 'llm'"),
        (("cutoff", "{stack}", "--foreign", "--days", "0,x"), "not a list of days"),
        (("cutoff", "{stack}", "--foreign", "--floor", "2"), "floor"),
        (("cutoff", "{stack}", "--foreign", "--via", "law"), "no way of control"),
        (("why", "{stack}", "telemtry"), "Did you mean 'telemetry'"),
        (("check", "{stack}", "--home", "Germany"), "is no country"),
        (("schema", "fly"), "has no schema"),
        (("catalogue", "show", "no-such-row"), "no-such-row"),
    ],
)
def test_bad_usage_exits_2_with_the_mend_and_no_traceback(
    clinic: str, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([argument.replace("{stack}", clinic) for argument in arguments]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_the_usage_of_a_verb_is_how_it_is_written(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args([verb, "--help"])
    assert capsys.readouterr().out.startswith(f"usage: freehold {verb} [")


def test_every_action_that_an_error_lists_is_named_by_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["gateway", "halt"])
    usage, _, listed = capsys.readouterr().err.partition("choose from ")
    assert usage.startswith("usage: freehold gateway [")
    with pytest.raises(SystemExit):
        build_parser().parse_args(["gateway", "--help"])
    shown = capsys.readouterr().out
    for action in listed.strip().rstrip(")").replace("'", "").split(", "):
        assert action in shown.partition("ACTION  ")[2].partition("WORD  ")[0]


def test_a_scanned_project_written_as_a_stack_reads_back_to_the_same_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "shop"\ndependencies = ["requests>=2", "stripe"]\n', encoding="utf-8"
    )
    (project / "shop.py").write_text('URL = "https://api.openai.com/v1"\n', encoding="utf-8")
    first = answer(capsys, "check", str(project), "--home", "DE", "--trusted", "EU")
    for written in ("shop.toml", "shop-tables"):
        assert main(["scan", str(project), "--home", "DE", "--trusted", "EU", "-o", str(tmp_path / written)]) == 0
        capsys.readouterr()
        again = answer(capsys, "check", str(tmp_path / written))
        for key in ("self_reliance", "change", "face_value", "content", "layers", "controllers"):
            assert again[key] == first[key]


def test_a_second_reading_of_an_unchanged_folder_gives_the_same_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "requirements.txt").write_text("numpy\nrequests\n", encoding="utf-8")
    first = answer(capsys, "check", str(project), "--home", "FR")
    assert list((tmp_path / "cache" / "freehold").glob("answers-*.db"))
    assert answer(capsys, "check", str(project), "--home", "FR") == first
    (project / "requirements.txt").write_text("numpy\n", encoding="utf-8")
    assert answer(capsys, "check", str(project), "--home", "FR")["inventory"] != first["inventory"]


def test_settings_come_from_flag_environment_project_and_user_in_that_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "requirements.txt").write_text("numpy\n", encoding="utf-8")

    def home(*flags: str) -> object:
        stack = answer(capsys, "check", str(project), *flags)["stack"]
        assert isinstance(stack, dict)
        return stack["home"]

    assert home() is None
    (tmp_path / "config" / "freehold").mkdir(parents=True)
    (tmp_path / "config" / "freehold" / "config.toml").write_text('home = "IN"\n', encoding="utf-8")
    assert home() == "IN"
    (tmp_path / "freehold.toml").write_text('home = "BR"\n', encoding="utf-8")
    assert home() == "BR"
    monkeypatch.setenv("FREEHOLD_HOME", "CN")
    assert home() == "CN"
    assert home("--home", "FR") == "FR"


def test_the_template_reads_as_a_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.toml"
    assert main(["template", "-o", str(path)]) == 0
    assert main(["show", str(path)]) == 0
    assert "web-shop" in capsys.readouterr().out
    assert main(["template", "-o", str(tmp_path / "tables")]) == 0
    assert main(["template", "-o", str(tmp_path / "tables")]) == 2


def test_output_that_cannot_be_written_exits_2_and_loses_nothing(clinic: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("kept", encoding="utf-8")
    assert main(["check", clinic, "-o", str(tmp_path / "no" / "page.html")]) == 2
    assert main(["check", "nowhere", "-o", str(page)]) == 2
    assert page.read_text(encoding="utf-8") == "kept"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "freehold", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_help_groups_the_commands_under_the_questions() -> None:
    said = run("--help").stdout
    for question in ("What do we depend on", "How self-reliant are we", "What stops, when and why"):
        assert question in said
    assert said.index("check") < said.index("scan")


def test_help_computes_nothing() -> None:
    code = (
        "import sys, freehold.cli.parser as parser; parser.build_parser(); "
        "print([name for name in ('numpy', 'rich', 'numba') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_closed_pipe_is_no_error(clinic: str) -> None:
    command = f'"{sys.executable}" -m freehold check "{clinic}" --full --evidence | head -1; exit "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 141)


def test_a_defect_is_said_to_be_one(clinic: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("freehold.work.load", lambda *_, **__: 1 / 0)
    assert main(["check", clinic]) == 3
    assert "defect" in capsys.readouterr().err


def test_an_interruption_exits_130(clinic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("freehold.work.load", interrupted)
    assert main(["check", clinic]) == 130


@pytest.mark.parametrize("name", sorted(path.parent.name for path in EXAMPLES.glob("*/stack.toml")))
def test_every_fact_on_an_examples_page_can_be_followed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = answer(capsys, "check", str(EXAMPLES / name))
    run_curve = data["self_reliance"]
    assert isinstance(run_curve, dict)
    place = run_curve["days"].index(30)
    assert run_curve["high"][place] - run_curve["low"][place] <= 0.3
    steps = data["why"]
    assert isinstance(steps, list)
    for step in steps:
        for claim in step["evidence"]:
            assert claim["source"]


def test_this_repository_can_be_checked(capsys: pytest.CaptureFixture[str]) -> None:
    data = answer(capsys, "check", str(ROOT), "--home", "DE", "--trusted", "EU")
    run_curve = data["self_reliance"]
    assert isinstance(run_curve, dict)
    place = run_curve["days"].index(30)
    assert run_curve["high"][place] - run_curve["low"][place] <= 0.3
