"""Reads who sells how much to whom, and what is known of each firm. Owns the words for columns, and that every firm is known.

A link is a row: supplier, buyer, and what the supplier sells to the buyer in any one unit. The table of firms is wanted for
sectors, countries, outputs; without it firms are those that links name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from freehold.errors import BadStack, Finding
from freehold.read.long_tables import LongTable, TextColumn, Wanted, read_cells, read_long_table
from freehold.stack.cells import nearest
from freehold.stack.countries import country_code

__all__ = ["Essentiality", "FirmTables", "numbers_of", "read_essentiality", "read_firm_links"]

_LINKS: Final = (
    Wanted("supplier", ("seller", "from", "source", "supplier_id", "seller_id", "src", "i")),
    Wanted("buyer", ("customer", "to", "target", "buyer_id", "customer_id", "user", "dst", "j")),
    Wanted("value", ("sales", "weight", "amount", "volume", "flow", "turnover", "w"), "number"),
)
_FIRMS: Final = (
    Wanted("firm", ("id", "firm_id", "company", "node")),
    Wanted("name", ("firm_name", "company_name", "title"), required=False, holes=True),
    Wanted("sector", ("nace", "nace4", "nace_code", "industry", "branch", "sector_code"), required=False, holes=True),
    Wanted("country", ("country_code", "iso2", "seat"), required=False, holes=True),
    Wanted("output", ("total_output", "production", "out"), "number", required=False, holes=True),
    Wanted("revenue", ("turnover",), "number", required=False, holes=True),
    Wanted("costs", ("material_costs", "material_cost"), "number", required=False, holes=True),
    Wanted("weight", (), "number", required=False, holes=True),
    Wanted("final_demand", ("demand", "final_use"), "number", required=False, holes=True),
    Wanted("labour", ("labor", "employees", "jobs", "persons"), "number", required=False, holes=True),
)
_ESSENTIALITY: Final = (
    Wanted("supplying", ("supplying_sector", "supplier_sector", "from", "supplier", "input", "row")),
    Wanted("using", ("using_sector", "user_sector", "buyer_sector", "to", "buyer", "user", "column")),
    Wanted("value", ("essentiality", "rating", "class"), "number", most=2.0),
)
_ANY: Final = "*"
_MOST_TOLD: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class FirmTables:
    """Firms by id in order of id, and the links between them as rows of the file; numbers are ``nan`` where not known.

    Parameters
    ----------
    file
        The file of links, as the user named it.
    firms
        Ids.
    names
        Names for people; the id where there is none.
    sectors
        ``""`` where not known.
    countries
        ISO 3166-1 alpha-2 codes; ``"?"`` where not known.
    numbers : (n,) by name
        ``output``, ``revenue``, ``costs``, ``weight``, ``final_demand``, ``labour``, as far as the table of firms has them.
    supplier, buyer : (m,)
        Firms by place.
    value : (m,)
        Sold by the supplier to the buyer.
    has_firms
        Whether a table of firms was given.
    findings
        What was noticed and is no error.
    firms_file
        The table of firms, as the user named it; ``""`` where none was given.
    lines : (n,)
        The line of each firm in it; 0 where none was given.
    """

    file: str
    firms: tuple[str, ...]
    names: tuple[str, ...]
    sectors: tuple[str, ...]
    countries: tuple[str, ...]
    numbers: Mapping[str, npt.NDArray[np.float64]]
    supplier: npt.NDArray[np.int64]
    buyer: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    has_firms: bool
    findings: tuple[Finding, ...]
    firms_file: str
    lines: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Essentiality:
    """What goods of one sector are to another, as read.

    Parameters
    ----------
    classes : (k, k)
        0 negligible, 1 non-essential, 2 essential.
    findings
        What was noticed and is no error.
    """

    classes: npt.NDArray[np.uint8]
    findings: tuple[Finding, ...]


def read_firm_links(links: Path, firms: Path | None = None) -> FirmTables:
    """Read links, and the table of firms if there is one.

    Parameters
    ----------
    links
        Columns ``supplier``, ``buyer``, ``value``, or words in use for them; CSV or Parquet.
    firms
        Columns ``firm`` and any of ``name``, ``sector``, ``country``, ``output``, ``revenue``, ``costs``,
        ``weight``, ``final_demand``, ``labour``.

    Raises
    ------
    freehold.errors.BadStack
        With every finding: holes, sales that are negative or no numbers, firms named twice or not in the table.
    freehold.errors.ReadError
        If a file cannot be read.
    freehold.errors.UsageError
        If a file is Parquet and the library for it is not installed.
    """
    table = read_long_table(links, _LINKS, rows="links")
    known = None if firms is None else _known(read_long_table(firms, _FIRMS, rows="firms"))
    ids = sorted({*table.texts["supplier"].values, *table.texts["buyer"].values} if known is None else known.places)
    place = {one: number for number, one in enumerate(ids)}
    if known is not None:
        _see_all_known(table, place, str(firms))
    supplier, buyer = (numbers_of(table.texts[name], place) for name in ("supplier", "buyer"))
    value = table.numbers["value"]
    if known is None:
        return FirmTables(
            str(links), tuple(ids), tuple(ids), ("",) * len(ids), ("?",) * len(ids), {}, supplier, buyer, value,
            has_firms=False, findings=_noticed(table, supplier, buyer, value, len(ids)), firms_file="",
            lines=np.zeros(len(ids), np.int64),
        )  # fmt: skip
    return FirmTables(
        str(links),
        tuple(ids),
        tuple(known.text("name", one) or one for one in ids),
        tuple(known.text("sector", one) for one in ids),
        tuple(known.countries[known.places[one]] for one in ids),
        known.numbers(ids),
        supplier,
        buyer,
        value,
        has_firms=True,
        findings=_noticed(table, supplier, buyer, value, len(ids)),
        firms_file=known.table.file,
        lines=known.table.lines[[known.places[one] for one in ids]],
    )


def numbers_of(column: TextColumn, place: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """The place of each row's text, where all of them have one."""
    return np.array([place.get(one, -1) for one in column.values] or [0], np.int64)[column.codes]


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """The table of firms, by id."""

    table: LongTable
    places: dict[str, int]
    countries: tuple[str, ...]

    def text(self, column: str, firm: str) -> str:
        found = self.table.texts.get(column)
        return found[self.places[firm]] if found is not None else ""

    def numbers(self, ids: list[str]) -> dict[str, npt.NDArray[np.float64]]:
        order = [self.places[one] for one in ids]
        return {name: column[order] for name, column in self.table.numbers.items()}


