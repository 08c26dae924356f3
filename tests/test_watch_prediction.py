"""What was predicted beside what happened: outcomes by type, and scores worked by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from freehold.errors import BadSignal
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack
from freehold.watch.alert import labels_from
from freehold.watch.event import Event, Json
from freehold.watch.prediction import (
    FalseAlarm,
    Happened,
    Missed,
    NotObserved,
    NotYet,
    Observation,
    PredictedStop,
    PredictedTakeOver,
    Prediction,
    StoodAsPredicted,
    compare,
    interval_score,
    observations_from,
    predict,
    read_prediction,
)
from freehold.watch.radius import Reach

LOSS = 1_700_000_000.0
DAY = 86_400.0


def prediction(*stops: PredictedStop, takes_over: tuple[PredictedTakeOver, ...] = (), horizon: float = 30.0) -> Prediction:
    return Prediction(
        stack="s", loss=LOSS, made=LOSS, cutoff={}, floor=0.5, days=(0.0, horizon), mission_low=(0.0, 0.0),
        mission_high=(1.0, 1.0), stops=stops, takes_over=takes_over,
    )  # fmt: skip


def stop(item: str, low: float | None, high: float | None) -> PredictedStop:
    return PredictedStop(item=item, low=low, high=high)


def item(id_: str, day: float, *, works: bool) -> Observation:
    return Observation("item", id_, works, LOSS + day * DAY, "a probe")


def source(id_: str, day: float, *, works: bool) -> Observation:
    return Observation("source", id_, works, LOSS + day * DAY, "the gateway")


def test_every_outcome_has_a_type_of_its_own() -> None:
    fixed = prediction(
        stop("inside", 2, 4), stop("early", 5, 6), stop("late", 1, 2), stop("false", 1, 3), stop("perhaps", 1, None),
        stop("later", 20, 20), stop("unseen", 0, 0),
    )  # fmt: skip
    seen = [
        item("inside", 1, works=True), item("inside", 3, works=False),
        item("early", 1, works=True), item("early", 2, works=False),
        item("late", 4, works=True), item("late", 5, works=False),
        item("false", 8, works=True), item("perhaps", 9, works=True), item("later", 9, works=True),
        item("other", 9, works=True), item("surprise", 7, works=False),
    ]  # fmt: skip
    found = {one.id: one for one in compare(fixed, seen, LOSS + 10 * DAY).outcomes}
    assert found == {
        "inside": Happened("item", "inside", (2, 4), 1, 3, 0.0),
        "early": Happened("item", "early", (5, 6), 1, 2, -3.0),
        "late": Happened("item", "late", (1, 2), 4, 5, 2.0),
        "false": FalseAlarm("item", "false", (1, 3), 8),
        "perhaps": NotYet("item", "perhaps", (1, math.inf), 9),
        "later": NotYet("item", "later", (20, 20), 9),
        "unseen": NotObserved("item", "unseen", (0, 0)),
        "other": StoodAsPredicted("item", "other", 9),
        "surprise": Missed("item", "surprise", 0.0, 7),
    }


def test_the_score_worked_by_hand() -> None:
    """Ten days on. inside [2, 4], seen in (1, 3]: width 2. early [5, 6], seen by 2: 1 + 20 × 3 = 61. surprise on day 7, cut
    back to day 10: 20 × 3 = 60. other, later: 0. Brier: inside p 1/2 on day 3, 0.25; early p 0, 1; surprise 1; the rest 0.
    """
    fixed = prediction(stop("inside", 2, 4), stop("early", 5, 6), stop("later", 20, 20))
    seen = [
        item("inside", 1, works=True), item("inside", 3, works=False), item("early", 2, works=False),
        item("later", 9, works=True), item("other", 9, works=True), item("surprise", 7, works=False),
    ]  # fmt: skip
    score = compare(fixed, seen, LOSS + 10 * DAY).score
    assert (score.happened, score.missed, score.stood, score.not_yet) == (2, 1, 1, 1)
    assert score.error == pytest.approx(1.5)
    assert score.coverage == pytest.approx(2 / 4)
    assert score.brier == pytest.approx((0.25 + 1 + 1) / 5)
    assert score.interval == pytest.approx((2 + 61 + 60) / 5)


def test_the_interval_score_is_the_published_one() -> None:
    assert interval_score(0.0, 0.4, 0.1, 0.5) == pytest.approx(0.4)
    assert interval_score(0.1, 0.4, 0.0, 0.5) == pytest.approx(0.3 + 4 * 0.1)
    assert interval_score(0.1, 0.4, 0.9, 0.2) == pytest.approx(0.3 + 10 * 0.5)


def test_a_take_over_is_judged_as_a_stop_is() -> None:
    def take(name: str, earliest: float, latest: float | None) -> PredictedTakeOver:
        return PredictedTakeOver(source=name, item="i", earliest=earliest, latest=latest, capacity_low=1.0, capacity_high=1.0)

    fixed = prediction(takes_over=(take("spare", 1, 2), take("slow", 1, 2), take("untried", 1, 2)))
    seen = [
        source("spare", 1.5, works=True), source("slow", 4, works=False), source("in-use", 1, works=True),
        source("lost", 1, works=False),
    ]  # fmt: skip
    found = compare(fixed, seen, LOSS + 5 * DAY).outcomes
    assert found == (
        FalseAlarm("source", "slow", (1, 2), 4),
        Happened("source", "spare", (1, 2), 0.0, 1.5, 0.0),
        NotObserved("source", "untried", (1, 2)),
    )


def test_nothing_is_scored_where_nobody_looked() -> None:
    score = compare(prediction(stop("a", 0, 0)), [], LOSS + DAY).score
    assert (score.not_observed, score.error, score.coverage, score.brier, score.interval) == (1, None, None, None, None)
    before = compare(prediction(stop("a", 0, 0)), [item("a", -1, works=True), item("b", 40, works=False)], LOSS + 50 * DAY)
    assert before.outcomes == (NotObserved("item", "a", (0, 0)),)


def test_a_clock_that_stands_before_the_loss_harms_nothing() -> None:
    found = compare(prediction(stop("a", 0, 0)), [item("a", 1, works=False)], LOSS - DAY)
    assert found.day == 0
    assert isinstance(found.outcomes[0], NotObserved)


STACK = """
[stack]
name = "A desk"
[[provider]]
id = "cloud"
country = "US"
[[item]]
id = "desk"
mission = 1
  [[item.source]]
  provider = "self"
  needs = [{ item = "model", survive = "2d" }]
