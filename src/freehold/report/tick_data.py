"""The answers for landlords to tick off as a small text that travels in a page. Owns the form of that data.

``page/tick_off.js`` is its reader. What is said often is said once: names, layers, spans of days and sources stand in tables,
and a pair of landlords is told by what does not follow from its two members alone. Lists of whole numbers are written as
text, five bits a letter, the lowest first, with 32 added to every letter but a number's last (the letters of base 64; the
numbers of source maps, without their sign).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any, Final, TypeAlias

from freehold.measure.landlord_cut_values import Landlord, LandlordCut, LandlordCuts, Span
from freehold.report.clean import clean, escape_json
from freehold.report.interface import TickOff
from freehold.report.tick_items import cuts_told

__all__ = ["VERSION", "tick_data", "tick_script", "tick_text"]

VERSION: Final = 1
"""Of the form of the data; the reader refuses another."""

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_Times: TypeAlias = tuple[tuple[Span, ...], tuple[Span, ...]]
_Link: TypeAlias = tuple[int | None, str]


def tick_script() -> str:
    """The reader of the data: JavaScript that defines ``tickOff`` and touches no page."""
    return (Path(__file__).parent / "page" / "tick_off.js").read_text(encoding="utf-8")


def tick_text(tick: TickOff) -> str:
    """The data as JSON that may stand in a ``<script type="application/json">``."""
    text = json.dumps(tick_data(tick), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # no tag and no comment can begin without these, and an entity is none
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return escape_json(text)


def tick_data(tick: TickOff) -> dict[str, Any]:
    """The data as values of JSON.

    Parameters
    ----------
    tick
        The answers, and what the items are called.

    Returns
    -------
    dict
        Of the items that are told of alone (see :class:`~freehold.report.interface.TickOff`), which are numbered anew:
        ``version``; ``floor``, ``horizon``, ``days``, ``days_left_out``, ``left_out`` as of
        :class:`~freehold.measure.landlord_cut_values.LandlordCuts`; ``landlords``; ``items`` (``id``, ``name`` or 0 where it
        is the id, ``layers`` and the number of each item's in ``layer``, ``mission`` as pairs of place and weight);
        ``sources``, the first ``suffixes`` of which are added to the item's id; ``moments``, days on which something goes out
        or comes back; ``times``, of each how many spans at the worst, each one's two moments (the latter plus one; 0: it does
        not end), and the same at best with the count plus one (0: as at the worst); ``links``, of each item how many and then
        each one's needed item plus one (0: its own source is cut) and source; ``cuts``, the one of nothing, those of one
        landlord, those of two: low, high (0: as low), out (steps from item to item, times, link) and weakened (steps, link).
        For a pair ``out`` and ``weakened`` tell only what is not as its members alone would have it, with times and links
        plus one, and 0 for what is not out or weakened at all.

    Raises
    ------
    KeyError
        If a landlord, or two of them, have no cut.
    """
    cuts, items = tick.cuts, tick.items
    if tick.told is not None:
        cuts, items = cuts_told(cuts, tick.told), tuple(items[place] for place in tick.told)
    ids = [clean(item[0]) for item in items]
    tables = _Tables(ids)
    before = cuts.before or LandlordCut((), (1.0,) * len(cuts.days), (1.0,) * len(cuts.days), ())
    found = {cut.members: cut for cut in cuts.cuts}
    places = range(len(cuts.landlords))
    told = [_told(before, tables), *(_told(found[place,], tables) for place in places)]
    outs = [_outs(found[place,]) for place in places]
    for pair in combinations(places, 2):
        first, second = pair
        expected = _expected(outs[first], outs[second])
        expected_weakened = {**_weakened(found[second,]), **_weakened(found[first,])}
        told.append(_told_pair(found[pair], expected, expected_weakened, tables))
    layers = list(dict.fromkeys(item[2] for item in items))
    number_of = {layer: number for number, layer in enumerate(layers)}
    names = [clean(item[1]) for item in items]
    return {
        "version": VERSION,
        "floor": cuts.floor,
        "horizon": _short(cuts.horizon),
        "days": [_short(day) for day in cuts.days],
        "days_left_out": cuts.days_left_out,
        "left_out": cuts.left_out,
        "landlords": [_landlord(one, place, cuts) for place, one in enumerate(cuts.landlords)],
        "items": {
            "id": ids,
            "name": [0 if name == id_ else name for name, id_ in zip(names, ids, strict=True)],
            "layers": [clean(layer) for layer in layers],
            "layer": _written(number_of[item[2]] for item in items),
            "mission": [[place, item[3]] for place, item in enumerate(items) if item[3]],
        },
        **tables.written(),
        "cuts": told,
    }


def _landlord(one: Landlord, place: int, cuts: LandlordCuts) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "id": clean(one.id),
        "name": clean(one.name),
        "country": clean(one.country),
        "sources": one.sources,
        "inside": one.inside,
        "flags": [clean(flag) for flag in one.flags],
        "covers": list(cuts.covered[place]) if place < len(cuts.covered) else [],
    }


def _short(number: float) -> float | int:
    return int(number) if number == int(number) else number


def _written(numbers: Iterable[int]) -> str:
    """Whole numbers from 0 up as text."""
    letters: list[str] = []
    for number in numbers:
        left = number
        while left > 31:
            letters.append(_LETTERS[32 + (left & 31)])
            left >>= 5
        letters.append(_LETTERS[left])
    return "".join(letters)


class _Tables:
    """What cuts refer to by number: spans of days, sources, and the links of each item."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._ids = ids
        self._times: dict[_Times, int] = {}
        self._links: list[dict[_Link, int]] = [{} for _ in ids]

    def times(self, times: _Times) -> int:
        return self._times.setdefault(times, len(self._times))

    def link(self, item: int, link: _Link) -> int:
        links = self._links[item]
        return links.setdefault(link, len(links))

    def written(self) -> dict[str, Any]:
        suffixes: dict[str, int] = {"": 0}
        wholes: dict[str, int] = {}
        sources = [
            [self._source(item, source, suffixes, wholes) for _, source in links] for item, links in enumerate(self._links)
        ]
        numbers: list[int] = []
        for links, named in zip(self._links, sources, strict=True):
            numbers.append(len(links))
            for (because, _), (is_whole, number) in zip(links, named, strict=True):
                numbers += [0 if because is None else because + 1, number + (len(suffixes) if is_whole else 0)]
        moments: dict[float, int] = {}
        times: list[int] = []
        for worst, best in self._times:
            times += _spans(worst, moments)
            # the count is the first number: one more tells it from "as at the worst"
            times += [0] if best == worst else [len(best) + 1, *_spans(best, moments)[1:]]
        return {
            "sources": [*suffixes, *wholes],
            "suffixes": len(suffixes),
            "moments": [_short(day) for day in moments],
            "times": _written(times),
            "links": _written(numbers),
        }

    def _source(self, item: int, source: str, suffixes: dict[str, int], wholes: dict[str, int]) -> tuple[bool, int]:
        text, start = clean(source), self._ids[item]
        if not text:
            return False, 0
        if len(text) > len(start) and text.startswith(start):
            return False, suffixes.setdefault(text[len(start) :], len(suffixes))
        return True, wholes.setdefault(text, len(wholes))


