"""Which engine finds the cut sets of a question. Owns the choice, which never changes the answer.

Where everything works or does not, the question is an AND/OR network over the members' losses: without circles it goes to
decision diagrams, which count what nobody could list; with circles, and where diagrams get too large, to the hitting set
loop, judged by counters. Else the loop is judged by levels.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

import numpy as np

from freehold.measure.boolean_view import boolean_view
from freehold.measure.case import LOW
from freehold.measure.chokepoint_values import Member
from freehold.measure.level_view import LevelView
from freehold.network.and_or import AndOr, Events, Top, events_of
from freehold.network.bdd import Diagram
from freehold.network.bdd_build import build_function
from freehold.network.bdd_store import NODES, Limits, Stopped
from freehold.network.cut_sets import CutSets
from freehold.network.diagram_cuts import diagram_cuts
from freehold.network.hitting_set import Judge, hitting_sets
from freehold.network.oracle import Oracle
from freehold.network.structure_function import structure_function, suppliers_first
from freehold.network.zbdd import by_order, countable_order, total
from freehold.network.zbdd_listing import sets_of

__all__ = ["BooleanJudge", "CutsFound", "Question", "boolean_question", "find_cuts"]

_EASY: Final = 30_000
"""Nodes of a diagram of all orders that are tried before one of the orders asked for is made."""


_EASY_SHARE: Final = 0.2
_DIAGRAM_SHARE: Final = 0.6
"""Of the time, for that diagram; of what is then left, for one of the orders asked for. The hitting set loop has the rest."""


@dataclass(frozen=True, slots=True)
class Question:
    """What can be lost, and what must not fall, where everything works or does not.

    Parameters
    ----------
    net, events, top
        Event i is the loss of member i.
    """

    net: AndOr
    events: Events
    top: Top

    @property
    def has_circle(self) -> bool:
        """Whether what must not fall rests on a circle."""
        return suppliers_first(self.net, self.top.nodes) is None


@dataclass(frozen=True, slots=True)
class CutsFound:
    """Cut sets, and the function that says when the target fails where it was made on the way."""

    cuts: CutSets
    function: Diagram | None


def boolean_question(view: LevelView, members: Sequence[Member], floor: float, day: float | None) -> Question | str:
    """The question as one in which everything works or does not; or why levels have to be solved, in words.

    Parameters
    ----------
    view
        The target.
    members
        What can be lost; event i is the loss of the i-th.
    floor, day
        The target has fallen if it is under the floor on the day; ``None``: in the end.
    """
    target = view.target
    found = boolean_view(view.case, LOW, [*target.weights, *target.doubtful], day)
    top = found if isinstance(found, str) else found.top(target, floor)
    if isinstance(found, str) or isinstance(top, str):
        return str(top)
    ranks = [view.ranks(member.supplies) for member in members]
    event = np.repeat(np.arange(len(members)), [len(row) for row in ranks])
    node = found.supply_node[np.array([number for row in ranks for number in row], np.int64)]
    counts = node >= 0
    nodes = len(found.net.need_start) - 1
    return Question(found.net, events_of(nodes, len(members), node[counts], event[counts]), top)


class BooleanJudge:
    """The judge of a question: counters in place of levels."""

    def __init__(self, question: Question, *, compiled: bool | None) -> None:
        self._oracle = Oracle(question.net, question.events, question.top, compiled)

    def falls(self, lost: Collection[int]) -> bool:
        """Whether the top falls when these events happen."""
        return self._oracle.fails(lost)

    def support(self, lost: Collection[int], /) -> Collection[int] | None:
        """Events that hold the top up by themselves, none of them lost."""
        return self._oracle.support(lost)


def find_cuts(
    question: Question | None,
    judge: Judge,
    size: int,
    *,
    order: int,
    seconds: float,
    nodes_limit: int = NODES,
    compiled: bool | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CutsFound:
    """Find the minimal cut sets of a target that stands while nothing is lost.

    Parameters
    ----------
    question
        ``None`` where levels have to be solved.
    judge
        By counters or by levels.
    size
        Number of members.
    order
        How many losses together at most.
    seconds
        After which the search stops.
    nodes_limit
        How large a diagram may get.
    compiled
        Which kernel.
    progress
        Told the order in work and the number of sets found, now and then.
    """
    if question is None or question.has_circle:
        return CutsFound(hitting_sets(range(size), judge, order=order, seconds=seconds, progress=progress), None)
    limits = Limits(_EASY_SHARE * seconds, min(_EASY, nodes_limit))
    try:
        formula = structure_function(question.net, question.events, question.top, limits)
        function, family = build_function(formula, size, limits, cuts=True, compiled=compiled)
    except Stopped:
        parts = question.net, question.events, question.top
        left = _DIAGRAM_SHARE * max(0.0, seconds - limits.seconds)
        found: CutSets = diagram_cuts(*parts, order=order, seconds=left, nodes_limit=nodes_limit, compiled=compiled)
        if found.complete_to is not None and found.complete_to < order:
            left = max(0.0, seconds - limits.seconds)
            looped = hitting_sets(range(size), judge, order=order, seconds=left, progress=progress)
            if looped.complete_to is None or looped.complete_to > found.complete_to or not any(found.counts.values()):
                found = looped
        return CutsFound(replace(found, seconds=limits.seconds), None)
    if family is None:
        raise AssertionError
    counts = by_order(family, countable_order(family))

    def sets() -> Iterator[tuple[int, ...]]:
        return takewhile(lambda cut: len(cut) <= order, sets_of(family))

    return CutsFound(CutSets("diagram", counts, None, total(family), sets, None, limits.seconds), function)
