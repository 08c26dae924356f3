"""Nothing may hold itself up: answers worked by hand."""

from __future__ import annotations

import math

import pytest

from freehold.measure.cutoff import cutoff
from freehold.plan.applied import apply_options
from freehold.plan.founded import CutBlow, LossBlow, Standing, on_circles, standing
from freehold.plan.option_values import Activate, Option
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Item, Need, Provider, Source, Stack

FOREIGN = Cutoff((Rule(foreign=True),))
US = Provider("us", country="US")


def power_and_fuel(*, stock: float = 0.0, in_use: bool = False) -> Stack:
    """Power and fuel come from abroad; a plant at home would need fuel, and a refinery at home power."""
    status = "in-use" if in_use else "candidate"
    return Stack(
        "circle", "DE",
        items=(Item("power", mission=1.0), Item("fuel")),
        providers=(US,),
        sources=(
            Source("grid", "power", "us"), Source("tanker", "fuel", "us"),
            Source("plant", "power", "self", status=status), Source("refinery", "fuel", "self", status=status),
        ),
        needs=(Need("plant", "fuel", survive=stock), Need("refinery", "power")),
    )  # fmt: skip


def built(*ids: str) -> tuple[Option, ...]:
    return tuple(Option(id_, (Activate(id_),)) for id_ in ids)


def mission(stands: Standing, *days: float, cut: Cutoff = FOREIGN) -> tuple[float, ...]:
    return cutoff(stands.stack, cut, days).mission.low


def test_a_circle_of_two_candidates_does_not_hold_itself_up() -> None:
    options = built("plant", "refinery")
    # the path alone would let it run: both take over in the moment in which both are cut
    assert cutoff(apply_options(power_and_fuel(), options), FOREIGN, (0.0,)).mission.low == (1,)
    stands = standing(power_and_fuel(), options, CutBlow(FOREIGN), 1000.0)
    assert stands.founded == {}
    assert stands.unfounded == ("plant", "refinery")
    assert mission(stands, 0, 1000) == (0, 0)


def test_a_circle_that_runs_today_keeps_running() -> None:
    assert cutoff(power_and_fuel(in_use=True), FOREIGN, (0.0, 1000.0)).mission.low == (1, 1)


def test_a_stock_starts_the_circle_and_then_it_runs() -> None:
    stands = standing(power_and_fuel(stock=5.0), built("plant", "refinery"), CutBlow(FOREIGN), 1000.0)
    assert stands.founded == {"plant": 0.0, "refinery": 0.0}
    assert mission(stands, 0, 1000) == (1, 1)
    alone = standing(power_and_fuel(stock=5.0), built("plant"), CutBlow(FOREIGN), 1000.0)
    assert alone.founded == {}
    assert mission(alone, 0, 4.9, 5) == (1, 1, 0)


def test_a_circle_counts_from_the_day_on_which_something_outside_starts_it() -> None:
    stack = power_and_fuel()
    solar = Source("solar", "power", "self", status="standby", capacity=0.5, recover=100.0)
    stack = Stack(
        "late", "DE", items=stack.items, providers=stack.providers, sources=(*stack.sources, solar), needs=stack.needs
    )
    stands = standing(stack, built("plant", "refinery"), CutBlow(FOREIGN), 1000.0)
    assert stands.founded == {"plant": 100.0, "refinery": 100.0}
    # with half the power there is half the fuel; both grow together to all of it
    assert mission(stands, 0, 99, 100) == pytest.approx((0, 0, 1))
    assert standing(stack, built("plant", "refinery"), CutBlow(FOREIGN), 99.0).founded == {}


def test_what_takes_over_with_notice_is_started_by_what_still_stands() -> None:
    cut = Cutoff((Rule(foreign=True, from_day=30.0),), notice=10.0)
    stands = standing(power_and_fuel(), built("plant", "refinery"), CutBlow(cut), 1000.0)
    assert stands.founded == {"plant": 20.0, "refinery": 20.0}
    assert mission(stands, 0, 30, 1000, cut=cut) == (1, 1, 1)
    sudden = Cutoff((Rule(foreign=True, from_day=30.0),))
    stands = standing(power_and_fuel(), built("plant", "refinery"), CutBlow(sudden), 1000.0)
    assert mission(stands, 29, 30, cut=sudden) == (1, 0)


def test_a_circle_that_takes_shares_counts_only_if_it_stands_on_the_first_day() -> None:
    options = (Option("plant", (Activate("plant", 1.0),)), Option("refinery", (Activate("refinery", 1.0),)))
    stands = standing(power_and_fuel(), options, CutBlow(FOREIGN), 1000.0)
    assert stands.unfounded == ("plant", "refinery")
    assert mission(stands, 0) == (0,)
    # what is not built leaves the shares where they were
    assert cutoff(stands.stack, Cutoff((Rule(item="fuel", from_day=5.0),)), (0.0, 4.0)).mission.low == (1, 1)


