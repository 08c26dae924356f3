"""Amounts that a policy limits: each measured on a stack, with what holds it down. Owns one function a measure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from freehold.errors import BadPolicy
from freehold.measure.assess import foreign_cutoff
from freehold.measure.case import HIGH, LOW, Case, Kernel
from freehold.measure.chokepoint_values import ChokepointsAnswer, CutSet
from freehold.measure.chokepoints import chokepoints
from freehold.measure.content import Bounds, ContentAnswer, content, held_shares
from freehold.measure.cut_reason import reasons_of
from freehold.measure.cutoff import both_sides, check_cutoff
from freehold.measure.unknowns import unknown_facts
from freehold.measure.why import Explainer
from freehold.schemes.policy_path import Paths, Targets, targets_of
from freehold.schemes.policy_values import MEASURES, Breach, Limit, Measurement, PolicyRule, RuleAnswer, Unit, Verdict
from freehold.schemes.policy_words import fact_words, in_words, name_of
from freehold.stack.control import PERSONS
from freehold.stack.countries import country_name, is_region
from freehold.stack.values import Item, Source, Stack
from freehold.words import day as show_day
from freehold.words import interval, percent, say

__all__ = ["World", "measured_rule"]

_MOST: Final = 20
_TOLERANCE: Final = 1e-9
_MOST_SETS: Final = 2_000
"""Sets that are looked through where what is not known may be one of a set's other members."""
_SECONDS: Final = 20.0
"""For the smallest cut set of one target."""


class World:
    """The stack that a policy is asked of, and what is worked out of it once for many rules."""

    def __init__(
        self, stack: Stack, strict: bool, kernel: Kernel, lists: Mapping[str, Mapping[str, Mapping[str, str]]] | None
    ) -> None:
        self.stack, self.strict, self.kernel, self.lists = stack, strict, kernel, lists
        self._cases: dict[float, Case] = {}
        self._contents: dict[tuple[float, tuple[str, ...]], ContentAnswer] = {}

    def case(self, stake: float) -> Case:
        """The stack as a case, for owners that control from a stake on."""
        if stake not in self._cases:
            self._cases[stake] = Case(self.stack, strict=self.strict, stake=stake, kernel=self.kernel)
        return self._cases[stake]

    def content(self, limit: Limit) -> ContentAnswer:
        """Face value and content by the ways that a rule counts."""
        key = limit.stake, limit.via
        if key not in self._contents:
            self._contents[key] = content(self.stack, strict=self.strict, stake=limit.stake, via=limit.via)
        return self._contents[key]

    @cached_property
    def _needs(self) -> Mapping[tuple[str, str], str]:
        """Need by its user and what it needs."""
        return {(self.stack.source_by_id[need.source].item, need.item): need.id
                for need in self.stack.needs if need.source in self.stack.source_by_id}  # fmt: skip

    def needs_along(self, path: tuple[str, ...]) -> list[tuple[str, str]]:
        """Rows of the needs that a path goes by."""
        return [("needs", self._needs[pair]) for pair in pairwise(path) if pair in self._needs]

    def source_name(self, source: Source | None, item: Item) -> str:
        """Who provides an item, and what it is."""
        if source is None or not isinstance(source.provider, str):
            return say("policies.nobody_known", item=item.name or item.id)
        row = self.stack.provider_by_id.get(source.provider)
        return say("policies.of_provider", item=item.name or item.id, provider=(row.name if row else None) or source.provider)


@dataclass(frozen=True, slots=True)
class _Found:
    """An amount, what holds it down (the worst first), and what would mend it."""

    amount: tuple[float, float]
    breaches: tuple[Breach, ...] = ()
    mend: str = ""
    more: str = ""