def _known(table: LongTable) -> _Known:
    firms, findings = table.texts["firm"], []
    places: dict[str, int] = {}
    for row, code in enumerate(firms.codes):
        first = places.setdefault(firms.values[code], row)
        if first != row:
            problem = f"'{firms.values[code]}' stands in line {table.lines[first]} too"
            findings.append(Finding(table.file, int(table.lines[row]), "firm", problem, "Keep one of them"))
    countries: list[str] = ["?"] * len(table)
    column = table.texts.get("country")
    if column is not None:
        codes = [("?" if one in ("", "?") else country_code(one)) for one in column.values]
        for row, code in enumerate(column.codes):
            found = codes[code]
            if found is None:
                problem = f"'{column.values[code]}' is no country"
                mend = "Write the two letters of ISO 3166-1, such as DE, or leave it blank if it is not known"
                findings.append(Finding(table.file, int(table.lines[row]), "country", problem, mend))
            else:
                countries[row] = found
    _refuse(findings, table.file)
    return _Known(table, places, tuple(countries))


def _refuse(findings: list[Finding], file: str) -> None:
    if len(findings) > _MOST_TOLD:
        more = Finding(file, 0, "", f"has {len(findings) - _MOST_TOLD:,} more such lines", "Mend those above first")
        findings = [*findings[:_MOST_TOLD], more]
    if findings:
        raise BadStack(findings)


