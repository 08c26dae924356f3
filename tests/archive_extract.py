"""The package archive of Debian 12.15 (main, amd64) as numbers. Owns reading what ``benchmarks.debian_extract`` writes.

Its form is described there. Facts: names and relations, from the ``Packages`` file whose SHA-256 the extract states.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Extract", "extract"]

PLACE = Path(__file__).parent / "data" / "debian-12.15-main-amd64.xz"
SHA256 = "88d4a74c7755cd05cc536a905e1e3fe26b22ffa59ad6db0804bfa04642def9a5"


@dataclass(frozen=True)
class Extract:
    """The network: package p needs each of ``needs[need_start[p]:need_start[p + 1]]``.

    A target under ``len(names)`` is a package; target ``len(names) + c`` is choice c: any of
    ``members[member_start[c]:member_start[c + 1]]``, none if the archive has nothing that meets it.
    """

    names: tuple[str, ...]
    need_start: Any
    needs: Any
    member_start: Any
    members: Any

    def offered(self, target: int) -> tuple[int, ...]:
        """What may meet a need: packages of the archive, none if it has none."""
        if target < len(self.names):
            return (target,)
        choice = target - len(self.names)
        return tuple(self.members[self.member_start[choice] : self.member_start[choice + 1]].tolist())

    def clauses(self, package: int) -> Iterator[tuple[str, ...]]:
        """Names that each need of a package offers."""
        for target in self.needs[self.need_start[package] : self.need_start[package + 1]].tolist():
            yield tuple(self.names[one] for one in self.offered(target)) or (f"missing-{target}",)

    def packages_file(self) -> str:
        """A ``Packages`` file with these packages and needs; what was virtual is written out."""
        depends = [", ".join(map(" | ".join, self.clauses(one))) for one in range(len(self.names))]
        return "\n".join(
            f"Package: {name}\nVersion: 1\nDepends: {clauses}\n" for name, clauses in zip(self.names, depends, strict=True)
        )


@cache
def extract() -> Extract:
    """Read it, and see that it is whole."""
    packed = PLACE.read_bytes()
    assert hashlib.sha256(packed).hexdigest() == SHA256
    data = lzma.decompress(packed)
    start = data.index(b"\n") + 1
    header = json.loads(data[:start])
    for _ in range(header["packages"]):
        start = data.index(b"\n", start) + 1
    names = tuple(data[data.index(b"\n") + 1 : start - 1].decode("ascii").split("\n"))
    numbers = np.frombuffer(data, "<u2", offset=start)
    cuts = np.cumsum([header["packages"], header["needs"], header["choices"], header["members"]])
    need_sizes, needs, member_sizes, members = np.split(numbers.astype(np.int64), cuts[:-1])
    need_start, member_start = starts(need_sizes), starts(member_sizes)
    return Extract(
        names, need_start, summed(needs, need_start), member_start, summed(members, member_start)
    )  # fmt: skip


def starts(sizes: Any) -> Any:
    return np.concatenate([[0], np.cumsum(sizes)])


def summed(differences: Any, start: Any) -> Any:
    """Running sums within each list."""
    sums = np.concatenate([[0], np.cumsum(differences)])
    sizes = np.diff(start)
    return sums[1:] - np.repeat(sums[start[:-1]], sizes)
