"""Which option brings what into being. Owns who activates a source, and with whom an item comes."""

from __future__ import annotations

from collections.abc import Sequence

from freehold.plan.option_values import Activate, Option
from freehold.stack.values import Stack

__all__ = ["activators", "item_adders"]


def activators(stack: Stack, options: Sequence[Option]) -> dict[str, dict[int, float | None]]:
    """Sources that options activate: by option, the share it takes.

    What stands by today, and takes none, needs no building.

    Parameters
    ----------
    stack, options
        The stack as it is, and all options, each with a number by its place.
    """
    found: dict[str, dict[int, float | None]] = {}
    for place, option in enumerate(options):
        for source in () if option.adds is None else option.adds.sources:
            if source.status == "standby":
                found.setdefault(source.id, {})[place] = None
        for change in option.changes:
            row = stack.source_by_id.get(change.source)
            if isinstance(change, Activate) and (change.share is not None or row is None or row.status != "standby"):
                own = found.setdefault(change.source, {})
                own[place] = change.share or own.get(place)
    return dict(sorted(found.items()))


def item_adders(stack: Stack, options: Sequence[Option]) -> dict[str, int]:
    """Of each item that comes with an option, the number of the first one with which it does.

    Parameters
    ----------
    stack, options
        The stack as it is, and all options, each with a number by its place.
    """
    found: dict[str, int] = {}
    for place, option in enumerate(options):
        for item in () if option.adds is None else option.adds.items:
            if item.id not in stack.item_by_id:
                found.setdefault(item.id, place)
    return found
