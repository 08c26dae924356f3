"""What starts again from nothing, and which circles do not. Owns the answer to ``freehold restart``.

A *knot* is a circle of needs that cannot black-start although all that it needs from outside could. Knots are found on
the low side: among the items that fall short of what they could hold under the cut-off if they had never stopped, each
strongly connected component is started alone, with everything outside it given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final

import numpy as np

from freehold.measure.case import HIGH, KERNELS, LOW, Case, Kernel
from freehold.measure.content import Bounds
from freehold.measure.cutoff import check_cutoff
from freehold.measure.level_view import kernel_of
from freehold.network.arrays import AVAILABILITY, CAPACITY, TOLERANCE, Floats, Integers, Scenario
from freehold.network.build import Built, build_network
from freehold.network.hitting_set import Judged, cheapest_cut
from freehold.network.order import components
from freehold.network.solve import ScenarioBuilder, black_start, solve
from freehold.stack.cutoff import DEFAULT_STAKE, Cutoff
from freehold.stack.values import Stack

__all__ = ["Blocked", "Knot", "RestartAnswer", "restart"]


_LARGE_CIRCLE: Final = 300
"""Members from which the compiled kernel pays, where it is used at all."""

_LARGEST_SEARCHED: Final = 60
"""Members up to which a smallest set is searched for; in a larger circle what was found stands beside a bound."""
_MOST_WORK: Final = 400_000
"""Members and needs within a circle, times the starts that are tried of it: some seconds."""
_MOST_DENSE: Final = 20_000_000
"""The same for the square of its members: a large circle is solved as a whole."""
_FEWEST_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Knot:
    """A circle that cannot start by itself.

    Parameters
    ----------
    items
        Ids, in order.
    unlocked_by
        The smallest set found of them that, given from outside at level 1, lets all of them reach the level at which they
        run (or, under a cut-off, the lower level that it leaves them), once the knots named in ``after`` are unlocked.
    at_least
        No set of fewer members does. Where it is the size of ``unlocked_by``, that is a smallest one.
    after
        Places in the answer's ``knots`` of those that this one needs.
    """

    items: tuple[str, ...]
    unlocked_by: tuple[str, ...]
    at_least: int
    after: tuple[int, ...] = ()

    @property
    def smallest(self) -> bool:
        """Whether no smaller set unlocks it."""
        return len(self.unlocked_by) <= self.at_least


@dataclass(frozen=True, slots=True)
class Blocked:
    """An item that would start if the knots did that it rests on: their places in the answer's ``knots``."""

    id: str
    by: tuple[int, ...]


@dataclass(frozen=True)
class RestartAnswer:
    """What a black start reaches.

    Every item is in just one of ``restartable``, the knots, ``blocked`` and ``lost``.

    Parameters
    ----------
    cutoff
        The rules as understood; ``None`` without.
    with_stock
        Whether cover counted as stock at hand.
    restartable
        Ids of items that reach, from 0, the level at which they run, unknowns at their worst.
    levels
        The levels reached, by id.
    running
        The levels at which they run before any cut-off, by id.
    knots
        The knots, those that others need first.
    blocked
        Items outside knots that fail only because of them.
    lost
        Ids of items that fail and would whatever was unlocked: something they need is cut off, or stood by cover only.
    """

    cutoff: Cutoff | None
    with_stock: bool
    restartable: tuple[str, ...]
    levels: Mapping[str, Bounds]
    running: Mapping[str, Bounds]
    knots: tuple[Knot, ...]
    blocked: tuple[Blocked, ...]
    lost: tuple[str, ...]


def restart(
    stack: Stack, cutoff: Cutoff | None = None, *, with_stock: bool = False, strict: bool = False, kernel: Kernel = "auto"
) -> RestartAnswer:
    """Start everything from nothing.

    Parameters
    ----------
    stack
        The stack.
    cutoff
        What stays cut off, for ever: rules that end count for nothing, every source has come to its capacity.
    with_stock
        Whether cover counts as stock at hand: such a need is met in full.
    strict
        Whether assumed owners and locations count as unknown.
    kernel
        ``auto``, ``plain`` or ``compiled``.

    Raises
    ------
    freehold.errors.BadCutoff
        If the cut-off names what is not there.
    """
    if cutoff is not None:
        check_cutoff(stack, cutoff)
    stake = DEFAULT_STAKE if cutoff is None else cutoff.stake
    kernel = kernel_of(stack, kernel)
    case = Case(stack, strict=strict, stake=stake, kernel=kernel)
    started, running = [], []
    for side in (LOW, HIGH):
        scenario = None if cutoff is None else case.scenario(cutoff, side)
        built = case.built(side)
        started.append(black_start(built, scenario, with_stock=with_stock))
        running.append(np.asarray(case.running(side).level, np.float64)[built.item_place])
    ids = [item.id for item in stack.items]
    starts = started[LOW] >= running[LOW] - TOLERANCE
    scenario = None if cutoff is None else case.scenario(cutoff, LOW)
    after = _Aftermath(case.built(LOW), scenario, with_stock=with_stock, kernel=kernel)
    knots, blocked = _knots(after, ids, started[LOW], running[LOW])
    tied = {id_ for knot in knots for id_ in knot.items} | {one.id for one in blocked}
    return RestartAnswer(
        cutoff,
        with_stock,
        tuple(id_ for id_, does in zip(ids, starts.tolist(), strict=True) if does),
        _by_id(ids, started),
        _by_id(ids, running),
        knots,
        blocked,
        tuple(id_ for id_, does in zip(ids, starts.tolist(), strict=True) if not does and id_ not in tied),
    )


