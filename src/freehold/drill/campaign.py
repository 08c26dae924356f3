"""A campaign: the same command without each of its largest landlords in turn. Owns order, side-by-side runs and the budget."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from freehold.drill.landlords import landlords_of, unattributed
from freehold.drill.matrix import Landlord, LandlordKind, Matrix, MatrixRow
from freehold.drill.record import Drill, Run
from freehold.errors import DrillError, FreeholdError, UsageError
from freehold.stack.control import Control
from freehold.stack.cutoff import WAYS

__all__ = ["MOST_JOBS", "MOST_LANDLORDS", "Campaign", "run_campaign"]

MOST_JOBS: Final = 32
MOST_LANDLORDS: Final = 200


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is asked of a campaign.

    Parameters
    ----------
    command
        Arguments.
    by
        What is cut in turn.
    most
        How many landlords, the largest first.
    jobs
        How many drills run side by side.
    budget
        Seconds for the whole, the run with nothing cut included; what has not ended by then is ended and said to be not run.
    via
        Ways of control that count for countries.
    """

    command: tuple[str, ...]
    by: LandlordKind
    most: int = 8
    jobs: int = 1
    budget: float = 3600.0
    via: tuple[str, ...] = WAYS

    def __post_init__(self) -> None:
        if not 1 <= self.most <= MOST_LANDLORDS:
            raise UsageError(f"--most: {self.most} is not between 1 and {MOST_LANDLORDS}.")
        if not 1 <= self.jobs <= MOST_JOBS:
            raise UsageError(f"--jobs: {self.jobs} is not between 1 and {MOST_JOBS}.")


async def run_campaign(
    campaign: Campaign,
    control: Control,
    baseline: Callable[[], Awaitable[Run]],
    drill_one: Callable[[Landlord, Run], Awaitable[tuple[Drill, str]]],
    *,
    told: Callable[[int, int, Landlord], None] = lambda done, all_, landlord: None,  # noqa: ARG005
    clock: Callable[[], float] = time.monotonic,
) -> Matrix:
    """Run the command with nothing cut, then without each landlord.

    Parameters
    ----------
    campaign
        What is asked.
    control
        Facts of the stack.
    baseline
        Runs the command with nothing cut.
    drill_one
        Drills one landlord, given the baseline; gives the drill and the file of its record.
    told
        Is told of each drill as it begins: how many began before it, how many there are, who is cut.
    clock
        Seconds, for the budget.

    Raises
    ------
    freehold.errors.DrillError
        If the run with nothing cut outlives the budget.

    Notes
    -----
    A baseline that failed or was interrupted ends the campaign: nothing that follows would prove anything. An error of one
    drill is told in its row, and the others go on; an interrupt of one ends all that has not begun.
    """
    started = clock()
    try:
        async with asyncio.timeout(campaign.budget):
            first = await baseline()
    except TimeoutError:
        raise DrillError(
            f"the run with nothing cut did not end within the budget of {campaign.budget:g} s. Give more: --budget 2h."
        ) from None
    found = landlords_of(campaign.by, first.contacts, control, campaign.via) if first.passed and not first.interrupted else ()
    chosen = found[: campaign.most]
    turn = _Turn(campaign, chosen, first, drill_one, told, clock, started + campaign.budget)
    rows = await turn.all()
    return Matrix(
        campaign.command, campaign.by, first, rows, found[campaign.most :], unattributed(first.contacts),
        min(campaign.jobs, max(1, len(chosen))), clock() - started,
    )  # fmt: skip


class _Turn:
    def __init__(
        self,
        campaign: Campaign,
        landlords: Sequence[Landlord],
        baseline: Run,
        drill_one: Callable[[Landlord, Run], Awaitable[tuple[Drill, str]]],
        told: Callable[[int, int, Landlord], None],
        clock: Callable[[], float],
        end: float,
    ) -> None:
        self._landlords = landlords
        self._baseline = baseline
        self._drill_one = drill_one
        self._told = told
        self._clock = clock
        self._end = end
        self._places = asyncio.Semaphore(campaign.jobs)
        self._begun = 0
        self._interrupt = asyncio.Event()
        self._running: set[asyncio.Task[MatrixRow]] = set()

    async def all(self) -> tuple[MatrixRow, ...]:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._one(landlord)) for landlord in self._landlords]
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        return tuple(task.result() for task in tasks)

    async def _one(self, landlord: Landlord) -> MatrixRow:
        async with self._places:
            if self._interrupt.is_set():
                return MatrixRow(landlord, reason="interrupted")
            left = self._end - self._clock()
            if left <= 0:
                return MatrixRow(landlord, reason="budget")
            self._told(self._begun, len(self._landlords), landlord)
            self._begun += 1
            task = cast("asyncio.Task[MatrixRow]", asyncio.current_task())
            self._running.add(task)
            try:
                async with asyncio.timeout(left):
                    drill, record = await self._drill_one(landlord, self._baseline)
            except TimeoutError:
                return MatrixRow(landlord, reason="budget")
            except FreeholdError as error:
                return MatrixRow(landlord, reason=str(error))
            except asyncio.CancelledError:
                if not self._interrupt.is_set():
                    raise
                task.uncancel()
                return MatrixRow(landlord, reason="interrupted")
            finally:
                self._running.discard(task)
            if drill.run.interrupted:
                self._end_the_others()
            return MatrixRow(landlord, drill, record=record)

    def _end_the_others(self) -> None:
        """After an interrupt: a drill that was just being set up has not heard of it."""
        if not self._interrupt.is_set():
            self._interrupt.set()
            for task in self._running:
                task.cancel()
