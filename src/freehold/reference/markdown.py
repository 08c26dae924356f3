"""Markdown as the reference pages need it: a page, a table, code. Owns escaping."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["code", "fenced", "from_docstring", "page", "table"]

_MADE = "<!-- Made from the program's own code by `python -m freehold.reference`: edit the code, not this page. -->"
_ROLE = re.compile(r":[a-z]+:`~?([^`]+)`")


def page(title: str, *parts: str) -> str:
    """A page: its title, a line that says where it comes from, and its parts a blank line apart."""
    return "\n\n".join([f"# {title}", _MADE, *(part.strip("\n") for part in parts if part)]) + "\n"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars and line feeds in cells are made harmless."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """Text as inline code; nothing for nothing."""
    return f"`{text}`" if text else ""


def fenced(text: str, language: str = "text") -> str:
    """Text as a block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def from_docstring(text: str) -> str:
    """A docstring's inline markup as Markdown's."""
    return _ROLE.sub(lambda role: f"`{role[1]}`", text).replace("``", "`")
