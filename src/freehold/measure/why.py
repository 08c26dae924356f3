"""Why an item falls, as a shortest chain of reasons down to the sources cut; and why it stands. Owns ``freehold why``."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from freehold.measure.case import HIGH, LOW, Case, Kernel, Side
from freehold.measure.circle_gain import circle_gain, circle_members
from freehold.measure.cutoff import check_cutoff
from freehold.measure.history import History
from freehold.measure.reason import evidence_of, reason_for
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Claim, Need, Stack
from freehold.words import day as show_day
from freehold.words import days as show_days
from freehold.words import listed, percent, quoted, say

__all__ = ["Explainer", "Step", "WhyAnswer", "why"]

_TOLERANCE = 1e-9
_LONGEST = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One reason.

    Parameters
    ----------
    item
        The item that it is about.
    source, need
        The source of the item that is held back, and the item that it needs; ``None`` where neither is.
    day
        Since when.
    level
        Level of the item.
    because
        The sentence.
    evidence
        Claims that the sentence rests on.
    """

    item: str
    source: str | None
    need: str | None
    day: float
    level: float
    because: str
    evidence: tuple[Claim, ...] = ()


@dataclass(frozen=True)
class WhyAnswer:
    """Why an item has the level that it has on a day.

    Parameters
    ----------
    item, day
        What was asked.
    low, high
        Its level with unknowns at their worst and at their best.
    side
        Which of them is explained: ``low``, or ``high``.
    stands
        Whether it stands at the level that it had before.
    steps
        From the item down to the sources cut, or to what holds it up.
    """

    item: str
    day: float
    low: float
    high: float
    side: str
    stands: bool
    steps: tuple[Step, ...]


def why(
    stack: Stack, item: str, cut: Cutoff, day: float = 30.0, *, side: Side | None = None, strict: bool = False,
    kernel: Kernel = "auto",
) -> WhyAnswer:  # fmt: skip
    """Explain one item's level on one day.

    Parameters
    ----------
    stack, cut
        The stack and what is cut.
    item
        Id of the item.
    day
        The day.
    side
        Whether to explain the low or the high of the interval; by default the low, unless both are one and so what is
        surely cut is enough to explain them.
    strict, kernel
        As :func:`freehold.measure.cutoff.cutoff`.

    Raises
    ------
    KeyError
        If there is no such item.
    """
    check_cutoff(stack, cut)
    case = Case(stack, strict=strict, stake=cut.stake, kernel=kernel)
    explainers = [Explainer(case, cut, one, day) for one in (LOW, HIGH)]
    number = case.item_number[item]
    levels = [one.history.level(number, day) for one in explainers]
    if side is None:
        side = HIGH if levels[HIGH] - levels[LOW] <= _TOLERANCE else LOW
    asked = explainers[side]
    return WhyAnswer(
        item, day, levels[LOW], levels[HIGH], "high" if side == HIGH else "low", asked.stands(item, day), asked.steps(item, day)
    )


