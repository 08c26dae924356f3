"""``freehold plan`` from its flags to its exit status: what is asked, what is refused, what an interruption keeps."""

from __future__ import annotations

import json
import os
import signal
import threading
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from freehold.cli import main
from freehold.cli.command_after import split
from freehold.cli.parser import build_parser
from freehold.cli.plan_goal import goal_from, see_flags
from freehold.cli.plan_progress import interruptible, plan_progress
from freehold.errors import FreeholdError
from freehold.measure.assess import foreign_cutoff
from freehold.plan.goal_values import BestAim, Goal, LevelAim, Limits, LossAim, ShareAim
from freehold.report.schemas import json_schema
from freehold.settings import Settings
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack

# A desk needs mail (in part, and for 60 days from a queue) and storage; both are leased. Mail can be had at home for 5, or
# for 1 from a source that needs the landlord's relay; storage for 20, ready after 100 days.
TOWN = """
[stack]
name = "Town"
home = "DE"
trusted = ["FR"]

[[provider]]
id = "big"
name = "Big Cloud"
country = "US"
[[provider]]
id = "house"
name = "Municipal Computing"
country = "DE"

[[item]]
id = "desk"
name = "Desk"
kind = "application"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = [{ item = "mail", weight = 0.5, survive = "60d" }, "storage"]
[[item]]
id = "mail"
kind = "service"
  [[item.source]]
  provider = "big"
  [[item.source]]
  id = "cheap-mail"
  provider = "house"
  status = "candidate"
  cost_once = 1
  currency = "EUR"
  needs = ["relay"]
  [[item.source]]
  id = "held-mail"
  provider = "house"
  status = "candidate"
  cost_once = 5
  currency = "EUR"
[[item]]
id = "relay"
  [[item.source]]
  provider = "big"
[[item]]
id = "storage"
kind = "cloud"
  [[item.source]]
  provider = "big"
"""
OPTIONS = """
[[option]]
id = "own-storage"
name = "A store of our own"
cost_once = 20
cost_year = 1
currency = "EUR"
lead = "100d"
activate = [{ source = "storage@own" }]
  [[option.source]]
  id = "storage@own"
  item = "storage"
  provider = "house"
"""
TODAY = date(2026, 11, 26)


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "town.toml").write_text(TOWN, encoding="utf-8")
    (tmp_path / "ours.toml").write_text(OPTIONS, encoding="utf-8")
    return tmp_path


def goal(*flags: str, stack: str = TOWN) -> Goal:
    own, _ = split(["plan", "town.toml", *flags])
    options = build_parser().parse_args(own)
    see_flags(options)
    return goal_from(options, loads(stack, "town.toml"), Settings(), TODAY)


def planned(*flags: str) -> list[str]:
    return ["plan", "town.toml", "--start", "2027-01-01", "--no-catalogue", *flags]


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--format", "json"]) == 0
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, json_schema(data["verb"]))
    return data


# From flags to a goal


def test_where_no_action_is_named_a_plan_is_made() -> None:
    assert split(["plan", "town.toml", "--foreign"])[0] == ["plan", "make", "town.toml", "--foreign"]
    assert split(["plan", "why", "town.toml", "x"])[0] == ["plan", "why", "town.toml", "x"]
    assert split(["plan", "./why", "--foreign"])[0] == ["plan", "make", "./why", "--foreign"]
    assert split(["plan", "--help"])[0] == ["plan", "--help"]


def test_self_reliance_at_a_date_is_a_level_with_everything_foreign_cut_off() -> None:
    asked = goal("--reliance", "0.7", "--by", "2028-12-31")
    assert asked.aims == (LevelAim(foreign_cutoff(), 0.7, (1095.0,)),)
    assert asked.limits == Limits("2026-11-26", "2028-12-31")
    assert (asked.seek, asked.reliance_days) == ("cost", (0.0, 7.0, 30.0, 90.0, 365.0, 1095.0))


def test_a_cut_off_with_a_level_asks_for_it_and_without_one_for_the_best() -> None:
    level, best = goal("--country", "US", "--level", "90%", "--day", "30,7"), goal("--country", "US", "--day", "30")
    assert isinstance(level.aims[0], LevelAim)
    assert (level.aims[0].level, level.aims[0].days, level.aims[0].target) == (0.9, (7.0, 30.0), None)
    assert isinstance(best.aims[0], BestAim)
    assert best.aims[0].days == (30.0,)
    item = goal("--foreign", "--level", "1", "--target", "Desk", "--throughout").aims[0]
    assert isinstance(item, LevelAim)
    assert (item.target, item.throughout) == ("desk", True)


