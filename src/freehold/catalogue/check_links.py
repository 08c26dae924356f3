"""Checks of how facts hang together: rows that are named exist, and nothing contradicts anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freehold.catalogue.names import nearest, normal_name, split_legal_form
from freehold.catalogue.schema import CATALOGUE_TABLES, catalogue_attribute
from freehold.catalogue.values import holds, last_day
from freehold.errors import Finding
from freehold.stack.cutoff import DEFAULT_STAKE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freehold.catalogue.facts import Catalogue
    from freehold.catalogue.values import Fact
    from freehold.stack.values import Owner

__all__ = ["check_certificates", "check_contradictions", "check_links", "check_names", "check_owners"]

_TARGETS = {"owner": "provider", "provider": "provider", "product": "product"}


def check_links(catalogue: Catalogue) -> Iterator[Finding]:
    """Check that every provider, owner and product that a fact names has a row."""
    for fact in catalogue.facts:
        attribute = catalogue_attribute(fact.table, fact.attribute)
        target = _TARGETS.get(attribute.type) if attribute is not None else None
        if target is None or not fact.value:
            continue
        named = fact.value.partition(":")[0].strip() if attribute is not None and attribute.type == "owner" else fact.value
        known = catalogue.ids(target)
        if named not in known:
            near = nearest(named, known)
            mend = f"Did you mean {' or '.join(repr(name) for name in near)}?" if near else f"Add a {target} '{named}'."
            yield _found(fact, "value", f"there is no {target} '{named}'", mend)
        elif named == fact.id and target == fact.table and fact.attribute != "owner":
            yield _found(fact, "value", f"{fact.table} '{fact.id}' names itself as its {fact.attribute}", "Leave the line out.")


def check_contradictions(catalogue: Catalogue) -> Iterator[Finding]:
    """Check that an attribute with one value has one, and an owner one stake; facts that do not hold now contradict none."""
    first: dict[tuple[str, str, str], Fact] = {}
    for fact in catalogue.facts:
        attribute = catalogue_attribute(fact.table, fact.attribute)
        if attribute is None or not holds(fact.since, fact.until, catalogue.edition):
            continue
        value = fact.value
        key = (fact.table, fact.id, fact.attribute)
        if attribute.type == "owner":
            owner, colon, value = value.partition(":")
            if not colon:
                continue
            key = (*key[:2], f"owner {owner}")
        elif attribute.many:
            continue
        other = first.setdefault(key, fact)
        stated = other.value.partition(":")[2] if attribute.type == "owner" else other.value
        if value == stated:
            continue
        problem = f"'{value}' contradicts '{stated}' at {other.file}, line {other.row}"
        if attribute.name == "name" and _same_body(value, stated):
            yield _found(fact, "value", problem, "Write this spelling as an alias.", severity="note")
        else:
            yield _found(fact, "value", problem, "Keep the one that the newer reference states.")


def _same_body(one: str, other: str) -> bool:
    """Whether two names differ in nothing but a legal form that one leaves out."""
    (bare, form), (bare_other, form_other) = (split_legal_form(normal_name(name)) for name in (one, other))
    return bare == bare_other and (not form or not form_other or form == form_other)


def check_owners(catalogue: Catalogue) -> Iterator[Finding]:
    """Check that no owner owns itself, that stakes do not sum to more than the whole, and that owners have a seat.

    A provider whose own id is its only controlling owner is stated to have nobody above it: no circle.
    """
    owners = {provider.id: provider.owner for provider in catalogue.providers() if isinstance(provider.owner, tuple)}
    owned: dict[str, str] = {}
    for id_, held in owners.items():
        for owner in held:
            if owner.id != id_:
                owned.setdefault(owner.id, id_)
        yield from _own(catalogue, id_, held)
        total = sum(owner.stake for owner in held if owner.stake is not None)
        if total > 1.0 + 1e-9:
            fact = _owner_fact(catalogue, id_)
            yield _found(fact, "value", f"the stakes in provider '{id_}' sum to {total:g}", "Mend the stakes.")
    for id_ in sorted(_in_circles(owners)):
        fact = _owner_fact(catalogue, id_)
        yield _found(fact, "value", f"provider '{id_}' owns itself through its owners", "Break the circle.")
    for id_, below in owned.items():
        if catalogue.facts_of("provider", id_) and catalogue.value("provider", id_, "country") is None:
            problem = f"'{id_}' owns '{below}', but its country is not stated"
            yield _found(catalogue.facts_of("provider", id_)[0], "", problem, "State the country.", severity="note")


def _own(catalogue: Catalogue, id_: str, held: tuple[Owner, ...]) -> Iterator[Finding]:
    """Check a provider that is stated to be its own: without a stake, and without another owner that controls it."""
    own = next((owner for owner in held if owner.id == id_), None)
    if own is None:
        return
    fact = next(one for one in catalogue.facts_of("provider", id_) if one.value.partition(":")[0].strip() == id_)
    if own.stake is not None:
        yield _found(fact, "value", f"provider '{id_}' has a stake in itself", f"Write '{id_}': nobody controls it.")
    for other in held:
        if other is not own and (other.stake is None or other.stake >= DEFAULT_STAKE - 1e-9):
            problem = f"provider '{id_}' is stated to have nobody above it, and '{other.id}' to own it"
            yield _found(fact, "value", problem, "Keep the one that the newer reference states.")


def _owner_fact(catalogue: Catalogue, id_: str) -> Fact:
    return next(fact for fact in catalogue.facts_of("provider", id_) if fact.attribute == "owner")


def _in_circles(owners: dict[str, tuple[Owner, ...]]) -> set[str]:
    """Find the providers from which a way up the owners leads back to them; one that names itself is not meant."""
    found: set[str] = set()
    for start in owners:
        seen: set[str] = set()
        waiting = [owner.id for owner in owners[start] if owner.id != start]
        while waiting:
            at = waiting.pop()
            if at == start:
                found.add(start)
                break
            if at not in seen:
                seen.add(at)
                waiting.extend(owner.id for owner in owners.get(at, ()))
    return found


def check_certificates(catalogue: Catalogue) -> Iterator[Finding]:
    """Check that a certificate ends after it began, and that the same one does not stand under two ids."""
    seen: dict[tuple[str | None, ...], str] = {}
    for id_ in catalogue.ids("certificate"):
        fact = catalogue.facts_of("certificate", id_)[0]
        begins, ends = (catalogue.value("certificate", id_, name) for name in ("from", "until"))
        first, last = last_day(begins or ""), last_day(ends or "")
        if first and last and begins and ends and begins[: len(ends)] > ends[: len(begins)]:
            problem = f"certificate '{id_}' ends ({ends}) before it begins ({begins})"
            yield _found(fact, "", problem, "Mend the date that is wrong.")
        place = normal_name(catalogue.value("certificate", id_, "place") or "")
        named = (catalogue.value("certificate", id_, name) for name in ("scheme", "provider", "location", "level", "from"))
        products = ";".join(sorted(catalogue.values("certificate", id_, "product")))
        other = seen.setdefault((place, *named, products), id_)
        if other != id_:
            problem = f"'{id_}' and '{other}' are the same certificate"
            yield _found(fact, "id", problem, "Join the two rows, or state in what they differ.")


def check_names(catalogue: Catalogue) -> Iterator[Finding]:
    """Check that rows have what they must have, and that a name stands for one row of its table."""
    for table, attributes in CATALOGUE_TABLES.items():
        required = [name for name, attribute in attributes.items() if attribute.required]
        for id_ in catalogue.ids(table):
            for name in required:
                if catalogue.value(table, id_, name) is None:
                    fact = catalogue.facts_of(table, id_)[0]
                    yield _found(fact, "", f"{table} '{id_}' has no {name}", f"Add a line that states its {name}.")
    bodies: dict[str, str] = {}
    for id_ in catalogue.ids("provider"):
        other_id = bodies.setdefault(split_legal_form(normal_name(id_))[0], id_)
        if other_id != id_ and not _related(catalogue, id_, other_id):
            fact = catalogue.facts_of("provider", id_)[0]
            problem = f"the providers '{id_}' and '{other_id}' differ in a legal form only"
            yield _found(fact, "id", problem, "Join the two rows if they are one body.", severity="note")
    for table in ("provider", "product"):
        taken: dict[str, Fact] = {}
        for fact in catalogue.facts:
            if fact.table == table and fact.attribute in ("name", "alias"):
                other = taken.setdefault(normal_name(fact.value), fact)
                if other.id != fact.id:
                    problem = f"'{fact.value}' also names the {table} '{other.id}' ({other.file}, line {other.row})"
                    both = fact.attribute == other.attribute == "name" and table == "provider"
                    mend = (
                        "Join the two rows, or give each a name of its own." if both else "Leave the alias where it is surest."
                    )
                    yield _found(fact, "value", problem, mend, severity="error" if both else "note")


def _related(catalogue: Catalogue, one: str, other: str) -> bool:
    """Whether one provider owns the other, over any steps: a group and its firm often differ in a legal form only."""
    return any(step.provider.id == top for low, top in ((one, other), (other, one)) for step in catalogue.owner_chain(low))


def _found(where: Fact, column: str, problem: str, mend: str, severity: str = "error") -> Finding:
    return Finding(where.file, where.row, column, problem, mend, severity)
