"""The calendar of a plan, read as RFC 5545 says: folding, escaping, ids that stay, and names that cannot add an event."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from freehold.plan.goal_values import Goal
from freehold.plan.plan_values import PlanAnswer
from freehold.report.plan_calendar import plan_calendar
from plan_answers import NO_PLAN, PLAN


def lines_of(text: str) -> list[str]:
    """Unfolded lines (RFC 5545, section 3.1)."""
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert "\r" not in text.replace("\r\n", "")
    folded = text.removesuffix("\r\n").split("\r\n")
    assert all(len(line.encode("utf-8")) <= 75 for line in folded)
    return text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def events_of(text: str) -> list[dict[str, str]]:
    """Properties of each event, by name with their parameters; values unescaped."""
    found: list[dict[str, str]] = []
    inside = False
    for line in lines_of(text):
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            assert not inside
            found.append({})
            inside = True
        elif line == "END:VEVENT":
            inside = False
        elif inside:
            assert name not in found[-1]
            found[-1][name] = re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)
    assert not inside
    return found


def named(name: str) -> PlanAnswer:
    return replace(PLAN, options={id_: replace(one, name=name) for id_, one in PLAN.options.items()})


def test_a_step_has_an_event_on_the_day_it_starts_and_one_on_the_day_it_is_ready() -> None:
    events = events_of(plan_calendar(PLAN, "Town"))
    assert [(one["SUMMARY"], one["DTSTART;VALUE=DATE"], one["DTEND;VALUE=DATE"]) for one in events] == [
        ("Start: Run our own mail", "20270101", "20270102"), ("Ready: Run our own mail", "20270501", "20270502"),
        ("Start: Stock of disks", "20280101", "20280102"), ("Ready: Stock of disks", "20280131", "20280201"),
    ]  # fmt: skip
    assert "To be ready before it starts: Run our own mail." in events[2]["DESCRIPTION"]
    assert "Cost within the plan: 50,000 EUR." in events[0]["DESCRIPTION"].split("\n")


def test_the_calendar_begins_and_ends_as_the_standard_says() -> None:
    lines = lines_of(plan_calendar(PLAN, "Town"))
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines[2].startswith("PRODID:-//Freehold//")
    assert lines[-1] == "END:VCALENDAR"


def test_ids_stay_from_plan_to_plan_and_differ_within_one() -> None:
    later = replace(
        PLAN, goal=Goal(PLAN.goal.aims, replace(PLAN.goal.limits, start="2027-06-01")),
        steps=tuple(replace(one, start_date="2029-01-01", ready_date="2029-02-01") for one in PLAN.steps),
    )  # fmt: skip
    before, after = (events_of(plan_calendar(one, "Town")) for one in (PLAN, later))
    assert [one["UID"] for one in before] == [one["UID"] for one in after]
    assert len({one["UID"] for one in before}) == 4
    assert {one["UID"] for one in events_of(plan_calendar(PLAN, "Other"))}.isdisjoint(one["UID"] for one in before)


def test_the_stamp_is_the_plan_s_first_day_and_no_clock() -> None:
    text = plan_calendar(PLAN, "Town")
    assert {one["DTSTAMP"] for one in events_of(text)} == {"20270101T000000Z"}
    assert text == plan_calendar(PLAN, "Town")


def test_a_name_cannot_add_an_event_or_a_property() -> None:
    evil = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:owned; a,b\\n"
    events = events_of(plan_calendar(named(evil), evil))
    assert len(events) == 4
    assert all(one["SUMMARY"].endswith("SUMMARY:owned; a,b\\n") for one in events)


def test_where_there_is_no_plan_there_is_no_event() -> None:
    assert events_of(plan_calendar(NO_PLAN, "Town")) == []


def test_the_last_day_that_a_calendar_knows_has_no_day_after_it() -> None:
    end = replace(PLAN, steps=(replace(PLAN.steps[0], ready_date="9999-12-31"),))
    assert "DTEND;VALUE=DATE" not in events_of(plan_calendar(end, "Town"))[1]


@given(st.text(max_size=200))
def test_any_name_is_read_back_within_its_own_line(name: str) -> None:
    events = events_of(plan_calendar(named(name or "x"), name))
    assert len(events) == 4
    assert all(one["SUMMARY"].startswith("Start: ") for one in events[::2])
