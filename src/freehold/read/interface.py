"""The plug point of readers: what one must offer, and the limits that all keep. Owns no format.

A reader turns a path into an :class:`~freehold.stack.inventory.Inventory`. It never resolves providers or
countries, never runs what it reads, never follows a link out of the folder it was given. Within a folder a *file
reader* turns one file into :class:`~freehold.read.findings.Findings`, which become part of the folder's inventory; a
*group reader* does so for files that are only understood together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from freehold.errors import TooLarge, Unreadable
from freehold.read.findings import Findings
from freehold.read.walk import SourceFile
from freehold.stack.inventory import Inventory, Skip

__all__ = ["LARGEST_FILE", "FileReader", "GroupReader", "Reader", "Surroundings", "read_bytes", "read_text"]

LARGEST_FILE: Final = 256 * 1024 * 1024
"""Bytes: the largest single file that is read."""


class Reader(Protocol):
    """One format, or one sort of folder."""

    name: str

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether ``path`` (``head``: its first 4 kB, empty for a folder) is of this reader's sort."""

    def read(self, path: Path) -> Inventory:
        """Read it.

        Raises
        ------
        freehold.errors.ReadError
            If the file named cannot be read; things met inside a folder become skips instead.
        """


class FileReader(Protocol):
    """One sort of file that a folder may hold. New sorts are added to ``FILE_READERS`` in ``read/file_readers.py``."""

    name: str

    def recognises(self, file: SourceFile) -> bool:
        """Whether a file may be of this sort, by its name and place alone; cheap, for every file of a folder is asked."""

    def read(self, file: SourceFile, text: str) -> Findings | Skip | None:
        """Read it.

        Returns
        -------
        Findings, Skip or None
            What was found; why it could not be read; ``None`` if its content shows that it is of another sort, which
            leaves it to the next reader.
        """


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the folder says about the files in it.

    Parameters
    ----------
    forge
        Reversed host of the folder's Git remote, if it has one.
    plugins
        Folders that are one plug-in among many.
    """

    forge: str | None = None
    plugins: frozenset[str] = frozenset()


class GroupReader(Protocol):
    """One sort of files that explain each other. New sorts are added to ``GROUP_READERS`` in ``read/file_readers.py``."""

    name: str

    def recognises(self, file: SourceFile) -> bool:
        """Whether a file is of this sort, by its name and place alone; cheap, for every file of a folder is asked."""

    def read(self, files: Sequence[SourceFile], around: Surroundings) -> tuple[Findings, frozenset[str]]:
        """Read all that it recognised, never none.

        Returns
        -------
        Findings, frozenset of str
            What was found, and the files (relative) that need no second reading for hosts.
        """


def read_bytes(path: Path, limit: int = LARGEST_FILE) -> bytes:
    """Read a file that the user named.

    Raises
    ------
    freehold.errors.Unreadable
        If it is not there, not permitted or not a regular file.
    freehold.errors.TooLarge
        If it has more than ``limit`` bytes.
    """
    try:
        if not path.is_file():
            problem = "is not a regular file" if path.exists() else "is not there"
            raise Unreadable(f"{path} {problem}. Name a file that can be read.")
        size = path.stat().st_size
        if size > limit:
            raise TooLarge(f"{path} has {size:,} bytes, over the limit of {limit:,}. Split it, or read a part.")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error


def read_text(path: Path, limit: int = LARGEST_FILE) -> str:
    """Read a UTF-8 file that the user named (a byte-order mark is dropped).

    Raises
    ------
    freehold.errors.Unreadable
        As :func:`read_bytes`, and if it is not UTF-8.
    freehold.errors.TooLarge
        As :func:`read_bytes`.
    """
    data = read_bytes(path, limit)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable(f"{path}, line {line}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
