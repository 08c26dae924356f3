"""The use case of ``freehold report`` for a folder of firms and deliveries. Owns which files such a folder has."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import numpy as np

from freehold.firms import read_firms, read_plants
from freehold.measure.exposure_program import Scenario, exposure
from freehold.measure.firm_shocks import single_failures
from freehold.measure.leontief import inputs
from freehold.measure.systemic import systemic
from freehold.report.firms_answer import FirmsReport
from freehold.report.systemic_answers import CascadeAnswer, FirmNames, PlantsAnswer, TableAnswer

__all__ = ["firms_report", "is_firms_folder"]

_LINKS: Final = "links.csv"
_STACKS: Final = ("stack.toml", "items.csv", "sources.csv")
_SHARE: Final = 1 / 3
"""Part of the time that each of the three questions has."""
_MOST: Final = 20


def is_firms_folder(path: str | Path) -> bool:
    """Whether a path is a folder of firms that sell to each other, and no stack."""
    folder = Path(path)
    return (folder / _LINKS).is_file() and not any((folder / name).exists() for name in _STACKS)


def firms_report(path: str | Path, home: tuple[str, ...] = (), *, seconds: float = 60.0) -> FirmsReport:
    """Ask everything that a report of a network of firms tells.

    Parameters
    ----------
    path
        A folder with ``links.csv``, and any of ``firms.csv``, ``essentiality.csv``, and (all three or none) ``plants.csv``,
        ``products.csv``, ``deliveries.csv``.
    home
        Countries that are home.
    seconds
        For all of it.

    Raises
    ------
    freehold.errors.FreeholdError
        If a table cannot be read, or is not sound.
    """
    folder = Path(path)
    links, named, goods = (folder / name for name in (_LINKS, "firms.csv", "essentiality.csv"))
    essentiality: Path | Literal[1] = goods if goods.is_file() and named.is_file() else 1
    firms = read_firms(links, named if named.is_file() else None, essentiality)
    size = firms.network.output if firms.weights is None else firms.weights
    order = np.lexsort((np.arange(len(size)), -size))
    places = tuple(order.tolist())
    shocks = single_failures(order, [firms.ids[one] for one in places])
    found = systemic(firms.network, shocks, seconds=seconds * _SHARE, weights=firms.weights)
    tables = firms.tables
    names = FirmNames(tables.firms, tables.names, tables.sectors, tables.countries)
    cascades = CascadeAnswer(str(links), names, found, "both", places, None, firms.weights is not None, _MOST)
    table = None
    if any(tables.sectors):
        by: Literal["sector", "country-sector"] = "country-sector" if any(one != "?" for one in tables.countries) else "sector"
        told = inputs(firms.input_table(by), home, seconds=seconds * _SHARE)
        table = TableAnswer(str(links), by, told, _MOST)
    plants, products, deliveries = (folder / name for name in ("plants.csv", "products.csv", "deliveries.csv"))
    has_plants = plants.is_file() and products.is_file() and deliveries.is_file()
    solved = None
    if has_plants and find_spec("scipy") is not None:
        network = read_plants(deliveries, plants, products)
        scenarios = [Scenario(one.id, {one.id: 1.0}, None) for one in network.plants]
        solved = PlantsAnswer(str(deliveries), exposure(network, scenarios, seconds=seconds * _SHARE), _MOST)
    return FirmsReport(
        str(path), cascades, table, solved, has_plants and solved is None, str(links), str(named) if named.is_file() else "",
        "" if essentiality == 1 else str(essentiality),
    )  # fmt: skip
