"""What an alert says, as a text with names in braces. Owns how they are filled in: by name alone, never by what a value has.

``{count} of {of} requests to {upstream} failed in {window}``: a name is a label, an attribute of the event that made the alert,
or one of the figures that a measure gives. Two braces stand for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from freehold.watch.event import Json
from freehold.watch.seconds import format_seconds
from freehold.words import percent

__all__ = ["FIGURES", "LONGEST_SUMMARY", "fill", "names_in", "summary_problem"]

FIGURES: Final = ("count", "of", "share", "value", "threshold", "times", "window")
"""What measures give."""

LONGEST_SUMMARY: Final = 500
"""Characters of a text, and of what is filled into one name."""

_PART: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_LONGEST_FILLED: Final = 200
_MAY_LACK: Final = re.compile(r" \{name\}")
"""A name that some things do not have: what is stopped may be everything."""
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\xa0\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")


def summary_problem(text: str, labels: Iterable[str], attributes: Iterable[str]) -> str:
    """Say what is wrong with a text; empty: nothing.

    Parameters
    ----------
    text
        With names in braces.
    labels, attributes
        Names that it may have beside :data:`FIGURES`.
    """
    if len(text) > LONGEST_SUMMARY:
        return f"the text has {len(text):,} characters, more than {LONGEST_SUMMARY}"
    known = {*FIGURES, *labels, *attributes}
    for found in _PART.finditer(text):
        if found[0] in {"{", "}"}:
            return "a brace stands alone (two stand for one)"
        if found[1] is not None and found[1] not in known:
            return f"'{{{found[1][:80]}}}' is no name that can be filled in"
    return ""


def names_in(text: str) -> set[str]:
    """The names in braces of a text."""
    return {found[1] for found in _PART.finditer(text) if found[1] is not None}


def fill(text: str, figures: Mapping[str, float], labels: Mapping[str, str], attributes: Mapping[str, Json]) -> str:
    """Fill a text in; what has no value is a dash, but for ``name``, which is left out.

    Parameters
    ----------
    text
        A sound one: see :func:`summary_problem`.
    figures
        By name, as a measure gives them.
    labels
        Of the alert.
    attributes
        Of the event.
    """

    def one(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return found[0][0]
        if name in labels:
            return _seen(labels[name])
        if name in figures:
            return _figure(name, figures[name])
        value = attributes.get(name)
        return "–" if value is None else _seen(_number(value) if isinstance(value, float) else str(value))

    if not labels.get("name") and not attributes.get("name"):
        text = _MAY_LACK.sub("", text)
    return _PART.sub(one, text)


def _figure(name: str, value: float) -> str:
    if name == "window":
        return format_seconds(value)
    return percent(value) if name == "share" else _number(value)


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def _seen(value: str) -> str:
    return _UNSEEN.sub(" ", value[:_LONGEST_FILLED])
