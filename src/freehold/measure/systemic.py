"""Systemic risk on a network of firms: the economic systemic risk index (ESRI) of shocks. Owns its values and the question.

The model is that of Diem, Borsos, Reisch, Kertész and Thurner, "Quantifying firm-level economic systemic risk from
nation-wide supply networks" (Scientific Reports 12, 7719, 2022), step by step as its authors' program takes it. A firm's
*level* is the part of its output that it still makes. A shortage travels *down* to customers: an essential input, per
sector that supplies it, limits output to what is left of it; non-essential inputs add up; negligible ones do nothing. A
lack of orders travels *up* to suppliers, by the share of sales. The two meet at the end: a firm makes the smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from freehold.network.arrays import Floats, Integers

__all__ = [
    "BOUND", "EPS", "MEMORY", "SECONDS", "Cascades", "FirmLevels", "FirmNetwork", "Kernel", "Rule", "Shock",
    "SystemicAnswer", "batch_of", "firm_levels", "firm_network", "run_batch", "shared_arrays", "single_failures", "systemic",
]  # fmt: skip

EPS: Final = 0.01
"""The reference's stop: a cascade ends once no firm's level falls by more than this in a step."""

BOUND: Final = 1e-10
"""How far from the true end a converged level may be."""

SECONDS: Final = 60.0
MEMORY: Final = 1 << 30

Kernel: TypeAlias = Literal["auto", "plain", "compiled"]
Rule: TypeAlias = Literal["level", "loss"]
"""What has to come to rest: every firm's level (decrease at most eps), or the sum of losses (growth at most a factor 1 + eps)."""


@dataclass(frozen=True, slots=True, eq=False)
class FirmNetwork:
    """Who sells how much to whom; n firms numbered from 0, m links, k sectors. Made by :func:`firm_network`.

    Parameters
    ----------
    seller, buyer : (m,)
        Firms; by buyer, then by the seller's sector, then by seller; each pair once.
    sales : (m,)
        Sold by the seller to the buyer; above 0, any one unit.
    sector, market : (n,)
        Sector of each firm as a supplier, and the market in which others can replace it.
    essentiality : (k, k)
        What goods of the row's sector are to a user in the column's: 0 negligible, 1 non-essential, 2 essential.
    output, purchases : (n,)
        Sums of sales and of purchases.
    revenue, costs : (n,), optional
        Stated revenue and material costs, in the place of the sums; 0 where not known.
    merged, self_links, idle, silent
        How many rows were added to another one of the same pair, how many links are from a firm to itself (they count like
        any other, as in the reference), how many firms have no link at all, and how many rows had sales of 0 (left out).
    """

    seller: npt.NDArray[np.int32]
    buyer: npt.NDArray[np.int32]
    sales: Floats
    sector: npt.NDArray[np.int32]
    market: npt.NDArray[np.int32]
    essentiality: npt.NDArray[np.uint8]
    output: Floats
    purchases: Floats
    revenue: Floats | None
    costs: Floats | None
    merged: int
    self_links: int
    idle: int
    silent: int

    @property
    def firms(self) -> int:
        """How many firms."""
        return len(self.sector)

    @property
    def links(self) -> int:
        """How many pairs of firms."""
        return len(self.seller)


