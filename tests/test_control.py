"""Who controls a source, by which way and how surely, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from freehold.stack.control import Control, Truth, any_of
from freehold.stack.cutoff import WAYS, Rule
from freehold.stack.values import UNKNOWN, Item, Owner, Provider, Source, Stack

PROVIDERS = (
    Provider("german", country="DE"),
    Provider("french", country="FR"),
    Provider("american", country="US"),
    Provider("chinese", country="CN"),
    Provider("community", country="none"),
    Provider("seatless"),
    Provider("hidden", country=UNKNOWN),
    Provider("opaque", country="DE", owner=UNKNOWN),
    Provider("own", country="DE", owner=(Owner("own"),)),
    Provider("daughter", country="FR", owner=(Owner("american"),)),
    Provider("granddaughter", country="DE", owner=(Owner("daughter", 0.6),)),
    Provider("half", country="DE", owner=(Owner("american", 0.5),)),
    Provider("minority", country="DE", owner=(Owner("american", 0.49), Owner("german", 0.51))),
    Provider("scattered", country="DE", owner=(Owner("american", 0.3), Owner("chinese", 0.3))),
    Provider("broken-chain", country="DE", owner=(Owner("minority", 0.9),)),
    Provider("held-by-community", country="DE", owner=(Owner("community"),)),
    Provider("held-by-seatless", country="DE", owner=(Owner("seatless"),)),
    Provider("held-by-nobody-knows", country="DE", owner=(Owner("not-in-the-table"),)),
    Provider("partly-unknown", country="DE", owner=(Owner("?", 0.6), Owner("german", 0.4))),
    Provider("slightly-unknown", country="DE", owner=(Owner("?", 0.1), Owner("own", 0.9))),
    Provider("ring-a", country="DE", owner=(Owner("ring-b"),)),
    Provider("ring-b", country="FR", owner=(Owner("ring-c"),)),
    Provider("ring-c", country="US", owner=(Owner("ring-a"),)),
    Provider("firmly-german", country="DE", owner=(Owner("own"),)),
)
ITEM = Item("x", kind="software", tags=("medical",))
STACK = Stack("control", "DE", ("EU",), items=(ITEM,), providers=PROVIDERS)
NOWHERE = "?"


def source(provider: object = "german", **facts: object) -> Source:
    return Source(f"x@{provider}", "x", provider=provider, **facts)  # type: ignore[arg-type]


def control(*, strict: bool = False, stake: float = 0.5, home: str | None = "DE") -> Control:
    return Control(replace(STACK, home=home), strict=strict, stake=stake)


@pytest.mark.parametrize(
    ("truths", "answer"),
    [
        ([], False),
        ([False, False], False),
        ([False, None], None),
        ([None, True], True),
        ([True, None], True),
        ([True, False], True),
    ],
)
def test_one_truth_is_enough_and_one_doubt_spoils_a_no(truths: list[Truth], answer: Truth) -> None:
    assert any_of(iter(truths)) is answer


@pytest.mark.parametrize(
    ("provider", "chain"),
    [
        ("german", ()),
        ("own", ()),
        ("self", ()),
        ("daughter", ("american",)),
        ("granddaughter", ("daughter", "american")),
        ("half", ("american",)),
        ("minority", ("german",)),
        ("scattered", ()),
        ("broken-chain", ("minority", "german")),
        ("opaque", (NOWHERE,)),
        ("partly-unknown", (NOWHERE,)),
        ("slightly-unknown", ("own",)),
        ("not-in-the-table", (NOWHERE,)),
        ("held-by-nobody-knows", ("not-in-the-table", NOWHERE)),
        ("ring-a", ("ring-b", "ring-c")),
        ("ring-c", ("ring-a", "ring-b")),
    ],
)
def test_the_chain_of_owners_is_followed_to_its_end(provider: str, chain: tuple[str, ...]) -> None:
    assert control().owners(provider) == chain


def test_the_stake_that_controls_can_be_set() -> None:
    assert control(stake=0.4).owners("minority") == ("american", "german")
    assert set(control(stake=0.3).owners("scattered")) == {"american", "chinese"}
    assert control(stake=0.7).owners("granddaughter") == ()
    assert control(stake=1.0).owners("daughter") == ("american",)


def test_a_stake_a_rounding_error_under_the_threshold_controls() -> None:
    assert control(stake=0.5 + 1e-12).owners("half") == ("american",)


def test_strict_holds_an_owner_left_blank_for_unknown() -> None:
    assert control(strict=True).owners("german") == (NOWHERE,)
    assert control(strict=True).owners("daughter") == ("american", NOWHERE)
    assert control(strict=True).owners("own") == ()
    assert control(strict=True).owners("firmly-german") == ("own",)
    assert control(strict=True).owners("self") == ()


@pytest.mark.parametrize(
    ("facts", "way", "countries"),
    [
        ({"provider": "german"}, "provider", {"DE"}),
        ({"provider": "german"}, "owner", set()),
        ({"provider": "german"}, "location", {"DE"}),
        ({"provider": "german"}, "origin", set()),
        ({"provider": "german", "location": ("US", "FR")}, "location", {"US", "FR"}),
        ({"provider": "german", "location": UNKNOWN}, "location", {NOWHERE}),
        ({"provider": "german", "origin": ("US",)}, "origin", {"US"}),
        ({"provider": "german", "origin": UNKNOWN}, "origin", {NOWHERE}),
        ({"provider": "granddaughter"}, "owner", {"FR", "US"}),
        ({"provider": "community"}, "provider", {"none"}),
        ({"provider": "community"}, "location", {"none"}),
        ({"provider": "held-by-community"}, "owner", {"none"}),
        ({"provider": "held-by-seatless"}, "owner", {NOWHERE}),
        ({"provider": "seatless"}, "provider", {NOWHERE}),
        ({"provider": "hidden"}, "provider", {NOWHERE}),
        ({"provider": "opaque"}, "owner", {NOWHERE}),
        ({"provider": "self"}, "provider", {"DE"}),
        ({"provider": "self"}, "owner", set()),
        ({"provider": None}, "provider", {NOWHERE}),
        ({"provider": None}, "owner", {NOWHERE}),
        ({"provider": None}, "location", {NOWHERE}),
        ({"provider": None, "location": ("DE",)}, "location", {"DE"}),
        ({"provider": UNKNOWN}, "provider", {NOWHERE}),
    ],
)
def test_each_way_of_control_has_its_countries(facts: dict[str, object], way: str, countries: set[str]) -> None:
    assert control().countries(source(**facts), way) == countries


@pytest.mark.parametrize("way", WAYS)
def test_of_an_unknown_source_nothing_is_known(way: str) -> None:
    assert control().countries(None, way) == {NOWHERE}


def test_strict_holds_a_location_left_blank_for_unknown() -> None:
    assert control(strict=True).countries(source("german"), "location") == {NOWHERE}
    assert control(strict=True).countries(source("german", location=("DE",)), "location") == {"DE"}
    assert control(strict=True).countries(source("self"), "location") == {"DE"}
    assert control(strict=True).countries(source("german"), "origin") == set()


@pytest.mark.parametrize(
    ("facts", "foreign"),
    [
        ({"provider": "german"}, False),
        ({"provider": "french"}, False),
        ({"provider": "self"}, False),
        ({"provider": "community"}, False),
        ({"provider": "american"}, True),
        ({"provider": "daughter"}, True),
        ({"provider": "granddaughter"}, True),
        ({"provider": "half"}, True),
        ({"provider": "minority"}, False),
        ({"provider": "broken-chain"}, False),
        ({"provider": "ring-a"}, True),
        ({"provider": "held-by-community"}, False),
        ({"provider": "seatless"}, None),
        ({"provider": "opaque"}, None),
        ({"provider": "partly-unknown"}, None),
        ({"provider": "slightly-unknown"}, False),
        ({"provider": "opaque", "location": ("US",)}, True),
        ({"provider": "german", "location": ("DE", "US")}, True),
        ({"provider": "german", "origin": ("US",)}, True),
        ({"provider": "german", "origin": UNKNOWN}, None),
        ({"provider": "seatless", "origin": ("US",)}, True),
        ({"provider": None}, None),
        ({"provider": "not-in-the-table"}, None),
    ],
)
def test_one_known_fact_makes_foreign_and_one_unknown_makes_perhaps(facts: dict[str, object], foreign: Truth) -> None:
    assert control().foreign(source(**facts)) is foreign


def test_only_the_ways_asked_for_count() -> None:
    assert control().foreign(source("daughter"), ("provider",)) is False
    assert control().foreign(source("daughter"), ("owner",)) is True
    assert control().foreign(source("seatless", location=("DE",)), ("location",)) is False
    assert control().foreign(source("opaque"), ("provider", "location", "origin")) is False


def test_strict_makes_an_assumed_home_perhaps_foreign() -> None:
    assert control(strict=True).foreign(source("german")) is None
    assert control(strict=True).foreign(source("own", location=("DE",))) is False
    assert control(strict=True).foreign(source("american")) is True
    assert control(strict=True).foreign(source("self")) is False


def test_without_a_home_everything_with_a_seat_is_foreign() -> None:
    homeless = Control(Stack("control", providers=PROVIDERS))
    assert homeless.foreign(source("german")) is True
    assert homeless.foreign(source("community")) is False


def test_trusted_groups_are_inside() -> None:
    assert {"DE", "FR", "none"} <= control().inside
    assert "US" not in control().inside


@pytest.mark.parametrize(
    ("facts", "country", "answer"),
    [
        ({"provider": "american"}, "US", True),
        ({"provider": "american"}, "CN", False),
        ({"provider": "french"}, "EU", True),
        ({"provider": "american"}, "EU", False),
        ({"provider": "granddaughter"}, "EU", True),
        ({"provider": "granddaughter"}, "US", True),
        ({"provider": "seatless"}, "US", None),
        ({"provider": "community"}, "US", False),
        ({"provider": "german", "origin": ("US",)}, "US", True),
    ],
)
def test_a_country_or_a_group_controls_by_any_way(facts: dict[str, object], country: str, answer: Truth) -> None:
    assert control().controlled_by(source(**facts), country) is answer


@pytest.mark.parametrize(
    ("provider", "owner", "answer"),
    [
        ("american", "american", True),
        ("granddaughter", "american", True),
        ("granddaughter", "daughter", True),
        ("minority", "american", False),
        ("german", "american", False),
        ("opaque", "american", None),
        ("opaque", "opaque", True),
        (None, "american", None),
        ("ring-b", "ring-a", True),
    ],
)
def test_an_owner_owns_itself_and_all_that_is_under_it(provider: str | None, owner: str, answer: Truth) -> None:
    assert control().owned_by(source(provider), owner) is answer


@pytest.mark.parametrize(
    ("rule", "facts", "answer"),
    [
        (Rule(provider="american"), {"provider": "american"}, True),
        (Rule(provider="american"), {"provider": "daughter"}, False),
        (Rule(provider="american"), {"provider": None}, None),
        (Rule(owner="american"), {"provider": "daughter"}, True),
        (Rule(country="US", via=("provider",)), {"provider": "daughter"}, False),
        (Rule(foreign=True), {"provider": "seatless"}, None),
        (Rule(item="x"), {"provider": None}, True),
        (Rule(item="y"), {"provider": None}, False),
        (Rule(kind="software"), {}, True),
        (Rule(kind="chip"), {}, False),
        (Rule(licence="mit"), {"licence": "MIT"}, True),
        (Rule(licence="MIT"), {"licence": "ISC"}, False),
        (Rule(licence="MIT"), {}, None),
        (Rule(licence="MIT"), {"licence": UNKNOWN}, None),
        (Rule(tag="medical"), {}, True),
        (Rule(tag="cloud"), {"tags": ("cloud",)}, True),
        (Rule(tag="cloud"), {}, False),
        (Rule(tag="cloud"), {"tags": UNKNOWN}, None),
        (Rule(country="US", item="x"), {"provider": "american"}, True),
        (Rule(country="US", item="y"), {"provider": "american"}, False),
        (Rule(country="US", item="y"), {"provider": None}, False),
        (Rule(country="US", item="x"), {"provider": None}, None),
        (Rule(country="US", licence="MIT"), {"provider": "american"}, None),
    ],
)
def test_all_selectors_of_a_rule_must_match(rule: Rule, facts: dict[str, object], answer: Truth) -> None:
    assert control().matches(rule, ITEM, source(**facts)) is answer


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        (Rule(provider="german"), None),
        (Rule(owner="german"), None),
        (Rule(country="US"), None),
        (Rule(foreign=True), None),
        (Rule(licence="MIT"), None),
        (Rule(item="x"), True),
        (Rule(kind="software"), True),
        (Rule(kind="chip"), False),
        (Rule(tag="medical"), True),
        (Rule(tag="cloud"), False),
    ],
)
def test_an_item_without_sources_is_perhaps_matched_by_what_is_not_known(rule: Rule, answer: Truth) -> None:
    assert control().matches(rule, ITEM, None) is answer


def test_an_unknown_kind_or_tag_is_perhaps_matched() -> None:
    assert control().matches(Rule(kind="chip"), Item("x"), source()) is None
    assert control().matches(Rule(kind="chip"), Item("x", kind=UNKNOWN), source()) is None
    assert control().matches(Rule(tag="a"), Item("x", tags=UNKNOWN), source()) is None
    assert control().matches(Rule(tag="a"), Item("x"), source()) is False
