"""The judge of plans: answers worked by hand, and the law that the fast judge says what the plain simulator says."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from freehold.errors import PlanError
from freehold.measure.cutoff import cutoff
from freehold.plan.applied import apply_options
from freehold.plan.confirming import Plain, confirm, refuse_unconfirmed
from freehold.plan.goal_values import Aim, BestAim, Goal, LevelAim, Limits, LossAim, ShareAim
from freehold.plan.impossibility import why_impossible
from freehold.plan.judging import StackJudge
from freehold.plan.option_values import Activate, Cover, MoreCapacity, NewQuality, Option
from freehold.plan.search import Search
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Item, Need, Provider, Source, Stack
from plan_options import options_of, stacks_with_candidates
from strategies import cutoffs, repeatable

FOREIGN = Cutoff((Rule(foreign=True),))
LIMITS = Limits("2026-01-01")
Question: TypeAlias = tuple[Stack, tuple[Option, ...], Goal, list[frozenset[int]]]


def goal(*aims: Aim, **limits: object) -> Goal:
    return Goal(aims, replace(LIMITS, **limits))  # type: ignore[arg-type]


@st.composite
def questions(draw: st.DrawFn) -> Question:
    stack = draw(stacks_with_candidates())
    options = draw(options_of(stack))
    days = tuple(sorted(draw(st.lists(st.sampled_from([0.0, 3.5, 5.0, 30.0, 90.0]), min_size=1, max_size=3, unique=True))))
    cut = draw(cutoffs())
    target = draw(st.sampled_from([None, *(item.id for item in stack.items)]))
    aims: tuple[Aim, ...] = (
        LevelAim(cut, 0.6, days, target), LevelAim(cut, 0.6, days, target, throughout=True), BestAim(cut, days),
        ShareAim("content", 0.5), ShareAim("face_value", 0.5, item=stack.items[0].id),
        LossAim(draw(st.sampled_from(["provider", "owner", "country"])), draw(st.integers(1, 2)), 0.5, days),
    )  # fmt: skip
    quality = draw(st.sampled_from([None, None, 0.5]))
    everything = frozenset(range(len(options)))
    sets = draw(st.lists(st.sets(st.sampled_from(sorted(everything))).map(frozenset), min_size=1, max_size=3))
    return stack, options, Goal(aims, Limits("2026-01-01", quality=quality)), [frozenset(), everything, *sets]


def agree(asked: Question) -> None:
    """See that both judges say the same of all sets."""
    stack, options, goal, sets = asked
    fast, plain = StackJudge(stack, goal, options), Plain(stack, goal, options)
    for built in sets:
        for aim in range(len(goal.aims)):
            found, expected = fast.judge(built, (aim,)), plain.judge(built, (aim,))
            assert found.met[aim] == expected.met[aim], (aim, built)
            if expected.met[aim] or not isinstance(goal.aims[aim], LossAim):
                # of losses that are too much, the first found will do
                assert found.reached[aim] == pytest.approx(expected.reached[aim], abs=1e-9), (aim, built)
        assert fast.reliance(built) == pytest.approx(plain.reliance(built), abs=1e-9)


@repeatable(30)
@given(questions())
def test_the_fast_judge_says_what_the_plain_simulator_says(asked: Question) -> None:
    agree(asked)


@pytest.mark.slow
@settings(settings.get_profile("repeatable"), max_examples=60, phases=[Phase.generate])
@given(questions())
def test_the_fast_judge_says_what_the_plain_simulator_says_of_many(asked: Question) -> None:
    agree(asked)


# Worked by hand

US = Provider("us", country="US")


def two_ways(*, cheap_need: str = "us") -> tuple[Stack, tuple[Option, ...]]:
    """One item that is had from abroad; a cheap option that needs another thing, and a dear one that needs nothing."""
    stack = Stack(
        "two ways", "DE", items=(Item("service", mission=1.0), Item("key")), providers=(US,),
        sources=(
            Source("bought", "service", "us"), Source("cheap", "service", "self", status="candidate"),
            Source("dear", "service", "self", status="candidate"), Source("signer", "key", cheap_need),
        ),
        needs=(Need("cheap", "key"),),
    )  # fmt: skip
    return stack, (priced("cheap", 1.0, Activate("cheap")), priced("dear", 9.0, Activate("dear")))


def priced(id_: str, cost: float, *changes: object, **more: object) -> Option:
    return Option(id_, changes, cost_once=cost, cost_year=0.0, lead=0.0, **more)  # type: ignore[arg-type]


def level(judge: StackJudge, *built: int) -> tuple[bool, float]:
    judged = judge.judge(frozenset(built))
    return judged.met[0], judged.reached[0]


def test_the_cheap_way_does_only_where_the_cut_off_leaves_what_it_needs() -> None:
    stack, options = two_ways()
    judge = StackJudge(stack, goal(LevelAim(FOREIGN, 1.0, (0.0, 365.0))), options)
    assert [level(judge), level(judge, 0), level(judge, 1)] == [(False, 0), (False, 0), (True, 1)]
    stack, options = two_ways(cheap_need="self")
    judge = StackJudge(stack, goal(LevelAim(FOREIGN, 1.0, (0.0, 365.0))), options)
    assert level(judge, 0) == (True, 1)


def test_a_stock_bridges_sixty_days() -> None:
    stack = Stack("s", "DE", items=(Item("service", mission=1.0), Item("part")), providers=(US,),
                  sources=(Source("own", "service", "self"), Source("bought", "part", "us")),
                  needs=(Need("own", "part"),))  # fmt: skip
    cut = Cutoff((Rule(foreign=True, until_day=60.0),))
    options = (priced("stock-59", 1.0, Cover("own", "part", 59.0)), priced("stock-60", 2.0, Cover("own", "part", 60.0)))
    judge = StackJudge(stack, goal(LevelAim(cut, 1.0, (365.0,), throughout=True)), options)
    assert [level(judge), level(judge, 0), level(judge, 1)] == [(False, 0), (False, 0), (True, 1)]
    assert judge.signs(0) == (1, 1)


def circle() -> tuple[Stack, tuple[Option, ...]]:
    stack = Stack(
        "circle", "DE", items=(Item("power", mission=1.0), Item("fuel")), providers=(US,),
        sources=(
            Source("grid", "power", "us"), Source("tanker", "fuel", "us"),
            Source("plant", "power", "self", status="candidate"), Source("refinery", "fuel", "self", status="candidate"),
        ),
        needs=(Need("plant", "fuel"), Need("refinery", "power")),
    )  # fmt: skip
    stock = priced("stock", 1.0, Cover("plant", "fuel", 1.0))
    return stack, (priced("plant", 1.0, Activate("plant")), priced("refinery", 1.0, Activate("refinery")), stock)


def test_a_circle_of_two_candidates_is_refused_unless_something_starts_it() -> None:
    stack, options = circle()
    judge = StackJudge(stack, goal(LevelAim(FOREIGN, 1.0, (0.0, 365.0))), options)
    assert level(judge, 0, 1) == (False, 0)
    assert level(judge, 0, 1, 2) == (True, 1)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("weight", [0.5, 0.8, 1.0])
@pytest.mark.parametrize("enough", [0.4, 0.7, 1.0])
def test_both_judges_credit_a_circle_that_starts_small_alike(*, whole: bool, weight: float, enough: float) -> None:
    sources = (
        Source("grid", "power", "us"), Source("plant", "power", "self", status="candidate"),
        Source("tanker", "fuel", "us", share=0.7), Source("biogas", "fuel", "self", share=0.3),
        Source("refinery", "fuel", "self", status="candidate", capacity=0.7),
    )  # fmt: skip
    stack = Stack(
        "small", "DE", items=(Item("power", mission=1.0, whole=whole), Item("fuel")), providers=(US,), sources=sources,
        needs=(Need("plant", "fuel", enough=enough), Need("refinery", "power", weight=weight)),
    )  # fmt: skip
    options = (priced("plant", 1.0, Activate("plant")), priced("refinery", 1.0, Activate("refinery")))
    asked = goal(LevelAim(FOREIGN, 1.0, (0.0, 365.0)), LevelAim(FOREIGN, 1.0, (5.0,)))
    fast = StackJudge(stack, asked, options).judge(frozenset({0, 1})).reached
    assert fast == pytest.approx(Plain(stack, asked, options).judge({0, 1}).reached)
    # biogas alone gives 0.3 of the fuel, and what the refinery does without power comes on top
    fuel = 0.3 + 0.7 * (1 - weight)
    while True:
        power = min(1.0, fuel / enough)
        power = float(power > 1 - 1e-9) if whole else power
        more = min(1.0, 0.3 + 0.7 * (1 - weight * (1 - power)))
        if more <= fuel + 1e-13:
            break
        fuel = more
    assert fast == pytest.approx((power, power), abs=1e-6)


def test_a_plan_that_counts_on_a_circle_is_not_confirmed() -> None:
    stack, options = circle()
    asked = goal(LevelAim(FOREIGN, 1.0, (0.0, 365.0)))
    # a cut-off of the changed stack alone would be fooled
    assert cutoff(apply_options(stack, options[:2]), FOREIGN, (0.0, 365.0)).mission.low == (1, 1)
    judged = confirm(stack, asked, ("plant", "refinery"), options)
    assert not judged.done
    with pytest.raises(PlanError, match="does not confirm"):
        refuse_unconfirmed(asked, judged)
    refuse_unconfirmed(asked, confirm(stack, asked, ("plant", "refinery", "stock"), options))


def test_a_plan_against_its_own_conditions_is_not_confirmed() -> None:
    stack, (cheap, dear) = two_ways()
    asked = goal(LevelAim(FOREIGN, 1.0, (0.0,)))
    with pytest.raises(PlanError, match="without 'dear'"):
        confirm(stack, asked, ("cheap",), (replace(cheap, requires=("dear",)), dear))
    with pytest.raises(PlanError, match="exclude each other"):
        confirm(stack, asked, ("cheap", "dear"), (replace(cheap, excludes=("dear",)), dear))
    with pytest.raises(PlanError, match="no option"):
        confirm(stack, asked, ("dare",), (cheap, dear))


def test_a_level_between_the_days_asked_counts_only_where_it_must_hold_throughout() -> None:
    stack, options = two_ways()
    cut = Cutoff((Rule(foreign=True, from_day=10.0, until_day=20.0),))
    aims = (LevelAim(cut, 1.0, (0.0, 30.0)), LevelAim(cut, 1.0, (0.0, 30.0), throughout=True))
    judge = StackJudge(stack, goal(*aims), options)
    assert judge.judge(frozenset()).met == (True, False)
    assert judge.judge(frozenset()).reached == (1, 0)
    assert judge.judge(frozenset(), (0,)).done
    assert confirm(stack, goal(*aims), (), options).met == (True, False)


def test_as_high_as_it_can_be_is_what_all_usable_options_reach_together() -> None:
    stack, options = two_ways()
    judge = StackJudge(stack, goal(BestAim(FOREIGN, (0.0,))), options)
    assert [level(judge), level(judge, 0), level(judge, 1)] == [(False, 0), (False, 0), (True, 1)]
    late = (options[0], replace(options[1], lead=999.0))
    judge = StackJudge(stack, goal(BestAim(FOREIGN, (0.0,))), late)
    assert level(judge) == (True, 1)
    many_people = (options[0], replace(options[1], lead=9.0, people=3.0))
    judge = StackJudge(stack, goal(BestAim(FOREIGN, (0.0,)), people=2.0), many_people)
    assert level(judge) == (True, 1)


def test_of_options_that_exclude_each_other_the_better_sets_the_standard() -> None:
    stack, (cheap, dear) = two_ways()
    judge = StackJudge(stack, goal(BestAim(FOREIGN, (0.0,))), (replace(cheap, excludes=("dear",)), dear))
    assert [level(judge, 0), level(judge, 1)] == [(False, 0), (True, 1)]


def test_a_share_moves_face_value_and_content_and_standing_by_moves_neither() -> None:
    stack, _ = two_ways()
    options = (priced("by", 1.0, Activate("dear")), priced("half", 1.0, Activate("dear", 0.5)))
    aims = (ShareAim("face_value", 0.5), ShareAim("content", 0.5, item="service"))
    judge = StackJudge(stack, goal(*aims), options)
    assert judge.judge(frozenset({0})).reached == (0, 0)
    assert judge.judge(frozenset({1})).reached == (0.5, 0.5)
    assert judge.signs(0) == (1, 0)


def test_a_source_of_too_low_quality_does_not_count_until_it_is_good_enough() -> None:
    stack, options = two_ways()
    poor = tuple(replace(one, quality=0.4) if one.id == "dear" else one for one in stack.sources)
    more = (*options, priced("research", 1.0, NewQuality("dear", 0.8)))
    judge = StackJudge(replace(stack, sources=poor), goal(LevelAim(FOREIGN, 1.0, (0.0,)), quality=0.5), more)
    assert [level(judge, 1), level(judge, 2), level(judge, 1, 2)] == [(False, 0), (False, 0), (True, 1)]


def test_self_reliance_is_the_level_with_everything_foreign_cut_off() -> None:
    stack, options = two_ways()
    judge = StackJudge(stack, goal(LevelAim(FOREIGN, 1.0, (0.0,))), (*options, priced("more", 1.0, MoreCapacity("dear", 0.7))))
    assert [judge.reliance(frozenset()), judge.reliance(frozenset({1}))] == [0, 1]
    assert StackJudge(replace(stack, home=None), goal(), options).reliance(frozenset()) == 0


@repeatable(40)
@given(questions(), st.data())
def test_what_is_said_to_help_never_harms(
    asked: tuple[Stack, tuple[Option, ...], Goal, list[frozenset[int]]], data: st.DataObject
) -> None:
    stack, options, goal, sets = asked
    judge = StackJudge(stack, goal, options)
    for aim in range(len(goal.aims)):
        helps = [place for place, sign in enumerate(judge.signs(aim)) if sign == 1]
        if not helps:
            continue
        one = data.draw(st.sampled_from(helps))
        for built in sets:
            less, more = judge.judge(built - {one}, (aim,)), judge.judge(built | {one}, (aim,))
            assert more.met[aim] or not less.met[aim], (aim, one, built)
            if not isinstance(goal.aims[aim], LossAim) or (more.met[aim] and less.met[aim]):
                assert more.reached[aim] >= less.reached[aim] - 1e-9, (aim, one, built)


def test_the_best_against_losses_is_what_the_worst_loss_leaves() -> None:
    # the first loss that is too much leaves most: the second provider's item has nothing that stands by
    sources = (
        Source("first", "mail", "a"), Source("spare", "mail", "self", status="standby", capacity=0.5),
        Source("second", "files", "b"), Source("third", "files", "c", status="candidate", capacity=0.2),
    )  # fmt: skip
    stack = Stack(
        "losses", "DE", items=(Item("mail", mission=1.0), Item("files", mission=1.0)),
        providers=tuple(Provider(one, country="DE") for one in "abc"), sources=sources,
    )  # fmt: skip
    options = (priced("third", 1.0, Activate("third")),)
    asked = goal(LossAim("provider", 1, 0.9, (0.0,)))
    judge = StackJudge(stack, asked, options)
    assert Plain(stack, asked, options).judge(()).reached == (0.5,)
    assert judge.judge(frozenset({0})).reached == Plain(stack, asked, options).judge({0}).reached == pytest.approx((0.6,))
    search = Search(judge, asked)
    assert search.ask().built is None
    assert why_impossible(search).best == pytest.approx((0.6,))
