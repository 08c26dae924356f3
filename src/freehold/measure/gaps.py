"""Which layers are not held, who holds them, and what would close the gap. Owns the answer to ``freehold gaps``.

A layer is a kind of item; *home* means not foreign: at home or in a trusted country by every way of control.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from freehold.measure.case import Case
from freehold.measure.content import Bounds, held_shares
from freehold.network.arrays import TOLERANCE
from freehold.stack.control import Control
from freehold.stack.cutoff import WAYS
from freehold.stack.schema import KINDS, STATUSES
from freehold.stack.values import UNKNOWN, Item, Maybe, Source, Stack

__all__ = ["NO_KIND", "Closing", "GapsAnswer", "HomeSource", "Landlord", "LayerGaps", "NoneKnown", "Option", "gaps"]

NO_KIND: Final = "?"
"""The layer of items whose kind is blank or unknown; it comes last."""

_UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True)
class HomeSource:
    """The best source in a layer that surely is not foreign: in use, standby or candidate.

    The best has the highest quality (an unknown one counts as 0), then is nearest to use, then has the largest capacity.
    """

    id: str
    item: str
    status: str
    quality: Bounds


@dataclass(frozen=True, slots=True)
class Landlord:
    """Who of those outside holds most of a layer.

    Parameters
    ----------
    provider
        Id; ``"?"`` for all of which it is not known who they are, or whether they are foreign.
    country
        The seat at the top of its chain of owners, if that is outside home and trusted; else the outside country that
        controls it from nearest to the top, by location or by origin; ``"?"`` where that is unknown.
    via
        The way by which ``country`` controls: ``owner``, ``provider``, ``location`` or ``origin``; ``"?"`` where unknown.
    share
        Part of the layer's supply in use.
    """

    provider: str
    country: str
    via: str
    share: Bounds


@dataclass(frozen=True, slots=True)
class Option:
    """A standby or candidate source that surely is not foreign. Days and money are bounded where they are unknown."""

    id: str
    provider: str
    status: str
    capacity: Bounds
    quality: Bounds
    recover: Bounds
    cost_once: Bounds
    cost_year: Bounds
    currency: str | None


@dataclass(frozen=True, slots=True)
class NoneKnown:
    """There is no such source; ``perhaps`` are ids of those that may be one, facts on them being unknown."""

    perhaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Closing:
    """What would close the gap in one item that is not held in full.

    Parameters
    ----------
    item
        Its id.
    held
        Part of its supply in use that is not foreign.
    by
        The best option: that of the largest capacity times quality, then the soonest, then the cheapest in one currency.
    """

    item: str
    held: Bounds
    by: Option | NoneKnown


@dataclass(frozen=True, slots=True)
class LayerGaps:
    """One layer.

    Parameters
    ----------
    kind
        One of :data:`freehold.stack.schema.KINDS`, or :data:`NO_KIND`.
    items
        How many items it has.
    held
        Mean over them of the part of the supply in use that is not foreign.
    home
        The best home source, or ``None``.
    landlord
        The largest holder outside, or ``None`` if all is held.
    closes
        One entry for each item that is not, or not surely, held in full; in the stack's order.
    """

    kind: str
    items: int
    held: Bounds
    home: HomeSource | None
    landlord: Landlord | None
    closes: tuple[Closing, ...]


@dataclass(frozen=True)
class GapsAnswer:
    """The layers that have items, bottom up."""

    layers: tuple[LayerGaps, ...]

    def layer(self, kind: str) -> LayerGaps:
        """One layer.

        Raises
        ------
        KeyError
            If it has no items.
        """
        for layer in self.layers:
            if layer.kind == kind:
                return layer
        raise KeyError(kind)


def gaps(stack: Stack, *, strict: bool = False, case: Case | None = None) -> GapsAnswer:
    """Look for gaps, layer by layer.

    Parameters
    ----------
    stack
        The stack.
    strict
        Whether assumed owners and locations count as unknown.
    case
        The stack as a case, where it is made already.
    """
    case = Case.shared(case, stack, strict=strict)
    control = case.control
    held = dict(zip((item.id for item in stack.items), held_shares(stack, strict=strict, case=case), strict=True))
    items_of: dict[str, list[Item]] = {}
    for item in stack.items:
        items_of.setdefault(item.kind if isinstance(item.kind, str) else NO_KIND, []).append(item)
    layers = []
    for kind in (*KINDS, NO_KIND):
        items = items_of.get(kind)
        if items:
            mean = Bounds(*(round(math.fsum(held[item.id][side] for item in items) / len(items), 12) for side in (0, 1)))
            open_ = [item for item in items if held[item.id].low < 1 - TOLERANCE]
            closes = tuple(Closing(item.id, held[item.id], _option(stack, control, item)) for item in open_)
            home, landlord = _home(stack, control, items), _landlord(case, items)
            layers.append(LayerGaps(kind, len(items), mean, home, landlord, closes))
    return GapsAnswer(tuple(layers))


def _number(value: Maybe[float], default: float, low: float, high: float) -> Bounds:
    if value is UNKNOWN:
        return Bounds(low, high)
    return Bounds(default, default) if value is None else Bounds(value, value)


def _quality(source: Source) -> Bounds:
    return _number(source.quality, 1.0, 0.0, 1.0)


def _status(source: Source) -> str:
    return _UNKNOWN if source.status is UNKNOWN else source.status or "in-use"


def _capacity(source: Source) -> Bounds:
    share = source.share if isinstance(source.share, float) else 0.0
    stated = _number(source.capacity, 1.0, share, 1.0)
    return Bounds(max(stated.low, share), max(stated.high, share))


def _home(stack: Stack, control: Control, items: Sequence[Item]) -> HomeSource | None:
    found = [
        (-_quality(source).low, [*STATUSES, _UNKNOWN].index(_status(source)), -_capacity(source).low, source.id, source)
        for item in items
        for source in stack.sources_of[item.id]
        if control.foreign(source) is False
    ]
    if not found:
        return None
    best = min(found, key=lambda entry: entry[:4])[4]
    return HomeSource(best.id, best.item, _status(best), _quality(best))


def _landlord(case: Case, items: Sequence[Item]) -> Landlord | None:
    control = case.control
    lows: dict[str, list[float]] = {}
    highs: dict[str, list[float]] = {}
    seats: dict[str, dict[tuple[str, str], float]] = {}
    for item in items:
        for supply in case.supplies_of[case.item_number[item.id]]:
            filled = case.supplies[supply].filled
            source, share = filled.source, filled.share
            if (source is not None and source.status == "standby") or share[1] <= TOLERANCE:
                continue
            foreign = control.foreign(source)
            if foreign is False:
                continue
            surely = foreign and source is not None and isinstance(source.provider, str)
            provider = source.provider if surely and source is not None and isinstance(source.provider, str) else _UNKNOWN
            lows.setdefault(provider, []).append(share[0])
            highs.setdefault(provider, []).append(share[1])
            seat = _seat(control, source) if surely and source is not None else (_UNKNOWN, _UNKNOWN)
            of_provider = seats.setdefault(provider, {})
            of_provider[seat] = of_provider.get(seat, 0.0) + share[0] + share[1]
    if not lows:
        return None
    shares = {
        provider: Bounds(*(round(math.fsum(side[provider]) / len(items), 12) for side in (lows, highs))) for provider in lows
    }
    most = min(shares, key=lambda provider: (-shares[provider].low - shares[provider].high, provider == _UNKNOWN, provider))
    country, via = min(seats[most], key=lambda seat: (-seats[most][seat], seat))
    return Landlord(most, country, via, Bounds(shares[most].low, min(1.0, shares[most].high)))


def _seat(control: Control, source: Source) -> tuple[str, str]:
    """The outside country that controls a surely foreign source, and by which way: from the top of the owners down."""
    provider = source.provider if isinstance(source.provider, str) else _UNKNOWN
    for way, body in (*(("owner", owner) for owner in reversed(control.owners(provider))), ("provider", provider)):
        seat = _UNKNOWN if body == _UNKNOWN else control.seat(body)
        if seat != _UNKNOWN and seat not in control.inside:
            return seat, way
    for way in WAYS:
        outside = sorted(control.countries(source, way) - control.inside - {_UNKNOWN})
        if outside:
            return outside[0], way
    return _UNKNOWN, _UNKNOWN


def _option(stack: Stack, control: Control, item: Item) -> Option | NoneKnown:
    options, perhaps = [], []
    for source in stack.sources_of[item.id]:
        foreign = control.foreign(source)
        if _status(source) == "in-use" or foreign:
            continue
        if foreign is None or source.status is UNKNOWN:
            perhaps.append(source.id)
            continue
        options.append(
            Option(
                source.id,
                source.provider if isinstance(source.provider, str) else _UNKNOWN,
                _status(source),
                _capacity(source),
                _quality(source),
                _number(source.recover, 0.0, 0.0, math.inf),
                _number(source.cost_once, 0.0, 0.0, math.inf),
                _number(source.cost_year, 0.0, 0.0, math.inf),
                source.currency,
            )
        )
    if not options:
        return NoneKnown(tuple(sorted(perhaps)))
    comparable = len({option.currency for option in options}) == 1

    def rank(option: Option) -> tuple[float, float, float, str]:
        cost = option.cost_once.high + option.cost_year.high if comparable else 0.0
        return -option.capacity.low * option.quality.low, option.recover.high, cost, option.id

    return min(options, key=rank)
