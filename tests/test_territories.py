"""What docs/concepts/territories.md says of disputed territories and dependencies, held sentence by sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from freehold.catalogue.facts import load
from freehold.errors import BadStack, UsageError
from freehold.settings import find_settings
from freehold.stack.control import Control
from freehold.stack.countries import country_name, expand, is_country
from freehold.stack.groups import groups, members
from freehold.stack.toml_file import loads
from freehold.stack.values import Item, Provider, Source, Stack
from small_catalogue import catalogue_of, fact

PAGE = (Path(__file__).parent.parent / "docs" / "concepts" / "territories.md").read_text(encoding="utf-8")

APART = {
    "TW": "CN", "HK": "CN", "MO": "CN", "XK": "RS", "PS": "IL", "EH": "MA", "KY": "GB", "JE": "GB", "GG": "GB", "IM": "GB",
    "BM": "GB", "GI": "GB", "PR": "US", "GU": "US", "AX": "FI", "GL": "DK", "FO": "DK", "RE": "FR", "GF": "FR",
}  # fmt: skip


def _stack(seat: str, *trusted: str, location: tuple[str, ...] | None = None) -> Stack:
    provider, item = Provider("firm", country=seat), Item("thing", mission=1.0)
    return Stack(None, "BR", trusted, items=(item,), providers=(provider,), sources=(Source("s", "thing", "firm", location),))


def test_the_page_names_each_code_that_stands_apart_and_each_group() -> None:
    for code in (*APART, *groups()):
        assert f"`{code}`" in PAGE, code
    assert set(re.findall(r"`([A-Z]{2})`", PAGE)) <= {*APART, *APART.values(), "EU"}


@pytest.mark.parametrize("code", sorted(APART))
def test_each_of_them_is_a_code_with_a_name(code: str) -> None:
    assert is_country(code)
    assert country_name(code) != code


@pytest.mark.parametrize(("code", "other"), sorted(APART.items()))
def test_trust_and_cut_offs_reach_a_code_alone(code: str, other: str) -> None:
    stack = _stack(code, other)
    control = Control(stack)
    assert control.foreign(stack.sources[0]) is True
    assert control.controlled_by(stack.sources[0], other) is False
    assert control.controlled_by(stack.sources[0], code) is True
    both = _stack(code, other, code)
    assert Control(both).foreign(both.sources[0]) is False


def test_several_can_be_trusted_by_listing_them() -> None:
    assert expand(["CN", "HK", "MO"]) == {"CN", "HK", "MO"}


@pytest.mark.parametrize("code", ["UK", "EL", "SU", "XC", "AN", "cn", "TWN", "Crimea", "XX"])
def test_any_other_code_is_refused(code: str, tmp_path: Path) -> None:
    assert not is_country(code)
    with pytest.raises(UsageError):
        find_settings({"home": code}, tmp_path)
    with pytest.raises(BadStack):
        loads(f'[[provider]]\nid = "a"\ncountry = "{code}"\n', "stack.toml")


def test_land_that_two_claim_is_controlled_by_either_and_foreign_if_any_is() -> None:
    stack = _stack("BR", location=("UA", "RU"))
    control = Control(stack)
    assert [control.controlled_by(stack.sources[0], code, ("location",)) for code in ("UA", "RU", "PL")] == [True, True, False]
    assert control.foreign(stack.sources[0]) is True
    half, whole = _stack("BR", "UA", location=("UA", "RU")), _stack("BR", "UA", "RU", location=("UA", "RU"))
    assert Control(half).foreign(half.sources[0]) is True
    assert Control(whole).foreign(whole.sources[0]) is False


def test_no_group_has_a_territory_that_its_reference_does_not_list() -> None:
    dependencies = set(APART) - {"TW", "EH"}
    for code in groups():
        assert not members(code) & dependencies, code
    assert members("AFRICAN-UNION") >= {"MA", "EH"}
    assert "SA" not in members("BRICS")


def test_a_firm_registered_in_the_cayman_islands_has_its_seat_there() -> None:
    assert load().value("provider", "tencent", "country") == "KY"


def test_the_catalogue_takes_the_code_of_kosovo_too(tmp_path: Path) -> None:
    from freehold.catalogue.check import check

    catalogue = catalogue_of(
        tmp_path, fact("provider", "left-fund-two", "name", "Second"), fact("provider", "left-fund-two", "country", "XK")
    )
    assert not [one for one in check(catalogue) if "country" in one.problem and one.severity == "error"]
