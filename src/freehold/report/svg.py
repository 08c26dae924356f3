"""The drawing of a document as an SVG file of its own. Owns which drawing it is, and the style that it carries.

The file names no address but that of SVG itself, and holds no script: it can be put into any page or paper.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from freehold.errors import UsageError
from freehold.report.html_curve import curve_svg
from freehold.report.html_gantt import gantt_svg
from freehold.report.html_palette import DARK, LIGHT, declared
from freehold.report.html_style import GANTT_STYLE, STYLE
from freehold.report.interface import Curve, Document, Gantt, LayerDrawing, Look, walk
from freehold.report.layer_file import drawing_svg

__all__ = ["SvgFace"]

_ORDER: Final[tuple[type[LayerDrawing | Curve | Gantt], ...]] = (LayerDrawing, Curve, Gantt)
"""What is drawn, where a document holds several: the first of these kinds that it has."""
_SPACE: Final = "http://www.w3.org/2000/svg"
_RULES: Final = re.compile(r"^svg [^\n]*$|^\.gantt svg [^\n]*$", re.MULTILINE)


class SvgFace:
    """One drawing, as a file that stands alone."""

    name = "svg"
    media_type = "image/svg+xml"

    def render(self, document: Document, look: Look) -> str:  # noqa: ARG002  a drawing has its own room
        """Write the drawing.

        Raises
        ------
        freehold.errors.UsageError
            If the document has nothing that can be drawn.
        """
        blocks = tuple(walk(document.blocks))
        for kind in _ORDER:
            for block in blocks:
                if isinstance(block, kind):
                    return _drawn(block, document.title)
        raise UsageError(
            f"{document.title}: nothing in it can be drawn, so that there is no SVG of it. "
            "Choose another format, such as html or markdown."
        )


def _drawn(block: LayerDrawing | Curve | Gantt, title: str) -> str:
    if isinstance(block, LayerDrawing):
        return drawing_svg(replace(block, caption=title))
    named = replace(block, caption=block.caption or title)
    return _alone(curve_svg(named, 1) if isinstance(named, Curve) else gantt_svg(named, 1))


def _alone(drawing: str) -> str:
    """A drawing of a page with the style that it has there, and paper under it."""
    colours = f":root{{{declared(LIGHT)}}}@media (prefers-color-scheme:dark){{:root{{{declared(DARK)}}}}}"
    style = "\n".join([colours, *_RULES.findall(STYLE + "\n" + GANTT_STYLE)]).replace(".gantt svg", "svg")
    opening = re.match(r"<svg ([^>]*)>", drawing)
    assert opening is not None
    box = re.search(r'viewBox="([\d. -]+)"', opening[1])
    assert box is not None
    left, top, width, height = box[1].split()
    paper = f'<rect x="{left}" y="{top}" width="{width}" height="{height}" style="fill:var(--paper)"/>'
    head = f'<svg xmlns="{_SPACE}" width="{width}" height="{height}" {opening[1]}>\n<style>{style}</style>\n{paper}'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{drawing[opening.end() :]}\n'