def _see_all_known(table: LongTable, place: dict[str, int], firms: str) -> None:
    """Refuse links to firms that the table of firms does not have; each is told once, with the first line it stands in."""
    findings: list[Finding] = []
    for name in ("supplier", "buyer"):
        column = table.texts[name]
        for code, firm in enumerate(column.values):
            if firm in place:
                continue
            if len(findings) >= _MOST_TOLD:
                findings.append(Finding(table.file, 0, name, f"'{firm}' is no firm of {firms}", ""))
                continue
            near = nearest(firm, place) if len(place) <= 10_000 else ()
            mend = f"Did you mean '{near[0]}'?" if near else "Add it there, or take the link out"
            line = int(table.lines[int(np.argmax(column.codes == code))])
            findings.append(Finding(table.file, line, name, f"'{firm}' is no firm of {firms}", mend))
    _refuse(findings, table.file)


def _noticed(
    table: LongTable, supplier: npt.NDArray[np.int64], buyer: npt.NDArray[np.int64], value: npt.NDArray[np.float64], firms: int
) -> tuple[Finding, ...]:
    findings = []
    pairs, counts = np.unique(supplier * firms + buyer, return_counts=True)
    if len(pairs) < len(supplier):
        again = len(supplier) - len(pairs)
        doubled = pairs[counts > 1][0]
        row = int(np.flatnonzero(supplier * firms + buyer == doubled)[1])
        most = f"{table.texts['supplier'][row]} to {table.texts['buyer'][row]}"
        problem = f"{again:,} rows name a pair again (the first: {most})"
        findings.append(Finding(table.file, int(table.lines[row]), "", problem, "Rows of one pair were added up", "note"))
    own = np.flatnonzero(supplier == buyer)
    if len(own):
        problem = f"{len(own):,} links lead from a firm to itself (the first: {table.texts['supplier'][own[0]]})"
        findings.append(Finding(table.file, int(table.lines[own[0]]), "", problem, "They count like any other", "note"))
    zero = np.flatnonzero(value == 0)
    if len(zero):
        problem = f"{len(zero):,} links have sales of 0"
        findings.append(Finding(table.file, int(table.lines[zero[0]]), "value", problem, "They count as no link", "note"))
    if table.ignored:
        names = ", ".join(table.ignored[:8])
        findings.append(Finding(table.file, 1, "", f"columns that mean nothing here: {names}", "They were not read", "note"))
    return tuple(findings)


def read_essentiality(path: Path, sectors: tuple[str, ...], used: npt.NDArray[np.bool_]) -> Essentiality:
    """Read what goods of one sector are to another.

    Parameters
    ----------
    path
        A long table (``supplying``, ``using``, ``value``), where ``*`` stands for every sector that no row names; or a square
        one, a row a supplying sector and a column a using one, with sectors in the first row and the first column. CSV.
    sectors
        Sectors of the firms.
    used : (k, k)
        Pairs between which there are links: these must have a value.

    Raises
    ------
    freehold.errors.BadStack
        With every finding: a cell that is not 0, 1 or 2, a pair stated twice, a pair that is used and not stated.
    freehold.errors.ReadError
        If it cannot be read.
    """
    place = {one: number for number, one in enumerate(sectors)}
    stated = np.full((len(sectors), len(sectors)), -1, dtype=np.int16)
    if path.suffix.lower() in (".parquet", ".pq") or not _is_square(path):
        lines = _long(read_long_table(path, _ESSENTIALITY, rows="pairs of sectors"), place, stated)
    else:
        lines = _square(path, place, stated)
    missing = np.argwhere((stated < 0) & used)
    findings = [
        Finding(
            str(path), 0, "", f"says nothing of what sector '{sectors[one]}' is to '{sectors[other]}'",
            "Add it, or a row *,*,1 for all that no row names",
        )
        for one, other in missing[: _MOST_TOLD]
    ]  # fmt: skip
    if len(missing) > _MOST_TOLD:
        findings.append(Finding(str(path), 0, "", f"lacks {len(missing) - _MOST_TOLD:,} more pairs", "Add them"))
    _refuse(findings, str(path))
    return Essentiality(np.maximum(stated, 0).astype(np.uint8), _not_had(str(path), lines, place))


