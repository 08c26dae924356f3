"""How wide the columns of a table are where it has less room than it would like. Owns what is never broken in two."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["column_parts", "column_widths"]


def column_widths(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths that fit, taken from the widest columns first.

    Parameters
    ----------
    natural
        What each column would take, in cells of a terminal.
    least
        What each needs at least: under that a number or a word would be broken.
    room
        What there is for all of them, without the gaps.

    Returns
    -------
    list of int
        A width a column. Their sum is over the room only if that of ``least`` is.
    """
    widths = [min(want, max(room, need)) for want, need in zip(natural, least, strict=True)]
    excess = sum(widths) - room
    while excess > 0:
        loose = [place for place, width in enumerate(widths) if width > least[place]]
        if not loose:
            break
        widest = max(widths[place] for place in loose)
        for place in loose:
            if widths[place] == widest and excess > 0:
                widths[place] -= 1
                excess -= 1
    return widths


def column_parts(least: Sequence[int], room: int, gap: int) -> list[list[int]]:
    """The columns in as many parts as they need, the first of them at the head of each.

    Parameters
    ----------
    least
        What each column needs at least, in cells of a terminal.
    room
        How wide a part may be.
    gap
        Blanks between two columns.

    Returns
    -------
    list of list of int
        Places of the columns of each part, in their order. A column that alone is too wide has a part of its own.
    """
    parts: list[list[int]] = []
    taken = 0
    for place, need in enumerate(least[1:], start=1):
        if not parts or (taken + gap + need > room and len(parts[-1]) > 1):
            parts.append([0])
            taken = least[0]
        parts[-1].append(place)
        taken += gap + need
    return parts or [[0]]
