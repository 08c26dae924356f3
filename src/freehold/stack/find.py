"""The item that somebody means by a word. Owns in which order ids, names and parts of package URLs are tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from freehold.errors import UnknownId, UsageError
from freehold.stack.cells import nearest
from freehold.stack.values import Stack

__all__ = ["ItemIndex", "Likeness", "find_item"]

_GRAM = 3
_COMMON = 500
_MOST_COMPARED = 40


class ItemIndex:
    """The names of a stack's items, made ready once for many questions.

    Parameters
    ----------
    stack
        The stack.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def meant(self, asked: str) -> tuple[str, ...]:
        """Ids of the items that a word may mean: one if it is an id; several if it is not clear; none."""
        if asked in self._stack.item_by_id:
            return (asked,)
        wanted = asked.casefold()
        return next((found[wanted] for found in self._rules if wanted in found), ())

    @cached_property
    def _rules(self) -> tuple[Mapping[str, tuple[str, ...]], ...]:
        """By name; by package URL without version; by the last part of a package URL, with and without version."""
        items = self._stack.items
        purls = [item.id for item in items if item.id.startswith("pkg:")]
        return (
            _grouped((item.name.casefold(), item.id) for item in items if item.name),
            _grouped((id_.partition("@")[0].casefold(), id_) for id_ in purls),
            _grouped((part.casefold(), id_) for id_ in purls for part in {_tail(id_), id_.rpartition("/")[2]}),
        )


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, id_ in pairs:
        found.setdefault(name, []).append(id_)
    return {name: tuple(ids) for name, ids in found.items()}


def _tail(id_: str) -> str:
    return id_.partition("?")[0].partition("#")[0].rpartition("/")[2].rpartition("@")[0] or id_.rpartition("/")[2]


class Likeness:
    """Known names that look like one asked for, found without a look at each: for many questions to many names.

    Parameters
    ----------
    known
        The names. Only those that share runs of three characters with what is asked are compared, the likest forty.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = tuple(dict.fromkeys(known))

    @cached_property
    def _with(self) -> Mapping[str, tuple[int, ...]]:
        found: dict[str, list[int]] = {}
        for number, name in enumerate(self._known):
            for gram in _grams(name):
                found.setdefault(gram, []).append(number)
        return {gram: tuple(numbers) for gram, numbers in found.items()}

    def nearest(self, asked: str) -> tuple[str, ...]:
        """Up to three, best first; see :func:`freehold.stack.cells.nearest`."""
        shared: dict[int, int] = {}
        rarest = sorted((self._with.get(gram, ()) for gram in _grams(asked[:200])), key=len)
        for numbers in rarest:
            if len(numbers) <= _COMMON or not shared:
                for number in numbers[:_COMMON]:
                    shared[number] = shared.get(number, 0) + 1
        likest = sorted(shared, key=lambda number: (-shared[number], abs(len(self._known[number]) - len(asked)), number))
        return nearest(asked, [self._known[number] for number in likest[:_MOST_COMPARED]])


def _grams(text: str) -> set[str]:
    folded = f" {text.casefold()} "
    return {folded[place : place + _GRAM] for place in range(len(folded) - _GRAM + 1)}


def find_item(stack: Stack, asked: str) -> str:
    """Give the id of the item that somebody means: an id, a name, the last part of a purl, a purl without version.

    Raises
    ------
    freehold.errors.UnknownId
        If there is none; with the nearest.
    freehold.errors.UsageError
        If several fit.
    """
    found = ItemIndex(stack).meant(asked)
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"'{asked}' may be {', '.join(found[:5])}. Name one of them in full.")
    raise UnknownId("item", asked, nearest(asked, [item.id for item in stack.items]))
