"""An empty stack to fill in, made from the schema. Owns the comments that explain each column."""

from __future__ import annotations

import csv
from pathlib import Path

from freehold.errors import Unreadable
from freehold.stack.csv_folder import FILES
from freehold.stack.schema import TABLES, Attribute

__all__ = ["template_toml", "write_template"]

_HEADERS = {
    "stack": "[stack]", "providers": "[[provider]]", "items": "[[item]]", "sources": "[[item.source]]", "claims": "[[claim]]",
}  # fmt: skip
_EXAMPLES = {
    ("stack", "name"): '"My organisation"', ("stack", "home"): '"DE"', ("stack", "trusted"): '["EU"]',
    ("providers", "id"): '"acme"', ("providers", "name"): '"Acme Hosting GmbH"', ("providers", "country"): '"DE"',
    ("items", "id"): '"web-shop"', ("items", "kind"): '"application"', ("items", "mission"): "1",
    ("sources", "provider"): '"acme"',
}  # fmt: skip


def _line(table: str, column: Attribute, indent: str) -> str:
    example = _EXAMPLES.get((table, column.name))
    choices = f" One of: {', '.join(column.choices)}." if column.choices else ""
    unit = f" ({column.unit})" if column.unit else ""
    text = f"# {column.meaning}{unit}{choices} Blank: {column.blank}."
    name = f"{indent}{column.name} = {example}" if example else f"{indent}# {column.name} ="
    return f"{indent}{text}\n{name}\n"


def template_toml() -> str:
    """Give a stack as TOML with every column explained; it reads as it is."""
    parts = []
    for table in ("stack", "providers", "items", "sources"):
        indent = "  " if table == "sources" else ""
        columns = [column for column in TABLES[table] if not (table == "sources" and column.name == "item")]
        parts.append(f"{indent}{_HEADERS[table]}\n" + "".join(_line(table, column, indent) for column in columns))
    columns = [column for column in TABLES["needs"] if column.name != "source"]
    explained = "".join(f"  #   {column.name}: {column.meaning} Blank: {column.blank}.\n" for column in columns)
    parts[-1] += '  # What the source itself needs: ids, or tables such as { item = "server", survive = "90d" } with:\n'
    parts[-1] += explained + "  needs = []\n"
    header = "\n# Evidence, one table a fact:\n# [[claim]]\n"
    parts.append(header + "".join(f"# {column.name} = ...  {column.meaning}\n" for column in TABLES["claims"]))
    return "\n".join(parts)


def write_template(folder: Path) -> None:
    """Write empty CSV tables and a ``stack.toml`` beside them; a folder that holds any of them is left alone.

    Raises
    ------
    freehold.errors.Unreadable
        If a table is there already, or nothing can be written there.
    """
    there = [name for name in ("stack.toml", *FILES.values()) if (folder / name).exists()]
    if there:
        raise Unreadable(f"{folder / there[0]} is there already. Choose another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        settings = "[stack]\n" + "".join(_line("stack", column, "") for column in TABLES["stack"])
        (folder / "stack.toml").write_text(settings, encoding="utf-8")
        for table, name in FILES.items():
            with (folder / name).open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerow([column.name for column in TABLES[table]])
    except OSError as error:
        raise Unreadable(f"{folder} cannot be written ({error.strerror}). Choose another place.") from error
