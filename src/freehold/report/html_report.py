"""Long documents as HTML: sections, contents, methods, drawings that answer. Owns what a report has and other pages have not.

All of it can be read without script: the script only shortens, links and moves what is there, and lets landlords be ticked
off. Its data and its words travel in one block of JSON beside it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from freehold.report.figures import show_cell
from freehold.report.html_layers import layers_html
from freehold.report.html_page import Page, cell_tone, safe
from freehold.report.html_ticks import ticks_html
from freehold.report.interface import (
    Block,
    Document,
    Gantt,
    Heading,
    LayerDrawing,
    Method,
    Paragraph,
    Table,
    TickOff,
    walk,
)
from freehold.report.table_twins import gantt_table, layers_table, ticks_table
from freehold.words import say

__all__ = ["ReportPage", "answers_itself", "is_report"]

_ROWS_SHOWN: Final = 60
"""Rows of a table that stand in the page as such; the others travel as data."""
_ROOM: Final = 1_000_000
"""Letters of rows that travel as data, in all tables together: the page stays under 3 MB."""
_MOST_BACK: Final = 4
"""Links from a piece of evidence, or from a method, back to where it is named."""


def is_report(document: Document) -> bool:
    """Whether a document has sections that are led to, methods, or drawings that answer."""
    anchored = any(isinstance(block, Heading) and block.anchor for block in walk(document.blocks))
    return bool(document.methods) or anchored or answers_itself(document)


def answers_itself(document: Document) -> bool:
    """Whether a document holds a drawing that answers: only then its page has a script."""
    return any(isinstance(block, LayerDrawing | TickOff) for block in walk(document.blocks))


def _has(blocks: Sequence[Block], kind: type) -> bool:
    return any(isinstance(block, kind) for block in blocks)


class ReportPage(Page):
    """Turns the blocks of a report into markup, and gathers what its script needs.

    Parameters
    ----------
    document
        The report.
    scripted
        Whether the page has a script: without one, tables are whole.
    """

    def __init__(self, document: Document, *, scripted: bool = True) -> None:
        super().__init__({one.number for one in document.evidence})
        self._scripted = scripted
        self._document = document
        self._methods = {method.key: place for place, method in enumerate(document.methods)}
        self._taken = {"evidence", "methods", "contents", "top", "page-data"}
        self._contents: list[tuple[str, str]] = []
        self._back: dict[str, list[str]] = defaultdict(list)
        self._tables: dict[str, list[Any]] = {}
        self._ticks: list[Any] = []
        self._room = _ROOM
        self._drawings = 0
        self._twins = 0
        self._in_thing = False

    @property
    def data(self) -> dict[str, Any]:
        """What the script needs, but for its words."""
        return {"tables": self._tables, "ticks": self._ticks}

    def body(self) -> str:
        """All sections, the methods and the evidence."""
        sections: list[list[Block]] = [[]]
        for block in self._document.blocks:
            if isinstance(block, Heading) and block.level <= 2:
                sections.append([])
            sections[-1].append(block)
        parts = ["\n".join(self.block(block) for block in sections[0])]
        together = False
        for place, section in enumerate(sections[1:], start=1):
            inside = "\n".join(self.block(block) for block in section)
            follows = sections[place + 1] if place + 1 < len(sections) else []
            # the day's controls stay in sight while the drawing after them is looked at
            if _has(section, TickOff) and not _has(section, LayerDrawing) and _has(follows, LayerDrawing):
                parts.append(f'<div class="together">\n<section class="ticks">\n{inside}\n</section>')
                together = True
                continue
            parts.append(f"<section>\n{inside}\n</section>" + ("\n</div>" if together else ""))
            together = False
        parts += [self._method_list(), self._evidence_list()]
        return "\n".join(part for part in parts if part)

    def contents(self) -> str:
        """The list of sections; after :meth:`body`, which gathers them."""
        links = "".join(f'<li><a href="#{anchor}">{safe(text)}</a></li>' for anchor, text in self._contents)
        title = safe(say("page.contents"))
        return (
            f'<nav id="contents" aria-label="{title}"><details><summary>{title}</summary><ol>{links}</ol></details></nav>'
            if links
            else ""
        )

    def heading(self, block: Heading) -> str:
        """A heading, with the name by which it is led to."""
        level = min(max(block.level, 2), 4)
        anchor = self._anchor(block.anchor or (block.text if level == 2 else ""))
        if level == 2:
            self._contents.append((anchor, block.text))
        named = f' id="{anchor}"' if anchor else ""
        return f"<h{level}{named}>{safe(block.text)}</h{level}>"

    def _anchor(self, wanted: str) -> str:
        name = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")
        if not name:
            if not wanted:
                return ""
            name = "section"
        if re.fullmatch(r"(e|r|t|c|g)\d.*|(how|thing|tick|twin|used)-.*", name):
            name = f"section-{name}"
        found, number = name, 2
        while found in self._taken:
            found, number = f"{name}-{number}", number + 1
        self._taken.add(found)
        return found

    def paragraph(self, block: Paragraph) -> str:
        """A few sentences, or a line to be copied."""
        if block.whole:
            return f'<p class="command"><code>{safe(block.text)}</code>{self.how(block.how)}</p>'
        return super().paragraph(block)

    def _method_name(self, key: str) -> str:
        return f"how-{self._methods[key] + 1}-{re.sub('[^a-z0-9]+', '-', key.lower()).strip('-')}".rstrip("-")

    def how(self, key: str, *, alone: bool = False) -> str:
        """What leads to how a number was got; ``alone``: there is no text before it."""
        if key not in self._methods:
            return ""
        name = self._method_name(key)
        back = self._back_to(name)
        method = self._document.methods[self._methods[key]].title
        title = safe(say("page.how_title", title=method))
        told = safe(say("page.how_these") if alone else say("page.how"))
        return f' <a class="how" href="#{name}"{back} aria-label="{title}">{told}</a>'

    def _back_to(self, name: str) -> str:
        """The id of a place that names something, for the link back to it; only the first few have one."""
        if len(self._back[name]) >= _MOST_BACK or self._in_thing:
            return ""
        place = f"used-{name}-{len(self._back[name]) + 1}"
        self._back[name].append(place)
        return f' id="{place}"'

    def note(self, number: int) -> str:
        """What leads to one piece of evidence."""
        return f'<a href="#e{number}"{self._back_to(f"e{number}")}>{number}</a>'

    def back(self, number: int) -> str:
        """What leads from a piece of evidence back to where it is named."""
        return self._back_links(f"e{number}", str(number))

    def _back_links(self, name: str, subject: str) -> str:
        links = " ".join(
            f'<a href="#{place}" aria-label="{safe(say("page.back_title", subject=subject, number=number))}">↩{number}</a>'
            for number, place in enumerate(self._back[name], start=1)
        )
        return f' <span class="back">{links}</span>' if links else ""

    def _method_list(self) -> str:
        if not self._document.methods:
            return ""
        self._contents.append(("methods", say("page.methods")))
        entries = "\n".join(self._method(method) for method in self._document.methods)
        return (
            f'<section>\n<h2 id="methods">{safe(say("page.methods"))}</h2>\n<dl class="methods">\n{entries}\n</dl>\n</section>'
        )

    def _method(self, method: Method) -> str:
        name = self._method_name(method.key)
        command = f'<dd class="command"><code>{safe(method.command)}</code></dd>' if method.command else ""
        back = self._back_links(name, method.title)
        return f'<div id="{name}"><dt>{safe(method.title)}{back}</dt><dd>{safe(method.text)}</dd>{command}</div>'

    def _evidence_list(self) -> str:
        if not self._document.evidence:
            return ""
        self._contents.append(("evidence", say("evidence.heading")))
        return f"<section>\n{self.evidence(self._document.evidence)}</section>"

    def twin(self, table: Table) -> str:
        """The table that says the same as a drawing, folded up."""
        return f'<details class="twin"><summary>{safe(say("page.twin"))}</summary>\n{self.table(table)}\n</details>'

    def gantt(self, gantt: Gantt) -> str:
        """A chart of what is built when, and its table."""
        if not gantt.bars:
            return super().gantt(gantt)
        return super().gantt(gantt) + self.twin(replace(gantt_table(gantt), caption=""))

    def table(self, table: Table) -> str:
        """A table; of a long one the first rows, and the others as data."""
        shown = table.rows if self._in_thing else table.rows[:_ROWS_SHOWN]
        most = table.most if table.most is not None else _ROWS_SHOWN
        if not self._scripted or not table.rows or len(table.rows) <= min(most + 2, len(shown)):
            return super().table(table)
        rest = [] if self._in_thing else self._rest(table)
        name = f"t{len(self._tables) + 1}"
        self._tables[name] = rest
        rows = "\n".join(
            self.row(row, table.columns).replace("<tr>", '<tr class="more">', 1)
            if place >= most
            else self.row(row, table.columns)
            for place, row in enumerate(shown)
        )
        head = self.table_head(table).replace("<table", f'<table id="{name}"', 1)
        left = len(table.rows) - len(shown)
        told = [safe(say("page.rows_as_data", count=f"{left:,}"))] if left else []
        if left > len(rest):
            told.append(safe(say("page.rows_left_out", count=f"{left - len(rest):,}")))
        without = f'<p class="quiet rows-left">{" ".join(told)}</p>' if told else ""
        count = len(shown) + len(rest)
        button = f'<button type="button" class="show-all scripted" data-table="{name}">'
        button += f"{safe(say('page.show_all', count=f'{count:,}'))}</button>"
        return f"{head}<tbody>\n{rows}\n</tbody></table>{without}{button}"

    def _rest(self, table: Table) -> list[Any]:
        """Rows as data: the numbers of their evidence, then a text a cell, with its class where it is not its column's."""
        rest: list[Any] = []
        for row in table.rows[_ROWS_SHOWN:]:
            cells: list[Any] = [[note for note in row.notes if note in self._numbers] or 0]
            for cell, column in zip(row.cells, table.columns, strict=True):
                text = show_cell(cell, column).replace(" %", "\u00a0%")
                tone = cell_tone(cell, column, row.tone)
                cells.append(text if tone == "plain" else [text, tone])
                self._room -= len(text) + 6
            if self._room < 0:
                break
            rest.append(cells)
        return rest

    def layers(self, drawing: LayerDrawing) -> str:
        """A value chain: drawn, as a list by layers, and as a table."""
        self._drawings += 1
        return layers_html(drawing, self._drawings, self.thing) + self.twin(layers_table(drawing))

    def thing(self, blocks: tuple[Block, ...]) -> str:
        """What is known of one thing of a drawing; it is not led back to, as it is folded up."""
        before, self._in_thing = self._in_thing, True
        try:
            return "\n".join(self.block(block) for block in blocks)
        finally:
            self._in_thing = before

    def ticks(self, ticks: TickOff) -> str:
        """Landlords to tick off, and as a table what each alone takes."""
        number = len(self._ticks) + 1
        markup, data = ticks_html(ticks, number)
        self._ticks.append(data)
        return markup + self.twin(ticks_table(ticks))
