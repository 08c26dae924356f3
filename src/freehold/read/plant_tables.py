"""Reads plants, products and who can deliver to whom. Owns the words for their columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from freehold.errors import BadStack, Finding
from freehold.read.long_tables import LongTable, Wanted, read_long_table

__all__ = ["PlantTables", "read_plant_tables"]

_NAME: Final = Wanted("name", ("plant_name", "product_name", "title"), required=False, holes=True)
_STOCK: Final = Wanted("stock", ("inventory", "stocks"), "number", required=False, holes=True)
_PLANTS: Final = (
    Wanted("plant", ("id", "supplier", "site", "firm", "node")),
    Wanted("capacity", ("capacity_per_period", "output"), "number"),
    Wanted("recover", ("time_to_recover", "ttr", "recovery"), "number", required=False, holes=True),
    _STOCK, _NAME,
)  # fmt: skip
_PRODUCTS: Final = (
    Wanted("product", ("id", "model", "node")),
    Wanted("demand", ("demand_per_period",), "number"),
    Wanted("loss", ("loss_per_unit", "margin", "profit", "unit_loss"), "number", required=False, holes=True),
    _STOCK, _NAME,
)  # fmt: skip
_LINKS: Final = (
    Wanted("supplier", ("seller", "from", "plant", "source")),
    Wanted("buyer", ("customer", "to", "product", "target", "user")),
    Wanted("part", ("component", "input"), required=False, holes=True),
    Wanted("use", ("units", "per_unit", "quantity"), "number", required=False, holes=True),
)


@dataclass(frozen=True, slots=True)
class PlantTables:
    """Rows of the three tables, by column; what is blank is left out."""

    plants: tuple[Mapping[str, Any], ...]
    products: tuple[Mapping[str, Any], ...]
    links: tuple[Mapping[str, Any], ...]


def read_plant_tables(links: Path, plants: Path, products: Path) -> PlantTables:
    """Read the three tables.

    Parameters
    ----------
    links
        Columns ``supplier``, ``buyer``, and if they matter ``part`` and ``use``.
    plants
        Columns ``plant``, ``capacity``, and any of ``recover``, ``stock``, ``name``.
    products
        Columns ``product``, ``demand``, and any of ``loss``, ``stock``, ``name``.

    Raises
    ------
    freehold.errors.BadStack
        With every finding: holes, numbers that are none or negative, an id that stands twice or is in no table.
    freehold.errors.ReadError
        If a file cannot be read.
    """
    made = read_long_table(plants, _PLANTS, rows="plants")
    sold = read_long_table(products, _PRODUCTS, rows="products")
    able = read_long_table(links, _LINKS, rows="links")
    findings: list[Finding] = []
    places: dict[str, str] = {}
    for table, column in ((made, "plant"), (sold, "product")):
        for row in range(len(table)):
            id_ = table.texts[column][row]
            where = f"line {table.lines[row]} of {table.file}"
            first = places.setdefault(id_, where)
            if first != where:
                problem = f"'{id_}' stands in {first} too"
                findings.append(Finding(table.file, int(table.lines[row]), column, problem, "Give each an id of its own"))
    known = {"supplier": set(made.texts["plant"].values), "buyer": {*made.texts["plant"].values, *sold.texts["product"].values}}
    for column, ids in known.items():
        what = "no plant" if column == "supplier" else "neither a plant nor a product"
        for row in range(len(able)):
            id_ = able.texts[column][row]
            if id_ not in ids:
                mend = "Add it to its table, or take the link out"
                findings.append(Finding(able.file, int(able.lines[row]), column, f"'{id_}' is {what}", mend))
    if "use" in able.numbers:
        for row in np.flatnonzero(able.numbers["use"] == 0).tolist():
            mend = "Write how many units go into one, or take the link out"
            findings.append(Finding(able.file, int(able.lines[row]), "use", "is 0", mend))
    if findings:
        raise BadStack(findings[:20])
    return PlantTables(_rows(made), _rows(sold), _rows(able))


def _rows(table: LongTable) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        {name: column[row] for name, column in table.texts.items() if column[row]}
        | {name: float(column[row]) for name, column in table.numbers.items() if not np.isnan(column[row])}
        for row in range(len(table))
    )