def _not_had(file: str, lines: Mapping[str, int], place: Mapping[str, int]) -> tuple[Finding, ...]:
    """Sectors of the table, each with its first line, that no firm has: a misspelt one would else go unseen."""
    strange = sorted((line, sector) for sector, line in lines.items() if sector not in place and sector != _ANY)
    if not strange:
        return ()
    names = ", ".join(f"'{sector}'" for _, sector in strange[:8]) + (", …" if len(strange) > 8 else "")
    problem = f"no firm has the sector {names}"
    if len(strange) > 1:
        problem = f"no firm has {len(strange):,} of its sectors: {names}"
    return (Finding(file, strange[0][0], "", problem, "What it says of them counts for nothing", "note"),)


def _is_square(path: Path) -> bool:
    rows = read_cells(path)
    words = {one for column in _ESSENTIALITY for one in (column.name, *column.also)}
    return bool(rows) and sum("_".join(cell.casefold().split()) in words for cell in rows[0][1]) < 2


def _long(table: LongTable, place: dict[str, int], stated: npt.NDArray[np.int16]) -> dict[str, int]:
    supplying, using, value = table.texts["supplying"], table.texts["using"], table.numbers["value"]
    findings = [
        Finding(table.file, int(table.lines[row]), "value", f"{value[row]:g} is not 0, 1 or 2", "Write one of these")
        for row in np.flatnonzero(value != np.floor(value))
    ]
    seen: dict[tuple[str, str], int] = {}
    for row in range(len(table)):
        first = seen.setdefault((supplying[row], using[row]), row)
        if first != row and value[first] != value[row]:
            problem = f"'{supplying[row]}' to '{using[row]}' has another value in line {table.lines[first]}"
            findings.append(Finding(table.file, int(table.lines[row]), "", problem, "Keep one of them"))
    _refuse(findings, table.file)
    # the most general first, so that what is more exact is written over it
    for (one, other), row in sorted(seen.items(), key=lambda pair: -(pair[0][0] == _ANY) - (pair[0][1] == _ANY)):
        down = slice(None) if one == _ANY else place.get(one)
        across = slice(None) if other == _ANY else place.get(other)
        if down is not None and across is not None:
            stated[down, across] = int(value[row])
    lines: dict[str, int] = {}
    for pair, row in seen.items():
        for sector in pair:
            lines.setdefault(sector, int(table.lines[row]))
    return lines


def _square(path: Path, place: dict[str, int], stated: npt.NDArray[np.int16]) -> dict[str, int]:
    rows = read_cells(path)
    heading = rows[0][1][1:]
    findings = []
    seen: dict[str, int] = {}
    for line, (sector, *cells) in rows[1:]:
        if sector in seen:
            findings.append(Finding(str(path), line, "", f"sector '{sector}' stands twice", "Keep one of the rows"))
        seen.setdefault(sector, line)
        if len(cells) != len(heading):
            mend = "Write one cell for each sector of the first row"
            findings.append(Finding(str(path), line, "", f"has {len(cells)} values for {len(heading)} sectors", mend))
            continue
        for other, cell in zip(heading, cells, strict=True):
            if cell not in ("0", "1", "2", "0.0", "1.0", "2.0"):
                findings.append(Finding(str(path), line, other, f"'{cell}' is not 0, 1 or 2", "Write one of these"))
            elif sector in place and other in place:
                stated[place[sector], place[other]] = int(cell[0])
    _refuse(findings, str(path))
    return seen | dict.fromkeys(heading, rows[0][0])
