"""What lifts a scheme: answers worked by hand on small schemes, and the search against all subsets."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from freehold.cli import main
from freehold.errors import UsageError
from freehold.plan.applied import apply_options
from freehold.plan.option_values import Activate, Option
from freehold.plan.proposals import options_of
from freehold.report.answers import context_of
from freehold.report.interface import Look
from freehold.report.lift_blocks import LIFT_SCHEMA, lift_blocks, lift_json
from freehold.report.render import render, to_json
from freehold.report.schemas import json_schema
from freehold.report.scheme_answers import ScoresAnswer
from freehold.schemes.interface import Asked, Measured, Parameter
from freehold.schemes.lift import lift
from freehold.schemes.lift_options import taken_into_use, what_stands_by
from freehold.schemes.lift_sets import Offer
from freehold.schemes.lift_values import Hold, Lift, LiftSet, LiftStep
from freehold.schemes.scheme_values import Choice, Factor, FromStack, LevelName, Objective, Reference, Scheme, Score
from freehold.schemes.scoring import score
from freehold.stack.shares import fill_shares
from freehold.stack.values import UNKNOWN, Item, Need, Provider, Source, Stack

EXAMPLES = Path(__file__).parent.parent / "examples"
REFERENCE = Reference("title", "publisher", "https://example.org", "2026-11-26")
HOLD = Hold("F", "title", "objective", 2, perhaps=True)
EVIL = "<script>alert(1)</script>\x1b[31m"


def stands(asked: Asked, parameters: Mapping[str, Parameter]) -> Measured:
    """How many sources of an item are more than candidates; with ``against``, one less for each of another item."""
    stack = asked.stack
    count = {item: sum(one.status != "candidate" for one in stack.sources_of[item]) for item in stack.item_by_id}
    low = count[str(parameters["item"])] - (count[str(parameters["against"])] - 1 if "against" in parameters else 0)
    doubt = sum(one.status is UNKNOWN for one in stack.sources_of[str(parameters["item"])])
    return Measured(float(low - doubt), float(low), f"{low} stand", unknowns=doubt)


def factor(id_: str, item: str | None, least: tuple[int, ...] = (0, 2, 3), **more: str) -> Factor:
    """A factor of levels 0, 1, 2: from how many sources on each is reached; of nobody's stack where no item is named."""
    ends = (*least[1:], math.inf)
    choices = tuple(
        Choice(letter, f"{id_} {letter}", level * 50.0, level, ((-math.inf if not level else float(start), end - 0.5),))
        for level, (letter, start, end) in enumerate(zip("abc", least, ends, strict=True))
    )
    if item is None:
        return Factor(id_, f"title {id_}", tuple(replace(one, when=()) for one in choices))
    return Factor(id_, f"title {id_}", choices, FromStack("stands", {"item": item, **more}))


def scheme(*factors: Factor) -> Scheme:
    levels = tuple(LevelName(level, f"L{level}", "") for level in range(3))
    return Scheme("test", "Test", "1", "points", (REFERENCE,), (Objective("O", "Objective", 100.0, factors),), levels=levels)


def stack_of(**candidates: tuple[float | None, ...]) -> Stack:
    """An item each, one source in use, and candidates of these prices."""
    items, sources = [], []
    for item, prices in candidates.items():
        items.append(Item(item))
        sources.append(Source(f"{item}@self", item, "self"))
        for number, price in enumerate(prices):
            cost = UNKNOWN if price is None else price
            sources.append(Source(f"{item}{number}", item, "self", status="candidate", cost_once=cost))
    return Stack(home="DE", items=tuple(items), sources=tuple(sources))


def scored(one: Scheme, stack: Stack, answers: Mapping[str, str] | None = None) -> Score:
    return score(one, Asked(stack), answers, measures={"stands": stands})


def lifted(
    one: Scheme,
    stack: Stack,
    options: tuple[Option, ...] | None = None,
    answers: Mapping[str, str] | None = None,
    **more: float,
) -> Lift:
    options = options_of(stack) if options is None else options
    return lift(scored(one, stack, answers), lambda built: scored(one, built, answers), stack, options, **more)  # type: ignore[arg-type]


def found(step: LiftStep) -> tuple[tuple[str, ...], float]:
    assert step.found is not None
    return step.found.options, step.found.price


def test_the_cheapest_set_of_each_level_is_told_with_its_price() -> None:
    # a needs 2 sources for level 1 and 3 for level 2; so does b
    answer = lifted(scheme(factor("A", "a"), factor("B", "b")), stack_of(a=(5.0, 2.0), b=(7.0, 9.0, 3.0)))
    assert (answer.level, answer.stack_level) == (0, 0)
    assert [one.level for one in answer.steps] == [1, 2]
    assert found(answer.steps[0]) == (("a1", "b2"), 5.0)
    assert found(answer.steps[1]) == (("a0", "a1", "b0", "b2"), 17.0)
    assert [one.proof for one in answer.steps] == ["tried", "tried"]
    assert answer.stopped == "done"


