"""A stack, its options and a goal as a problem of zeros and ones, and the search on it: laws held against the plain judge."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

import pytest
from benchmarks.plan_instances import SHARED, as_problem, as_stack, generate, read_instance
from hypothesis import given
from hypothesis import strategies as st

from freehold.plan.confirming import Plain
from freehold.plan.end_state import end_state
from freehold.plan.goal_values import BestAim, Goal, LevelAim, Limits, LossAim
from freehold.plan.judging import StackJudge
from freehold.plan.option_values import Activate, Cover, MoreCapacity, NewQuality, Option, Sooner, Spare
from freehold.plan.planning import make_plan
from freehold.plan.search import Search
from freehold.plan.search_values import Chosen
from freehold.plan.serving import Serving
from freehold.plan.zero_one import ZeroOne, zero_one_problem
from freehold.plan.zero_one_search import zero_one
from freehold.plan.zero_one_simulated import simulated
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Item, Need, Provider, Source, Stack
from strategies import repeatable

LIMITS = Limits("2027-01-01")
PROVIDERS = (Provider("home", country="DE"), Provider("landlord", country="US"), Provider("eastern", country="CN"))
US = Cutoff((Rule(country="US"),), "US stop")


@st.composite
def plans(draw: st.DrawFn, *, prompt: bool = False, circles: bool = True) -> tuple[Stack, Goal, tuple[Option, ...]]:
    """A small stack whose levels are as a rule 0 or 1, a goal, and up to seven options.

    With ``prompt`` all that takes over does so at once and the same rules hold on all days; without ``circles`` every need is
    of an item further down.
    """
    count = draw(st.integers(2, 5))
    names = [f"i{number}" for number in range(count)]
    items, sources, needs, options = [], [], [], []
    recoveries = [None, None, None, 0.0] if prompt else [None, None, None, 30.0, 400.0]
    for number, name in enumerate(names):
        items.append(Item(name, mission=1.0 if number == 0 else draw(st.sampled_from([None, None, 1.0]))))
        forms = draw(st.lists(st.sampled_from(["candidate", "candidate", "standby"]), max_size=2))
        in_use = draw(st.sampled_from([1, 1, 1, 1, 0, 2]))
        for place, status in enumerate(["in-use"] * in_use + forms):
            source = Source(
                f"{name}s{place}", name, provider=draw(st.sampled_from(["home", "landlord", "landlord", "eastern", "self"])),
                status=status, recover=None if status == "in-use" else draw(st.sampled_from(recoveries)),
                capacity=draw(st.sampled_from([None, None, None, 0.0])) if status == "standby" else None,
                quality=draw(st.sampled_from([None, None, 0.5])),
                cost_once=None if status != "candidate" else draw(st.sampled_from([0.0, 1.0, 2.0, 5.0])),
            )  # fmt: skip
            sources.append(source)
            for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
                allowed = names if circles and draw(st.sampled_from([False, False, True])) else names[number + 1 :]
                if allowed:
                    needs.append(
                        Need(
                            source.id, draw(st.sampled_from(allowed)),
                            survive=draw(st.sampled_from([None, None, None, None, 30.0, 200.0, math.inf])),
                        )
                    )  # fmt: skip
            if status == "candidate":
                changes: tuple[object, ...] = (Activate(source.id),)
                if draw(st.sampled_from([False, False, True])):
                    changes = (*changes, Sooner(source.id, 0.0), NewQuality(source.id, 1.0))
                options.append(
                    Option(source.id, changes, cost_once=source.cost_once, cost_year=0.0, lead=0.0)  # type: ignore[arg-type]
                )
    needs = list({(need.source, need.item): need for need in needs}.values())
    for number in range(draw(st.integers(0, 3)) if sources else 0):
        source = draw(st.sampled_from(sources))
        own = [need for need in needs if need.source == source.id]
        change: object = draw(
            st.sampled_from([Sooner(source.id, 0.0), MoreCapacity(source.id, 1.0), NewQuality(source.id, 0.9)])
        )
        if own and draw(st.booleans()):
            need = draw(st.sampled_from(own))
            days = draw(st.sampled_from([30.0, 90.0, 500.0, math.inf]))
            change = draw(st.sampled_from([Cover(source.id, need.item, days), Spare(source.id, need.item, 0.0)]))
        before = tuple(one.id for one in options if draw(st.sampled_from([False] * 6 + [True])))
        once, yearly = draw(st.sampled_from([0.0, 1.0, 3.0])), draw(st.sampled_from([0.0, 1.0]))
        options.append(
            Option(f"o{number}", (change,), cost_once=once, cost_year=yearly, lead=0.0, requires=before)  # type: ignore[arg-type]
        )
    cuts = []
    for number in range(draw(st.integers(1, 2))):
        rules = []
        for provider in draw(st.sampled_from([("landlord",), ("eastern",), ("landlord", "eastern")])):
            from_day = 0.0 if prompt else draw(st.sampled_from([0.0, 0.0, 0.0, 10.0]))
            until = math.inf if prompt else draw(st.sampled_from([math.inf, math.inf, 100.0]))
            cover = draw(st.sampled_from(["keep", "keep", "keep", "void"]))
            rules.append(Rule(provider=provider, from_day=from_day, until_day=until, cover=cover))
        cuts.append(Cutoff(tuple(rules), f"cut {number}"))
    aims: list[BestAim | LevelAim] = []
    for cut in cuts:
        days = tuple(sorted(draw(st.sets(st.sampled_from([0.0, 20.0, 60.0, 365.0]), min_size=1, max_size=2))))
        if draw(st.booleans()):
            aims.append(BestAim(cut, days))
        else:
            target = draw(st.sampled_from([None, "i0", "i1"]))
            aims.append(LevelAim(cut, 1.0, days, target, throughout=draw(st.booleans())))
    stack = Stack("random", "DE", ("EU",), items=tuple(items), providers=PROVIDERS, sources=tuple(sources), needs=tuple(needs))
    quality = draw(st.sampled_from([None, None, None, 0.8]))
    return stack, Goal(tuple(aims), Limits("2027-01-01", quality=quality)), tuple(options)


def allowed_sets(options: tuple[Option, ...]) -> Iterator[frozenset[int]]:
    """Every set of options with what its members require."""
    place = {option.id: number for number, option in enumerate(options)}
    for size in range(len(options) + 1):
        for chosen in combinations(range(len(options)), size):
            if all(place[id_] in chosen for number in chosen for id_ in options[number].requires):
                yield frozenset(chosen)


def serves(found: ZeroOne, built: frozenset[int]) -> bool:
    return not Serving(found.problem).missing([number in built for number in found.option.tolist()])


@given(plans())
@repeatable(120)
def test_what_the_judge_accepts_is_a_solution_of_the_problem(plan: tuple[Stack, Goal, tuple[Option, ...]]) -> None:
    stack, goal, options = plan
    found = zero_one_problem(stack, goal, options)
    if isinstance(found, str) or len(options) > 6:
        return
    judge = Plain(stack, goal, options)
    for built in allowed_sets(options):
        if judge.judge(built).done:
            assert serves(found, built)


@given(plans(prompt=True, circles=False))
@repeatable(60)
def test_without_circles_and_with_what_takes_over_at_once_both_say_the_same(
    plan: tuple[Stack, Goal, tuple[Option, ...]],
) -> None:
    stack, goal, options = plan
    found = zero_one_problem(stack, goal, options)
    if isinstance(found, str) or len(options) > 6:
        return
    judge = Plain(stack, goal, options)
    for built in allowed_sets(options):
        done = judge.judge(built).done
        assert done == serves(found, built)
        assert done == bool(simulated(stack, goal, options, found, built).all())


def least_cost(options: tuple[Option, ...], judge: Plain) -> float:
    """By trying every set."""
    found = math.inf
    for built in allowed_sets(options):
        cost = sum(float(options[one].cost_once or 0) + float(options[one].cost_year or 0) for one in built)  # type: ignore[arg-type]
        if cost < found and judge.judge(built).done:
            found = cost
    return found


def found_by_engines(stack: Stack, goal: Goal, options: tuple[Option, ...]) -> Chosen | str:
    answer = zero_one(StackJudge(stack, goal, options), stack, goal, options, least=0, seconds=20.0)
    return answer if isinstance(answer, str) else answer[0]


@given(plans())
@repeatable(60)
def test_the_engines_find_what_trying_every_set_finds(plan: tuple[Stack, Goal, tuple[Option, ...]]) -> None:
    stack, goal, options = plan
    if len(options) > 6:
        return
    chosen = found_by_engines(stack, goal, options)
    if isinstance(chosen, str):
        return
    judge = Plain(stack, goal, options)
    assert chosen.cost == pytest.approx(least_cost(options, judge))
    assert chosen.stopped is None
    assert chosen.bound == pytest.approx(chosen.cost)
    if chosen.built is not None:
        assert judge.judge(chosen.built).done
        assert set(chosen.starts) == set(chosen.built)


@given(plans(prompt=True))
@repeatable(30)
def test_the_engines_and_the_general_search_agree(plan: tuple[Stack, Goal, tuple[Option, ...]]) -> None:
    stack, goal, options = plan
    chosen = found_by_engines(stack, goal, options)
    if isinstance(chosen, str):
        return
    general = Search(StackJudge(stack, goal, options), goal, seconds=20.0).ask()
    assert chosen.cost == pytest.approx(general.cost)
    assert (chosen.built is None) == (general.built is None)


def stack_of(*rows: tuple[str, str, str, float | None, tuple[str, ...]], **more: object) -> Stack:
    """A stack from rows of item, provider, status, cost and needs; the first item is the mission."""
    names = list(dict.fromkeys(row[0] for row in rows))
    sources, needs = [], []
    for item, provider, status, cost, needed in rows:
        id_ = f"{item}@{provider}"
        sources.append(Source(id_, item, provider=provider, status=status, cost_once=cost))
        needs += [Need(id_, one) for one in needed]
    items = tuple(Item(name, mission=1.0 if name == names[0] else None) for name in names)
    return replace(
        Stack("by hand", "DE", ("EU",), items=items, providers=PROVIDERS, sources=tuple(sources), needs=tuple(needs)), **more
    )  # type: ignore[arg-type]


def options_for(stack: Stack) -> tuple[Option, ...]:
    return tuple(
        Option(source.id, (Activate(source.id),), cost_once=source.cost_once, cost_year=0.0, lead=0.0)
        for source in stack.sources
        if source.status == "candidate"
    )


def level(stack: Stack, *, cut: Cutoff = US, days: tuple[float, ...] = (365.0,), least: float = 1.0) -> Goal:
    return Goal((LevelAim(cut, least, days, stack.items[0].id),), LIMITS)


def test_a_circle_that_has_stopped_does_not_start_again_and_the_dearer_plan_is_found() -> None:
    stack = stack_of(
        ("a", "home", "in-use", None, ("b",)), ("b", "home", "in-use", None, ("a", "c")), ("c", "home", "candidate", 1.0, ()),
        ("a", "self", "candidate", 5.0, ()),
    )  # fmt: skip
    goal, options = level(stack), options_for(stack)
    found = zero_one_problem(stack, goal, options)
    assert isinstance(found, ZeroOne)
    assert serves(found, frozenset({0}))
    assert not Plain(stack, goal, options).judge({0}).done
    chosen = found_by_engines(stack, goal, options)
    assert isinstance(chosen, Chosen)
    assert (chosen.built, chosen.cost, chosen.bound) == (frozenset({1}), 5.0, 5.0)


def test_two_candidates_that_hold_each_other_up_are_no_plan() -> None:
    stack = stack_of(
        ("a", "landlord", "in-use", None, ()), ("b", "landlord", "in-use", None, ()), ("a", "self", "candidate", 1.0, ("b",)),
        ("b", "self", "candidate", 1.0, ("a",)), ("b", "home", "candidate", 7.0, ()),
    )  # fmt: skip
    chosen = found_by_engines(stack, level(stack), options_for(stack))
    assert isinstance(chosen, Chosen)
    assert (chosen.built, chosen.cost) == (frozenset({0, 2}), 8.0)


def test_a_stock_does_while_it_lasts_and_no_longer() -> None:
    stack = stack_of(
        ("a", "home", "in-use", None, ("b",)), ("b", "landlord", "in-use", None, ()), ("b", "home", "candidate", 9.0, ())
    )
    stock = Option("stock", (Cover("a@home", "b", 60.0),), cost_once=2.0, cost_year=0.0, lead=0.0)
    options = (*options_for(stack), stock)
    bridged = found_by_engines(stack, level(stack, days=(59.0,)), options)
    outlived = found_by_engines(stack, level(stack, days=(59.0, 60.0)), options)
    assert isinstance(bridged, Chosen)
    assert isinstance(outlived, Chosen)
    assert (bridged.built, bridged.cost) == (frozenset({1}), 2.0)
    assert (outlived.built, outlived.cost) == (frozenset({0}), 9.0)


def test_what_an_option_requires_is_built_with_it() -> None:
    stack = stack_of(
        ("a", "landlord", "in-use", None, ()), ("a", "home", "candidate", 1.0, ()), ("a", "self", "candidate", 3.0, ())
    )
    first, second = options_for(stack)
    skill = Option("skill", (), cost_once=1.5, cost_year=0.0, lead=10.0)
    options = (replace(first, requires=("skill",)), second, skill)
    chosen = found_by_engines(stack, level(stack), options)
    assert isinstance(chosen, Chosen)
    assert (chosen.built, chosen.cost) == (frozenset({0, 2}), 2.5)
    assert chosen.starts == {0: 10.0, 2: 0.0}


def test_an_item_of_which_nothing_is_left_has_no_plan_and_that_is_proven() -> None:
    stack = stack_of(
        ("a", "landlord", "in-use", None, ("b",)), ("b", "home", "in-use", None, ()), ("b", "self", "candidate", 1.0, ())
    )
    chosen = found_by_engines(stack, level(stack), options_for(stack))
    assert chosen == Chosen(None, {}, math.inf, math.inf)


def test_a_plan_over_the_budget_is_none() -> None:
    stack = stack_of(("a", "landlord", "in-use", None, ()), ("a", "home", "candidate", 4.0, ()))
    goal = replace(level(stack), limits=replace(LIMITS, budget=3.0))
    assert found_by_engines(stack, goal, options_for(stack)) == Chosen(None, {}, math.inf, math.inf)


def test_budgets_of_years_put_steps_into_later_years() -> None:
    stack = stack_of(
        ("a", "home", "in-use", None, ("b", "c")), ("b", "landlord", "in-use", None, ()), ("c", "landlord", "in-use", None, ()),
        ("b", "home", "candidate", 4.0, ()), ("c", "home", "candidate", 5.0, ()),
    )  # fmt: skip
    goal = replace(level(stack), limits=replace(LIMITS, years=2, budget_years=(5.0,)))
    chosen = found_by_engines(stack, goal, options_for(stack))
    assert isinstance(chosen, Chosen)
    assert (chosen.cost, sorted(chosen.starts.values())) == (9.0, [0.0, 365.0])
    tight = replace(goal, limits=replace(goal.limits, budget_years=(4.0,)))
    assert "budgets of the years" in str(found_by_engines(stack, tight, options_for(stack)))


PLAIN = stack_of(
    ("a", "landlord", "in-use", None, ("b",)), ("b", "home", "in-use", None, ()), ("a", "home", "candidate", 1.0, ("b",))
)


@pytest.mark.parametrize(
    ("stack", "goal", "words"),
    [
        (PLAIN, Goal((LossAim("provider", 1, 1.0, (0.0,)),), LIMITS), "the worst of many losses"),
        (PLAIN, Goal((), LIMITS, "reliance"), "most self-reliance"),
        (PLAIN, Goal((), LIMITS), "nothing is asked"),
        (replace(PLAIN, needs=(Need("a@home", "b", weight=0.5),)), level(PLAIN), "'a' loses only a part without 'b'"),
        (PLAIN, level(PLAIN, cut=Cutoff((Rule(country="US", availability=0.5),))), "leaves a part of a source of 'a'"),
        (
            replace(PLAIN, needs=(Need("a@home", "b", survive=math.inf),)),
            level(PLAIN, cut=Cutoff((Rule(country="US"), Rule(provider="home", cover="void", availability=0.5)))),
            "leaves a part of a source of 'a'",
        ),
        (
            replace(PLAIN, items=tuple(replace(item, mission=1.0) for item in PLAIN.items)),
            Goal((LevelAim(US, 0.5, (0.0,)),), LIMITS),
            "on one part of it or on another",
        ),
        (replace(PLAIN, sources=tuple(replace(one, capacity=0.5) for one in PLAIN.sources)), level(PLAIN), "'a' runs in part"),
        (
            replace(PLAIN, needs=(Need("a@home", "b", survive=30.0),)),
            level(PLAIN, cut=Cutoff((Rule(country="US", from_day=10.0),))),
            "not the same on all days",
        ),
    ],
)  # fmt: skip
def test_why_levels_have_to_be_solved_is_said(stack: Stack, goal: Goal, words: str) -> None:
    found = zero_one_problem(stack, goal, options_for(stack))
    assert isinstance(found, str)
    assert words in found


def test_few_options_are_left_to_the_general_search() -> None:
    answer = zero_one(StackJudge(PLAIN, level(PLAIN), options_for(PLAIN)), PLAIN, level(PLAIN), options_for(PLAIN))
    assert answer == "there are only 1 options"


def test_an_instance_is_the_same_as_a_problem_and_as_a_stack() -> None:
    instance = generate(64, scenarios=9, seed=3)
    again = generate(64, scenarios=9, seed=3)
    assert (instance.cost == again.cost).all()
    assert instance.scenarios == again.scenarios
    stack, options, goal = as_stack(instance)
    found = zero_one_problem(stack, goal, options)
    assert isinstance(found, ZeroOne)
    plain = as_problem(instance)
    assert sorted(zip(found.problem.pair_item, found.problem.pair_scenario, strict=True)) == sorted(
        zip(plain.pair_item, plain.pair_scenario, strict=True)
    )
    assert end_state(found.problem).cost == end_state(plain).cost


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_the_shared_instance_of_400_items_costs_199_and_the_simulator_confirms_it() -> None:
    stack, options, goal = as_stack(read_instance(SHARED / "i400.json"))
    answer = zero_one(StackJudge(stack, goal, options), stack, goal, options, seconds=60.0)
    assert not isinstance(answer, str)
    chosen, greedy = answer
    assert (chosen.cost, chosen.bound, chosen.stopped) == (199.0, 199.0, None)
    assert chosen.built is not None
    assert Plain(stack, goal, options).judge(chosen.built).done
    assert greedy is not None
    assert greedy >= 199


def test_a_solver_writes_nothing_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    assert end_state(as_problem(generate(64, scenarios=9, seed=3))).built is not None
    assert capfd.readouterr() == ("", "")


def test_with_a_penalty_a_step_waits_until_there_is_money_for_it() -> None:
    stack = stack_of(("a", "landlord", "in-use", None, ()), ("a", "home", "candidate", 4.0, ()))
    limits = replace(LIMITS, years=3, budget_years=(2.0, 4.0), penalty=10.0)
    goal = Goal((BestAim(US, (0.0,)),), limits)
    chosen = found_by_engines(stack, goal, options_for(stack))
    assert isinstance(chosen, Chosen)
    assert (chosen.cost, chosen.starts) == (pytest.approx(10.0 + 4.0), {0: 365.0})
    cheap = replace(goal, limits=replace(limits, penalty=1.0))
    waits = found_by_engines(stack, cheap, options_for(stack))
    assert isinstance(waits, Chosen)
    assert (waits.cost, waits.built) == (pytest.approx(3.0), frozenset())


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (replace(LIMITS, penalty=1.0, budget=5.0), "budget in all"),
        (replace(LIMITS, penalty=1.0, people=1.0), "people"),
        (replace(LIMITS, penalty=1.0, by="2027-07-01"), "ready within its year"),
    ],
)
def test_why_a_penalty_cannot_be_planned_with_year_by_year_is_said(limits: Limits, words: str) -> None:
    stack = stack_of(("a", "landlord", "in-use", None, ()), ("a", "home", "candidate", 4.0, ()))
    assert words in str(found_by_engines(stack, Goal((BestAim(US, (0.0,)),), limits), options_for(stack)))


@st.composite
def yearly(draw: st.DrawFn) -> tuple[Stack, Goal, tuple[Option, ...]]:
    """Two or three years, up to four candidates for what the mission rests on, without circles."""
    rows: list[tuple[str, str, str, float | None, tuple[str, ...]]] = [("a", "home", "in-use", None, ("b", "c"))]
    for item, needed in (("b", ("d",)), ("c", ()), ("d", ())):
        rows.append((item, draw(st.sampled_from(["landlord", "home"])), "in-use", None, ()))
        if draw(st.booleans()):
            cost = draw(st.sampled_from([1.0, 2.0, 3.0]))
            rows.append((item, "self", "candidate", cost, draw(st.sampled_from([(), needed]))))
    stack = stack_of(*rows)
    years = draw(st.integers(2, 3))
    limits = Limits(
        "2027-01-01", years=years, budget_years=(draw(st.sampled_from([1.0, 2.0, 3.0])), draw(st.sampled_from([2.0, 4.0]))),
        penalty=draw(st.sampled_from([0.5, 2.0, 5.0])), discount=draw(st.sampled_from([0.0, 0.1])),
    )  # fmt: skip
    items = tuple(replace(item, mission=1.0 if item.id in ("a", "c") else None) for item in stack.items)
    return replace(stack, items=items), Goal((BestAim(US, (0.0,)),), limits), options_for(stack)


@given(yearly())
@repeatable(25)
def test_over_years_the_engines_find_what_trying_every_year_finds(plan: tuple[Stack, Goal, tuple[Option, ...]]) -> None:
    stack, goal, options = plan
    chosen = found_by_engines(stack, goal, options)
    if not isinstance(chosen, Chosen):
        assert not options
        return
    found = zero_one_problem(stack, goal, options)
    assert isinstance(found, ZeroOne)
    limits, years = goal.limits, goal.limits.years
    had = {built: simulated(stack, goal, options, found, built) for built in allowed_sets(options)}
    best = math.inf
    for plan_of in product(range(-1, years), repeat=len(options)):
        total = 0.0
        for year in range(years):
            spent = sum(float(options[one].cost_once or 0) for one, at in enumerate(plan_of) if at == year)  # type: ignore[arg-type]
            if spent > limits.budget_years[min(year, 1)] + 1e-9:
                total = math.inf
            there = frozenset(one for one, at in enumerate(plan_of) if 0 <= at <= year)
            missing = int((~had[there]).sum())
            total += (spent + (limits.penalty or 0) / 2 * missing) / (1 + limits.discount) ** year
        best = min(best, total)
    assert chosen.cost == pytest.approx(best)
    assert chosen.bound == pytest.approx(best, rel=1e-6)


def test_a_plan_with_a_penalty_is_shown_with_what_it_leaves_unserved() -> None:
    stack = stack_of(("a", "landlord", "in-use", None, ()), ("a", "home", "candidate", 4.0, ()))
    goal = Goal((BestAim(US, (0.0,)),), replace(LIMITS, years=2, penalty=1.0))
    answer = make_plan(stack, goal, options_for(stack), seconds=10.0)
    assert (answer.cost, answer.steps, answer.confirmed) == (2.0, (), True)
    assert not answer.checks[0].met


def test_a_large_stack_is_planned_by_the_engines() -> None:
    stack, options, goal = as_stack(generate(64, scenarios=9, seed=3))
    answer = make_plan(stack, goal, options, seconds=20.0)
    assert answer.confirmed
    assert answer.cost == pytest.approx(end_state(as_problem(generate(64, scenarios=9, seed=3))).cost)
    assert answer.greedy is not None
    assert answer.greedy >= answer.cost