class Explainer:
    """Reasons for one side of one cut-off; made once, asked about many items.

    Parameters
    ----------
    case, cut, side
        The stack, what is cut, and the side explained.
    horizon
        Last day that can be asked about.
    """

    def __init__(self, case: Case, cut: Cutoff, side: Side, horizon: float) -> None:
        self._case, self._cut, self._side = case, cut, side
        self.history = History(case, cut, side, horizon)

    def stands(self, item: str, day: float) -> bool:
        """Whether an item is at the level that it had before the cut-off, or higher."""
        number = self._case.item_number[item]
        return self.history.level(number, day) >= self.history.before[number] - _TOLERANCE

    def steps(self, item: str, day: float) -> tuple[Step, ...]:
        """The chain of reasons for an item's level on a day."""
        number = self._case.item_number[item]
        return self._why_stands(number, day) if self.stands(item, day) else self._why_fell(number, day)

    # What a source has lost, and through what

    def _left(self, supply: int, day: float, *, void: bool = False) -> tuple[float, Rule | None]:
        """What the rules leave of a supply, and the rule that leaves least; with ``void`` those alone that void cover."""
        left, by = 1.0, None
        for rule in self._cut.rules:
            if void and rule.cover != "void":
                continue
            if rule.from_day <= day + _TOLERANCE and day + _TOLERANCE < rule.until_day and rule.availability < left:
                matches = self._case.truth(rule, supply)
                if matches or (matches is None and self._side == LOW):
                    left, by = rule.availability, rule
        return left, by

    def _ramp_day(self, supply: int) -> float:
        return max(0.0, self._cut.known_on + self._case.recover(supply, self._side))

    def _weight(self, supply: int, day: float) -> float:
        filled = self._case.supplies[supply].filled
        ramped = bool(self._cut.rules) and self._ramp_day(supply) <= day + _TOLERANCE
        return (filled.capacity if ramped else filled.share)[self._side]

    def _void(self, item: int, day: float) -> float:
        total = 0.0
        for supply in self._case.supplies_of[item]:
            source = self._case.supplies[supply].filled.source
            left, rule = self._left(supply, day, void=True)
            if rule is not None and (source is None or source.status in (None, "in-use")):
                total += self._case.supplies[supply].filled.share[1 - self._side] * (1 - left)
        return total

    def _met(self, need: Need, day: float) -> float:
        raw = self.history.met_raw(need, day)
        if raw >= 1 or self.history.spent_on(need) <= day + _TOLERANCE:
            return raw
        return max(raw, 1 - self._void(self._case.item_number[need.item], day))

    def _losing_needs(self, supply: int, day: float) -> list[tuple[Need, float]]:
        """Needs that hold the source back on that day: the essential ones at the least, or those weighed."""
        essential, weighted, lost = [], [], 0.0
        for need in self._case.needs_of[supply]:
            met = self._met(need, day)
            weight = 1.0 if need.weight is None else need.weight
            if met >= 1 - _TOLERANCE:
                continue
            if weight >= 1 - _TOLERANCE:
                essential.append((need, met))
            else:
                weighted.append((need, met))
                lost += weight * (1 - met)
        least = min((met for _, met in essential), default=1.0)
        if least <= 1 - lost + _TOLERANCE and essential:
            return [(need, met) for need, met in essential if met <= least + _TOLERANCE]
        return sorted(weighted, key=lambda pair: -(1 - pair[1]) * (pair[0].weight or 0))

    def _why_fell(self, item: int, day: float, seen: frozenset[int] = frozenset()) -> tuple[Step, ...]:
        """Breadth-first over items, through the needs that bind, to the nearest source that is cut."""
        came_from: dict[int, tuple[int, int, Need, float] | None] = {item: None}
        queue = [item]
        for at in queue:
            cut = self._cut_supply(at, day)
            if cut is not None:
                return self._chain(came_from, at, cut, day, seen)
            for supply in self._counting(at, day):
                for need, met in self._losing_needs(supply, day):
                    below = self._case.item_number[need.item]
                    if below not in came_from:
                        came_from[below] = (at, supply, need, met)
                        queue.append(below)
        return self._circle_only(item, list(came_from), day)

    def _counting(self, item: int, day: float) -> list[int]:
        """Supplies of an item that count on that day, or did before."""
        return [
            supply for supply in self._case.supplies_of[item]
            if self._weight(supply, day) > 0 or self._case.supplies[supply].filled.share[self._side] > 0
        ]  # fmt: skip

    def _cut_supply(self, item: int, day: float) -> int | None:
        cut = [(self._left(supply, day)[0], supply) for supply in self._counting(item, day)]
        losing = [(left, supply) for left, supply in cut if left < 1]
        return min(losing)[1] if losing else None

    def _chain(
        self, came_from: dict[int, tuple[int, int, Need, float] | None], last: int, cut: int, day: float, seen: frozenset[int]
    ) -> tuple[Step, ...]:
        links = []
        at = last
        while (link := came_from[at]) is not None:
            links.append(link)
            at = link[0]
        links.reverse()
        steps = [self._need_step(user, supply, need, met, day) for user, supply, need, met in links]
        chain = [at for at, *_ in links] + [last]
        for item in chain:
            members = circle_members(self._case, item)
            if len(members) > 1 and self._runs_down(item, last, cut, day):
                steps.append(self._circle_step(item, members, day))
                break
        steps.append(self._cut_step(last, cut, day))
        for item, supply in [*((at, supply) for at, supply, *_ in links), (last, cut)]:
            steps += self._also_lost(item, supply, day, seen | {*chain})
        return tuple(steps)

    def _also_lost(self, item: int, told: int, day: float, seen: frozenset[int]) -> list[Step]:
        """Reasons for the item's other sources that count and are lost as well."""
        steps: list[Step] = []
        for supply in self._case.supplies_of[item]:
            if supply == told or self._weight(supply, day) <= 0:
                continue
            if self._left(supply, day)[0] < 1:
                steps.append(self._cut_step(item, supply, day))
                continue
            for need, met in self._losing_needs(supply, day)[:1]:
                below = self._case.item_number[need.item]
                steps.append(self._need_step(item, supply, need, met, day))
                if below not in seen and len(seen) < _LONGEST:
                    steps += self._why_fell(below, day, seen | {below})
        return steps

    def _runs_down(self, item: int, last: int, cut: int, day: float) -> bool:
        """Whether the direct loss of the source cut does not explain the level, so that a circle must."""
        if item not in circle_members(self._case, last):
            return False
        direct = 1 - (1 - self._left(cut, day)[0]) * self._case.supplies[cut].filled.share[self._side]
        return self.history.level(last, day) < direct - 1e-6

    def _need_step(self, item: int, supply: int, need: Need, met: float, day: float) -> Step:
        level = self.history.level(item, day)
        spent, cover = self.history.spent_on(need), self.history.cover(need)
        words = {
            "item": self._name(item), "need": self._name(self._case.item_number[need.item]),
            "level": percent(self.history.level(self._case.item_number[need.item], day)), "cover": show_days(cover),
            "spent": show_day(spent), "day": show_day(day),
        }  # fmt: skip
        weight = 1.0 if need.weight is None else need.weight
        if weight < 1 - _TOLERANCE:
            words |= {"weight": f"{weight:.3g}", "lost": percent(weight * (1 - met))}
            key = "needs_part_cover" if cover > _TOLERANCE and spent <= day + _TOLERANCE else "needs_part"
            others = self._losing_needs(supply, day)
            total = sum((other.weight or 0) * (1 - part) for other, part in others)
            if len(others) > 1:
                words |= {"others": str(len(others) - 1), "total": percent(min(1.0, total))}
                key += "_many"
        elif cover > _TOLERANCE and spent <= day + _TOLERANCE:
            key = "needs_cover"
        else:
            key = "needs_void" if cover > _TOLERANCE else "needs"
        source = self._case.supplies[supply].filled.source
        evidence = self._case.stack.claims_of.get(("needs", need.id), ())
        since = self.history.since(item, day)
        return Step(
            self._id(item), None if source is None else source.id, need.item, since, level, say(f"why.{key}", **words), evidence
        )

    def _cut_step(self, item: int, supply: int, day: float) -> Step:
        left, rule = self._left(supply, day)
        source = self._case.supplies[supply].filled.source
        assert rule is not None
        sure = self._case.truth(rule, supply)
        words = {
            "source": source.id if source else "?", "item": self._name(item), "day": show_day(rule.from_day),
            "reason": reason_for(self._case, rule, supply),
        }  # fmt: skip
        text = say("why.cut" if sure else "why.cut_perhaps", **words)
        if left > 0:
            text += say("why.left", left=percent(left))
        text += self._others(item, supply, day)
        since, level = self.history.since(item, day), self.history.level(item, day)
        evidence = evidence_of(self._case, supply)
        return Step(self._id(item), source.id if source else None, None, since, level, text, evidence)

    def _others(self, item: int, cut: int, day: float) -> str:
        for supply in self._case.supplies_of[item]:
            source = self._case.supplies[supply].filled.source
            if supply == cut or source is None or self._left(supply, day)[0] <= 0:
                continue
            share, weight = self._case.supplies[supply].filled.share[self._side], self._weight(supply, day)
            if weight > share:
                key = "why.took_over" if self._losing_needs(supply, day) else "why.takes_over"
                return say(key, source=source.id, day=show_day(self._ramp_day(supply)), capacity=percent(weight))
            if weight > 0:
                return say("why.remains", source=source.id, share=percent(weight))
        return say("why.no_other")

    def _circle_step(self, item: int, members: list[int], day: float) -> Step:
        gain = circle_gain(self._case, members, {n: self.history.level(n, day) for n in range(len(self.history.before))},
                           self._side, lambda supply: self._left(supply, day)[0] * self._weight(supply, day))  # fmt: skip
        names = listed(quoted(self._name(member)) for member in members[:6])
        level = self.history.level(item, day)
        text = say("why.circle", items=names, gain=f"{gain:.6g}", level=percent(level))
        return Step(self._id(item), None, None, self.history.since(item, day), level, text)

    def _circle_only(self, item: int, seen: list[int], day: float) -> tuple[Step, ...]:
        """The item is down and nothing under it is cut any more: a circle has stopped and does not start again."""
        level, since = self.history.level(item, day), self.history.since(item, day)
        for at in seen:
            members = circle_members(self._case, at)
            if len(members) > 1:
                names = listed(quoted(self._name(member)) for member in members[:6])
                gain = circle_gain(self._case, members, dict.fromkeys(range(len(self.history.before)), 0.0), self._side,
                                   lambda supply: self._left(supply, day)[0] * self._weight(supply, day))  # fmt: skip
                text = say("why.circle_stands", items=names, gain=f"{gain:.6g}")
                return (Step(self._id(at), None, None, self.history.since(at, day), self.history.level(at, day), text),)
        if not self._case.supplies_of[item]:
            return (Step(self._id(item), None, None, 0.0, level, say("why.no_source", item=self._name(item))),)
        text = say("why.never_ran", item=self._name(item), level=percent(self.history.before[item]))
        return (Step(self._id(item), None, None, since, level, text),)

    # Why something stands

    def _why_stands(self, item: int, day: float) -> tuple[Step, ...]:
        seen, queue, steps = {item}, [item], []
        for at in queue:
            steps += list(self._holds(at, day))
            for supply in self._case.supplies_of[at]:
                for need in self._case.needs_of[supply]:
                    below = self._case.item_number[need.item]
                    if below not in seen and self._met(need, day) >= 1 - _TOLERANCE <= self.history.met_raw(need, day):
                        seen.add(below)
                        queue.append(below)
            if len(steps) >= 5:
                break
        if steps:
            return tuple(steps)
        level = self.history.level(item, day)
        key = "why.untouched" if level > 0 else "why.no_source"
        return (Step(self._id(item), None, None, 0.0, level, say(key, item=self._name(item))),)

    def _holds(self, item: int, day: float) -> Iterable[Step]:
        level, since = self.history.level(item, day), self.history.since(item, day)
        supplies = self._case.supplies_of[item]
        cut = [s for s in supplies if self._left(s, day)[0] < 1 and self._case.supplies[s].filled.share[self._side] > 0]
        for supply in cut[:1]:
            _, rule = self._left(supply, day)
            assert rule is not None
            source = self._case.supplies[supply].filled.source
            for other in supplies:
                holder = self._case.supplies[other].filled.source
                if other not in cut and holder is not None and self._weight(other, day) > 0:
                    words = {
                        "item": self._name(item), "source": source.id if source else "?", "other": holder.id,
                        "reason": reason_for(self._case, rule, supply), "day": show_day(self._ramp_day(other)),
                        "capacity": percent(self._weight(other, day)),
                    }  # fmt: skip
                    ramps = self._ramp_day(other) > 0
                    text = say("why.replaced" if ramps else "why.replaced_at_once", **words)
                    evidence = evidence_of(self._case, other)
                    yield Step(self._id(item), holder.id, None, since, level, text, evidence)
                    break
        for supply in supplies:
            for need in self._case.needs_of[supply]:
                needed = self.history.level(self._case.item_number[need.item], day)
                if needed >= 1 - _TOLERANCE or self._met(need, day) < 1 - _TOLERANCE:
                    continue
                until = self.history.spent_on(need)
                words = {
                    "item": self._name(item), "need": self._name(self._case.item_number[need.item]), "level": percent(needed),
                    "cover": show_days(self.history.cover(need)), "until": show_day(until) if until < math.inf else "",
                    "enough": percent(self.history.enough(need)),
                }  # fmt: skip
                if self.history.met_raw(need, day) >= 1:
                    key = "enough"
                else:
                    key = "covered_forever" if math.isinf(self.history.cover(need)) or until == math.inf else "covered"
                source = self._case.supplies[supply].filled.source
                evidence = self._case.stack.claims_of.get(("needs", need.id), ())
                yield Step(
                    self._id(item), source.id if source else None, need.item, since, level, say(f"why.{key}", **words), evidence
                )

    def _id(self, item: int) -> str:
        return self._case.stack.items[item].id

    def _name(self, item: int) -> str:
        row = self._case.stack.items[item]
        return row.name or row.id
