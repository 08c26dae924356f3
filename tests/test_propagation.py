"""What one loss takes down: by hand, and every engine against the definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from and_or_networks import event_fails, network, networks, subsets, surviving, tops
from freehold.errors import ScaleError, SolveError, UsageError
from freehold.network.and_or import AndOr, Top, and_or, events_of
from freehold.network.bit_parallel import bit_parallel_losses, bytes_needed, fit, lay_out
from freehold.network.losses import choose, losses
from freehold.network.oracle import Oracle
from freehold.network.propagation import Sets, lose, propagation, sets_of, single_losses, standing
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


@repeatable(150)
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


@repeatable(60)
@given(st.data())
def test_bits_equal_counters(data: st.DataObject) -> None:
    net = data.draw(networks(most=14))
    size = len(net.need_start) - 1
    few = data.draw(st.lists(st.lists(st.integers(0, size - 1), max_size=4), min_size=1, max_size=6))
    sets = sets_of([*few, *([node] for node in range(size)), *few, *([(node * 7) % size, node] for node in range(size))] * 3)
    counted = np.array([data.draw(st.booleans()) for _ in range(size)])
    weights = np.array([[data.draw(st.sampled_from([0.0, 0.1, 1.0])), float(node)] for node in range(size)])
    right = single_losses(propagation(net, False), sets, counted, weights)
    for compiled in (False, True):
        spread = propagation(net, compiled)
        layout = lay_out(spread)
        for memory in (None, sum(array.nbytes for array in layout if isinstance(array, np.ndarray)) + bytes_needed(size, 1, 2)):
            found = bit_parallel_losses(layout, sets, counted, weights, 2, memory)
            assert found is not None
            assert found.taken.tolist() == right.taken.tolist()
            assert found.lost.tolist() == right.lost.tolist()
        assert losses(spread, sets, counted, weights, engine="bits").lost.tolist() == right.lost.tolist()


def large(circle: bool) -> AndOr:
    """A chain of 20,000 nodes, each of which needs the next, closed to a circle or not."""
    size = 20_000
    owner = np.arange(size if circle else size - 1)
    return and_or(size, owner, np.ones(len(owner), int), np.arange(len(owner) + 1), (owner + 1) % size)


def test_the_choice_follows_what_falls_and_never_changes_the_answer() -> None:
    chain = propagation(large(circle=False))
    size = len(chain.up)
    heads, tails = (Sets(np.arange(101), np.arange(at, at + 100, dtype=np.int32)) for at in (0, size - 100))
    assert (choose(chain, heads), choose(chain, tails)) == ("counters", "bits")
    for sets in (heads, tails):
        assert losses(chain, sets, workers=2).taken.tolist() == sets.nodes.tolist()


def test_a_circle_through_everything_is_followed_whatever_it_takes() -> None:
    spread = propagation(large(circle=True))
    sets = Sets(np.arange(101), np.arange(0, 20_000, 200, dtype=np.int32))
    for engine in ("counters", "bits", "auto"):
        assert losses(spread, sets, engine=engine).taken.tolist() == [19_999] * 100  # type: ignore[arg-type]
    assert bit_parallel_losses(lay_out(spread), sets, patience=10) is None


def test_a_batch_is_as_wide_as_the_memory_allows() -> None:
    layout = lay_out(propagation(large(circle=False)))
    held = sum(array.nbytes for array in layout if isinstance(array, np.ndarray))
    rooms = [held + bytes_needed(20_000, words, workers) for words, workers in ((8, 2), (8, 1), (4, 1), (1, 1))]
    assert [fit(layout, room, 2) for room in rooms] == [(8, 2), (8, 1), (4, 1), (1, 1)]
    with pytest.raises(ScaleError, match="too little for 20000 nodes: 64 scenarios at a time take"):
        fit(layout, rooms[-1] - 1)
    with pytest.raises(UsageError, match="'dice' is no engine"):
        losses(large(circle=False), sets_of([[0]]), engine="dice")  # type: ignore[arg-type]


@repeatable(120)
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
