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
    from collections.abc import Sequence

__all__ = ["LARGEST_LAYER", "read_layers"]

LARGEST_LAYER: Final = 64 * 1024 * 1024
"""Bytes: the largest file of a layer that is read."""

_UNDATED: Final = ("", "")


def read_layers(folder: Path | None = None) -> tuple[tuple[Reference, ...], tuple[FactLine, ...]]:
    """Read the references, and the lines of facts, of all layers of a folder, in the order of the layers' names.

    Parameters
    ----------
    folder
        Where the layers are; without it, the catalogue that comes with Freehold.

    Raises
    ------
    freehold.errors.Unreadable
        If the folder or a file of it cannot be read, is not UTF-8 or is a link out of the folder.
    freehold.errors.TooLarge
        If a file has more than :data:`LARGEST_LAYER` bytes.
    freehold.errors.CatalogueError
        If a file has not the columns of its sort, or a line not as many cells; all such lines at once.
    """
    place = Path(__file__).parent / "data" if folder is None else Path(folder)
    if not place.is_dir():
        raise Unreadable(f"{place} is not a folder. Name a folder with facts-*.csv and references-*.csv.")
    findings: list[Finding] = []
    references: list[Reference] = []
    for path in sorted(place.glob("references-*.csv")):
        for row, (id_, title, publisher, host, rest, published, read) in _lines(path, REFERENCE_COLUMNS, findings):
            references.append(Reference(id_, title, publisher, host, rest, published, read, path.name, row))
    dates = {reference.id: reference.published or reference.read for reference in references}
    facts: list[FactLine] = []
    for path in sorted(place.glob("facts-*.csv")):
        name = path.name
        for row, cells in _lines(path, FACT_COLUMNS, findings, OPTIONAL_FACT_COLUMNS):
            table, id_, attribute, value, reference_id, date, says, *dated = cells
            since, until = dated or _UNDATED
            stated = date or dates.get(reference_id, "")
            facts.append((table, id_, attribute, value, reference_id, stated, says, name, row, since, until))
    if findings:
        raise CatalogueError(findings)
    return tuple(references), tuple(facts)


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
