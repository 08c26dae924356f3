"""Systemic risk on a network of firms: the economic systemic risk index (ESRI) of shocks. Owns the question and its answer.

The model is that of Diem, Borsos, Reisch, Kertész and Thurner, "Quantifying firm-level economic systemic risk from
nation-wide supply networks" (Scientific Reports 12, 7719, 2022), step by step as its authors' program takes it. A firm's
*level* is the part of its output that it still makes. A shortage travels *down* to customers: an essential input, per
sector that supplies it, limits output to what is left of it; non-essential inputs add up; negligible ones do nothing. A
lack of orders travels *up* to suppliers, by the share of sales. The two meet at the end: a firm makes the smaller.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from freehold.errors import SolveError
from freehold.measure.firm_network import LARGEST, FirmNetwork, check_amounts
from freehold.measure.firm_shocks import Shock, check_shocks, gathered
from freehold.network.acceleration import has_compiler
from freehold.network.arrays import Floats, Integers
from freehold.network.build import LARGE
from freehold.network.firm_cascade import Endings, cascade, cascades
from freehold.network.firm_cascade_links import BuiltFirms, build_firms
from freehold.network.firm_cascade_runs import ROUNDING, Ending, FirmShock, Limits

__all__ = [
    "BOUND", "EPS", "MANY", "MEMORY", "SECONDS", "Cascades", "FirmLevels", "Kernel", "Rule", "SystemicAnswer", "built_of",
    "firm_levels", "limits_of", "placed", "systemic", "weights_of", "worst_first",
]  # fmt: skip

EPS: Final = 0.01
"""The reference's stop: a cascade ends once no firm's level falls by more than this in a step."""

BOUND: Final = 1e-10
"""How far from the true end a converged level may be."""

SECONDS: Final = 60.0
MEMORY: Final = 1 << 30

MANY: Final = 2_000
"""More shocks than this are run to the end only after all have been run as the reference stops, the worst first."""

Kernel: TypeAlias = Literal["auto", "plain", "compiled"]
Rule: TypeAlias = Literal["level", "loss"]
"""What has to come to rest: each firm's level (fall at most eps), or the sum of losses (growth at most a factor 1 + eps)."""


@dataclass(frozen=True, slots=True, eq=False)
class Cascades:
    """How s shocks ended, one number each.

    Parameters
    ----------
    total, down, up : (s,)
        The index: weighted share of output lost when a firm makes the smaller of its two levels, and when it makes that of
        one direction alone.
    steps : (s,)
        Steps taken; converged, sweeps count too where what travels up was solved apart.
    decrease : (s,)
        Largest fall of any level in the last step.
    error : (s,)
        Proven bound of how far any of the three numbers is from its true end (to the rounding of sums); ``nan`` where nothing
        is proven: in what the reference's stop gives, after a limit, and where a circle hands part of a loss on undiminished.
    stopped : (s,)
        0: the rule of stopping was met; 1: the limit of steps; 2: the limit of time.
    """

    total: Floats
    down: Floats
    up: Floats
    steps: Integers
    decrease: Floats
    error: Floats
    stopped: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class FirmLevels:
    """Where one shock leaves each firm; the smaller of both is what it makes.

    Parameters
    ----------
    down, up : (n,)
        Levels.
    answer
        Its index, as :func:`systemic` gives it.
    """

    down: Floats
    up: Floats
    answer: SystemicAnswer


@dataclass(frozen=True, slots=True, eq=False)
class SystemicAnswer:
    """The index of shocks.

    Parameters
    ----------
    network
        What was asked.
    shocks : s names
    own : (s,)
        Weighted share of what the shock itself takes: no index is smaller.
    reference
        As the authors' program stops (see :data:`EPS`).
    converged
        Run to the end; ``None`` if it was not asked for.
    eps, rule, replaceability
        As asked.
    bound
        As asked, of the converged numbers.
    """

    network: FirmNetwork
    shocks: tuple[str, ...]
    own: Floats
    reference: Cascades
    converged: Cascades | None
    eps: float
    rule: Rule
    replaceability: bool
    bound: float

    @property
    def gap(self) -> Floats | None:
        """What the reference's stop leaves out: converged total less its total; ``None`` if it was not asked for."""
        return None if self.converged is None else self.converged.total - self.reference.total


def systemic(
    network: FirmNetwork, shocks: Sequence[Shock], *, replaceability: bool = True, eps: float = EPS, rule: Rule = "level",
    converged: bool = True, bound: float = BOUND, steps: int | None = None, seconds: float = SECONDS,
    weights: Floats | None = None, workers: int = 1, memory: int = MEMORY, kernel: Kernel = "auto",
    progress: Callable[[int], None] | None = None,
) -> SystemicAnswer:  # fmt: skip
    """How much of all output each shock takes in the end.

    Parameters
    ----------
    network, shocks
        The question.
    replaceability
        Whether a shortage is softened by the market share of who fails: small suppliers are replaced by the rest of their
        market, while there is a rest.
    eps, rule
        The reference's stop.
    converged, bound
        Whether to run to the end too, and how near.
    steps
        Most steps of one cascade; by default ten thousand more than there are firms.
    seconds
        Most time in all; shocks not worked out by then stand as they are, with ``stopped`` 2. Of more than :data:`MANY` shocks
        all are run as the reference stops before any is run to its end, the worst first.
    weights : (n,), optional
        Of firms; by default their output.
    workers
        Threads.
    memory
        Bytes that may be taken beside the network; how many shocks run at once follows from it.
    kernel
        Plain Python, compiled, or by size.
    progress
        Told how many shocks are done; of more than :data:`MANY` that are run to their end each counts twice.

    Raises
    ------
    freehold.errors.SolveError
        If a shock names a firm that is not there, weights are negative or all 0, or memory does not suffice for one shock.
    """
    until = time.monotonic() + seconds
    asked = gathered(shocks)
    check_shocks(network, asked)
    limits = limits_of(network, replaceability, eps, rule, bound if converged else 0.0, steps, until)
    weight, built = weights_of(network, weights), built_of(network, kernel)
    many = converged and len(asked) > MANY
    reference, run = cascades(
        built, placed(weight, built), asked.arrays, replace(limits, bound=0.0) if many else limits, workers=workers,
        memory=memory, progress=progress,
    )  # fmt: skip
    if many:
        order = worst_first(reference.total)

        def told(done: int) -> None:
            if progress:
                progress(len(asked) + done)

        _, found = cascades(
            built, placed(weight, built), asked.arrays.chosen(order), limits, workers=workers, memory=memory, progress=told
        )  # fmt: skip
        run = found and _put_back(reference, order, found)
    return SystemicAnswer(
        network, asked.ids, asked.arrays.own(weight)[0], _cascades(reference), None if run is None else _cascades(run), eps,
        rule, replaceability, bound,
    )  # fmt: skip