def _spans(spans: Sequence[Span], moments: dict[float, int]) -> list[int]:
    numbers = [len(spans)]
    for since, until in spans:
        numbers.append(moments.setdefault(since, len(moments)))
        numbers.append(0 if until is None else moments.setdefault(until, len(moments)) + 1)
    return numbers


def _missions(cut: LandlordCut) -> list[Any]:
    low, high = [_short(level) for level in cut.low], [_short(level) for level in cut.high]
    return [low, 0 if low == high else high]


def _told(cut: LandlordCut, tables: _Tables) -> list[Any]:
    out: list[int] = []
    last = 0
    for one in cut.outs:
        out += [one.item - last, tables.times((one.worst, one.best)), tables.link(one.item, (one.because, one.source))]
        last = one.item
    weakened: list[int] = []
    last = 0
    for weak in cut.weakened:
        weakened += [weak.item - last, tables.link(weak.item, (weak.because, weak.source))]
        last = weak.item
    return [*_missions(cut), _written(out), _written(weakened)]


# Pairs: what does not follow from two cuts alone


@lru_cache(maxsize=4096)
def _together(first: tuple[Span, ...], second: tuple[Span, ...]) -> tuple[Span, ...]:
    """Days that are in one or the other."""
    if first == second:
        return first
    found: list[Span] = []
    for since, until in sorted((*first, *second), key=lambda span: span[0]):
        if found and (found[-1][1] is None or since <= found[-1][1]):
            last = found[-1][1]
            found[-1] = (found[-1][0], None if until is None or last is None else max(last, until))
        else:
            found.append((since, until))
    return tuple(found)


_Out: TypeAlias = tuple[_Times, _Link]


def _outs(cut: LandlordCut) -> dict[int, _Out]:
    return {one.item: ((one.worst, one.best), (one.because, one.source)) for one in cut.outs}


def _weakened(cut: LandlordCut) -> dict[int, _Link]:
    return {one.item: (one.because, one.source) for one in cut.weakened}


def _expected(first: Mapping[int, _Out], second: Mapping[int, _Out]) -> dict[int, _Out]:
    """What two cuts take out if neither makes the other worse: the first cause counts, and of two at once the first one's."""
    found = dict(first)
    for item, out in second.items():
        if item not in found:
            found[item] = out
            continue
        (worst, best), link = found[item]
        (other_worst, other_best), other_link = out
        times = _together(worst, other_worst), _together(best, other_best)
        found[item] = times, (other_link if other_worst[0][0] < worst[0][0] else link)
    return found


def _told_pair(
    cut: LandlordCut, expected: Mapping[int, _Out], expected_weakened: Mapping[int, _Link], tables: _Tables
) -> list[Any]:
    outs = _outs(cut)
    out: list[int] = []
    last = 0
    for item in sorted({**expected, **outs}):
        told = outs.get(item)
        if told == expected.get(item):
            continue
        out += [item - last, 0] if told is None else [item - last, tables.times(told[0]) + 1, tables.link(item, told[1])]
        last = item
    weak = _weakened(cut)
    weakened: list[int] = []
    last = 0
    for item in sorted({**expected_weakened, **weak}):
        link = weak.get(item)
        if link == expected_weakened.get(item):
            continue
        weakened += [item - last, 0 if link is None else tables.link(item, link) + 1]
        last = item
    return [*_missions(cut), _written(out), _written(weakened)]