def test_every_scenario_is_a_cut_off_of_its_own_and_the_flags_together_are_one(town: Path) -> None:
    for name in ("one", "two"):
        (town / f"{name}.toml").write_text(f'[cutoff]\nname = "{name}"\n[[cutoff.rule]]\nprovider = "big"\n', encoding="utf-8")
    asked = goal("--country", "US", "--provider", "big", "--scenario", "one.toml", "--scenario", "two.toml")
    cuts = [aim.cut for aim in asked.aims if isinstance(aim, BestAim)]
    assert [len(cut.rules) for cut in cuts] == [2, 1, 1]
    assert [cut.name for cut in cuts[1:]] == ["one", "two"]


def test_shares_are_of_all_of_a_layer_or_of_an_item() -> None:
    assert goal("--face-value", "0.5", "--face-value", "0.4@cloud", "--content", "0.3@Desk").aims == (
        ShareAim("face_value", 0.5), ShareAim("face_value", 0.4, kind="cloud"), ShareAim("content", 0.3, item="desk"),
    )  # fmt: skip


def test_losses_are_of_so_many_at_once_and_stay_over_the_level_or_the_floor() -> None:
    assert goal("--survive", "2", "--of", "country").aims == (LossAim("country", 2, 0.5, (1095.0,)),)
    assert goal("--survive", "1", "--level", "0.8", "--day", "30").aims == (LossAim("provider", 1, 0.8, (30.0,)),)


def test_limits_are_taken_as_they_are_written() -> None:
    limits = goal(
        "--foreign", "--start", "2027-01-01", "--years", "3", "--budget", "100", "--budget-year", "60,40", "--people", "2.5",
        "--longest-lead", "1y", "--quality", "0", "--discount", "0.03", "--penalty", "9",
    ).limits  # fmt: skip
    assert limits == Limits("2027-01-01", None, 3, 100.0, (60.0, 40.0), 2.5, 365.0, 0.0, 0.03, 9.0)


def test_the_most_self_reliance_needs_no_aim() -> None:
    assert goal("--seek", "reliance", "--budget", "10").seek == "reliance"
    assert goal("--frontier").seek == "reliance"
    assert goal("--frontier", "--reliance", "0.5").seek == "cost"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "nothing is asked of the plan. Say what must hold: --reliance 0.7"),
        (("--reliance", "70"), "--reliance 70: more than the whole cannot be reached. Write 0.7 for 70 %."),
        (("--reliance", "1.2"), "more than the whole cannot be reached"),
        (("--reliance", "0"), "that holds whatever is done"),
        (("--reliance", "-1"), "that holds whatever is done"),
        (("--reliance", "nan"), "is no number that there can be"),
        (("--reliance", "much"), "'much' is no number"),
        (("--foreign", "--level", "2"), "more than the whole cannot be reached"),
        (("--level", "0.9"), "--level needs what is cut"),
        (("--foreign", "--target", "desk"), "say which level: --level 0.9"),
        (("--foreign", "--throughout"), "say which level"),
        (("--foreign", "--level", "1", "--target", "dsk"), "Did you mean 'desk'"),
        (("--foreign", "--by", "2020-01-01"), "is in the past: the plan would end before today, 2026-11-26"),
        (("--foreign", "--by", "2026-11-26"), "is in the past"),
        (("--foreign", "--start", "2027-01-01", "--by", "2026-12-31"), "before its start, 2027-01-01"),
        (("--foreign", "--by", "31.12.2028"), "is no date. Write it as 2028-12-31"),
        (("--foreign", "--by", "3000-01-01"), "over 100 years away"),
        (("--foreign", "--start", "9999-12-01"), "leaves no 1 years"),
        (("--foreign", "--start", "soon"), "is no date"),
        (("--foreign", "--years", "0"), "no whole number from 1 to 100"),
        (("--foreign", "--years", "1.5"), "no whole number"),
        (("--foreign", "--years", "²"), "no whole number"),
        (("--foreign", "--budget", "a lot"), "--budget: 'a lot' is no number"),
        (("--foreign", "--budget", "-5"), "--budget: -5 is under 0"),
        (("--foreign", "--budget", "inf"), "no number that there can be"),
        (("--foreign", "--budget-year", ","), "no amount is given"),
        (("--foreign", "--budget-year", "5,x"), "'x' is no number"),
        (("--foreign", "--people", "-1"), "is under 0"),
        (("--foreign", "--discount", "3"), "Write 0.03 for 3 % a year"),
        (("--foreign", "--quality", "2"), "more than the whole"),
        (("--foreign", "--longest-lead", "forever"), "is not a day"),
        (("--foreign", "--day", "x"), "is not a day"),
        (("--foreign", "--day", ","), "no day is given"),
        (("--foreign", "--level", "1", "--penalty", "3"), "Leave one of them out"),
        (("--reliance", "0.5", "--penalty", "3"), "--penalty needs what is cut"),
        (("--survive", "0"), "no whole number from 1 to 10"),
        (("--foreign", "--of", "country"), "say how many at once: --survive 1"),
        (("--face-value", "0.5@"), "names nothing after the @"),
        (("--face-value", "0.5@nothing"), "no item is called 'nothing'"),
        (("--provider", "bgi"), "Did you mean 'big'"),
        (("--country", "us"), "no country"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_mend(flags: tuple[str, ...], said: str) -> None:
    with pytest.raises(FreeholdError) as error:
        goal(*flags)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--reliance", "0.5"), "--reliance: self-reliance needs a home. Give --home CC"),
        (("--seek", "reliance"), "--seek reliance: self-reliance needs a home"),
        (("--frontier",), "--frontier: self-reliance needs a home"),
        (("--face-value", "0.5"), "--face-value: what is held is told from a home"),
        (("--foreign",), "'foreign' has no meaning without a home"),
    ],
)
def test_what_needs_a_home_says_so(flags: tuple[str, ...], said: str) -> None:
    with pytest.raises(FreeholdError) as error:
        goal(*flags, stack=TOWN.replace('home = "DE"\n', ""))
    assert said in str(error.value)


