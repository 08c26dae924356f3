"""The script of a report, and its data. Owns their joining, and that data can never be taken for markup.

The script is one text that is the same in every report, so that its hash in the page's policy says that it is ours; what
differs between reports, their words too, stands in a block of JSON, which browsers do not run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from freehold.report.clean import clean
from freehold.words import say

__all__ = ["page_data", "page_script"]

_FOLDER: Final = Path(__file__).parent / "page"
_FILES: Final = ("words.js", "reading.js", "layers.js", "tick_off.js", "ticks.js", "start.js")
_WORDS: Final = (
    "theme_to_dark", "theme_to_light", "show_first", "play", "stop", "day_of", "surely", "perhaps", "out_item", "out_layer",
    "out_state", "out_since", "out_why", "why_needs", "why_source", "nothing_ticked", "nothing_out", "without", "and",
    "status", "status_out", "status_perhaps", "status_bounds", "more_out", "out_since_day", "out_perhaps_since_day",
    "separator",
)  # fmt: skip
"""What the script says, by key of the table ``page``; it fills in the braces itself."""

_SHARED: Final = {
    "comma": "figures.comma", "gap": "figures.between_sentences", "under_one": "figures.percent_under", "range": "report.range",
}  # fmt: skip
"""What it says as the rest of the page does."""


@cache
def page_script() -> str:
    """The one script of every report."""
    parts = "\n".join((_FOLDER / name).read_text(encoding="utf-8").strip() for name in _FILES)
    # the class is set before anything is shown, so that nothing jumps when the script starts
    begun = 'document.documentElement.classList.add("with-script");'
    return f'"use strict";\n{begun}\ndocument.addEventListener("DOMContentLoaded", () => {{\n{parts}\n}});'


def page_data(data: Mapping[str, Any]) -> str:
    """The block of data that the script reads.

    Parameters
    ----------
    data
        What it needs beside its words.
    """
    words = {key: say(f"page.{key}") for key in _WORDS}
    words |= {name: say(key) for name, key in _SHARED.items()}
    text = json.dumps({**_cleaned(data), "words": words}, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return f'<script type="application/json" id="page-data">{text}</script>'


def _cleaned(value: Any) -> Any:
    """The same with every text cleaned: what the script shows is text already, but may still deceive who reads it."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(key): _cleaned(one) for key, one in value.items()}
    return [_cleaned(one) for one in value] if isinstance(value, list | tuple) else value
