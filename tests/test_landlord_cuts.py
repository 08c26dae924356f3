"""What the largest landlords take out: answers worked by hand, and laws against single cut-offs and their reasons."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from benchmarks.generate_stack import generate_stack
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import UsageError
from freehold.measure.case import HIGH, LOW, Case
from freehold.measure.cutoff import cutoff
from freehold.measure.history import History
from freehold.measure.landlord_cut_values import Landlord, LandlordCut, LandlordCuts, Out, Span
from freehold.measure.landlord_cuts import MOST_DAYS, landlord_cuts
from freehold.measure.landlords import Holders
from freehold.measure.level_view import Losses
from freehold.measure.why import Explainer
from freehold.network.acceleration import has_compiler
from freehold.network.arrays import TOLERANCE
from freehold.network.falls import follow
from freehold.network.solve import trace
from freehold.stack.control import PERSONS
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import loads
from freehold.stack.values import Item, Owner, Provider, Source, Stack
from strategies import cutoffs, repeatable, stacks

CLINIC = """
[stack]
name = "Clinic"
home = "DE"
trusted = ["FR"]

[[provider]]
id = "acme-hosting"
name = "Acme Hosting"
country = "DE"
owner = "acme-corp"
[[provider]]
id = "acme-corp"
name = "Acme Corp"
country = "US"
[[provider]]
id = "chips"
country = "TW"
[[provider]]
id = "post"
name = "La Poste"
country = "FR"

[[item]]
id = "assistant"
mission = 0.75
  [[item.source]]
  provider = "self"
  needs = ["model", { item = "server", survive = "30d" }]
[[item]]
id = "model"
  [[item.source]]
  provider = "acme-hosting"
  [[item.source]]
  id = "local-model"
  provider = "self"
  status = "standby"
  capacity = 0.6
  recover = "14d"
  needs = ["server"]
[[item]]
id = "server"
  [[item.source]]
  provider = "chips"
[[item]]
id = "mail"
mission = 0.25
  [[item.source]]
  provider = "post"
