"""Whoever can say no to a stack: everything foreign, owners, countries. Owns who may be ticked off, and what each controls."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from freehold.measure.case import HIGH, Case
from freehold.measure.landlord_cut_values import Landlord, LandlordKind
from freehold.stack.control import PERSONS, Control
from freehold.stack.countries import NO_COUNTRY, country_name
from freehold.stack.cutoff import WAYS
from freehold.stack.values import Source

__all__ = ["Candidate", "Holders", "Mask", "covered", "top_owners"]

Mask = npt.NDArray[np.bool_]
"""Of each supply, whether it is one of those meant."""

_ORDER: Final[dict[LandlordKind, int]] = {"foreign": 0, "owner": 1, "country": 2}


@dataclass(frozen=True, eq=False)
class Candidate:
    """A landlord, and the supplies that it controls surely, and perhaps."""

    landlord: Landlord
    sure: Mask
    perhaps: Mask


class Holders:
    """Who controls each supply of a stack, surely or perhaps: what rules on each of them would match, in one look.

    Parameters
    ----------
    case
        The stack.
    via
        Ways of control that count for countries.
    """

    def __init__(self, case: Case, via: Sequence[str] = WAYS) -> None:
        self._case, self._via = case, tuple(via)
        self._in_use = np.array([supply.filled.share[HIGH] > 0 for supply in case.supplies], np.bool_)
        self._sure: dict[tuple[LandlordKind, str], list[int]] = {("foreign", ""): []}
        self._doubtful: dict[LandlordKind, list[int]] = {"foreign": [], "owner": [], "country": []}
        for number, supply in enumerate(case.supplies):
            self._add(number, supply.filled.source)

    def _add(self, number: int, source: Source | None) -> None:
        control = self._case.control
        seats = control.seen(source, self._via)
        for code in seats - {"?"}:
            self._sure.setdefault(("country", code), []).append(number)
        if seats - control.inside - {"?"}:
            self._sure["foreign", ""].append(number)
        elif "?" in seats:
            self._doubtful["foreign"].append(number)
        if "?" in seats:
            self._doubtful["country"].append(number)
        provider = None if source is None else source.provider
        chain = {provider, *control.owners(provider)} if isinstance(provider, str) else {"?"}
        for owner in chain - {"?"}:
            self._sure.setdefault(("owner", owner), []).append(number)
        if "?" in chain:
            self._doubtful["owner"].append(number)

    def named(self, asked: Collection[int]) -> list[tuple[LandlordKind, str]]:
        """Owners at the top of a chain, and countries outside home, that control a source in use; most sources first.

        Sources that the items asked about rest on count first; what nothing is known of is perhaps everyone's, and counts
        for none.

        Parameters
        ----------
        asked
            Numbers of the items asked about.
        """
        case = self._case
        cone = np.zeros(len(case.supplies), np.bool_)
        cone[list(case.cone(asked, voids=False))] = True
        sources = [supply.filled.source for supply, used in zip(case.supplies, self._in_use, strict=True) if used]
        providers = {one.provider for one in sources if one is not None and isinstance(one.provider, str)}
        tops = frozenset().union(*(top_owners(case.control, provider) for provider in providers))
        nobody = {NO_COUNTRY, case.stack.home}
        counts: dict[tuple[LandlordKind, str], tuple[int, int]] = {}
        for (kind, id_), numbers in self._sure.items():
            used = self._in_use[numbers]
            if used.any() and (id_ in tops if kind == "owner" else kind == "country" and id_ not in nobody):
                counts[kind, id_] = int((used & cone[numbers]).sum()), int(used.sum())
        return sorted(counts, key=lambda one: (*(-count for count in counts[one]), _ORDER[one[0]], one[1]))

    def candidate(self, kind: LandlordKind, id_: str) -> Candidate:
        """Name a landlord, and give what it controls; the id is empty for ``foreign``."""
        sure, perhaps = (np.zeros(len(self._in_use), np.bool_) for _ in range(2))
        sure[self._sure.get((kind, id_), [])] = True
        perhaps[self._doubtful[kind]] = True
        perhaps &= ~sure
        control, providers = self._case.control, self._case.stack.provider_by_id
        if kind == "owner":
            row, seat = providers.get(id_), control.seat(id_)
            name = row.name if row is not None and isinstance(row.name, str) and row.name else id_
            country = "" if seat == "?" else seat
        else:
            name, country = country_name(id_) if id_ else "", id_
        flags = {"foreign": ("--foreign",), "owner": ("--owner", id_), "country": ("--country", id_)}[kind]
        inside = kind != "foreign" and country in control.inside
        sources = int((self._in_use & (sure | perhaps)).sum())
        return Candidate(Landlord(kind, id_, name, country, sources, flags, inside), sure, perhaps)


def top_owners(control: Control, provider: str) -> frozenset[str]:
    """Ends of the chain of owners of a provider: itself where it has none, or where people or nobody known stand above it."""
    if provider == "self":
        return frozenset()
    no_party = {"?", PERSONS}
    chain = [one for one in (provider, *control.owners(provider)) if one not in no_party]
    ends = [one for one in chain if not set(control.owners(one)) - no_party]
    return frozenset(ends or chain[-1:]) - {"self"}


def covered(chosen: Sequence[Candidate]) -> tuple[tuple[int, ...], ...]:
    """Of each landlord, places of the others that control nothing which it does not control as surely."""

    def covers(one: Candidate, other: Candidate) -> bool:
        return not (other.sure & ~one.sure).any() and not (other.perhaps & ~(one.sure | one.perhaps)).any()

    return tuple(
        tuple(place for place, other in enumerate(chosen) if other is not one and covers(one, other))
        for one in chosen
    )  # fmt: skip
