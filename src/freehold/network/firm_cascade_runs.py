"""Where one cascade stands, or eight side by side. Owns their steps, their limits, and the proof of an error.

A cascade's levels only fall (each step's function grows with the levels, and the start is the most there can be), towards the
greatest levels that a step leaves as they are. From that follows the proof of how near the end is: lower the levels by a
small part of what was lost and let them run; if they come back up at least half of the way, everywhere, then what was
lowered lies under the end, and the end under the levels (Tarski).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from freehold.network.arrays import Floats, Integers
from freehold.network.build import kernel_module
from freehold.network.firm_cascade_arrays import EXHAUSTED, LANES, CascadeState, LaneState
from freehold.network.firm_cascade_links import BuiltFirms
from freehold.network.firm_cascade_orders import encloses, extrapolated

__all__ = ["AT_REST", "ROUNDING", "Ending", "FirmShock", "Limits", "OneCascade", "SideBySide"]

AT_REST: Final = (1e-13, 1e-14, 1e-15)
"""Largest changes in a step at which it is tried to prove that a cascade is at its end."""

ROUNDING: Final = 1e-13
"""What a proven error is raised by, for the rounding of sums."""

_NO_CHANGE: Final = 2
"""The kernel's rule of stopping under which neither falls nor rises go on."""

_PATIENCE: Final = 50
_SWEEPS: Final = 2000
_NEAR: Final = 0.1
_BUDGET: Final = {True: 300_000_000, False: 300_000}


@dataclass(frozen=True, slots=True, eq=False)
class FirmShock:
    """What is lost at the start, for good: parts of the levels of these firms, down and up."""

    firms: Integers
    down: Floats
    up: Floats


@dataclass(frozen=True, slots=True)
class Limits:
    """How a cascade is run and where it stops.

    Parameters
    ----------
    replaceable
        Whether market shares soften shortages.
    by_loss
        Whether the sum of losses has to come to rest (growth at most a factor 1 + eps), not each level (fall at most eps).
    eps
        The reference's stop.
    bound
        Error to prove at the end; 0 where the cascade is not to be run on to its end.
    steps
        Most steps of one cascade.
    deadline
        On the clock :func:`time.monotonic`.
    """

    replaceable: bool
    by_loss: bool
    eps: float
    bound: float
    steps: int
    deadline: float


@dataclass(frozen=True, slots=True)
class Ending:
    """How a cascade ended: weighted losses (both, down, up), steps, last decrease, proven error, what stopped it (0, 1, 2)."""

    total: float
    down: float
    up: float
    steps: int
    decrease: float
    error: float
    stopped: int


