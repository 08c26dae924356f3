"""What is asked of a search for plans besides the goal, and what it found. Owns the seam between a search and who asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Chosen", "Committed", "Future", "Terms"]


@dataclass(frozen=True, slots=True)
class Committed:
    """A step that is no longer open.

    Parameters
    ----------
    option
        Its number.
    start, ready
        When it began, and when it is or will be ready, in days from the plan's start; both may lie before day 0.
    cost
        What it still costs.
    """

    option: int
    start: float
    ready: float
    cost: float


@dataclass(frozen=True, slots=True)
class Future:
    """One way in which things may go: options (by number) that fail, and by how many days others are late."""

    failed: frozenset[int] = frozenset()
    late: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """What one question to a search adds to the goal.

    Parameters
    ----------
    most_cost
        Cost that a plan may not exceed.
    least_reliance
        Self-reliance that it must reach, beside the aims.
    forced, forbidden
        Options (by number) that it must have, or may not have.
    liking
        Instead of the least cost: the largest sum of these weights (by option number) over what is built; ties by cost.
    seek
        What is sought instead of what the goal says: ``cost`` or ``reliance``.
    futures, share
        The aims must hold in this share of the futures; without futures, where all goes well.
    """

    most_cost: float | None = None
    least_reliance: float | None = None
    forced: frozenset[int] = frozenset()
    forbidden: frozenset[int] = frozenset()
    liking: Mapping[int, float] | None = None
    seek: Literal["cost", "reliance"] | None = None
    futures: tuple[Future, ...] = ()
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a search found.

    Parameters
    ----------
    built
        Numbers of the options that are ready by the last day (those committed among them); ``None`` where no plan was found.
    starts
        Day on which each is started, from the plan's start; here are also those committed that are ready after its last day.
    cost, bound
        Its cost (or liking), and a proven bound of any; ``inf`` where it is proven that there is no plan.
    stopped
        ``time``, ``interrupted``, or ``None`` where it is proven.
    reliance, reliance_bound
        Where the most self-reliance is sought: what it comes to, and a proven bound of what any plan within the limits comes
        to; ``cost`` is then the least for that self-reliance.
    """

    built: frozenset[int] | None
    starts: Mapping[int, float]
    cost: float
    bound: float
    stopped: str | None = None
    reliance: float | None = None
    reliance_bound: float | None = None
