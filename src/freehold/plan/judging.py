"""The simulator as a judge of plans: sets of options in, verdicts out, each asked once. Owns what a search is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from freehold.measure.case import Kernel
from freehold.plan.confirming import Plain
from freehold.plan.goal_values import Aim, Goal
from freehold.plan.interface import Judged, Sign
from freehold.plan.option_values import Option
from freehold.stack.values import Stack

__all__ = ["StackJudge"]


class StackJudge:
    """The judge of one stack, one goal and its options; see :class:`~freehold.plan.interface.Judge`.

    Parameters
    ----------
    stack, goal, options
        The stack as it is, what is asked, and all that can be built.
    strict, kernel
        As for :class:`~freehold.measure.case.Case`.
    """

    def __init__(
        self, stack: Stack, goal: Goal, options: Sequence[Option], *, strict: bool = False, kernel: Kernel = "auto"
    ) -> None:
        self._goal, self._options = goal, tuple(options)
        self._plain = Plain(stack, goal, options, strict=strict, kernel=kernel)
        self._known: dict[tuple[int, frozenset[int]], tuple[bool, float]] = {}
        self._reliance: dict[frozenset[int], float] = {}

    @property
    def options(self) -> Sequence[Option]:
        """The options, each with a number by its place."""
        return self._options

    @property
    def aims(self) -> Sequence[Aim]:
        """The aims."""
        return self._goal.aims

    def judge(self, built: frozenset[int], aims: Sequence[int] | None = None) -> Judged:
        """Judge a set of options, all ready before the cut-off; of other aims than those asked for, ``met`` is true."""
        asked = range(len(self.aims)) if aims is None else aims
        met, reached = [True] * len(self.aims), [1.0] * len(self.aims)
        for aim in asked:
            key = (aim, built)
            if key not in self._known:
                one = self._plain.judge(built, (aim,))
                self._known[key] = one.met[aim], one.reached[aim]
            met[aim], reached[aim] = self._known[key]
        return Judged(tuple(met), tuple(reached))

    def judge_many(self, builts: Iterable[frozenset[int]], aims: Sequence[int] | None = None) -> tuple[Judged, ...]:
        """Judge several sets."""
        return tuple(self.judge(built, aims) for built in builts)

    def reliance(self, built: frozenset[int]) -> float:
        """Self-reliance on the last of the goal's days with these options, unknown facts at their worst."""
        if built not in self._reliance:
            self._reliance[built] = self._plain.reliance(built)
        return self._reliance[built]

    def signs(self, aim: int) -> Sequence[Sign]:
        """What each option can do to an aim, whatever else is built."""
        return [0] * len(self._options) if 0 <= aim < len(self.aims) else []
