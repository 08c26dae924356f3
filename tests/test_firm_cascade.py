"""Cascades through firm networks: every way of taking a step against the formulas, and against one another."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import SolveError
from freehold.measure.firm_network import FirmNetwork, firm_network
from freehold.measure.firm_shocks import Shock, single_failures
from freehold.measure.systemic import Cascades, Kernel, firm_levels, systemic
from freehold.measure.systemic_batches import batches_of, run_batch, shared_arrays
from freehold.network import firm_cascade_runs
from strategies import repeatable

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ("total", "down", "up", "steps", "decrease", "stopped")


def by_the_formulas(
    network: FirmNetwork, shock: Shock, *, replaceability: bool, eps: float, weights: Sequence[float]
) -> tuple[list[float], int]:
    """Diem et al. 2022, methods, written out firm by firm: the index of both, down, up; and the steps."""
    firms = range(network.firms)
    sold = {(int(i), int(j)): float(w) for i, j, w in zip(network.seller, network.buyer, network.sales, strict=True)}
    sector, market, table = network.sector.tolist(), network.market.tolist(), network.essentiality
    output = [sum(w for (i, _), w in sold.items() if i == firm) for firm in firms]
    bought = [sum(w for (_, j), w in sold.items() if j == firm) for firm in firms]
    cap_d, cap_u = [1.0] * network.firms, [1.0] * network.firms
    for firm, down, up in zip(shock.firms, shock.down, shock.up, strict=True):
        cap_d[firm], cap_u[firm] = 1.0 - down, 1.0 - up
    d, u, steps = list(cap_d), list(cap_u), 0
    while True:
        share = []
        for i in firms:
            left = sum(output[k] * d[k] for k in firms if market[k] == market[i])
            share.append(min(1.0, output[i] / (left if left > 1e-10 else 1.0)) if replaceability else 1.0)
        next_d, next_u = [], []
        for j in firms:
            short: dict[int, float] = {}
            linear = 0.0
            for i in firms:
                if (i, j) not in sold:
                    continue
                kind = table[sector[i], sector[j]]
                of_sector = sum(w for (k, m), w in sold.items() if m == j and sector[k] == sector[i])
                if kind == 2:
                    lost = sold[i, j] / of_sector * share[i] * (1.0 - d[i])
                    short[sector[i]] = short.get(sector[i], 0.0) + lost
                elif kind == 1:
                    linear += sold[i, j] / bought[j] * share[i] * (1.0 - d[i])
            next_d.append(max(0.0, min(cap_d[j], 1.0 - max(short.values(), default=0.0), 1.0 - linear)))
        for i in firms:
            lost = sum(w / output[i] * (1.0 - u[j]) for (k, j), w in sold.items() if k == i)
            next_u.append(max(0.0, min(cap_u[i], 1.0 - lost)))
        fall = max(max(a - b for a, b in zip(d, next_d, strict=True)), max(a - b for a, b in zip(u, next_u, strict=True)))
        d, u, steps = next_d, next_u, steps + 1
        if fall <= eps:
            break
    whole = sum(weights)
    ends = ([min(a, b) for a, b in zip(d, u, strict=True)], d, u)
    return [sum(w * (1.0 - level) for w, level in zip(weights, end, strict=True)) / whole for end in ends], steps


@st.composite
def networks(draw: st.DrawFn, *, kinds: Sequence[int] = (0, 1, 2), most: int = 9) -> FirmNetwork:
    firms, sectors = draw(st.integers(2, most)), draw(st.integers(1, 4))
    number = st.integers(0, firms - 1)
    rows = draw(st.lists(st.tuples(number, number, st.integers(1, 5)), min_size=1, max_size=4 * firms))
    sector = draw(st.lists(st.integers(0, sectors - 1), min_size=firms, max_size=firms))
    table = draw(st.lists(st.sampled_from(kinds), min_size=sectors**2, max_size=sectors**2))
    sellers, buyers, sales = (np.array(column) for column in zip(*rows, strict=True))
    return firm_network(sellers, buyers, sales, np.array(sector), np.array(table).reshape(sectors, sectors))


@st.composite
def shocks(draw: st.DrawFn, firms: int) -> Shock:
    hit = draw(st.lists(st.integers(0, firms - 1), min_size=1, max_size=3, unique=True))
    part = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
    parts = [draw(st.lists(part, min_size=len(hit), max_size=len(hit))) for _ in range(2)]
    return Shock.of(hit, parts[0], up=draw(st.sampled_from([None, parts[1]])), id="drawn")


def large(seed: int = 1, firms: int = 3000, links: int = 15_000) -> FirmNetwork:
    numbers = np.random.default_rng(seed)
    popular = (numbers.random((2, links)) ** 2 * firms).astype(int)
    return firm_network(
        popular[0], popular[1], numbers.lognormal(3, 1, links), numbers.integers(0, 20, firms),
        numbers.choice([0, 1, 2], (20, 20), p=[0.5, 0.2, 0.3]),
    )  # fmt: skip


def same(one: Cascades, other: Cascades) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in NAMES)


@repeatable(150)
@given(data=st.data(), replaceability=st.booleans())
def test_the_index_is_that_of_the_formulas(data: st.DataObject, replaceability: bool) -> None:
    network = data.draw(networks())
    shock = data.draw(shocks(network.firms))
    # 0.013 is met by no sum of the coarse grid, so that rounding cannot decide a stop
    answer = systemic(network, [shock], replaceability=replaceability, eps=0.013, converged=False, kernel="plain")
    expected, steps = by_the_formulas(network, shock, replaceability=replaceability, eps=0.013, weights=network.output.tolist())
    found = answer.reference
    assert [found.total[0], found.down[0], found.up[0]] == pytest.approx(expected, abs=1e-12)
    assert found.steps[0] == steps


@repeatable(60)
@given(data=st.data(), replaceability=st.booleans())
def test_plain_and_compiled_kernels_agree_to_the_last_bit(data: st.DataObject, replaceability: bool) -> None:
    network = data.draw(networks())
    asked = [data.draw(shocks(network.firms)) for _ in range(3)]
    plain, compiled = (
        systemic(network, asked, replaceability=replaceability, converged=False, kernel=kernel).reference
        for kernel in ("plain", "compiled")
    )
    assert same(plain, compiled)


@pytest.mark.parametrize("replaceability", [True, False])
def test_lanes_steps_near_a_change_and_steps_over_all_firms_agree_to_the_last_bit(
    replaceability: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = large()
    asked = [*single_failures(range(0, 3000, 70)), Shock.of(range(50), 0.3, id="many"), Shock.of([7, 8], 0.5, up=0.9, id="two")]
    found = {}
    for way, near, memory in (("lanes", 0.0, 1 << 30), ("all", 0.0, 400_000), ("near", 99.0, 400_000), ("mixed", 0.1, 1 << 30)):
        monkeypatch.setattr(firm_cascade_runs, "_NEAR", near)
        found[way] = systemic(
            network, asked, replaceability=replaceability, converged=False, kernel="compiled", memory=memory
        ).reference
    assert found["all"].steps.max() > 3
    assert all(same(found["all"], other) for other in found.values())


def test_workers_batches_and_memory_change_no_answer() -> None:
    network = large(2)
    asked = single_failures(range(600))
    alone = systemic(network, asked, converged=False, kernel="compiled").reference
    together = systemic(network, asked, converged=False, kernel="compiled", workers=2, memory=4_000_000).reference
    shared = shared_arrays(network)
    parts = [run_batch(shared, batch) for size in (1, 400) for batch in batches_of(asked[:2] if size == 1 else asked[2:], size)]
    assert same(alone, together)
    for name in NAMES:
        assert np.array_equal(np.concatenate([part[name] for part in parts]), getattr(alone, name))
    assert list(batches_of(asked[:0], 5)) == []


@pytest.mark.parametrize("rule", ["level", "loss"])
def test_the_rule_of_the_sum_of_losses_stops_lanes_and_single_runs_alike(rule: str) -> None:
    network = large(3, 800, 4000)
    one = systemic(network, single_failures(range(40)), rule=rule, converged=False, kernel="compiled")  # type: ignore[arg-type]
    for number in (0, 7, 39):
        alone = systemic(network, single_failures([number]), rule=rule, converged=False, kernel="plain")  # type: ignore[arg-type]
        assert all(getattr(one.reference, name)[number] == getattr(alone.reference, name)[0] for name in NAMES)


@repeatable(80)
@given(data=st.data(), replaceability=st.booleans())
def test_a_converged_index_is_within_its_proven_error_or_says_that_none_is_proven(
    data: st.DataObject, replaceability: bool
) -> None:
    network = data.draw(networks())
    shock = data.draw(shocks(network.firms))
    answer = systemic(network, [shock], replaceability=replaceability, kernel="plain")
    assert answer.converged is not None
    assert answer.gap is not None
    expected, _ = by_the_formulas(network, shock, replaceability=replaceability, eps=1e-16, weights=network.output.tolist())
    error = answer.converged.error[0]
    if math.isnan(error):  # a circle hands part of a loss on undiminished: at rest to the last bits, which proves nothing
        assert answer.converged.decrease[0] <= 1e-15
        assert not set(shock.down) | set(shock.up) <= {0.0, 1.0}
        error = 1e-9
    assert error <= 1e-9
    assert [getattr(answer.converged, name)[0] for name in ("total", "down", "up")] == pytest.approx(expected, abs=error)
    assert answer.gap[0] >= -1e-15


def test_what_is_not_worked_out_in_the_steps_or_the_time_says_so() -> None:
    chain = firm_network(np.arange(99), np.arange(1, 100), np.ones(99), np.zeros(100, int), np.array([[2]]))
    shock = single_failures([0])
    few = systemic(chain, shock, replaceability=False, steps=5)
    assert few.reference.stopped.tolist() == [1]
    assert few.reference.steps.tolist() == [5]
    assert few.reference.down.tolist() == pytest.approx([6 / 99])
    assert few.converged is not None
    assert few.converged.stopped.tolist() == [1]
    assert math.isnan(few.converged.error[0])
    late = systemic(large(), single_failures(range(20)), seconds=0.0, converged=False, kernel="compiled")
    assert late.reference.stopped.tolist() == [2] * 20


def test_a_giant_circle_falls_wholly_in_as_many_steps_as_it_has_firms() -> None:
    firms = 200_000
    ring = firm_network(np.arange(firms), (np.arange(firms) + 1) % firms, np.ones(firms), np.zeros(firms, int), np.array([[2]]))
    since = time.process_time()
    answer = systemic(ring, single_failures([3]), replaceability=False, kernel="compiled")
    assert answer.converged is not None
    assert answer.reference.total[0] == pytest.approx(1.0, abs=1e-9)
    assert answer.reference.steps[0] == firms
    assert answer.converged.stopped[0] == 0
    assert time.process_time() - since < 600  # a hang, not a speed


def test_a_market_of_small_units_that_is_exhausted_divides_by_one_as_the_reference_does() -> None:
    # both firms of the market are gone: output left 0, taken as 1, so that each counts with its own 0.25
    network = firm_network(
        np.array([0, 1]), np.array([2, 2]), np.array([0.25, 0.25]), np.array([0, 0, 1]), np.array([[2, 2], [2, 2]])
    )
    levels = firm_levels(network, Shock.of([0, 1], 1.0))
    assert levels.down.tolist() == [0.0, 0.0, 0.75]


def test_memory_for_less_than_one_cascade_is_refused() -> None:
    with pytest.raises(SolveError, match="Allow more memory"):
        systemic(large(), single_failures([1]), memory=1000)


@pytest.mark.parametrize("kernel", ["plain", "compiled"])
@pytest.mark.parametrize("part", [0.4, 1.0])
def test_orders_solved_apart_end_where_steps_end(kernel: Kernel, part: float, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = np.random.default_rng(4)
    firms, links = 60, 240  # only firm 59 sells nothing: a lack of orders dies out there alone, slowly
    network = firm_network(
        numbers.integers(0, firms - 1, links), numbers.integers(0, firms, links), np.ones(links), np.zeros(firms, int),
        np.array([[1]]),
    )  # fmt: skip
    shock = Shock.of([int(network.seller[0])], part)
    found = {}
    for way, patience in (("apart", 5), ("steps", 10**6)):
        monkeypatch.setattr(firm_cascade_runs, "_PATIENCE", patience)
        answer = systemic(network, [shock], kernel=kernel, steps=10**6).converged
        assert answer is not None
        assert answer.error[0] <= 2.1e-10
        found[way] = answer
    assert found["apart"].steps[0] < found["steps"].steps[0] / 2
    for name in ("total", "down", "up"):
        assert getattr(found["apart"], name)[0] == pytest.approx(getattr(found["steps"], name)[0], abs=found["apart"].error[0])
