"""The one evaluator of every scheme. Owns how answers become a score, a level and a gate, each between two bounds.

Factors are answered one by one, so the bounds of sums and of least levels over the possible choices are reached together,
and are exact. Points are added as decimal fractions: what a scheme prints comes out to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from freehold.errors import BadAnswers, Finding, UsageError
from freehold.schemes.interface import Asked, Measure, Measured
from freehold.schemes.scheme_values import Answered, Bounds, Choice, Factor, Objective, ObjectiveScore, Scheme, Score
from freehold.stack.cells import nearest, shown

__all__ = ["answer_factor", "possible", "score"]

_LEAST_DIVISOR: Final = 0.001
_MOST_DIVISOR: Final = 1e9
_TOLERANCE: Final = 1e-9
"""By how much an amount may miss an interval's end: what is computed is not exact to the last bit."""


def score(
    scheme: Scheme, asked: Asked, answers: Mapping[str, str] | None = None, *, divisor: float | None = None,
    gate: Mapping[str, int] | None = None, measures: Mapping[str, Measure] | None = None,
) -> Score:  # fmt: skip
    """Score a stack by a scheme.

    Parameters
    ----------
    scheme
        The scheme.
    asked
        The stack.
    answers
        Letters by factor that a person gave; they come before what the stack tells.
    divisor
        Points that every objective is divided by instead of its own maximum; only in schemes of points.
    gate
        Least level by objective; ``None``: the scheme's own.
    measures
        What stacks are asked by; ``None``: :data:`freehold.schemes.measuring.MEASURES`.

    Returns
    -------
    Score
        In percent, between bounds over every choice that is possible. An objective's percent is
        100 · Σ points / Σ greatest points of its factors, its level the least over its factors; the score is
        Σ weight · percent / 100, the level the least over the objectives. An objective of weight 0 is shown, and is in no
        mean.

    Raises
    ------
    freehold.errors.BadAnswers
        If an answer names no factor of the scheme, or no choice of it.
    freehold.errors.UsageError
        If the divisor or the gate makes no sense for this scheme.
    """
    given = dict(answers or {})
    _check_answers(scheme, given)
    _check_divisor(scheme, divisor)
    least = dict(scheme.gate if gate is None else gate)
    _check_gate(scheme, least)
    if measures is None:
        from freehold.schemes.measuring import MEASURES

        measures = MEASURES
    answered = {
        factor.id: answer_factor(factor, asked, given.get(factor.id), measures)
        for objective in scheme.objectives
        for factor in objective.factors
    }
    parts = [_objective(one, scheme, answered, divisor) for one in scheme.objectives]
    objectives = tuple(part for part, _ in parts)
    exact = [percent for _, percent in parts]
    counted = scheme.kind in ("points", "criteria")
    levels = [one.level for one in objectives if one.level is not None]
    return Score(
        scheme=scheme,
        answers=tuple(answered.values()),
        objectives=objectives,
        score=_weighted(scheme, exact) if counted else None,
        unweighted=_mean(scheme, exact) if counted else None,
        level=_least(levels) if levels else None,
        divisor=divisor,
        gate=least,
        rejected=_rejected(objectives, least),
        region=asked.region if scheme.region else (),
        grades=_grades(scheme, answered) if scheme.kind == "grades" else {},
    )


def possible(choices: Sequence[Choice], low: float, high: float) -> tuple[str, ...]:
    """Letters of the choices of which an interval meets an amount between two bounds."""
    return tuple(
        choice.letter
        for choice in choices
        if any(low <= end + _TOLERANCE and high >= start - _TOLERANCE for start, end in choice.when)
    )


def answer_factor(factor: Factor, asked: Asked, letter: str | None, measures: Mapping[str, Measure]) -> Answered:
    """Answer one factor: by the letter that a person gave, else by the stack, else by nobody.

    Parameters
    ----------
    factor
        The factor.
    asked
        The stack.
    letter
        What a person said, if anything.
    measures
        What stacks are asked by.

    Raises
    ------
    freehold.errors.UsageError
        If there is no such measure.
    """
    every = tuple(choice.letter for choice in factor.choices)
    measured = _measured(factor, asked, measures)
    told = () if measured is None else possible(factor.choices, measured.low, measured.high)
    says = () if told == every else told
    """What the stack rules out nothing by is no answer."""
    if letter is not None:
        return Answered(factor.id, (letter,), "person", measured, says)
    if measured is not None and measured.parts:
        return Answered(factor.id, told, "stack", measured)
    if says or (measured is not None and not every):
        return Answered(factor.id, says, "stack", measured)
    return Answered(factor.id, every, "unanswered", measured)


def _measured(factor: Factor, asked: Asked, measures: Mapping[str, Measure]) -> Measured | None:
    if factor.from_stack is None:
        return None
    name = factor.from_stack.measure
    if name not in measures:
        near = nearest(name, measures)
        mend = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(measures))}."
        raise UsageError(f"factor {factor.id}: there is no measure {shown(name)}. {mend}")
    measured = measures[name](asked, factor.from_stack.parameters)
    if measured is None or math.isnan(measured.low) or math.isnan(measured.high):
        return None
    return measured


