"""Time to recover, time to survive, Risk Exposure Index: the published case, several tiers, what binds, what has no answer."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.errors import SolveError
from freehold.measure.exposure_program import Exposure, Plant, Plants, Product, Scenario, Supply, exposure

pytest.importorskip("scipy")

# A case in the manner of Ford's, acedesci/scanalytics_cases on GitHub: problem 1 of its notebook on time to recover.
FORD = Plants(
    (Plant("S1", 30, recover=2), Plant("S2", 45, recover=2), Plant("S3", 60, recover=2)),
    (Product("P1", 75, 20, 5000), Product("P2", 50, 25, 6500)),
    tuple(Supply(plant, product) for plant in ("S1", "S2", "S3") for product in ("P1", "P2")),
)


def by_id(network: Plants, *scenarios: Scenario) -> dict[str, Exposure]:
    return {one.id: one for one in exposure(network, scenarios or None).scenarios}


def test_the_published_case_has_its_published_numbers() -> None:
    found = by_id(FORD, Scenario("none", {}, 2), *(Scenario(one, {one: 1.0}) for one in ("S1", "S2", "S3")))
    in_order = [found[one] for one in ("none", "S1", "S2", "S3")]
    assert [one.cost for one in in_order] == pytest.approx([0, 0, 125_000, 275_000])
    assert [round(one.index, 3) for one in in_order] == [0, 0, 0.455, 1]
    assert [one.lost_units for one in in_order] == pytest.approx([0, 0, 25, 55])
    assert [one.production for one in in_order] == pytest.approx([205, 205, 180, 150])
    # the notebook stops at 999 where nothing ends: we say for ever
    assert [one.survive for one in in_order] == pytest.approx([math.inf, 2.25, 9 / 7, 0.9])


def test_scenarios_come_dearest_first_and_each_plant_alone_is_the_default() -> None:
    answer = exposure(FORD)
    assert [one.id for one in answer.scenarios] == ["S3", "S2", "S1"]
    assert not answer.stopped


def test_what_binds_is_the_capacity_that_is_left_at_what_a_unit_of_it_would_save() -> None:
    lost = by_id(FORD)["S3"]
    # without S3 the cheaper product goes short: one unit more a period of either plant makes two of it, of 5,000 each
    assert [(one.plant, one.saves) for one in lost.binding] == [("S1", pytest.approx(10_000)), ("S2", pytest.approx(10_000))]
    assert by_id(FORD)["S1"].binding == ()


def test_two_plants_at_once_and_a_part_of_one_are_scenarios() -> None:
    found = by_id(
        FORD, Scenario("both", {"S2": 1.0, "S3": 1.0}), Scenario("half", {"S3": 0.5}, 4), Scenario("short", {"S3": 1}, 0)
    )
    assert found["both"].lost_units == pytest.approx(250 - 45 - 60)
    assert found["half"].lost_units == pytest.approx(max(0, 500 - 45 - 4 * 105))
    assert found["short"].cost == 0


def two_tiers(*, stock: float = 0.0) -> Plants:
    """A product of one body and four wheels; wheels from either of two plants, which both need rubber from one."""
    plants = (
        Plant("rubber", 1000, stock, 3), Plant("east", 300, recover=2), Plant("west", 300, recover=2),
        Plant("bodies", 100, recover=1),
    )  # fmt: skip
    links = (
        Supply("rubber", "east", "rubber", 2), Supply("rubber", "west", "rubber", 2), Supply("east", "car", "wheel", 4),
        Supply("west", "car", "wheel", 4), Supply("bodies", "car", "body"),
    )  # fmt: skip
    return Plants(plants, (Product("car", 100, 10, 1.0),), links)


def test_a_part_may_come_from_any_that_makes_it_and_every_part_is_needed() -> None:
    found = by_id(two_tiers())
    # by hand: 100 cars a period take 400 wheels and 800 of rubber
    assert found["rubber"].lost_units == pytest.approx(3 * 100 - 10)
    assert found["rubber"].survive == pytest.approx(0.1)
    assert found["east"].lost_units == pytest.approx(2 * (100 - 75) - 10)
    assert found["east"].survive == pytest.approx(10 / 25)
    assert found["bodies"].lost_units == pytest.approx(90)
    assert by_id(two_tiers(), Scenario("none", {}, 5))["none"].survive == math.inf


def test_the_stock_of_a_lost_plant_is_delivered() -> None:
    assert by_id(two_tiers(stock=800))["rubber"].survive == pytest.approx(1.1)


def test_a_product_that_nobody_delivers_to_lives_on_its_stock() -> None:
    network = Plants((Plant("p", 1),), (Product("a", 10, 5, 2), Product("b", 1)), (Supply("p", "b"),))
    found = by_id(network, Scenario("none", {}, 1))["none"]
    assert (found.cost, found.survive) == (pytest.approx(10), pytest.approx(0.5))


def test_without_demand_everything_lasts_for_ever() -> None:
    network = Plants((Plant("p", 1),), (Product("a", 0),), (Supply("p", "a"),))
    assert [(one.survive, one.cost, one.index) for one in exposure(network).scenarios] == [(math.inf, 0, 0)]


def test_plants_that_deliver_to_each_other_in_a_circle_have_an_answer() -> None:
    links = (Supply("p", "q"), Supply("q", "p"), Supply("q", "a"))
    network = Plants((Plant("p", 5), Plant("q", 5)), (Product("a", 1, 2),), links)
    # a circle that must make what it takes delivers nothing to anybody else
    assert by_id(network, Scenario("none", {}, 4))["none"].lost_units == pytest.approx(2)


amounts = st.integers(0, 50).map(float)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(amounts, min_size=1, max_size=4), st.lists(st.tuples(amounts, amounts), min_size=1, max_size=3), st.integers(1, 4)
)
def test_where_every_plant_makes_everything_what_is_short_is_what_is_missing(
    capacities: list[float], wanted: list[tuple[float, float]], periods: int
) -> None:
    plants = tuple(Plant(f"S{one}", capacity, recover=periods) for one, capacity in enumerate(capacities))
    products = tuple(Product(f"P{one}", demand, stock) for one, (demand, stock) in enumerate(wanted))
    links = tuple(Supply(plant.id, product.id) for plant in plants for product in products)
    for lost, one in by_id(Plants(plants, products, links)).items():
        left = sum(plant.capacity for plant in plants if plant.id != lost)
        short = sum(max(0.0, demand * periods - stock) for demand, stock in wanted)
        assert one.lost_units == pytest.approx(max(0.0, short - left * periods), abs=1e-6)
        assert one.survive >= 0
        assert (one.survive >= periods - 1e-9) == (one.lost_units < 1e-6)


def test_time_that_runs_out_is_told() -> None:
    answer = exposure(FORD, seconds=-1)
    assert (answer.stopped, answer.scenarios, answer.asked) == (True, (), 3)


@pytest.mark.parametrize(
    ("plants", "products", "links", "message"),
    [
        ((Plant("a", 1),), (Product("a", 1),), (), "stands twice"),
        ((), (Product("a", 1),), (), "at least one"),
        ((Plant("p", 1),), (Product("a", 1),), (Supply("a", "p"),), "is a product"),
        ((Plant("p", 1),), (Product("a", 1),), (Supply("x", "a"),), "is no plant"),
        ((Plant("p", 1),), (Product("a", 1),), (Supply("p", "x"),), "neither plant nor product"),
        ((Plant("p", 1),), (Product("a", 1),), (Supply("p", "a", "", 0),), "not above 0"),
        ((Plant("p", math.inf),), (Product("a", 1),), (), "finite"),
        ((Plant("p", 1),), (Product("a", -1),), (), "finite"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(
    plants: tuple[Plant, ...], products: tuple[Product, ...], links: tuple[Supply, ...], message: str
) -> None:
    with pytest.raises(SolveError, match=message):
        Plants(plants, products, links)


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (Scenario("x", {"S9": 1}), "no plant"), (Scenario("x", {"S1": 1.5}), "part"),
        (Scenario("x", {"S1": 1}, math.inf), "finite"),
    ],
)  # fmt: skip
def test_a_scenario_that_cannot_be_is_told(scenario: Scenario, message: str) -> None:
    with pytest.raises(SolveError, match=message):
        exposure(FORD, [scenario])
