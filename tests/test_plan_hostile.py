"""Plans asked for by a hostile or a clumsy user: amounts that are out of all measure, times too short, files that clash."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freehold.cli import main
from freehold.errors import PlanError, UsageError
from freehold.plan.goal_checks import check_limits
from freehold.plan.goal_values import Limits
from freehold.plan.impossibility import why_impossible
from freehold.plan.option_values import Option
from freehold.plan.search import Search
from freehold.plan.whole_money import unit_for
from freehold.plan.work_state import read_state
from synthetic_judge import FormulaJudge, way
from test_plan_cli import OPTIONS, TOWN, answer, planned

ASKED = ("--options", "ours.toml", "--reliance", "0.5", "--day", "365")


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "town.toml").write_text(TOWN, encoding="utf-8")
    (tmp_path / "ours.toml").write_text(OPTIONS, encoding="utf-8")
    return tmp_path


# Amounts out of all measure


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    "flags",
    [
        ("--budget", "1e15", "--years", "3", "--discount", "0.05"),
        ("--budget", "1e15", "--sensitivity"),
        ("--budget-year", "1e15", "--years", "3", "--discount", "0.05"),
        ("--budget-year", "30,5", "--years", "2", "--sensitivity"),
        ("--people", "1e10", "--years", "3", "--discount", "0.05"),
        ("--seek", "reliance", "--budget", "1e15"),
    ],
)
def test_a_limit_that_is_never_reached_changes_nothing(flags: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, *planned(*ASKED, *flags))
    assert found["steps"]


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("flag", ["--budget", "--budget-year", "--people", "--penalty"])
def test_a_limit_larger_than_can_be_reckoned_with_is_refused(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(planned(*ASKED, "--foreign", flag, "1e300")) == 2
    said = capsys.readouterr().err
    assert "of 1e+300 is" in said
    assert "defect" not in said


def test_limits_out_of_all_measure_are_refused() -> None:
    limits = Limits("2027-01-01")
    for wrong in ({"budget": math.inf}, {"budget_years": (1.0, 1e16)}, {"penalty": 1e300}, {"people": 1e11}):
        with pytest.raises(UsageError, match=r"Choose a larger unit|Leave the limit out"):
            check_limits(replace(limits, **wrong))  # type: ignore[arg-type]


def test_a_limit_in_units_is_one_that_a_solver_can_hold() -> None:
    for amounts in ([1.0, 2.0], [0.1], [1e15], [1e-300], [1 / 3]):
        unit = unit_for(amounts, 3)
        assert unit.limit(math.inf) == unit.limit(1e300) == 2**52
        assert unit.limit(-1e300) == -1
        assert unit.down(3 * max(amounts)) <= unit.limit(3 * max(amounts)) + 1 < 2**52


def test_a_penalty_or_prices_out_of_all_measure_are_planned_with(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = (
        '[stack]\nname = "Z"\nhome = "DE"\n[[item]]\nid = "desk"\nmission = 1\n[[item.source]]\nprovider = "self"\n'
        'needs = ["store"]\n[[item]]\nid = "store"\n[[item.source]]\nprovider = "aws"\n[[item.source]]\nid = "own"\n'
        'provider = "self"\nstatus = "candidate"\ncost_once = {}\ncurrency = "EUR"\n'
    )
    for price in ("5", "1e15", "1e-300"):
        (town / "small.toml").write_text(small.format(price), encoding="utf-8")
        found = answer(
            capsys, "plan", "small.toml", "--start", "2027-01-01", "--no-catalogue", "--foreign", "--penalty", "1e15"
        )  # fmt: skip
        assert [step["option"] for step in found["steps"]] in (["own"], [] if price == "1e15" else ["own"])


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("state", "said"),
    [("cost = 1e300", "larger than 1e+15"), ("cost = " + "9" * 400, "larger than 1e+15")],
)
def test_what_a_step_still_costs_is_bounded(state: str, said: str, town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (town / "state.toml").write_text(f'[[step]]\noption = "own-storage"\nstate = "done"\n{state}\n', encoding="utf-8")
    assert main(["plan", "follow", "town.toml", "state.toml", *planned(*ASKED)[2:]]) == 2
    assert said in capsys.readouterr().err


def test_more_persons_than_there_are_build_nothing(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (town / "ours.toml").write_text(OPTIONS.replace("lead =", "people = 1e11\nlead ="), encoding="utf-8")
    assert main(["options", "town.toml", "--options", "ours.toml", "--no-catalogue"]) == 2
    assert "more persons than there are" in capsys.readouterr().err


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("amounts", ["1,,2", "100,000", "1,"])
def test_an_amount_that_is_left_out_moves_no_other(amounts: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(planned(*ASKED, "--budget-year", amounts)) == 2
    assert "is no list of amounts, one for each year" in capsys.readouterr().err


# What was ready long ago, what is ready never


@pytest.mark.parametrize("ready", ["2027-06-30", "0001-01-02"])
def test_what_was_ready_before_the_plan_takes_no_time(ready: str, town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (town / "state.toml").write_text(
        f'[[step]]\noption = "own-storage"\nstate = "done"\nready = {ready}\n', encoding="utf-8"
    )  # fmt: skip
    asked = ["--start", "2027-07-01", "--no-catalogue", *ASKED]
    found = answer(capsys, "plan", "follow", "town.toml", "state.toml", *asked)
    assert found["price"]["days"] == 0


def test_a_step_that_is_ready_in_8000_years_is_no_defect(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (town / "state.toml").write_text(
        '[[step]]\noption = "own-storage"\nstate = "late"\nready = 9999-12-31\n', encoding="utf-8"
    )  # fmt: skip
    asked = ["--start", "2027-07-01", "--no-catalogue", *ASKED, "--budget-year", "5", "--discount", "0.1", "--time", "2"]
    found = answer(capsys, "plan", "follow", "town.toml", "state.toml", *asked)
    assert found["cost"] is None


def test_of_thousands_of_errors_in_a_state_the_first_are_told(tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    path.write_text("".join(f'[[step]]\noption = "x{number}"\nstate = "done"\n' for number in range(3000)), encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        read_state(path, [], Limits("2027-01-01"))
    told = str(caught.value).splitlines()
    assert told[0].startswith("3,000 errors")
    assert (len(told), told[-1].strip()) == (102, "and 2,900 more.")


# Words that hold nothing


def test_a_list_of_words_has_no_empty_ones(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (town / "ours.toml").write_text(OPTIONS.replace("lead =", 'gives_up = ["", "  ", " x "]\nlead ='), encoding="utf-8")
    found = answer(capsys, *planned(*ASKED))
    assert [one["text"] for one in found["price"]["gives_up"]] == ["x"]


# What is said where the time was too short, or nothing is done


def test_why_there_is_no_plan_is_known_without_any_time_where_no_step_can_do_harm() -> None:
    options = [Option(f"o{number}", (), cost_once=1.0, cost_year=0.0, lead=0.0) for number in range(3)]
    judge = FormulaJudge(options, [1.0], [[way(0.4, [0, 1])]])
    search = Search(judge, judge.goal(Limits("2026-01-01")), seconds=1e-9)
    why = why_impossible(search)
    assert (why.reason, why.aims) == ("options", (0,))
    assert why.best == pytest.approx((0.4,))


def test_no_limit_is_blamed_that_is_not_there() -> None:
    options = [Option(f"o{number}", (), cost_once=1.0, cost_year=0.0, lead=500.0) for number in range(3)]
    judge = FormulaJudge(options, [1.0], [[way(1.0, [0, 1])]])
    search = Search(judge, judge.goal(Limits("2026-01-01")), seconds=1e-9)
    assert why_impossible(search).reason == "unknown"


@pytest.mark.usefixtures("town")
def test_a_plan_that_does_nothing_does_not_say_that_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(planned("--seek", "reliance", "--budget", "0")) == 0
    said = capsys.readouterr().out
    assert "Nothing is done: no step within the limits was found that raises self-reliance." in said
    assert "Nothing has to be done" not in said


def test_where_doing_nothing_is_cheaper_what_is_lost_is_said(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (town / "dear.toml").write_text(
        '[stack]\nname = "Z"\nhome = "DE"\n[[item]]\nid = "desk"\nmission = 1\n[[item.source]]\nprovider = "aws"\n'
        '[[item.source]]\nprovider = "self"\nstatus = "candidate"\ncost_once = 50\ncurrency = "EUR"\n',
        encoding="utf-8",
    )
    asked = ["--start", "2027-01-01", "--no-catalogue", "--foreign", "--penalty", "5"]
    assert main(["plan", "dear.toml", *asked]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Nothing is done: the plan costs 5 EUR all the same, for what is lost" in said
    assert "what is missed is in the cost" in said
    assert "Nothing has to be done" not in said


# Places


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("-o", "a.json", "--calendar", "./a.json"), "-o and --calendar name the same file"),
        (("--calendar", "a", "--tasks", "a"), "--calendar and --tasks name the same file"),
        (("--calendar", "."), "--calendar: . is a folder"),
        (("-o", "town.toml/x.json"), "no file can be made in"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_search(
    flags: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from freehold.plan import planning

    monkeypatch.setattr(planning, "make_plan", lambda *_rest, **_how: pytest.fail("it searched"))
    assert main(planned(*ASKED, *flags)) == 2
    assert said in capsys.readouterr().err


# Interruption


@pytest.mark.parametrize("wrapped", [ImportError("initialization failed"), RuntimeError("Error calling __set_name__")])
def test_a_ctrl_c_that_became_another_error_is_still_one(
    wrapped: Exception, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from freehold.cli import commands

    def loading(_options: Any) -> int:
        raise wrapped from KeyboardInterrupt()

    monkeypatch.setitem(commands.COMMANDS, "plan", loading)
    assert main(planned(*ASKED)) == 130
    assert capsys.readouterr().err == "freehold: interrupted\n"


def test_a_ctrl_c_before_anything_is_known_leaves_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from freehold.cli import parser

    def building() -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(parser, "build_parser", building)
    assert main(planned(*ASKED)) == 130
    assert capsys.readouterr().err == "freehold: interrupted\n"


@pytest.mark.parametrize("part", ["sat_model", "phasing_sat"])
def test_no_run_of_a_solver_takes_ctrl_c_for_itself(part: str, tmp_path: Path) -> None:
    """A handler of a solver's own outlives its run, and the next Ctrl-C then ends the program: nothing is saved."""
    root = Path(__file__).parents[1]
    program = (
        "import os, random, signal, sys\n"
        "import numpy as np\n"
        "from plan_problems import drawn\n"
        "from freehold.plan import phasing, sat_model\n"
        "from freehold.plan.end_state import end_state\n"
        "from freehold.plan.problem import Horizon\n"
        "heard, runs = [], []\n"
        "signal.signal(signal.SIGINT, lambda *_: heard.append(1))\n"
        "cp_solve = sat_model.cp_model.CpSolver.solve\n"
        "def solved(self, *rest):\n"
        "    runs.append(self.parameters.catch_sigint_signal)\n"
        "    return cp_solve(self, *rest)\n"
        "sat_model.cp_model.CpSolver.solve = solved\n"
        "for seed in range(40):\n"
        "    problem = drawn(random.Random(seed), most=30)\n"
        "    if sys.argv[1] == 'sat_model':\n"
        "        end_state(problem, seconds=20)\n"
        "    else:\n"
        "        phasing.phase(problem, Horizon(np.full(2, 9.0), np.ones(2), 5.0), seconds=20)\n"
        "    if runs:\n"
        "        break\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "print(len(heard), any(runs), bool(runs))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, part], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root / "tests")])},
    )  # fmt: skip
    assert (ended.returncode, ended.stdout.strip()) == (0, "1 False True"), ended.stderr
