"""A plan and all that is said of it, as values. Owns the answer to ``freehold plan``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from freehold.measure.mission import Interval
from freehold.plan.goal_values import Aim, Goal
from freehold.plan.option_values import Option
from freehold.stack.cutoff import Cutoff
from freehold.stack.values import Stack

__all__ = [
    "Alternative", "Check", "Confidence", "Curve", "FrontierPoint", "Impossible", "Leased", "PlanAnswer", "Price",
    "Sensitivity", "Step", "Year",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One option that is built.

    Parameters
    ----------
    option
        Its id.
    start, ready
        Days from the plan's start, and as dates.
    cost_once, cost
        What building it costs (after what was learnt), and in all within the plan: with its years, discounted.
    committed
        Whether it was committed before this plan was made, so that the plan had no choice.
    breaks
        Numbers of the aims that miss if this step alone is left out; ``None`` where that was not asked.
    """

    option: str
    start: float
    ready: float
    start_date: str
    ready_date: str
    cost_once: float
    cost: float
    committed: bool = False
    breaks: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One aim, as the simulator sees it when all steps are ready, and before any."""

    aim: Aim
    met: bool
    reached: float
    before: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Mission level under one cut-off on each of the goal's days, before the plan and after it.

    Parameters
    ----------
    cut, days, before, after
        The cut-off, the days, and the levels on them.
    worst
        Day up to the last of ``days`` from which least is left after the plan, and how much, unknown facts at their worst:
        on the exact time line, so that it may lie between the days. ``None`` where that was not asked.
    """

    cut: Cutoff
    days: tuple[float, ...]
    before: Interval
    after: Interval
    worst: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Year:
    """A year of the plan: what it costs (undiscounted), steps ready by its end, and self-reliance then (last day asked)."""

    number: int
    ends: str
    cost: float
    ready: tuple[str, ...]
    reliance_low: float
    reliance_high: float


@dataclass(frozen=True, slots=True)
class Leased:
    """What is still leased when all is done: an item, the landlords of its in-use sources, part foreign, and why it is left."""

    item: str
    landlords: tuple[str, ...]
    part_low: float
    part_high: float
    why: str


