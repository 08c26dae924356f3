"""The one matcher: which row of the catalogue a host, a package URL, a model id or a name belongs to, by which rule.

Nothing is matched by likeness. Each rule has a confidence, stated in :data:`RULES`; the more specific rule wins:

- a host by its own row, else by the longest domain above it that has a row;
- a package by its own row, else by the longest family pattern, else by the row of the forge organisation that its name
  states; a model on a hub as a model; of a package known by its type alone only the registry, and the forge that its
  name states, are told. A row that says nothing of who stands behind it takes that from its family, else from the forge
  organisation that holds its repository, and is as sure as they are;
- a model by the most specific pattern;
- a name by a row's id, name or alias, equal but for case, punctuation and a legal form that one side leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, Literal

from freehold.catalogue.hosts import clean_host, is_address, registrable
from freehold.catalogue.matches import RULES, Match
from freehold.catalogue.name_index import NameIndex
from freehold.catalogue.patterns import Patterns
from freehold.catalogue.purls import forge_purl, normal_purl, stated_repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freehold.catalogue.facts import Catalogue
    from freehold.stack.values import Claim

__all__ = ["RULES", "Match", "Matcher", "Notation", "matcher_of"]

Notation = Literal["reverse", "forward"]

_FORGE_RULE: Final = "forge organisation"
_LEGACY: Final = frozenset({"com", "org", "net", "edu", "gov", "int", "mil", "arpa"})


@dataclass(frozen=True, eq=False)
class Matcher:
    """Matches against one catalogue; what it looks things up in is built when first needed."""

    catalogue: Catalogue

    def match_host(self, host: str, notation: Notation | None = None) -> Match | None:
        """Find the row of a host.

        Parameters
        ----------
        host
            A host or a URL; case, port, user information and a trailing dot do not matter.
        notation
            In which order the labels stand. Without it, the order that the catalogue has a row for; if both are, the
            longer row, then the reverse one.

        Returns
        -------
        Match or None
            ``None`` for an address, for what is no host and for a host of which no row is known.
        """
        try:
            name = clean_host(host)
        except ValueError:
            return None
        if is_address(name):
            return None
        labels = name.split(".")
        turned = ".".join(reversed(labels))
        if notation is None and (labels[0] in _LEGACY) != (labels[-1] in _LEGACY):
            notation = "reverse" if labels[0] in _LEGACY else "forward"
        readings = [name] if notation == "reverse" else [turned] if notation == "forward" else [name, turned]
        found = [(row, reading) for reading in readings if (row := self._host_row(reading)) is not None]
        if not found:
            return None
        row, reading = max(found, key=lambda pair: pair[0].count("."))
        if row == reading:
            return self._match("host", row, "exact")
        return self._match("host", row, "registrable domain" if row == registrable(reading) else "parent domain")

    def _host_row(self, reverse: str) -> str | None:
        rows = self.catalogue.ids("host")
        while "." in reverse:
            if reverse in rows:
                return reverse
            reverse = reverse.rpartition(".")[0]
        return None

    def match_purl(self, purl: str) -> Match | None:
        """Find the row of a package URL; version, qualifiers, subpath and case do not matter."""
        normal = normal_purl(purl)
        if normal is None or "/" not in normal:
            return None if normal is None else self._type_only(normal)
        found = self._package_row(normal)
        if found is not None:
            return self._match("package", found[0], "exact" if found[1] else "family")
        of_type = self._type_only(normal)
        registry = None if of_type is None else of_type.registry
        repository = stated_repository(normal)
        if repository is not None:
            by_forge = self._of_forge(repository)
            if by_forge is not None:
                return replace(by_forge, rule=_FORGE_RULE, confidence=RULES[_FORGE_RULE], registry=registry)
            forge = self._forge(repository)
            return of_type if of_type is None or forge is None else replace(of_type, forge=forge)
        if normal.startswith("pkg:huggingface/"):
            by_model = self.match_model(normal.removeprefix("pkg:huggingface/"))
            if by_model is not None:
                return replace(by_model, registry=registry)
        return of_type

    def _package_row(self, normal: str) -> tuple[str, bool] | None:
        patterns = self._packages.get(normal.partition("/")[0])
        return None if patterns is None else patterns.find(normal)

    def _type_only(self, normal: str) -> Match | None:
        row = self._types.get(normal.partition("/")[0])
        return None if row is None else self._match("package", row, "type")

    def match_repository(self, repository: str) -> Match | None:
        """Find the row of a source repository, written as host and path in reverse-domain notation.

        Parameters
        ----------
        repository
            Such as ``"com.github/psf/requests"``: by the rows of that repository or of its owner, else by its host.
        """
        purl = forge_purl(repository)
        found = self._package_row(purl) if purl is not None else None
        if found is not None:
            return self._match("package", found[0], "exact" if found[1] else "family")
        return self.match_host(repository.partition("/")[0], "reverse")

    def _of_forge(self, repository: str) -> Match | None:
        """Find the row of a repository or of its owner on the forge."""
        match = self.match_repository(repository)
        return match if match is not None and match.table == "package" else None

    def _forge(self, repository: str) -> str | None:
        match = self.match_host(repository.partition("/")[0], "reverse")
        return None if match is None else match.product

    def match_model(self, text: str) -> Match | None:
        """Find the row of a model id as it stands in code; case does not matter."""
        found = self._models.find(text.strip().lower())
        return None if found is None else self._match("model", found[0], "exact" if found[1] else "pattern")

    def match_name(self, text: str, table: str | None = None) -> Match | None:
        """Find the provider or product with this id, name or alias.

        Parameters
        ----------
        text
            The name as people write it.
        table
            Only ``"provider"`` or only ``"product"``; without it providers come first at each rule.

        Returns
        -------
        Match or None
            ``None`` too if the name belongs to several rows.
        """
        found = self._names.find(text, ("provider", "product") if table is None else (table,))
        return None if found is None else self._match(*found)

    def claims_for(self, match: Match, row_id: str) -> tuple[Claim, ...]:
        """Turn a match into claims on a source: exactly the facts that the match's provider, licence and place rest on.

        Parameters
        ----------
        match
            A match of a host, package, model, provider or product.
        row_id
            Id of the source in a stack.
        """
        claims: list[Claim] = []
        for number, (table, id_) in enumerate(match.rows):
            only = "steward" if number and table == "package" else None
            claims += self.catalogue.claims_for(table, id_, row_id, "sources", only)
        if match.table == "package" and match.product is not None and match.steward is None:
            claims += self.catalogue.claims_for("product", match.product, row_id, "sources", "provider")
        return tuple(claims)

    def match_package_name(self, text: str) -> Match | None:
        """Find the packages whose name alone is this; a match only if all of them have one and the same steward."""
        rows = self._package_names.get(text.strip().lower(), ())
        stewards = {self.catalogue.value("package", row, "steward") for row in rows}
        return self._match("package", rows[0], "package name") if len(stewards) == 1 else None

    @cached_property
    def _packages(self) -> Mapping[str, Patterns]:
        """Patterns of packages by the type that their URLs begin with: a package has to be held against its own only."""
        found: dict[str, list[tuple[str, str]]] = {}
        for normal, row in self._normal_packages:
            type_, slash, _ = normal.partition("/")
            if slash:
                found.setdefault(type_, []).append((normal, row))
        return {type_: Patterns.of(pairs) for type_, pairs in found.items()}

    @cached_property
    def _types(self) -> Mapping[str, str]:
        return {normal: row for normal, row in reversed(self._normal_packages) if "/" not in normal}

    @cached_property
    def _normal_packages(self) -> tuple[tuple[str, str], ...]:
        rows = self.catalogue.ids("package")
        return tuple((normal, row) for row in rows if (normal := normal_purl(row)) is not None)

    @cached_property
    def _package_names(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for normal, row in self._normal_packages:
            if "/" in normal and not normal.endswith("*"):
                found.setdefault(normal.rpartition("/")[2], []).append(row)
        return {name: tuple(rows) for name, rows in found.items()}

    @cached_property
    def _models(self) -> Patterns:
        return Patterns.of((row.lower(), row) for row in self.catalogue.ids("model"))

    @cached_property
    def _names(self) -> NameIndex:
        return NameIndex(self.catalogue)

    @cached_property
    def _made(self) -> dict[tuple[str, str, str], Match]:
        return {}

    def _match(self, table: str, id_: str, rule: str) -> Match:
        key = (table, id_, rule)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(table, id_, rule)
        return made

    def _make(self, table: str, id_: str, rule: str) -> Match:
        rows = [(table, id_)]
        if table == "package" and rule == "exact":
            family = self._steward_family(id_)
            if family is not None:
                rows.append(("package", family))
                rule = "family"
        names = ("provider", "product", "steward", "licence", "forge", "registry", "kind")
        value = {name: self.catalogue.value(table, id_, name) for name in names}
        if len(rows) > 1:
            value |= {name: self.catalogue.value(*rows[1], name) for name in ("steward", "product")}
        if table == "package" and rule != "type":
            repository = self._repository(id_)
            by_forge = self._of_forge(repository) if repository is not None and value["steward"] is None else None
            if by_forge is not None and by_forge.steward is not None and value["product"] is None:
                rows.append(("package", by_forge.id))
                value["steward"], rule = by_forge.steward, _FORGE_RULE
            source = repository or stated_repository(normal_purl(id_) or "")
            value["forge"] = value["forge"] or (None if source is None else self._forge(source))
        if table == "provider":
            return Match(table, id_, rule, RULES[rule], provider=id_, rows=tuple(rows))
        if table == "product":
            value["product"] = id_
        if rule == "type":
            value = {"registry": value["registry"]}
        elif table == "package" and value["registry"] is None:
            of_type = self._types.get((normal_purl(id_) or "").partition("/")[0])
            if of_type is not None:
                value["registry"] = self.catalogue.value("package", of_type, "registry")
        sold = value.get("product")
        product = self.catalogue.product(sold) if sold else None
        if product is not None and table in ("host", "model"):
            rows.append(("product", product.id))
        if rule != "type" and value["provider"] is None:
            value["provider"] = value["steward"] or (product.provider if product is not None else None)
        if rule == "type":
            rows = []
        return Match(table, id_, rule, RULES[rule], rows=tuple(rows), **value)

    def _repository(self, id_: str) -> str | None:
        """Give the repository that a package's row states, else that of its most specific family which states one."""
        own = self.catalogue.value("package", id_, "repository")
        normal = normal_purl(id_) or ""
        patterns = self._packages.get(normal.partition("/")[0])
        if own is not None or patterns is None:
            return own
        stated = (self.catalogue.value("package", row, "repository") for row in patterns.wild(normal))
        return next((repository for repository in stated if repository is not None), None)

    def _steward_family(self, id_: str) -> str | None:
        """Find the most specific family that says who stands behind a package whose own row does not."""
        named = ("steward", "product")
        if any(self.catalogue.value("package", id_, name) is not None for name in named):
            return None
        normal = normal_purl(id_) or ""
        families = self._packages[normal.partition("/")[0]].wild(normal)
        return next((row for row in families if any(self.catalogue.value("package", row, name) for name in named)), None)


@lru_cache(maxsize=2)
def matcher_of(catalogue: Catalogue) -> Matcher:
    """The matcher of a catalogue, with what it has built already: two stacks that are compared need it once."""
    return Matcher(catalogue)
