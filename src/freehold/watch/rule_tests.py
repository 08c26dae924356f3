"""A rule's own tests, run. Owns what passing means.

The events of a test are fed to an engine that has this rule alone, and the alerts that come are held against those expected:
each in order, with its labels, begun and ended when it was said, give or take what the rule's window is exact to (a sixtieth).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from freehold.errors import BadRules
from freehold.watch.alert import Alert
from freehold.watch.engine import RuleEngine
from freehold.watch.event import Event
from freehold.watch.measures import longest_memory
from freehold.watch.rule import Expected, Rule, Rules, RuleTest, Seconds
from freehold.watch.runaway import plain_rule
from freehold.watch.seconds import format_seconds
from freehold.watch.windows import BUCKETS

__all__ = ["TestResult", "demand_tests", "run_tests"]

_START: Final = 1_000_000_000.0
"""When tests begin, seconds since 1970: any moment would do."""

_EXACT: Final = 0.001


@dataclass(frozen=True, slots=True)
class TestResult:
    """How one test went.

    Parameters
    ----------
    rule
        The rule's id.
    name
        The test's.
    problems
        What was not as expected; empty: it passed.
    """

    __test__ = False

    rule: str
    name: str
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.problems


def run_tests(rules: Rules) -> tuple[TestResult, ...]:
    """Run the tests of all rules.

    Parameters
    ----------
    rules
        Sound ones.

    Returns
    -------
    tuple of TestResult
        In the order of the file; a rule without tests has none.
    """
    return tuple(_run(rule, test, rules) for rule in rules for test in rule.test)


def demand_tests(rules: Rules) -> None:
    """See that every rule has tests, among them one that fires, and that all pass.

    Raises
    ------
    freehold.errors.BadRules
        With the first that fails.
    """
    for rule in rules:
        if not any(test.expect for test in rule.test):
            raise BadRules(f"the rule '{rule.id}' has no test in which it fires. Add a [[rule.test]] with an expect.")
    for result in run_tests(rules):
        if not result.passed:
            raise BadRules(f"the rule '{result.rule}' fails its test '{result.name}': {result.problems[0]}. Mend either.")


def _events(rule: Rule, test: RuleTest) -> list[Event]:
    first = rule.on or plain_rule(rule).on
    made: list[Event] = []
    for place, one in enumerate(test.events):
        for number in range(one.repeat):
            at = _START + one.at + number * one.every
            kind = one.type or first[0].replace("*", "test")
            made.append(Event(one.source, f"{place}-{number}", kind, at, at, one.subject, one.data))
    return sorted(made, key=lambda event: event.received)


def _run(rule: Rule, test: RuleTest, rules: Rules) -> TestResult:
    engine = RuleEngine(Rules((rule,), rules.attributes, rules.file))
    events = _events(rule, test)
    said: list[Alert] = []
    for event in events:
        said += engine.feed(event)
    last = events[-1].received if events else _START
    end = last + longest_memory(plain_rule(rule)) + rule.hold_off + 1 if test.until is None else _START + test.until
    said += engine.tick(end)
    faults = engine.tallies[rule.id]
    problems = [*_differences(rule, test.expect, said)]
    if faults.errors:
        problems.append(f"it could not be evaluated on {faults.errors} of the events: {faults.example}")
    return TestResult(rule.id, test.name, tuple(problems))


def _differences(rule: Rule, expected: tuple[Expected, ...], said: list[Alert]) -> Iterable[str]:
    begun = [alert for alert in said if math.isinf(alert.ends)]
    ends = {(alert.labels, alert.starts): alert.ends for alert in said if not math.isinf(alert.ends)}
    for wanted, alert in zip_longest(expected, begun):
        if alert is None:
            yield f"no alert began at {wanted.at}"
            continue
        at = Seconds(alert.starts - _START)
        if wanted is None:
            yield f"an alert began at {_moment(at)} that was not expected"
            continue
        labels = {name: value for name, value in alert.labels if name not in {"alertname", "severity", *rule.labels}}
        if labels != wanted.labels:
            yield f"the alert at {_moment(at)} has the labels {_pairs(labels)}, not {_pairs(wanted.labels)}"
        if abs(at - wanted.at) > _tolerance(rule):
            yield f"an alert began at {_moment(at)}, not at {wanted.at}"
        ended = ends.get((alert.labels, alert.starts))
        if wanted.resolves is None and ended is not None:
            yield f"the alert ended at {_moment(ended - _START)}, and was to stand to the end of the test"
        elif wanted.resolves is not None and ended is None:
            yield f"the alert did not end, and was to end at {wanted.resolves}"
        elif wanted.resolves is not None and ended is not None and abs(ended - _START - wanted.resolves) > _tolerance(rule):
            yield f"the alert ended at {_moment(ended - _START)}, not at {wanted.resolves}"


def _tolerance(rule: Rule) -> float:
    """What the moment at which a window forgets is exact to."""
    plain = plain_rule(rule)
    if plain.measure in {"", "silence"}:
        return _EXACT
    windows = [float(one) for one in (plain.window, plain.baseline) if one is not None]
    longest = max(windows, default=longest_memory(plain) / 2)
    return longest / BUCKETS + _EXACT


def _moment(seconds: float) -> str:
    return format_seconds(round(seconds, 3))


def _pairs(labels: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items())) or "(none)"
