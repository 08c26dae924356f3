"""The report's page as a file: what leads where, what its policy allows, what travels as data, and where things are drawn."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freehold.report.html import HtmlFace
from freehold.report.html_palette import (
    DARK,
    GRAPHIC_PAIRS,
    HEAT_DARK,
    HEAT_LIGHT,
    LIGHT,
    TEXT_PAIRS,
    contrast,
)
from freehold.report.html_report import is_report
from freehold.report.interface import (
    Document,
    Heading,
    LayerCell,
    LayerDrawing,
    LayerRow,
    Look,
    Method,
    Paragraph,
    Table,
)
from freehold.report.layer_file import drawing_svg
from freehold.report.layer_layout import CELL_HEIGHT, CELL_WIDTH, LABELS, WIDTH, laid_out
from freehold.report.page_script import page_script
from freehold.report.svg import SvgFace
from freehold.words import speaking
from report_pages import EVIL, drawing_of, evil, office, page, report_document, rows_of

HIDDEN = set("\x1b\x00\u202e\u200b\u2028")


class Reader(HTMLParser):
    """Tags, links and the texts of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")
            self._in_script = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def data_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', html, re.DOTALL)
    assert found
    told: dict[str, Any] = json.loads(found[1])
    return told


def digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def test_the_policy_allows_the_one_style_and_the_one_script_by_their_hashes_and_nothing_else() -> None:
    html = page(report_document())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert policy
    assert style
    allowed = dict(part.strip().partition(" ")[::2] for part in unescape(policy[1]).split(";"))
    assert allowed == {
        "default-src": "'none'", "style-src": digest(style[1]), "script-src": digest(read(html).scripts[0]),
        "base-uri": "'none'", "form-action": "'none'",
    }  # fmt: skip
    assert "unsafe" not in policy[1]
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_the_page_names_no_address_and_has_no_act_in_its_markup() -> None:
    for document in (report_document(), evil()):
        reader = read(page(document))
        names = [tag for tag, _ in reader.tags]
        assert names.count("script") == 2
        assert not {"link", "img", "iframe", "object", "embed", "form", "base", "image", "use"} & set(names)
        for tag, attributes in reader.tags:
            for name, value in attributes.items():
                assert not name.startswith("on"), (tag, name)
                assert name not in ("src", "srcset", "style", "action"), (tag, name)
                if name == "href":
                    assert value is not None
                    assert value.startswith("#")


def test_every_link_leads_to_a_place_of_the_page_and_every_place_has_a_name_of_its_own() -> None:
    for document in (report_document(), evil()):
        tags = read(page(document)).tags
        ids = [str(attributes["id"]) for _, attributes in tags if "id" in attributes]
        assert len(ids) == len(set(ids))
        leads = [str(attributes["href"])[1:] for _, attributes in tags if "href" in attributes]
        assert leads
        assert set(leads) <= set(ids)
        for _, attributes in tags:
            for name in ("aria-labelledby", "for", "aria-describedby"):
                assert set(str(attributes.get(name) or "").split()) <= set(ids)


def test_a_number_leads_to_its_method_and_evidence_and_both_lead_back() -> None:
    html = page(report_document())
    assert re.search(r'<a class="how" href="#how-1-levels" id="used-how-1-levels-1"', html)
    assert re.search(r'<div id="how-1-levels"><dt>What is left <span class="back"><a href="#used-how-1-levels-1"', html)
    assert "<code>freehold assess office.toml</code>" in html
    number = re.search(r'href="#e(\d+)" id="used-e\1-1"', html)
    assert number
    assert re.search(rf'<li id="e{number[1]}" value="{number[1]}">.*href="#used-e{number[1]}-1"', html)


def test_the_contents_list_the_sections_the_methods_and_the_evidence() -> None:
    found = re.search(r'<nav id="contents".*?</nav>', page(report_document()), re.DOTALL)
    assert found
    assert re.findall(r'href="#([^"]+)"', found[0]) == [
        "summary", "curves", "ticks", "layers", "steps", "all", "methods", "evidence",
    ]  # fmt: skip


