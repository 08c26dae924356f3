"""How much of a list the catalogue knows. Owns what "known" means: more than a package's type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from freehold.catalogue.match import Match, Matcher, matcher_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freehold.catalogue.facts import Catalogue

__all__ = ["Coverage", "coverage"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The count.

    Parameters
    ----------
    known, of
        Lines that a row, a family or a name of the catalogue matched, and all lines.
    by_rule
        Known lines by the rule that matched them; adds up to ``known``.
    missing
        The other lines, in their order.
    without_provider
        Known lines of which it is not known who can say no: there are facts, such as a licence, but no steward.
    """

    known: int
    of: int
    by_rule: Mapping[str, int]
    missing: tuple[str, ...]
    without_provider: tuple[str, ...] = ()


def coverage(catalogue: Catalogue, lines: Iterable[str]) -> Coverage:
    """Look up a list of package URLs, names, hosts or model ids.

    Parameters
    ----------
    catalogue
        What is known.
    lines
        One entry each; blank lines and those that begin with ``#`` are passed over.

    Returns
    -------
    Coverage
        A line of which only the package type is known, and so the registry at most, is missing.
    """
    matcher = matcher_of(catalogue)
    by_rule: dict[str, int] = {}
    missing: list[str] = []
    without_provider: list[str] = []
    for line in lines:
        entry = line.strip().removeprefix("\ufeff")
        if not entry or entry.startswith("#"):
            continue
        match = _match(matcher, entry)
        if match is None or match.rule == "type":
            missing.append(entry)
            continue
        by_rule[match.rule] = by_rule.get(match.rule, 0) + 1
        if match.provider is None:
            without_provider.append(entry)
    known = sum(by_rule.values())
    return Coverage(known, known + len(missing), dict(sorted(by_rule.items())), tuple(missing), tuple(without_provider))


def _match(matcher: Matcher, entry: str) -> Match | None:
    if entry.lower().startswith("pkg:"):
        return matcher.match_purl(entry)
    ways = (matcher.match_name, matcher.match_host, matcher.match_model, matcher.match_package_name)
    return next((match for way in ways if (match := way(entry)) is not None), None)
