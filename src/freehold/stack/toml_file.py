"""A stack as one TOML file. Owns that spelling, both ways, and the lines that errors point to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from freehold.errors import BadStack, Finding
from freehold.stack.cells import nearest, shown, write_cell
from freehold.stack.rows import ProviderLookup, Row, build, name_sources, no_providers
from freehold.stack.schema import TABLES, Attribute, attribute
from freehold.stack.toml_text import BadToml, parse_toml, quoted
from freehold.stack.values import UNKNOWN, Owner, Source, Stack

__all__ = ["HEADERS", "TableRows", "cell_text", "dumps", "loads", "parse_rows", "row_text"]

_HEADER: Final = re.compile(r"\s*+\[\[?([A-Za-z_.\-\s]++)\]?\]\s*+(?:#.*)?")
_KEY: Final = re.compile(r"\s*+([A-Za-z_][A-Za-z0-9_\-]*+)\s*+=")
_TOP: Final = ("stack", "provider", "item", "source", "need", "claim")


def loads(
    text: str, file: str = "stack.toml", *, lookup: ProviderLookup = no_providers,
    known_ids: Callable[[], Iterable[str]] = tuple,
) -> Stack:  # fmt: skip
    """Read a stack from TOML text.

    Parameters
    ----------
    text
        The file's content.
    file
        Its name, for messages.
    lookup, known_ids
        Providers that the text does not define; see :func:`freehold.stack.rows.build`.

    Raises
    ------
    freehold.errors.BadStack
        With every finding at once.
    """
    return build(parse_rows(text, file), path=file, lookup=lookup, known_ids=known_ids)


def parse_rows(text: str, file: str) -> list[Row]:
    """Split TOML text into rows of all tables.

    Raises
    ------
    freehold.errors.BadStack
        If it is not TOML, or its tables are not those of a stack.
    """
    try:
        data = parse_toml(text)
    except BadToml as error:
        problem, mend = f"is not TOML: {error.problem}", "See docs/reference/stack.md for the form"
        if error.deep:
            problem, mend = f"is nested too deeply: {error.problem}", "Flatten it"
        raise BadStack([Finding(file, error.line, "", problem, mend)]) from None
    return list(TableRows(text, file).of_stack(data))


class TableRows:
    """Walks parsed tables beside the lines on which their headers stand; tables must be asked for in the order of the file.

    Parameters
    ----------
    text, file
        The file's content, and its name for messages.
    under
        What stands before the names of a stack's tables where they belong to something else, such as ``option.``.
    """

    def __init__(self, text: str, file: str, under: str = "") -> None:
        self._file, self._under = file, under
        self._blocks: dict[str, list[tuple[int, dict[str, int]]]] = {}
        keys: dict[str, int] = {}
        for number, line in enumerate(text.split("\n"), 1):
            if line.lstrip().startswith("["):
                header = _HEADER.fullmatch(line)
                if header:
                    keys = {}
                    name = re.sub(r"\s", "", header[1])
                    self._blocks.setdefault(name, []).append((number, keys))
                    continue
            found = _KEY.match(line)
            if found:
                keys.setdefault(found[1], number)
        self._seen: dict[str, int] = {}

    def place(self, header: str, fallback: int = 0) -> tuple[int, dict[str, int]]:
        """Line of the next table with this header, and of its keys; ``fallback`` where it is written in another way."""
        index = self._seen.get(header, 0)
        blocks = self._blocks.get(header, [])
        if index < len(blocks):
            self._seen[header] = index + 1
            return blocks[index]
        return fallback, {}

    def _bad(self, line: int, column: str, problem: str, mend: str) -> BadStack:
        return BadStack([Finding(self._file, line, column, problem, mend)])

    def of_stack(self, data: Mapping[str, Any]) -> Iterator[Row]:
        """Rows of a whole stack.

        Raises
        ------
        freehold.errors.BadStack
            If its tables are not those of a stack.
        """
        for name in data:
            if name not in _TOP:
                near = nearest(name, _TOP)
                mend = f"Did you mean '{near[0]}'?" if near else f"Tables of a stack: {', '.join(_TOP)}"
                raise self._bad(self.place(name)[0], "", f"'{name}' is no table of a stack", mend)
        settings = data.get("stack", {})
        if not isinstance(settings, dict):
            raise self._bad(0, "stack", "is not a table", "Write [stack], then name and home")
        line, lines = self.place("stack")
        yield Row("stack", settings, self._file, line, lines)
        yield from self.of_tables(data)

    def of_tables(self, data: Mapping[str, Any], line: int = 0) -> Iterator[Row]:
        """Rows of the tables of a stack, without what is said of the stack itself; ``line`` is theirs if they have none.

        Raises
        ------
        freehold.errors.BadStack
            If one of them is no list of tables, or a need is none.
        """
        for header, table in (("provider", "providers"), ("claim", "claims"), ("need", "needs")):
            for cells in self._tables(data, header, 0):
                yield Row(table, cells, self._file, *self._below(header, line))
        sources = [self._source(cells, None, *self._below("source", line)) for cells in self._tables(data, "source", 0)]
        for cells in self._tables(data, "item", 0):
            start, lines = self._below("item", line)
            nested = self._tables(cells, "source", start)
            yield Row("items", {key: value for key, value in cells.items() if key != "source"}, self._file, start, lines)
            sources += [self._source(source, cells.get("id"), *self._below("item.source", start)) for source in nested]
        name_sources(source.cells for source in sources)
        for source in sources:
            yield Row("sources", source.cells, self._file, source.line, source.lines)
            for need in source.needs:
                cells = {**need, "source": source.cells["id"]}
                yield Row("needs", cells, self._file, source.lines.get("needs", source.line))

    def _below(self, header: str, fallback: int = 0) -> tuple[int, dict[str, int]]:
        return self.place(self._under + header, fallback)

    def _tables(self, data: Mapping[str, Any], name: str, line: int) -> Sequence[dict[str, Any]]:
        value = data.get(name, [])
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            return value
        place, header = line or self._below(name)[0], self._under + name
        raise self._bad(place, name, "is not a list of tables", f"Write [[{header}]] with two brackets")

    def _source(self, cells: dict[str, Any], item: object, line: int, lines: dict[str, int]) -> _SourceTable:
        own = {"item": item, **{key: value for key, value in cells.items() if key != "needs"}}
        needs = cells.get("needs", [])
        place = lines.get("needs", line)
        if not isinstance(needs, list):
            raise self._bad(place, "needs", "is not a list", 'Write needs = ["item", { item = "x" }]')
        needs = [{"item": need} if isinstance(need, str) else need for need in needs]
        for need in needs:
            if not isinstance(need, dict) or "source" in need:
                raise self._bad(place, "needs", f"{shown(need)} is no need", 'Write "item" or { item = "x", weight = 0.5 }')
        return _SourceTable(own, needs, line, lines)


@dataclass(frozen=True, slots=True)
class _SourceTable:
    cells: dict[str, Any]
    needs: list[dict[str, Any]]
    line: int
    lines: dict[str, int]


HEADERS: Final[Mapping[str, str]] = {
    "providers": "provider", "items": "item", "sources": "source", "needs": "need", "claims": "claim",
}  # fmt: skip
"""What one row of each table is headed by, where it stands by itself."""

_ORDER: Final = {table: [column.name for column in columns] for table, columns in TABLES.items()}


def dumps(stack: Stack) -> str:
    """Write a stack as TOML; :func:`loads` reads the same values back.

    Parameters
    ----------
    stack
        The stack.

    Returns
    -------
    str
        TOML text that ends in a newline.
    """
    settings = {name: getattr(stack, name) for name in ("name", "home", "trusted", "as_of")}
    parts = ["[stack]\n" + _pairs("stack", settings, "")]
    parts += ["[[provider]]\n" + _pairs("providers", _fields(provider), "") for provider in stack.providers]
    for item in stack.items:
        text = "[[item]]\n" + _pairs("items", _fields(item), "")
        for source in stack.sources_of[item.id]:
            text += "  [[item.source]]\n" + _pairs("sources", _fields(source), "  ", leave_out=("item",))
            text += _needs(stack, source)
        parts.append(text)
    parts += ["[[claim]]\n" + _pairs("claims", _fields(claim), "") for claim in stack.claims]
    return "\n".join(parts)


def row_text(table: str, row: Any) -> str:
    """One row as a table of its own that can stand anywhere in a stack file, without a blank line before it."""
    return f"[[{HEADERS[table]}]]\n" + _pairs(table, _fields(row), "")


def cell_text(table: str, column: str, value: object) -> str:
    """The value of one column as TOML writes it."""
    return _value(attribute(table, column), value)


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def _pairs(table: str, values: Mapping[str, Any], indent: str, leave_out: tuple[str, ...] = ()) -> str:
    lines = [
        f"{indent}{name} = {_value(attribute(table, name), values[name])}\n"
        for name in _ORDER[table]
        if name in values and name not in leave_out and values[name] not in (None, ())
    ]
    return "".join(lines)


def _needs(stack: Stack, source: Source) -> str:
    needs = stack.needs_of[source.id]
    if not needs:
        return ""
    lines = []
    for need in needs:
        values = {name: value for name, value in _fields(need).items() if name != "source" and value is not None}
        if set(values) == {"item"}:
            lines.append(f"    {quoted(need.item)},\n")
        else:
            pairs = ", ".join(f"{name} = {_value(attribute('needs', name), value)}" for name, value in values.items())
            lines.append(f"    {{ {pairs} }},\n")
    return "  needs = [\n" + "".join(lines) + "  ]\n"


def _value(column: Attribute, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is UNKNOWN:
        return '"?"'
    if isinstance(value, tuple):
        return "[" + ", ".join(quoted(_part(part)) for part in value) + "]"
    if isinstance(value, float) and column.type != "duration":
        return write_cell(column, value)
    return quoted(write_cell(column, value))


def _part(part: object) -> str:
    if isinstance(part, Owner):
        return part.id if part.stake is None else f"{part.id}:{part.stake!r}"
    return str(part)
