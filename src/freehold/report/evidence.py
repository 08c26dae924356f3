"""The numbered list of what a page's facts rest on. Owns the way from a shown fact to a row, or a file and a line.

A fact with claims leads to them. A value that the user's own stack states leads to its row there.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from functools import cached_property

from freehold.catalogue.values import Fact, is_old
from freehold.report.interface import Evidence
from freehold.stack.inventory import Evidence as Place
from freehold.stack.values import Claim, Stack
from freehold.words import say

__all__ = ["Notes"]

_MOST_OF_ROW = 4


class Notes:
    """Collects evidence while a page is made; the same evidence gets the same number.

    Parameters
    ----------
    stack
        Whose claims are meant; ``None`` where there is none.
    reference_date
        The day on which a fact's age is judged; empty: nothing is called old.
    """

    def __init__(self, stack: Stack | None, reference_date: str = "") -> None:
        self._stack = stack
        self._today = reference_date
        self._numbers: dict[tuple[str, str, str], int] = {}
        self._found: list[Evidence] = []

    @property
    def stack(self) -> Stack | None:
        """Whose claims are meant."""
        return self._stack

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """All of it, by number."""
        return tuple(self._found)

    @property
    def old(self) -> int:
        """How many of them are old."""
        return sum(one.old for one in self._found)

    def add(self, claim: str, source: str, date: str = "") -> int:
        """Number one piece of evidence."""
        key = (claim, source, date)
        if key not in self._numbers:
            self._numbers[key] = len(self._found) + 1
            old = bool(date and self._today) and is_old(Fact("", "", "", "", "", date, ""), self._today)
            self._found.append(Evidence(self._numbers[key], claim, source, date, old))
        return self._numbers[key]

    def of_claims(self, claims: Iterable[Claim]) -> tuple[int, ...]:
        """Number claims."""
        numbers = [
            self.add(
                say("evidence.claim", table=_one(claim.table), id=claim.id, attribute=claim.attribute, value=claim.value),
                claim.source,
                claim.date or "",
            )
            for claim in claims
        ]
        return tuple(dict.fromkeys(numbers))

    def of_row(self, table: str, id_: str, attributes: Iterable[str] = (), most: int = _MOST_OF_ROW) -> tuple[int, ...]:
        """Number what a row of the stack rests on: its claims, else the row itself.

        Parameters
        ----------
        table, id_
            The row.
        attributes
            Only claims about these; empty for all.
        most
            How many claims at most.
        """
        if self._stack is None:
            return ()
        wanted = set(attributes)
        claims = [one for one in self._stack.claims_of.get((table, id_), ()) if not wanted or one.attribute in wanted]
        if claims:
            return self.of_claims(claims[:most])
        stated = self._stated(table, id_)
        return (stated,) if stated is not None else ()

    @cached_property
    def _need_ids(self) -> frozenset[str]:
        return frozenset(need.id for need in self._stack.needs) if self._stack is not None else frozenset()

    def _stated(self, table: str, id_: str) -> int | None:
        assert self._stack is not None
        stack = self._stack
        rows: dict[str, Container[str]] = {
            "items": stack.item_by_id, "providers": stack.provider_by_id, "sources": stack.source_by_id,
            "needs": self._need_ids,
        }  # fmt: skip
        if id_ not in rows.get(table, ()) or id_ == "self":
            return None
        claim = say("evidence.row", table=_one(table), id=id_)
        file = stack.path or say("evidence.memory", name=stack.name)
        return self.add(claim, say("evidence.stated", file=file, table=table, id=id_), stack.as_of or "")

    def of_source(self, source: str) -> tuple[int, ...]:
        """Number what a source's control rests on: its own row, its provider's and those of its owners."""
        if self._stack is None or source not in self._stack.source_by_id:
            return ()
        found = list(self.of_row("sources", source))
        provider = self._stack.source_by_id[source].provider
        return tuple(dict.fromkeys([*found, *(self.of_provider(provider) if isinstance(provider, str) else ())]))

    def of_provider(self, provider: str) -> tuple[int, ...]:
        """Number what a provider's seat and owner rest on, and those of its owners above."""
        if self._stack is None:
            return ()
        found: list[int] = []
        open_, seen = [provider], {provider}
        while open_ and len(seen) < 12:
            one = open_.pop(0)
            found += self.of_row("providers", one, ("country", "owner"))
            row = self._stack.provider_by_id.get(one)
            owners = row.owner if row is not None and isinstance(row.owner, tuple) else ()
            above = [owner.id for owner in owners if owner.id not in seen and owner.id != "?"]
            seen.update(above)
            open_ += above
        return tuple(dict.fromkeys(found))

    def of_places(self, what: str, places: Iterable[Place], most: int = _MOST_OF_ROW) -> tuple[int, ...]:
        """Number the places where a thing was seen."""
        return tuple(dict.fromkeys(self.add(what, str(place)) for place in list(places)[:most]))


def _one(table: str) -> str:
    return table.removesuffix("s") if table != "stack" else table
