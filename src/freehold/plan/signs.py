"""What building an option can do to an aim, whatever else is built. Owns these claims: each is proven here, or not made.

The level equations are monotone in a source that stands by, in capacity, in cover, and in an earlier recovery, and the path
keeps that order: by induction over the days on which anything happens, what falls falls less far, what rises rises at least
as far, and cover lasts as long or longer. So such an option never lowers a level, under a cut-off or a loss; and who comes
to be lost with it takes only what it brought. What moves shares may lower a level until others have ramped up: no claim.
Face value and content look at shares only.
"""

from __future__ import annotations

from collections.abc import Sequence

from freehold.plan.applied import with_additions
from freehold.plan.interface import Sign
from freehold.plan.option_values import Activate, Change, MoreCapacity, NewQuality, Option, Spare
from freehold.stack.values import UNKNOWN, Stack

__all__ = ["signs_of"]


def signs_of(stack: Stack, options: Sequence[Option], *, quality: float | None, unsettled: bool) -> tuple[Sign, ...]:
    """Give for each option 1 where it surely lowers no aim, and 0 else.

    Parameters
    ----------
    stack, options
        The stack as it is, and all options.
    quality
        Least quality of an activated source.
    unsettled
        Whether a source that takes a share stands on a circle: then no option is known to help, since any may decide
        whether the share is taken.
    """
    if unsettled:
        return tuple(0 for _ in options)
    options = tuple(options)
    whole = with_additions(stack, options)
    sharing = {
        change.source
        for option in options
        for change in option.changes
        if isinstance(change, Activate) and change.share is not None
    }
    spared: dict[str, set[str]] = {}
    for option in options:
        for change in option.changes:
            if isinstance(change, Spare) and change.weight > 0:
                spared.setdefault(change.source, set()).add(change.item)

    def helps(option: Option, change: Change) -> bool:
        source = whole.source_by_id[change.source]
        if isinstance(change, Activate):
            if change.share is None:
                return source.status in ("candidate", "standby")
            new = option.adds is not None and source.item not in stack.item_by_id and source.item in option.adds.item_by_id
            return new and len(whole.sources_of[source.item]) == 1
        if isinstance(change, MoreCapacity):
            return UNKNOWN not in (source.share, source.status)
        if isinstance(change, NewQuality):
            return quality is None or change.source not in sharing
        if isinstance(change, Spare) and change.weight > 0:
            # what is essential no longer counts with the other losses: only where there are none is that surely less
            weights = {need.item: 1.0 if need.weight is None else need.weight for need in whole.needs_of[change.source]}
            others = [
                item for item, weight in weights.items()
                if item != change.item and (0 < weight < 1 - 1e-9 or item in spared.get(change.source, ()))
            ]  # fmt: skip
            return weights[change.item] < 1 - 1e-9 or not others
        return True

    return tuple(1 if all(helps(option, change) for change in option.changes) else 0 for option in options)
