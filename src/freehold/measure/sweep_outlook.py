"""How self-reliant a stack may be. Owns the answer to ``freehold sweep --samples``: what is asked of the samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from freehold.errors import UsageError
from freehold.measure.case import Case, Kernel
from freehold.measure.counter_random import uniforms
from freehold.measure.cutoff import DAYS, FLOOR, check_cutoff, check_days
from freehold.measure.mission import mission_of
from freehold.measure.sample_statistics import Estimate, Information, Spread, information, spread
from freehold.measure.sweep_question import Arrays
from freehold.measure.sweep_samples import run_samples, sample_batches, samples_shared
from freehold.measure.uncertain import MOST_SAMPLES, Event, Outlook, Uncertain, outcomes, outlook_of
from freehold.stack.cutoff import Cutoff
from freehold.stack.values import Stack

__all__ = [
    "DaySpread", "Driver", "Lost", "OutlookAnswer", "Question", "ask_outlook", "check_samples", "outlook", "outlook_answer",
]  # fmt: skip

_CHUNK: Final = 100_000


@dataclass(frozen=True, slots=True)
class DaySpread:
    """One day: the distribution of the mission's level, what stays unknown at its worst and at its best."""

    day: float
    low: Spread
    high: Spread


@dataclass(frozen=True, slots=True)
class Driver:
    """An uncertain fact and what knowing it would be worth."""

    fact: Uncertain
    worth: Information


@dataclass(frozen=True, slots=True)
class Lost:
    """A loss with its probability, in how many samples it comes, and how much of the variance it explains."""

    event: Event
    came: int
    share: Estimate


@dataclass(frozen=True)
class Question:
    """What is asked of the samples.

    Parameters
    ----------
    stack, cut
        The stack, and what is cut in every sample; a cut-off without rules cuts nothing.
    outlook
        What is drawn.
    days, day, floor
        Days to report; the one for which worth is told; the level under which a thing has stopped.
    samples, seed, confidence
        How many; of the random numbers; of value at risk and expected shortfall.
    strict, kernel
        As for a cut-off.
    """

    stack: Stack
    cut: Cutoff
    outlook: Outlook
    days: tuple[float, ...]
    day: float
    floor: float
    samples: int
    seed: int
    confidence: float
    strict: bool
    kernel: Kernel

    @property
    def shared(self) -> Arrays:
        """What all batches read."""
        return samples_shared(self.stack, self.cut, self.outlook, self.days, self.seed, strict=self.strict, kernel=self.kernel)


@dataclass(frozen=True)
class OutlookAnswer:
    """The distribution of a mission's level.

    Parameters
    ----------
    cutoff, days, day, floor, samples, seed, confidence, mission_rule
        As asked, and where the mission's weights come from.
    common
        Part of the variance that all losses have in common.
    spreads
        Day by day.
    drivers
        Facts worth most to know, best first: by their share of the variance on ``day``, then by their worth for the decision.
    lost
        Losses, by their share of the variance.
    left
        How many unknown facts were not drawn.
    """

    cutoff: Cutoff
    days: tuple[float, ...]
    day: float
    floor: float
    samples: int
    seed: int
    confidence: float
    mission_rule: str
    common: float
    spreads: tuple[DaySpread, ...]
    drivers: tuple[Driver, ...]
    lost: tuple[Lost, ...]
    left: int


def check_samples(samples: int, seed: int, confidence: float) -> None:
    """See that numbers make sense.

    Raises
    ------
    freehold.errors.UsageError
        If they do not.
    """
    if not 1 <= samples <= MOST_SAMPLES:
        raise UsageError(f"--samples: {samples} is not between 1 and {MOST_SAMPLES}. The error falls with the root of it.")
    if not 0 <= seed < 2**64:
        raise UsageError(f"--seed: {seed} is not a whole number from 0 to 2^64 - 1.")
    if not 0.5 <= confidence < 1:
        raise UsageError(f"--confidence: {confidence} is not between 0.5 and 1, such as 0.95.")


def ask_outlook(
    stack: Stack,
    cut: Cutoff,
    *,
    stated: Sequence[Uncertain] = (),
    events: Sequence[Event] = (),
    common: float = 0.0,
    draws_unknown: bool = True,
    days: Iterable[float] = DAYS,
    day: float = 30.0,
    floor: float = FLOOR,
    samples: int = 10_000,
    seed: int = 1,
    confidence: float = 0.95,
    strict: bool = False,
    kernel: Kernel = "auto",
) -> Question:
    """Put the question: what is drawn, and what is asked of the samples.

    Raises
    ------
    freehold.errors.FreeholdError
        If the cut-off names what is not there, or a number makes no sense.
    """
    days = check_days([*days, day])
    if not 0 < floor <= 1:
        raise UsageError(f"a floor of {floor} is not in (0, 1].")
    check_samples(samples, seed, confidence)
    check_cutoff(stack, cut)
    case = Case(stack, strict=strict, stake=cut.stake, kernel=kernel)
    drawn = outlook_of(
        case, cut, mission_of(stack), days, stated=stated, events=events, common=common, draws_unknown=draws_unknown
    )
    return Question(stack, cut, drawn, days, day, floor, samples, seed, confidence, strict, kernel)


def outlook_answer(question: Question, results: Iterable[Arrays]) -> OutlookAnswer:
    """The answer, from the results of all batches in their order."""
    low, high = (np.concatenate(parts) for parts in zip(*((one["low"], one["high"]) for one in results), strict=True))
    drawn, at = question.outlook, question.days.index(question.day)
    facts = len(drawn.facts)
    kinds = np.concatenate([
        outcomes(drawn, uniforms(question.seed, first, min(_CHUNK, question.samples - first), drawn.width)).astype(np.int16)
        for first in range(0, question.samples, _CHUNK)
    ])  # fmt: skip
    sizes = [*(fact.draw.kinds for fact in drawn.facts), *(2 for _ in drawn.events)]
    worth = information((low[:, at] + high[:, at]) / 2, kinds, sizes, question.floor)
    drivers = [Driver(fact, one) for fact, one in zip(drawn.facts, worth[:facts], strict=True)]
    drivers.sort(key=lambda one: (-one.worth.share.value, -one.worth.decision.value, one.fact.key))
    lost = [
        Lost(event, int(kinds[:, facts + place].sum()), one.share)
        for place, (event, one) in enumerate(zip(drawn.events, worth[facts:], strict=True))
    ]
    lost.sort(key=lambda one: (-one.share.value, one.event.selector, one.event.id))
    spreads = tuple(
        DaySpread(
            day, spread(low[:, number], question.floor, question.confidence),
            spread(high[:, number], question.floor, question.confidence),
        )
        for number, day in enumerate(question.days)
    )  # fmt: skip
    return OutlookAnswer(
        question.cut, question.days, question.day, question.floor, question.samples, question.seed, question.confidence,
        mission_of(question.stack).rule, drawn.common, spreads, tuple(drivers), tuple(lost), drawn.left,
    )  # fmt: skip


def outlook(question: Question) -> OutlookAnswer:
    """Work a question out in this process."""
    shared = question.shared
    return outlook_answer(question, [run_samples(shared, batch) for batch in sample_batches(question.samples, 250)])
