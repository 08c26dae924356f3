"""Many cut-offs of one stack, worst first. Owns the answer to ``freehold sweep`` where it lists cut-offs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from freehold.errors import UsageError
from freehold.measure.case import Kernel
from freehold.measure.cutoff import DAYS, FLOOR, both_sides, check_cutoff, check_days
from freehold.measure.mission import Interval, mission_of
from freehold.measure.sweep_question import Arrays, cutoffs_from, cutoffs_in, opened, settings_in, shared_by, split
from freehold.stack.control import Control
from freehold.stack.countries import NO_COUNTRY
from freehold.stack.cutoff import WAYS, Cutoff, Rule
from freehold.stack.values import Stack

__all__ = [
    "CUTOFF_WORK", "EACH", "MOST_CUTOFFS", "VERSION", "SweepAnswer", "Swept", "cutoff_batches", "cutoffs_of_each",
    "run_cutoffs", "sweep", "sweep_answer", "sweep_shared",
]  # fmt: skip

VERSION: Final = "1"
"""Of the algorithm of both kinds of sweep: what a journal keeps under another one is not used."""

CUTOFF_WORK: Final = "freehold.measure.sweep:run_cutoffs"
EACH: Final = ("provider", "owner", "country", "item")
MOST_CUTOFFS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Swept:
    """One cut-off and what is left under it.

    Parameters
    ----------
    cutoff
        The rules as understood.
    mission
        Mission-weighted mean level on each day.
    stopped_low, stopped_high
        How many items stop up to the last day, unknowns at their worst and at their best.
    """

    cutoff: Cutoff
    mission: Interval
    stopped_low: int
    stopped_high: int


@dataclass(frozen=True)
class SweepAnswer:
    """Many cut-offs.

    Parameters
    ----------
    days, floor
        As asked.
    day
        The day that ranks them.
    mission_rule
        Where the mission's weights come from.
    swept
        Every cut-off, worst first: by the low side of the mission on ``day``, then over all days, then by name.
    """

    days: tuple[float, ...]
    floor: float
    day: float
    mission_rule: str
    swept: tuple[Swept, ...]


def cutoffs_of_each(stack: Stack, of: str, via: tuple[str, ...] = WAYS, *, cover: str = "keep") -> tuple[Cutoff, ...]:
    """A cut-off for each provider, owner, country or item of a stack, in order of ids.

    The organisation itself and its home are never cut; an owner is one that owns a provider of a source.

    Raises
    ------
    freehold.errors.UsageError
        If ``of`` is none of these.
    """
    if of not in EACH:
        raise UsageError(f"--each: '{of}' is none of these. Choose from: {', '.join(EACH)}.")
    control = Control(stack)
    providers = {one.provider for one in stack.sources if isinstance(one.provider, str)} - {"self", "?"}
    if of == "item":
        found = {item.id for item in stack.items}
    elif of == "provider":
        found = providers
    elif of == "owner":
        found = {owner for provider in providers for owner in control.owners(provider)} - {"self", "?"}
    else:
        found = {place for source in stack.sources for way in via for place in control.countries(source, way)}
        found -= {NO_COUNTRY, "?", *([stack.home] if stack.home else [])}
    selector: dict[str, Any]
    cuts = []
    for id_ in sorted(found):
        selector = {of: id_}
        cuts.append(Cutoff((Rule(**selector, via=via, cover=cover),), f"{of} {id_}"))
    return tuple(cuts)


def sweep_shared(stack: Stack, days: Iterable[float], floor: float, *, strict: bool, kernel: Kernel) -> Arrays:
    """What the batches of a sweep of cut-offs share."""
    return shared_by(stack, days=list(days), floor=floor, strict=strict, kernel=kernel)


def cutoff_batches(cuts: Sequence[Cutoff], size: int) -> Iterator[Arrays]:
    """The cut-offs in batches."""
    for first, count in split(len(cuts), size):
        yield {"cutoffs": cutoffs_in(cuts[first : first + count])}


def run_cutoffs(shared: Arrays, batch: Arrays) -> Arrays:
    """Work out a batch of cut-offs; runs in a worker.

    Returns
    -------
    dict
        ``low``, ``high`` : (cut-offs, days), and ``stopped`` : (cut-offs, 2).
    """
    settings, held = settings_in(shared), opened(shared)
    days, floor = tuple(settings["days"]), float(settings["floor"])
    low, high, stopped = [], [], []
    for cut in cutoffs_from(batch["cutoffs"]):
        case = held.case(cut.stake, settings["strict"], settings["kernel"])
        sides = both_sides(case, cut, days, floor)
        mission = held.mission.mean(sides[0].levels[0], sides[1].levels[0])
        low.append(mission.low)
        high.append(mission.high)
        stopped.append([int(np.isfinite(side.stops[0]).sum()) for side in sides])
    return {"low": np.array(low), "high": np.array(high), "stopped": np.array(stopped, np.int64)}


def sweep_answer(
    stack: Stack, cuts: Sequence[Cutoff], results: Iterable[Arrays], days: tuple[float, ...], floor: float, day: float
) -> SweepAnswer:
    """The answer, from the results of all batches in their order."""
    swept: list[Swept] = []
    for result in results:
        low, high, stopped = result["low"].tolist(), result["high"].tolist(), result["stopped"].tolist()
        for lows, highs, stops in zip(low, high, stopped, strict=True):
            swept.append(Swept(cuts[len(swept)], Interval(tuple(lows), tuple(highs)), *stops))
    at = days.index(day)
    swept.sort(key=lambda one: (one.mission.low[at], sum(one.mission.low), sum(one.mission.high), one.cutoff.name))
    return SweepAnswer(days, floor, day, mission_of(stack).rule, tuple(swept))


def sweep(
    stack: Stack,
    cuts: Sequence[Cutoff],
    days: Iterable[float] = DAYS,
    floor: float = FLOOR,
    *,
    day: float = 30.0,
    strict: bool = False,
    kernel: Kernel = "auto",
) -> SweepAnswer:
    """Run many cut-offs in this process.

    Parameters
    ----------
    stack, cuts
        What is cut.
    days, floor
        Days to report, and the level under which an item has stopped.
    day
        The day that ranks them; it is reported too.
    strict
        Whether assumed owners and locations count as unknown.
    kernel
        ``auto``, ``plain`` or ``compiled``.

    Raises
    ------
    freehold.errors.FreeholdError
        If a cut-off names what is not there, or the days or the floor make no sense.
    """
    days = check_days([*days, day])
    if not 0 < floor <= 1:
        raise UsageError(f"a floor of {floor} is not in (0, 1].")
    for cut in cuts:
        check_cutoff(stack, cut)
    shared = sweep_shared(stack, days, floor, strict=strict, kernel=kernel)
    results = [run_cutoffs(shared, batch) for batch in cutoff_batches(cuts, 250)]
    return sweep_answer(stack, cuts, results, days, floor, day)
