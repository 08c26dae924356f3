"""Whoever can say no to a stack: everything foreign, owners, countries. Owns who may be ticked off, and what each controls."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from freehold.measure.case import HIGH, Case
from freehold.measure.landlord_cut_values import Landlord, LandlordKind
from freehold.stack.control import PERSONS, Control
from freehold.stack.countries import NO_COUNTRY, country_name
from freehold.stack.cutoff import WAYS, Rule

__all__ = ["Candidate", "Mask", "candidate", "covered", "named"]

Mask = npt.NDArray[np.bool_]
"""Of each supply, whether it is one of those meant."""

_ORDER: Final[dict[LandlordKind, int]] = {"foreign": 0, "owner": 1, "country": 2}


@dataclass(frozen=True, eq=False)
class Candidate:
    """A landlord, and the supplies that it controls surely, and perhaps."""

    landlord: Landlord
    sure: Mask
    perhaps: Mask


def named(case: Case, asked: Collection[int]) -> list[tuple[LandlordKind, str]]:
    """Owners at the top of a chain, and countries outside home, that control a source in use; those of most sources first.

    Sources that the items asked about rest on count first; what nothing is known of is perhaps everyone's, and counts for none.

    Parameters
    ----------
    case
        The stack.
    asked
        Numbers of the items asked about.
    """
    cone = set(case.cone(asked, voids=False))
    counts: dict[tuple[LandlordKind, str], tuple[int, int]] = {}
    tops: set[str] = set()
    for number, supply in enumerate(case.supplies):
        source = supply.filled.source
        if source is None or supply.filled.share[HIGH] <= 0:
            continue
        holders: list[tuple[LandlordKind, str]] = [
            ("country", code) for code in frozenset().union(*(case.control.countries(source, way) for way in WAYS))
        ]
        if isinstance(source.provider, str):
            tops |= _tops(case.control, source.provider)
            holders += [("owner", owner) for owner in (source.provider, *case.control.owners(source.provider))]
        for holder in holders:
            under, others = counts.get(holder, (0, 0))
            counts[holder] = (under + 1, others) if number in cone else (under, others + 1)
    nobody = {NO_COUNTRY, "?", case.stack.home}
    found = [
        (kind, id_) for kind, id_ in counts if (id_ in tops if kind == "owner" else id_ not in nobody)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (*(-count for count in counts[one]), _ORDER[one[0]], one[1]))


def _tops(control: Control, provider: str) -> frozenset[str]:
    """Ends of the chain of owners of a provider: itself where it has none, or where people or nobody known stand above it."""
    if provider == "self":
        return frozenset()
    no_party = {"?", PERSONS}
    chain = [one for one in (provider, *control.owners(provider)) if one not in no_party]
    ends = [one for one in chain if not set(control.owners(one)) - no_party]
    return frozenset(ends or chain[-1:]) - {"self"}


def candidate(case: Case, kind: LandlordKind, id_: str) -> Candidate:
    """Name a landlord, and look up what it controls; the id is empty for ``foreign``."""
    selector: dict[str, Any] = {"foreign": True} if kind == "foreign" else {kind: id_}
    matching = case.matching(Rule(**selector))
    masks = [np.zeros(len(case.supplies), np.bool_) for _ in range(2)]
    for number, truth in matching.items():
        masks[0 if truth else 1][number] = True
    sources = sum(case.supplies[number].filled.share[HIGH] > 0 for number in matching)
    if kind == "owner":
        row, seat = case.stack.provider_by_id.get(id_), case.control.seat(id_)
        name = row.name if row is not None and isinstance(row.name, str) and row.name else id_
        country = "" if seat == "?" else seat
    else:
        name, country = country_name(id_) if id_ else "", id_
    flags = {"foreign": ("--foreign",), "owner": ("--owner", id_), "country": ("--country", id_)}[kind]
    inside = kind != "foreign" and country in case.control.inside
    return Candidate(Landlord(kind, id_, name, country, sources, flags, inside), *masks)


def covered(chosen: Sequence[Candidate]) -> tuple[tuple[int, ...], ...]:
    """Of each landlord, places of the others that control nothing which it does not control as surely."""

    def covers(one: Candidate, other: Candidate) -> bool:
        return not (other.sure & ~one.sure).any() and not (other.perhaps & ~(one.sure | one.perhaps)).any()

    return tuple(
        tuple(place for place, other in enumerate(chosen) if other is not one and covers(one, other))
        for one in chosen
    )  # fmt: skip
