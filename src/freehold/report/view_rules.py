"""Rules as pages: the list, how their tests went, what a replay found. Owns their tables."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from freehold.report.interface import Block, Column, Document, Heading, Paragraph, Row, Table, Tone
from freehold.report.sentences import count
from freehold.words import listed, say

if TYPE_CHECKING:
    from freehold.report.answers import Context
    from freehold.watch.alert import Labels
    from freehold.watch.replay import ReplayReport, RuleReplay
    from freehold.watch.rule_list import ListedRule, RuleList, RuleTestReport

__all__ = ["list_document", "replay_document", "tests_document"]

_TONES: Final[dict[str, Tone]] = {"on": "good", "off": "quiet", "never": "warn", "changed": "warn"}
_NOISY: Final = 20.0
"""Alerts a day of one rule from which on the page warns: one in an hour of a working day and more is not read any more."""

_MOST_ROWS: Final = 60


def list_document(answer: RuleList, context: Context) -> Document:
    """Show the rules there are; without a folder of state, none is said to be on or off."""
    del context
    stated = any(one.state is not None for one in answer.rules)
    columns = [
        Column("rule", say("rules.column_rule"), "id"), Column("state", say("rules.column_state")),
        Column("measure", say("rules.column_measure")), Column("severity", say("rules.column_severity")),
        Column("tests", say("rules.column_tests"), "count"), Column("from", say("rules.column_from")),
        Column("replay", say("rules.column_replay")),
    ]  # fmt: skip
    rows = tuple(Row(_listed(one), _TONES.get(one.state or "", "plain")) for one in answer.rules)
    table = Table(tuple(columns), rows)
    on = sum(one.state == "on" for one in answer.rules)
    key = "rules.list_on" if stated else "rules.list"
    said = say(key, rules=count("rules.rules", len(answer.rules)), on=on)
    return Document(say("rules.list_title"), (Paragraph(said, lead=True), table), table)


def _listed(one: ListedRule) -> tuple[str | int | None, ...]:
    state = None if one.state is None else say(f"rules.state_{one.state}")
    replay = one.replay
    replayed = (
        None
        if replay is None
        else say("rules.replayed", alerts=count("rules.alerts", replay.alerts), events=count("rules.events", replay.events))
    )
    origin = say("rules.from_freehold" if one.built_in else "rules.from_you")
    return one.id, state, one.measure or one.form, one.severity or None, one.tests, origin, replayed


def tests_document(answer: RuleTestReport, context: Context) -> Document:
    """Show how every test went, and what was not as expected."""
    del context
    columns = (
        Column("rule", say("rules.column_rule"), "id"), Column("test", say("rules.column_test")),
        Column("result", say("rules.column_result")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (one.rule, one.name, say("rules.passed") if one.passed else say("report.separator").join(one.problems)),
            "plain" if one.passed else "bad",
        )
        for one in answer.results
    )
    table = Table(columns, rows)
    failed = sum(not one.passed for one in answer.results)
    tests = count("rules.tests", len(rows))
    said = say("rules.tests_failed", failed=failed, tests=tests) if failed else say("rules.tests_passed", tests=tests)
    blocks: list[Block] = [Paragraph(said, "bad" if failed else "good", lead=True)]
    if answer.silent:
        blocks.append(Paragraph(say("rules.silent", rules=listed(answer.silent)), "warn"))
    return Document(say("rules.tests_title"), (*blocks, table), table)


def replay_document(answer: ReplayReport, context: Context) -> Document:
    """Show what rules would have said: a row a rule, then each rule's alerts."""
    del context
    columns = (
        Column("rule", say("rules.column_rule"), "id"), Column("alerts", say("rules.column_alerts"), "count"),
        Column("a_day", say("rules.column_a_day"), "count"), Column("looked", say("rules.column_looked"), "count"),
        Column("counted", say("rules.column_counted"), "count"), Column("noisiest", say("rules.column_noisiest")),
        Column("faults", say("rules.column_faults")),
    )  # fmt: skip
    table = Table(columns, tuple(Row(_replayed(one), _tone(one)) for one in answer.rules))
    alerts = count("rules.alerts", sum(one.alerts for one in answer.rules))
    events, rules = count("rules.events", answer.events), count("rules.rules", len(answer.rules))
    said = say("rules.replay_nothing")
    if answer.events:
        start, end = _moment(answer.start), _moment(answer.end)
        said = say("rules.replay", rules=rules, alerts=alerts, events=events, start=start, end=end)
    blocks: list[Block] = [Paragraph(said, "plain" if answer.events else "warn", lead=True), table]
    for one in answer.rules:
        if one.would_be:
            blocks += [Heading(one.rule), _would_be(one)]
    return Document(say("rules.replay_title"), tuple(blocks), table)


def _replayed(one: RuleReplay) -> tuple[str | int | float | None, ...]:
    noisiest = say("rules.times", group=_labels(one.noisiest[0][0]), count=one.noisiest[0][1]) if one.noisiest else None
    faults = [say("rules.errors", events=count("rules.events", one.errors), example=one.example)] if one.errors else []
    if one.forgotten:
        faults.append(say("rules.forgotten", count=one.forgotten))
    a_day = None if one.a_day is None else round(one.a_day, 1)
    return one.rule, one.alerts, a_day, one.looked, one.counted, noisiest, say("report.separator").join(faults) or None


def _tone(one: RuleReplay) -> Tone:
    if one.errors or one.forgotten:
        return "bad"
    return "warn" if one.a_day is not None and one.a_day > _NOISY else "plain"


def _would_be(one: RuleReplay) -> Table:
    columns = (
        Column("since", say("rules.column_since")), Column("until", say("rules.column_until")),
        Column("group", say("rules.column_group")), Column("summary", say("rules.column_summary")),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                _moment(alert.since), say("rules.standing") if math.isinf(alert.until) else _moment(alert.until),
                _labels(alert.labels), alert.summary or None,
            )
        )
        for alert in one.would_be
    )  # fmt: skip
    caption = say("rules.first_alerts", count=len(rows), of=f"{one.alerts:,}") if one.alerts > len(rows) else ""
    return Table(columns, rows, caption, _MOST_ROWS)


def _labels(labels: Labels) -> str:
    told = [f"{name}={value}" for name, value in labels if name not in {"alertname", "severity"}]
    return listed(told) or say("rules.whole")


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f}"
