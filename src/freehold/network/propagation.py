"""What the loss of some nodes takes down, by counters. Owns the standing state, and losses each followed on its own.

The functions::

    propagation(net, compiled=None) -> Propagation          # make once, ask often
    standing(net, compiled=None) -> (n,) bool               # up before any loss
    lose(spread, nodes) -> (f,) int32                       # who falls: the lost first, then as they fall
    single_losses(spread, sets, counted=None, weights=None, workers=1) -> Losses   # many sets, each alone
    sets_of(rows) -> Sets                                   # rows of nodes

Availability is the greatest solution (see :mod:`freehold.network.and_or`): a circle holds itself until something outside it
fails. A node that is down before any loss has not been lost by it, and is never counted. The cost of one question is
proportional to the users of what falls, whatever the size of the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from freehold.errors import SolveError
from freehold.network.acceleration import has_compiler
from freehold.network.and_or import AndOr, Booleans, Short
from freehold.network.arrays import Floats, Integers
from freehold.network.build import LARGE, kernel_module

__all__ = [
    "Losses", "Propagation", "Quanta", "Room", "Sets", "Users", "as_lists", "checked", "lose", "propagation", "quanta", "room",
    "sets_of", "single_losses", "standing",
]  # fmt: skip

_DOWN: Final = 2**31 - 1
_MOST_TOTAL: Final = 2.0**61


class Users(NamedTuple):
    """Who rests on whom, as the kernel walks it: arrays of numpy for the compiled one, lists for the plain one.

    Parameters
    ----------
    start : (n + 1,)
        First user of each node.
    user : (…,)
        A node, which falls at once; or -1 less the number of a need, in which so many members may fall first.
    slack : (k,)
        With which fallen member a need is no longer met, those left out that are down before any loss.
    owner : (k,)
        Whose need it is.
    """

    start: Any
    user: Any
    slack: Any
    owner: Any


class Room(NamedTuple):
    """What one thread writes while it answers; made once.

    Parameters
    ----------
    stamp : (n,)
        The last question in which the node fell; the largest number of all if it is down anyway.
    tally : (k,)
        Fallen members, under the last question's number in the upper half.
    queue : (n,)
        Who fell, in order.
    sizes : (1,)
        How many of them were lost themselves.
    """

    stamp: Any
    tally: Any
    queue: Any
    sizes: Any


class Sets(NamedTuple):
    """Sets of nodes in rows.

    Parameters
    ----------
    start : (s + 1,)
    nodes : (…,)
    """

    start: Integers
    nodes: Short


class Losses(NamedTuple):
    """What each set takes.

    Parameters
    ----------
    taken : (s,)
        How many counted nodes fall, the set's own left out.
    lost : (s, columns)
        Weight of all nodes that fall, the set's own included.
    """

    taken: Integers
    lost: Floats


class Quanta(NamedTuple):
    """Weights as whole multiples of a unit, so that sums are exact and no order of adding matters.

    Parameters
    ----------
    weight : (n, columns)
        Whole numbers; those of a column sum to less than 2⁶².
    unit : (columns,)
        A power of two.
    """

    weight: Integers
    unit: Floats


@dataclass(frozen=True)
class Propagation:
    """A network made ready for questions.

    Parameters
    ----------
    network
        As given.
    up : (n,)
        Nodes that are up before any loss.
    users
        See :class:`Users`; only what may still fall.
    compiled
        Which kernel it is made for.
    """

    network: AndOr
    up: Booleans
    users: Users
    compiled: bool


def sets_of(sets: Iterable[Sequence[int]]) -> Sets:
    """Sets as rows.

    Parameters
    ----------
    sets
        Nodes of each set; a node that is named twice counts once.
    """
    listed = [np.asarray(one, np.int32) for one in sets]
    start = np.zeros(len(listed) + 1, np.int64)
    np.cumsum([len(one) for one in listed], out=start[1:])
    return Sets(start, np.concatenate([np.zeros(0, np.int32), *listed]))


def checked(sets: Sets, nodes: int) -> Sets:
    """The same sets, after a look at their numbers.

    Raises
    ------
    freehold.errors.SolveError
        If one is no node.
    """
    if len(sets.nodes) and (sets.nodes.min() < 0 or sets.nodes.max() >= nodes):
        raise SolveError(f"a set to be lost holds what is no node: nodes are numbered from 0 to {nodes - 1}.")
    return Sets(np.asarray(sets.start, np.int64), np.asarray(sets.nodes, np.int32))


def quanta(weights: Floats | None, nodes: int) -> Quanta:
    """Weights as whole numbers, exact to 2⁻⁶¹ of their sum.

    Parameters
    ----------
    weights : (n, columns) or (n,)
        Not negative; ``None``: no column.

    Raises
    ------
    freehold.errors.SolveError
        If a weight is negative or no number.
    """
    given = np.zeros((nodes, 0)) if weights is None else np.asarray(weights, np.float64)
    given = given[:, np.newaxis] if given.ndim == 1 else given
    totals = given.sum(axis=0)
    if (given < 0).any() or not np.isfinite(totals).all():
        raise SolveError("a weight is negative, or too large, or no number: weights are 0 or more, and have a finite sum.")
    exponent = np.frexp(np.where(totals > 0, totals, 1.0))[1] - 61
    unit = np.ldexp(1.0, exponent)
    return Quanta(np.rint(np.ldexp(given, -exponent)).astype(np.int64), unit)


def as_lists(values: Any) -> Any:
    """The same named tuple with lists for arrays: the plain kernel reads single elements faster from them."""
    return type(values)(*(value.tolist() if isinstance(value, np.ndarray) else value for value in values))


def room(spread: Propagation) -> Room:
    """Room for one thread's questions, numbered from 1."""
    stamp = np.where(spread.up, np.int32(0), np.int32(_DOWN))
    tally = np.zeros(len(spread.users.slack), np.int64)
    made = Room(stamp, tally, np.zeros(len(stamp), np.int32), np.zeros(1, np.int64))
    return made if spread.compiled else as_lists(made)


