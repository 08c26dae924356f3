"""Answers about schemes, as the commands give them. Owns the seam between the schemes' room and the views."""

from __future__ import annotations

from dataclasses import dataclass

from freehold.schemes.lift_values import Lift
from freehold.schemes.scheme_values import Scheme, Score

__all__ = ["SchemeShown", "SchemesKnown", "ScoresAnswer"]


@dataclass(frozen=True, slots=True)
class ScoresAnswer:
    """One stack by one or several schemes: the first is the one that is told of in full."""

    scores: tuple[Score, ...]
    lift: Lift | None = None
    """What would lift the first of them; ``None`` where that was not asked."""


@dataclass(frozen=True, slots=True)
class SchemesKnown:
    """Every scheme that there is."""

    schemes: tuple[Scheme, ...]


@dataclass(frozen=True, slots=True)
class SchemeShown:
    """All that one scheme asks, and where it is published."""

    scheme: Scheme
