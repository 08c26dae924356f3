"""The life of alerts: against a reference that steps through all time, however events are handed over, and after a restart."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.watch.alert import Alert
from freehold.watch.engine import RuleEngine
from freehold.watch.event import Event
from freehold.watch.groups import Groups
from freehold.watch.rules import Rules, built_in_rules, read_rules
from rule_life import STEP, Happening, Life, lives

START = 1_700_000_000.0


def event(at: float, type_: str = "t.a", **data: Any) -> Event:
    return Event("/test", f"{at}", type_, 0.0, START + at, "", {name.replace("__", "."): value for name, value in data.items()})


def rules(text: str) -> Rules:
    return read_rules('[[attribute]]\nname = "x"\ntype = "number"\n' + text)


COUNT = """
[[rule]]
id = "three"
form = "window"
measure = "count"
on = ["t.a"]
group = ["freehold.tenant"]
window = "60s"
at_least = 3
resolve_after = "30s"
summary = "{count} of {tenant} in {window}"
"""


def spans(alerts: Sequence[Alert]) -> list[tuple[float, float]]:
    """Beginnings and ends from the alerts said, in order."""
    open_: dict[Any, float] = {}
    found = []
    for alert in alerts:
        if math.isinf(alert.ends):
            assert alert.labels not in open_
            open_[alert.labels] = alert.starts
        else:
            assert open_.pop(alert.labels) == alert.starts
            found.append((alert.starts, alert.ends))
    return found + [(starts, math.inf) for starts in open_.values()]


def run(engine: RuleEngine, events: Sequence[Event], until: float | None = None) -> list[Alert]:
    said = [alert for one in events for alert in engine.feed(one)]
    return said + list(engine.tick(START + until)) if until is not None else said


def test_an_alert_begins_with_the_event_that_crosses_the_threshold_and_ends_by_itself() -> None:
    engine = RuleEngine(rules(COUNT))
    said = run(engine, [event(at, freehold__tenant="a") for at in (0, 10, 20)], 500)
    assert [(alert.starts - START, alert.ends - START) for alert in said] == [(20, math.inf), (20, 90)]
    assert said[0].labels == (("alertname", "three"), ("tenant", "a"))
    assert dict(said[0].annotations) == {"summary": "3 of a in 1m"}
    assert said[1].annotations == said[0].annotations
    assert said[1].updated == START + 90


def test_groups_do_not_add_up() -> None:
    engine = RuleEngine(rules(COUNT))
    assert not run(engine, [event(at, freehold__tenant="ab"[at % 2]) for at in range(4)], 500)


def test_the_senders_clock_does_not_matter() -> None:
    engine = RuleEngine(rules(COUNT))
    late = [Event("/s", str(at), "t.a", START - 1e6 * at, START + at, "", {}) for at in range(3)]
    assert len(run(engine, late)) == 1


def test_a_clock_that_goes_back_loses_nothing() -> None:
    engine = RuleEngine(rules(COUNT))
    said = run(engine, [event(at) for at in (20, 10, 0)])
    assert [alert.starts for alert in said] == [START + 20]
    assert engine.tick(START - 1e9) == ()


def test_a_clock_that_leaps_ahead_ends_what_stands() -> None:
    engine = RuleEngine(rules(COUNT))
    said = run(engine, [event(0), event(1), event(2)], 1e9)
    assert [alert.ends - START for alert in said] == [math.inf, 90]


@pytest.mark.parametrize(
    ("type_", "data"), [("freehold.alert.resolved", {}), ("freehold.alert", {"freehold.alert.state": "resolved"})]
)
def test_a_resolved_alert_never_counts(type_: str, data: dict[str, Any]) -> None:
    engine = RuleEngine(rules(COUNT.replace('"t.a"', '"freehold.alert*"')))
    assert not run(engine, [event(at, type_, **data) for at in range(9)])
    assert len(run(engine, [event(at, "freehold.alert") for at in (10, 11, 12)])) == 1


def test_what_is_resolved_may_clear() -> None:
    text = COUNT + 'clear = { on = ["freehold.alert.resolved"] }\n'
    said = run(RuleEngine(rules(text)), [*(event(at) for at in range(3)), event(5, "freehold.alert.resolved")])
    assert [alert.ends - START for alert in said] == [math.inf, 5]


def test_what_was_cleared_does_not_count_again() -> None:
    text = COUNT + 'clear = { on = ["t.b"] }\n'
    said = run(RuleEngine(rules(text)), [event(0), event(1), event(2, "t.b"), event(3), event(4)], 500)
    assert not said


def test_an_event_form_stands_until_its_time_after_the_last_event() -> None:
    text = '[[rule]]\nid = "big"\nform = "event"\non = ["t.*"]\nwhen = "x > 3"\nresolve_after = "10s"\nsummary = "{x}"\n'
    said = run(RuleEngine(rules(text)), [event(0, x=4), event(8, "t.b", x=5.25), event(9, x=3), event(10, "other", x=9)], 100)
    assert [(alert.starts - START, alert.ends - START) for alert in said] == [(0, math.inf), (0, 18)]
    assert dict(said[0].annotations) == {"summary": "4"}


def test_a_hold_off_keeps_an_alert_from_beginning_anew() -> None:
    text = '[[rule]]\nid = "big"\nform = "event"\non = ["t.a"]\nresolve_after = "10s"\nhold_off = "60s"\n'
    said = run(RuleEngine(rules(text)), [event(at) for at in (0, 30, 69, 71)], 100)
    assert spans(said) == [(START, START + 10), (START + 71, START + 81)]


def test_a_silence_is_told_when_it_is_long_enough_and_over_with_the_next_event() -> None:
    text = '[[rule]]\nid = "quiet"\nform = "window"\nmeasure = "silence"\non = ["t.a"]\nwindow = "20s"\nresolve_after = "1h"\n'
    engine = RuleEngine(rules(text))
    assert spans(run(engine, [event(0), event(15), event(50), event(4_000)], 9_000)) == [
        (START + 35, START + 50),
        (START + 70, START + 3_670),
        (START + 4_020, START + 7_620),
    ]


happenings = st.lists(
    st.builds(Happening, st.integers(0, 500), st.booleans(), st.sampled_from([False] * 12 + [True])), max_size=40
)
seconds = st.sampled_from([0.0, 0.5, 5.0, 20.0, 61.0])
life = st.builds(
    Life, st.just(None), st.sampled_from([0.0, 0.34, 0.5]), st.integers(1, 4), seconds, seconds, seconds
) | st.builds(Life, st.integers(1, 4), st.just(None), st.just(1), seconds, seconds, seconds)


def rule_of(one: Life) -> Rules:
    what = f'"count"\nwhen = "x > 0"\nat_least = {one.at_least}' if one.at_least else (
        f'"ratio"\nwhen = "x > 0"\nover = {one.over}\nminimum = {one.minimum}'
    )  # fmt: skip
    return rules(
        f'[[rule]]\nid = "r"\nform = "window"\non = ["t.a"]\nwindow = "60s"\nfor = "{one.for_}s"\n'
        f'resolve_after = "{one.resolve_after}s"\nhold_off = "{one.hold_off}s"\nmeasure = {what}\n'
        'clear = { on = ["t.clear"] }\n'
    )


def events_of(given_: list[Happening]) -> list[Event]:
    ordered = sorted(given_, key=lambda one: one.step)
    return [event(one.step * STEP, "t.clear" if one.clears else "t.a", x=float(one.part)) for one in ordered]


@settings(max_examples=300, deadline=None)
@given(life, happenings)
def test_alerts_begin_and_end_as_in_the_plain_reference(one: Life, given_: list[Happening]) -> None:
    said = run(RuleEngine(rule_of(one)), events_of(given_), 1000 * STEP)
    ordered = sorted(given_, key=lambda each: each.step)
    assert spans(said) == lives(one, ordered, START, 1000)


@settings(deadline=None)
@given(life, happenings, st.lists(st.floats(0, 400), max_size=30))
def test_whoever_asks_in_between_changes_nothing(one: Life, given_: list[Happening], ticks: list[float]) -> None:
    events = events_of(given_)
    at_once = run(RuleEngine(rule_of(one)), events, 500)
    asked = RuleEngine(rule_of(one))
    said: list[Alert] = []
    moments = sorted(START + tick for tick in ticks)
    for each in events:
        while moments and moments[0] < each.received:
            said += asked.tick(moments.pop(0))
        said += asked.feed(each)
    assert [*said, *asked.tick(START + 500)] == at_once


MANY = """
[[rule]]
id = "share"
form = "window"
measure = "ratio"
on = ["t.a"]
when = "x > 0"
group = ["freehold.tenant"]
window = "60s"
over = 0.3
minimum = 2
for = "5s"
hold_off = "40s"
resolve_after = "10s"
clear = { on = ["t.clear"] }

