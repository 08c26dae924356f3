"""Samples of what may be, each solved: the work of a Monte Carlo sweep. Owns how a drawn fact comes to count in a network.

A drawn fact about control overrides whom a rule matches; a drawn number makes a network of its own. Samples that draw the
same are solved once.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final, TypeAlias

import numpy as np

from freehold.measure.case import HIGH, LOW, Case, Side
from freehold.measure.counter_random import uniforms
from freehold.measure.drawn_numbers import case_with
from freehold.measure.mission import Interval, Mission
from freehold.measure.sweep_question import Arrays, Opened, cutoffs_from, cutoffs_in, opened, settings_in, shared_by, split
from freehold.measure.uncertain import CONTROL, Draw, Event, Outlook, Uncertain, outcomes, whole_cut
from freehold.network.solve import solve
from freehold.stack.control import Control, Truth
from freehold.stack.cutoff import Cutoff
from freehold.stack.values import Owner, Provider, Source, Stack

__all__ = ["SAMPLE_WORK", "run_samples", "sample_batches", "samples_shared"]

SAMPLE_WORK: Final = "freehold.measure.sweep_samples:run_samples"
_REMEMBERED: Final = 20_000
"""Answers that a worker keeps for samples that draw the same."""

_CASES: Final = 32
_Key: TypeAlias = tuple[str, str, str]
_Drawn: TypeAlias = Mapping[_Key, Any]


def samples_shared(
    stack: Stack, cut: Cutoff, outlook: Outlook, days: Iterable[float], seed: int, *, strict: bool, kernel: str
) -> Arrays:
    """What the batches of a Monte Carlo sweep share."""
    told = {"facts": [asdict(fact) for fact in outlook.facts], "events": [asdict(event) for event in outlook.events]}
    told |= {"common": outlook.common}  # type: ignore[dict-item]
    shared = shared_by(stack, days=list(days), seed=seed, strict=strict, kernel=kernel)
    return shared | {"cutoff": cutoffs_in([cut]), "outlook": np.frombuffer(json.dumps(told).encode(), np.uint8)}


def sample_batches(count: int, size: int) -> Iterator[Arrays]:
    """The samples in batches, by their numbers."""
    for first, number in split(count, size):
        yield {"first": np.array([first]), "count": np.array([number])}


def _outlook_from(shared: Arrays) -> Outlook:
    told = json.loads(shared["outlook"].tobytes())
    facts = tuple(
        Uncertain(
            row["table"], row["id"], row["attribute"],
            Draw(
                tuple(tuple(one) if isinstance(one, list) else one for one in row["draw"]["choices"]),
                tuple(row["draw"]["odds"]), row["draw"]["low"], row["draw"]["high"], row["draw"]["keep"],
            ),
            row["why"],
        )
        for row in told["facts"]
    )  # fmt: skip
    events = tuple(Event(**{**row, "via": tuple(row["via"])}) for row in told["events"])
    return Outlook(facts, events, told["common"])


class _Sampled:
    """One question, as a worker holds it."""

    def __init__(self, held: Opened, shared: Arrays) -> None:
        settings = settings_in(shared)
        self.days: tuple[float, ...] = tuple(settings["days"])
        self.seed = int(settings["seed"])
        self.strict = bool(settings["strict"])
        self.cut = cutoffs_from(shared["cutoff"])[0]
        self.outlook = _outlook_from(shared)
        self.kernel = str(settings["kernel"])
        self.mission: Mission = held.mission
        self.base = held.case(self.cut.stake, self.strict, self.kernel)
        self.whole = whole_cut(self.cut, self.outlook.events)
        self._cases: OrderedDict[tuple[tuple[_Key, Any], ...], Case] = OrderedDict()
        self._controls: OrderedDict[tuple[tuple[_Key, Any], ...], Control] = OrderedDict()
        self._answers: dict[object, Interval] = {}
        self._resting: dict[Case, Mapping[str, tuple[int, ...]]] = {}

    def at(self, uniform: Sequence[float], kinds: Sequence[int]) -> Interval:
        """The mission's level in one sample."""
        facts = self.outlook.facts
        drawn = {fact.key: fact.draw.value(uniform[place], kinds[place]) for place, fact in enumerate(facts) if kinds[place]}
        comes = tuple(place for place, kind in enumerate(kinds[len(facts) :]) if kind)
        key = (tuple(drawn.items()), comes)
        if key not in self._answers:
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            self._answers[key] = self._solved(drawn, comes)
        return self._answers[key]

    def _solved(self, drawn: _Drawn, comes: Sequence[int]) -> Interval:
        numbers = {key: value for key, value in drawn.items() if key[2] not in CONTROL.get(key[0], ())}
        about = {key: value for key, value in drawn.items() if key not in numbers}
        case = self._case(numbers)
        own = len(self.cut.rules)
        rules = (*self.cut.rules, *(self.whole.rules[own + place] for place in comes))
        cut = Cutoff(rules, self.cut.name, self.cut.notice, self.cut.stake)
        overrides = self._overrides(case, cut, about)
        low = self._levels(case, cut, LOW, overrides)
        decided = case.is_numeric_known and case.is_recovery_known
        decided = decided and not any(
            truth is None and overrides.get((place, supply), None) is None
            for place, rule in enumerate(rules)
            for supply, truth in case.matching(rule).items()
        )
        decided = decided and None not in overrides.values()
        return self.mission.mean(low, low if decided else self._levels(case, cut, HIGH, overrides))

    def _levels(self, case: Case, cut: Cutoff, side: Side, overrides: Mapping[tuple[int, int], Truth]) -> Any:
        scenario = case.scenario(cut, side, overrides or None)
        return solve(case.built(side), [scenario], self.days, 0.5, case.running(side)).levels[0]

    def _case(self, numbers: _Drawn) -> Case:
        """The networks with some numbers as they were drawn."""
        if not numbers:
            return self.base
        key = tuple(numbers.items())
        if key not in self._cases:
            if len(self._cases) >= _CASES:
                self._cases.popitem(last=False)
            self._cases[key] = case_with(self.base, numbers, strict=self.strict)
        return self._cases[key]

    def _overrides(self, case: Case, cut: Cutoff, about: _Drawn) -> dict[tuple[int, int], Truth]:
        """Whom the rules match, now that some facts about control are drawn."""
        if not about or not cut.rules:
            return {}
        control = self._control(case, {key: value for key, value in about.items() if key[0] == "providers"})
        by_row: dict[tuple[str, str], dict[str, Any]] = {}
        for (table, id_, attribute), value in about.items():
            by_row.setdefault((table, id_), {})[attribute] = value
        found: dict[tuple[int, int], Truth] = {}
        touched: dict[int, None] = {}
        for table, id_ in by_row:
            touched |= dict.fromkeys(self._supplies(case, table, id_))
        items, supplies = case.stack.items, case.supplies
        for supply in touched:
            item, source = items[supplies[supply].item], supplies[supply].filled.source
            changed = _changed(source, item.id, by_row)
            for place, rule in enumerate(cut.rules):
                judge = control
                if rule.source is not None and source is not None and changed is not None:
                    # the rule knows the source by its own id, under which the facts before are remembered
                    changed, judge = replace(changed, id=source.id), self._fresh(control)
                found[place, supply] = judge.matches(rule, item, changed)
        return found

    def _fresh(self, control: Control) -> Control:
        return Control(control.stack, strict=self.strict, stake=self.cut.stake)

    def _control(self, case: Case, providers: _Drawn) -> Control:
        """Who controls what, with some facts about providers as they were drawn."""
        if not providers:
            return case.control
        key = tuple(providers.items())
        if key not in self._controls:
            if len(self._controls) >= _CASES:
                self._controls.popitem(last=False)
            rows = dict(self.base.stack.provider_by_id)
            for (_, id_, attribute), value in providers.items():
                row = rows.get(id_) or Provider(id_)
                shown = tuple(map(Owner, value)) if attribute == "owner" else value
                changes: dict[str, Any] = {attribute: shown}
                rows[id_] = replace(row, **changes)
            stack = replace(self.base.stack, providers=tuple(rows.values()))
            self._controls[key] = Control(stack, strict=self.strict, stake=self.cut.stake)
        return self._controls[key]

    def _supplies(self, case: Case, table: str, id_: str) -> tuple[int, ...]:
        if table == "items":
            return tuple(one for one in case.supplies_of[case.item_number[id_]] if case.supplies[one].filled.source is None)
        if table == "sources":
            return (case.supply_number[id_],) if id_ in case.supply_number else ()
        if case not in self._resting:
            if len(self._resting) > _CASES:
                self._resting.clear()
            by: dict[str, list[int]] = {}
            for number, supply in enumerate(case.supplies):
                provider = None if supply.filled.source is None else supply.filled.source.provider
                if isinstance(provider, str):
                    for one in dict.fromkeys((provider, *case.control.owners(provider))):
                        by.setdefault(one, []).append(number)
            self._resting[case] = {one: tuple(numbers) for one, numbers in by.items()}
        return self._resting[case].get(id_, ())