def test_running_costs_count_for_the_years_asked() -> None:
    stack = stack_of(a=(5.0,))
    yearly = replace(stack, sources=(*stack.sources[:1], replace(stack.sources[1], cost_year=10.0)))
    assert found(lifted(scheme(factor("A", "a")), yearly, years=3).steps[0]) == (("a0",), 35.0)


def test_what_only_persons_answer_is_told_apart_with_the_letter_that_it_takes() -> None:
    one = scheme(factor("A", "a"), factor("P", None), factor("Q", None))
    answer = lifted(one, stack_of(a=(4.0,)), answers={"Q": "b"})
    assert (answer.level, answer.stack_level) == (0, 0)
    first, second = answer.steps
    assert [(one.factor, one.letters, one.to, one.basis) for one in first.answers] == [
        ("P", ("a", "b", "c"), "b", "unanswered")
    ]
    assert [(one.factor, one.to, one.basis) for one in second.answers] == [("P", "c", "unanswered"), ("Q", "c", "person")]
    assert found(first) == (("a0",), 4.0)
    assert second.found is None


def test_where_the_stack_allows_a_level_already_only_answers_are_missing() -> None:
    answer = lifted(scheme(factor("A", "a", (0, 1, 2)), factor("P", None)), stack_of(a=(4.0,)))
    assert (answer.level, answer.stack_level) == (0, 1)
    assert found(answer.steps[0]) == ((), 0.0)


def test_a_level_that_no_set_reaches_names_the_factors_that_hold_it() -> None:
    answer = lifted(scheme(factor("A", "a"), factor("B", "b")), stack_of(a=(5.0,), b=()))
    step = answer.steps[0]
    assert (step.found, step.proof) == (None, "tried")
    assert [(one.factor, one.unknowns, one.perhaps) for one in step.holding] == [("B", 0, False)]


def test_an_unknown_fact_that_would_do_is_told_with_the_factor_that_it_holds() -> None:
    stack = stack_of(a=())
    unsure = replace(stack, sources=(*stack.sources, Source("more", "a", "self", status=UNKNOWN)))
    step = lifted(scheme(factor("A", "a")), unsure).steps[0]
    assert [(one.factor, one.unknowns, one.perhaps) for one in step.holding] == [("A", 1, True)]


def test_an_option_that_lowers_a_factor_is_seen_when_all_cheaper_sets_are_tried() -> None:
    # each further b takes one from A; level 1 of A needs 2, of B needs 2
    one = scheme(factor("A", "a", against="b"), factor("B", "b"))
    answer = lifted(one, stack_of(a=(1.0, 1.5), b=(3.0,)))
    assert found(answer.steps[0]) == (("a0", "a1", "b0"), 5.5)
    assert answer.steps[0].proof == "tried"
    # a reaches its level only without b: no larger set does, and yet one is found
    down = scheme(factor("A", "a", (0, 2, 4), against="b"))
    assert found(lifted(down, stack_of(a=(4.0,), b=(0.0,))).steps[0]) == (("a0",), 4.0)


def test_what_excludes_each_other_is_never_together_and_what_is_required_comes_along() -> None:
    stack = stack_of(a=(1.0, 2.0, 6.0), b=(4.0,))
    options = tuple(
        replace(one, excludes=("a1",)) if one.id == "a0" else replace(one, requires=("b0",)) if one.id == "a2" else one
        for one in options_of(stack)
    )
    answer = lifted(scheme(factor("A", "a")), stack, options)
    assert found(answer.steps[0]) == (("a0",), 1.0)
    assert found(answer.steps[1]) == (("a0", "a2", "b0"), 11.0)


def test_options_without_a_price_are_named_with_what_they_would_do() -> None:
    answer = lifted(scheme(factor("A", "a"), factor("B", "b")), stack_of(a=(None, 3.0), b=(2.0,)))
    assert answer.considered == 2
    assert [(one.option, one.lacking, one.level, one.points) for one in answer.unpriced] == [
        ("a0", ("cost_once",), None, pytest.approx(25.0))
    ]
    assert found(answer.steps[0]) == (("a1", "b0"), 5.0)


def test_options_that_raise_the_score_come_by_points_a_unit_of_money() -> None:
    answer = lifted(scheme(factor("A", "a"), factor("B", "b", (0, 9, 10))), stack_of(a=(10.0, 4.0), b=(1.0,)))
    assert [(one.options, one.price, one.points) for one in answer.gains] == [(("a1",), 4.0, 25.0), (("a0",), 10.0, 25.0)]


