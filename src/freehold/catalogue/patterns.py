"""Texts matched against many patterns with ``*`` and ``?``, the most specific first. Owns what "most specific" means.

A pattern without a wildcard matches the same text only and beats all others. Of the rest the one with the most
characters other than wildcards wins, and of equally specific ones the first. Case is the caller's business.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Patterns"]


@dataclass(frozen=True, eq=False)
class Patterns:
    """Patterns and the key that each stands for, compiled once.

    Parameters
    ----------
    pairs
        Pattern and key; patterns are compared with texts as they are.
    """

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Patterns:
        """Make them of any pairs."""
        return cls(tuple(pairs))

    @cached_property
    def _exact(self) -> Mapping[str, str]:
        return {pattern: key for pattern, key in reversed(self.pairs) if not _is_wild(pattern)}

    @cached_property
    def _by_prefix(self) -> Mapping[int, Mapping[str, str]]:
        """Patterns that end in their only wildcard, ``*``, by length and prefix, longest first."""
        found: dict[int, dict[str, str]] = {}
        for pattern, key in self.pairs:
            if pattern.endswith("*") and not _is_wild(pattern[:-1]):
                found.setdefault(len(pattern) - 1, {}).setdefault(pattern[:-1], key)
        return dict(sorted(found.items(), reverse=True))

    @cached_property
    def _others(self) -> tuple[tuple[int, re.Pattern[str], str], ...]:
        """All other patterns with their specificity, most specific first."""
        found = [
            (_literal(pattern), re.compile(fnmatch.translate(pattern.replace("[", "[[]"))), key)
            for pattern, key in self.pairs
            if _is_wild(pattern) and (not pattern.endswith("*") or _is_wild(pattern[:-1]))
        ]
        return tuple(sorted(found, key=lambda entry: -entry[0]))

    def find(self, text: str) -> tuple[str, bool] | None:
        """Find the most specific pattern that matches.

        Returns
        -------
        tuple or None
            The pattern's key, and whether the pattern has no wildcard.
        """
        exact = self._exact.get(text)
        if exact is not None:
            return exact, True
        wild = next(self.wild(text), None)
        return None if wild is None else (wild, False)

    def wild(self, text: str) -> Iterator[str]:
        """Give the keys of all patterns with a wildcard that match, the most specific first."""
        others = iter(self._others)
        other = next(others, None)
        for length, prefixes in self._by_prefix.items():
            key = prefixes.get(text[:length]) if length <= len(text) else None
            if key is None:
                continue
            while other is not None and other[0] > length:
                if other[1].match(text):
                    yield other[2]
                other = next(others, None)
            yield key
        while other is not None:
            if other[1].match(text):
                yield other[2]
            other = next(others, None)


def _is_wild(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _literal(pattern: str) -> int:
    return len(pattern) - pattern.count("*") - pattern.count("?")
