"""A stack as failures that cause failures. Owns which stacks work or fail as a whole, told from their rows alone.

The question is the one of cut sets in the end: what is lost is gone for ever, finite cover is used up, and whoever takes
over has ramped up. An item fails if too few of its sources are left; a source fails with its provider, or with an item
that it needs. The organisation itself never fails.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from freehold.errors import StackError
from freehold.stack.shares import Filled, fill_shares
from freehold.stack.values import UNKNOWN, Item, Need, Stack

__all__ = ["Event", "Failure", "Supplied", "failures_of"]

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Event:
    """The loss of a provider; of a source's or an item's own, where its provider is not known.

    Parameters
    ----------
    id
        The provider's id, or ``unknown:`` and the source's or item's.
    name
        For people.
    probability
        A year; ``None`` where it is not known.
    """

    id: str
    name: str | None
    probability: float | None


@dataclass(frozen=True, slots=True)
class Supplied:
    """One source that counts: what makes it fail."""

    event: Event | None
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """One item: it fails if at least ``least`` of its sources do; 0: it is down anyway."""

    item: Item
    least: int
    sources: tuple[Supplied, ...]


def failures_of(stack: Stack) -> tuple[Failure, ...]:
    """The failure logic of a stack, items in its order.

    Parameters
    ----------
    stack
        The stack.

    Raises
    ------
    freehold.errors.StackError
        If something of it works in part, or cannot be told, or items need each other in a circle.
    """
    found = tuple(_failure(stack, item) for item in stack.items)
    _check_circles(found)
    return found


def _refusal(stack: Stack, what: str, mend: str) -> StackError:
    where = stack.path or f"stack '{stack.name}'"
    return StackError(f"{where} cannot be written as a fault tree, in which everything works or fails: {what}. {mend}")


def _failure(stack: Stack, item: Item) -> Failure:
    if item.mission is UNKNOWN or item.whole is UNKNOWN:
        column = "mission" if item.mission is UNKNOWN else "whole"
        raise _refusal(stack, f"'{column}' of item '{item.id}' is not known", "State it")
    weighted = [(_in_the_end(stack, item, filled), filled) for filled in fill_shares(stack, item)]
    counting = [(weight, filled) for weight, filled in weighted if weight > _TOLERANCE]
    sources = tuple(_supplied(stack, item, filled) for _, filled in counting)
    weights = [weight for weight, _ in counting]
    if not item.whole and any(weight < 1 - _TOLERANCE for weight in weights):
        what = f"item '{item.id}' works in part when one of its sources is all that is left"
        raise _refusal(stack, what, "Give each source a capacity of 1, or say that the item is 'whole'")
    if weights and max(weights) - min(weights) > _TOLERANCE and min(weights) < 1 - _TOLERANCE:
        what = f"the sources of the 'whole' item '{item.id}' differ in what they can give"
        raise _refusal(stack, what, "Give all of them the same capacity")
    required = math.ceil((1 - _TOLERANCE) / min(weights)) if weights else 1
    return Failure(item, max(0, len(weights) - required + 1) if weights else 0, sources)


def _in_the_end(stack: Stack, item: Item, filled: Filled) -> float:
    """What a source gives in the end of a cut-off, while nothing of its own is lost."""
    source = filled.source
    ramps = filled.capacity != filled.share
    if filled.share[0] != filled.share[1] or filled.capacity[0] != filled.capacity[1]:
        raise _refusal(stack, f"share, capacity or status of a source of item '{item.id}' is not known", "State it")
    if source is not None and ramps and source.recover is UNKNOWN:
        raise _refusal(stack, f"'recover' of source '{source.id}' is not known", "State it")
    never = source is not None and source.recover == math.inf
    return filled.share[0] if never else filled.capacity[0]


def _supplied(stack: Stack, item: Item, filled: Filled) -> Supplied:
    source = filled.source
    if source is None:
        return Supplied(Event(f"unknown:{item.id}", None, None), ())
    needs = tuple(dict.fromkeys(need.item for need in _that_count(stack, stack.needs_of[source.id])))
    if source.provider == "self":
        return Supplied(None, needs)
    if source.provider is None or source.provider is UNKNOWN:
        return Supplied(Event(f"unknown:{source.id}", None, None), needs)
    provider = stack.provider_by_id[source.provider]
    probability = None if provider.probability is UNKNOWN else provider.probability
    return Supplied(Event(provider.id, provider.name, probability), needs)


def _that_count(stack: Stack, needs: Sequence[Need]) -> Iterator[Need]:
    for need in needs:
        if need.survive is UNKNOWN:
            raise _refusal(stack, f"'survive' of the need '{need.id}' is not known", "State it")
        if need.weight is not None and need.weight < 1 - _TOLERANCE:
            raise _refusal(stack, f"'{need.id}' is a need of weight {need.weight:g}: without it the source works in part",
                           "Give it weight 1, or leave it out")  # fmt: skip
        if need.survive != math.inf:
            yield need


def _check_circles(failures: Sequence[Failure]) -> None:
    inputs = {one.item.id: [need for source in one.sources for need in source.needs] for one in failures}
    done: set[str] = set()
    for start in inputs:
        path: dict[str, None] = {start: None}
        work = [(start, iter(inputs[start]))] if start not in done else []
        while work:
            item, rest = work[-1]
            for one in rest:
                if one in path:
                    around = list(path)
                    shown = " > ".join([*around[around.index(one) :][:8], one])
                    raise StackError(
                        f"A fault tree has no circles, and these items need each other: {shown}. "
                        "Leave one of those needs out, or write the stack as .toml."
                    )
                if one not in done:
                    path[one] = None
                    work.append((one, iter(inputs[one])))
                    break
            else:
                work.pop()
                del path[item]
                done.add(item)
