"""The two pages as HTML that prints on two sheets of A4 at most. Owns their look, which is not that of longer pages.

The file loads nothing and runs nothing: its Content-Security-Policy allows one style sheet, by its hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from typing import Final

from freehold.report.clean import clean
from freehold.report.figures import show_cell
from freehold.report.html_curve import curve_svg
from freehold.report.interface import Block, Curve, Document, Heading, Look, Paragraph, Table
from freehold.words import say

__all__ = ["BriefPage"]

_STYLE: Final = """
@page{size:A4;margin:13mm 15mm}
:root{--paper:#fdfdfb;--ink:#1c2126;--quiet:#545d66;--line:#d2d6d1;--one:#1f5fa8;--two:#8f4f00;--good:#1c6b3a;--warn:#7d5600;
--bad:#a4231c;color-scheme:light dark}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e6e8ea;--quiet:#a2acb5;--line:#343a40;
--one:#7db4f0;--two:#eba857;--good:#7fd09b;--warn:#e6bd5c;--bad:#ff938a}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.2rem 1rem 2rem;max-width:50rem;background:var(--paper);color:var(--ink);
font:.95rem/1.42 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere}
h1{font-size:1.4rem;line-height:1.2;margin:0}
h2{font-size:.95rem;margin:.8rem 0 .1rem;color:var(--quiet);font-weight:600}
p{margin:.1rem 0}.lead{font-size:1.08rem}
.subtitle,.quiet,caption,figcaption{color:var(--quiet)}.quiet{font-size:.85rem}
.mark{font-weight:700}.mark.good{color:var(--good)}.mark.warn{color:var(--warn)}.mark.bad{color:var(--bad)}
figure{margin:.4rem 0}svg{display:block;width:100%;max-width:30rem;height:auto}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--quiet)}
svg .axis{stroke:var(--line);stroke-width:1}svg .floor{stroke:var(--quiet);stroke-width:1;stroke-dasharray:2 4}
svg .band{opacity:.2;stroke:none}svg .low,svg .high{fill:none;stroke-width:2.25;stroke-linejoin:round}
svg .high{stroke-dasharray:6 4}
svg .s0 .band{fill:var(--one)}svg .s0 .low,svg .s0 .high{stroke:var(--one)}svg .s0 text{fill:var(--one);font-weight:600}
svg .s1 .band{fill:var(--two)}svg .s1 .low,svg .s1 .high{stroke:var(--two)}svg .s1 text{fill:var(--two);font-weight:600}
table{border-collapse:collapse;width:100%;margin:.2rem 0;font-size:.85rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.1rem 0}
th,td{text-align:left;vertical-align:top;padding:.2rem .7rem .2rem 0;border-bottom:1px solid var(--line)}
thead th{color:var(--quiet);font-weight:600;overflow-wrap:normal}.num{text-align:right}td.num{white-space:nowrap}
code{font:.85em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
@media print{
:root{--paper:#fff;--ink:#000;--quiet:#444;--line:#bbb}
html{font-size:10pt}body{max-width:none;padding:0;line-height:1.36}
h2,caption{break-after:avoid}tr,figure,p{break-inside:avoid}svg{max-width:112mm}
}
""".strip()

_MARKS: Final = {"good": "●", "warn": "▲", "bad": "■"}
"""Shapes, so that how a sentence is to be taken reads without colour too."""


class BriefPage:
    """Two pages at most: inline style, inline SVG, light and dark on screens, black on paper."""

    name = "html"
    media_type = "text/html; charset=utf-8"

    def render(self, document: Document, look: Look) -> str:  # noqa: ARG002  a face's signature
        """Write the pages."""
        digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        body = "\n".join(_body(document))
        title = _safe(document.title)
        return (
            f'<!DOCTYPE html>\n<html lang="{_safe(document.language)}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="referrer" content="no-referrer">\n'
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
            f'<p class="subtitle">{_safe(document.subtitle)}</p>\n{body}\n</main>\n</body>\n</html>\n'
        )


def _safe(text: str) -> str:
    return escape(clean(text), quote=True).replace(" %", "&nbsp;%")


def _body(document: Document) -> Iterator[str]:
    curves = 0
    for block in document.blocks:
        if isinstance(block, Curve):
            curves += 1
            yield _figure(block, curves)
        else:
            yield _block(block)


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"<h2>{_safe(block.text)}</h2>"
        case Paragraph():
            if block.whole:
                return f'<p class="quiet"><code>{_safe(block.text)}</code></p>'
            kind = "lead" if block.lead else ("quiet" if block.tone == "quiet" else "")
            mark = _MARKS.get(block.tone)
            shown = f'<span class="mark {block.tone}" aria-hidden="true">{mark}</span> ' if mark else ""
            return f'<p class="{kind}">{shown}{_safe(block.text)}</p>' if kind else f"<p>{shown}{_safe(block.text)}</p>"
        case Table():
            return _table(block)
        case _:
            raise TypeError(f"no two-page brief holds a {type(block).__name__}")


def _figure(curve: Curve, number: int) -> str:
    caption = _safe(f"{curve.caption} {say('report.curve_html')}".strip())
    return f'<figure>{curve_svg(curve, number)}<figcaption class="quiet">{caption}</figcaption></figure>'


def _table(table: Table) -> str:
    if not table.rows:
        return f"<p>{_safe(say('report.no_rows'))}</p>"
    sort = ["num" if column.sort in ("count", "percent", "day") else "" for column in table.columns]
    classes = [f' class="{one}"' if one else "" for one in sort]
    head = "".join(
        f'<th scope="col"{one}>{_safe(column.title)}</th>' for one, column in zip(classes, table.columns, strict=True)
    )
    rows = "\n".join(
        "<tr>"
        + "".join(
            f"<td{one}>{_safe(show_cell(cell, column))}</td>"
            for one, cell, column in zip(classes, row.cells, table.columns, strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    caption = f"<caption>{_safe(table.caption)}</caption>" if table.caption else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table>"
