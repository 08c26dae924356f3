"""Whether a rule makes sense: which fields its measure takes, within what limits. Owns what is refused before it can run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from freehold.errors import Finding
from freehold.stack.cells import nearest
from freehold.watch.conditions import BadCondition, compile_condition
from freehold.watch.rule import MEASURES, DeclaredAttribute, Rule
from freehold.watch.runaway import plain_rule
from freehold.watch.seconds import format_seconds
from freehold.watch.summaries import summary_problem
from freehold.watch.vocabulary import ATTRIBUTES, ENVELOPE, AttributeType, label_of
from freehold.watch.windows import LONGEST_WINDOW, SHORTEST_WINDOW

__all__ = ["LONGEST_WAIT", "MOST_GROUPS", "MOST_TESTS", "MOST_TEST_EVENTS", "attribute_findings", "rule_findings"]

MOST_GROUPS: Final = 10_000
"""Groups that one rule may keep."""

MOST_TESTS: Final = 50
"""Tests of one rule."""

MOST_TEST_EVENTS: Final = 10_000
"""Events in one test, repeated ones counted."""

LONGEST_WAIT: Final = 86_400.0
"""Seconds that ``for``, ``hold_off`` and ``resolve_after`` may last."""

_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}(?:\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,9}")
_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_TYPE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}\*?")
_OWN_LABELS: Final = frozenset({"alertname", "severity"})

# By measure: fields it needs, and those that it may have beside them.
_FIELDS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "": (frozenset(), frozenset()),
    "count": (frozenset({"window", "at_least"}), frozenset()),
    "ratio": (frozenset({"window", "over", "when"}), frozenset({"of", "minimum", "at_least"})),
    "sum": (frozenset({"window", "over", "field"}), frozenset()),
    "rate": (frozenset({"window", "over"}), frozenset({"field", "per"})),
    "burn-rate": (frozenset({"objective", "when"}), frozenset({"burn", "of", "minimum", "at_least"})),
    "spike": (frozenset({"window", "baseline", "times", "at_least"}), frozenset({"field"})),
    "silence": (frozenset({"window"}), frozenset()),
    "repeat": (frozenset({"window", "at_least"}), frozenset()),
    "depth": (frozenset({"over"}), frozenset()),
    "spend": (frozenset({"over"}), frozenset({"window", "field"})),
}
_CHECKED: Final = (
    "window", "baseline", "per", "at_least", "over", "times", "objective", "burn", "minimum", "field", "of",
)  # fmt: skip
_NO_FOR: Final = frozenset({"", "depth"})


def attribute_findings(declared: Iterable[DeclaredAttribute], file: str) -> Iterator[Finding]:
    """What is wrong with the attributes that a file declares.

    Parameters
    ----------
    declared
        As they stand.
    file
        Its name.
    """
    variables = {name.replace(".", "_"): name for name in (*ATTRIBUTES, *ENVELOPE)}
    for one in declared:
        if not _NAME.fullmatch(one.name) or one.name.startswith("event."):
            mend = "Letters, digits and _, in parts with dots between them, of which the first is not 'event'"
            yield Finding(file, 0, "attribute.name", f"'{one.name[:80]}' is no name of an attribute", mend)
            continue
        other = variables.setdefault(one.name.replace(".", "_"), one.name)
        if one.name in ATTRIBUTES or one.name in ENVELOPE:
            yield Finding(file, 0, "attribute.name", f"'{one.name}' is known already", "Leave it out")
        elif other != one.name:
            mend = "Give it a name that differs in more than dots"
            yield Finding(file, 0, "attribute.name", f"'{one.name}' and '{other}' cannot be told apart in a condition", mend)


class _Checker:
    """Collects the findings of one rule."""

    def __init__(self, rule: Rule, known: Mapping[str, AttributeType], file: str, place: tuple[int, Mapping[str, int]]) -> None:
        self._rule, self._known, self._file = rule, known, file
        self._line, self._lines = place
        self.found: list[Finding] = []

    def bad(self, column: str, problem: str, mend: str) -> None:
        line = self._lines.get(column.partition(".")[0].partition("[")[0], self._line)
        self.found.append(Finding(self._file, line, column, f"rule '{self._rule.id[:80]}': {problem}", mend))

    def check(self) -> None:
        rule = self._rule
        if not _ID.fullmatch(rule.id):
            self.bad("id", "the id is not small letters, digits and hyphens, at most 64", "Write one such as upstream-failing")
        if rule.measure not in MEASURES[rule.form]:
            choice = ", ".join(MEASURES[rule.form]) or "none"
            mend = f"Measures of the form '{rule.form}': {choice}" if rule.form != "event" else "Leave it out"
            self.bad("measure", f"'{rule.measure}' is no measure of the form '{rule.form}'", mend)
            return
        self._fields()
        self._types("on", rule.on, needed=rule.form != "runaway")
        for column, text in (("when", rule.when), ("of", rule.of), ("clear.when", rule.clear.when if rule.clear else "")):
            self._condition(column, text)
        if rule.clear is not None:
            self._types("clear.on", rule.clear.on, needed=False)
            if not rule.clear.on and not rule.clear.when:
                self.bad("clear", "every event would clear it", "Give it an 'on' or a 'when'")
        self._lengths()
        self._numbers()
        self._labels()
        for column, text in (("summary", rule.summary), ("description", rule.description)):
            self._summary(column, text)
        self._tests()

    def _fields(self) -> None:
        rule = self._rule
        needs, takes = _FIELDS[rule.measure]
        name = f"the measure '{rule.measure}'" if rule.measure else "the form 'event'"
        for field in sorted(needs):
            if getattr(rule, field) in (None, ""):
                self.bad(field, f"{name} needs '{field}'", f"Add {field} = …")
        for field in _CHECKED:
            if field not in needs | takes and getattr(rule, field) not in (None, ""):
                self.bad(field, f"{name} has no '{field}'", "Leave it out")
        if rule.field:
            type_ = self._type(rule.field)
            if type_ is None:
                self._unknown("field", rule.field)
            elif type_ not in {"count", "number"}:
                self.bad("field", f"'{rule.field}' is a {type_}, which cannot be summed", "Name a count or a number")
        if rule.measure in _NO_FOR and rule.for_:
            self.bad("for", f"{name} looks at one event, which lasts no time", "Leave 'for' out, or count events in a window")

    def _types(self, column: str, types: tuple[str, ...], *, needed: bool) -> None:
        if needed and not types:
            self.bad(column, "it looks at no type of event", 'Add on = ["freehold.gateway.request"]')
        if len(types) > 50:
            self.bad(column, f"{len(types)} types of event are more than 50", "End one in * to stand for many")
        for one in types:
            if not _TYPE.fullmatch(one):
                self.bad(column, f"'{one[:80]}' is no type of event", "Write one such as freehold.gateway.request")

    def _condition(self, column: str, text: str) -> None:
        if not text:
            return
        try:
            compile_condition(text, self._known)
        except BadCondition as error:
            self.bad(column, error.problem, error.mend)

    def _lengths(self) -> None:
        rule = self._rule
        windows = [("window", rule.window), ("baseline", rule.baseline), ("per", rule.per)]
        for number, pair in enumerate(rule.burn or ()):
            windows += [(f"burn[{number}].window", pair.window), (f"burn[{number}].short", pair.short)]
            if pair.short >= pair.window:
                self.bad(
                    f"burn[{number}].short", "the short window is not shorter than the long one", "A twelfth of it is usual"
                )
            if not 0 < pair.rate < 1e6:
                self.bad(f"burn[{number}].rate", f"a burn rate of {pair.rate} makes no sense", "14.4 for an hour, 6 for six")
        if rule.burn is not None and not 1 <= len(rule.burn) <= 4:
            self.bad(
                "burn", f"{len(rule.burn)} pairs of windows", "Give one to four, or leave it out for those of the workbook"
            )
        for column, length in windows:
            if length is not None and not SHORTEST_WINDOW <= length <= LONGEST_WINDOW:
                limits = f"{format_seconds(SHORTEST_WINDOW)} to {format_seconds(LONGEST_WINDOW)}"
                self.bad(column, f"a length of {format_seconds(length)} is not within {limits}", "Write one that is")
        if rule.baseline is not None and rule.window is not None and rule.baseline < 3 * rule.window:
            self.bad("baseline", "the baseline is not at least three times the window", "An hour for five minutes is usual")
        for column, length in (("for", rule.for_), ("hold_off", rule.hold_off), ("resolve_after", rule.resolve_after)):
            if length > LONGEST_WAIT:
                self.bad(column, f"{format_seconds(length)} is longer than {format_seconds(LONGEST_WAIT)}", "Write less")
        if rule.measure in {"", "depth", "silence"} and rule.resolve_after <= 0:
            self.bad("resolve_after", "the alert would end as it begins", "Write how long it is to stand, such as 5m")

    def _numbers(self) -> None:
        rule = self._rule
        share = rule.measure == "ratio"
        for column, value in (("over", rule.over), ("at_least", rule.at_least), ("times", rule.times)):
            if value is not None and not (math.isfinite(value) and 0 <= value <= 1e15):
                self.bad(column, f"{value} is no threshold", "Write a number from 0 to 1e15")
        if share and rule.over is not None and not 0 <= rule.over < 1:
            self.bad("over", f"a share is never over {rule.over}", "Write one from 0 to under 1, such as 0.2 for 20 %")
        whole = rule.at_least is None or (rule.at_least >= 1 and rule.at_least.is_integer())
        if rule.measure in {"count", "repeat", "ratio", "burn-rate"} and not whole:
            self.bad("at_least", f"{rule.at_least} is no number of events", "Write a whole number from 1")
        if rule.times is not None and rule.times < 1:
            self.bad("times", f"{rule.times} times the average is no spike", "Write a number from 1, such as 4")
        if rule.objective is not None and not 0 < rule.objective < 1:
            self.bad("objective", f"an objective of {rule.objective} leaves no budget, or all", "Write one such as 0.99")
        if rule.minimum is not None and not 1 <= rule.minimum <= 1_000_000:
            self.bad("minimum", f"a minimum of {rule.minimum} is not from 1 to 1,000,000", "Write one such as 10")
        if not 1 <= rule.groups <= MOST_GROUPS:
            self.bad("groups", f"{rule.groups:,} groups are not from 1 to {MOST_GROUPS:,}", "Write a number within these")

    def _labels(self) -> None:
        rule = self._rule
        seen = dict.fromkeys(rule.labels, "labels")
        for attribute in plain_rule(rule).group or ():
            if self._type(attribute) is None:
                self._unknown("group", attribute)
                continue
            label = label_of(attribute)
            if label in seen:
                self.bad("group", f"'{attribute}' has the label '{label}', which {seen[label]} has too", "Leave one out")
            seen[label] = f"'{attribute}'"
        if len(rule.group or ()) > 8:
            self.bad("group", f"{len(rule.group or ())} attributes are more than 8", "Leave some out")
        if len(rule.labels) > 16:
            self.bad("labels", f"{len(rule.labels)} labels are more than 16", "Leave some out")
        for name, value in rule.labels.items():
            if not _LABEL.fullmatch(name) or name in _OWN_LABELS:
                self.bad("labels", f"'{name[:80]}' is no name for a label of your own", "Letters, digits and _")
            if not 1 <= len(value) <= 200:
                self.bad("labels", f"the label '{name[:80]}' has {len(value)} characters", "Give it 1 to 200")
        if len(rule.severity) > 64:
            self.bad("severity", "the severity is longer than 64 characters", "Write one word, such as critical")

    def _summary(self, column: str, text: str) -> None:
        labels = {label_of(attribute) for attribute in plain_rule(self._rule).group or ()} | set(self._rule.labels)
        problem = summary_problem(text, labels, {**ATTRIBUTES, **self._known, **dict.fromkeys(ENVELOPE, "text")})
        if problem:
            self.bad(
                column,
                problem,
                "Names in braces: a label, an attribute, {count}, {of}, {share}, {value}, {threshold}, {window}",
            )

    def _tests(self) -> None:
        if len(self._rule.test) > MOST_TESTS:
            self.bad("test", f"{len(self._rule.test)} tests are more than {MOST_TESTS}", "Leave some out")
        for number, test in enumerate(self._rule.test):
            column = f"test[{number}]"
            if not test.events:
                self.bad(column, f"the test '{test.name[:80]}' has no event", 'Add events = [{ at = "0s", data = {} }]')
            count = 0
            for event in test.events:
                if not 1 <= event.repeat <= MOST_TEST_EVENTS:
                    self.bad(column, f"an event is repeated {event.repeat:,} times", f"Write 1 to {MOST_TEST_EVENTS:,}")
                    return
                count += event.repeat
                if event.at + event.every * event.repeat > 30 * 86_400:
                    self.bad(column, "an event comes more than 30 days after the test's start", "Write less")
                    return
            if count > MOST_TEST_EVENTS:
                self.bad(column, f"{count:,} events are more than {MOST_TEST_EVENTS:,}", "Write fewer")

    def _type(self, attribute: str) -> AttributeType | None:
        return "text" if attribute in ENVELOPE else ATTRIBUTES.get(attribute) or self._known.get(attribute)

    def _unknown(self, column: str, name: str) -> None:
        near = nearest(name, (*ATTRIBUTES, *self._known, *ENVELOPE))
        mend = f"Did you mean '{near[0]}'?" if near else "Add an [[attribute]] with its name and type to the rule file"
        self.bad(column, f"no attribute is called '{name[:80]}'", mend)


def rule_findings(
    rule: Rule, known: Mapping[str, AttributeType], file: str, place: tuple[int, Mapping[str, int]] = (0, {})
) -> list[Finding]:
    """Everything that is wrong with a rule.

    Parameters
    ----------
    rule
        As it stands.
    known
        Attributes that its file declares.
    file
        Its name.
    place
        The rule's line, and those of its keys.
    """
    checker = _Checker(rule, known, file, place)
    checker.check()
    return checker.found
