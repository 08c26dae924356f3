"""Looks into parsed documents (JSON, TOML) whose shape nobody promised. Owns the answer where it is another: nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["entries_of", "table_of", "text_of_value"]


def table_of(value: Any) -> Mapping[str, Any]:
    """The value if it is a table, else an empty one."""
    return value if isinstance(value, dict) else {}


def entries_of(value: Any) -> Sequence[Mapping[str, Any]]:
    """The tables of a list; none if it is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else ()


def text_of_value(value: Any) -> str | None:
    """The value if it is a text that is not empty, else ``None``."""
    return value if isinstance(value, str) and value else None
