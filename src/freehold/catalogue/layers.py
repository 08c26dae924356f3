"""Layers read from their CSV files. Owns the file format: names, columns, encoding, limits, line numbers."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold.catalogue.schema import FACT_COLUMNS, OPTIONAL_FACT_COLUMNS, REFERENCE_COLUMNS
from freehold.catalogue.values import FactLine, Reference
from freehold.errors import CatalogueError, Finding, TooLarge, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["LARGEST_LAYER", "PACKAGES", "read_layers", "read_packages"]

LARGEST_LAYER: Final = 64 * 1024 * 1024
"""Bytes: the largest file of a layer that is read."""

PACKAGES: Final = "facts-packages.csv"
"""The largest layer: facts on packages alone, which most questions never need. It counts after all others."""
_UNDATED: Final = ("", "")


def read_layers(folder: Path | None = None) -> tuple[tuple[Reference, ...], tuple[FactLine, ...]]:
    """Read the references, and the lines of facts, of all layers of a folder but that of packages.

    Parameters
    ----------
    folder
        Where the layers are; without it, the catalogue that comes with Freehold.

    Returns
    -------
    tuple
        Of references and of facts, in the order of the layers' names.

    Raises
    ------
    freehold.errors.Unreadable
        If the folder or a file of it cannot be read, is not UTF-8 or is a link out of the folder.
    freehold.errors.TooLarge
        If a file has more than :data:`LARGEST_LAYER` bytes.
    freehold.errors.CatalogueError
        If a file has not the columns of its sort, or a line not as many cells; all such lines at once.
    """
    place = _place(folder)
    if not place.is_dir():
        raise Unreadable(f"{place} is not a folder. Name a folder with facts-*.csv and references-*.csv.")
    findings: list[Finding] = []
    references: list[Reference] = []
    for path in sorted(place.glob("references-*.csv")):
        for row, (id_, title, publisher, host, rest, published, read) in _lines(path, REFERENCE_COLUMNS, findings):
            references.append(Reference(id_, title, publisher, host, rest, published, read, path.name, row))
    dates = _dates(references)
    facts: list[FactLine] = []
    for path in sorted(place.glob("facts-*.csv")):
        if path.name != PACKAGES:
            facts += _facts(path, dates, findings)
    if findings:
        raise CatalogueError(findings)
    return tuple(references), tuple(facts)


def read_packages(references: Iterable[Reference], folder: Path | None = None) -> tuple[FactLine, ...]:
    """Read the lines of the layer of packages; none if the folder has no such layer.

    Parameters
    ----------
    references
        Those of all layers, which date the facts.
    folder
        As for :func:`read_layers`.

    Raises
    ------
    freehold.errors.FreeholdError
        As :func:`read_layers` does, and if a line is not about a package.
    """
    path = _place(folder) / PACKAGES
    if not path.is_file():
        return ()
    findings: list[Finding] = []
    facts = _facts(path, _dates(references), findings)
    mend = f"Move the line to another layer: {PACKAGES} is for packages alone."
    findings += [
        Finding(path.name, one[8], "table", f"'{one[0]}' is not 'package'", mend) for one in facts if one[0] != "package"
    ]
    if findings:
        raise CatalogueError(findings)
    return tuple(facts)


def _place(folder: Path | None) -> Path:
    return Path(__file__).parent / "data" if folder is None else Path(folder)


def _dates(references: Iterable[Reference]) -> dict[str, str]:
    return {reference.id: reference.published or reference.read for reference in references}


def _facts(path: Path, dates: Mapping[str, str], findings: list[Finding]) -> list[FactLine]:
    name, facts = path.name, list[FactLine]()
    for row, cells in _lines(path, FACT_COLUMNS, findings, OPTIONAL_FACT_COLUMNS):
        table, id_, attribute, value, reference, date, says, *dated = cells
        since, until = dated or _UNDATED
        stated = date or dates.get(reference, "")
        facts.append((table, id_, attribute, value, reference, stated, says, name, row, since, until))
    return facts


def _lines(
    path: Path, columns: Sequence[str], findings: list[Finding], optional: Sequence[str] = ()
) -> list[tuple[int, list[str]]]:
    """Give the line number and the cells of each record, in the order of the columns; of the optional ones all or none."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        header = next(reader, [])
        if tuple(header) not in (tuple(columns), (*columns, *optional)):
            more = f", or with ,{','.join(optional)} after it" if optional else ""
            mend = f"Write the header {','.join(columns)}{more}."
            findings.append(Finding(path.name, 1, "", f"the columns are '{','.join(header)[:200]}'", mend))
            return []
        start = reader.line_num + 1
        wanted = len(header)
        for cells in reader:
            if len(cells) == wanted:
                found.append((start, cells))
            elif cells:
                mend = "Quote cells that hold a comma, and write one cell for each column."
                findings.append(Finding(path.name, start, "", f"{len(cells)} cells where {wanted} are due", mend))
            start = reader.line_num + 1
    except csv.Error as error:
        mend = "Close every quote, and double the quotes within a cell."
        findings.append(Finding(path.name, max(reader.line_num, 1), "", f"not valid CSV ({error})", mend))
    return found


def _text(path: Path) -> str:
    try:
        if path.is_symlink() and path.resolve().parent != path.parent.resolve():
            raise Unreadable(f"{path} is a link out of its folder. Put the file itself there.")
        size = path.stat().st_size
        if size > LARGEST_LAYER:
            raise TooLarge(f"{path} has {size:,} bytes, over the limit of {LARGEST_LAYER:,}. Split the layer.")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