def measured_rule(world: World, rule: PolicyRule, limit: Limit, place: str) -> RuleAnswer:
    """Judge a rule that limits an amount.

    Parameters
    ----------
    world
        The stack.
    rule, limit
        The rule and its condition.
    place
        Where it stands, for messages.

    Raises
    ------
    freehold.errors.BadPolicy
        If it names what is not there.
    """
    if limit.scheme:
        from freehold.schemes.policy_schemes import scheme_amount

        amount, breaches, mend = scheme_amount(world.stack, limit, place, strict=world.strict, lists=world.lists)
        return _answer(rule, limit, limit.scheme, _Found(amount, breaches, mend))
    targets = targets_of(world.stack, limit.of, f"{place}, 'of'")
    of = in_words(world.stack, limit.of)
    if not targets.sure and not targets.perhaps:
        return RuleAnswer(rule, "idle", say("policies.idle", of=of))
    if world.stack.home is None and limit.measure in ("content", "face-value", "hidden-exposure", "held"):
        raise BadPolicy(f"{place}: what is foreign has no meaning without a home. Give --home CC, or home in [stack].")
    return _answer(rule, limit, of, _MEASURED[limit.measure](world, limit, targets))


def _answer(rule: PolicyRule, limit: Limit, of: str, found: _Found) -> RuleAnswer:
    low, high = found.amount
    sure, never = (low, high) if limit.at_least else (-high, -low)
    bound = limit.bound if limit.at_least else -limit.bound
    if sure >= bound - _TOLERANCE:
        verdict: Verdict = "met"
    elif never < bound - _TOLERANCE:
        verdict = "broken"
    else:
        verdict = "perhaps"
    words = {
        "of": of, "amount": _shown(MEASURES[limit.measure], low, high), "by": say(f"policies.by_{limit.by}"),
        "asked": _shown(MEASURES[limit.measure], limit.bound, limit.bound), "cut": _cut_words(limit),
        "day": say("policies.in_the_end") if limit.day is None else say("policies.on_day", day=show_day(limit.day)),
    }  # fmt: skip
    told = say(f"policies.is_{limit.measure.replace('-', '_')}", **words)
    told = f"{told} {say('policies.asked_least' if limit.at_least else 'policies.asked_most', **words)}"
    if found.more:
        told = f"{told} {found.more}"
    told = told[:1].upper() + told[1:]
    if verdict == "met":
        return RuleAnswer(rule, verdict, told, found.amount)
    left = max(0, len(found.breaches) - _MOST)
    return RuleAnswer(rule, verdict, told, found.amount, found.breaches[:_MOST], left, found.mend)


def _cut_words(limit: Limit) -> str:
    if limit.cut is None or limit.cut.name == "everything foreign":
        return say("policies.everything_foreign")
    return say("policies.named", name=limit.cut.name)


def _shown(unit: Unit, low: float, high: float) -> str:
    if unit == "part":
        return interval(low, high)
    scale = 100 if unit == "points" else 1
    one, other = (
        say("policies.without_end") if math.isinf(value) else f"{round(value * scale, 1) + 0:g}" for value in (low, high)
    )
    shown = one if one == other else say("policies.between", low=one, high=other)
    return say("policies.points", points=shown) if unit == "points" else shown


# Levels under a cut-off


