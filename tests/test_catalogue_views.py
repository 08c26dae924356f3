"""Searching, showing and counting what the catalogue knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from freehold.catalogue.coverage import coverage
from freehold.catalogue.facts import Catalogue, load
from freehold.catalogue.search import search
from freehold.catalogue.show import show
from freehold.errors import UnknownId
from small_catalogue import catalogue_of, fact, write_layer


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load(write_layer(tmp_path_factory.mktemp("catalogue")))


def test_what_is_the_same_comes_before_what_begins_with_it_before_what_holds_it(catalogue: Catalogue) -> None:
    found = [(hit.table, hit.id) for hit in search(catalogue, "acme")]
    assert found[0] == ("provider", "acme")
    assert found.index(("provider", "acme-corp")) < found.index(("host", "com.acme"))
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("text", "table", "id_", "column"),
    [
        ("Acme Cumulus", "provider", "acme", "alias"),
        ("acme hosting", "provider", "acme", "name"),
        ("holding", "provider", "acme-holding", "id"),
        ("https://api.acme.com/x", "host", "com.acme.api", "id"),
        ("eu.api.acme.com", "host", "com.acme.api", "id"),
        ("com.acme.api", "host", "com.acme.api", "id"),
        ("acme-4-mini", "model", "acme-4-mini*", "id"),
        ("the Index", "product", "the-index", "id"),
    ],
)
def test_rows_are_found_by_id_name_alias_and_host(catalogue: Catalogue, text: str, table: str, id_: str, column: str) -> None:
    hit = search(catalogue, text)[0]
    assert (hit.table, hit.id, hit.column) == (table, id_, column)


def test_a_search_gives_as_many_as_asked_for_and_none_for_nothing(catalogue: Catalogue) -> None:
    assert len(search(catalogue, "acme", 3)) == 3
    assert search(catalogue, "acme", 0) == search(catalogue, "") == search(catalogue, "…") == search(catalogue, "zebra") == ()


def test_a_provider_is_shown_with_owners_products_hosts_and_packages(catalogue: Catalogue) -> None:
    shown = show(catalogue, "acme")
    assert (shown.name, shown.tables, shown.match) == ("Acme Hosting GmbH", ("provider",), None)
    assert [(step.provider.id, step.provider.country) for step in shown.owners] == [
        ("acme-corp", "US"),
        ("left-fund", "NO"),
        ("acme-holding", "GB"),
    ]
    assert [product.id for product in shown.products] == ["acme-cloud"]
    assert shown.hosts == ("com.acme", "com.acme.api")
    assert shown.packages == ("pkg:pypi/acme-*", "pkg:npm/@acme/*", "pkg:github/acme/*")
    assert shown.models == ("acme-4*", "*/acme-open-?b")


def test_every_fact_is_shown_with_its_reference_url_and_age(catalogue: Catalogue) -> None:
    facts = {one.fact.attribute: one for one in show(catalogue, "acme-corp").facts}
    assert facts["name"].url == "https://www.example.com/legal?x=1"
    assert facts["country"].reference is not None
    assert (facts["country"].reference.id, facts["country"].old, facts["name"].old) == ("old", True, False)
    assert not any(one.old for one in show(catalogue, "acme-corp", today="2021-01-01").facts)


@pytest.mark.parametrize(
    ("asked", "id_", "provider"),
    [
        ("acme-cloud", "acme-cloud", "acme"),
        ("com.acme.api", "com.acme.api", "acme"),
        ("pkg:pypi/acme-free", "pkg:pypi/acme-free", "crowd"),
        ("api.acme.com", "com.acme.api", "acme"),
        ("pkg:npm/%40acme/x@1", "pkg:npm/@acme/*", "acme"),
        ("Acme Public Cloud", "acme-cloud", "acme"),
        ("acme-4-mini-9", "acme-4-mini*", "acme-corp"),
        ("Acme Hosting", "acme", "acme"),
        (" crowd ", "crowd", "crowd"),
    ],
)
def test_a_row_is_shown_by_id_or_by_what_the_matcher_knows(catalogue: Catalogue, asked: str, id_: str, provider: str) -> None:
    shown = show(catalogue, asked)
    assert shown.id == id_
    assert shown.provider is not None
    assert shown.provider.id == provider
    assert (shown.match is None) == (asked.strip() == id_)


def test_a_firm_and_its_product_with_one_id_are_shown_together(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path, fact("product", "acme", "name", "Acme One"), fact("product", "acme", "provider", "acme-corp")
    )
    shown = show(catalogue, "acme")
    assert shown.tables == ("provider", "product")
    assert [product.id for product in shown.products] == ["acme-cloud", "acme"]


def test_a_fact_without_its_reference_is_shown_all_the_same(tmp_path: Path) -> None:
    shown = show(catalogue_of(tmp_path, fact("provider", "crowd", "alias", "C", "gone")), "crowd")
    assert (shown.facts[-1].reference, shown.facts[-1].url) == (None, "")


def test_what_is_unknown_is_refused_with_the_nearest_ids(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownId, match="'acme-cloud'"):
        show(catalogue, "acme-clod")


def test_coverage_counts_lines_by_rule_and_names_the_missing_ones(catalogue: Catalogue) -> None:
    lines = [
        "# a list",
        "",
        "pkg:pypi/acme-free@1",
        "pkg:pypi/acme-x",
        "pkg:pypi/unheard-of",
        "Acme Hosting",
        "api.acme.com ",
        "acme-4",
        "acme-free",
        "zebra",
    ]
    counted = coverage(catalogue, lines)
    assert (counted.known, counted.of) == (6, 8)
    assert counted.by_rule == {"exact": 2, "family": 1, "name without legal form": 1, "package name": 1, "pattern": 1}
    assert sum(counted.by_rule.values()) == counted.known
    assert counted.missing == ("pkg:pypi/unheard-of", "zebra")


def test_what_is_known_without_anybody_behind_it_is_named(tmp_path: Path) -> None:
    more = fact("package", "pkg:npm/lone", "licence", "MIT"), fact("package", "pkg:npm/acme-x", "product", "acme-cloud")
    counted = coverage(catalogue_of(tmp_path, *more), ["pkg:npm/lone", "pkg:npm/acme-x@1"])
    assert (counted.known, counted.of, counted.without_provider) == (2, 2, ("pkg:npm/lone",))


def test_coverage_of_nothing_is_nothing_of_nothing(catalogue: Catalogue) -> None:
    counted = coverage(catalogue, ["", "  # no", "\ufeff"])
    assert (counted.known, counted.of, counted.by_rule, counted.missing) == (0, 0, {}, ())
