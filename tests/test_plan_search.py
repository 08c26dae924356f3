"""The search for plans: against every subset and every start day, and by hand."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.errors import UsageError
from freehold.plan.goal_values import Limits
from freehold.plan.option_values import Option
from freehold.plan.prices import plan_days
from freehold.plan.search import Search
from freehold.plan.search_values import Chosen, Committed, Future, Terms
from synthetic_judge import (
    FormulaJudge,
    Way,
    cost_of,
    counted,
    every_plan,
    every_subset,
    free_of_conflict,
    reached_by,
    way,
)  # fmt: skip

START = "2026-01-01"
YEAR = Limits(START)
DAYS = Limits(START, by="2026-01-05")


def option(id_: str, cost: float = 1.0, lead: float = 0.0, **others: object) -> Option:
    return Option(id_, (), cost_once=cost, cost_year=others.pop("cost_year", 0.0), lead=lead, **others)  # type: ignore[arg-type]


@st.composite
def judges(draw: st.DrawFn, most: int = 7, *, signed: bool = True, days: int = 0) -> FormulaJudge:
    """A judge of a few random options and aims; with days, leads and conditions that fit into so many."""
    count = draw(st.integers(1, most))
    rng = random.Random(draw(st.integers(0, 10**6)))
    ids = [f"o{number}" for number in range(count)]
    rng.shuffle(ids)
    options = []
    for number in range(count):
        others: dict[str, object] = {}
        if days:
            others["people"] = float(rng.choice((0, 1, 1, 2)))
            if number and rng.random() < 0.25:
                others["requires"] = (ids[rng.randrange(number)],)
            if number and rng.random() < 0.15:
                others["excludes"] = (ids[rng.randrange(number)],)
            if rng.random() < 0.2:
                others["earliest"] = f"2026-01-0{rng.randint(1, days)}"
        lead = float(rng.choice((0, 0, 1, 2, days - 1, days + 1))) if days else 0.0
        options.append(option(ids[number], float(rng.randint(0, 12)), lead, cost_year=float(rng.choice((0, 0, 73))), **others))

    def ways(many: int) -> list[Way]:
        found = []
        for _ in range(many):
            none_of = rng.sample(range(count), 1) if signed and rng.random() < 0.3 else []
            found.append(
                way(rng.choice((0.2, 0.35, 0.5, 1.0)), rng.sample(range(count), min(count, rng.randint(1, 3))), none_of)
            )
        return found

    aims = rng.randint(1, 3)
    return FormulaJudge(
        options,
        [rng.choice((0.3, 0.5, 0.7, 1.0)) for _ in range(aims)],
        [ways(rng.randint(2, 6)) for _ in range(aims)],
        ways(5),
    )


def least(judge: FormulaJudge, limits: Limits, terms: Terms, days: Sequence[int] = (0,)) -> float:
    """What trying everything finds."""
    last = plan_days(limits)
    futures = terms.futures or (Future(),)
    best = math.inf
    for plan in every_plan(judge.options, limits, days, terms):
        cost = cost_of(judge.options, plan, limits)
        if cost < best and (terms.most_cost is None or cost <= terms.most_cost + 1e-9):
            fine = 0
            for future in futures:
                built = counted(judge.options, plan, future, last)
                enough = terms.least_reliance is None or judge.reliance(built) >= terms.least_reliance - 1e-9
                fine += judge.judge(built).done and enough
            if fine >= terms.share * len(futures) - 1e-9:
                best = cost
    return best


def check(judge: FormulaJudge, limits: Limits, terms: Terms, chosen: Chosen, best: float) -> None:
    assert chosen.stopped is None
    if best == math.inf:
        assert chosen.built is None
        assert chosen.bound == math.inf
        return
    assert chosen.built is not None
    assert chosen.cost == pytest.approx(best, abs=1e-6)
    assert chosen.bound == pytest.approx(best, abs=1e-6)
    assert chosen.bound <= chosen.cost
    assert free_of_conflict(judge.options, chosen.starts, limits) == []
    assert cost_of(judge.options, chosen.starts, limits) == pytest.approx(chosen.cost)
    assert terms.forced <= chosen.built
    assert not terms.forbidden & chosen.built


@pytest.mark.parametrize("in_parts", [False, True])
@settings(max_examples=60, deadline=None)
@given(judges(), st.sampled_from([None, 5.0, 20.0]), st.data())
def test_the_least_cost_is_that_of_trying_every_subset(
    in_parts: bool, judge: FormulaJudge, budget: float | None, data: st.DataObject
) -> None:
    judge = judge.in_parts() if in_parts else judge
    some = st.frozensets(st.integers(0, len(judge.options) - 1), max_size=1)
    terms = Terms(
        forced=data.draw(some), forbidden=data.draw(some),
        least_reliance=data.draw(st.sampled_from([None, 0.4, 0.9])), most_cost=data.draw(st.sampled_from([None, 15.0])),
    )  # fmt: skip
    limits = Limits(START, budget=budget)
    search = Search(judge, judge.goal(limits))
    check(judge, limits, Terms(), search.ask(), least(judge, limits, Terms()))
    check(judge, limits, terms, search.ask(terms), least(judge, limits, terms))
    check(judge, limits, Terms(), search.ask(), least(judge, limits, Terms()))


@settings(max_examples=60, deadline=None)
@given(judges(4, days=4), st.sampled_from([None, 1.0, 2.0]), st.sampled_from([(), (3.0,), (9.0,)]), st.booleans())
def test_people_money_and_days_are_those_of_trying_every_start(
    judge: FormulaJudge, people: float | None, budgets: tuple[float, ...], learns: bool
) -> None:
    if learns:
        judge.options = [
            Option(one.id, (), cost_once=one.cost_once, cost_year=one.cost_year, lead=one.lead, earliest=one.earliest,
                   requires=one.requires, excludes=one.excludes, people=one.people, learns_with="all", learning=0.5)
            for one in judge.options
        ]  # fmt: skip
    limits = Limits(START, by="2026-01-05", people=people, budget_years=budgets)
    check(judge, limits, Terms(), Search(judge, judge.goal(limits)).ask(), least(judge, limits, Terms(), range(5)))


@settings(max_examples=40, deadline=None)
@given(judges(4, days=4), st.sampled_from([0.0, 0.1]), st.sampled_from([(), (6.0,), (4.0, 9.0, 12.0)]))
def test_years_and_discount_are_those_of_trying_every_season(
    judge: FormulaJudge, discount: float, budgets: tuple[float, ...]
) -> None:
    judge.options = [
        Option(one.id, (), cost_once=one.cost_once, cost_year=0.0, lead=73.0 * one.lead, requires=one.requires,
               excludes=one.excludes, people=one.people) for one in judge.options
    ]  # fmt: skip
    limits = Limits(START, years=2, discount=discount, budget_years=budgets)
    best = least(judge, limits, Terms(), range(0, 731, 146))
    chosen = Search(judge, judge.goal(limits)).ask()
    if best == math.inf:
        best = chosen.cost
    assert chosen.cost <= best + 1e-6
    check(judge, limits, Terms(), chosen, chosen.cost)


@pytest.mark.parametrize("in_parts", [False, True])
@settings(max_examples=60, deadline=None)
@given(judges(4, days=4), st.sampled_from([None, 1.0]), st.sampled_from([0.3, 0.6, 1.0]), st.data())
def test_a_share_of_futures_is_that_of_trying_every_plan(
    in_parts: bool, judge: FormulaJudge, people: float | None, share: float, data: st.DataObject
) -> None:
    judge = judge.in_parts() if in_parts else judge
    numbers = st.integers(0, len(judge.options) - 1)
    late = st.dictionaries(numbers, st.sampled_from([0.5, 1.0, 2.0]), max_size=2)
    futures = data.draw(st.lists(st.builds(Future, st.frozensets(numbers, max_size=1), late), min_size=1, max_size=5))
    limits = Limits(START, by="2026-01-05", people=people)
    terms = Terms(futures=tuple(futures), share=share)
    check(judge, limits, terms, Search(judge, judge.goal(limits)).ask(terms), least(judge, limits, terms, range(5)))


@pytest.mark.parametrize("in_parts", [False, True])
@settings(max_examples=40, deadline=None)
@given(judges(6), st.sampled_from([None, 4.0, 10.0, 30.0]))
def test_the_most_reliance_within_a_budget_is_that_of_trying_every_subset(
    in_parts: bool, judge: FormulaJudge, budget: float | None
) -> None:
    judge = judge.in_parts() if in_parts else judge
    limits = Limits(START, budget=budget)
    found = [
        (judge.reliance(built), -cost)
        for built in every_subset(len(judge.options))
        if judge.judge(built).done
        and (cost := cost_of(judge.options, dict.fromkeys(built, 0.0), limits)) <= (math.inf if budget is None else budget)
    ]
    chosen = Search(judge, judge.goal(limits, seek="reliance")).ask()
    assert chosen.stopped is None
    if not found:
        assert chosen.built is None
        return
    reliance, cost = max(found)
    assert chosen.built is not None
    assert chosen.reliance == pytest.approx(reliance)
    assert judge.reliance(chosen.built) == pytest.approx(reliance)
    assert chosen.reliance_bound == pytest.approx(reliance)
    assert chosen.cost == pytest.approx(-cost)
    assert chosen.bound == pytest.approx(-cost)


@settings(max_examples=40, deadline=None)
@given(judges(6), st.data())
def test_what_is_liked_most_is_that_of_trying_every_subset(judge: FormulaJudge, data: st.DataObject) -> None:
    liking = {one: data.draw(st.sampled_from([-1.0, 0.0, 0.5, 2.0])) for one in range(len(judge.options))}
    terms = Terms(liking=liking, most_cost=20.0)
    found = [
        (sum(liking[one] for one in built), -cost)
        for built in every_subset(len(judge.options))
        if judge.judge(built).done and (cost := cost_of(judge.options, dict.fromkeys(built, 0.0), YEAR)) <= 20
    ]
    chosen = Search(judge, judge.goal(YEAR)).ask(terms)
    if not found:
        assert chosen.built is None
        return
    liked, cost = max(found)
    assert chosen.built is not None
    assert chosen.cost == pytest.approx(liked)
    assert chosen.bound == pytest.approx(liked)
    assert cost_of(judge.options, chosen.starts, YEAR) == pytest.approx(-cost)


@settings(max_examples=30, deadline=None)
@given(judges(5, days=4))
def test_the_same_plan_whatever_the_order_of_the_options(judge: FormulaJudge) -> None:
    order = list(reversed(range(len(judge.options))))

    def turned(ways: Sequence[Way]) -> list[Way]:
        return [way(one.weight, [order[each] for each in one.all_of], [order[each] for each in one.none_of]) for one in ways]

    other = FormulaJudge(
        [judge.options[one] for one in order], judge.levels, [turned(ways) for ways in judge.ways], turned(judge.reliance_ways)
    )
    first, second = (Search(one, one.goal(DAYS)).ask() for one in (judge, other))
    names = [
        None if chosen.built is None else {one.options[number].id: chosen.starts[number] for number in chosen.built}
        for one, chosen in ((judge, first), (other, second))
    ]
    assert names[0] == names[1]


def two_ways(**others: object) -> tuple[Option, Option]:
    return option("cheap", 3.0), option("dear", 5.0, **others)


def test_what_is_needless_is_not_built_even_if_it_is_free() -> None:
    judge = FormulaJudge([option("free", 0.0), option("needed", 2.0)], [1.0], [[way(1.0, [1])]])
    chosen = Search(judge, judge.goal(YEAR)).ask()
    assert chosen.built == {1}
    assert (chosen.cost, chosen.bound) == (2.0, 2.0)


def test_equal_plans_are_told_apart_by_id() -> None:
    judge = FormulaJudge([option("b"), option("a"), option("c")], [1.0], [[way(1.0, [one]) for one in range(3)]])
    assert Search(judge, judge.goal(YEAR)).ask().built == {1}


def test_a_budget_of_the_year_puts_the_better_step_a_year_later() -> None:
    # 60 a year: the two together cost 100, so one waits; the one that raises self-reliance more is first.
    judge = FormulaJudge(
        [option("less", 50.0, 10.0), option("more", 50.0, 10.0)], [1.0], [[way(1.0, [0, 1])]], [way(0.1, [0]), way(0.6, [1])]
    )
    limits = Limits(START, years=2, budget_years=(60.0,))
    chosen = Search(judge, judge.goal(limits)).ask()
    assert chosen.starts == {1: 0.0, 0: 365.0}
    assert chosen.cost == 100.0


def test_a_budget_that_is_too_small_now_makes_the_dear_step_wait() -> None:
    judge = FormulaJudge([option("only", 80.0, 30.0)], [1.0], [[way(1.0, [0])]])
    chosen = Search(judge, judge.goal(Limits(START, years=2, budget_years=(50.0, 100.0)))).ask()
    assert chosen.starts == {0: 365.0}
    assert Search(judge, judge.goal(Limits(START, years=1, budget_years=(50.0, 100.0)))).ask().built is None


def test_a_running_cost_counts_for_the_whole_plan() -> None:
    # 3 at once and 2 a year for 3 years are 9; 8 at once are less.
    judge = FormulaJudge([option("rented", 3.0, cost_year=2.0), option("bought", 8.0)], [1.0], [[way(1.0, [0]), way(1.0, [1])]])
    chosen = Search(judge, judge.goal(Limits(START, years=3))).ask()
    assert (chosen.built, chosen.cost) == ({1}, 8.0)
    assert Search(judge, judge.goal(Limits(START, years=1))).ask().cost == 5.0


def test_what_was_learnt_lets_the_dear_one_be_the_second() -> None:
    # Wright: the second of a group costs 0.8 of its own: 10 + 0.8 * 20 = 26, not 20 + 0.8 * 10 = 28.
    pair = [option("a-dear", 20.0, learns_with="g", learning=0.8), option("b-cheap", 10.0, learns_with="g", learning=0.8)]
    judge = FormulaJudge(pair, [1.0], [[way(1.0, [0, 1])]])
    chosen = Search(judge, judge.goal(YEAR)).ask()
    assert chosen.cost == 26.0
    assert chosen.starts == {1: 0.0, 0: 1.0}


def test_people_who_are_few_do_one_thing_after_the_other() -> None:
    judge = FormulaJudge([option("a", 1.0, 30.0, people=2.0), option("b", 1.0, 40.0, people=2.0)], [1.0], [[way(1.0, [0, 1])]])
    chosen = Search(judge, judge.goal(Limits(START, people=3.0))).ask()
    assert sorted(chosen.starts.values()) in ([0.0, 30.0], [0.0, 40.0])
    assert free_of_conflict(judge.options, chosen.starts, Limits(START, people=3.0)) == []


def test_a_prerequisite_is_ready_first_even_with_half_days() -> None:
    judge = FormulaJudge([option("first", 1.0, 1.5), option("second", 1.0, 1.0, requires=("first",))], [1.0], [[way(1.0, [1])]])
    chosen = Search(judge, judge.goal(YEAR)).ask()
    assert chosen.starts == {0: 0.0, 1: 2.0}


def test_prerequisites_in_a_circle_are_never_built() -> None:
    pair = [option("a", requires=("b",)), option("b", requires=("a",))]
    judge = FormulaJudge(pair, [1.0], [[way(1.0, [0, 1])]])
    chosen = Search(judge, judge.goal(YEAR)).ask()
    assert (chosen.built, chosen.bound) == (None, math.inf)


def test_an_option_of_unknown_cost_is_in_no_plan() -> None:
    judge = FormulaJudge([Option("unknown", (), cost_once=None, cost_year=0.0, lead=0.0)], [1.0], [[way(1.0, [0])]])
    assert Search(judge, judge.goal(YEAR)).ask().built is None


def test_committed_steps_stay_and_cost_what_they_still_cost() -> None:
    judge = FormulaJudge([option("begun", 100.0, 50.0), option("other", 3.0, excludes=("begun",)), option("more", 4.0)], [1.0],
                         [[way(0.5, [0]), way(0.5, [1]), way(0.5, [2])]])  # fmt: skip
    chosen = Search(judge, judge.goal(YEAR), [Committed(0, -20.0, 30.0, 7.0)]).ask()
    assert chosen.built == {0, 2}
    assert chosen.cost == 11.0
    assert chosen.starts == {0: -20.0, 2: 0.0}


def test_a_committed_step_that_comes_too_late_does_not_count() -> None:
    judge = FormulaJudge([option("begun", 100.0, 50.0), option("other", 3.0)], [1.0], [[way(1.0, [0]), way(1.0, [1])]])
    chosen = Search(judge, judge.goal(YEAR), [Committed(0, -20.0, 400.0, 7.0)]).ask()
    assert chosen.built == {1}
    assert chosen.cost == 10.0


def test_costs_of_very_different_size_are_added_exactly() -> None:
    judge = FormulaJudge(
        [option("a", 1e12), option("b", 0.01), option("c", 1e12 + 0.02)], [1.0], [[way(1.0, [0, 1]), way(1.0, [2])]]
    )
    chosen = Search(judge, judge.goal(YEAR)).ask()
    assert chosen.built == {0, 1}
    assert chosen.cost == chosen.bound == 1e12 + 0.01
    for scale in (1e-200, 1e200):
        judge = FormulaJudge([option("a", 3 * scale), option("b", 2 * scale)], [1.0], [[way(1.0, [0]), way(1.0, [1])]])
        chosen = Search(judge, judge.goal(Limits(START, budget=2 * scale))).ask()
        assert chosen.built == {1}
        assert chosen.bound == pytest.approx(2 * scale, rel=1e-9)


def test_an_interrupted_search_gives_the_best_so_far_with_its_bound() -> None:
    asked = 0

    def interrupted() -> bool:
        nonlocal asked
        asked += 1
        return asked > 30

    rng = random.Random(3)
    options = [option(f"o{number}", float(rng.randint(1, 9))) for number in range(30)]
    ways = [way(0.1, rng.sample(range(30), 2)) for _ in range(25)]
    judge = FormulaJudge(options, [0.9], [ways]).in_parts()
    told: list[tuple[float, float]] = []
    chosen = Search(judge, judge.goal(YEAR), interrupted=interrupted, progress=lambda *both: told.append(both)).ask()
    assert chosen.stopped == "interrupted"
    proven = Search(judge, judge.goal(YEAR)).ask()
    assert chosen.bound <= proven.cost
    if chosen.built is not None:
        assert judge.judge(chosen.built).done
        assert chosen.cost >= proven.cost
    assert all(bound <= proven.cost <= cost for cost, bound in told)


def test_no_time_at_all_is_said_not_hidden() -> None:
    judge = FormulaJudge([option("a")], [1.0], [[way(1.0, [0])]])
    chosen = Search(judge, judge.goal(YEAR), seconds=0.0).ask()
    assert chosen.stopped == "time"
    assert chosen.bound <= 1.0


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(START, by="2025-12-31"), "cannot end before it starts"),
        (Limits(START, budget=-1.0), "budget of -1.0"),
        (Limits(START, budget=math.nan), "budget of nan"),
        (Limits(START, discount=-0.1), "discount"),
        (Limits("soon"), "no date"),
    ],
)
def test_limits_that_make_no_sense_are_refused(limits: Limits, words: str) -> None:
    judge = FormulaJudge([option("a")], [1.0], [[way(1.0, [0])]])
    with pytest.raises(UsageError, match=words):
        Search(judge, judge.goal(limits))


@pytest.mark.parametrize("terms", [Terms(forced=frozenset({1})), Terms(share=0.0), Terms(liking={0: math.inf})])
def test_terms_that_make_no_sense_are_refused(terms: Terms) -> None:
    judge = FormulaJudge([option("a")], [1.0], [[way(1.0, [0])]])
    with pytest.raises(UsageError):
        Search(judge, judge.goal(YEAR)).ask(terms)


def test_what_is_learnt_is_kept_for_the_next_question() -> None:
    rng = random.Random(5)
    options = [option(f"o{number}", float(rng.randint(1, 9))) for number in range(20)]
    judge = FormulaJudge(options, [0.9], [[way(0.1, rng.sample(range(20), 2)) for _ in range(20)]])
    search = Search(judge, judge.goal(YEAR))
    first = search.ask()
    calls = judge.calls
    assert search.ask() == first
    assert judge.calls == calls
    assert reached_by(judge.ways[0], first.built or frozenset()) >= 0.9 - 1e-9