def _level(world: World, limit: Limit, targets: Targets) -> _Found:
    cut = limit.cut or foreign_cutoff(limit.via, limit.stake)
    check_cutoff(world.stack, cut)
    day = 0.0 if limit.day is None else limit.day
    case = world.case(cut.stake)
    low, high = both_sides(case, cut, (day,), limit.floor)
    mission = targets.mission(world.stack)
    levels = [(float(low.levels[0][0][number]), float(high.levels[0][0][number])) for number in range(len(world.stack.items))]
    if targets.is_mission:
        mean = mission.mean(low.levels[0], high.levels[0])
        amount = mean.low[0], mean.high[0]
        weight = {number: mission.weights.get(number, 1.0) for number in (*targets.sure, *targets.perhaps)}
    else:
        amount = _least(levels, targets)
        weight = dict.fromkeys((*targets.sure, *targets.perhaps), 1.0)
    wanted = 1.0 if targets.is_mission else limit.bound
    fallen = sorted(
        (number for number in weight if levels[number][0] < wanted - _TOLERANCE),
        key=lambda number: (-weight[number] * (1 - levels[number][0]), number),
    )
    explainer = Explainer(case, cut, LOW, day) if fallen else None
    breaches: list[Breach] = []
    for number in fallen:
        item = world.stack.items[number]
        surely = levels[number][1] < wanted - _TOLERANCE and number in targets.sure
        if explainer is None or len(breaches) >= _MOST:
            breaches.append(Breach(item.id, surely, (item.id,), ""))
            continue
        steps = explainer.steps(item.id, day)
        chain = tuple(dict.fromkeys([item.id, *(step.need for step in steps if step.need is not None)]))
        told = say("policies.falls", item=item.name or item.id, level=interval(*levels[number]))
        told = f"{told} {say('report.separator').join(step.because for step in steps[:4])}."
        rows = [("sources", step.source) for step in steps if step.source is not None]
        breaches.append(Breach(item.id, surely, chain, told, "", (*world.needs_along(chain), *rows)))
    aim = "reliance" if targets.is_mission and cut.name == "everything foreign" else "level"
    mend = say(f"policies.mend_{aim}", level=f"{limit.bound:g}", day=show_day(day))
    return _Found(amount, tuple(breaches), mend)


def _least(levels: list[tuple[float, float]], targets: Targets) -> tuple[float, float]:
    """The least over what is meant: of what perhaps is, only the low side may count."""
    low = min(levels[number][0] for number in (*targets.sure, *targets.perhaps))
    return low, min((levels[number][1] for number in targets.sure), default=1.0)


# Face value, content, hidden exposure, what is held


def _content(world: World, limit: Limit, targets: Targets) -> _Found:
    answer = world.content(limit)
    name: str = limit.measure.replace("-", "_")
    of_items: list[Bounds] = [getattr(item, name) for item in answer.items]
    if targets.is_mission:
        whole: Bounds = getattr(answer, name)
        amount = whole.low, whole.high
    elif limit.at_least:
        amount = _least([(one.low, one.high) for one in of_items], targets)
    else:
        worst = max(of_items[number].high for number in (*targets.sure, *targets.perhaps))
        amount = max((of_items[number].low for number in targets.sure), default=-1.0), worst
    sign = 1.0 if limit.at_least else -1.0

    def side(number: int, *, worst: bool) -> float:
        one = of_items[number]
        return sign * (one.low if worst == limit.at_least else one.high)

    numbers = [
        number for number in (*targets.sure, *targets.perhaps) if side(number, worst=True) < sign * limit.bound - _TOLERANCE
    ]
    breaches: list[Breach] = []
    for number in sorted(numbers, key=lambda number: (side(number, worst=True), number)):
        item = world.stack.items[number]
        surely = number in targets.sure and side(number, worst=False) < sign * limit.bound - _TOLERANCE
        goes_down = limit.measure != "face-value" and len(breaches) < _MOST
        chain = _to_the_least(world, answer, number, limit) if goes_down else (item.id,)
        one = of_items[number]
        shown = _shown(MEASURES[limit.measure], one.low, one.high)
        told = say(f"policies.has_{name}", item=item.name or item.id, amount=shown, last=name_of(world.stack, chain[-1]))
        rows = [("sources", source.id) for source in world.stack.sources_of[chain[-1]]]
        breaches.append(Breach(item.id, surely, chain, told, "", (*world.needs_along(chain), *rows)))
    mend = say(f"policies.mend_{name}", amount=f"{limit.bound:g}")
    return _Found(amount, tuple(breaches), mend)


