"""Between who searches for a plan and who judges one. Owns the two questions: does it do, and how self-reliant does it make.

A judge numbers the options 0, 1, … in its order. It is deterministic, and it is the simulator: what it says is what a
cut-off of the changed stack shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from freehold.plan.goal_values import Aim
from freehold.plan.option_values import Option

__all__ = ["Judge", "Judged", "Sign"]

Sign: TypeAlias = Literal[1, -1, 0]
"""What building an option can do to an aim: only help (1), only harm (-1), or not known (0)."""


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
