"""One question to a search, answered by asking a model for proposals and the simulator for its verdict in turn. Owns that loop.

Every proposal is the best that is not refuted yet, so that its value is a bound. If the simulator refutes it, conflicts are
learnt in two ways: adding all that a conflict asks for until nothing fails gives conflicts that have nothing in common, whose
least costs add up; adding the cheapest only gives those that a cheap plan runs into. What then does is made smaller, the
dearest first, and is a plan. So the best plan so far and the bound are there at every moment.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from freehold.plan.conflicts import Conflict, Conflicts, changed_while, conflict_of
from freehold.plan.counting import Counting, countings
from freehold.plan.master import Master, Proposal
from freehold.plan.openings import TOLERANCE, Openings
from freehold.plan.prices import building_costs, step_cost
from freehold.plan.search_values import Terms
from freehold.plan.verdicts import Demand, Verdicts

__all__ = ["Over", "Question", "cost_of"]

_EFFORT: Final = 10.0
_EFFORT_FOR_TIES: Final = 2.0
_MOST_STEPS: Final = 40
_MOST_REFUTED: Final = 3
_BITS: Final = 30
_WEIGHTS: Final = 1_000
_GRACE: Final = 2.0
"""Seconds beyond the end for making a plan of the first set that does, where there is no plan yet."""


class Over(Exception):
    """The time is over, or someone interrupted; ``why`` says which (``time`` or ``interrupted``)."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class Question:
    """A question on its way to an answer.

    Parameters
    ----------
    openings
        What can be chosen.
    terms
        What is asked.
    demands
        What must hold.
    verdicts, conflicts
        The judge, and what was learnt; both go on learning.
    end
        When the time is over, on the monotonic clock.
    interrupted
        Asked whether to end.
    progress
        Told the best value and the bound whenever one changes.

    Attributes
    ----------
    starts
        The best plan so far: open options and their start days; ``None`` if there is none yet.
    impossible
        Whether it is proven that there is none.
    """

    def __init__(
        self,
        openings: Openings,
        terms: Terms,
        demands: Sequence[Demand],
        verdicts: Verdicts,
        conflicts: Conflicts,
        end: float,
        interrupted: Callable[[], bool] | None,
        progress: Callable[[float, float], None] | None,
    ) -> None:
        self._openings, self._terms, self._demands = openings, terms, tuple(demands)
        self._verdicts, self._conflicts = verdicts, conflicts
        self._end, self._interrupted, self._progress = end, interrupted, progress
        self._countings = countings(openings, terms.futures)
        self._failed = [0] * len(self._countings)
        self._all = sum(one.weight for one in self._countings)
        share = terms.share if terms.futures else 1.0
        self._enough = max(0, math.ceil(share * self._all - TOLERANCE))
        self._parts: dict[int | None, tuple[Sequence[float], float]] = {}
        for demand in self._demands:
            weights = verdicts.weights(demand.aim)
            if weights is not None:
                self._parts[demand.aim] = weights, max(demand.level, self._parts.get(demand.aim, (weights, 0.0))[1])
        self._master = Master(openings, terms, self._countings, self._enough, parts=self._parts)
        for conflict in conflicts.binding(self._demands):
            self._master.add(conflict)
        price = {one: openings.price(one) for one in openings.earliest}
        ids = {one: openings.options[one].id for one in openings.earliest}
        self._order = sorted((one for one in price if one not in terms.forbidden), key=lambda one: (price[one], ids[one]))
        self._price = price
        self.starts: Mapping[int, int] | None = None
        self.impossible = False
        self._in_grace = False
        self._value = 0
        self._bound = self._least_possible()

    def _least_possible(self) -> int:
        if self._terms.liking is None:
            return 0
        liked = [weight for one, weight in self._terms.liking.items() if one in self._openings.earliest and weight > 0]
        return -sum(self._master.liked(weight) for weight in liked)

    @property
    def value(self) -> float:
        """Cost of the best plan so far (or how it is liked)."""
        if self.starts is None:
            return math.inf
        if self._terms.liking is not None:
            built = set(self.starts) | set(self._openings.committed)
            return math.fsum(weight for one, weight in self._terms.liking.items() if one in built)
        return self.cost

    @property
    def cost(self) -> float:
        """Cost of the best plan so far."""
        return cost_of(self._openings, self.starts or {})

    @property
    def counted(self) -> tuple[tuple[int, frozenset[int]], ...]:
        """What counts of the best plan so far: in how many futures, and which options."""
        return tuple((one.weight, one.of(self.starts or {})) for one in self._countings)

    @property
    def bound(self) -> float:
        """A proven bound of any plan."""
        if self.impossible:
            return math.inf
        if self._terms.liking is not None:
            fixed = [weight for one, weight in self._terms.liking.items() if one in self._openings.committed]
            return math.fsum([self._master.liking_unit.amount(-self._bound), *fixed])
        bound = self._master.amount(self._bound)
        return min(bound, self.cost) if self.starts is not None else bound

    def answer(self, *, first: bool = False) -> None:
        """Find the best plan (or the first that does), or prove that there is none.

        Raises
        ------
        Over
            If it had to end before.
        """
        self._start_from_everything()
        effort, rounds = _EFFORT, 0
        while self.starts is None or (self._bound < self._value and not first):
            proposal = self._propose(effort)
            if proposal is None:
                if self.starts is None:
                    self.impossible = True
                else:
                    self._bound = self._value
                return
            if proposal.status == "unknown":
                effort *= 2
                continue
            refuted = self._refuted(proposal.starts, proposal.taken)
            if not refuted:
                self._take(proposal.starts, proposal.value)
                if proposal.status == "feasible":
                    effort *= 2
                continue
            rounds += 1
            for counting, built in refuted:
                self._offer(self._learnt(counting, built, everything=True))
                self._offer(self._learnt(counting, built, everything=False))
            if proposal.status == "feasible":
                effort *= 1.5

    def _check(self) -> None:
        if self._interrupted is not None and self._interrupted():
            raise Over("interrupted")
        if time.monotonic() > self._end:
            raise Over("time")

    def _raise_bound(self, bound: int) -> None:
        if bound > self._bound:
            self._bound = bound
            self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self.value, self.bound)

    def _propose(self, effort: float, *, bounding: bool = True) -> Proposal | None:
        """The best proposal that breaks no conflict known; ``None`` if there is none."""
        while True:
            self._check()
            proposal = self._master.propose(self.left, self._interrupted, effort=effort, hint=self.starts)
            if bounding and proposal.status in ("optimal", "feasible"):
                self._raise_bound(proposal.bound)
            self._check()
            if proposal.status == "impossible":
                return None
            if proposal.status == "unknown" or not self._master.repeat(self._conflicts.binding(self._demands), proposal):
                return proposal

    def _refuted(self, starts: Mapping[int, int], taken: Sequence[int]) -> list[tuple[Counting, frozenset[int]]]:
        """Some of the futures among those taken in which a plan does not do; none if it does in enough."""
        found, lost = self._failing(starts, taken, _MOST_REFUTED)
        if not found or len(found) == _MOST_REFUTED:
            return found
        others = [number for number in range(len(self._countings)) if number not in set(taken)]
        lost += self._failing(starts, others, len(others), self._all - self._enough - lost)[1]
        return found if lost > self._all - self._enough else []

    def _does(self, starts: Mapping[int, int]) -> bool:
        spare = self._all - self._enough
        return self._failing(starts, range(len(self._countings)), len(self._countings), spare)[1] <= spare

    def _failing(
        self, starts: Mapping[int, int], numbers: Sequence[int], most: int, spare: float = math.inf
    ) -> tuple[list[tuple[Counting, frozenset[int]]], int]:
        """Futures in which a plan does not do, until there are so many or too many to spare; those that often fail first."""
        found: list[tuple[Counting, frozenset[int]]] = []
        lost = 0
        for number in sorted(numbers, key=lambda one: (-self._failed[one], one)):
            if len(found) >= most or lost > spare:
                break
            self._check()
            counting = self._countings[number]
            built = counting.of(starts)
            if self._verdicts.failing(built, self._demands):
                self._failed[number] += 1
                found.append((counting, built))
                lost += counting.weight
        return found, lost

    def _learnt(self, counting: Counting, built: frozenset[int], *, everything: bool) -> frozenset[int] | None:
        """Learn conflicts from a set until what they ask for does, and give that; ``None`` where it comes to nothing."""
        order = sorted(self._order, key=lambda one: one in counting.never)
        for _ in range(_MOST_STEPS):
            self._check()
            failing = self._verdicts.failing(built, self._demands)
            if not failing:
                return built
            named = self._said_of(built, failing[0], order)
            wanted = [one for one in order if one in named and one not in counting.never and one not in built]
            if not wanted:
                return None
            if not everything:
                wanted = [min(wanted, key=lambda one: (self._price[one] / named[one], self._openings.options[one].id))]
            built = built.union(wanted)
        return None

    def _said_of(self, built: frozenset[int], demand: Demand, order: Sequence[int]) -> Mapping[int, float]:
        """Learn why a set fails; what would help, each with its worth."""
        if demand.aim in self._parts:
            named = self._said_of_parts(built, demand, order)
            if named is not None:
                return named
        conflict = self._keep(conflict_of(self._verdicts, demand, built, order, self._check))
        return {one: 1.0 + self._conflicts.uses.get(one, 0) for one in conflict.has}

    def _said_of_parts(self, built: frozenset[int], demand: Demand, order: Sequence[int]) -> Mapping[int, float] | None:
        """The same for an aim that is a mean of parts, of which enough are shown to be low; ``None`` where they are not."""
        weights, level = self._parts[demand.aim]
        moment = self._verdicts.worst(built, demand.aim)
        levels = self._verdicts.levels(built, demand.aim, moment)
        if math.fsum(weight * each for weight, each in zip(weights, levels, strict=True)) >= level - TOLERANCE:
            return None
        caps = self._conflicts.caps(demand.aim, moment, built)
        shown = {part: caps[part].level or 0.0 if part in caps else 1.0 for part in range(len(weights))}
        # what the model may be off by, since it counts levels and weights in whole millionths, rounded up
        fine = (len(weights) + 1) * 3e-6
        unseen = sorted(shown, key=lambda part: (weights[part] * (levels[part] - shown[part]), part))
        for part in unseen:
            if math.fsum(weights[one] * shown[one] for one in shown) < level - fine:
                break
            if shown[part] > levels[part] + TOLERANCE:
                low = demand.of_part(moment, part, levels[part])
                caps[part] = self._keep(conflict_of(self._verdicts, low, built, order, self._check))
                shown[part] = levels[part]
        if math.fsum(weights[one] * shown[one] for one in shown) >= level - fine:
            return None
        named: dict[int, float] = {}
        for part, conflict in caps.items():
            for one in conflict.has:
                named[one] = named.get(one, 0.0) + weights[part] * (1 - shown[part]) + TOLERANCE
        return named

    def _keep(self, conflict: Conflict) -> Conflict:
        self._conflicts.add(conflict)
        self._master.add(conflict)
        return conflict

    def _start_from_everything(self) -> None:
        barred: set[int] = set()
        kept: list[int] = []
        partners: dict[int, set[int]] = {}
        for one, other in self._openings.excludes:
            partners.setdefault(one, set()).add(other)
            partners.setdefault(other, set()).add(one)
        wanted = [*sorted(self._terms.forced & self._price.keys()), *self._order]
        for one in dict.fromkeys(wanted):
            if one not in barred:
                kept.append(one)
                barred |= partners.get(one, set())
        self._offer(frozenset(kept))

    def _offer(self, built: frozenset[int] | None) -> None:
        """Take a set of options as a plan, made as small as it can be, the dearest left out first."""
        if built is None:
            return
        forced = self._terms.forced
        chosen = self._openings.with_prerequisites(one for one in built | forced if one in self._price)
        early = self._openings.earliest

        def does(some: frozenset[int]) -> bool:
            return self._does({one: early[one] for one in some})

        if not does(chosen):
            return
        least = [one for one in sorted(chosen, key=lambda one: (-self._price[one], self._openings.options[one].id))
                 if one not in forced]  # fmt: skip
        late = False
        if self._terms.liking is None:
            chosen, late = self._thinned(chosen, least, does)
        chosen = self._openings.with_prerequisites(chosen)
        if chosen & self._terms.forbidden:
            return
        if self._value_at_least(chosen) and self.starts is not None:
            return
        trial = self._trial(chosen, 0)
        if late:
            self._end = time.monotonic() + _GRACE
        proposal = trial.propose(self.left, self._interrupted, effort=_EFFORT / 10)
        if proposal.status in ("optimal", "feasible") and self._does(proposal.starts):
            self._take(proposal.starts, proposal.value)

    def _thinned(
        self, chosen: frozenset[int], least: Sequence[int], does: Callable[[frozenset[int]], bool]
    ) -> tuple[frozenset[int], bool]:
        """Leave out what can be; where the time ends meanwhile and there is no plan yet, the smallest so far is one.

        The second value says whether it was so.
        """
        held = chosen

        def holds(some: frozenset[int]) -> bool:
            nonlocal held
            if does(some):
                held = some
                return True
            return False

        try:
            return changed_while(chosen, least, holds, frozenset.difference), False
        except Over as over:
            if over.why != "time" or self.starts is not None or self._in_grace:
                raise
            self._in_grace = True
            return held, True

    def _trial(self, chosen: Collection[int], enough: int) -> Master:
        """A model in which just these are built."""
        trial = Master(self._openings.only(chosen), self._terms, self._countings, enough, self._master.unit, self._parts)
        trial.fix(chosen)
        return trial

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(0.01, self._end - time.monotonic())

    def _value_at_least(self, chosen: frozenset[int]) -> bool:
        """Whether a set is surely no better than the best plan so far."""
        if self._terms.liking is not None or self._openings.timed:
            return False
        return sum(self._master.unit.down(self._price[one]) for one in chosen) >= self._value

    def _take(self, starts: Mapping[int, int], value: int) -> None:
        if self._terms.liking is not None:
            # a model of fewer options may weigh them in another unit
            value = -sum(self._master.liked(weight) for one, weight in self._terms.liking.items() if one in starts)
        if self.starts is None or value < self._value:
            self.starts, self._value = dict(starts), value
            self._tell()

    def settle(self) -> None:
        """Of all plans as good as the best, take the one that costs least, has the fewest steps, and comes first by id.

        Raises
        ------
        Over
            If it had to end before; the plan is then one of the best all the same.
        """
        if self.starts is None or not self.starts:
            return
        if self._terms.liking is not None:
            self._master.limit_liking(self._value)
            self._master.seek("cost")
            self._master.limit_cost(self._best().value)
        else:
            self._master.limit_cost(self._value)
        self._master.seek_few()
        self._master.hold(self._best())
        ranked = sorted(self._price, key=lambda one: self._openings.options[one].id)
        for at in range(0, len(ranked), _BITS):
            part = ranked[at : at + _BITS]
            self._master.prefer(part)
            self._master.hold(self._best(), part)

    def _best(self) -> Proposal:
        """The best plan for what the model seeks now; it becomes the plan."""
        while True:
            proposal = self._propose(_EFFORT_FOR_TIES, bounding=False)
            if proposal is None or proposal.status == "unknown":
                raise Over("time")
            refuted = self._refuted(proposal.starts, proposal.taken)
            if not refuted:
                self.starts = dict(proposal.starts)
                if proposal.status == "feasible":
                    raise Over("time")
                return proposal
            for counting, built in refuted:
                self._learnt(counting, built, everything=False)

    def start_early(self, end: float) -> None:
        """Start the steps of the plan as early as can be, what raises self-reliance most for longest.

        Parameters
        ----------
        end
            When the time for it is over.

        Raises
        ------
        Over
            If it had to end before.
        """
        if not self.starts or not self._openings.timed:
            return
        self._end = end
        chosen = frozenset(self.starts)
        self._master = self._trial(chosen, self._enough)
        self._master.seek("cost")
        self._master.limit_cost(self._best().value)
        self._master.seek_early(self._early_weights(chosen))
        self._best()

    def _early_weights(self, starts: frozenset[int]) -> dict[int, int]:
        standing = self._openings.standing
        everything = standing.union(starts)
        reliance = self._verdicts.reliance
        worth = {}
        for one in starts:
            self._check()
            worth[one] = max(0.0, reliance(standing | {one}) - reliance(standing))
            worth[one] += max(0.0, reliance(everything) - reliance(everything - {one}))
        most = max(worth.values(), default=0.0) or 1.0
        ranked = sorted(starts, key=lambda one: self._openings.options[one].id, reverse=True)
        share = len(ranked) + 1
        return {one: share * (1 + round(_WEIGHTS * worth[one] / most)) + rank for rank, one in enumerate(ranked)}


def cost_of(openings: Openings, starts: Mapping[int, int]) -> float:
    """What a plan costs, committed steps at what they still cost."""
    begun = {one: step.start for one, step in openings.committed.items()}
    once = building_costs(openings.options, {**starts, **begun})
    costs = [step_cost(openings.options[one], once[one], day, openings.limits) for one, day in starts.items()]
    return math.fsum([*costs, *(step.cost for step in openings.committed.values())])
