"""Groups of events that a rule tells apart, in bounded number. Owns which one goes when another comes.

The one that was used least recently goes, unless an alert of it stands: those stay, so that a flood of new groups cannot
hide what is wrong. When all places are taken by such, a new group is not taken at all. Either is counted, and told.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeAlias, TypeVar

__all__ = ["Groups", "Key"]

Key: TypeAlias = tuple[str, ...]
"""Values of a rule's group attributes, in their order."""

_T = TypeVar("_T")


class Groups(Generic[_T]):
    """Values by key, at most so many.

    Parameters
    ----------
    most
        How many.
    """

    __slots__ = ("_held", "_most", "_quiet")

    def __init__(self, most: int) -> None:
        self._most = most
        self._quiet: OrderedDict[Key, _T] = OrderedDict()
        self._held: dict[Key, _T] = {}

    def __len__(self) -> int:
        return len(self._quiet) + len(self._held)

    def __iter__(self) -> Iterator[tuple[Key, _T]]:
        yield from self._held.items()
        yield from self._quiet.items()

    def get(self, key: Key) -> _T | None:
        """The value of a key, which counts as use."""
        value = self._held.get(key)
        if value is None:
            value = self._quiet.get(key)
            if value is not None:
                self._quiet.move_to_end(key)
        return value

    def put(self, key: Key, value: _T) -> tuple[bool, _T | None]:
        """Keep a value of a new key.

        Returns
        -------
        tuple
            Whether it was kept, and the value that had to go for it.
        """
        gone = None
        if len(self) >= self._most:
            if not self._quiet:
                return False, None
            _, gone = self._quiet.popitem(last=False)
        self._quiet[key] = value
        return True, gone

    def hold(self, key: Key) -> None:
        """Keep a key until it is let go."""
        value = self._quiet.pop(key, None)
        if value is not None:
            self._held[key] = value

    def let_go(self, key: Key) -> None:
        """Let a key go when others need its place; it counts as used now."""
        value = self._held.pop(key, None)
        if value is not None:
            self._quiet[key] = value
