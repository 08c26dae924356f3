"""Checks of what facts state, each by itself: tables, attributes, ids, and values of the right sort."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from freehold.catalogue.check_evidence import check_host
from freehold.catalogue.hosts import is_suffix
from freehold.catalogue.names import nearest
from freehold.catalogue.purls import normal_purl
from freehold.catalogue.schema import CATALOGUE_TABLES, ID_FORMS, CatalogueAttribute
from freehold.catalogue.values import last_day
from freehold.errors import Finding
from freehold.stack.countries import is_country

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from license_expression import Licensing

    from freehold.catalogue.facts import Catalogue
    from freehold.catalogue.values import Fact

__all__ = ["check_ids", "check_values"]

_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_REPOSITORY: Final = re.compile(r"[^/\s]+(?:/[^/\s?#@:]+)+", re.ASCII)
_CERTIFICATE: Final = re.compile(rf"{_SLUG.pattern}/{_SLUG.pattern}", re.ASCII)
_LEI: Final = re.compile(r"[A-Z0-9]{18}[0-9]{2}", re.ASCII)
_WIKIDATA: Final = re.compile(r"Q[1-9][0-9]*", re.ASCII)
_IDENTIFIERS: Final = {
    "lei": (_LEI, "Write the 20 characters of the identifier."),
    "wikidata": (_WIKIDATA, "Write the item's number, such as Q95."),
}


def _or_nearest(text: str, known: Iterable[str], otherwise: str) -> str:
    near = nearest(text, known)
    return f"Did you mean {' or '.join(repr(name) for name in near)}?" if near else otherwise


def check_values(catalogue: Catalogue) -> Iterator[Finding]:
    """Check table, attribute and value of every fact, and from when until when it holds."""
    for fact in catalogue.facts:
        if fact.since or fact.until:
            yield from _span(fact)
        table = CATALOGUE_TABLES.get(fact.table)
        if table is None:
            mend = _or_nearest(fact.table, CATALOGUE_TABLES, f"Tables are {', '.join(CATALOGUE_TABLES)}.")
            yield _found(fact, "table", f"there is no table '{fact.table}'", mend)
            continue
        attribute = table.get(fact.attribute)
        if attribute is None:
            mend = _or_nearest(fact.attribute, table, f"A {fact.table} has {', '.join(table)}.")
            yield _found(fact, "attribute", f"a {fact.table} has no attribute '{fact.attribute}'", mend)
        elif not fact.value:
            yield _found(fact, "value", f"{fact.table} '{fact.id}' has an empty {fact.attribute}", "Leave the line out.")
        else:
            yield from _value(fact, attribute)


def _span(fact: Fact) -> Iterator[Finding]:
    days = {column: last_day(text) for column, text in (("since", fact.since), ("until", fact.until)) if text}
    for column, day in days.items():
        if day is None:
            problem = f"'{getattr(fact, column)}' is no date"
            yield _found(fact, column, problem, "Write YYYY, YYYY-MM or YYYY-MM-DD, or leave it blank.")
    since, until = days.get("since"), days.get("until")
    if since and until and since >= until:
        problem = f"it ends ({fact.until}) before it has begun ({fact.since})"
        yield _found(fact, "until", problem, "Write the first day on which it no longer holds.")


def _value(fact: Fact, attribute: CatalogueAttribute) -> Iterator[Finding]:
    value = fact.value
    if attribute.type == "choice" and value not in attribute.choices:
        mend = _or_nearest(value, attribute.choices, f"Write one of {', '.join(attribute.choices)}.")
        yield _found(fact, "value", f"'{value}' is no {attribute.name} of a {fact.table}", mend)
    elif attribute.type == "country" and not is_country(value) and (fact.table, value) != ("provider", "none"):
        mend = "Write the two letters of ISO 3166-1, such as DE, or for an unincorporated community none."
        yield _found(fact, "value", f"'{value}' is no country", mend)
    elif attribute.type == "licence":
        problem, mend = _licence(value)
        if problem:
            yield _found(fact, "value", problem, mend)
    elif attribute.type == "date" and last_day(value) is None:
        yield _found(fact, "value", f"'{value}' is no date", "Write YYYY, YYYY-MM or YYYY-MM-DD.")
    elif attribute.type == "owner" and _stake(value) is None:
        yield _found(
            fact, "value", f"the stake in '{value}' is no part of a whole", "Write it as in 'acme:0.61', over 0 up to 1."
        )
    elif attribute.name == "repository":
        if not _REPOSITORY.fullmatch(value) or value.endswith(".git"):
            mend = "Write host and path, the host reversed: 'com.example.code/owner/name'."
            yield _found(fact, "value", f"'{value[:80]}' is no repository", mend)
        yield from check_host(fact.file, fact.row, "value", value.partition("/")[0])
    elif attribute.name in _IDENTIFIERS and not _IDENTIFIERS[attribute.name][0].fullmatch(value):
        yield _found(fact, "value", f"'{value}' is no {attribute.name} identifier", _IDENTIFIERS[attribute.name][1])


def _stake(value: str) -> float | None:
    """Read the stake of an owner: 1 where none is stated, ``None`` where it is not a fraction."""
    _, colon, stake = value.partition(":")
    try:
        part = float(stake) if colon else 1.0
    except ValueError:
        return None
    return part if 0.0 < part <= 1.0 else None


@lru_cache(maxsize=4096)
def _licence(expression: str) -> tuple[str, str]:
    """Give what is wrong with a licence expression and the mend; two empty texts if nothing is."""
    from license_expression import ExpressionError

    spdx = _spdx()
    mend = "Write SPDX ids joined by AND, OR and WITH, or LicenseRef-Proprietary."
    try:
        parsed = spdx.parse(expression)
        unknown = [key for key in spdx.unknown_license_keys(parsed) if not key.startswith("LicenseRef-")]
        usual = str(parsed.render("{symbol.key}"))
    except (ExpressionError, AttributeError, TypeError, ValueError):
        return f"'{expression}' is no SPDX expression", mend
    if unknown:
        return f"SPDX knows no licence {' or '.join(repr(key) for key in unknown)}", mend
    bare, bare_usual = (re.sub(r"[()]", "", text) for text in (expression, usual))
    return ("", "") if bare == bare_usual else (f"'{expression}' is not the one right spelling", f"Write '{usual}'.")


@lru_cache(maxsize=1)
def _spdx() -> Licensing:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


def check_ids(catalogue: Catalogue) -> Iterator[Finding]:
    """Check that the id of every row is written as its table wants it, and what a host or a model must state."""
    normal: dict[str, str] = {}
    for table in CATALOGUE_TABLES:
        for id_ in catalogue.ids(table):
            fact = catalogue.facts_of(table, id_)[0]
            yield from _id(fact)
            if table in ("host", "model") and not {"product", "provider"} & {
                one.attribute for one in catalogue.facts_of(table, id_)
            }:
                yield _found(fact, "", f"{table} '{id_}' has neither product nor provider", "Add a line that states one.")
            if table == "package":
                other = normal.setdefault(normal_purl(id_) or id_, id_)
                if other != id_:
                    yield _found(fact, "id", f"'{id_}' is the same package as '{other}'", "Write both with one id.")


def _id(fact: Fact) -> Iterator[Finding]:
    id_, form = fact.id, f"Write {ID_FORMS[fact.table]}."
    if fact.table in ("provider", "product"):
        if not _SLUG.fullmatch(id_):
            yield _found(fact, "id", f"'{id_}' is no id of a {fact.table}", form)
    elif fact.table == "host":
        yield from check_host(fact.file, fact.row, "id", id_)
        if is_suffix(id_):
            yield _found(fact, "id", f"'{id_}' is a domain under which names are sold to anyone", form)
    elif fact.table == "certificate":
        if not _CERTIFICATE.fullmatch(id_):
            yield _found(fact, "id", f"'{id_}' is no id of a certificate", form)
    elif fact.table == "model":
        if not id_.strip("*? /"):
            yield _found(fact, "id", f"the pattern '{id_}' matches every model", form)
    else:
        usual = normal_purl(id_)
        if usual is None:
            yield _found(fact, "id", f"'{id_}' is no package URL", form)
        elif any(mark in id_ for mark in "?#") or "@" in id_.rpartition("/")[2][1:]:
            yield _found(fact, "id", f"'{id_}' is a package URL with more than its name", f"Write '{usual}'.")
        elif usual.endswith("/*") and usual.count("/") == 1:
            yield _found(fact, "id", f"the pattern '{id_}' matches every package", f"Write the bare type, '{usual[:-2]}'.")
        elif id_ != usual and usual.startswith("pkg:pypi"):
            yield _found(fact, "id", f"'{id_}' is not the usual spelling", f"Write '{usual}'.", severity="note")


def _found(where: Fact, column: str, problem: str, mend: str, severity: str = "error") -> Finding:
    return Finding(where.file, where.row, column, problem, mend, severity)
