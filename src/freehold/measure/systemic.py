"""Systemic risk on a network of firms: the economic systemic risk index (ESRI) of shocks. Owns its values and the question.

The model is that of Diem, Borsos, Reisch, Kertész and Thurner, "Quantifying firm-level economic systemic risk from
nation-wide supply networks" (Scientific Reports 12, 7719, 2022), step by step as its authors' program takes it. A firm's
*level* is the part of its output that it still makes. A shortage travels *down* to customers: an essential input, per
sector that supplies it, limits output to what is left of it; non-essential inputs add up; negligible ones do nothing. A
lack of orders travels *up* to suppliers, by the share of sales. The two meet at the end: a firm makes the smaller.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import pairwise
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from freehold.errors import SolveError
from freehold.network.acceleration import has_compiler
from freehold.network.arrays import Floats, Integers
from freehold.network.build import LARGE
from freehold.network.firm_cascade import ROUNDING, Ending, FirmShock, Limits, cascade, cascades
from freehold.network.firm_cascade_arrays import FirmLinks
from freehold.network.firm_cascade_links import BuiltFirms, build_firms

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
_MOST: Final = 2**31 - 1
_LARGEST: Final = 1e300

Kernel: TypeAlias = Literal["auto", "plain", "compiled"]
Rule: TypeAlias = Literal["level", "loss"]
"""What has to come to rest: each firm's level (fall at most eps), or the sum of losses (growth at most a factor 1 + eps)."""


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
        numbers = np.asarray(firms, np.int64).reshape(-1)
        for given in (part, part if up is None else up):
            if np.ndim(given) and len(np.asarray(given)) != len(numbers):
                raise SolveError(
                    f"the shock '{id}' has {len(np.asarray(given))} parts for {len(numbers)} firms. "
                    "Give one for all, or one each."
                )
        down = np.broadcast_to(np.asarray(part, np.float64), numbers.shape).copy()
        above = down.copy() if up is None else np.broadcast_to(np.asarray(up, np.float64), numbers.shape).copy()
        for parts in (down, above):
            wrong = np.flatnonzero(~((parts >= 0.0) & (parts <= 1.0)))
            if len(wrong):
                raise SolveError(
                    f"the shock '{id}' takes {parts[wrong[0]]} of firm {numbers[wrong[0]]}. "
                    "Give a part from 0 (nothing) to 1 (all)."
                )
        found, times = np.unique(numbers, return_counts=True)
        if (times > 1).any():
            raise SolveError(f"the shock '{id}' names firm {found[times > 1][0]} twice. Name each firm once.")
        return cls(id, numbers, down, above)


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
    sector = np.asarray(sectors)
    table = np.asarray(essentiality)
    columns: list[Any] = [np.asarray(column) for column in (sellers, buyers, sales)]
    market = sector if markets is None else np.asarray(markets)
    firms = len(sector)
    _check_lengths(columns, firms, market, revenue, costs)
    _check_table(table)
    for what, numbers, size in (("sector", sector, len(table)), ("market", market, None)):
        _check_numbers(what, "firm", numbers, size)
    for what, numbers in (("seller", columns[0]), ("buyer", columns[1])):
        _check_numbers(what, "row", numbers, firms)
    sold = columns[2].astype(np.float64)
    _check_amounts("sales", "row", sold)
    for what, amounts in (("revenue", revenue), ("costs", costs)):
        if amounts is not None:
            _check_amounts(what, "firm", np.asarray(amounts, np.float64))

    there = sold > 0.0
    pair = columns[0].astype(np.int64)[there] * firms + columns[1].astype(np.int64)[there]
    pairs, number = np.unique(pair, return_inverse=True)
    seller, buyer = (pairs // firms).astype(np.int32), (pairs % firms).astype(np.int32)
    total: Floats = np.bincount(number, sold[there], minlength=len(pairs)).astype(np.float64)
    output: Floats = np.bincount(seller, total, firms).astype(np.float64)
    purchases: Floats = np.bincount(buyer, total, firms).astype(np.float64)
    if output.max(initial=0.0) > _LARGEST / max(firms, 1) or purchases.max(initial=0.0) > _LARGEST / max(firms, 1):
        raise SolveError("the sum of all sales is too large for a number. Give them in a larger unit.")
    order = np.lexsort((seller, sector[seller], buyer))
    return FirmNetwork(
        seller[order], buyer[order], total[order], sector.astype(np.int32), market.astype(np.int32), table.astype(np.uint8),
        output, purchases, None if revenue is None else np.asarray(revenue, np.float64),
        None if costs is None else np.asarray(costs, np.float64), merged=len(pair) - len(pairs),
        self_links=int((seller == buyer).sum()), idle=int(((output == 0.0) & (purchases == 0.0)).sum()),
        silent=len(sold) - len(pair),
    )  # fmt: skip


def single_failures(firms: Sequence[int] | Integers, names: Sequence[str] | None = None) -> list[Shock]:
    """The complete failure of each of these firms alone."""
    numbers = np.asarray(firms, np.int64).reshape(-1)
    ids = [str(number) for number in numbers] if names is None else list(names)
    whole = np.ones(1)
    return [Shock(name, numbers[at : at + 1], whole, whole) for at, name in enumerate(ids)]


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
    _check_shocks(network, shocks)
    weight = _weights(network, weights)
    built = _built(network, kernel)
    limits = _limits(network, replaceability, eps, rule, bound if converged else 0.0, steps, seconds)
    runs = cascades(
        built, _placed(weight, built), [FirmShock(shock.firms, shock.down, shock.up) for shock in shocks], limits,
        workers=workers, memory=memory, progress=progress,
    )  # fmt: skip
    own = np.array([float((weight[shock.firms] * np.maximum(shock.down, shock.up)).sum()) for shock in shocks])
    ends = [run.converged for run in runs if run.converged is not None]
    return SystemicAnswer(
        network, tuple(shock.id for shock in shocks), own, _gathered([run.reference for run in runs]),
        _gathered(ends) if converged else None, eps, rule, replaceability, bound,
    )  # fmt: skip


def firm_levels(
    network: FirmNetwork, shock: Shock, *, replaceability: bool = True, eps: float = EPS, rule: Rule = "level",
    converged: bool = False, bound: float = BOUND, steps: int | None = None, seconds: float = SECONDS,
    weights: Floats | None = None, kernel: Kernel = "auto",
) -> FirmLevels:  # fmt: skip
    """Where one shock leaves each firm; parameters as :func:`systemic`."""
    _check_shocks(network, [shock])
    built = _built(network, kernel)
    limits = _limits(network, replaceability, eps, rule, bound if converged else 0.0, steps, seconds)
    run, (down, up) = cascade(
        built, _placed(_weights(network, weights), built), FirmShock(shock.firms, shock.down, shock.up), limits
    )
    return FirmLevels(down, up, _gathered([run.converged or run.reference]))


def shared_arrays(
    network: FirmNetwork, *, replaceability: bool = True, eps: float = EPS, rule: Rule = "level", steps: int | None = None,
    weights: Floats | None = None, memory: int = MEMORY,
) -> Mapping[str, npt.NDArray[np.generic]]:  # fmt: skip
    """What a pool shares for :func:`run_batch`; parameters as :func:`systemic`; ``memory`` is that of one worker."""
    built = _built(network, "compiled")
    limits = _limits(network, replaceability, eps, rule, 0.0, steps, SECONDS)
    settings = [float(limits.replaceable), float(limits.by_loss), limits.eps, float(limits.steps), float(memory)]
    return {
        **built.links._asdict(), "place": built.place, "weight": _placed(_weights(network, weights), built),
        "settings": np.array(settings),
    }  # fmt: skip


def batch_of(shocks: Sequence[Shock]) -> dict[str, npt.NDArray[np.generic]]:
    """A batch for :func:`run_batch`."""
    sizes = [len(shock.firms) for shock in shocks]
    if not shocks:
        return {"start": np.zeros(1, np.int64), "firms": np.zeros(0, np.int64), "down": np.zeros(0), "up": np.zeros(0)}
    return {
        "start": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        "firms": np.concatenate([shock.firms for shock in shocks]),
        "down": np.concatenate([shock.down for shock in shocks]), "up": np.concatenate([shock.up for shock in shocks]),
    }  # fmt: skip


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
    arrays: dict[str, Any] = dict(shared)
    built = BuiltFirms(FirmLinks(*(arrays[name] for name in FirmLinks._fields)), arrays["place"], compiled=True)
    replaceable, by_loss, eps, steps, memory = arrays["settings"].tolist()
    limits = Limits(bool(replaceable), bool(by_loss), eps, 0.0, int(steps), math.inf)
    parts: dict[str, Any] = dict(batch)
    shocks = [
        FirmShock(parts["firms"][first:last], parts["down"][first:last], parts["up"][first:last])
        for first, last in pairwise(parts["start"].tolist())
    ]
    found = _gathered([run.reference for run in cascades(built, arrays["weight"], shocks, limits, memory=int(memory))])
    return {field.name: getattr(found, field.name) for field in fields(Cascades)}


def _limits(
    network: FirmNetwork, replaceability: bool, eps: float, rule: Rule, bound: float, steps: int | None, seconds: float
) -> Limits:
    if not 0.0 <= eps <= 1.0:
        raise SolveError(f"a cascade cannot stop at a fall of {eps}. Give eps from 0 to 1; the reference's is {EPS}.")
    if bound and not ROUNDING <= bound <= 0.1:
        raise SolveError(f"an error of {bound} cannot be proven. Give a bound from {ROUNDING} to 0.1.")
    most = network.firms + 10_000 if steps is None else steps
    if most < 1:
        raise SolveError(f"a cascade takes at least one step, and {most} are allowed. Allow more.")
    return Limits(replaceability, rule == "loss", float(eps), bound, most, time.monotonic() + seconds)


def _built(network: FirmNetwork, kernel: Kernel) -> BuiltFirms:
    large = network.firms + network.links >= LARGE
    compiled = has_compiler() and large if kernel == "auto" else kernel == "compiled"
    return build_firms(
        network.seller, network.buyer, network.sales, network.sector, network.market, network.essentiality, network.output,
        network.purchases, network.revenue, network.costs, compiled=compiled,
    )  # fmt: skip


def _weights(network: FirmNetwork, weights: Floats | None) -> Floats:
    weight = network.output if weights is None else np.asarray(weights, np.float64)
    if len(weight) != network.firms:
        raise SolveError(f"there are {len(weight)} weights for {network.firms} firms. Give one for each firm.")
    _check_amounts("a weight", "firm", weight)
    total = float(weight.sum()) if weight.max(initial=0.0) <= _LARGEST / max(len(weight), 1) else math.inf
    if not 0.0 < total < math.inf:
        raise SolveError("the weights of all firms add up to nothing, or to no number. Give at least one firm a weight over 0.")
    return weight / total


def _placed(weight: Floats, built: BuiltFirms) -> Floats:
    placed = np.empty_like(weight)
    placed[built.place] = weight
    return placed


def _gathered(endings: Sequence[Ending]) -> Cascades:
    columns = list(zip(*(astuple(ending) for ending in endings), strict=True)) or [()] * 7
    kinds: tuple[Any, ...] = (np.float64, np.float64, np.float64, np.int64, np.float64, np.float64, np.uint8)
    return Cascades(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))


