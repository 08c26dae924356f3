"""``freehold schemes`` on the command line: actions, flags, faces, exit statuses, bad usage."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from freehold.cli import main
from freehold.errors import FreeholdError
from freehold.report.answers import context_of
from freehold.report.evidence import Notes
from freehold.report.interface import Detail, Look, Table, walk
from freehold.report.render import document_of, render
from freehold.report.schemas import json_schema
from freehold.report.scheme_answers import ScoresAnswer
from freehold.report.scheme_words import letters_words, level_figure, score_figure
from freehold.report.score_blocks import score_blocks
from freehold.schemes.asking import score_scheme
from freehold.schemes.interface import Asked, Fact, Measured
from freehold.schemes.scheme_file import schemes_known
from freehold.schemes.scoring import score
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack
from freehold.words import speaking
from scheme_answers import GRADES, POINTS, measured, schemes_answers

STACK = """\
[stack]
name = "Desk"
home = "DE"
trusted = ["EU"]
[[provider]]
id = "acme"
country = "US"
[[item]]
id = "llm"
mission = 1
  [[item.source]]
  provider = "acme"
  location = ["US"]
"""


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "stack.toml"
    path.write_text(STACK, encoding="utf-8")
    return str(path)


def data_of(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> dict[str, Any]:
    assert main([*arguments, "--format", "json"]) == status
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, json_schema(data["verb"]))
    return data


def test_the_list_names_every_scheme_and_the_eu_framework_first(capsys: pytest.CaptureFixture[str]) -> None:
    data = data_of(capsys, "schemes", "list")
    ids = [one["id"] for one in data["schemes"]]
    assert ids[0] == "eu-csf-2026"
    assert sorted(ids) == list(schemes_known())


@pytest.mark.parametrize("id_", schemes_known())
def test_every_scheme_shows_in_every_face(id_: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = data_of(capsys, "schemes", "show", id_)
    assert data["scheme"]["id"] == id_
    for form in ("text", "html", "csv"):
        assert main(["schemes", "show", id_, "--format", form]) == 0
        assert data["objectives"][0]["factors"][0]["id"] in capsys.readouterr().out


def test_without_a_scheme_all_are_scored_side_by_side(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = data_of(capsys, "schemes", "score", stack)
    assert data["schemes"][0]["scheme"]["id"] == "eu-csf-2026"
    assert {one["scheme"]["id"] for one in data["schemes"]} == set(schemes_known())
    assert {key: data[key] for key in data["schemes"][0]} == data["schemes"][0]
    assert main(["schemes", "score", stack]) == 0
    assert "Schemes side by side" in capsys.readouterr().out


def test_the_region_of_the_stack_is_said_to_stand_for_the_schemes_own(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = data_of(capsys, "schemes", "score", stack, "--scheme", "eu-csf-2026", "--home", "CH", "--trusted", "AT")
    assert data["region"] == {"of_scheme": "EU", "countries": ["CH", "AT"]}
    assert main(["schemes", "score", stack, "--scheme", "eu-csf-2026", "--home", "CH", "--trusted", "AT"]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert (
        "Where the scheme says EU, your own region stands in its place: Switzerland and those that it trusts (Austria)." in page
    )


def test_csv_has_a_row_a_scheme_and_a_row_an_objective(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemes", "score", stack, "--scheme", "eu-csf-2026", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["objective"] for row in rows] == ["", *(f"SOV-{number}" for number in range(1, 9))]
    assert float(rows[0]["percent_low"]) <= float(rows[0]["percent_high"])
    assert set(rows[0]) >= {"scheme", "weight", "percent_low", "percent_high", "level_low", "level_high", "holding", "open"}


def test_a_gate_and_a_threshold_on_the_level(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    answers = Path(__file__).parent / "data" / "schemes" / "safespring.toml"
    flags = ["--scheme", "eu-csf-2026", "--answers", str(answers)]
    data = data_of(capsys, "schemes", "score", stack, *flags, "--gate", "2", "--fail-under-level", "1")
    assert data["gate"]["least"] == {f"SOV-{number}": 2 for number in range(1, 9)}
    assert data["gate"]["rejected"] == ["SOV-3", "SOV-7"]
    assert main(["schemes", "score", stack, *flags, "--fail-under-level", "2", "--gate", "SOV-1=4, SOV-3=1"]) == 1
    captured = capsys.readouterr()
    assert "by eu-csf-2026 the level is at least 1, and 2 was asked for" in captured.err
    assert "Gate (SOV-1 4, SOV-3 1): passed." in " ".join(captured.out.split())


def test_a_form_is_filled_in_and_counts(stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    form = tmp_path / "answers.toml"
    assert main(["schemes", "form", "eu-csf-2026", "--for", stack, "-o", str(form)]) == 0
    text = form.read_text(encoding="utf-8")
    assert data_of(capsys, "schemes", "score", stack, "--answers", str(form))["answered"]["person"] == 0
    form.write_text(text.replace('"SOV-8.4" = ""', '"SOV-8.4" = "e"'), encoding="utf-8")
    data = data_of(capsys, "schemes", "score", stack, "--answers", str(form))
    assert data["answered"]["person"] == 1
    assert main(["schemes", "form", "eu-csf-1.2.1"]) == 0
    assert '"SOV-1.1" = ""' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("score", "{stack}", "--scheme", "eu-csf-2025"), "Did you mean 'eu-csf-2026'"),
        (("score", "{stack}", "--scheme", "nowhere.toml"), "cannot be read"),
        (("score", "nowhere"), "is not there"),
        (("score", "{stack}", "--answers", "nowhere.toml"), "cannot be read"),
        (("score", "{stack}", "--answers", "{stack}"), "is no factor"),
        (("score", "{stack}", "--divisor", "0"), "no number from 0.001"),
        (("score", "{stack}", "--divisor", "nan"), "no number from 0.001"),
        (("score", "{stack}", "--divisor", "1e-320"), "no number from 0.001"),
        (("score", "{stack}", "--divisor", "1e308"), "no number from 0.001"),
        (("score", "{stack}", "--gate", "9"), "is a level of none"),
        (("score", "{stack}", "--gate", "x"), "is not OBJECTIVE=LEVEL"),
        (("score", "{stack}", "--gate", "SOV-1=x"), "is no level"),
        (("score", "{stack}", "--gate", "SOV-1=2,SOV-1=3"), "stands twice"),
        (("score", "{stack}", "--gate", "SOV-9=2"), "Did you mean"),
        (("score", "{stack}", "--scheme", "eu-csf-2026", "--gate", "SOV-1=7"), "is no level of eu-csf-2026"),
        (("score", "{stack}", "--fail-under-level", "7"), "is no level"),
        (("score", "{stack}", "--scheme", "{own}", "--fail-under-level", "1"), "has levels"),
        (("score", "{stack}", "--scheme", "{own}", "--scheme", "./own.toml"), "two schemes are called 'own'"),
        (("score", "{stack}", "--scheme", "{own}", "--gate", "1"), "has levels"),
        (("score", "{stack}", "--list", "{stack}"), ".csv"),
        (("show", "eu-csf"), "no scheme is called"),
        (("form", "nothing"), "no scheme is called"),
        (("form", "eu-csf-2026", "--for", "nowhere"), "is not there"),
    ],
)
def test_bad_usage_exits_2_with_the_mend(
    arguments: tuple[str, ...], said: str, stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[scheme]\nid = "own"\ntitle = "t"\nversion = "1"\nkind = "points"\n'
        '[[scheme.reference]]\ntitle = "t"\npublisher = "p"\nurl = "https://example.org"\ndate = "2026"\n'
        '[[objective]]\nid = "O"\ntitle = "o"\nweight = 100\n[[objective.factor]]\nid = "O.1"\ntitle = "f"\n'
        'choice = [{ label = "no", points = 0 }, { label = "yes", points = 1 }]\n',
        encoding="utf-8",
    )
    filled = [one.replace("{stack}", stack).replace("{own}", str(own)) for one in arguments]
    assert main(["schemes", *filled]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_a_scheme_of_ones_own_stands_beside_the_published_ones(
    stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = "".join(f'"SOV-{number}" = 12.5\n' for number in range(1, 9))
    levels = "".join(f'[[scheme.level]]\nlevel = {level}\nname = "{level}"\n' for level in range(5))
    (tmp_path / "even.toml").write_text(
        '[scheme]\nid = "even"\ntitle = "Even weights"\nversion = "1"\nkind = "points"\nfactors_of = "eu-csf-factors.toml"\n'
        '[[scheme.reference]]\ntitle = "t"\npublisher = "p"\nurl = "https://example.org"\ndate = "2026"\n'
        f"{levels}[weights]\n{weights}",
        encoding="utf-8",
    )
    answers = Path(__file__).parent / "data" / "schemes" / "clever-cloud.toml"
    flags = ("--answers", str(answers), "--scheme", "even.toml", "--scheme", "eu-csf-2026")
    data = data_of(capsys, "schemes", "score", stack, *flags)
    assert data["score"] == pytest.approx(data["unweighted"])
    assert round(data["schemes"][1]["score"], 1) == 80.4


# Pages


def page_of(*scores: Any, stack: Stack | None = None, form: str = "text", full: bool = True) -> str:
    beside = context_of(stack or loads(STACK), 0)
    return " ".join(render(ScoresAnswer(scores), form, beside, Look(full=full, evidence=True)).split())


def test_the_level_comes_before_the_score_wherever_both_stand() -> None:
    answer = schemes_answers()["schemes score"]
    document = document_of(answer, context_of(loads(STACK), 0))
    tables = [one for one in walk(document.blocks) if isinstance(one, Table)]
    checked = 0
    for table in tables:
        names = [column.name for column in table.columns]
        for number in ("score", "percent"):
            if number in names:
                assert names.index("level") < names.index(number)
                checked += 1
    assert checked >= 2


def test_a_contradiction_is_told_with_both_answers_and_how_the_stack_got_its_own() -> None:
    page = page_of(*schemes_answers()["schemes score"].scores)
    assert "One answer of a person is ruled out by the stack." in page
    assert "a: abroad" in page
    assert "b: here" in page
    assert "all of it runs here" in page


def test_what_nobody_answered_is_told_with_whom_to_ask() -> None:
    page = page_of(*schemes_answers()["schemes score"].scores)
    assert "Ask the keeper: who holds the keys?" in page
    assert "Not answered: 1 of 3 factors" in page


def test_answers_of_the_stack_lead_to_their_evidence() -> None:
    stack = loads(STACK)
    facts = (Fact("providers", "acme", "country", "its seat is in US"),)
    told = {"owner-inside": lambda _a, _p: Measured(0, 0, "none", facts), "location-inside": lambda _a, _p: None}
    found = score(POINTS, Asked(stack), measures=told)
    page = page_of(found, stack=stack)
    assert "[1]" in page
    assert "acme" in page


def test_texts_of_schemes_and_of_stacks_command_nothing() -> None:
    evil = "<script>alert(1)</script>\x1b[31m\u202e=1+1"
    stack = Stack(home="DE", name=evil)
    told = dict(measured) | {"owner-inside": lambda _a, _p: Measured(0.5, 0.5, evil, (Fact("items", evil, evil, evil),))}
    found = score(POINTS, Asked(stack), measures=told)
    for form in ("text", "html", "csv", "json"):
        page = render(ScoresAnswer((found,)), form, context_of(stack, 0), Look(full=True, evidence=True))
        assert "\x1b" not in page
        assert "\u202e" not in page
        assert form != "html" or "<script>alert" not in page
    document = render(ScoresAnswer((found,)), "csv", context_of(stack, 0))
    assert "\n=" not in document


def test_blocks_for_a_report_are_a_table_and_a_detail_a_scheme() -> None:
    scores = schemes_answers()["schemes score"].scores
    stack = loads(STACK)
    blocks = score_blocks(scores, Notes(stack), how="schemes")
    assert isinstance(blocks[0], Table)
    assert blocks[0].how == "schemes"
    assert len([one for one in blocks if isinstance(one, Detail)]) == len(scores)
    assert score_blocks((), Notes(stack)) == []


def test_figures_and_grades_are_told_with_their_bounds_and_sides() -> None:
    page = page_of(*schemes_answers()["schemes score"].scores)
    assert "15.9 %" in page
    assert "22.7 bn USD" in page
    assert "143.4 bn USD" in page
    assert "40.0–70.0 %" in page
    assert "A 1, B 1–2, C 0–1" in page


def test_chinese_pages_hold_the_same_numbers() -> None:
    scores = schemes_answers()["schemes score"].scores
    with speaking("zh"):
        page = page_of(*scores)
    assert "等级" in page
    assert "22.7 bn USD" in page


def test_figures_of_scores_have_one_decimal_and_levels_none() -> None:
    shown = [score_figure(one) for one in ((80.4485, 80.4485), (0, 100), (79.96, 80.04), (81.25, 81.25), None)]
    assert shown == ["80.4 %", "0.0–100.0 %", "80.0 %", "81.3 %", "–"]
    assert [level_figure(one) for one in ((3, 3), (0, 4), None)] == ["3", "0–4", "–"]
    assert [letters_words(one) for one in ((), ("b",), ("a", "b"), ("a", "b", "c"), ("a", "b", "d"))] == [
        "–", "b", "a, b", "a to c", "a, b, d",
    ]  # fmt: skip


def test_the_python_face_scores_too() -> None:
    import freehold

    stack = loads(STACK)
    found = freehold.score_scheme(stack, "eu-csf-2026", {"SOV-1.1": "a"})
    assert isinstance(found, freehold.Score)
    assert found.level is not None
    assert found.level[1] <= 1
    assert "eu-csf-2026" in freehold.schemes_known()
    with pytest.raises(FreeholdError):
        score_scheme(stack, "eu-csf-2026", {"SOV-1.1": "z"})
    with pytest.raises(FreeholdError):
        score(GRADES, Asked(stack), {"grade": "a"}, measures=measured)