@dataclass(frozen=True, slots=True)
class Price:
    """What self-reliance costs that is no money, and the money.

    Parameters
    ----------
    once, yearly
        Money once, and a year once all is ready (undiscounted).
    days
        Days until all is ready.
    quality
        (item, quality of its best source in use before, quality of what takes over) where it falls.
    standards_left, forks, gives_up
        As the options say, each with the option's id.
    """

    once: float
    yearly: float
    days: float
    quality: tuple[tuple[str, float, float], ...]
    standards_left: tuple[tuple[str, str], ...]
    forks: tuple[tuple[str, str], ...]
    gives_up: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Impossible:
    """Why there is no plan.

    Parameters
    ----------
    reason
        ``options`` (not even all of them do), ``budget``, ``time``, ``people``, ``conditions`` (requires, excludes),
        ``confidence`` (none was found that holds in the share of futures asked for), or ``unknown`` (that there is none is
        proven, and the time was too short to say why).
    aims
        Numbers of the aims that cannot be met, and what each comes to at best.
    best
        The best level or share of each of them.
    missing
        Smallest sets of what would have to be possible besides: item ids that would have to be held, or ids of options that
        cannot be judged yet; each set alone would do (irreducible).
    limit
        The least budget (or the earliest day, or number of persons) with which it is possible, or the share of futures in
        which the surest plan holds, where that is the reason; else ``None``.
    """

    reason: str
    aims: tuple[int, ...]
    best: tuple[float, ...]
    missing: tuple[tuple[str, ...], ...] = ()
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another plan that costs little more, and differs: its options, its cost, how many options differ."""

    options: tuple[str, ...]
    cost: float
    differs: int


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure the plan is.

    Parameters
    ----------
    asked, reached, futures
        Share of futures in which the goal must hold, does hold, and how many were drawn; 0 where all that may happen was
        counted with its probability instead.
    hurts
        Option id → how much the share falls if it surely fails; the worst first, what lowers nothing left out.
    low, high
        Where the true share lies: 95 % interval of a sampled share (Wilson 1927), the share itself where all was counted;
        wider by what was not judged for lack of time.
    unjudged
        How many steps' failure was not judged for lack of time.
    """

    asked: float | None
    reached: float
    futures: int
    hurts: tuple[tuple[str, float], ...]
    low: float = 0.0
    high: float = 1.0
    unjudged: int = 0

    @property
    def counted(self) -> bool:
        """Whether all that may happen was counted, not sampled."""
        return self.futures == 0


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """The least cost for a self-reliance, more of which costs more; and what buys most from there.

    Parameters
    ----------
    cost, bound
        Cost, and a proven lower bound of what so much self-reliance costs.
    reliance, options
        Self-reliance, and the ids of the options that are built.
    best_step
        The option that, added to these, buys most self-reliance for its price; the dearest of ``best_steps``; ``None`` where
        nothing more is bought.
    best_steps, gain, price
        All that is added: several options where they only buy something together; what they gain, and their price.
    """

    cost: float
    bound: float
    reliance: float
    options: tuple[str, ...]
    best_step: str | None
    best_steps: tuple[str, ...] = ()
    gain: float | None = None
    price: float | None = None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What another budget or another date would give.

    Parameters
    ----------
    what, value
        ``budget`` or ``by``, and the other money or date (ISO 8601).
    cost, bound
        Least cost at which all aims hold with it, and a proven lower bound of that; ``cost`` ``None`` where there is no such
        plan (``bound`` is then ``inf``) or none was found.
    reliance, reliance_bound
        With another budget, or where self-reliance is sought: the most of it, and a proven bound of that; the aims hold, too,
        where they can. With another date, where cost is sought: the self-reliance of that cheapest plan, without a bound.
    change
        By which part the budget is other, or by how many months the date.
    """

    what: str
    value: str
    cost: float | None
    reliance: float | None
    change: float = 0.0
    bound: float | None = None
    reliance_bound: float | None = None

    @property
    def met(self) -> bool:
        """Whether all aims hold."""
        return self.cost is not None


@dataclass(frozen=True)
class PlanAnswer:
    """The plan.

    Parameters
    ----------
    goal, options
        What was asked, and the options that could be chosen, by id.
    unjudged
        Options that could not be judged, since a fact is lacking.
    steps
        What is built, by start.
    cost, bound, currency
        Cost in all (discounted, within the plan), a proven lower bound, and their currency; ``cost`` ``None`` without a plan.
    greedy
        What the plan of the most gain per cost would cost; ``None`` if that finds none.
    years, curves, checks, leased, price
        See the classes.
    confirmed
        The simulator's word: every aim holds, day by day, for the steps that are shown.
    impossible
        Why there is none; ``None`` where there is one.
    stopped
        Why the search ended before the proof: ``time`` or ``interrupted``; else ``None``.
    planned
        The stack with every step done; the stack as it is where there are none.
    alternatives, always, confidence, frontier, sensitivity
        Near-optimal other plans; steps in every near-optimal plan (no regret); how sure; the frontier; other budgets and dates.
    """

    goal: Goal
    options: Mapping[str, Option]
    unjudged: tuple[Option, ...]
    steps: tuple[Step, ...]
    cost: float | None
    bound: float
    currency: str | None
    greedy: float | None
    years: tuple[Year, ...]
    curves: tuple[Curve, ...]
    checks: tuple[Check, ...]
    leased: tuple[Leased, ...]
    price: Price | None
    confirmed: bool
    impossible: Impossible | None
    stopped: str | None
    planned: Stack = field(repr=False)
    alternatives: tuple[Alternative, ...] = ()
    always: tuple[str, ...] | None = None
    confidence: Confidence | None = None
    frontier: tuple[FrontierPoint, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()

    @property
    def gap(self) -> float | None:
        """(cost - bound) / cost; ``None`` without a plan."""
        if self.cost is None:
            return None
        return max(0.0, (self.cost - self.bound) / self.cost) if self.cost > 0 else 0.0
