"""Options as schemes look at them: in use, not standing by. Owns what it means that an option is taken into use.

A plan may build an alternative that only stands by until something is cut off. A scheme asks what is in use today. So what an
option activates without saying which share it takes is counted here as meeting the need, as far as it can; those in use
before keep what is left, and stand behind it. What stands by today can be taken into use as well: what that costs a stack
does not say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from freehold.plan.option_values import Activate, Change, Option
from freehold.stack.values import UNKNOWN, Source, Stack
from freehold.words import say

__all__ = ["taken_into_use", "what_stands_by"]


def taken_into_use(stack: Stack, options: Sequence[Option]) -> tuple[Option, ...]:
    """Give the same options, what they activate in use.

    Parameters
    ----------
    stack
        The stack.
    options
        As a plan reads them.
    """
    added = {source.id: source for option in options if option.adds is not None for source in option.adds.sources}
    return tuple(_used(option, {**stack.source_by_id, **added}) for option in options)


def _used(option: Option, sources: Mapping[str, Source]) -> Option:
    changes: list[Change] = []
    activated = set()
    for change in option.changes:
        if isinstance(change, Activate):
            activated.add(change.source)
            source = sources.get(change.source)
            if change.share is None and source is not None:
                change = replace(change, share=_share(source))
        changes.append(change)
    changes += [
        Activate(source.id, _share(source))
        for source in (option.adds.sources if option.adds is not None else ())
        if source.status == "standby" and source.id not in activated
    ]
    return replace(option, changes=tuple(changes))


def _share(source: Source) -> float | None:
    """What a source can take of today's need; ``None`` where it is in use already, or how much it can do is not known."""
    if source.status not in ("candidate", "standby") or source.capacity is UNKNOWN:
        return None
    capacity = 1.0 if source.capacity is None else min(1.0, source.capacity)
    return capacity if capacity > 0 else None


def what_stands_by(stack: Stack, options: Sequence[Option]) -> tuple[Option, ...]:
    """Give an option without a price for each source that stands by and that no option of these takes into use.

    Parameters
    ----------
    stack
        The stack.
    options
        The other options.
    """
    taken = {change.source for option in options for change in option.changes if isinstance(change, Activate)}
    ids = {option.id for option in options}
    found = []
    for source in stack.sources:
        share = _share(source)
        if source.status != "standby" or source.id in taken or source.id in ids or share is None:
            continue
        item = stack.item_by_id.get(source.item)
        name = say("lift.use", source=source.id, item=source.item if item is None else item.name or item.id)
        found.append(Option(source.id, (Activate(source.id, share),), name, currency=source.currency, lead=0.0, origin="stack"))
    return tuple(found)
