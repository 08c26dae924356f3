"""What is worked out of one stack for all that is asked of it. Owns that it is done once, and kept while it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final
from weakref import WeakKeyDictionary

from freehold.measure.assess import foreign_cutoff
from freehold.measure.case import HIGH, LOW, Case, Side
from freehold.measure.content import ContentAnswer, content
from freehold.measure.mission import Mission, mission_of
from freehold.measure.mission_curve import MissionCurve, mission_run
from freehold.measure.unknowns import UnknownFact, mission_cone, unknown_facts
from freehold.schemes.interface import Asked
from freehold.schemes.measures.holdings import Holders
from freehold.stack.control import Control, Truth, any_of
from freehold.stack.countries import country_name
from freehold.stack.schema import CHANGE
from freehold.stack.values import ANY_OF, Source, Stack
from freehold.words import language_locale, listed

__all__ = ["Chosen", "Survey", "survey_of"]

_OF_CONTROL: Final = ("source", "provider", "owner", "country", "location", "origin")
"""Attributes that say who controls a source."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An item that is looked at: its number, its in-use supplies, and whether it surely is one of those asked for."""

    number: int
    supplies: tuple[int, ...]
    sure: bool


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
        self.chosen: dict[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], tuple[Chosen, ...]] = {}
        """Items that were chosen before, by reach, kinds, roles and tags."""
        self._cases: dict[str, Case] = {}
        self._insides: dict[tuple[str, tuple[str, ...]], tuple[Truth, ...]] = {}
        self._holders: dict[str, Holders] = {}
        self._unknown: dict[tuple[str, tuple[str, ...]], tuple[UnknownFact, ...]] = {}
        self._contents: dict[tuple[str, tuple[str, ...]], ContentAnswer] = {}
        self._curves: dict[tuple[str, str, tuple[str, ...], float], tuple[MissionCurve, MissionCurve]] = {}
        self._reached: dict[str, Mapping[int, bool]] = {}

    def knows_inside(self, within: str) -> bool:
        """Whether there is anything inside: a home, or for the region a trusted country."""
        return bool(self.stack.home or (within == "region" and self.stack.trusted))

    def named(self, within: str) -> str:
        """The countries that count as inside, for people."""
        codes = (self.stack.home,) if within == "home" else tuple(dict.fromkeys((self.stack.home, *self.stack.trusted)))
        return listed(country_name(code, language_locale()) for code in codes if code)

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

    def holders(self, within: str) -> Holders:
        """Who has how much of whom from outside."""
        if within not in self._holders:
            control = self.control(within)

            def outside(firm: str) -> bool | None:
                seat = control.seat(firm)
                return None if seat == "?" else seat not in control.inside

            self._holders[within] = Holders(self.stack.provider_by_id, outside, strict=self.strict)
        return self._holders[within]

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
        return self._in_use[number]

    @cached_property
    def _in_use(self) -> tuple[tuple[int, ...], ...]:
        case = self.case("region")
        return tuple(
            tuple(one for one in supplies if case.supplies[one].filled.share[HIGH] > 0) for supplies in case.supplies_of
        )

    def insides(self, within: str, via: tuple[str, ...]) -> tuple[Truth, ...]:
        """Of every supply: whether nobody outside controls it by some ways."""
        key = within, via
        if key not in self._insides:
            control = self.control(within)
            truths = (control.foreign(supply.filled.source, via) for supply in self.case(within).supplies)
            self._insides[key] = tuple(None if foreign is None else not foreign for foreign in truths)
        return self._insides[key]

    def source(self, supply: int) -> Source | None:
        """The source that a supply is; ``None`` for an unknown one."""
        return self.case("region").supplies[supply].filled.source

    def reached(self, reach: str) -> Mapping[int, bool]:
        """Numbers of the items that are looked at, in order, and whether each surely is one of them.

        Items that only say whether another can be changed, or stand for a choice between others, are left out.
        """
        if reach not in self._reached:
            surely = self._reach(reach, LOW)
            self._reached[reach] = {
                number: number in surely for number in sorted(self._reach(reach, HIGH)) if self._counts(number)
            }
        return self._reached[reach]

    def _counts(self, number: int) -> bool:
        item = self.stack.items[number]
        return not item.id.endswith(CHANGE) and not (isinstance(item.tags, tuple) and ANY_OF in item.tags)

    def _reach(self, reach: str, side: Side) -> set[int]:
        tops = {*self.mission.weights, *(self.mission.doubtful if side == HIGH else ())}
        if reach == "mission":
            return tops
        if reach == "stack":
            return set(range(len(self.stack.items)))
        changes = {number for number, item in enumerate(self.stack.items) if item.id.endswith(CHANGE)}
        if reach == "parts":
            return self._below(tops, side)
        if reach == "run":
            return tops | self._below(tops, side)
        if reach == "change":
            return self._below(changes, side)
        return tops | self._below(tops, side) | self._below(changes, side)

    def _below(self, tops: Iterable[int], side: Side) -> set[int]:
        """Items that sources need which are in use, surely (low) or perhaps (high), all the way down."""
        case = self.case("region")
        open_, found = list(tops), set[int]()
        done = set(open_)
        while open_:
            for supply in self.in_use(open_.pop()):
                if case.supplies[supply].filled.share[side] <= 0:
                    continue
                for need in case.needs_of[supply]:
                    number = case.item_number[need.item]
                    found.add(number)
                    if number not in done:
                        done.add(number)
                        open_.append(number)
        return found

    def needed_as(self, number: int, roles: set[str]) -> Truth:
        """Whether an item is needed in one of some roles by a source that is in use."""
        return any_of(sure for role, sure in self._roles.get(number, ()) if role in roles)

    @cached_property
    def _roles(self) -> Mapping[int, tuple[tuple[str, Truth], ...]]:
        case = self.case("region")
        found: dict[int, dict[tuple[str, Truth], None]] = {}
        for number in range(len(self.stack.items)):
            for supply in self.in_use(number):
                sure = True if case.supplies[supply].filled.share[LOW] > 0 else None
                for need in case.needs_of[supply]:
                    found.setdefault(case.item_number[need.item], {})[need.role or "input", sure] = None
        return {number: tuple(roles) for number, roles in found.items()}

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
        """Facts that would say whether somebody outside controls some supplies, and are not known."""
        key = within, via
        if key not in self._unknown:
            open_ = [number for number, inside in enumerate(self.insides(within, via)) if inside is None]
            facts = unknown_facts(self.case(within), foreign_cutoff(via), open_)
            self._unknown[key] = tuple(fact for fact in facts if fact.attribute in _OF_CONTROL)
        wanted = set(supplies)
        return tuple(fact for fact in self._unknown[key] if not wanted.isdisjoint(fact.supplies))


_SURVEYS: WeakKeyDictionary[Asked, Survey] = WeakKeyDictionary()


def survey_of(asked: Asked) -> Survey:
    """The survey of a stack that is asked, made when it is first needed."""
    found = _SURVEYS.get(asked)
    if found is None:
        found = _SURVEYS[asked] = Survey(asked)
    return found
