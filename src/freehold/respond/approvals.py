"""How many people an act needs. Owns the approval matrix, level × action, as data, and what a drill is good for.

A cell says *none* (the machine may act alone), *one*, *two* (two different people), or *break-glass*: one person acts at
once, and a review is owed. Any other act can be done by break-glass too: in need, a person goes before the approvals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

from freehold.errors import RespondError
from freehold.respond.incident import LEVELS, level_number
from freehold.watch.settings_file import parse_settings, read_settings_text

__all__ = ["DEFAULT_MATRIX", "Cell", "Matrix", "Need", "Row", "default_matrix", "load_matrix"]

Cell: TypeAlias = Literal["none", "one", "break-glass", "two"]
_ORDER: Final[tuple[Cell, ...]] = ("none", "one", "break-glass", "two")
_DAY: Final = 86_400.0
_MOST_BYTES: Final = 262_144
DEFAULT_MATRIX: Final = Path(__file__).parent / "data" / "approvals.toml"
"""The matrix that holds where a state folder has no ``approvals.toml`` of its own."""


@dataclass(frozen=True, slots=True)
class Need:
    """What an act needs.

    Parameters
    ----------
    people
        How many different people must have approved: 0 to 2.
    review
        Whether a review is owed after it.
    because
        Which cell, or what else, says so.
    """

    people: int
    review: bool = False
    because: str = ""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one action needs at each level."""

    blue: Cell
    yellow: Cell
    orange: Cell
    red: Cell


class Matrix(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The matrix.

    Parameters
    ----------
    version
        Of this data.
    drill_days
        A playbook whose last passed drill is older than this, or that has changed since, may not act alone.
    approval_minutes
        How long an approval is good for.
    need
        By action, such as ``kill``, or action and reach, such as ``kill:all``, which comes first.
    """

    version: int
    need: dict[str, Row]
    drill_days: float = 90.0
    approval_minutes: float = 30.0

    @property
    def approval_seconds(self) -> float:
        """How long an approval is good for, in seconds."""
        return self.approval_minutes * 60

    def need_of(self, action: str, reach: str, low: str, high: str) -> Need:
        """What an action needs at a level, or at the strictest of a range of levels.

        Parameters
        ----------
        action, reach
            Its name, and how far it reaches, such as ``all``.
        low, high
            Between which levels the incident lies; a level that is not known asks for the strictest cell of the row.
        """
        name = f"{action}:{reach}" if f"{action}:{reach}" in self.need else action
        row = self.need.get(name)
        if row is None:
            return Need(2, because=f"the matrix has no row for '{action}'")
        first, last = level_number(low), level_number(high)
        levels = LEVELS[first : last + 1] if 0 <= first <= last else LEVELS
        cell: Cell = max((getattr(row, level) for level in levels), key=_ORDER.index)
        shown = low if low == high else f"{low or '?'} to {high or '?'}"
        return Need({"none": 0, "two": 2}.get(cell, 1), cell == "break-glass", f"{name} at {shown}: {cell}")

    def drilled(self, need: Need, last_drill: float | None, now: float) -> Need:
        """The same need, or one person where a playbook that was not drilled lately would act alone."""
        if need.people or need.review:
            return need
        if last_drill is not None and now - last_drill <= self.drill_days * _DAY:
            return need
        ago = (
            "never passed a drill as it is now"
            if last_drill is None
            else f"last passed a drill over {self.drill_days:g} days ago"
        )
        return Need(1, because=f"the playbook has {ago}, and may not act alone")


def load_matrix(path: Path) -> Matrix:
    """Read a matrix.

    Raises
    ------
    freehold.errors.RespondError
        If it is not sound.
    """
    mend = f"Each action has a need at blue, yellow, orange and red: {', '.join(_ORDER)}."
    matrix = parse_settings(read_settings_text(path, _MOST_BYTES, RespondError), Matrix, str(path), RespondError, mend)
    if not 0 < matrix.approval_minutes <= 1_440 or not 0 < matrix.drill_days <= 3_650:
        raise RespondError(f"{path}: approval_minutes lies within 1,440 and drill_days within 3,650, both over 0.")
    return matrix


@cache
def default_matrix() -> Matrix:
    """The matrix that comes with Freehold."""
    return load_matrix(DEFAULT_MATRIX)
