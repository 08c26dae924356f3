"""What a published scheme is, and what comes of one. Owns the values between a scheme's file, the evaluator and the views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from freehold.schemes.interface import Measured, Parameter

__all__ = [
    "Answered", "Basis", "Bounds", "Choice", "Factor", "FromStack", "LevelName", "Objective", "ObjectiveScore", "Reference",
    "Scheme", "SchemeKind", "Score",
]  # fmt: skip

Bounds: TypeAlias = tuple[float, float]
"""Low and high; equal where nothing is open."""

SchemeKind: TypeAlias = Literal["points", "criteria", "grades", "figures"]
"""How a scheme adds up. ``points``: points and a least level. ``criteria``: the part of the criteria that is met, and a least
level. ``grades``: a grade a component, and their distribution. ``figures``: amounts side by side, no score."""

Basis: TypeAlias = Literal["stack", "person", "unanswered"]


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a scheme or a part of it is published: title, publisher, address, the day on which it was read."""

    title: str
    publisher: str
    url: str
    date: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a factor.

    Parameters
    ----------
    letter
        ``a`` for the first, and so on.
    label
        What it says, in our own words.
    points
        Points that it gives.
    level
        The highest level that it allows.
    when
        Closed intervals of the measured amount in which it may be the one; empty: the stack never gives it.
    """

    letter: str
    label: str
    points: float
    level: int
    when: tuple[Bounds, ...] = ()


@dataclass(frozen=True, slots=True)
class FromStack:
    """Which measure answers a factor, with its parameters."""

    measure: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Factor:
    """One question of a scheme.

    Parameters
    ----------
    id, title
        As published; the title in our own words.
    choices
        In the order of the publication.
    from_stack
        What answers it from a stack; ``None`` if only a person can.
    ask
        What to ask a person; the title where it is empty.
    note
        A doubt or a defect of the publication that a reader must know; may be empty.
    """

    id: str
    title: str
    choices: tuple[Choice, ...]
    from_stack: FromStack | None = None
    ask: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Objective:
    """Factors under one heading, and what they weigh in the score (percent)."""

    id: str
    title: str
    weight: float
    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class LevelName:
    """A level, the name that the scheme gives it, and what it means: as a whole, and by objective where that is published."""

    level: int
    name: str
    meaning: str
    by_objective: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A published scheme.

    Parameters
    ----------
    id, title, version, kind, references
        What it is, and where it is published.
    status
        ``in force``, ``draft`` …, in words.
    region
        The region that it is written for, such as ``EU``; empty if it is written for none. Home and trusted countries of the
        stack stand in its place.
    objectives
        Their weights sum to 100 in schemes of points.
    levels
        The lowest first; empty for schemes without levels.
    gate
        Least level a objective that a buyer asks for, by default; may be empty.
    doubts
        What is not sure about our copy of it.
    """

    id: str
    title: str
    version: str
    kind: SchemeKind
    references: tuple[Reference, ...]
    objectives: tuple[Objective, ...]
    status: str = ""
    region: str = ""
    levels: tuple[LevelName, ...] = ()
    gate: Mapping[str, int] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """What a factor was answered.

    Parameters
    ----------
    factor
        Its id.
    letters
        Choices that may be the one, in order: one where it is known, all of them where nobody answered.
    basis
        Who answered. A person's answer comes before the stack's.
    measured
        What the stack told, where it was asked and could.
    stack_says
        The stack's own letters, where a person answered too: a contradiction if they have none in common.
    """

    factor: str
    letters: tuple[str, ...]
    basis: Basis
    measured: Measured | None = None
    stack_says: tuple[str, ...] = ()

    @property
    def contradicted(self) -> bool:
        """Whether a person says what the stack rules out."""
        return bool(self.stack_says) and not set(self.stack_says) & set(self.letters)


@dataclass(frozen=True, slots=True)
class ObjectiveScore:
    """One objective's result.

    Parameters
    ----------
    id, title, weight
        The objective's.
    percent
        Part of the points, in percent (or of the criteria that are met).
    level
        (low, high); ``None`` in schemes without levels.
    holding
        Factors that hold its low level down: those of which a possible choice allows no more than it; empty at the highest.
    """

    id: str
    title: str
    weight: float
    percent: Bounds
    level: tuple[int, int] | None
    holding: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """What comes of a scheme for one stack.

    Parameters
    ----------
    scheme
        The scheme.
    answers
        Of every factor, in order.
    objectives
        Of every objective, in order.
    score, unweighted
        In percent: with the scheme's weights, and the plain mean of the objectives; ``None`` where the kind has none.
    level
        (low, high): the least over the objectives; ``None`` in schemes without levels.
    divisor
        The points that every objective was divided by, for parity with ports that do so; ``None``: its true maximum.
    gate
        Least level an objective that was asked for.
    rejected
        Objectives that surely fall under the gate, and those that perhaps do.
    region
        The countries that stand for the scheme's region.
    grades
        In a scheme of grades: of each grade, (low, high) how many components have it.
    """

    scheme: Scheme
    answers: tuple[Answered, ...]
    objectives: tuple[ObjectiveScore, ...]
    score: Bounds | None
    unweighted: Bounds | None
    level: tuple[int, int] | None
    divisor: float | None = None
    gate: Mapping[str, int] = field(default_factory=dict)
    rejected: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    region: tuple[str, ...] = ()
    grades: Mapping[str, tuple[int, int]] = field(default_factory=dict)
