"""In which share of futures a plan holds: by hand, against every outcome, and against what was published of intervals."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from freehold.errors import UsageError
from freehold.plan.confidence import confidence, confident_plan, wilson
from freehold.plan.futures import draw_futures, outcomes_of, standing
from freehold.plan.goal_values import LevelAim
from freehold.plan.judging import StackJudge
from freehold.plan.option_values import Option, Slip
from freehold.plan.plan_outcomes import PlanOutcomes
from freehold.plan.prices import plan_days
from freehold.plan.proposals import options_of
from freehold.plan.search import Search
from freehold.plan.search_values import Chosen, Committed, Future, Terms
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import loads
from plan_stand_in import EverySubset, TableJudge, goal, judges

ONE, TWO, BOTH = frozenset({0}), frozenset({1}), frozenset({0, 1})


def option(
    id_: str, success: float = 1.0, *slips: tuple[float, float], cost: float = 1.0, requires: tuple[str, ...] = ()
) -> Option:
    return Option(
        id_, (), cost_once=cost, cost_year=0.0, lead=300.0, success=success, slip=tuple(Slip(*one) for one in slips),
        requires=requires,
    )  # fmt: skip


def chosen(*built: int) -> Chosen:
    return Chosen(frozenset(built), dict.fromkeys(built, 0.0), 0.0, 0.0)


def test_two_steps_that_are_both_needed_hold_as_often_as_both_work() -> None:
    judge = TableJudge((option("a", 0.9), option("b", 0.8)), ((BOTH,),))
    found = confidence(judge, goal(), chosen(0, 1), (), 0.5)
    assert found.reached == found.low == found.high == pytest.approx(0.72)
    assert (found.counted, found.futures, found.asked) == (True, 0, 0.5)
    # the less sure one first where both matter alike
    assert found.hurts == (("b", pytest.approx(0.72)), ("a", pytest.approx(0.72)))


def test_two_steps_of_which_one_is_enough_hold_unless_both_fail() -> None:
    judge = TableJudge((option("a", 0.9), option("b", 0.8)), ((ONE, TWO),))
    found = confidence(judge, goal(), chosen(0, 1), ())
    assert found.reached == pytest.approx(0.98)
    assert found.hurts == (("a", pytest.approx(0.18)), ("b", pytest.approx(0.08)))


def test_a_slip_counts_only_where_the_time_left_does_not_take_it_up() -> None:
    judge = TableJudge((option("a", 1.0, (60, 0.5), (90, 0.2)),), ((ONE,),))
    # 300 days of lead in a year of 365: 60 days fit, 90 do not
    assert confidence(judge, goal(), chosen(0), ()).reached == pytest.approx(0.8)
    assert confidence(judge, goal(years=2), chosen(0), ()).reached == pytest.approx(1.0)


def test_what_was_done_before_is_sure_and_hurts_nothing() -> None:
    judge = TableJudge((option("a", 0.1), option("b", 0.8)), ((BOTH,),))
    found = confidence(judge, goal(), chosen(0, 1), (), committed=(Committed(0, -400.0, -100.0, 0.0),))
    assert found.reached == pytest.approx(0.8)
    assert [id_ for id_, _ in found.hurts] == ["b"]


def test_a_self_reliance_that_must_be_kept_counts_beside_the_aims() -> None:
    judge = TableJudge((option("a", 0.9), option("b", 0.8)), ((ONE,),), ((0.5, (TWO,)),))
    assert confidence(judge, goal(), chosen(0, 1), ()).reached == pytest.approx(0.9)
    assert confidence(judge, goal(), chosen(0, 1), (), least_reliance=0.5).reached == pytest.approx(0.72)


def test_many_unsure_steps_are_sampled_and_the_interval_says_how_well() -> None:
    count = 20
    judge = TableJudge(tuple(option(f"o{number:02}", 0.99) for number in range(count)), ((frozenset(range(count)),),))
    found = confidence(judge, goal(), chosen(*range(count)), draw_futures(judge.options, 2000, 7))
    assert (found.counted, found.futures) == (False, 2000)
    assert found.low < 0.99**count < found.high
    assert (found.low, found.high) == pytest.approx(wilson(found.reached * 2000, 2000))
    assert {fall for _, fall in found.hurts} == {found.reached}


def test_without_time_to_judge_nothing_is_claimed() -> None:
    judge = TableJudge((option("a", 0.9), option("b", 0.8)), ((BOTH,),))
    found = confidence(judge, goal(), chosen(0, 1), (), seconds=0.0)
    assert (found.low, found.high, found.unjudged, found.hurts) == (0.0, 1.0, 2, ())


def test_no_plan_and_no_futures_to_sample_are_refused() -> None:
    judge = TableJudge(tuple(option(f"o{number}", 0.5) for number in range(20)), ((ONE,),))
    with pytest.raises(UsageError, match="There is no plan"):
        confidence(judge, goal(), Chosen(None, {}, math.inf, math.inf), ())
    with pytest.raises(UsageError, match="Draw some futures"):
        confidence(judge, goal(), chosen(*range(20)), ())


OFFICE = """
[stack]
home = "DE"

