"""Patterns with ``*`` for any text. Owns the one form of pattern that configurations may hold.

A regular expression of a user's can take for ever on a text of somebody else's; a pattern of fixed pieces cannot: it is
matched in time proportional to pattern and text, by looking for each piece once, from left to right.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

__all__ = ["Globs", "glob_matches"]


@lru_cache(maxsize=4_096)
def _pieces(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.split("*"))


def glob_matches(pattern: str, text: str) -> bool:
    """Whether the whole text is the pattern, each ``*`` of which stands for any text, also none."""
    first, *rest = _pieces(pattern)
    if not rest:
        return text == first
    *middle, last = rest
    if not text.startswith(first) or len(text) < len(first) + len(last) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


class Globs:
    """Several patterns, any of which is enough; those without ``*`` are looked up at once.

    Parameters
    ----------
    patterns
        None at all match everything.
    """

    __slots__ = ("_all", "_names", "_patterns")

    def __init__(self, patterns: Iterable[str]) -> None:
        listed = tuple(patterns)
        self._all = not listed or "*" in listed
        self._names = frozenset(one for one in listed if "*" not in one)
        self._patterns = tuple(one for one in listed if "*" in one)

    def match(self, text: str) -> bool:
        """Whether any of them matches."""
        return self._all or text in self._names or any(glob_matches(pattern, text) for pattern in self._patterns)
