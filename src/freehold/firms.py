"""Tables of firms and plants as the values that measures ask of. Owns the seam between columns and networks.

What a question needs and the tables do not say is told, with the column that says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from freehold.errors import BadStack, Finding, TooLarge, UnknownId, UsageError
from freehold.measure.exposure_program import Plant, Plants, Product, Supply
from freehold.measure.firm_network import FirmNetwork, firm_network
from freehold.measure.firm_shocks import Shock
from freehold.measure.leontief import InputTable, grouped, input_table
from freehold.read.firm_links import Essentiality, FirmTables, read_essentiality, read_firm_links
from freehold.read.plant_tables import read_plant_tables
from freehold.stack.cells import nearest
from freehold.stack.countries import expand, is_region

__all__ = ["GROUPS", "MOST_SECTORS", "Firms", "Group", "read_firms", "read_plants"]

Group: TypeAlias = Literal["firm", "sector", "country", "country-sector"]

GROUPS: Final[tuple[Group, ...]] = ("firm", "sector", "country", "country-sector")
"""Rows that a table of inputs may have."""

MOST_SECTORS: Final = 5_000
"""Different sectors of one network: a table of sectors by sectors is made of them."""


@dataclass(frozen=True, eq=False)
class Firms:
    """Firms and their links, as read.

    Parameters
    ----------
    tables
        What was read.
    essentiality
        A table by sectors, or one class for every pair.
    """

    tables: FirmTables
    essentiality: Path | Literal[0, 1, 2] = 1

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids, in order."""
        return self.tables.firms

    @cached_property
    def place(self) -> dict[str, int]:
        """Places by id."""
        return {one: place for place, one in enumerate(self.ids)}

    @cached_property
    def network(self) -> FirmNetwork:
        """The network for :func:`freehold.measure.systemic.systemic`.

        Without sectors each firm is one of its own: nobody can replace it.

        Raises
        ------
        freehold.errors.BadStack
            If some firms have a sector and others none, or the table of essentiality lacks a pair that is used.
        freehold.errors.TooLarge
            If there are more than :data:`MOST_SECTORS` sectors.
        """
        tables = self.tables
        if not any(tables.sectors):
            if isinstance(self.essentiality, Path):
                raise UsageError(
                    f"{self.essentiality} is by sector, and no firm has one. Name a table with the columns firm,sector: "
                    "--firms FILE"
                )
            # one class for all needs no table of firms by firms; with essential inputs each supplier has a group of its own
            return self._without_sectors(self.essentiality)
        _, sectors = self._by_sector
        return firm_network(
            tables.supplier, tables.buyer, tables.value, sectors, self._sector_table.classes,
            revenue=self._known("revenue"), costs=self._known("costs"),
        )  # fmt: skip

    @property
    def sector_findings(self) -> tuple[Finding, ...]:
        """What was noticed in the table of essentiality and is no error; it is read with :attr:`network`."""
        return self._sector_table.findings if isinstance(self.essentiality, Path) else ()

    @cached_property
    def _by_sector(self) -> tuple[list[str], npt.NDArray[np.int64]]:
        """Sectors in order, and that of each firm."""
        tables = self.tables
        blank = [place for place, sector in enumerate(tables.sectors) if not sector]
        if blank:
            _refuse_holes(tables, blank, "sector", "Write its sector, or one that it alone has")
        names = sorted(set(tables.sectors))
        if len(names) > MOST_SECTORS:
            raise TooLarge(
                f"{tables.firms_file}, column 'sector': {len(names):,} different sectors are more than the most, "
                f"{MOST_SECTORS:,}. Write coarser ones, such as the first digits of a code, or take the column out: then each "
                "firm is a sector of its own."
            )
        number = {one: place for place, one in enumerate(names)}
        return names, np.array([number[one] for one in tables.sectors], dtype=np.int64)

    @cached_property
    def _sector_table(self) -> Essentiality:
        names, sectors = self._by_sector
        if not isinstance(self.essentiality, Path):
            return Essentiality(np.full((len(names), len(names)), self.essentiality, dtype=np.uint8), ())
        used = np.zeros((len(names), len(names)), dtype=bool)
        used[sectors[self.tables.supplier], sectors[self.tables.buyer]] = True
        return read_essentiality(self.essentiality, tuple(names), used)

    def _without_sectors(self, essentiality: Literal[0, 1, 2]) -> FirmNetwork:
        tables, size = self.tables, len(self.ids)
        most = 4_000
        if essentiality == 2 and size > most:
            raise UsageError(
                f"{size:,} firms without sectors cannot all be essential to each other (most: {most:,}). "
                "Name a table with the columns firm,sector: --firms FILE"
            )
        alone = np.arange(size) if essentiality == 2 else np.zeros(size, dtype=np.int64)
        kinds = size if essentiality == 2 else 1
        classes = np.full((kinds, kinds), essentiality, dtype=np.uint8)
        return firm_network(tables.supplier, tables.buyer, tables.value, alone, classes, markets=np.arange(size))

    def _known(self, name: str) -> npt.NDArray[np.float64] | None:
        found = self.tables.numbers.get(name)
        return None if found is None else np.nan_to_num(found, nan=0.0)

    @cached_property
    def weights(self) -> npt.NDArray[np.float64] | None:
        """Of firms: as stated, else their output or revenue; ``None`` where sales to others are all that is known.

        Raises
        ------
        freehold.errors.BadStack
            If some firms have a weight and others none.
        """
        for name in ("weight", "output", "revenue"):
            found = self.tables.numbers.get(name)
            if found is None or bool(np.isnan(found).all()):
                continue
            blank = np.flatnonzero(np.isnan(found)).tolist()
            if blank:
                _refuse_holes(self.tables, blank, name, f"Write its {name} (0 if it does not count), or take the column out")
            return found
        return None

    def shock(self, parts: Sequence[tuple[str, float]], countries: Sequence[str] = ()) -> Shock:
        """One shock of firms, each with the part of its output that is lost, and of all firms of countries.

        Raises
        ------
        freehold.errors.UnknownId
            If a firm is not there.
        freehold.errors.UsageError
            If a country is none, or no firm is of it; or a part is not within 0 and 1.
        """
        lost: dict[int, float] = {}
        for country in countries:
            lost |= dict.fromkeys(self._of_country(country), 1.0)
        for firm, part in parts:
            if firm not in self.place:
                near = nearest(firm, self.place) if len(self.place) <= 100_000 else ()
                raise UnknownId("firm", firm, near, where="freehold systemic LINKS --full")
            if not 0 <= part <= 1:
                raise UsageError(f"--shock {firm}={part:g}: write the part that is lost, from 0 to 1, such as {firm}=0.4.")
            lost[self.place[firm]] = part
        places = sorted(lost)
        name = " + ".join(
            [*(one.upper() for one in countries), *(firm if part == 1 else f"{firm}={part:g}" for firm, part in parts)]
        )
        return Shock.of(places, [lost[one] for one in places], id=name)

    def _of_country(self, country: str) -> list[int]:
        code = country.strip().upper()
        if not is_region(code):
            raise UsageError(f"--country: '{country}' is no country and no group. Write two letters such as DE, or EU.")
        members = expand([code])
        found = [place for place, seat in enumerate(self.tables.countries) if seat in members]
        if not found:
            known = sorted(set(self.tables.countries) - {"?"})
            mend = (
                f"Countries there are: {', '.join(known[:20])}."
                if known
                else "Name a table with the columns firm,country: --firms FILE"
            )
            raise UsageError(f"--country {code}: no firm is of it. {mend}")
        return found

    def input_table(self, by: Group) -> InputTable:
        """The table of inputs whose rows are firms, sectors, countries, or sectors of countries.

        Raises
        ------
        freehold.errors.FreeholdError
            If what rows are made by is not known, or outputs and sales do not agree.
        """
        tables = self.tables
        table = input_table(
            tables.firms, tables.supplier, tables.buyer, tables.value, countries=tables.countries,
            output=tables.numbers.get("output", tables.numbers.get("revenue")), final_demand=tables.numbers.get("final_demand"),
            labour=tables.numbers.get("labour"),
        )  # fmt: skip
        if by == "firm":
            return table
        blank = [place for place, sector in enumerate(tables.sectors) if not sector]
        if by != "country" and not any(tables.sectors):
            raise UsageError(
                f"--inputs {by}: no firm has a sector. Name a table with the columns firm,sector: --firms FILE, or use "
                "--inputs firm."
            )
        if by != "country" and blank:
            _refuse_holes(tables, blank, "sector", "Write its sector, or use --inputs firm")
        if by == "country" and set(tables.countries) == {"?"}:
            raise UsageError(
                "--inputs country: no firm has a country. Name a table with the columns firm,country: --firms FILE"
            )
        keys = {
            "sector": tables.sectors,
            "country": tables.countries,
            "country-sector": tuple(f"{one} {two}" for one, two in zip(tables.countries, tables.sectors, strict=True)),
        }
        return grouped(table, keys[by])