def test_a_chain_is_never_asked_however_late_its_parts_are() -> None:
    stack = Stack(
        "chain", "DE", items=(Item("model", mission=1.0), Item("server")), providers=(US,),
        sources=(
            Source("cloud", "model", "us"), Source("local", "model", "self", status="candidate", recover=14.0),
            Source("bought", "server", "us"), Source("made", "server", "self", status="candidate", recover=30.0),
        ),
        needs=(Need("local", "server"),),
    )  # fmt: skip
    stands = standing(stack, built("local", "made"), CutBlow(FOREIGN), 1000.0)
    assert (stands.founded, stands.unfounded) == ({}, ())
    assert mission(stands, 29, 30) == (0, 1)


def test_a_longer_chain_into_a_circle_is_founded_link_by_link() -> None:
    ring = [f"i{number}" for number in range(5)]
    sources = [Source(f"{item}@us", item, "us") for item in ring]
    sources += [
        Source(f"{item}@home", item, "self", status="candidate", recover=float(place)) for place, item in enumerate(ring)
    ]
    needs = [
        Need(f"{item}@home", ring[(place + 1) % 5], survive=50.0 if place == 4 else 0.0) for place, item in enumerate(ring)
    ]
    stack = Stack("ring", "DE", items=tuple(Item(item, mission=1.0) for item in ring), providers=(US,),
                  sources=tuple(sources), needs=tuple(needs))  # fmt: skip
    options = built(*(f"{item}@home" for item in ring))
    stands = standing(stack, options, CutBlow(FOREIGN), 1000.0)
    # the last one starts from its stock on day 4, and then they all do: each waits for the next
    assert stands.founded == {f"i{place}@home": 4.0 for place in range(5)}
    assert mission(stands, 3.9, 4, 1000) == (0, 1, 1)


def test_a_circle_that_starts_small_is_credited_with_what_it_can_rise_to() -> None:
    # the plant works fully or not at all; the refinery makes half of its fuel without power
    sources = (
        Source("grid", "power", "us"), Source("plant", "power", "self", status="candidate"),
        Source("tanker", "fuel", "us", share=0.7), Source("biogas", "fuel", "self", share=0.3),
        Source("refinery", "fuel", "self", status="candidate", capacity=0.7),
    )  # fmt: skip
    needs = (Need("plant", "fuel"), Need("refinery", "power", weight=0.5))
    stack = Stack("small", "DE", items=(Item("power", mission=1.0, whole=True), Item("fuel")), providers=(US,),
                  sources=sources, needs=needs)  # fmt: skip
    options = built("plant", "refinery")
    # once it ran it would keep running: the fuel of both is enough for the plant, and its power for the refinery
    assert mission(Standing(apply_options(stack, options), {}, ()), 0, 1000) == (1, 1)
    stands = standing(stack, options, CutBlow(FOREIGN), 1000.0)
    assert mission(stands, 0, 1, 1000) == (0, 0, 0)
    fuel = cutoff(stands.stack, FOREIGN, (1.0, 1000.0)).item("fuel").low
    assert fuel == pytest.approx((0.65, 0.65))


def test_a_circle_that_starts_small_and_rises_to_all_counts_from_the_first_day() -> None:
    sources = (
        Source("grid", "power", "us"), Source("plant", "power", "self", status="candidate"),
        Source("tanker", "fuel", "us"), Source("refinery", "fuel", "self", status="candidate"),
    )  # fmt: skip
    needs = (Need("plant", "fuel", weight=0.5), Need("refinery", "power", weight=0.5))
    stack = Stack("rising", "DE", items=(Item("power", mission=1.0), Item("fuel")), providers=(US,), sources=sources,
                  needs=needs)  # fmt: skip
    stands = standing(stack, built("plant", "refinery"), CutBlow(FOREIGN), 0.0)
    assert stands.founded == {"plant": 0.0, "refinery": 0.0}
    assert mission(stands, 0, 1000) == pytest.approx((1, 1))


def test_a_loss_is_a_blow_as_well() -> None:
    blow = LossBlow(frozenset({"grid", "tanker"}))
    stands = standing(power_and_fuel(), built("plant", "refinery"), blow, 10.0)
    assert stands.unfounded == ("plant", "refinery")
    only_fuel = standing(power_and_fuel(), built("plant", "refinery"), LossBlow(frozenset({"tanker"})), 10.0)
    assert only_fuel.founded == {"plant": 0.0, "refinery": 0.0}


def test_only_sources_that_a_circle_passes_through_are_asked() -> None:
    stack = apply_options(power_and_fuel(), built("plant", "refinery"))
    assert on_circles(stack, {"plant", "refinery"}) == {"plant", "refinery"}
    assert on_circles(apply_options(power_and_fuel(), built("plant")), {"plant"}) == set()


def test_a_source_of_too_low_quality_counts_as_not_built() -> None:
    stack = power_and_fuel(stock=math.inf)
    poor = tuple(
        Source(one.id, one.item, one.provider, status=one.status, quality=0.4 if one.id == "plant" else None)
        for one in stack.sources
    )
    stack = Stack("poor", "DE", items=stack.items, providers=stack.providers, sources=poor, needs=stack.needs)
    assert mission(standing(stack, built("plant"), CutBlow(FOREIGN), 10.0, quality=0.5), 0) == (0,)
    assert mission(standing(stack, built("plant"), CutBlow(FOREIGN), 10.0, quality=0.4), 0) == (1,)
