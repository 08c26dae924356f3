"""Input-output accounts: multipliers, face value, look-through, origin of value added, extraction. Owns Leontief's questions.

Z[i, j] is what i sells to j, x[j] all that j puts out, A = Z / x the inputs to one unit of output, L = (I - A)^-1 all that
one unit for a final user takes, directly and through every supplier's supplier (Leontief 1936; Miller and Blair,
"Input-Output Analysis", 2nd edition, chapters 2, 6 and 12). Face value asks where the direct supplier is; look-through asks
it of everything in L - I; value added in column j, v_i L_ij, adds to exactly 1. Gross measures count a good each time that it
crosses a border, on purpose: a cut-off stops the whole shipment.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from freehold.errors import SolveError
from freehold.network.arrays import Floats

__all__ = [
    "DENSE", "SECONDS", "Extraction", "InputTable", "InputsAnswer", "InputsOfOne", "NewDemand", "grouped", "input_table",
    "inputs", "technical_coefficients", "total_requirements",
]  # fmt: skip

DENSE: Final = 2_000
"""Up to so many rows a table is solved by elimination; beyond, round by round over its links."""

_PRECISION: Final = 1e-13
_ROUNDS: Final = 200_000
SECONDS: Final = 60.0
"""Most time for a large table."""


def _sums(places: npt.NDArray[np.int64], weights: Floats, size: int) -> Floats:
    """Sums of weights by place."""
    return np.asarray(np.bincount(places, weights, size), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class InputTable:
    """Who uses what of whom: n sectors (or firms, or sectors of countries), m flows. Made by :func:`input_table`.

    Parameters
    ----------
    ids
        Names of the rows, which are those of the columns too.
    countries
        Country of each; ``"?"`` where not known or of several.
    user, supplier : (m,)
        Places; each pair once.
    coefficient : (m,)
        A: what the user takes of the supplier for one unit of its output.
    output : (n,)
        x, as stated or derived.
    final_demand : (n,)
        What of it goes to final users: x less the row sum of Z.
    labour : (n,), optional
        Employed in all; ``nan`` where not known.
    raised
        How many rows were taken to put out more than they sell to others, since they buy more than that.
    """

    ids: tuple[str, ...]
    countries: tuple[str, ...]
    user: npt.NDArray[np.int64]
    supplier: npt.NDArray[np.int64]
    coefficient: Floats
    output: Floats
    final_demand: Floats
    labour: Floats | None
    raised: int = 0

    @property
    def size(self) -> int:
        """How many rows."""
        return len(self.ids)

    @property
    def inputs(self) -> Floats:
        """Inputs of one unit of output, in all: the column sums of A."""
        return _sums(self.user, self.coefficient, self.size)

    def times(self, vector: Floats, coefficient: Floats | None = None) -> Floats:
        """A times a column: what suppliers deliver for these outputs."""
        weights = (self.coefficient if coefficient is None else coefficient) * vector[self.user]
        return _sums(self.supplier, weights, self.size)

    def times_transposed(self, vector: Floats, coefficient: Floats | None = None) -> Floats:
        """A row times A: of each user, the sum over what it takes."""
        weights = (self.coefficient if coefficient is None else coefficient) * vector[self.supplier]
        return _sums(self.user, weights, self.size)

    def dense(self, coefficient: Floats | None = None) -> Floats:
        """A as a matrix, (n, n)."""
        matrix = np.zeros((self.size, self.size))
        matrix[self.supplier, self.user] = self.coefficient if coefficient is None else coefficient
        return matrix


@dataclass(frozen=True, slots=True)
class InputsOfOne:
    """What one unit of a sector's output rests on.

    Parameters
    ----------
    id, country
        Which.
    output
        Its output.
    multiplier
        Output of all, for one unit of its own to final users: the column sum of L.
    inputs
        Inputs for one unit, direct ones alone.
    face_foreign
        Part of its direct inputs that comes from abroad; ``None`` if it has no inputs.
    look_foreign
        The same of all inputs behind them; ``None`` if it has none.
    origin
        Value added in one unit, by country, the largest first; adds to 1.
    extraction_loss
        Part of its output that is gone once nothing foreign is delivered to home.
    """

    id: str
    country: str
    output: float
    multiplier: float
    inputs: float
    face_foreign: float | None
    look_foreign: float | None
    origin: tuple[tuple[str, float], ...]
    extraction_loss: float


@dataclass(frozen=True, slots=True)
class Extraction:
    """Hypothetical extraction: what is lost once inputs from abroad to home are struck out of the table.

    Parameters
    ----------
    home, abroad, total
        Part of the output lost: at home, abroad, in all.
    struck
        Part of the inputs used at home that is struck out.
    """

    home: float
    abroad: float
    total: float
    struck: float


@dataclass(frozen=True, slots=True)
class NewDemand:
    """What another final demand takes: x = L f.

    Parameters
    ----------
    demand, output, labour
        In order of the table's rows; labour is ``None`` where not known.
    """

    demand: tuple[float, ...]
    output: tuple[float, ...]
    labour: tuple[float | None, ...]


@dataclass(frozen=True)
class InputsAnswer:
    """What a table of inputs tells.

    Parameters
    ----------
    table
        What was asked.
    home
        Countries that count as home.
    rows
        One for each row of the table, in its order.
    face_foreign, look_foreign
        The same of home's whole output: weighted by output; ``None`` where home has no inputs.
    origin
        Value added in home's final demand, by country, the largest first.
    extraction
        See :class:`Extraction`.
    demand
        See :class:`NewDemand`; ``None`` if no other was asked for.
    exact
        Whether it was solved by elimination; otherwise round by round, to 1e-12 of the whole.
    """

    table: InputTable
    home: tuple[str, ...]
    rows: tuple[InputsOfOne, ...]
    face_foreign: float | None
    look_foreign: float | None
    origin: tuple[tuple[str, float], ...]
    extraction: Extraction
    demand: NewDemand | None
    exact: bool


def input_table(
    ids: Sequence[str], supplier: npt.NDArray[np.int64], user: npt.NDArray[np.int64], value: Floats, *,
    countries: Sequence[str] | None = None, output: Floats | None = None, final_demand: Floats | None = None,
    labour: Floats | None = None,
) -> InputTable:  # fmt: skip
    """Make a table from flows.

    Parameters
    ----------
    ids : n names
        Rows.
    supplier, user, value : (flows,)
        Z by place; several flows of one pair are added up.
    countries : n codes
        ``"?"`` where not known.
    output, final_demand : (n,), optional
        ``nan`` where not known. Output is what is stated; else the row sum of Z and the final demand; else that row sum, and
        at least what the row buys.
    labour : (n,), optional
        Employed in all.

    Raises
    ------
    freehold.errors.SolveError
        If a row buys inputs and is stated to put out nothing.
    """
    size = len(ids)
    pairs, place = np.unique(np.asarray(user, np.int64) * size + supplier, return_inverse=True)
    flow = _sums(place.ravel(), value, len(pairs)) if len(pairs) else np.zeros(0)
    pairs, flow = pairs[flow > 0], flow[flow > 0]
    users, suppliers = pairs // max(size, 1), pairs % max(size, 1)
    sold, bought = _sums(suppliers, flow, size), _sums(users, flow, size)
    total = np.full(size, np.nan) if output is None else np.array(output, dtype=np.float64)
    demanded = np.full(size, np.nan) if final_demand is None else np.asarray(final_demand, dtype=np.float64)
    total = np.where(np.isnan(total), sold + demanded, total)
    open_ = np.isnan(total)
    raised = int(np.count_nonzero(open_ & (bought > sold)))
    total = np.where(open_, np.maximum(sold, bought), total)
    nothing = np.flatnonzero((total <= 0) & (bought > 0))
    if len(nothing):
        raise SolveError(
            f"'{ids[nothing[0]]}' buys inputs of {bought[nothing[0]]:g} and puts out nothing ({len(nothing)} such). "
            "State its output, or its final demand."
        )
    small = np.flatnonzero(total < sold * (1 - 1e-9))
    if len(small):
        one = small[0]
        raise SolveError(
            f"'{ids[one]}' sells {sold[one]:g} to others, more than its output of {total[one]:g} ({len(small)} such). "
            "State its output in the unit of the links, and all of it."
        )
    return InputTable(
        tuple(ids), tuple(countries) if countries is not None else ("?",) * size, users, suppliers, flow / total[users],
        total, np.maximum(total - sold, 0.0), None if labour is None else np.asarray(labour, dtype=np.float64), raised,
    )  # fmt: skip


def grouped(table: InputTable, groups: Sequence[str], countries: Sequence[str] | None = None) -> InputTable:
    """Add up rows of a table.

    Parameters
    ----------
    table
        A table, such as one of firms.
    groups : n names
        The group of each row, such as its sector.
    countries : n codes, optional
        By default the table's; a group with rows of several countries has ``"?"``.
    """
    names = sorted(set(groups))
    place = {one: number for number, one in enumerate(names)}
    code = np.array([place[one] for one in groups], dtype=np.int64)
    seats: list[set[str]] = [set() for _ in names]
    for one, country in zip(code, table.countries if countries is None else countries, strict=True):
        seats[one].add(country)
    flow = table.coefficient * table.output[table.user]
    labour = None if table.labour is None else _sums(code, table.labour, len(names))
    made = input_table(
        names, code[table.supplier], code[table.user], flow, countries=[min(one) if len(one) == 1 else "?" for one in seats],
        output=_sums(code, table.output, len(names)), labour=labour,
    )  # fmt: skip
    return replace(made, raised=table.raised)


def technical_coefficients(table: InputTable) -> Floats:
    """A, as a matrix (n, n): row suppliers, column users.

    Raises
    ------
    freehold.errors.SolveError
        If the table is larger than :data:`DENSE`.
    """
    _see_small(table)
    return table.dense()


def total_requirements(table: InputTable) -> Floats:
    """The Leontief inverse L = (I - A)^-1, as a matrix (n, n).

    Raises
    ------
    freehold.errors.SolveError
        If the table is larger than :data:`DENSE`, or not productive.
    """
    _see_small(table)
    return _Elimination(table).inverse


def _see_small(table: InputTable) -> None:
    if table.size > DENSE:
        raise SolveError(
            f"a matrix of {table.size:,} rows is over the limit of {DENSE:,}. Ask for multipliers and shares, which need none."
        )


class _Elimination:
    """Solves with the matrix I - A, for small tables."""

    exact = True

    def __init__(self, table: InputTable, coefficient: Floats | None = None) -> None:
        matrix = np.eye(table.size) - table.dense(coefficient)
        try:
            self.inverse: Floats = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
        except np.linalg.LinAlgError:
            raise _not_productive(table) from None
        # a positive row times I - A is positive: with A >= 0 that is so for some row if and only if A is productive
        # (Berman and Plemmons, "Nonnegative Matrices", theorem 6.2.3)
        ones = self.inverse.sum(axis=0)
        if not (np.all(np.isfinite(ones)) and np.all(ones > 0) and np.all(ones < 1e9) and np.all(ones @ matrix > 0.5)):
            raise _not_productive(table)

    def columns(self, vectors: Floats) -> Floats:
        """L times columns."""
        return self.inverse @ vectors

    def rows(self, vectors: Floats) -> Floats:
        """Rows times L, each a column of the argument and of the result."""
        return self.inverse.T @ vectors


class _Rounds:
    """Solves round by round: b + Ab + AAb + …, for large tables.

    All terms are at least 0, so that the sum only grows. With multipliers m = 1 L and a rest r, what is still to come of any
    row is at most max(r) m, and of a column's sum m r: the bound is proven, not guessed.
    """

    exact = False

    def __init__(self, table: InputTable, coefficient: Floats | None = None, *, until: float = math.inf) -> None:
        self._table, self._until = table, until
        self._coefficient = table.coefficient if coefficient is None else coefficient
        self._forward, self._backward = self._steps()
        self._multipliers = np.ones(table.size)
        self._multipliers = self._grown(np.ones((table.size, 1)), transposed=True)[:, 0]

    def _steps(self) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]:
        """A and its transpose times a block of columns; scipy's sparse matrices where they are installed."""
        table, held = self._table, self._coefficient
        try:
            from scipy.sparse import csr_array
        except ImportError:
            return (
                lambda block: np.stack([table.times(one, held) for one in block.T], axis=1),
                lambda block: np.stack([table.times_transposed(one, held) for one in block.T], axis=1),
            )
        matrix = csr_array((held, (table.supplier, table.user)), shape=(table.size, table.size))
        transposed = matrix.T.tocsr()
        return (lambda block: np.asarray(matrix @ block)), (lambda block: np.asarray(transposed @ block))

    def columns(self, vectors: Floats) -> Floats:
        """L times columns."""
        return self._grown(vectors, transposed=False)

    def rows(self, vectors: Floats) -> Floats:
        """Rows times L, each a column of the argument and of the result; negative parts are followed on their own."""
        above, below = np.maximum(vectors, 0.0), np.maximum(-vectors, 0.0)
        found = self._grown(above, transposed=True)
        return found - self._grown(below, transposed=True) if below.any() else found

    def _grown(self, vectors: Floats, *, transposed: bool) -> Floats:
        total, term = vectors.copy(), vectors
        step = self._backward if transposed else self._forward
        enough = _PRECISION * (1.0 if transposed else float(vectors.sum(axis=0).max(initial=0.0)))
        for round_ in range(1, _ROUNDS + 1):
            term = step(term)
            rest = float(term.max(initial=0.0)) if transposed else float((self._multipliers @ term).max(initial=0.0))
            total += term
            if rest <= enough:
                return total
            if not math.isfinite(rest) or (round_ % 256 == 0 and _feeds_itself(term[:, 0], step)):
                raise _not_productive(self._table)
            if time.monotonic() > self._until:
                break
        raise SolveError(
            f"the table of {self._table.size:,} rows did not come to rest in the time given (after {round_} rounds {rest:.2g} "
            "was still to come). Give it longer with --time, or group it by sector."
        )