def _refuse_holes(tables: FirmTables, blank: Sequence[int], column: str, mend: str) -> None:
    """Refuse firms that have nothing in a column of the table of firms, in the order of its lines."""
    file, lines = tables.firms_file, tables.lines
    some = [
        Finding(file, int(lines[place]), column, f"'{tables.firms[place]}' has none", mend)
        for place in sorted(blank, key=lambda place: int(lines[place]))[:10]
    ]
    if len(blank) > 10:
        some.append(Finding(file, 0, column, f"{len(blank) - 10:,} more firms have none", mend))
    raise BadStack(some)


def read_firms(links: str | Path, firms: str | Path | None = None, essentiality: str | Path | Literal[0, 1, 2] = 1) -> Firms:
    """Read a network of firms.

    Parameters
    ----------
    links
        A CSV or Parquet file with the columns ``supplier``, ``buyer``, ``value``.
    firms
        One with the columns ``firm`` and any of ``name``, ``sector``, ``country``, ``output``, ``weight``, ``revenue``,
        ``costs``, ``final_demand``, ``labour``.
    essentiality
        A table of what goods of one sector are to another (0 negligible, 1 non-essential, 2 essential), or one of these for
        every pair.

    Raises
    ------
    freehold.FreeholdError
        If a file cannot be read, or is not sound.
    """
    tables = read_firm_links(Path(links), None if firms is None else Path(firms))
    return Firms(tables, essentiality if isinstance(essentiality, int) else Path(essentiality))


def read_plants(links: str | Path, plants: str | Path, products: str | Path) -> Plants:
    """Read plants, products, and who can deliver to whom.

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
    freehold.FreeholdError
        If a file cannot be read, or is not sound.
    """
    read = read_plant_tables(Path(links), Path(plants), Path(products))
    return Plants(
        tuple(
            Plant(one["plant"], one["capacity"], one.get("stock", 0.0), one.get("recover", 1.0), one.get("name", one["plant"]))
            for one in read.plants
        ),
        tuple(
            Product(one["product"], one["demand"], one.get("stock", 0.0), one.get("loss", 1.0), one.get("name", one["product"]))
            for one in read.products
        ),
        tuple(Supply(one["supplier"], one["buyer"], one.get("part", ""), one.get("use", 1.0)) for one in read.links),
    )
