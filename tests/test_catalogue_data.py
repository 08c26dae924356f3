"""The catalogue that comes with Freehold: sound, whatever layers it has, and licensed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import freehold.catalogue.layers
from freehold.catalogue.check import check
from freehold.catalogue.facts import Catalogue, load
from freehold.catalogue.match import Matcher

DATA = Path(freehold.catalogue.layers.__file__).parent / "data"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def test_the_shipped_catalogue_has_no_errors(catalogue: Catalogue) -> None:
    errors = [str(finding) for finding in check(catalogue) if finding.severity == "error"]
    assert not errors, "\n".join(errors)


def test_every_layer_has_its_facts_and_its_references() -> None:
    layers = {
        sort: {path.stem.removeprefix(f"{sort}-") for path in DATA.glob(f"{sort}-*.csv")} for sort in ("facts", "references")
    }
    assert layers["facts"] == layers["references"] != set()


def test_every_reference_begins_with_the_name_of_its_layer(catalogue: Catalogue) -> None:
    for reference in catalogue.references:
        assert reference.id.startswith(reference.file.removeprefix("references-").removesuffix(".csv") + "-"), reference.id


def test_every_row_is_found_by_its_own_id(catalogue: Catalogue) -> None:
    matcher = Matcher(catalogue)
    for host in catalogue.ids("host"):
        match = matcher.match_host(host, "reverse")
        assert match is not None
        assert (match.id, match.rule) == (host, "exact")
    for purl in catalogue.ids("package"):
        if "*" not in purl:
            match = matcher.match_purl(purl + ("@1.0?a=b" if "/" in purl else ""))
            assert match is not None
            assert match.id == purl
    for id_ in catalogue.ids("provider"):
        match = matcher.match_name(id_)
        assert match is not None
        assert (match.table, match.id) == ("provider", id_)


def test_the_data_carries_its_licence_in_full() -> None:
    text = (DATA / "LICENSE").read_text(encoding="utf-8")
    assert "SPDX-License-Identifier: CC-BY-4.0" in text
    assert "https://creativecommons.org/licenses/by/4.0/" in text
    for section in range(1, 9):
        assert f"Section {section} -- " in text


def test_the_first_edition_reaches_as_far_as_its_page_says(catalogue: Catalogue) -> None:
    products = catalogue.products()

    def seats(kind: str) -> set[str | None]:
        makers = (catalogue.provider(product.provider) for product in products if product.kind == kind and product.provider)
        return {str(maker.country) for maker in makers if maker is not None and maker.country}

    kinds = Counter(product.kind for product in products)
    assert kinds["chip"] >= 60
    assert {"US", "CA", "BR", "GB", "FR", "NL", "RU", "CN", "JP", "KR", "IN", "IL", "AU"} <= seats("chip")
    families = {catalogue.value("model", id_, "product") or id_ for id_ in catalogue.ids("model")}
    assert len(families) >= 60
    assert kinds["service"] + kinds["cloud"] + kinds["registry"] + kinds["network"] >= 120
    owned = [provider for provider in catalogue.providers() if provider.owner]
    assert len(owned) / len(catalogue.providers()) >= 0.55
    assert len(catalogue.ids("certificate")) >= 25


def test_natural_persons_have_no_country(catalogue: Catalogue) -> None:
    persons = catalogue.provider("natural-persons")
    assert persons is not None
    assert persons.country == "none"
