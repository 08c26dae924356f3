"""Why there is no plan: against trying everything, and by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.plan.goal_values import LevelAim, Limits, LossAim, ShareAim
from freehold.plan.held_items import held_option, items_at_stake
from freehold.plan.impossibility import why_impossible
from freehold.plan.option_values import Option
from freehold.plan.question import Over
from freehold.plan.search import Search
from freehold.plan.search_values import Terms
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import loads
from synthetic_judge import FormulaJudge, every_subset, way

START = "2026-01-01"


def option(id_: str, cost: float | None = 1.0, lead: float = 0.0, **others: object) -> Option:
    return Option(id_, (), cost_once=cost, cost_year=others.pop("cost_year", 0.0), lead=lead, **others)  # type: ignore[arg-type]


def search_of(options: Sequence[Option], limits: Limits, all_of: Sequence[int]) -> Search:
    judge = FormulaJudge(options, [1.0], [[way(1.0, all_of)]])
    return Search(judge, judge.goal(limits))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_what_is_missing_is_the_smallest_that_would_do(seed: int) -> None:
    rng = random.Random(seed)
    known, more = rng.randint(0, 3), rng.randint(1, 4)
    names = [f"i{number}" for number in range(more)]
    ways = [
        way(rng.choice((0.4, 0.6, 1.0)), rng.sample(range(known + more), min(known + more, rng.randint(1, 3))))
        for _ in range(5)
    ]
    options = [option(f"o{number}") for number in range(known)]
    level = rng.choice((0.5, 1.0))

    def judge_of(all_options: Sequence[Option]) -> FormulaJudge:
        return FormulaJudge(all_options, [level], [ways])

    judge = judge_of(options)
    search = Search(judge, judge.goal(Limits(START)))
    if search.ask().built is not None:
        return
    why = why_impossible(search, held=[held_option(name) for name in names], judge_of=judge_of)
    assert why.reason == "options"
    assert why.aims == (0,)
    assert why.best[0] == pytest.approx(max(judge.judge(built).reached[0] for built in every_subset(known)))

    def does(added: frozenset[int]) -> bool:
        return judge.judge(frozenset(range(known)) | {known + one for one in added}).done

    enough = [added for added in every_subset(more) if does(added)]
    minimal = {tuple(sorted(names[one] for one in added)) for added in enough if not any(other < added for other in enough)}
    assert set(why.missing) <= minimal
    assert len(why.missing) == min(5, len(minimal))
    if minimal:
        assert len(why.missing[0]) == min(map(len, minimal))


def test_an_option_that_cannot_be_judged_yet_is_named_where_it_would_do() -> None:
    search = search_of([option("unpriced", None), option("known")], Limits(START), [0, 1])
    why = why_impossible(search)
    assert (why.reason, why.aims, why.best, why.missing) == ("options", (0,), (0.0,), (("unpriced",),))


def test_where_nothing_would_do_nothing_is_named() -> None:
    judge = FormulaJudge([option("a")], [1.0], [[way(0.4, [0])]])
    why = why_impossible(Search(judge, judge.goal(Limits(START))))
    assert (why.reason, why.aims, why.best, why.missing) == ("options", (0,), (0.4,), ())


def test_only_the_aims_that_cannot_be_met_are_named() -> None:
    judge = FormulaJudge([option("a")], [1.0, 0.5], [[way(1.0, [0])], [way(0.4, [0])]])
    why = why_impossible(Search(judge, judge.goal(Limits(START))))
    assert (why.aims, why.best) == ((1,), (0.4,))


def test_options_that_exclude_each_other_are_a_matter_of_conditions() -> None:
    search = search_of([option("a", excludes=("b",)), option("b")], Limits(START), [0, 1])
    assert why_impossible(search).reason == "conditions"


def test_what_is_forced_and_cannot_be_is_a_matter_of_conditions() -> None:
    search = search_of([option("a", excludes=("b",)), option("b")], Limits(START), [0])
    assert search.ask(Terms(forced=frozenset({1}))).built is None
    assert why_impossible(search, Terms(forced=frozenset({1}))).reason == "conditions"


def test_a_budget_in_the_way_says_the_least_that_would_do() -> None:
    why = why_impossible(search_of([option("a", 30.0), option("b", 12.5)], Limits(START, budget=40.0), [0, 1]))
    assert (why.reason, why.limit) == ("budget", 42.5)


def test_a_cost_asked_for_in_the_way_is_a_budget() -> None:
    search = search_of([option("a", 30.0)], Limits(START), [0])
    assert search.ask(Terms(most_cost=29.0)).built is None
    why = why_impossible(search, Terms(most_cost=29.0))
    assert (why.reason, why.limit) == ("budget", 30.0)


def test_a_budget_of_the_year_in_the_way_says_the_least_for_every_year() -> None:
    # 90 in two years: 60 once and 30 once do not fit under 40, and 60 is the least that lets both start.
    why = why_impossible(
        search_of([option("a", 60.0), option("b", 30.0)], Limits(START, years=2, budget_years=(40.0,)), [0, 1])
    )
    assert why.reason == "budget"
    assert why.limit == pytest.approx(60.0, abs=0.1)


def test_too_little_time_says_the_earliest_day() -> None:
    options = [option("a", 1.0, 200.0), option("b", 1.0, 250.0, requires=("a",))]
    why = why_impossible(search_of(options, Limits(START), [1]))
    assert (why.reason, why.limit) == ("time", 450.0)


def test_a_longest_lead_in_the_way_is_a_matter_of_time() -> None:
    why = why_impossible(search_of([option("a", 1.0, 200.0)], Limits(START, lead=100.0), [0]))
    assert (why.reason, why.limit) == ("time", None)


def test_too_few_people_says_how_many() -> None:
    options = [option("a", 1.0, 300.0, people=2.0), option("b", 1.0, 300.0, people=3.0)]
    why = why_impossible(search_of(options, Limits(START, people=1.0), [0, 1]))
    assert (why.reason, why.limit) == ("people", 5.0)


def test_too_few_people_for_the_time_is_a_matter_of_time_first() -> None:
    options = [option("a", 1.0, 300.0, people=2.0), option("b", 1.0, 300.0, people=2.0)]
    why = why_impossible(search_of(options, Limits(START, people=3.0), [0, 1]))
    assert (why.reason, why.limit) == ("time", 600.0)


def test_several_limits_in_the_way_name_one_and_no_number() -> None:
    options = [option("a", 50.0, 400.0, people=9.0)]
    why = why_impossible(search_of(options, Limits(START, budget=10.0, people=1.0), [0]))
    assert (why.reason, why.limit) == ("budget", None)


def test_an_interruption_is_not_taken_for_a_reason() -> None:
    asked = False
    judge = FormulaJudge([option("a")], [1.0], [[way(0.4, [0])]])
    search = Search(judge, judge.goal(Limits(START)), interrupted=lambda: asked)
    asked = True
    with pytest.raises(Over, match="interrupted"):
        why_impossible(search)


CLINIC = """
[stack]
name = "clinic"
home = "DE"

[[provider]]
id = "far"
country = "US"

[[item]]
id = "assistant"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = ["llm", "power"]

[[item]]
id = "llm"
  [[item.source]]
  provider = "far"

[[item]]
id = "power"
  [[item.source]]
  provider = "self"
"""


def test_only_what_is_hit_itself_is_at_stake() -> None:
    stack = loads(CLINIC)
    foreign = LevelAim(Cutoff((Rule(foreign=True),)), 1.0, (0.0,))
    assert items_at_stake(stack, [foreign]) == ("llm",)
    assert items_at_stake(stack, [ShareAim("content", 1.0)]) == ("llm",)
    assert items_at_stake(stack, [LossAim("provider", 1, 1.0, (0.0,))]) == ("llm",)
    assert items_at_stake(stack, [LevelAim(Cutoff((Rule(item="power"),)), 1.0, (0.0,))]) == ("power",)
