"""Exit plans: worked by hand, a law against plain cut-offs, drills, pages in every format, the command."""

from __future__ import annotations

import math
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given

from drill_answers import FAILED
from freehold import work
from freehold.cli import main
from freehold.drill.journal import append
from freehold.drill.record import Drill, Prediction, Verdict
from freehold.measure.cutoff import cutoff
from freehold.plan.exit_plans import exit_plans, functions_of
from freehold.plan.exit_values import ExitPlan
from freehold.plan.proposals import options_of
from freehold.report.answers import context_of
from freehold.report.exit_index import index_document
from freehold.report.exit_plan import ExitAnswer, drills_of, exit_document, last_test
from freehold.report.interface import Look
from freehold.report.render import face
from freehold.settings import Settings
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import loads
from freehold.stack.values import UNKNOWN, Stack
from freehold.words import LANGUAGES, speaking
from strategies import repeatable, stacks
from test_brief import HOSTILE, TWO, hostile

CLINIC = Path(__file__).parent.parent / "examples" / "clinic"
FORMATS = ("text", "html", "csv", "markdown")


def plan_of(stack: Stack, function: str, **options: object) -> ExitPlan:
    return exit_plans(stack, [function], options_of(stack), **options)[0]  # type: ignore[arg-type]


def answers_of(stack: Stack, drills: tuple[Drill, ...] = ()) -> list[ExitAnswer]:
    options = options_of(stack, [CLINIC / "options.toml"])
    plans = exit_plans(stack, functions_of(stack), options)
    return [ExitAnswer(one, stack, drills, {option.id: option for option in options}) for one in plans]


@pytest.fixture(scope="module")
def clinic() -> Stack:
    return work.load(CLINIC / "stack.toml", Settings()).stack


def test_an_exit_plan_worked_by_hand() -> None:
    plan = plan_of(loads(TWO, "two.toml"), "desk")
    assert (plan.function, plan.path, plan.basis) == ("desk", ("desk", "cloud"), "options")
    # cover of 10 days, then nothing: the candidate counts only once it is built
    assert (plan.before.stops_low, plan.before.stops_high, plan.before.low[-1]) == (10, 10, 0)
    assert [(one.kind, one.id, one.items, one.foreign, one.standing.stops_low) for one in plan.landlords] == [
        ("country", "US", ("cloud",), True, 10), ("owner", "us", ("cloud",), True, 10),
    ]  # fmt: skip
    (move,) = plan.moves
    assert (move.kind, move.item, move.source, move.provider, move.foreign) == ("option", "cloud", "cloud@fr", "fr", False)
    assert (move.lead, move.recover, move.cost_once, move.cost_year, move.currency) == (0, 5, 500, 100, "EUR")
    (given_,) = plan.time
    assert (given_.user, given_.item, given_.survive, given_.covers) == ("desk", "cloud", 10, None)
    assert [(one.item, one.landlords, one.surely, one.has_way) for one in plan.left] == [("cloud", ("us",), True, True)]
    assert plan.unknowns == ()


@pytest.mark.parametrize(("recover", "covers", "stops"), [("5d", True, None), ("12d", False, 10.0)])
def test_cover_is_long_enough_or_not_for_what_stands_by(recover: str, *, covers: bool, stops: float | None) -> None:
    text = TWO.replace('status = "candidate"', 'status = "standby"').replace('recover = "5d"', f'recover = "{recover}"')
    plan = plan_of(loads(text, "two.toml"), "desk")
    assert [one.kind for one in plan.moves] == ["standby"]
    assert plan.time[0].covers is covers
    assert plan.before.stops_low == stops
    assert plan.left == ()


def test_an_unknown_provider_is_asked_for_and_perhaps_left() -> None:
    plan = plan_of(loads(TWO.replace('provider = "us"', 'provider = "?"'), "two.toml"), "desk")
    assert (plan.before.stops_low, plan.before.stops_high) == (10, None)
    assert [(one.table, one.attribute) for one in plan.unknowns] == [("sources", "provider")]
    assert [(one.landlords, one.surely) for one in plan.left] == [(("?",), False)]


def test_a_function_that_nobody_else_stands_behind_says_so() -> None:
    stack = loads('[stack]\nhome = "DE"\n[[item]]\nid = "a"\n  [[item.source]]\n  provider = "self"\n', "a.toml")
    (plan,) = exit_plans(stack, functions_of(stack))
    assert (plan.landlords, plan.moves, plan.left, plan.basis) == ((), (), (), "stack")
    page = face("text").render(exit_document(ExitAnswer(plan, stack), context_of(stack, 0)), Look())
    assert "nobody else than the organisation itself is known" in page


