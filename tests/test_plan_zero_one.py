"""A stack, its options and a goal as a problem of zeros and ones, and the search on it: laws held against the plain judge."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from freehold.plan.confirming import Plain
from freehold.plan.goal_values import BestAim, Goal, LevelAim, Limits
from freehold.plan.option_values import Activate, Cover, MoreCapacity, NewQuality, Option, Sooner, Spare
from freehold.plan.serving import Serving
from freehold.plan.zero_one import ZeroOne, zero_one_problem
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
@repeatable(200)
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
@repeatable(100)
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
