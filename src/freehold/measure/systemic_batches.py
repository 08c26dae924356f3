"""The index of very many shocks in batches. Owns what a worker is given of a network and of shocks, and what it gives back.

Nothing in it depends on the time, the memory or the number of workers: a finished batch is the same wherever and whenever it
is worked out, so that it can be kept and found again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from freehold.errors import SolveError
from freehold.measure.firm_network import FirmNetwork
from freehold.measure.firm_shocks import Shocks
from freehold.measure.systemic import EPS, Cascades, Rule, built_of, limits_of, placed, weights_of
from freehold.network.acceleration import has_compiler
from freehold.network.arrays import Floats, Integers
from freehold.network.firm_cascade import Endings, FirmShocks, cascades, memory_of
from freehold.network.firm_cascade_arrays import FirmLinks
from freehold.network.firm_cascade_links import BuiltFirms
from freehold.network.firm_cascade_runs import Limits

__all__ = ["BATCH_WORK", "BatchArrays", "batches_of", "joined", "run_batch", "shared_arrays", "workers_within"]

BATCH_WORK: Final = "freehold.measure.systemic_batches:run_batch"
"""The work of one batch, as pools name it."""

BatchArrays: TypeAlias = Mapping[str, npt.NDArray[np.generic]]


def shared_arrays(
    network: FirmNetwork, *, replaceability: bool = True, eps: float = EPS, rule: Rule = "level", steps: int | None = None,
    weights: Floats | None = None, bound: float = 0.0,
) -> dict[str, npt.NDArray[np.generic]]:  # fmt: skip
    """What a pool shares for :func:`run_batch`.

    Parameters
    ----------
    network, replaceability, eps, rule, steps, weights
        As :func:`freehold.measure.systemic.systemic`.
    bound
        0 for the reference's stop; else shocks are run to their end, and this is how near.
    """
    built = built_of(network, "compiled")
    limits = limits_of(network, replaceability, eps, rule, bound, steps, math.inf)
    settings = [float(limits.replaceable), float(limits.by_loss), limits.eps, limits.bound, float(limits.steps)]
    return {
        **built.links._asdict(), "place": built.place, "weight": placed(weights_of(network, weights), built),
        "settings": np.array(settings),
    }  # fmt: skip


def batches_of(shocks: Shocks, size: int) -> Iterator[BatchArrays]:
    """Batches for :func:`run_batch`, so many shocks each, in order."""
    arrays = shocks.arrays
    for begin in range(0, len(shocks), size):
        start = arrays.start[begin : begin + size + 1]
        entries = slice(int(start[0]), int(start[-1]))
        yield {
            "start": start - start[0], "firms": arrays.firms[entries], "down": arrays.down[entries], "up": arrays.up[entries]
        }  # fmt: skip


def run_batch(shared: BatchArrays, batch: BatchArrays) -> dict[str, npt.NDArray[np.generic]]:
    """Work out a batch in a pool: :data:`BATCH_WORK`.

    Parameters
    ----------
    shared
        Of :func:`shared_arrays`.
    batch
        One of :func:`batches_of`.

    Returns
    -------
    ``total``, ``down``, ``up``, ``steps``, ``decrease``, ``error``, ``stopped``
        As in :class:`freehold.measure.systemic.Cascades`, of the true end if there is a bound; of each shock the same to the
        last bit, whatever the batch it comes in.
    """
    arrays: dict[str, Any] = dict(shared)
    parts: dict[str, Any] = dict(batch)
    compiled = has_compiler()
    links = FirmLinks(*(arrays[name] if compiled else arrays[name].tolist() for name in FirmLinks._fields))
    replaceable, by_loss, eps, bound, steps = arrays["settings"].tolist()
    limits = Limits(bool(replaceable), bool(by_loss), eps, bound, int(steps), math.inf)
    reference, converged = cascades(
        BuiltFirms(links, arrays["place"], compiled), arrays["weight"], FirmShocks(*(parts[name] for name in _PARTS)), limits,
        memory=memory_of(len(arrays["place"]), lanes=True),
    )  # fmt: skip
    found = reference if converged is None else converged
    return {field.name: getattr(found, field.name) for field in fields(Endings)}


_PARTS: Final = ("start", "firms", "down", "up")


def workers_within(network: FirmNetwork, workers: int, memory: int) -> int:
    """How many workers at once have the memory they need beside the network.

    Raises
    ------
    freehold.errors.SolveError
        If one has not.
    """
    need = memory_of(network.firms, lanes=True)
    if memory < need:
        raise SolveError(
            f"batches of cascades through {network.firms:,} firms take {-(-need // 1_000_000):,} MB beside the network, and "
            f"{memory // 1_000_000:,} MB are allowed. Allow more memory."
        )
    return min(workers, memory // need)


def joined(
    before: Cascades | None, network: FirmNetwork, weights: Floats | None, shocks: Shocks, size: int,
    done: Mapping[int, BatchArrays], order: Integers | None = None,
) -> Cascades:  # fmt: skip
    """Put finished batches together; a shock of a batch that is not finished is stopped by the limit of time.

    Parameters
    ----------
    before
        How such a shock stands; ``None`` for what it takes itself.
    network, weights, shocks
        The question.
    size
        Shocks in a batch.
    done
        Results of :func:`run_batch` by the number of the batch.
    order : (s,), optional
        Numbers of the shocks in the order in which they were put into batches.
    """
    found = Endings.not_begun(shocks.arrays, weights_of(network, weights))
    if before is not None:
        found.put_all(np.arange(len(shocks)), Endings(**{field.name: getattr(before, field.name) for field in fields(Endings)}))
        found.stopped[:] = 2
    numbers = np.arange(len(shocks)) if order is None else order
    for number, result in done.items():
        columns: dict[str, Any] = dict(result)
        found.put_all(numbers[number * size : (number + 1) * size], Endings(**columns))
    return Cascades(**{field.name: getattr(found, field.name) for field in fields(Endings)})
