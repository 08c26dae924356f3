"""Documents as one HTML file. Owns the frame of the file, and the promise that it loads nothing and can be read without script.

The Content-Security-Policy allows one style sheet and, where a drawing answers, one script, each by its hash, and nothing
else. Addresses in evidence are text, not links: a page about who can say no must not call anybody.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

from freehold.report.html_page import Page, safe
from freehold.report.html_report import ReportPage, answers_itself, is_report
from freehold.report.html_report_style import REPORT_STYLE
from freehold.report.html_style import GANTT_STYLE, HEAT_STYLE, STYLE
from freehold.report.interface import Document, Gantt, HeatMap, LayerDrawing, Look, walk
from freehold.report.page_script import page_data, page_script
from freehold.words import say

__all__ = ["HtmlFace"]


class HtmlFace:
    """One self-contained file: inline style and SVG, light and dark, screen and paper; a script where a drawing answers."""

    name = "html"
    media_type = "text/html; charset=utf-8"

    def render(self, document: Document, look: Look) -> str:  # noqa: ARG002  the page fits itself to its reader's room
        """Write the page."""
        kinds = {type(block) for block in walk(document.blocks)}
        if any(isinstance(block, LayerDrawing) and _has(block, Gantt) for block in walk(document.blocks)):
            kinds.add(Gantt)
        style = STYLE + (HEAT_STYLE if HeatMap in kinds else "") + (GANTT_STYLE if Gantt in kinds else "")
        if is_report(document):
            return _report(document, style + REPORT_STYLE)
        page = Page({one.number for one in document.evidence})
        body = "\n".join(page.block(block) for block in document.blocks)
        return _file(document, style, "", f"<main>\n{_title(document)}{body}\n{page.evidence(document.evidence)}</main>\n")


def _has(drawing: LayerDrawing, kind: type) -> bool:
    return any(isinstance(block, kind) for row in drawing.rows for cell in row.cells for block in walk(cell.blocks))


def _report(document: Document, style: str) -> str:
    scripted = answers_itself(document)
    page = ReportPage(document, scripted=scripted)
    sections = page.body()
    contents = page.contents()
    skip = f'<a class="skip" href="#top">{safe(say("page.skip"))}</a>\n'
    theme = f'<button type="button" class="theme scripted">{safe(say("page.theme"))}</button>' if scripted else ""
    head = f'{skip}<div class="page">\n<header class="top"><div>\n{_title(document)}</div>{theme}</header>\n'
    body = f'{head}{contents}\n<main id="top" tabindex="-1">\n{sections}\n</main>\n</div>\n'
    if not scripted:
        return _file(document, style, "", body)
    return _file(document, style, page_script(), f"{body}{page_data(page.data)}\n")


def _title(document: Document) -> str:
    subtitle = f'<p class="subtitle">{safe(document.subtitle)}</p>\n' if document.subtitle else ""
    return f"<h1>{safe(document.title)}</h1>\n{subtitle}"


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def _file(document: Document, style: str, script: str, body: str) -> str:
    allowed = f"default-src 'none'; style-src {_hash(style)}; "
    if script:
        allowed += f"script-src {_hash(script)}; "
    policy = f"{allowed}base-uri 'none'; form-action 'none'"
    acting = f"<script>{script}</script>\n" if script else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{safe(document.language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{safe(document.title)}</title>\n<style>{style}</style>\n{acting}</head>\n<body>\n{body}</body>\n</html>\n"
    )
