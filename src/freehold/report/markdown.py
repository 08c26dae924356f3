"""Documents as Markdown. Owns the escaping: text that others wrote is text, whatever it holds.

What is written is CommonMark with the tables of GitHub's form: no HTML, no links. A word that some renderers would make a link
of by themselves (an address, a mention) stands as code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from freehold.report.clean import clean
from freehold.report.figures import evidence_line, figure, show_cell
from freehold.report.interface import (
    Block,
    Cell,
    Column,
    Curve,
    Detail,
    Document,
    Evidence,
    Gantt,
    Heading,
    HeatMap,
    KeyFigures,
    LayerDrawing,
    Look,
    Method,
    Paragraph,
    Row,
    Table,
    TickOff,
    Tree,
)
from freehold.report.table_twins import curve_table, gantt_table, heat_table, layers_table, ticks_table
from freehold.words import say

__all__ = ["MarkdownFace", "escape_markdown"]

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|~&$#])")
_LINKED: Final = re.compile(r"://|^\W*www\.|@\S*\.|^\W*(mailto|xmpp|tel):|(^|[^\w])@\w|#\d", re.IGNORECASE)
"""Words that a renderer may make a link of by itself."""
_LINE_START: Final = re.compile(r"^([-+=]|\d{1,9}[.)])")


def escape_markdown(text: str, *, table: bool = False) -> str:
    """Text as Markdown that reads as that text: in one line, without links, mark-up or HTML.

    Parameters
    ----------
    text
        Anything.
    table
        Whether it stands in a cell of a table, where a bar ends the cell even within code.
    """
    words = [_word(word, table=table) for word in clean(text).split()]
    return " ".join(words)


def _word(word: str, *, table: bool) -> str:
    return _code(word, table=table) if _LINKED.search(word) else _SPECIAL.sub(r"\\\1", word)


def _code(text: str, *, table: bool) -> str:
    """Text as a code span; bars are escaped in a table, the only place where that is undone."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, pad = "`" * (longest + 1), " " if text.startswith("`") or text.endswith("`") else ""
    shown = text.replace("|", r"\|") if table else text
    return f"{fence}{pad}{shown}{pad}{fence}"


class MarkdownFace:
    """Markdown without HTML and without links."""

    name = "markdown"
    media_type = "text/markdown; charset=utf-8; variant=GFM"

    def render(self, document: Document, look: Look) -> str:  # noqa: ARG002  a file has room for all
        """Write the document."""
        parts = [f"# {escape_markdown(document.title)}"]
        if document.subtitle:
            parts.append(_line(document.subtitle))
        for block in document.blocks:
            parts += _block(block)
        parts += _methods(document.methods)
        parts += _evidence(document.evidence)
        return "\n\n".join(part for part in parts if part) + "\n"


def _line(text: str) -> str:
    """A paragraph of one line, whose beginning starts no list, quote or heading."""
    escaped = escape_markdown(text)
    return _LINE_START.sub(lambda found: f"{found[1][:-1]}\\{found[1][-1]}", escaped)


def _marks(notes: tuple[int, ...]) -> str:
    return rf" \[{', '.join(map(str, notes))}\]" if notes else ""


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            yield f"{'#' * min(max(block.level, 2), 6)} {escape_markdown(block.text)}"
        case Paragraph():
            yield _fenced(block.text) if block.whole else _line(block.text) + _marks(block.notes)
        case Table():
            yield from _table(block)
        case HeatMap():
            yield from _table(heat_table(block))
            yield _line(block.legend)
        case Tree():
            yield "\n".join(_tree(block, 0))
        case Curve():
            yield from _table(curve_table(block))
        case Gantt():
            yield from _table(gantt_table(block))
        case KeyFigures():
            yield "\n".join(
                f"- {escape_markdown(one.label)}: {escape_markdown(figure(one))} ({escape_markdown(one.meaning)})"
                for one in block.figures
            )
        case LayerDrawing():
            yield from _table(layers_table(block))
        case TickOff():
            yield from _table(ticks_table(block))
        case Detail():
            yield f"### {escape_markdown(block.title)}"
            for one in block.blocks:
                yield from _block(one)


def _fenced(text: str) -> str:
    shown = clean(text)
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{shown}\n{fence}"


def _table(table: Table) -> Iterator[str]:
    if table.caption:
        yield _line(table.caption)
    if not table.rows:
        yield _line(say("report.no_rows"))
        return
    head = "| " + " | ".join(escape_markdown(column.title, table=True) for column in table.columns) + " |"
    rule = "|" + "|".join(" --- " if column.sort in ("text", "id") else " ---: " for column in table.columns) + "|"
    yield "\n".join([head, rule, *(_row(row, table.columns) for row in table.rows)])


def _row(row: Row, columns: tuple[Column, ...]) -> str:
    cells = [_cell(cell, column) for cell, column in zip(row.cells, columns, strict=True)]
    cells[0] += _marks(row.notes)
    return "| " + " | ".join(cells) + " |"


def _cell(cell: Cell, column: Column) -> str:
    return escape_markdown(show_cell(cell, column), table=True)


def _tree(tree: Tree, depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}- {_line(tree.text)}{_marks(tree.notes)}"
    for child in tree.children:
        yield from _tree(child, depth + 1)


def _methods(methods: tuple[Method, ...]) -> Iterator[str]:
    if methods:
        yield f"## {escape_markdown(say('whole_report.methods'))}"
    for one in methods:
        yield f"### {escape_markdown(one.title)}"
        yield _line(one.text)
        if one.command:
            yield _fenced(one.command)


def _evidence(evidence: tuple[Evidence, ...]) -> Iterator[str]:
    if evidence:
        yield f"## {escape_markdown(say('evidence.heading'))}"
        yield "\n".join(f"{one.number}. {_line(evidence_line(one))}" for one in evidence)
