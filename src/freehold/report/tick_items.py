"""Which items of a large stack the answers for landlords to tick off tell of in a page. Owns that choice, and what it leaves.

Names and answers of a hundred thousand items would make a page of ten megabytes. What must be kept running comes first, then
what is asked for besides (what is drawn), each with all that any cut takes down on the way to it, so that every reason that the
page gives is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from freehold.measure.landlord_cut_values import LandlordCut, LandlordCuts

__all__ = ["MOST_LETTERS", "cuts_told", "items_told"]

MOST_LETTERS: Final = 1_200_000
"""Of ids, names and answers in a page, about."""

_OF_AN_ANSWER: Final = 45

_MOST_REFUSED: Final = 100
"""Items for which, with all that they fall with, there was no room, after which no further one is tried."""


def items_told(
    cuts: LandlordCuts, items: Sequence[tuple[str, str, str, float]], first: Iterable[int] = (), most: int = MOST_LETTERS
) -> tuple[int, ...] | None:
    """Choose items.

    Parameters
    ----------
    cuts
        The answers.
    items
        As of :class:`freehold.report.interface.TickOff`.
    first
        Places of items that are wanted besides those of the mission.
    most
        Letters that they may take, about.

    Returns
    -------
    tuple or None
        Their places, ascending; ``None``: there is room for all.
    """
    lengths = [_OF_AN_ANSWER + len(id_) + (len(name) if name != id_ else 0) for id_, name, _, _ in items]
    if sum(lengths) <= most:
        return None
    below = _below(cuts)
    wanted = sorted((place for place, item in enumerate(items) if item[3] > 0), key=lambda place: (-items[place][3], place))
    found: set[int] = set()
    left, refused = most, 0
    for place in dict.fromkeys((*first, *wanted, *range(len(items)))):
        open_, way = [place], set[int]()
        while open_:
            item = open_.pop()
            if item not in found and item not in way:
                way.add(item)
                open_ += below.get(item, ())
        room = sum(lengths[item] for item in way)
        if room <= left:
            left -= room
            found |= way
            continue
        refused += 1
        if refused == _MOST_REFUSED:
            break
    return tuple(sorted(found))


def _below(cuts: LandlordCuts) -> dict[int, set[int]]:
    """Of each item, those that any cut names as the reason for which it is out or weakened."""
    below: dict[int, set[int]] = {}
    for cut in (*([cuts.before] if cuts.before else []), *cuts.cuts):
        reasons = [(out.item, out.because) for out in cut.outs]
        reasons += [(weak.item, weak.because) for weak in cut.weakened]
        for item, because in reasons:
            if because is not None:
                below.setdefault(item, set()).add(because)
    return below


def cuts_told(cuts: LandlordCuts, told: Sequence[int]) -> LandlordCuts:
    """The answers for some items alone, in numbers of their own.

    Parameters
    ----------
    cuts
        The answers.
    told
        Places of the items, ascending; the reasons of each are among them (see :func:`items_told`).
    """
    place_of = {place: number for number, place in enumerate(told)}

    def reduced(cut: LandlordCut) -> LandlordCut:
        outs = tuple(
            replace(one, item=place_of[one.item], because=None if one.because is None else place_of[one.because])
            for one in cut.outs
            if one.item in place_of
        )
        weakened = tuple(
            replace(one, item=place_of[one.item], because=None if one.because is None else place_of[one.because])
            for one in cut.weakened
            if one.item in place_of
        )
        return replace(cut, outs=outs, weakened=weakened)

    return replace(
        cuts, cuts=tuple(map(reduced, cuts.cuts)), before=None if cuts.before is None else reduced(cuts.before)
    )  # fmt: skip
