"""What a command needed from package registries. Owns the values: what was fetched, what was asked for, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = ["ECOSYSTEMS", "Asked", "Ecosystem", "Missing", "Need", "Received", "Recording"]

Ecosystem: TypeAlias = Literal["python", "npm", "debian"]
ECOSYSTEMS: Final[tuple[Ecosystem, ...]] = ("python", "npm", "debian")


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """A file that a command fetched from a registry.

    Parameters
    ----------
    ecosystem
        Whose registry.
    name, version
        The package, as its ecosystem spells names (Python: normalised), and its version.
    file
        The file's name.
    sha256, size
        Of the bytes received.
    stated
        Digests that the registry stated, each ``algorithm:hexadecimal``; all were compared with what was received.
    source
        The registry, without any secret: an address up to its path, or a folder's name.
    by
        Which client asked, such as ``pip/23.2.1``.
    facts
        What an index must say of the file so that clients choose alike, such as ``requires-python``.
    """

    ecosystem: Ecosystem
    name: str
    version: str
    file: str
    sha256: str
    size: int
    stated: tuple[str, ...] = ()
    source: str = ""
    by: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What there can be only one of in a mirror."""
        return (self.ecosystem, self.name, self.file)

    @property
    def label(self) -> str:
        """The package as its own client names it."""
        return f"{self.name}{_SIGN[self.ecosystem]}{self.version}"


_SIGN: Final[Mapping[str, str]] = {"python": "==", "npm": "@", "debian": "="}


@dataclass(frozen=True, slots=True, order=True)
class Asked:
    """A page of an index that was asked for, and the registry's answer.

    Parameters
    ----------
    ecosystem
        Whose index.
    what
        A project, a package, or a path in an archive.
    status
        HTTP status of the answer; 0 if there was none.
    by
        Which client asked.
    """

    ecosystem: Ecosystem
    what: str
    status: int
    by: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Missing:
    """Something that is not in a mirror.

    Parameters
    ----------
    ecosystem
        Of which kind; empty if it is of none.
    what
        A package or a path.
    file
        The file, where one was meant; else empty.
    reason
        Why it is missing: a sentence.
    by
        Which client asked.
    add
        The command that adds it; empty where none can.
    """

    ecosystem: str
    what: str
    file: str = ""
    reason: str = ""
    by: str = ""
    add: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """A need, and where its bytes lie until a mirror has them."""

    need: Need
    path: str


@dataclass(frozen=True, slots=True)
class Recording:
    """What was seen while a command ran.

    Parameters
    ----------
    received
        Files, in the order in which they came.
    asked
        Pages of indexes, in the order in which they were first asked for.
    problems
        What went wrong, a sentence each: a digest that is not the stated one, a file name that is none.
    hosts
        Every host that was asked for any of it.
    pages
        For npm, by package: the file that holds the registry's own page of it.
    """

    received: tuple[Received, ...] = ()
    asked: tuple[Asked, ...] = ()
    problems: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    pages: Mapping[str, str] | None = None
