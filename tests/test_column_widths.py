"""Columns of tables that are short of room: no number is broken, and nothing is left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from freehold.report.column_widths import column_parts, column_widths
from freehold.report.interface import Column, Document, Look, Range, Row, Table
from freehold.report.text import TextFace

_COLUMNS = st.lists(st.tuples(st.integers(1, 14), st.integers(0, 60)), min_size=1, max_size=12)


@given(_COLUMNS, st.integers(40, 140))
def test_widths_fit_and_are_never_under_the_least(columns: list[tuple[int, int]], room: int) -> None:
    least = [need for need, _ in columns]
    natural = [need + more for need, more in columns]
    widths = column_widths(natural, least, room)
    assert all(need <= width <= want for need, width, want in zip(least, widths, natural, strict=True))
    assert sum(widths) <= max(room, sum(least))


@given(_COLUMNS, st.integers(40, 140))
def test_the_parts_hold_every_column_once_and_the_first_in_each(columns: list[tuple[int, int]], room: int) -> None:
    least = [need for need, _ in columns]
    parts = column_parts(least, room, 2)
    assert all(part[0] == 0 for part in parts)
    assert [place for part in parts for place in part[1:]] == list(range(1, len(least)))
    assert all(sum(least[place] for place in part) + 2 * (len(part) - 1) <= room for part in parts)


def test_the_widest_column_gives_first() -> None:
    assert column_widths([30, 10, 8], [5, 4, 8], 36) == [18, 10, 8]


def test_a_table_too_wide_for_a_terminal_goes_on_below_itself_with_no_number_broken() -> None:
    columns = (Column("name", "landlord"), *(Column(f"day_{day}", f"day {day}", "percent") for day in range(100, 108)))
    table = Table(columns, (Row(("Internet Security Research Group", *(Range(0.7, 0.76),) * 8)),))
    shown = TextFace().render(Document("A table", (table,), table), Look(60)).splitlines()
    assert sum(line.count("70–76 %") for line in shown) == 8
    assert len([line for line in shown if line.startswith("landlord")]) == 2
    assert all(len(line) <= 60 for line in shown)
