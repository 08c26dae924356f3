"""Checks of the evidence: every fact has a reference, a date and words that carry it, once. Owns no values of facts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from freehold.catalogue.hosts import clean_host, is_suffix, looks_forward, to_forward
from freehold.catalogue.values import last_day
from freehold.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freehold.catalogue.facts import Catalogue
    from freehold.catalogue.values import Fact, Reference

__all__ = ["check_facts_evidence", "check_host", "check_references"]

_REGISTRIES: Final = (
    "org.pypi", "org.pythonhosted", "org.npmjs", "com.npmjs", "com.yarnpkg.registry", "org.debian.deb", "org.debian.ftp",
    "org.debian.packages", "org.debian.security", "org.debian.snapshot", "org.debian.archive", "org.debian.httpredir",
)  # fmt: skip
"""Hosts of package registries and their downloads: written forwards nowhere, so that no text is taken for an address."""

_FORWARD: Final = re.compile(
    r"(?<![\w-])(?:" + "|".join(re.escape(to_forward(host)) for host in _REGISTRIES) + r")(?![\w-])", re.IGNORECASE
)


def check_references(catalogue: Catalogue) -> Iterator[Finding]:
    """Check every reference by itself, their ids, and whether each is used."""
    seen: dict[str, Reference] = {}
    used = {line[4] for line in catalogue.lines}
    for reference in catalogue.references:
        first = seen.setdefault(reference.id, reference)
        if first is not reference:
            problem = f"the reference id '{reference.id}' is taken already ({first.file}, line {first.row})"
            yield _found(reference, "id", problem, "Give it another id.")
        for column in ("id", "title", "publisher", "host", "read"):
            if not getattr(reference, column):
                problem = f"the reference '{reference.id}' has no {column}"
                yield _found(reference, column, problem, "Write it, or leave the reference and its facts out.")
        if reference.host:
            yield from check_host(reference.file, reference.row, "host", reference.host)
        if reference.path and not reference.path.startswith("/"):
            yield _found(reference, "path", f"the path '{reference.path[:80]}' does not begin with '/'", "Begin it with '/'.")
        yield from _dates(reference)
        texts = {column: getattr(reference, column) for column in ("id", "title", "publisher", "host", "path")}
        yield from _texts(reference, texts)
        if reference.id not in used:
            problem = f"no fact rests on the reference '{reference.id}'"
            yield _found(reference, "id", problem, "Leave it out.", severity="note")


def _dates(reference: Reference) -> Iterator[Finding]:
    published, read = last_day(reference.published), last_day(reference.read)
    for column, text, day in (("published", reference.published, published), ("read", reference.read, read)):
        if text and day is None:
            yield _found(reference, column, f"'{text}' is no date", "Write YYYY, YYYY-MM or YYYY-MM-DD.")
    if published and read and reference.published[: len(reference.read)] > reference.read[: len(reference.published)]:
        problem = f"it was published ({reference.published}) after it was read ({reference.read})"
        yield _found(reference, "published", problem, "Mend the date that is wrong.")


def check_facts_evidence(catalogue: Catalogue) -> Iterator[Finding]:
    """Check that every fact has a reference, a date not after its reading, and words of its own; and that it stands once."""
    seen: dict[tuple[str, ...], Fact] = {}
    for fact in catalogue.facts:
        key = (fact.table, fact.id, fact.attribute, fact.value, fact.reference)
        first = seen.setdefault(key, fact)
        if first is not fact:
            problem = f"the same fact stands at {first.file}, line {first.row}"
            yield _found(fact, "", problem, "Keep one of the two.")
        if not fact.says:
            problem = f"{_name(fact)} does not say what its reference says"
            yield _found(fact, "says", problem, "Say in one short sentence what the reference says.")
        yield from _texts(
            fact, {name: getattr(fact, name) for name in ("table", "id", "attribute", "value", "reference", "says")}
        )
        reference = catalogue.reference(fact.reference)
        if reference is None:
            problem = f"there is no reference '{fact.reference}'" if fact.reference else f"{_name(fact)} has no reference"
            yield _found(fact, "reference", problem, "Add the reference, or leave the fact out.")
            continue
        if fact.says and fact.says.casefold() == reference.title.casefold():
            yield _found(fact, "says", "it only repeats the reference's title", "Say what the reference says of this fact.")
        if fact.date in (reference.published, reference.read):
            continue
        if last_day(fact.date) is None:
            yield _found(fact, "date", f"'{fact.date}' is no date", "Write YYYY, YYYY-MM or YYYY-MM-DD.")
        elif fact.date[: len(reference.read)] > reference.read[: len(fact.date)]:
            problem = f"the date {fact.date} is after the day on which '{reference.id}' was read ({reference.read})"
            yield _found(fact, "date", problem, "Write the day for which the reference states it.")


def check_host(file: str, row: int, column: str, host: str) -> Iterator[Finding]:
    """Check that a host is a host, in reverse-domain notation, under a known top-level domain."""
    try:
        valid = clean_host(host) == host
    except ValueError:
        valid = False
    if not valid:
        mend = "Write the host alone, in lower case, reversed: 'com.example.www'."
        yield Finding(file, row, column, f"'{host[:80]}' is no host in reverse-domain notation", mend)
    elif looks_forward(host):
        yield Finding(file, row, column, f"the host '{host}' is written forwards", f"Write '{to_forward(host)}'.")
    elif not is_suffix(host.split(".")[0]) and not is_suffix(".".join(host.split(".")[:2])):
        mend = "Begin with the top-level domain: 'com.example.www'."
        yield Finding(file, row, column, f"the host '{host}' begins with no known top-level domain", mend)


def _texts(where: Fact | Reference, texts: dict[str, str]) -> Iterator[Finding]:
    for column, text in texts.items():
        if text != text.strip():
            yield _found(where, column, f"'{text[:80]}' begins or ends with a blank", "Leave the blank out.")
        match = _FORWARD.search(text)
        if match is not None:
            problem = "the host of a package registry is written forwards"
            yield _found(where, column, problem, f"Write it as '{to_forward(match[0])}', or say it in words.")


def _name(fact: Fact) -> str:
    return f"{fact.table} '{fact.id}', {fact.attribute},"


def _found(where: Fact | Reference, column: str, problem: str, mend: str, severity: str = "error") -> Finding:
    return Finding(where.file, where.row, column, problem, mend, severity)
