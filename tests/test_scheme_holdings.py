"""What is held of a firm from outside: chains, stakes that are not stated, and circles, worked by hand."""

from __future__ import annotations

import pytest

from freehold.schemes.asking import asked_of
from freehold.schemes.interface import Measured
from freehold.schemes.measures.holdings import Holders, Holding
from freehold.schemes.measuring import measure
from freehold.schemes.scheme_file import scheme
from freehold.schemes.scoring import score
from freehold.stack.control import PERSONS
from freehold.stack.toml_file import loads
from freehold.stack.values import UNKNOWN, Owner, Provider

SEATS = {"P": "DE", "A": "DE", "B": "FR", "C": "FR", "L": "US", "M": "US", "N": "JP", "X": "?", PERSONS: "none"}


def held(firm: str = "P", /, *, strict: bool = False, **owners: str) -> Holding:
    """What is held of a firm, where ``P="L:0.3;A"`` says who owns P."""

    def rows(text: str) -> tuple[Owner, ...]:
        pairs = (one.partition(":") for one in text.split(";"))
        return tuple(Owner(PERSONS if id_ == "persons" else id_, float(stake) if stake else None) for id_, _, stake in pairs)

    providers = {
        id_: Provider(
            id_, country=seat, owner=UNKNOWN if owners.get(id_) == "?" else rows(owners[id_]) if id_ in owners else None
        )
        for id_, seat in SEATS.items()
    }

    def outside(id_: str) -> bool | None:
        return None if SEATS[id_] == "?" else SEATS[id_] in ("US", "JP")

    return Holders(providers, outside, strict=strict).of(firm)


def test_a_direct_stake_is_what_it_is() -> None:
    one = held(P="L:0.24;A:0.76")
    assert one.largest == one.together == (0.24, 0.24)
    assert one.holder == "L"
    assert not one.unknown
    assert held(P="L:0.241;A:0.759").largest == (0.241, 0.241)


def test_three_holders_of_13_percent_have_39_together() -> None:
    one = held(P="L:0.13;M:0.13;N:0.13;A:0.61")
    assert one.largest == (0.13, 0.13)
    assert one.together == pytest.approx((0.39, 0.39))


def test_a_stake_through_a_holder_inside_passes_in_part_or_whole() -> None:
    # L has 60 % of A, which has 30 % of P: 18 % by the product, 30 % as A counts as L
    one = held(P="A:0.3;B:0.7", A="L:0.6;persons:0.4")
    assert one.largest == one.together == (0.18, 0.3)


def test_a_holder_that_is_held_in_a_smaller_part_passes_that_part_by_both_readings() -> None:
    one = held(P="A:0.5;B:0.5", A="L:0.4;persons:0.6")
    assert one.largest == (0.2, 0.2)


def test_half_of_a_half_counts_as_half_by_the_control_reading() -> None:
    one = held(P="A:0.5;persons:0.5", A="B:0.5;persons:0.5", B="L:0.5;persons:0.5")
    assert one.largest == (0.125, 0.5)


def test_two_holders_who_have_half_of_a_holder_together_make_it_count_whole_together_alone() -> None:
    one = held(P="A:0.3;B:0.7", A="L:0.3;N:0.3;persons:0.4")
    assert one.largest == (0.09, 0.09)
    assert one.together == pytest.approx((0.18, 0.3))


def test_a_parent_and_its_daughter_abroad_count_once() -> None:
    one = held(P="M:0.2;A:0.8", M="L:1")
    assert one.largest == one.together == (0.2, 0.2)


def test_two_ways_to_one_holder_add_up() -> None:
    one = held(P="L:0.1;A:0.4;B:0.5", A="L:0.25;persons:0.75")
    assert one.largest == one.together == (0.2, 0.2)


def test_a_circle_of_owners_counts_nothing_twice() -> None:
    # P has half of itself through A; a walk up leaves the circle to L or to B in the end: 0.25 / (1 - 0.25) = 1/3
    one = held(P="A:0.5;L:0.25;B:0.25", A="P:0.5;persons:0.5")
    assert one.largest == pytest.approx((1 / 3, 1 / 3))


def test_a_circle_that_nobody_outside_has_a_part_of_is_nobodys() -> None:
    assert held(P="A:1", A="P:1").together == (0.0, 0.0)
    assert held(P="P").together == (0.0, 0.0)


def test_a_stake_that_is_not_stated_is_half_or_more() -> None:
    one = held(P="L")
    assert one.largest == one.together == (0.5, 1.0)
    assert one.unknown == ("P",)


