"""Layers read, and what a catalogue tells by id: providers, owners, products, claims, age."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from freehold.catalogue import facts, layers
from freehold.catalogue.facts import load
from freehold.catalogue.layers import LARGEST_LAYER
from freehold.catalogue.match import Matcher
from freehold.catalogue.values import Fact, is_old, last_day
from freehold.errors import CatalogueError, TooLarge, Unreadable
from freehold.stack.values import Claim, Owner
from small_catalogue import FACTS, REFERENCES, catalogue_of, fact, write_layer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from freehold.catalogue.values import FactLine, Reference


def test_a_provider_is_told_as_a_stack_has_it(tmp_path: Path) -> None:
    provider = catalogue_of(tmp_path).provider("acme")
    assert provider is not None
    assert (provider.name, provider.country, provider.type) == ("Acme Hosting GmbH", "DE", None)
    assert provider.owner == (Owner("acme-corp", 0.61), Owner("left-fund", 0.2))


def test_a_community_without_a_seat_keeps_the_country_none(tmp_path: Path) -> None:
    crowd = catalogue_of(tmp_path).provider("crowd")
    assert crowd is not None
    assert crowd.country == "none"
    assert crowd.owner is None


def test_what_is_not_in_the_catalogue_is_none(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path)
    assert catalogue.provider("nobody") is None
    assert catalogue.product("nothing") is None
    assert catalogue.reference("nowhere") is None
    assert catalogue.facts_of("provider", "nobody") == ()
    assert catalogue.owner_chain("nobody") == ()
    assert catalogue.claims_for("provider", "nobody", "x") == ()


def test_a_product_is_told_with_its_many_values(tmp_path: Path) -> None:
    product = catalogue_of(tmp_path).product("acme-cloud")
    assert product is not None
    assert (product.name, product.kind, product.provider) == ("Acme Public Cloud", "cloud", "acme")
    assert (product.location, product.alternative, product.licence) == (("DE", "FI"), ("the-index",), None)


def test_all_providers_and_products_are_listed_in_order(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path)
    assert [one.id for one in catalogue.providers()] == ["acme", "acme-corp", "acme-holding", "left-fund", "crowd"]
    assert [one.id for one in catalogue.products()] == ["acme-cloud", "the-index", "forge"]


def test_the_chain_of_owners_goes_to_the_top_with_countries_stakes_and_depth(tmp_path: Path) -> None:
    steps = catalogue_of(tmp_path).owner_chain("acme")
    assert [(step.provider.id, step.provider.country, step.of, step.stake, step.depth) for step in steps] == [
        ("acme-corp", "US", "acme", 0.61, 1),
        ("left-fund", "NO", "acme", 0.2, 1),
        ("acme-holding", "GB", "acme-corp", None, 2),
    ]


def test_a_circle_of_owners_ends(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, fact("provider", "acme-holding", "owner", "acme"))
    assert [step.provider.id for step in catalogue.owner_chain("acme")] == ["acme-corp", "left-fund", "acme-holding"]


def test_an_owner_without_a_row_is_a_step_of_which_nothing_is_known(tmp_path: Path) -> None:
    step = catalogue_of(tmp_path, fact("provider", "crowd", "owner", "ghost")).owner_chain("crowd")[0]
    assert (step.provider.id, step.provider.country) == ("ghost", None)


def test_the_newest_of_two_values_counts_and_of_equally_old_ones_the_first(tmp_path: Path) -> None:
    newer = fact("provider", "acme-corp", "country", "CA")
    same = fact("provider", "acme", "country", "AT")
    catalogue = catalogue_of(tmp_path, newer, same)
    assert catalogue.value("provider", "acme-corp", "country") == "CA"
    assert catalogue.value("provider", "acme", "country") == "DE"


def test_an_owner_stated_twice_is_one_with_the_newest_stake(tmp_path: Path) -> None:
    more = fact("provider", "acme", "owner", "acme-corp:0.9", date="2026-05"), fact("provider", "acme", "owner", "left-fund")
    provider = catalogue_of(tmp_path, *more).provider("acme")
    assert provider is not None
    assert provider.owner == (Owner("acme-corp", 0.9), Owner("left-fund", 0.2))


def test_a_fact_without_a_date_has_that_of_its_reference(tmp_path: Path) -> None:
    undated = ("bare", "Page", "Press", "com.example", "", "", "2026-11-21")
    more = fact("provider", "crowd", "alias", "C", "bare"), fact("provider", "crowd", "alias", "D", date="2025")
    catalogue = load(write_layer(tmp_path, [*REFERENCES, undated], [*FACTS, *more]))
    dates = {one.value: one.date for one in catalogue.facts_of("provider", "crowd")}
    assert dates == {"The Crowd": "2026-03", "none": "2026-03", "community": "2026-03", "C": "2026-11-21", "D": "2025"}


def test_the_edition_is_the_newest_date_of_reading(tmp_path: Path) -> None:
    assert catalogue_of(tmp_path).edition == "2026-11-22"


def test_a_url_is_put_together_from_the_reversed_host(tmp_path: Path) -> None:
    reference = catalogue_of(tmp_path).reference("page")
    assert reference is not None
    assert reference.url == "https://www.example.com/legal?x=1"


def test_facts_become_claims_with_title_publisher_url_and_date(tmp_path: Path) -> None:
    claims = catalogue_of(tmp_path).claims_for("provider", "acme-corp", "my-acme")
    source = "catalogue: Annual report (Example Press), https://example.org/2020"
    assert Claim("providers", "my-acme", "country", "US", source, "2020", 1.0) in claims
    assert {claim.attribute for claim in claims} == {"name", "country", "owner", "type"}


def test_claims_are_narrowed_to_a_table_of_the_stack_or_an_attribute(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path)
    into = catalogue.claims_for("product", "acme-cloud", "cloud@acme", into="sources")
    assert [(claim.attribute, claim.value) for claim in into] == [("provider", "acme"), ("location", "DE"), ("location", "FI")]
    assert {claim.attribute for claim in catalogue.claims_for("product", "acme-cloud", "cloud", into="items")} == {
        "name",
        "kind",
    }
    only = catalogue.claims_for("package", "pkg:pypi/acme-free", "x", attribute="licence")
    assert [(claim.table, claim.value) for claim in only] == [("sources", "MIT")]


@pytest.mark.parametrize(
    ("stated", "today", "old"),
    [
        ("2025-05-21", "2026-11-22", True),
        ("2025-05-22", "2026-11-22", False),
        ("2025-05", "2026-11-30", False),
        ("2025-04", "2026-11-01", True),
        ("2024", "2026-07-01", True),
        ("2024", "2026-06-30", False),
        ("2024-08-31", "2026-02-28", False),
        ("2024-08-31", "2026-03-01", True),
        ("", "2026-11-22", False),
        ("2020", "", False),
        ("9999", "2026", False),
        ("2020", "2026", True),
    ],
)
def test_a_fact_is_old_only_if_it_surely_is(stated: str, today: str, old: bool) -> None:
    one = Fact("provider", "x", "name", "X", "page", stated, "says")
    assert is_old(one, today) is old


def test_age_is_judged_on_the_callers_day_else_on_the_edition(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path)
    one = catalogue.facts_of("provider", "acme-corp")[1]
    assert catalogue.is_old(one)
    assert not catalogue.is_old(one, date(2021, 1, 1))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-02", date(2024, 2, 29)),
        ("2023", date(2023, 12, 31)),
        ("2023-13", None),
        ("soon", None),
        ("2023-02-30", None),
        ("2024-1-5", None),
        ("+2024", None),
    ],
)
def test_only_plain_dates_are_dates(text: str, day: date | None) -> None:
    assert last_day(text) == day


def test_several_layers_are_one_catalogue(tmp_path: Path) -> None:
    write_layer(
        tmp_path,
        [("more-x", "T", "P", "com.example", "/", "", "2026-11-23")],
        [fact("provider", "acme", "alias", "Ac", "more-x")],
        "more",
    )
    catalogue = catalogue_of(tmp_path)
    assert catalogue.values("provider", "acme", "alias") == ("Ac", "Acme Cumulus")
    assert catalogue.edition == "2026-11-23"
    assert {one.file for one in catalogue.facts_of("provider", "acme")} == {"facts-more.csv", "facts-small.csv"}


def test_a_fact_knows_its_line_even_below_a_cell_of_two_lines(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path, fact("provider", "crowd", "alias", "C", says="one\ntwo"), fact("provider", "crowd", "alias", "D")
    )
    rows = [one.row for one in catalogue.facts_of("provider", "crowd")]
    assert rows[-2:] == [len(FACTS) + 2, len(FACTS) + 4]


def test_an_empty_folder_is_an_empty_catalogue(tmp_path: Path) -> None:
    catalogue = load(tmp_path)
    assert (catalogue.facts, catalogue.references, catalogue.edition) == ((), (), "")


def test_bad_lines_are_refused_all_at_once_with_their_place(tmp_path: Path) -> None:
    write_layer(tmp_path)
    (tmp_path / "facts-bad.csv").write_text(
        "table,id,attribute,value,reference,date,says\na,b\n\nprovider,x,name,X,page,,says,more\n"
    )
    (tmp_path / "facts-open.csv").write_text('table,id,attribute,value,reference,date,says\n"a,b\n')
    (tmp_path / "references-bad.csv").write_text("id,title\n")
    with pytest.raises(CatalogueError) as caught:
        load(tmp_path)
    places = [(finding.file, finding.row) for finding in caught.value.findings]
    assert places == [("references-bad.csv", 1), ("facts-bad.csv", 2), ("facts-bad.csv", 4), ("facts-open.csv", 2)]
    assert all(finding.mend for finding in caught.value.findings)


def test_what_cannot_be_read_is_said_without_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="is not a folder"):
        load(tmp_path / "nothing")
    (tmp_path / "facts-x.csv").write_bytes(b"table\xff")
    with pytest.raises(Unreadable, match="not UTF-8"):
        load(tmp_path)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = write_layer(tmp_path) / "facts-small.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load(tmp_path).provider("acme") is not None


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "out.csv", tmp_path / "in"
    outside.write_text("table,id,attribute,value,reference,date,says\n")
    inside.mkdir()
    (inside / "facts-x.csv").symlink_to(outside)
    with pytest.raises(Unreadable, match="link out of its folder"):
        load(inside)


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "facts-x.csv").open("wb") as file:
        file.truncate(LARGEST_LAYER + 1)
    with pytest.raises(TooLarge, match="over the limit"):
        load(tmp_path)


def test_the_layer_of_packages_is_read_when_a_package_is_first_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    whole = layers.read_packages

    def watched(references: Iterable[Reference], folder: Path | None = None) -> tuple[FactLine, ...]:
        read.append("packages")
        return whole(references, folder)

    monkeypatch.setattr(facts, "read_packages", watched)
    catalogue = load()
    assert catalogue.provider("psf") is not None
    assert catalogue.product("github") is not None
    assert Matcher(catalogue).match_host("com.github") is not None
    assert Matcher(catalogue).match_name("GitHub") is not None
    assert read == []
    assert catalogue.value("package", "pkg:npm/lodash", "licence") == "MIT"
    assert Matcher(catalogue).match_purl("pkg:npm/lodash") is not None
    assert read == ["packages"]
    assert {line[7] for line in catalogue.lines} > {layers.PACKAGES}


def test_a_folder_of_layers_is_read_whole_and_its_packages_count_last(tmp_path: Path) -> None:
    write_layer(tmp_path)
    write_layer(tmp_path, (), (fact("package", "pkg:pypi/acme-free", "licence", "ISC"),), "packages")
    catalogue = load(tmp_path)
    assert catalogue.lines == catalogue.first
    assert catalogue.lines[-1][3] == "ISC"
    assert catalogue.value("package", "pkg:pypi/acme-free", "licence") == "MIT"


def test_the_layer_of_packages_holds_packages_alone(tmp_path: Path) -> None:
    write_layer(tmp_path)
    write_layer(tmp_path, (), (fact("provider", "other", "name", "Other"),), "packages")
    with pytest.raises(CatalogueError, match=r"facts-packages\.csv, line 2.*'provider' is not 'package'"):
        load(tmp_path)
