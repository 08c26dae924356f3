"""A small sound catalogue, written to a folder, and the ways to spoil it. Owns the test data of the catalogue's tests."""

from __future__ import annotations

import csv
from pathlib import Path

from freehold.catalogue.facts import Catalogue, load
from freehold.catalogue.schema import FACT_COLUMNS, REFERENCE_COLUMNS

__all__ = ["FACTS", "REFERENCES", "catalogue_of", "fact", "write_layer"]

REFERENCES = (
    ("page", "Legal notice", "Example Press", "com.example.www", "/legal?x=1", "2026-03", "2026-11-22"),
    ("old", "Annual report", "Example Press", "org.example", "/2020", "2020", "2026-11-20"),
)


def fact(
    table: str, id_: str, attribute: str, value: str, reference: str = "page", date: str = "", says: str = ""
) -> tuple[str, ...]:
    """One line of facts; its words are made up unless given."""
    return table, id_, attribute, value, reference, date, says or f"The page states {value} as {attribute} of {id_}."


FACTS = (
    fact("provider", "acme", "name", "Acme Hosting GmbH"),
    fact("provider", "acme", "country", "DE"),
    fact("provider", "acme", "owner", "acme-corp:0.61"),
    fact("provider", "acme", "owner", "left-fund:0.2"),
    fact("provider", "acme", "alias", "Acme Cumulus"),
    fact("provider", "acme-corp", "name", "Acme Corp"),
    fact("provider", "acme-corp", "country", "US", "old"),
    fact("provider", "acme-corp", "owner", "acme-holding"),
    fact("provider", "acme-corp", "type", "company"),
    fact("provider", "acme-holding", "name", "Acme Holding PLC"),
    fact("provider", "acme-holding", "country", "GB"),
    fact("provider", "left-fund", "name", "Left Fund"),
    fact("provider", "left-fund", "country", "NO"),
    fact("provider", "crowd", "name", "The Crowd"),
    fact("provider", "crowd", "country", "none"),
    fact("provider", "crowd", "type", "community"),
    fact("product", "acme-cloud", "name", "Acme Public Cloud"),
    fact("product", "acme-cloud", "kind", "cloud"),
    fact("product", "acme-cloud", "provider", "acme"),
    fact("product", "acme-cloud", "location", "DE"),
    fact("product", "acme-cloud", "location", "FI"),
    fact("product", "acme-cloud", "alternative", "the-index"),
    fact("product", "the-index", "name", "The Index"),
    fact("product", "the-index", "kind", "registry"),
    fact("product", "the-index", "provider", "crowd"),
    fact("product", "the-index", "licence", "Apache-2.0"),
    fact("product", "forge", "name", "Forge"),
    fact("product", "forge", "provider", "acme-corp"),
    fact("host", "com.acme", "provider", "acme"),
    fact("host", "com.acme.api", "product", "acme-cloud"),
    fact("host", "io.github", "product", "forge"),
    fact("host", "uk.co.acme", "provider", "acme-corp"),
    fact("package", "pkg:pypi", "registry", "the-index"),
    fact("package", "pkg:pypi", "steward", "crowd"),
    fact("package", "pkg:pypi/acme-*", "steward", "acme"),
    fact("package", "pkg:pypi/acme-sdk-*", "steward", "acme-corp"),
    fact("package", "pkg:pypi/acme-free", "steward", "crowd"),
    fact("package", "pkg:pypi/acme-free", "licence", "MIT"),
    fact("package", "pkg:pypi/acme-free", "forge", "forge"),
    fact("package", "pkg:npm/@acme/*", "product", "acme-cloud"),
    fact("package", "pkg:github/acme/*", "steward", "acme"),
    fact("model", "acme-4*", "product", "acme-cloud"),
    fact("model", "acme-4-mini*", "provider", "acme-corp"),
    fact("model", "acme-4-mini-2", "provider", "crowd"),
    fact("model", "*/acme-open-?b", "licence", "Apache-2.0"),
    fact("model", "*/acme-open-?b", "provider", "acme"),
)


def write_layer(folder: Path, references: object = REFERENCES, facts: object = FACTS, name: str = "small") -> Path:
    """Write a layer into a folder and give the folder."""
    for sort, columns, rows in (("references", REFERENCE_COLUMNS, references), ("facts", FACT_COLUMNS, facts)):
        with (folder / f"{sort}-{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)  # type: ignore[arg-type]
    return folder


def catalogue_of(folder: Path, *more: tuple[str, ...], without: object = (), references: object = REFERENCES) -> Catalogue:
    """Load the small catalogue with facts added and left out."""
    facts = [one for one in FACTS if one not in without]  # type: ignore[operator]
    return load(write_layer(folder, references, [*facts, *more]))
