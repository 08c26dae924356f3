"""Which losses, alone and together, can stop what must be kept alive. Owns the answer to ``freehold chokepoints``.

The definition is by levels: a set of members is a cut set if availability 0 for all of them from day 0 for ever brings
the target under the floor on the day of the question, by default in the end. It is judged with unknowns at their worst,
and a member takes what it surely takes; what is not known is taken by the member ``"?"``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np

from freehold.errors import UnknownId, UsageError
from freehold.measure.boolean_view import BooleanView, boolean_view
from freehold.measure.case import HIGH, KERNELS, LOW, Case, Kernel
from freehold.measure.chokepoint_values import ChokepointsAnswer, CutSet, Group, Member, Single
from freehold.measure.counted_losses import counted_losses, is_still
from freehold.measure.cut_engines import BooleanJudge, CutsFound, Question, boolean_question, find_cuts
from freehold.measure.cutoff import DAYS, FLOOR, check_days
from freehold.measure.deadline import Deadline
from freehold.measure.importance import joint_probability, likelihood
from freehold.measure.level_view import LevelView, kernel_of
from freehold.measure.members import members_of
from freehold.measure.mission import Mission, mission_of
from freehold.measure.single_losses import single_losses, worst_first
from freehold.measure.unknowns import unknown_facts
from freehold.network.cut_sets import CutSets, first_sets
from freehold.network.hitting_set import MOST_SETS, Judge, Judged, cheapest_cut
from freehold.stack.cells import nearest
from freehold.stack.cutoff import DEFAULT_STAKE, WAYS, Cutoff, Rule
from freehold.stack.find import find_item
from freehold.stack.values import Stack

__all__ = ["MEMORY", "SECONDS", "Progress", "chokepoints"]

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Told what is being done (``"single"`` or ``"cut sets"``), how many are done, and of how many (``None``: not known)."""


SECONDS: Final = 60.0
"""For the whole question unless said otherwise."""

MEMORY: Final = 512_000_000
"""Bytes that a diagram may take unless said otherwise."""

_NODE_BYTES: Final = 61
"""Of a node with its share of the tables, where these are full."""

_MOST_NODES: Final = 1 << 26

_SEARCH_SHARE: Final = 0.5
"""Of the time, what the search has even where reading the stack took all."""

_LATER: Final = 3
"""Parts of an answer after the cut sets, besides the cheapest set: the probability, the single losses, the reasons."""


