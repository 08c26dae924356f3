"""What a top rests on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.network import cone as room
from freehold.network.and_or import and_or
from freehold.network.cone import cone, rows


@given(
    st.integers(1, 12).flatmap(
        lambda size: st.tuples(
            st.just(size),
            st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=30),
            st.sets(st.integers(0, size - 1)),
        )
    )
)
def test_a_deep_network_has_the_cone_that_a_search_by_layers_finds(case: tuple[int, list[tuple[int, int]], set[int]]) -> None:
    size, links, tops = case
    links = sorted(links)
    owner, member = (np.array([link[side] for link in links], np.int64) for side in (0, 1))
    net = and_or(size, owner, np.ones(len(links), np.int64), np.arange(len(links) + 1), member)
    reached = set(tops)
    while more := {needed for user, needed in links if user in reached} - reached:
        reached |= more
    wanted = np.array(sorted(tops), np.int64)
    assert cone(net, wanted).tolist() == sorted(reached)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_ROUNDS", 1)
        assert cone(net, wanted).tolist() == sorted(reached)


def test_rows_of_a_table_are_taken_in_the_order_asked_for() -> None:
    assert rows(np.array([0, 2, 2, 5], np.int32), np.array([2, 0])).tolist() == [2, 3, 4, 0, 1]
    assert rows(np.array([0, 2], np.int32), np.array([], np.int64)).tolist() == []
