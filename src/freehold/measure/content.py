"""Face value, content and hidden exposure of a stack. Owns the seam between who provides and whose value it is.

Face value asks who provides an item; content asks, down the chain of needs, who adds its value. Each is bounded from
both sides: unknown facts of every source are taken by themselves, at their worst and at their best.

A circle of needs is solved: its equations are linear once every unknown has its worst (or best) value, so that value
and solution are found in turn (policy iteration, Howard 1960), and each linear system by an elimination that
subtracts nothing (Grassmann, Taksar and Heyman 1985), exact however near to 1 the gain is. A circle whose members add
no value of their own and draw on nothing outside it is undetermined and takes the greatest solution, 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from freehold.errors import SolveError, UsageError
from freehold.measure.case import Case
from freehold.measure.mission import mission_of
from freehold.network.arrays import TOLERANCE, Floats
from freehold.network.order import components
from freehold.stack.control import Truth
from freehold.stack.cutoff import DEFAULT_STAKE, WAYS
from freehold.stack.values import UNKNOWN, Maybe, Need, Source, Stack

__all__ = ["Bounds", "ContentAnswer", "ItemContent", "content", "held_shares"]

_Mix: TypeAlias = tuple[tuple[int, float], ...]
"""How a source's inputs divide: (number of the item needed, part), the parts summing to 1."""

_DENSE: Final = 500
_LARGEST_DENSE: Final = 4000
_ROUNDS: Final = 20_000
_STILL: Final = 1e-12
_BETTER: Final = 1e-11
_MOST_TURNS: Final = 1000
_ROUNDED: Final = 1.02


class Bounds(NamedTuple):
    """A low and a high: unknowns at their worst and at their best."""

    low: float
    high: float


_WHOLE: Final = Bounds(1.0, 1.0)
_HELD: Final[Mapping[Truth, Bounds]] = {True: Bounds(0.0, 0.0), False: _WHOLE, None: Bounds(0.0, 1.0)}
"""What is held of a source, by whether it is foreign."""


@dataclass(frozen=True, slots=True)
class ItemContent:
    """One item's face value, content and hidden exposure.

    Parameters
    ----------
    face_value
        Part of today's need that is met by sources that are not foreign; for an item whose only in-use source is the
        organisation itself and has needs, that of the items it needs.
    content
        Part of the value that is added by sources that are not foreign, down the chain of needs.
    hidden_exposure
        Face value less content; not clipped.
    """

    id: str
    kind: str | None
    face_value: Bounds
    content: Bounds
    hidden_exposure: Bounds


@dataclass(frozen=True)
class ContentAnswer:
    """Face value, content and hidden exposure: of the stack (mission-weighted means) and of every item.

    Parameters
    ----------
    mission_rule
        Where the weights come from.
    items
        Every item of the stack, in its order.
    """

    face_value: Bounds
    content: Bounds
    hidden_exposure: Bounds
    mission_rule: str
    items: tuple[ItemContent, ...]

    def item(self, id_: str) -> ItemContent:
        """One item's figures.

        Raises
        ------
        KeyError
            If there is none of this id.
        """
        for item in self.items:
            if item.id == id_:
                return item
        raise KeyError(id_)


@dataclass(frozen=True, slots=True)
class _Part:
    """One in-use source of an item: share, whether it is held, own value, and the ways in which its inputs may divide."""

    source: Source | None
    share: Bounds
    held: Bounds
    own: Bounds
    mixes: tuple[_Mix, ...]


