"""A network in which everything works or does not. Owns the flat form that all Boolean engines share.

A node is *up* while none of its own events has happened and each of its needs is met; a need is met while at least
``required`` of its members are up. Availability is the greatest solution of that (what needs each other keeps running
while nothing stops it), so failure is the least. In the words of fault trees a node fails by an OR over its own events
and its needs, and a need of n members with ``required`` r fails if at least n − r + 1 of them do: r = 1 is an AND over
the members' failures, r = n an OR.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from freehold.errors import SolveError
from freehold.network.arrays import Floats, Integers

__all__ = ["AndOr", "Booleans", "Events", "Short", "Top", "and_or", "events_of"]

Booleans: TypeAlias = npt.NDArray[np.bool_]
Short: TypeAlias = npt.NDArray[np.int32]


class AndOr(NamedTuple):
    """n nodes, k needs, a members; all numbers 32 bits wide, so that ten million nodes stay small.

    Parameters
    ----------
    need_start : (n + 1,)
        First need of each node; needs stand by node.
    required : (k,)
        How many of a need's members must be up; more than it has means never met, 0 always.
    member_start : (k + 1,)
        First member of each need.
    members : (a,)
        Nodes.
    """

    need_start: Short
    required: Short
    member_start: Short
    members: Short


class Events(NamedTuple):
    """What can be lost, and whom it takes: a node is down as soon as one of its events happens.

    Parameters
    ----------
    size
        Number of events.
    start : (n + 1,)
        First event of each node.
    events : (…,)
        Numbers of events, by node.
    """

    size: int
    start: Short
    events: Short


class Top(NamedTuple):
    """What must not fall: it fails when the weights of its nodes that are up sum to less than ``floor`` − 1e-9.

    Parameters
    ----------
    nodes : (t,)
    weights : (t,)
        Each above 0.
    floor
    """

    nodes: Short
    weights: Floats
    floor: float


def and_or(nodes: int, owner: Integers, required: Integers, member_start: Integers, members: Integers) -> AndOr:
    """Make a network from needs in any order.

    Parameters
    ----------
    nodes
        Number of nodes.
    owner, required : (k,)
        The node that each need belongs to, and how many of its members must be up.
    member_start, members : (k + 1,), (a,)
        Members of each need, in the same order of needs.

    Raises
    ------
    freehold.errors.SolveError
        If a number is no node.
    """
    owner, members = np.asarray(owner, np.int64), np.asarray(members, np.int64)
    for name, numbers in (("owner", owner), ("member", members)):
        if len(numbers) and (numbers.min() < 0 or numbers.max() >= nodes):
            raise SolveError(f"an {name} of a need is no node: nodes are numbered from 0 to {nodes - 1}.")
    start = np.asarray(member_start, np.int64)
    order = np.argsort(owner, kind="stable")
    sizes = np.diff(start)[order]
    new_start = np.concatenate([[0], np.cumsum(sizes)])
    places = np.repeat(start[:-1][order] - new_start[:-1], sizes) + np.arange(new_start[-1])
    need_start = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=nodes))])
    return AndOr(
        need_start.astype(np.int32), np.asarray(required, np.int32)[order], new_start.astype(np.int32),
        members[places].astype(np.int32),
    )  # fmt: skip


def events_of(nodes: int, count: int, node: Integers, event: Integers) -> Events:
    """Events by node, from pairs in any order.

    Parameters
    ----------
    nodes, count
        Numbers of nodes and of events.
    node, event : (p,)
        Pairs: the event takes the node.
    """
    node = np.asarray(node, np.int64)
    order = np.argsort(node, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(node, minlength=nodes))])
    return Events(count, start.astype(np.int32), np.asarray(event, np.int32)[order])
