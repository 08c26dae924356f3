"""A stack as lines of text and back, exactly. Owns that spelling, and the hash of a stack's content.

A row is a JSON object of the cells that are not blank; ``{}`` says *not known*, ``"forever"`` an endless number, a list
of pairs the owners with their stakes. Keys are names of columns, so that a column that comes later does no harm.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from freehold.errors import BadStore, StoreError
from freehold.stack.schema import TABLES
from freehold.stack.values import UNKNOWN, Claim, Item, Need, Owner, Provider, Source, Stack

__all__ = ["ROW_TABLES", "Lines", "content_hash", "decode_rows", "digest_of", "lines_of", "settings_of", "stack_of"]

_TYPES: Final[Mapping[str, Any]] = {"items": Item, "providers": Provider, "sources": Source, "needs": Need, "claims": Claim}
ROW_TABLES: Final = tuple(_TYPES)
"""Tables that hold rows, in the order in which they count for the content hash."""

Lines: TypeAlias = Mapping[str, tuple[str, ...]]
"""Rows as text, by table."""

_SETTINGS: Final = ("name", "home", "trusted", "as_of")
_NUMBERS: Final = frozenset({"number", "fraction", "money", "duration"})
_LISTS: Final = frozenset({"countries", "regions", "tags"})
_FOREVER: Final = "forever"
_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def _sort(type_: str) -> str:
    if type_ in _NUMBERS:
        return "number"
    if type_ in _LISTS:
        return "list"
    return type_ if type_ in ("flag", "owners") else "text"


_COLUMNS: Final = {table: tuple((one.name, _sort(one.type)) for one in TABLES[table]) for table in TABLES}


def _cell(value: Any) -> Any:
    if value is UNKNOWN:
        return {}
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, tuple):
        return [[one.id, one.stake] if isinstance(one, Owner) else one for one in value]
    # so that equal numbers, 1 and 1.0 or 0.0 and -0.0, are spelt alike
    return _FOREVER if value == math.inf else float(value) + 0.0


def settings_of(stack: Stack) -> str:
    """What a stack says of itself, as a line."""
    return _encoded({name: _cell(value) for name in _SETTINGS if (value := getattr(stack, name)) is not None})


def _encoded(cells: dict[str, Any]) -> str:
    try:
        return _ENCODE(cells)
    except ValueError as error:
        raise StoreError("the stack holds a number that is none, which cannot be stored. Correct it.") from error


def lines_of(stack: Stack) -> Lines:
    """Every row of a stack as a line, in order, by table.

    Raises
    ------
    freehold.errors.StoreError
        If a number is none (not a number, or endless downwards).
    """
    found = {}
    for table in ROW_TABLES:
        names = [name for name, _ in _COLUMNS[table]]
        found[table] = tuple(
            _encoded({name: _cell(cell) for name in names if (cell := getattr(value, name)) is not None})
            for value in getattr(stack, table)
        )
    return found


def digest_of(settings: str, lines: Lines) -> str:
    """The content hash of a stack that is text already; see :func:`content_hash`."""
    digest = hashlib.sha256(settings.encode())
    for table in ROW_TABLES:
        digest.update(f"\n{table}\n".encode())
        digest.update("\n".join(lines[table]).encode())
    return digest.hexdigest()


def content_hash(stack: Stack) -> str:
    """Hash what a stack says: SHA-256 in hexadecimal, the same for equal stacks, wherever they were read."""
    return digest_of(settings_of(stack), lines_of(stack))


def _damaged(what: str) -> BadStore:
    return BadStore(f"a stored row holds {what}. Restore the database from a copy, or update Freehold if a newer one made it.")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise _damaged("no text where text belongs")


def _number(value: Any) -> float:
    if value == _FOREVER:
        return math.inf
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise _damaged("no number where a number belongs")


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _damaged("neither yes nor no where one belongs")


def _list(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(map(_text, value))
    raise _damaged("no list where a list belongs")


def _owners(value: Any) -> tuple[Owner, ...]:
    if isinstance(value, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        return tuple(Owner(_text(id_), None if stake is None else _number(stake)) for id_, stake in value)
    raise _damaged("no owners where owners belong")


_DECODE: Final[Mapping[str, Callable[[Any], Any]]] = {
    "text": _text, "number": _number, "flag": _flag, "list": _list, "owners": _owners,
}  # fmt: skip
_DECODERS: Final = {table: {name: _DECODE[sort] for name, sort in columns} for table, columns in _COLUMNS.items()}


def _decoded(table: str, cells: Any) -> dict[str, Any]:
    if not isinstance(cells, dict):
        raise _damaged("no cells")
    decoders = _DECODERS[table]
    found = {}
    for name, cell in cells.items():
        decode = decoders.get(name)
        if decode is None:
            raise _damaged("a column that this program does not know")
        found[name] = UNKNOWN if cell == {} else decode(cell)
    return found


def decode_rows(table: str, lines: Iterable[str]) -> list[dict[str, Any]]:
    """Give the cells of rows: typed values by column, blanks left out.

    Raises
    ------
    freehold.errors.BadStore
        If a line is no row of that table.
    """
    try:
        rows = json.loads(f"[{','.join(lines)}]")
    except (ValueError, RecursionError) as error:
        raise _damaged("no row") from error
    return [_decoded(table, row) for row in rows]


def stack_of(settings: str, lines: Lines) -> Stack:
    """Make the stack that lines say; the inverse of :func:`settings_of` and :func:`lines_of`.

    Raises
    ------
    freehold.errors.BadStore
        If they say none.
    """
    own = decode_rows("stack", [settings])
    try:
        tables: dict[str, Any] = {
            table: tuple(_TYPES[table](**cells) for cells in decode_rows(table, lines[table])) for table in ROW_TABLES
        }
        return Stack(**own[0], **tables)
    except (TypeError, IndexError, KeyError) as error:
        raise _damaged("too little") from error
