"""Whether a change makes a stack better than it is. Owns what a change is compared with: today's value, or its default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from freehold.plan.option_values import Activate, Change, Cover, MoreCapacity, NewQuality, Sooner, Spare
from freehold.stack.durations import format_days
from freehold.stack.values import UNKNOWN, Maybe, Need, Source, Stack

__all__ = ["Seen", "compared", "needs_between", "today_of"]


@dataclass(frozen=True, slots=True)
class Seen:
    """Stacks side by side: the user's, and what options add to it."""

    stacks: Sequence[Stack]

    def source(self, id_: str) -> Source | None:
        """The source of that id, if there is one."""
        return next((one.source_by_id[id_] for one in self.stacks if id_ in one.source_by_id), None)

    def has_item(self, id_: str) -> bool:
        """Whether there is such an item."""
        return any(id_ in one.item_by_id for one in self.stacks)

    def needs(self, source: str) -> tuple[Need, ...]:
        """What a source needs."""
        return next((one.needs_of[source] for one in self.stacks if source in one.source_by_id), ())


def needs_between(seen: Seen, source: str, item: str) -> tuple[Need, ...]:
    """The needs of a source for one item."""
    return tuple(need for need in seen.needs(source) if need.item == item)


def today_of(seen: Seen, change: Change) -> float | None:
    """The number that a change would raise or lower, as it stands today; ``None`` where it is not known or has none.

    Blanks take the defaults of the stack's schema; of several needs between a source and an item the worst one counts.
    """
    source = seen.source(change.source)
    if source is None or isinstance(change, Activate):
        return None
    match change:
        case MoreCapacity():
            return _capacity(source)
        case Sooner():
            return _known(source.recover, 0.0)
        case NewQuality():
            return _known(source.quality, 1.0)
    needs = needs_between(seen, change.source, change.item)
    if isinstance(change, Cover):
        covers = [_known(need.survive, 0.0) for need in needs]
        return min((cover for cover in covers if cover is not None), default=None) if None not in covers else None
    return max((1.0 if need.weight is None else need.weight for need in needs), default=None)


def compared(seen: Seen, change: Change) -> tuple[int, str]:
    """Whether a change makes a number better (1), leaves it (0) or makes it worse (-1), and what it is today in words."""
    source = seen.source(change.source)
    if isinstance(change, Activate):
        status = "in-use" if source is None or source.status is None else source.status
        if status == "in-use":
            return -1, "is in use already"
        if status is UNKNOWN and change.share is not None:
            return -1, "may be in use already: its status is not known"
        return (0, "stands by already") if status == "standby" and change.share is None else (1, "")
    today = today_of(seen, change)
    if today is None:
        return 1, ""
    name, wanted, up = _aim(change)
    said = f"has {name} {format_days(today) if name in ('cover', 'recover') else f'{today:g}'} already"
    return (0 if wanted == today else 1 if (wanted > today) == up else -1), said


def _aim(change: Cover | MoreCapacity | Sooner | NewQuality | Spare) -> tuple[str, float, bool]:
    """The name of the number, what it becomes, and whether more is better."""
    match change:
        case Cover():
            return "cover", change.survive, True
        case MoreCapacity():
            return "capacity", change.capacity, True
        case Sooner():
            return "recover", change.recover, False
        case NewQuality():
            return "quality", change.quality, True
        case Spare():
            return "weight", change.weight, False


def _known(value: Maybe[float], default: float) -> float | None:
    return None if value is UNKNOWN else default if value is None else value


def _capacity(source: Source) -> float | None:
    if source.capacity is UNKNOWN or (source.capacity is None and source.share is UNKNOWN):
        return None
    share = source.share if isinstance(source.share, float) else None
    if source.capacity is None:
        return 1.0 if share is None or source.status in ("standby", "candidate") else share
    return max(source.capacity, share or 0.0)
