"""Exit plans, function by function: who can end it and when, what takes over, what time there is. Owns how they are made.

A *function* is what must be kept running: an item of the mission. Its *path* is everything that it rests on. A landlord on
the path is asked about by itself: all that it controls is gone from day 0 for ever.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from freehold.measure.assess import foreign_cutoff
from freehold.measure.case import HIGH, LOW, Case, Kernel, Side
from freehold.measure.cutoff import DAYS, FLOOR, check_days
from freehold.measure.landlords import top_owners
from freehold.measure.mission import mission_of
from freehold.measure.unknowns import unknown_facts
from freehold.network.solve import solve
from freehold.plan.exit_values import Basis, Carried, ExitLandlord, ExitPlan, Left, Move, MoveKind, Standing, TimeGiven
from freehold.plan.option_values import Activate, Cover, Option, Spare
from freehold.plan.plan_values import PlanAnswer, Step
from freehold.stack.control import Control, Truth, any_of
from freehold.stack.countries import NO_COUNTRY
from freehold.stack.cutoff import DEFAULT_STAKE, WAYS, Cutoff, Rule
from freehold.stack.values import UNKNOWN, Source, Stack, is_stated

__all__ = ["exit_plans", "functions_of"]

_MOST_LANDLORDS: Final = 20
_MOST_FACTS: Final = 40
_MOST_FUNCTIONS: Final = 200
_DATA: Final = ("data", "model")
_SIDES: Final[tuple[Side, Side]] = (LOW, HIGH)


def functions_of(stack: Stack) -> tuple[str, ...]:
    """Ids of what must be kept running, in the stack's order; at most 200, those of the largest weight."""
    mission = mission_of(stack)
    numbers = sorted({*mission.weights, *mission.doubtful}, key=lambda one: (-mission.weights.get(one, math.inf), one))
    return tuple(stack.items[number].id for number in sorted(numbers[:_MOST_FUNCTIONS]))


def exit_plans(
    stack: Stack, functions: Iterable[str], options: Sequence[Option] = (), plan: PlanAnswer | None = None,
    days: Iterable[float] = DAYS, floor: float = FLOOR, *, strict: bool = False, via: tuple[str, ...] = WAYS,
    stake: float = DEFAULT_STAKE, kernel: Kernel = "auto",
) -> tuple[ExitPlan, ...]:  # fmt: skip
    """Make the exit plan of each function.

    Parameters
    ----------
    stack
        The stack as it is.
    functions
        Ids of items.
    options
        What can be done; options that a plan did not choose are named as such.
    plan
        The way out; ``None``: options and standbys alone say what could take over.
    days, floor, strict, kernel
        As :func:`freehold.measure.cutoff.cutoff`.
    via, stake
        What counts as control, as :func:`freehold.measure.assess.assess`.

    Raises
    ------
    KeyError
        If an item is not there: whoever asks has found it.
    """
    asked = check_days(days)
    planned = plan if plan is not None and plan.cost is not None else None
    case = Case(stack, strict=strict, stake=stake, kernel=kernel)
    after = Case(planned.planned, strict=strict, stake=stake, kernel=kernel) if planned is not None else None
    maker = _Maker(case, after, options, planned, asked, floor, via, strict)
    return tuple(maker.make(one) for one in functions)


