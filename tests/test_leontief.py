"""Input-output accounts: Miller and Blair's table, laws that hold in every table, and tables that have no answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.errors import SolveError
from freehold.measure import leontief
from freehold.measure.leontief import InputTable, grouped, input_table, inputs, technical_coefficients, total_requirements

NAN = float("nan")


def flows(matrix: list[list[float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    z = np.array(matrix, dtype=float)
    suppliers, users = np.indices(z.shape)
    return suppliers.ravel(), users.ravel(), z.ravel()


# Miller and Blair, "Input-Output Analysis", chapter 2, as pymrio's tests ship it: Z, final demand, output.
def miller_blair(**more: object) -> InputTable:
    return input_table(
        ["1", "2"], *flows([[150, 500], [200, 100]]), final_demand=np.array([350.0, 1700.0]), labour=np.array([300.0, 500.0]),
        **more,
    )  # fmt: skip


def test_the_table_of_miller_and_blair_gives_their_coefficients_and_their_inverse() -> None:
    table = miller_blair()
    assert technical_coefficients(table) == pytest.approx(np.array([[0.15, 0.25], [0.20, 0.05]]))
    assert total_requirements(table) == pytest.approx(np.array([[1.25412541, 0.330033], [0.2640264, 1.12211221]]), abs=1e-8)
    assert table.output.tolist() == [1000, 2000]
    assert table.final_demand.tolist() == [350, 1700]


def test_another_final_demand_takes_the_output_and_labour_of_miller_and_blair() -> None:
    # Miller and Blair, chapter 2: final demand of 600 and 1500
    answer = inputs(miller_blair(), demand={"1": 600, "2": 1500})
    assert answer.demand is not None
    # they round L to four places before: 1247.5 and 1841.6 are theirs, 374.25 and 460.4 their labour
    assert answer.demand.output == pytest.approx((1247.5, 1841.6), abs=0.1)
    assert answer.demand.labour == pytest.approx((374.25, 460.4), abs=0.03)
    assert answer.rows[0].multiplier == pytest.approx(1.25412541 + 0.2640264, abs=1e-7)


# Two sectors in each of two regions, worked by hand where it is told how.
TWO_REGIONS = [[10, 5, 20, 0], [0, 10, 0, 10], [30, 0, 5, 5], [0, 20, 5, 10]]


def two_regions() -> InputTable:
    return input_table(
        ["DE a", "DE b", "US a", "US b"], *flows(TWO_REGIONS), countries=["DE", "DE", "US", "US"],
        output=np.array([100.0, 100.0, 100.0, 100.0]),
    )  # fmt: skip


def test_face_value_is_where_direct_suppliers_are_and_look_through_follows_theirs() -> None:
    table = two_regions()
    answer = inputs(table, ["DE"])
    assert [row.face_foreign for row in answer.rows] == pytest.approx([30 / 40, 20 / 35, 10 / 30, 15 / 25])
    behind = np.linalg.inv(np.eye(4) - np.array(TWO_REGIONS) / 100) - np.eye(4)
    expected = behind[2:].sum(axis=0) / behind.sum(axis=0)
    assert [row.look_foreign for row in answer.rows] == pytest.approx(expected)
    # home's own: both weighted alike, since both put out 100
    assert answer.face_foreign == pytest.approx(50 / 75)


def test_extraction_strikes_out_what_comes_from_abroad_and_solves_again() -> None:
    table = two_regions()
    answer = inputs(table, ["DE"])
    a = np.array(TWO_REGIONS) / 100
    a[2:, :2] = 0
    after = np.linalg.solve(np.eye(4) - a, table.final_demand)
    assert [row.extraction_loss for row in answer.rows] == pytest.approx(1 - after / 100)
    assert answer.extraction.home == pytest.approx(1 - after[:2].sum() / 200)
    assert answer.extraction.abroad == pytest.approx(1 - after[2:].sum() / 200)
    assert answer.extraction.struck == pytest.approx(50 / 75)


def test_without_home_each_row_is_at_home_in_its_own_country() -> None:
    rows = inputs(two_regions()).rows
    assert [row.face_foreign for row in rows] == pytest.approx([30 / 40, 20 / 35, 20 / 30, 10 / 25])


def tables(most: int = 7) -> st.SearchStrategy[InputTable]:
    @st.composite
    def build(draw: st.DrawFn) -> InputTable:
        size = draw(st.integers(1, most))
        cells = st.floats(0, 10, allow_subnormal=False).map(lambda one: 0.0 if one < 0.01 else one)
        z = np.array(draw(st.lists(st.lists(cells, min_size=size, max_size=size), min_size=size, max_size=size)))
        added = np.array(draw(st.lists(st.floats(0.1, 20), min_size=size, max_size=size)))
        output = np.maximum(z.sum(axis=0) + added, z.sum(axis=1))
        countries = draw(st.lists(st.sampled_from(["DE", "FR", "US", "?"]), min_size=size, max_size=size))
        return input_table([f"s{one}" for one in range(size)], *flows(z.tolist()), countries=countries, output=output)

    return build()


@settings(deadline=None, max_examples=60)
@given(tables())
def test_value_added_by_origin_adds_to_one_and_demand_takes_the_output_that_there_is(table: InputTable) -> None:
    answer = inputs(table, ["DE"], demand={})
    for row in answer.rows:
        assert sum(part for _, part in row.origin) == pytest.approx(1, abs=1e-9)
        assert row.multiplier >= 1
        assert row.face_foreign is None or -1e-12 <= row.face_foreign <= 1 + 1e-12
        assert 0 <= row.extraction_loss <= 1
    assert answer.demand is not None
    assert answer.demand.output == pytest.approx(tuple(table.output), rel=1e-9, abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(tables())
def test_round_by_round_comes_to_what_elimination_does(table: InputTable) -> None:
    small = inputs(table, ["DE"], demand={"s0": 3.0})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leontief, "DENSE", 0)
        large = inputs(table, ["DE"], demand={"s0": 3.0})
    assert small.exact
    assert not large.exact
    for one, other in zip(small.rows, large.rows, strict=True):
        assert one.multiplier == pytest.approx(other.multiplier, rel=1e-9)
        assert one.look_foreign == (None if other.look_foreign is None else pytest.approx(other.look_foreign, abs=1e-9))
        assert dict(one.origin) == pytest.approx(dict(other.origin), abs=1e-9)
        assert one.extraction_loss == pytest.approx(other.extraction_loss, abs=1e-9)
    assert small.extraction.total == pytest.approx(large.extraction.total, abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(tables(), st.data())
def test_rows_that_are_added_up_keep_output_flows_and_final_demand(table: InputTable, data: st.DataObject) -> None:
    groups = data.draw(st.lists(st.sampled_from("abc"), min_size=table.size, max_size=table.size))
    sums = grouped(table, groups)
    assert sums.output.sum() == pytest.approx(table.output.sum())
    assert sums.final_demand.sum() == pytest.approx(table.final_demand.sum(), abs=1e-6)
    assert list(sums.ids) == sorted(set(groups))


def test_what_links_leave_open_of_an_output_is_what_a_firm_sells_or_else_what_it_buys() -> None:
    table = input_table(["mine", "shop", "smith"], np.array([0, 2]), np.array([2, 1]), np.array([10.0, 15.0]))
    assert table.output.tolist() == [10, 15, 15]
    assert table.final_demand.tolist() == [0, 15, 0]
    assert table.raised == 1


@pytest.mark.parametrize("dense", [True, False])
def test_a_row_without_inputs_is_answered(monkeypatch: pytest.MonkeyPatch, *, dense: bool) -> None:
    monkeypatch.setattr(leontief, "DENSE", 10 if dense else 0)
    answer = inputs(input_table(["idle", "lone"], np.zeros(0, int), np.zeros(0, int), np.zeros(0), output=np.array([0.0, 5.0])))
    assert [(row.multiplier, row.face_foreign, row.look_foreign) for row in answer.rows] == [(1, None, None)] * 2
    assert (answer.face_foreign, answer.extraction.total) == (None, 0)


# Circles that take as much as they make: alone, beside a sound row, of equal steps, and with more taken than made.
CIRCLES = {
    "one": ([[1.0]], [1.0]),
    "in turn": ([[0, 5, 0], [0, 0, 5], [5, 0, 0]], [5.0, 5, 5]),
    "beside others": ([[0, 5, 0], [5, 0, 1], [0, 0, 0]], [5.0, 6, 9]),
    "more than made": ([[0, 9], [9, 0]], [9.0, 9.0]),
}


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("name", CIRCLES)
def test_a_circle_that_uses_up_what_it_makes_is_told(monkeypatch: pytest.MonkeyPatch, name: str, *, dense: bool) -> None:
    monkeypatch.setattr(leontief, "DENSE", 10 if dense else 0)
    z, output = CIRCLES[name]
    table = input_table([f"s{one}" for one in range(len(z))], *flows(z), output=np.array(output))
    if name == "beside others":  # s1 sells one of six to a user outside the circle
        assert inputs(table).rows[0].multiplier > 1
        return
    with pytest.raises(SolveError, match="not productive"):
        inputs(table)


def test_a_table_that_does_not_come_to_rest_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leontief, "DENSE", 0)
    with pytest.raises(SolveError, match="--time"):
        inputs(two_regions(), seconds=-1)


@pytest.mark.parametrize(
    ("output", "message"),
    [([0.0, 9.0], "puts out nothing"), ([9.0, 1.0], "more than its output")],
    ids=["nothing", "too little"],
)
def test_an_output_that_cannot_be_is_told(output: list[float], message: str) -> None:
    with pytest.raises(SolveError, match=message):
        input_table(["a", "b"], np.array([1]), np.array([0]), np.array([2.0]), output=np.array(output))


def test_a_demand_for_what_is_no_row_or_is_negative_is_told() -> None:
    with pytest.raises(SolveError, match="no row"):
        inputs(miller_blair(), demand={"3": 1})
    with pytest.raises(SolveError, match="finite"):
        inputs(miller_blair(), demand={"1": NAN})


def test_a_large_table_is_answered_without_a_matrix() -> None:
    rng = np.random.default_rng(7)
    size, links = 5_000, 40_000
    suppliers, users = rng.integers(0, size, (2, links))
    table = input_table(
        [f"f{one:04d}" for one in range(size)], suppliers, users, rng.random(links), countries=["DE", "US"] * (size // 2),
        final_demand=rng.random(size) * 9,
    )  # fmt: skip
    with pytest.raises(SolveError, match="limit"):
        total_requirements(table)
    answer = inputs(table, ["DE"], demand={})
    assert answer.demand is not None
    assert np.allclose(answer.demand.output, table.output, rtol=1e-10)
    assert all(abs(sum(part for _, part in row.origin) - 1) < 1e-10 for row in answer.rows)