@repeatable(25)
@given(stacks())
def test_each_landlord_does_to_a_function_what_a_cut_off_of_it_does(stack: Stack) -> None:
    days = (0.0, 7.0, 30.0, 365.0)
    stack = replace(stack, home=stack.home or "DE", items=tuple(
        replace(one, mission=None if one.mission is UNKNOWN else one.mission) for one in stack.items
    ))  # fmt: skip
    functions = functions_of(stack)[:2]
    for plan in exit_plans(stack, functions, (), days=days):
        for one in plan.landlords[:3]:
            rule = Rule(country=one.id) if one.kind == "country" else Rule(owner=one.id)
            told = cutoff(stack, Cutoff((rule,)), days).item(plan.function)
            assert (one.standing.stops_low, one.standing.stops_high) == (told.stops_low, told.stops_high)
            for found, wanted in ((one.standing.low, told.low), (one.standing.high, told.high)):
                assert all(math.isclose(a, b, abs_tol=1e-9) for a, b in zip(found, wanted, strict=True))


def drill(item: str, started: str, verdict: str, agrees: bool | None = True) -> Drill:
    return replace(
        FAILED, verdict=Verdict(verdict), run=replace(FAILED.run, started=started), tags=(item,),  # type: ignore[arg-type]
        prediction=Prediction(item, 0.0, 0.0, up=False, because="", agrees=agrees),
    )  # fmt: skip


def test_the_newest_sound_drill_of_the_function_itself_is_its_test(clinic: Stack) -> None:
    plan = answers_of(clinic)[0].plan
    old, void = drill("assistant", "2026-01-01T00:00:00Z", "failed"), drill("assistant", "2026-09-01T00:00:00Z", "void")
    new, part = drill("assistant", "2026-03-01T00:00:00Z", "survived"), drill("hosting", "2026-08-01T00:00:00Z", "degraded")
    strange = drill("letters", "2026-10-01T00:00:00Z", "survived")
    drills = (old, part, void, new, strange)
    assert [one.run.started[:7] for one, _ in drills_of(plan, drills)] == ["2026-09", "2026-08", "2026-03", "2026-01"]
    assert last_test(plan, drills) == (new, True)
    assert last_test(plan, (part, void)) == (part, False)
    assert last_test(plan, (void, strange)) is None


def test_a_page_tells_when_it_was_tested(clinic: Stack) -> None:
    context = context_of(clinic, 0)
    for drills, told in (
        ((), "Never tested: no record"),
        ((drill("assistant", "2026-03-01T00:00:00Z", "survived"),), "Tested last on 2026-03-01"),
        (
            (drill("hosting", "2026-04-01T00:00:00Z", "failed"),),
            "Itself never tested; a part of what it rests on was tested last",
        ),
    ):
        page = face("text").render(exit_document(answers_of(clinic, drills)[0], context), Look(200))
        assert told in page


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_answers_in_every_format_and_language(clinic: Stack, format_: str, language: str) -> None:
    with speaking(language):
        answers = answers_of(clinic)
        page = face(format_).render(exit_document(answers[0], context_of(clinic, 0)), Look(100, full=True))
        index = face(format_).render(index_document(clinic, [(one, f"{one.plan.function}.x") for one in answers]), Look())
    assert "STACKIT" in page
    assert "letters.x" in index


@pytest.mark.parametrize("format_", FORMATS)
def test_hostile_names_stay_text_on_every_page(clinic: Stack, format_: str) -> None:
    stack = hostile(clinic)
    strange = replace(drill("assistant", "2026-03-01T00:00:00Z", "survived"), said=HOSTILE, command=(HOSTILE,))
    answer = answers_of(stack, (strange,))[0]
    page = face(format_).render(exit_document(answer, context_of(stack, 0)), Look(100, full=True, evidence=True))
    assert "\x1b" not in page
    assert "\u202e" not in page
    if format_ == "html":
        assert "<script>alert" not in page
    if format_ == "csv":
        assert not any(cell.startswith(("=", "+", "@")) for line in page.splitlines() for cell in line.split(","))
    if format_ == "markdown":
        assert "\n# head" not in page
        assert "<script>alert" not in page.replace("\\<script\\>", "")


# ---------------------------------------------------------------- the command


def run(*words: str) -> int:
    return main(["report", "exits", str(CLINIC / "stack.toml"), "--options", str(CLINIC / "options.toml"), "--no-plan", *words])


def test_the_command_writes_a_page_a_function_and_a_list(tmp_path: Path) -> None:
    folder = tmp_path / "exits"
    append(drill("assistant", "2026-03-01T00:00:00Z", "survived"), tmp_path / "drills", now=datetime(2026, 3, 1, tzinfo=UTC))
    assert run("-o", str(folder), "--drills", str(tmp_path / "drills")) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["assistant.html", "index.html", "letters.html", "manifest.json"]
    assert "Tested last on 2026-03-01" in (folder / "assistant.html").read_text()
    assert run("-o", str(folder), "--function", "letters", "--format", "markdown") == 0
    assert sorted(path.name for path in folder.iterdir()) == ["index.md", "letters.md", "manifest.json"]