def _feeds_itself(term: Floats, step: Callable[[Floats], Floats]) -> bool:
    """Whether a set of rows feeds itself with as much as it takes: proof that the sum has no end (Collatz, Wielandt).

    A sum over several rounds, since in a circle of equal steps what is underway comes by each row in turn.
    """
    window = [term[:, None]]
    for _ in range(63):
        window.append(step(window[-1]))
    held = np.sum(window[:-1], axis=0)
    for _ in range(16):
        fed = step(held)
        some = held > 0
        kept = some & (fed >= held * (1 - 1e-9))
        if np.array_equal(kept, some):
            return bool(some.any())
        held = np.where(kept, held, 0.0)
    return False


def _not_productive(table: InputTable) -> SolveError:
    worst = int(np.argmax(table.inputs)) if table.size else 0
    return SolveError(
        "the table is not productive: somewhere a circle of suppliers uses up as much as it makes, so that no output would "
        f"do (the most inputs for one unit: '{table.ids[worst]}', {table.inputs[worst]:.6g}). State outputs, or final demand."
    )


def inputs(
    table: InputTable, home: Iterable[str] = (), *, demand: Mapping[str, float] | None = None, seconds: float = SECONDS
) -> InputsAnswer:  # fmt: skip
    """What each row's output rests on, and what home's does.

    Parameters
    ----------
    table
        See :func:`input_table`.
    home
        Countries that count as home; all others, and unknown ones, are foreign. Each row's own country counts as home to it
        if none is given.
    demand
        Another final demand, by row; the others keep theirs.
    seconds
        Most time for a large table.

    Raises
    ------
    freehold.errors.SolveError
        If the table is empty, not productive, or not solved in time; or another demand names a row that is not there.
    """
    if not table.size:
        raise SolveError("the table has no rows. Name a file with links.")
    until = time.monotonic() + seconds
    solve = _Elimination(table) if table.size <= DENSE else _Rounds(table, until=until)
    at_home = sorted(set(home))
    regions = sorted(set(table.countries))
    code = np.searchsorted(regions, table.countries)
    member = np.equal.outer(code, np.arange(len(regions))).astype(np.float64)
    added = 1.0 - table.inputs
    reach = solve.rows(np.concatenate([member, member * added[:, None], np.ones((table.size, 1))], axis=1))
    multiplier, gross, origin = reach[:, -1], reach[:, : len(regions)] - member, reach[:, len(regions) : -1]
    direct = np.stack([table.times_transposed(one) for one in member.T], axis=1)
    own = np.isin(regions, at_home)[None, :].repeat(table.size, 0) if at_home else member.astype(bool)
    unknown = regions.index("?") if "?" in regions else None
    if unknown is not None:
        own[:, unknown] = False
    inside = own[np.arange(table.size), code]
    face, look = _foreign(direct, own), _foreign(gross, own)
    lost, extraction = _extract(table, inside, own, code, until)
    weight = np.where(inside, table.output, 0.0)
    users = table.final_demand * inside
    shares = origin.T @ users / users.sum() if users.sum() > 0 else np.zeros(len(regions))
    rows = tuple(
        InputsOfOne(
            one, table.countries[place], float(table.output[place]), float(multiplier[place]), float(direct[place].sum()),
            face[place], look[place], _largest(regions, origin[place]), float(lost[place]),
        )
        for place, one in enumerate(table.ids)
    )  # fmt: skip
    return InputsAnswer(
        table, tuple(at_home), rows, _weighted(direct, own, weight), _weighted(gross, own, weight),
        _largest(regions, shares), extraction, None if demand is None else _demanded(table, solve, demand), solve.exact,
    )  # fmt: skip