def _check_shocks(network: FirmNetwork, shocks: Sequence[Shock]) -> None:
    if not network.firms:
        raise SolveError("the network has no firm. Give at least one link.")
    for shock in shocks:
        wrong = np.flatnonzero((shock.firms < 0) | (shock.firms >= network.firms))
        if len(wrong):
            raise SolveError(
                f"the shock '{shock.id}' names firm {shock.firms[wrong[0]]}, and firms go from 0 to {network.firms - 1}. "
                "Name firms of the network."
            )


def _check_lengths(columns: Sequence[npt.NDArray[Any]], firms: int, market: npt.NDArray[Any], revenue: Any, costs: Any) -> None:
    if len({len(column) for column in columns}) > 1:
        raise SolveError(
            f"there are {len(columns[0])} sellers, {len(columns[1])} buyers and {len(columns[2])} sales. "
            "Give one of each a row."
        )
    for what, numbers in (("markets", market), ("revenues", revenue), ("costs", costs)):
        if numbers is not None and len(numbers) != firms:
            raise SolveError(f"there are {len(numbers)} {what} for {firms} firms. Give one for each firm.")


def _check_table(table: npt.NDArray[Any]) -> None:
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise SolveError(f"the table of essentiality has the shape {table.shape}. Give a row and a column for each sector.")
    wrong = np.argwhere((table != 0) & (table != 1) & (table != 2))
    if len(wrong):
        row, column = wrong[0]
        raise SolveError(
            f"the essentiality of sector {row} for sector {column} is {table[row, column]}. "
            "Give 0 (negligible), 1 (non-essential) or 2 (essential)."
        )


def _check_numbers(what: str, where: str, numbers: npt.NDArray[Any], size: int | None) -> None:
    if numbers.dtype.kind not in "iu":
        if len(numbers) or numbers.dtype.kind != "f":
            raise SolveError(f"numbers of {what}s are whole, and these are of type {numbers.dtype}. Number them from 0.")
        return
    most = _MOST if size is None else size
    wrong = np.flatnonzero((numbers < 0) | (numbers >= most))
    if len(wrong):
        raise SolveError(
            f"the {what} of {where} {wrong[0]} is {numbers[wrong[0]]}. Number them from 0 to {most - 1}, without holes."
        )


def _check_amounts(what: str, where: str, amounts: Floats) -> None:
    wrong = np.flatnonzero(~(amounts >= 0.0) | (amounts == np.inf))
    if len(wrong):
        raise SolveError(f"{what} of {where} {wrong[0]}: {amounts[wrong[0]]}. Give a number, 0 or more.")
