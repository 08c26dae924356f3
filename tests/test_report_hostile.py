"""Stacks whose every name, id and reference would act if it could: nothing does, in no face, folder or language."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt

from freehold.cli import main
from freehold.report.clean import clean
from freehold.report.interface import Look
from freehold.report.render import render
from freehold.stack.toml_file import loads
from freehold.stack.toml_text import quoted
from freehold.words import LANGUAGES, speaking
from whole_answers import report_of

TEXTS = (
    "</script><script>alert(1)</script>", "<!--<script>", "]]><b>", "<img src=x onerror=alert(1)>",
    "\"' onfocus='alert(1)' x='",
    "![a](javascript:alert(1))", "[a](b) [c][d]", "| a | `b` |", "# heading", "- one", "1. one", "```js",
    "> said", "=1+1", "+1", "-1",
    "@SUM(A1)", "＝1+1", "＠a", "＋1", "－1", "www.lakeside-software.net", "@mention #12", "{x.__class__}", "{", "%s%n", "\\",
    "&lt;b&gt;",
    "\u202eexe.txt", "a\u200bb", "\ufeffx", "\ue000\U000e0041", "Z" + "\u0301" * 300, "x" * 1900, "工具" * 200, "[red]x[/red]",
    "</style>",
    "$(id)", "אב abc", "https://www.lakeside-software.net/x",
)  # fmt: skip
IDS = (
    "../../etc/passwd", "..", "/etc/passwd", "C:\\x", "CON", "con.txt", "nul", "index", "manifest.json", "A", "a", "<script>",
    "'><img",
    "=1+1", "@x", "--help", "工具", "\u202ex", "x#y", "x?y=1&z", "{x}", "%2e%2e", "%",
    "y" * 199, "y" * 198 + "z", "é", "e\u0301",
    "```",
    "[a](b)", "|", "constructor", "__proto__", "toString", "&amp", "aux.html", "#off=a", "-o", "README", "ＣＯＮ", "~",
)  # fmt: skip
KINDS = ("application", "service", "model", "software", "hardware", "chip")


def hostile(home: str = 'home = "DE"\ntrusted = ["EU"]\n', *, unknown: bool = False) -> str:
    """A stack of all these as TOML."""
    tables = [f"[stack]\nname = {quoted(TEXTS[0])}\n{home}"]
    for place, (text, id_) in enumerate(zip(TEXTS, IDS, strict=True)):
        other = quoted(TEXTS[(place + 7) % len(TEXTS)])
        provider = "?" if unknown else id_
        needs = (
            f"[{{ item = {quoted(IDS[place + 1])}, role = {other}, survive = '{place}d' }}]" if place + 1 < len(IDS) else "[]"
        )
        kind = KINDS[place % len(KINDS)]
        tables.append(
            f"[[provider]]\nid = {quoted(id_)}\nname = {quoted(text)}\ncountry = '{('US', 'CN', 'DE', '?')[place % 4]}'\n"
            f"lei = {other}\n[[item]]\nid = {quoted(id_)}\nname = {quoted(text)}\nkind = '{kind}'\nmission = {place % 3}\n"
            f"[[item.source]]\nprovider = {quoted(provider)}\nlicence = {other}\nneeds = {needs}\n"
            f"[[claim]]\ntable = 'items'\nid = {quoted(id_)}\nattribute = 'kind'\nvalue = '{kind}'\nsource = {other}\n"
        )
    return "\n".join(tables)


class Acting(HTMLParser):
    """What of a page would act, or load something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, object]] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        if tag in ("img", "iframe", "object", "embed", "link", "base", "form", "b"):
            self.found.append((tag, attrs))
        for name, value in attrs:
            outward = name == "href" and not str(value).startswith("#")
            if outward or name.startswith("on") or name in ("src", "srcset", "action", "formaction", "data", "poster"):
                self.found.append((tag, (name, value)))

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", data))


def see(face: str, page: str) -> None:
    """Nothing in a page acts."""
    assert all(clean(line) == line for line in page.split("\n")), "a character that commands or deceives"
    if face == "html":
        read = Acting()
        read.feed(page)
        assert read.found == []
        assert read.scripts <= 2
    elif face == "svg":
        assert {one.tag.rpartition("}")[2] for one in ET.fromstring(page).iter()}.isdisjoint(
            {"script", "a", "image", "foreignObject"}
        )
    elif face == "json":
        json.loads(page)
    elif face == "csv":
        cells = [cell for row in csv.reader(io.StringIO(page)) for cell in row]
        assert [cell for cell in cells if cell.startswith(tuple("=+@\t\r＝＋－＠"))] == []
        assert [cell for cell in cells if cell.startswith("-") and not cell[1:].replace(".", "").isdigit()] == []
    elif face == "markdown":
        kinds = {
            token.type for one in MarkdownIt("commonmark").enable("table").parse(page) for token in (one, *(one.children or ()))
        }
        assert kinds.isdisjoint({"html_block", "html_inline", "link_open", "image"})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stack", ["unknown", *(pytest.param(one, marks=pytest.mark.slow) for one in ("known", "homeless"))])
def test_nothing_in_a_stack_acts_in_any_face(stack: str, language: str) -> None:
    text = hostile("") if stack == "homeless" else hostile(unknown=stack == "unknown")
    with speaking(language):
        report = report_of(loads(text, "hostile.toml"))
        for face in ("text", "html", "markdown", "csv", "json", "svg"):
            see(face, render(report, face, look=Look(width=100, evidence=True, full=True)))


@pytest.mark.parametrize(
    "words", [("exits", "--no-plan", "--scheme", "none"), ("pack", "--for", "c3a"), ("pack", "--for", "dora")]
)
def test_no_name_of_a_file_leaves_its_folder_and_no_file_acts(words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "stack.toml").write_text(hostile(), encoding="utf-8")
    out = tmp_path / "in" / "out"
    for _ in range(2):  # the second time over what was written the first time
        assert main(["report", words[0], str(tmp_path / "in" / "stack.toml"), *words[1:], "-o", str(out)]) == 0
    assert sorted(one.name for one in (tmp_path / "in").iterdir()) == ["out", "stack.toml"]
    files = [one for one in out.rglob("*") if one.is_file()]
    assert len({one.name.casefold() for one in files}) == len(files) > 3
    for one in files:
        assert one.parent == out
        assert len(one.name) < 100
        assert one.stem.split(".")[0].lower() not in ("con", "nul", "aux", "prn")
        see({".html": "html", ".csv": "csv", ".json": "json", ".md": "markdown"}[one.suffix], one.read_text(encoding="utf-8"))