def worst_first(total: Floats) -> Integers:
    """Numbers of shocks from the worst, to twelve places; ties in the order given."""
    return np.lexsort((np.arange(len(total)), -np.round(total, 12)))


def _put_back(reference: Endings, order: Integers, found: Endings) -> Endings:
    """Endings in the order of the shocks; those not begun stand as the reference left them."""
    every = replace(reference.copy(), stopped=np.full(len(order), 2, np.uint8))
    begun = np.flatnonzero((found.stopped != 2) | (found.steps > 0))
    every.put_all(order[begun], found.chosen(begun))
    return every


def _cascades(endings: Endings) -> Cascades:
    return Cascades(**{field.name: getattr(endings, field.name) for field in fields(Endings)})


def firm_levels(
    network: FirmNetwork, shock: Shock, *, replaceability: bool = True, eps: float = EPS, rule: Rule = "level",
    converged: bool = False, bound: float = BOUND, steps: int | None = None, seconds: float = SECONDS,
    weights: Floats | None = None, kernel: Kernel = "auto",
) -> FirmLevels:  # fmt: skip
    """Where one shock leaves each firm; parameters as :func:`systemic`."""
    until = time.monotonic() + seconds
    asked = gathered([shock])
    check_shocks(network, asked)
    limits = limits_of(network, replaceability, eps, rule, bound if converged else 0.0, steps, until)
    weight, built = weights_of(network, weights), built_of(network, kernel)
    hit = FirmShock(shock.firms, shock.down, shock.up)
    reference, ended, (down, up) = cascade(built, placed(weight, built), hit, limits)
    answer = SystemicAnswer(
        network, asked.ids, asked.arrays.own(weight)[0], _single(reference), None if ended is None else _single(ended), eps,
        rule, replaceability, bound,
    )  # fmt: skip
    return FirmLevels(down, up, answer)


def _single(ending: Ending) -> Cascades:
    return Cascades(
        np.array([ending.total]), np.array([ending.down]), np.array([ending.up]), np.array([ending.steps]),
        np.array([ending.decrease]), np.array([ending.error]), np.array([ending.stopped], np.uint8),
    )  # fmt: skip


def limits_of(
    network: FirmNetwork, replaceability: bool, eps: float, rule: Rule, bound: float, steps: int | None, until: float
) -> Limits:
    """Limits for a network, with the deadline on the clock :func:`time.monotonic`; parameters as :func:`systemic`."""
    if not 0.0 <= eps <= 1.0:
        raise SolveError(f"a cascade cannot stop at a fall of {eps}. Give eps from 0 to 1; the reference's is {EPS}.")
    if bound and not ROUNDING <= bound <= 0.1:
        raise SolveError(f"an error of {bound} cannot be proven. Give a bound from {ROUNDING} to 0.1.")
    most = network.firms + 10_000 if steps is None else steps
    if most < 1:
        raise SolveError(f"a cascade takes at least one step, and {most} are allowed. Allow more.")
    return Limits(replaceability, rule == "loss", float(eps), bound, most, until)


def built_of(network: FirmNetwork, kernel: Kernel) -> BuiltFirms:
    """Make the arrays of a network for a kernel."""
    large = network.firms + network.links >= LARGE
    compiled = has_compiler() and large if kernel == "auto" else kernel == "compiled"
    return build_firms(
        network.seller, network.buyer, network.sales, network.sector, network.market, network.essentiality, network.output,
        network.purchases, network.revenue, network.costs, compiled=compiled,
    )  # fmt: skip


def weights_of(network: FirmNetwork, weights: Floats | None) -> Floats:
    """Weights of firms that sum to 1; by default by output."""
    weight = network.output if weights is None else np.asarray(weights, np.float64)
    if len(weight) != network.firms:
        raise SolveError(f"there are {len(weight)} weights for {network.firms} firms. Give one for each firm.")
    check_amounts("a weight", "firm", weight)
    total = float(weight.sum()) if weight.max(initial=0.0) <= LARGEST / max(len(weight), 1) else math.inf
    if not 0.0 < total < math.inf:
        raise SolveError("the weights of all firms add up to nothing, or to no number. Give at least one firm a weight over 0.")
    return weight / total


def placed(weight: Floats, built: BuiltFirms) -> Floats:
    """Weights in the places that firms have in the arrays."""
    moved = np.empty_like(weight)
    moved[built.place] = weight
    return moved
