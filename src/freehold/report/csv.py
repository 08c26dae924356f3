"""The main table of an answer as CSV. Owns the spelling of ranges and of cells that a spreadsheet would run.

A range takes two columns, ``NAME_low`` and ``NAME_high``. What is not known, and what there is none of, is an empty cell.
"""

from __future__ import annotations

import csv
import io
import math
from typing import Final

from freehold.report.clean import clean
from freehold.report.interface import Cell, Document, Look, NotKnown, Range, Table

__all__ = ["CsvFace"]

_FORMULA: Final = tuple("=+-@＝＋－＠")
"""Signs that a spreadsheet takes for the beginning of a formula; in some languages the wide ones too."""


class CsvFace:
    """CSV after RFC 4180, UTF-8, line feeds; text that begins like a formula gets an apostrophe before it."""

    name = "csv"
    media_type = "text/csv; charset=utf-8; header=present"

    def render(self, document: Document, look: Look) -> str:  # noqa: ARG002  a face's signature
        """Write the main table."""
        table = document.main
        wide = _wide(table)
        names = [
            name
            for place, column in enumerate(table.columns)
            for name in ((f"{column.name}_low", f"{column.name}_high") if place in wide else (column.name,))
        ]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        for row in table.rows:
            cells: list[str] = []
            for place, cell in enumerate(row.cells):
                if place in wide:
                    both = (cell.low, cell.high) if isinstance(cell, Range) else (cell, cell)
                    cells += [_text(one) for one in both]
                else:
                    cells.append(_text(cell))
            writer.writerow(cells)
        return out.getvalue()


def _wide(table: Table) -> frozenset[int]:
    """Columns that hold ranges anywhere."""
    return frozenset(place for row in table.rows for place, cell in enumerate(row.cells) if isinstance(cell, Range))


def _text(cell: Cell) -> str:
    if cell is None or isinstance(cell, NotKnown):
        return ""
    if isinstance(cell, str):
        text = clean(cell)
        return "'" + text if text.startswith(_FORMULA) else text
    if isinstance(cell, float):
        return "" if math.isinf(cell) else f"{round(cell, 12):.12g}"
    return str(cell)
