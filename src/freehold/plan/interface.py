"""Between who searches for a plan and who judges one. Owns the two questions: does it do, and how self-reliant does it make.

A judge numbers the options 0, 1, … in its order. It is deterministic, and it is the simulator: what it says is what a
cut-off of the changed stack shows.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from freehold.plan.goal_values import Aim
from freehold.plan.option_values import Option

__all__ = ["Judge", "JudgeInParts", "Judged", "Moment", "Sign"]

Sign: TypeAlias = Literal[1, -1, 0]
"""What building an option can do to an aim: only help (1), only harm (-1), or not known (0)."""

Moment: TypeAlias = Hashable
"""When, and under which loss, an aim is looked at: whatever a judge tells its moments apart by."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the simulator says of a set of options.

    Parameters
    ----------
    met
        Of each aim, whether it holds.
    reached
        Of each aim, the level or share that counts: the least over the days asked (and over the losses tried).
    """

    met: tuple[bool, ...]
    reached: tuple[float, ...]

    @property
    def done(self) -> bool:
        """Whether every aim holds."""
        return all(self.met)


class Judge(Protocol):
    """Who judges plans of one stack and one goal."""

    @property
    def options(self) -> Sequence[Option]:
        """The options, each with a number by its place."""

    @property
    def aims(self) -> Sequence[Aim]:
        """The aims."""

    def judge(self, built: frozenset[int], aims: Sequence[int] | None = None) -> Judged:
        """Judge a set of options, all ready before the cut-off; of other aims than those asked for, ``met`` is true."""

    def reliance(self, built: frozenset[int]) -> float:
        """Self-reliance on the last of the goal's days with these options, unknown facts at their worst."""

    def signs(self, aim: int) -> Sequence[Sign]:
        """What each option can do to an aim, whatever else is built."""


@runtime_checkable
class JudgeInParts(Judge, Protocol):
    """A judge that also says what its aims are made of: at each moment a weighted mean of parts, such as mission items.

    An aim that is met comes to its level at every moment. A search that knows the parts learns of each by itself what raises
    it; else what it learns of a mean of many is only which sets of them are too few. Aim ``None`` is self-reliance.
    """

    def part_weights(self, aim: int | None) -> Sequence[float] | None:
        """Weights of the parts, none under 0, in all 1; ``None`` for an aim that is no such mean."""

    def worst_moment(self, built: frozenset[int], aim: int | None) -> Moment:
        """The moment at which these options fall shortest."""

    def part_levels(self, built: frozenset[int], aim: int | None, moment: Moment) -> Sequence[float]:
        """Level of each part at a moment with these options, unknown facts at their worst."""
