"""How much of a list the catalogue knows. Owns what "known" means: it is known who can say no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from freehold.catalogue.match import Match, Matcher

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
        Lines whose provider or steward is known, and all lines.
    by_rule
        Known lines by the rule that matched them; adds up to ``known``.
    missing
        The other lines, in their order.
    """

    known: int
    of: int
    by_rule: Mapping[str, int]
    missing: tuple[str, ...]


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
        A line that is matched only by its package type, or by a row without a provider, is missing.
    """
    matcher = Matcher(catalogue)
    by_rule: dict[str, int] = {}
    missing: list[str] = []
    of = 0
    for line in lines:
        entry = line.strip().removeprefix("\ufeff")
        if not entry or entry.startswith("#"):
            continue
        of += 1
        match = _match(matcher, entry)
        if match is None or match.provider is None:
            missing.append(entry)
        else:
            by_rule[match.rule] = by_rule.get(match.rule, 0) + 1
    return Coverage(of - len(missing), of, dict(sorted(by_rule.items())), tuple(missing))


def _match(matcher: Matcher, entry: str) -> Match | None:
    if entry.lower().startswith("pkg:"):
        return matcher.match_purl(entry)
    ways = (matcher.match_name, matcher.match_host, matcher.match_model, matcher.match_package_name)
    known = (match for way in ways if (match := way(entry)) is not None)
    return next((match for match in known if match.provider is not None), None)