def _by_id(ids: Sequence[str], levels: Sequence[Floats]) -> dict[str, Bounds]:
    rows = zip(ids, levels[LOW].round(12).tolist(), levels[HIGH].round(12).tolist(), strict=True)
    return {id_: Bounds(low, high) for id_, low, high in rows}


def _needing_source(need_start: Integers) -> Integers:
    return np.repeat(np.arange(len(need_start) - 1), need_start[1:] - need_start[:-1])


class _Aftermath:
    """One side's network as the cut-off leaves it for good, in the numbering of the stack's items."""

    def __init__(self, built: Built, scenario: Scenario | None, *, with_stock: bool, kernel: Kernel) -> None:
        net = built.network
        self._kernel: Kernel = kernel
        self._with_stock = with_stock
        number_of = np.empty(len(built.item_place), np.int64)
        number_of[built.item_place] = np.arange(len(built.item_place))
        available = np.ones(len(net.share))
        weight = np.array(net.share, np.float64)
        void = np.zeros(len(number_of))
        if scenario is not None:
            for kind, index, value in zip(scenario.kind, scenario.index, scenario.value, strict=True):
                (available if kind == AVAILABILITY else weight if kind == CAPACITY else void)[int(index)] = value
        self.size = len(number_of)
        self._whole = np.asarray(net.whole, np.bool_)[built.item_place]
        self._void = void[built.item_place]
        self._source_item = number_of[np.asarray(net.source_item, np.int64)]
        self._share = available * weight
        self._need_source = _needing_source(np.asarray(net.need_start, np.int64))
        self._need_item = number_of[np.asarray(net.need_item, np.int64)]
        self._need_weight = np.asarray(net.need_weight, np.float64)
        self._need_enough = np.asarray(net.need_enough, np.float64)
        cover = np.asarray(net.need_cover, np.float64)
        self._need_cover = cover if with_stock else np.zeros(len(cover))
        bridged = (self._need_cover > TOLERANCE) & (self._void[self._need_item] <= TOLERANCE)
        live = (self._share[self._need_source] > 0) & (self._need_weight > 0) & ~bridged
        self.need_user = self._source_item[self._need_source][live]
        self.needed = self._need_item[live]
        by_item = np.argsort(self._source_item, kind="stable")
        self._sources_of = np.split(by_item, np.searchsorted(self._source_item[by_item], np.arange(1, self.size)))
        by_source = np.argsort(self._need_source, kind="stable")
        self._needs_of = np.split(by_source, np.searchsorted(self._need_source[by_source], np.arange(1, len(weight))))

    def could_hold(self, running: Floats) -> Floats:
        """Levels at which everything would have come to rest from where it ran, and not above that."""
        levels = self._held(np.ones(self.size))
        within = bool((levels <= running + TOLERANCE).all())
        return np.minimum(levels if within else self._held(running), running)

    def _held(self, limit: Floats) -> Floats:
        # an item with a limit gets a twin that is what its sources give; the item follows its twin up to the limit
        limited = np.flatnonzero(limit < 1)
        twin = np.arange(self.size)
        twin[limited] = self.size + np.arange(len(limited))
        links = len(self._share) + np.arange(len(limited))
        room = limit[limited] > 0
        share = np.concatenate([self._share, limit[limited]])
        built = build_network(
            self.size + len(limited),
            np.concatenate([self._whole & (limit >= 1), self._whole[limited]]),
            np.concatenate([twin[self._source_item], limited]),
            share,
            share,
            np.concatenate([self._need_source, links[room]]),
            np.concatenate([self._need_item, twin[limited][room]]),
            np.concatenate([self._need_weight, np.ones(int(room.sum()))]),
            np.concatenate([self._need_enough, limit[limited][room]]),
            np.concatenate([self._need_cover, np.zeros(int(room.sum()))]),
            compiled=KERNELS[self._kernel],
        )
        builder = ScenarioBuilder(built)
        for number in np.flatnonzero(self._void > 0).tolist():
            builder.void(0.0, number, float(self._void[number]))
        return solve(built, [builder.done()], [0.0]).levels[0, 0, : self.size]

    def alone(self, members: Sequence[int], outside: Floats) -> _Alone:
        """The members by themselves, everything else held at given levels."""
        sources = np.concatenate([self._sources_of[number] for number in members])
        sources = sources[self._share[sources] > 0]
        needs = np.concatenate([np.zeros(0, np.int64), *(self._needs_of[source] for source in sources)])
        place = {number: at for at, number in enumerate(members)}
        for number in self._need_item[needs].tolist():
            place.setdefault(number, len(place))
        numbers, inside = np.fromiter(place, np.int64, len(place)), len(members)
        given = np.concatenate([np.zeros(inside), outside[numbers[inside:]]])
        source_place = {source: at for at, source in enumerate(sources.tolist())}
        share = np.concatenate([self._share[sources], given])
        capacity = np.concatenate([self._share[sources], np.ones(inside), outside[numbers[inside:]]])
        provided = [place[number] for number in self._source_item[sources].tolist()]
        built = build_network(
            len(place),
            np.concatenate([self._whole[numbers[:inside]], np.zeros(len(place) - inside, np.bool_)]),
            np.array([*provided, *range(len(place))], np.int64),
            share,
            capacity,
            np.array([source_place[source] for source in self._need_source[needs].tolist()], np.int64),
            np.array([place[number] for number in self._need_item[needs].tolist()], np.int64),
            self._need_weight[needs],
            self._need_enough[needs],
            self._need_cover[needs],
            compiled=KERNELS[self._kernel] if inside > _LARGE_CIRCLE else None,
        )
        void = {at: float(self._void[number]) for number, at in place.items() if self._void[number] > 0}
        return _Alone(built, inside, len(sources), void, self._with_stock)


