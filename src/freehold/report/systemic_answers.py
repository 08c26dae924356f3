"""What the pages on systemic risk are made from. Owns the seam between answers by place and the names of firms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from freehold.measure.exposure_program import ExposureAnswer
    from freehold.measure.leontief import InputsAnswer
    from freehold.measure.systemic import Cascades, FirmLevels, SystemicAnswer

__all__ = ["MODES", "CascadeAnswer", "FirmNames", "Mode", "PlantsAnswer", "TableAnswer"]

Mode: TypeAlias = Literal["compatible", "converged", "both"]

MODES: Final[tuple[Mode, ...]] = ("both", "compatible", "converged")
"""As the authors' program stops, run to the end, or both beside each other."""


@dataclass(frozen=True, eq=False)
class FirmNames:
    """Firms for people, by place.

    Parameters
    ----------
    ids, names, sectors, countries
        ``""`` for a sector and ``"?"`` for a country that are not known.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    sectors: tuple[str, ...]
    countries: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class CascadeAnswer:
    """How much of all output shocks take.

    Parameters
    ----------
    path
        The file of links.
    firms
        Their names.
    answer
        The index of each shock.
    mode
        What was asked for.
    places
        The firm of each shock, where each is the failure of one; else ``None``.
    levels
        Of one shock: where it leaves each firm; else ``None``.
    weighted
        Whether firms count by a weight or an output that was stated, not by their sales to others.
    most
        Rows to show.
    """

    path: str
    firms: FirmNames
    answer: SystemicAnswer
    mode: Mode
    places: tuple[int, ...] | None
    levels: FirmLevels | None
    weighted: bool
    most: int

    @property
    def best(self) -> Cascades:
        """The numbers that count: those run to the end, unless only the others were asked for."""
        return self.answer.reference if self.answer.converged is None else self.answer.converged

    @property
    def unworked(self) -> npt.NDArray[np.bool_]:
        """Shocks that time or steps did not suffice for."""
        open_ = self.best.stopped > 0
        return open_ | (self.answer.reference.stopped > 0) if self.mode != "converged" else open_

    @property
    def order(self) -> tuple[int, ...]:
        """Shocks from the worst; ties by name, and those that were not worked out last."""
        total, open_, names = self.best.total, self.unworked, self.answer.shocks
        return tuple(sorted(range(len(names)), key=lambda one: (bool(open_[one]), -round(float(total[one]), 12), names[one])))


@dataclass(frozen=True)
class TableAnswer:
    """What a table of inputs tells, what its rows are, and the file of links."""

    path: str
    by: str
    answer: InputsAnswer
    most: int


@dataclass(frozen=True)
class PlantsAnswer:
    """What losses of plants come to, and the file of links."""

    path: str
    answer: ExposureAnswer
    most: int