def _to_the_least(world: World, answer: ContentAnswer, item: int, limit: Limit) -> tuple[str, ...]:
    """From an item down, always to what adds least of its value at home, until a source of which that is its own."""
    case = world.case(limit.stake)
    chain = [item]
    while True:
        supplies = [one for one in case.supplies_of[chain[-1]] if case.supplies[one].filled.share[HIGH] > 0]
        if any(case.control.foreign(case.supplies[one].filled.source, limit.via) is not False for one in supplies):
            break
        below = {case.item_number[need.item] for one in supplies for need in case.needs_of[one]} - set(chain)
        least = min(below, key=lambda number: (answer.items[number].content.low, number), default=None)
        if least is None or answer.items[least].content.low >= 1 - _TOLERANCE:
            break
        chain.append(least)
    return tuple(world.stack.items[number].id for number in chain)


def _held(world: World, limit: Limit, targets: Targets) -> _Found:
    shares = held_shares(world.stack, strict=world.strict, stake=limit.stake, via=limit.via)
    sure, perhaps = [shares[number] for number in targets.sure], [shares[number] for number in targets.perhaps]
    turned = [[Bounds(1 - one.high, 1 - one.low) for one in some] for some in (sure, perhaps)]
    amount = _mean_low(sure, perhaps), 1 - _mean_low(*turned)
    numbers = [number for number in (*targets.sure, *targets.perhaps) if shares[number].low < 1 - _TOLERANCE]
    breaches = []
    for number in sorted(numbers, key=lambda number: (shares[number].high >= 1 - _TOLERANCE, shares[number].low, number)):
        item, share = world.stack.items[number], shares[number]
        surely = number in targets.sure and share.high < 1 - _TOLERANCE
        told = say("policies.has_held", item=item.name or item.id, amount=interval(share.low, share.high))
        rows = [("sources", source.id) for source in world.stack.sources_of[item.id]] or [("items", item.id)]
        breaches.append(Breach(item.id, surely, (item.id,), told, "", tuple(rows)))
    mend = say("policies.mend_held")
    return _Found(amount, tuple(breaches), mend)


def _mean_low(sure: list[Bounds], perhaps: list[Bounds]) -> float:
    """The least mean of what is meant, whichever of what perhaps is, is."""
    parts = [one.low for one in sure]
    for one in sorted(one.low for one in perhaps):
        if not parts or one < math.fsum(parts) / len(parts):
            parts.append(one)
    return round(math.fsum(parts) / len(parts), 12)


# Unknown facts


def _unknowns(world: World, limit: Limit, targets: Targets) -> _Found:
    case, cut = world.case(limit.stake), foreign_cutoff(limit.via, limit.stake)
    paths = Paths(case, targets)
    facts = unknown_facts(case, cut, sorted(paths.supplies))
    breaches = []
    for fact in sorted(facts, key=lambda one: (-len(one.supplies), one.table, one.id, one.attribute)):
        path = paths.down_to(case.supplies[fact.supplies[0]].item)
        told = say("policies.unknown_fact", fact=fact_words(world.stack, fact), count=len(fact.supplies))
        mend = say("policies.mend_fact", attribute=fact.attribute, table=fact.table, id=fact.id)
        id_ = f"{fact.table}/{fact.id}/{fact.attribute}"
        breaches.append(Breach(id_, surely=True, path=path, told=told, mend=mend, rows=((fact.table, fact.id),)))
    mend = say("policies.mend_unknowns")
    return _Found((float(len(facts)), float(len(facts))), tuple(breaches), mend)


# The smallest cut set