def _check_answers(scheme: Scheme, given: Mapping[str, str]) -> None:
    factors = {factor.id: factor for objective in scheme.objectives for factor in objective.factors}
    found = []
    for id_, letter in given.items():
        factor = factors.get(id_)
        if factor is None:
            near = nearest(id_, factors)
            mend = f"Did you mean '{near[0]}'?" if near else f"`freehold schemes show {scheme.id}` lists them"
            found.append(Finding("answers", 0, id_, f"is no factor of {scheme.id}", mend))
        elif scheme.kind == "grades":
            mend = "Leave it out: its grades come from the stack's components"
            found.append(Finding("answers", 0, id_, f"{scheme.id} is a scheme of grades, which nobody answers", mend))
        elif letter not in {choice.letter for choice in factor.choices}:
            letters = ", ".join(choice.letter for choice in factor.choices) or "none"
            found.append(Finding("answers", 0, id_, f"{shown(letter)} is no choice of it", f"Choices: {letters}"))
    if found:
        raise BadAnswers(found)


def _check_divisor(scheme: Scheme, divisor: float | None) -> None:
    if divisor is None:
        return
    if scheme.kind != "points":
        raise UsageError(f"{scheme.id} is a scheme of {scheme.kind}: a divisor makes sense in schemes of points only.")
    if not _LEAST_DIVISOR <= divisor <= _MOST_DIVISOR:
        raise UsageError(
            f"the divisor {divisor:g} is no number from {_LEAST_DIVISOR:g} to {_MOST_DIVISOR:g}. Write one such as 1000."
        )


def _check_gate(scheme: Scheme, gate: Mapping[str, int]) -> None:
    if not gate:
        return
    levels = [one.level for one in scheme.levels]
    known = [one.id for one in scheme.objectives]
    for id_, level in gate.items():
        if id_ not in known:
            near = nearest(id_, known)
            mend = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(known)}."
            raise UsageError(f"gate: {shown(id_)} is no objective of {scheme.id}. {mend}")
        if level not in levels:
            said = f"Levels: {levels[0]} to {levels[-1]}." if levels else "It has no levels: leave the gate out."
            raise UsageError(f"gate: {shown(level)} is no level of {scheme.id}. {said}")


def _objective(
    one: Objective, scheme: Scheme, answered: Mapping[str, Answered], divisor: float | None
) -> tuple[ObjectiveScore, tuple[Fraction, Fraction]]:
    """An objective's result, and its percent as exact fractions."""
    low = high = most = Fraction(0)
    floors: list[tuple[int, int]] = []
    for factor in one.factors:
        letters = set(answered[factor.id].letters)
        choices = [choice for choice in factor.choices if choice.letter in letters]
        if not choices:
            continue
        points = [_exact(choice.points) for choice in choices]
        low, high = low + min(points), high + max(points)
        most += max(_exact(choice.points) for choice in factor.choices)
        floors.append((min(choice.level for choice in choices), max(choice.level for choice in choices)))
    whole = most if divisor is None else _exact(divisor)
    percent = (100 * low / whole, 100 * high / whole) if whole else (Fraction(0), Fraction(0))
    has_levels = bool(scheme.levels) and scheme.kind != "grades" and bool(floors)
    level = _least(floors) if has_levels else None
    holding: tuple[str, ...] = ()
    if level is not None and level[0] < scheme.levels[-1].level:
        holding = tuple(factor.id for factor in one.factors if _floor(factor, answered[factor.id]) == level[0])
    result = ObjectiveScore(one.id, one.title, one.weight, (float(percent[0]), float(percent[1])), level, holding)
    return result, percent


def _floor(factor: Factor, answered: Answered) -> int | None:
    return min((choice.level for choice in factor.choices if choice.letter in answered.letters), default=None)


def _exact(value: float) -> Fraction:
    """The decimal fraction that a number was written as."""
    return Fraction(repr(value))


def _least(levels: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return min(low for low, _ in levels), min(high for _, high in levels)


def _weighted(scheme: Scheme, percents: Sequence[tuple[Fraction, Fraction]]) -> Bounds:
    weights = [_exact(one.weight) for one in scheme.objectives]
    low = sum((weight * percent[0] for weight, percent in zip(weights, percents, strict=True)), Fraction(0)) / 100
    high = sum((weight * percent[1] for weight, percent in zip(weights, percents, strict=True)), Fraction(0)) / 100
    return float(low), float(high)


def _mean(scheme: Scheme, percents: Sequence[tuple[Fraction, Fraction]]) -> Bounds:
    """The plain mean of the objectives that have a weight."""
    counted = [percent for one, percent in zip(scheme.objectives, percents, strict=True) if one.weight]
    count = len(counted)
    return float(sum(low for low, _ in counted) / count), float(sum(high for _, high in counted) / count)


def _rejected(objectives: Sequence[ObjectiveScore], gate: Mapping[str, int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Objectives that surely fall under the gate, and those that perhaps do."""
    surely, perhaps = [], []
    for one in objectives:
        if one.id in gate and one.level is not None:
            if one.level[1] < gate[one.id]:
                surely.append(one.id)
            elif one.level[0] < gate[one.id]:
                perhaps.append(one.id)
    return tuple(surely), tuple(perhaps)


def _grades(scheme: Scheme, answered: Mapping[str, Answered]) -> dict[str, tuple[int, int]]:
    """Of each grade, how many components surely have it, and how many may."""
    factor = scheme.objectives[0].factors[0]
    measured = answered[factor.id].measured
    found = {choice.letter: [0, 0] for choice in factor.choices}
    for part in measured.parts if measured is not None else ():
        letters = possible(factor.choices, part.low, part.high)
        for letter in letters:
            found[letter][0] += len(letters) == 1
            found[letter][1] += 1
    return {letter: (low, high) for letter, (low, high) in found.items()}