def propagation(net: AndOr, compiled: bool | None = None) -> Propagation:
    """Make a network ready for questions.

    Parameters
    ----------
    net
        The network.
    compiled
        Which kernel to make it for; by default the compiled one for more than :data:`freehold.network.build.LARGE` nodes and
        members, if it is there.
    """
    nodes = len(net.need_start) - 1
    if compiled is None:
        compiled = nodes + len(net.members) > LARGE and has_compiler()
    sizes = np.diff(net.member_start)
    slack = sizes - net.required + 1
    owner = np.repeat(np.arange(nodes, dtype=np.int32), np.diff(net.need_start))
    up = np.ones(nodes, np.bool_)
    never = slack <= 0
    users = _users(net, slack, sizes, owner, up, compiled=compiled)
    if never.any():
        first = np.unique(owner[never])
        spread = Propagation(net, up.copy(), users, compiled)
        up[lose(spread, first)] = False
        slack = slack - np.add.reduceat(np.append(~up[net.members], False), net.member_start[:-1]) * (sizes > 0)
        users = _users(net, slack.astype(np.int32), sizes, owner, up, compiled=compiled)
    return Propagation(net, up, users, compiled)


def _users(net: AndOr, slack: Short, sizes: Short, owner: Short, up: Booleans, *, compiled: bool) -> Users:
    live = up[owner] & (net.required > 0)
    code = np.where(slack == 1, owner, -1 - np.arange(len(owner), dtype=np.int32))
    member, user = net.members, np.repeat(code, sizes)
    keep = np.repeat(live, sizes)
    if not up.all():
        keep &= up[member]
    if not keep.all():
        member, user = member[keep], user[keep]
    start = np.zeros(len(up) + 1, np.int64)
    np.cumsum(np.bincount(member, minlength=len(up)), out=start[1:])
    if compiled:
        grouped = np.empty(len(user), np.int32)
        kernel_module("propagation_kernel", compiled=True).group(member, user, start[:-1].copy(), grouped)
    else:
        grouped = user[np.argsort(member, kind="stable")]
    users = Users(start, grouped, slack.astype(np.int32), owner)
    return users if compiled else as_lists(users)


def standing(net: AndOr, compiled: bool | None = None) -> Booleans:
    """Which nodes are up before any loss: the greatest solution."""
    return propagation(net, compiled).up


def lose(spread: Propagation, nodes: Sequence[int] | Integers | Short) -> Short:
    """Nodes that fall when some are lost, those that are down anyway left out: the lost first, then as they fall.

    Raises
    ------
    freehold.errors.SolveError
        If one is no node.
    """
    sets = checked(Sets(np.array([0, len(nodes)]), np.asarray(nodes, np.int32)), len(spread.up))
    kernel = kernel_module("propagation_kernel", compiled=spread.compiled)
    used = room(spread)
    count = kernel.fall(spread.users, used, sets.nodes, 0, len(sets.nodes), 1)
    return np.array(used.queue[:count], np.int32)


def single_losses(
    spread: Propagation, sets: Sets, counted: Booleans | None = None, weights: Floats | None = None, workers: int = 1
) -> Losses:
    """Lose many sets, each from the standing state, each followed on its own.

    Parameters
    ----------
    spread
        The network.
    sets
        What is lost together; see :func:`sets_of`.
    counted : (n,)
        Which nodes count; by default all.
    weights : (n, columns) or (n,)
        Not negative.
    workers
        Threads (the compiled kernel runs outside the interpreter's lock).

    Raises
    ------
    freehold.errors.SolveError
        If a set holds what is no node, or a weight is negative or no number.
    """
    nodes, size = len(spread.up), len(sets.start) - 1
    sets = checked(sets, nodes)
    weight, unit = quanta(weights, nodes)
    columns = len(unit)
    counts = np.ones(nodes, np.bool_) if counted is None else np.asarray(counted, np.bool_)
    taken, lost = np.zeros(size, np.int64), np.zeros(size * columns, np.int64)
    kernel = kernel_module("propagation_kernel", compiled=spread.compiled)
    flat = weight.reshape(-1)
    given: list[Any] = [sets.start, sets.nodes, counts, flat]
    workers = max(1, min(workers, size)) if spread.compiled else 1
    if not spread.compiled:
        given = [array.tolist() for array in given]

    def one(first: int) -> None:
        start, members, counting, weighing = given
        kernel.fall_many(
            spread.users, room(spread), start, members, first, size, workers, counting, weighing, columns, taken, lost
        )

    if workers > 1:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(one, range(workers)))
    else:
        one(0)
    return Losses(taken, lost.reshape(size, columns) * unit)
