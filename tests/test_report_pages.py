"""What pages say and how faces show it: golden pages, hostile names, width and colour, and nothing unknown shown as none.

``FREEHOLD_RECORD=1 pytest tests/test_report_pages.py`` writes the golden files anew.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import UsageError
from freehold.measure.assess import assess, foreign_cutoff
from freehold.measure.cutoff import cutoff
from freehold.measure.why import why
from freehold.report.answers import Context, context_of
from freehold.report.clean import clean, escape_json
from freehold.report.csv import CsvFace
from freehold.report.figures import figure, short_range, show_cell, tone_of
from freehold.report.html import HtmlFace
from freehold.report.html_report import answers_itself, is_report
from freehold.report.interface import (
    NOT_KNOWN,
    Column,
    Curve,
    Document,
    Evidence,
    KeyFigure,
    KeyFigures,
    Look,
    Paragraph,
    Range,
    Row,
    Series,
    Table,
    Tree,
    walk,
)
from freehold.report.json import dumps
from freehold.report.render import document_of, render
from freehold.report.text import PLAIN_WIDTH, TextFace, bar, look_for
from freehold.stack.toml_file import loads
from test_report_stacks import CLINIC, INVENTORY, answers, check_of, clinic, clinic_check, half_known

GOLDEN = Path(__file__).parent / "test_report_golden"
EVIL = "<script>alert(1)</script>\"'&\x1b[31m\u202eexe.\u200b\x00\u2028"

PAGES = [
    ("check", "text"), ("check", "json"), ("check", "html"), ("check", "csv"), ("assess", "text"), ("cutoff", "text"),
    ("cutoff", "json"), ("cutoff", "csv"), ("why", "text"), ("why", "csv"), ("restart", "text"), ("restart", "json"),
    ("chokepoints", "text"), ("chokepoints", "json"), ("chokepoints", "csv"), ("chokepoints", "html"),
    ("gaps", "text"), ("gaps", "json"), ("gaps", "csv"), ("partners", "text"), ("partners", "json"),
    ("report", "text"), ("report", "json"), ("report", "csv"), ("report", "markdown"), ("report", "svg"),
    ("plan", "text"), ("plan", "json"), ("plan", "html"), ("plan", "csv"), ("plan why", "text"), ("plan why", "json"),
    ("plan follow", "text"), ("plan follow", "json"),
    ("options", "text"), ("options", "json"), ("options", "csv"), ("options", "html"),
    ("sweep", "text"), ("sweep", "csv"), ("sweep samples", "text"), ("sweep samples", "json"), ("sweep samples", "html"),
    ("schemes list", "text"), ("schemes show", "text"), ("schemes show", "csv"), ("schemes score", "text"),
    ("schemes score", "json"), ("schemes score", "csv"), ("schemes score", "html"),
    ("scan", "text"), ("scan", "csv"), ("show", "text"),
    ("history", "text"), ("history", "json"), ("history", "csv"),
    ("catalogue show", "text"), ("catalogue search", "text"), ("catalogue coverage", "text"), ("catalogue check", "text"),
]  # fmt: skip


def compare(name: str, text: str) -> None:
    """Hold a page against its golden file, or write that anew."""
    path = GOLDEN / name
    shown = re.sub(r'"freehold": "[^"]+"', '"freehold": "VERSION"', text)
    if os.environ.get("FREEHOLD_RECORD") == "1":
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8"), f"{name} differs; FREEHOLD_RECORD=1 writes it anew"


@pytest.mark.parametrize(("verb", "form"), PAGES)
def test_a_page_is_as_recorded(verb: str, form: str) -> None:
    compare(f"{verb.replace(' ', '_')}.{form}", render(answers()[verb][0], form, answers()[verb][1], Look(evidence=True)))


@pytest.mark.parametrize("form", ["text", "html"])
def test_the_page_of_a_stack_that_is_half_known_is_as_recorded(form: str) -> None:
    compare(f"half_known.{form}", render(check_of(half_known(), inventory=INVENTORY), form))


# The check page


def test_the_first_screen_answers_in_order_and_fits_a_screen() -> None:
    page = render(clinic_check())
    said = [
        "Read from clinic.toml: 4 items, 5 sources, 3 needs", "If everything foreign were cut off today, 60 % of what you must",
        "What you hold", "Who your landlords are", "What stops first", "Largest landlord: United States", "What is not known",
        "What to run next",
    ]  # fmt: skip
    places = [page.index(one) for one in said]
    assert places == sorted(places)
    assert page.count("\n") <= 62


def test_what_is_not_known_is_said_on_the_first_screen_and_never_shown_as_none_or_green() -> None:
    stack = half_known()
    answer = check_of(stack)
    page = render(answer, look=Look(colour=True))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", page)
    assert "between 0 and 100 % of what you must keep running" in " ".join(plain.split())
    assert "rests on 2 unknown facts" in " ".join(plain.split())
    assert "▒" in plain
    assert "\x1b[32m" not in page
    assert re.search(r"service +1 +0 +0 +0 +1", plain)
    html = render(answer, "html")
    assert 'class="good"' not in html
    assert "not known" in html


def test_a_fact_narrows_by_no_more_than_the_whole() -> None:
    page = " ".join(render(check_of(half_known())).split())
    assert "Knowing who provides 'mystery' would narrow the answer by up to 100 points; 1 source rests on it." in page


def test_no_landlord_is_not_said_to_be_none_while_facts_are_unknown() -> None:
    assert "some facts are not known" in " ".join(render(check_of(half_known())).split())


def test_only_what_surely_stands_in_full_is_good() -> None:
    assert tone_of(1.0, 1.0, 0.5) == "good"
    assert tone_of(0.9, 1.0, 0.5) == "plain"
    assert tone_of(0.2, 1.0, 0.5) == "warn"
    assert tone_of(0.2, 0.4, 0.5) == "bad"


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 1))
def test_a_level_that_may_be_less_than_whole_is_never_good(one: float, other: float, floor: float) -> None:
    low, high = sorted((one, other))
    assert (tone_of(low, high, floor) == "good") <= (low >= 1 - 1e-9)


def test_files_that_were_skipped_are_counted_with_their_reasons_and_listed_in_html() -> None:
    answer = check_of(clinic(), inventory=INVENTORY)
    page = " ".join(render(answer).split())
    assert "3 notes on what was skipped: its text encoding is not known (2); it is too large (1)." in page
    assert "vendor/big.bin" not in page
    assert "vendor/big.bin" in render(answer, "html")
    assert "300 MB is over the limit" in render(answer, "html")


def test_the_loss_is_told_where_no_chain_explains_it() -> None:
    answer = clinic_check()
    standing = why(clinic(), "assistant", foreign_cutoff(), 30.0)
    assert not standing.stands
    no_chain = type(answer)(answer.assess, answer.stack, None, (), "US", "2026-11-22")
    told = " ".join(render(no_chain).split())
    assert "If it says no, 100 % of what you must keep running is lost on day 0, the worst of the days asked." in told


def test_an_old_fact_is_shown_as_old_and_a_newer_one_is_not() -> None:
    page = render(clinic_check(), look=Look(evidence=True))
    assert "register.csv:40 (2024-01-31: more than 18 months old)" in " ".join(page.split())
    assert "register.csv:12 (2026-02-15)" in " ".join(page.split())
    assert "1 fact shown here is more than 18 months old on 2026-11-22" in " ".join(page.split())


def test_without_a_reference_date_nothing_is_called_old() -> None:
    stack = loads(CLINIC.replace('as_of = "2026-11-22"\n', ""), "clinic.toml")
    page = document_of(assess(stack), context_of(stack, 0))
    assert not any(one.old for one in page.evidence)


def test_every_landlord_leads_to_a_claim_or_a_row() -> None:
    document = document_of(clinic_check())
    tables = [block for block in walk(document.blocks) if isinstance(block, Table) and block.columns[0].name == "landlord"]
    assert tables
    for row in tables[0].rows:
        assert row.notes
    by_number = {one.number: one for one in document.evidence}
    openai = next(row for row in tables[0].rows if row.cells[0] == "OpenAI")
    assert by_number[openai.notes[0]].source == "register.csv:12"


def test_text_lists_the_evidence_of_what_it_shows_only_when_asked() -> None:
    assert "register.csv:12" not in render(clinic_check())
    page = render(clinic_check(), look=Look(evidence=True))
    listed = {int(number) for number in re.findall(r"(?m)^\[(\d+)\] ", page)}
    before = page[: page.index("\nEvidence\n")]
    shown = {int(number) for group in re.findall(r"\[([\d,\s]+)\]", before) for number in group.split(",")}
    assert shown == listed


# Faces


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "line", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


@pytest.mark.parametrize("verb", sorted(answers()))
def test_html_is_whole_needs_no_script_and_loads_nothing(verb: str) -> None:
    reader = read(render(answers()[verb][0], "html", answers()[verb][1]))
    assert reader.problems == []
    assert reader.open == []
    names = {tag for tag, _ in reader.tags}
    document = document_of(answers()[verb][0], answers()[verb][1])
    report = is_report(document)
    policies = [a for tag, a in reader.tags if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"]
    if answers_itself(document):
        # such a page has the one script, and no other; test_report_html.py and test_report_browser.py read it
        assert str(policies[0]["content"]).count("script-src 'sha256-") == 1
        names.discard("script")
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "form", "base", "image", "use"}
    for tag, attributes in reader.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in ("src", "srcset", "style", "xlink:href", "action"), (tag, name)
            if name == "href":
                assert value is not None
                assert value.startswith("#" if report else "#e")
    assert "default-src 'none'" in str(policies[0]["content"])
    assert "unsafe" not in str(policies[0]["content"])
    style = "".join(re.findall(r"<style>(.*?)</style>", render(answers()[verb][0], "html", answers()[verb][1]), re.DOTALL))
    assert "url(" not in style
    assert "@import" not in style


def test_every_footnote_of_html_leads_to_one_piece_of_evidence() -> None:
    reader = read(render(clinic_check(), "html"))
    ids = [value for _, attributes in reader.tags if (value := attributes.get("id")) is not None]
    assert len(ids) == len(set(ids))
    for _, attributes in reader.tags:
        if "href" in attributes:
            assert str(attributes["href"])[1:] in ids


def hostile_document() -> Document:
    columns = (Column("a", EVIL, "id"), Column("b", EVIL, "percent"), Column("c", "c"), Column("d", "d", "day"))
    table = Table(columns, (Row((EVIL, Range(0.1, 0.2), EVIL, None), notes=(1,)),), EVIL)
    curve = Curve((0.0, 30.0), (Series("s", EVIL, (0.1, 0.2), (0.3, 0.2)),), EVIL, 0.5)
    blocks = (
        Paragraph(EVIL), table, Tree(EVIL, (Tree(EVIL),), notes=(1,)), curve,
        KeyFigures((KeyFigure(EVIL, Range(0, 1), EVIL),)),
    )  # fmt: skip
    return Document(EVIL, blocks, table, EVIL, (Evidence(1, EVIL, EVIL, EVIL),), "en")


def test_hostile_names_are_escaped_in_html() -> None:
    html = HtmlFace().render(hostile_document(), Look())
    reader = read(html)
    assert reader.problems == []
    assert "script" not in {tag for tag, _ in reader.tags}
    assert not set("\x1b\x00\u202e\u200b\u2028") & set(html)
    assert "<script>alert(1)</script>" in "".join(reader.text)


def test_hostile_names_cannot_command_a_terminal_or_turn_text_round() -> None:
    for look in (Look(), Look(colour=True, evidence=True), Look(width=40, evidence=True, full=True)):
        page = TextFace().render(hostile_document(), look)
        assert "\x1b[31m<" not in page
        assert "\x1b[31m\u202e" not in page
        assert not set("\x00\u202e\u200b\u2028") & set(page)
        assert "\\u001b" in page.replace("\n", "").replace(" ", "")


def test_hostile_names_keep_their_value_in_json_without_acting() -> None:
    text = dumps({"name": EVIL + "\U000e0041\ud800"})
    assert json.loads(text) == {"name": EVIL + "\U000e0041\ud800"}
    assert not set("\x1b\x00\u202e\u200b\u2028\U000e0041\ud800") & set(text)
    text.encode("utf-8")


def test_a_stack_with_hostile_names_is_shown_by_every_face() -> None:
    from dataclasses import replace

    stack = clinic()
    named = tuple(replace(item, name=EVIL) for item in stack.items)
    providers = tuple(replace(one, name=EVIL) for one in stack.providers)
    answer = check_of(replace(stack, name=EVIL, items=named, providers=providers), "US", "assistant")
    for form in ("text", "html", "csv", "json"):
        page = render(answer, form, look=Look(evidence=True, full=True))
        assert not set("\x1b\x00\u202e\u200b\u2028") & set(page), form
    assert "script" not in {tag for tag, _ in read(render(answer, "html")).tags}


@given(st.text(st.characters(codec="utf-8")))
def test_cleaned_text_holds_no_control_character_and_is_clean_already(text: str) -> None:
    once = clean(text)
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in once)
    assert clean(once) == once


@given(st.text())
def test_json_escapes_keep_every_value(text: str) -> None:
    assert json.loads(escape_json(json.dumps(text, ensure_ascii=False))) == text


def test_a_cell_that_a_spreadsheet_would_run_is_made_text_and_ranges_take_two_columns() -> None:
    columns = (Column("name", "name"), Column("level", "level", "percent"), Column("day", "day", "day"))
    table = Table(columns, (Row(("=cmd()", Range(0.25, 1.0), None)), Row(("x,\ny", NOT_KNOWN, 3.0))))
    rows = list(csv.reader(io.StringIO(CsvFace().render(Document("t", (), table), Look()))))
    assert rows == [
        ["name", "level_low", "level_high", "day"], ["'=cmd()", "0.25", "1", ""], ["x, y", "", "", "3"],
    ]  # fmt: skip


def test_a_cut_off_as_csv_has_every_item_and_numbers_only_where_there_are_some() -> None:
    stack = half_known()
    text = render(cutoff(stack, foreign_cutoff()), "csv", context_of(stack, 1))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["item"] for row in rows] == [item.id for item in stack.items]
    desk = rows[0]
    assert (desk["day_30_low"], desk["day_30_high"]) == ("0", "1")
    assert (desk["stops_low"], desk["stops_high"]) == ("0", "")


# Width and colour


class _Stream(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_a_pipe_gets_plain_text_of_a_fixed_width() -> None:
    assert look_for(_Stream(terminal=False), {"COLUMNS": "60"}) == Look(PLAIN_WIDTH, colour=False)
    page = render(clinic_check(), look=look_for(_Stream(terminal=False), {}))
    assert "\x1b" not in page
    assert max(map(len, page.splitlines())) <= PLAIN_WIDTH


@pytest.mark.parametrize(
    ("environment", "colour"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_a_terminal_gets_colour_unless_told_not_to(environment: dict[str, str], colour: bool) -> None:
    look = look_for(_Stream(terminal=True), {"COLUMNS": "90", **environment})
    assert look == Look(90, colour=colour)
    assert ("\x1b[" in render(clinic_check(), look=look)) is colour


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
@pytest.mark.parametrize("verb", ["check", "cutoff", "gaps"])
def test_no_line_is_wider_than_the_terminal(verb: str, width: int) -> None:
    page = render(answers()[verb][0], "text", answers()[verb][1], Look(width, evidence=True, full=True))
    assert max(map(len, page.splitlines())) <= width


def test_colour_adds_nothing_to_what_is_said() -> None:
    coloured = render(clinic_check(), look=Look(colour=True))
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == render(clinic_check()).splitlines()


def test_a_bar_tells_sure_from_perhaps_without_colour() -> None:
    assert bar(0.5, 0.75, 8) == "████▒▒··"
    assert bar(0.0, 0.0, 4) == "····"
    assert bar(0.0, 1.0, 4) == "▒▒▒▒"
    assert bar(0.01, 0.01, 4) == "█···"
    assert bar(1.0, 1.0, 4) == "████"


@given(st.floats(0, 1), st.floats(0, 1), st.integers(4, 40))
def test_a_bar_is_as_wide_as_asked_and_full_only_when_all_stands(one: float, other: float, width: int) -> None:
    low, high = sorted((one, other))
    drawn = bar(low, high, width)
    assert len(drawn) == width
    assert (drawn == "█" * width) <= (low >= 1 - 1e-8)


# Figures


def test_what_is_not_known_is_a_word_and_what_there_is_none_of_a_dash() -> None:
    count, level, days = Column("n", "n", "count"), Column("l", "l", "percent"), Column("d", "d", "day")
    assert show_cell(NOT_KNOWN, count) == "not known"
    assert show_cell(None, count) == "–"
    assert show_cell(0, count) == "0"
    assert show_cell(12345, count) == "12,345"
    assert show_cell(Range(0.4, 0.6), level) == "40–60 %"
    assert show_cell(Range(0.996, 1.0), level) == "99.6–100 %"
    assert show_cell(Range(3.0, None), days) == "3 or none"
    assert show_cell(Range(14.0, 14.0), days) == "14"
    assert short_range(Range(None, 1.0)) == "not known"


def test_a_difference_is_in_points_with_its_sign() -> None:
    assert figure(KeyFigure("x", Range(-1 / 3, -1 / 3), "", points=True)) == "−33 points"
    assert figure(KeyFigure("x", Range(-0.1, 0.2), "", points=True)) == "−10 to +20 points"


# The front door


def test_an_unknown_format_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="text, json, csv, html"):
        render(clinic_check(), "pdf")


def test_rich_is_loaded_only_when_text_is_shown() -> None:
    import subprocess

    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import freehold.report.render, freehold.report.text\n"
        "freehold.report.render.face('html'); assert 'rich' not in sys.modules"
    )
    source = Path(__file__).parent.parent / "src"
    done = subprocess.run([sys.executable, "-c", code, str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_clinic_is_told_under_its_cut_off() -> None:
    stack = clinic()
    page = render(cutoff(stack, foreign_cutoff()), context=Context(stack=stack))
    assert "On day 30, 60 % of what you must keep running still works." in " ".join(page.split())
    assert "First to stop, on day 0: 'assistant', 'gpu-server', 'llm' and 1 more." in " ".join(page.split())
