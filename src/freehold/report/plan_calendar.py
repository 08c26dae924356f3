"""A plan as a calendar (iCalendar, RFC 5545). Owns its escaping, its folding, and ids that stay the same from plan to plan.

A step has two days: the one on which it must start, and the one on which it is ready. Nothing in the file comes from a
clock: its stamp is the plan's first day, so that a calendar which takes a later plan moves the days of the earlier one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from freehold.plan.plan_values import PlanAnswer, Step
from freehold.report.clean import clean
from freehold.report.plan_words import does, money, option_name
from freehold.version import __version__
from freehold.words import listed, say

__all__ = ["plan_calendar"]

_OCTETS: Final = 75
"""Longest line, without its end (RFC 5545, section 3.1)."""


def plan_calendar(answer: PlanAnswer, name: str) -> str:
    """Write the steps of a plan as a calendar.

    Parameters
    ----------
    answer
        The plan; without steps the calendar is empty.
    name
        Of the stack: it names the calendar, and it is part of the ids of its events.

    Returns
    -------
    str
        Lines that end in CR LF, none longer than 75 octets.
    """
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//Freehold//Freehold {_text(__version__)}//EN", "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH", f"X-WR-CALNAME:{_text(say('plan.title', name=name))}",
    ]  # fmt: skip
    for step in answer.steps:
        lines += _event(answer, step, name, "start", step.start_date)
        lines += _event(answer, step, name, "ready", step.ready_date)
    lines.append("END:VCALENDAR")
    return "".join(folded + "\r\n" for line in lines for folded in _folded(line))


def _event(answer: PlanAnswer, step: Step, name: str, what: str, on: str) -> list[str]:
    day = date.fromisoformat(on)
    after = day + timedelta(days=1) if day < date.max else None
    option = answer.options.get(step.option)
    stamp = date.fromisoformat(answer.goal.limits.start)
    digest = hashlib.sha256("\0".join((name, step.option, what)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    told = [
        say("plan.calendar_dates", start=step.start_date, ready=step.ready_date),
        say("plan.calendar_cost", cost=money(step.cost, answer.currency)), does(option, answer.planned),
    ]  # fmt: skip
    if option is not None and option.requires:
        first = listed(option_name(answer.options.get(id_), id_) for id_ in option.requires)
        told.append(say("plan.calendar_first", names=first))
    summary = say(f"plan.calendar_{what}", name=option_name(option, step.option))
    return [
        "BEGIN:VEVENT", f"UID:{digest}@freehold", f"DTSTAMP:{_digits(stamp)}T000000Z", f"DTSTART;VALUE=DATE:{_digits(day)}",
        *([f"DTEND;VALUE=DATE:{_digits(after)}"] if after is not None else []), f"SUMMARY:{_text(summary)}",
        "DESCRIPTION:" + "\\n".join(_text(one) for one in told if one), "TRANSP:TRANSPARENT", "END:VEVENT",
    ]  # fmt: skip


def _digits(day: date) -> str:
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def _text(text: str) -> str:
    """A value of type TEXT (RFC 5545, section 3.3.11): control characters are shown as their codes, so none is left."""
    return clean(text).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> Iterator[str]:
    """A line in parts of at most 75 octets, no character torn apart; all but the first begin with a blank."""
    part, size = "", 0
    for character in line:
        octets = len(character.encode("utf-8"))
        if size + octets > _OCTETS:
            yield part
            part, size = " ", 1
        part += character
        size += octets
    yield part