# The whole command


@pytest.mark.usefixtures("town")
def test_the_cheapest_plan_takes_what_the_cut_off_leaves(capsys: pytest.CaptureFixture[str]) -> None:
    data = answer(capsys, *planned("--options", "ours.toml", "--reliance", "1", "--day", "365"))
    assert [(one["option"], one["start"], one["ready"]) for one in data["steps"]] == [
        ("held-mail", "2027-01-01", "2027-01-01"), ("own-storage", "2027-01-01", "2027-04-11"),
    ]  # fmt: skip
    assert (data["cost"], data["bound"], data["gap"], data["currency"]) == (26, 26, 0, "EUR")
    assert (data["confirmed"], data["impossible"], data["stopped"]) == (True, None, None)
    assert data["curve"]["before"]["low"][-1] == 0
    assert data["curve"]["after"]["low"][-1] == 1
    assert [one["breaks"] for one in data["steps"]] == [[0], [0]]


def test_a_plan_shows_in_every_face_and_leaves_a_calendar_and_tasks(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = planned("--options", "ours.toml", "--reliance", "0.5", "--day", "365")
    assert main([*asked, "--calendar", "plan.ics", "--tasks", "plan.md"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "The plan costs 21 EUR in all, for one step: 20 EUR once, and 1 EUR a year when all is ready." in said
    assert "No plan can cost less: that is proven." in said
    assert "SUMMARY:Start: A store of our own\r\n" in (town / "plan.ics").read_bytes().decode("utf-8")
    assert "- [ ] **A store of our own**\n" in (town / "plan.md").read_text(encoding="utf-8")
    assert main([*asked, "-o", "plan.html"]) == 0
    assert (town / "plan.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert main([*asked, "--format", "csv"]) == 0
    assert "own-storage,A store of our own,2027-01-01,2027-04-11,21,20,EUR,no" in capsys.readouterr().out


@pytest.mark.usefixtures("town")
def test_no_plan_exits_0_with_the_best_that_can_be_and_1_where_that_is_asked(
    capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    data = answer(capsys, *planned("--reliance", "0.5"))
    assert (data["cost"], data["gap"], data["confirmed"], data["steps"]) == (None, None, False, [])
    assert data["impossible"]["reason"] == "options"
    assert main(planned("--reliance", "0.5", "--fail-on", "impossible")) == 1
    assert "freehold: there is no plan." in capsys.readouterr().err
    assert main(planned("--options", "ours.toml", "--reliance", "0.5", "--fail-on", "impossible")) == 0
    capsys.readouterr()
    assert main(planned("--reliance", "0.5", "--frontier", "--sensitivity")) == 0
    assert "--frontier, --sensitivity: not looked for, since there is no plan." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--foreign", "--time", "0"), "no time to search in"),
        (("--foreign", "--time", "nan"), "no time to search in"),
        (("--foreign", "--confidence", "2"), "no share of futures"),
        (("--foreign", "--futures", "0"), "no whole number from 1 up"),
        (("--foreign", "--seed", "-1"), "no whole number from 0 up"),
        (("--foreign", "--options", "none.toml"), "none.toml cannot be read"),
        ((), "nothing is asked of the plan"),
    ],
)
@pytest.mark.usefixtures("town")
def test_bad_usage_exits_2_with_the_mend_and_no_traceback(
    capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], said: str
) -> None:
    assert main(planned(*flags)) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_a_stack_without_any_option_says_where_to_see_what_can_be_done(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    bare = TOWN.replace('status = "candidate"', 'status = "standby"')
    (town / "town.toml").write_text(bare, encoding="utf-8")
    assert main(planned("--foreign")) == 2
    assert "there is nothing to choose from: the stack has no candidates" in capsys.readouterr().err
    (town / "town.toml").write_text(
        bare.replace('status = "standby"', 'status = "candidate"\n  cost_year = "?"'), encoding="utf-8"
    )
    assert main(planned("--foreign")) == 2
    assert "of 2 options a cost or a lead time is not known" in capsys.readouterr().err


def test_costs_in_several_currencies_are_refused(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (town / "ours.toml").write_text(OPTIONS.replace("EUR", "USD"), encoding="utf-8")
    assert main(planned("--options", "ours.toml", "--reliance", "0.5")) == 2
    said = capsys.readouterr().err
    assert "EUR" in said
    assert "USD" in said


@pytest.mark.usefixtures("town")
def test_an_option_of_a_provider_that_is_cut_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(planned("--provider", "house", "--level", "0.5", "--day", "0")) == 0
    said = capsys.readouterr().err
    assert "freehold: note: 'cheap-mail' is of no use here:" in said
    assert (
        "takes what it would bring, surely or perhaps; of no use either is one more option. freehold plan why tells of each."
        in said
    )


@pytest.mark.usefixtures("town")
def test_why_tells_of_a_step_and_of_an_option_that_was_not_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--options", "ours.toml", "--reliance", "1", "--day", "365", "--start", "2027-01-01", "--no-catalogue")
    data = answer(capsys, "plan", "why", "town.toml", "held-mail", *flags)
    assert (data["chosen"], data["verdict"]) == (True, "needed")
    assert (data["missed"][0]["with"], data["missed"][0]["without"], data["missed"][0]["from_day"]) == (1, 0.5, 365)
    data = answer(capsys, "plan", "why", "town.toml", "cheap-mail", *flags)
    assert (data["chosen"], data["verdict"], data["kept"][0]["source"]) == (False, "fails", "cheap-mail")
    data = answer(capsys, "plan", "why", "town.toml", "a store of our own", *flags)
    assert data["option"] == "own-storage"
    assert main(["plan", "why", "town.toml", "held-mial", *flags]) == 2
    assert "no option is called 'held-mial'. Did you mean 'held-mail'" in capsys.readouterr().err


def test_a_plan_that_is_to_be_sure_counts_failures_and_delays(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # storage fails in one of ten, and a second one is no help, since it waits for the first
    second = (
        OPTIONS.replace("own-storage", "second-storage").replace("storage@own", "storage@second").replace("A store", "Another")
    )
    late = 'success = 0.9\nslip = [{ days = "30d", odds = 0.5 }]\nactivate'
    both = OPTIONS.replace("activate", late, 1) + second.replace("activate", 'requires = ["own-storage"]\n' + late, 1)
    (town / "ours.toml").write_text(both, encoding="utf-8")
    asked = planned("--options", "ours.toml", "--reliance", "0.5", "--day", "365")
    data = answer(capsys, *asked)
    assert (data["cost"], data["confidence"]["reached"], data["confidence"]["asked"]) == (21, 0.9, None)
    data = answer(capsys, *asked, "--confidence", "0.85")
    assert (data["cost"], data["confidence"]["asked"], data["confidence"]["reached"]) == (21, 0.85, 0.9)
    assert main([*asked, "--confidence", "0.999"]) == 0
    assert "No plan was found that holds in 99.9 % of the futures: the surest that was found does in 90 %." in " ".join(
        capsys.readouterr().out.split()
    )


@pytest.mark.usefixtures("town")
def test_why_tells_what_a_dearer_option_would_cost_more(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--options", "ours.toml", "--reliance", "0.5", "--day", "365", "--start", "2027-01-01", "--no-catalogue")
    data = answer(capsys, "plan", "why", "town.toml", "held-mail", *flags)
    assert (data["verdict"], data["cost"], data["plan_cost"]) == ("dearer", 26, 21)


def test_what_is_begun_is_kept_and_what_is_given_up_is_not_planned_again(
    town: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    flags = ("--options", "ours.toml", "--reliance", "1", "--day", "365", "--no-catalogue", "--years", "2")
    assert main(["plan", "town.toml", *flags, "--start", "2027-01-01", "-o", "plan.json"]) == 0
    late = '[[step]]\noption = "own-storage"\nstate = "late"\nready = 2027-09-01\n'
    (town / "state.toml").write_text(late + '[[step]]\noption = "held-mail"\nstate = "done"\n', encoding="utf-8")
    follow = ("plan", "follow", "town.toml", "state.toml", *flags, "--before", "plan.json", "--start", "2027-03-01")
    data = answer(capsys, *follow)
    assert [(one["option"], one["start"], one["ready"], one["committed"]) for one in data["steps"]] == [
        ("held-mail", "2027-01-01", "2027-01-01", True), ("own-storage", "2027-01-01", "2027-09-01", True),
    ]  # fmt: skip
    assert (data["cost_before"], data["cost"]) == (27, 22)
    assert {one["option"]: one["kind"] for one in data["changes"]} == {"own-storage": "later", "held-mail": "cheaper"}
    assert main(list(follow)) == 0
    assert "The earlier plan cost 27 EUR; what is left costs 22 EUR." in capsys.readouterr().out
    (town / "state.toml").write_text('[[step]]\noption = "own-storage"\nstate = "dropped"\n', encoding="utf-8")
    data = answer(capsys, *follow)
    assert data["cost"] is None
    assert "own-storage" not in {one["id"] for one in data["options"]}


def test_a_state_that_is_not_sound_exits_2_with_its_place(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (town / "state.toml").write_text('[[step]]\noption = "held-mial"\nstate = "done"\n', encoding="utf-8")
    assert main(["plan", "follow", "town.toml", "state.toml", "--foreign", "--start", "2027-01-01", "--no-catalogue"]) == 2
    said = capsys.readouterr().err
    assert "state.toml, step 1, column 'option': 'held-mial' is no option. Did you mean 'held-mail'?" in said


@pytest.mark.usefixtures("town")
def test_the_plan_s_start_is_today_unless_a_flag_says_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    before = date.today()
    data = answer(capsys, "plan", "town.toml", "--no-catalogue", "--seek", "reliance")
    assert before.isoformat() <= data["goal"]["limits"]["start"] <= date.today().isoformat()


# Time and interruption


@pytest.mark.usefixtures("town")
def test_hardly_any_time_is_no_error_and_what_is_shown_says_how_good_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(planned("--options", "ours.toml", "--reliance", "0.5", "--day", "365", "--time", "1e-9")) == 0
    said = " ".join(capsys.readouterr().out.split())
    told = ("The search reached its time limit", "No plan was found in the time that there was", "that is proven")
    assert any(one in said for one in told)


def test_an_interruption_shows_and_saves_the_best_plan_so_far_and_exits_130(
    town: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from freehold.plan import planning

    make = planning.make_plan

    def interrupted(stack: Stack, asked: Goal, *rest: Any, **how: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        assert how["interrupted"]()
        found = make(stack, asked, *rest, **(how | {"interrupted": None}))
        return type(found)(**{name: getattr(found, name) for name in found.__dataclass_fields__} | {"stopped": "interrupted"})

    monkeypatch.setattr(planning, "make_plan", interrupted)
    asked = planned("--options", "ours.toml", "--reliance", "0.5", "--day", "365")
    for kept in ("freehold-plan.json", "freehold-plan-2.json"):
        assert main(asked) == 130
        captured = capsys.readouterr()
        assert "The search was interrupted: this is the best found by then." in captured.out
        assert f"the best plan so far is in {kept}" in captured.err
        data = json.loads((town / kept).read_text(encoding="utf-8"))
        assert (data["cost"], data["stopped"]) == (21, "interrupted")
    assert main([*asked, "-o", "mine.json"]) == 130
    assert json.loads((town / "mine.json").read_text(encoding="utf-8"))["cost"] == 21
    assert "the best plan so far is in mine.json" in capsys.readouterr().err
    assert not (town / "freehold-plan-3.json").exists()
    assert main(planned("--reliance", "0.5")) == 130
    assert "interrupted before a plan was found; nothing was saved" in capsys.readouterr().err


def test_the_first_interruption_is_asked_for_and_the_second_ends_the_program() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as asked:
        assert not asked()
        os.kill(os.getpid(), signal.SIGINT)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_nothing_is_done_about_signals() -> None:
    found = []

    def run() -> None:
        with interruptible() as asked:
            found.append(asked())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [False]


def test_progress_shows_on_a_terminal_alone(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with plan_progress("EUR") as show:
        show(12.0, 10.0)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    with plan_progress("EUR") as show:
        show(float("inf"), 10.0)
        show(12.0, 10.0)
        show(0.0, 0.0)