def chokepoints(
    stack: Stack,
    target: str | None = None,
    *,
    of: Group = "provider",
    order: int = 3,
    day: float | None = None,
    floor: float = FLOOR,
    days: Iterable[float] = DAYS,
    most: int = 10,
    via: tuple[str, ...] = WAYS,
    stake: float = DEFAULT_STAKE,
    strict: bool = False,
    weights: Mapping[str, float] | None = None,
    probabilities: Mapping[str, float] | None = None,
    seconds: float = SECONDS,
    memory: float = MEMORY,
    kernel: Kernel = "auto",
    progress: Progress | None = None,
    case: Case | None = None,
) -> ChokepointsAnswer:
    """Find what can stop a target.

    Parameters
    ----------
    stack
        The stack.
    target
        An item; ``None``: the mission.
    of
        What can be lost: ``item``, ``source``, ``leaf``, ``provider``, ``owner`` or ``country``.
    order
        How many losses together at most.
    day
        The day of the question; ``None``: in the end, all finite cover used up and all recoveries over.
    floor
        Level under which the target has stopped.
    days
        Days on which single losses are reported.
    most
        How many cut sets to give.
    via, stake, strict
        What counts as control.
    weights
        What it takes to lose a member, by id, 1 where it is not said: asks for the cut set of least weight.
    probabilities
        Of the loss of countries, a year, by code.
    seconds
        For the whole question, reasons (:func:`freehold.measure.cut_reason.reasons_of`) included. The search for cut sets comes
        first, then the probability, the cheapest set if asked for, single losses and the reasons; each has what those before
        it left, less a tenth of the whole for each that follows. Where the time is over, each still has its tenth, and the
        search its half. What is not searched (setting up) has no limit, and takes of the same time.
    memory
        Bytes that a diagram may take; a search that needs more stops, and says so.
    kernel
        ``auto``, ``plain`` or ``compiled``.
    progress
        Told how far it is.
    case
        The stack as a case, where it is made already.

    Raises
    ------
    freehold.errors.UnknownId
        If there is no such target, or a weight is of no member.
    freehold.errors.UsageError
        If a number or a word makes no sense.
    """
    days = check_days(days)
    _check(order, day, floor, most, via, stake, seconds)
    if not memory > 0:
        raise UsageError(f"{memory} bytes are no memory to search in. Give a number above 0.")
    deadline = Deadline(seconds)
    nodes = int(min(memory / _NODE_BYTES, _MOST_NODES))
    mission = mission_of(stack) if target is None else _mission_of_item(stack, target)
    asked_about = [*mission.weights, *mission.doubtful] if mission.stated or _is_needed_by_none(stack, mission) else []
    wanted = kernel_of(stack, kernel)
    is_large = wanted != kernel
    kernel = wanted
    # where counters serve, levels are asked for so seldom that compiling their kernel would take longer than all the rest
    given = case
    case = Case.shared(given, stack, strict=strict, stake=stake, kernel="plain" if is_large else kernel)
    standing = _standing(case)
    if is_large and standing is None:
        case = (
            case.with_kernel(kernel) if given is None else Case.shared(given, stack, strict=strict, stake=stake, kernel=kernel)
        )
    members = members_of(case, of, asked_about, via=via, probabilities=probabilities)
    _check_weights(weights, members, of)
    view = LevelView(case, mission, floor, day)
    events = [member for member in members if view.inside(member.supplies)]
    asked = boolean_question(view, events, floor, day)
    if isinstance(asked, str) and case.kernel != kernel:
        case = case.with_kernel(kernel)
        view = LevelView(case, mission, floor, day)
    is_down = view.falls(())
    question = asked if isinstance(asked, Question) and not is_down else None
    judge = _judge(view, events) if question is None else BooleanJudge(question, compiled=KERNELS[kernel])
    tell = None if progress is None else lambda _order, found: progress("cut sets", found, None)
    if is_down:
        cuts = CutsFound(_nothing_left(), None)
    else:
        cuts = find_cuts(
            question, judge, len(events), order=order,
            seconds=deadline.share(_LATER + (weights is not None), least=_SEARCH_SHARE),
            nodes_limit=nodes, compiled=KERNELS[kernel], progress=tell,
        )  # fmt: skip
    found = cuts.cuts
    first = tuple(_cut_set(view, [events[event] for event in cut]) for cut in first_sets(found, min(most, MOST_SETS)))
    likely = likelihood(
        events, found, cuts.function, question,
        seconds=deadline.share(_LATER - 1 + (weights is not None)), nodes_limit=nodes, compiled=KERNELS[kernel],
    )  # fmt: skip
    cheapest = None if weights is None or is_down else _cheapest(view, events, judge, weights, deadline.share(_LATER - 1))
    singles, left_out = _single_losses(
        case, standing, KERNELS[kernel], mission, members, view, days, day, floor, deadline.share(1), progress
    )  # fmt: skip
    running = [
        np.asarray(case.running(side).level, np.float64)[case.built(side).item_place][np.newaxis] for side in (LOW, HIGH)
    ]
    before = mission.mean(running[LOW], running[HIGH])
    return ChokepointsAnswer(
        target=None if target is None else stack.items[next(iter(mission.weights))].id,
        of=of,
        day=day,
        days=days,
        floor=floor,
        before=(before.low[0], before.high[0]),
        is_down=is_down,
        single=singles,
        left_out=left_out,
        cut_sets=first,
        counts=found.counts,
        complete_to=found.complete_to,
        total=found.total,
        engine=found.engine,
        stopped=found.stopped,
        seconds=found.seconds,
        probability=None if is_down else likely.probability,
        importance=likely.importance,
        cheapest=None if cheapest is None else cheapest[:2],
        cheapest_bound=None if cheapest is None else cheapest[2],
        unknowns=len(unknown_facts(case, _what_control_is_asked(of, via, stake), view.cone)),
        why_not_boolean=asked if isinstance(asked, str) and not is_down else None,
        is_probability_exact=likely.is_exact,
    )


def _check(order: int, day: float | None, floor: float, most: int, via: tuple[str, ...], stake: float, seconds: float) -> None:
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise UsageError(f"an order of {order} makes no sense. Say how many losses together at most: 1 or more.")
    if day is not None and not 0 <= day < math.inf:
        raise UsageError(f"day {day} is no day. Give a number from 0 up, or leave it out to ask of the end.")
    if not 0 < floor <= 1:
        raise UsageError(f"a floor of {floor} is not in (0, 1].")
    if most < 0:
        raise UsageError(f"{most} cut sets cannot be shown. Say how many: 0 or more.")
    if not seconds > 0:
        raise UsageError(f"{seconds} seconds are no time to search in. Give a number above 0.")
    if not 0 <= stake <= 1:
        raise UsageError(f"a stake of {stake} is not between 0 and 1.")
    unknown = [way for way in via if way not in WAYS]
    if unknown or not via:
        raise UsageError(f"'{', '.join(unknown)}' is no way of control. Choose from: {', '.join(WAYS)}.")


