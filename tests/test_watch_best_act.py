"""Which single act saves most: worked by hand, and against solving a stack in which the act is done."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from freehold.measure.case import HIGH, LOW, Case
from freehold.measure.history import History
from freehold.measure.mission import mission_of
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack
from freehold.watch.alert import labels_from
from freehold.watch.best_act import BestActs, best_acts
from freehold.watch.radius import Reach

DESK = """
[stack]
name = "A desk"
home = "DE"
[[provider]]
id = "cloud"
country = "US"
[[item]]
id = "desk"
mission = 3
  [[item.source]]
  provider = "self"
  needs = [{ item = "model", survive = "2d" }]
[[item]]
id = "letters"
mission = 1
  [[item.source]]
  provider = "cloud"
[[item]]
id = "model"
  [[item.source]]
  provider = "cloud"
  [[item.source]]
  id = "own"
  provider = "self"
  status = "standby"
  capacity = 0.4
  recover = "6d"
  [[item.source]]
  id = "rented"
  provider = "self"
  status = "candidate"
  recover = "4d"
  [[item.source]]
  id = "elsewhere"
  provider = "cloud"
  status = "candidate"
"""


def acts(text: str, cut: Cutoff, horizon: float = 10.0, most: int = 5) -> BestActs:
    reach = Reach(loads(text), days=(0.0, horizon))
    return best_acts(reach, reach.of_cut(cut), most)


def test_the_acts_that_save_most_worked_by_hand() -> None:
    """The desk (3 of 4) has cover until day 2, then nothing until 'own' is there on day 6 with 0.4; the letters are gone.

    Lost in ten days: letters 10 × 1/4 = 2.5; desk (4 + 4 × 0.6) × 3/4 = 4.8. To restore the model's source saves all of
    4.8. 'rented' saves 6 of the desk's days 4 to 10 less the 0.4 × 4 that 'own' would give: 4.4 × 3/4 = 3.3. To restore
    the letters saves 2.5. 'own' at once: its cover lasts 2 / 0.6 = 3.33 d, then 0.4, so the desk has 3.33 + 6.67 × 0.4 = 6
    instead of 3.6: 2.4 × 3/4 = 1.8.
    """
    found = acts(DESK, Cutoff((Rule(provider="cloud"),)))
    assert found.lost == pytest.approx((7.3, 7.3))
    assert [(act.kind, act.source, act.worth, act.ready) for act in found.acts] == [
        ("restore", "model@cloud", pytest.approx(4.8), (0.0, 0.0)),
        ("activate", "rented", pytest.approx(3.3), (4.0, 4.0)),
        ("restore", "letters@cloud", pytest.approx(2.5), (0.0, 0.0)),
        ("hasten", "own", pytest.approx(1.8), (0.0, 0.0)),
    ]
    assert found.acts[1].saved_on == ((1.0, 0.0, 0.0), (7.0, pytest.approx(0.45), pytest.approx(0.45)))
    assert found.is_exact


def test_nothing_helps_where_the_stack_knows_of_nothing() -> None:
    text = DESK.partition('[[item]]\nid = "model"')[0].replace('needs = [{ item = "model", survive = "2d" }]', "")
    found = acts(text, Cutoff((Rule(item="desk"),)))
    assert [act.kind for act in found.acts] == ["restore"]
    reach = Reach(loads(text))
    nothing = best_acts(reach, reach.of(labels_from(item="unheard-of")))
    assert (nothing.acts, nothing.considered) == ((), 0)


def test_the_first_alone_is_the_same_as_the_first_of_many() -> None:
    cut = Cutoff((Rule(provider="cloud"),))
    one = acts(DESK, cut, most=1)
    assert one.acts == acts(DESK, cut).acts[:1]
    assert one.tried < one.considered
    assert one.is_exact


def _area(stack: Stack, cut: Cutoff, horizon: float, side: int) -> float:
    """The mission's area by the recorded history of every level."""
    mission = mission_of(stack)
    past = History(Case(stack), cut, LOW if side == 0 else HIGH, horizon)
    days = sorted(
        {0.0, horizon, *(day for item in range(len(stack.items)) for day, _ in past.changes(item) if 0 <= day < horizon)}
    )
    total = 0.0
    for start, end in pairwise(days):
        levels = np.array([[past.level(number, start) for number in range(len(stack.items))]])
        mean = mission.mean(levels, levels)
        total += (mean.low if side == 0 else mean.high)[0] * (end - start)
    return total


@strategies.repeatable(60)
@given(st.data())
def test_an_act_saves_what_a_stack_in_which_it_is_done_keeps(data: st.DataObject) -> None:
    stack: Stack = data.draw(strategies.stacks(most=6))
    cut = replace(data.draw(strategies.cutoffs()), stake=0.5)
    horizon = 60.0
    reach = Reach(stack, days=(0.0, horizon))
    found = best_acts(reach, reach.of_cut(cut), most=50)
    assert found.left == 0
    for act in found.acts:
        if act.kind == "restore":
            continue
        change = {"status": "standby", "share": None} if act.kind == "activate" else {"recover": 0.0}
        rows = tuple(replace(row, **change) if row.id == act.source else row for row in stack.sources)  # type: ignore[arg-type]
        done = replace(stack, sources=rows)
        for side in (0, 1):
            kept = _area(done, cut, horizon, side) - _area(stack, cut, horizon, side)
            assert act.saved[side] == pytest.approx(max(0.0, kept), abs=1e-6)


@strategies.repeatable(40)
@given(st.data())
def test_the_best_of_a_few_is_the_best_of_all(data: st.DataObject) -> None:
    stack: Stack = data.draw(strategies.stacks(most=7))
    cut = data.draw(strategies.cutoffs(lasting=True))
    reach = Reach(stack, days=(0.0, 90.0))
    radius = reach.of_cut(cut)
    best, every = best_acts(reach, radius, most=1), best_acts(reach, radius, most=1000, tries=1000)
    assert [act.worth for act in best.acts] == pytest.approx([act.worth for act in every.acts[:1]])
    assert all(
        act.saved[side] <= every.lost[side] + 90 * 1e-6 + 90 * (1 - reach.before[side]) for act in every.acts for side in (0, 1)
    )
