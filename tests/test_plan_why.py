"""Why an option is in a plan, or is not: worked by hand on a town whose mail is leased, with the judge that judges plans."""

from __future__ import annotations

from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from freehold.plan.goal_values import Aim, BestAim, Goal, LevelAim, Limits, ShareAim
from freehold.plan.judging import StackJudge
from freehold.plan.option_values import Activate, Cover, Option
from freehold.plan.plan_values import PlanAnswer, Step
from freehold.plan.search_values import Chosen, Terms
from freehold.plan.step_reason import StepReason, breaks_of, step_reason
from freehold.report.answers import context_of
from freehold.report.render import render, to_json
from freehold.report.schemas import json_schema
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import loads
from plan_answers import PLAN

# The mission is served by mail and by storage. Mail can be had at home from `own-mail` (which needs a server of the same
# landlord) or from `held-mail`; two candidates for storage would need each other.
TOWN = """
[stack]
name = "Town"
home = "DE"

[[provider]]
id = "big"
name = "Big Cloud"
country = "US"
[[provider]]
id = "small"
country = "DE"

[[item]]
id = "desk"
mission = 0.5
  [[item.source]]
  provider = "self"
  needs = ["mail"]
[[item]]
id = "archive"
mission = 0.5
  [[item.source]]
  provider = "self"
  needs = ["storage"]
[[item]]
id = "mail"
  [[item.source]]
  provider = "big"
  [[item.source]]
  id = "own-mail"
  provider = "self"
  status = "candidate"
  needs = ["server"]
  [[item.source]]
  id = "held-mail"
  provider = "small"
  status = "candidate"
[[item]]
id = "server"
  [[item.source]]
  provider = "big"
[[item]]
id = "storage"
  [[item.source]]
  provider = "big"
  [[item.source]]
  id = "knot-storage"
  provider = "small"
  status = "candidate"
  needs = ["index"]
[[item]]
id = "index"
  [[item.source]]
  provider = "big"
  [[item.source]]
  id = "knot-index"
  provider = "small"
  status = "candidate"
  needs = ["storage"]
[[item]]
id = "spare"
mission = 0.0
  [[item.source]]
  provider = "big"
  [[item.source]]
  id = "own-spare"
  provider = "small"
  status = "candidate"
"""
US = Cutoff((Rule(country="US"),), "US stop")


def option(id_: str, cost: float = 1.0, **more: object) -> Option:
    values: dict[str, object] = {"cost_once": cost, "cost_year": 0.0, "lead": 10.0}
    return Option(id_, (Activate(id_),), **(values | more))  # type: ignore[arg-type]


OPTIONS = (
    option("own-mail", 1.0), option("held-mail", 9.0), option("knot-storage"), option("knot-index"), option("own-spare"),
    Option("stock", (Cover("archive@self", "storage", 400.0),), cost_once=5.0, cost_year=0.0, lead=1.0),
)  # fmt: skip
LEVEL = LevelAim(US, 0.5, (30.0, 365.0))


def reason(
    asked: str, chosen: tuple[str, ...], aims: tuple[Aim, ...] = (LEVEL,), options: tuple[Option, ...] = OPTIONS,
    limits: Limits = Limits("2027-01-01"), found: Chosen | None = None, seek: str = "cost",  # noqa: B008
) -> StepReason:  # fmt: skip
    stack = loads(TOWN, "town.toml")
    goal = Goal(aims, limits, seek)  # type: ignore[arg-type]
    judged = tuple(one for one in options if not one.lacking)
    judge = StackJudge(stack, goal, judged)
    steps = tuple(Step(id_, 0.0, 10.0, "2027-01-01", "2027-01-11", 1.0, 1.0) for id_ in chosen)
    plan: PlanAnswer = replace(
        PLAN, goal=goal, options={one.id: one for one in judged}, steps=steps, cost=9.0, bound=9.0, checks=(), planned=stack,
        unjudged=tuple(one for one in options if one.lacking), currency=None,
    )  # fmt: skip

    def ask(terms: Terms) -> Chosen:
        assert len(terms.forced) == 1
        assert found is not None
        return found

    one = next(one for one in options if one.id == asked)
    answer = step_reason(stack, goal, judge, plan, one, ask=None if found is None else ask)
    data = to_json(answer, context_of(stack, 0))
    assert list(Draft202012Validator(json_schema("plan why")).iter_errors(data)) == []
    return answer