class OneCascade:
    """The state of one cascade, used again for the next."""

    def __init__(self, built: BuiltFirms, weight: Floats) -> None:
        self.built, self.firms = built, len(built.links.output)
        self.weight: Any = weight if built.compiled else weight.tolist()
        self.kernel = kernel_module("firm_cascade_kernel", compiled=built.compiled)
        self.sums: Any = self._made(np.zeros(3))
        self.before = self._sums_of_blocks()
        self.state = self._fresh()

    def _made(self, array: Any) -> Any:
        return array if self.built.compiled else array.tolist()

    def _sums_of_blocks(self) -> Floats:
        sums = self._made(np.zeros(len(self.built.links.block_start) - 1))
        self.kernel.sum_blocks(self.built.links, self._made(np.ones(self.firms)), sums)
        return np.asarray(sums, np.float64)

    def _fresh(self) -> CascadeState:
        firms, blocks, markets = self.firms, len(self.before), len(self.built.links.market_block) - 1

        def ones() -> Any:
            return self._made(np.ones(firms))

        def zeros() -> Any:
            return self._made(np.zeros(firms))

        def numbers() -> Any:
            return self._made(np.zeros(firms, np.int32))

        def stamps(size: int) -> Any:
            return self._made(np.zeros(size, np.int64))

        return CascadeState(
            down=ones(), up=ones(), down_cap=ones(), up_cap=ones(), shortage=zeros(), lack=zeros(),
            block_sum=self._made(self.before.copy()), changed_down=numbers(), changed_up=numbers(),
            first_short=self._made(np.full(markets, -1, np.int32)), next_short=numbers(),
            is_short=self._made(np.zeros(firms, np.uint8)), marked_down=numbers(), marked_up=numbers(),
            seen_down=stamps(firms), seen_up=stamps(firms), seen_block=stamps(blocks),
            seen_market=stamps(markets), counts=stamps(7), figures=self._made(np.zeros(4)),
        )  # fmt: skip

    def start(self, shock: FirmShock) -> None:
        """Clear the state and set the shock."""
        state = self.state
        for array, value in (
            (state.down, 1.0), (state.up, 1.0), (state.down_cap, 1.0), (state.up_cap, 1.0), (state.shortage, 0.0),
            (state.lack, 0.0), (state.is_short, 0), (state.first_short, -1),
        ):  # fmt: skip
            if self.built.compiled:
                array.fill(value)
            else:
                array[:] = [value] * len(array)
        state.block_sum[:] = self._made(self.before)
        counts, figures = state.counts, state.figures
        counts[0] = counts[1] = counts[4] = counts[5] = 0
        figures[0] = figures[1] = 0.0
        places = self.built.place[shock.firms]
        for place, down, up in zip(places.tolist(), shock.down.tolist(), shock.up.tolist(), strict=True):
            if down > 0.0:
                state.down[place] = state.down_cap[place] = 1.0 - down
                self.kernel.chain(self.built.links, state, place)
                state.changed_down[counts[0]] = place
                counts[0] += 1
            if up > 0.0:
                state.up[place] = state.up_cap[place] = 1.0 - up
                state.changed_up[counts[1]] = place
                counts[1] += 1
        figures[2], figures[3] = 0.0, self.weighed()[0]

    def weighed(self) -> tuple[float, float, float]:
        """Weighted losses now."""
        self.kernel.weigh(self.weight, self.state.down, self.state.up, self.sums)
        return float(self.sums[0]), float(self.sums[1]), float(self.sums[2])

    def go(self, limits: Limits, rule: int, eps: float, steps: int, *, alone: bool = True) -> int:
        """Take steps; 0, 1, 2 as in :class:`Ending`, 3 if the cascade is left to lanes."""
        while True:
            stopped: int = self.kernel.run(
                self.built.links, self.state, self.weight, self.sums, limits.replaceable, rule, eps, steps, _NEAR, alone,
                _BUDGET[self.built.compiled],
            )  # fmt: skip
            if stopped != 2 or time.monotonic() >= limits.deadline:
                return stopped

    def ending(self, stopped: int) -> Ending:
        """Note how the cascade stands; nothing is proven of it yet."""
        return Ending(*self.weighed(), int(self.state.counts[5]), float(self.state.figures[0]), np.nan, stopped)

    def levels(self) -> tuple[Floats, Floats]:
        """Levels down and up, in the numbering that the network was made from."""
        return tuple(np.array(array, np.float64)[self.built.place] for array in (self.state.down, self.state.up))  # type: ignore[return-value]

    def converge(self, limits: Limits) -> Ending:
        """Run on to the end, and prove how near it is; what travels up is solved apart if it takes long."""
        patience = min(limits.steps, int(self.state.counts[5]) + _PATIENCE)
        stopped = self.go(limits, _NO_CHANGE, AT_REST[0], patience)
        solved = stopped == 1 and patience < limits.steps and self._solve_up(limits)
        for rest in AT_REST:
            stopped = self.go(limits, _NO_CHANGE, rest, limits.steps)
            ending = self.ending(stopped)
            if stopped:
                break
            only_falls = self.state.figures[1] <= (AT_REST[0] if solved else 0.0)
            if only_falls and self._comes_back(limits, ending.steps, down_alone=solved):
                return replace(ending, error=limits.bound * (ending.down + ending.up) + ROUNDING)
        # what the clock cut short is no failed proof
        return replace(ending, stopped=2) if ending.stopped == 0 and time.monotonic() >= limits.deadline else ending

    def _solve_up(self, limits: Limits) -> bool:
        """Put the levels up at their end; whether it is proven. If it is not, they stay as they are."""
        links, state = self.built.links, self.state
        if len(links.orders) and np.bincount(
            np.repeat(np.arange(self.firms), np.diff(np.asarray(links.order_start))), np.asarray(links.order_weight)
        ).max() > 1.0 + ROUNDING:  # fmt: skip
            return False  # stated revenue under the sum of sales: levels may be cut off at 0, and the end need not be one
        cap = np.array(state.up_cap, np.float64)

        def sweep(level: Floats) -> Floats:
            new = self._made(level.copy())
            self.kernel.sweep_up(links, new, state.up_cap, state.lack)
            return np.asarray(new, np.float64)

        def late() -> bool:
            return time.monotonic() >= limits.deadline

        end, sweeps, at_rest = extrapolated(sweep, np.array(state.up, np.float64), cap, _SWEEPS, late)
        proven = at_rest and encloses(sweep, end, cap, limits.bound, ROUNDING / 10, _SWEEPS, late)
        if proven:
            self._set([np.array(state.down, np.float64), end], int(state.counts[5]) + sweeps)
        else:
            self._set([np.array(state.down, np.float64), np.array(state.up, np.float64)], int(state.counts[5]))
        return proven

    def _exhausted(self, down: Floats) -> Any:
        """Which markets have nothing left: there the step's function may jump."""
        links = self.built.links
        markets = len(links.market_block) - 1
        return np.bincount(np.asarray(links.market_of), np.asarray(links.output) * down, markets) <= EXHAUSTED

    def _comes_back(self, limits: Limits, steps: int, *, down_alone: bool) -> bool:
        """Whether levels that are lowered by the bound's part of what was lost rise at least half of the way back."""
        state = self.state
        ends = [np.array(array, np.float64) for array in (state.down, state.up)]
        lost = [np.array(cap) - end for cap, end in zip((state.down_cap, state.up_cap), ends, strict=True)]
        low = [np.maximum(end - limits.bound * part, 0.0) for end, part in zip(ends, lost, strict=True)]
        if down_alone:
            low[1] = ends[1]
        if limits.replaceable and (self._exhausted(ends[0]) != self._exhausted(low[0])).any():
            return False
        self._set(low, 0)
        half_way = [(end + level) / 2 - ROUNDING / 10 for end, level in zip(ends, low, strict=True)]
        taken, proven = 1, False
        while not proven and taken <= max(64, 4 * steps):
            if self.go(limits, _NO_CHANGE, -1.0, taken) == 2:
                break
            proven = bool((np.asarray(state.down) >= half_way[0]).all())
            proven = proven and (down_alone or bool((np.asarray(state.up) >= half_way[1]).all()))
            taken *= 2
        self._set(ends, steps)
        return proven

    def _set(self, levels: Sequence[Floats], steps: int) -> None:
        """Set levels; the next step looks at all that any firm under 1 can reach."""
        state = self.state
        for number, (array, changed, level) in enumerate(
            ((state.down, state.changed_down, levels[0]), (state.up, state.changed_up, levels[1]))
        ):
            array[:] = self._made(level)
            touched = np.flatnonzero(level < 1.0).astype(np.int32)
            changed[: len(touched)] = self._made(touched)
            state.counts[number] = len(touched)
        state.counts[4], state.counts[5] = 1, steps