@dataclass(frozen=True, slots=True)
class _Alone:
    """A circle on its own; its member i has a gift as source ``first_gift`` + i, off until it is given."""

    built: Built
    size: int
    first_gift: int
    void: Mapping[int, float]
    with_stock: bool

    def start(self, given: Sequence[int]) -> Floats:
        """Levels that the members reach from nothing when these are given from outside."""
        builder = ScenarioBuilder(self.built)
        for place, part in self.void.items():
            builder.void(0.0, place, part)
        for place in given:
            builder.at_capacity(0.0, self.first_gift + place, 1.0)
        return black_start(self.built, builder.done(), with_stock=self.with_stock)[: self.size]


def _knots(
    after: _Aftermath, ids: Sequence[str], started: Floats, running: Floats
) -> tuple[tuple[Knot, ...], tuple[Blocked, ...]]:
    if bool((started >= running - TOLERANCE).all()):
        return (), ()
    could = after.could_hold(running)
    short = started < could - TOLERANCE
    outside = np.where(short, could, started)
    edge = short[after.need_user] & short[after.needed]
    user, needed = after.need_user[edge], after.needed[edge]
    suppliers: dict[int, list[int]] = {number: [] for number in np.flatnonzero(short).tolist()}
    for one, other in zip(user.tolist(), needed.tolist(), strict=True):
        suppliers[one].append(other)
    found: list[tuple[list[int], int, tuple[int, ...], int]] = []
    rests_on: dict[int, int] = {}
    blocked: dict[int, int] = {}
    for members in _circles(suppliers):
        mask = 0
        for number in members:
            for other in suppliers[number]:
                mask |= rests_on.get(other, 0)
        members.sort(key=ids.__getitem__)
        cyclic = len(members) > 1 or members[0] in suppliers[members[0]]
        place_of = {number: place for place, number in enumerate(members)}
        inner = [[place_of[other] for other in suppliers[number] if other in place_of] for number in members]
        unlock = _unlock(after.alone(members, outside), inner, could[members]) if cyclic else None
        if unlock is None:
            blocked.update(dict.fromkeys(members if mask else (), mask))
        else:
            found.append((members, mask, tuple(members[place] for place in unlock[0]), unlock[1]))
            mask |= 1 << (len(found) - 1)
        rests_on.update(dict.fromkeys(members, mask))
    order = sorted(range(len(found)), key=lambda at: (found[at][1].bit_count(), [ids[number] for number in found[at][0]]))
    order_of = {at: place for place, at in enumerate(order)}

    def places(mask: int) -> tuple[int, ...]:
        return tuple(sorted(order_of[at] for at in _bits(mask)))

    knots = tuple(
        Knot(tuple(ids[n] for n in members), tuple(ids[n] for n in unlock), least, places(mask))
        for members, mask, unlock, least in (found[at] for at in order)
    )
    return knots, tuple(Blocked(ids[number], places(blocked[number])) for number in sorted(blocked))


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _circles(suppliers: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """Strongly connected components of some items, suppliers first."""
    numbers = list(suppliers)
    place_of = {number: place for place, number in enumerate(numbers)}
    start, needed = [0], []
    for number in numbers:
        needed += [place_of[other] for other in suppliers[number]]
        start.append(len(needed))
    component_of = [0] * len(numbers)
    count = components(len(numbers), start, needed, component_of, [[0] * len(numbers) for _ in range(5)])
    found: list[list[int]] = [[] for _ in range(count)]
    for number, component in zip(numbers, component_of, strict=True):
        found[component].append(number)
    return found


def _unlock(circle: _Alone, suppliers: Sequence[Sequence[int]], wanted: Floats) -> tuple[tuple[int, ...], int] | None:
    """A set of members that starts all of them and how many there must be at least; ``None`` if they start anyway."""
    judge = Judged(lambda given: bool((circle.start(sorted(given)) >= wanted - TOLERANCE).all()))
    if judge.falls(()):
        return None
    tries = min(_MOST_WORK // (circle.size + sum(map(len, suppliers))), _MOST_DENSE // circle.size**2) + _FEWEST_TRIES
    given = _fewer(judge, _breaking(suppliers), tries)
    least = _apart(judge, circle.size, tries)
    if least < len(given) and circle.size <= _LARGEST_SEARCHED:
        found = cheapest_cut(range(circle.size), judge, [1.0] * circle.size, most_asked=4 * tries)
        if found is not None:
            given = list(found.cut) if len(found.cut) < len(given) else given
            least = max(least, round(found.bound))
    return tuple(sorted(given)), least


def _fewer(judge: Judged, given: list[int], tries: int) -> list[int]:
    """What is left of a set that starts all, when what it can do without is taken out: halves first, then one by one."""
    chunk = (len(given) + 1) // 2
    while chunk and tries:
        at = 0
        while at < len(given) and tries:
            fewer = given[:at] + given[at + chunk :]
            tries -= 1
            if judge.falls(fewer):
                given = fewer
            else:
                at += chunk
        chunk = 0 if chunk == 1 else (chunk + 1) // 2
    return given


def _apart(judge: Judged, size: int, tries: int) -> int:
    """How many sets of members were found that share none and of each of which one must be given: so many at least.

    Such a set is what is left over when as much as possible is given without starting all.
    """
    found, spent = 0, set[int]()
    while tries > 0 and not judge.falls(sorted(spent)):
        given, at, step = set(spent), 0, 1
        rest = [place for place in range(size) if place not in spent]
        while at < len(rest) and tries > 0:
            tries -= 1
            if not judge.falls(sorted(given.union(rest[at : at + step]))):
                given.update(rest[at : at + step])
                at, step = at + step, 2 * step
            elif step == 1:
                at += 1
            else:
                step //= 2
        found += 1
        spent.update(set(range(size)) - given)
    return max(1, found)


def _breaking(suppliers: Sequence[Sequence[int]]) -> list[int]:
    """Members without which no circle is left, those that break fewest first: with all of them given, the rest starts."""
    needs = [set(row) for row in suppliers]
    users: list[set[int]] = [set() for _ in needs]
    for place, row in enumerate(needs):
        for other in row:
            users[other].add(place)
    chosen = []
    heap = [(-len(row) * len(by), place) for place, (row, by) in enumerate(zip(needs, users, strict=True))]
    heapify(heap)
    loose: list[int] = []
    gone = [False] * len(needs)

    def remove(place: int) -> None:
        gone[place] = True
        for other in users[place]:
            needs[other].discard(place)
        for other in needs[place]:
            users[other].discard(place)
        loose.extend(other for other in users[place] | needs[place] if not (needs[other] and users[other]))

    while heap:
        while loose:
            place = loose.pop()
            if not gone[place]:
                remove(place)
        promise, place = heappop(heap)
        now = -len(needs[place]) * len(users[place])
        if gone[place]:
            continue
        if now != promise:
            heappush(heap, (now, place))
            continue
        chosen.append(place)
        remove(place)
    return chosen[::-1]