[[provider]]
id = "us"
country = "US"

[[item]]
id = "mail"
mission = 1
  [[item.source]]
  provider = "us"
  [[item.source]]
  id = "own-mail"
  provider = "self"
  status = "candidate"
  cost_once = 10
  needs = ["server"]
  [[item.source]]
  id = "lent-mail"
  provider = "self"
  status = "candidate"
  cost_once = 20
[[item]]
id = "server"
mission = 0
  [[item.source]]
  provider = "us"
  [[item.source]]
  id = "own-server"
  provider = "self"
  status = "candidate"
  cost_once = 5
"""


def test_on_a_stack_the_share_is_that_of_futures_in_which_its_cut_off_is_survived() -> None:
    stack, sure = loads(OFFICE, "office.toml"), {"own-mail": 0.9, "own-server": 0.8, "lent-mail": 0.7}
    options = tuple(replace(one, success=sure[one.id]) for one in options_of(stack))
    aim = LevelAim(Cutoff((Rule(foreign=True),)), 1.0, (0.0,))
    asked = replace(goal(), aims=(aim,))
    judge = StackJudge(stack, asked, options)
    search, number = Search(judge, asked), {one.id: place for place, one in enumerate(options)}
    cheapest = confidence(judge, asked, search.ask(), ())
    # both the mail and its server have to come about
    assert cheapest.reached == pytest.approx(0.72)
    assert cheapest.hurts == (("own-server", pytest.approx(0.72)), ("own-mail", pytest.approx(0.72)))
    plan, surer = confident_plan(search, judge, asked, 0.9)
    assert plan.built == set(number.values())
    assert surer is not None
    # 1 - (1 - 0.72) (1 - 0.7); without the server, or the mail on it, 0.7 is left, without the lent one 0.72
    assert surer.reached == pytest.approx(0.916)
    assert surer.hurts == tuple(
        (id_, pytest.approx(fall)) for id_, fall in (("own-server", 0.216), ("own-mail", 0.216), ("lent-mail", 0.196))
    )


def test_the_interval_is_the_published_one() -> None:
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 857, table I
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def every_outcome(judge: TableJudge, plan: Chosen, last: float, fails: int | None = None) -> float:
    """The true share, by all that may become of each step."""
    assert plan.built is not None
    steps, total = sorted(plan.built), []
    for outcome in product(*(outcomes_of(judge.options[one]) for one in steps)):
        lost = frozenset(one for one, (days, _) in zip(steps, outcome, strict=True) if days is None or one == fails)
        late = {one: days for one, (days, _) in zip(steps, outcome, strict=True) if days}
        if judge.judge(standing(judge.options, plan.starts, Future(lost, late), last)).done:
            total.append(math.prod(odds for _, odds in outcome))
    return math.fsum(total)


@settings(max_examples=80, deadline=None)
@given(judges(odds=True), st.integers(1, 2))
def test_the_share_and_what_hurts_are_those_of_all_outcomes(judge: TableJudge, years: int) -> None:
    question = goal(years=years)
    plan = EverySubset(judge, question).ask(Terms(liking=dict.fromkeys(range(len(judge.options)), 1.0)))
    assume(plan.built is not None)
    last = plan_days(question.limits)
    found = confidence(judge, question, plan, ())
    assert found.counted
    assert found.reached == pytest.approx(every_outcome(judge, plan, last))
    for number in plan.built or ():
        fall = found.reached - every_outcome(judge, plan, last, number)
        assert dict(found.hurts).get(judge.options[number].id, 0.0) == pytest.approx(max(0.0, fall), abs=1e-8)


@settings(max_examples=50, deadline=None)
@given(judges(most=4, odds=True), st.integers(0, 1000))
def test_a_sample_gives_the_share_of_its_futures(judge: TableJudge, seed: int) -> None:
    question = goal()
    plan = EverySubset(judge, question).ask()
    assume(plan.built is not None)
    futures, last = draw_futures(judge.options, 40, seed), plan_days(question.limits)
    drawn = PlanOutcomes(judge.options, plan.starts, last, futures, most=0)
    held = sum(judge.judge(standing(judge.options, plan.starts, one, last)).done for one in futures)
    assert not drawn.counted
    assert sum(odds for stands, odds in drawn.outcomes() if judge.judge(stands).done) == pytest.approx(held / 40)
    for number in plan.built or ():
        surely = [Future(one.failed | {number}, one.late) for one in futures]
        held = sum(judge.judge(standing(judge.options, plan.starts, one, last)).done for one in surely)
        assert sum(odds for stands, odds in drawn.without(number) if judge.judge(stands).done) == pytest.approx(held / 40)


def test_planning_for_a_share_buys_the_second_way_that_makes_it_sure_enough() -> None:
    # alone a holds in 0.9 of all futures, with b in 0.98, with c in 0.99
    judge = TableJudge(
        (option("a", 0.9, cost=10), option("b", 0.8, cost=3), option("c", 0.9, cost=9)),
        ((frozenset({0}), frozenset({1}), frozenset({2})),),
    )
    search = Search(judge, goal())
    for asked, built, reached in ((0.75, {1}, 0.8), (0.85, {2}, 0.9), (0.95, {1, 2}, 0.98), (0.985, {0, 2}, 0.99)):
        plan, sure = confident_plan(search, judge, search.goal, asked, count=2000, seed=5)
        assert plan.built == built
        assert sure is not None
        assert (sure.asked, sure.reached) == (asked, pytest.approx(reached))


def test_a_plan_that_only_its_own_sample_flatters_is_planned_anew() -> None:
    judge = TableJudge((option("a", 0.9, cost=1), option("b", 0.97, cost=5)), ((ONE, TWO),))
    search = Search(judge, goal())
    flattering = next(seed for seed in range(500) if sum(0 in one.failed for one in draw_futures(judge.options, 20, seed)) == 1)
    assert search.ask(Terms(futures=draw_futures(judge.options, 20, flattering), share=0.95)).built == {0}
    plan, sure = confident_plan(search, judge, search.goal, 0.95, count=20, seed=flattering)
    assert plan.built is not None
    assert 1 in plan.built
    assert sure is not None
    assert sure.reached >= 0.95


def test_a_share_that_no_plan_reaches_gives_none_and_tells_how_sure_the_surest_is() -> None:
    judge = TableJudge((option("a", 0.5), option("b", 0.5, cost=9)), ((ONE, TWO),))
    plan, sure = confident_plan(Search(judge, goal()), judge, goal(), 0.99, count=200)
    assert (plan.built, plan.bound, plan.stopped) == (None, math.inf, None)
    assert sure is not None
    assert (sure.asked, sure.reached) == (0.99, pytest.approx(0.75))


def test_what_holds_in_exactly_the_share_asked_for_is_found_whatever_the_sample_says() -> None:
    judge = TableJudge((option("a", 0.9),), ((ONE,),))
    for seed in range(6):
        plan, sure = confident_plan(Search(judge, goal()), judge, goal(), 0.9, count=50, seed=seed)
        assert plan.built == {0}
        assert sure is not None
        assert sure.reached == pytest.approx(0.9)


def test_without_any_plan_there_is_no_confidence_and_shares_that_are_none_are_refused() -> None:
    judge = TableJudge((option("a", 0.5),), ((),))
    search = Search(judge, goal())
    plan, sure = confident_plan(search, judge, search.goal, 0.5, count=10)
    assert (plan.built, plan.bound, sure) == (None, math.inf, None)
    for share in (1.5, 0.0, math.nan):
        with pytest.raises(UsageError, match="share"):
            confident_plan(search, judge, search.goal, share)


def test_where_self_reliance_is_sought_it_is_kept_in_that_share_too() -> None:
    # a gives 0.3 with odds 0.6, b gives 0.2 with odds 0.95
    judge = TableJudge((option("a", 0.6), option("b", 0.95)), (), ((0.3, (ONE,)), (0.2, (TWO,))))
    reliant = replace(goal(), seek="reliance")
    for asked, reached, level in ((0.5, 0.57, 0.5), (0.59, 0.6, 0.3), (0.9, 0.95, 0.2)):
        plan, sure = confident_plan(Search(judge, reliant), judge, reliant, asked, count=2000, seed=1)
        assert plan.reliance == pytest.approx(level)
        assert sure is not None
        assert sure.reached == pytest.approx(reached)


@settings(max_examples=25, deadline=None)
@given(judges(most=4, odds=True), st.sampled_from([0.4, 0.7, 0.9]))
def test_the_cheapest_plan_that_is_sure_enough_is_found_where_samples_can_tell(judge: TableJudge, asked: float) -> None:
    search, last = EverySubset(judge, goal()), plan_days(goal().limits)
    shares = {
        one[0]: every_outcome(judge, Chosen(one[0], one[1], one[2], one[2]), last)
        for one in search.plans()
        if judge.judge(one[0]).done
    }
    # a share so near to the one asked for that 400 futures cannot tell them apart is left out
    assume(all(abs(share - asked) > 0.08 or share == asked for share in shares.values()))
    plan, sure = confident_plan(Search(judge, goal()), judge, goal(), asked, count=400, seed=2)
    able = [one for one in search.plans() if shares.get(one[0], 0.0) >= asked]
    if able:
        assert plan.cost == pytest.approx(min(one[2] for one in able))
        assert sure is not None
        assert sure.reached >= asked - 1e-9
    else:
        # the surest plan that was found need not be the surest that there is
        assert plan.built is None
        assert (sure is None) == (not shares)
        assert sure is None or 0 <= sure.reached <= max(shares.values()) + 1e-9