def page(answer: StepReason) -> str:
    return " ".join(render(answer, "text", context_of(loads(TOWN, "town.toml"), 0)).split())


# A step of the plan


def test_a_step_without_which_an_aim_misses_says_by_how_much_from_which_day_and_why() -> None:
    answer = reason("held-mail", ("held-mail",))
    assert answer.verdict == "needed"
    missed = answer.missed[0]
    assert (missed.aim, missed.asked_level, missed.without, missed.from_day, missed.item) == (0, 0.5, 0.0, 30.0, "desk")
    assert any("mail@big" in (step.source or "") or "cut" in step.because for step in missed.steps)
    shown = page(answer)
    assert "Why 'held-mail' is in the plan" in shown
    assert "Without it one aim misses." in shown
    assert "it comes to 50 % with it, and to 0 % without it; it misses from day 30 of the cut-off on." in shown
    assert "That is 50 points short of what is asked." in shown
    assert "source 'mail@big' of 'mail' is cut on day 0" in shown


def test_an_aim_for_one_day_names_that_day_once() -> None:
    shown = page(reason("held-mail", ("held-mail",), (LevelAim(US, 0.5, (30.0,)),)))
    assert "on day 30: it comes to 50 % with it, and to 0 % without it. That is 50 points short of what is asked." in shown


def test_an_aim_for_every_day_misses_from_the_exact_day() -> None:
    aim = LevelAim(US, 0.5, (500.0,), throughout=True)
    answer = reason("stock", ("stock",), (replace(aim, days=(365.0,)),))
    assert answer.missed[0].from_day == 0.0
    both = reason("held-mail", ("held-mail", "stock"), (aim,))
    # the stock bridges 400 days, and then only held mail keeps half of it
    assert (both.missed[0].from_day, both.missed[0].without) == (400.0, 0.0)
    assert "it misses from day 400 of the cut-off on." in page(both)


def test_the_best_that_can_be_misses_where_it_falls_short_of_that() -> None:
    answer = reason("held-mail", ("held-mail", "stock"), (BestAim(US, (30.0,)),))
    assert answer.missed[0].asked_level == pytest.approx(1.0)
    assert answer.missed[0].without == pytest.approx(0.0)
    assert answer.missed[0].item == "desk"
    # 1 less what the worst falls short is no level of what must be kept running
    assert "with it that holds; without it, what falls farthest stands 100 points lower." in page(answer)


def test_a_share_has_no_days() -> None:
    goal = (ShareAim("face_value", 0.5, item="mail"),)
    shared = (Option("held-mail", (Activate("held-mail", 0.6),), cost_once=1.0, cost_year=0.0, lead=1.0),)
    answer = reason("held-mail", ("held-mail",), goal, shared)
    assert (answer.missed[0].from_day, answer.missed[0].item, answer.missed[0].steps) == (None, None, ())
    assert "misses from day" not in page(answer)


def test_a_step_that_others_require_says_who() -> None:
    options = (option("own-spare"), replace(OPTIONS[1], requires=("own-spare",)))
    answer = reason("own-spare", ("own-spare", "held-mail"), options=options)
    assert (answer.verdict, answer.others) == ("required", ("held-mail",))
    assert "these steps require it: held-mail." in page(answer)


def test_a_step_that_nothing_needs_says_so() -> None:
    answer = reason("own-spare", ("own-spare", "held-mail"))
    assert (answer.verdict, answer.missed) == ("spare", ())
    assert "Nothing that was asked misses without it" in page(answer)


def test_a_step_that_only_raises_self_reliance_says_so() -> None:
    answer = reason("held-mail", ("held-mail",), (), seek="reliance")
    assert (answer.verdict, answer.reliance, answer.reliance_without) == ("reliance", 0.5, 0.0)
    assert "it raises self-reliance to 50 %, from 0 %." in page(answer)


def test_which_aims_each_step_holds_up_is_told_at_once() -> None:
    stack = loads(TOWN, "town.toml")
    judge = StackJudge(stack, Goal((LEVEL, LevelAim(US, 1.0, (30.0,))), Limits("2027-01-01")), OPTIONS)
    assert breaks_of(judge, frozenset({1, 4, 5})) == {1: (1,), 4: (), 5: (1,)}
    assert breaks_of(judge, frozenset({1})) == {1: (0,)}


