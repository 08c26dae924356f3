"""What is lost at the start of a cascade through firms. Owns shocks as values, one by one and very many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from freehold.errors import SolveError
from freehold.measure.firm_network import FirmNetwork
from freehold.network.arrays import Floats, Integers
from freehold.network.firm_cascade import FirmShocks

__all__ = ["Shock", "Shocks", "check_shocks", "gathered", "single_failures"]


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


@dataclass(frozen=True, eq=False)
class Shocks(Sequence[Shock]):
    """Many shocks in arrays; as a sequence it gives each when it is asked for.

    Parameters
    ----------
    ids
        Names.
    arrays
        What is lost in each.
    """

    ids: tuple[str, ...]
    arrays: FirmShocks

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> Shock: ...

    @overload
    def __getitem__(self, place: slice) -> Shocks: ...

    def __getitem__(self, place: int | slice) -> Shock | Shocks:
        if isinstance(place, slice):
            return self.chosen(np.arange(len(self))[place])
        number = range(len(self))[place]
        one = self.arrays[number]
        return Shock(self.ids[number], one.firms, one.down, one.up)

    def chosen(self, numbers: Integers) -> Shocks:
        """These shocks, in this order."""
        return Shocks(tuple(self.ids[number] for number in numbers.tolist()), self.arrays.chosen(numbers))


def gathered(shocks: Sequence[Shock]) -> Shocks:
    """Put shocks into arrays."""
    if isinstance(shocks, Shocks):
        return shocks
    start = np.zeros(len(shocks) + 1, np.int64)
    np.cumsum([len(shock.firms) for shock in shocks], out=start[1:])
    firms = np.concatenate([np.zeros(0, np.int64), *(shock.firms for shock in shocks)])
    down, up = (np.concatenate([np.zeros(0), *(getattr(shock, way) for shock in shocks)]) for way in ("down", "up"))
    return Shocks(tuple(shock.id for shock in shocks), FirmShocks(start, firms, down, up))


def single_failures(firms: Sequence[int] | Integers, names: Sequence[str] | None = None) -> Shocks:
    """The complete failure of each of these firms alone."""
    numbers = np.asarray(firms, np.int64).reshape(-1)
    ids = map(str, numbers.tolist()) if names is None else names
    whole = np.ones(len(numbers))
    return Shocks(tuple(ids), FirmShocks(np.arange(len(numbers) + 1), numbers, whole, whole))


def check_shocks(network: FirmNetwork, shocks: Shocks) -> None:
    """Refuse shocks of firms that the network does not have.

    Raises
    ------
    freehold.errors.SolveError
        With the first of them, or if the network is empty.
    """
    if not network.firms:
        raise SolveError("the network has no firm. Give at least one link.")
    firms = shocks.arrays.firms
    wrong = np.flatnonzero((firms < 0) | (firms >= network.firms))
    if len(wrong):
        shock = int(np.searchsorted(shocks.arrays.start, wrong[0], "right")) - 1
        raise SolveError(
            f"the shock '{shocks.ids[shock]}' names firm {firms[wrong[0]]}, and firms go from 0 to {network.firms - 1}. "
            "Name firms of the network."
        )
