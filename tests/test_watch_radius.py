"""How far a loss reaches: the same numbers as ``cutoff``, and what stands beside them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from freehold.errors import UsageError
from freehold.measure.cutoff import cutoff
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack
from freehold.watch.alert import labels_from
from freehold.watch.best_act import best_acts
from freehold.watch.radius import MOST_REMEMBERED, REACH_DAYS, Reach

CHAIN = """
[stack]
name = "A desk"
home = "DE"
[[provider]]
id = "cloud"
country = "US"
[[provider]]
id = "rival"
country = "US"
[[item]]
id = "desk"
name = "The desk"
kind = "application"
mission = 3
tags = ["public"]
  [[item.source]]
  provider = "self"
  needs = [{ item = "model", survive = "2d" }, { item = "archive", weight = 0.25 }]
[[item]]
id = "letters"
mission = 1
  [[item.source]]
  provider = "self"
  needs = ["archive"]
[[item]]
id = "model"
kind = "model"
  [[item.source]]
  provider = "cloud"
  [[item.source]]
  id = "own-model"
  provider = "self"
  status = "standby"
  capacity = 0.4
  recover = "5d"
  needs = ["weights"]
[[item]]
id = "weights"
  [[item.source]]
  provider = "cloud"
[[item]]
id = "archive"
  [[item.source]]
  provider = "rival"
[[item]]
id = "never-built"
  [[item.source]]
  provider = "self"
  status = "standby"
  recover = "forever"
