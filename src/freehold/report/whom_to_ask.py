"""Who would know a fact that is not known. Owns whom a page sends its reader to; it never says that they will answer."""

from __future__ import annotations

from freehold.measure.unknowns import UnknownFact
from freehold.report.plan_words import short
from freehold.report.sentences import item_name, who
from freehold.stack.values import Stack
from freehold.words import say

__all__ = ["fact_words", "whom_to_ask"]

_CONTROLS = ("source", "provider", "owner", "country", "location", "origin", "licence")


def whom_to_ask(fact: UnknownFact, stack: Stack) -> str:
    """Whom to ask for a fact: the provider about itself and what it makes, else whoever buys or runs the thing."""
    if fact.table == "providers":
        return say("five.ask_provider", name=short(who(stack, fact.id)))
    if fact.table == "sources" and fact.id in stack.source_by_id:
        source = stack.source_by_id[fact.id]
        if fact.attribute in ("location", "origin", "licence") and isinstance(source.provider, str):
            if source.provider == "self":
                return say("five.ask_own", item=short(item_name(stack, source.item)))
            return say("five.ask_supplier", name=short(who(stack, source.provider)))
        return say("five.ask_buyer", item=short(item_name(stack, source.item)))
    if fact.table == "needs":
        needing = stack.source_by_id.get(fact.id.partition(" > ")[0])
        return say("five.ask_runner", item=short(item_name(stack, needing.item if needing is not None else fact.id)))
    return say("five.ask_buyer", item=short(item_name(stack, fact.id)))


def fact_words(fact: UnknownFact, stack: Stack) -> str:
    """What is not known, in a clause."""
    named = short(fact.id)
    if fact.table == "providers":
        named = short(who(stack, fact.id))
    elif fact.table == "sources" and fact.id in stack.source_by_id:
        named = short(item_name(stack, stack.source_by_id[fact.id].item))
    elif fact.table == "items":
        named = short(item_name(stack, fact.id))
    elif fact.table == "needs":
        source, _, item = fact.id.partition(" > ")
        row = stack.source_by_id.get(source)
        if row is not None:
            named = say("five.need", item=short(item_name(stack, row.item)), need=short(item_name(stack, item)))
    if fact.attribute in _CONTROLS:
        return say(f"check.what_{fact.attribute}", id=named)
    return say("check.what_number", id=named, attribute=fact.attribute)
