"""One part searched by HiGHS and CP-SAT at once. Owns what they tell each other, and the order of the steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event, Lock, Thread

from freehold.network.arrays import Floats
from freehold.plan.greedy import trimmed
from freehold.plan.highs_model import HighsModel, Relaxed
from freehold.plan.neighbourhoods import Neighbourhoods
from freehold.plan.open_graph import Part
from freehold.plan.presolve import restricted
from freehold.plan.sat_model import SatModel, whole_costs
from freehold.plan.support import Support, spared

__all__ = ["PartSearch"]

_LARGE = 12_000
_MOST_UNITS = 1e8
_TRIES = 300
_CORE_WORK = 30.0
_TOLERANCE = 1e-6


class PartSearch:
    """The search for the cheapest plan of one part.

    Parameters
    ----------
    part
        The part.
    does
        Whether builds of the part (builds,) do.
    """

    def __init__(self, part: Part, does: Callable[[Sequence[bool]], bool]) -> None:
        self.part = part
        self.built: tuple[bool, ...] | None = None
        self.cost = math.inf
        self.bound = 0.0
        whole, unit = whole_costs(part.cost)
        exact = all(abs(number * unit - cost) < 1e-9 * max(1.0, cost) for number, cost in zip(whole, part.cost, strict=True))
        self._unit = unit if exact and sum(whole) < _MOST_UNITS else 0.0
        self._does = does
        self._support = Support(part.graph)
        self._lock = Lock()
        self._own_cost = math.inf
        self._own_built: tuple[bool, ...] | None = None
        self._covers: list[list[int]] = []
        self._own_covers: list[list[int]] = []
        self._relaxed: Relaxed | None = None
        self._was_relaxed, self._done, self._stop = Event(), Event(), Event()
        self._end = math.inf
        self._threads: list[Thread] = []
        self._failures: list[BaseException] = []

    # What both tell.

    def cost_of(self, built: Sequence[bool]) -> float:
        """Cost of builds."""
        return math.fsum(cost for cost, there in zip(self.part.cost, built, strict=True) if there)

    def found(self, built: Sequence[bool], *, own: bool = True) -> None:
        """Take a plan, if it is cheaper than the one known; of plans in circles it is asked first whether they do.

        Parameters
        ----------
        built : (builds,)
            The plan.
        own
            Whether it was found by steps that are the same on every run: such a plan stays, against one that is no cheaper.
        """
        cost = self.cost_of(built)
        if cost >= (self._own_cost if own else self.cost) - _TOLERANCE:
            return
        if self.part.circular and not self._does(built):
            self._refute(built, own=own)
            return
        with self._lock:
            if own:
                self._own_cost, self._own_built = cost, tuple(built)
            if cost < self.cost - _TOLERANCE:
                self.cost, self.built = cost, tuple(built)

    def proven(self, bound: float) -> None:
        """Take a bound, if it is higher than the one known."""
        if self._unit and math.isfinite(bound):
            units = bound / self._unit
            bound = math.ceil(units - 1e-5 - 1e-8 * abs(units)) * self._unit
        with self._lock:
            self.bound = min(max(self.bound, bound), self.cost)

    def close(self, most_gap: float = 0.0) -> bool:
        """Whether no better plan is to be looked for."""
        return self.cost - self.bound <= max(most_gap * self.cost, _TOLERANCE)

    def _own_close(self) -> bool:
        return self._own_cost - self.bound <= _TOLERANCE

    def _refute(self, built: Sequence[bool], *, own: bool) -> None:
        """Of a plan that does not do, find a largest one and ask for something outside."""
        outside = [build for build, there in enumerate(built) if not there]
        lacking = spared(lambda absent: not self._does([not gone for gone in absent]), [not there for there in built], outside)
        cover = [build for build, absent in enumerate(lacking) if absent]
        with self._lock:
            self._covers.append(cover)
            if own:
                self._own_covers.append(cover)

    # How it goes.

    def start(self, seconds: float, stop: Event) -> None:
        """Begin in two threads."""
        self._stop, self._end = stop, time.monotonic() + seconds
        self._threads = [Thread(target=self._guarded, args=(work,), daemon=True) for work in (self._plan, self._bound)]
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait so long for the end; whether it is reached."""
        return self._done.wait(seconds)

    def join(self) -> None:
        """Wait for both threads, which have been told to stop; an error of theirs is raised here."""
        for thread in self._threads:
            thread.join()
        if self._own_cost <= self.cost + _TOLERANCE:
            self.cost, self.built = self._own_cost, self._own_built
        if self._failures:
            raise self._failures[0]

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  (raised again where the threads are joined)
            self._failures.append(error)
            self._stop.set()
        finally:
            self._was_relaxed.set()
            if work == self._plan:
                self._done.set()

    def _left(self) -> float:
        return 0.0 if self._stop.is_set() else max(self._end - time.monotonic(), 0.0)

    def _bound(self) -> None:
        """HiGHS: the linear program, then the search with whole numbers."""
        model = HighsModel(self.part)
        self._relaxed = model.relax(self._left(), self._stop.is_set)
        if self._relaxed is not None:
            self.proven(self._relaxed.bound)
        self._was_relaxed.set()
        while self._left() and not self._may_stop() and not self.close():
            covers = list(self._covers)
            if covers:
                model = HighsModel(self.part, covers)
            complete = model.prove(self._left(), stop=self._may_stop, offer=partial(self._offer, model), tell=self._tell)
            if complete and len(covers) == len(self._covers):
                break

    def _may_stop(self) -> bool:
        return self._stop.is_set() or self._done.is_set()

    def _offer(self, model: HighsModel) -> tuple[float, Floats] | None:
        with self._lock:
            cost, built = self.cost, self.built
        return None if built is None else (cost, model.point(built, self._support.had(built)))

    def _tell(self, bound: float, built: Sequence[bool] | None) -> None:
        self.proven(bound)
        if built is not None:
            self.found(built, own=False)

    def _tell_own(self, bound: float, built: Sequence[bool] | None) -> None:
        self.proven(bound)
        if built is not None:
            self.found(built)

    def _plan(self) -> None:
        """Rounding, the core, and CP-SAT on the whole part."""
        near = Neighbourhoods(self.part, self._support)
        large = len(self.part.graph.arcs) > _LARGE
        while large and not self._was_relaxed.is_set() and self._left():
            self._improve(near)
        self._was_relaxed.wait()
        if self._relaxed is not None and not self._own_close():
            self._round(self._relaxed)
            self._core(self._relaxed)
            near.relaxed = self._relaxed
        tries = 0
        while large and tries < _TRIES and self._left() and not self.close():
            tries = 0 if self._improve(near) else tries + 1
        while self._left() and not self._own_close():
            count, best = len(self._own_covers), self._own_built
            # a part that can be searched whole is proven sooner without a hint: CP-SAT then dives by its linear program
            hint = (best, self._support.had(best)) if large and best is not None else None
            model = SatModel(self.part, self._own_covers)
            run = model.solve(self._left(), hint=hint, stop=self._own_may_stop, tell=self._tell_own)
            self.proven(run.bound)
            if run.complete and len(self._own_covers) == count:
                break

    def _own_may_stop(self) -> bool:
        return self._stop.is_set() or self._own_close()

    def _improve(self, near: Neighbourhoods) -> bool:
        """Look near the plan known for a cheaper one; whether there was one."""
        before = self.cost
        if self.built is None:
            return False
        plan = near.improved(self.built, self._left(), self._stop.is_set)
        if plan is not None:
            self.found(plan)
        return self.cost < before

    def _round(self, relaxed: Relaxed) -> None:
        plan = [value > _TOLERANCE for value in relaxed.value]
        if self._does(plan):
            self.found(trimmed(self.part, plan, self._does, relaxed.value.tolist()))

    def _core(self, relaxed: Relaxed) -> None:
        """Solve what is left when only that may be built which the linear program builds, if only in part."""
        unused = [build for build, value in enumerate(relaxed.value) if value <= _TOLERANCE]
        left = restricted(self.part, unused)
        if left is None:
            return
        fixed, parts = left
        chosen = set(fixed)
        for part in parts:
            run = SatModel(part).solve(self._left(), work=_CORE_WORK, stop=self._stop.is_set)
            if run.built is None:
                return
            chosen.update(build for build, there in zip(part.build, run.built, strict=True) if there)
        self.found([build in chosen for build in range(len(self.part.build))])