def test_every_drawing_has_a_table_that_says_the_same() -> None:
    html = page(report_document())
    twins = re.findall(r'<details class="twin"><summary>.*?</summary>\s*<table', html)
    assert len(twins) == 4  # the curve, the landlords, the layers and the steps; a map of losses is a table already


def test_of_a_long_table_the_first_rows_stand_in_the_page_and_the_others_travel_as_data() -> None:
    html = page(report_document(150))
    rest = data_of(html)["tables"]["t1"]
    assert len(rest) == 90
    assert rest[0] == [[1], "thing-60", "10–20\u00a0%", "because of that", "60"]
    assert rest[1][2] == ["10–20\u00a0%", "bad"]
    assert "thing-59" in html.partition('id="page-data"')[0]
    assert "thing-60" not in html.partition('id="page-data"')[0]
    assert html.count('<tr class="more">') == 55
    assert "Show all 150 rows" in html
    assert "90 more rows travel in this page" in html


def test_ten_thousand_rows_fit_into_three_megabytes_and_rows_beyond_the_room_are_said_to_be_left_out() -> None:
    html = page(report_document(10_000))
    assert len(html.encode()) < 3_000_000
    assert "rows are not in this page" not in html
    html = page(report_document(60_000))
    assert len(html.encode()) < 3_000_000
    assert "rows are not in this page" in html


def test_a_short_table_is_left_whole() -> None:
    document = report_document(7)
    assert 'class="more"' not in page(document)
    assert data_of(page(document))["tables"] == {}


def test_hostile_texts_stay_texts_in_markup_in_data_and_in_the_drawing() -> None:
    html = page(evil())
    assert not HIDDEN & set(html)
    assert not HIDDEN & set(json.dumps(data_of(html), ensure_ascii=False))
    assert "<img" not in html
    assert html.count("</script>") == 2
    data = html.partition('id="page-data">')[2].partition("</script>")[0]
    assert not set("<>&") & set(data)
    assert read(html).scripts[0] == read(page(report_document())).scripts[0]


def test_the_script_is_the_same_in_every_report_and_language_and_makes_no_markup_and_no_code() -> None:
    script = page_script()
    with speaking("zh"):
        assert page_script() == script
    for act in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "fetch(", "XMLHttp",
                "import(", "localStorage", "</", "http:", "https:"):  # fmt: skip
        assert act not in script, act


def test_the_script_says_what_the_language_says() -> None:
    with speaking("zh"):
        html = page(report_document())
    words = data_of(html)["words"]
    assert words["surely"] != data_of(page(report_document()))["words"]["surely"]
    assert words.keys() == data_of(page(report_document()))["words"].keys()
    script = page_script()
    for key in words:
        assert re.search(rf'"{key}"', script), key
    for key in re.findall(r'say\(\s*"(\w+)"', script):
        assert key in words, key


def test_other_pages_have_no_script_and_are_no_reports() -> None:
    document = Document("Check", (Paragraph("Nothing."),), Table((), ()))
    assert not is_report(document)
    html = HtmlFace().render(document, Look())
    assert "<script" not in html
    assert "script-src" not in html


def test_a_page_with_methods_but_without_a_drawing_that_answers_has_its_links_and_no_script() -> None:
    method = Method("levels", "What is left", "Everything foreign is cut off.")
    blocks = (Heading("All", 2, "all"), Paragraph("60 % is left.", how="levels"), rows_of(300))
    html = page(Document("Levels", blocks, rows_of(1), methods=(method,)))
    assert "<script" not in html
    assert "script-src" not in html
    assert 'href="#how-1-levels"' in html
    assert "thing-299" in html
    assert "show-all" not in html.partition("</style>")[2]


@pytest.mark.parametrize(("colours", "heat"), [(LIGHT, HEAT_LIGHT), (DARK, HEAT_DARK)], ids=["light", "dark"])
def test_colours_are_told_apart_in_both_themes(colours: Mapping[str, str], heat: Mapping[str, str]) -> None:
    palette = {**colours, **heat}
    for text, ground in TEXT_PAIRS:
        assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
    for drawn, ground in GRAPHIC_PAIRS:
        assert contrast(palette[drawn], palette[ground]) >= 3, (drawn, ground)