def test_learning_makes_a_set_cheaper_than_the_sum() -> None:
    stack = stack_of(a=(8.0, 8.0))
    options = tuple(replace(one, learns_with="g", learning=0.5) for one in options_of(stack))
    answer = lifted(scheme(factor("A", "a", (0, 3, 4))), stack, options)
    assert found(answer.steps[0]) == (("a0", "a1"), 12.0)
    offer = Offer(options)
    assert (offer.floor((0, 1)), offer.price((0, 1))) == (8.0, 12.0)


def test_a_circle_that_would_only_hold_itself_up_counts_for_nothing() -> None:
    items = (Item("top", mission=1.0), Item("x"), Item("y"))
    sources = (
        Source("top@self", "top", "self"), Source("x@us", "x", "us"), Source("y@us", "y", "us"),
        *(Source(f"{item}2", item, "self", status="candidate", cost_once=1.0) for item in "xy"),
    )  # fmt: skip
    needs = (Need("top@self", "x"), Need("x2", "y"), Need("y2", "x"))
    stack = Stack(home="DE", items=items, sources=sources, needs=needs, providers=(Provider("us", country="US"),))
    both = scheme(factor("A", "x"), factor("B", "y"))
    assert lifted(both, stack).steps[0].found is None
    assert found(lifted(both, replace(stack, needs=needs[:2])).steps[0]) == (("x2", "y2"), 2.0)


def test_bounds_are_kept_and_told() -> None:
    one = scheme(factor("A", "a", (0, 5, 9)))
    stack = stack_of(a=tuple(float(2**number) for number in range(6)))
    few = lifted(one, stack, tries=3)
    assert few.tried <= 4
    assert few.stopped == "tries"
    assert few.steps[0].proof == "open"
    more = lifted(one, stack)
    assert (found(more.steps[0]), more.steps[0].proof) == ((("a0", "a1", "a2", "a3"), 15.0), "tried")
    # nothing is assumed but that no option lowers a factor: the cheapest is found with few trials, and said to be assumed
    some = lifted(one, stack, tries=14)
    if some.steps[0].proof == "assumed":
        assert found(some.steps[0])[1] == 15.0


def test_several_currencies_and_schemes_without_a_number_are_refused() -> None:
    stack = stack_of(a=(1.0, 2.0))
    first, second = options_of(stack)
    with pytest.raises(UsageError, match="one currency"):
        lifted(scheme(factor("A", "a")), stack, (replace(first, currency="EUR"), replace(second, currency="USD")))
    figures = scored(scheme(factor("A", "a")), stack)
    with pytest.raises(UsageError, match="neither a level nor a score"):
        lift(replace(figures, level=None, score=None), lambda _: figures, stack, ())


def test_what_an_option_brings_counts_as_in_use_as_far_as_it_can_meet_the_need() -> None:
    source = Source("x1", "x", "self", status="candidate", capacity=0.6, cost_once=1.0)
    stack = Stack(items=(Item("x"), Item("y")), sources=(Source("x0", "x", "self"), source, Source("y0", "y", "self")))
    used = taken_into_use(stack, options_of(stack))
    built = apply_options(stack, used)
    assert [one.share[0] for one in fill_shares(built, built.item_by_id["x"])] == pytest.approx([0.4, 0.6])
    unsure = replace(stack, sources=(stack.sources[0], replace(source, capacity=UNKNOWN), stack.sources[2]))
    assert taken_into_use(unsure, options_of(unsure)) == options_of(unsure)


def test_what_stands_by_is_named_without_a_price() -> None:
    stack = stack_of(a=(3.0,))
    standing = replace(stack, sources=(*stack.sources, Source("more", "a", "self", status="standby")))
    options = options_of(standing)
    assert [one.id for one in what_stands_by(standing, options)] == ["more"]
    assert "more" in [one.option for one in lifted(scheme(factor("A", "a")), standing).unpriced]
    taking = Option("take", (Activate("more"),), cost_once=1.0, cost_year=0.0, lead=0.0)
    assert what_stands_by(standing, (*options, taking)) == ()


# Faces


def test_a_page_and_json_tell_a_lift_in_the_form_that_the_schema_states() -> None:
    one = scheme(factor("A", "a"), factor("B", "b"), factor("P", None))
    stack = stack_of(a=(5.0, None), b=(2.0,))
    named = tuple(replace(option, name=EVIL) for option in options_of(stack))
    answer = ScoresAnswer((scored(one, stack),), lifted(one, stack, named))
    context = context_of(stack, 0)
    told = to_json(answer, context)
    Draft202012Validator(json_schema("schemes score")).validate(told)
    assert told["lift"]["steps"][0]["found"] == {
        "options": ["a0", "b0"],
        "price": 7.0,
        "level": 1,
        "score": pytest.approx(100 / 3),
    }
    for name in ("text", "html", "csv"):
        page = render(answer, name, context, Look(full=True))
        assert "\x1b" not in page
        assert "<script>" not in page or name != "html"
    assert "build 2 things for 7, and answers of people to 1 factor" in render(
        answer, "text", context, Look(full=True, width=200)
    )
    assert to_json(ScoresAnswer(answer.scores), context)["lift"] is None


