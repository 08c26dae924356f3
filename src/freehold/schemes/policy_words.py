"""How a policy's targets and unknown facts are called in a sentence. Owns only that."""

from __future__ import annotations

from collections.abc import Sequence

from freehold.measure.unknowns import UnknownFact
from freehold.stack.values import Stack
from freehold.words import say

__all__ = ["fact_words", "in_words", "name_of"]

_CONTROL = ("source", "provider", "owner", "country", "location", "origin", "licence")


def name_of(stack: Stack, item: str) -> str:
    """An item's name, else its id."""
    row = stack.item_by_id.get(item)
    return row.name if row is not None and row.name else item


def in_words(stack: Stack, names: Sequence[str]) -> str:
    """Whom a rule is about."""
    found = []
    for name in names:
        kind, colon, rest = name.partition(":")
        if name in ("mission", "change", "all"):
            found.append(say(f"policies.of_{name}"))
        elif colon and kind in ("tag", "kind") and name not in stack.item_by_id:
            found.append(say(f"policies.of_{kind}", name=rest))
        else:
            found.append(say("policies.named", name=name_of(stack, rest if kind == "item" and rest else name)))
    return say("report.separator").join(found)


def fact_words(stack: Stack, fact: UnknownFact) -> str:
    """What is not known, as the object of "learn"."""
    named = fact.id
    if fact.table == "providers":
        row = stack.provider_by_id.get(fact.id)
        named = row.name if row is not None and row.name else fact.id
    elif fact.table == "sources" and fact.id in stack.source_by_id:
        named = name_of(stack, stack.source_by_id[fact.id].item)
    elif fact.table == "items":
        named = name_of(stack, fact.id)
    key = f"check.what_{fact.attribute}" if fact.attribute in _CONTROL else "check.what_number"
    return say(key, id=named, attribute=fact.attribute)
