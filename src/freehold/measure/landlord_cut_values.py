"""What the loss of each large landlord, and of each two, takes out, when and why. Owns the shape of these answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Landlord", "LandlordCut", "LandlordCuts", "LandlordKind", "Out", "Span", "Step", "Weakened"]

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
    inside
        Whether the seat, or the country, is at home or trusted.
    """

    kind: LandlordKind
    id: str
    name: str
    country: str
    sources: int
    flags: tuple[str, ...]
    inside: bool = False


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
        Place of the needed item that takes it down first on the worst side; ``None`` where its own source is cut, or where
        it was out before anything was cut.
    source
        Id of the source of the item that this hits; empty where no source is known.
    """

    item: int
    worst: tuple[Span, ...]
    best: tuple[Span, ...]
    because: int | None
    source: str


@dataclass(frozen=True, slots=True)
class Weakened:
    """One item that loses some of its level before, or without, going out, and through which others go out.

    Parameters
    ----------
    item
        Its place in the stack.
    because, source
        As of an :class:`Out`, on the first day that it matters.
    """

    item: int
    because: int | None
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way down from an item to the source that is cut: the item, what takes it down, and its source."""

    item: int
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
    weakened
        Items through which the way down from those leads while they are not out, by place.
    """

    members: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    outs: tuple[Out, ...]
    weakened: tuple[Weakened, ...] = ()

    def way_down(self, item: int) -> tuple[Step, ...]:
        """The way down from an item that goes out to the source that is cut, as it is when the item first goes out.

        Parameters
        ----------
        item
            Its place in the stack.

        Returns
        -------
        tuple
            Empty for an item that does not go out. The last step has no ``because``, unless the way closes in a circle that
            nothing cut holds down any more.
        """
        outs = {out.item: out for out in self.outs}
        weakened = {one.item: one for one in self.weakened}
        steps: list[Step] = []
        seen: set[int] = set()
        at: int | None = item
        # what is out already says why by itself; what is not yet out says why it is weakened
        until: float | None = outs[item].worst[0][0] if item in outs else None
        while at is not None and at not in seen:
            seen.add(at)
            out = outs.get(at)
            told: Out | Weakened | None
            if out is not None and until is not None and out.worst[0][0] <= until:
                told, until = out, out.worst[0][0]
            else:
                told, until = (weakened.get(at) if steps else None), None
            if told is None:
                break
            steps.append(Step(at, told.because, told.source))
            at = told.because
        return tuple(steps)


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
    before
        What is out while nothing is cut.
    covered
        Of each landlord, places of the others that control nothing which it does not control as surely: with it they take
        out no more.
    days_left_out
        On how many further days a mission changes; on the days given it is exact.
    """

    landlords: tuple[Landlord, ...]
    days: tuple[float, ...]
    horizon: float
    floor: float
    cuts: tuple[LandlordCut, ...]
    left_out: int = 0
    before: LandlordCut | None = None
    covered: tuple[tuple[int, ...], ...] = ()
    days_left_out: int = 0