def _foreign(parts: Floats, own: npt.NDArray[np.bool_]) -> list[float | None]:
    """The part of each row that is not its own's; ``None`` where there is nothing."""
    whole = parts.sum(axis=1)
    foreign = np.where(own, 0.0, parts).sum(axis=1)
    return [float(one / all_) if all_ > 1e-12 else None for one, all_ in zip(foreign, whole, strict=True)]


def _weighted(parts: Floats, own: npt.NDArray[np.bool_], weight: Floats) -> float | None:
    whole = float(parts.sum(axis=1) @ weight)
    return float(np.where(own, 0.0, parts).sum(axis=1) @ weight) / whole if whole > 0 else None


def _largest(regions: Sequence[str], shares: Floats) -> tuple[tuple[str, float], ...]:
    order = sorted(range(len(regions)), key=lambda one: (-float(shares[one]), regions[one]))
    return tuple((regions[one], float(shares[one])) for one in order if shares[one])


def _extract(
    table: InputTable, inside: npt.NDArray[np.bool_], own: npt.NDArray[np.bool_], code: npt.NDArray[np.int64], until: float
) -> tuple[Floats, Extraction]:
    """Strike out what comes from abroad to home, and solve again for the same final demand."""
    struck = inside[table.user] & ~own[table.user, code[table.supplier]]
    left = np.where(struck, 0.0, table.coefficient)
    solve = _Elimination(table, left) if table.size <= DENSE else _Rounds(table, left, until=until)
    after = solve.columns(table.final_demand[:, None])[:, 0]
    # what is lost is never below 0: only rounding makes it so
    gone = np.clip(table.output - after, 0.0, None)
    gone[gone < 1e-12 * table.output] = 0.0

    def part(which: npt.NDArray[np.bool_]) -> float:
        whole = float(table.output[which].sum())
        return float(gone[which].sum()) / whole if whole > 0 else 0.0

    used = table.coefficient * table.output[table.user]
    at_home = float(used[inside[table.user]].sum())
    share = float(used[struck].sum()) / at_home if at_home > 0 else 0.0
    lost = np.divide(gone, table.output, out=np.zeros(table.size), where=table.output > 0)
    return lost, Extraction(part(inside), part(~inside), part(np.ones(table.size, bool)), share)


def _demanded(table: InputTable, solve: _Elimination | _Rounds, demand: Mapping[str, float]) -> NewDemand:
    place = {one: number for number, one in enumerate(table.ids)}
    asked = table.final_demand.copy()
    for id_, amount in demand.items():
        if id_ not in place:
            raise SolveError(f"another final demand is stated for '{id_}', which is no row of the table. Rows: "
                             f"{', '.join(table.ids[:8])}{' …' if table.size > 8 else ''}.")  # fmt: skip
        if not math.isfinite(amount) or amount < 0:
            raise SolveError(f"final demand of '{id_}': {amount:g} is no finite number of at least 0. Write one.")
        asked[place[id_]] = amount
    output = solve.columns(asked[:, None])[:, 0]
    labour: tuple[float | None, ...] = (None,) * table.size
    if table.labour is not None:
        unit = np.divide(table.labour, table.output, out=np.full(table.size, np.nan), where=table.output > 0)
        labour = tuple(None if math.isnan(one) else float(one) for one in unit * output)
    return NewDemand(tuple(map(float, asked)), tuple(map(float, output)), labour)