def test_contrast_is_that_of_the_published_examples() -> None:
    # black on white 21:1, equal colours 1:1, #777 on white 4.48:1 (WebAIM, https://webaim.org/articles/contrast/)
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#123456", "#123456") == 1
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


# The drawing by layers


def test_the_drawing_as_a_file_is_whole_and_says_who_holds_what_by_sign_and_pattern() -> None:
    drawing, _ = drawing_of(office())
    text = drawing_svg(drawing)
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    titles = [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}title")]
    assert any("Mail" in title and "surely foreign" in title for title in titles)
    assert any("Code forge" in title and "not known" in title for title in titles)
    assert "url(#layers-foreign)" in text
    assert "url(#layers-unknown)" in text
    assert "prefers-color-scheme:dark" in text
    assert text.count('class="feed"') == len(drawing.feeds)


def test_the_drawing_as_a_file_comes_first_where_a_report_has_several() -> None:
    assert 'class="layers"' in SvgFace().render(report_document(), Look())


def test_hostile_names_stay_texts_in_the_file() -> None:
    drawing = next(block for block in evil().blocks if isinstance(block, LayerDrawing))
    text = drawing_svg(drawing)
    assert not HIDDEN & set(text)
    tags = {node.tag.rpartition("}")[2] for node in ElementTree.fromstring(text).iter()}
    assert tags <= {"svg", "title", "style", "rect", "g", "text", "defs", "pattern", "line", "circle", "marker", "path"}
    assert EVIL not in text


@st.composite
def drawings(draw: st.DrawFn) -> LayerDrawing:
    sizes = draw(st.lists(st.integers(0, 14), min_size=1, max_size=5))
    ids = [[f"{layer}-{place}" for place in range(size)] for layer, size in enumerate(sizes)]
    every = [one for layer in ids for one in layer]
    ends = st.sampled_from([*every, "not-drawn"])
    feeds = draw(st.lists(st.tuples(ends, ends), max_size=30))
    rows = tuple(
        LayerRow(str(number), str(number), tuple(LayerCell(one, one, "x") for one in layer)) for number, layer in enumerate(ids)
    )
    return LayerDrawing(rows, tuple(feeds))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(drawings())
def test_cells_never_overlap_stay_within_the_drawing_and_keep_their_layers_in_order(drawing: LayerDrawing) -> None:
    layout = laid_out(drawing)
    cells = [cell for row in layout.rows for cell in row.cells]
    assert len({cell.cell.id for cell in cells}) == len(cells)
    for cell in cells:
        assert cell.x >= LABELS
        assert cell.x + CELL_WIDTH <= WIDTH
        assert cell.y >= 0
        assert cell.y + CELL_HEIGHT <= layout.height
    for place, one in enumerate(cells):
        for other in cells[place + 1 :]:
            assert abs(one.x - other.x) >= CELL_WIDTH or abs(one.y - other.y) >= CELL_HEIGHT
    for upper, lower in zip(layout.rows, layout.rows[1:], strict=False):
        assert upper.bottom < lower.top
    for row in layout.rows:
        assert len(row.cells) == min(len(row.row.cells), 16)
    assert laid_out(drawing) == layout


@given(drawings())
def test_lines_join_what_is_drawn_each_once_and_nothing_to_itself(drawing: LayerDrawing) -> None:
    layout = laid_out(drawing)
    drawn = {cell.cell.id for row in layout.rows for cell in row.cells}
    expected = {(giver, taker) for giver, taker in drawing.feeds if giver in drawn and taker in drawn and giver != taker}
    assert {(feed.giver, feed.taker) for feed in layout.feeds} == expected
    assert len(layout.feeds) == len(expected)


def test_what_a_layer_has_no_room_for_is_counted_beside_it() -> None:
    cells = tuple(LayerCell(str(place), f"thing {place}", "x") for place in range(30))
    text = drawing_svg(LayerDrawing((LayerRow("service", "Service", cells, 100),), (), "Many"))
    assert text.count('class="body"') == 16
    assert "and 114 more" in text
