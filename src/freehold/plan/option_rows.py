"""Options as they stand in a file, before they are understood. Owns the two spellings: TOML, and a table of one row an option.

In a table, lists are separated by ``;``. What an option changes is written in words: ``source 0.5`` (activate, with a
share), ``source > item 90d`` (cover), ``source 0.8`` (capacity), ``source 3d`` (recover), ``source 0.9`` (quality),
``source > item 0.2`` (spare), ``90d 0.3`` (slip). Columns that begin with ``source.`` state one new source, ``source.needs``
what it needs (``item``, or ``item 90d`` with its cover); columns that begin with ``reference.`` where the facts come from.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from freehold.errors import BadOptions, BadStack, Finding
from freehold.plan.option_schema import CHANGES, NEW_THINGS, OPTION_KEYS, REFERENCE, SLIP, SOURCE_COLUMNS
from freehold.stack.cells import nearest, shown
from freehold.stack.csv_folder import plain
from freehold.stack.rows import Row, name_sources
from freehold.stack.schema import TABLES
from freehold.stack.toml_file import TableRows
from freehold.stack.toml_text import BadToml, parse_toml

__all__ = ["OptionRow", "csv_columns", "csv_rows", "toml_rows"]

_REFERENCE_COLUMNS: Final = "reference."
_NEEDS: Final = SOURCE_COLUMNS + "needs"
_SEE: Final = "See docs/guides/write-options.md for the form"
_MOST_FINDINGS: Final = 50


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One option as a file holds it.

    Parameters
    ----------
    cells
        Raw values by key; changes, slips and the reference as lists and tables, in both spellings.
    new
        Rows of the tables of a stack that come with it.
    file, line, lines
        Where it stands, and where single keys do.
    """

    cells: Mapping[str, object]
    new: tuple[Row, ...]
    file: str
    line: int
    lines: Mapping[str, int] = field(default_factory=dict)

    def finding(self, key: str, problem: str, mend: str) -> Finding:
        """An error of this option."""
        name = self.cells.get("id")
        said = f"option {shown(name)}: {problem}" if name not in (None, "") else problem
        return Finding(self.file, self.lines.get(key, self.line), key, said, mend)


def toml_rows(text: str, file: str) -> list[OptionRow]:
    """Split the text of a TOML file into options.

    Raises
    ------
    freehold.errors.BadOptions
        If it is not TOML, or its tables are not those of an options file.
    """
    try:
        data = parse_toml(text)
    except BadToml as error:
        problem = f"is nested too deeply: {error.problem}" if error.deep else f"is not TOML: {error.problem}"
        raise BadOptions([Finding(file, error.line, "", problem, "Flatten it" if error.deep else _SEE)]) from None
    tables = TableRows(text, file, "option.")
    for name in data:
        if name != "option":
            mend = (
                "Did you mean 'option'?" if nearest(name, ["option"]) else "An options file has [[option]] tables and no others"
            )
            raise BadOptions([Finding(file, tables.place(name)[0], "", f"'{name}' is no table of an options file", mend)])
    options = data.get("option", [])
    if not isinstance(options, list) or not all(isinstance(one, dict) for one in options):
        raise BadOptions(
            [
                Finding(
                    file, tables.place("option")[0], "option", "is not a list of tables", "Write [[option]] with two brackets"
                )
            ]
        )
    found = []
    for cells in options:
        line, lines = tables.place("option")
        new = {name: cells[name] for name in NEW_THINGS if name in cells}
        own = {name: value for name, value in cells.items() if name not in NEW_THINGS}
        try:
            rows = tuple(tables.of_tables(new, line))
        except BadStack as error:
            raise BadOptions(error.findings) from None
        found.append(OptionRow(own, rows, file, line, lines))
    return found


def csv_columns() -> tuple[str, ...]:
    """Every column that a table of options may have."""
    sources = (column.name for column in TABLES["sources"] if column.name not in ("status", "share"))
    return (
        *(key.name for key in OPTION_KEYS), "slip", *CHANGES, *(SOURCE_COLUMNS + name for name in sources), _NEEDS,
        *(_REFERENCE_COLUMNS + key.name for key in REFERENCE),
    )  # fmt: skip


