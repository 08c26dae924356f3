"""Merkle trees as Certificate Transparency builds them (RFC 6962, section 2.1). Owns roots and proofs of inclusion.

A leaf's hash is SHA-256 of 0x00 and its data; a node's is SHA-256 of 0x01 and both children. A tree of n leaves splits at
the largest power of two below n, so that a growing log needs only the roots of its whole subtrees: at most log₂ n + 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

__all__ = ["Frontier", "Tree", "leaf_hash", "root_from_path"]


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: enough to add leaves and to know the root, and no more.

    Parameters
    ----------
    size
        How many leaves there are already.
    peaks
        Roots of the whole subtrees that they make up, the largest (leftmost) first: one for each 1 in ``size`` as a
        binary number.

    Raises
    ------
    ValueError
        If the number of peaks does not go with the size.
    """

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self._size = size
        self._peaks = list(peaks)
        if len(self._peaks) != size.bit_count() or any(len(one) != 32 for one in self._peaks):
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} whole subtrees with roots of 32 bytes")

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """Roots of the whole subtrees, the largest first."""
        return tuple(self._peaks)

    def add(self, data: bytes) -> None:
        """Add a leaf."""
        node, size = leaf_hash(data), self._size
        while size & 1:
            node = _node(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self._size += 1

    def root(self) -> bytes:
        """The root over all leaves; of none, the hash of nothing."""
        if not self._peaks:
            return sha256(b"").digest()
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = _node(peak, root)
        return root


class Tree:
    """A whole tree in memory, for proofs; 64 bytes a leaf.

    Parameters
    ----------
    leaves
        Data of the leaves, in order.
    """

    __slots__ = ("_levels",)

    def __init__(self, leaves: Iterable[bytes]) -> None:
        level = [leaf_hash(leaf) for leaf in leaves]
        self._levels = [level]
        while len(level) > 1:
            level = [_node(level[place], level[place + 1]) for place in range(0, len(level) - 1, 2)]
            self._levels.append(level)

    def __len__(self) -> int:
        return len(self._levels[0])

    def root(self, size: int | None = None) -> bytes:
        """The root over the first ``size`` leaves (default: all)."""
        count = self._within(len(self) if size is None else size)
        return sha256(b"").digest() if count == 0 else self._over(0, count)

    def path(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """The audit path of a leaf in the tree over the first ``size`` leaves, from the leaf up (RFC 6962, 2.1.1).

        Parameters
        ----------
        index
            Which leaf, from 0.
        size
            Number of leaves of the tree that the root is of.

        Raises
        ------
        ValueError
            If there is no such leaf.
        """
        count = self._within(len(self) if size is None else size)
        if not 0 <= index < count:
            raise ValueError(f"a tree of {count} leaves has no leaf {index}")
        found: list[bytes] = []
        start = 0
        while count > 1:
            split = 1 << (count - 1).bit_length() - 1
            if index - start < split:
                found.append(self._over(start + split, count - split))
                count = split
            else:
                found.append(self._over(start, split))
                start, count = start + split, count - split
        return tuple(reversed(found))

    def _within(self, size: int) -> int:
        if not 0 <= size <= len(self):
            raise ValueError(f"a tree of {len(self)} leaves has no first {size}")
        return size

    def _over(self, start: int, count: int) -> bytes:
        """The root over ``count`` leaves from ``start`` on, which is a multiple of the power of two at or above ``count``."""
        if count & (count - 1) == 0:
            height = count.bit_length() - 1
            return self._levels[height][start >> height]
        split = 1 << (count - 1).bit_length() - 1
        return _node(self._over(start, split), self._over(start + split, count - split))


def root_from_path(data: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf and its audit path lead to (RFC 9162, section 2.1.3.2).

    Raises
    ------
    ValueError
        If a path of that length cannot belong to that leaf of a tree of that size.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    place, last, node = index, size - 1, leaf_hash(data)
    for other in path:
        if last == 0:
            raise ValueError("the path is longer than the tree is high")
        if place & 1 or place == last:
            node = _node(other, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = _node(node, other)
        place, last = place >> 1, last >> 1
    if last:
        raise ValueError("the path is shorter than the tree is high")
    return node
