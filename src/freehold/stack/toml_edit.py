"""A stack file changed in place: rows added, cells set, and every other character left as it was. Owns where a cell stands.

Rows that are added stand at the end, each as a table of its own. A cell of a need that is written within its source's list
is set there. Whatever comes out is read again before it is given back: it says just what was meant, or nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from freehold.errors import BadStack, StackError
from freehold.stack.rows import Row, name_sources
from freehold.stack.toml_file import cell_text, parse_rows, row_text
from freehold.stack.toml_text import BadToml, parse_toml, quoted

__all__ = ["CellChange", "edited", "holds_row"]

_STRINGS: Final = ('"""', "'''", '"', "'")
_KEYED: Final = ("sources", "needs")


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell of one row.

    Parameters
    ----------
    table, id
        ``sources`` and a source's id, or ``needs`` and ``source > item``.
    column, value
        The cell, and what it is to be.
    """

    table: str
    id: str
    column: str
    value: Any


def holds_row(text: str, file: str, change: CellChange) -> bool:
    """Whether the row of a change stands in this text."""
    return _place(parse_rows(text, file), change) is not None


def edited(text: str, file: str, added: Sequence[tuple[str, Any]] = (), changed: Iterable[CellChange] = ()) -> str:
    """A stack file's text with rows added and cells set.

    Parameters
    ----------
    text, file
        The text, and its name for messages.
    added
        Rows with their tables.
    changed
        Cells of rows that stand in the text.

    Raises
    ------
    freehold.errors.StackError
        If a row is not there, or stands in a form that cannot be changed in place.
    """
    wanted = _cells(parse_rows(text, file))
    try:
        for change in changed:
            text = _set(text, file, change)
            key = (change.table, change.id)
            wanted[key] = {**wanted.get(key, {}), change.column: _plain(change)}
        if added:
            text = text.rstrip("\n") + "\n" * bool(text.strip())
            text += "".join("\n" + row_text(table, row) for table, row in added)
        after = _cells(parse_rows(text, file))
    except BadStack:
        after = {}
    came = sum(key not in wanted for key in after)
    if any(after.get(key) != cells for key, cells in wanted.items()) or came != len(added):
        raise StackError(
            f"{file} is written in a form that cannot be changed in place. Write the stack to another file, with -o."
        )
    return text


def _plain(change: CellChange) -> object:
    return parse_toml(f"x = {cell_text(change.table, change.column, change.value)}")["x"]


def _named(rows: Sequence[Row]) -> Iterator[tuple[str, str, Row]]:
    """Rows that a change can name, with table and id."""
    sources = [dict(row.cells) for row in rows if row.table == "sources"]
    name_sources(sources)
    ids = iter(sources)
    for row in rows:
        if row.table == "sources":
            yield "sources", str(next(ids).get("id")), row
        elif row.table == "needs":
            yield "needs", f"{row.cells.get('source')} > {row.cells.get('item')}", row


def _cells(rows: Sequence[Row]) -> dict[tuple[str, ...], dict[str, object]]:
    """What every row says; rows that have no id of their own are told apart by their number."""
    found: dict[tuple[str, ...], dict[str, object]] = {}
    for table, id_, row in _named(rows):
        key: tuple[str, ...] = (table, id_)
        while key in found:
            key = (*key, "again")
        found[key] = dict(row.cells)
    counts: dict[str, int] = {}
    for row in rows:
        if row.table not in _KEYED:
            counts[row.table] = counts.get(row.table, 0) + 1
            found[row.table, str(counts[row.table]), "#"] = dict(row.cells)
    return found


def _place(rows: Sequence[Row], change: CellChange) -> tuple[Row, Row | None, int] | None:
    """The row of a change; for a need within its source's list that source's row, and the need's place in the list."""
    source: Row | None = None
    place = 0
    for table, id_, row in _named(rows):
        if table == "sources":
            source, place = row, 0
            if (table, id_) == (change.table, change.id):
                return row, None, 0
            continue
        within = source if not row.lines else None
        if (table, id_) == (change.table, change.id):
            return row, within, place
        place += within is not None
    return None


def _set(text: str, file: str, change: CellChange) -> str:
    found = _place(parse_rows(text, file), change)
    if found is None:
        raise StackError(f"{file}: there is no row '{change.id}' in {change.table}. Read the stack again.")
    row, source, place = found
    value = cell_text(change.table, change.column, change.value)
    if row.line == 0:
        raise StackError(f"{file}: the row '{change.id}' cannot be changed in place. Write the stack to another file, with -o.")
    if source is not None:
        return _set_in_list(text, file, source, place, change.column, value)
    lines = text.split("\n")
    at = row.lines.get(change.column)
    if at is None:
        head = lines[row.line - 1]
        indent = head[: len(head) - len(head.lstrip())]
        lines.insert(row.line, f"{indent}{change.column} = {value}")
        return "\n".join(lines)
    start = sum(len(line) + 1 for line in lines[: at - 1])
    begin = text.index("=", start) + 1
    begin += len(text[begin:]) - len(text[begin:].lstrip(" \t"))
    return text[:begin] + value + text[_end_of_value(text, begin) :]


def _set_in_list(text: str, file: str, source: Row, place: int, column: str, value: str) -> str:
    line = source.lines.get("needs")
    if line is None:
        raise StackError(f"{file}: the needs of '{source.cells.get('id')}' are not written as a list. Write the stack with -o.")
    start = sum(len(one) + 1 for one in text.split("\n")[: line - 1])
    parts = list(_elements(text, text.index("[", text.index("=", start))))
    begin, end = parts[place]
    element = text[begin:end]
    try:
        read = parse_toml(f"x = {element}")["x"]
    except BadToml as error:
        raise StackError(
            f"{file}, line {line}: a need cannot be changed in place ({error}). Write the stack with -o."
        ) from None
    cells = {"item": quoted(read)} if isinstance(read, str) else dict(_pairs(element))
    cells[column] = value
    return text[:begin] + "{ " + ", ".join(f"{key} = {one}" for key, one in cells.items()) + " }" + text[end:]


def _pairs(element: str) -> Iterator[tuple[str, str]]:
    """Keys of an inline table, with the text of their values."""
    for begin, end in _elements(element, 0):
        key, _, value = element[begin:end].partition("=")
        yield key.strip(), value.strip()


def _elements(text: str, opening: int) -> Iterator[tuple[int, int]]:
    """Where each element of a list or inline table stands, from its opening bracket on."""
    at, begin, depth = opening + 1, -1, 0
    last = at
    while at < len(text):
        sign = text[at]
        if sign in "\"'":
            begin = at if begin < 0 else begin
            at = last = _end_of_string(text, at)
            continue
        if sign == "#":
            at = _line_end(text, at)
            continue
        if depth == 0 and sign in ",]}":
            if begin >= 0:
                yield begin, last
            if sign != ",":
                return
            begin = -1
        elif not sign.isspace():
            begin = at if begin < 0 else begin
            depth += (sign in "[{") - (sign in "]}")
            last = at + 1
        at += 1


def _end_of_string(text: str, at: int) -> int:
    mark = next(mark for mark in _STRINGS if text.startswith(mark, at))
    at += len(mark)
    while at < len(text) and not text.startswith(mark, at):
        at += 2 if mark.startswith('"') and text[at] == "\\" else 1
    return at + len(mark)


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _end_of_value(text: str, begin: int) -> int:
    if text[begin] in "\"'":
        return _end_of_string(text, begin)
    found = re.compile(r"[^\s#]+").match(text, begin)
    return found.end() if found else begin
