"""How large a grid a packed spreadsheet spans, told before a library lays it out. Owns the bounds, and no cell's content.

The library makes a grid of all that lies between the first cell and the last, so one cell at the far corner of a sheet,
or one that is repeated, would take more memory than there is; and what it cannot get ends the whole program. What is told
here is never less than what would be laid out. Forms as in ECMA-376 (``c/@r``) and OpenDocument 1.3 (``number-…-repeated``).
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["cells_of_document", "cells_of_sheet"]

_DIGITS: Final = 9
_LETTERS: Final = 5
_FAR: Final = 10**_DIGITS
_CELL: Final = re.compile(
    # only a reference that stands first is taken for one: what stands further on may be within another attribute's text
    rb"<(?:[\w.-]+:)?c(?=[\s/>])(?:\s+r\s*=\s*[\"']\$?([A-Za-z]+)\$?(\d+)[\"'])?"
    rb"((?:[^<>\"'/]++|/(?!>)|\"[^\"<]*+\"|'[^'<]*+')*+/>)?"
)
_ROW: Final = re.compile(rb"<(?:[\w.-]+:)?row(?=[\s/>])")
_ANY_REFERENCE: Final = re.compile(rb"\sr\s*=\s*[\"']\s*\$?([A-Za-z]*)\$?(\d+)")
_TAG: Final = re.compile(
    rb"<(/?)table:(table-row|table-cell|covered-table-cell|table)(?=[\s/>])((?:[^<>\"'/]++|/(?!>)|\"[^\"<]*+\"|'[^'<]*+')*+)(/?)>"
)
_ANY_TAG: Final = re.compile(rb"</?table:(?:table-row|table-cell|covered-table-cell|table)(?=[\s/>])")
_ASIDE: Final = ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"))
_REPEATED: Final = re.compile(rb"number-(?:columns|rows)-repeated\s*=\s*[\"']\s*\+?(\d+)")
_VALUE: Final = re.compile(rb"value|formula")


def cells_of_sheet(part: bytes) -> int:
    """Cells of the grid that a part of an Excel workbook spans; 0 if it holds none.

    Parameters
    ----------
    part
        Any part of the archive, unpacked.
    """
    columns: set[bytes] = set()
    last = implied = 0
    for letters, digits, empty in _CELL.findall(part):
        if not letters:
            implied += 1
        elif not empty:
            columns.add(letters)
            last = max(last, _number(digits))
    width = max(map(_column, columns), default=0)
    if implied:
        part = _bare(part)
        # a cell without a reference stands beside the one before, and a row below the one before
        others = _ANY_REFERENCE.findall(part)
        width = max([width, *map(_column, {letters for letters, _ in others})])
        last = max([last, *map(_number, {digits for _, digits in others})])
        width += max(len(_CELL.findall(row)) for row in _ROW.split(part))
        last += len(_ROW.findall(part))
    return width * last


def cells_of_document(content: bytes) -> int:
    """Cells of the grids that the content of an OpenDocument file spans, with all that is repeated."""
    content = _bare(content)
    told = height = waiting = widest = width = filled = 0
    repeated = 1
    tags = _TAG.findall(content)
    if len(tags) < len(_ANY_TAG.findall(content)):
        return _FAR
    for closing, name, attributes, alone in tags:
        if name == b"table":
            told, height, waiting, widest = told + height * widest, 0, 0, 0
        elif name == b"table-row":
            if not closing:
                width, filled, repeated = 0, 0, _repeated(attributes)
            if closing or alone:
                waiting += repeated
                if filled:
                    height, waiting, widest = height + waiting, 0, max(widest, filled)
                    filled = 0
        elif not closing:
            width += _repeated(attributes)
            if not alone or _VALUE.search(attributes):
                filled = width
    return told + max(height, 1) * max(widest, filled)


def _bare(text: bytes) -> bytes:
    """The text without comments and without what is no markup, in which tags could stand that are none."""
    for opening, closing in _ASIDE:
        if opening not in text:
            continue
        kept, at = [], 0
        while (start := text.find(opening, at)) >= 0:
            end = text.find(closing, start)
            kept.append(text[at:start])
            at = end + len(closing) if end >= 0 else len(text)
        text = b"".join([*kept, text[at:]])
    return text


def _repeated(attributes: bytes) -> int:
    return max((_number(digits) for digits in _REPEATED.findall(attributes)), default=1)


def _number(digits: bytes) -> int:
    digits = digits.lstrip(b"0")
    return int(digits or b"0") if len(digits) <= _DIGITS else _FAR


def _column(letters: bytes) -> int:
    if len(letters) > _LETTERS:
        return _FAR
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