@pytest.mark.parametrize(
    "found",
    [
        Lift("s", 2, 2, (), (), (), 0, 1, "done", "", 1.0),
        Lift("s", None, None, (), (), (), 0, 1, "time", "EUR", 1.0),
        Lift("s", 0, 1, (LiftStep(1, (), LiftSet((), 0.0, 1, None), "tried", 0.0),), (), (), 0, 1, "tries", "", 1.0),
        Lift("s", 0, 0, (LiftStep(1, (), None, "open", 5.0, (HOLD,)),), (), (), 3, 9, "time", "EUR", 2.0),
    ],
)  # fmt: skip
def test_every_outcome_has_its_words(found: Lift) -> None:
    assert lift_blocks(found)
    Draft202012Validator(LIFT_SCHEMA).validate(lift_json(found))


# The command


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--options", "x.toml"], "Add --lift"), (["--no-catalogue"], "Add --lift"), (["--years", "3"], "Add --lift"),
        (["--lift", "--years", "0"], "from 1 to"), (["--lift", "--time", "0"], "over 0"),
        (["--lift", "--time", "nan"], "over 0"),
        (["--lift", "--scheme", "software-sovereignty-scale"], "Name another --scheme first"),
        (["--lift", "--options", "nowhere.toml"], "cannot be read"),
    ],
)  # fmt: skip
def test_flags_that_make_no_sense_are_refused(flags: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemes", "score", str(EXAMPLES / "clinic"), *flags]) == 2
    assert told in capsys.readouterr().err


def test_the_command_tells_what_lifts_a_published_scheme(capsys: pytest.CaptureFixture[str]) -> None:
    clinic = EXAMPLES / "clinic"
    flags = ["--scheme", "secnumcloud-3.2", "--lift", "--options", str(clinic / "options.toml"), "--format", "json"]
    assert main(["schemes", "score", str(clinic), *flags]) == 0
    told = json.loads(capsys.readouterr().out)
    Draft202012Validator(json_schema("schemes score")).validate(told)
    assert told["lift"]["scheme"] == "secnumcloud-3.2"
    assert told["lift"]["considered"] > 10


@st.composite
def cases(draw: st.DrawFn) -> tuple[Scheme, Stack, tuple[Option, ...]]:
    prices = st.sampled_from([0.0, 1.0, 2.0, 2.5, 4.0])
    stack = stack_of(**{item: tuple(draw(st.lists(prices, max_size=2))) for item in "abc"})
    factors = []
    for number in range(draw(st.integers(1, 3))):
        against = draw(st.sampled_from(["", "a", "b", "c"]))
        more = {"against": against} if against else {}
        factors.append(factor(f"F{number}", draw(st.sampled_from("abc")), **more))
    options = list(options_of(stack))
    for place, option in enumerate(options):
        others = [one.id for one in options if one.id != option.id]
        if others and draw(st.integers(0, 3)) == 0:
            options[place] = replace(option, requires=(draw(st.sampled_from(others)),))
        elif others and draw(st.integers(0, 3)) == 0:
            options[place] = replace(option, excludes=(draw(st.sampled_from(others)),))
        if draw(st.integers(0, 3)) == 0:
            options[place] = replace(options[place], learns_with="g", learning=0.5)
    return scheme(*factors), stack, tuple(options)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_the_search_finds_what_trying_every_subset_finds(case: tuple[Scheme, Stack, tuple[Option, ...]]) -> None:
    one, stack, options = case
    answer = lifted(one, stack, options)
    offer = Offer(options)
    best: dict[int, float] = {}
    numbers = range(len(options))
    for chosen in (frozenset(some) for size in range(len(options) + 1) for some in combinations(numbers, size)):
        ids = {options[number].id for number in chosen}
        if any(not set(options[number].requires) <= ids or set(options[number].excludes) & ids for number in chosen):
            continue
        level = scored(one, apply_options(stack, [options[number] for number in sorted(chosen)])).level
        assert level is not None
        for reached in range(level[0] + 1):
            best[reached] = min(best.get(reached, math.inf), offer.price(chosen))
    for step in answer.steps:
        assert step.proof == "tried"
        assert (None if step.found is None else step.found.price) == pytest.approx(best.get(step.level))