# Another option


def test_an_option_of_which_a_fact_is_lacking_says_which() -> None:
    options = (*OPTIONS, Option("new", (Activate("held-mail"),), cost_once=None, cost_year=0.0, lead=1.0))
    answer = reason("new", ("held-mail",), options=options)
    assert answer.verdict == "unjudged"
    assert "something is not known: cost once." in page(answer)


def test_an_option_that_takes_too_long_says_so() -> None:
    slow = (replace(OPTIONS[1], id="slow", lead=400.0), OPTIONS[1])
    assert reason("slow", ("held-mail",), options=slow).verdict == "late"
    later = (replace(OPTIONS[1], id="later", earliest="2027-12-31"), OPTIONS[1])
    assert reason("later", ("held-mail",), options=later).verdict == "late"
    assert reason("held-mail", (), limits=Limits("2027-01-01", lead=5.0)).verdict == "late"


def test_an_option_that_the_cut_off_takes_is_useless_and_says_through_what() -> None:
    answer = reason("own-mail", ("held-mail",))
    assert answer.verdict == "fails"
    assert [(one.source, one.item) for one in answer.kept] == [("own-mail", "mail")]
    shown = page(answer)
    assert "It is useless here" in shown
    assert "'mail' needs 'server'" in shown
    assert "source 'server@big' of 'server' is cut" in shown


def test_an_option_that_would_hold_itself_up_is_refused() -> None:
    for asked in ("knot-storage", "knot-index"):
        answer = reason(asked, ("held-mail",))
        assert answer.verdict == "unfounded", asked
        assert "It is refused: what it brings would need itself to begin" in page(answer)


def test_an_option_on_which_nothing_rests_changes_nothing() -> None:
    answer = reason("own-spare", ("held-mail",))
    assert (answer.verdict, answer.kept) == ("idle", ())


def test_an_option_that_a_step_excludes_says_which() -> None:
    options = (OPTIONS[1], replace(OPTIONS[5], excludes=("held-mail",)))
    answer = reason("stock", ("held-mail",), options=options)
    assert (answer.verdict, answer.others) == ("excluded", ("held-mail",))


def test_an_option_that_makes_the_plan_dearer_says_by_how_much_and_what_it_would_replace() -> None:
    found = Chosen(frozenset({5}), {5: 0.0}, 12.5, 12.5)
    answer = reason("stock", ("held-mail",), found=found)
    assert (answer.verdict, answer.cost, answer.bound, answer.others) == ("dearer", 12.5, 12.5, ("held-mail",))
    assert "A plan with it costs 3.50 more: 12.50 instead of 9. It would stand in for: held-mail." in page(answer)
    open_ = reason("stock", ("held-mail",), found=replace(found, bound=10.0, stopped="time"))
    assert "whether there is a cheaper one with it is not settled" in page(open_)
    same = reason("stock", ("held-mail",), found=replace(found, cost=9.0, bound=9.0))
    assert "A plan with it costs the same, 9" in page(same)


def test_an_option_that_only_a_dearer_plan_rests_on_is_not_said_to_change_nothing() -> None:
    # with all else the held mail does without it, and alone it covers the need of what is not built
    spares = Option("spares", (Cover("own-mail", "server", 400.0),), cost_once=10.0, cost_year=0.0, lead=1.0)
    options = (*OPTIONS, spares)
    other = Chosen(frozenset({0, 6}), {0: 0.0, 6: 0.0}, 11.0, 11.0)
    found = reason("spares", ("held-mail",), options=options, found=other)
    assert (found.verdict, found.cost, found.others) == ("dearer", 11.0, ("held-mail",))
    idle = Chosen(frozenset({1, 6}), {1: 0.0, 6: 0.0}, 19.0, 19.0)
    assert reason("spares", ("held-mail",), options=options, found=idle).verdict == "idle"


def test_an_option_that_no_plan_within_the_limits_can_have_says_so() -> None:
    none = Chosen(None, {}, float("inf"), float("inf"))
    assert reason("stock", ("held-mail",), found=none).verdict == "impossible"
    late = Chosen(None, {}, float("inf"), 0.0, "time")
    assert reason("stock", ("held-mail",), found=late).verdict == "dearer"
