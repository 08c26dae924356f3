"""What one loss takes down: by hand, and every engine against the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from and_or_networks import event_fails, network, networks, subsets, surviving, tops
from freehold.errors import SolveError
from freehold.network.and_or import Top, events_of
from freehold.network.oracle import Oracle
from freehold.network.propagation import lose, propagation, sets_of, single_losses, standing
from strategies import repeatable

both = pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])


# ---------------------------------------------------------------- by hand


@both
def test_two_of_three_hold_until_the_second_falls(compiled: bool) -> None:
    spread = propagation(network(4, (0, 2, (1, 2, 3))), compiled)
    assert lose(spread, [1]).tolist() == [1]
    assert lose(spread, [1, 3]).tolist() == [1, 3, 0]


@both
def test_two_that_need_each_other_keep_running_until_what_one_needs_outside_falls(compiled: bool) -> None:
    spread = propagation(network(3, (0, 1, (1,)), (1, 1, (0,)), (1, 1, (2,))), compiled)
    assert spread.up.all()
    assert lose(spread, [2]).tolist() == [2, 1, 0]


@both
def test_what_is_down_before_any_loss_is_never_counted(compiled: bool) -> None:
    # 0 lacks a member that was never there, 1 needs 0; 2 may choose between 1 and 3
    net = network(5, (0, 1, ()), (1, 1, (0,)), (2, 1, (1, 3)), (4, 1, (2,)))
    spread = propagation(net, compiled)
    assert spread.up.tolist() == [False, False, True, True, True]
    assert standing(net, compiled).tolist() == spread.up.tolist()
    found = single_losses(spread, sets_of([[0], [3], [0, 1], []]))
    assert found.taken.tolist() == [0, 2, 0, 0]


@both
def test_a_set_s_own_nodes_weigh_but_do_not_count(compiled: bool) -> None:
    spread = propagation(network(3, (0, 1, (1,)), (1, 1, (2,))), compiled)
    weights = np.array([[0.5, 1.0], [0.25, 2.0], [0.25, 4.0]])
    found = single_losses(spread, sets_of([[2], [1, 2], [1], [1, 1]]), np.array([True, True, False]), weights)
    assert found.taken.tolist() == [2, 1, 1, 1]
    assert found.lost.tolist() == [[1.0, 7.0], [1.0, 7.0], [0.75, 3.0], [0.75, 3.0]]


def test_a_need_of_none_is_always_met_and_one_of_too_many_never() -> None:
    assert standing(network(3, (0, 0, ()), (1, 3, (0, 2)), (2, 0, (1,)))).tolist() == [True, False, True]


def test_a_set_that_holds_what_is_no_node_is_refused() -> None:
    spread = propagation(network(2))
    with pytest.raises(SolveError, match="numbered from 0 to 1"):
        lose(spread, [2])
    with pytest.raises(SolveError, match="weight is negative"):
        single_losses(spread, sets_of([[0]]), weights=np.array([1.0, -1.0]))


def test_sums_of_weights_are_exact_in_any_order() -> None:
    weights = np.full(10, 0.1)
    spread = propagation(network(10, *((node, 1, (9,)) for node in range(9))))
    assert single_losses(spread, sets_of([[9]]), weights=weights).lost[0, 0] == pytest.approx(1.0, abs=1e-15)


# ---------------------------------------------------------------- laws


@repeatable(300)
@given(st.data())
def test_counters_equal_the_definition(data: st.DataObject) -> None:
    net = data.draw(networks())
    size = len(net.need_start) - 1
    sets = data.draw(st.lists(st.lists(st.integers(0, size - 1), max_size=4), max_size=4))
    counted = np.array([data.draw(st.booleans()) for _ in range(size)])
    weights = np.array([[data.draw(st.sampled_from([0.0, 0.125, 1.0])), float(node)] for node in range(size)])
    up = surviving(net)
    for compiled in (False, True):
        spread = propagation(net, compiled)
        assert set(np.flatnonzero(spread.up).tolist()) == up
        for workers in (1, 2):
            found = single_losses(spread, sets_of(sets), counted, weights, workers)
            for number, lost in enumerate(sets):
                gone = up - surviving(net, lost)
                assert set(lose(spread, lost).tolist()) == gone
                assert found.taken[number] == sum(counted[node] for node in gone - set(lost))
                assert found.lost[number].tolist() == [sum(weights[sorted(gone), column]) for column in (0, 1)]


@repeatable(200)
@given(st.data())
def test_the_oracle_equals_the_definition(data: st.DataObject) -> None:
    net = data.draw(networks())
    events, top = data.draw(tops(net, events=5))
    oracles = [Oracle(net, events, top, compiled) for compiled in (False, True)]
    everything = set(range(5))
    for lost in subsets(range(5)):
        failing = event_fails(net, events, top, lost)
        answers = []
        for oracle in oracles:
            assert oracle.holds == (not event_fails(net, events, top, ()))
            assert oracle.fails(lost) == failing
            support, least = oracle.support(lost), oracle.support(lost, minimal=True)
            if failing:
                assert support is None
                assert least is None
                cut = oracle.minimal_cut(lost)
                assert set(cut) <= set(lost)
                assert event_fails(net, events, top, cut)
                assert not any(event_fails(net, events, top, set(cut) - {event}) for event in cut)
                answers.append((cut,))
            else:
                assert support is not None
                assert least is not None
                assert not set(support) & set(lost)
                assert set(least) <= set(support) <= set(oracle.events.tolist())
                for kept in (support, least):
                    assert not event_fails(net, events, top, everything - set(kept))
                assert all(event_fails(net, events, top, everything - set(least) | {event}) for event in least)
                answers.append((support, least))
        assert answers[0] == answers[1]


def test_an_oracle_walks_the_cone_of_its_top_alone() -> None:
    net = network(6, (0, 1, (1, 2)), (3, 1, (4,)), (5, 1, (0,)))
    events = events_of(6, 6, np.arange(6), np.arange(6))
    oracle = Oracle(net, events, Top(np.array([0], np.int32), np.ones(1), 1.0))
    assert oracle.events.tolist() == [0, 1, 2]
    assert (oracle.fails([1, 3, 4, 5]), oracle.fails([1, 2]), oracle.minimal_cut([5, 2, 1])) == (False, True, (1, 2))
    assert oracle.support([1]) == (0, 2)
    with pytest.raises(SolveError, match="numbered from 0 to 5"):
        oracle.fails([6])
    with pytest.raises(SolveError, match="has no minimal cut set"):
        oracle.minimal_cut([1])
