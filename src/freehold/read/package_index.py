"""What a Debian ``Packages`` file says of each package: its needs and what it provides. Owns that syntax, read at speed.

Bounds on versions and qualifiers of architectures are left out. What has a name in the archive is a package; what is only
provided by packages is virtual, and stands for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

__all__ = ["Archive", "Package", "Parsed", "newer", "parse_packages"]

Parsed: TypeAlias = tuple[str, ...]
"""The names that a clause offers, any of which will do."""

_FIELD: Final = re.compile(
    rb"^(?:(Package|Version|Pre-Depends|Depends|Provides):[ \t]*(.*(?:\n[ \t].*)*)|[ \t\r]*$)", re.MULTILINE | re.IGNORECASE
)
_NAME: Final = re.compile(rb"\s*([A-Za-z0-9][A-Za-z0-9+._-]*)\s*(?::[a-z0-9-]+)?\s*(?:[(\[<].*)?", re.DOTALL)
_LONGEST_NAME: Final = 200
_PART: Final = re.compile(r"(\d+)")
_SIGNS: Final = {"~": -1}
_BEFORE_ALL: Final = 256


@dataclass(slots=True)
class Package:
    """One package.

    Parameters
    ----------
    name, version
        As it states them.
    needs
        Its clauses, all of which must be met, in order and none twice.
    """

    name: str
    version: str
    needs: dict[Parsed, None] = field(default_factory=dict)
    provides: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Archive:
    """Packages by name, in order; of several versions of one the newest.

    Parameters
    ----------
    packages
        The packages.
    stanzas
        How many were read.
    strange
        How many names and clauses are none, and were left out.
    """

    packages: dict[str, Package] = field(default_factory=dict)
    stanzas: int = 0
    strange: int = 0

    def virtual(self) -> Mapping[str, list[str]]:
        """Packages that provide each name, in order."""
        found: dict[str, list[str]] = {}
        for package in self.packages.values():
            for name in package.provides:
                found.setdefault(name, []).append(package.name)
        return found

    def add(self, packages: Iterable[Package]) -> None:
        """Take packages in."""
        known = self.packages
        for package in packages:
            self.stanzas += 1
            other = known.get(package.name)
            if other is None or newer(package.version, other.version):
                known[package.name] = package


def parse_packages(data: bytes, archive: Archive) -> None:
    """Read an index and take its packages in.

    Parameters
    ----------
    data
        The file.
    archive
        Grows by what it holds.
    """
    clauses: dict[bytes, Parsed] = {}
    found: list[Package] = []
    name = version = b""
    needs: list[bytes] = []
    provides: list[bytes] = []
    for key, value in (*_FIELD.findall(data), (b"", b"")):
        field_ = key.lower()
        if field_ == b"package":
            name = value.strip()
        elif field_ == b"version":
            version = value.strip()
        elif field_ == b"provides":
            provides += value.split(b",")
        elif field_:
            needs += value.split(b",")
        elif name or needs:
            package = _package(name, version, needs, provides, clauses, archive)
            if package is not None:
                found.append(package)
            name = version = b""
            needs, provides = [], []
    archive.add(found)


def _package(
    name: bytes, version: bytes, needs: list[bytes], provides: list[bytes], clauses: dict[bytes, Parsed], archive: Archive
) -> Package | None:  # fmt: skip
    own = _clause(name)
    if len(own) != 1:
        archive.strange += 1
        return None
    package = Package(own[0], version.decode("ascii", "replace"))
    wanted = package.needs
    for clause in needs:
        parsed = clauses.get(clause)
        if parsed is None:
            parsed = clauses[clause] = _clause(clause)
        if parsed:
            wanted[parsed] = None
        elif clause.strip():
            archive.strange += 1
    for clause in provides:
        for one in _clause(clause):
            package.provides[one] = None
    return package


def _clause(clause: bytes) -> Parsed:
    """The names of a clause, none twice; empty if it is none."""
    names: dict[str, None] = {}
    for alternative in clause.split(b"|"):
        match = _NAME.fullmatch(alternative)
        if match is None or len(match[1]) > _LONGEST_NAME:
            return ()
        names[match[1].decode("ascii")] = None
    return tuple(names)


def newer(one: str, other: str) -> bool:
    """Whether a version is newer than another, by Debian Policy 5.6.12."""
    return _version_key(one) > _version_key(other)


def _version_key(version: str) -> tuple[object, ...]:
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "0")
    return int(epoch) if epoch.isdecimal() and len(epoch) < 10 else 0, _parts(upstream), _parts(revision)


def _parts(text: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Signs and numbers in turn; letters sort before other signs, ``~`` before all, even the end."""
    pieces = _PART.split(text[:_LONGEST_NAME])
    if len(pieces) % 2:
        pieces.append("")
    return tuple(
        ((*map(_order, pieces[at]), 0), int(pieces[at + 1] or 0)) for at in range(0, len(pieces), 2)
    )  # fmt: skip


def _order(sign: str) -> int:
    return _SIGNS.get(sign, ord(sign) if sign.isalpha() else ord(sign) + _BEFORE_ALL)