def test_beside_an_owner_inside_without_a_stake_half_may_be_anybodys() -> None:
    assert held(P="A").together == (0.0, 0.5)
    assert held(P="A:1").together == (0.0, 0.0)


def test_what_no_stated_stake_covers_may_be_anybodys() -> None:
    one = held(P="L:0.2;A:0.5")
    assert one.largest == one.together == (0.2, 0.5)
    assert one.unknown == ("P",)


def test_an_unknown_owner_or_seat_opens_the_bounds() -> None:
    assert held(P="?").together == (0.0, 1.0)
    assert held(P="X:0.3;A:0.7").largest == (0.0, 0.3)
    assert held(P="X:0.3;A:0.7").unknown == ("X",)


def test_a_firm_without_an_owner_is_its_own_unless_assumptions_do_not_count() -> None:
    assert held().together == (0.0, 0.0)
    assert held(strict=True).together == (0.0, 1.0)


def test_people_are_no_holders_outside() -> None:
    assert held(P="persons:1").together == (0.0, 0.0)


CLOUD = """
[stack]
home = "FR"
trusted = ["EU"]
[[provider]]
id = "cloud-firm"
country = "FR"
owner = [{owners}]
[[provider]]
id = "us"
country = "US"
[[provider]]
id = "jp"
country = "JP"
[[provider]]
id = "fr"
country = "FR"
[[item]]
id = "hosting"
kind = "cloud"
mission = 1
  [[item.source]]
  provider = "cloud-firm"
"""


def stakes(owners: str, figure: str) -> Measured:
    found = measure("outside-stakes", asked_of(loads(CLOUD.replace("{owners}", owners))), {"figure": figure})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("owners", "one", "all_"),
    [
        ('"us:0.24", "fr:0.76"', ("b",), ("b",)),
        ('"us:0.2401", "fr:0.7599"', ("a",), ("b",)),
        ('"us:0.13", "jp:0.26", "fr:0.61"', ("a",), ("b",)),
        ('"us:0.2", "jp:0.19", "fr:0.61"', ("b",), ("b",)),
        ('"us:0.2", "jp:0.191", "fr:0.609"', ("b",), ("a",)),
        ('"us:0.1", "fr:0.6"', ("a", "b"), ("a", "b")),
    ],
)
def test_secnumcloud_draws_its_lines_at_24_and_39_percent(owners: str, one: tuple[str, ...], all_: tuple[str, ...]) -> None:
    found = score(scheme("secnumcloud-3.2"), asked_of(loads(CLOUD.replace("{owners}", owners))))
    letters = {answer.factor: answer.letters for answer in found.answers}
    assert (letters["19.6.b-one"], letters["19.6.b-all"]) == (one, all_)


def test_the_measure_names_the_firm_its_holder_and_the_part() -> None:
    found = stakes('"us:0.3", "fr:0.7"', "largest")
    assert (found.low, found.high, found.unknowns) == (0.3, 0.3, 0)
    assert [(part.id, part.low) for part in found.parts] == [("cloud-firm", 0.3)]
    assert (found.facts[0].table, found.facts[0].id, found.facts[0].attribute) == ("providers", "cloud-firm", "owner")
    assert "30 %" in found.facts[0].told


def test_a_source_without_a_provider_may_be_held_by_anybody() -> None:
    stack = loads(CLOUD.replace("{owners}", '"fr:1"').replace('  provider = "cloud-firm"', '  provider = "?"'))
    found = measure("outside-stakes", asked_of(stack), {})
    assert found is not None
    assert (found.low, found.high, found.unknowns) == (0.0, 1.0, 1)


def test_a_dense_graph_of_owners_ends_in_bounds_that_hold_anything() -> None:
    names = [f"f{number}" for number in range(150)]
    owners = tuple(Owner(name, 1 / 150) for name in names)
    holders = Holders({name: Provider(name, country="US", owner=owners) for name in names}, lambda _: True)
    found = [holders.of(name) for name in names]
    assert found[0].together[0] > 0.99
    assert found[-1].largest == found[-1].together == (0.0, 1.0)
    assert found[-1].unknown == (names[-1],)


def test_a_chain_beyond_what_is_followed_may_be_anybodys() -> None:
    rows = {f"f{number}": Provider(f"f{number}", country="DE", owner=(Owner(f"f{number + 1}", 1.0),)) for number in range(300)}
    assert Holders(rows, lambda _: False).of("f0").together == (0.0, 1.0)
    assert Holders(rows, lambda _: False).of("f250").together == (0.0, 1.0)  # the last one is not in the stack
