"""What the loss of each large landlord, and of each two, takes out, when and why. Owns the shape of these answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Landlord", "LandlordCut", "LandlordCuts", "LandlordKind", "Out", "Span"]

LandlordKind: TypeAlias = Literal["owner", "country", "foreign"]

Span: TypeAlias = tuple[float, float | None]
"""Days [from, until) that an item is under the floor; ``None``: up to the horizon."""


@dataclass(frozen=True, slots=True)
class Landlord:
    """One who can say no.

    Parameters
    ----------
    kind
        ``owner`` (a provider at the top of its chain, with all that it owns), ``country``, or ``foreign`` (everything foreign).
    id, name
        Id of the provider or code of the country (empty for ``foreign``); its name.
    country
        An owner's seat, or the code itself; empty if it is not known, or for ``foreign``.
    sources
        In-use sources that it controls, surely or perhaps.
    flags
        The cut-off flags that repeat the cut at the command line, such as ``("--owner", "acme")``.
    """

    kind: LandlordKind
    id: str
    name: str
    country: str
    sources: int
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Out:
    """One item that goes out.

    Parameters
    ----------
    item
        Its place in the stack.
    worst, best
        When it is under the floor with unknowns at their worst, and at their best (then it surely is); ascending, apart.
    because
        Place of the needed item that takes it down first on the worst side; ``None`` where its own source is cut.
    source
        Id of the source of the item that this hits; empty where no source is known.
    """

    item: int
    worst: tuple[Span, ...]
    best: tuple[Span, ...]
    because: int | None
    source: str


@dataclass(frozen=True, slots=True)
class LandlordCut:
    """One landlord, or two together, gone from day 0 for ever.

    Parameters
    ----------
    members
        Places of the landlords, ascending; one or two.
    low, high
        Mission left on each day of :attr:`LandlordCuts.days`, unknowns at their worst and at their best.
    outs
        Items that are under the floor at any time up to the horizon, by place.
    """

    members: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    outs: tuple[Out, ...]


@dataclass(frozen=True, slots=True)
class LandlordCuts:
    """The answers for the largest landlords.

    Parameters
    ----------
    landlords
        The largest first, by mission lost.
    days
        Days on which missions are given, ascending: each lasts until the next.
    horizon
        The last day looked at.
    floor
        Level under which an item is out.
    cuts
        Every landlord alone, then every two of them.
    left_out
        How many landlords have no answer here.
    """

    landlords: tuple[Landlord, ...]
    days: tuple[float, ...]
    horizon: float
    floor: float
    cuts: tuple[LandlordCut, ...]
    left_out: int = 0