def _check_weights(weights: Mapping[str, float] | None, members: Sequence[Member], of: Group) -> None:
    known = {member.id for member in members}
    for id_, weight in (weights or {}).items():
        if id_ not in known:
            raise UnknownId(of, id_, nearest(id_, sorted(known)))
        if not 0 < weight < math.inf:
            raise UsageError(f"a weight of {weight} for '{id_}' makes no sense. Give a number above 0.")


def _mission_of_item(stack: Stack, target: str) -> Mission:
    wanted = find_item(stack, target)
    number = next(number for number, item in enumerate(stack.items) if item.id == wanted)
    return Mission({number: 1.0}, (), f"the level of {wanted}", stated=True)


def _is_needed_by_none(stack: Stack, mission: Mission) -> bool:
    """Whether the mission is what nobody needs; else everything is needed, and everything is the mission."""
    needed = {need.item for need in stack.needs}
    return not any(stack.items[number].id in needed for number in mission.weights)


def _nothing_left() -> CutSets:
    return CutSets("search", {}, None, 0, lambda: iter(()), None, 0.0)


def _standing(case: Case) -> tuple[BooleanView, BooleanView] | None:
    """Both sides of the whole stack, if nothing happens after day 0 and everything works or does not."""
    if not (is_still(case, LOW) and is_still(case, HIGH)):
        return None
    low = boolean_view(case, LOW)
    high = low if case.is_numeric_known else boolean_view(case, HIGH)
    return None if isinstance(low, str) or isinstance(high, str) else (low, high)


def _single_losses(
    case: Case, standing: tuple[BooleanView, BooleanView] | None, compiled: bool | None, mission: Mission,
    members: Sequence[Member], view: LevelView, days: tuple[float, ...], day: float | None, floor: float, seconds: float,
    progress: Progress | None,
) -> tuple[tuple[Single, ...], int]:  # fmt: skip
    """By counters where those serve; else by levels."""
    if standing is not None:
        found = counted_losses(case, mission, members, standing, days=days, floor=floor, compiled=compiled, seconds=seconds)
        if found is not None:
            return worst_first(found[0]), found[1]
    return single_losses(
        case, mission, members, view, days=days, day=day, floor=floor, seconds=seconds,
        progress=None if progress is None else lambda done, of_all: progress("single", done, of_all),
    )  # fmt: skip


def _judge(view: LevelView, events: Sequence[Member]) -> Judged:
    takes = [frozenset(view.inside(member.supplies)) for member in events]

    def taken(lost: Collection[int]) -> frozenset[int]:
        return frozenset().union(*(takes[event] for event in lost))

    def falls(lost: Collection[int]) -> bool:
        return view.falls(taken(lost))

    def guess(lost: Collection[int]) -> Collection[int] | None:
        holders = view.holders(taken(lost))
        return None if holders is None else [event for event, own in enumerate(takes) if not own.isdisjoint(holders)]

    return Judged(falls, range(len(events)), guess)


def _cut_set(view: LevelView, members: Sequence[Member]) -> CutSet:
    taken = frozenset().union(*(view.inside(member.supplies) for member in members))
    return CutSet(tuple(members), view.first_stop(taken), joint_probability(members))


def _cheapest(
    view: LevelView, events: Sequence[Member], judge: Judge, weights: Mapping[str, float], seconds: float
) -> tuple[CutSet, float, float] | None:
    prices = [weights.get(member.id, 1.0) for member in events]
    found = cheapest_cut(range(len(events)), judge, prices, seconds=seconds)
    if found is None:
        return None
    return _cut_set(view, [events[event] for event in found.cut]), found.weight, found.bound


def _what_control_is_asked(of: Group, via: tuple[str, ...], stake: float) -> Cutoff:
    """A cut-off that rests on the facts of control that the members rest on, and on no others."""
    rules = {
        "provider": (Rule(provider="?"),),
        "owner": (Rule(owner=" "),),
        "country": (Rule(country=" ", via=via),),
    }
    return Cutoff(rules.get(of, ()), stake=stake)
