"""How single values are written for people, and how they are to be taken. Owns the words of a cell, not its place."""

from __future__ import annotations

import math

from freehold.report.clean import clean
from freehold.report.interface import Cell, Column, Evidence, KeyFigure, NotKnown, Range, Tone
from freehold.stack.countries import country_name
from freehold.words import day, language_locale, percent, say

__all__ = ["country", "country_in_sentence", "evidence_line", "figure", "short_range", "show_cell", "tone_of", "whole_days"]


def short_range(value: Range) -> str:
    """Two fractions in the room of a cell: ``40–60 %``, ``60 %``."""
    if value.low is None or value.high is None:
        return say("report.not_known")
    low, high = percent(value.low), percent(value.high)
    if low == high:
        return low
    if low == say("figures.percent_under"):
        low = "0 %"
    return say("report.range", low=low.removesuffix(" %"), high=high)


def figure(one: KeyFigure) -> str:
    """A key figure's number: percent, or percentage points where it is a difference."""
    if one.value.low is None or one.value.high is None:
        return say("report.not_known")
    if not one.points:
        return short_range(one.value)
    low, high = round(one.value.low * 100), round(one.value.high * 100)
    if low == high:
        return say("report.points", points=_signed(low))
    return say("report.points_range", low=_signed(low), high=_signed(high))


def evidence_line(one: Evidence) -> str:
    """A piece of evidence in a line: the fact, who says so, for which day, and whether that is long ago."""
    date = say("evidence.dated_old" if one.old else "evidence.dated", date=one.date) if one.date else ""
    return say("evidence.line", claim=one.claim, source=one.source) + date


def _signed(points: int) -> str:
    return f"{points:+d}".replace("-", "−") if points else "0"


def whole_days(value: float) -> str:
    """A day, with the word before it."""
    return say("report.day", day=day(value))


def country(code: str) -> str:
    """A country's name; words for a community without a seat and for a seat that is not known."""
    if code in ("?", ""):
        return say("report.not_known")
    return say("report.no_seat") if code == "none" else country_name(code, language_locale())


def country_in_sentence(code: str) -> str:
    """A country's or a group's name as it stands within a sentence: ``the United States``, ``Japan``."""
    name = country_name(code, language_locale())
    return say("chokepoints.the", name=name) if name in say("chokepoints.with_article").split("|") else name


def tone_of(low: float, high: float, floor: float) -> Tone:
    """How a level is to be taken: good only where it surely stands in full, bad where it has surely stopped."""
    if high < floor - 1e-9:
        return "bad"
    if low < floor - 1e-9:
        return "warn"
    return "good" if low >= 1 - 1e-9 else "plain"


def show_cell(cell: Cell, column: Column) -> str:
    """Write a cell for people, cleaned.

    Parameters
    ----------
    cell
        A value; one that is not known is said to be so, never written as 0.
    column
        Says what the value is.
    """
    if isinstance(cell, NotKnown):
        return say("report.not_known")
    if cell is None:
        return say("report.none")
    if isinstance(cell, str):
        return clean(cell)
    if isinstance(cell, Range):
        return _show_range(cell, column)
    if column.sort == "percent":
        return percent(cell)
    if column.sort == "day":
        return day(cell)
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:g}"


def _show_range(value: Range, column: Column) -> str:
    if column.sort == "percent":
        return short_range(value)
    ends = [say("report.never") if end is None or math.isinf(end) else day(end) for end in (value.low, value.high)]
    return ends[0] if ends[0] == ends[1] else say("report.either", one=ends[0], other=ends[1])
