"""Names of providers and products, looked up. Owns the order in which ids, names and aliases are asked, and ambiguity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from freehold.catalogue.names import normal_name, split_legal_form

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freehold.catalogue.facts import Catalogue

__all__ = ["NameIndex"]


@dataclass(frozen=True, eq=False)
class NameIndex:
    """The names of one catalogue, made comparable once."""

    catalogue: Catalogue

    def find(self, text: str, tables: Sequence[str]) -> tuple[str, str, str] | None:
        """Find the one row with a name.

        Parameters
        ----------
        text
            The name as people write it.
        tables
            ``provider``, ``product`` or both; at each rule they are asked in this order.

        Returns
        -------
        tuple or None
            Table, id and rule: ``id``, ``name``, ``alias`` or ``name without legal form``, in this order. ``None`` if no row
            has the name, or several have it.
        """
        for table in tables:
            if text.strip() in self.catalogue.ids(table):
                return table, text.strip(), "id"
        normal = normal_name(text)
        for rule in ("id", "name", "alias"):
            for table in tables:
                ids = self._ids.get((table, rule, normal), ())
                if ids:
                    return (table, ids[0], rule) if len(ids) == 1 else None
        bare, form = split_legal_form(normal)
        for table in tables:
            rows = self._bare.get((table, bare), ())
            ids = tuple(dict.fromkeys(id_ for id_, known in rows if not form or not known or form == known))
            if ids:
                return (table, ids[0], "name without legal form") if len(ids) == 1 else None
        return None

    @cached_property
    def _ids(self) -> Mapping[tuple[str, str, str], tuple[str, ...]]:
        """Ids of rows by table, rule and normal name."""
        found: dict[tuple[str, str, str], dict[str, None]] = {}
        for table in ("provider", "product"):
            for id_ in self.catalogue.ids(table):
                found.setdefault((table, "id", normal_name(id_)), {})[id_] = None
        for table, id_, attribute, value, *_ in self.catalogue.current:
            if attribute in ("name", "alias") and table in ("provider", "product"):
                found.setdefault((table, attribute, normal_name(value)), {})[id_] = None
        return {key: tuple(ids) for key, ids in found.items()}

    @cached_property
    def _bare(self) -> Mapping[tuple[str, str], tuple[tuple[str, str], ...]]:
        """Ids and legal forms by table and name without its legal form."""
        found: dict[tuple[str, str], dict[tuple[str, str], None]] = {}
        for (table, rule, normal), ids in self._ids.items():
            if rule != "id":
                bare, form = split_legal_form(normal)
                found.setdefault((table, bare), {}).update(dict.fromkeys((id_, form) for id_ in ids))
        return {key: tuple(rows) for key, rows in found.items()}
