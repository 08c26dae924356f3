"""Plans small enough to be worked out by hand: what is bought, when, for how much, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from freehold.errors import PlanError
from freehold.plan.confirming import Plain
from freehold.plan.goal_values import Goal, LevelAim, Limits
from freehold.plan.interface import Judged
from freehold.plan.option_values import Activate, Cover, Option
from freehold.plan.plan_values import PlanAnswer
from freehold.plan.planning import Beside, make_plan
from freehold.plan.proposals import candidate_options
from freehold.plan.roadmap import curves
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Item, Need, Provider, Source, Stack

US_STOP = Cutoff((Rule(country="US"),), name="US stop")
PROVIDERS = (Provider("us-co", country="US"), Provider("us-chips", country="US"), Provider("de-small", country="DE"))


def goal(
    *cuts: Cutoff, level: float = 1.0, days: tuple[float, ...] = (365.0,), throughout: bool = False, **limits: object
) -> Goal:
    aims = tuple(LevelAim(cut, level, days, throughout=throughout) for cut in cuts)
    return Goal(aims, Limits("2027-01-01", **limits))  # type: ignore[arg-type]


def candidate(item: str, provider: str, cost: float, name: str = "") -> Source:
    return Source(name or f"{item}@{provider}", item, provider, status="candidate", cost_once=cost, currency="EUR")


def chosen(answer: PlanAnswer) -> list[str]:
    assert answer.confirmed
    assert answer.impossible is None
    return [step.option for step in answer.steps]


@pytest.fixture
def service() -> Stack:
    return Stack(
        "two ways", "DE", ("EU",),
        items=(Item("app", mission=1.0), Item("service"), Item("chip")),
        providers=PROVIDERS,
        sources=(
            Source("app@self", "app", "self"), Source("service@us-co", "service", "us-co"),
            Source("chip@us-chips", "chip", "us-chips"),
            candidate("service", "de-small", 10.0), candidate("service", "self", 50.0),
        ),
        needs=(Need("app@self", "service"), Need("service@de-small", "chip")),
    )  # fmt: skip


def test_the_cheap_way_is_not_bought_where_the_cut_off_takes_what_it_needs(service: Stack) -> None:
    answer = make_plan(service, goal(US_STOP))
    assert chosen(answer) == ["service@self"]
    assert (answer.cost, answer.bound, answer.gap) == (50.0, 50.0, 0.0)


def test_the_cheap_way_is_bought_where_the_cut_off_leaves_what_it_needs(service: Stack) -> None:
    answer = make_plan(service, goal(Cutoff((Rule(provider="us-co"),))))
    assert chosen(answer) == ["service@de-small"]
    assert answer.cost == 10.0


def test_two_cut_offs_together_take_the_way_that_survives_both(service: Stack) -> None:
    answer = make_plan(service, goal(Cutoff((Rule(provider="us-co"),)), US_STOP))
    assert chosen(answer) == ["service@self"]
    assert [check.met for check in answer.checks] == [True, True]
    assert [check.before for check in answer.checks] == [0.0, 0.0]


@pytest.fixture
def part() -> Stack:
    return Stack(
        "stock", "DE",
        items=(Item("line", mission=1.0), Item("part")),
        providers=PROVIDERS,
        sources=(Source("line@self", "line", "self"), Source("part@us-co", "part", "us-co"), candidate("part", "self", 20.0)),
        needs=(Need("line@self", "part"),),
    )  # fmt: skip


STOCK = Option("stock", (Cover("line@self", "part", 60.0),), cost_once=5.0, cost_year=0.0, currency="EUR", lead=0.0)


def test_a_stock_bridges_a_cut_of_60_days_for_less_than_a_second_source(part: Stack) -> None:
    cut = Cutoff((Rule(country="US", until_day=60.0),))
    answer = make_plan(part, goal(cut, throughout=True), (*candidate_options(part), STOCK))
    assert chosen(answer) == ["stock"]
    assert answer.cost == 5.0


def test_the_least_that_is_left_is_found_between_the_days_that_are_shown(part: Stack) -> None:
    # the stock lasts 60 days, and the way out takes over on day 90 only
    slow = replace(part, sources=tuple(replace(one, recover=90.0) if one.id == "part@self" else one for one in part.sources))
    options = (*candidate_options(slow), STOCK)
    (curve,) = curves(slow, options, (US_STOP,), Goal((), Limits("2027-01-01"), reliance_days=(0.0, 30.0, 365.0)))
    assert curve.after.low == (1.0, 1.0, 1.0)
    assert curve.worst == (60.0, 0.0)


def test_a_cut_of_61_days_outlasts_the_stock(part: Stack) -> None:
    cut = Cutoff((Rule(country="US", until_day=61.0),))
    answer = make_plan(part, goal(cut, throughout=True), (*candidate_options(part), STOCK))
    assert chosen(answer) == ["part@self"]
    assert answer.cost == 20.0


@pytest.fixture
def circle() -> Stack:
    return Stack(
        "circle", "DE",
        items=(Item("a", mission=1.0), Item("b", mission=1.0)),
        providers=PROVIDERS,
        sources=(
            Source("a@us-co", "a", "us-co"), Source("b@us-co", "b", "us-co"),
            candidate("a", "self", 1.0, "a-from-b"), candidate("b", "self", 1.0, "b-from-a"),
        ),
        needs=(Need("a-from-b", "b"), Need("b-from-a", "a")),
    )  # fmt: skip


def test_two_candidates_that_would_hold_each_other_up_are_refused(circle: Stack) -> None:
    answer = make_plan(circle, goal(US_STOP))
    assert answer.steps == ()
    assert answer.cost is None
    assert answer.impossible is not None
    assert answer.impossible.reason == "options"
    assert answer.impossible.best == (0.0,)
    assert set(answer.impossible.missing) == {("a",), ("b",)}


def test_a_circle_that_has_a_beginning_may_be_bought(circle: Stack) -> None:
    dear = candidate("a", "self", 30.0, "a-alone")
    stack = Stack(circle.name, circle.home, (), None, circle.items, circle.providers, (*circle.sources, dear), circle.needs)
    answer = make_plan(stack, goal(US_STOP))
    assert sorted(chosen(answer)) == ["a-alone", "b-from-a"]
    assert answer.cost == 31.0


@pytest.fixture
def two_items() -> Stack:
    return Stack(
        "two items", "DE",
        items=(Item("a", mission=2.0), Item("b", mission=1.0)),
        providers=PROVIDERS,
        sources=(
            Source("a@us-co", "a", "us-co"), Source("b@us-co", "b", "us-co"),
            candidate("a", "self", 40.0), candidate("b", "self", 30.0),
        ),
    )  # fmt: skip


def test_a_yearly_budget_puts_the_second_step_into_the_second_year(two_items: Stack) -> None:
    answer = make_plan(two_items, goal(US_STOP, years=2, budget_years=(50.0,)))
    # what raises self-reliance most comes first: a weighs 2 of 3
    assert [(step.option, step.start) for step in answer.steps] == [("a@self", 0.0), ("b@self", 365.0)]
    assert [year.cost for year in answer.years] == [40.0, 30.0]
    assert [round(year.reliance_low, 6) for year in answer.years] == [0.666667, 1.0]


def test_one_year_is_too_short_for_that_budget_and_says_how_much_would_do(two_items: Stack) -> None:
    answer = make_plan(two_items, goal(US_STOP, years=1, budget_years=(50.0,)))
    assert answer.cost is None
    assert answer.impossible is not None
    assert answer.impossible.reason == "budget"
    assert answer.impossible.limit == 70.0


def test_a_target_out_of_reach_says_the_best_and_what_is_missing(two_items: Stack) -> None:
    stack = Stack(
        two_items.name, "DE", (), None, two_items.items, two_items.providers, two_items.sources[:3], two_items.needs
    )  # b has no way out
    answer = make_plan(stack, goal(US_STOP))
    assert answer.impossible is not None
    assert answer.impossible.reason == "options"
    assert [round(best, 6) for best in answer.impossible.best] == [0.666667]
    assert answer.impossible.missing == (("b",),)


def test_two_thirds_of_the_mission_cost_only_the_one_that_weighs_most(two_items: Stack) -> None:
    answer = make_plan(two_items, goal(US_STOP, level=0.66))
    assert chosen(answer) == ["a@self"]
    assert [(one.item, one.landlords) for one in answer.leased] == [("b", ("us-co",)), ("a", ("us-co",))]


def test_an_option_with_conditions_waits_for_what_it_requires(two_items: Stack) -> None:
    plan_of = {option.id: option for option in candidate_options(two_items)}
    training = Option("training", (Activate("b@self"),), cost_once=1.0, cost_year=0.0, currency="EUR", lead=30.0)
    first = Option("a@self", plan_of["a@self"].changes, cost_once=40.0, cost_year=0.0, currency="EUR", lead=10.0,
                   requires=("training",))  # fmt: skip
    answer = make_plan(two_items, goal(US_STOP), (first, training))
    assert [(step.option, step.start, step.ready) for step in answer.steps] == [
        ("training", 0.0, 30.0), ("a@self", 30.0, 40.0),
    ]  # fmt: skip
    assert (answer.steps[1].start_date, answer.steps[1].ready_date) == ("2027-01-31", "2027-02-10")


@pytest.mark.parametrize(("level", "beside"), [(1.0, Beside(alternatives=True)), (0.6, Beside(frontier=True))])
def test_no_other_plan_is_shown_that_the_cut_off_engine_does_not_confirm(
    two_items: Stack, level: float, beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    dearer = replace(two_items.sources[3], id="b-other", cost_once=30.5)
    stack = replace(two_items, sources=(*two_items.sources, dearer))
    answer = make_plan(stack, goal(US_STOP, level=level), beside=beside)
    plan = {step.option for step in answer.steps}
    others = [{*one.options} for one in (*answer.alternatives, *answer.frontier)]
    assert any(other != plan for other in others)

    def only_the_plan(_: Plain, built: Iterable[str]) -> Judged:
        holds = set(built) == plan
        return Judged((holds,), (float(holds),))

    monkeypatch.setattr(Plain, "confirm", only_the_plan)
    assert make_plan(stack, goal(US_STOP, level=level)).confirmed
    with pytest.raises(PlanError, match="does not confirm"):
        make_plan(stack, goal(US_STOP, level=level), beside=beside)


@pytest.mark.parametrize("seek", ["frontier", "reliance"])
def test_no_self_reliance_is_told_that_the_cut_off_engine_does_not_find(
    two_items: Stack, seek: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits("2027-01-01", budget=70.0)
    asked = Goal((), limits, seek="reliance") if seek == "reliance" else goal(US_STOP, level=0.6)
    beside = Beside(frontier=seek == "frontier")
    assert make_plan(two_items, asked, beside=beside).confirmed
    monkeypatch.setattr(Plain, "reliance", lambda *_: 0.5)
    with pytest.raises(PlanError, match="self-reliance was to be"):
        make_plan(two_items, asked, beside=beside)
