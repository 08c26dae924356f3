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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from freehold.errors import SolveError, UsageError
from freehold.measure.mission import mission_of
from freehold.network.arrays import TOLERANCE
from freehold.network.order import components
from freehold.stack.control import Control
from freehold.stack.cutoff import DEFAULT_STAKE, WAYS
from freehold.stack.shares import fill_shares
from freehold.stack.values import UNKNOWN, Item, Maybe, Need, Source, Stack

__all__ = ["Bounds", "ContentAnswer", "ItemContent", "content", "held_shares"]

Floats: TypeAlias = npt.NDArray[np.float64]
Mix: TypeAlias = tuple[tuple[int, float], ...]
"""How a source's inputs divide: (number of the item needed, part), the parts summing to 1."""

_DENSE: Final = 500
_LARGEST_DENSE: Final = 4000
_ROUNDS: Final = 20_000
_STILL: Final = 1e-13
_ROUNDED: Final = 1.02


class Bounds(NamedTuple):
    """A low and a high: unknowns at their worst and at their best."""

    low: float
    high: float


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
    mixes: tuple[Mix, ...]


def content(
    stack: Stack, *, strict: bool = False, stake: float = DEFAULT_STAKE, via: Iterable[str] = WAYS
) -> ContentAnswer:
    """Measure face value, content and hidden exposure.

    Choices where the definition leaves one: a source without needs adds all of its value itself, whatever
    ``own_value`` says. Needs without a ``value`` beside others with one: if the stated ones come to no more than 1 they
    are parts of the cost of all needs, and the blank ones divide what is left equally; if they come to more they are
    amounts, and a blank one takes their mean. An unknown ``value`` is anything from nothing to all, the other needs
    dividing the rest as if it were not there.

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
    parts = _all_parts(stack, Control(stack, strict=strict, stake=stake), ways)
    low, high = _content(parts, 0), _content(parts, 1)
    plain = tuple(_plain_face(own) for own in parts)
    faces, exposures = [], []
    for number, item in enumerate(stack.items):
        face, exposure = plain[number], _plain_exposure(parts[number], low, high)
        passed, surely = _passes_on(stack, item, parts[number])
        if surely:
            face, exposure = _passed_face(passed[0], plain), _passed_exposure(passed[0], parts, low, high)
        elif passed:
            face = _hull([face, *(_passed_face(part, plain) for part in passed)])
            exposure = _hull([exposure, *(_passed_exposure(part, parts, low, high) for part in passed)])
        faces.append(face)
        exposures.append(exposure)
    contents = [Bounds(*pair) for pair in zip(low.tolist(), high.tolist(), strict=True)]
    items = tuple(
        ItemContent(item.id, item.kind if isinstance(item.kind, str) else None, _rounded(face), _rounded(own), _rounded(hidden))
        for item, face, own, hidden in zip(stack.items, faces, contents, exposures, strict=True)
    )
    rule = mission_of(stack).rule
    return ContentAnswer(_mean(stack, faces), _mean(stack, contents), _mean(stack, exposures, lowest=-1.0), rule, items)


def held_shares(
    stack: Stack, *, strict: bool = False, stake: float = DEFAULT_STAKE, via: Iterable[str] = WAYS
) -> tuple[Bounds, ...]:
    """Part of today's need of each item, in the stack's order, that its in-use sources that are not foreign meet.

    Parameters
    ----------
    stack, strict, stake, via
        As for :func:`content`.
    """
    parts = _all_parts(stack, Control(stack, strict=strict, stake=stake), tuple(via))
    return tuple(_rounded(_plain_face(own)) for own in parts)


# What is known of each source


def _all_parts(stack: Stack, control: Control, via: tuple[str, ...]) -> tuple[tuple[_Part, ...], ...]:
    number_of = {item.id: number for number, item in enumerate(stack.items)}
    return tuple(_parts(stack, item, control, via, number_of) for item in stack.items)


def _parts(
    stack: Stack, item: Item, control: Control, via: tuple[str, ...], number_of: Mapping[str, int]
) -> tuple[_Part, ...]:
    found = []
    for filled in fill_shares(stack, item):
        source = filled.source
        if source is not None and source.status == "standby":
            continue
        foreign = control.foreign(source, via)
        held = Bounds(1.0 if foreign is False else 0.0, 0.0 if foreign else 1.0)
        needs = stack.needs_of.get(source.id, ()) if source is not None else ()
        own = Bounds(1.0, 1.0)
        if needs and source is not None:
            own = _known(source.own_value, 1 / (1 + len(needs)))
        found.append(_Part(source, Bounds(*filled.share), held, own, _mixes(needs, number_of)))
    return tuple(found)


def _known(value: Maybe[float], default: float) -> Bounds:
    if value is UNKNOWN:
        return Bounds(0.0, 1.0)
    return Bounds(default, default) if value is None else Bounds(value, value)


def _mixes(needs: Sequence[Need], number_of: Mapping[str, int]) -> tuple[Mix, ...]:
    """The corners of what the inputs' parts may be: without unknown values there is one."""
    known = [need for need in needs if need.value is not UNKNOWN]
    corners = [tuple((number_of[need.item], 1.0),) for need in needs if need.value is UNKNOWN]
    if known:
        values = [need.value if isinstance(need.value, float) else None for need in known]
        parts = _divided(values)
        corners.insert(0, tuple((number_of[need.item], part) for need, part in zip(known, parts, strict=True)))
    return tuple(corners)


def _divided(values: Sequence[float | None]) -> list[float]:
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
    left = 1 - math.fsum(shares)
    for place in sorted(range(len(parts)), key=lambda place: -sign * worth[place]):
        more = min(parts[place].share.high - shares[place], left)
        if sign * worth[place] > 0 and more > 0:
            shares[place] += more
            left -= more
    return shares


def _extreme(parts: Sequence[_Part], worth: Sequence[float], sign: int) -> float:
    shares = _shared(parts, worth, sign)
    return math.fsum(share * one for share, one in zip(shares, worth, strict=True))


def _plain_face(parts: Sequence[_Part]) -> Bounds:
    return Bounds(
        _extreme(parts, [part.held.low for part in parts], -1),
        _extreme(parts, [part.held.high for part in parts], 1),
    )


def _passes_on(stack: Stack, item: Item, parts: Sequence[_Part]) -> tuple[list[_Part], bool]:
    """The source whose needs' face value the item's is, and whether it surely is; several where statuses are unknown."""
    certain = [part for part in parts if part.source is None or part.source.status is not UNKNOWN]
    doubtful = [part for part in parts if part.source is not None and part.source.status is UNKNOWN]
    own = [
        part
        for part in (doubtful if not certain else certain if len(certain) == 1 else ())
        if part.source is not None and part.source.provider == "self" and part.mixes
    ]
    return own, bool(own) and not doubtful and len(stack.sources_of[item.id]) > 0


def _mixed(mixes: Sequence[Mix], levels: Sequence[float] | Floats, sign: int) -> float:
    values = [math.fsum(part * float(levels[number]) for number, part in mix) for mix in mixes]
    if not values:
        return 0.0
    return max(values) if sign > 0 else min(values)


def _passed_face(part: _Part, plain: Sequence[Bounds]) -> Bounds:
    low = _mixed(part.mixes, [face.low for face in plain], -1)
    high = _mixed(part.mixes, [face.high for face in plain], 1)
    return Bounds(part.share.low * low, part.share.high * high)