class SideBySide:
    """Eight cascades side by side; a lane that has stopped is given the next shock."""

    def __init__(self, room: OneCascade) -> None:
        self.room = room
        self.kernel = kernel_module("firm_cascade_lanes", compiled=room.built.compiled)
        size = room.firms * LANES
        self.state = LaneState(
            down=np.ones(size), up=np.ones(size), down_cap=np.ones(size), up_cap=np.ones(size), shortage=np.zeros(size),
            lack=np.zeros(size), decrease=np.zeros(LANES), rise=np.zeros(LANES), room=np.zeros(4 * LANES),
        )  # fmt: skip
        self.steps = [0] * LANES
        self.loss = [0.0] * LANES
        self.number = [-1] * LANES

    def load(self, number: int) -> None:
        """Take over the cascade that stands in the room."""
        lane, from_one = self.number.index(-1), self.room.state
        for mine, other in zip(self.state[:4], from_one[:4], strict=True):
            mine.reshape(-1, LANES)[:, lane] = other
        self.number[lane], self.steps[lane] = number, int(from_one.counts[5])
        self.loss[lane] = float(from_one.figures[3])

    @property
    def free(self) -> int:
        """How many lanes have no shock."""
        return self.number.count(-1)

    def step(self, limits: Limits) -> Iterator[tuple[int, Ending]]:
        """Take a step in every lane; give those that end with it."""
        self.kernel.step_lanes(self.room.built.links, self.state, limits.replaceable)
        late = time.monotonic() >= limits.deadline
        for lane, number in enumerate(self.number):
            if number < 0:
                continue
            self.steps[lane] += 1
            decrease = float(self.state.decrease[lane])
            if limits.by_loss:
                before, self.loss[lane] = self.loss[lane], self._weighed(lane)[0]
                going = self.loss[lane] > 0.0 if before == 0.0 else self.loss[lane] / before > 1.0 + limits.eps
            else:
                going = decrease > limits.eps
            if not going or late or self.steps[lane] >= limits.steps:
                stopped = 0 if not going else 1 if self.steps[lane] >= limits.steps else 2
                yield number, Ending(*self._weighed(lane), self.steps[lane], decrease, np.nan, stopped)
                self.number[lane] = -1

    def _weighed(self, lane: int) -> tuple[float, float, float]:
        sums = self.room.sums
        self.kernel.weigh_lane(self.room.weight, self.state.down, self.state.up, lane, sums)
        return float(sums[0]), float(sums[1]), float(sums[2])
