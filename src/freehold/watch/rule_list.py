"""The rules there are, with what is known of each. Owns that list for people and programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from freehold.watch.rule import Rules
from freehold.watch.rule_switch import ReplayRecord, RuleState, RuleSwitch, SwitchRecord
from freehold.watch.rule_tests import TestResult

__all__ = ["ListedRule", "RuleList", "RuleTestReport", "list_rules"]


@dataclass(frozen=True, slots=True)
class ListedRule:
    """One rule of the list.

    Parameters
    ----------
    id, form, measure, on, severity, summary
        As it stands.
    built_in
        Whether it comes with Freehold.
    tests
        How many it has.
    digest
        What exactly it is.
    state
        Whether it is on; ``None`` where no folder of state was named.
    switch, replay
        How it was switched last, and its last replay.
    """

    id: str
    form: str
    measure: str
    on: tuple[str, ...]
    severity: str
    summary: str
    built_in: bool
    tests: int
    digest: str
    state: RuleState | None = None
    switch: SwitchRecord | None = None
    replay: ReplayRecord | None = None


@dataclass(frozen=True, slots=True)
class RuleList:
    """All rules.

    Parameters
    ----------
    rules
        In the order of their files, those of Freehold first.
    """

    rules: tuple[ListedRule, ...]


@dataclass(frozen=True, slots=True)
class RuleTestReport:
    """How the tests of rules went.

    Parameters
    ----------
    results
        One a test.
    silent
        Rules that have no test in which they fire.
    """

    results: tuple[TestResult, ...]
    silent: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every rule has such a test, and all pass."""
        return not self.silent and all(one.passed for one in self.results)


def list_rules(built_in: Rules, own: Rules | None = None, switch: RuleSwitch | None = None) -> RuleList:
    """List rules.

    Parameters
    ----------
    built_in, own
        Those that come with Freehold, and those of the user.
    switch
        Of a folder of state, if one is meant.
    """
    listed = [*_listed(built_in, switch, built_in=True)]
    if own is not None:
        listed += _listed(own, switch, built_in=False)
    return RuleList(tuple(listed))


def _listed(rules: Rules, switch: RuleSwitch | None, *, built_in: bool) -> Iterator[ListedRule]:
    for rule in rules:
        state = switch.state_of(rule, rules, built_in=built_in) if switch else None
        yield ListedRule(
            rule.id, rule.form, rule.measure, rule.on, rule.severity, rule.summary, built_in, len(rule.test),
            rules.digest_of(rule), state, switch.record_of(rule) if switch else None,
            switch.replay_of(rule, rules) if switch else None,
        )  # fmt: skip