def content(
    stack: Stack, *, strict: bool = False, stake: float = DEFAULT_STAKE, via: Iterable[str] = WAYS, case: Case | None = None
) -> ContentAnswer:
    """Measure face value, content and hidden exposure.

    Choices where the definition leaves one: a source without needs adds all of its value itself, whatever
    ``own_value`` says. Needs without a ``value`` beside others with one: if the stated ones come to no more than 1 they
    are parts of the cost of all needs, and the blank ones divide what is left equally; if they come to more they are
    amounts, and a blank one takes their mean. An unknown ``value`` is anything from nothing to all, and leaves open how much
    of the rest falls to stated and to blank ones.

    The interval of the hidden exposure is narrower than the difference of the other two: in each item, what is unknown
    of its own sources (and, where its face value is that of the items it needs, of theirs) has one value in both
    terms; only the content of what those sources need is taken at its own low for the high, and at its high for the
    low. That is sound always, as every such content reaches its low under the same facts, those at which every unknown
    is at its worst. For an item that no unknown fact reaches in two ways (through a circle, through an item that is
    needed twice over, or through one provider of several sources) both ends are reached. The stack's interval is the mean of
    its items' intervals.

    Parameters
    ----------
    stack
        The stack.
    strict
        Whether assumed owners and locations count as unknown.
    stake
        An owner controls if its stake is unstated or at least this.
    via
        Ways of control that make a source foreign.
    case
        The stack as a case, where it is made already.

    Raises
    ------
    freehold.errors.UsageError
        If the stake or the ways make no sense.
    freehold.errors.SolveError
        If a circle of thousands of items that add next to no value of their own is too large to solve.
    """
    ways = tuple(via)
    if not ways or not set(ways) <= set(WAYS):
        raise UsageError(f"'{','.join(ways)}' are no ways of control. Choose from: {', '.join(WAYS)}.")
    if not 0 <= stake <= 1:
        raise UsageError(f"a stake of {stake} is not between 0 and 1.")
    parts = _all_parts(Case.shared(case, stack, strict=strict, stake=stake), ways)
    low, high = _contents(parts, -1), _contents(parts, 1)
    plain = tuple(_plain_face(own) for own in parts)
    difference = _Differences(parts, low, high)
    faces, exposures = [], []
    for number in range(len(stack.items)):
        passed, surely = _passes_on(parts[number])
        face_forms = [_passed_face(part, plain) for part in passed]
        exposure_forms = [_passed_exposure(part, difference) for part in passed]
        if not surely:
            face_forms.append(plain[number])
            exposure_forms.append(Bounds(difference(number, 1.0, -1), difference(number, 1.0, 1)))
        faces.append(_hull(face_forms))
        exposures.append(_hull(exposure_forms))
    contents = [Bounds(*pair) for pair in zip(low.tolist(), high.tolist(), strict=True)]
    items = tuple(
        ItemContent(item.id, item.kind if isinstance(item.kind, str) else None, _rounded(face), _rounded(own), _rounded(hidden))
        for item, face, own, hidden in zip(stack.items, faces, contents, exposures, strict=True)
    )
    rule = mission_of(stack).rule
    return ContentAnswer(_mean(stack, faces), _mean(stack, contents), _mean(stack, exposures, lowest=-1.0), rule, items)


def held_shares(
    stack: Stack, *, strict: bool = False, stake: float = DEFAULT_STAKE, via: Iterable[str] = WAYS, case: Case | None = None
) -> tuple[Bounds, ...]:
    """Part of today's need of each item, in the stack's order, that its in-use sources that are not foreign meet.

    Parameters
    ----------
    stack, strict, stake, via, case
        As for :func:`content`.
    """
    parts = _all_parts(Case.shared(case, stack, strict=strict, stake=stake), tuple(via))
    return tuple(_rounded(_plain_face(own)) for own in parts)


# What is known of each source


def _all_parts(case: Case, via: tuple[str, ...]) -> tuple[tuple[_Part, ...], ...]:
    found: list[list[_Part]] = [[] for _ in case.stack.items]
    bounds: dict[tuple[float, float], Bounds] = {}
    for supply in case.supplies:
        filled = supply.filled
        source = filled.source
        if source is not None and source.status == "standby":
            continue
        held = _HELD[case.control.foreign(source, via)]
        needs = case.stack.needs_of.get(source.id, ()) if source is not None else ()
        own = _WHOLE
        if needs and source is not None:
            own = _known(source.own_value, 1 / (1 + len(needs)))
        share = bounds.setdefault(filled.share, Bounds(*filled.share))
        found[supply.item].append(_Part(source, share, held, own, _mixes(needs, case.item_number)))
    return tuple(map(tuple, found))


def _known(value: Maybe[float], default: float) -> Bounds:
    if value is UNKNOWN:
        return Bounds(0.0, 1.0)
    return Bounds(default, default) if value is None else Bounds(value, value)


def _mixes(needs: Sequence[Need], number_of: Mapping[str, int]) -> tuple[_Mix, ...]:
    """The corners of what the inputs' parts may be: without unknown values there is one."""
    known = [need for need in needs if need.value is not UNKNOWN]
    groups = [[need] for need in needs if need.value is UNKNOWN]
    if groups:
        groups += [[need for need in known if need.value is not None], [need for need in known if need.value is None]]
    else:
        groups = [known]
    corners = []
    for group in filter(None, groups):
        parts = _divided([need.value if isinstance(need.value, float) else None for need in group])
        corners.append(tuple((number_of[need.item], part) for need, part in zip(group, parts, strict=True)))
    return tuple(corners)


