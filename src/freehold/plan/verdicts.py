"""What a judge has said, kept. Owns asking it: one demand or all, the one that fails worst first, never twice the same.

A *demand* is an aim, by its number, or a least self-reliance (aim ``None``). It is *graded* if it asks for a level that may
be raised: then the level alone decides, and what was learnt of one level holds for those above it. A demand of one *part* is
that this part comes to more than a level at a moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from freehold.plan.goal_values import Aim, BestAim, ShareAim
from freehold.plan.interface import Judge, JudgeInParts, Moment, Sign
from freehold.plan.openings import TOLERANCE
from freehold.plan.option_values import Activate, Option

__all__ = ["Demand", "Verdicts"]

_MOST_KEPT: Final = 500_000


@dataclass(frozen=True, slots=True)
class Demand:
    """What must hold: an aim as the judge says, or, where it is graded, that it (``None``: self-reliance) comes to a level."""

    aim: int | None
    level: float
    graded: bool = False
    moment: Moment = None
    part: int | None = None

    def of_part(self, moment: Moment, part: int, level: float) -> Demand:
        """That one part comes to more than a level at a moment."""
        return Demand(self.aim, level, graded=True, moment=moment, part=part)


class Verdicts:
    """A judge that remembers.

    Parameters
    ----------
    judge
        The simulator.
    """

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.calls = 0
        self._aims: dict[tuple[frozenset[int], int], tuple[bool, float]] = {}
        self._reliance: dict[frozenset[int], float] = {}
        self._levels: dict[tuple[frozenset[int], int | None, Moment], Sequence[float]] = {}
        self._signs: dict[int | None, Sequence[Sign]] = {}
        self._level = [
            1.0 if isinstance(aim, BestAim) else getattr(aim, "level", getattr(aim, "share", 1.0)) for aim in judge.aims
        ]

    @property
    def aims(self) -> tuple[Demand, ...]:
        """Every aim, as a demand."""
        return tuple(Demand(number, level) for number, level in enumerate(self._level))

    def reliance(self, built: frozenset[int]) -> float:
        """Self-reliance with these options."""
        if built not in self._reliance:
            self.calls += 1
            self._reliance[built] = self.judge.reliance(built)
        return self._reliance[built]

    def reached(self, built: frozenset[int], demand: Demand) -> float:
        """The level or share that counts for a demand."""
        if demand.part is not None:
            return self.levels(built, demand.aim, demand.moment)[demand.part]
        return self.reliance(built) if demand.aim is None else self._verdict(built, demand.aim)[1]

    def fails(self, built: frozenset[int], demand: Demand) -> bool:
        """Whether a demand does not hold with these options."""
        if demand.part is not None:
            return self.reached(built, demand) <= demand.level + TOLERANCE
        if demand.graded or demand.aim is None:
            return self.reached(built, demand) < demand.level - TOLERANCE
        return not self._verdict(built, demand.aim)[0]

    def failing(self, built: frozenset[int], demands: Iterable[Demand]) -> list[Demand]:
        """The demands that do not hold, the one that falls short most first."""
        demands = list(demands)
        self._ask(built, [demand.aim for demand in demands if demand.aim is not None])
        short = [
            (self.reached(built, demand) - demand.level, place)
            for place, demand in enumerate(demands)
            if self.fails(built, demand)
        ]
        return [demands[place] for _, place in sorted(short)]

    def shortfall(self, built: frozenset[int], demands: Iterable[Demand]) -> float:
        """By how much all demands together are missed."""
        demands = list(demands)
        self._ask(built, [demand.aim for demand in demands if demand.aim is not None])
        return sum(max(0.0, one.level - self.reached(built, one)) for one in demands if self.fails(built, one))

    def weights(self, aim: int | None) -> Sequence[float] | None:
        """Weights of the parts of an aim, or of self-reliance; ``None`` where the judge does not say."""
        return self.judge.part_weights(aim) if isinstance(self.judge, JudgeInParts) else None

    def worst(self, built: frozenset[int], aim: int | None) -> Moment:
        """The moment at which these options fall shortest."""
        assert isinstance(self.judge, JudgeInParts)
        return self.judge.worst_moment(built, aim)

    def levels(self, built: frozenset[int], aim: int | None, moment: Moment) -> Sequence[float]:
        """Level of each part of an aim at a moment."""
        assert isinstance(self.judge, JudgeInParts)
        key = (built, aim, moment)
        if key not in self._levels:
            if len(self._levels) > _MOST_KEPT // 10:
                self._levels.clear()
            self.calls += 1
            self._levels[key] = self.judge.part_levels(built, aim, moment)
        return self._levels[key]

    def signs(self, demand: Demand) -> Sequence[Sign]:
        """What building each option can do to a demand."""
        if demand.aim not in self._signs:
            self._signs[demand.aim] = self._reliance_signs() if demand.aim is None else tuple(self.judge.signs(demand.aim))
        return self._signs[demand.aim]

    def _reliance_signs(self) -> Sequence[Sign]:
        known = getattr(self.judge, "reliance_signs", None)
        return tuple(known()) if known is not None else tuple(_sign(option) for option in self.judge.options)

    def _verdict(self, built: frozenset[int], aim: int) -> tuple[bool, float]:
        self._ask(built, [aim])
        return self._aims[built, aim]

    def _ask(self, built: frozenset[int], aims: Sequence[int]) -> None:
        new = [aim for aim in aims if (built, aim) not in self._aims]
        if not new:
            return
        if len(self._aims) > _MOST_KEPT:
            self._aims.clear()
            new = list(aims)
        self.calls += 1
        said = self.judge.judge(built, None if len(new) == len(self._level) else new)
        for aim in new:
            self._aims[built, aim] = said.met[aim], said.reached[aim]


def _wanted(aim: Aim) -> float:
    if isinstance(aim, BestAim):
        return 1.0
    return aim.share if isinstance(aim, ShareAim) else aim.level


def _sign(option: Option) -> Sign:
    """Self-reliance only rises with what takes nothing from other sources; where shares move, either may be."""
    return 0 if any(isinstance(change, Activate) and change.share is not None for change in option.changes) else 1
