"""Markdown of any document: what others wrote stays text, and every plot has its table."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from freehold.errors import UsageError
from freehold.report.clean import clean
from freehold.report.interface import (
    Block,
    Column,
    Curve,
    Detail,
    Document,
    Evidence,
    Gantt,
    GanttBar,
    Heading,
    HeatCell,
    HeatMap,
    KeyFigure,
    KeyFigures,
    LayerCell,
    LayerDrawing,
    LayerRow,
    Look,
    Method,
    Paragraph,
    Range,
    Row,
    Series,
    Table,
    Tree,
)
from freehold.report.markdown import MarkdownFace, escape_markdown
from freehold.report.svg import SvgFace

READER: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NASTY = st.text(st.sampled_from("ab1 |\\`*_[]()<>!&;#~$-+=.:/@\n\r\t\u202e\x1b\u00a0\"'{}"), max_size=40) | st.text(max_size=30)
HARMLESS: Final = {
    "heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "text", "code_inline", "fence",
    "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "ordered_list_open", "ordered_list_close",
    "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open", "tr_close", "th_open",
    "th_close", "td_open", "td_close", "text_special",
}  # fmt: skip


def tokens(text: str) -> list[Token]:
    found = []
    for token in READER.parse(text):
        found += [token, *(token.children or ())]
    return found


def words_of(token: Token) -> str:
    return "".join(child.content for child in token.children or ())


def one(*blocks: Block, title: str = "A page") -> str:
    main = Table((Column("a", "a"),), ())
    return MarkdownFace().render(Document(title, blocks, main), Look())


def spaced(text: str) -> str:
    return " ".join(clean(text).split())


@given(NASTY)
@example("- a").via("a list")
@example("1. a").via("a list")
@example("# a").via("a heading")
@example("<b>a</b> [x](http://evil.example) ![y](z) &lt; `c` http://a.example www.b.example c@d.example").via("all at once")
def test_text_of_others_reads_as_itself_and_makes_nothing(text: str) -> None:
    page = one(Heading(text), Paragraph(text), Tree(text, (Tree(text),)), title=text)
    assert {token.type for token in tokens(page)} <= HARMLESS
    told = [words_of(token) for token in READER.parse(page) if token.type == "inline"]
    wanted = spaced(text)
    assert [one_ for one_ in told if one_] == ([wanted] * 5 if wanted else [])


@given(st.lists(st.tuples(NASTY, NASTY), min_size=1, max_size=4), NASTY)
@example([("a|b", "\\|"), ("`|`", "http://x.example/|")], "|").via("bars")
def test_no_text_breaks_out_of_its_cell(rows: list[tuple[str, str]], title: str) -> None:
    columns = (Column("one", title), Column("two", "b", "id"))
    page = one(Table(columns, tuple(Row(cells) for cells in rows)))
    assert {token.type for token in tokens(page)} <= HARMLESS
    parsed = READER.parse(page)
    cells = [parsed[place + 1] for place, token in enumerate(parsed) if token.type == "td_open"]
    assert len(cells) == 2 * len(rows)
    assert [words_of(cell) for cell in cells] == [spaced(text) for row in rows for text in row]


@pytest.mark.parametrize(
    "text", ["see http://evil.example/x", "www.evil.example", "mailto:a@evil.example", "a@evil.example", "@evil", "GH #12"]
)
def test_what_a_renderer_would_make_a_link_of_stands_as_code(text: str) -> None:
    assert "`" in escape_markdown(text)


def test_a_command_to_copy_stands_as_it_is() -> None:
    assert "```\nfreehold check 'a b' --home DE\n```" in one(Paragraph("freehold check 'a b' --home DE", whole=True))
    assert "````\na ``` b\n````" in one(Paragraph("a ``` b", whole=True))


def test_every_drawing_is_a_table() -> None:
    curve = Curve((0.0, 30.0), (Series("run", "runs", (1.0, 0.5), (1.0, 0.75)),), "What runs")
    gantt = Gantt(10.0, (), (GanttBar("Buy it", 1.0, 5.0, "from 1 to 5"),), "Work")
    heat = HeatMap("task", ("US",), (("build", (HeatCell("failed", "failed", "on day 3"),)),), "Drills", "what it means")
    layers = LayerDrawing((LayerRow("chip", "Chip", (LayerCell("gpu", "GPU", "NVIDIA", "bad"),)),), (), "Layers")
    page = one(curve, gantt, heat, layers, Detail("More", (Paragraph("inside"),)))
    assert "| 30 | 50–75 % |" in page
    assert "| Buy it | 1 | 5 | from 1 to 5 |" in page
    assert "| build | failed: on day 3 |" in page
    assert "| Chip | GPU | NVIDIA |  |" in page
    assert "### More\n\ninside" in page


def test_figures_notes_methods_and_evidence_are_told() -> None:
    figures = KeyFigures((KeyFigure("Content", Range(0.5, 0.6), "of the value"),))
    main = Table((Column("a", "a"),), ())
    blocks = (figures, Paragraph("It rests on this.", notes=(1, 2)))
    evidence = (Evidence(1, "seat is DE", "register.csv:3", "2026-01-01"), Evidence(2, "owner", "http://a.example/b"))
    methods = (Method("run", "What runs", "By cutting.", "freehold assess s.toml"),)
    page = MarkdownFace().render(Document("T", blocks, main, evidence=evidence, methods=methods), Look())
    assert "- Content: 50–60 % (of the value)" in page
    assert r"It rests on this. \[1, 2\]" in page
    assert "```\nfreehold assess s.toml\n```" in page
    assert "\n2. owner" in page
    assert "`http://a.example/b" in page


def test_an_svg_holds_the_first_drawing_and_escapes_names() -> None:
    import xml.etree.ElementTree as ElementTree

    main = Table((Column("a", "a"),), ())
    curve = Curve((0.0, 30.0), (Series("run", "<script>&\x00", (1.0, 0.5), (1.0, 0.75)),))
    page = SvgFace().render(Document("<b>", (Paragraph("x"), curve), main), Look())
    root = ElementTree.fromstring(page.partition("?>\n")[2])
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    assert "<script" not in page
    assert page.count("http") == 1


def test_what_cannot_be_drawn_says_so() -> None:
    main = Table((Column("a", "a"),), ())
    with pytest.raises(UsageError, match="nothing in it can be drawn"):
        SvgFace().render(Document("Gaps", (Paragraph("x"),), main), Look())


def test_the_ending_of_a_file_chooses_markdown_and_svg(tmp_path: Path) -> None:
    from argparse import Namespace

    from freehold.cli.output import format_of

    for ending, form in ((".md", "markdown"), (".markdown", "markdown"), (".svg", "svg"), (".SVG", "svg"), (".txt", "text")):
        assert format_of(Namespace(format=None, output=str(tmp_path / f"a{ending}"))) == form