def _divided(values: Sequence[float | None]) -> Sequence[float]:
    return _divided_equally(len(values)) if all(value is None for value in values) else _divided_as_stated(values)


@lru_cache(maxsize=256)
def _divided_equally(count: int) -> tuple[float, ...]:
    return tuple(_divided_as_stated([None] * count))


def _divided_as_stated(values: Sequence[float | None]) -> list[float]:
    stated = [value for value in values if value is not None]
    total, blanks = math.fsum(stated), len(values) - len(stated)
    blank = 0.0
    if blanks:
        blank = max(0.0, 1 - total) / blanks if total <= _ROUNDED else total / len(stated)
    whole = total + blank * blanks
    if whole <= 0:
        return [1 / len(values)] * len(values)
    return [(blank if value is None else value) / whole for value in values]


# Face value


def _shared(parts: Sequence[_Part], worth: Sequence[float], sign: int) -> list[float]:
    """Shares within their bounds, of a sum up to 1, that make Σ share·worth greatest (sign 1) or least (sign -1)."""
    shares = [part.share.low for part in parts]
    if all(part.share.low == part.share.high for part in parts):
        return shares
    left = 1 - math.fsum(shares)
    for place in sorted(range(len(parts)), key=lambda place: -sign * worth[place]):
        more = min(parts[place].share.high - shares[place], left)
        if sign * worth[place] > 0 and more > 0:
            shares[place] += more
            left -= more
    return shares


def _extreme(parts: Sequence[_Part], worth: Sequence[float], sign: int) -> float:
    if len(parts) == 1 and parts[0].share.low == parts[0].share.high:
        return parts[0].share.low * worth[0]
    shares = _shared(parts, worth, sign)
    return math.fsum(share * one for share, one in zip(shares, worth, strict=True))


def _plain_face(parts: Sequence[_Part]) -> Bounds:
    return Bounds(
        _extreme(parts, [part.held.low for part in parts], -1),
        _extreme(parts, [part.held.high for part in parts], 1),
    )


def _passes_on(parts: Sequence[_Part]) -> tuple[list[_Part], bool]:
    """The source whose needs' face value the item's is, and whether it surely is; several where statuses are unknown.

    A provider that is not known may turn out to be the organisation itself.
    """
    certain = [part for part in parts if part.source is None or part.source.status is not UNKNOWN]
    doubtful = [part for part in parts if part.source is not None and part.source.status is UNKNOWN]
    own = [
        part
        for part in (doubtful if not certain else certain if len(certain) == 1 else ())
        if part.source is not None
        and (part.source.provider in ("self", None) or part.source.provider is UNKNOWN)
        and part.mixes
    ]
    return own, bool(own) and not doubtful and own[0].source is not None and own[0].source.provider == "self"


def _mixed(mixes: Sequence[_Mix], levels: Floats, sign: int) -> float:
    values = [math.fsum([part * levels[number] for number, part in mix]) for mix in mixes]
    if not values:
        return 0.0
    return max(values) if sign > 0 else min(values)


def _passed_face(part: _Part, plain: Sequence[Bounds]) -> Bounds:
    low = min(math.fsum([weight * plain[number].low for number, weight in mix]) for mix in part.mixes)
    high = max(math.fsum([weight * plain[number].high for number, weight in mix]) for mix in part.mixes)
    return Bounds(part.share.low * low, part.share.high * high)


# Hidden exposure


class _Differences:
    """Bounds of items' Σ share·h less a factor times their content: from above (sign 1) or below (sign -1)."""

    def __init__(self, parts: Sequence[Sequence[_Part]], low: Floats, high: Floats) -> None:
        self._parts = parts
        self._levels = {1: low, -1: high}
        self._found: dict[tuple[int, float, int], float] = {}

    def __call__(self, number: int, factor: float, sign: int) -> float:
        key = (number, factor, sign)
        if key not in self._found:
            worth = []
            for part in self._parts[number]:
                held = part.held.high if sign > 0 else part.held.low
                inputs = _mixed(part.mixes, self._levels[sign], -sign)
                either = [held - factor * (own * held + (1 - own) * inputs) for own in part.own]
                worth.append(max(either) if sign > 0 else min(either))
            self._found[key] = _extreme(self._parts[number], worth, sign)
        return self._found[key]


def _passed_exposure(part: _Part, difference: _Differences) -> Bounds:
    ends = []
    for sign in (-1, 1):
        held = part.held.low if sign > 0 else part.held.high
        # the difference is convex (for the high) or concave (for the low) in the own value: an end is the extreme
        found = [
            math.fsum(weight * difference(number, 1 - own, sign) for number, weight in mix) - own * held
            for own in part.own
            for mix in part.mixes
        ]
        ends.append(max(found) if sign > 0 else min(found))
    return Bounds(min(share * ends[0] for share in part.share), max(share * ends[1] for share in part.share))