[[item]]
id = "model"
kind = "model"
  [[item.source]]
  provider = "cloud"
  [[item.source]]
  id = "own"
  provider = "self"
  status = "standby"
  capacity = 0.4
  recover = "?"
"""


def event(type_: str, day: float, **data: Json) -> Event:
    moment = LOSS + day * DAY
    named = {name.replace("__", "."): value for name, value in data.items()}
    return Event("/test", f"{type_}-{day}", type_, moment, moment, data=named)


def test_events_show_what_happened() -> None:
    reach = Reach(loads(STACK))
    events = [
        event("freehold.gateway.breaker.opened", 0, freehold__source_id="model@cloud"),
        event("freehold.gateway.fallback", 1, freehold__source_id="own"),
        event("freehold.gateway.request", 1, freehold__source_id="own", error__type="timeout"),
        event("freehold.probe", 1, freehold__item="desk", freehold__probe__ok=True),
        event("freehold.probe", 1, freehold__item="nowhere", freehold__probe__ok=False),
        event("freehold.signal", 3, freehold__item="desk", freehold__level=0.1),
        event("freehold.signal", 3, freehold__item="desk", freehold__level="low"),
        event("freehold.status", 3, freehold__item="desk"),
    ]
    assert [(one.about, one.id, one.works) for one in observations_from(events, reach.places)] == [
        ("source", "model@cloud", False),
        ("source", "own", True),
        ("item", "model", True),
        ("item", "desk", True),
        ("item", "desk", False),
    ]


def test_a_prediction_is_fixed_and_can_be_read_back() -> None:
    reach = Reach(loads(STACK))
    radius = reach.of(labels_from(source="model@cloud"))
    fixed = predict(reach, radius, loss=LOSS, made=LOSS + 1)
    assert fixed.stops == (stop("model", 0.0, 0.0), stop("desk", 2.0, 3.333333333))
    assert fixed.takes_over[0].latest is None
    again = read_prediction(fixed.text)
    assert again == fixed
    assert again.digest == fixed.digest == predict(reach, radius, loss=LOSS, made=LOSS + 1).digest
    assert fixed.digest != predict(reach, radius, loss=LOSS, made=LOSS + 2).digest
    assert fixed.text.startswith('{"cutoff":{"name":"source model@cloud","notice":"0d","rule":[{"availability":0,')
    unplaced = predict(reach, reach.of(labels_from(item="elsewhere")), loss=LOSS, made=LOSS)
    assert (unplaced.cutoff, unplaced.stops) == (None, ())


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"stack": 1}', "nan", "[" * 100_000, "\ud800"])
def test_what_is_no_prediction_is_refused(text: str) -> None:
    with pytest.raises(BadSignal, match="no prediction"):
        read_prediction(text)


@strategies.repeatable(60)
@given(st.data())
def test_reality_within_the_prediction_is_never_held_against_it(data: st.DataObject) -> None:
    stack: Stack = data.draw(strategies.stacks(most=6))
    reach = Reach(stack, days=(0.0, 30.0, 90.0))
    fixed = predict(reach, reach.of_cut(data.draw(strategies.cutoffs())), loss=LOSS, made=LOSS)
    seen = []
    for one in fixed.stops:
        latest = 90.0 if one.high is None else one.high
        day = data.draw(st.floats(one.low or 0.0, max(one.low or 0.0, latest)))
        seen += [item(one.item, look, works=look < day) for look in data.draw(st.lists(st.integers(0, 90), max_size=4))]
    found = compare(fixed, seen, LOSS + 90 * DAY)
    assert not any(isinstance(one, (Missed, FalseAlarm)) for one in found.outcomes)
    assert found.score.error in (None, 0.0)
    assert found.score.coverage in (None, 1.0)
