"""A certificate is one place's, not its provider's."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from freehold.catalogue.certificates import Certificate, certificates
from freehold.catalogue.check import check
from freehold.catalogue.facts import Catalogue, load
from freehold.catalogue.search import search
from freehold.catalogue.show import show
from small_catalogue import catalogue_of, fact

_C5 = (
    fact("certificate", "c5/acme-frankfurt", "scheme", "C5"),
    fact("certificate", "c5/acme-frankfurt", "provider", "acme"),
    fact("certificate", "c5/acme-frankfurt", "product", "acme-cloud"),
    fact("certificate", "c5/acme-frankfurt", "location", "DE"),
    fact("certificate", "c5/acme-frankfurt", "place", "Frankfurt (fra-1)"),
    fact("certificate", "c5/acme-frankfurt", "level", "Type 2"),
    fact("certificate", "c5/acme-frankfurt", "from", "2025-04"),
    fact("certificate", "c5/acme-frankfurt", "until", "2026-03-31"),
)
_ISO = (
    fact("certificate", "iso-27001/acme-helsinki", "scheme", "ISO/IEC 27001"),
    fact("certificate", "iso-27001/acme-helsinki", "provider", "acme"),
    fact("certificate", "iso-27001/acme-helsinki", "location", "FI"),
    fact("certificate", "iso-27001/acme-helsinki", "place", "Helsinki"),
)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return catalogue_of(tmp_path_factory.mktemp("catalogue"), *_C5, *_ISO)


def _ids(found: tuple[Certificate, ...]) -> list[str]:
    return [one.id for one in found]


def test_a_certificate_is_found_for_its_own_place_and_for_no_other(catalogue: Catalogue) -> None:
    asked = {"provider": "acme", "scheme": "c5"}
    assert _ids(certificates(catalogue, **asked, place="frankfurt (FRA-1)")) == ["c5/acme-frankfurt"]
    assert certificates(catalogue, **asked, place="Helsinki") == ()
    assert certificates(catalogue, **asked, location="FI") == ()


def test_a_certificate_reaches_neither_the_owner_nor_a_product_that_it_does_not_name(catalogue: Catalogue) -> None:
    assert certificates(catalogue, provider="acme-corp") == ()
    assert _ids(certificates(catalogue, product="acme-cloud")) == ["c5/acme-frankfurt"]
    assert certificates(catalogue, product="acme-cloud", place="Helsinki") == ()
    assert _ids(certificates(catalogue, provider="acme")) == ["c5/acme-frankfurt", "iso-27001/acme-helsinki"]


def test_a_certificate_holds_between_its_days_and_without_a_last_day_nobody_can_say(catalogue: Catalogue) -> None:
    c5, iso = certificates(catalogue)
    assert (c5.level, c5.begins, c5.ends) == ("Type 2", "2025-04", "2026-03-31")
    days = (date(2025, 3, 31), date(2025, 4, 1), date(2026, 3, 31), date(2026, 4, 1))
    assert [c5.holds_on(day) for day in days] == [False, True, True, False]
    assert iso.holds_on(date(2026, 1, 1)) is None
    assert Certificate("x/y", "X", "acme", (), "DE", "Bonn", begins="2026").holds_on(date(2025, 12, 31)) is False


def test_certificates_are_sound_shown_with_their_provider_and_found_by_scheme_and_place(catalogue: Catalogue) -> None:
    assert [one for one in check(catalogue) if one.severity == "error"] == []
    assert show(catalogue, "acme").certificates == ("c5/acme-frankfurt", "iso-27001/acme-helsinki")
    assert show(catalogue, "acme-cloud").certificates == ("c5/acme-frankfurt",)
    assert show(catalogue, "acme-corp").certificates == ()
    shown = show(catalogue, "iso-27001/acme-helsinki")
    assert shown.provider is not None
    assert (shown.tables, shown.provider.id, shown.certificates) == (("certificate",), "acme", ())
    assert shown.name == "ISO/IEC 27001, Helsinki"
    assert search(catalogue, "helsinki")[0].id == search(catalogue, "ISO/IEC 27001")[0].id == "iso-27001/acme-helsinki"
    assert search(catalogue, "c5")[0].name == "C5, Type 2, Frankfurt (fra-1)"


def test_a_certificate_claims_nothing_of_a_stack(catalogue: Catalogue) -> None:
    assert catalogue.claims_for("certificate", "c5/acme-frankfurt", "x") == ()


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (fact("certificate", "c5/acme-bonn", "scheme", "C5"), "has no place"),
        (fact("certificate", "c5/acme-bonn", "scheme", "C5"), "has no location"),
        (fact("certificate", "acme-frankfurt", "scheme", "C5"), "is no id of a certificate"),
        (fact("certificate", "iso-27001/acme-helsinki", "until", "next year"), "'next year' is no date"),
        (fact("certificate", "iso-27001/acme-helsinki", "product", "acme-clod"), "there is no product 'acme-clod'"),
        (fact("certificate", "iso-27001/acme-helsinki", "location", "EU"), "'EU' is no country"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_named(tmp_path: Path, spoil: tuple[str, ...], problem: str) -> None:
    assert any(problem in one.problem for one in check(catalogue_of(tmp_path, *_C5, *_ISO, spoil)))


def test_a_certificate_that_ends_before_it_begins_is_an_error(tmp_path: Path) -> None:
    spoilt = [one for one in _C5 if one[2] != "until"] + [fact("certificate", "c5/acme-frankfurt", "until", "2025-03")]
    assert any("ends (2025-03) before it begins (2025-04)" in one.problem for one in check(catalogue_of(tmp_path, *spoilt)))


def test_one_certificate_under_two_ids_is_an_error(tmp_path: Path) -> None:
    twin = [fact("certificate", "c5/acme-fra", *one[2:4]) for one in _C5]
    found = check(catalogue_of(tmp_path, *_C5, *twin))
    assert any("are the same certificate" in one.problem for one in found)


def test_no_certificate_of_the_catalogue_reaches_another_place_of_its_provider() -> None:
    catalogue = load()
    known = certificates(catalogue)
    assert known
    for one in known:
        elsewhere = {other.place for other in known if other.provider == one.provider and other.place != one.place}
        for place in elsewhere:
            asked = certificates(catalogue, provider=one.provider, place=place)
            assert one.id not in _ids(asked)
            assert all(found.place == place for found in asked)


def test_a_french_qualification_reaches_no_place_that_its_source_does_not_name() -> None:
    catalogue = load()
    asked = {"provider": "cloud-temple", "scheme": "SecNumCloud"}
    assert _ids(certificates(catalogue, **asked, place="FR1 (Paris)")) == ["secnumcloud/cloud-temple-fr1"]
    assert certificates(catalogue, **asked, place="Madrid") == certificates(catalogue, **asked, location="ES") == ()
    assert certificates(catalogue, scheme="SecNumCloud", provider="ovhcloud", place="FR1 (Paris)") == ()


def test_a_certificate_of_the_catalogue_that_has_run_out_does_not_hold() -> None:
    (tier,) = certificates(load(), scheme="MTCS", provider="ibm")
    assert [tier.holds_on(date(2026, 9, 30)), tier.holds_on(date(2026, 10, 1))] == [True, False]