@dataclass(frozen=True, slots=True, eq=False)
class Shock:
    """What is lost at the start, for good.

    Parameters
    ----------
    id
        Name of the shock.
    firms : (f,)
        Firms hit, each once.
    down, up : (f,)
        Part of its output that each can no longer make (felt by its customers), and part of its demand that is gone (felt by
        its suppliers); in [0, 1].
    """

    id: str
    firms: Integers
    down: Floats
    up: Floats

    @classmethod
    def of(
        cls, firms: Sequence[int] | Integers, part: float | Sequence[float] | Floats = 1.0, *,
        up: float | Sequence[float] | Floats | None = None, id: str = "",  # noqa: A002 - the field's own name
    ) -> Shock:  # fmt: skip
        """A shock to any set of firms: one part for all or one each; ``up`` is the same as down where it is not given.

        Raises
        ------
        freehold.errors.SolveError
            If a firm is named twice or a part is not within 0 and 1.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True, eq=False)
class Cascades:
    """How s shocks ended, one number each.

    Parameters
    ----------
    total, down, up : (s,)
        The index: weighted share of output lost when a firm makes the smaller of its two levels, and when it makes that of
        one direction alone.
    steps : (s,)
        Steps taken.
    decrease : (s,)
        Largest fall of any level in the last step.
    error : (s,)
        Proven bound of what any of the three numbers is still below its true end; ``nan`` where nothing is proven.
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
    cascade
        Its numbers, each array of length 1.
    """

    down: Floats
    up: Floats
    cascade: Cascades


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


def firm_network(
    sellers: Integers, buyers: Integers, sales: Floats, sectors: Integers, essentiality: npt.NDArray[np.integer[Any]], *,
    markets: Integers | None = None, revenue: Floats | None = None, costs: Floats | None = None,
) -> FirmNetwork:  # fmt: skip
    """Put links in order; rows of one pair are added up.

    Parameters
    ----------
    sellers, buyers, sales : (rows,)
        Links between firms 0 … n-1.
    sectors : (n,)
        Sector of each firm, 0 … k-1.
    essentiality : (k, k)
        See :class:`FirmNetwork`.
    markets : (n,), optional
        Where others can replace a firm; by default its sector.
    revenue, costs : (n,), optional
        See :class:`FirmNetwork`.

    Raises
    ------
    freehold.errors.SolveError
        If numbers are out of range, sales are negative or no numbers, or lengths do not agree.
    """
    raise NotImplementedError


def single_failures(firms: Sequence[int] | Integers, names: Sequence[str] | None = None) -> list[Shock]:
    """The complete failure of each of these firms alone."""
    raise NotImplementedError


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
        Most time in all; shocks not worked out by then stand as they are, with ``stopped`` 2.
    weights : (n,), optional
        Of firms; by default their output.
    workers
        Threads.
    memory
        Bytes that may be taken beside the network; how many shocks run at once follows from it.
    kernel
        Plain Python, compiled, or by size.
    progress
        Told how many shocks are done.

    Raises
    ------
    freehold.errors.SolveError
        If a shock names a firm that is not there, weights are negative or all 0, or memory does not suffice for one shock.
    """
    raise NotImplementedError


def firm_levels(
    network: FirmNetwork, shock: Shock, *, replaceability: bool = True, eps: float = EPS, rule: Rule = "level",
    converged: bool = False, bound: float = BOUND, steps: int | None = None, seconds: float = SECONDS,
    weights: Floats | None = None, kernel: Kernel = "auto",
) -> FirmLevels:  # fmt: skip
    """Where one shock leaves each firm; parameters as :func:`systemic`."""
    raise NotImplementedError


def shared_arrays(
    network: FirmNetwork, *, replaceability: bool = True, eps: float = EPS, rule: Rule = "level", steps: int | None = None,
    weights: Floats | None = None, memory: int = MEMORY,
) -> Mapping[str, npt.NDArray[np.generic]]:  # fmt: skip
    """What a pool shares for :func:`run_batch`; parameters as :func:`systemic`; ``memory`` is that of one worker."""
    raise NotImplementedError


def batch_of(shocks: Sequence[Shock]) -> dict[str, npt.NDArray[np.generic]]:
    """A batch for :func:`run_batch`."""
    raise NotImplementedError


def run_batch(
    shared: Mapping[str, npt.NDArray[np.generic]], batch: Mapping[str, npt.NDArray[np.generic]]
) -> dict[str, npt.NDArray[np.generic]]:
    """Work out a batch in a pool: ``freehold.measure.systemic:run_batch``.

    Parameters
    ----------
    shared
        Of :func:`shared_arrays`.
    batch
        Of :func:`batch_of`.

    Returns
    -------
    ``total``, ``down``, ``up``, ``steps``, ``decrease``, ``error``, ``stopped``
        As in :class:`Cascades`; of each shock the same to the last bit, whatever the batch it comes in.
    """
    raise NotImplementedError
