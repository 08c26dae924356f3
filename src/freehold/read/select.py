"""Which reader reads a path. Owns the list of readers, and nothing about any format."""

from __future__ import annotations

from pathlib import Path

from freehold.errors import Unreadable
from freehold.read.cyclonedx import CycloneDXReader
from freehold.read.interface import Reader
from freehold.read.project import ProjectReader
from freehold.read.root_folder import RootFolderReader
from freehold.read.zone import ZoneReader

__all__ = ["READERS", "select_reader"]

_INVENTORIES = CycloneDXReader()
READERS: tuple[Reader, ...] = (_INVENTORIES, ZoneReader(), RootFolderReader(), ProjectReader())
_HEAD = 4096


def select_reader(path: Path) -> Reader:
    """Find the reader of a path, by content, not by name.

    Raises
    ------
    freehold.errors.Unreadable
        If the path is not there or cannot be opened, or no reader knows it.
    """
    head = b""
    try:
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(_HEAD)
        elif not path.is_dir():
            problem = "is neither a file nor a folder" if path.exists() else "is not there"
            raise Unreadable(f"{path} {problem}. Name a folder, an SBOM, a zone file or a stack.")
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error
    for reader in READERS:
        if reader.recognises(path, head):
            return reader
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[", b"<"):
        return _INVENTORIES  # which says what the file looks like instead
    seems = "is empty" if path.is_file() and not head else "is of no known sort"
    raise Unreadable(
        f"{path} {seems}. Name a project folder, a root folder, a CycloneDX SBOM (JSON or XML), a DNS zone file, "
        "a stack (.toml) or a folder of stack tables."
    )
