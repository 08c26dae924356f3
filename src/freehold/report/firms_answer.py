"""The report of a network of firms as one value. Owns the answer to ``report`` where a folder of links is named."""

from __future__ import annotations

from dataclasses import dataclass

from freehold.report.systemic_answers import CascadeAnswer, PlantsAnswer, TableAnswer

__all__ = ["FirmsReport"]


@dataclass(frozen=True, eq=False)
class FirmsReport:
    """What one firm's failure takes, what outputs rest on, how long stock lasts.

    Parameters
    ----------
    path
        The folder.
    cascades
        How much of all output the failure of each firm alone takes.
    inputs
        What each row's output rests on; ``None`` where sectors are not known.
    plants
        What the loss of each plant comes to; ``None`` where the folder has no plants, or it cannot be computed here.
    no_plants
        Whether it has plants, and the library that asks about them is not installed.
    links, firms, essentiality
        The files that were read; the last two may be empty.
    """

    path: str
    cascades: CascadeAnswer
    inputs: TableAnswer | None = None
    plants: PlantsAnswer | None = None
    no_plants: bool = False
    links: str = ""
    firms: str = ""
    essentiality: str = ""