"""


@pytest.fixture(scope="module")
def reach() -> Reach:
    return Reach(loads(CHAIN))


def test_what_stops_when_and_for_whom(reach: Reach) -> None:
    found = reach.of(labels_from(provider="cloud"))
    assert [(stop.item, stop.low, stop.high, stop.serves) for stop in found.stops] == [
        ("model", 0.0, 0.0, ("desk",)),
        ("weights", 0.0, 0.0, ("desk",)),
        ("desk", 2.0, 2.0, ("desk",)),
    ]
    assert found.stops[2].name == "The desk"
    assert found.stops[2].tags == ("public",)
    assert (found.first_stop, found.mission_stops) == ((0.0, 0.0), (2.0, 2.0))
    assert found.mission.low == found.mission.high == (1.0, 1.0, 0.25, 0.25, 0.25, 0.25)
    assert found.loss(7) == (0.75, 0.75)
    assert found.loss(1.5) == (0.0, 0.0)


def test_what_was_down_before_is_not_laid_to_the_loss(reach: Reach) -> None:
    found = reach.of(labels_from(provider="cloud"))
    assert found.down_before == ("never-built",)
    assert reach.of(labels_from(item="letters")).lowered == ()
    assert reach.of(labels_from(provider="rival")).lowered == ("desk",)


def test_what_takes_over_says_what_it_rests_on(reach: Reach) -> None:
    found = reach.of(labels_from(provider="cloud")).takes_over
    assert [(one.source, one.day_low, one.day_high, one.capacity_low, one.rests_on) for one in found] == [
        ("own-model", 5.0, 5.0, 0.4, ("weights",))
    ]
    assert reach.of(labels_from(item="model", provider="cloud")).takes_over[0].rests_on == ()


def test_one_source_of_several_may_be_lost(reach: Reach) -> None:
    found = reach.of(labels_from(source="model@cloud"))
    assert [stop.item for stop in found.stops] == ["model", "desk"]
    assert reach.of(labels_from(source="own-model")).stops == ()


def test_several_losses_add_up_to_one(reach: Reach) -> None:
    both = reach.of_all([(labels_from(provider="rival"), ()), (labels_from(provider="cloud"), ())])
    assert both.place.cut == reach.of_all([(labels_from(provider="cloud"), ()), (labels_from(provider="rival"), ())]).place.cut
    answer = cutoff(reach.stack, Cutoff((Rule(provider="cloud"), Rule(provider="rival"))), REACH_DAYS)
    assert both.mission == answer.mission


def test_a_part_may_be_left(reach: Reach) -> None:
    found = reach.of(labels_from(item="archive"), labels_from(availability="60 %"))
    assert found.mission.low[0] == pytest.approx(0.75 * 0.9 + 0.25 * 0.6)
    assert found.stops == ()


def test_a_place_that_is_not_known_may_be_everything(reach: Reach) -> None:
    found = reach.of(labels_from(item="modle"))
    assert not found.place.is_known
    assert found.place.untied[0].nearest == ("model",)
    assert (set(found.mission.low), set(found.mission.high)) == ({0.0}, {1.0})
    assert found.loss(0) == (0.0, 1.0)
    some = reach.of_all([(labels_from(item="modle"), ()), (labels_from(provider="cloud"), ())])
    assert some.place.unplaced == (labels_from(item="modle"),)
    assert some.loss(30) == (0.75, 1.0)
    assert [stop.item for stop in some.stops] == ["model", "weights", "desk"]


def test_unknown_facts_that_widen_the_answer_are_named() -> None:
    text = CHAIN.replace('survive = "2d"', 'survive = "?"').replace('recover = "5d"', 'recover = "?"')
    reach = Reach(loads(text))
    found = reach.of(labels_from(item="model", source="model@cloud"))
    assert {(fact.table, fact.id, fact.attribute) for fact in found.unknown} == {
        ("needs", "desk@self > model", "survive"),
        ("sources", "own-model", "recover"),
    }
    assert (found.stops[1].low, found.stops[1].high) == (0.0, None)
    assert reach.learn(found, 1)[0].fact.attribute == "survive"
    assert reach.of(labels_from(item="archive")).unknown == ()


def test_what_is_remembered_is_bounded_and_the_same(reach: Reach) -> None:
    other = Reach(reach.stack)
    for number in range(MOST_REMEMBERED + 20):
        other.of(labels_from(item="archive"), labels_from(availability=str(number / 1000)))
    first = other.of(labels_from(provider="cloud"))
    assert other.of(labels_from(provider="cloud")).stops is first.stops
    assert other.of(labels_from(provider="cloud", alertname="x")).stops is first.stops


def test_a_warm_start_changes_no_answer(reach: Reach) -> None:
    labels = labels_from(provider="cloud")
    assert Reach(reach.stack).warm().of(labels) == reach.of(labels)


def test_a_stack_without_items_has_a_radius() -> None:
    empty = Reach(Stack())
    found = empty.of(labels_from(country="US"))
    assert (found.stops, found.mission.low[0]) == ((), 0.0)
    assert best_acts(empty, found).acts == ()
    assert empty.curves(found)[0].least(7) == 0


def test_days_and_floors_that_make_no_sense_are_refused() -> None:
    for options in ({"days": ()}, {"days": (-1.0,)}, {"floor": 0.0}, {"floor": 2.0}):
        with pytest.raises(UsageError):
            Reach(Stack(), **options)  # type: ignore[arg-type]


@strategies.repeatable(120)
@given(st.data())
def test_a_radius_equals_the_cut_off(data: st.DataObject) -> None:
    stack: Stack = data.draw(strategies.stacks())
    cut = data.draw(strategies.cutoffs())
    days = data.draw(strategies.days())
    found = Reach(stack, days=days).of_cut(cut)
    answer = cutoff(stack, cut, days)
    assert found.mission == answer.mission
    told = {stop.item: (stop.low, stop.high) for stop in found.stops}
    expected = {item.id: (item.stops_low, item.stops_high) for item in answer.items if item.stops_low is not None}
    assert told == {item: days for item, days in expected.items() if item not in found.down_before}
    assert set(found.down_before) <= set(expected)


@strategies.repeatable(40)
@given(st.data())
def test_a_radius_is_the_same_however_the_rows_stand(data: st.DataObject) -> None:
    stack: Stack = data.draw(strategies.stacks())
    cut = data.draw(strategies.cutoffs())
    one, other = Reach(stack).of_cut(cut), Reach(data.draw(strategies.shuffled(stack))).of_cut(cut)
    assert set(one.stops) == set(other.stops)
    assert one.mission.low == pytest.approx(other.mission.low)
    assert set(one.takes_over) == set(other.takes_over)


@strategies.repeatable(40)
@given(st.data())
def test_more_losses_never_leave_more(data: st.DataObject) -> None:
    stack: Stack = data.draw(strategies.stacks(unknown=False))
    first, second = data.draw(strategies.cutoffs(lasting=True)), data.draw(strategies.cutoffs(lasting=True))
    reach = Reach(stack, days=(0.0, 7.0, 30.0))
    both = reach.of_cut(Cutoff((*first.rules, *second.rules), stake=first.stake, notice=first.notice))
    alone = reach.of_cut(first)
    if second.notice == first.notice:
        assert all(less <= more + 1e-9 for less, more in zip(both.mission.low, alone.mission.low, strict=True))
