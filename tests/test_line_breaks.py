"""Lines of text with characters of two cells: widths by hand, and no line of any page is wider than its room."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from freehold.report.clean import clean
from freehold.report.gantt_lines import gantt_lines
from freehold.report.interface import (
    Column,
    Curve,
    Document,
    Gantt,
    GanttBar,
    Heading,
    KeyFigure,
    KeyFigures,
    Look,
    Paragraph,
    Range,
    Row,
    Series,
    Table,
    Tree,
)
from freehold.report.line_breaks import broken, cells, cut_short, has_wide, line_starts, longest_unit
from freehold.report.plan_words import short
from freehold.report.text import TextFace

ODD = "中文字符，。；：）」、！？（《“”ab cd 12 %e\u0301\u0308👍🏽👨\u200d👩\u200d👧🇩🇪한글カナｶﾅ…—·😀\u0e01\u0e33"
MIXED = st.text(alphabet=st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=["Cs", "Cc"])), max_size=60)


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("中文", 4), ("中a", 3), ("e\u0301", 1), ("한글", 4), ("ｶﾅ", 2), ("（a）", 5), ("…", 1), ("👍", 2)],
)
def test_an_ideograph_takes_two_cells_and_a_mark_none(text: str, width: int) -> None:
    assert cells(text) == width


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("切断一切境外来源", 8, ["切断一切", "境外来源"]),
        ("切断一切，境外来源", 8, ["切断一", "切，境外", "来源"]),
        ("甲乙丙（丁戊）", 8, ["甲乙丙", "（丁戊）"]),
        ("甲乙丙（丁戊）", 10, ["甲乙丙（丁", "戊）"]),
        ("甲乙丙“丁”戊", 9, ["甲乙丙", "“丁”戊"]),
        ("在第 30 天停止", 9, ["在", "第 30 天", "停止"]),
        ("甲乙 word 丙丁", 8, ["甲乙", "word 丙", "丁"]),
        ("甲abcdefghij乙", 6, ["甲", "abcdef", "ghij乙"]),
        ("甲", 1, ["甲"]),
    ],
)
def test_lines_end_where_the_hand_would_end_them(text: str, width: int, lines: list[str]) -> None:
    assert broken(text, width) == lines


@given(MIXED, st.integers(2, 40))
@example("甲" * 30, 7)
@example("。" * 9 + "甲", 4)
def test_no_line_is_wider_than_its_room_and_nothing_is_lost(text: str, width: int) -> None:
    starts = line_starts(text, width)
    edges = [0, *starts, len(text)]
    assert edges == sorted(set(edges)) or not text
    assert all(cells(line) <= width for line in broken(text, width))
    assert "".join(text[start:end] for start, end in pairwise(edges)) == text


@given(st.text(alphabet="中文字符，。；：）」、！？（《“”ab 12", max_size=60), st.integers(8, 40))
def test_closing_punctuation_begins_no_line_unless_nothing_else_fits(text: str, width: int) -> None:
    for line in broken(text, width)[1:]:
        if longest_unit(text) <= width:
            assert line[:1] not in set("，。；：）」、！？")


@given(MIXED, st.integers(0, 30))
def test_what_is_cut_short_fits_and_ends_in_a_mark(text: str, most: int) -> None:
    kept = cut_short(text, most)
    assert cells(kept) <= max(most, 0)
    assert kept == text or most < 1 or kept.endswith("…")
    assert text.startswith(kept.removesuffix("…"))


@given(MIXED)
@example("甲" * 80)
@example("甲 " * 40)
def test_a_name_within_a_sentence_takes_no_more_cells_than_it_may(name: str) -> None:
    assert cells(short(name * 3)) <= 60


def page(*texts: str) -> Document:
    """A document with all that has a width."""
    one, two, three = (texts * 3)[:3]
    table = Table(
        (Column("a", one or "a"), Column("b", two or "b", "id"), Column("c", "层", "percent"), Column("d", three, "count")),
        (Row((one, two, Range(0.4, 0.6), 3)), Row((three, one, 0.5, 12))),
        caption=two,
    )
    blocks = (
        Heading(one), Paragraph(two, notes=(1,)), table, Tree(three, (Tree(one, (Tree(two),)),)),
        KeyFigures((KeyFigure(one[:6], Range(0.1, 0.2), two), KeyFigure("甲", Range(None, None), three))),
        Curve((0.0, 30.0), (Series("run", "甲", (0.1, 0.2), (0.3, 0.4)),), "天"),
        Gantt(100.0, ((0.0, "第 1 年"), (50.0, "第 2 年")), (GanttBar(two, 0.0, 30.0), GanttBar(three, 10.0, 90.0)), one),
    )  # fmt: skip
    return Document(one, blocks, table, subtitle=three)


@given(MIXED, MIXED, MIXED, st.integers(60, 110))
def test_no_line_of_a_page_is_wider_than_the_page(one: str, two: str, three: str, width: int) -> None:
    text = TextFace().render(page(one, two, three), Look(width, full=True))
    assert [line for line in text.splitlines() if cells(line) > width] == []


@given(st.lists(st.tuples(MIXED, st.integers(0, 10**6)), min_size=1, max_size=6))
def test_columns_begin_at_the_same_cell_whatever_stands_before_them(rows: list[tuple[str, int]]) -> None:
    table = Table((Column("a", "名称"), Column("b", "数", "count")), tuple(Row((f"甲{text}", number)) for text, number in rows))
    lines = TextFace().render(Document("t", (table,), table), Look(200)).splitlines()[1:]
    ends = {cells(line) for line in lines if line.strip()}
    assert len(ends) == 1


@given(st.lists(MIXED, min_size=1, max_size=5), st.integers(40, 120))
def test_bars_of_a_gantt_chart_begin_at_the_same_cell(names: list[str], width: int) -> None:
    bars = tuple(GanttBar(name, 0.0, 100.0) for name in names)
    lines = [text for text, _ in gantt_lines(Gantt(100.0, (), bars), width)][1:]
    # all are built from the first day to the last, and so begin and end together
    assert len({(cells(line), cells(line.rstrip("█"))) for line in lines if not line.rstrip("█").endswith("█")}) == 1
    assert all(cells(line) <= width for line in lines)


@given(MIXED)
def test_text_without_wide_characters_is_left_to_the_rules_there_were(text: str) -> None:
    plain = "".join(character for character in clean(text) if not has_wide(character))
    assert longest_unit(plain) == max((cells(word) for word in plain.split()), default=0)
