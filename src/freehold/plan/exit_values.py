"""An exit plan of one function, as values. Owns its shape; nothing is computed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from freehold.measure.unknowns import UnknownFact
from freehold.stack.control import Truth
from freehold.stack.values import Maybe

__all__ = ["Basis", "Carried", "ExitLandlord", "ExitPlan", "Left", "Move", "MoveKind", "Standing", "TimeGiven"]

Basis: TypeAlias = Literal["plan", "options", "stack"]
"""What says what takes over: a plan that was made; options that are known, but no plan; the stack's own standbys alone."""

MoveKind: TypeAlias = Literal["standby", "step", "option"]
"""What takes over stands by already; is built by a step of the plan; could be built by an option that no plan chose."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a function stands under a cut-off, between two bounds.

    Parameters
    ----------
    stops_low, stops_high
        First day under the floor, unknown facts at their worst and at their best; ``None``: not up to the last day asked.
    low, high
        Level on each day asked.
    """

    stops_low: float | None
    stops_high: float | None
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ExitLandlord:
    """One who can end the function, or take of it.

    Parameters
    ----------
    kind, id
        ``owner`` (the top of a chain of owners, with all that it owns) or ``country``.
    country
        The owner's seat, or the country itself; ``?`` if it is not known.
    foreign
        Whether it is outside home and trusted countries.
    items
        Ids of the things on the function's path that come from it, or that it can reach.
    standing
        How the function stands if it says no.
    """

    kind: Literal["owner", "country"]
    id: str
    country: str
    foreign: Truth
    items: tuple[str, ...]
    standing: Standing


@dataclass(frozen=True, slots=True)
class Move:
    """What takes over for one thing on the path.

    Parameters
    ----------
    kind
        See :data:`MoveKind`.
    item, source
        What is taken over, and the source that takes it over; the source is empty where none is (more stock, less need).
    provider
        From whom it is then had; ``?`` if that is not known.
    foreign
        Whether what takes over is foreign itself.
    option
        Id of the option or step; empty for a standby.
    lead, recover
        Days until it is ready, and days that it takes to take over; ``None`` where not known.
    start_date, ready_date
        Dates of the plan; empty without one.
    cost_once, cost_year, currency
        Money; ``None`` where not known.
    capacity
        What it can carry, as a part of today's need; ``None`` where not known.
    """

    kind: MoveKind
    item: str
    source: str
    provider: str
    foreign: Truth
    option: str
    lead: float | None
    recover: float | None
    start_date: str
    ready_date: str
    cost_once: float | None
    cost_year: float | None
    currency: str | None
    capacity: float | None


@dataclass(frozen=True, slots=True)
class TimeGiven:
    """Cover that gives time: a need that lasts on while the thing needed is gone.

    Parameters
    ----------
    user, item
        Ids of the thing that needs, and of the thing needed.
    survive
        Days, ``inf`` for ever; unknown where the stack says so.
    covers
        Whether that is as long as the soonest takeover of the thing needed takes; ``None`` where that is not known.
    """

    user: str
    item: str
    survive: Maybe[float]
    covers: Truth


@dataclass(frozen=True, slots=True)
class Carried:
    """Data or a model that has to be taken along: who holds it now, and where."""

    item: str
    providers: tuple[str, ...]
    locations: tuple[str, ...]
    foreign: Truth


@dataclass(frozen=True, slots=True)
class Left:
    """What is still leased when all is done: an item on the path, its landlords, whether surely, and whether a way is known."""

    item: str
    landlords: tuple[str, ...]
    surely: bool
    has_way: bool


@dataclass(frozen=True)
class ExitPlan:
    """The exit plan of one function.

    Parameters
    ----------
    function
        Id of the item.
    days, floor
        As asked.
    path
        Ids of the things that it rests on, itself first.
    before
        How it stands with everything foreign cut off, as things are.
    after
        The same with every step of the plan built; ``None`` without a plan.
    basis
        What says what takes over.
    landlords
        Who can end it, the soonest first.
    landlords_left_out
        How many more there are.
    moves, time, data, left
        See the classes.
    unknowns
        Facts on the path that are not known.
    """

    function: str
    days: tuple[float, ...]
    floor: float
    path: tuple[str, ...]
    before: Standing
    after: Standing | None
    basis: Basis
    landlords: tuple[ExitLandlord, ...]
    landlords_left_out: int
    moves: tuple[Move, ...]
    time: tuple[TimeGiven, ...]
    data: tuple[Carried, ...]
    left: tuple[Left, ...]
    unknowns: tuple[UnknownFact, ...]
