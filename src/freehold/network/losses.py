"""What each of many sets takes down, by whichever engine is faster. Owns the choice; it never changes the answer.

The function::

    losses(net, sets, counted=None, weights=None, *, workers=1, memory=None, engine="auto", compiled=None) -> Losses

A few cascades, evenly picked, tell how much falls on average. Following each on its own costs in proportion to that, a
sweep for 512 at once in proportion to the network; sums of weights are exact, so both give the same bits.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np

from freehold.errors import UsageError
from freehold.network.and_or import AndOr, Booleans
from freehold.network.arrays import Floats
from freehold.network.bit_parallel import bit_parallel_losses, fit, lay_out
from freehold.network.build import kernel_module
from freehold.network.propagation import Losses, Propagation, Sets, checked, propagation, room, single_losses

__all__ = ["ENGINES", "LossEngine", "choose", "losses"]

LossEngine: TypeAlias = Literal["auto", "counters", "bits"]
ENGINES: Final[tuple[LossEngine, ...]] = ("auto", "counters", "bits")

_SAMPLE: Final = 64
_FOLLOW: Final = 20e-9
_SWEEP: Final = 70e-9
_LAY_OUT: Final = 60e-9
"""Seconds a user of what falls, a member swept, a member laid out: measured on a network that no cache holds."""
_PATIENCE: Final = 1
"""How often a batch may follow each member of circles, on average, before counters take over."""


def choose(spread: Propagation, sets: Sets) -> LossEngine:
    """Which engine is likely to be faster for these sets: ``counters`` or ``bits``.

    Parameters
    ----------
    spread, sets
        See :func:`losses`.
    """
    size, nodes = len(sets.start) - 1, len(spread.up)
    members = len(spread.network.members)
    if not spread.compiled or size < _SAMPLE:
        return "counters"
    picked = np.linspace(0, size - 1, _SAMPLE).astype(np.int64)
    fallen = np.zeros(_SAMPLE, np.int64)
    kernel = kernel_module("propagation_kernel", compiled=True)
    most = 2 * (nodes + members)
    tried = kernel.cascades(spread.users, room(spread), sets.start, sets.nodes, picked, most, fallen)
    follow = size * float(fallen[:tried].mean()) * (1 + members / max(1, nodes)) * _FOLLOW
    batches = -(-size // 512)
    return "bits" if follow > (nodes + members) * (batches * _SWEEP + _LAY_OUT) else "counters"


def losses(
    net: AndOr | Propagation, sets: Sets, counted: Booleans | None = None, weights: Floats | None = None, *,
    workers: int = 1, memory: int | None = None, engine: LossEngine = "auto", compiled: bool | None = None,
) -> Losses:  # fmt: skip
    """Lose many sets, each from the standing state.

    Parameters
    ----------
    net
        The network, or what :func:`freehold.network.propagation.propagation` made of it.
    sets
        What is lost together.
    counted : (n,)
        Which nodes count; by default all.
    weights : (n, columns) or (n,)
        Not negative.
    workers
        Threads.
    memory
        Bytes that scenarios may take, 512 at a time or fewer; see :func:`freehold.network.bit_parallel.fit`.
    engine
        ``auto``, or one of the two.
    compiled
        Which kernel; by default by size.

    Returns
    -------
    Losses
        How many counted nodes fall, the set's own left out; and the weight of all that fall, the set's own included. What is
        down before any loss is in neither.

    Raises
    ------
    freehold.errors.SolveError
        If a set holds what is no node, or a weight is negative or no number.
    freehold.errors.ScaleError
        If not even 64 scenarios at a time fit into the memory, and 512 at once are to be followed.
    freehold.errors.UsageError
        If there is no such engine.
    """
    if engine not in ENGINES:
        raise UsageError(f"'{engine}' is no engine for losses. Choose from: {', '.join(ENGINES)}.")
    spread = net if isinstance(net, Propagation) else propagation(net, compiled)
    sets = checked(sets, len(spread.up))
    if (choose(spread, sets) if engine == "auto" else engine) == "bits":
        layout = lay_out(spread)
        words, _ = fit(layout, memory, workers)
        patience = _PATIENCE * len(spread.up) * words // 8 if engine == "auto" else None
        found = bit_parallel_losses(layout, sets, counted, weights, workers, memory, patience)
        if found is not None:
            return found
    return single_losses(spread, sets, counted, weights, workers)
