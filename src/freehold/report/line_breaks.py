"""Where a line of text may end, and how wide it is. Owns the rule for text without blanks between its words.

Widths are cells of a terminal: an ideograph takes two, a combining mark none. A line of Chinese may end after any ideograph,
but closing punctuation never begins a line, opening punctuation never ends one, and a number stays beside what it counts.
"""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import Final

__all__ = ["broken", "cells", "cut_short", "has_wide", "line_starts", "longest_unit"]

_NO_START: Final = frozenset("，。；：、！？）》」』】〕〉”’…·—～％%,.;:!?)]}")
"""Never at the start of a line."""
_NO_END: Final = frozenset("（《「『【〔〈“‘([{")
"""Never at the end of one."""
_NARROWEST: Final = 8
"""Cells that text without blanks is given, where it has as many."""


def cells(text: str) -> int:
    """How many cells a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut_short(text: str, most: int) -> str:
    """The text, or as much of it as fits into a number of cells together with ``…``."""
    if cells(text) <= most:
        return text
    if most < 1:
        return ""
    kept, taken = "", 0
    for cluster in _clusters(text):
        taken += cells(cluster)
        if taken > most - 1:
            break
        kept += cluster
    return kept + "…"


def has_wide(text: str) -> bool:
    """Whether a text has characters of two cells, so that its lines are broken by the rules here."""
    return not text.isascii() and any(unicodedata.east_asian_width(character) in "WF" for character in text)


def _clusters(text: str) -> list[str]:
    """What is seen as one character: a base with its marks, its joiners and its skin tones."""
    found: list[str] = []
    for character in text:
        joined = found and (
            unicodedata.combining(character)
            or unicodedata.category(character) in ("Mn", "Me", "Mc")
            or character in "\u200d\ufe0e\ufe0f"
            or 0x1F3FB <= ord(character) <= 0x1F3FF
            or found[-1].endswith("\u200d")
        )
        if joined:
            found[-1] += character
        else:
            found.append(character)
    return found


def _wide(cluster: str) -> bool:
    return unicodedata.east_asian_width(cluster[0]) in "WF"


def _is_ideograph(cluster: str) -> bool:
    return _wide(cluster) and unicodedata.category(cluster[0]) == "Lo"


def _may_end(clusters: list[str], place: int) -> bool:
    """Whether a line may end before a cluster."""
    before, after = clusters[place - 1], clusters[place]
    if after.isspace() or after[0] in _NO_START:
        return False
    if before.isspace():
        earlier = clusters[place - 2] if place > 1 else ""
        counts = earlier[-1:].isdigit() and _is_ideograph(after)
        counted = bool(earlier) and _is_ideograph(earlier) and after[0].isdigit()
        return not (counts or counted)
    if before[0] in _NO_END:
        return False
    return _wide(before) or _wide(after)


def _units(text: str) -> list[str]:
    """The pieces that are kept whole, each with the blanks behind it."""
    clusters = _clusters(text)
    units: list[str] = []
    for place, cluster in enumerate(clusters):
        if units and not _may_end(clusters, place):
            units[-1] += cluster
        else:
            units.append(cluster)
    return units


def longest_unit(text: str) -> int:
    """Cells that a text needs so that nothing is broken that should stay whole."""
    if not has_wide(text):
        return max((cells(word) for word in text.split()), default=0)
    longest = max(cells(unit.rstrip()) for unit in _units(text))
    return max(longest, min(_NARROWEST, cells(text)))


def line_starts(text: str, width: int) -> list[int]:
    """Where the lines of a text begin after the first, as offsets.

    Parameters
    ----------
    text
        A text without line feeds.
    width
        Cells that a line may take; blanks at its end do not count.
    """
    starts: list[int] = []
    taken = at = 0

    def begin(offset: int) -> None:
        if offset > (starts[-1] if starts else 0):
            starts.append(offset)

    for unit in _units(text):
        size = cells(unit.rstrip())
        if taken and taken + size > width:
            begin(at)
            taken = 0
        if size > width:
            inner = at
            for cluster in _clusters(unit):
                step = cells(cluster)
                if taken and not cluster.isspace() and taken + step > width:
                    begin(inner)
                    taken = 0
                taken += step
                inner += len(cluster)
        else:
            taken += cells(unit)
        at += len(unit)
    return starts


def broken(text: str, width: int) -> list[str]:
    """The lines of a text, without blanks at their ends."""
    edges = [0, *line_starts(text, width), len(text)]
    return [text[start:end].rstrip() for start, end in pairwise(edges)]