def _cut_set(world: World, limit: Limit, targets: Targets) -> _Found:
    order = int(limit.bound) - 1
    # of an item whose weight is not known, nobody can say what it counts for in the mission
    asked: dict[int | None, bool] = {None: not targets.perhaps}
    if not targets.is_mission:
        asked = {number: number in targets.sure for number in (*targets.sure, *targets.perhaps)}
    amounts: list[tuple[float, float]] = []
    breaches: list[Breach] = []
    more, case = "", world.case(limit.stake)
    # who is not known may be one of the others: then one loss fewer is enough
    merges = limit.by in ("provider", "owner", "country") and any(
        _holders(case, supply, limit)[1] for supply in range(len(case.supplies))
    )
    for number, is_meant in asked.items():
        item = None if number is None else world.stack.items[number]
        answer = chokepoints(
            world.stack, None if item is None else item.id, of=limit.by, order=order + merges, day=limit.day,  # type: ignore[arg-type]
            floor=limit.floor, days=(0.0,), most=_MOST_SETS if merges else _MOST, via=limit.via,
            stake=limit.stake, strict=world.strict, kernel=world.kernel, seconds=_SECONDS / len(asked),
        )  # fmt: skip
        known = case.is_numeric_known and is_meant
        name = say("policies.of_mission") if item is None else item.name or item.id
        path: tuple[str, ...] = () if item is None else (item.id,)
        counted = tuple(one for one in answer.cut_sets if _fewest(one) <= order)
        amounts.append(_order(answer, order, counted, known=known, merges=merges))
        counted = counted[:_MOST]
        if answer.is_down:
            breaches.append(Breach(item.id if item else "mission", known, path, say("policies.is_down", item=name)))
        reasons = reasons_of(
            world.stack, answer, counted, seconds=_SECONDS / len(asked), strict=world.strict, stake=limit.stake,
            kernel=world.kernel,
        )  # fmt: skip
        for one, reason in zip(counted, reasons, strict=True):
            way = path
            if reason is not None and reason.falls:
                top = reason.falls[0].item
                below = Paths(case, Targets((top,), (case.item_number[top],), ()))
                way = (top,) if reason.where is None else below.down_to(case.item_number[reason.where])
            breaches.append(_of_cut_set(world, answer, one, name, way, known=known))
        if not counted and answer.complete_to is not None and answer.complete_to - merges < order:
            more = say("policies.searched", order=max(0, answer.complete_to - merges))
    breaches.sort(key=lambda one: (not one.surely, one.id.count("+"), one.id))
    low, high = min(one[0] for one in amounts), min(one[1] for one in amounts)
    mend = say("policies.mend_cut_set", order=order, by=limit.by)
    return _Found((low, high), tuple(breaches), mend, more)


def _fewest(one: CutSet) -> int:
    """How many must be lost together at least in a set: what is not known may be one of its other members."""
    return max(1, len(one.members) - any(member.id == "?" for member in one.members))


def _order(
    answer: ChokepointsAnswer, order: int, counted: Sequence[CutSet], *, known: bool, merges: bool
) -> tuple[float, float]:
    """How many must be lost together at least: bounds."""
    if answer.is_down:
        return 0.0, 0.0 if known else math.inf
    found = [_fewest(one) if merges else len(one.members) for one in counted]
    sure = [len(one.members) for one in counted if known and all(member.id != "?" for member in one.members)]
    searched = order if answer.complete_to is None else max(0, min(order, answer.complete_to - merges))
    if merges and len(answer.cut_sets) >= _MOST_SETS:
        searched = min(searched, order - 1)
    return float(min([*found, searched + 1])), float(min(sure, default=math.inf))


def _of_cut_set(
    world: World, answer: ChokepointsAnswer, one: CutSet, name: str, path: tuple[str, ...], *, known: bool
) -> Breach:
    named, rows = [], []
    for member in one.members:
        row = world.stack.provider_by_id.get(member.id) if member.type in ("provider", "owner") else None
        country = country_name(member.id) if member.type == "country" and is_region(member.id) else None
        if row is not None:
            rows.append(("providers", row.id))
        if member.type in ("item", "leaf") and member.id in world.stack.item_by_id:
            rows.append(("items", member.id))
        if member.type in ("source", "leaf") and member.id in world.stack.source_by_id:
            rows.append(("sources", member.id))
        named.append(say("policies.unknown_ones") if member.id == "?" else (row.name if row else None) or country or member.id)
    stops = "" if one.stops_on is None else show_day(one.stops_on)
    key = f"policies.stops_{'one' if len(named) == 1 else 'many'}" if stops else "policies.stops_in_the_end"
    told = say(key, who=say("policies.and").join(named), item=name, day=stops, floor=percent(answer.floor))
    surely = known and all(member.id != "?" for member in one.members)
    return Breach("+".join(member.id for member in one.members), surely, path, told, "", tuple(rows))


