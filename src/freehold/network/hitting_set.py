"""Minimal cut sets of whatever can be asked "does this loss bring it down?". Owns the implicit hitting set loop.

Cut sets are the minimal sets of events that hit every *support*, a set of events such that the top stands while none of
them happens. The loop learns supports as it needs them: a satisfiability solver proposes a set of at most k events that
hits all supports known and holds no cut set known; the oracle judges it. If the top stands, what was spared holds
another support, which is made small and learned; if it falls, the set is a minimal cut set, since all smaller ones are
known. No proposal left: order k is complete. No proposal of any size left: all orders are. (The duality of MARCO and
CAMUS: Liffiton, Previti, Malik, Marques-Silva, "Fast, flexible MUS enumeration", Constraints 21, 2016.)

The oracle has to be monotone: more events never help. It may have circles, weights, and a history.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from threading import Timer
from typing import Any, Final, Protocol

from freehold.errors import UsageError
from freehold.network.cut_sets import CutSets, Stop

__all__ = ["MOST_SETS", "Cheapest", "Judge", "Judged", "cheapest_cut", "hitting_sets"]

MOST_SETS: Final = 1_000_000
"""Sets after which a search stops if nothing else is asked."""

_CONFLICTS: Final = 20_000
_FIRST_BOUND: Final = 2
_SPARE_PROPOSALS: Final = 400
_MOST_REMEMBERED: Final = 200_000


class Judge(Protocol):
    """The oracle: what is known of the top."""

    def falls(self, lost: Collection[int]) -> bool:
        """Whether the top falls when these events happen. Monotone."""
        ...

    def support(self, lost: Collection[int], /) -> Collection[int] | None:
        """Events, none of them lost, such that the top stands while none of them happens; ``None`` to have one searched."""
        ...


class Judged:
    """A judge that only knows whether the top falls; it remembers what it was asked.

    Parameters
    ----------
    falls
        Whether the top falls when some events happen.
    events
        All that can be lost; needed for a guess.
    guess
        Events, none of them lost, that may well be a support when some are lost; asked only where the top stands.
    """

    def __init__(
        self,
        falls: Callable[[Collection[int]], bool],
        events: Sequence[int] = (),
        guess: Callable[[Collection[int]], Collection[int] | None] = lambda _: None,
    ) -> None:
        self._falls, self._events, self._guess = falls, events, guess
        self._known: dict[frozenset[int], bool] = {}

    def falls(self, lost: Collection[int]) -> bool:
        """Whether the top falls when these events happen."""
        key = frozenset(lost)
        if key not in self._known:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = self._falls(lost)
        return self._known[key]

    def support(self, lost: Collection[int], /) -> Collection[int] | None:
        """What the guess gives, if it is right; else ``None``: have one searched."""
        offered = self._guess(lost)
        return offered if offered is not None and not self.falls(self._without(offered)) else None

    def _without(self, kept: Collection[int]) -> list[int]:
        spared = set(kept)
        return [event for event in self._events if event not in spared]


class _Late(Exception):
    """The time is over."""


class _Clock:
    def __init__(self, seconds: float) -> None:
        self._start = time.monotonic()
        self._end = self._start + seconds

    @property
    def spent(self) -> float:
        return time.monotonic() - self._start

    @property
    def left(self) -> float:
        return self._end - time.monotonic()

    def check(self) -> None:
        if self.left < 0:
            raise _Late


def _grown(judge: Judge, lost: Sequence[int], more: Sequence[int], clock: _Clock) -> set[int]:
    """Events that can be lost besides without bringing the top down: as many as are found, by steps that double and halve."""
    found = set(lost)
    at, step = 0, 1
    while at < len(more):
        clock.check()
        chunk = more[at : at + step]
        if not judge.falls([*found, *chunk]):
            found.update(chunk)
            at += len(chunk)
            step *= 2
        elif len(chunk) == 1:
            at += 1
            step = 1
        else:
            step = len(chunk) // 2
    return found


def _support(judge: Judge, lost: Sequence[int], candidates: Sequence[int], clock: _Clock) -> list[int]:
    """A small support among the candidates that none of the lost is of."""
    gone = set(lost)
    spared = [event for event in candidates if event not in gone]
    offered = judge.support(lost)
    if offered is not None:
        needed = set(offered)
        lost = [event for event in candidates if event not in needed]
        spared = [event for event in spared if event in needed]
    grown = _grown(judge, lost, spared, clock)
    return [event for event in spared if event not in grown]


def _shrunk(judge: Judge, lost: Sequence[int], clock: _Clock) -> list[int]:
    """A minimal cut set among the lost; those at the front go first."""
    kept = list(lost)
    at, step = 0, max(1, len(kept) // 2)
    while at < len(kept):
        clock.check()
        fewer = kept[:at] + kept[at + step :]
        if judge.falls(fewer):
            kept = fewer
            step = min(step * 2, max(1, len(kept) - at))
        elif step == 1:
            at += 1
        else:
            step //= 2
    return kept


class _Proposals:
    """The solver's side: sets of at most k events that hit every support and hold no cut set."""

    def __init__(self, events: Sequence[int]) -> None:
        from pysat.card import ITotalizer
        from pysat.solvers import Glucose4

        self._variable = {event: number for number, event in enumerate(events, start=1)}
        self._events = tuple(events)
        self._solver: Any = Glucose4()
        self._solver.set_phases([-number for number in self._variable.values()])
        self._totals: Any = ITotalizer(lits=list(self._variable.values()), ubound=min(_FIRST_BOUND, len(events)))
        self._solver.append_formula(self._totals.cnf.clauses)

    def close(self) -> None:
        self._totals.delete()
        self._solver.delete()

    def __enter__(self) -> _Proposals:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def hit(self, support: Iterable[int]) -> None:
        self._solver.add_clause([self._variable[event] for event in support])

    def leave(self, cut: Iterable[int]) -> None:
        self._solver.add_clause([-self._variable[event] for event in cut])

    def next(self, most: int | None, clock: _Clock) -> list[int] | None:
        """A set of at most so many events, or ``None`` if there is none."""
        assume: list[int] = []
        if most is not None and most < len(self._events):
            self._totals.increase(ubound=most, top_id=self._totals.top_id)
            if self._totals.nof_new:
                self._solver.append_formula(self._totals.cnf.clauses[-self._totals.nof_new :])
            assume = [-self._totals.rhs[most]]
        while True:
            clock.check()
            self._solver.conf_budget(_CONFLICTS)
            answer = self._solver.solve_limited(assumptions=assume)
            if answer is not None:
                break
        if not answer:
            return None
        model = self._solver.get_model()
        return [event for event, number in self._variable.items() if number <= len(model) and model[number - 1] > 0]


