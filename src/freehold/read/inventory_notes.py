"""What an inventory holds that could not be read. Owns the wording and the limits of its skips, for every format."""

from __future__ import annotations

from typing import Any, Final

from freehold.stack.inventory import Skip

__all__ = ["LONGEST", "MOST", "Notes", "text"]

MOST: Final = 1000
"""Skips of their own; what comes after is counted."""

LONGEST: Final = 900
"""Signs of a text that are kept."""


def text(value: object) -> str | None:
    """Take a text from a document: signs that cannot be printed become spaces, blanks nothing.

    Parameters
    ----------
    value
        Whatever stands in the document.

    Returns
    -------
    str or None
        The text, or ``None`` if it is none or blank.
    """
    if not isinstance(value, str):
        return None
    if len(value) > LONGEST:
        value = value[:LONGEST]
    # also what a terminal would obey and half a surrogate pair, which no file could be written with
    if not value.isprintable():
        value = "".join(sign if sign.isprintable() else " " for sign in value)
    return value.strip() or None


class Notes:
    """The skips of one reading, in the order met; what recurs is counted, not repeated.

    Parameters
    ----------
    file
        Name of the file read.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._single: list[Skip] = []
        self._over = 0
        self._counted: dict[tuple[str, str], tuple[int, str]] = {}

    def add(self, path: str, reason: str, detail: str) -> None:
        """Record one thing not read.

        Parameters
        ----------
        path
            Path within the document; empty for the whole.
        reason, detail
            As in :class:`~freehold.stack.inventory.Skip`.
        """
        if len(self._single) < MOST:
            self._single.append(Skip(f"{self.file} {path}".rstrip(), reason, detail))
        else:
            self._over += 1

    def wrong(self, path: str, value: object, wanted: str) -> None:
        """Record that a value has a type that the format does not allow there.

        Parameters
        ----------
        path
            Path within the document.
        value
            What stands there.
        wanted
            What should, in words.
        """
        self.add(path, "syntax", f"{path} is {_named(value)}, not {wanted}; it was left out.")

    def count(self, reason: str, detail: str, example: str) -> None:
        """Count one of many things of a sort.

        Parameters
        ----------
        reason
            As in :class:`~freehold.stack.inventory.Skip`.
        detail
            The sentence for all of them, with ``{n}`` for how many and ``{first}`` for the first.
        example
            This one.
        """
        number, first = self._counted.get((reason, detail), (0, example))
        self._counted[reason, detail] = (number + 1, first)

    def sequence(self, value: object, path: str) -> list[Any]:
        """Take a list from a document; anything else but nothing is recorded, and gives an empty one.

        Parameters
        ----------
        value
            Whatever stands in the document.
        path
            Path within the document.

        Returns
        -------
        list
            The list itself, or an empty one.
        """
        if isinstance(value, list):
            return value
        if value is not None:
            self.wrong(path, value, "a list")
        return []

    def skips(self) -> tuple[Skip, ...]:
        """Everything recorded."""
        found = list(self._single)
        if self._over:
            found.append(Skip(self.file, "limit", f"{self._over} more skips like those above are not listed one by one."))
        for (reason, detail), (number, first) in self._counted.items():
            found.append(Skip(self.file, reason, detail.replace("{n}", f"{number}").replace("{first}", first)))
        return tuple(found)


def _named(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"
