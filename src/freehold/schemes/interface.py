"""What a scheme asks of a stack, and what it is told. Owns the seam between the evaluator and the measures.

A *measure* looks at a stack and tells an amount, between two bounds where facts are unknown, with what it rests on. It knows no
scheme: which choice of a factor an amount stands for is said in the scheme's file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from freehold.stack.values import Stack

__all__ = ["Amount", "Asked", "Fact", "Measure", "Measured", "Parameter", "Part"]

Parameter: TypeAlias = str | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something of the stack that a measured amount rests on.

    Parameters
    ----------
    table, id, attribute
        The row and its column, as in a claim; ``attribute`` may be empty. Evidence is looked up by them.
    told
        What it says, in words.
    """

    table: str
    id: str
    attribute: str
    told: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an amount that is made of several: a component with its own bounds, as in a distribution.

    Parameters
    ----------
    id
        The component's.
    low, high
        Its bounds.
    sure
        Whether it surely is one of those that are counted.
    """

    id: str
    low: float
    high: float
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Measured:
    """What a stack tells.

    Parameters
    ----------
    low, high
        Bounds of the amount; more is better, unless the measure says otherwise.
    told
        How it was got, in a sentence with its numbers.
    facts
        What it rests on, the most telling first; at most some twenty.
    unknowns
        How many unknown facts the bounds are apart for.
    parts
        The parts, where there are some.
    numerator, denominator
        Bounds of a ratio's two sides; ``None`` where the amount is no ratio.
    unit
        Unit of both sides; empty for plain numbers.
    """

    low: float
    high: float
    told: str
    facts: tuple[Fact, ...] = ()
    unknowns: int = 0
    parts: tuple[Part, ...] = ()
    numerator: tuple[float, float] | None = None
    denominator: tuple[float, float] | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """A ratio that a person states, such as a published figure of a market. Nothing of it has a default.

    Parameters
    ----------
    numerator, denominator
        Both sides; the denominator is over 0.
    unit
        Of both, such as ``bn USD``, ``units`` or ``wafers a month``.
    year
        For which the figures hold, in words: ``2020``, ``forecast 2025``.
    basis
        What the numerator counts, by whose rule, and whether it is marked up.
    source
        Who says so, and where.
    """

    numerator: float
    denominator: float
    unit: str
    year: str
    basis: str
    source: str


@dataclass(frozen=True, eq=False)
class Asked:
    """The stack that is asked, and how. Compared by identity, so that what is worked out of one is kept as long as it lives.

    Parameters
    ----------
    stack
        With home and trusted countries settled.
    strict
        Whether assumed owners and locations count as unknown.
    region
        Countries that stand for the scheme's own region: home and trusted.
    lists
        Lists that the user loaded, such as evaluated products, by their names: by name or id of a product, in lower case, to
        what the list says of it.
    amounts
        Ratios that a person states, by their names.
    """

    stack: Stack
    strict: bool = False
    region: tuple[str, ...] = ()
    lists: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None
    amounts: Mapping[str, Amount] | None = None


class Measure(Protocol):
    """One thing that can be asked of a stack."""

    def __call__(self, asked: Asked, parameters: Mapping[str, Parameter]) -> Measured | None:
        """Tell the amount; ``None`` if this stack cannot know it (the factor then stays unanswered)."""
