"""What would lift a scheme's level and score. Owns the shape of this answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from freehold.schemes.scheme_values import Basis

__all__ = ["Gain", "Hold", "Lift", "LiftSet", "LiftStep", "PersonAnswer", "Proof", "Stopped", "Unpriced"]

Proof: TypeAlias = Literal["tried", "assumed", "open"]
"""How it is known that nothing cheaper does it: every cheaper set was tried; it follows if no option ever lowers a factor; or
it is not known."""

Stopped: TypeAlias = Literal["done", "tries", "time"]


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """An answer that only a person can give or change, and that is needed for a level.

    Parameters
    ----------
    factor, title, objective
        The factor, its title, and the title of its objective.
    letters
        What is answered now: all choices where nobody did.
    to, label
        The first choice that allows the level, and what it says.
    basis
        Who answered.
    """

    factor: str
    title: str
    objective: str
    letters: tuple[str, ...]
    to: str
    label: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class LiftSet:
    """Options to build together.

    Parameters
    ----------
    options
        Their ids, in the order of the options; empty where nothing has to be built.
    price
        What they cost within the years asked for, as a plan would pay.
    level
        The least level over all factors that the stack answers.
    score
        The score's low side then, in percent; ``None`` in schemes without one.
    """

    options: tuple[str, ...]
    price: float
    level: int
    score: float | None


@dataclass(frozen=True, slots=True)
class Hold:
    """A factor that the stack answers and that holds a level down whatever is built.

    Parameters
    ----------
    factor, title, objective
        The factor, its title, and the title of its objective.
    unknowns
        How many unknown facts its answer rests on: known, they may lift it.
    perhaps
        Whether it allows the level already if these turn out at their best.
    """

    factor: str
    title: str
    objective: str
    unknowns: int
    perhaps: bool


@dataclass(frozen=True, slots=True)
class LiftStep:
    """What one level takes: answers of persons, and the cheapest set of options.

    Parameters
    ----------
    level
        The level.
    answers
        Answers that persons have to give or change for it; no cost of them is known.
    found
        The cheapest set found by which all that the stack answers allows the level; ``None``: there is none, or none was found.
    proof
        How it is known that no set is cheaper, or that there is none.
    bound
        Every set that is cheaper than this was tried, and does not do it.
    holding
        Where there is no set: factors that hold the level down even with the best set that was tried.
    """

    level: int
    answers: tuple[PersonAnswer, ...]
    found: LiftSet | None
    proof: Proof
    bound: float
    holding: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class Gain:
    """What one option, with those that it requires, adds to the score by itself.

    Parameters
    ----------
    options
        Its id first, then those that it requires.
    price
        What they cost.
    points
        By how much the low side of the score rises, in percentage points.
    """

    options: tuple[str, ...]
    price: float
    points: float


@dataclass(frozen=True, slots=True)
class Unpriced:
    """An option that is in no set, since a fact about it is not known.

    Parameters
    ----------
    option, lacking
        Its id; what is not known: names of facts, or ids of options that it waits for.
    level
        The level that all that the stack answers would allow with it alone, if that is more than without.
    points
        What it would add to the score by itself; ``None`` where that was not tried or there is no score.
    """

    option: str
    lacking: tuple[str, ...]
    level: int | None
    points: float | None


@dataclass(frozen=True, slots=True)
class Lift:
    """What would lift a stack in a scheme.

    Parameters
    ----------
    scheme
        Its id.
    level
        The level now (its low side); ``None`` in schemes without levels.
    stack_level
        The least level over the factors that the stack answers; ``None`` where it answers none.
    steps
        One a higher level, ascending.
    gains
        Options that raise the score, the most points a unit of money first.
    unpriced
        Options that lack a fact.
    considered, tried
        How many options can be priced; how many sets of them were scored.
    stopped
        Whether the search ended by itself.
    currency, years
        Of the prices.
    names
        Names of options, by id.
    """

    scheme: str
    level: int | None
    stack_level: int | None
    steps: tuple[LiftStep, ...]
    gains: tuple[Gain, ...]
    unpriced: tuple[Unpriced, ...]
    considered: int
    tried: int
    stopped: Stopped
    currency: str
    years: float
    names: Mapping[str, str] = field(default_factory=dict)
