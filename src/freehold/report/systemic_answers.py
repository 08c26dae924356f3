"""What the pages on systemic risk are made from. Owns the seam between answers by place and the names of firms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
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

_COLUMNS: Final = ("total", "down", "up", "steps", "decrease", "error", "stopped")


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

    @cached_property
    def ended(self) -> npt.NDArray[np.bool_]:
        """Shocks that were run to the end."""
        run = self.answer.converged
        return np.zeros(len(self.answer.shocks), dtype=bool) if run is None else run.stopped == 0

    @cached_property
    def known(self) -> npt.NDArray[np.bool_]:
        """Shocks of which there is a number: run to the end, or as the reference stops, if that was asked for."""
        return self.ended if self.mode == "converged" else self.ended | (self.answer.reference.stopped == 0)

    @cached_property
    def best(self) -> Cascades:
        """The numbers that count: those run to the end where there are any, else those of the reference's stop."""
        reference, run = self.answer.reference, self.answer.converged
        if run is None:
            return reference
        ended = self.ended
        return type(reference)(*(np.where(ended, getattr(run, one), getattr(reference, one)) for one in _COLUMNS))

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Shocks from the worst; ties by name, and those of which nothing is known last."""
        names = self.answer.shocks
        size = len(names)
        by_name = np.empty(size, np.int64)
        by_name[sorted(range(size), key=names.__getitem__)] = np.arange(size)
        return tuple(np.lexsort((np.arange(size), by_name, -np.round(self.best.total, 12), ~self.known)).tolist())


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