@dataclass
class _Maker:
    case: Case
    after: Case | None
    options: Sequence[Option]
    plan: PlanAnswer | None
    days: tuple[float, ...]
    floor: float
    via: tuple[str, ...]
    strict: bool

    @property
    def stack(self) -> Stack:
        return self.case.stack

    @property
    def control(self) -> Control:
        return self.case.control

    def make(self, function: str) -> ExitPlan:
        number = self.case.item_number[function]
        cone = self.case.cone([number], voids=True)
        path = dict.fromkeys((function, *(self.stack.items[self.case.supplies[one].item].id for one in cone)))
        cut = foreign_cutoff(self.via, self.control.stake)
        before = self._standing(self.case, number, cone, [cut])[0]
        after = None
        if self.after is not None:
            place = self.after.item_number[function]
            after = self._standing(self.after, place, self.after.cone([place], voids=True), [cut])[0]
        landlords, left_out = self._landlords(number, cone)
        moves = self._moves(path)
        basis: Basis = "plan" if self.plan is not None else ("options" if any(one.option for one in moves) else "stack")
        facts = unknown_facts(self.case, cut, cone)
        return ExitPlan(
            function, self.days, self.floor, tuple(path), before, after, basis, landlords, left_out, moves,
            self._time(cone, moves), self._data(path), self._left(path, moves), facts[:_MOST_FACTS],
        )  # fmt: skip

    def _standing(self, case: Case, number: int, cone: tuple[int, ...], cuts: Sequence[Cutoff]) -> list[Standing]:
        """How one item stands under each of some cut-offs."""
        levels, stops = [], []
        for side in _SIDES:
            scenarios = [case.scenario(one, side, only=cone) for one in cuts]
            answer = solve(case.built(side), scenarios, self.days, self.floor, case.running(side))
            levels.append(answer.levels[:, :, number].round(12))
            stops.append(answer.stops[:, number])
        found = []
        for place in range(len(cuts)):
            low, high = levels[LOW][place], levels[HIGH][place]
            days = [None if math.isinf(one[place]) else float(one[place]) for one in stops]
            found.append(
                Standing(days[LOW], days[HIGH], tuple(np.minimum(low, high).tolist()), tuple(np.maximum(low, high).tolist()))
            )
        return found

    def _in_use(self, item: str) -> tuple[Source, ...]:
        return tuple(one for one in self.stack.sources_of.get(item, ()) if one.status in (None, "in-use", UNKNOWN))

    def _landlords(self, number: int, cone: tuple[int, ...]) -> tuple[tuple[ExitLandlord, ...], int]:
        tops: dict[str, dict[str, None]] = {}
        countries: dict[str, dict[str, None]] = {}
        for supply in cone:
            source, item = self.case.supplies[supply].filled.source, self.stack.items[self.case.supplies[supply].item].id
            if source is None or self.case.supplies[supply].filled.share[HIGH] <= 0:
                continue
            for country in frozenset().union(*(self.control.countries(source, way) for way in self.via)):
                if country not in self.control.inside and country not in ("?", NO_COUNTRY):
                    countries.setdefault(country, {})[item] = None
            if isinstance(source.provider, str) and source.provider != "self":
                for top in top_owners(self.control, source.provider):
                    tops.setdefault(top, {})[item] = None
        asked = [("country", id_, tuple(items)) for id_, items in countries.items()]
        asked += [("owner", id_, tuple(items)) for id_, items in tops.items()]
        asked.sort(key=lambda one: (-len(one[2]), one[0], one[1]))
        chosen = asked[: 2 * _MOST_LANDLORDS]
        if not chosen:
            return (), 0
        rules = [Rule(country=id_, via=self.via) if kind == "country" else Rule(owner=id_) for kind, id_, _ in chosen]
        cuts = [Cutoff((rule,), stake=self.control.stake) for rule in rules]
        found = [
            self._landlord(kind, id_, items, standing)
            for (kind, id_, items), standing in zip(chosen, self._standing(self.case, number, cone, cuts), strict=True)
        ]
        found.sort(key=_soonest)
        return tuple(found[:_MOST_LANDLORDS]), len(asked) - min(len(found), _MOST_LANDLORDS)

    def _landlord(self, kind: str, id_: str, items: tuple[str, ...], standing: Standing) -> ExitLandlord:
        if kind == "country":
            return ExitLandlord("country", id_, id_, True, items, standing)  # noqa: FBT003  a truth, not a flag
        seat = self.control.seat(id_)
        foreign: Truth = None if seat == "?" else seat not in self.control.inside
        return ExitLandlord("owner", id_, seat, foreign, items, standing)

    def _third_party(self, item: str) -> bool:
        """Whether an item comes from anybody else than the organisation, surely or perhaps."""
        sources = self._in_use(item)
        return not sources or any(one.provider != "self" for one in sources)

    def _moves(self, path: Mapping[str, None]) -> tuple[Move, ...]:
        """What takes over on a path: what stands by, then steps of the plan, then other options."""
        found = [
            self._move("standby", item, source, None, None)
            for item in path
            for source in self.stack.sources_of.get(item, ())
            if source.status == "standby"
        ]
        steps = {one.option: one for one in self.plan.steps} if self.plan is not None else {}
        every: dict[str, Option] = {one.id: one for one in self.options}
        if self.plan is not None:
            every |= self.plan.options
        chosen = [every[one] for one in steps if one in every]
        others = [one for id_, one in every.items() if id_ not in steps]
        for option in (*chosen, *others):
            kind: MoveKind = "step" if option.id in steps else "option"
            step = steps.get(option.id)
            found += [self._move(kind, item, source, option, step) for item, source in self._touched(option, path)]
        return tuple(found)

    def _touched(self, option: Option, path: Mapping[str, None]) -> Iterable[tuple[str, Source | None]]:
        """The things of a path that an option bears on, each with the source that takes over, where one does."""
        own = option.adds.source_by_id if option.adds is not None else {}
        seen: dict[tuple[str, str], tuple[str, Source | None]] = {}
        for change in option.changes:
            source = own.get(change.source) or self.stack.source_by_id.get(change.source)
            if source is None or source.item not in path:
                continue
            if isinstance(change, Cover | Spare):
                seen.setdefault((change.item, ""), (change.item, None))
            else:
                takes = source if isinstance(change, Activate) else None
                seen.setdefault((source.item, change.source if takes else ""), (source.item, takes))
        return seen.values()

    def _move(self, kind: MoveKind, item: str, source: Source | None, option: Option | None, step: Step | None) -> Move:
        foreign: Truth = False
        provider = ""
        if source is not None:
            foreign = self._foreign(source, option)
            provider = source.provider if isinstance(source.provider, str) else "?"
        money = (option.cost_once, option.cost_year) if option is not None else (
            (source.cost_once, source.cost_year) if source is not None else (None, None)
        )  # fmt: skip
        currency = (option.currency if option is not None else None) or (source.currency if source is not None else None)
        recover = 0.0 if source is not None and source.recover is None else _number(source.recover if source else None)
        return Move(
            kind, item, source.id if source is not None else "", provider, foreign, option.id if option is not None else "",
            0.0 if option is None else _number(option.lead), recover, step.start_date if step is not None else "",
            step.ready_date if step is not None else "", _number(money[0]), _number(money[1]), currency,
            1.0 if source is not None and source.capacity is None else _number(source.capacity if source else None),
        )  # fmt: skip

    def _foreign(self, source: Source, option: Option | None) -> Truth:
        if option is None or option.adds is None or source.id not in option.adds.source_by_id:
            return self.control.foreign(source, self.via)
        known = {one.id for one in self.stack.providers}
        more = tuple(one for one in option.adds.providers if one.id not in known)
        wider = replace(self.stack, providers=(*self.stack.providers, *more))
        return Control(wider, strict=self.strict, stake=self.control.stake).foreign(source, self.via)

    def _time(self, cone: tuple[int, ...], moves: Sequence[Move]) -> tuple[TimeGiven, ...]:
        """Cover on the path of things that somebody else can end."""
        soonest: dict[str, float] = {}
        for move in moves:
            if move.source and move.kind != "option" and move.lead is not None and move.recover is not None:
                takes = move.lead + move.recover
                soonest[move.item] = min(takes, soonest.get(move.item, math.inf))
        found = []
        for supply in cone:
            user = self.stack.items[self.case.supplies[supply].item].id
            for need in self.case.needs_of[supply]:
                if need.survive in (None, 0.0) or need.item not in self._leased:
                    continue
                covers: Truth = None
                if need.survive is not UNKNOWN and is_stated(need.survive):
                    covers = need.survive == math.inf or (
                        need.survive >= soonest[need.item] - 1e-9 if need.item in soonest else None
                    )  # fmt: skip
                found.append(TimeGiven(user, need.item, need.survive, covers))
        return tuple(sorted(dict.fromkeys(found), key=_shortest))

    @cached_property
    def _leased(self) -> frozenset[str]:
        """Things that come from somebody else, or rest on something that does."""
        users: dict[str, list[str]] = {}
        for need in self.case.needs:
            users.setdefault(need.item, []).append(self.stack.source_by_id[need.source].item)
        open_ = [item.id for item in self.stack.items if self._third_party(item.id)]
        found = set(open_)
        while open_:
            for user in users.get(open_.pop(), ()):
                if user not in found:
                    found.add(user)
                    open_.append(user)
        return frozenset(found)

    def _data(self, path: Mapping[str, None]) -> tuple[Carried, ...]:
        found = []
        for id_ in path:
            if self.stack.item_by_id[id_].kind not in _DATA:
                continue
            sources = self._in_use(id_)
            providers = dict.fromkeys(one.provider if isinstance(one.provider, str) else "?" for one in sources)
            places = dict.fromkeys(place for one in sources for place in sorted(self.control.countries(one, "location")))
            foreign = any_of(self.control.foreign(one, self.via) for one in sources) if sources else None
            found.append(Carried(id_, tuple(providers) or ("?",), tuple(places) or ("?",), foreign))
        return tuple(found)

    def _left(self, path: Mapping[str, None], moves: Sequence[Move]) -> tuple[Left, ...]:
        """Things on the path that are foreign, surely or perhaps, and that nothing takes over that is not."""
        held = {one.item for one in moves if one.kind in ("standby", "step") and one.source and one.foreign is False}
        ways = {one.item for one in moves if one.kind == "option" and one.foreign is False}
        found = []
        for id_ in path:
            sources = self._in_use(id_)
            truths = [self.control.foreign(one, self.via) for one in sources] or [None]
            truth = any_of(truths)
            if truth is False or id_ in held:
                continue
            landlords = dict.fromkeys(one.provider if isinstance(one.provider, str) else "?" for one in sources)
            found.append(Left(id_, tuple(landlords) or ("?",), truth is True, id_ in ways))
        return tuple(found)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _soonest(one: ExitLandlord) -> tuple[float, float, float, str, str]:
    stops = one.standing
    return (
        math.inf if stops.stops_low is None else stops.stops_low, math.inf if stops.stops_high is None else stops.stops_high,
        sum(stops.low), one.kind, one.id,
    )  # fmt: skip


def _shortest(one: TimeGiven) -> tuple[float, str, str]:
    return (one.survive if is_stated(one.survive) else -1.0), one.item, one.user
