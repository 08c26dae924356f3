"""What can be lost as one: the groups of DESIGN, "Cut sets", on a stack that can be checked by eye."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freehold.errors import UsageError
from freehold.measure.case import Case
from freehold.measure.members import members_of
from freehold.stack.values import UNKNOWN, Item, Need, Owner, Provider, Source, Stack

if TYPE_CHECKING:
    from freehold.measure.chokepoint_values import Group, Member

PROVIDERS = (
    Provider("acme", country="DE", owner=(Owner("holding"),), probability=0.1),
    Provider("holding", country="US", owner=(Owner("fund", 0.4), Owner("natural-persons")), probability=0.2),
    Provider("fund", country="CN"),
    Provider("village", country="none"),
    Provider("somewhere", country=UNKNOWN, probability=UNKNOWN),
    Provider("opaque", country="FR", owner=UNKNOWN),
)
STACK = Stack(
    "groups",
    "DE",
    ("EU",),
    items=(
        Item("app", mission=1.0),
        Item("host"),
        Item("choice", tags=("any-of",)),
        Item("code"),
        Item("bare"),
        Item("gap"),
        Item("later"),
    ),
    providers=PROVIDERS,
    sources=(
        Source("app@self", "app", "self"),
        Source("host@acme", "host", "acme", location=("FR",), origin=("US",)),
        Source("host@somewhere", "host", "somewhere"),
        Source("choice@self", "choice", "self"),
        Source("choice@self#2", "choice", "self"),
        Source("code@village", "code", "village"),
        Source("gap@opaque", "gap", "opaque", share=0.75),
        Source("gap@new", "gap", "acme", status="candidate"),
        Source("later@acme", "later", "acme", status="candidate"),
    ),
    needs=(
        Need("app@self", "choice"),
        Need("choice@self", "host"),
        Need("choice@self#2", "code"),
        Need("code@village", "bare"),
    ),
)
CASE = Case(STACK)
SUPPLIES = [supply.filled.source.id if supply.filled.source else f"?{supply.item}" for supply in CASE.supplies]


def named(members: tuple[Member, ...]) -> dict[str, tuple[set[str], set[str]]]:
    return {m.id: ({SUPPLIES[n] for n in m.supplies}, {SUPPLIES[n] for n in m.perhaps}) for m in members}


def test_the_target_a_choice_and_what_has_candidates_only_are_no_members() -> None:
    items = members_of(CASE, "item", [0])
    assert [member.id for member in items] == ["bare", "code", "gap", "host"]
    assert [member.probability for member in items] == [None, None, None, None]


def test_each_source_counts_by_itself_and_what_has_no_row_bears_its_items_name() -> None:
    assert named(members_of(CASE, "source", [0])) == {
        "bare": ({"?4"}, set()),
        "code@village": ({"code@village"}, set()),
        "gap@?": ({"?5"}, set()),
        "gap@opaque": ({"gap@opaque"}, set()),
        "host@acme": ({"host@acme"}, set()),
        "host@somewhere": ({"host@somewhere"}, set()),
    }


def test_a_leaf_is_what_needs_nothing() -> None:
    assert [member.id for member in members_of(CASE, "leaf", [0])] == [
        "bare",
        "gap@?",
        "gap@opaque",
        "host@acme",
        "host@somewhere",
    ]


def test_a_provider_takes_its_sources_and_perhaps_those_of_which_it_is_not_known() -> None:
    assert named(members_of(CASE, "provider", [0])) == {
        "?": ({"?4", "?5"}, set()),
        "acme": ({"host@acme"}, {"?4", "?5"}),
        "opaque": ({"gap@opaque"}, {"?4", "?5"}),
        "somewhere": ({"host@somewhere"}, {"?4", "?5"}),
        "village": ({"code@village"}, {"?4", "?5"}),
    }
    chances = {member.id: member.probability for member in members_of(CASE, "provider", [0])}
    assert chances == {"?": None, "acme": 0.1, "opaque": None, "somewhere": None, "village": None}


def test_an_owner_takes_all_that_it_owns_down_the_chain_and_people_are_no_one_owner() -> None:
    found = named(members_of(CASE, "owner", [0]))
    unknown = {"?4", "?5", "gap@opaque", "host@acme"}
    assert set(found) == {"?", "acme", "holding", "opaque", "somewhere", "village"}
    # who owns natural persons stands nowhere, so the chain of acme ends in the unknown
    assert found["?"] == (unknown, set())
    assert found["holding"] == ({"host@acme"}, unknown - {"host@acme"})
    assert found["village"] == ({"code@village"}, unknown)
    assert {m.id: m.probability for m in members_of(CASE, "owner", [0])}["holding"] == 0.2


def test_a_smaller_stake_makes_a_member_when_it_is_asked_for() -> None:
    assert "fund" in named(members_of(Case(STACK, stake=0.4), "owner", [0]))


def test_a_country_takes_what_it_controls_in_the_ways_asked_for_and_home_is_none() -> None:
    found = named(members_of(CASE, "country", [0], probabilities={"US": 0.01}))
    unknown = {"?4", "?5", "host@somewhere", "gap@opaque", "host@acme"}
    assert set(found) == {"?", "US", "FR"}
    assert found["US"] == ({"host@acme"}, unknown - {"host@acme"})
    assert found["FR"] == ({"host@acme", "gap@opaque"}, unknown - {"host@acme", "gap@opaque"})
    seats = named(members_of(CASE, "country", [0], via=("provider",)))
    assert seats == {"?": ({"?4", "?5", "host@somewhere"}, set()), "FR": ({"gap@opaque"}, {"?4", "?5", "host@somewhere"})}
    chances = {member.id: member.probability for member in members_of(CASE, "country", [0], probabilities={"US": 0.01})}
    assert chances == {"?": None, "US": 0.01, "FR": None}


def test_what_is_assumed_is_not_known_when_it_is_asked_strictly() -> None:
    found = named(members_of(Case(STACK, strict=True), "owner", [0]))
    assert "code@village" in found["?"][0]


def test_the_id_of_an_unknown_source_is_nobody_elses() -> None:
    stack = Stack("s", items=(Item("a"),), sources=(Source("a@?", "a", UNKNOWN, share=0.5),))
    assert [member.id for member in members_of(Case(stack), "source", [])] == ["a@?", "a@??"]


@pytest.mark.parametrize("of", ["providers", "", "self"])
def test_another_kind_of_group_is_refused(of: Group) -> None:
    with pytest.raises(UsageError, match="no kind of group"):
        members_of(CASE, of, [0])


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_probability_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(UsageError, match="not between 0 and 1"):
        members_of(CASE, "country", [0], probabilities={"US": value})