[[rule]]
id = "sum"
form = "window"
measure = "sum"
on = ["t.a"]
field = "x"
group = ["freehold.tenant"]
window = "30s"
over = 3
resolve_after = "20s"

[[rule]]
id = "quiet"
form = "window"
measure = "silence"
on = ["t.*"]
window = "20s"
resolve_after = "50s"

[[rule]]
id = "burn"
form = "window"
measure = "burn-rate"
on = ["t.a"]
when = "x > 0"
objective = 0.9
burn = [{ window = "60s", short = "5s", rate = 4 }]
resolve_after = "5s"

[[rule]]
id = "one"
form = "event"
on = ["t.a"]
when = "x > 1"
group = ["freehold.tenant"]
resolve_after = "15s"
hold_off = "30s"

[[rule]]
id = "spike"
form = "window"
measure = "spike"
on = ["t.a"]
window = "10s"
baseline = "60s"
times = 2
at_least = 2
"""
streams = st.lists(
    st.tuples(
        st.integers(0, 40), st.sampled_from([0.0, 0.3, 1.7, 2.0]), st.sampled_from("ab"),
        st.sampled_from([*["t.a"] * 9, "t.clear"]),
    ),
    max_size=120,
)  # fmt: skip


def stream(given_: list[tuple[int, float, str, str]]) -> list[Event]:
    at = 0.0
    made = []
    for gap, x, tenant, type_ in given_:
        at += gap * STEP
        made.append(event(at, type_, x=x, freehold__tenant=tenant))
    return made


@settings(max_examples=300, deadline=None)
@given(streams, st.floats(0, 1))
def test_a_rebuilt_engine_goes_on_like_the_one_that_never_stopped(
    given_: list[tuple[int, float, str, str]], cut: float
) -> None:
    all_rules = rules(MANY)
    events = stream(given_)
    place = int(len(events) * cut)
    before, after = events[:place], events[place:]
    steady = RuleEngine(all_rules)
    said = run(steady, before)
    last = {alert.labels: alert for alert in said}
    now = before[-1].received if before else START
    rebuilt = RuleEngine(all_rules)
    tail = [one for one in before if one.received > now - rebuilt.longest_window]
    assert rebuilt.rebuild(tail, last.values(), now) == ()
    assert run(rebuilt, after, 1e5) == run(steady, after, 1e5)


def test_an_alert_that_was_lost_is_said_after_the_restart() -> None:
    engine = RuleEngine(rules(COUNT))
    lost = engine.rebuild([event(at) for at in range(3)], [], START + 5)
    assert [(alert.starts, alert.ends) for alert in lost] == [(START + 2, math.inf)]


def test_an_alert_that_ended_meanwhile_is_said_to_have_ended() -> None:
    engine = RuleEngine(rules(COUNT))
    stood = Alert((("alertname", "three"), ("tenant", "a")), (), START - 900, math.inf, START - 900)
    assert engine.rebuild([], [stood], START) == ()
    gone = engine.tick(START + 0.1)
    assert [(alert.labels, alert.starts, alert.ends) for alert in gone] == [(stood.labels, START - 900, START)]
    assert engine.tick(START + 1e6) == ()


@settings(max_examples=200, deadline=None)
@given(streams, st.floats(0, 1), st.floats(0, 1))
def test_events_that_are_fed_again_after_a_crash_say_the_same_again(
    given_: list[tuple[int, float, str, str]], cut: float, crash: float
) -> None:
    """Alerts are kept before events are marked as processed: what was kept of later events must not be undone.

    Without hold-off: that of an earlier alert is not known where only the last one of the same labels is kept.
    """
    all_rules = rules(re.sub(r"(?m)^hold_off.*$", "", MANY))
    events = stream(given_)
    processed = int(len(events) * cut)
    taken = processed + int((len(events) - processed) * crash)
    steady = RuleEngine(all_rules)
    said = run(steady, events[:taken])
    now = events[processed - 1].received if processed else START - 1
    last = {alert.labels: alert for alert in said}
    rebuilt = RuleEngine(all_rules)
    tail = [one for one in events[:processed] if one.received > now - rebuilt.longest_window]
    again = [*rebuilt.rebuild(tail, last.values(), now), *run(rebuilt, events[processed:], 1e5)]
    whole = run(RuleEngine(all_rules), events, 1e5)
    assert merged([*said, *again]) == merged(whole)


def merged(alerts: Sequence[Alert]) -> dict[Any, list[tuple[float, float]]]:
    """When something stood, by labels: as a store sees it that knows an alert by its labels."""
    ends: dict[tuple[Any, float], float] = {}
    for alert in alerts:
        ends[alert.labels, alert.starts] = min(ends.get((alert.labels, alert.starts), math.inf), alert.ends)
    found: dict[Any, list[tuple[float, float]]] = {}
    for (labels, starts), end in sorted(ends.items()):
        standing = found.setdefault(labels, [])
        if standing and starts <= standing[-1][1]:
            standing[-1] = (standing[-1][0], max(standing[-1][1], end))
        else:
            standing.append((starts, end))
    return found


def test_alerts_of_others_are_left_alone_in_a_restart() -> None:
    engine = RuleEngine(rules(COUNT))
    other = Alert((("alertname", "HighLatency"), ("job", "api")), (), START, math.inf, START)
    odd = Alert((("alertname", "three"), ("job", "api")), (), START, math.inf, START)
    assert engine.rebuild([], [other, odd], START) == ()


def test_a_rule_that_cannot_be_evaluated_harms_no_other() -> None:
    text = (
        COUNT
        + '[[rule]]\nid = "odd"\nform = "event"\non = ["t.a"]\n'
        + 'when = "gen_ai.usage.input_tokens / gen_ai.usage.output_tokens > 2"\n'
    )
    engine = RuleEngine(rules(text))
    usage = {"gen_ai__usage__input_tokens": 4, "gen_ai__usage__output_tokens": 0}
    said = run(engine, [event(at, **usage) for at in range(3)])
    assert [alert.label("alertname") for alert in said] == ["three"]
    assert (engine.tallies["odd"].errors, engine.tallies["odd"].example) == (3, "it divides by zero")
    assert engine.tallies["three"].errors == 0
    (finding,) = engine.findings
    assert (finding.column, finding.severity) == ("odd", "note")
    assert "3 events, which it did not count: it divides by zero" in finding.problem


@pytest.mark.parametrize(
    "value", ["4", True, math.nan, math.inf, -math.inf, [1], {"a": 1}, 10**400, "\ud800"], ids=lambda value: repr(value)[:12]
)
def test_a_value_of_the_wrong_kind_is_a_fault_of_the_rule(value: Any) -> None:
    text = '[[rule]]\nid = "big"\nform = "event"\non = ["t.a"]\nwhen = "x > 3"\n'
    summing = text.replace("big", "sum").replace('"event"', '"window"')
    summing = summing.replace('when = "x > 3"', 'field = "x"\nwindow = "1m"\nover = 1\nmeasure = "sum"')
    engine = RuleEngine(rules(text + summing))
    assert not run(engine, [event(0, x=value)])
    assert engine.tallies["big"].errors == engine.tallies["sum"].errors == 1
    assert len(run(engine, [event(1, x=9)])) == 2


@pytest.mark.parametrize("value", [None, "\ud800", "a\nb\x00\u202e", "x" * 100_000, 7, 7.5, True, ["a"], {"b": 1}])
def test_whatever_a_group_is_called_its_alert_can_be_shown(value: Any) -> None:
    engine = RuleEngine(rules(COUNT.replace("at_least = 3", "at_least = 1")))
    (alert,) = run(engine, [event(0, freehold__tenant=value)])
    for text in (alert.label("tenant"), dict(alert.annotations)["summary"]):
        assert text.isprintable() or not text
        assert len(text.encode("utf-8")) < 1_000


def test_a_hundred_thousand_groups_keep_to_their_bound_and_it_is_told() -> None:
    engine = RuleEngine(rules(COUNT + "groups = 100\n"))
    for number in range(100_000):
        engine.feed(event(number / 1_000, freehold__tenant=str(number)))
    assert engine.groups_of("three") == 100
    assert engine.tallies["three"].forgotten == 99_900
    assert len(engine._due) <= 10_500


def test_a_group_whose_window_is_empty_goes_without_a_word() -> None:
    engine = RuleEngine(rules(COUNT + "groups = 10\n"))
    for number in range(100):
        engine.feed(event(number * 10.0, freehold__tenant=str(number)))
    assert (engine.groups_of("three"), engine.tallies["three"].forgotten) == (10, 0)


def test_a_flood_of_groups_cannot_hide_an_alert_that_stands() -> None:
    engine = RuleEngine(rules(COUNT + "groups = 10\n"))
    run(engine, [event(0, freehold__tenant="ill")] * 3)
    run(engine, [event(1, freehold__tenant=str(number)) for number in range(1_000)])
    said = run(engine, [], 1_000)
    assert [(alert.label("tenant"), alert.ends - START) for alert in said] == [("ill", 90)]


def test_when_every_place_is_taken_by_what_stands_no_more_is_taken() -> None:
    groups: Groups[int] = Groups(2)
    for number in range(2):
        groups.put((str(number),), number)
        groups.hold((str(number),))
    assert groups.put(("2",), 2) == (False, None)
    groups.let_go(("0",))
    assert groups.put(("2",), 2) == (True, 0)
    assert dict(groups) == {("1",): 1, ("2",): 2}


def test_many_events_of_one_group_leave_no_trail_of_moments() -> None:
    text = '[[rule]]\nid = "one"\nform = "event"\non = ["t.a"]\nresolve_after = "1d"\n'
    engine = RuleEngine(rules(text))
    for number in range(20_000):
        engine.feed(event(number / 100))
    assert len(engine._due) < 10


def test_a_thousand_types_of_events_are_looked_up_and_not_kept() -> None:
    engine = RuleEngine(built_in_rules())
    for number in range(5_000):
        engine.feed(event(number, f"strange.{number}"))
    assert len(engine._by_type) <= 1_000


@pytest.mark.parametrize("received", [math.nan, math.inf, -math.inf, 1e300, -1.0])
def test_a_time_that_is_none_harms_nothing(received: float) -> None:
    engine = RuleEngine(rules(COUNT))
    said = [*engine.feed(Event("/s", "1", "t.a", 0.0, received)), *engine.tick(received), *run(engine, [event(0), event(1)])]
    assert len(said) <= 1
    assert engine.now == START + 1
    assert len(run(engine, [event(2)])) + len(said) == 1


def test_what_an_event_says_of_itself_does_not_stand_for_who_sent_it() -> None:
    text = (
        '[[rule]]\nid = "one"\nform = "event"\non = ["t.a"]\nwhen = "event.source == \'/trusted\'"\ngroup = ["event.source"]\n'
    )
    engine = RuleEngine(rules(text))
    forged = {"event.source": "/trusted", "event__source": "/trusted", "event_source": "/trusted"}
    assert not engine.feed(Event("/stranger", "1", "t.a", 0.0, START, "", forged))
    (alert,) = engine.feed(Event("/trusted", "1", "t.a", 0.0, START, "", {"event.source": "/other"}))
    assert alert.label("reporter") == "/trusted"


def test_an_engine_without_rules_says_nothing() -> None:
    engine = RuleEngine(Rules())
    assert (engine.longest_window, run(engine, [event(0)], 10)) == (0.0, [])
