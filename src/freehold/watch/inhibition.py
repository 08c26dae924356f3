"""Alerts that keep others quiet. Owns which alert is muted by which other, at any moment, without a race.

An inhibition rule mutes *targets* while a *source* fires whose labels named in ``equal`` are the same. An alert that is both is
not muted by others that are both. Sources are indexed by their equal labels, so that asking costs the same however many fire.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from freehold.watch.matchers import Matcher, matches

__all__ = ["Inhibition", "Inhibitions", "Target"]

Target: TypeAlias = tuple[int, tuple[str, ...], bool]
"""A rule's place, the values of its equal labels, and whether the alert is also a source of that rule."""


@dataclass(frozen=True, slots=True)
class Inhibition:
    """One inhibition rule.

    Parameters
    ----------
    source
        What an alert must meet to keep others quiet.
    target
        What an alert must meet to be kept quiet.
    equal
        Labels that must have the same value in both; one that both lack is the same.
    """

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()

    def values(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """The values of the equal labels."""
        return tuple(labels.get(name, "") for name in self.equal)


class Inhibitions:
    """The rules, and the alerts that are sources by them.

    Parameters
    ----------
    rules
        In the order in which they are asked.
    """

    def __init__(self, rules: tuple[Inhibition, ...]) -> None:
        self._rules = rules
        # by rule and equal values: the ends of sources that are no targets themselves, and of those that are
        self._sources: list[dict[tuple[str, ...], tuple[dict[str, float], dict[str, float]]]] = [{} for _ in rules]
        self._asked: dict[Target, str] = {}
        self._asked_at = 0.0

    def targets(self, labels: Mapping[str, str]) -> tuple[Target, ...]:
        """By which rules an alert of these labels could be muted: to be kept, and asked of :meth:`muting`."""
        return tuple(
            (number, rule.values(labels), matches(rule.source, labels))
            for number, rule in enumerate(self._rules)
            if matches(rule.target, labels)
        )

    def learn(self, fingerprint: str, labels: Mapping[str, str], ends: float) -> None:
        """Take note of an alert that may be a source, or of its new end."""
        for rule, sources in zip(self._rules, self._sources, strict=True):
            if matches(rule.source, labels):
                sides = sources.setdefault(rule.values(labels), ({}, {}))
                sides[matches(rule.target, labels)][fingerprint] = ends
                self._asked.clear()

    def forget(self, fingerprint: str, labels: Mapping[str, str]) -> None:
        """Take note that an alert is no longer held."""
        for rule, sources in zip(self._rules, self._sources, strict=True):
            key = rule.values(labels)
            sides = sources.get(key)
            if sides is not None and any(side.pop(fingerprint, None) is not None for side in sides):
                self._asked.clear()
                if not any(sides):
                    del sources[key]

    def muting(self, targets: tuple[Target, ...], now: float) -> str:
        """Which source mutes an alert of these targets now: its fingerprint; empty if none does."""
        if now != self._asked_at:
            self._asked.clear()
            self._asked_at = now
        for target in targets:
            found = self._asked.get(target)
            if found is None:
                found = self._asked[target] = self._source(target, now)
            if found:
                return found
        return ""

    def _source(self, target: Target, now: float) -> str:
        number, key, is_source = target
        sides = self._sources[number].get(key)
        if sides is None:
            return ""
        asked = sides[:1] if is_source else sides
        return next((fingerprint for side in asked for fingerprint, ends in side.items() if ends > now), "")
