"""Which reader reads a path. Owns the list of readers, and nothing about any format.

A reader is loaded when its turn comes: what begins a short run must not load them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from freehold.errors import Unreadable
from freehold.read.interface import Reader
from freehold.read.root_marks import is_root_folder

__all__ = ["is_project", "readers", "select_reader"]

_HEAD = 4096


def readers(*, folder: bool) -> Iterator[Reader]:
    """Readers of folders, or of files, the narrower before the wider: the first that recognises a path reads it."""
    if folder:
        from freehold.read.root_folder import RootFolderReader

        yield RootFolderReader()
        from freehold.read.project import ProjectReader

        yield ProjectReader()
        return
    from freehold.read.cyclonedx import CycloneDXReader

    yield CycloneDXReader()
    from freehold.read.spdx import SpdxReader

    yield SpdxReader()
    from freehold.read.zone import ZoneReader

    yield ZoneReader()


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
    folder = path.is_dir()
    for reader in readers(folder=folder):
        if reader.recognises(path, head):
            return reader
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[", b"<"):
        return next(readers(folder=False))  # which says what the file looks like instead
    seems = "is empty" if path.is_file() and not head else "is of no known sort"
    raise Unreadable(
        f"{path} {seems}. Name a project folder, a root folder, a CycloneDX or SPDX SBOM, a DNS zone file, a list of Debian "
        "packages, an Open-PSA fault tree, a stack (.toml) or a folder of stack tables."
    )


def is_project(path: Path) -> bool:
    """Whether a path is a folder that the reader of projects reads: its files tell whether anything has changed."""
    return path.is_dir() and not is_root_folder(path)
