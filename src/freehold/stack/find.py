"""The item that somebody means by a word. Owns in which order ids, names and parts of package URLs are tried."""

from __future__ import annotations

from collections.abc import Callable

from freehold.errors import UnknownId, UsageError
from freehold.stack.cells import nearest
from freehold.stack.values import Item, Stack

__all__ = ["find_item"]


def find_item(stack: Stack, asked: str) -> str:
    """Give the id of the item that somebody means: an id, a name, the last part of a purl, a purl without version.

    Raises
    ------
    freehold.errors.UnknownId
        If there is none; with the nearest.
    freehold.errors.UsageError
        If several fit.
    """
    if asked in stack.item_by_id:
        return asked
    wanted = asked.casefold()

    def tail(id_: str) -> str:
        return id_.partition("?")[0].partition("#")[0].rpartition("/")[2].rpartition("@")[0] or id_.rpartition("/")[2]

    rules: tuple[Callable[[Item], bool], ...] = (
        lambda item: (item.name or "").casefold() == wanted,
        lambda item: item.id.startswith("pkg:") and item.id.partition("@")[0].casefold() == wanted,
        lambda item: item.id.startswith("pkg:") and wanted in (tail(item.id).casefold(), item.id.rpartition("/")[2].casefold()),
    )
    for rule in rules:
        found = [item.id for item in stack.items if rule(item)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"'{asked}' may be {', '.join(found[:5])}. Name one of them in full.")
    raise UnknownId("item", asked, nearest(asked, [item.id for item in stack.items]))