def _hull(intervals: Sequence[Bounds]) -> Bounds:
    return Bounds(min(one.low for one in intervals), max(one.high for one in intervals))


def _rounded(interval: Bounds) -> Bounds:
    return Bounds(*(round(max(-1.0, min(1.0, value)), 12) + 0.0 for value in interval))


def _mean(stack: Stack, intervals: Sequence[Bounds], lowest: float = 0.0) -> Bounds:
    mission = mission_of(stack)
    if not mission.weights and not mission.doubtful:
        return Bounds(0.0, 0.0)
    # a mission's mean is of levels in [0, 1]; its weights sum to 1, so that a linear map goes through it
    scaled = (np.array(intervals, np.float64) - lowest) / (1 - lowest)
    mean = mission.mean(scaled[None, :, 0], scaled[None, :, 1])
    return _rounded(Bounds(*(ends[0] * (1 - lowest) + lowest for ends in (mean.low, mean.high))))


# Content


@dataclass(frozen=True, slots=True)
class _Row:
    """One item's equation within a circle: value = ``base`` + Σ ``terms``; base, lost and terms sum to 1."""

    base: float
    lost: float
    terms: Mapping[int, float]

    def at(self, levels: Floats) -> float:
        return self.base + math.fsum(part * float(levels[number]) for number, part in self.terms.items())


def _contents(parts: Sequence[Sequence[_Part]], sign: int) -> Floats:
    """Every item's content, least (sign -1) or greatest (sign 1) over what is unknown."""
    levels = np.ones(len(parts))
    for members in _circles(parts):
        number = members[0]
        if len(members) == 1 and all(number != needed for needed in _needed(parts[number])):
            levels[number] = _value(parts[number], levels, sign)
        else:
            _solve_circle(parts, members, levels, sign)
    return np.clip(levels, 0.0, 1.0)


def _needed(parts: Sequence[_Part]) -> Iterable[int]:
    return (number for part in parts for mix in part.mixes for number, _ in mix)


def _circles(parts: Sequence[Sequence[_Part]]) -> list[list[int]]:
    """Strongly connected components, suppliers first."""
    size = len(parts)
    start, needed = [0], []
    for own in parts:
        needed += sorted(set(_needed(own)))
        start.append(len(needed))
    component_of = [0] * size
    count = components(size, start, needed, component_of, [[0] * size for _ in range(5)])
    found: list[list[int]] = [[] for _ in range(count)]
    for number, component in enumerate(component_of):
        found[component].append(number)
    return found


def _value(parts: Sequence[_Part], levels: Floats, sign: int) -> float:
    """An item's content where those of what it needs are these."""
    worth = []
    for part in parts:
        held = part.held.high if sign > 0 else part.held.low
        inputs = _mixed(part.mixes, levels, sign)
        either = [own * held + (1 - own) * inputs for own in part.own]
        worth.append(max(either) if sign > 0 else min(either))
    return _extreme(parts, worth, sign)


def _row(parts: Sequence[_Part], levels: Floats, inside: set[int], sign: int) -> _Row:
    """An item's equation, what is unknown of its sources being at its worst or best where the levels are these."""
    choose = max if sign > 0 else min
    held = [part.held.high if sign > 0 else part.held.low for part in parts]
    mixes = [
        choose(part.mixes, key=lambda mix: math.fsum(weight * float(levels[number]) for number, weight in mix), default=())
        for part in parts
    ]
    inputs = [math.fsum(weight * float(levels[number]) for number, weight in mix) for mix in mixes]
    owns = [choose(part.own, key=lambda own: own * h + (1 - own) * m) for part, h, m in zip(parts, held, inputs, strict=True)]
    worth = [own * h + (1 - own) * m for own, h, m in zip(owns, held, inputs, strict=True)]
    shares = _shared(parts, worth, sign)
    unmet = 1 - math.fsum(shares)
    base, lost, terms = [], [unmet if unmet > TOLERANCE else 0.0], dict[int, float]()
    for share, own, h, mix in zip(shares, owns, held, mixes, strict=True):
        base.append(share * own * h)
        lost.append(share * own * (1 - h))
        for number, weight in mix:
            part = share * (1 - own) * weight
            if number in inside and part > 0:
                terms[number] = terms.get(number, 0.0) + part
            else:
                base.append(part * float(levels[number]))
                lost.append(part * (1 - float(levels[number])))
    return _Row(math.fsum(base), math.fsum(lost), terms)