# The largest share of one landlord or country


def _largest(world: World, limit: Limit, targets: Targets) -> _Found:
    case = world.case(limit.stake)
    paths = Paths(case, targets)
    holders: dict[str, dict[int, bool]] = {}
    open_: set[int] = set()
    for supply in paths.supplies:
        known, is_open = _holders(case, supply, limit)
        for one in known:
            holders.setdefault(one, {})[supply] = True
        if is_open:
            open_.add(supply)
    breaches: list[tuple[Breach, float, float]] = []
    amounts: list[tuple[float, float]] = []
    for holder in holders or {"?": {}}:
        low, high = _share(paths, holders.get(holder, {}), open_)
        amounts.append((low, high))
        if high <= limit.bound + _TOLERANCE:
            continue
        taken = sorted(holders.get(holder, {}), key=lambda one: (not paths.supplies[one], one))
        first = case.supplies[taken[0]].item if taken else None
        row = world.stack.provider_by_id.get(holder)
        who = say("policies.unknown_ones") if holder == "?" else (row.name if row else None) or holder
        if row is None and is_region(holder):
            who = country_name(holder)
        told = say("policies.holds", who=who, count=len(taken), of=len(paths.supplies), share=interval(low, high))
        rows = [("providers", holder)] if row is not None else []
        path: tuple[str, ...] = () if first is None else paths.down_to(first)
        breaches.append((Breach(holder, low > limit.bound + _TOLERANCE, path, told, "", tuple(rows)), low, high))
    breaches.sort(key=lambda one: (not one[0].surely, -one[1], -one[2], one[0].id))
    low, high = max(one[0] for one in amounts), max(one[1] for one in amounts)
    return _Found((low, high), tuple(one for one, *_ in breaches), say("policies.mend_largest"))


def _holders(case: Case, supply: int, limit: Limit) -> tuple[set[str], bool]:
    """Who holds a supply, and whether others may besides; the organisation itself and its home are nobody's landlord."""
    source = case.supplies[supply].filled.source
    if limit.by == "country":
        seats = {one for way in limit.via for one in case.control.countries(source, way)}
        return seats - {"?", "none", case.stack.home or ""}, "?" in seats
    if source is None or not isinstance(source.provider, str):
        return set(), True
    chain = {source.provider} if limit.by == "provider" else {source.provider, *case.control.owners(source.provider)}
    return chain - {"?", "self", PERSONS}, "?" in chain


def _share(paths: Paths, held: Mapping[int, bool], open_: set[int]) -> tuple[float, float]:
    """Part of the sources on the paths that one holds: at least, at most."""
    sure = [one for one, surely in paths.supplies.items() if surely]
    perhaps = [one for one, surely in paths.supplies.items() if not surely]
    own, may = sum(one in held for one in sure), sum(one in held or one in open_ for one in sure)
    least = len(sure) + sum(one not in held for one in perhaps)
    most_more = sum(one in held or one in open_ for one in perhaps)
    return own / max(1, least), min(1.0, (may + most_more) / max(1, len(sure) + most_more))


_MEASURED: Final[Mapping[Measurement, Callable[[World, Limit, Targets], _Found]]] = {
    "level": _level, "content": _content, "face-value": _content, "hidden-exposure": _content, "held": _held,
    "unknowns": _unknowns, "cut-set": _cut_set, "largest-share": _largest,
}  # fmt: skip