"""


def rule_of(landlord: Landlord) -> Rule:
    return {
        "foreign": Rule(foreign=True),
        "owner": Rule(owner=landlord.id or "?"),
        "country": Rule(country=landlord.id or "XK"),
    }[landlord.kind]


def cut_of(answer: LandlordCuts, cut: LandlordCut) -> Cutoff:
    return Cutoff(tuple(rule_of(answer.landlords[place]) for place in cut.members))


def under(spans: tuple[Span, ...], day: float) -> bool:
    return any(since <= day + TOLERANCE and (until is None or day + TOLERANCE < until) for since, until in spans)


def cut_by(answer: LandlordCuts, *names: str) -> LandlordCut:
    ids = {one.id or one.kind: place for place, one in enumerate(answer.landlords)}
    members = tuple(sorted(ids[name] for name in names))
    return next(cut for cut in answer.cuts if cut.members == members)


def test_the_landlords_of_a_clinic_are_ranked_and_named() -> None:
    answer = landlord_cuts(loads(CLINIC, "clinic.toml"))
    assert answer.landlords == (
        Landlord("foreign", "", "", "", 2, ("--foreign",)),
        Landlord("owner", "chips", "chips", "TW", 1, ("--owner", "chips")),
        Landlord("country", "TW", "Taiwan", "TW", 1, ("--country", "TW")),
        Landlord("owner", "acme-corp", "Acme Corp", "US", 1, ("--owner", "acme-corp")),
        Landlord("country", "US", "United States", "US", 1, ("--country", "US")),
        Landlord("owner", "post", "La Poste", "FR", 1, ("--owner", "post"), inside=True),
        Landlord("country", "FR", "France", "FR", 1, ("--country", "FR"), inside=True),
    )
    assert answer.left_out == 0
    assert answer.before == LandlordCut((), (1.0,) * len(answer.days), (1.0,) * len(answer.days), ())


def test_what_one_landlord_takes_comes_back_with_the_standby_and_why_is_told() -> None:
    answer = landlord_cuts(loads(CLINIC, "clinic.toml"))
    assert answer.days == (0, 7, 14, 30, 90, 365, 1095)
    cut = cut_by(answer, "acme-corp")
    spans = ((0.0, 14.0),)
    assert cut.outs == (
        Out(0, spans, spans, 1, "assistant@self"),
        Out(1, spans, spans, None, "model@acme-hosting"),
    )
    assert cut.low == cut.high == pytest.approx((0.25, 0.25, 0.7, 0.7, 0.7, 0.7, 0.7))
    assert [(step.item, step.because) for step in cut.way_down(0)] == [(0, 1), (1, None)]
    assert cut.way_down(3) == ()


def test_two_landlords_together_take_what_neither_takes_alone() -> None:
    answer = landlord_cuts(loads(CLINIC, "clinic.toml"))
    assert [out.item for out in cut_by(answer, "chips").outs] == [0, 2]
    assert cut_by(answer, "chips").outs[0] == Out(0, ((30.0, None),), ((30.0, None),), 2, "assistant@self")
    both = cut_by(answer, "chips", "acme-corp")
    assert both.outs[1] == Out(1, ((0.0, None),), ((0.0, None),), None, "model@acme-hosting")
    assert both.outs == cut_by(answer, "foreign").outs


def test_a_landlord_covers_those_who_control_nothing_else() -> None:
    answer = landlord_cuts(loads(CLINIC, "clinic.toml"))
    names = [one.id for one in answer.landlords]
    covered = {names[place]: {names[other] for other in others} for place, others in enumerate(answer.covered)}
    assert covered[""] == {"US", "TW", "acme-corp", "chips"}
    assert covered["chips"] == {"TW"}
    assert covered["TW"] == {"chips"}
    assert covered["post"] == {"FR"}


def test_people_and_the_organisation_itself_are_no_landlords_and_a_share_of_each_owner_counts() -> None:
    stack = Stack(
        home="DE",
        items=(Item("a", mission=1.0),),
        providers=(
            Provider("shop", country="US", owner=(Owner(PERSONS),)),
            Provider("own", country="DE", owner=(Owner("self"),)),
            Provider("venture", country="US", owner=(Owner("left", 0.5), Owner("right", 0.5))),
            Provider("left", country="US"),
            Provider("right", country="JP"),
        ),
        sources=(
            Source("a1", "a", "shop"), Source("a2", "a", "own"), Source("a3", "a", "venture"), Source("a4", "a", "self"),
        ),
    )  # fmt: skip
    owners = {one.id for one in landlord_cuts(stack).landlords if one.kind == "owner"}
    assert owners == {"shop", "left", "right"}


def test_without_a_home_nothing_is_foreign_and_countries_are_landlords_all_the_same() -> None:
    answer = landlord_cuts(replace(loads(CLINIC, "clinic.toml"), home=None, trusted=()))
    kinds = {one.kind for one in answer.landlords}
    assert kinds == {"owner", "country"}


def test_an_item_that_is_out_before_is_told_as_such() -> None:
    stack = Stack(
        home="DE",
        items=(Item("a", mission=1.0), Item("b")),
        providers=(Provider("us", country="US"),),
        sources=(Source("a1", "a", "us"), Source("b1", "b", "us", status="candidate")),
    )
    answer = landlord_cuts(stack)
    always = ((0.0, None),)
    assert answer.before is not None
    assert answer.before.outs == (Out(1, always, always, None, ""),)
    assert answer.cuts[0].outs == (Out(0, always, always, None, "a1"), Out(1, always, always, None, ""))


def test_fewer_landlords_are_answered_for_if_asked_and_the_rest_is_counted() -> None:
    answer = landlord_cuts(loads(CLINIC, "clinic.toml"), most=2)
    assert [one.kind for one in answer.landlords] == ["foreign", "owner"]
    assert (len(answer.cuts), answer.left_out) == (3, 5)


@pytest.mark.parametrize("wrong", [{"most": 0}, {"floor": 0.0}, {"days": ()}])
def test_senseless_questions_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        landlord_cuts(loads(CLINIC, "clinic.toml"), **wrong)  # type: ignore[arg-type]


def test_of_very_many_days_the_largest_changes_stay_and_the_rest_is_counted() -> None:
    count = MOST_DAYS + 15
    lines = ['[stack]\nhome = "DE"\n[[provider]]\nid = "us"\ncountry = "US"']
    for number in range(count):
        lines.append(f'[[item]]\nid = "a{number}"\nmission = {number + 1}\n[[item.source]]\nprovider = "self"')
        lines.append(f'needs = [{{ item = "b", survive = "{number + 1}d" }}]')
    lines.append('[[item]]\nid = "b"\n[[item.source]]\nprovider = "us"')
    answer = landlord_cuts(loads("\n".join(lines), "many.toml"), days=(0.0, 100.0))
    assert answer.days == (0.0, *(float(day) for day in range(16, count + 1)), 100.0)
    assert answer.days_left_out == 15
    for day, low in zip(answer.days, answer.cuts[0].low, strict=True):
        asked = cutoff(loads("\n".join(lines), "many.toml"), Cutoff((Rule(foreign=True),)), (day,))
        assert low == pytest.approx(asked.mission.low[0], abs=1e-12)


# Laws


@given(stacks(), st.lists(st.floats(0, 400).map(lambda day: round(day, 2)), min_size=1, max_size=4), st.booleans())
@repeatable(60)
def test_every_cut_of_one_and_of_two_is_the_cutoff_with_their_rules(stack: Stack, days: list[float], strict: bool) -> None:
    answer = landlord_cuts(stack, most=5, strict=strict)
    assert [cut.members for cut in answer.cuts] == [
        *((place,) for place in range(len(answer.landlords))), *combinations(range(len(answer.landlords)), 2),
    ]  # fmt: skip
    assert answer.before is not None
    for cut in (answer.before, *answer.cuts):
        asked = tuple(sorted({*answer.days, *days}))
        told = cutoff(stack, cut_of(answer, cut), asked, answer.floor, strict=strict)
        places = [asked.index(day) for day in answer.days]
        assert cut.low == pytest.approx([told.mission.low[place] for place in places], abs=1e-9)
        assert cut.high == pytest.approx([told.mission.high[place] for place in places], abs=1e-9)
        outs = {out.item: out for out in cut.outs}
        for number, item in enumerate(told.items):
            worst, best = (outs[number].worst, outs[number].best) if number in outs else ((), ())
            if item.stops_low is not None and item.stops_low <= answer.horizon:
                assert worst[0][0] == item.stops_low
            for at, day in enumerate(asked):
                assert under(worst, day) == (item.low[at] < answer.floor - TOLERANCE)
                assert under(best, day) == (item.high[at] < answer.floor - TOLERANCE)


@given(stacks(), st.booleans())
@repeatable(50)
def test_every_mission_lasts_until_the_next_day_given(stack: Stack, strict: bool) -> None:
    answer = landlord_cuts(stack, most=3, strict=strict)
    assert answer.days_left_out == 0
    between = [(first + last) / 2 for first, last in zip(answer.days, answer.days[1:], strict=False)]
    for cut in answer.cuts if between else ():
        told = cutoff(stack, cut_of(answer, cut), between, strict=strict)
        assert cut.low[:-1] == pytest.approx(told.mission.low, abs=1e-8)
        assert cut.high[:-1] == pytest.approx(told.mission.high, abs=1e-8)


@given(stacks(dense=True) | stacks())
@repeatable(70)
def test_the_first_step_is_the_one_that_why_tells(stack: Stack) -> None:
    answer = landlord_cuts(stack, most=4)
    case = Case(stack)
    for cut in answer.cuts:
        explainer = Explainer(case, cut_of(answer, cut), LOW, answer.horizon)
        for out in cut.outs:
            day, id_ = out.worst[0][0], stack.items[out.item].id
            if explainer.stands(id_, day):
                assert (out.because, out.source) == (None, "")
                continue
            first = explainer.steps(id_, day)[0]
            if first.need is not None or first.source is not None:
                because = None if out.because is None else stack.items[out.because].id
                assert (because, out.source) == (first.need, first.source or "")
            way = cut.way_down(out.item)
            assert way[0].item == out.item
            assert len(way) <= len(stack.items)


@given(stacks(unknown=False))
@repeatable(50)
def test_the_way_down_ends_at_a_source_that_is_cut(stack: Stack) -> None:
    answer = landlord_cuts(stack, most=4)
    case = Case(stack)
    for cut in answer.cuts:
        rules = cut_of(answer, cut).rules
        explainer = Explainer(case, Cutoff(rules), LOW, answer.horizon)
        for out in cut.outs:
            steps = explainer.steps(stack.items[out.item].id, out.worst[0][0])
            if any(step.need is None and step.source is None for step in steps):
                continue  # a circle that stands still has nothing cut under it
            last = cut.way_down(out.item)[-1]
            assert last.because is None
            assert any(case.truth(rule, case.supply_number[last.source]) for rule in rules)


@given(stacks(), st.booleans())
@repeatable(50)
def test_holders_control_what_rules_on_them_match(stack: Stack, strict: bool) -> None:
    case = Case(stack, strict=strict)
    holders = Holders(case)
    for kind, id_ in (("foreign", ""), *holders.named([0])):
        found = holders.candidate(kind, id_)
        matching = case.matching(rule_of(found.landlord))
        assert set(np.flatnonzero(found.sure).tolist()) == {number for number, truth in matching.items() if truth}
        assert set(np.flatnonzero(found.perhaps).tolist()) == {number for number, truth in matching.items() if truth is None}
        assert found.landlord.sources == sum(case.supplies[number].filled.share[HIGH] > 0 for number in matching)


@given(stacks())
@repeatable(30)
def test_who_is_covered_takes_out_no_more(stack: Stack) -> None:
    answer = landlord_cuts(stack, most=5)
    for place, others in enumerate(answer.covered):
        for other in others:
            pair = next(cut for cut in answer.cuts if cut.members == tuple(sorted((place, other))))
            assert replace(pair, members=()) == replace(answer.cuts[place], members=())


@given(stacks(), cutoffs(lasting=True), st.sampled_from([0.3, 0.5, 1.0]))
@repeatable(50)
def test_a_run_that_is_followed_notes_what_its_trace_shows(stack: Stack, cut: Cutoff, floor: float) -> None:
    case = Case(stack)
    built, scenario, start = case.built(HIGH), case.scenario(cut, HIGH), case.running(HIGH)
    falls = follow(built, scenario, 400.0, floor, np.array([0], np.int64), start)
    noted = list(zip(falls.day.tolist(), falls.item.tolist(), falls.level.tolist(), strict=True))
    expected = [
        (change.day, item, after)
        for change in trace(built, scenario, 400.0, start)
        for item, before, after in change.moved
        if item == 0 or (before < floor - TOLERANCE) != (after < floor - TOLERANCE)
    ]
    assert noted == expected
    assert falls.start.tolist() == History(case, cut, HIGH, 0.0).before


@pytest.mark.skipif(not has_compiler(), reason="the compiled kernel needs numba")
@pytest.mark.slow
@given(stacks(dense=True) | stacks())
@repeatable(60)
def test_the_plain_and_the_compiled_kernel_give_one_answer(stack: Stack) -> None:
    assert landlord_cuts(stack, most=4, kernel="compiled") == landlord_cuts(stack, most=4, kernel="plain")


@pytest.mark.slow
def test_a_generated_stack_is_answered_as_its_cutoffs_and_whys_answer() -> None:
    stack = loads(generate_stack(120, 5), "generated.toml")
    answer = landlord_cuts(stack, most=5)
    case = Case(stack)
    told = 0
    for cut in answer.cuts:
        levels = cutoff(stack, cut_of(answer, cut), answer.days)
        assert cut.low == pytest.approx(levels.mission.low, abs=1e-9)
        explainer = Explainer(case, cut_of(answer, cut), LOW, answer.horizon)
        assert [out.worst[0][0] for out in cut.outs] == [item.stops_low for item in levels.items if item.stops_low is not None]
        for out in cut.outs:
            first = explainer.steps(stack.items[out.item].id, out.worst[0][0])[0]
            because = None if out.because is None else stack.items[out.because].id
            assert (because, out.source) == (first.need, first.source)
            told += because is not None
    assert told > 100


def test_losses_are_the_scenario_of_a_rule_from_day_0_for_ever() -> None:
    case = Case(loads(CLINIC, "clinic.toml"))
    rule = Rule(foreign=True)
    lost = Losses(case, LOW).scenario([number for number, truth in case.matching(rule).items() if truth])
    told = case.scenario(Cutoff((rule,)), LOW)
    assert sorted(zip(*lost, strict=True)) == sorted(zip(*told, strict=True))