def csv_rows(text: str, file: str) -> list[OptionRow]:
    """Split the text of a CSV file into options.

    Raises
    ------
    freehold.errors.BadOptions
        If it is not CSV, or has columns that say nothing of an option.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    findings: list[Finding] = []
    found: list[OptionRow] = []
    try:
        header = _header(next(reader, []), file)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                problem = f"has {len(cells)} cells; the header has {len(header)}"
                findings.append(Finding(file, reader.line_num, "", problem, "Check for a missing or unquoted comma"))
            else:
                row = dict(zip(header, map(plain, cells), strict=True))
                found.append(_csv_option(row, file, reader.line_num, findings))
            if len(findings) > _MOST_FINDINGS:
                break
    except csv.Error as error:
        findings.append(Finding(file, reader.line_num, "", f"is not CSV: {error}", "Save it as CSV with commas and quotes"))
    if findings:
        raise BadOptions(findings)
    return found


def _header(cells: Sequence[str], file: str) -> list[str]:
    header = [name.strip() for name in cells]
    known = csv_columns()
    doubled = sorted(name for name, count in Counter(header).items() if count > 1)
    if not any(header):
        raise BadOptions([Finding(file, 1, "", "is empty", "Begin it with a line of column names: id, name, cost_once, …")])
    findings = [Finding(file, 1, name, "stands twice in the header", "Leave one of them out") for name in doubled]
    for name in [name for name in header if name not in known][:_MOST_FINDINGS]:
        near = nearest(name, known)
        mend = f"Did you mean '{near[0]}'?" if near else f"Columns of options: {', '.join(known)}"
        findings.append(Finding(file, 1, name, "is not a column of options", mend))
    if findings:
        raise BadOptions(findings)
    return header


def _csv_option(row: Mapping[str, str], file: str, line: int, findings: list[Finding]) -> OptionRow:
    cells: dict[str, object] = {}
    made = OptionRow({"id": row.get("id")}, (), file, line)
    for name, text in row.items():
        if name.startswith((SOURCE_COLUMNS, _REFERENCE_COLUMNS)) or not text.strip():
            continue
        keys = SLIP if name == "slip" else CHANGES.get(name)
        if keys is None:
            cells[name] = text
            continue
        entries = []
        for part in text.split(";"):
            if part.strip():
                entry = _entry(part, [key.name for key in keys])
                if entry is None:
                    findings.append(made.finding(name, f"{shown(part.strip())} is not understood", f"Write {_FORMS[name]}"))
                else:
                    entries.append(entry)
        cells[name] = entries
    reference = {
        name.removeprefix(_REFERENCE_COLUMNS): text
        for name, text in row.items()
        if name.startswith(_REFERENCE_COLUMNS) and text.strip()
    }
    if reference:
        cells["reference"] = reference
    return OptionRow(cells, tuple(_csv_source(row, file, line)), file, line)


_FORMS: Final[Mapping[str, str]] = {
    "activate": "source, or source 0.5", "cover": "source > item 90d", "capacity": "source 0.8", "recover": "source 3d",
    "quality": "source 0.9", "spare": "source > item 0.2", "slip": "90d 0.3",
}  # fmt: skip


def _entry(text: str, keys: Sequence[str]) -> dict[str, Any] | None:
    """An entry such as ``source > item 90d``: ids and amounts hold no blanks."""
    words = text.replace(" > ", " ").split()
    if ("item" in keys) != (" > " in text):
        return None
    if keys[-1] == "share" and len(words) == 1:
        return {keys[0]: words[0]}
    return dict(zip(keys, words, strict=True)) if len(words) == len(keys) else None


def _csv_source(row: Mapping[str, str], file: str, line: int) -> Iterator[Row]:
    cells: dict[str, Any] = {
        name.removeprefix(SOURCE_COLUMNS): text
        for name, text in row.items()
        if name.startswith(SOURCE_COLUMNS) and name != _NEEDS and text.strip()
    }
    needs = [part.split() for part in row.get(_NEEDS, "").split(";") if part.strip()]
    if not cells and not needs:
        return
    name_sources([cells])
    yield Row("sources", cells, file, line)
    for words in needs:
        need = {"source": cells["id"], "item": words[0]} | ({"survive": " ".join(words[1:])} if len(words) > 1 else {})
        yield Row("needs", need, file, line)