@dataclass
class _Found:
    counts: dict[int, int]
    sets: list[tuple[int, ...]]

    def add(self, cut: Iterable[int]) -> None:
        ordered = tuple(sorted(cut))
        self.sets.append(ordered)
        self.counts[len(ordered)] = self.counts.get(len(ordered), 0) + 1


def hitting_sets(
    events: Sequence[int],
    judge: Judge,
    *,
    order: int | None = None,
    singles: Mapping[int, bool] | None = None,
    seconds: float = math.inf,
    most: int = MOST_SETS,
    progress: Callable[[int, int], None] | None = None,
) -> CutSets:
    """All minimal cut sets up to an order.

    Parameters
    ----------
    events
        What can be lost, each once. With none of it lost the top has to stand.
    judge
        The oracle.
    order
        Largest order asked for; ``None``: all.
    singles
        What is known already of single events: whether the top falls.
    seconds, most
        Time and number of sets after which the search stops.
    progress
        Told the order in work and the number of sets found, now and then.

    Raises
    ------
    freehold.errors.UsageError
        If the order is under 1.
    """
    if order is not None and order < 1:
        raise UsageError(f"an order of {order} makes no sense: cut sets have 1 member or more.")
    search = _Search(sorted(events), judge, order, dict(singles or {}), _Clock(seconds), most, progress)
    return search.run()


class _Full(Exception):
    """The number of sets is reached."""