def _changed(source: Source | None, item: str, by_row: Mapping[tuple[str, str], Mapping[str, Any]]) -> Source | None:
    """A source with what was drawn about it, under a name of its own: what was drawn before must not be remembered for it."""
    if source is None:
        drawn = by_row.get(("items", item), {})
        return Source(f"{item} from {drawn['source']}", item, drawn["source"]) if "source" in drawn else None
    changes: dict[str, Any] = dict(by_row.get(("sources", source.id), {}))
    return replace(source, id=f"{source.id} with {sorted(changes.items())!r}", **changes) if changes else source


def run_samples(shared: Arrays, batch: Arrays) -> Arrays:
    """Solve a batch of samples; runs in a worker.

    Returns
    -------
    dict
        ``low``, ``high`` : (samples, days).
    """
    held = opened(shared)
    key = (shared["settings"].tobytes(), shared["cutoff"].tobytes(), shared["outlook"].tobytes())
    if held.kept.get("question") != key:
        held.kept.clear()
        held.kept |= {"question": key, "sampled": _Sampled(held, shared)}
    sampled: _Sampled = held.kept["sampled"]
    first, count = int(batch["first"][0]), int(batch["count"][0])
    uniform = uniforms(sampled.seed, first, count, sampled.outlook.width)
    kinds = outcomes(sampled.outlook, uniform).tolist()
    levels = [sampled.at(row, kind) for row, kind in zip(uniform.tolist(), kinds, strict=True)]
    return {"low": np.array([one.low for one in levels]), "high": np.array([one.high for one in levels])}
