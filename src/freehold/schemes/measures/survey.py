"""What is worked out of one stack for all that is asked of it. Owns that it is done once, and kept while it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from weakref import WeakKeyDictionary

from freehold.measure.assess import foreign_cutoff
from freehold.measure.case import HIGH, LOW, Case, Side
from freehold.measure.content import Bounds, ContentAnswer, content, held_shares
from freehold.measure.mission import Mission, mission_of
from freehold.measure.mission_curve import MissionCurve, mission_run
from freehold.measure.unknowns import UnknownFact, mission_cone, unknown_facts
from freehold.schemes.interface import Asked
from freehold.stack.control import Control
from freehold.stack.countries import country_name
from freehold.stack.schema import CHANGE
from freehold.stack.values import ANY_OF, Source, Stack

__all__ = ["Survey", "survey_of"]


class Survey:
    """One stack, and what measures share.

    Parameters
    ----------
    asked
        The stack that is asked, and how.
    """

    def __init__(self, asked: Asked) -> None:
        self.stack, self.strict, self.region = asked.stack, asked.strict, asked.region
        self.lists, self.amounts = asked.lists or {}, asked.amounts or {}
        self._cases: dict[str, Case] = {}
        self._held: dict[tuple[str, tuple[str, ...]], tuple[Bounds, ...]] = {}
        self._contents: dict[tuple[str, tuple[str, ...]], ContentAnswer] = {}
        self._curves: dict[tuple[str, str, tuple[str, ...], float], tuple[MissionCurve, MissionCurve]] = {}
        self._reached: dict[str, tuple[int, ...]] = {}

    def knows_inside(self, within: str) -> bool:
        """Whether there is anything inside: a home, or for the region a trusted country."""
        return bool(self.stack.home or (within == "region" and self.stack.trusted))

    def named(self, within: str) -> str:
        """The countries that count as inside, for people."""
        codes = (self.stack.home,) if within == "home" else tuple(dict.fromkeys((self.stack.home, *self.stack.trusted)))
        return ", ".join(country_name(code) for code in codes if code)

    def stack_within(self, within: str) -> Stack:
        """The stack, for ``home`` without its trusted countries."""
        return self.case(within).stack

    def case(self, within: str) -> Case:
        """The stack as networks; for ``home`` without its trusted countries."""
        if within not in self._cases:
            stack = self.stack if within == "region" else replace(self.stack, trusted=())
            self._cases[within] = Case(stack, strict=self.strict)
        return self._cases[within]

    def control(self, within: str) -> Control:
        """Who controls what."""
        return self.case(within).control

    @cached_property
    def mission(self) -> Mission:
        """Weights of the mission."""
        return mission_of(self.stack)

    def purpose(self, of: str) -> Mission | None:
        """What must be kept alive (``mission``) or changeable (``change``: alike); ``None`` where there is nothing of it."""
        if of == "mission":
            return self.mission if self.mission.weights or self.mission.doubtful else None
        numbers = [number for number, item in enumerate(self.stack.items) if item.id.endswith(CHANGE)]
        return Mission({number: 1 / len(numbers) for number in numbers}, (), "", stated=True) if numbers else None

    def in_use(self, number: int) -> tuple[int, ...]:
        """Numbers of the supplies of an item that meet a part of today's need, surely or perhaps."""
        case = self.case("region")
        return tuple(one for one in case.supplies_of[number] if case.supplies[one].filled.share[HIGH] > 0)

    def source(self, supply: int) -> Source | None:
        """The source that a supply is; ``None`` for an unknown one."""
        return self.case("region").supplies[supply].filled.source

    def reached(self, reach: str) -> tuple[int, ...]:
        """Numbers of the items that are looked at, in order.

        Items that only say whether another can be changed, or stand for a choice between others, are left out.
        """
        if reach not in self._reached:
            self._reached[reach] = tuple(number for number in sorted(self._reach(reach)) if self._counts(number))
        return self._reached[reach]

    def _counts(self, number: int) -> bool:
        item = self.stack.items[number]
        return not item.id.endswith(CHANGE) and not (isinstance(item.tags, tuple) and ANY_OF in item.tags)

    def _reach(self, reach: str) -> set[int]:
        tops = {*self.mission.weights, *self.mission.doubtful}
        if reach == "mission":
            return tops
        if reach == "stack":
            return set(range(len(self.stack.items)))
        changes = {number for number, item in enumerate(self.stack.items) if item.id.endswith(CHANGE)}
        if reach == "parts":
            return self._below(tops)
        if reach == "run":
            return tops | self._below(tops)
        if reach == "change":
            return self._below(changes)
        return tops | self._below(tops) | self._below(changes)

    def _below(self, tops: Iterable[int]) -> set[int]:
        """Items that the in-use sources of some items need, all the way down."""
        case = self.case("region")
        open_, found = list(tops), set[int]()
        done = set(open_)
        while open_:
            for supply in self.in_use(open_.pop()):
                for need in case.needs_of[supply]:
                    number = case.item_number[need.item]
                    found.add(number)
                    if number not in done:
                        done.add(number)
                        open_.append(number)
        return found

    @cached_property
    def roles_of(self) -> Mapping[int, frozenset[str]]:
        """In which roles each item is needed by sources that are in use."""
        case = self.case("region")
        found: dict[int, set[str]] = {}
        for number in range(len(self.stack.items)):
            for supply in self.in_use(number):
                for need in case.needs_of[supply]:
                    found.setdefault(case.item_number[need.item], set()).add(need.role or "input")
        return {number: frozenset(roles) for number, roles in found.items()}

    def held(self, within: str, via: tuple[str, ...]) -> tuple[Bounds, ...]:
        """Part of each item's need that sources inside meet."""
        key = within, via
        if key not in self._held:
            self._held[key] = held_shares(self.stack_within(within), strict=self.strict, via=via)
        return self._held[key]

    def content(self, within: str, via: tuple[str, ...]) -> ContentAnswer:
        """Face value, content and hidden exposure."""
        key = within, via
        if key not in self._contents:
            self._contents[key] = content(self.stack_within(within), strict=self.strict, via=via)
        return self._contents[key]

    def curves(self, of: Mission, within: str, via: tuple[str, ...], horizon: float) -> tuple[MissionCurve, MissionCurve]:
        """A purpose's level when all that is outside is cut off from day 0: low and high."""
        key = of.rule, within, via, horizon
        if key not in self._curves:
            case, cut = self.case(within), foreign_cutoff(via)

            def curve(side: Side) -> MissionCurve:
                return mission_run(case, case.scenario(cut, side), side, of, horizon).curve

            self._curves[key] = (curve(LOW), curve(HIGH))
        return self._curves[key]

    def unknown_under(self, of: Mission, within: str, via: tuple[str, ...]) -> int:
        """How many unknown facts the low side of such a cut-off rests on."""
        case, cut = self.case(within), foreign_cutoff(via)
        return len(unknown_facts(case, cut, mission_cone(case, of, cut)))

    def unknown_of(self, supplies: Iterable[int], within: str, via: tuple[str, ...]) -> tuple[UnknownFact, ...]:
        """Facts of some supplies that are not known and would say who controls them."""
        return unknown_facts(self.case(within), foreign_cutoff(via), supplies)


_SURVEYS: WeakKeyDictionary[Asked, Survey] = WeakKeyDictionary()


def survey_of(asked: Asked) -> Survey:
    """The survey of a stack that is asked, made when it is first needed."""
    found = _SURVEYS.get(asked)
    if found is None:
        found = _SURVEYS[asked] = Survey(asked)
    return found