class _Search:
    def __init__(
        self, events: list[int], judge: Judge, order: int | None, singles: dict[int, bool], clock: _Clock, most: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:  # fmt: skip
        self._events, self._judge, self._order = events, judge, order
        self._singles, self._clock, self._most, self._progress = singles, clock, most, progress
        self._found = _Found({}, [])
        self._complete = 0
        self._all = False

    def run(self) -> CutSets:
        stopped: Stop | None = None
        try:
            self._search()
        except _Late:
            stopped = "time"
        except _Full:
            stopped = "size"
        found, complete = self._found, self._complete
        done = dict.fromkeys(range(1, complete + 1), 0)
        counts = dict(sorted((done | found.counts).items()))
        ordered = sorted(found.sets, key=lambda cut: (len(cut), cut))
        total = len(ordered) if self._all else None

        def sets() -> Iterator[tuple[int, ...]]:
            return iter(ordered)

        return CutSets("hitting set", counts, None if self._all else complete, total, sets, stopped, self._clock.spent)

    def _record(self, cut: Iterable[int]) -> None:
        self._found.add(cut)
        if self._progress is not None:
            self._progress(self._complete + 1, len(self._found.sets))
        if len(self._found.sets) >= self._most:
            raise _Full

    def _search(self) -> None:
        left = []
        for event in self._events:
            if event not in self._singles:
                self._clock.check()
            if self._singles[event] if event in self._singles else self._judge.falls((event,)):
                self._record((event,))
            else:
                left.append(event)
        self._complete = 1
        if not left or not self._judge.falls(left):
            self._all = True
        elif self._order is None or self._order > 1:
            self._larger(left)

    def _larger(self, events: list[int]) -> None:
        size = 2
        with _Proposals(events) as proposals:
            while self._order is None or size <= self._order:
                self._exactly(size, events, proposals)
                self._complete = size
                if not self._more(events, proposals):
                    self._all = True
                    return
                size += 1

    def _exactly(self, size: int, events: list[int], proposals: _Proposals) -> None:
        while (proposal := proposals.next(size, self._clock)) is not None:
            if self._judge.falls(proposal):
                # all smaller sets are known and left out, so that this one is minimal
                proposals.leave(proposal)
                self._record(proposal)
            else:
                proposals.hit(_support(self._judge, proposal, events, self._clock))

    def _more(self, events: list[int], proposals: _Proposals) -> bool:
        """Whether there is, or may be, a cut set of a higher order."""
        for _ in range(_SPARE_PROPOSALS):
            proposal = proposals.next(None, self._clock)
            if proposal is None:
                return False
            if self._judge.falls(proposal):
                return True
            proposals.hit(_support(self._judge, proposal, events, self._clock))
        return True


@dataclass(frozen=True, slots=True)
class Cheapest:
    """A cut set of little weight.

    Parameters
    ----------
    cut
        Its events, in order.
    weight
        Their sum.
    bound
        No cut set weighs less; ``weight`` itself where it is proven to be the least.
    stopped
        What ended the search early, ``None`` if nothing did.
    seconds
        How long it took.
    """

    cut: tuple[int, ...]
    weight: float
    bound: float
    stopped: Stop | None
    seconds: float


def cheapest_cut(
    events: Sequence[int], judge: Judge, weights: Sequence[float], *, seconds: float = math.inf, most_asked: float = math.inf
) -> Cheapest | None:
    """The cut set of least weight, or the best found and a bound.

    A set of least weight that hits all supports known weighs no more than any cut set; once it brings the top down itself,
    it is the least (implicit hitting set: Moreno-Centeno, Karp, "The implicit hitting set approach", Operations Research
    61, 2013). Until then it is a bound, and it teaches another support.

    Parameters
    ----------
    events
        What can be lost, each once. With none of it lost the top has to stand.
    judge
        The oracle.
    weights
        Of each event in ``events``, above 0, taken as the decimals that they are written as.
    seconds, most_asked
        Time, and number of questions to the judge, after which the search stops.

    Returns
    -------
    Cheapest or None
        ``None`` if losing everything does not bring the top down.

    Raises
    ------
    freehold.errors.UsageError
        If a weight is not above 0 and finite.
    """
    if not all(0 < weight < math.inf for weight in weights):
        raise UsageError("weights of events are finite numbers above 0.")
    clock, judge = _Clock(seconds), _Asked(judge, most_asked)
    exact = {event: Fraction(repr(float(weight))) for event, weight in zip(events, weights, strict=True)}
    dearest_first = sorted(events, key=lambda event: (-exact[event], -event))
    if not judge.falls(dearest_first):
        return None

    def weigh(cut: Iterable[int]) -> Fraction:
        return sum((exact[event] for event in cut), Fraction(0))

    best, bound, stopped = dearest_first, Fraction(0), None
    with _Lightest(exact) as lightest:
        try:
            best = _shrunk(judge, dearest_first, clock)
            while True:
                proposal = lightest.next(clock)
                bound = weigh(proposal)
                if judge.falls(proposal):
                    best = proposal
                    break
                if bound >= weigh(best):
                    break
                lightest.hit(_support(judge, proposal, dearest_first[::-1], clock))
        except _Late:
            stopped = "time"
        except _Full:
            stopped = "size"
    weight = weigh(best)
    return Cheapest(tuple(sorted(best)), float(weight), float(min(bound, weight)), stopped, clock.spent)  # type: ignore[arg-type]


class _Asked:
    """A judge that answers so many questions and no more."""

    def __init__(self, judge: Judge, most: float) -> None:
        self._judge, self._left = judge, most

    def falls(self, lost: Collection[int]) -> bool:
        if self._left <= 0:
            raise _Full
        self._left -= 1
        return self._judge.falls(lost)

    def support(self, lost: Collection[int]) -> Collection[int] | None:
        return self._judge.support(lost)


class _Lightest:
    """The solver's side: sets of least weight that hit every support."""

    def __init__(self, exact: Mapping[int, Fraction]) -> None:
        from pysat.examples.rc2 import RC2
        from pysat.formula import WCNF

        scale = math.lcm(*(weight.denominator for weight in exact.values())) if exact else 1
        self._variable = {event: number for number, event in enumerate(exact, start=1)}
        formula = WCNF()
        for event, weight in exact.items():
            formula.append([-self._variable[event]], weight=int(weight * scale))
        self._solver: Any = RC2(formula, solver="g4")

    def __enter__(self) -> _Lightest:
        return self

    def __exit__(self, *_: object) -> None:
        self._solver.delete()

    def hit(self, support: Iterable[int]) -> None:
        self._solver.add_clause([self._variable[event] for event in support])

    def next(self, clock: _Clock) -> list[int]:
        clock.check()
        timer = Timer(min(clock.left, 1e8), self._solver.interrupt)
        timer.daemon = True
        timer.start()
        try:
            model = self._solver.compute(expect_interrupt=True)
        finally:
            timer.cancel()
        if model is None:
            raise _Late
        true = {literal for literal in model if literal > 0}
        self._solver.clear_interrupt()
        return [event for event, number in self._variable.items() if number in true]