def test_one_function_is_shown_without_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--function", "Doctors' letters and messages to patients") == 0
    assert capsys.readouterr().out.startswith("Exit plan: Doctors' letters")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "there are 2 functions, and each has a page of its own. Name a folder: -o DIR"),
        (("--function", "asistant"), "Did you mean"),
        (("--drills", "nowhere", "-o", "x"), "nowhere is not there"),
        (("--function", ""), "no item is called ''"),
        (("-o", ""), "'' is no folder"),
        (("-o", "-"), "'-' is no folder"),
        (("--format", "pdf", "-o", "x"), "invalid choice: 'pdf'"),
    ],
)
def test_what_makes_no_sense_is_said_with_its_mend(
    words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if "pdf" in words:
        with pytest.raises(SystemExit, match="2"):
            run(*words)
    else:
        assert run(*words) == 2
    assert told in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
def test_with_a_plan_steps_have_dates_and_what_is_then_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    words = "--reliance 0.5 --start 2027-01-01 --by 2028-01-01 --function assistant --no-catalogue --options"
    files = str(CLINIC / "stack.toml"), str(CLINIC / "options.toml")
    assert main(["report", "exits", files[0], *shlex.split(words), files[1]]) == 0
    page = capsys.readouterr().out
    assert "What takes over is the way out that was planned" in page
    assert "2027-01-01" in page
    assert "with every step of the plan done" in " ".join(page.split())


def test_files_of_functions_never_collide_and_never_leave_the_folder(tmp_path: Path) -> None:
    ids = ["../../x", "X", "x", "con", "index", "a/b", "a-b", "..."]
    text = '[stack]\nhome = "DE"\n' + "".join(f'[[item]]\nid = "{one}"\nmission = 1\n' for one in ids)
    path, folder = tmp_path / "s.toml", tmp_path / "out"
    path.write_text(text)
    assert main(["report", "exits", str(path), "--no-plan", "-o", str(folder)]) == 0
    assert len({one.name.casefold() for one in folder.iterdir()}) == len(ids) + 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out", "s.toml"]


JOINT = """
[stack]
home = "DE"
trusted = ["EU"]
[[provider]]
id = "venture"
country = "DE"
owner = ["east:0.4", "west:0.4", "third:0.2"]
[[provider]]
id = "east"
country = "CN"
[[provider]]
id = "west"
country = "US"
[[provider]]
id = "third"
country = "JP"
[[item]]
id = "desk"
mission = 1
  [[item.source]]
  provider = "venture"
  location = "FR"
"""


def test_every_owner_at_the_top_of_a_chain_is_a_landlord() -> None:
    plan = plan_of(loads(JOINT, "joint.toml"), "desk", stake=0.4)
    assert {(one.kind, one.id) for one in plan.landlords} == {
        ("owner", "east"), ("owner", "west"), ("country", "CN"), ("country", "US"),
    }  # fmt: skip


def test_an_exit_plan_counts_the_control_that_is_asked_for() -> None:
    stack = loads(JOINT, "joint.toml")
    assert plan_of(stack, "desk").before.stops_low is None
    assert plan_of(stack, "desk", stake=0.4).before.stops_low == 0
    placed = plan_of(stack, "desk", via=("location",), stake=0.4)
    assert (placed.before.stops_low, placed.left) == (None, ())
    assert {one.id for one in placed.landlords if one.kind == "country"} == set()
    assert {one.id for one in plan_of(stack, "desk", stake=0.2).landlords if one.kind == "owner"} == {"east", "west", "third"}


def test_an_option_of_a_firm_whose_owner_is_only_assumed_is_perhaps_foreign_if_asked_strictly(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[[option]]\nid = "new"\nname = "New"\nlead = "5d"\ncost_once = 1\ncost_year = 0\ncurrency = "EUR"\n'
        'reference = { title = "An offer", publisher = "Newcomer", url = "https://example.org" }\n'
        '  [[option.source]]\n  item = "desk"\n  provider = "newcomer"\n  location = "DE"\n'
        '  [[option.provider]]\n  id = "newcomer"\n  name = "Newcomer"\n  country = "DE"\n',
        encoding="utf-8",
    )
    stack = loads(JOINT, "joint.toml")
    options = options_of(stack, [mine])
    for strict, truth in ((False, False), (True, None)):
        (plan,) = exit_plans(stack, ["desk"], options, strict=strict)
        assert [one.foreign for one in plan.moves if one.option == "new"] == [truth]