def _solve_circle(parts: Sequence[Sequence[_Part]], members: Sequence[int], levels: Floats, sign: int) -> None:
    """Fill in the greatest solution of one circle; the levels of its members stand at 1 before."""
    inside = set(members)
    users: dict[int, list[int]] = {number: [] for number in members}
    for number in members:
        for needed in set(_needed(parts[number])) & inside:
            users[needed].append(number)
    waiting = list(members)
    while waiting:  # what stays is the largest set whose members are at 1 if all of it is
        number = waiting.pop()
        if number in inside and _value(parts[number], levels, sign) < 1 - TOLERANCE:
            inside.discard(number)
            levels[number] = 0.0
            waiting += [user for user in users[number] if user in inside]
    rest = [number for number in members if number not in inside]
    levels[rest] = 1.0
    within = set(rest)
    rows = [_row(parts[number], levels, within, sign) for number in rest]
    for _ in range(_MOST_TURNS if rest else 0):
        levels[rest] = _greatest(rest, rows)
        better = False
        for place, number in enumerate(rest):
            if sign * (_value(parts[number], levels, sign) - rows[place].at(levels)) > _BETTER:
                rows[place], better = _row(parts[number], levels, within, sign), True
        if not better:
            return


def _greatest(members: Sequence[int], rows: Sequence[_Row]) -> Floats:
    """Greatest solution in [0, 1] of linear equations."""
    place_of = {number: place for place, number in enumerate(members)}
    users: list[list[tuple[int, float]]] = [[] for _ in members]
    for place, row in enumerate(rows):
        for number, part in row.terms.items():
            users[place_of[number]].append((place, part))
    lost = [row.lost for row in rows]
    leaves = [place for place in range(len(rows)) if lost[place] > TOLERANCE]
    closed = np.ones(len(rows), np.bool_)
    closed[leaves] = False
    while leaves:
        for user, part in users[leaves.pop()]:
            lost[user] += part
            if closed[user] and lost[user] > TOLERANCE:
                closed[user] = False
                leaves.append(user)
    solution = np.ones(len(rows))
    rest = np.flatnonzero(~closed)
    new_place = np.cumsum(~closed) - 1
    base, leak = np.zeros(len(rest)), np.zeros(len(rest))
    user_of, needed, weight = [], [], []
    for new, place in enumerate(rest.tolist()):
        row = rows[place]
        base[new], leak[new] = row.base, row.lost
        for number, part in row.terms.items():
            other = place_of[number]
            if closed[other]:
                base[new] += part
            else:
                user_of.append(new)
                needed.append(int(new_place[other]))
                weight.append(part)
    arrays = np.array(user_of, np.int64), np.array(needed, np.int64), np.array(weight, np.float64)
    solution[rest] = _linear(base, leak, *arrays)
    return solution


def _linear(base: Floats, lost: Floats, user: npt.NDArray[np.int64], needed: npt.NDArray[np.int64], weight: Floats) -> Floats:
    size = len(base)
    if size > _DENSE:
        low, high = np.zeros(size), np.ones(size)
        for _ in range(_ROUNDS if size > _LARGEST_DENSE else _ROUNDS // 10):
            low = base + np.bincount(user, weight * low[needed], size)
            high = base + np.bincount(user, weight * high[needed], size)
            if float((high - low).max()) <= _STILL:
                return (low + high) / 2
        if size > _LARGEST_DENSE:
            raise SolveError(
                f"a circle of {size:,} items adds so little value of its own that its content cannot be solved for. "
                "State own_value where it is known, or cut the circle's weakest needs."
            )
    matrix = np.zeros((size, size))
    np.add.at(matrix, (user, needed), weight)
    return _eliminated(matrix, base, lost)


def _eliminated(matrix: Floats, base: Floats, lost: Floats) -> Floats:
    """Solve x = base + matrix·x, where every row of base, lost and matrix sums to 1, without a subtraction."""
    size = len(base)
    pivot = np.ones(size)
    for last in range(size - 1, -1, -1):
        pivot[last] = base[last] + lost[last] + matrix[last, :last].sum()
        factor = matrix[:last, last] / pivot[last]
        matrix[:last, :last] += np.outer(factor, matrix[last, :last])
        base[:last] += factor * base[last]
        lost[:last] += factor * lost[last]
    solution = np.zeros(size)
    for place in range(size):
        solution[place] = (base[place] + matrix[place, :place] @ solution[:place]) / pivot[place]
    return solution
