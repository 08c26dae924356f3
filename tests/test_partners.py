"""What trust in a country or a provider is worth: answers worked by hand, and laws against a plain reference."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings

from freehold.errors import BadCutoff
from freehold.measure.assess import foreign_cutoff
from freehold.measure.cutoff import cutoff
from freehold.measure.partners import Partner, PartnersAnswer, partners
from freehold.stack.control import PERSONS
from freehold.stack.toml_file import loads
from freehold.stack.values import UNKNOWN, Item, Need, Owner, Provider, Source, Stack
from strategies import stacks

TWO_OF_THREE = """
[stack]
home = "DE"
trusted = ["FR"]

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
id = "desk"
mission = 0.6
  [[item.source]]
  provider = "self"
  needs = ["chip", "cloud"]
[[item]]
id = "chip"
  [[item.source]]
  provider = "jp"
[[item]]
id = "cloud"
  [[item.source]]
  provider = "us"
[[item]]
id = "mail"
mission = 0.3
  [[item.source]]
  provider = "us"
[[item]]
id = "press"
mission = 0.1
  [[item.source]]
  provider = "fr"
"""


def change(answer: PartnersAnswer, id_: str, kind: str = "country", *, trusted: bool = False) -> tuple[float, ...]:
    found = [one for one in (answer.lost if trusted else answer.gained) if (one.type, one.id) == (kind, id_)]
    assert len(found) == 1, id_
    assert found[0].change.low == found[0].change.high
    return found[0].change.low


def test_two_landlords_of_one_thing_are_worth_their_part_only_together() -> None:
    answer = partners(loads(TWO_OF_THREE, "two.toml"), (0.0, 30.0))
    assert answer.self_reliance.low == (0.1, 0.1)
    assert change(answer, "US") == pytest.approx((0.3, 0.3))
    assert change(answer, "JP") == (0, 0)
    assert change(answer, "us", "provider") == pytest.approx((0.3, 0.3))
    assert [(one.countries, one.gained.low[0], one.proven) for one in answer.together] == [
        (("US",), pytest.approx(0.3), True),
        (("JP", "US"), pytest.approx(0.9), True),
    ]
    assert answer.gained[0].id == "US"


def test_losing_a_trusted_country_or_its_provider_takes_what_rests_on_it() -> None:
    answer = partners(loads(TWO_OF_THREE, "two.toml"), (0.0,))
    assert change(answer, "FR", trusted=True) == pytest.approx((0.1,))
    assert change(answer, "fr", "provider", trusted=True) == pytest.approx((0.1,))


def test_a_trusted_group_counts_as_one_besides_its_countries() -> None:
    stack = loads(TWO_OF_THREE.replace('["FR"]', '["EU"]').replace('"jp"\ncountry = "JP"', '"jp"\ncountry = "NL"'), "two.toml")
    answer = partners(stack, (0.0,))
    assert change(answer, "EU", "group", trusted=True) == pytest.approx((0.1,))
    assert change(answer, "NL", trusted=True) == (0,)


def test_a_provider_that_is_trusted_brings_what_it_owns() -> None:
    stack = loads(TWO_OF_THREE + '\n[[provider]]\nid = "top"\ncountry = "US"\n', "two.toml")
    owned = tuple(replace(one, owner=(Owner("top"),)) if one.id == "us" else one for one in stack.providers)
    answer = partners(replace(stack, providers=owned), (0.0,))
    assert change(answer, "top", "provider") == pytest.approx((0.3,))


def test_people_who_own_are_no_party_to_trust() -> None:
    stack = loads(TWO_OF_THREE, "two.toml")
    owned = tuple(replace(one, owner=(Owner(PERSONS),)) for one in stack.providers)
    answer = partners(replace(stack, providers=owned), (0.0,))
    assert PERSONS not in {one.id for one in (*answer.gained, *answer.lost)}


def test_an_unknown_seat_makes_the_gain_a_range_and_no_loss() -> None:
    stack = Stack(
        home="DE",
        items=(Item("a", mission=1.0), Item("b")),
        providers=(Provider("p", country=UNKNOWN), Provider("q", country="US")),
        sources=(Source("a@p", "a", "p"), Source("b@q", "b", "q")),
        needs=(Need("a@p", "b"),),
    )
    answer = partners(stack, (0.0,))
    assert (answer.self_reliance.low, answer.self_reliance.high) == ((0.0,), (0.0,))
    us = next(one for one in answer.gained if one.id == "US")
    assert (us.change.low, us.change.high) == ((0.0,), (1.0,))
    assert answer.lost == ()


def test_without_a_home_nothing_is_foreign_and_the_question_is_refused() -> None:
    with pytest.raises(BadCutoff, match="without a home"):
        partners(Stack(items=(Item("a"),)))


@settings(max_examples=60, deadline=None)
@given(stacks())
def test_a_partner_changes_what_a_stack_that_trusts_it_answers(stack: Stack) -> None:
    stack = replace(stack, home=stack.home or "DE")
    days = (0.0, 30.0)
    answer = partners(stack, days)
    for one in (*answer.gained, *answer.lost):
        if one.type == "country":
            assert_is_the_difference(stack, one, days)
    sizes = [len(one.countries) for one in answer.together]
    assert sizes == sorted(set(sizes))


def assert_is_the_difference(stack: Stack, one: Partner, days: tuple[float, ...]) -> None:
    from freehold.stack.countries import expand

    now = cutoff(stack, foreign_cutoff(), days).mission
    trusted = expand(stack.trusted, stack.as_of)
    other = replace(stack, trusted=tuple(sorted(trusted - {one.id} if one.trusted else trusted | {one.id})))
    then = cutoff(other, foreign_cutoff(), days).mission
    for place in range(len(days)):
        sides = sorted(abs(a[place] - b[place]) for a, b in ((now.low, then.low), (now.high, then.high)))
        assert (one.change.low[place], one.change.high[place]) == pytest.approx(tuple(sides), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(stacks())
def test_a_set_that_is_called_the_best_of_its_size_is(stack: Stack) -> None:
    stack = replace(stack, home=stack.home or "DE")
    answer = partners(stack, (0.0,))
    countries = [one.id for one in answer.gained if one.type == "country"]
    for best in answer.together:
        if not best.proven or len(countries) > 6:
            continue
        for chosen in combinations(countries, len(best.countries)):
            other = replace(stack, trusted=(*stack.trusted, *chosen))
            low = cutoff(other, foreign_cutoff(), (0.0,)).mission.low[0] - answer.self_reliance.low[0]
            assert low <= best.gained.low[0] + max(0.0, best.gained.high[0] - best.gained.low[0]) + 1e-9
