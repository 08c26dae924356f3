"""Gaps by layer: what is held, by whom the rest is, what would close it; by hand, and the laws on random stacks."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.measure.content import Bounds
from freehold.measure.gaps import NO_KIND, GapsAnswer, HomeSource, Landlord, NoneKnown, Option, gaps
from freehold.stack.schema import KINDS
from freehold.stack.toml_file import loads
from freehold.stack.values import Item, Provider, Source, Stack
from strategies import repeatable, shuffled, stacks

PEOPLE = """
[stack]
home = "DE"
trusted = ["EU"]
[[provider]]
id = "home"
country = "DE"
[[provider]]
id = "friend"
country = "FR"
[[provider]]
id = "landlord"
country = "US"
[[provider]]
id = "eastern"
country = "CN"
[[provider]]
id = "subsidiary"
country = "US"
owner = "eastern"
[[provider]]
id = "branch"
country = "DE"
owner = "landlord"
[[provider]]
id = "seatless"
"""


def look(text: str, **settings: Any) -> GapsAnswer:
    return gaps(loads(PEOPLE + text, "stack.toml"), **settings)


def item(name: str, kind: str, *sources: str) -> str:
    kind = f'kind = "{kind}"\n' if kind else ""
    return f'[[item]]\nid = "{name}"\n{kind}source = [{", ".join(sources)}]\n'


# ---------------------------------------------------------------- layers and what is held


def test_layers_stand_bottom_up_and_only_those_with_items() -> None:
    text = item("app", "application") + item("dark", "") + item("chip", "chip") + item("odd", "?") + item("os", "os")
    answer = look(text)
    assert [(layer.kind, layer.items) for layer in answer.layers] == [("chip", 1), ("os", 1), ("application", 1), (NO_KIND, 2)]
    assert answer.layer("os").items == 1
    with pytest.raises(KeyError):
        answer.layer("skill")


def test_the_held_share_is_the_mean_over_items_of_the_supply_in_use_that_is_not_foreign() -> None:
    text = item("a", "chip", '{ provider = "friend", share = 0.6 }', '{ provider = "landlord", share = 0.4 }')
    text += item("b", "chip", '{ provider = "home" }', '{ provider = "home", status = "standby" }')
    text += item("c", "chip", '{ provider = "seatless" }')
    text += item("d", "chip", '{ provider = "landlord" }', '{ provider = "home", status = "standby" }')
    assert look(text).layer("chip").held == (0.4, 0.65)


def test_needs_do_not_count_only_whose_the_source_is() -> None:
    text = item("app", "application", '{ provider = "self", needs = ["chip"] }') + item(
        "chip", "chip", '{ provider = "landlord" }'
    )
    assert look(text).layer("application").held == (1, 1)


def test_strict_takes_assumed_owners_as_unknown() -> None:
    text = item("a", "chip", '{ provider = "home" }')
    assert look(text).layer("chip").held == (1, 1)
    strict = look(text, strict=True).layer("chip")
    assert (strict.held, strict.home) == ((0, 1), None)


# ---------------------------------------------------------------- the best home source


def test_the_best_home_source_has_the_highest_quality_whatever_its_status() -> None:
    text = item(
        "a", "chip", '{ provider = "home", quality = 0.6 }', '{ provider = "friend", status = "candidate", quality = 0.9 }'
    )
    text += item("b", "chip", '{ provider = "landlord", quality = 1 }', '{ provider = "home", quality = "?" }')
    assert look(text).layer("chip").home == HomeSource("a@friend", "a", "candidate", Bounds(0.9, 0.9))


def test_of_equal_quality_the_home_source_in_use_comes_first_then_the_larger() -> None:
    sources = [
        '{ provider = "home", status = "candidate" }',
        '{ provider = "home", status = "standby", capacity = 0.5 }',
        '{ provider = "friend", status = "standby" }',
    ]
    best = look(item("a", "chip", *sources)).layer("chip").home
    assert best is not None
    assert (best.id, best.status, best.quality) == ("a@friend", "standby", (1, 1))
    best = look(item("a", "chip", *sources, '{ provider = "friend", id = "now" }')).layer("chip").home
    assert best is not None
    assert best.id == "now"


def test_a_home_source_of_unknown_quality_is_bounded_and_a_layer_may_have_none() -> None:
    text = item("a", "chip", '{ provider = "home", quality = "?" }') + item("b", "os", '{ provider = "seatless" }')
    answer = look(text)
    assert answer.layer("chip").home == HomeSource("a@home", "a", "in-use", Bounds(0, 1))
    assert answer.layer("os").home is None


# ---------------------------------------------------------------- the landlord


def landlord(text: str) -> Landlord | None:
    return look(text).layers[0].landlord


def test_the_landlord_holds_most_of_the_supply_in_use() -> None:
    text = item("a", "chip", '{ provider = "landlord", share = 0.7 }', '{ provider = "eastern", share = 0.3 }')
    text += item("b", "chip", '{ provider = "eastern", share = 0.3 }', '{ provider = "home", share = 0.7 }')
    text += item("c", "chip", '{ provider = "home" }', '{ provider = "eastern", status = "standby", share = 0.9 }')
    assert landlord(text) == Landlord("landlord", "US", "provider", Bounds(0.233333333333, 0.233333333333))


def test_the_landlords_country_is_that_at_the_top_of_its_owners() -> None:
    assert landlord(item("a", "chip", '{ provider = "subsidiary" }')) == Landlord("subsidiary", "CN", "owner", Bounds(1, 1))
    assert landlord(item("a", "chip", '{ provider = "branch" }')) == Landlord("branch", "US", "owner", Bounds(1, 1))


def test_a_provider_at_home_that_is_foreign_by_place_or_origin_is_named_with_that_country() -> None:
    assert landlord(item("a", "chip", '{ provider = "home", location = ["DE", "US"] }')) == Landlord(
        "home", "US", "location", Bounds(1, 1)
    )
    assert landlord(item("a", "chip", '{ provider = "home", origin = "CN" }')) == Landlord("home", "CN", "origin", Bounds(1, 1))


def test_what_is_unknown_has_itself_as_landlord() -> None:
    text = item("a", "chip", '{ provider = "seatless" }') + item("b", "chip", '{ provider = "?" }') + item("c", "chip")
    text += item("d", "chip", '{ provider = "landlord" }', '{ provider = "home", share = 0.4 }')
    assert landlord(text) == Landlord("?", "?", "?", Bounds(0.75, 0.75))


def test_an_unknown_provider_that_is_surely_foreign_is_unknown_still() -> None:
    found = landlord(item("a", "chip", '{ provider = "?", location = "US" }'))
    assert found == Landlord("?", "?", "?", Bounds(1, 1))


def test_of_equal_shares_the_known_landlord_is_named_and_a_layer_that_is_held_has_none() -> None:
    found = landlord(item("a", "chip", '{ provider = "?" }', '{ provider = "landlord" }'))
    assert found is not None
    assert (found.provider, found.share) == ("landlord", (0.5, 0.5))
    assert landlord(item("a", "chip", '{ provider = "home" }')) is None


# ---------------------------------------------------------------- what would close it


def test_what_would_close_a_gap_is_the_best_source_that_is_not_foreign_and_not_in_use() -> None:
    sources = [
        '{ provider = "landlord" }',
        '{ provider = "eastern", status = "standby" }',
        '{ provider = "home", status = "standby", capacity = 0.5 }',
        (
            '{ provider = "friend", status = "candidate", capacity = 0.8, quality = 0.9, recover = "90d", '
            'cost_once = 1000, cost_year = "?", currency = "EUR" }'
        ),
    ]
    (closing,) = look(item("a", "chip", *sources)).layer("chip").closes
    assert (closing.item, closing.held) == ("a", (0, 0))
    assert closing.by == Option(
        "a@friend", "friend", "candidate", Bounds(0.8, 0.8), Bounds(0.9, 0.9),
        Bounds(90, 90), Bounds(1000, 1000), Bounds(0, math.inf), "EUR",
    )  # fmt: skip


def test_of_equally_good_options_the_soonest_is_best_then_the_cheapest_in_one_currency() -> None:
    def best(*sources: str) -> str:
        by = look(item("a", "chip", '{ provider = "landlord" }', *sources)).layer("chip").closes[0].by
        assert isinstance(by, Option)
        return by.id

    slow = '{ id = "slow", provider = "home", status = "standby", recover = "?" }'
    soon = '{ id = "soon", provider = "home", status = "standby", recover = "9d", cost_once = 9, currency = "EUR" }'
    cheap = '{ id = "then", provider = "home", status = "standby", recover = "9d", cost_year = 8, currency = "EUR" }'
    assert best(slow, soon) == "soon"
    assert best(soon, cheap) == "then"
    assert best(soon, cheap.replace("EUR", "USD")) == "soon", "costs in two currencies are not compared; ids decide"


def test_blank_and_unknown_capacities_of_options_are_filled_as_everywhere() -> None:
    text = item("a", "chip", '{ provider = "landlord" }', '{ provider = "home", status = "candidate" }')
    by = look(text).layer("chip").closes[0].by
    assert isinstance(by, Option)
    assert (by.capacity, by.recover, by.cost_once, by.currency) == ((1, 1), (0, 0), (0, 0), None)
    unknown = 'status = "candidate", share = 0.2, capacity = "?", recover = "?"'
    by = look(text.replace('status = "candidate"', unknown)).layer("chip").closes[0].by
    assert isinstance(by, Option)
    assert (by.capacity, by.recover) == ((0.2, 1), (0, math.inf))


def test_where_nothing_is_known_to_close_a_gap_what_perhaps_does_is_named() -> None:
    text = item("a", "chip", '{ provider = "landlord" }', '{ provider = "eastern", status = "standby" }')
    text += item(
        "b",
        "chip",
        '{ provider = "landlord" }',
        '{ provider = "seatless", status = "standby" }',
        '{ provider = "home", status = "?" }',
    )
    text += item("c", "chip", '{ provider = "home" }') + item("d", "chip")
    found = [(closing.item, closing.by) for closing in look(text).layer("chip").closes]
    assert found == [("a", NoneKnown()), ("b", NoneKnown(("b@home", "b@seatless"))), ("d", NoneKnown())]


# ---------------------------------------------------------------- laws


def test_the_answer_fits_together() -> None:
    @repeatable(150)
    @given(stacks(), st.booleans())
    def law(stack: Stack, strict: bool) -> None:
        answer = gaps(stack, strict=strict)
        order = [*KINDS, NO_KIND]
        assert [order.index(layer.kind) for layer in answer.layers] == sorted(
            {order.index(layer.kind) for layer in answer.layers}
        )
        assert sum(layer.items for layer in answer.layers) == len(stack.items)
        for layer in answer.layers:
            assert 0 <= layer.held.low <= layer.held.high <= 1
            assert len(layer.closes) <= layer.items
            assert bool(layer.closes) == (layer.held.low < 1 - 1e-9)
            assert layer.landlord is None or 0 <= layer.landlord.share.low <= layer.landlord.share.high <= 1
            assert layer.landlord is None or layer.landlord.country not in ("DE", "FR", "none")
            for closing in layer.closes:
                sources = {source.id: source for source in stack.sources_of[closing.item]}
                known = {closing.by.id} if isinstance(closing.by, Option) else set(closing.by.perhaps)
                assert all(sources[name].status not in (None, "in-use") for name in known)

    law()


def test_a_stack_at_home_has_no_gaps_and_one_abroad_nothing_else() -> None:
    @repeatable(60)
    @given(stacks(unknown=False))
    def law(stack: Stack) -> None:
        at_home = tuple(replace(source, provider="home", location=None, origin=None) for source in stack.sources)
        for layer in gaps(replace(stack, sources=at_home)).layers:
            assert (layer.held, layer.landlord, layer.closes) == ((1, 1), None, ())
            assert layer.home is not None
        abroad = tuple(replace(source, provider="landlord", location=None, origin=None) for source in stack.sources)
        for layer in gaps(replace(stack, sources=abroad)).layers:
            assert (layer.held, layer.home, len(layer.closes)) == ((0, 0), None, layer.items)
            assert layer.landlord is not None
            assert layer.landlord.provider == "landlord"
            assert layer.landlord.share == pytest.approx((1, 1))

    law()


def test_the_order_of_rows_is_nothing_but_the_order_of_what_closes() -> None:
    @repeatable(60)
    @given(st.data())
    def law(data: st.DataObject) -> None:
        stack = data.draw(stacks())
        for one, other in zip(gaps(stack).layers, gaps(data.draw(shuffled(stack))).layers, strict=True):
            assert (one.kind, one.items, one.held, one.home, one.landlord) == (
                other.kind,
                other.items,
                other.held,
                other.home,
                other.landlord,
            )
            assert set(one.closes) == set(other.closes)

    law()


def test_a_stack_without_a_home_is_foreign_wherever_it_has_a_seat() -> None:
    sources = (Source("s", "a", "acme"), Source("t", "b", "folk"))
    people = (Provider("acme", country="DE"), Provider("folk", country="none"))
    stack = Stack(items=(Item("a", kind="os"), Item("b", kind="os")), providers=people, sources=sources)
    (layer,) = gaps(stack).layers
    assert layer.held == (0.5, 0.5)
    assert layer.landlord == Landlord("acme", "DE", "provider", Bounds(0.5, 0.5))
