"""The economic systemic risk index: published vectors, laws, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import SolveError
from freehold.measure.firm_network import FirmNetwork, firm_network
from freehold.measure.firm_shocks import Shock, single_failures
from freehold.measure.systemic import Kernel, firm_levels, systemic
from strategies import repeatable
from test_firm_cascade import networks, shocks

# V1: github.com/vitelot/Economic-Systemic-Risk, data/test_list.csv and data/test_esri.csv; every link weighs 1. Steps, parts
# up and down, and the index without replaceability: printed by its authors' GLcascade 0.9.3.1.
FIRMS = "AXBCDEFGHIJKL"
SECTOR_OF = dict(zip(FIRMS, (1, 1, 2, 2, 2, 3, 3, 5, 99, 1, 3, 4, 2), strict=True))
LINKS = ["A>X2", "B>X2", "C>X2", "D>X2", "E>X1", "F>X1", "G>X1", "H>X0", "X>I2", "X>J1", "X>K2", "K>L2"]
INDEX = {
    "A": 0.4166666666666667, "X": 1.0, **dict.fromkeys("BCD", 0.1369047619047619), **dict.fromkeys("EFG", 0.12320402298850575),
    "H": 0.08333333333333333, **dict.fromkeys("IJ", 0.30555555555555564), **dict.fromkeys("KL", 0.388888888888889),
}  # fmt: skip
DOWN = {"A": 0.41666667, "X": 0.33333333, "K": 0.08333333, "I": 0.0, "J": 0.0, "L": 0.0}
UP = {"X": 0.91666667, "I": 0.30555556, "J": 0.30555556, "K": 0.38888889, "L": 0.38888889}
STEPS = {"A": 7, "X": 3, **dict.fromkeys("BCDEFG", 4), "H": 1, **dict.fromkeys("IJK", 3), "L": 4}


def thirteen(links: list[str] = LINKS, *, times: float = 1.0) -> FirmNetwork:
    sectors = sorted(set(SECTOR_OF.values()))
    sector = np.array([sectors.index(SECTOR_OF[firm]) for firm in FIRMS])
    table = np.zeros((len(sectors), len(sectors)), np.int64)
    sellers = np.array([FIRMS.index(link[0]) for link in links])
    buyers = np.array([FIRMS.index(link[2]) for link in links])
    for seller, buyer, link in zip(sellers, buyers, links, strict=True):
        table[sector[seller], sector[buyer]] = int(link[3])
    return firm_network(sellers, buyers, np.full(len(links), times), sector, table)


# V2: figure 1 of the paper, example_data of GLcascade 0.9.3.1: printed by its R and its C++ path alike.
ELEVEN = ((2, 1), (2, 3), (7, 4), (9, 5), (3, 7), (6, 7), (10, 7), (9, 10), (7, 11), (8, 11))
ELEVEN_UP = (0.10, 0.20, 0.20, 0.35, 0.10, 0.10, 0.70, 0.10, 0.20, 0.20, 0.45)
ELEVEN_STEPS = (2, 4, 3, 4, 2, 3, 3, 2, 4, 3, 4)
ELEVEN_INDEX = {
    (1, False): (0.1, 0.3666666667, 0.2666666667, 0.35, 0.1, 0.1666666667, 0.7, 0.1, 0.3666666667, 0.2666666667, 0.45),
    (1, True): (0.1, 0.3, 0.2666666667, 0.35, 0.1, 0.1166666667, 0.7, 0.1, 0.3111111111, 0.2666666667, 0.45),
    (2, False): (0.1, 0.5, 0.4, 0.35, 0.1, 0.3, 0.7, 0.1, 0.5, 0.4, 0.45),
    (2, True): (0.1, 0.3666666667, 0.4, 0.35, 0.1, 0.15, 0.7, 0.1, 0.4, 0.4, 0.45),
}
ELEVEN_DOWN = (0, 0.5, 0.3, 0, 0, 0.3, 0.2, 0.1, 0.5, 0.3, 0)


def eleven(kind: int) -> FirmNetwork:
    sellers, buyers = (np.array(column) - 1 for column in zip(*ELEVEN, strict=True))
    sector = np.array([1, 2, 1, 3, 4, 2, 4, 1, 2, 3, 5]) - 1
    return firm_network(sellers, buyers, np.ones(10), sector, np.full((5, 5), kind))


@pytest.mark.parametrize("kernel", ["plain", "compiled"])
@pytest.mark.parametrize("eps", [0.01, 1e-6])
def test_the_index_of_thirteen_firms_is_as_published(kernel: Kernel, eps: float) -> None:
    answer = systemic(thirteen(), single_failures(range(13), FIRMS), eps=eps, kernel=kernel)
    assert answer.converged is not None
    assert answer.reference.total.tolist() == pytest.approx([INDEX[firm] for firm in FIRMS], abs=1e-14)
    assert answer.converged.total.tolist() == pytest.approx([INDEX[firm] for firm in FIRMS], abs=1e-14)
    for firm, down, up, steps in zip(FIRMS, answer.reference.down, answer.reference.up, answer.reference.steps, strict=True):
        assert down == pytest.approx(DOWN.get(firm, INDEX[firm]), abs=5e-9)
        assert up == pytest.approx(UP.get(firm, 0.08333333), abs=5e-9)
        assert eps < 0.01 or steps == STEPS[firm]
    assert answer.converged.error.max() <= 2e-10


def test_without_replaceability_thirteen_firms_lose_as_printed() -> None:
    answer = systemic(thirteen(), single_failures(range(13), FIRMS), replaceability=False)
    changed = {**dict.fromkeys("BCD", 0.19444444), **dict.fromkeys("EFG", 0.125)}
    assert answer.reference.total.tolist() == pytest.approx([(INDEX | changed)[firm] for firm in FIRMS], abs=5e-9)
    assert answer.reference.steps[0] == 4


@pytest.mark.parametrize("kernel", ["plain", "compiled"])
@pytest.mark.parametrize(("kind", "replaceability"), ELEVEN_INDEX)
def test_the_index_of_the_eleven_firms_of_figure_1_is_as_printed(kind: int, replaceability: bool, kernel: Kernel) -> None:
    answer = systemic(eleven(kind), single_failures(range(11)), replaceability=replaceability, kernel=kernel)
    assert answer.reference.total.tolist() == pytest.approx(ELEVEN_INDEX[kind, replaceability], abs=5e-11)
    assert answer.reference.up.tolist() == pytest.approx(ELEVEN_UP, abs=1e-14)
    if not replaceability:
        assert tuple(answer.reference.steps) == ELEVEN_STEPS
    if (kind, replaceability) == (2, False):
        assert answer.reference.down.tolist() == pytest.approx(ELEVEN_DOWN, abs=1e-14)


def test_the_reference_stop_leaves_out_what_comes_slowly() -> None:
    # a buys of b and b of a, each all that it makes but a hundredth of a hundredth: the circle closes in small steps
    network = firm_network(
        np.array([0, 1, 1, 2]), np.array([1, 0, 2, 2]), np.array([1.0, 99.0, 1.0, 1.0]), np.array([0, 1, 2]), np.full((3, 3), 1)
    )
    answer = systemic(network, [Shock.of([2], 0.5)], replaceability=False)
    assert answer.converged is not None
    assert answer.gap is not None
    assert answer.gap[0] > 0.3
    assert answer.reference.steps[0] < 10 < answer.converged.steps[0]


@repeatable(80)
@given(data=st.data(), kinds=st.sampled_from([(0, 1, 2), (1,), (2,)]))
def test_a_larger_shock_never_costs_less(data: st.DataObject, kinds: tuple[int, ...]) -> None:
    network = data.draw(networks(kinds=kinds))
    small = data.draw(shocks(network.firms))
    more = data.draw(st.sampled_from([0.0, 0.25, 0.5]))
    wide = Shock("wide", small.firms, np.minimum(small.down + more, 1.0), np.minimum(small.up + more, 1.0))
    answer = systemic(network, [small, wide], replaceability=False, kernel="plain")
    assert answer.converged is not None
    for losses in (answer.converged.total, answer.converged.down, answer.converged.up):
        assert losses[0] <= losses[1] + 1e-9


@repeatable(80)
@given(data=st.data(), replaceability=st.booleans())
def test_essential_inputs_cost_at_least_what_non_essential_ones_do(data: st.DataObject, replaceability: bool) -> None:
    network = data.draw(networks(kinds=(1,)))
    shock = data.draw(shocks(network.firms))
    essential = firm_network(
        network.seller, network.buyer, network.sales, network.sector, np.full_like(network.essentiality, 2)
    )
    one, other = (systemic(each, [shock], replaceability=replaceability, kernel="plain") for each in (network, essential))
    assert one.converged is not None
    assert other.converged is not None
    assert one.converged.total[0] <= other.converged.total[0] + 1e-9


@repeatable(80)
@given(data=st.data())
def test_an_index_has_its_bounds(data: st.DataObject) -> None:
    network = data.draw(networks())
    shock = data.draw(shocks(network.firms))
    on, off = (systemic(network, [shock], replaceability=each, kernel="plain") for each in (True, False))
    for answer in (on, off):
        for found in (answer.reference, answer.converged):
            assert found is not None
            assert max(found.down[0], found.up[0], answer.own[0]) <= found.total[0] + 1e-12
            assert found.total[0] <= min(found.down[0] + found.up[0], 1.0) + 1e-12
    assert on.converged is not None
    assert off.converged is not None
    assert on.converged.total[0] <= off.converged.total[0] + 1e-9
    assert on.converged.up[0] == pytest.approx(off.converged.up[0], abs=1e-9)


@repeatable(60)
@given(data=st.data())
def test_the_order_of_rows_and_the_numbers_of_firms_change_nothing(data: st.DataObject) -> None:
    network = data.draw(networks())
    shock = data.draw(shocks(network.firms))
    rows, number = data.draw(st.permutations(range(network.links))), np.array(data.draw(st.permutations(range(network.firms))))
    sector = np.empty_like(network.sector)
    sector[number] = network.sector
    other = firm_network(
        number[network.seller[rows]], number[network.buyer[rows]], network.sales[rows], sector, network.essentiality
    )
    moved = Shock("moved", number[shock.firms], shock.down, shock.up)
    one, two = (firm_levels(each, hit, eps=0.013, kernel="plain") for each, hit in ((network, shock), (other, moved)))
    assert two.down[number].tolist() == pytest.approx(one.down.tolist(), abs=1e-12)
    assert two.up[number].tolist() == pytest.approx(one.up.tolist(), abs=1e-12)


def test_shocks_down_and_up_are_apart() -> None:
    answer = systemic(thirteen(), [Shock.of([1], 1.0, up=0.0), Shock.of([1], 0.0, up=1.0)])
    assert answer.reference.down.tolist() == pytest.approx([DOWN["X"], 0.0], abs=5e-9)
    assert answer.reference.up.tolist() == pytest.approx([0.0, UP["X"]], abs=5e-9)
    assert answer.own.tolist() == pytest.approx([3 / 12, 3 / 12])


def test_any_weights_count() -> None:
    weights = np.zeros(13)
    weights[FIRMS.index("L")] = 5.0
    assert systemic(thirteen(), single_failures([0]), weights=weights).reference.total.tolist() == [1.0]


def test_rows_of_one_pair_are_added_and_rows_of_nothing_left_out() -> None:
    doubled = thirteen([*LINKS, *LINKS])
    assert (doubled.links, doubled.merged, doubled.silent, doubled.idle, doubled.self_links) == (12, 12, 0, 0, 0)
    assert systemic(doubled, single_failures([0])).reference.total.tolist() == pytest.approx([INDEX["A"]])
    empty = firm_network(np.array([0, 1, 2]), np.array([1, 2, 2]), np.array([1.0, 0.0, 1.0]), np.zeros(4, int), np.array([[2]]))
    assert (empty.links, empty.silent, empty.idle, empty.self_links) == (2, 1, 1, 1)
    answer = systemic(empty, single_failures(range(4)))
    assert np.isfinite(answer.reference.total).all()
    assert answer.reference.total[3] == 0.0


def test_a_link_to_oneself_counts_as_in_the_reference() -> None:
    # firm 1 sells half to itself: up, d = min(1, ...) falls by halves to nothing once its other customer is gone
    network = firm_network(np.array([1, 1]), np.array([0, 1]), np.ones(2), np.zeros(2, int), np.array([[1]]))
    answer = systemic(network, single_failures([0]), eps=0.3, replaceability=False)
    assert answer.converged is not None
    assert answer.reference.steps.tolist() == [2]
    assert answer.reference.up.tolist() == [0.75]
    assert answer.converged.up[0] == pytest.approx(1.0, abs=1e-12)


def test_revenue_and_costs_take_the_place_of_sums() -> None:
    links, sectors = (np.array([0]), np.array([1]), np.array([1.0])), np.array([0, 1])
    network = firm_network(*links, sectors, np.full((2, 2), 2), revenue=np.array([4.0, 0.0]), costs=np.array([0.0, 2.0]))
    assert firm_levels(network, Shock.of([0], 1.0, up=0.0)).down.tolist() == [0.0, 0.5]
    assert firm_levels(network, Shock.of([1], 1.0)).up.tolist() == [0.75, 0.0]


ROWS: dict[str, Any] = {
    "sellers": np.array([0, 1]), "buyers": np.array([1, 2]), "sales": np.array([1.0, 2.0]), "sectors": np.array([0, 0, 1]),
    "essentiality": np.full((2, 2), 2),
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sales": np.array([1.0, -2.0])}, "sales of row 1: -2.0. Give a number, 0 or more"),
        ({"sales": np.array([math.nan, 2.0])}, "sales of row 0: nan"),
        ({"sales": np.array([1.0, math.inf])}, "sales of row 1: inf"),
        ({"sales": np.array([1e308, 1e308])}, "larger unit"),
        ({"buyers": np.array([1, 3])}, "the buyer of row 1 is 3. Number them from 0 to 2"),
        ({"sellers": np.array([-1, 1])}, "the seller of row 0 is -1"),
        ({"sellers": np.array([0.5, 1])}, "whole"),
        ({"sellers": np.array([0])}, "1 sellers, 2 buyers and 2 sales"),
        ({"sectors": np.array([0, 0, 2])}, "the sector of firm 2 is 2"),
        ({"essentiality": np.full((2, 2), 3)}, "the essentiality of sector 0 for sector 0 is 3"),
        ({"essentiality": np.full((2, 3), 2)}, "a row and a column for each sector"),
        ({"markets": np.array([0])}, "1 markets for 3 firms"),
        ({"revenue": np.array([1.0, 1.0, -1.0])}, "revenue of firm 2: -1.0"),
        ({"costs": np.array([1.0])}, "1 costs for 3 firms"),
    ],
)
def test_links_that_are_none_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(SolveError, match=message.replace(".", r"\.").replace("(", r"\(")):
        firm_network(**(ROWS | wrong))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: Shock.of([0], 1.5), "takes 1.5 of firm 0"),
        (lambda: Shock.of([0], math.nan), "takes nan of firm 0"),
        (lambda: Shock.of([0, 0], 1.0), "names firm 0 twice"),
        (lambda: Shock.of([0, 1], [1.0, 0.5, 0.2]), "3 parts for 2 firms"),
        (lambda: systemic(firm_network(**ROWS), single_failures([0]), weights=np.full(3, 1e308)), "or to no number"),
        (lambda: systemic(firm_network(**ROWS), [Shock.of([3])]), "firms go from 0 to 2"),
        (lambda: systemic(firm_network(**ROWS), single_failures([0]), weights=np.zeros(3)), "add up to nothing"),
        (lambda: systemic(firm_network(**ROWS), single_failures([0]), weights=np.ones(2)), "2 weights for 3 firms"),
        (lambda: systemic(firm_network(**ROWS), single_failures([0]), eps=-1.0), "Give eps from 0 to 1"),
        (lambda: systemic(firm_network(**ROWS), single_failures([0]), bound=1e-20), "cannot be proven"),
        (lambda: systemic(firm_network(**ROWS), single_failures([0]), steps=0), "at least one step"),
    ],
)
def test_questions_that_make_no_sense_are_refused(ask: Any, message: str) -> None:
    with pytest.raises(SolveError, match=message):
        ask()


def test_no_shock_and_an_empty_one_have_an_answer() -> None:
    network = firm_network(**ROWS)
    assert systemic(network, []).reference.total.tolist() == []
    nothing = systemic(network, [Shock.of([], id="nothing")])
    assert nothing.converged is not None
    assert (nothing.reference.total.tolist(), nothing.reference.steps.tolist()) == ([0.0], [1])
    assert nothing.converged.total.tolist() == [0.0]
